# publik_socialmedia - private messages of social networks as w.c.s. demands
# Copyright (C) 2026  publik_socialmedia contributors
#
# This program is free software: you can redistribute it and/or modify it
# under the terms of the GNU Affero General Public License as published
# by the Free Software Foundation, either version 3 of the License, or
# (at your option) any later version.
#
# This program is distributed in the hope that it will be useful,
# but WITHOUT ANY WARRANTY; without even the implied warranty of
# MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the
# GNU Affero General Public License for more details.
#
# You should have received a copy of the GNU Affero General Public License
# along with this program.  If not, see <http://www.gnu.org/licenses/>.

"""Fields of a webhook that are about the account, its numbers and its templates, not about a person.

They name a WhatsApp Business account (WABA) and no number: the event goes to the endpoint's only account, or
is kept for the endpoint.
https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/account_update
"""

from __future__ import annotations

from collections.abc import Mapping

from publik_socialmedia.networks.base import JSON, Event, Kind
from publik_socialmedia.networks.meta import Item, ident, mapping, string

FIELDS = frozenset(
    {
        'account_alerts',
        'account_review_update',
        'account_settings_update',
        'account_update',
        'business_capability_update',
        'business_status_update',
        'message_template_components_update',
        'message_template_quality_update',
        'message_template_status_update',
        'phone_number_name_update',
        'phone_number_quality_update',
        'security',
        'template_category_update',
    }
)
# known, of no interest; the contacts of a telephone are the private data of other people
NOISE = frozenset(
    {
        'automatic_events',
        'flows',
        'partner_solutions',
        'payment_configuration_update',
        'smb_app_state_sync',
        'tracking_events',
        'user_preferences',
    }
)
# event of account_update → topic and severity
UPDATES = {
    'ACCOUNT_DELETED': ('account_disconnected', 'critical'),
    'ACCOUNT_OFFBOARDED': ('account_disconnected', 'critical'),
    'PARTNER_APP_UNINSTALLED': ('account_disconnected', 'critical'),
    'PARTNER_REMOVED': ('account_disconnected', 'critical'),
    'ACCOUNT_RESTRICTION': ('account_restricted', 'critical'),
    'DISABLED_UPDATE': ('account_restricted', 'critical'),
    'ACCOUNT_VIOLATION': ('account_violation', 'critical'),
}
# words of the other fields that an administrator should see
CRITICAL = frozenset({'COMPROMISED_NOTIFICATION', 'CRITICAL'})
WARNINGS = frozenset({'DECLINED', 'DOWNGRADE', 'FLAGGED', 'RED', 'REJECTED', 'RESTRICTED', 'WARNING'})
# events of message_template_status_update after which the template cannot be used
UNUSABLE = frozenset({'ARCHIVED', 'DELETED', 'DISABLED', 'FLAGGED', 'PAUSED', 'PENDING_DELETION', 'REJECTED'})
WORDS = ('event', 'decision', 'new_quality_score', 'current_limit', 'alert_severity', 'alert_type', 'reason')


def read(item: Item) -> Event:
    """The event of such a field. Nothing of it opens a demand."""
    value = mapping(item.value)
    words = {name: string(value.get(name))[:250] for name in WORDS}
    details: dict[str, JSON] = {'field': item.field, **{name: word for name, word in words.items() if word}}
    details['waba'] = ident(mapping(value.get('waba_info')).get('waba_id')) or item.entry_id
    template = string(value.get('message_template_name'))[:512]
    if template:
        details |= {'template': template, 'language': string(value.get('message_template_language'))[:16]}
    topic, severity = _meaning(item.field, words)
    return Event(
        Kind.CHANNEL,
        account_id=ident(mapping(value.get('metadata')).get('phone_number_id')),
        topic=topic,
        severity=severity,
        fallback_at=item.entry_time,
        details=details,
    )


def _meaning(field: str, words: Mapping[str, str]) -> tuple[str, str]:
    if field == 'message_template_status_update' and words['event'] in UNUSABLE:
        return 'template_rejected', 'warning'
    if field == 'account_update':
        return UPDATES.get(words['event'], ('account_update', 'info'))
    said = set(words.values())
    if said & CRITICAL:
        return 'account_update', 'critical'
    return 'account_update', 'warning' if said & WARNINGS or field == 'security' else 'info'

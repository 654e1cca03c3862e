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

"""What a network tells and is no message: reactions, events of an account or of a thread."""

from __future__ import annotations

import json
from datetime import datetime

from publik_socialmedia.conversations import burial, contacts
from publik_socialmedia.conversations.messages import Received
from publik_socialmedia.fields import keyed_hash
from publik_socialmedia.models import Account, ChannelEvent, Endpoint, Reaction
from publik_socialmedia.networks.base import Event

# what a critical event is a sign of, where it does not say it itself (``Event.error``): a word of ``reasons``
PROBLEMS = {
    'account_disconnected': 'auth',
    'business_connection': 'permission',
    'policy_filters_private_mentions': 'policy_filters_private_mentions',
}


def record_reaction(received: Received) -> str:
    """Keep the reaction of a person to a message, the latest one winning; opens nothing (R14)."""
    account, event = received.account, received.event
    contacts.lock(account, users=[event.user], messages=[event.external_id])
    values = {
        'emoji': event.emoji[:64],
        'removed': event.removed,
        'at': event.sent_at or received.received_at,
    }
    reaction, created = Reaction.objects.get_or_create(
        account=account, target=event.external_id, user=event.user, defaults=values
    )
    if created:
        return 'reaction'
    # at the same time, taking away comes after putting on
    if (values['at'], event.removed) <= (reaction.at, reaction.removed):
        return 'known'
    Reaction.objects.filter(pk=reaction.pk).update(**values)
    return 'reaction'


def record_channel_event(received: Received) -> str:
    """Keep what happened to an account or to a thread, once. What is critical stands as the problem of the
    account, of which its managers are warned, until the network takes a call again."""
    account, event = received.account, received.event
    news = keep_channel_event(event, received.received_at, account=account)
    if news and event.severity == 'critical':
        account.refuse(event.error or PROBLEMS.get(event.topic, 'policy'))
    return 'channel'


def keep_channel_event(
    event: Event,
    received_at: datetime,
    *,
    account: Account | None = None,
    endpoint: Endpoint | None = None,
) -> bool:
    """Keep such an event, also one of an endpoint that names no account (the test of a dashboard). True if it
    was not known."""
    at = event.sent_at or event.fallback_at
    owner = f'account {account.pk}' if account else f'endpoint {endpoint.pk if endpoint else ""}'
    facts = json.dumps(dict(event.details), sort_keys=True, default=str)
    key = keyed_hash('channel', owner, event.topic, event.user, at.isoformat() if at else '', facts)
    if burial.is_digest_buried(key) or ChannelEvent.objects.filter(key=key).exists():
        return False
    row = ChannelEvent(
        endpoint=endpoint,
        account=account,
        topic=event.topic[:64],
        severity=event.severity[:16],
        user=event.user,
        details=dict(event.details),
        at=at,
        received_at=received_at,
        key=key,
    )
    ChannelEvent.objects.bulk_create([row], ignore_conflicts=True)
    return True


def record_identity(received: Received) -> str:
    """Two identifiers are one person: ``user`` and the first of ``aliases``."""
    account, event = received.account, received.event
    contacts.lock(account, users=[event.user, *event.aliases])
    for new in event.aliases:
        contacts.same_person(account, event.user, new)
    return 'identity'

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

"""What Instagram says in its webhooks, and Messenger does not or says otherwise. The rest: ``meta_readers``.

https://developers.facebook.com/docs/instagram-platform/webhooks
"""

from __future__ import annotations

from dataclasses import replace

from publik_socialmedia.networks.base import Event, Kind, Status
from publik_socialmedia.networks.instagram import attachments
from publik_socialmedia.networks.meta import ident, integer, mapping
from publik_socialmedia.networks.meta_readers import Context, Dialect, Payload, read_edit, read_message
from publik_socialmedia.networks.meta_threads import Reading

# Fields of ``changes`` that are public. /docs/instagram-platform/webhooks#available-fields
PUBLIC_FIELDS = frozenset({'comments', 'live_comments', 'mentions', 'story_insights'})
NOISE_FIELDS = frozenset({'business_login', 'creator_marketplace_invited_creator_onboarding'})
# sender and recipient are those of the message's own envelope
MESSAGE_FIELDS = 'id,created_time,from,to,message,attachments,shares,story,reply_to,is_unsupported'


def _message(item: Context, message: Payload) -> list[Event]:
    """Naming us in a story is not writing to us; its media is not even to be stored."""
    mid = ident(message.get('mid'))
    if attachments.mentions_us(message):
        if item.ours or message.get('is_echo') or message.get('is_self'):
            return [item.ignored('own')]
        return [item.event(Kind.IGNORED, reason='story_mention', external_id=mid)]
    if 'referral' in message and not message.keys() - {'mid', 'referral'}:
        # came from a product or an advertisement, saying nothing
        return [item.ignored('noise', key='referral')]
    found = read_message(item, message)
    story = attachments.story_of(message)
    return [
        replace(event, details={**event.details, **story}) if event.kind is Kind.MESSAGE else event
        for event in found
    ]


def _edit(item: Context, edit: Payload) -> list[Event]:
    """The edit of rank 0 is the first version: a message like any other, which may be known already."""
    found = read_edit(item, edit)
    if integer(edit.get('num_edit')) != 0:
        return found
    return [replace(e, kind=Kind.MESSAGE, number=None) if e.kind is Kind.EDIT else e for e in found]


def _seen(item: Context, receipt: Payload) -> list[Event]:
    """Read: that message of ours, and all those before it."""
    mid = ident(receipt.get('mid'))
    if not mid:
        return [item.ignored('unknown', key='read')]
    return [item.event(Kind.STATUS, external_id=mid, status=Status.READ, cumulative=True)]


DIALECT = Dialect(
    'instagram',
    PUBLIC_FIELDS,
    NOISE_FIELDS,
    attachments.read,
    attachments.heart,
    readers={'message': _message, 'message_edit': _edit, 'read': _seen},
)


def _adapt(message: Payload, event: Event) -> Event:
    """What the Graph API tells of a message of Instagram: stories, what it cannot give."""
    if attachments.reread_mention(message):
        reason = 'own' if event.from_us else 'story_mention'
        return Event(
            Kind.IGNORED,
            account_id=event.account_id,
            external_id=event.external_id,
            user='' if event.from_us else event.user,
            reason=reason,
        )
    if message.get('is_unsupported'):
        event = replace(event, unreadable='unsupported')
    story = attachments.reread_story(message)
    reply_to = mapping(message.get('reply_to'))
    return replace(
        event,
        details={**event.details, **story},
        reply_to='' if 'story' in reply_to else event.reply_to,
    )


# 2 calls a second for each account. /docs/graph-api/overview/rate-limiting
READING = Reading('instagram', MESSAGE_FIELDS, attachments.reread, _adapt, threads=5, pace=0.5)

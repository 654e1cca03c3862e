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

"""Events of a webhook of Messenger.

One method-like function per key of an item, in ``_READERS``; the key that is present says what it is.
https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from publik_socialmedia.networks.base import JSON, Event, Kind, Status
from publik_socialmedia.networks.messenger import attachments
from publik_socialmedia.networks.meta import (
    Item,
    ident,
    integer,
    items,
    load,
    mapping,
    moment,
    ranks,
    string,
    watermark,
)

Payload = Mapping[str, JSON]

# Fields of a Page that are not private messages. /docs/graph-api/webhooks/reference/page
PUBLIC_FIELDS = frozenset(
    {'feed', 'mention', 'ratings', 'live_videos', 'videos', 'photos', 'status', 'posts'}
)
NOISE_FIELDS = frozenset(
    {'inbox_labels', 'messenger_template_status_update', 'conversations', 'name', 'picture', 'leadgen'}
)
# Keys of an item that bring nothing from a citizen. Some hold codes, tokens, mails: nothing of them is kept.
NOISE = frozenset(
    {
        'account_linking',
        'app_roles',  # of the former Handover Protocol
        'checkout_update',
        'game_play',
        'messaging_customer_information',
        'messaging_feedback',
        'optin',
        'order',
        'payment',
        'pre_checkout',
        'response_feedback',
    }
)
BESIDE = frozenset({'sender', 'recipient', 'timestamp', 'prior_message'})
TEST_SENDER, TEST_RECIPIENT, TEST_MID = '12334', '23245', 'random_mid'  # the « Test » button of the dashboard
GET_STARTED = frozenset({'démarrer', 'get started'})


@dataclass(frozen=True, slots=True)
class _Item:
    """What the events of one item have in common. ``ours``: its sender is our Page."""

    account_id: str
    user: str
    ours: bool
    sent_at: datetime | None
    fallback_at: datetime | None
    standby: bool

    def event(self, kind: Kind, **values: Any) -> Event:
        details = dict(values.pop('details', ()))
        if self.standby:
            details['standby'] = True
        return Event(
            kind,
            account_id=self.account_id,
            sent_at=self.sent_at,
            fallback_at=self.fallback_at,
            **{'user': self.user, **values},
            details=details,
        )

    def ignored(self, reason: str, **details: JSON) -> Event:
        return self.event(Kind.IGNORED, reason=reason, user='', details=details)


def parse(body: bytes) -> list[Event]:
    """Events of a webhook body, in its order; ``sequence`` is their rank. UnreadablePayload if not JSON."""
    found = list(items(load(body)))
    events = [_read(item) for item in found]
    times = [mapping(item.value).get('timestamp') for item in found]
    order = sorted(range(len(found)), key=ranks(times).__getitem__)
    sequence = 0
    for index in order:
        for place, event in enumerate(events[index]):
            events[index][place] = replace(event, sequence=sequence)
            sequence += 1
    return [event for of_item in events for event in of_item]


def _read(item: Item) -> list[Event]:
    if item.object != 'page':
        known = item.value is None and not item.entry_id and not item.object
        return [_nothing(item, 'empty' if known else 'unknown')]
    if item.entry_id == '0':
        return [Event(Kind.CHANNEL, topic='test', fallback_at=item.entry_time)]
    if item.part == '':
        return [_nothing(item, 'empty' if item.value is None else 'unknown')]
    value = mapping(item.value)
    if item.part == 'changes' and not value.get('recipient'):
        if item.field in PUBLIC_FIELDS:
            return [_nothing(item, 'public')]
        return [_nothing(item, 'noise' if item.field in NOISE_FIELDS else 'unknown')]
    return _read_value(item, value)


def _nothing(item: Item, reason: str) -> Event:
    details = {'field': item.field[:64]} if item.field else {}
    return Event(
        Kind.IGNORED,
        account_id=item.entry_id,
        reason=reason,
        fallback_at=item.entry_time,
        details=details,
    )


def _read_value(item: Item, value: Payload) -> list[Event]:
    sender, recipient = _side(value, 'sender'), _side(value, 'recipient')
    message = mapping(value.get('message'))
    if (sender, recipient, message.get('mid')) == (TEST_SENDER, TEST_RECIPIENT, TEST_MID):
        return [Event(Kind.CHANNEL, topic='test', fallback_at=item.entry_time)]
    account_id = item.entry_id or (sender if message.get('is_echo') else recipient)
    # Our Page is one side. Which side is not a Page of ours cannot be told from the body.
    if recipient and account_id not in (sender, recipient):
        accounts = [recipient]
        return [replace(_nothing(item, 'unknown_account'), details={'accounts': accounts})]
    context = _Item(
        account_id,
        user=next((side for side in (sender, recipient) if side != account_id), ''),
        ours=sender == account_id,
        sent_at=moment(value.get('timestamp')),
        fallback_at=item.entry_time,
        standby=item.part == 'standby',
    )
    found = [event for key in value if key not in BESIDE for event in _read_key(context, key, value[key])]
    return found or [context.ignored('empty' if context.standby else 'unknown')]


def _side(value: Payload, name: str) -> str:
    return ident(mapping(value.get(name)).get('id'))


def _read_key(item: _Item, key: str, value: JSON) -> list[Event]:
    if key in NOISE:
        return [item.ignored('noise', key=key)]
    reader = _READERS.get(key)
    if reader is None:
        return [item.ignored('unknown', key=string(key)[:64])]
    if not isinstance(value, Mapping):
        return [item.ignored('unknown', key=key)]
    return reader(item, value)


# -- messages


def _message(item: _Item, message: Payload) -> list[Event]:
    mid, ours = ident(message.get('mid')), item.ours or bool(message.get('is_echo'))
    if message.get('is_deleted'):  # documented for Instagram only; a Page that sends it means the same
        return (
            [item.event(Kind.UNSEND, external_id=mid, from_us=ours)] if mid else [item.ignored('no_target')]
        )
    files = attachments.read(message)
    quick_reply = mapping(message.get('quick_reply'))
    text = string(message.get('text')) or attachments.thumb(files) or string(quick_reply.get('payload'))
    if ours and not (text or files):
        return [item.ignored('own')]
    if ours and not item.user:  # our Page to itself
        return [item.ignored('own')]
    unreadable = '' if text or files else 'empty'
    return [
        item.event(
            Kind.MESSAGE,
            external_id=mid,
            text=text,
            attachments=files,
            reply_to=ident(mapping(message.get('reply_to')).get('mid')),
            from_us=ours,
            key=string(message.get('metadata')) if ours else '',
            unreadable='unsupported' if message.get('is_unsupported') else unreadable,
            details=_message_details(message, quick_reply),
        )
    ]


def _message_details(message: Payload, quick_reply: Payload) -> dict[str, JSON]:
    details: dict[str, JSON] = _referral_details(mapping(message.get('referral')))
    if quick_reply:
        details |= {'via': 'quick_reply', 'payload': string(quick_reply.get('payload'))}
    if message.get('is_echo') and ident(message.get('app_id')):
        details['app_id'] = ident(message['app_id'])
    tags = message.get('tags')
    source = [string(mapping(tag).get('source')) for tag in tags] if isinstance(tags, list) else []
    if any(source):
        details['source'] = next(filter(None, source))
    return details


def _message_edit(item: _Item, edit: Payload) -> list[Event]:
    mid = ident(edit.get('mid'))
    if not mid or 'text' not in edit:
        return [item.ignored('unknown', key='message_edit')]
    return [
        item.event(
            Kind.EDIT,
            external_id=mid,
            text=string(edit['text']),
            number=integer(edit.get('num_edit')),
            from_us=item.ours,
        )
    ]


def _reaction(item: _Item, reaction: Payload) -> list[Event]:
    mid, action = ident(reaction.get('mid')), reaction.get('action')
    if not mid:
        return [item.ignored('no_target')]
    if action not in ('react', 'unreact'):
        return [item.ignored('unknown', key='reaction')]
    return [
        item.event(
            Kind.REACTION,
            external_id=mid,
            emoji=string(reaction.get('emoji')),
            removed=action == 'unreact',
            from_us=item.ours,
            details={'reaction': string(reaction.get('reaction'))} if reaction.get('reaction') else {},
        )
    ]


def _postback(item: _Item, postback: Payload) -> list[Event]:
    """A button. « Démarrer » opens a thread without saying anything; all others are what the citizen says."""
    title, payload = string(postback.get('title')), string(postback.get('payload'))
    details = _referral_details(mapping(postback.get('referral')))
    if payload:
        details['payload'] = payload
    label = title.strip().casefold()
    if payload.casefold().replace('_', '') == 'getstarted' and (not label or label in GET_STARTED):
        return [item.event(Kind.CHANNEL, topic='conversation_started', details=details)]
    if not (title or payload):
        return [item.ignored('empty')]
    return [
        item.event(
            Kind.MESSAGE,
            external_id=ident(postback.get('mid')),
            text=title or payload,
            details={**details, 'via': 'postback'},
        )
    ]


# -- what happens to messages and threads


def _referral(item: _Item, referral: Payload) -> list[Event]:
    return [item.event(Kind.CHANNEL, topic='referral', details=_referral_details(referral))]


def _referral_details(referral: Payload) -> dict[str, JSON]:
    """``source`` is missing for accounts under the European rules."""
    names = {'ref': 'ref', 'ad_id': 'ad_id', 'source': 'referral_source', 'type': 'referral_type'}
    found = {ours: string(referral.get(theirs)) for theirs, ours in names.items()}
    return {name: value for name, value in found.items() if value}


def _delivery(item: _Item, delivery: Payload) -> list[Event]:
    mids = delivery.get('mids')
    named = [ident(mid) for mid in mids if ident(mid)] if isinstance(mids, list) else []
    if named:
        return [item.event(Kind.STATUS, external_id=mid, status=Status.DELIVERED) for mid in named]
    return _up_to(item, delivery, Status.DELIVERED)


def _read_receipt(item: _Item, receipt: Payload) -> list[Event]:
    return _up_to(item, receipt, Status.READ)


def _up_to(item: _Item, receipt: Payload, status: Status) -> list[Event]:
    up_to = watermark(receipt.get('watermark'))
    if up_to is None or not item.user:
        return [item.ignored('unknown', key=str(status))]
    return [item.event(Kind.STATUS, status=status, up_to=up_to)]


def _thread_control(item: _Item, control: Payload) -> list[Event]:
    """Another application, or the Page's inbox, takes or gives the thread; ``owner`` '' = nobody's."""
    names = {'owner': 'new_owner_app_id', 'previous': 'previous_owner_app_id'}
    details = {ours: ident(control.get(theirs)) for ours, theirs in names.items() if theirs in control}
    return [item.event(Kind.CHANNEL, topic='thread_control', details=details)]


def _thread_request(item: _Item, control: Payload) -> list[Event]:
    details = {'owner': ident(control.get('requested_owner_app_id'))}
    return [item.event(Kind.CHANNEL, topic='thread_control_request', details=details)]


def _policy(item: _Item, policy: Payload) -> list[Event]:
    action = string(policy.get('action'))[:64]
    severity = {'block': 'critical', 'warning': 'warning', 'unblock': 'info'}.get(action, 'warning')
    details = {'action': action, 'reason': string(policy.get('reason'))[:1000]}
    return [item.event(Kind.CHANNEL, topic='policy_block', severity=severity, user='', details=details)]


_READERS: Mapping[str, Callable[[_Item, Payload], list[Event]]] = {
    'message': _message,
    'message_edit': _message_edit,
    'reaction': _reaction,
    'postback': _postback,
    'referral': _referral,
    'delivery': _delivery,
    'read': _read_receipt,
    'pass_thread_control': _thread_control,
    'take_thread_control': _thread_control,
    'request_thread_control': _thread_request,
    'policy_enforcement': _policy,
    'policy-enforcement': _policy,  # so spelled in some bodies
}

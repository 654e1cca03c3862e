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

"""What each key of an item of a webhook says: inboxes of Meta, Messenger and Instagram.

One function per key, in ``READERS``. What differs between inboxes is their ``Dialect``.
https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from publik_socialmedia.networks.base import JSON, Attachment, Event, Kind, Status
from publik_socialmedia.networks.meta import ident, integer, mapping, string, watermark

Payload = Mapping[str, JSON]
Reader = Callable[['Context', Payload], list[Event]]

GET_STARTED = frozenset({'démarrer', 'get started'})


@dataclass(frozen=True)
class Dialect:
    """How one inbox writes.

    ``object``: of its envelopes. ``public``, ``noise``: fields of ``changes`` that are not private messages,
    or of no interest. ``attachments``: those of a message. ``sign``: the text of a message whose attachments
    are but a sign (thumb, heart), '' if they are not. ``readers``: keys of an item that it alone has, or
    reads otherwise.
    """

    object: str
    public: frozenset[str]
    noise: frozenset[str]
    attachments: Callable[[Payload], tuple[Attachment, ...]]
    sign: Callable[[Payload], str]
    readers: Mapping[str, Reader]


@dataclass(frozen=True, slots=True)
class Context:
    """What the events of one item have in common. ``ours``: its sender is our account."""

    dialect: Dialect
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


# -- messages


def read_message(item: Context, message: Payload) -> list[Event]:
    mid, ours = ident(message.get('mid')), item.ours or bool(message.get('is_echo'))
    if message.get('is_deleted'):  # documented for Instagram only; a Page that sends it means the same
        return (
            [item.event(Kind.UNSEND, external_id=mid, from_us=ours)] if mid else [item.ignored('no_target')]
        )
    files = item.dialect.attachments(message)
    quick_reply = mapping(message.get('quick_reply'))
    text = string(message.get('text')) or item.dialect.sign(message) or string(quick_reply.get('payload'))
    unsupported = bool(message.get('is_unsupported'))
    if ours and not (item.user and (text or files or unsupported)):  # nothing said, or to itself
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
            unreadable='unsupported' if unsupported else unreadable,
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


def read_edit(item: Context, edit: Payload) -> list[Event]:
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


def _reaction(item: Context, reaction: Payload) -> list[Event]:
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


def _postback(item: Context, postback: Payload) -> list[Event]:
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


def _referral(item: Context, referral: Payload) -> list[Event]:
    return [item.event(Kind.CHANNEL, topic='referral', details=_referral_details(referral))]


def _referral_details(referral: Payload) -> dict[str, JSON]:
    """``source`` is missing for accounts under the European rules."""
    names = {'ref': 'ref', 'ad_id': 'ad_id', 'source': 'referral_source', 'type': 'referral_type'}
    found = {ours: string(referral.get(theirs)) for theirs, ours in names.items()}
    return {name: value for name, value in found.items() if value}


def _delivery(item: Context, delivery: Payload) -> list[Event]:
    mids = delivery.get('mids')
    named = [ident(mid) for mid in mids if ident(mid)] if isinstance(mids, list) else []
    if named:
        return [item.event(Kind.STATUS, external_id=mid, status=Status.DELIVERED) for mid in named]
    return _up_to(item, delivery, Status.DELIVERED)


def _read_up_to(item: Context, receipt: Payload) -> list[Event]:
    return _up_to(item, receipt, Status.READ)


def _up_to(item: Context, receipt: Payload, status: Status) -> list[Event]:
    up_to = watermark(receipt.get('watermark'))
    if up_to is None or not item.user:
        return [item.ignored('unknown', key=str(status))]
    return [item.event(Kind.STATUS, status=status, up_to=up_to)]


def _thread_control(item: Context, control: Payload) -> list[Event]:
    """Another application, or the Page's inbox, takes or gives the thread; ``owner`` '' = nobody's."""
    names = {'owner': 'new_owner_app_id', 'previous': 'previous_owner_app_id'}
    details = {ours: ident(control.get(theirs)) for ours, theirs in names.items() if theirs in control}
    return [item.event(Kind.CHANNEL, topic='thread_control', details=details)]


def _thread_request(item: Context, control: Payload) -> list[Event]:
    details = {'owner': ident(control.get('requested_owner_app_id'))}
    return [item.event(Kind.CHANNEL, topic='thread_control_request', details=details)]


def _policy(item: Context, policy: Payload) -> list[Event]:
    action = string(policy.get('action'))[:64]
    severity = {'block': 'critical', 'warning': 'warning', 'unblock': 'info'}.get(action, 'warning')
    details = {'action': action, 'reason': string(policy.get('reason'))[:1000]}
    return [item.event(Kind.CHANNEL, topic='policy_block', severity=severity, user='', details=details)]


READERS: Mapping[str, Reader] = {
    'message': read_message,
    'message_edit': read_edit,
    'reaction': _reaction,
    'postback': _postback,
    'referral': _referral,
    'delivery': _delivery,
    'read': _read_up_to,
    'pass_thread_control': _thread_control,
    'take_thread_control': _thread_control,
    'request_thread_control': _thread_request,
    'policy_enforcement': _policy,
    'policy-enforcement': _policy,  # so spelled in some bodies
}

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

"""An update, or the answer of ``getUpdates`` → events. Pure and total: only UnreadablePayload comes out.

https://core.telegram.org/bots/api#update: one key besides ``update_id`` says what happened. Only private
chats concern us: there the citizen is the chat. With a business account, the bot reads the chats of a person
of the town, who is then the ``from`` of what the town wrote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from publik_socialmedia import errors
from publik_socialmedia.networks.base import JSON, Event, Kind, Raw, Status
from publik_socialmedia.networks.reading import dicts, ident, integer, load, mapping, moment, string

from .contents import full_name, parts

Value = Mapping[str, JSON]

# /start, with or without the parameter of a link; other words after it are somebody's message
_START = re.compile(r'/start(?:@\w+)?(?:\s+([A-Za-z0-9_-]{1,64}))?\s*')
HIGHEST = 2**31 - 1
# updates of no interest to us
NOISE = frozenset(
    {
        'inline_query',
        'chosen_inline_result',
        'shipping_query',
        'pre_checkout_query',
        'poll',
        'poll_answer',
        'chat_member',
        'chat_join_request',
        'chat_boost',
        'removed_chat_boost',
        'message_reaction_count',
        'purchased_paid_media',
        'managed_bot',
        'guest_message',
        'subscription',
    }
)


def parse(raw: Raw) -> list[Event]:
    body = load(raw.body)
    if isinstance(body, Mapping) and 'ok' in body:
        if not isinstance(body.get('result'), list):
            return [_answer(body)]
        body = body['result']
    if not isinstance(body, Mapping | list):
        raise errors.UnreadablePayload()
    updates = body if isinstance(body, list) else [body]
    events = [
        event if event.sequence else replace(event, sequence=rank)
        for rank, update in enumerate(updates)
        for event in _update(update)
    ]
    return events or [_ignored('empty')]


def _ignored(reason: str) -> Event:
    return Event(Kind.IGNORED, reason=reason)


def _answer(body: Value) -> Event:
    """Of a call of ours: only that of a sending says something."""
    result = body.get('result')
    if body.get('ok') is not True or not isinstance(result, Mapping):
        return _ignored('answer')
    if result and 'message_id' not in result:
        return _ignored('answer')
    chat, number = ident(mapping(result.get('chat')).get('id')), ident(result.get('message_id'))
    mid = f'{chat}:{number}' if chat and number else number
    return Event(Kind.STATUS, external_id=mid, user=chat, status=Status.SENT)


def _update(update: JSON) -> Iterator[Event]:
    known = mapping(update)
    keys = set(known) - {'update_id'}
    found = [key for key in _READERS if key in keys]
    for key in found:
        yield from _READERS[key](mapping(known[key]), key)
    if not found:
        yield _ignored('noise' if keys & NOISE else 'unknown' if keys or not known else 'empty')


# -- messages


def _message(message: Value, key: str) -> Iterator[Event]:
    chat, sender = mapping(message.get('chat')), mapping(message.get('from'))
    user, number = ident(chat.get('id')), integer(message.get('message_id'))
    refusal = _not_private(chat)
    if refusal or number is None:
        yield _ignored(refusal or 'unknown')
        return
    author, business = ident(sender.get('id')) or user, 'business' in key
    from_us = business and (author != user or 'sender_business_bot' in message)
    if sender.get('is_bot') is True and not from_us:
        yield _ignored('bot')
        return
    edited = key.startswith('edited')
    name = full_name(chat) or (full_name(sender) or string(sender.get('username')) if author == user else '')
    head = Event(
        Kind.EDIT if edited else Kind.MESSAGE,
        external_id=f'{user}:{number}',
        user=user,
        name=(name or string(chat.get('username')))[:250],
        from_us=from_us,
        sent_at=moment(message.get('edit_date') if edited else message.get('date')),
        # within a second, messages of one chat are in the order of their numbers
        sequence=number if 0 < number <= HIGHEST else 0,
    )
    if not from_us:
        head = replace(head, details=_known_of(sender))
    yield _start(head, message) if not (edited or business) else _filled(head, message)


def _known_of(sender: Value) -> dict[str, JSON]:
    """What Telegram tells of a person besides their name: public name, language of their application."""
    known = {'username': string(sender.get('username')), 'language': string(sender.get('language_code'))}
    return {name: value[:64] for name, value in known.items() if value}


def _start(head: Event, message: Value) -> Event:
    """Somebody opens the chat, or comes back by a link; else a message."""
    match = _START.fullmatch(string(message.get('text')))
    if not match:
        return _filled(head, message)
    details: dict[str, JSON] = {'ref': match[1]} if match[1] else {}
    return Event(
        Kind.CHANNEL, user=head.user, topic='conversation_started', sent_at=head.sent_at, details=details
    )


def _filled(head: Event, message: Value) -> Event:
    """The event with what is in the message."""
    found = parts(message)
    edited = head.kind is Kind.EDIT
    moving = edited and 'location' in message and not found.text
    if found.service or moving:  # a live position is edited at each step
        return _ignored('noise')
    if edited and found.unreadable:
        return _ignored('empty')
    details = {**head.details, **found.details}
    for name, key in (('group', 'media_group_id'), ('business_connection', 'business_connection_id')):
        if value := ident(message.get(key)):
            details[name] = value
    answered = ident(mapping(message.get('reply_to_message')).get('message_id'))
    return replace(
        head,
        text=found.text,
        attachments=found.attachments,
        reply_to=f'{head.user}:{answered}' if answered else '',
        unreadable=found.unreadable,
        details=details,
    )


def _not_private(chat: Value) -> str:
    """Why a chat is none of ours, '' if it is private: a person's identifier is a positive number."""
    kind, number = string(chat.get('type')), integer(chat.get('id'))
    if kind in ('group', 'supergroup') or number is not None and number < 0:
        return 'group'
    if kind == 'channel':
        return 'public'
    return '' if kind in ('private', '') and number is not None and number > 0 else 'unknown'


def _deleted(value: Value, key: str) -> Iterator[Event]:
    """Only told of business accounts: the chat of a bot tells no deletion."""
    chat = mapping(value.get('chat'))
    refusal, numbers = _not_private(chat), value.get('message_ids')
    found = [ident(number) for number in numbers] if isinstance(numbers, list) else []
    if refusal or not any(found):
        yield _ignored(refusal or 'empty')
        return
    user = ident(chat.get('id'))
    for number in filter(None, found):
        yield Event(Kind.UNSEND, external_id=f'{user}:{number}', user=user)


def _reaction(value: Value, key: str) -> Iterator[Event]:
    chat, number = mapping(value.get('chat')), ident(value.get('message_id'))
    refusal = _not_private(chat)
    if refusal or not number:
        yield _ignored(refusal or 'no_target')
        return
    user, new = ident(chat.get('id')), dicts(value.get('new_reaction'))
    shown = (new or dicts(value.get('old_reaction')) or [{}])[-1]
    yield Event(
        Kind.REACTION,
        external_id=f'{user}:{number}',
        user=ident(mapping(value.get('user')).get('id')) or user,
        emoji=string(shown.get('emoji'))[:64],  # '' for the emoji of a paid set
        removed=not new,
        sent_at=moment(value.get('date')),
    )


# -- everything else


def _button(value: Value, key: str) -> Iterator[Event]:
    """A button under a message of ours; the author is who pressed it, not the author of the message."""
    sender, chat = mapping(value.get('from')), mapping(mapping(value.get('message')).get('chat'))
    user, payload = ident(sender.get('id')), string(value.get('data'))
    if sender.get('is_bot') is True or not user or not payload or (chat and _not_private(chat)):
        yield _ignored('bot' if sender.get('is_bot') is True else _not_private(chat) or 'empty')
        return
    yield Event(
        Kind.MESSAGE,
        user=user,
        name=(full_name(sender) or string(sender.get('username')))[:250],
        text=payload,
        details={'via': 'callback_query', 'payload': payload},
    )


_BLOCKINGS = {'kicked': 'blocked_by_user', 'member': 'unblocked_by_user'}


def _membership(value: Value, key: str) -> Iterator[Event]:
    """In a private chat it is only told when the person blocks the bot, or no longer does."""
    chat = mapping(value.get('chat'))
    topic = _BLOCKINGS.get(string(mapping(value.get('new_chat_member')).get('status')))
    refusal = _not_private(chat)
    if refusal or topic is None:
        yield _ignored(refusal or 'noise')
        return
    yield Event(Kind.CHANNEL, user=ident(chat.get('id')), topic=topic, sent_at=moment(value.get('date')))


def _connection(value: Value, key: str) -> Iterator[Event]:
    """A business account takes the bot for its own messages, changes its rights, or ends it."""
    enabled = value.get('is_enabled') is True
    can_reply = mapping(value.get('rights')).get('can_reply', value.get('can_reply')) is True
    details = {'connection': ident(value.get('id')), 'enabled': enabled, 'can_reply': can_reply}
    severity = ('' if can_reply else 'warning') if enabled else 'critical'
    yield Event(
        Kind.CHANNEL,
        topic='business_connection',
        severity=severity,
        sent_at=moment(value.get('date')),
        details=details,
    )


def _public(value: Value, key: str) -> Iterator[Event]:
    yield _ignored('public')


_READERS: Mapping[str, Callable[[Value, str], Iterator[Event]]] = {
    'message': _message,
    'edited_message': _message,
    'business_message': _message,
    'edited_business_message': _message,
    'deleted_business_messages': _deleted,
    'message_reaction': _reaction,
    'callback_query': _button,
    'my_chat_member': _membership,
    'business_connection': _connection,
    'channel_post': _public,
    'edited_channel_post': _public,
}
# what we ask Telegram for
WANTED = (
    'message',
    'edited_message',
    'my_chat_member',
    'message_reaction',
    'business_connection',
    'business_message',
    'edited_business_message',
    'deleted_business_messages',
)

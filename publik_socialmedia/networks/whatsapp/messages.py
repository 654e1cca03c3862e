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

"""Events of what people, and we elsewhere, write: messages, reactions, edits, revocations, new numbers.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from publik_socialmedia.networks.base import JSON, Event, Kind
from publik_socialmedia.networks.meta import dicts, ident, mapping, string
from publik_socialmedia.networks.whatsapp import contents
from publik_socialmedia.networks.whatsapp.people import NOBODY, Person, digits
from publik_socialmedia.networks.whatsapp.values import Payload, Value


def read(value: Value, message: Payload, ours: bool) -> Event:
    """The event of a message. ``ours``: written by us, in the application of a telephone."""
    if message.get('group_id'):
        return value.ignored('group')
    ours = ours or bool(value.number) and digits(ident(message.get('from'))) == value.number
    person = _citizen(value, message) if ours else author(value, message)
    if ours and not person.user:
        return value.ignored('own')
    reader = _SPECIAL.get(string(message.get('type')))
    if reader is not None:
        return reader(value, message, person, ours)
    content = contents.read(message, value.errors)
    if ours and content.unreadable == 'empty':
        return value.ignored('own')
    reply_to, details = contents.context(message)
    return value.event(
        Kind.MESSAGE,
        message,
        person,
        external_id=ident(message.get('id')),
        text=content.text,
        attachments=content.attachments,
        reply_to=reply_to,
        from_us=ours,
        unreadable=content.unreadable,
        details={**details, **content.details},
    )


def author(value: Value, item: Payload) -> Person:
    return value.people.person(item.get('from'), item.get('from_user_id'))


def _citizen(value: Value, message: Payload) -> Person:
    """The other side of what we wrote: the one that is not our number. Some echoes have them inverted."""
    sides = (value.people.person(message.get('to'), message.get('to_user_id')), author(value, message))
    return next((side for side in sides if side.user and digits(side.user) != value.number), NOBODY)


def _reaction(value: Value, message: Payload, person: Person, ours: bool) -> Event:
    """An emoji put on a message; without emoji, it was taken away."""
    reaction = mapping(message.get('reaction'))
    target, emoji = ident(reaction.get('message_id')), string(reaction.get('emoji'))
    if not target:
        return value.ignored('no_target')
    return value.event(
        Kind.REACTION, message, person, external_id=target, emoji=emoji, removed=not emoji, from_us=ours
    )


def _edit(value: Value, message: Payload, person: Person, ours: bool) -> Event:
    edit = mapping(message.get('edit'))
    target = ident(edit.get('original_message_id'))
    if not target or not isinstance(edit.get('message'), Mapping):
        return value.ignored('unknown', key='edit')
    content = contents.read(mapping(edit['message']))
    return value.event(
        Kind.EDIT,
        message,
        person,
        external_id=target,
        text=content.text,
        attachments=content.attachments,  # in case we have not the message
        from_us=ours,
        details=dict(content.details),
    )


def _revoke(value: Value, message: Payload, person: Person, ours: bool) -> Event:
    target = ident(mapping(message.get('revoke')).get('original_message_id'))
    if not target:
        return value.ignored('unknown', key='revoke')
    return value.event(Kind.UNSEND, message, person, external_id=target, from_us=ours)


def _system(value: Value, message: Payload, person: Person, ours: bool) -> Event:
    """A person has another number, or another id; or another telephone, who knows in whose hands."""
    system = mapping(message.get('system'))
    if string(system.get('type')) == 'customer_identity_changed':
        details: dict[str, JSON] = {'message': ident(message.get('id'))}
        return value.event(
            Kind.CHANNEL, message, person, topic='identity_key_changed', severity='warning', details=details
        )
    former = person.user or ident(system.get('customer'))
    names = ('wa_id', 'new_wa_id', 'user_id', 'new_user_id')
    new = tuple(dict.fromkeys(filter(None, (ident(system.get(name)) for name in names))))
    if not former or not new:
        return value.ignored('unknown', key='system')
    return value.event(Kind.IDENTITY, message, Person(former, new))


def _welcome(value: Value, message: Payload, person: Person, ours: bool) -> Event:
    """A person opened the thread and has not written yet."""
    return value.event(Kind.CHANNEL, message, person, topic='conversation_started')


_SPECIAL: Mapping[str, Callable[[Value, Payload, Person, bool], Event]] = {
    'reaction': _reaction,
    'edit': _edit,
    'revoke': _revoke,
    'system': _system,
    'request_welcome': _welcome,
}


def history(value: Value, chunk: Payload) -> Iterator[tuple[JSON, list[Event]]]:
    """What a telephone held before it was connected (coexistence): up to 180 days. Times, and events.

    Nothing old is imported unless asked (R18): only where the body is read on purpose as a history.
    """
    threads = dicts(chunk.get('threads'))
    if not value.past or not threads:
        yield None, [value.ignored('noise', field='history', threads=len(threads))]
        return
    for thread in threads:
        citizen = ident(thread.get('id'))
        messages = dicts(thread.get('messages'))
        if not messages:
            yield None, [value.ignored('empty', field='history')]
        for message in messages:
            # without number: of a person who has a user name
            ours = ident(message.get('from')) not in ('', citizen)
            sides = {'from': value.number, 'to': citizen} if ours else {}
            yield message.get('timestamp'), [read(value, {**message, **sides}, ours)]

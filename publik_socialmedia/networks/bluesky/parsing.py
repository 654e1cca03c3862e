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

"""Any body of the API → events. Pure and total: only UnreadablePayload comes out.

Bodies are told apart by their keys:

    logs       getLog: what happened, oldest first
    messages   getMessages: newest first
    convos     listConvos: the last message of each; in a body of ``polling`` with one of the two above, the
               conversations that it is about: who is in it and whether it is a group
    convo      getConvo, getConvoAvailability: its last message
    id, sentAt…  answer to a message sent
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from publik_socialmedia import errors
from publik_socialmedia.networks.base import JSON, Event, Kind, Raw, Status
from publik_socialmedia.networks.reading import dicts, ident, load, mapping, moment, string

from .messages import attachments_of, did_of, kind_of, mentioned, name_of, reply_to, sender_of, text_of

# what happens to groups: entries of the log, and messages that nobody wrote
_OF_GROUPS = (
    *('AddMember', 'RemoveMember', 'MemberJoin', 'MemberLeave', 'EditGroup'),
    *('LockConvo', 'UnlockConvo', 'LockConvoPermanently'),
    *('CreateJoinLink', 'EditJoinLink', 'EnableJoinLink', 'DisableJoinLink'),
)
SYSTEM = frozenset(f'systemMessageData{name}' for name in _OF_GROUPS)
# entries of the log that say nothing of private messages between two people
NOISE = frozenset(
    f'log{name}'
    for name in (
        *('BeginConvo', 'AcceptConvo', 'LeaveConvo', 'MuteConvo', 'UnmuteConvo'),
        *_OF_GROUPS,
        *('IncomingJoinRequest', 'ApproveJoinRequest', 'RejectJoinRequest'),
        *('OutgoingJoinRequest', 'WithdrawJoinRequest'),
    )
)
READ = ('logReadMessage', 'logReadConvo')  # how far our own account has read, with another client


def parse(raw: Raw) -> list[Event]:
    body = load(raw.body)
    if not isinstance(body, dict):
        raise errors.UnreadablePayload('not_an_object')
    ours = raw.account.external_id if raw.account else ''
    found = list(_Reading(ours, body).events(body)) or [_ignored('empty')]
    return [replace(event, sequence=rank) for rank, event in enumerate(found)]


class _Reading:
    """One body. ``people``: other members of conversations, as far as the body tells; ``groups``: ids."""

    def __init__(self, ours: str, body: Mapping[str, JSON]) -> None:
        self.ours = ours
        listed = [*dicts(body.get('convos')), *dicts(body.get('convo'))]
        self.convos = {ident(convo.get('id')): convo for convo in listed}
        self.groups = {
            key for key, convo in self.convos.items() if kind_of(convo.get('kind')) == 'groupConvo'
        }
        self.people: dict[str, Mapping[str, JSON]] = {}
        for key, convo in self.convos.items():
            self._learn(key, dicts(convo.get('members')))
        for entry in dicts(body.get('logs')):
            self._learn(ident(entry.get('convoId')), _told(entry))

    def _learn(self, convo: str, members: Iterable[Mapping[str, JSON]]) -> None:
        """Who else is in a conversation between two, from the most telling profile."""
        for member in members:
            did, known = did_of(member), self.people.get(convo, {})
            if did and did != self.ours and (not known or did == did_of(known) and not name_of(known)):
                self.people[convo] = member

    def events(self, body: Mapping[str, JSON]) -> Iterator[Event]:
        if isinstance(body.get('logs'), list):
            yield from map(self._entry, body['logs'])
        elif isinstance(body.get('messages'), list):
            convo = next(iter(self.convos), '')
            yield from (self._message(message, convo) for message in reversed(body['messages']))
        elif isinstance(body.get('convos'), list):
            yield from map(self._convo, body['convos'])
        elif isinstance(body.get('convo'), dict):
            yield self._convo(body['convo'])
        elif body.get('sentAt') and ident(body.get('id')):
            yield Event(Kind.STATUS, external_id=ident(body.get('id')), status=Status.SENT)
        else:
            yield _ignored('answer')

    # -- one item

    def _entry(self, entry: JSON) -> Event:
        kind, entry = kind_of(entry), mapping(entry)
        convo, message = ident(entry.get('convoId')), mapping(entry.get('message'))
        about = {'type': kind, 'rev': ident(entry.get('rev'))}
        if convo in self.groups and message:
            return _ignored('group', **about)
        if kind in ('logCreateMessage', 'logDeleteMessage'):
            return self._message(message, convo)
        if kind in ('logAddReaction', 'logRemoveReaction'):
            return _reaction(message, mapping(entry.get('reaction')), removed=kind == 'logRemoveReaction')
        if kind in READ:
            return _ignored('own', **about)
        return _ignored('noise' if kind in NOISE else 'unknown', **about)

    def _convo(self, convo: JSON) -> Event:
        """The last message of a conversation: ``more`` if others were not read before it."""
        convo = mapping(convo)
        key, message = ident(convo.get('id')), convo.get('lastMessage')
        if kind_of(convo.get('kind')) == 'groupConvo':
            return _ignored('group')
        if not isinstance(message, dict):
            return _ignored('empty')
        event = self._message(message, key)
        unread = convo.get('unreadCount')
        if event.kind is Kind.MESSAGE and not event.from_us and isinstance(unread, int) and unread > 1:
            return replace(event, details={**event.details, 'more': True})
        return event

    def _message(self, message: JSON, convo: str) -> Event:
        kind, message = kind_of(message), mapping(message)
        number, sender = ident(message.get('id')), sender_of(message)
        if convo in self.groups:
            return _ignored('group', id=number)
        if kind == 'systemMessageView':
            about = kind_of(message.get('data'))
            return _ignored('noise' if about in SYSTEM else 'unknown', type=about, id=number)
        if not number or not sender:
            return _ignored('unknown')
        from_us = bool(self.ours) and sender == self.ours
        person = self._person(message, convo) if from_us else self._author(sender, convo)
        facts: dict[str, Any] = {
            'external_id': number,
            'user': did_of(person),
            'from_us': from_us,
            'sent_at': moment(message.get('sentAt')),
        }
        if kind == 'deletedMessageView':
            return Event(Kind.UNSEND, **facts)
        written, quoted = text_of(message), attachments_of(message)
        return Event(
            Kind.MESSAGE,
            **facts,
            name=name_of(person),
            text=written,
            attachments=quoted,
            reply_to=reply_to(message),
            unreadable='' if written or quoted else 'empty',
            details=self._details(convo, person),
        )

    def _author(self, sender: str, convo: str) -> Mapping[str, JSON]:
        known = self.people.get(convo, {})
        return known if did_of(known) == sender else {'did': sender}

    def _person(self, message: Mapping[str, JSON], convo: str) -> Mapping[str, JSON]:
        """To whom we wrote: the other member, else whom the text mentions; {} if nothing tells."""
        known = self.people.get(convo)
        if known is None:
            known = next(({'did': did} for did in mentioned(message) if did != self.ours), {})
        return known

    def _details(self, convo: str, person: Mapping[str, JSON]) -> dict[str, JSON]:
        details: dict[str, JSON] = {'convo': convo} if convo else {}
        if self.convos.get(convo, {}).get('status') == 'request':
            details['request'] = True
        if handle := string(person.get('handle')).strip():
            details['handle'] = handle
        return details


def _told(entry: Mapping[str, JSON]) -> Iterator[Mapping[str, JSON]]:
    """People whom an entry of the log shows to be in its conversation, those with a name first."""
    yield from dicts(entry.get('relatedProfiles'))
    if sender := sender_of(mapping(entry.get('message'))):
        yield {'did': sender}


def _reaction(message: Mapping[str, JSON], reaction: Mapping[str, JSON], *, removed: bool) -> Event:
    number, user = ident(message.get('id')), did_of(reaction.get('sender'))
    if not number or not user:
        return _ignored('unknown')
    emoji = string(reaction.get('value')).strip()[:64]
    at = moment(reaction.get('createdAt'))
    return Event(Kind.REACTION, external_id=number, user=user, emoji=emoji, removed=removed, sent_at=at)


def _ignored(reason: str, **details: JSON) -> Event:
    return Event(Kind.IGNORED, reason=reason, details=details)

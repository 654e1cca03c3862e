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

"""What the chat service holds: conversations, messages, the log of each account."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from demo.emulators.bluesky_access import Access, Person, did_for

Item = dict[str, Any]

SORTABLE = '234567abcdefghijklmnopqrstuvwxyz'


class Refused(Exception):
    """The service does not want that: name of the error and sentence."""

    def __init__(self, name: str, message: str) -> None:
        self.name, self.message = name, message
        super().__init__(name, message)


@dataclass
class Convo:
    """``status``: of each member, 'request' or 'accepted'."""

    id: str
    rev: str
    status: dict[str, str]
    kind: str = 'directConvo'
    messages: list[Item] = field(default_factory=list)
    hidden: set[tuple[str, str]] = field(default_factory=set)  # (DID, message): deleted for that one


class Chat:
    """``logs``: DID → entries, oldest first. ``log_kept``: cursors before that are not known any more."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.convos: dict[str, Convo] = {}
        self.logs: dict[str, list[Item]] = {}
        self.log_kept = ''
        self._last = 0

    def tid(self) -> str:
        """The next identifier: 13 characters that sort as the time."""
        self._last = max(self._last + 1, int(time.time() * 1e6))
        value, found = self._last << 10, ''
        while len(found) < 13:
            value, rest = divmod(value, 32)
            found = SORTABLE[rest] + found
        return found

    # -- conversations

    def between(self, one: str, other: str) -> Convo | None:
        wanted = {one, other}
        found = (c for c in self.convos.values() if set(c.status) == wanted and c.kind == 'directConvo')
        return next(found, None)

    def open(self, author: str, other: str) -> Convo:
        """The conversation of two people; made if there is none and the other takes messages of the first."""
        found = self.between(author, other)
        if found is not None:
            return found
        self.admit(author, other)
        accepted = author in self.access.people[other].follows
        status = {author: 'accepted', other: 'accepted' if accepted else 'request'}
        return self._begin(Convo(self.tid(), self.tid(), status))

    def group(self, *members: str) -> Convo:
        return self._begin(Convo(self.tid(), self.tid(), dict.fromkeys(members, 'accepted'), 'groupConvo'))

    def _begin(self, convo: Convo) -> Convo:
        self.convos[convo.id] = convo
        self.tell(convo, 'logBeginConvo')
        return convo

    def admit(self, author: str, other: str) -> None:
        """Refused if that person does not take messages of the author, by the sentences of the service."""
        writer, reader = self.access.people[author], self.access.people.get(other)
        if reader is None:
            raise Refused('InvalidRequest', 'recipient does not exist')
        if writer.chat_disabled:
            raise Refused('InvalidRequest', 'Account is disabled')
        if reader.did in writer.blocks or writer.did in reader.blocks:
            raise Refused('InvalidRequest', 'block between recipient and sender')
        if reader.allows == 'none' or reader.chat_disabled:
            raise Refused('InvalidRequest', 'recipient has disabled incoming messages')
        known = self.between(author, other)
        if known is not None and known.status[other] == 'accepted':
            return
        if reader.allows in (None, 'following') and author not in reader.follows:
            sentence = 'recipient requires incoming messages to come from someone they follow'
            raise Refused('InvalidRequest', sentence)

    def accept(self, convo: Convo, did: str) -> str:
        """The revision of the acceptance, '' if it was accepted already."""
        if convo.status[did] == 'accepted':
            return ''
        convo.status[did] = 'accepted'
        return self.tell(convo, 'logAcceptConvo', to=(did,))

    # -- messages

    def post(self, convo: Convo, author: str, message: Item) -> Item:
        rev = self.tid()
        sent_at = datetime.now(UTC).isoformat(timespec='milliseconds').replace('+00:00', 'Z')
        posted = {'id': self.tid(), 'rev': rev, **message, 'sender': {'did': author}, 'sentAt': sent_at}
        convo.messages.append(posted)
        self.tell(convo, 'logCreateMessage', posted)
        return posted

    def message(self, number: str) -> tuple[Convo, Item]:
        for convo in self.convos.values():
            for message in convo.messages:
                if message['id'] == number:
                    return convo, message
        raise Refused('InvalidRequest', 'Message not found')

    def take_back(self, number: str) -> None:
        """Moderation withdraws a message: nobody can delete their own for the other one."""
        convo, message = self.message(number)
        kept = {name: message[name] for name in ('id', 'rev', 'sender', 'sentAt')}
        message.clear()
        message.update(kept, deleted=True)
        self.tell(convo, 'logDeleteMessage', message)

    def hide(self, number: str, did: str) -> None:
        """« Delete for me »: told to that account alone."""
        convo, message = self.message(number)
        convo.hidden.add((did, number))
        self.tell(convo, 'logDeleteMessage', {**message, 'deleted': True}, to=(did,))

    def react(self, number: str, did: str, emoji: str, *, removed: bool = False) -> None:
        convo, message = self.message(number)
        at = datetime.now(UTC).isoformat(timespec='milliseconds').replace('+00:00', 'Z')
        reaction = {'value': emoji, 'sender': {'did': did}, 'createdAt': at}
        others = [r for r in message.get('reactions', []) if (r['value'], r['sender']['did']) != (emoji, did)]
        message['reactions'] = others if removed else [*others, reaction]
        kind = 'logRemoveReaction' if removed else 'logAddReaction'
        self.tell(convo, kind, message, reaction=reaction)

    # -- what is shown

    def tell(
        self, convo: Convo, kind: str, message: Item | None = None, to: tuple[str, ...] = (), **more: Any
    ) -> str:
        """Write in the log of the members; gives the revision."""
        convo.rev = rev = self.tid()
        entry: Item = {'$type': f'chat.bsky.convo.defs#{kind}', 'rev': rev, 'convoId': convo.id, **more}
        if message is not None:
            entry['message'] = shown(message)
            if kind != 'logDeleteMessage':
                author = self.access.people[message['sender']['did']]
                entry['relatedProfiles'] = [profile(author)]
        for did in to or tuple(convo.status):
            self.logs.setdefault(did, []).append(entry)
        return rev

    def seen_by(self, convo: Convo, did: str) -> list[Item]:
        """Its messages as that account sees them, oldest first."""
        return [
            shown({**message, 'deleted': True} if (did, message['id']) in convo.hidden else message)
            for message in convo.messages
        ]

    def view(self, convo: Convo, did: str) -> Item:
        messages = self.seen_by(convo, did)
        unread = [m for m in messages if m['sender']['did'] != did]
        kind: Item = {'$type': f'chat.bsky.convo.defs#{convo.kind}'}
        found: Item = {
            'id': convo.id,
            'rev': convo.rev,
            'members': [profile(self.access.people[member]) for member in convo.status],
            'muted': False,
            'status': convo.status[did],
            'unreadCount': len(unread),
            'kind': kind,
        }
        return {**found, 'lastMessage': messages[-1]} if messages else found


def shown(message: Item) -> Item:
    if message.get('deleted'):
        kept = {name: message[name] for name in ('id', 'rev', 'sender', 'sentAt')}
        return {'$type': 'chat.bsky.convo.defs#deletedMessageView', **kept}
    return {'$type': 'chat.bsky.convo.defs#messageView', **message}


def profile(person: Person) -> Item:
    found: Item = {'did': person.did, 'handle': person.handle, 'labels': []}
    found['chatDisabled'] = person.chat_disabled
    return {**found, 'displayName': person.name} if person.name else found


__all__ = ['Chat', 'Convo', 'Refused', 'did_for', 'profile', 'shown']

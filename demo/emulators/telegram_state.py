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

"""What the emulator of the Bot API knows: a bot, people, their chats, the updates that wait.

Updates are as the API's own server writes them (https://github.com/tdlib/telegram-bot-api, 10.0).
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

Item = dict[str, Any]

BOT_ID = 123456789
TOKEN = f'{BOT_ID}:AAE-demonstration-token-0123456789abc'
OWNER = 5550001  # the person of the town whose business account uses the bot


def now() -> datetime:
    return datetime.now(UTC)


def seconds(at: datetime) -> int:
    return int(at.timestamp())


@dataclass
class Person:
    """``started``: wrote to the bot; a bot cannot write first."""

    id: int
    first_name: str
    last_name: str = ''
    username: str = ''
    started: bool = False
    blocked: bool = False

    def names(self) -> Item:
        named = {'first_name': self.first_name, 'last_name': self.last_name, 'username': self.username}
        return {name: value for name, value in named.items() if value}

    def user(self) -> Item:
        return {'id': self.id, 'is_bot': False, **self.names(), 'language_code': 'fr'}

    def chat(self) -> Item:
        return {'id': self.id, **self.names(), 'type': 'private'}


@dataclass
class File:
    """``size``: as announced, to have a file that is too big without its bytes."""

    id: str
    content: bytes
    mimetype: str = ''
    name: str = ''
    size: int = 0

    @property
    def path(self) -> str:
        return f'{"photos" if self.mimetype.startswith("image/") else "documents"}/file_{self.id[-6:]}'


@dataclass
class Message:
    """``by``: 'citizen', 'bot', or 'owner' of the business account. ``connection``: of a business chat."""

    number: int
    person: Person
    by: str
    text: str
    at: datetime
    file: File | None = None
    connection: str = ''
    reply_to: int = 0

    @property
    def id(self) -> str:
        return f'{self.person.id}:{self.number}'


@dataclass
class Connection:
    id: str
    can_reply: bool = True
    enabled: bool = True


@dataclass
class Webhook:
    url: str
    secret: str = ''
    allowed: tuple[str, ...] = ()
    connections: int = 40
    last_error: str = ''
    last_error_at: datetime | None = None

    @property
    def is_here(self) -> bool:
        """On the loopback, for the tests and the demonstration; the real API calls nobody there."""
        return urlsplit(self.url).hostname in ('127.0.0.1', 'localhost')


@dataclass
class State:
    """``updates``: those that wait, oldest first; ``listeners`` are given each one as it comes.

    ``allowed``: kinds asked for, kept from one call to the next; () = all but the rarest.
    """

    token: str = TOKEN
    can_join_groups: bool = False
    people: dict[int, Person] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    connections: dict[str, Connection] = field(default_factory=dict)
    updates: list[Item] = field(default_factory=list)
    webhook: Webhook | None = None
    allowed: tuple[str, ...] = ()
    listeners: list[Callable[[Item], None]] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    numbers: Any = field(default_factory=lambda: itertools.count(2))
    update_numbers: Any = field(default_factory=lambda: itertools.count(870_000_100))

    def person(self, first_name: str, last_name: str = '') -> Person:
        """A new person, who has not written yet."""
        number = 7_012_345_678 + len(self.people)
        self.people[number] = Person(number, first_name, last_name, f'{first_name.lower()}_{number % 1000}')
        return self.people[number]

    # -- what happens

    def happens(self, kind: str, content: Item) -> Item:
        """An update of that kind, queued if it is one of those that the bot has asked for."""
        with self.lock:
            update = {'update_id': next(self.update_numbers), kind: content}
            if not self.allowed or kind in self.allowed:
                self.updates.append(update)
                for listener in self.listeners:
                    listener(update)
            return update

    def write(
        self,
        person: Person,
        text: str = '',
        file: File | None = None,
        *,
        connection: str = '',
        by: str = 'citizen',
        **more: Any,
    ) -> Message:
        """A message to the bot or the business account, or by its owner. ``more``: keys of the message."""
        with self.lock:
            person.started = person.started or not connection
            message = self.keep(person, by, text, file, connection)
            kind = 'business_message' if connection else 'message'
            self.happens(kind, {**self.shown(message), **more})
            return message

    def keep(self, person: Person, by: str, text: str, file: File | None, connection: str = '') -> Message:
        message = Message(next(self.numbers), person, by, text, now(), file, connection)
        self.messages[message.id] = message
        return message

    def edit(self, message: Message, text: str) -> None:
        message.text = text
        kind = 'edited_business_message' if message.connection else 'edited_message'
        self.happens(kind, {**self.shown(message), 'edit_date': seconds(now())})

    def delete(self, *messages: Message) -> None:
        """Only a business account tells of it."""
        (connection,) = {message.connection for message in messages}
        for message in messages:
            del self.messages[message.id]
        if connection:
            numbers = [message.number for message in messages]
            chat = messages[0].person.chat()
            content = {'business_connection_id': connection, 'chat': chat, 'message_ids': numbers}
            self.happens('deleted_business_messages', content)

    def block(self, person: Person, blocked: bool = True) -> None:
        person.blocked = blocked
        member: Item = {'user': self.bot(), 'status': 'member'}
        kicked = {**member, 'status': 'kicked', 'until_date': 0}
        old, new = (member, kicked) if blocked else (kicked, member)
        content = {'chat': person.chat(), 'from': person.user(), 'date': seconds(now())}
        self.happens('my_chat_member', {**content, 'old_chat_member': old, 'new_chat_member': new})

    def react(self, message: Message, emoji: str) -> None:
        new = [{'type': 'emoji', 'emoji': emoji}] if emoji else []
        content = {'chat': message.person.chat(), 'message_id': message.number, 'date': seconds(now())}
        shown = {'user': message.person.user(), 'old_reaction': [], 'new_reaction': new}
        self.happens('message_reaction', {**content, **shown})

    def connect(self, *, enabled: bool = True, can_reply: bool = True) -> Connection:
        """The town's business account takes the bot."""
        found = Connection('bizconn-Ab12', can_reply, enabled)
        self.connections[found.id] = found
        owner = Person(OWNER, 'Mairie').user()
        rights = {'can_reply': can_reply, 'can_read_messages': True}
        content = {'id': found.id, 'user': owner, 'user_chat_id': OWNER, 'date': seconds(now())}
        self.happens('business_connection', {**content, 'rights': rights, 'is_enabled': enabled})
        return found

    def upload(self, content: bytes, mimetype: str = '', name: str = '', size: int = 0) -> File:
        file = File(f'BQACAgQAAxk{len(self.files):06d}', content, mimetype, name, size or len(content))
        self.files[file.id] = file
        return file

    def age(self, person: Person, by: timedelta) -> None:
        for message in self.messages.values():
            if message.person is person:
                message.at -= by

    # -- how it is shown

    def bot(self) -> Item:
        return {
            'id': BOT_ID,
            'is_bot': True,
            'first_name': 'Ville d’Exemple',
            'username': 'ville_exemple_bot',
        }

    def shown(self, message: Message) -> Item:
        owner = Person(OWNER, 'Mairie').user()
        sender = {'citizen': message.person.user(), 'bot': self.bot(), 'owner': owner}[message.by]
        found: Item = {
            'message_id': message.number,
            'from': owner if message.connection and message.by == 'bot' else sender,
            'chat': message.person.chat(),
            'date': seconds(message.at),
        }
        if message.connection:
            found['business_connection_id'] = message.connection
            if message.by == 'bot':
                found['sender_business_bot'] = self.bot()
        if message.file is None:
            return found | {'text': message.text}
        return found | self._file(message.file) | ({'caption': message.text} if message.text else {})

    def _file(self, file: File) -> Item:
        about: Item = {'file_id': file.id, 'file_unique_id': file.id[-6:], 'file_size': file.size}
        if file.mimetype in ('image/jpeg', 'image/png', 'image/webp'):
            small = {**about, 'file_id': f'{file.id}s', 'width': 90, 'height': 67, 'file_size': 1212}
            return {'photo': [small, {**about, 'width': 1280, 'height': 960}]}
        return {'document': {**about, 'file_name': file.name, 'mime_type': file.mimetype}}

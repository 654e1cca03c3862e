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

"""Telegram in the contract suite: the same bot is polled, and heard as if it had a webhook."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from demo.emulators.telegram import TelegramEmulator
from demo.emulators.telegram_state import BOT_ID, TOKEN, Message, Person
from demo.emulators.telegram_webhook import HEADER
from publik_socialmedia.networks.base import Account, OutgoingFile, Request
from tests.networks import contract

SECRET = 'a-secret-of-the-tests'


@dataclass
class Desk(contract.Desk):
    slug = 'telegram'
    SENDS = 'POST /bot[^/]+/send(Message|Photo|Document)$'
    PROOF = HEADER.lower()
    signs_body = False
    reads_back = False
    remembers = False

    server: TelegramEmulator
    person: Person = field(default_factory=lambda: Person(1, 'nobody'))
    updates: list[dict[str, Any]] = field(default_factory=list)

    def writes(self, text: str = 'Bonjour', *files: OutgoingFile) -> str:
        state = self.server.state
        stored = [state.upload(file.content, file.mimetype, file.filename) for file in files] or [None]
        return state.write(self.person, text, stored[0]).id

    def _ours(self) -> list[Message]:
        return [message for message in self.server.state.messages.values() if message.by == 'bot']

    def on_screen(self) -> list[str]:
        return [message.text for message in self._ours()]

    def files_on_screen(self) -> list[bytes]:
        return [message.file.content for message in self._ours() if message.file]

    def blocks(self) -> None:
        self.server.state.block(self.person)

    def answers_elsewhere(self, text: str) -> str:
        """Only the owner of a business account can; the bot reads its chats."""
        connection = self.server.state.connect().id
        return self.server.state.write(self.person, text, connection=connection, by='owner').id

    def edits(self, external_id: str, text: str) -> None:
        self.server.state.edit(self.server.state.messages[external_id], text)

    def age(self, by: timedelta) -> None:
        self.server.state.age(self.person, by)

    def kill_token(self) -> None:
        self.server.state.token = f'{BOT_ID}:AAE-another-token-0123456789-abcdefgh'

    def throttle(self, pattern: str = '') -> None:
        self.server.limit_rate(pattern)

    def heard(self) -> list[Request]:
        updates, self.updates[:] = list(self.updates), []
        return [_call(SECRET, json.dumps(update).encode()) for update in updates]

    def forged(self, request: Request) -> Request:
        return _call('another-secret-of-the-tests', request.body)


def _call(secret: str, body: bytes) -> Request:
    return Request('POST', {'content-type': 'application/json', HEADER.lower(): secret}, {}, body)


@contextlib.contextmanager
def desk() -> Iterator[Desk]:
    with TelegramEmulator() as telegram, contract.trusting(telegram) as http:
        account = Account(str(BOT_ID), {'bot_token': TOKEN}, api_url=telegram.url)
        person = telegram.state.person('Camille', 'Martin')
        secrets = {'webhook_secret': [SECRET]}
        found = Desk(telegram, account, str(person.id), secrets, http, person=person)
        telegram.state.listeners.append(found.updates.append)
        health = found.network.check(account, http)
        found.account = dataclasses.replace(account, facts=health.facts)
        telegram.calls.clear()
        yield found

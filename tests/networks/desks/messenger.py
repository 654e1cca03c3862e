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

"""Messenger in the contract suite."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from demo.emulators.graph import APP_ID, APP_SECRET, PAGE_ID, PAGE_TOKEN, VERIFY_TOKEN, GraphEmulator
from demo.emulators.graph_state import Media, Message
from demo.emulators.graph_webhooks import milliseconds_of, sign
from publik_socialmedia.networks.base import Account, OutgoingFile, Request
from tests.networks import contract


@dataclass
class Desk(contract.Desk):
    slug = 'messenger'
    SENDS = 'POST .*/messages$'
    PROOF = 'x-hub-signature-256'

    server: GraphEmulator
    bodies: list[bytes] = field(default_factory=list)

    def writes(self, text: str = 'Bonjour', *files: OutgoingFile) -> str:
        media = [Media(_kind(file), file.content, file.mimetype, file.filename) for file in files]
        return self.server.citizen_writes(self.citizen, text, media)

    def _ours(self) -> list[Message]:
        return [message for message in self.server.thread(self.citizen).messages if message.from_page]

    def on_screen(self) -> list[str]:
        return [message.text for message in self._ours()]

    def files_on_screen(self) -> list[bytes]:
        return [media.content for message in self._ours() for media in message.media]

    def blocks(self) -> None:
        self.server.thread(self.citizen).person.blocked = True

    def answers_elsewhere(self, text: str) -> str:
        return self.server.page_writes(self.citizen, text)

    def edits(self, external_id: str, text: str) -> None:
        self.server.citizen_edits(external_id, text)

    def receives(self, external_id: str) -> None:
        message, thread = self.server.world.messages[external_id], self.server.thread(self.citizen)
        delivery = {'mids': [external_id], 'watermark': milliseconds_of(message)}
        self.server.notifier.item(self.server.page, thread, delivery=delivery)

    def reads(self, external_id: str) -> None:
        self.server.citizen_reads(self.citizen)

    def age(self, by: timedelta) -> None:
        self.server.age(self.citizen, by)

    def kill_token(self) -> None:
        self.server.token.dead = 460

    def throttle(self, pattern: str = '') -> None:
        self.server.limit_rate(pattern)

    def heard(self) -> list[Request]:
        bodies, self.bodies[:] = list(self.bodies), []
        return [_signed(APP_SECRET, body) for body in bodies]

    def handshake(self, *, right: bool = True) -> Request:
        token = VERIFY_TOKEN if right else 'another word'
        query = {'hub.mode': 'subscribe', 'hub.verify_token': token, 'hub.challenge': '1158201444'}
        return Request('GET', {}, query)

    def forged(self, request: Request) -> Request:
        return _signed('another secret', request.body)


def _signed(secret: str, body: bytes) -> Request:
    headers = {name.lower(): value for name, value in sign(secret, body).items()}
    return Request('POST', {'content-type': 'application/json', **headers}, {}, body)


def _kind(file: OutgoingFile) -> str:
    kind = file.mimetype.partition('/')[0]
    return kind if kind in ('image', 'audio', 'video') else 'file'


@contextlib.contextmanager
def desk() -> Iterator[Desk]:
    secrets = {'app_id': [APP_ID], 'app_secret': [APP_SECRET], 'verify_token': [VERIFY_TOKEN]}
    credentials = {'page_token': PAGE_TOKEN, 'app_id': APP_ID, 'app_secret': APP_SECRET}
    with GraphEmulator(callback_url='http://webhook.example/') as graph, contract.trusting(graph) as http:
        account = Account(PAGE_ID, credentials, {'app_id': APP_ID}, graph.url)
        found = Desk(graph, account, graph.add_person('Camille Martin'), secrets, http)
        graph.webhooks.post = found.bodies.append  # type: ignore[method-assign]
        health = found.network.check(account, http)
        found.account = dataclasses.replace(account, facts={**account.facts, **health.facts})
        graph.sender.receipts = ()
        graph.calls.clear()
        yield found

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
from dataclasses import dataclass
from datetime import timedelta

from demo.emulators.graph import PAGE_ID, PAGE_TOKEN, GraphEmulator
from demo.emulators.graph_state import Media, Message
from demo.emulators.graph_webhooks import milliseconds_of
from publik_socialmedia.networks.base import Account, OutgoingFile
from tests.networks import contract
from tests.networks.meta_desk import APPLICATION, SECRETS, MetaDesk, kind_of


@dataclass
class Desk(MetaDesk):
    slug = 'messenger'

    server: GraphEmulator

    def writes(self, text: str = 'Bonjour', *files: OutgoingFile) -> str:
        media = [Media(kind_of(file), file.content, file.mimetype, file.filename) for file in files]
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


@contextlib.contextmanager
def desk() -> Iterator[Desk]:
    credentials = {'page_token': PAGE_TOKEN, **APPLICATION}
    with GraphEmulator(callback_url='http://webhook.example/') as graph, contract.trusting(graph) as http:
        account = Account(PAGE_ID, credentials, {'app_id': APPLICATION['app_id']}, graph.url)
        found = Desk(graph, account, graph.add_person('Camille Martin'), SECRETS, http)
        graph.webhooks.post = found.bodies.append  # type: ignore[method-assign]
        health = found.network.check(account, http)
        found.account = dataclasses.replace(account, facts={**account.facts, **health.facts})
        graph.sender.receipts = ()
        graph.calls.clear()
        yield found

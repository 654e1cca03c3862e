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

"""WhatsApp in the contract suite."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from demo.emulators.graph_state import Media
from demo.emulators.graph_whatsapp import PHONE_ID, TEMPLATE, TOKEN, WABA_ID, WhatsAppEmulator
from demo.emulators.graph_whatsapp_state import Person
from publik_socialmedia.networks.base import Account, OutgoingFile
from tests.networks import contract
from tests.networks.meta_desk import APPLICATION, SECRETS, MetaDesk, kind_of

CREDENTIALS = {
    'access_token': TOKEN,
    'phone_number_id': PHONE_ID,
    'waba_id': WABA_ID,
    'template_name': TEMPLATE,
}


@dataclass
class Desk(MetaDesk):
    slug = 'whatsapp'
    reads_back = False  # statuses tell, the API does not

    server: WhatsAppEmulator

    @property
    def person(self) -> Person:
        found = self.server.world.person(self.citizen)
        assert found is not None
        return found

    def writes(self, text: str = 'Bonjour', *files: OutgoingFile) -> str:
        """One file at most goes with a message."""
        media = [Media(kind_of(file), file.content, file.mimetype, file.filename) for file in files]
        return self.server.citizen_writes(self.person, text, *media)

    def on_screen(self) -> list[str]:
        return [message.text for message in self.server.said_to(self.person)]

    def files_on_screen(self) -> list[bytes]:
        return [message.media.content for message in self.server.said_to(self.person) if message.media]

    def blocks(self) -> None:
        """They leave WhatsApp: that a person blocks us, it does not tell."""
        self.person.reachable = False

    def answers_elsewhere(self, text: str) -> str:
        return self.server.telephone_writes(self.person, text)

    def edits(self, external_id: str, text: str) -> None:
        self.server.citizen_edits(external_id, text)

    def takes_back(self, external_id: str) -> None:
        self.server.citizen_revokes(external_id)

    def receives(self, external_id: str) -> None:
        self.server.citizen_has(external_id, 'delivered')

    def reads(self, external_id: str) -> None:
        self.server.citizen_has(external_id, 'read')

    def fails_later(self, external_id: str) -> None:
        self.server.citizen_has(external_id, 'failed', code=131026)

    def age(self, by: timedelta) -> None:
        self.server.age(self.person, by)

    def kill_token(self) -> None:
        self.server.token.dead = 467

    def throttle(self, pattern: str = '') -> None:
        self.server.limit_rate(pattern)


@contextlib.contextmanager
def desk() -> Iterator[Desk]:
    credentials = {**CREDENTIALS, **APPLICATION}
    with (
        WhatsAppEmulator(callback_url='http://webhook.example/') as whatsapp,
        contract.trusting(whatsapp) as http,
    ):
        account = Account(PHONE_ID, credentials, {'app_id': APPLICATION['app_id']}, whatsapp.url)
        camille = whatsapp.add_person('Camille Martin')
        found = Desk(whatsapp, account, camille.number, SECRETS, http)
        whatsapp.webhooks.post = found.bodies.append  # type: ignore[method-assign]
        health = found.network.check(account, http)
        found.account = dataclasses.replace(account, facts={**account.facts, **health.facts})
        whatsapp.api.receipts = ('sent',)
        whatsapp.calls.clear()
        yield found

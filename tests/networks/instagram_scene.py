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

"""The scene of the tests that call the emulator of Instagram, by either of its ways in."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from demo.emulators.graph import APP_ID, APP_SECRET
from demo.emulators.graph_instagram import (
    IG_ID,
    IG_LOGIN_TOKEN,
    IG_PAGE_ID,
    IG_PAGE_TOKEN,
    InstagramEmulator,
)
from demo.emulators.graph_state import Message, Token
from publik_socialmedia import networks
from publik_socialmedia.http import Client
from publik_socialmedia.networks.base import JSON, Account, Event, Http, Outgoing, OutgoingFile, Raw, Sent
from tests.networks.contract import trusting
from tests.networks.desks.instagram import FileServer, known_token

NETWORK = networks.get('instagram')
WAYS = ('page', 'login')


@dataclass
class Scene:
    """An emulator, our account on it, and somebody who wrote « Bonjour ». ``way``: 'page' | 'login'."""

    way: str
    emulator: InstagramEmulator
    account: Account
    citizen: str
    http: Client
    shop: FileServer
    bodies: list[bytes]

    @property
    def token(self) -> Token:
        """The token that our account uses."""
        return self.emulator.token if self.way == 'page' else self.emulator.login

    def outgoing(self, text: str = 'Votre dossier est prêt.', **changes: object) -> Outgoing:
        values = {'key': 'publik:reply:8412', 'recipient': self.citizen, 'last_inbound_at': datetime.now(UTC)}
        return Outgoing(**{**values, 'text': text, **changes})  # type: ignore[arg-type]

    def published(self, content: bytes, name: str, mimetype: str) -> OutgoingFile:
        return self.shop.publish(OutgoingFile(content, name, mimetype))

    def ours(self) -> list[Message]:
        """What the person has on their screen, from us."""
        return [message for message in self.emulator.thread(self.citizen).messages if message.from_page]

    def said(self) -> list[str]:
        return [message.text for message in self.ours()]

    def account_with(self, **facts: JSON) -> Account:
        return dataclasses.replace(self.account, facts={**self.account.facts, **facts})

    def set_credentials(self, **values: str) -> None:
        self.account = dataclasses.replace(self.account, credentials={**self.account.credentials, **values})

    def send(self, outgoing: Outgoing, http: Http | None = None) -> Sent:
        return NETWORK.send(self.account, outgoing, http or self.http)

    def find(self, outgoing: Outgoing) -> Sent | None:
        return NETWORK.find_sent(self.account, outgoing, self.http)

    def news(self) -> list[Event]:
        """Events of the webhooks since the last look."""
        bodies, self.bodies[:] = list(self.bodies), []
        return [event for body in bodies for event in NETWORK.parse(Raw(body))]


@contextlib.contextmanager
def scene(way: str) -> Iterator[Scene]:
    own: dict[str, str] = {'page_token': IG_PAGE_TOKEN, 'app_secret': APP_SECRET}
    if way == 'login':
        own = {'instagram_token': IG_LOGIN_TOKEN, 'app_secret': APP_SECRET, **known_token()}
    with (
        InstagramEmulator(callback_url='http://webhook.example/') as emulator,
        FileServer() as shop,
        trusting(emulator) as http,
    ):
        facts: dict[str, JSON] = {'page_id': IG_PAGE_ID} if way == 'page' else {}
        account = Account(IG_ID, {**own, 'app_id': APP_ID}, {**facts, 'app_id': APP_ID}, emulator.url)
        bodies: list[bytes] = []
        emulator.webhooks.post = bodies.append  # type: ignore[method-assign]
        citizen = emulator.add_person('Camille Martin')
        emulator.citizen_writes(citizen, 'Bonjour')
        bodies.clear()
        yield Scene(way, emulator, account, citizen, http, shop, bodies)

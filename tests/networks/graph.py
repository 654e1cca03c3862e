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

"""The scene of the tests that call the emulator of the Graph API."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.test import override_settings

from demo.emulators.graph import APP_ID, APP_SECRET, PAGE_ID, PAGE_TOKEN, GraphEmulator
from publik_socialmedia import networks
from publik_socialmedia.http import Client
from publik_socialmedia.networks.base import JSON, Account, Http, Outgoing, Sent

NETWORK = networks.get('messenger')


def ago(**age: float) -> datetime:
    return datetime.now(UTC) - timedelta(**age)


@dataclass
class Scene:
    """An emulator, our account on it, and somebody who wrote « Bonjour »."""

    emulator: GraphEmulator
    account: Account
    citizen: str
    http: Http

    def outgoing(self, text: str = 'Votre dossier est prêt.', **changes: object) -> Outgoing:
        """An answer to that person, who wrote just now."""
        values = {'key': 'publik:reply:8412', 'recipient': self.citizen, 'last_inbound_at': datetime.now(UTC)}
        return Outgoing(**{**values, 'text': text, **changes})  # type: ignore[arg-type]

    def said(self) -> list[str]:
        """What the person has on their screen, from us."""
        return [message.text for message in self.emulator.thread(self.citizen).messages if message.from_page]

    def account_with(self, **facts: JSON) -> Account:
        return dataclasses.replace(self.account, facts={**self.account.facts, **facts})

    def send(self, outgoing: Outgoing) -> Sent:
        return NETWORK.send(self.account, outgoing, self.http)

    def find(self, outgoing: Outgoing) -> Sent | None:
        return NETWORK.find_sent(self.account, outgoing, self.http)


@contextlib.contextmanager
def scene(**options: str) -> Iterator[Scene]:
    credentials = {'page_token': PAGE_TOKEN, 'app_id': APP_ID, 'app_secret': APP_SECRET}
    with contextlib.ExitStack() as stack:
        emulator = stack.enter_context(GraphEmulator(**options))  # type: ignore[arg-type]
        trusted = [emulator.url.removeprefix('http://')]
        stack.enter_context(override_settings(PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS=trusted))
        http = stack.enter_context(contextlib.closing(Client()))
        citizen = emulator.add_person('Camille Martin')
        emulator.citizen_writes(citizen, 'Bonjour')
        account = Account(PAGE_ID, credentials, api_url=emulator.url)
        yield Scene(emulator, account, citizen, http)

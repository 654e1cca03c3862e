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

"""The scene of the tests that call the stand-in of X's API."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from demo.emulators.x import CALLBACK, XEmulator, credentials
from demo.emulators.x_access import (
    BEARER,
    CLIENT_ID,
    CLIENT_SECRET,
    CONSUMER_KEY,
    CONSUMER_SECRET,
    TOKEN,
    TOKEN_SECRET,
)
from demo.emulators.x_state import SCOPES, US
from publik_socialmedia import networks
from publik_socialmedia.networks.base import Account, Event, Http, Kind, Outgoing, Page, Raw, Sent
from tests.networks import contract

NETWORK = networks.get('x')
RECORDED = Path(__file__).parent / 'recorded' / 'x'
JEANNE = '1500000000000000002'
APPLICATION = {
    'consumer_key': CONSUMER_KEY,
    'consumer_secret': CONSUMER_SECRET,
    'client_id': CLIENT_ID,
    'client_secret': CLIENT_SECRET,
    'bearer_token': BEARER,
}
SIGNED = {**APPLICATION, 'access_token': TOKEN, 'access_token_secret': TOKEN_SECRET}
NOW = datetime.now(UTC)


@dataclass
class Scene:
    """X, our account on it, a citizen, and what was polled so far."""

    server: XEmulator
    account: Account
    http: Http
    citizen: str
    cursor: Mapping[str, Any] = field(default_factory=dict)

    def poll(self) -> Page:
        page = NETWORK.poll(self.account, self.cursor, self.http)
        self.cursor = page.cursor
        return page

    def polled(self) -> list[Event]:
        """Events of a poll, with its following pages."""
        events, more = list[Event](), True
        while more:
            page = self.poll()
            more = page.more
            events += read(page)
        return events

    def send(self, text: str = 'Votre dossier est prêt.', **more: Any) -> Sent:
        return NETWORK.send(self.account, self.outgoing(text, **more), self.http)

    def find(self, text: str = 'Votre dossier est prêt.', ago: float = 600, **more: Any) -> Sent | None:
        """Look for an answer whose first try began that many seconds ago."""
        at = datetime.now(UTC) - timedelta(seconds=ago)
        outgoing = self.outgoing(text, first_tried_at=at, last_tried_at=at, **more)
        return NETWORK.find_sent(self.account, outgoing, self.http)

    def outgoing(self, text: str, **more: Any) -> Outgoing:
        return Outgoing(**{'key': 'k', 'recipient': self.citizen, 'text': text, **more})

    def given(self, **changes: str) -> None:
        """Change what was typed for the account."""
        self.account = dataclasses.replace(self.account, credentials={**self.account.credentials, **changes})

    def paid(self, count: int) -> None:
        """So many reads were paid for this month."""
        month = f'{datetime.now(UTC):%Y-%m}'
        self.account = dataclasses.replace(
            self.account, facts={'paid': {'month': month, 'count': count}}, paid=[]
        )

    def texts(self) -> list[str]:
        return [dm.text for dm in self.server.on_screen(self.citizen)]


@contextlib.contextmanager
def scene(*, signed: bool = False, scopes: tuple[str, ...] = SCOPES, **server: Any) -> Iterator[Scene]:
    """``signed``: OAuth 1.0a in place of OAuth 2."""
    with XEmulator(**server) as emulator, contract.trusting(emulator) as http:
        later = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
        given = SIGNED if signed else {**APPLICATION, **credentials(emulator, scopes), 'expires_at': later}
        account = Account(US, given, api_url=emulator.url, webhook_url='' if signed else CALLBACK)
        yield Scene(emulator, account, http, emulator.add_person('Jeanne Exemple'))


@pytest.fixture
def here() -> Iterator[Scene]:
    with scene() as found:
        yield found


def read(page: Page) -> list[Event]:
    return [event for raw in page.answers for event in NETWORK.parse(raw)]


def messages(events: list[Event]) -> list[Event]:
    return [event for event in events if event.kind is Kind.MESSAGE]


def texts(events: list[Event]) -> list[str]:
    """Of the messages, in the order of time."""
    return [event.text for event in sorted(messages(events), key=lambda e: (e.sent_at or NOW, e.sequence))]


def hears(body: Any) -> list[Event]:
    """Events of a webhook body."""
    return NETWORK.parse(Raw(json.dumps(body).encode()))


def recorded(name: str) -> Any:
    return json.loads((RECORDED / f'{name}.json').read_bytes())

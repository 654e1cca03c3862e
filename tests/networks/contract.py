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

"""What every network must be able to do, played against its emulator: the scene of ``test_contract``.

Each network has a module ``tests/networks/desks/<slug>.py`` with a class ``Desk`` (a :class:`Desk`) and a
context manager ``desk()`` that gives one whose emulator runs. Methods that a network has no use for stay as
they are: the tests ask its ``capabilities`` first.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from django.test import override_settings

from demo.emulators.authorization import Authorizations
from demo.emulators.server import EmulatorServer
from publik_socialmedia import networks
from publik_socialmedia.http import Client
from publik_socialmedia.networks.base import (
    JSON,
    Account,
    Authorization,
    Event,
    Network,
    Outgoing,
    OutgoingFile,
    Page,
    Raw,
    Request,
    Return,
    Sent,
)

MINUTE_AGO = timedelta(minutes=1)
RETURN = 'https://combo.example.org/socialmedia/manage/authorization/reseau/'


@dataclass
class Desk(ABC):
    """An emulator, our account on it, and a citizen who may write to it and has not yet.

    ``slug`` · ``SENDS``: regular expression of the « METHOD /path » of the call that makes a message.
    ``PROOF``: name of the header that proves a webhook call, in lower case.
    ``signs_body``: the webhook's proof covers the body (else it only shows a secret).
    ``reads_back``: the API can tell whether a message was sent; without it ``find_sent`` never says no.
    ``remembers``: an older cursor gives again what was read since; else the network forgets what is before
    a cursor as soon as it is given it.
    ``sends_files``: citizens can send files.
    ``natives``: a colleague may answer elsewhere, and we learn of it.
    ``server`` · ``external_id``: of our account · ``citizen``: identifier as events give it ·
    ``name``: the citizen's, as they show themselves.
    ``account``: what the network is given; ``secrets``: those of the endpoint, by name (see ``verify``).
    """

    slug: ClassVar[str]
    SENDS: ClassVar[str]
    PROOF: ClassVar[str] = ''
    signs_body: ClassVar[bool] = True
    reads_back: ClassVar[bool] = True
    remembers: ClassVar[bool] = True
    sends_files: ClassVar[bool] = True
    natives: ClassVar[bool] = True

    server: EmulatorServer
    account: Account
    citizen: str
    secrets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    http: Client = field(default_factory=Client)
    cursor: Mapping[str, JSON] = field(default_factory=dict)

    @property
    def network(self) -> Network:
        return networks.get(self.slug)

    # -- what happens on the network

    @abstractmethod
    def writes(self, text: str = 'Bonjour', *files: OutgoingFile) -> str:
        """The citizen sends one message; its id, as its event gives it."""

    @abstractmethod
    def on_screen(self) -> list[str]:
        """The texts that the citizen has from us, oldest first; '' for a file without text."""

    @abstractmethod
    def files_on_screen(self) -> list[bytes]:
        """The contents of the files that the citizen has from us, oldest first."""

    @abstractmethod
    def blocks(self) -> None:
        """The citizen does not want to hear of us any more."""

    def answers_elsewhere(self, text: str) -> str:
        """A colleague answers in the network's own application; the message's id."""
        raise NotImplementedError

    def edits(self, external_id: str, text: str) -> None:
        raise NotImplementedError

    def takes_back(self, external_id: str) -> None:
        raise NotImplementedError

    def receives(self, external_id: str) -> None:
        """The citizen's device has that message of ours."""
        raise NotImplementedError

    def reads(self, external_id: str) -> None:
        raise NotImplementedError

    def fails_later(self, external_id: str) -> None:
        """The network tells by an event that it could not deliver that message, which it had accepted."""
        raise NotImplementedError

    def age(self, by: timedelta) -> None:
        """The citizen's last message is older by that much, for the network."""
        raise NotImplementedError

    # -- trouble

    @abstractmethod
    def kill_token(self) -> None:
        """What we prove ourselves with works no more (expired, revoked), and cannot be renewed by itself."""

    @abstractmethod
    def throttle(self, pattern: str = '') -> None:
        """The next call (that matches) is refused with the network's real way to say « too many calls »."""

    def fail(self, kind: str, pattern: str = '', **options: Any) -> None:
        """See ``EmulatorServer.fail``; the default ``pattern`` is of the call that makes a message."""
        self.server.fail(kind, pattern or self.SENDS, **options)

    def ages_token(self) -> bool:
        """Bring the token near its end, so that ``renew`` has something to do; False if ours have none."""
        return False

    # -- connecting by a redirection

    def pages(self) -> Authorizations:
        """Where the emulator asks whoever connects the account."""
        raise NotImplementedError

    def typed(self) -> Account:
        """What is known before: what identifies the application or the server, no token."""
        raise NotImplementedError

    def declare(self, redirect_uri: str) -> None:
        """Write that address of return down at the network, where it wants it beforehand."""
        for client in self.pages().clients.values():
            client.returns.append(redirect_uri)

    def leaves(self, state: str = 'un-etat', account: Account | None = None) -> Authorization:
        """Somebody begins to connect the account."""
        if RETURN not in {uri for client in self.pages().clients.values() for uri in client.returns}:
            self.declare(RETURN)
        return self.network.authorize(account or self.typed(), RETURN, state, self.http)

    def answers(self, url: str, **fields: str) -> dict[str, str]:
        """What they bring back when they press that button on the page of the network."""
        page = self.http.request('GET', url)
        assert page.status == 200 and b'<form' in page.body, page.status
        query = dict(parse_qsl(urlsplit(url).query))
        where = url.partition('?')[0]
        answer = self.http.request('POST', where, data={**query, **(fields or {'accept': '1'})})
        assert answer.status == 302 and answer.headers['location'].startswith(RETURN)
        sent = urlsplit(answer.headers['location'])  # a browser keeps the fragment for itself
        return dict(parse_qsl(sent.query, keep_blank_values=True))

    def comes_back(
        self, asked: Authorization, query: Mapping[str, str], account: Account | None = None
    ) -> Mapping[str, str]:
        """What the network gives for that."""
        back = Return(query, RETURN, asked.keep)
        return self.network.exchange(account or self.typed(), back, self.http)

    # -- webhooks

    def heard(self) -> list[Request]:
        """The webhook calls made since the last look, with their proofs; [] on a polled network."""
        return []

    def handshake(self, *, right: bool = True) -> Request | None:
        """The GET that proves a webhook, with a right or wrong token; None if the network makes none."""
        return None

    def forged(self, request: Request) -> Request:
        """The same call, proved with a secret that is not ours."""
        raise NotImplementedError

    # -- of all networks

    def news(self) -> list[Event]:
        """What we learn by ourselves: webhooks, or polls until there is no more."""
        network = self.network
        if network.capabilities.webhook:
            heard = self.heard()
            return [event for request in heard for event in network.parse(Raw(request.body))]
        events: list[Event] = []
        while True:
            page = network.poll(self.account, self.cursor, self.http)
            self.cursor = page.cursor
            events += self.read(page)
            if not page.more:
                return events

    def read(self, page: Page) -> list[Event]:
        return [event for raw in page.answers for event in self.network.parse(self.of(raw))]

    def of(self, raw: Raw) -> Raw:
        return dataclasses.replace(raw, account=self.account)

    def answer(self, text: str = 'Votre dossier est prêt.', **changes: Any) -> Outgoing:
        """An answer to the citizen, who wrote just now."""
        values = {'key': 'publik:reply:8412', 'recipient': self.citizen, 'last_inbound_at': datetime.now(UTC)}
        return Outgoing(**{**values, 'text': text, **changes})

    def tried(self, outgoing: Outgoing, ago: timedelta = timedelta(0)) -> Outgoing:
        """The same answer, whose first try began that long ago."""
        at = datetime.now(UTC) - ago
        return dataclasses.replace(outgoing, first_tried_at=at, last_tried_at=at)

    def send(self, outgoing: Outgoing) -> Sent:
        return self.network.send(self.account, outgoing, self.http)

    def send_all(self, outgoing: Outgoing, *files: OutgoingFile) -> list[Sent]:
        """As the core does: split, then one call for each part."""
        parts = self.network.split(self.account, outgoing, files)
        return [
            self.send(dataclasses.replace(part, key=f'{outgoing.key}-{rank}'))
            for rank, part in enumerate(parts)
        ]

    def find(self, outgoing: Outgoing) -> Sent | None:
        return self.network.find_sent(self.account, outgoing, self.http)

    def published(self, file: OutgoingFile) -> OutgoingFile:
        """The file as the core gives it to a network that fetches files from us, under an address."""
        return file

    def sends(self) -> int:
        """Calls made to send, whatever became of them."""
        return sum(bool(re.search(self.SENDS, f'{c.method} {c.path}')) for c in self.server.calls)


@contextlib.contextmanager
def trusting(*servers: EmulatorServer) -> Iterator[Client]:
    """A client that may call those emulators, whose addresses are of the loopback."""
    hosts = [server.url.removeprefix('http://') for server in servers]
    with (
        override_settings(PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS=hosts, PUBLIK_SOCIALMEDIA_NETWORK_TIMEOUT=2),
        contextlib.closing(Client()) as client,
    ):
        yield client


@contextlib.contextmanager
def desk(slug: str) -> Iterator[Desk]:
    """The desk of that network; ModuleNotFoundError if it has none: a network is not whole without it."""
    with importlib.import_module(f'tests.networks.desks.{slug}').desk() as found:
        yield found

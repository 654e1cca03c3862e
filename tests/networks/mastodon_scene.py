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

"""The scene of the tests that call the stand-in of Mastodon's API."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.test import override_settings

from demo.emulators.mastodon import TOKEN, MastodonEmulator
from demo.emulators.mastodon_state import State
from publik_socialmedia import networks
from publik_socialmedia.http import Client
from publik_socialmedia.networks.base import Account, Event, Http, Outgoing, Page, Sent, Thread

NETWORK = networks.get('mastodon')
JEANNE = 'jeanne@ailleurs.example'
FAMILIES = ('mastodon', 'gotosocial', 'snac')


@dataclass
class Scene:
    """A server, our account on it, connected and tested, and what was polled so far."""

    server: MastodonEmulator
    account: Account
    http: Http
    cursor: Mapping[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> State:
        return self.server.state

    def poll(self) -> list[Event]:
        """One poll, with its following pages; the events of what it brought."""
        events, more = list[Event](), True
        while more:
            page = NETWORK.poll(self.account, self.cursor, self.http)
            self.cursor, more = page.cursor, page.more
            events += read(page)
        return events

    def reread(self, *threads: Thread) -> list[Event]:
        return read(NETWORK.reread(self.account, threads, self.http))

    def send(self, outgoing: Outgoing) -> Sent:
        return NETWORK.send(self.account, outgoing, self.http)

    def find(self, outgoing: Outgoing) -> Sent | None:
        return NETWORK.find_sent(self.account, outgoing, self.http)

    def posted(self) -> list[Mapping[str, Any]]:
        """Our own statuses on the server, oldest first."""
        own = [status for status in self.state.statuses.values() if status['_author'] == self.state.us]
        return own

    def told(self, **facts: Any) -> None:
        """Change what was learnt of the server."""
        self.account = dataclasses.replace(self.account, facts={**self.account.facts, **facts})


def read(page: Page) -> list[Event]:
    return [event for raw in page.answers for event in NETWORK.parse(raw)]


@contextlib.contextmanager
def scene(family: str = 'mastodon', **state: Any) -> Iterator[Scene]:
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(MastodonEmulator(family, **state))
        trusted = [server.url.removeprefix('http://')]
        stack.enter_context(override_settings(PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS=trusted))
        client = stack.enter_context(contextlib.closing(Client()))
        credentials = {'instance': f'https://{server.state.domain}', 'access_token': TOKEN}
        health = NETWORK.check(Account('', credentials, api_url=server.url), client)
        assert health.external_id == 'ville', health
        server.calls.clear()
        yield Scene(server, Account('ville', credentials, health.facts, server.url), client)


def texts(events: Sequence[Event]) -> list[str]:
    return [event.text for event in events]

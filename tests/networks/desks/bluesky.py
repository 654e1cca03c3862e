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

"""Bluesky in the contract suite."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from demo.emulators.bluesky import APP_PASSWORD, JEANNE, MAIRIE, BlueskyEmulator
from publik_socialmedia.networks.base import Account, OutgoingFile
from publik_socialmedia.networks.bluesky.session import Session
from tests.networks import contract


@dataclass
class Desk(contract.Desk):
    slug = 'bluesky'
    SENDS = 'POST /xrpc/chat.bsky.convo.sendMessage$'
    sends_files = False

    server: BlueskyEmulator

    def writes(self, text: str = 'Bonjour', *files: OutgoingFile) -> str:
        assert not files, 'nobody can send a file'
        return self.server.write(JEANNE, text)

    def on_screen(self) -> list[str]:
        return self.server.received(JEANNE)

    def files_on_screen(self) -> list[bytes]:
        return []

    def blocks(self) -> None:
        self.server.known(JEANNE).blocks.add(self.server.mairie.did)

    def answers_elsewhere(self, text: str) -> str:
        return self.server.write(MAIRIE, text, to=JEANNE)

    def takes_back(self, external_id: str) -> None:
        self.server.chat.take_back(external_id)

    def kill_token(self) -> None:
        """Suspended; a revoked app password is seen when the session is renewed, see test_bluesky_session."""
        self.server.mairie.status = 'takendown'

    def throttle(self, pattern: str = '') -> None:
        self.server.slow_down(pattern)

    def ages_token(self) -> bool:
        """It ends in a minute, and we know."""
        near = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
        ending = dataclasses.replace(Session.of(self.account), until=near).credential()
        credentials = {**self.account.credentials, 'session': ending}
        self.account = dataclasses.replace(self.account, credentials=credentials)
        self.server.access.age(self.server.mairie.did, 60)
        return True


@contextlib.contextmanager
def desk() -> Iterator[Desk]:
    with BlueskyEmulator() as server, contract.trusting(server) as http:
        typed = {'identifier': MAIRIE, 'app_password': APP_PASSWORD}
        account = Account('', typed, api_url=server.url)
        found = Desk(server, account, server.known(JEANNE).did, http=http)
        credentials = {**typed, **(found.network.renew(account, http) or {})}
        account = dataclasses.replace(account, credentials=credentials)
        health = found.network.check(account, http)
        found.account = dataclasses.replace(account, external_id=health.external_id, facts=health.facts)
        server.calls.clear()
        yield found

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

"""Mastodon in the contract suite."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from demo.emulators.authorization import Authorizations
from demo.emulators.mastodon import TOKEN, MastodonEmulator
from publik_socialmedia.networks.base import Account, OutgoingFile
from tests.networks import contract

JEANNE = 'jeanne@ailleurs.example'


@dataclass
class Desk(contract.Desk):
    slug = 'mastodon'
    SENDS = 'POST /api/v1/statuses$'

    server: MastodonEmulator

    def writes(self, text: str = 'Bonjour', *files: OutgoingFile) -> str:
        media = [self.server.attach(file.content, file.mimetype, file.filename) for file in files]
        return self.server.state.write(JEANNE, f'@ville {text}', media_attachments=media)

    def _ours(self) -> list[Any]:
        state = self.server.state
        return [status for status in state.statuses.values() if status['_author'] == state.us]

    def on_screen(self) -> list[str]:
        return [status['_text'].removeprefix(f'@{JEANNE}').strip() for status in self._ours()]

    def files_on_screen(self) -> list[bytes]:
        return [
            self.server.contents[media['id']]
            for status in self._ours()
            for media in status['media_attachments']
        ]

    def blocks(self) -> None:
        self.server.state.forget(JEANNE)

    def answers_elsewhere(self, text: str) -> str:
        return str(self.server.state.new('ville', f'@{JEANNE} {text}', 'direct')['id'])

    def edits(self, external_id: str, text: str) -> None:
        self.server.state.edit(external_id, f'@ville {text}')

    def takes_back(self, external_id: str) -> None:
        self.server.state.delete(external_id)

    def kill_token(self) -> None:
        self.server.token = 'another'

    def pages(self) -> Authorizations:
        return self.server.access.pages

    def typed(self) -> Account:
        return Account('', {'instance': self.server.url})

    def throttle(self, pattern: str = '') -> None:
        self.server.slow_down(pattern)


@contextlib.contextmanager
def desk() -> Iterator[Desk]:
    with MastodonEmulator('mastodon') as server, contract.trusting(server) as http:
        credentials = {'instance': f'https://{server.state.domain}', 'access_token': TOKEN}
        found = Desk(server, Account('', credentials, api_url=server.url), JEANNE, http=http)
        health = found.network.check(found.account, http)
        found.account = Account(health.external_id, credentials, health.facts, server.url)
        server.calls.clear()
        yield found

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

"""X in the contract suite: the webhook for news, OAuth 2."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from demo.emulators.authorization import Authorizations
from demo.emulators.x import CALLBACK, XEmulator, credentials
from demo.emulators.x_access import BEARER, CLIENT_ID, CLIENT_SECRET, CONSUMER_SECRET, body_signature
from demo.emulators.x_state import US
from publik_socialmedia.networks.base import Account, OutgoingFile, Request
from tests.networks import contract

SECRETS = {
    'consumer_secret': [CONSUMER_SECRET],
    'client_id': [CLIENT_ID],
    'client_secret': [CLIENT_SECRET],
    'bearer_token': [BEARER],
}


@dataclass
class Desk(contract.Desk):
    slug = 'x'
    SENDS = 'POST .*/messages$'
    PROOF = 'x-twitter-webhooks-signature'

    server: XEmulator
    bodies: list[bytes] = field(default_factory=list)

    def writes(self, text: str = 'Bonjour', *files: OutgoingFile) -> str:
        content, mimetype = (files[0].content, files[0].mimetype) if files else (b'', '')
        return self.server.citizen_writes(self.citizen, text, content, mimetype)

    def on_screen(self) -> list[str]:
        return [dm.text for dm in self.server.on_screen(self.citizen)]

    def files_on_screen(self) -> list[bytes]:
        return [dm.media.content for dm in self.server.on_screen(self.citizen) if dm.media]

    def blocks(self) -> None:
        self.server.state.people[self.citizen].blocked = True

    def answers_elsewhere(self, text: str) -> str:
        return self.server.we_write(self.citizen, text)

    def reads(self, external_id: str) -> None:
        self.server.citizen_reads(self.citizen)

    def kill_token(self) -> None:
        """Revoked, and without refresh token: with one, a dead token cannot be told from one that is over."""
        self.server.state.revoke()
        kept = {name: value for name, value in self.account.credentials.items() if name != 'refresh_token'}
        self.account = dataclasses.replace(self.account, credentials=kept)

    def throttle(self, pattern: str = '') -> None:
        self.server.slow_down(pattern)

    def ages_token(self) -> bool:
        self.account = dataclasses.replace(
            self.account,
            credentials={**self.account.credentials, 'expires_at': datetime.now(UTC).isoformat()},
        )
        return True

    def pages(self) -> Authorizations:
        return self.server.access.pages

    def typed(self) -> Account:
        given = {name: values[0] for name, values in SECRETS.items()}
        return dataclasses.replace(self.account, external_id='', credentials=given)

    def heard(self) -> list[Request]:
        bodies, self.bodies[:] = list(self.bodies), []
        return [_signed(CONSUMER_SECRET, body) for body in bodies]

    def handshake(self, *, right: bool = True) -> Request:
        return Request('GET', {}, {'crc_token': 'bWFpcmllLWRlLXRlc3Q'} if right else {})

    def forged(self, request: Request) -> Request:
        return _signed('another secret', request.body)


def _signed(secret: str, body: bytes) -> Request:
    headers = {'content-type': 'application/json', **body_signature(secret, body)}
    return Request('POST', headers, {}, body)


@contextlib.contextmanager
def desk() -> Iterator[Desk]:
    with XEmulator() as server, contract.trusting(server) as http:
        given = {
            **{name: values[0] for name, values in SECRETS.items()},
            **credentials(server),
            'expires_at': (datetime.now(UTC) + timedelta(hours=2)).isoformat(),
        }
        account = Account(US, given, api_url=server.url, webhook_url=CALLBACK)
        found = Desk(server, account, server.add_person('Jeanne Exemple'), SECRETS, http)
        server.connect()
        server.webhooks.post = lambda url, body: found.bodies.append(body)  # type: ignore[method-assign]
        yield found

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

"""Instagram in the contract suite: by Instagram Login, whose token has to be renewed."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from demo.emulators.authorization import Authorizations
from demo.emulators.graph import APP_ID, APP_SECRET, VERIFY_TOKEN
from demo.emulators.graph_instagram import (
    IG_ID,
    IG_LOGIN_TOKEN,
    LOGIN_APP_ID,
    LOGIN_SECRET,
    InstagramEmulator,
)
from demo.emulators.server import Call, EmulatorServer, Reply
from publik_socialmedia.networks.base import Account, OutgoingFile
from publik_socialmedia.networks.instagram import renewal
from tests.networks import contract
from tests.networks.desks import messenger


class FileServer(EmulatorServer):
    """What our own site is: it shows files at addresses that it makes."""

    def __init__(self) -> None:
        self.files: dict[str, OutgoingFile] = {}
        super().__init__(self._show)

    def _show(self, call: Call) -> Reply:
        file = self.files.get(call.path)
        if file is None:
            return Reply(404, b'', mimetype='text/plain')
        return Reply(200, file.content, mimetype=file.mimetype)

    def publish(self, file: OutgoingFile) -> OutgoingFile:
        path = f'/files/{len(self.files)}'
        self.files[path] = file
        return dataclasses.replace(file, url=f'{self.url}{path}')


@dataclass
class Desk(messenger.Desk):
    slug = 'instagram'
    server: InstagramEmulator
    shop: FileServer = field(default_factory=FileServer)

    def takes_back(self, external_id: str) -> None:
        self.server.citizen_unsends(external_id)

    def published(self, file: OutgoingFile) -> OutgoingFile:
        return self.shop.publish(file)

    def kill_token(self) -> None:
        self.server.token.dead = self.server.login.dead = 460

    def throttle(self, pattern: str = '') -> None:
        self.server.limit_rate(pattern, code=80002)

    def pages(self) -> Authorizations:
        return self.server.api.pages

    def typed(self) -> Account:
        given = {
            'app_id': APP_ID,
            'app_secret': APP_SECRET,
            'instagram_app_id': LOGIN_APP_ID,
            'instagram_app_secret': LOGIN_SECRET,
        }
        return dataclasses.replace(self.account, external_id='', credentials=given)

    def ages_token(self) -> bool:
        credentials = {**self.account.credentials, **known_token(timedelta(days=8))}
        self.account = dataclasses.replace(self.account, credentials=credentials)
        return True


def known_token(age: timedelta = timedelta(0)) -> dict[str, str]:
    """What we keep of a token that was renewed that long ago."""
    renewed = datetime.now(UTC) - age
    return renewal.kept(IG_LOGIN_TOKEN, renewed + renewal.EVERY, renewed + renewal.LIFE)


@contextlib.contextmanager
def desk() -> Iterator[Desk]:
    secrets = {
        'app_secret': [APP_SECRET],
        'instagram_app_secret': [LOGIN_SECRET],
        'verify_token': [VERIFY_TOKEN],
    }
    credentials = {'instagram_token': IG_LOGIN_TOKEN, 'app_id': APP_ID, **known_token()}
    with (
        InstagramEmulator(callback_url='http://webhook.example/') as graph,
        FileServer() as shop,
        contract.trusting(graph) as http,
    ):
        account = Account(IG_ID, credentials, api_url=graph.url)
        found = Desk(graph, account, graph.add_person('Camille Martin'), secrets, http, shop=shop)
        graph.webhooks.post = found.bodies.append  # type: ignore[method-assign]
        health = found.network.check(account, http)
        found.account = dataclasses.replace(account, facts=dict(health.facts))
        graph.calls.clear()
        yield found

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

"""What the desks of Meta's networks share: webhooks, signed with the secret of the application."""

from __future__ import annotations

from dataclasses import dataclass, field

from demo.emulators.graph import APP_ID, APP_SECRET, VERIFY_TOKEN
from demo.emulators.graph_webhooks import sign
from publik_socialmedia.networks.base import OutgoingFile, Request
from tests.networks import contract

APPLICATION = {'app_id': APP_ID, 'app_secret': APP_SECRET}
SECRETS = {'app_id': [APP_ID], 'app_secret': [APP_SECRET], 'verify_token': [VERIFY_TOKEN]}


@dataclass
class MetaDesk(contract.Desk):
    """``bodies``: of the webhooks sent since the last look; the emulator's ``post`` adds to it."""

    SENDS = 'POST .*/messages$'
    PROOF = 'x-hub-signature-256'

    bodies: list[bytes] = field(default_factory=list)

    def heard(self) -> list[Request]:
        bodies, self.bodies[:] = list(self.bodies), []
        return [signed(APP_SECRET, body) for body in bodies]

    def handshake(self, *, right: bool = True) -> Request:
        token = VERIFY_TOKEN if right else 'another word'
        query = {'hub.mode': 'subscribe', 'hub.verify_token': token, 'hub.challenge': '1158201444'}
        return Request('GET', {}, query)

    def forged(self, request: Request) -> Request:
        return signed('another secret', request.body)


def signed(secret: str, body: bytes) -> Request:
    headers = {name.lower(): value for name, value in sign(secret, body).items()}
    return Request('POST', {'content-type': 'application/json', **headers}, {}, body)


def kind_of(file: OutgoingFile) -> str:
    """How Meta calls a file of that type."""
    kind = file.mimetype.partition('/')[0]
    return kind if kind in ('image', 'audio', 'video') else 'file'

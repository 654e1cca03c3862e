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

"""The webhook: the test that X makes of it (CRC), and the signature of each call.

https://docs.x.com/x-api/webhooks/introduction (November 2026).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Sequence

from publik_socialmedia.errors import WebhookRejected
from publik_socialmedia.networks.base import Request

SIGNATURE = 'x-twitter-webhooks-signature'
# The test has us sign a text of X's choice with the key, and in the form, that prove its own calls. Whoever
# knows the address could have a body signed so: nothing that could be one is.
_TOKEN = re.compile(r'[A-Za-z0-9_.+/=-]{1,256}')


def crc(request: Request, secrets: Sequence[str]) -> bytes:
    """The JSON that X expects. Only one secret can be the one that it compares with: the newest."""
    token = request.query.get('crc_token', '')
    secret = next((value for value in secrets if value), '')
    if not secret or not _TOKEN.fullmatch(token):
        raise WebhookRejected('handshake')
    return json.dumps({'response_token': sign(secret, token.encode())}).encode()


def verify(request: Request, secrets: Sequence[str]) -> None:
    """Check the signature on the raw bytes, in constant time, with each valid secret (R1)."""
    given = request.headers.get(SIGNATURE, '').encode(errors='replace')
    found = [hmac.compare_digest(given, sign(secret, request.body).encode()) for secret in secrets if secret]
    if not any(found):
        raise WebhookRejected('signature')


def sign(secret: str, message: bytes) -> str:
    """HMAC-SHA256 with the consumer secret, as X writes it."""
    digest = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    return f'sha256={base64.b64encode(digest).decode()}'

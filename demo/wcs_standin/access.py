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

"""Who calls: signed URLs and HTTP Basic, as lax as w.c.s. is.

Written from what a real w.c.s. answers, on purpose without our own signature module. Lax points: sha1 and md5
pass, a missing nonce passes, parameters after the signature are used.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from demo.wcs_standin.answers import Refused, Request, denied


@dataclass(frozen=True)
class ApiAccess:
    """An API access of w.c.s.; ``role``: ``agents`` (those of our form), ``other``, or none."""

    key: str
    role: str = ''


@dataclass(frozen=True)
class Caller:
    """Who a call is from. ``role`` is empty for a service alone."""

    signed: bool
    api_access: str = ''
    user: str = ''
    role: str = ''

    @property
    def is_api_user(self) -> bool:
        return bool(self.api_access)

    @property
    def is_user(self) -> bool:
        return bool(self.user or self.api_access)


@dataclass
class Access:
    """Secrets, API accesses and users, and the memory of nonces."""

    secrets: dict[str, str]
    api_accesses: dict[str, ApiAccess] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)  # e-mail → role; numbered from 1, in this order
    name_ids: dict[str, str] = field(default_factory=dict)  # e-mail → name id, of those who have one
    max_age: float = 30
    clock_offset: float = 0
    _nonces: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def caller(self, request: Request) -> Caller:
        """Return who calls, ``Caller(signed=False)`` for nobody.

        Raises :class:`Refused` for a bad signature.
        """
        if not self._is_signed(request):
            return self._basic(request)
        orig = request.get('orig') or ''
        access = self.api_accesses.get(orig)
        if access and access.role:
            return Caller(signed=True, api_access=orig, role=access.role)
        email = request.get('email')
        if email:
            if email not in self.users:
                raise denied('Valeur inconnue pour « email ».')
            return Caller(signed=True, user=email, role=self.users[email])
        return Caller(signed=True)

    def _basic(self, request: Request) -> Caller:
        scheme, _, encoded = request.headers.get('authorization', '').partition(' ')
        try:
            name, _, key = base64.b64decode(encoded).decode().partition(':')
        except (binascii.Error, UnicodeDecodeError):
            return Caller(signed=False)
        access = self.api_accesses.get(name) if scheme == 'Basic' else None
        if access is None or access.key != key:
            return Caller(signed=False)
        return Caller(signed=False, api_access=name, role=access.role)

    def _is_signed(self, request: Request) -> bool:
        signature = request.get('signature')
        if signature is None:
            return False
        orig = request.get('orig')
        if orig is None:
            raise denied('Paramètre « orig » absent ou répété.')
        secret = self._secret(orig)
        if not secret:
            raise denied('Paramètre « orig » invalide.')
        algorithm = request.get('algo')
        if algorithm is None:
            raise denied('Paramètre « algo » absent ou répété.')
        if algorithm not in hashlib.algorithms_guaranteed:
            raise denied('Valeur invalide pour « algo ».')
        signed = request.query[: request.query.find('&signature=')].encode()
        digest = hmac.new(secret.encode(), signed, algorithm).digest()
        if base64.b64encode(digest).decode() != signature:
            raise denied('Signature invalide.')
        self._check_timestamp(request.get('timestamp'))
        self._check_nonce(request.get('nonce'))
        return True

    def _secret(self, orig: str) -> str:
        if orig in self.api_accesses:
            return self.api_accesses[orig].key
        # option names of a configuration file: the case does not count
        return self.secrets.get(orig.lower(), '')

    def _check_timestamp(self, timestamp: str | None) -> None:
        if timestamp is None:
            raise denied('Paramètre « timestamp » absent ou répété.')
        try:
            then = datetime.strptime(timestamp, '%Y-%m-%dT%H:%M:%SZ').replace(tzinfo=UTC)
        except ValueError as error:
            raise denied(f'Valeur invalide pour « timestamp » : {error}.') from None
        delta = datetime.now(UTC) + timedelta(seconds=self.clock_offset) - then
        if abs(delta) > timedelta(seconds=self.max_age):
            side = 'past' if delta > timedelta(0) else 'future'
            # the one sentence that w.c.s. does not translate
            raise denied(f'timestamp is more than {self.max_age:g} seconds in the {side}: {abs(delta)}')

    def _check_nonce(self, nonce: str | None) -> None:
        if not nonce:
            return
        now = time.monotonic()
        with self._lock:
            if len(self._nonces) > 10_000:
                self._nonces = {key: end for key, end in self._nonces.items() if end > now}
            if self._nonces.get(nonce, 0) > now:
                raise denied('Nonce déjà utilisé.')
            self._nonces[nonce] = now + 2 * self.max_age


def unauthorized(sentence: str) -> Refused:
    return Refused(401, 'access-unauthorized', sentence)

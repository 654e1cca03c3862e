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

"""Accounts, app passwords, sessions and rates of a server of accounts (PDS), as recorded on the real one."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from demo.emulators.server import Call, Reply

ACCESS, REFRESH, GRACE = 2 * 3600, 90 * 86400, 2 * 3600  # seconds
WHOLE, PRIVILEGED, PLAIN = 'com.atproto.access', 'com.atproto.appPassPrivileged', 'com.atproto.appPass'
# name of a rate → (requests, seconds)
RATES = {'all': (3000, 300), 'sign-in': (30, 300), 'sign-in of a day': (300, 86400)}


def refusal(status: int, name: str, message: str = '', headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, {'error': name, 'message': message or name}, headers or {})


EXPIRED = refusal(400, 'ExpiredToken', 'Token has expired')
REVOKED = refusal(400, 'ExpiredToken', 'Token has been revoked')
UNVERIFIED = refusal(400, 'InvalidToken', 'Token could not be verified')
UNPRIVILEGED = refusal(400, 'InvalidToken', 'Bad token method')
MISSING = refusal(401, 'AuthMissing', 'Authentication Required')
WRONG = refusal(401, 'AuthenticationRequired', 'Invalid identifier or password')
TAKEN_DOWN = refusal(403, 'AccountTakedown', 'Account has been taken down')
TOO_MANY = 'RateLimitExceeded', 'Rate Limit Exceeded'


@dataclass
class Person:
    """An account. ``passwords``: app password → whether it opens private messages.

    ``allows``: whose messages it takes ('all', 'following', 'none'), None if it never said.
    """

    did: str
    handle: str
    name: str = ''
    password: str = ''
    passwords: dict[str, bool] = field(default_factory=dict)
    allows: str | None = 'all'
    follows: set[str] = field(default_factory=set)
    blocks: set[str] = field(default_factory=set)
    confirmed: bool = True
    status: str = ''  # 'takendown', 'deactivated'
    chat_disabled: bool = False
    records: dict[str, Any] = field(default_factory=dict)


@dataclass
class Token:
    did: str
    scope: str
    ends: float
    password: str
    following: tuple[str, str] | None = None  # what a refresh token was changed for
    revoked: bool = False


class Access:
    """``clock``: seconds since 1970, moved by :meth:`forward`; it is the clock of tokens and rates."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.tokens: dict[str, Token] = {}
        self.sign_ins = 0
        self._ahead = 0.0
        self._calls: dict[tuple[str, str], deque[float]] = {}

    @property
    def clock(self) -> float:
        return time.time() + self._ahead

    def forward(self, seconds: float) -> None:
        self._ahead += seconds

    def person(self, identifier: str) -> Person | None:
        found = self.people.get(identifier)
        return found or next((p for p in self.people.values() if p.handle == identifier), None)

    # -- tokens

    def _issue(self, person: Person, scope: str, password: str) -> tuple[str, str]:
        pair = []
        for life, kind in ((ACCESS, scope), (REFRESH, 'com.atproto.refresh')):
            now = int(self.clock)
            claims = {'scope': kind, 'sub': person.did, 'iat': now, 'exp': now + life}
            claims |= {'aud': 'did:web:pds.example', 'jti': secrets.token_hex(8)}
            token = '.'.join(
                [_coded({'typ': 'at+jwt', 'alg': 'HS256'}), _coded(claims), secrets.token_hex(8)]
            )
            self.tokens[token] = Token(person.did, kind, now + life, password)
            pair.append(token)
        return pair[0], pair[1]

    def bearer(self, call: Call) -> Token | Reply:
        """The token of a call that needs an access token, else how it is refused."""
        found = self._token(call)
        if isinstance(found, Token) and found.scope == 'com.atproto.refresh':
            return UNVERIFIED
        return found

    def _token(self, call: Call) -> Token | Reply:
        kind, _, value = call.headers.get('authorization', '').partition(' ')
        if kind != 'Bearer' or not value:
            return MISSING
        found = self.tokens.get(value)
        if found is None:
            return UNVERIFIED
        if found.revoked:
            return REVOKED
        if self.clock >= found.ends:
            return EXPIRED
        return TAKEN_DOWN if self.people[found.did].status == 'takendown' else found

    def age(self, did: str, left: float) -> None:
        """The access tokens of an account end in that many seconds."""
        for token in self.tokens.values():
            if token.did == did and token.scope != 'com.atproto.refresh':
                token.ends = self.clock + left

    def revoke(self, password: str) -> None:
        """As ``revokeAppPassword``: its refresh tokens go, its access tokens live on to their end."""
        for person in self.people.values():
            person.passwords.pop(password, None)
        for token in self.tokens.values():
            if token.password == password and token.scope == 'com.atproto.refresh':
                token.revoked = True

    # -- calls

    def create_session(self, call: Call, url: str) -> Reply:
        identifier, password = call.text('identifier').lower(), call.text('password')
        person = self.person(identifier)
        limited = self.limit('sign-in', identifier) or self.limit('sign-in of a day', identifier)
        if limited is not None:
            return limited
        if person is None or not password or password not in (person.password, *person.passwords):
            return WRONG
        if person.status == 'takendown':
            return TAKEN_DOWN
        self.sign_ins += 1
        scope = WHOLE if password == person.password else PLAIN
        if person.passwords.get(password):
            scope = PRIVILEGED
        return Reply(200, self._session(person, self._issue(person, scope, password), url))

    def refresh_session(self, call: Call, url: str) -> Reply:
        found = self._token(call)
        if isinstance(found, Reply):
            return found
        if found.scope != 'com.atproto.refresh':
            return UNVERIFIED
        person = self.people[found.did]
        if found.following is None:
            scope = PRIVILEGED if person.passwords.get(found.password) else PLAIN
            scope = WHOLE if found.password == person.password else scope
            found.following = self._issue(person, scope, found.password)
            found.ends = min(found.ends, self.clock + GRACE)
        return Reply(200, self._session(person, found.following, url))

    def delete_session(self, call: Call, url: str) -> Reply:
        found = self._token(call)
        if isinstance(found, Reply):
            return found
        found.revoked = True
        return Reply(200, b'')

    def _session(self, person: Person, pair: tuple[str, str], url: str) -> dict[str, Any]:
        return {'accessJwt': pair[0], 'refreshJwt': pair[1], **self.shown(person, url)}

    def shown(self, person: Person, url: str) -> dict[str, Any]:
        endpoint = {'id': '#atproto_pds', 'type': 'AtprotoPersonalDataServer', 'serviceEndpoint': url}
        document = {'id': person.did, 'alsoKnownAs': [f'at://{person.handle}'], 'service': [endpoint]}
        found = {'did': person.did, 'handle': person.handle, 'didDoc': document, 'active': not person.status}
        found |= {'email': 'mairie@example.org', 'emailConfirmed': person.confirmed}
        return {**found, 'status': person.status} if person.status else found

    # -- rates

    def limit(self, name: str, key: str) -> Reply | None:
        """Count a call; how it is refused if it is one too many. Not counted then."""
        most, seconds = RATES[name]
        calls = self._calls.setdefault((name, key), deque())
        while calls and calls[0] <= self.clock - seconds:
            calls.popleft()
        if len(calls) < most:
            calls.append(self.clock)
            return None
        headers = {**self._headers(name, key), 'Retry-After': str(int(calls[0] + seconds - self.clock) + 1)}
        return refusal(429, *TOO_MANY, headers)

    def _headers(self, name: str, key: str) -> dict[str, str]:
        most, seconds = RATES[name]
        calls = self._calls.get((name, key)) or deque([self.clock])
        return {
            'RateLimit-Limit': str(most),
            'RateLimit-Remaining': str(max(most - len(calls), 0)),
            'RateLimit-Reset': str(int(calls[0] + seconds) + 1),
            'RateLimit-Policy': f'{most};w={seconds}',
        }

    def told(self, reply: Reply) -> Reply:
        """The same answer with the headers of the rate of all calls of one address."""
        return Reply(reply.status, reply.body, {**self._headers('all', ''), **reply.headers}, reply.mimetype)


def did_for(handle: str) -> str:
    """A DID of the right form, always the same for that handle."""
    digest = base64.b32encode(hashlib.sha256(handle.encode()).digest()).decode().lower()
    return f'did:plc:{digest[:24]}'


def _coded(value: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip('=')

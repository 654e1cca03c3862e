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

"""Who calls X's API: OAuth 2, OAuth 1.0a, or the application alone; and the tokens that serve once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from demo.emulators.authorization import Authorizations, Refused
from demo.emulators.server import Call, Reply
from demo.emulators.x_state import LIFE, OTHER, SCOPES, US, State

CONSUMER_KEY, CONSUMER_SECRET = 'consumer-key-of-the-demo', 'consumer-secret-of-the-demo'
CLIENT_ID, CLIENT_SECRET = 'client-of-the-demo', 'client-secret-of-the-demo'
BEARER = 'AAAA-bearer-of-the-demo'
TOKEN, TOKEN_SECRET = '1400000000000000001-token-of-the-demo', 'token-secret-of-the-demo'
PROBLEMS = 'https://api.x.com/2/problems/'


@dataclass(frozen=True)
class Caller:
    """``kind``: 'user' (OAuth 2), 'signed' (OAuth 1.0a) or 'app'. ``person``: whose account it is."""

    kind: str
    scopes: tuple[str, ...] = SCOPES
    person: str = US


def problem(status: int, title: str, detail: str = '', kind: str = 'about:blank', **more: object) -> Reply:
    """problem+json, as v2 answers."""
    kind = kind if kind == 'about:blank' else PROBLEMS + kind
    return Reply(status, {'title': title, 'detail': detail or title, 'type': kind, 'status': status, **more})


def unauthorized() -> Reply:
    return problem(401, 'Unauthorized')


class Access:
    """Proofs of calls. A refresh token serves once, its second use revokes all that came of it.

    ``rights``: what OAuth 1.0a may do: 'read-write-directmessages', 'read-write' or 'read'.
    """

    def __init__(self, state: State) -> None:
        self.state, self.rights = state, 'read-write-directmessages'
        self.signed = True  # the token of OAuth 1.0a is good
        people = {number: state.people[number].name for number in (US, OTHER)}
        self.pages = Authorizations(people, life=30)
        self.pages.add_client(CLIENT_ID, CLIENT_SECRET, scopes=SCOPES)

    def caller(self, call: Call, url: str) -> Caller | Reply:
        proof = call.headers.get('authorization', '')
        if proof.startswith('OAuth '):
            return self._signed(call, url, proof)
        token = self.state.tokens.get(proof.removeprefix('Bearer '))
        if proof == f'Bearer {BEARER}':
            return Caller('app')
        if token is None or token.ends <= datetime.now(UTC):
            return unauthorized()
        return Caller('user', token.scopes, token.person)

    def _signed(self, call: Call, url: str, proof: str) -> Caller | Reply:
        given = {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', proof)}
        signature = given.pop('oauth_signature', '')
        wrong = Reply(401, {'errors': [{'code': 32, 'message': 'Could not authenticate you.'}]})
        if given.get('oauth_consumer_key') != CONSUMER_KEY or given.get('oauth_version') != '1.0':
            return wrong
        if not self.signed or given.get('oauth_token') != TOKEN:
            return Reply(401, {'errors': [{'code': 89, 'message': 'Invalid or expired token.'}]})
        if abs(datetime.now(UTC).timestamp() - int(given.get('oauth_timestamp', '0'))) > 300:
            return Reply(401, {'errors': [{'code': 135, 'message': 'Timestamp out of bounds.'}]})
        expected = sign(call.method, url + call.path, [*call.query, *given.items()])
        if not hmac.compare_digest(signature, expected):
            return wrong
        return Caller('signed')

    # -- tokens

    def token(self, call: Call) -> Reply:
        """``POST /2/oauth2/token``."""
        pair = base64.b64encode(f'{CLIENT_ID}:{CLIENT_SECRET}'.encode()).decode()
        if call.headers.get('authorization') != f'Basic {pair}':
            return Reply(
                401,
                {'error': 'unauthorized_client', 'error_description': 'Missing valid authorization header'},
            )
        if call.text('grant_type') == 'authorization_code':
            return self._for_code(call)
        if call.text('grant_type') != 'refresh_token':
            return Reply(
                400, {'error': 'unsupported_grant_type', 'error_description': 'Unsupported grant type'}
            )
        given = call.text('refresh_token')
        if not self.state.refresh.get(given):
            if given in self.state.refresh:
                self.state.revoke()  # used again: whoever has what came of it may be a thief
            said = {
                'error': 'invalid_request',
                'error_description': 'Value passed for the token was invalid.',
            }
            return Reply(400, said)
        self.state.refresh[given] = False
        return self._tokens(SCOPES)

    def _for_code(self, call: Call) -> Reply:
        try:
            code = self.pages.redeem(CLIENT_ID, CLIENT_SECRET, call)
        except Refused:  # one word for all that is wrong with it
            said = 'Value passed for the authorization code was invalid.'
            return Reply(400, {'error': 'invalid_request', 'error_description': said})
        return self._tokens(code.scopes, code.account)

    def _tokens(self, scopes: tuple[str, ...], person: str = US) -> Reply:
        access, refresh = self.state.grant(scopes, person=person)
        answer = {'token_type': 'bearer', 'expires_in': LIFE, 'access_token': access}
        if 'offline.access' in scopes:
            answer['refresh_token'] = refresh
        return Reply(200, {**answer, 'scope': ' '.join(scopes)})


def sign(method: str, url: str, pairs: list[tuple[str, str]]) -> str:
    """OAuth 1.0a, written apart from the software that is tested."""
    encoded = sorted((_encoded(name), _encoded(value)) for name, value in pairs)
    listed = '&'.join('='.join(pair) for pair in encoded)
    message = f'{method}&{_encoded(url)}&{_encoded(listed)}'
    key = f'{CONSUMER_SECRET}&{TOKEN_SECRET}'
    return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha1).digest()).decode()


def _encoded(value: str) -> str:
    return quote(value, safe='-._~')


def body_signature(secret: str, body: bytes) -> Mapping[str, str]:
    """The header by which a webhook call is proved."""
    digest = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return {'x-twitter-webhooks-signature': f'sha256={digest}'}

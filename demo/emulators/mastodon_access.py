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

"""Applications of a server of Mastodon's API, and the tokens that people give them: OAuth 2, by family.

GoToSocial and snac know « read » and « write » only; GoToSocial gives the words of its database as error;
snac tells no scope, and asks for no PKCE (recorded on GoToSocial 0.20 and snac 2.75).
"""

from __future__ import annotations

import secrets
from typing import Any

from demo.emulators.authorization import Authorizations, Refused
from demo.emulators.mastodon_state import State
from demo.emulators.server import Call, Reply

SCOPES = (
    'read',
    'write',
    'profile',
    'read:accounts',
    'read:statuses',
    'read:notifications',
    'write:statuses',
    'write:media',
    'write:notifications',
    'write:conversations',
)
STATUSES = {'invalid_client': 401}


class Access:
    """``tokens``: those that were given, each with its account. ``closed``: applications are not registered
    by themselves."""

    def __init__(self, state: State, other: str = 'marie') -> None:
        self.state = state
        self.pages = Authorizations({state.us: state.us, other: other}, pkce=False)
        self.tokens: dict[str, str] = {}
        self.closed = False

    def answer(self, call: Call) -> Reply | None:
        """To what needs no token; None for anything else."""
        route = f'{call.method} {call.path}'
        if route == 'POST /api/v1/apps':
            return self._register(call)
        if call.path == '/oauth/authorize':
            return self.pages.page(call)
        return self._token(call) if route == 'POST /oauth/token' else None

    def _register(self, call: Call) -> Reply:
        scopes = call.text('scopes').split()
        known = SCOPES if self.state.is_a('mastodon') else SCOPES[:2]
        if self.closed:
            return Reply(403, {'error': 'This action is not allowed'})
        if not call.text('client_name') or '://' not in call.text('redirect_uris'):
            return Reply(422, {'error': 'Validation failed: Redirect URI must be an absolute URI.'})
        if not set(scopes) <= set(known) and not self.state.is_a('snac'):
            status = 422 if self.state.is_a('mastodon') else 400
            return Reply(status, {'error': 'Validation failed: Scopes doesn’t match configured'})
        client = self.pages.add_client(
            secrets.token_hex(16), secrets.token_hex(16), call.text('redirect_uris').split('\n'), scopes
        )
        told: dict[str, Any] = {'id': str(len(self.pages.clients)), 'name': call.text('client_name')}
        told |= {'client_id': client.id, 'client_secret': client.secret, 'redirect_uri': client.returns[0]}
        return Reply(200, told if self.state.is_a('snac') else {**told, 'scopes': scopes})

    def _token(self, call: Call) -> Reply:
        try:
            code = self.pages.redeem(call.text('client_id'), call.text('client_secret'), call)
        except Refused as refused:
            word = str(refused)
            if self.state.is_a('gotosocial'):
                return Reply(400, {'error': 'sql: no rows in result set', 'error_description': 'Bad Request'})
            return Reply(STATUSES.get(word, 400), {'error': word, 'error_description': 'It is not valid.'})
        token = secrets.token_urlsafe(32)
        self.tokens[token] = code.account
        told = {'access_token': token, 'token_type': 'Bearer', 'created_at': 1_795_326_233}
        return Reply(200, told if self.state.is_a('snac') else {**told, 'scope': ' '.join(code.scopes)})

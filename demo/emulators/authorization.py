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

"""The pages on which people allow an application to use their account, as networks show them (OAuth 2).

    pages = Authorizations({'ville': 'Ville d’Exemple', 'marie': 'Marie Exemple'})
    pages.add_client('client', 'secret', ['https://…/authorization/x/'])

Strict: unknown clients and addresses of return that are not declared, letter for letter, are not sent back;
a code serves once, for its own client and address, and proves with its verifier who asked for it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from urllib.parse import urlencode, urlsplit

from demo.emulators.server import Call, Reply

HTML = 'text/html; charset=utf-8'


@dataclass
class Client:
    id: str
    secret: str
    returns: list[str]  # declared addresses of return
    scopes: tuple[str, ...] = ()  # that it may ask for; () = any


@dataclass(frozen=True)
class Code:
    """What a code stands for. ``challenge``: '' without PKCE."""

    client: str
    redirect_uri: str
    account: str
    scopes: tuple[str, ...]
    challenge: str
    ends: datetime


class Refused(Exception):
    """A word of RFC 6749, 5.2."""


@dataclass
class Authorizations:
    """``accounts``: id → name of those whose holder may be signed in. ``life``: seconds of a code. ``pkce``:
    whether a challenge is demanded. ``separator``: of scopes. ``ending``: put after the address of return.
    ``withheld``: scopes that are not given whatever is accepted.
    """

    accounts: Mapping[str, str]
    life: float = 600
    pkce: bool = True
    separator: str = ' '
    ending: str = ''
    withheld: set[str] = field(default_factory=set)
    clients: dict[str, Client] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)

    def add_client(
        self, name: str, secret: str, returns: Iterable[str] = (), scopes: Iterable[str] = ()
    ) -> Client:
        self.clients[name] = Client(name, secret, list(returns), tuple(scopes))
        return self.clients[name]

    # -- in the browser

    def page(self, call: Call) -> Reply:
        """What is asked (GET), and what the person answers (POST)."""
        client = self.clients.get(call.text('client_id'))
        if client is None or call.text('redirect_uri') not in client.returns:
            return _html('Something went wrong', '<p>You weren’t able to give access to the App.</p>', 400)
        wrong = self._wrong(call, client)
        if wrong:
            return self._back(call, error=wrong)
        if call.method == 'GET':
            return self._question(call)
        if 'refuse' in call.params:
            return self._back(call, error='access_denied', error_reason='user_denied')
        return self._back(call, code=self.grant(call))

    def _wrong(self, call: Call, client: Client) -> str:
        asked = set(call.text('scope').split(self.separator))
        if call.text('response_type') != 'code':
            return 'unsupported_response_type'
        if not call.text('state'):
            return 'invalid_request'
        if self.pkce and (
            call.text('code_challenge_method') != 'S256' or len(call.text('code_challenge')) != 43
        ):
            return 'invalid_request'
        return 'invalid_scope' if client.scopes and not asked <= set(client.scopes) else ''

    def _question(self, call: Call) -> Reply:
        kept = ''.join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in call.query
            if name != 'scope'
        )
        people = ''.join(
            f'<p><label><input type="radio" name="account" value="{escape(key)}"{" checked" * (rank == 0)}> '
            f'{escape(name)}</label></p>'
            for rank, (key, name) in enumerate(self.accounts.items())
        )
        scopes = ''.join(
            f'<p><label><input type="checkbox" name="scope-{name}" checked> {name}</label></p>'
            for name in map(escape, call.text('scope').split(self.separator))
        )
        asked = f'<input type="hidden" name="scope" value="{escape(call.text("scope"))}">'
        buttons = '<button name="accept" value="1">Autoriser</button> '
        buttons += '<button name="refuse" value="1" formnovalidate>Refuser</button>'
        form = (
            f'<form method="post" action="{escape(call.path)}">{kept}{asked}{people}{scopes}{buttons}</form>'
        )
        return _html('Autoriser Publik ?', form)

    def grant(self, call: Call) -> str:
        """A code for what was accepted."""
        account = call.text('account') or next(iter(self.accounts))
        asked = call.text('scope').split(self.separator)
        ticked = [name for name in asked if f'scope-{name}' in call.params] or asked
        given = tuple(name for name in ticked if name not in self.withheld)
        code = secrets.token_urlsafe(24)
        ends = datetime.now(UTC) + timedelta(seconds=self.life)
        self.codes[code] = Code(
            call.text('client_id'),
            call.text('redirect_uri'),
            account,
            given,
            call.text('code_challenge'),
            ends,
        )
        return code

    def _back(self, call: Call, **said: str) -> Reply:
        address = call.text('redirect_uri')
        query = urlencode({**said, 'state': call.text('state')})
        joint = '&' if urlsplit(address).query else '?'
        return Reply(302, b'', {'Location': f'{address}{joint}{query}{self.ending}'}, HTML)

    # -- between servers

    def redeem(self, client_id: str, secret: str, call: Call) -> Code:
        """What the code of that call stands for; Refused if it is not to be had. It is used up either way."""
        client = self.clients.get(client_id)
        if client is None or not hmac.compare_digest(client.secret, secret):
            raise Refused('invalid_client')
        if call.text('grant_type') != 'authorization_code':
            raise Refused('unsupported_grant_type')
        code = self.codes.pop(call.text('code'), None)
        if code is None or code.client != client_id or code.ends <= datetime.now(UTC):
            raise Refused('invalid_grant')
        if code.redirect_uri != call.text('redirect_uri'):
            raise Refused('invalid_grant')
        if code.challenge and code.challenge != challenge(call.text('code_verifier')):
            raise Refused('invalid_grant')
        return code


def challenge(verifier: str) -> str:
    """S256, written apart from the software that is tested; '' for what cannot be a verifier."""
    if not 43 <= len(verifier) <= 128:
        return ''
    digest = hashlib.sha256(verifier.encode('ascii')).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b'=').decode()


def _html(title: str, body: str, status: int = 200) -> Reply:
    page = f'<!DOCTYPE html><html lang="fr"><head><title>{title}</title></head><body><h1>{title}</h1>{body}'
    return Reply(status, f'{page}</body></html>'.encode(), mimetype=HTML)

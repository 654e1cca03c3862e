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

"""Errors of the Graph API, and who may call what: tokens, proofs, permissions, fields asked for."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from demo.emulators.graph_state import PageState, Token, World, now
from demo.emulators.server import Call, Reply

DEAD_TOKENS = {
    458: 'Error validating access token: The user has not authorized application.',
    460: 'Error validating access token: The session has been invalidated.',
    463: 'Error validating access token: Session has expired.',
    467: 'Error validating access token: This may be because the user logged out.',
}


class GraphError(Exception):
    """A refusal as the API words it. ``status``: 400, but 200 for some of them."""

    def __init__(
        self, code: int, subcode: int = 0, message: str = '', *, status: int = 400, **more: Any
    ) -> None:
        super().__init__(code, subcode)
        error: dict[str, Any] = {
            'message': message or f'(#{code}) refused',
            'type': 'OAuthException',
            'code': code,
        }
        if subcode:
            error['error_subcode'] = subcode
        self.reply = Reply(status, {'error': {**error, **more, 'fbtrace_id': 'Aemulated'}})


def unknown_object(name: str) -> GraphError:
    message = (
        f"Unsupported request. Object with ID '{name}' does not exist, cannot be loaded due to missing "
        'permissions, or does not support this operation.'
    )
    return GraphError(100, 33, message)


def token_of(world: World, call: Call) -> Token | None:
    """The token of a call, None for the application's own; GraphError 190 if it is worth nothing."""
    scheme, _, given = call.headers.get('authorization', '').partition(' ')
    value = given if scheme.lower() == 'bearer' else call.text('access_token')
    if not value:
        raise GraphError(104, 0, 'An access token is required to request this resource.', status=400)
    if value == f'{world.app.id}|{world.app.secret}':
        return None
    token = world.tokens.get(value)
    if token is None:
        raise GraphError(190, 0, 'Invalid OAuth access token - Cannot parse access token', status=400)
    _check_alive(token)
    _check_proof(world, call, value)
    return token


def _check_alive(token: Token) -> None:
    subcode = token.dead or (463 if token.expires_at and token.expires_at <= now() else 0)
    if subcode:
        raise GraphError(190, subcode, DEAD_TOKENS.get(subcode, ''))


def _check_proof(world: World, call: Call, value: str) -> None:
    given = call.text('appsecret_proof')
    expected = hmac.new(world.app.secret.encode(), value.encode(), hashlib.sha256).hexdigest()
    if given and given != expected:
        raise GraphError(100, 0, 'Invalid appsecret_proof provided in the API argument')
    if not given and world.app.require_proof:
        raise GraphError(100, 0, 'API calls from the server require an appsecret_proof argument')


def page_of(world: World, token: Token | None, name: str) -> PageState:
    """The Page of that token, named « me » or by its id."""
    if token is None or token.kind != 'PAGE' or name not in ('me', token.page_id):
        raise unknown_object(name)
    return world.pages[token.page_id]


def require(token: Token, *scopes: str) -> None:
    for scope in scopes:
        if scope not in token.scopes:
            raise GraphError(10, 0, f'(#10) This endpoint requires the {scope} permission')


@dataclass
class Fields:
    """``id,messages.limit(20){id,from}`` as a tree; ``limit`` None if not said."""

    limit: int | None = None
    inner: dict[str, Fields] = field(default_factory=dict)


def read_fields(text: str) -> Fields:
    """GraphError if it is not well written."""
    tokens = re.findall(r'[\w]+|[.,(){}]', text)
    root, position = Fields(), 0
    stack, current = [root], root
    while position < len(tokens):
        word = tokens[position]
        if word == '{':
            stack.append(current)
        elif word == '}':
            current = stack.pop()
        elif word == '.' and tokens[position + 1 : position + 3] == ['limit', '(']:
            current.limit = int(tokens[position + 3])
            position += 4
        elif word.isidentifier():
            current = stack[-1].inner.setdefault(word, Fields())
        elif word != ',':
            raise GraphError(2500, 0, f'Syntax error "Unexpected {word}" in fields')
        position += 1
    if len(stack) != 1:
        raise GraphError(2500, 0, 'Syntax error in fields')
    return root


def select(values: Mapping[str, Any], fields: Fields, default: tuple[str, ...]) -> dict[str, Any]:
    """What is asked for, ``id`` always; absent and empty values are left out, as Meta does."""
    wanted = fields.inner or dict.fromkeys(default)
    return {
        name: value
        for name, value in values.items()
        if (name == 'id' or name in wanted) and value is not None
    }

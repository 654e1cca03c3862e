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

"""OAuth 2 by redirection, as networks do it: RFC 6749 (4.1), and PKCE with S256 (RFC 7636).

What differs from one network to the other is in their folders.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote, urlencode

from publik_socialmedia import errors
from publik_socialmedia.networks.base import Account, Return

Meaning = tuple[type[errors.SocialMediaError], str]

# words of « error », in the address of return (RFC 6749, 4.1.2.1) and in answers (5.2)
MEANINGS: Mapping[str, Meaning] = {
    'access_denied': (errors.ConfigurationError, 'oauth_refused'),
    'invalid_client': (errors.ConfigurationError, 'oauth_client'),
    'unauthorized_client': (errors.ConfigurationError, 'oauth_client'),
    'invalid_grant': (errors.ConfigurationError, 'oauth_code'),
    'invalid_scope': (errors.ConfigurationError, 'oauth_scopes'),
    'redirect_uri_mismatch': (errors.ConfigurationError, 'oauth_redirect'),  # not of the RFC, but in use
    'invalid_redirect_uri': (errors.ConfigurationError, 'oauth_redirect'),
    'server_error': (errors.TemporaryError, 'temporary'),
    'temporarily_unavailable': (errors.TemporaryError, 'temporary'),
}
FAILED: Meaning = (errors.ConfigurationError, 'oauth_failed')
_WORD = re.compile(r'[\w.-]{1,64}', re.ASCII)


def refusal(word: str, *, status: int = 0, otherwise: Meaning = FAILED) -> errors.SocialMediaError:
    """What a word of « error » means. ``otherwise``: what any other one does, on this network."""
    if status == 429 or status >= 500:
        return errors.TemporaryError('rate' if status == 429 else 'temporary', http_status=status)
    kind, reason = MEANINGS.get(word, otherwise)
    return kind(reason, code=word if _WORD.fullmatch(word) else '', http_status=status)


def code_of(back: Return) -> str:
    """The code with which the person came back; what the network says in place of it is raised."""
    word = back.query.get('error', '')
    if word:
        raise refusal(word)
    code = back.query.get('code', '')
    if not code:
        raise errors.ConfigurationError('oauth_failed', detail='neither code nor error')
    return code


def client_of(account: Account, *names: str) -> tuple[str, ...]:
    """The values of these credentials, which identify the application; ConfigurationError if one lacks."""
    given = [account.credentials.get(name, '').strip() for name in names]
    missing = [name for name, value in zip(names, given, strict=True) if not value]
    if missing:
        raise errors.ConfigurationError('oauth_client_missing', detail=' '.join(missing))
    if any(not value.isascii() or not value.isprintable() for value in given):
        raise errors.ConfigurationError('oauth_client')
    return tuple(given)


def require(granted: Iterable[str], needed: Iterable[Sequence[str]]) -> None:
    """ConfigurationError('oauth_scopes', detail: those that lack). ``needed``: each as the scopes that give
    it, the one to show being the last."""
    found = set(granted)
    missing = [ways[-1] for ways in needed if not found & set(ways)]
    if missing:
        raise errors.ConfigurationError('oauth_scopes', detail=' '.join(missing))


def address(url: str, **params: str) -> str:
    return f'{url}?{urlencode(params, quote_via=quote)}'


def new_verifier() -> str:
    """A secret that proves that who exchanges the code asked for it: 64 characters (RFC 7636, 4.1)."""
    return secrets.token_urlsafe(48)


def challenge(verifier: str) -> str:
    """What is shown of it beforehand (S256)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip('=')


def basic(client: str, secret: str) -> str:
    """Value of the header Authorization (RFC 6749, 2.3.1)."""
    pair = f'{quote(client, safe="~")}:{quote(secret, safe="~")}'
    return f'Basic {base64.b64encode(pair.encode()).decode()}'

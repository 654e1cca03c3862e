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

"""How a call proves that it is ours: OAuth 2 with its tokens of two hours, or OAuth 1.0a signatures.

https://docs.x.com/resources/fundamentals/authentication (November 2026). OAuth 1.0a is RFC 5849 with
HMAC-SHA1, over the query but not over bodies in JSON or multipart, which are all that we send.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from publik_socialmedia import errors
from publik_socialmedia.networks import oauth2
from publik_socialmedia.networks.base import JSON, Account, Answer, Http
from publik_socialmedia.networks.reading import decoded, integer, mapping, moment, string

API = 'https://api.x.com'
TOKEN_PATH = '/2/oauth2/token'  # noqa: S105 - a path
MARGIN = timedelta(minutes=5)  # before the end of a token, which lives two hours
LIFE = 7200  # seconds, if the answer does not say
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)

Params = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Proof:
    """What signs the calls of an account. ``token_secret``: of OAuth 1.0a, '' for OAuth 2.

    ``renewable``: a refused token can be replaced without anybody.
    """

    token: str = field(repr=False)
    token_secret: str = field(default='', repr=False)
    key: str = field(default='', repr=False)
    secret: str = field(default='', repr=False)
    renewable: bool = False

    @classmethod
    def of(cls, account: Account) -> Proof:
        """ConfigurationError if something lacks, or could not be a header."""
        given = {name: value.strip() for name, value in account.credentials.items()}
        if any(not value.isascii() or not value.isprintable() for value in given.values()):
            raise errors.ConfigurationError('config', detail='credentials')
        token, token_secret = given.get('access_token', ''), given.get('access_token_secret', '')
        if not token:
            raise errors.ConfigurationError('auth', detail='access_token')
        if not token_secret:
            return cls(token, renewable=bool(given.get('refresh_token')))
        key, secret = given.get('consumer_key', ''), given.get('consumer_secret', '')
        if not (key and secret):
            raise errors.ConfigurationError('config', detail='consumer_key')
        return cls(token, token_secret, key, secret)

    @property
    def signs(self) -> bool:
        """OAuth 1.0a: each call has a signature of its own."""
        return bool(self.token_secret)

    def header(self, method: str, url: str, params: Params = ()) -> str:
        """Value of the header Authorization. ``params``: the query, which is not in ``url``."""
        if not self.signs:
            return f'Bearer {self.token}'
        return self.signature(method, url, params, secrets.token_hex(16), int(time.time()))

    def signature(self, method: str, url: str, params: Params, nonce: str, timestamp: int) -> str:
        """OAuth 1.0a (RFC 5849, 3.4)."""
        oauth = {
            'oauth_consumer_key': self.key,
            'oauth_nonce': nonce,
            'oauth_signature_method': 'HMAC-SHA1',
            'oauth_timestamp': str(timestamp),
            'oauth_token': self.token,
            'oauth_version': '1.0',
        }
        pairs = sorted((_quoted(name), _quoted(value)) for name, value in [*params, *oauth.items()])
        listed = '&'.join(f'{name}={value}' for name, value in pairs)
        message = '&'.join((method.upper(), _quoted(url), _quoted(listed)))
        key = f'{_quoted(self.secret)}&{_quoted(self.token_secret)}'
        digest = hmac.new(key.encode(), message.encode(), hashlib.sha1).digest()
        oauth['oauth_signature'] = base64.b64encode(digest).decode()
        shown = (f'{_quoted(name)}="{_quoted(value)}"' for name, value in sorted(oauth.items()))
        return f'OAuth {", ".join(shown)}'


def _quoted(value: str) -> str:
    return quote(value, safe='~')


# -- OAuth 2: the tokens that end


def renewal_due(account: Account) -> datetime | None:
    """Five minutes before the end of the token, at once if nothing says it; None if it is not renewed."""
    given = account.credentials
    if given.get('access_token_secret') or not given.get('refresh_token'):
        return None
    ends = moment(given.get('expires_at', ''))
    return ends - MARGIN if ends else LONG_AGO


def renew(account: Account, http: Http, *, refused: bool = False) -> Mapping[str, str] | None:
    """A new pair of tokens. The refresh token serves once: X forgets it as soon as it answers.

    So an answer that is lost means that somebody must connect the account again: the next try is refused.
    """
    due_at = renewal_due(account)
    if due_at is None or not refused and due_at > datetime.now(UTC):
        return None
    refresh = account.credentials.get('refresh_token', '').strip()
    answer = ask(account, http, grant_type='refresh_token', refresh_token=refresh)
    body = mapping(decoded(answer))
    if answer.status >= 300:
        raise _refusal(answer.status, string(body.get('error'))[:64])
    given = pair(body)
    if not (given['access_token'] and given['refresh_token']):
        raise errors.ConfigurationError('auth', http_status=answer.status, detail='no new pair of tokens')
    return given


def ask(account: Account, http: Http, **form: str) -> Answer:
    """The answer of X when it is asked for tokens, whatever it is."""
    given = {name: value.strip() for name, value in account.credentials.items()}
    client, secret = given.get('client_id', ''), given.get('client_secret', '')
    headers = {}
    if secret:
        headers['Authorization'] = oauth2.basic(client, secret)
    else:  # a public client, which X allows too
        form['client_id'] = client
    url = (account.api_url or API).rstrip('/') + TOKEN_PATH
    return http.request('POST', url, data=form, headers=headers)


def pair(body: Mapping[str, JSON]) -> dict[str, str]:
    """The credentials in an answer; a token is '' if it does not hold it."""
    access, refresh = string(body.get('access_token')), string(body.get('refresh_token'))
    life = integer(body.get('expires_in'))
    ends = datetime.now(UTC) + timedelta(seconds=life if life is not None and life > 0 else LIFE)
    return {
        'access_token': access,
        'refresh_token': refresh,
        'expires_at': ends.isoformat(timespec='seconds'),
        'scope': string(body.get('scope')),
    }


def _refusal(status: int, word: str) -> errors.SocialMediaError:
    """``word``: of RFC 6749, 5.2. X says invalid_request of a refresh token that was used before."""
    if status == 429 or status >= 500:
        return errors.TemporaryError('rate' if status == 429 else 'temporary', http_status=status)
    if word in ('invalid_client', 'unauthorized_client'):
        return errors.ConfigurationError('config', code=word, http_status=status)
    return errors.ConfigurationError('auth', code=word, http_status=status)

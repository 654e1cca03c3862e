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

"""The token of Instagram Login: 60 days, renewed each week long before its end (R41).

https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token: it must be a day old
and not over; a token that nobody renews for 60 days is dead, and a person must log in again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from publik_socialmedia.errors import TemporaryError
from publik_socialmedia.networks.base import Account, Http
from publik_socialmedia.networks.instagram.login import LOGIN_TOKEN, login_url
from publik_socialmedia.networks.meta import ident, integer, mapping, moment
from publik_socialmedia.networks.meta_graph import GraphNetwork

STATE = 'renewal'  # credential that nobody types: JSON ``{"of", "after", "expires"}``
EVERY = timedelta(days=7)
TOO_YOUNG = timedelta(days=1)
LIFE = timedelta(days=60)
AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)


def due_at(account: Account) -> datetime | None:
    """When to renew; at once if nothing is known of that token, which was just typed."""
    if not account.credentials.get(LOGIN_TOKEN, '').strip():
        return None
    return moment(_state(account).get('after')) or AT_ONCE


def is_due(account: Account) -> bool:
    when = due_at(account)
    return when is not None and when <= datetime.now(UTC)


def expires_at(account: Account) -> datetime | None:
    """End of the token, None if it is not known."""
    return moment(_state(account).get('expires'))


def renew(network: GraphNetwork, account: Account, http: Http) -> Mapping[str, str]:
    """A token of 60 days more. ConfigurationError('auth') if the one that we have is dead."""
    token = network.token(account)
    params = {'grant_type': 'ig_refresh_token', 'access_token': token}
    answer = http.request('GET', f'{login_url(account)}/refresh_access_token', params=params)
    error = network.error(answer)
    now = datetime.now(UTC)
    if isinstance(error, TemporaryError):
        raise error
    if error is not None:
        # too young is refused as well, nobody says how: a token that still reads is not a dead one
        network.read(http, account, ('me',), {'fields': 'id'})
        return kept(token, now + TOO_YOUNG, expires_at(account))
    try:
        found = mapping(answer.json())
    except ValueError:
        found = {}
    fresh = ident(found.get('access_token'))
    if not fresh:
        raise TemporaryError('temporary', http_status=answer.status, detail='no token in the answer')
    life = integer(found.get('expires_in'))
    expires = now + (timedelta(seconds=life) if life and 0 < life < 10**9 else LIFE)
    return {LOGIN_TOKEN: fresh, **kept(fresh, now + EVERY, expires)}


def kept(token: str, after: datetime, expires: datetime | None) -> dict[str, str]:
    """What is remembered of a token: when to renew it, and its end if it is known."""
    facts = {'of': _digest(token), 'after': after.isoformat()}
    if expires is not None:
        facts['expires'] = expires.isoformat()
    return {STATE: json.dumps(facts)}


def _state(account: Account) -> Mapping[str, object]:
    """What is known of the token, {} if it is of another one: an administrator typed a new one since."""
    try:
        found = mapping(json.loads(account.credentials.get(STATE, '') or '{}'))
    except ValueError:
        return {}
    token = account.credentials.get(LOGIN_TOKEN, '').strip()
    return found if found.get('of') == _digest(token) else {}


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:16]

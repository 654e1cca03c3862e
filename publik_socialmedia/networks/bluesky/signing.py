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

"""Signing in, and refreshing a session."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from publik_socialmedia import errors
from publik_socialmedia.networks.base import Account, Http

from .api import HEADERS, checked, content, is_address, meaning, path_of, repeatable
from .session import Session, service, stored, typed

CREATE = 'com.atproto.server.createSession'
REFRESH = 'com.atproto.server.refreshSession'


def renewal_due(account: Account) -> datetime | None:
    """At once while there is no session; None while nothing was typed."""
    try:
        typed(account)
    except errors.ConfigurationError:
        return None
    session = stored(account)
    return session.due_at if session is not None else datetime.now(UTC)


def renew(account: Account, http: Http, refused: bool) -> Mapping[str, str] | None:
    """Refresh the session; sign in again if there is none or the server does not want it any more."""
    session = stored(account)
    if session is not None and not refused and session.due_at > datetime.now(UTC):
        return None
    found = refreshed(session, account, http) if session is not None else None
    return {'session': (found or signed_in(account, http)).credential()}


def signed_in(account: Account, http: Http) -> Session:
    """A new session. A lost one, that nobody knows of, ends by itself."""
    identifier, password = typed(account)
    base = service(account)
    if not is_address(base):
        raise errors.ConfigurationError('config', detail='server')
    body = {'identifier': identifier, 'password': password}
    answer = repeatable(lambda: http.request('POST', base + path_of(CREATE), headers=HEADERS, json=body))
    return Session.made(content(checked(answer)), account)


def refreshed(session: Session, account: Account, http: Http) -> Session | None:
    """The session that follows; None if the server does not want this one any more.

    TemporaryError if no answer came: the same token may be used again, and gives the same session then.
    """
    headers = {**HEADERS, 'Authorization': f'Bearer {session.refresh}'}
    answer = repeatable(lambda: http.request('POST', session.server + path_of(REFRESH), headers=headers))
    error = meaning(answer)
    if error is None:
        return Session.made(content(answer), account, session.server)
    if error.reason in ('auth', 'auth_refresh', 'permanent'):
        return None
    raise error

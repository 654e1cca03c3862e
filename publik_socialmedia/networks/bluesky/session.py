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

"""The session of an account: signed in once with its app password, then refreshed, shared by all workers.

Recorded on PDS 0.4.217 and 0.5.35: the access token serves two hours, the refresh token 90 days; refreshing
gives two new ones, and the same again for a while if it is done twice. Signing in is allowed 30 times in five
minutes and 300 times a day: it is the last resort.

The session is one credential, ``session``, that nobody types: a JSON object (see ``Session``), encrypted with
the others.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta

from publik_socialmedia import errors
from publik_socialmedia.networks.base import JSON, Account
from publik_socialmedia.networks.reading import dicts, ident, mapping, moment

SERVICE = 'https://bsky.social'
MARGIN = timedelta(minutes=10)  # before the end of the access token
UNTOLD = timedelta(hours=1)  # of a token that does not say when it ends
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
MAX_TOKEN = 8000  # characters

# « scope » of an access token → whether it opens private messages; of another one nothing is known
SCOPES = {
    'com.atproto.access': True,  # signed in with the password of the account itself
    'com.atproto.appPassPrivileged': True,
    'com.atproto.appPass': False,
}


@dataclass(frozen=True, slots=True)
class Session:
    """``made_with``: fingerprint of what was typed, so that a corrected password is not left unused.

    ``server``: of the account (PDS), without a final slash; ``until``: end of the access token, ISO 8601.
    """

    made_with: str
    did: str
    server: str
    until: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)

    @classmethod
    def of(cls, account: Account) -> Session:
        """The session of the account; TemporaryError('auth_refresh') if it has none."""
        found = stored(account)
        if found is None:
            typed(account)
            raise errors.TemporaryError('auth_refresh', detail='no session')
        return found

    @classmethod
    def made(cls, answer: Mapping[str, JSON], account: Account, former: str = '') -> Session:
        """From the answer of ``createSession`` or ``refreshSession``; TemporaryError if it is something else.

        ``former``: the server as it was known, for an answer without DID document.
        """
        access, refresh = token(answer.get('accessJwt')), token(answer.get('refreshJwt'))
        did = ident(answer.get('did'))
        if not (access and refresh and did):
            raise errors.TemporaryError('temporary', detail='not a session')
        until = moment(claims(access).get('exp')) or datetime.now(UTC) + UNTOLD
        server = server_of(answer.get('didDoc')) or former or service(account)
        return cls(fingerprint(account), did, server, until.isoformat(), access, refresh)

    @property
    def due_at(self) -> datetime:
        """When to refresh it."""
        until = moment(self.until)
        return until - MARGIN if until is not None else LONG_AGO

    def credential(self) -> str:
        return json.dumps(asdict(self))


def stored(account: Account) -> Session | None:
    """The session kept for what is typed now, None if there is none."""
    try:
        found = mapping(json.loads(account.credentials.get('session') or 'null'))
    except (ValueError, RecursionError):
        return None
    values = {name: found.get(name) for name in Session.__dataclass_fields__}
    texts = {name: value for name, value in values.items() if isinstance(value, str) and value}
    if len(texts) < len(values) or texts['made_with'] != fingerprint(account):
        return None
    return Session(**texts)


def typed(account: Account) -> tuple[str, str]:
    """Handle (or DID) and app password; ConfigurationError if one lacks."""
    identifier = account.credentials.get('identifier', '').strip().removeprefix('@')
    password = account.credentials.get('app_password', '').strip()
    if not identifier or not password:
        raise errors.ConfigurationError('auth', detail='identifier or app password missing')
    return identifier, password


def service(account: Account) -> str:
    """Where the account signs in, without a final slash."""
    base = (account.api_url or account.credentials.get('server', '')).strip() or SERVICE
    return (base if '://' in base else f'https://{base}').rstrip('/')


def fingerprint(account: Account) -> str:
    """Changes with what was typed; says nothing of it."""
    parts = [account.credentials.get(name, '').strip() for name in ('identifier', 'app_password', 'server')]
    return hashlib.sha256('\0'.join([*parts, account.api_url]).encode(errors='replace')).hexdigest()[:16]


def server_of(document: JSON) -> str:
    """Address of the account's own server in its DID document, '' if it is not there."""
    for entry in dicts(mapping(document).get('service')):
        address = ident(entry.get('serviceEndpoint'))
        if ident(entry.get('id')).endswith('#atproto_pds') and address.startswith(('http://', 'https://')):
            return address.rstrip('/')
    return ''


def token(value: JSON) -> str:
    """A token that can be written in a header, '' if it is something else."""
    if not isinstance(value, str) or len(value) > MAX_TOKEN:
        return ''
    return value.strip() if value.isascii() and value.isprintable() else ''


def claims(access: str) -> Mapping[str, JSON]:
    """What a token says of itself, {} if it cannot be read. Its signature is the server's business."""
    payload = access.split('.')[1] if access.count('.') == 2 else ''
    try:
        return mapping(json.loads(base64.urlsafe_b64decode(payload + '=' * (-len(payload) % 4))))
    except (ValueError, RecursionError):
        return {}


def opens_messages(access: str) -> bool:
    """False if that token surely does not open private messages."""
    return SCOPES.get(ident(claims(access).get('scope')), True)

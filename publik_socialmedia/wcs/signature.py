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

"""Signed URLs of Publik, in both directions.

A signed query string is
``…&orig=NAME&algo=sha256&timestamp=2026-11-22T05:35:42Z&nonce=HEX&signature=BASE64``; the signature is the
HMAC of everything before ``&signature=`` with the secret shared by the two services. It does not cover the
method, the host, the path or the body. w.c.s. itself is lax: it takes sha1, a query without nonce and
unsigned parameters put after the signature; :func:`verify` refuses all three.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from publik_socialmedia.errors import WebhookRejected

#: Seconds: what w.c.s. and the other bricks allow between the timestamp and their clock, both ways.
MAX_AGE = 30
_ALGORITHMS = {'sha256': hashlib.sha256, 'sha384': hashlib.sha384, 'sha512': hashlib.sha512}
_TIMESTAMP = '%Y-%m-%dT%H:%M:%SZ'
_MARK = '&signature='


def _digest(query: str, secret: str, algorithm: str) -> bytes:
    mac = hmac.new(secret.encode(), query.encode(), _ALGORITHMS[algorithm])
    return base64.b64encode(mac.digest())


def sign_query(query: str, *, orig: str, secret: str, now: datetime | None = None, nonce: str = '') -> str:
    """Return ``query`` (urlencoded, may be empty) followed by what proves that ``orig`` wrote it.

    Sign anew at each try: a nonce serves once and a timestamp lives :data:`MAX_AGE` seconds.
    """
    proof = urlencode(
        [
            ('orig', orig),
            ('algo', 'sha256'),
            ('timestamp', (now or datetime.now(UTC)).astimezone(UTC).strftime(_TIMESTAMP)),
            ('nonce', nonce or secrets.token_hex(16)),
        ]
    )
    query = f'{query}&{proof}' if query else proof
    return query + _MARK + quote(_digest(query, secret, 'sha256'), safe='')


def sign_url(url: str, *, orig: str, secret: str, now: datetime | None = None, nonce: str = '') -> str:
    """Return ``url`` with its query signed."""
    parts = urlsplit(url)
    query = sign_query(parts.query, orig=orig, secret=secret, now=now, nonce=nonce)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ''))


def verify(
    query: str,
    keys: Mapping[str, str],
    *,
    first_use: Callable[[str], bool],
    now: datetime | None = None,
    max_age: int = MAX_AGE,
) -> str:
    """Return the ``orig`` that signed the raw query string (bytes as received, without ``?``).

    ``keys``: secret of each known ``orig`` (compared without regard to case, as w.c.s. does).
    ``first_use(nonce)`` must store the nonce for at least twice ``max_age`` and say whether it was new; it is
    called last, so a forged call stores nothing. Raises :class:`WebhookRejected` (403) whose reason tells us,
    and nobody else, why.
    """
    signed, mark, signature = query.partition(_MARK)
    if not mark:
        raise WebhookRejected('signature_missing')
    if '&' in signature or ';' in signature:
        raise WebhookRejected('signature_not_last')
    values = _single_values(query)
    orig, algorithm, nonce = values.get('orig', ''), values.get('algo', ''), values.get('nonce', '')
    secret = next((keys[name] for name in keys if name.lower() == orig.lower()), '')
    if algorithm not in _ALGORITHMS:
        raise WebhookRejected('signature_algorithm')
    # An unknown orig costs the same HMAC as a known one, and an empty secret never matches.
    expected = _digest(signed, secret or secrets.token_hex(16), algorithm)
    if not hmac.compare_digest(expected, values['signature'].encode(errors='replace')) or not secret:
        raise WebhookRejected('signature_wrong')
    _check_time(values.get('timestamp', ''), now or datetime.now(UTC), max_age)
    if not nonce:
        raise WebhookRejected('nonce_missing')
    if not first_use(nonce):
        raise WebhookRejected('nonce_used')
    return orig


def _single_values(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors='strict')
    except ValueError:
        raise WebhookRejected('query_unreadable') from None
    values = dict(pairs)
    if len(values) != len(pairs):
        raise WebhookRejected('parameter_repeated')
    return values


def _check_time(timestamp: str, now: datetime, max_age: int) -> None:
    try:
        then = datetime.strptime(timestamp, _TIMESTAMP).replace(tzinfo=UTC)
    except ValueError:
        raise WebhookRejected('timestamp_unreadable') from None
    if abs((now - then).total_seconds()) > max_age:
        raise WebhookRejected('timestamp_stale')

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

"""The only module that opens connections to the outside (by means of ``connections``).

``Client.request`` speaks to the API of a network and to w.c.s.; ``fetch_media`` fetches what strangers put
in a message, and trusts nothing of it (R10). Neither follows a redirect blindly, nor logs an address's
query, a header or a body, nor shows an address in a traceback.
"""

from __future__ import annotations

import contextlib
import json as jsonlib
import os
import re
import ssl
import threading
import time
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.parse import urljoin

import requests
import urllib3

from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.connections import exchange, new_session
from publik_socialmedia.errors import (
    ConfigurationError,
    Hidden,
    OutcomeUnknown,
    PermanentError,
    TemporaryError,
)

MAX_ANSWER = 8 * 1024 * 1024
MAX_REDIRECTS = 3
CHUNK = 64 * 1024
SAFE_METHODS = ('GET', 'HEAD')
MEDIA_TIMEOUT = 60.0
REDIRECTS = (301, 302, 303, 307, 308)
PACKED = ('gzip', 'x-gzip', 'deflate')
# What readers of addresses understand in several ways, or drop: in the authority, a user, a backslash, white
# space, the port 0.
_ODD = re.compile(r'[^/?#]*//[^/?#]*(?:[@\\\x00-\x20\x7f]|:0+(?=[/?#]|$))')
_HOST = re.compile('[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?')
# Replaced in the tests by their own authority.
verify: bool | str = True


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, whatever its status. Header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    url: str = field(repr=False)

    def json(self) -> Any:
        """The decoded body; ValueError if it is not JSON."""
        return jsonlib.loads(self.body)


@dataclass(frozen=True, slots=True)
class Media:
    """A fetched file. ``mimetype``: as declared by the server, without parameters; not to be trusted."""

    content: bytes = field(repr=False)
    mimetype: str = ''


# -- the API of a network, w.c.s.


class Client:
    """Requests to servers that an administrator chose, which may have private addresses (w.c.s. often has).

    One per process or thread is enough: it holds the connections. ``timeout``: seconds for the whole
    request, answer included; the setting ``NETWORK_TIMEOUT`` if it is not given. ``public``: only public
    addresses are dialled, those of ``TRUSTED_HOSTS`` excepted; PermanentError('forbidden_url') for others.
    """

    def __init__(self, timeout: float | None = None, *, public: bool = False) -> None:
        self._timeout, self._public = timeout, public
        self._http = new_session()

    def close(self) -> None:
        self._http.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | Sequence[tuple[str, Any]] | None = None,
        json: Any = None,
        data: Mapping[str, Any] | bytes | None = None,
        files: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Answer:
        """The answer, whatever its status; no redirect is followed.

        TemporaryError: nothing was sent, or the answer of a GET did not come. OutcomeUnknown: another method
        was sent and its answer was lost. ConfigurationError('forbidden_url'): not https, or not an address.
        Their ``code`` says more: 'dns', 'refused', 'tls', 'timeout', 'reset', 'too_big'.
        """
        method, url = method.upper(), Hidden(url)
        timeout = timeout or self._timeout or app_settings.NETWORK_TIMEOUT
        try:
            prepared = self._http.prepare_request(
                requests.Request(
                    method, url, headers=headers, params=params, json=json, data=data, files=files
                )
            )
            host, port, scheme = _parts(prepared.url or '')
        except ValueError:  # requests' own errors on addresses are some of them
            raise ConfigurationError('forbidden_url', detail='not an address') from None
        trusted = f'{host}:{port}' in app_settings.TRUSTED_HOSTS
        if scheme != 'https' and not trusted:
            raise ConfigurationError('forbidden_url', detail='not https')
        public_host = host if self._public and not trusted else ''
        exchange.begin(timeout, writes=method not in SAFE_METHODS, public_host=public_host)
        return _send(self._http, prepared, MAX_ANSWER)


_of_thread = threading.local()


def client() -> Client:
    """The client of this thread: connections are kept from one call to the next. A fork makes its own."""
    if getattr(_of_thread, 'pid', 0) != os.getpid():
        _of_thread.client, _of_thread.pid = Client(), os.getpid()
    found: Client = _of_thread.client
    return found


def _parts(url: str) -> tuple[str, int, str]:
    """Host in lower case, port, scheme, as urllib3 sees them. ValueError if one of them lacks."""
    parts = urllib3.util.parse_url(url)
    if not parts.host or parts.auth or parts.scheme not in ('http', 'https'):
        raise ValueError('not an address')
    return parts.host.lower(), parts.port or (443 if parts.scheme == 'https' else 80), parts.scheme


class _TooBig(Exception):
    pass


def _send(session: requests.Session, prepared: requests.PreparedRequest, limit: int) -> Answer:
    """Send, read all, within the exchange that was begun. Raises as ``Client.request`` says."""
    try:
        wait = exchange.remaining()
        response = session.send(prepared, stream=True, allow_redirects=False, timeout=wait, verify=verify)
        with contextlib.closing(response):
            body = _body(response, limit)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, headers, body, response.url)
    except (
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        HTTPException,
        OSError,
        _TooBig,
    ) as error:
        code = _code(error)
        # a test's double of a server opens no connection: what it raises says that the request left
        sent = exchange.sent or isinstance(error, requests.ReadTimeout)
    # outside of the handler: the causes hold addresses, with their queries
    if sent and prepared.method not in SAFE_METHODS:
        raise OutcomeUnknown(code=code)
    raise TemporaryError('connection', code=code)


def _code(error: Exception) -> str:
    if isinstance(error, _TooBig):
        return 'too_big'
    if isinstance(error, (requests.Timeout, TimeoutError, urllib3.exceptions.TimeoutError)):
        return 'timeout'
    if isinstance(error, (requests.exceptions.SSLError, ssl.SSLError)):
        return 'tls'
    return exchange.failure or 'reset'


def _body(response: requests.Response, limit: int) -> bytes:
    """The whole body. _TooBig above ``limit`` bytes, packed or not; OSError if its end lacks."""
    declared = response.headers.get('content-length', '')
    expected = int(declared) if declared.isdigit() and response.request.method != 'HEAD' else 0
    if expected > limit:
        raise _TooBig
    received = bytearray()
    for chunk in response.raw.stream(CHUNK, decode_content=False):
        received += chunk
        if len(received) > limit:
            raise _TooBig
    if len(received) < expected:
        raise OSError('cut')
    encoding = response.headers.get('content-encoding', '').strip().lower()
    return _unpacked(bytes(received), limit) if encoding in PACKED else bytes(received)


def _unpacked(packed: bytes, limit: int) -> bytes:
    """For servers that pack though it was not asked for. Never unpacks more than ``limit`` bytes."""
    decoder = zlib.decompressobj(wbits=47)  # 32 + 15: gzip or zlib
    try:
        plain = decoder.decompress(packed, limit + 1)
    except zlib.error:
        raise OSError('not packed as it says') from None
    if len(plain) > limit:
        raise _TooBig
    if not decoder.eof:
        raise OSError('cut')
    return plain


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds asked for by ``Retry-After`` (seconds or a date), None if it is not there or not readable."""
    value = headers.get('retry-after', '').strip()
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


# -- what strangers send


def fetch_media(
    url: str,
    hosts: Collection[str],
    *,
    headers: Mapping[str, str] | None = None,
    api_host: str = '',
    limit: int | None = None,
    timeout: float = MEDIA_TIMEOUT,
) -> Media:
    """The file at an address found in a message (R10).

    ``hosts``: the network's list, 'host' or '*.host'. ``headers`` (our token) go to ``api_host`` only, not to
    where it redirects. ``limit``: bytes, the setting ``MAX_MEDIA`` by default. ``timeout``: seconds, in all.

    PermanentError('forbidden_url' | 'media_too_big' | 'media_gone' | 'media_error'); TemporaryError, with
    the reason 'auth' if our token is refused.
    """
    url, limit = Hidden(url), limit or app_settings.MAX_MEDIA
    deadline = time.monotonic() + timeout
    with contextlib.closing(new_session()) as session:
        for _ in range(MAX_REDIRECTS + 1):
            prepared, public_host = _prepared(session, url, hosts, headers or {}, api_host)
            exchange.begin(deadline - time.monotonic(), public_host=public_host)
            try:
                answer = _send(session, prepared, limit)
            except TemporaryError as error:
                if error.code == 'too_big':
                    raise PermanentError('media_too_big') from None
                raise
            if answer.status not in REDIRECTS:
                return _media(answer)
            url = _target(answer)
    raise PermanentError('forbidden_url', detail='too many redirects')


def _target(answer: Answer) -> Hidden:
    try:
        return Hidden(urljoin(answer.url, answer.headers.get('location', '')))
    except ValueError:
        raise PermanentError('forbidden_url', detail='not an address') from None


def _prepared(
    session: requests.Session, url: str, hosts: Collection[str], headers: Mapping[str, str], api_host: str
) -> tuple[requests.PreparedRequest, str]:
    """The request, and the only host that it may dial; '' if it is trusted whatever its address is."""
    if _ODD.match(url):
        raise PermanentError('forbidden_url', detail='user, or a host that some would read otherwise')
    try:
        prepared = session.prepare_request(requests.Request('GET', url))
        # what is checked is what is sent: requests may have rewritten the address
        host, port, scheme = _parts(prepared.url or '')
    except ValueError:
        raise PermanentError('forbidden_url', detail='not an address') from None
    trusted = f'{host}:{port}' in app_settings.TRUSTED_HOSTS
    if not trusted and (scheme != 'https' or port != 443 or not _is_listed(host, hosts)):
        raise PermanentError('forbidden_url', detail='not on the list')
    if api_host and api_host.lower() in (host, f'{host}:{port}'):
        prepared.headers.update(headers)
    return prepared, '' if trusted else host


def _is_listed(host: str, hosts: Collection[str]) -> bool:
    if not _HOST.fullmatch(host):
        return False
    return any(
        host.endswith(pattern[1:]) if pattern.startswith('*.') else host == pattern
        for pattern in map(str.lower, hosts)
    )


def _media(answer: Answer) -> Media:
    status = answer.status
    if status == 200:
        if answer.headers.get('content-encoding', 'identity').strip().lower() not in ('identity', *PACKED):
            raise PermanentError('media_error', detail='content encoding')
        return Media(answer.body, answer.headers.get('content-type', '').partition(';')[0].strip().lower())
    if status == 401:
        raise TemporaryError('auth', http_status=status)
    if status in (408, 425, 429) or status >= 500:
        raise TemporaryError(http_status=status, retry_after=retry_after(answer.headers))
    raise PermanentError('media_gone', http_status=status)

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

"""How ``http`` reaches the outside: it dials by itself, within a deadline, and leaves no trace in logs.

* The addresses that are checked are the very ones that are dialled: a name that changes its mind in between
  (DNS rebinding) gains nothing.
* Everything stops at the deadline of the exchange, even if the other side sends a byte now and then.
* It is known whether a first byte has left: only then may a request have been carried out.
* Connections are used again for speed, with care: some servers (uwsgi's ``http-socket``) close them without
  saying so, and a POST that leaves at that moment has an unknown outcome. A connection is kept only if the
  answer said ``Connection: keep-alive`` in so many words, as nginx and gunicorn do; a request that is not a
  GET only uses it again within a second, before the shortest time-out in use (gunicorn's, 2 s).
* No cookie is kept; ``.netrc`` and the proxies of the environment are not read.
"""

from __future__ import annotations

import io
import ipaddress
import logging
import socket
import threading
import time
from collections.abc import Sequence
from http.cookiejar import DefaultCookiePolicy
from importlib import metadata
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from publik_socialmedia.errors import PermanentError

CONNECT_TIMEOUT = 10.0
# How long an idle connection may be used again, for GET and for the other methods.
REUSE_READ, REUSE_WRITE = 5.0, 1.0
_UNICAST = ipaddress.ip_network('2000::/3')
# which Python 3.11 does not know to be reserved as a whole
_PROTOCOLS = ipaddress.ip_network('192.0.0.0/24')
_NAT64 = ipaddress.ip_network('64:ff9b::/96')


def _version() -> str:
    try:
        return metadata.version('publik-socialmedia')
    except metadata.PackageNotFoundError:
        return 'dev'


USER_AGENT = f'publik-socialmedia/{_version()}'


class Exchange(threading.local):
    """The request in progress in this thread."""

    deadline = float('inf')  # time.monotonic() at which everything stops
    sent = False  # a first byte has left: it may have been carried out
    writes = False  # it is not a GET
    public_host = ''  # only this host may be dialled, at public addresses
    ended = False  # the other side has closed
    failure = ''  # what went wrong while connecting: 'dns', 'refused', 'timeout'

    def begin(self, timeout: float, *, writes: bool = False, public_host: str = '') -> None:
        self.deadline = time.monotonic() + timeout
        self.writes, self.public_host = writes, public_host
        self.sent, self.ended, self.failure = False, False, ''

    def remaining(self) -> float:
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError('the total time is over')
        return remaining


exchange = Exchange()


class _TimedReader(socket.SocketIO):
    """Reads of a socket, all of them before the deadline: a server that drips is cut like one that hangs."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock, 'r')
        self._timed = sock

    def readinto(self, buffer: Any) -> int | None:
        self._timed.settimeout(exchange.remaining())
        count = super().readinto(buffer)
        exchange.ended = count == 0
        return count


class _TimedSocket:
    """A connected socket whose use is bounded by the deadline of the exchange and noted in it."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def sendall(self, data: Any, *args: Any) -> None:
        exchange.sent = True
        self._sock.settimeout(exchange.remaining())
        self._sock.sendall(data, *args)

    def makefile(self, *args: Any, **kwargs: Any) -> io.BufferedReader:
        # as the standard library does, so that closing the socket waits for its reader
        self._sock._io_refs += 1  # type: ignore[attr-defined]
        return io.BufferedReader(_TimedReader(self._sock))


class _Connection(HTTPConnection):
    """A connection that resolves and dials by itself, and remembers whether it may be used again."""

    used = 0.0
    kept = False

    def _new_conn(self) -> socket.socket:
        return _dial(self.host, int(self.port or self.default_port), self.socket_options or [])

    def connect(self) -> None:
        super().connect()
        self.sock = _TimedSocket(self.sock)

    def getresponse(self) -> Any:
        response = super().getresponse()
        if exchange.ended:
            # the standard library takes what it has of the headers for all of them
            response.close()
            raise ConnectionResetError('closed in the middle of the headers')
        self.kept = 'keep-alive' in (response.headers.get('connection') or '').lower()
        return response


class _SecureConnection(_Connection, HTTPSConnection):
    pass


def _dial(host: str, port: int, options: Sequence[Any]) -> socket.socket:
    """A connected socket. The addresses that are checked are the very ones that are dialled."""
    if exchange.public_host and host.lower() != exchange.public_host:
        raise PermanentError('forbidden_url', detail='another host')
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        exchange.failure = 'dns'
        raise OSError('unknown host') from None
    if exchange.public_host and not all(is_public(str(address[0])) for *_, address in found):
        raise PermanentError('forbidden_url', detail='not a public address')
    failure: OSError = OSError('no address')
    for family, kind, protocol, _, address in found:
        sock = socket.socket(family, kind, protocol)
        try:
            for option in options:
                sock.setsockopt(*option)
            sock.settimeout(min(CONNECT_TIMEOUT, exchange.remaining()))
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
            exchange.failure = 'timeout' if isinstance(error, TimeoutError) else 'refused'
        else:
            exchange.failure = ''
            return sock
    raise failure


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public Internet; so must be the IPv4 one that it may carry."""
    ip = ipaddress.ip_address(address.partition('%')[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        # tunnels of former times lead anywhere, and nobody's media are there
        return ip in _UNICAST and ip.is_global and ip.sixtofour is None and ip.teredo is None
    return ip.is_global and not ip.is_multicast and ip not in _PROTOCOLS


class _PoolMixin:
    """Decides which connections are used again (see the head of the module)."""

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)  # type: ignore[misc]
        limit = REUSE_WRITE if exchange.writes else REUSE_READ
        if connection.sock is not None and time.monotonic() - connection.used > limit:
            connection.close()
        return connection

    def _put_conn(self, connection: Any) -> None:
        if connection is not None:
            connection.used = time.monotonic()
            if not connection.kept:
                connection.close()
        super()._put_conn(connection)  # type: ignore[misc]


class _Pool(_PoolMixin, urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(_PoolMixin, urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {'http': _Pool, 'https': _SecurePool}


class _Session(requests.Session):
    def resolve_redirects(self, *args: Any, **kwargs: Any) -> Any:
        """None: the caller follows them. What requests does even then is to read the whole body of a
        redirection, without limit, and to leave nothing of it to whoever counts its bytes."""
        return iter(())


def new_session() -> requests.Session:
    session = _Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.clear()
    # compressed answers are not asked for: a small one may hide a huge one
    session.headers.update({'User-Agent': USER_AGENT, 'Accept': '*/*', 'Accept-Encoding': 'identity'})
    for scheme in ('http://', 'https://'):
        session.mount(scheme, _Adapter(pool_connections=20, pool_maxsize=20, max_retries=0))
    return session


class _WithoutPath(logging.Filter):
    """urllib3 logs whole addresses at level DEBUG: tokens and people's identifiers are in them."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                '/…' if isinstance(argument, str) and argument.startswith('/') else argument
                for argument in record.args
            )
        return True


logging.getLogger('urllib3.connectionpool').addFilter(_WithoutPath())

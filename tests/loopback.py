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

"""A server on the loopback whose every byte is decided by the test."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

READ_LIMIT = 10.0


@dataclass
class Received:
    """A request: its first line's method and path, its headers in lower case, its body."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    peer: int  # the client's port: the same for two requests on one connection


# Writes the answer on the socket; says whether to read another request on the same connection.
Answerer = Callable[[socket.socket, Received], bool | None]


def reply(
    status: int = 200,
    body: bytes = b'',
    *,
    headers: dict[str, str] | None = None,
    keep: bool = False,
    length: bool = True,
) -> Answerer:
    """An answerer that gives this answer, with ``Connection: keep-alive`` if ``keep``."""
    lines = [f'HTTP/1.1 {status} X']
    lines += [f'{name}: {value}' for name, value in (headers or {}).items()]
    lines += [f'Content-Length: {len(body)}'] * length + ['Connection: keep-alive'] * keep
    data = '\r\n'.join(lines).encode('latin-1') + b'\r\n\r\n' + body

    def answer(sock: socket.socket, received: Received) -> bool:
        sock.sendall(data)
        return keep

    return answer


@dataclass
class Loopback:
    """``answer`` may be replaced at any time; ``received`` holds the requests, in order."""

    port: int = 0
    answer: Answerer = field(default_factory=reply)
    received: list[Received] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self.port}'

    @property
    def host(self) -> str:
        return f'127.0.0.1:{self.port}'


@contextlib.contextmanager
def loopback(tls: ssl.SSLContext | None = None) -> Iterator[Loopback]:
    """A running server, stopped at the end."""
    state = Loopback()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            state.connections += 1
            self.request.settimeout(READ_LIMIT)
            # a client that goes away, or refuses our certificate, is what some tests are about
            with contextlib.suppress(OSError, EOFError):
                sock = tls.wrap_socket(self.request, server_side=True) if tls else self.request
                with contextlib.closing(sock), sock.makefile('rb') as reader:
                    while True:
                        received = _read(reader, self.client_address[1])
                        state.received.append(received)
                        if not state.answer(sock, received):
                            break
                    with contextlib.suppress(OSError):
                        sock.shutdown(socket.SHUT_RDWR)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: object, client_address: object) -> None:
            raise

    with Server(('127.0.0.1', 0), Handler) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.02}, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join(READ_LIMIT)


def _read(reader: object, peer: int) -> Received:
    line = reader.readline()  # type: ignore[attr-defined]
    if not line:
        raise EOFError
    method, path, _ = line.decode().split()
    headers = {}
    while (header := reader.readline().strip()) != b'':  # type: ignore[attr-defined]
        name, _, value = header.decode().partition(':')
        headers[name.lower()] = value.strip()
    body = reader.read(int(headers.get('content-length', 0)))  # type: ignore[attr-defined]
    return Received(method, path, headers, body, peer)

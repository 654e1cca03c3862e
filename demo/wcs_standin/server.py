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

"""The HTTP side of the stand-in: reads a request, gives it its fault, sends the answer.

Like gunicorn's usual workers it closes the connection after each answer, unless ``keep_alive`` is set.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from demo.wcs_standin import pages
from demo.wcs_standin.answers import NOTHING, Answer, Refused, Request, crashed, invalid, not_found
from demo.wcs_standin.faults import Fault

if TYPE_CHECKING:
    from demo.wcs_standin.standin import StandIn

_DOWN = Answer(503, b'Error connecting to database', 'text/plain')
_MAINTENANCE = (
    b'<html>\n<body>\n<h1>Ce site est pour le moment indisponible.</h1>\n<p></p>\n</body>\n</html>\n'
)


class Server(ThreadingHTTPServer):
    """One thread per connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, standin: StandIn, port: int) -> None:
        self.standin = standin
        self.workers = threading.Semaphore(standin.workers) if standin.workers else None
        super().__init__(('127.0.0.1', port), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that went away; errors of our own are answered 500 and kept."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = 'HTTP/1.1'
    server_version = 'gunicorn'
    sys_version = ''
    disable_nagle_algorithm = True

    def handle_call(self) -> None:
        standin = self.server.standin
        path = urlsplit(self.path).path
        if path == '/__control__':
            self._send(standin.control(self.command, self._read_body()))
            return
        standin.count_call(self.command)
        fault = standin.faults.draw(writing=self.command in ('POST', 'PUT')) if _has_faults(path) else None
        if fault is Fault.RESET:
            self._reset()
            return
        body = self._read_body()
        if fault is Fault.LATE:
            time.sleep(standin.faults.late_for)
        answer = self._answer(body, fault)
        if fault is Fault.SLOW:
            time.sleep(standin.faults.slow_for)
        if fault is Fault.DROP:
            self._reset()
            return
        self._send(crashed() if fault is Fault.ERROR else answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_call

    def _read_body(self) -> bytes:
        return self.rfile.read(int(self.headers.get('Content-Length') or 0))

    def _answer(self, body: bytes, fault: Fault | None) -> Answer:
        standin = self.server.standin
        if standin.faults.down or fault is Fault.UNAVAILABLE:
            return _DOWN
        if standin.maintenance:
            return Answer(503, _MAINTENANCE, 'text/html; charset=utf-8')
        try:
            request = self._request(body)
            if self.server.workers is None:
                return self._dispatch(request, fault)
            with self.server.workers:
                return self._dispatch(request, fault)
        except Refused as refused:
            return refused.answer()
        except Exception as error:
            standin.errors.append(error)
            return crashed()

    def _dispatch(self, request: Request, fault: Fault | None) -> Answer:
        wcs = self.server.standin.wcs
        answer = wcs.answer(request, fault) or pages.answer(wcs, request)
        return answer or not_found().answer()

    def _request(self, body: bytes) -> Request:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        content: Any = NOTHING
        if headers.get('content-type', '').partition(';')[0].strip() == 'application/json' and body:
            try:
                content = json.loads(body)
            except ValueError as error:
                # before the signature is looked at
                raise invalid(f'Contenu JSON invalide ({error}).') from None
        return Request(
            method=self.command,
            path=unquote(parts.path),
            query=parts.query,
            parameters=parse_qs(parts.query, keep_blank_values=True),
            headers=headers,
            body=body,
            json=content,
        )

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header('Content-Type', answer.content_type)
        self.send_header('Content-Length', str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if not self.server.standin.keep_alive:
            self.send_header('Connection', 'close')
            self.close_connection = True
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(answer.body)

    def _reset(self) -> None:
        """Close without an answer; a zero linger makes it a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Log nothing: the addresses hold signatures."""


def _has_faults(path: str) -> bool:
    return path.startswith('/api/') or '/hooks/' in path

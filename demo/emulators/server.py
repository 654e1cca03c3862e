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

"""A small threaded HTTP server for the emulators: requests, answers, faults. Standard library only."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

MAX_BODY = 64 * 1024 * 1024


@dataclass(frozen=True)
class Part:
    """One part of a multipart body."""

    content: bytes
    filename: str = ''
    mimetype: str = ''


@dataclass(frozen=True)
class Call:
    """A request as the emulator sees it. ``params``: the query, then the fields of the body, JSON or form.

    ``query``: the pairs of the query, for APIs that repeat a name.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    params: Mapping[str, Any]
    files: Mapping[str, Part] = field(default_factory=dict)
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b'', repr=False)

    def text(self, name: str) -> str:
        value = self.params.get(name, '')
        return value if isinstance(value, str) else str(value)


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: Any = None  # bytes as they are, anything else as JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    mimetype: str = 'application/json; charset=UTF-8'

    def encoded(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Fault:
    """Something that goes wrong for the next calls whose « METHOD /path » matches.

    ``kind``: 'answer' (``reply`` is given and nothing is done) · 'after' (done, then ``reply`` is given) ·
    'cut_before' (the connection is cut, nothing is done) · 'cut_after' (done, then cut without an answer) ·
    'slow' (done and answered after ``seconds``) · 'late' (cut, then done after ``seconds``).
    """

    kind: str
    pattern: str = ''
    times: int = 1
    seconds: float = 0.0
    reply: Reply = field(default_factory=lambda: Reply(500, {'error': {'message': 'fault', 'code': 2}}))


class EmulatorServer:
    """Serves ``answer`` on the loopback; a context manager. ``port`` 0: any free one."""

    def __init__(self, answer: Callable[[Call], Reply], port: int = 0) -> None:
        self.answer = answer
        self.calls: deque[Call] = deque(maxlen=2000)  # what was asked, for the tests
        self.faults: list[Fault] = []
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        handler = type('Handler', (_Handler,), {'emulator': self})
        self._server = _Server(('127.0.0.1', port), handler)
        self.port: int = self._server.server_address[1]
        self.url = f'http://127.0.0.1:{self.port}'
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={'poll_interval': 0.05}, name='emulator', daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fail(self, kind: str, pattern: str = '', *, times: int = 1, seconds: float = 0, **reply: Any) -> None:
        """Plan a fault; ``reply``: arguments of Reply."""
        planned = Fault(kind, pattern, times, seconds)
        if reply:
            planned.reply = Reply(**reply)
        with self._lock:
            self.faults.append(planned)

    def handle(self, call: Call) -> Reply | None:
        """The answer to a call, None when the connection is to be cut."""
        with self._lock:
            self.calls.append(call)
            fault = self._take_fault(call)
        if fault is None:
            return self.answer(call)
        if fault.kind == 'slow':
            self._stopped.wait(fault.seconds)
            return self.answer(call)
        if fault.kind == 'late':
            threading.Timer(fault.seconds, self.answer, [call]).start()
            return None
        if fault.kind in ('after', 'cut_after'):
            self.answer(call)
        return fault.reply if fault.kind in ('answer', 'after') else None

    def _take_fault(self, call: Call) -> Fault | None:
        for fault in self.faults:
            if re.search(fault.pattern, f'{call.method} {call.path}'):
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    emulator: EmulatorServer
    protocol_version = 'HTTP/1.1'
    timeout = 30

    def _serve(self) -> None:
        length = int(self.headers.get('Content-Length') or 0)
        if length > MAX_BODY:
            self.send_error(413)
            return
        body = self.rfile.read(length)
        reply = self.emulator.handle(read_call(self.command, self.path, dict(self.headers.items()), body))
        if reply is None:
            self._cut()
            return
        content = reply.encoded()
        self.send_response(reply.status)
        self.send_header('Content-Type', reply.mimetype)
        self.send_header('Content-Length', str(len(content)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve

    def _cut(self) -> None:
        """Reset the connection: the other side gets no answer and no clean end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: URLs hold tokens."""

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, ValueError):
            self.close_connection = True  # the other side left, or we cut it

    def finish(self) -> None:
        try:
            super().finish()
        except (OSError, ValueError):
            self.close_connection = True


def read_call(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Call:
    parts = urlsplit(target)
    names = {name.lower(): value for name, value in headers.items()}
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    params: dict[str, Any] = dict(query)
    files: dict[str, Part] = {}
    mimetype, _, options = names.get('content-type', '').partition(';')
    if mimetype == 'application/json':
        try:
            decoded = json.loads(body)
        except ValueError:
            decoded = None
        params |= decoded if isinstance(decoded, dict) else {'_body': decoded}
    elif mimetype == 'application/x-www-form-urlencoded':
        params |= dict(parse_qsl(body.decode(errors='replace'), keep_blank_values=True))
    elif mimetype == 'multipart/form-data':
        fields, files = read_multipart(body, options)
        params |= fields
    return Call(method, parts.path, names, params, files, query, body)


def read_multipart(body: bytes, options: str) -> tuple[dict[str, str], dict[str, Part]]:
    """Fields and files of a multipart body, byte for byte."""
    found = re.search(r'boundary="?([^";]+)', options)
    fields: dict[str, str] = {}
    files: dict[str, Part] = {}
    for chunk in (b'\r\n' + body).split(b'\r\n--' + found[1].encode())[1:] if found else []:
        head, separator, content = chunk.partition(b'\r\n\r\n')
        if not separator:
            continue
        lines = head.decode(errors='replace')
        name, filename = (re.search(rf'[; ]{key}="([^"]*)"', lines) for key in ('name', 'filename'))
        mimetype = re.search(r'(?im)^content-type: *(\S+)', lines)
        if not name:
            continue
        if filename:
            files[name[1]] = Part(content, filename[1], mimetype[1] if mimetype else '')
        else:
            fields[name[1]] = content.decode(errors='replace')
    return fields, files

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

"""What a server answers: redirections, bodies and headers without measure, byte by byte (R10)."""

from __future__ import annotations

import gzip
import socket
import threading
import zlib
from collections.abc import Mapping
from typing import Any

import pytest

from publik_socialmedia import http
from publik_socialmedia.errors import TemporaryError
from tests.loopback import Loopback, reply
from tests.ssrf.addresses import HOSTILE, LISTED, UNLISTED, refused, table
from tests.ssrf.conftest import Wire

# -- redirections


def redirecting(*targets: str, status: int = 302, body: bytes = b'<html>moved</html>') -> Any:
    """Redirects to each target in turn, then gives a file."""
    answers = [reply(status, body, headers={'Location': target}) for target in targets]

    def answer(sock: socket.socket, received: Any) -> bool:
        return bool((answers.pop(0) if answers else reply(200, b'file'))(sock, received))

    return answer


LATIN = {name: url for name, url in HOSTILE.items() if url.isprintable() and url.isascii() and url}
# a relative address leads to the same server, which may be called
LEADING = {name: url for name, url in LATIN.items() if name not in ('a path', 'no host')}


@pytest.mark.parametrize('status', [301, 307])
@table({**LEADING, **{name: url for name, url in UNLISTED.items() if url.isascii()}})
def test_a_redirection_to_a_hostile_address(url: str, status: int, server: Loopback, wire: Wire):
    """Checked like the first address; and so is the one after a harmless redirection."""
    for hops in ([url], ['/again', url]):
        server.answer = redirecting(*hops, status=status)
        before = len(server.received)
        refused(server.url, ['*.fbcdn.net', LISTED])
        assert len(server.received) == before + len(hops)
    assert set(wire.dialled) == {('127.0.0.1', server.port)}


@pytest.mark.parametrize('address', ['127.0.0.1', '169.254.169.254', '::1', '::ffff:10.0.0.1'])
def test_a_redirection_to_a_listed_name_with_a_private_address(address: str, server: Loopback, wire: Wire):
    wire.others = [address]
    server.answer = redirecting(f'https://{LISTED}/x')
    assert refused(server.url, [LISTED]).reason == 'forbidden_url'
    assert wire.dialled == [('127.0.0.1', server.port)]


def test_three_redirections_are_followed_and_not_four(server: Loopback):
    server.answer = redirecting('/1', '2', f'{server.url}/3')
    assert http.fetch_media(f'{server.url}/a/', []).content == b'file'
    assert [received.path for received in server.received] == ['/a/', '/1', '/2', '/3']
    server.answer = redirecting('/1', '/2', '/3', '/4')
    assert refused(server.url, []).reason == 'forbidden_url'
    server.answer = redirecting(*['/'] * 100)
    assert refused(server.url, []).reason == 'forbidden_url'


@pytest.mark.parametrize('status', [301, 302, 303, 307, 308])
def test_a_redirection_that_says_nothing_leads_nowhere(status: int, server: Loopback):
    server.answer = reply(status, b'<html>')
    assert refused(server.url, []).reason == 'forbidden_url'
    assert len(server.received) == http.MAX_REDIRECTS + 1


# -- bodies


def endless(head: bytes, chunk: bytes, count: int = 2000) -> Any:
    """Head, then that chunk again and again until the other side leaves. ``sent``: bytes of the last call."""

    def answer(sock: socket.socket, received: Any) -> bool:
        answer.sent = 0  # type: ignore[attr-defined]
        sock.sendall(head)
        for _ in range(count):
            sock.sendall(chunk)
            answer.sent += len(chunk)  # type: ignore[attr-defined]
        return False

    return answer


MEGABYTE = 1_000_000
BLOCK = bytes(65536)
PACKED = gzip.compress(bytes(50 * MEGABYTE))
OK = b'HTTP/1.1 200 OK\r\n'
BODIES: Mapping[str, Any] = {
    'huge, declared': reply(200, bytes(MEGABYTE + 1)),
    'huge, not declared': reply(200, bytes(MEGABYTE + 1), length=False),
    'declared without end': endless(OK + b'Content-Length: 9999999999\r\n\r\n', BLOCK),
    'endless': endless(OK + b'\r\n', BLOCK),
    'endless chunks': endless(OK + b'Transfer-Encoding: chunked\r\n\r\n', b'10000\r\n' + BLOCK + b'\r\n'),
    'endless body of a redirection': endless(b'HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n', BLOCK),
    'endless body of an error': endless(b'HTTP/1.1 404 Not Found\r\n\r\n', BLOCK),
    'gzip bomb': reply(200, PACKED, headers={'Content-Encoding': 'gzip'}),
    'deflate bomb': reply(200, zlib.compress(bytes(50 * MEGABYTE)), headers={'Content-Encoding': 'deflate'}),
    'gzip bomb of a redirection': reply(302, PACKED, headers={'Content-Encoding': 'gzip', 'Location': '/x'}),
}


@pytest.mark.parametrize('answer', BODIES.values(), ids=BODIES.keys())
def test_a_body_without_measure(answer: Any, server: Loopback):
    """Cut at the limit while it comes, packed or not, whatever the status says."""
    server.answer = answer
    error = refused(server.url, [], limit=MEGABYTE, timeout=10)
    assert error.reason == 'media_too_big'
    assert len(server.received) == 1
    assert getattr(answer, 'sent', 0) < 64 * MEGABYTE  # of 131: what the buffers of the system hold was sent


DRIPS: Mapping[str, tuple[bytes, bytes]] = {
    'head': (b'HTTP/1.1 200 OK\r\nX: ', b'a'),
    'names of headers': (b'HTTP/1.1 200 OK\r\n', b'X: a\r\n'),
    'body': (b'HTTP/1.1 200 OK\r\n\r\n', b'a'),
    'declared body': (b'HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n', b'a'),
    'chunks': (b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', b'1\r\na\r\n'),
    'body of a redirection': (b'HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n', b'a'),
    '« continue » without end': (b'', b'HTTP/1.1 100 Continue\r\n\r\n'),
}


@pytest.mark.parametrize('head, drop', DRIPS.values(), ids=DRIPS.keys())
def test_a_server_that_drips(head: bytes, drop: bytes, server: Loopback):
    """Slow loris: the whole exchange ends with its time, whichever part of the answer comes byte by byte."""
    stopped = threading.Event()

    def drip(sock: socket.socket, received: Any) -> bool:
        sock.sendall(head)
        for _ in range(200):
            if stopped.wait(0.02):
                break
            sock.sendall(drop)
        return False

    server.answer = drip
    try:
        with pytest.raises(TemporaryError) as caught:
            http.fetch_media(server.url, [], timeout=0.4)
    finally:
        stopped.set()
    assert caught.value.code == 'timeout'


FLOODS = {
    'one header without end': b'a' * 65536,
    'headers without end': b'X: a\r\n' * 4000,
}


@pytest.mark.parametrize('flood', FLOODS.values(), ids=FLOODS.keys())
def test_headers_without_measure(flood: bytes, server: Loopback):
    server.answer = endless(OK + b'X: ', flood)
    with pytest.raises(TemporaryError):
        http.fetch_media(server.url, [], timeout=10)
    assert server.answer.sent < 64 * MEGABYTE

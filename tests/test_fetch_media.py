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

"""Media at addresses that strangers give: what is fetched (R10). What must not be: ``tests.ssrf``."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from publik_socialmedia import connections, http
from publik_socialmedia.errors import PermanentError, TemporaryError

from .loopback import Loopback, Received, loopback, reply

HOSTS = ['*.fbcdn.net', 'lookaside.fbsbx.com']
PUBLIC, OTHER_PUBLIC = '93.184.216.34', '2606:2800:220:1::1'


@pytest.fixture
def server(settings) -> Iterator[Loopback]:
    with loopback() as running:
        settings.PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS = [running.host]
        yield running


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[str]]]:
    """``internet(answers)``: names resolve to these addresses, one list after the other; no packet leaves.

    Returns the list of the addresses dialled. The dialled sockets lead nowhere.
    """

    def start(*answers: list[str]) -> list[str]:
        dialled: list[str] = []
        waiting = list(answers)

        def resolve(host: str, port: int, *args: object, **kwargs: object) -> list[tuple]:
            addresses = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, '', (address, port)) for address in addresses]

        class Nowhere(socket.socket):
            def connect(self, address: tuple) -> None:
                dialled.append(address[0])
                raise ConnectionRefusedError

        monkeypatch.setattr(connections.socket, 'getaddrinfo', resolve)
        monkeypatch.setattr(connections.socket, 'socket', Nowhere)
        return dialled

    return start


def refused(url: str, **kwargs: object) -> str:
    with pytest.raises(PermanentError) as caught:
        http.fetch_media(url, kwargs.pop('hosts', HOSTS), **kwargs)
    assert url not in repr(caught.value) or not url
    return caught.value.reason


# -- addresses


@pytest.mark.parametrize(
    'address', [PUBLIC, OTHER_PUBLIC, '8.8.8.8', '::ffff:8.8.8.8', '64:ff9b::808:808', '2a00:1450::1']
)
def test_public_addresses_R10(address: str) -> None:
    assert connections.is_public(address)


def test_no_other_host_can_be_dialled_than_the_checked_one_R10(internet) -> None:
    dialled = internet([PUBLIC])
    connections.exchange.begin(5, public_host='scontent.fbcdn.net')
    with pytest.raises(PermanentError, match='forbidden_url'):
        connections._dial('scontent.fbcdn.net.attaquant.example', 443, [])
    assert not dialled


@pytest.mark.parametrize(
    'url',
    ['https://scontent.fbcdn.net/x', 'https://SCONTENT.xx.FBCDN.net:443/x', 'https://lookaside.fbsbx.com/x'],
)
def test_hosts_on_the_list_are_asked_for_R10(url: str, internet) -> None:
    dialled = internet([PUBLIC])
    with pytest.raises(TemporaryError, match='connection'):
        http.fetch_media(url, HOSTS)
    assert dialled == [PUBLIC]


def redirecting(*targets: str) -> Callable[[socket.socket, Received], bool]:
    """Redirects from ``/`` to each target in turn, then gives a file."""
    answers = [reply(302, headers={'Location': target}) for target in targets]

    def answer(sock: socket.socket, received: Received) -> bool:
        return bool((answers.pop(0) if answers else reply(200, b'file'))(sock, received))

    return answer


# -- the token


def test_token_goes_to_the_api_only_R10(server: Loopback, settings) -> None:
    with loopback() as cdn:
        settings.PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS = [server.host, cdn.host]
        server.answer = redirecting(f'{cdn.url}/file')
        cdn.answer = reply(200, b'file')
        http.fetch_media(server.url, HOSTS, headers={'Authorization': 'Bearer token'}, api_host=server.host)
        assert server.received[0].headers['authorization'] == 'Bearer token'
        assert 'authorization' not in cdn.received[0].headers
        http.fetch_media(cdn.url, HOSTS, headers={'Authorization': 'Bearer token'}, api_host=server.host)
        http.fetch_media(cdn.url, HOSTS, headers={'Authorization': 'Bearer token'})
        assert all('authorization' not in received.headers for received in cdn.received)


# -- what comes


def test_file_and_its_declared_type(server: Loopback) -> None:
    server.answer = reply(
        200, b'JPEG', headers={'Content-Type': 'Image/JPEG; charset=x', 'Set-Cookie': 'a=b'}
    )
    media = http.fetch_media(server.url, HOSTS)
    assert (media.content, media.mimetype) == (b'JPEG', 'image/jpeg')
    assert 'JPEG' not in repr(media)


@pytest.mark.parametrize('length', [True, False], ids=['declared', 'not declared'])
def test_size_is_limited_while_it_comes_R10(length: bool, server: Loopback) -> None:
    server.answer = reply(200, bytes(1000), length=length)
    assert len(http.fetch_media(server.url, HOSTS, limit=1000).content) == 1000
    assert refused(server.url, limit=999) == 'media_too_big'


def test_limit_is_the_setting_R10(server: Loopback, settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_MAX_MEDIA = 10
    server.answer = reply(200, bytes(11))
    assert refused(server.url) == 'media_too_big'


def test_packed_bomb_is_not_unpacked_R10(server: Loopback) -> None:
    server.answer = reply(200, gzip.compress(bytes(50_000_000)), headers={'Content-Encoding': 'gzip'})
    assert refused(server.url, limit=1_000_000) == 'media_too_big'
    server.answer = reply(200, gzip.compress(b'file'), headers={'Content-Encoding': 'gzip'})
    assert http.fetch_media(server.url, HOSTS).content == b'file'


@pytest.mark.parametrize('encoding', ['br', 'gzip, gzip', 'zstd', 'x'])
def test_other_packings_are_refused_R10(encoding: str, server: Loopback) -> None:
    server.answer = reply(200, b'file', headers={'Content-Encoding': encoding})
    assert refused(server.url) == 'media_error'


def test_total_time_is_for_all_redirects_together_R10(server: Loopback) -> None:
    def slow(sock: socket.socket, received: Received) -> None:
        time.sleep(0.3)
        reply(302, headers={'Location': '/'})(sock, received)

    server.answer = slow
    with pytest.raises(TemporaryError) as caught:
        http.fetch_media(server.url, HOSTS, timeout=0.5)
    assert caught.value.code == 'timeout'


@pytest.mark.parametrize('status', [204, 206, 304, 400, 403, 404, 410, 451])
def test_file_that_is_gone_R9(status: int, server: Loopback) -> None:
    server.answer = reply(status)
    assert refused(server.url) == 'media_gone'


@pytest.mark.parametrize(
    'status, reason', [(401, 'auth'), (429, 'temporary'), (500, 'temporary'), (503, 'temporary')]
)
def test_file_that_may_come_later_R9(status: int, reason: str, server: Loopback) -> None:
    server.answer = reply(status, headers={'Retry-After': '30'})
    with pytest.raises(TemporaryError) as caught:
        http.fetch_media(server.url, HOSTS)
    assert (caught.value.reason, caught.value.http_status) == (reason, status)
    assert caught.value.retry_after == (None if status == 401 else 30)


@pytest.mark.parametrize(
    'case', [b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nJPEG', b'HTTP/1.1 200 OK\r\nCont', b'']
)
def test_file_that_is_cut_is_asked_for_again_later_R9(case: bytes, server: Loopback) -> None:
    server.answer = lambda sock, received: sock.sendall(case)
    with pytest.raises(TemporaryError, match='connection'):
        http.fetch_media(server.url, HOSTS)

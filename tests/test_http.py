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

"""Requests to networks and to w.c.s.: what is known of their outcome, what is kept, what is logged."""

from __future__ import annotations

import datetime
import gzip
import ipaddress
import json
import logging
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import responses
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from publik_socialmedia import connections, http
from publik_socialmedia.errors import ConfigurationError, OutcomeUnknown, TemporaryError

from .loopback import Loopback, Received, loopback, reply


@pytest.fixture
def server(settings) -> Iterator[Loopback]:
    with loopback() as running:
        settings.PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS = [running.host]
        yield running


@pytest.fixture
def client() -> Iterator[http.Client]:
    client = http.Client(timeout=5)
    yield client
    client.close()


def closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()[1]


def reset(sock: socket.socket, received: Received) -> None:
    """Go away without a word, so that the client's side is reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    sock.close()


def hang(sock: socket.socket, received: Received) -> None:
    sock.recv(1)


# -- what is asked, what is answered


def test_request_and_answer(server: Loopback, client: http.Client) -> None:
    server.answer = reply(404, b'{"error": 3}', headers={'X-App-Usage': '{}'})
    answer = client.request(
        'post', f'{server.url}/v26.0/me', params={'fields': 'a,b'}, json={'text': 'é'}, headers={'X-K': '1'}
    )
    assert (answer.status, answer.json(), answer.headers['x-app-usage']) == (404, {'error': 3}, '{}')
    assert answer.url == f'{server.url}/v26.0/me?fields=a%2Cb'
    (received,) = server.received
    assert (received.method, received.path) == ('POST', '/v26.0/me?fields=a%2Cb')
    assert json.loads(received.body) == {'text': 'é'}
    assert received.headers['x-k'] == '1'
    assert received.headers['user-agent'] == connections.USER_AGENT
    assert connections.USER_AGENT.startswith('publik-socialmedia/')


def test_form_and_files(server: Loopback, client: http.Client) -> None:
    client.request('POST', server.url, data={'a': 'b'}, files={'file': ('photo.jpg', b'JPEG', 'image/jpeg')})
    assert b'name="a"' in server.received[0].body and b'image/jpeg\r\n\r\nJPEG' in server.received[0].body


def test_answer_that_is_not_json(server: Loopback, client: http.Client) -> None:
    server.answer = reply(200, b'<html>')
    with pytest.raises(ValueError):
        client.request('GET', server.url).json()


def test_redirect_is_an_answer(server: Loopback, client: http.Client) -> None:
    server.answer = reply(302, headers={'Location': f'{server.url}/elsewhere'})
    assert client.request('GET', server.url).status == 302
    assert len(server.received) == 1


def test_cookies_and_environment_are_left_alone(
    server: Loopback, client: http.Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / 'netrc').write_text('machine 127.0.0.1 login jeanne password secret\n')
    monkeypatch.setenv('NETRC', str(tmp_path / 'netrc'))
    monkeypatch.setenv('HTTP_PROXY', f'http://127.0.0.1:{closed_port()}')
    server.answer = reply(200, headers={'Set-Cookie': 'session=1; Path=/'})
    for _ in range(2):
        client.request('GET', server.url)
    assert not {'cookie', 'authorization'} & set(server.received[1].headers)


@pytest.mark.parametrize(
    'url',
    [
        'http://demarches.example.org/',
        'ftp://example.org/',
        'example.org',
        '/api/',
        '',
        'https://',
        'http://[::1',
    ],
)
def test_only_https_leaves(url: str, client: http.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, 'getaddrinfo', lambda *args, **kwargs: pytest.fail('asked for an address'))
    with pytest.raises(ConfigurationError, match='forbidden_url'):
        client.request('GET', url)


def test_trusted_host_is_a_host_and_a_port(server: Loopback, client: http.Client) -> None:
    with pytest.raises(ConfigurationError, match='forbidden_url'):
        client.request('GET', f'http://127.0.0.1:{closed_port()}/')
    with pytest.raises(ConfigurationError, match='forbidden_url'):
        client.request('GET', f'http://localhost:{server.port}/')
    assert not server.received


# -- what is known when there is no answer


@pytest.mark.parametrize('method', ['GET', 'POST'])
def test_refused_connection_is_temporary(method: str, client: http.Client, settings) -> None:
    port = closed_port()
    settings.PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS = [f'127.0.0.1:{port}']
    with pytest.raises(TemporaryError) as caught:
        client.request(method, f'http://127.0.0.1:{port}/')
    assert type(caught.value) is TemporaryError
    assert (caught.value.reason, caught.value.code) == ('connection', 'refused')


@pytest.mark.parametrize('failure', [socket.gaierror(-2, 'unknown'), UnicodeError('label too long')])
def test_unknown_host_is_temporary(
    failure: Exception, client: http.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(*args: object, **kwargs: object) -> None:
        raise failure

    monkeypatch.setattr(socket, 'getaddrinfo', resolve)
    with pytest.raises(TemporaryError) as caught:
        client.request('POST', 'https://inconnu.example.org/', json={})
    assert type(caught.value) is TemporaryError
    assert caught.value.code == 'dns'


CASES = {
    'reset': reset,
    'closed': lambda sock, received: None,
    'not http': lambda sock, received: sock.sendall(b'SSH-2.0-x\r\n\r\n'),
    'half a head': lambda sock, received: sock.sendall(b'HTTP/1.1 200 OK\r\nContent-Le'),
    'half a body': lambda sock, received: sock.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"id"'),
    'half a chunk': lambda sock, received: sock.sendall(
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nab'
    ),
    'half packed': reply(200, gzip.compress(b'{"id": 3}')[:-9], headers={'Content-Encoding': 'gzip'}),
    'packed wrong': reply(200, b'{"id": 3}', headers={'Content-Encoding': 'gzip'}),
    'too big': reply(200, bytes(http.MAX_ANSWER + 1)),
    'too big, not said': reply(200, bytes(http.MAX_ANSWER + 1), length=False),
    'too big once unpacked': reply(
        200, gzip.compress(bytes(http.MAX_ANSWER + 1)), headers={'Content-Encoding': 'gzip'}
    ),
}


# an answer to HEAD has no body that could be lost
HEAD_CASES = ('reset', 'closed', 'not http', 'half a head')


@pytest.mark.parametrize(
    'method, case',
    [(method, case) for method in ('GET', 'POST', 'PUT', 'DELETE', 'PATCH') for case in CASES]
    + [('HEAD', case) for case in HEAD_CASES],
)
def test_lost_answer_leaves_the_outcome_unknown_unless_it_was_a_reading(
    method: str, case: str, server: Loopback, client: http.Client
) -> None:
    server.answer = CASES[case]
    with pytest.raises(TemporaryError) as caught:
        client.request(method, f'{server.url}/?token=secret')
    assert isinstance(caught.value, OutcomeUnknown) == (method not in ('GET', 'HEAD'))
    assert caught.value.code == ('too_big' if case.startswith('too big') else 'reset')
    assert 'secret' not in repr(caught.value) and caught.value.__cause__ is None is caught.value.__context__
    assert len(server.received) == 1


@pytest.mark.parametrize('method', ['GET', 'POST'])
def test_answer_that_does_not_come_in_time(method: str, server: Loopback, client: http.Client) -> None:
    server.answer = hang
    with pytest.raises(TemporaryError) as caught:
        client.request(method, server.url, timeout=0.3)
    assert isinstance(caught.value, OutcomeUnknown) == (method == 'POST')
    assert caught.value.code == 'timeout'


@pytest.mark.parametrize(
    'start', [b'HTTP/1.1 200 OK\r\nX: ', b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n']
)
def test_answer_that_drips_is_cut_at_the_time_limit(
    start: bytes, server: Loopback, client: http.Client
) -> None:
    def drip(sock: socket.socket, received: Received) -> None:
        sock.sendall(start)
        for _ in range(80):
            time.sleep(0.05)
            sock.sendall(b'a')

    server.answer = drip
    with pytest.raises(OutcomeUnknown) as caught:
        client.request('POST', server.url, timeout=0.4)
    assert caught.value.code == 'timeout'


def test_packed_answer_is_unpacked(server: Loopback, client: http.Client) -> None:
    server.answer = reply(200, gzip.compress(b'{"id": 3}'), headers={'Content-Encoding': 'GZIP'})
    assert client.request('POST', server.url).json() == {'id': 3}
    assert server.received[0].headers['accept-encoding'] == 'identity'


@responses.activate
def test_doubles_of_the_tests_know_what_was_sent(client: http.Client) -> None:
    url = 'https://graph.example.org/me'
    responses.post(url, body=http.requests.ReadTimeout())
    with pytest.raises(OutcomeUnknown):
        client.request('POST', url)
    responses.replace('POST', url, body=http.requests.ConnectTimeout())
    with pytest.raises(TemporaryError) as caught:
        client.request('POST', url)
    assert type(caught.value) is TemporaryError
    responses.replace('POST', url, json={'ok': True}, status=201)
    assert client.request('POST', url).json() == {'ok': True}


# -- TLS


@pytest.fixture(scope='module')
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that only who is told so trusts, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, 'loopback')])
    now = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now.replace(year=2100))
    names = x509.SubjectAlternativeName(
        [x509.IPAddress(ipaddress.ip_address('127.0.0.1')), x509.DNSName('media.example.org')]
    )
    builder = builder.add_extension(names, False).add_extension(x509.BasicConstraints(True, None), True)
    file = tmp_path_factory.mktemp('tls') / 'loopback.pem'
    file.write_bytes(
        builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return file


@pytest.fixture
def secure(authority: Path) -> Iterator[Loopback]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    with loopback(context) as running:
        yield running


def test_https(
    secure: Loopback, client: http.Client, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, 'verify', str(authority))
    secure.answer = reply(200, b'{}', keep=True)
    for _ in range(2):
        assert client.request('POST', f'https://127.0.0.1:{secure.port}/', json={}).status == 200
    assert secure.connections == 1
    secure.answer = reset
    with pytest.raises(OutcomeUnknown):
        client.request('POST', f'https://127.0.0.1:{secure.port}/', json={})


def test_certificate_that_nobody_vouches_for_gets_nothing(secure: Loopback, client: http.Client) -> None:
    with pytest.raises(TemporaryError) as caught:
        client.request('POST', f'https://127.0.0.1:{secure.port}/', json={'secret': 1})
    assert type(caught.value) is TemporaryError
    assert caught.value.code == 'tls' and not secure.received


def test_certificate_of_another_gets_nothing(
    secure: Loopback, client: http.Client, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, 'verify', str(authority))
    with pytest.raises(TemporaryError) as caught:
        client.request('POST', f'https://localhost:{secure.port}/', json={'secret': 1})
    assert caught.value.code == 'tls' and not secure.received


# -- connections used again


def peers(server: Loopback) -> int:
    return len({received.peer for received in server.received})


def test_connection_is_used_again_when_the_server_says_so(server: Loopback, client: http.Client) -> None:
    server.answer = reply(200, b'{}', keep=True)
    for method in ('POST', 'POST', 'GET', 'POST'):
        client.request(method, server.url)
    assert peers(server) == 1


def test_connection_is_not_used_again_when_the_server_does_not_say_so(
    server: Loopback, client: http.Client
) -> None:
    """As uwsgi's http-socket: HTTP/1.1, nothing said, and the connection closed a little later."""

    def silent(sock: socket.socket, received: Received) -> None:
        sock.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')
        time.sleep(0.05)

    server.answer = silent
    for _ in range(10):
        assert client.request('POST', server.url).json() == {}
    assert peers(server) == 10


@pytest.mark.parametrize('method, idle, expected', [('POST', 1.5, 2), ('GET', 1.5, 1), ('GET', 6, 2)])
def test_idle_connection_is_not_used_again(
    method: str,
    idle: float,
    expected: int,
    server: Loopback,
    client: http.Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.answer = reply(200, b'{}', keep=True)
    client.request('POST', server.url)
    now = time.monotonic
    monkeypatch.setattr(time, 'monotonic', lambda: now() + idle)
    client.request(method, server.url)
    assert peers(server) == expected


def test_connection_that_was_closed_meanwhile_is_noticed(server: Loopback, client: http.Client) -> None:
    server.answer = lambda sock, received: reply(200, b'{}', keep=True)(sock, received) and False
    for _ in range(3):
        assert client.request('POST', server.url).status == 200
        time.sleep(0.05)


# -- logs


def test_nothing_secret_is_logged(
    server: Loopback, client: http.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.answer = reply(200, b'{"body": "secret"}', headers={'X-Token': 'secret'})
    answer = client.request(
        'POST',
        f'{server.url}/path?signature=secret',
        json={'text': 'secret'},
        headers={'Authorization': 'secret'},
        params={'access_token': 'secret'},
    )
    assert '/path' not in caplog.text and 'POST' in caplog.text  # it was logged, by urllib3
    assert 'secret' not in caplog.text and 'secret' not in repr(answer)


# -- Retry-After


@pytest.mark.parametrize(
    'value, expected',
    [('120', 120), ('Sun, 22 Nov 2026 10:01:00 GMT', 60), ('Sun, 22 Nov 2020 10:00:00 GMT', 0), ('', None),
     ('bientôt', None), ('-5', None), ('Sun, 22 Nov 2026 10:01:00', None)],
)  # fmt: skip
def test_retry_after_in_seconds_or_as_a_date(value: str, expected: float | None, freezer) -> None:
    freezer.move_to('2026-11-22T10:00:00Z')
    assert http.retry_after({'retry-after': value}) == expected
    assert http.retry_after({}) is None

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

"""The token of a bot is in every address of its API: it shows nowhere (R50).

Not in the logs at their most talkative, not in exceptions nor in what a debug page or an error reporter shows
of them (the local variables of each frame), not in the database, whatever goes wrong on the way.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import socket
import ssl
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone
from django.views.debug import ExceptionReporter

from demo.emulators.telegram_state import TOKEN
from publik_socialmedia import errors, http
from publik_socialmedia.models import Account, RawEvent
from publik_socialmedia.networks.base import Attachment, Fetch, OutgoingFile
from publik_socialmedia.networks.telegram import sending
from tests.delivery.test_every_network import town
from tests.loopback import loopback, reply
from tests.networks.desks.telegram import SECRET, Desk, desk

HALVES = (TOKEN, TOKEN.partition(':')[2], SECRET, 'hook-of-the-endpoint')
TESTS = str(Path(__file__).parent.parent)
PDF = OutgoingFile(b'%PDF-1.4 x', 'a.pdf', 'application/pdf')
PHOTO = Attachment('image', reference='AgACAgQ')


@pytest.fixture
def here(caplog: pytest.LogCaptureFixture) -> Iterator[Desk]:
    caplog.set_level(logging.DEBUG)
    with desk() as found:
        credentials = {**found.account.credentials, 'webhook_secret': SECRET}
        found.account = dataclasses.replace(
            found.account,
            credentials=credentials,
            webhook_url='https://combo.example.org/hook-of-the-endpoint/',
        )
        found.writes()
        yield found


def polled(here: Desk) -> Any:
    account = dataclasses.replace(here.account, credentials={'bot_token': TOKEN})
    return here.network.poll(account, {'offset': 5}, here.http)


def fetched(here: Desk) -> Any:
    """As ``intake.attachments`` does: ask where it is, then fetch it."""
    wanted = here.network.open_attachment(here.account, PHOTO, here.http)
    return http.fetch_media(wanted.url, wanted.hosts, headers=wanted.headers)


CALLS: dict[str, Callable[[Desk], Any]] = {
    'text': lambda here: here.send(here.answer()),
    'file': lambda here: here.send_all(here.answer(), PDF),
    'poll': polled,
    'media': fetched,
    'check': lambda here: here.network.check(here.account, here.http),
    'subscribe': lambda here: here.network.subscribe(here.account, here.http),
}


def shown(caplog: pytest.LogCaptureFixture) -> str:
    """All that the loggers got: messages, arguments, tracebacks."""
    return caplog.text + ' '.join(repr(record.__dict__) for record in caplog.records)


def clean(*texts: str) -> None:
    for text in texts:
        for secret in HALVES:
            assert secret not in text, f'… {text[max(0, text.index(secret) - 300) :][:600]}'


def reported(error: BaseException) -> list[str]:
    """What people may see of an exception: itself, its causes, its frames' variables, Django's debug page."""
    while error.__traceback__ and TESTS in error.__traceback__.tb_frame.f_code.co_filename:
        error.__traceback__ = error.__traceback__.tb_next  # the scene holds the token, the software does not
    assert error.__traceback__
    whole = traceback.TracebackException.from_exception(error, capture_locals=True)
    chain, links = [], error
    while links is not None:
        chain.append(f'{links} {links!r} {links.args}')
        links = links.__cause__ or links.__context__  # type: ignore[assignment]
    request = RequestFactory().get('/manage/socialmedia/')
    reporter = ExceptionReporter(request, type(error), error, error.__traceback__)
    page = [reporter.get_traceback_html(), reporter.get_traceback_text()]
    return [''.join(whole.format()), *chain, *page, errors.where(error)]


@contextlib.contextmanager
def _refused(here: Desk) -> Iterator[None]:
    here.account = dataclasses.replace(here.account, api_url='https://127.0.0.1:9')
    yield


@contextlib.contextmanager
def _unknown_host(here: Desk) -> Iterator[None]:
    here.account = dataclasses.replace(here.account, api_url='https://api.telegram.invalid')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, 'getaddrinfo', _nobody)
        yield


def _nobody(*_: object, **__: object) -> None:
    raise socket.gaierror(-2, 'Name or service not known')


@contextlib.contextmanager
def _answered(here: Desk, answer: Any, tls: ssl.SSLContext | None = None) -> Iterator[None]:
    with loopback(tls) as server:
        server.answer = answer
        scheme = 'https' if tls else 'http'
        here.account = dataclasses.replace(here.account, api_url=f'{scheme}://{server.host}')
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(http.app_settings.__class__, 'TRUSTED_HOSTS', frozenset({server.host}))
            yield


def _cut(sock: socket.socket, received: Any) -> bool:
    return False


def _half(sock: socket.socket, received: Any) -> bool:
    sock.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"ok"')
    return False


def _garbage(sock: socket.socket, received: Any) -> bool:
    sock.sendall(b'\x00\x01 nothing like HTTP\r\n\r\n')
    return False


def _slow(sock: socket.socket, received: Any) -> bool:
    sock.settimeout(30)
    with contextlib.suppress(OSError):
        sock.recv(1)  # until the client leaves
    return False


def _redirected(sock: socket.socket, received: Any) -> bool:
    """To itself, with the address that it was given."""
    return bool(reply(302, headers={'Location': f'https://attaquant.example{received.path}'})(sock, received))


FAULTS: dict[str, Callable[[Desk], contextlib.AbstractContextManager[None]]] = {
    'refused': _refused,
    'unknown host': _unknown_host,
    'cut': lambda here: _answered(here, _cut),
    'cut in the answer': lambda here: _answered(here, _half),
    'garbage': lambda here: _answered(here, _garbage),
    'slow': lambda here: _answered(here, _slow),
    'redirected': lambda here: _answered(here, _redirected),
    'unauthorized': lambda here: _answered(here, reply(401, b'{"ok":false,"error_code":401}')),
    'server error': lambda here: _answered(here, reply(502, b'<html>')),
}


@pytest.mark.parametrize('call', CALLS)
@pytest.mark.parametrize('fault', FAULTS)
def test_whatever_breaks_the_token_does_not_show(
    here: Desk, fault: str, call: str, caplog: pytest.LogCaptureFixture, settings, monkeypatch
):
    """R50: at the level of sockets; ``DEBUG``, where Django hides nothing by itself."""
    settings.DEBUG = True
    settings.PUBLIK_SOCIALMEDIA_NETWORK_TIMEOUT = 0.3
    monkeypatch.setattr(sending, 'UPLOAD_TIMEOUT', 0.3)
    with FAULTS[fault](here):
        try:
            found = CALLS[call](here)
        except errors.SocialMediaError as error:
            clean(*reported(error))
        else:  # the test of an account says what is wrong in words
            assert call == 'check' and not found.ok
            clean(repr(found))
    clean(shown(caplog))
    assert caplog.records or fault == 'unknown host' or fault == 'refused'  # the logs were listened to


FILE_FAULTS: dict[str, dict[str, Any]] = {
    'cut': {'kind': 'cut_before'},
    'redirected': {'status': 302, 'headers': {'Location': f'https://attaquant.example/file/bot{TOKEN}/x'}},
    'redirected here': {'status': 302, 'headers': {'Location': f'/file/bot{TOKEN}/x'}},
    'unauthorized': {'status': 401},
    'gone': {'status': 404},
    'broken': {'status': 500},
}


@pytest.mark.parametrize('fault', FILE_FAULTS)
def test_whatever_breaks_a_file_the_token_does_not_show(
    here: Desk, fault: str, caplog: pytest.LogCaptureFixture, settings
):
    """R50, R10: the address of a file holds it too."""
    settings.DEBUG = True
    file = here.server.state.upload(b'%PDF', 'application/pdf', 'a.pdf')
    wanted = here.network.open_attachment(
        here.account, dataclasses.replace(PHOTO, reference=file.id), here.http
    )
    here.server.fail(**{'kind': 'answer', 'pattern': 'GET /file/', **FILE_FAULTS[fault]})
    with pytest.raises(errors.SocialMediaError) as caught:
        http.fetch_media(wanted.url, wanted.hosts)
    clean(*reported(caught.value), shown(caplog), repr(wanted))


@pytest.mark.parametrize('call', CALLS)
def test_a_fault_of_ours_does_not_show_it_either(here: Desk, call: str, settings, monkeypatch):
    """R50: an exception that nobody expects, in the middle of a call, on a debug page."""
    settings.DEBUG = True

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError('unexpected')

    monkeypatch.setattr(http, '_send', fails)
    with pytest.raises(RuntimeError) as caught:
        CALLS[call](here)
    clean(*reported(caught.value))


def test_what_holds_an_address_does_not_show_it():
    """R50: and it is still the address."""
    address = errors.Hidden(f'https://api.telegram.org/bot{TOKEN}/getMe')
    assert address.startswith('https://api.telegram.org/bot123456789:AAE')
    for holder in (address, [address], {'url': address}, Fetch(address, hosts=('api.telegram.org',))):
        clean(repr(holder), f'{holder!r}')


def test_nothing_of_it_is_in_what_is_logged(here: Desk, caplog: pytest.LogCaptureFixture):
    """R50: everything works, and every logger talks."""
    here.server.state.files.clear()
    file = here.server.state.upload(b'\xff\xd8\xff', 'image/jpeg')
    for call in (*CALLS, 'text'):
        here.server.state.webhook = None
        if call == 'media':
            attachment = dataclasses.replace(PHOTO, reference=file.id)
            wanted = here.network.open_attachment(here.account, attachment, here.http)
            assert http.fetch_media(wanted.url, wanted.hosts).content == b'\xff\xd8\xff'
        else:
            CALLS[call](here)
    assert len(here.server.calls) >= 8 and 'urllib3' in caplog.text
    clean(shown(caplog))


@pytest.mark.django_db(transaction=True)
def test_nothing_of_it_is_in_the_database(caplog: pytest.LogCaptureFixture, settings):
    """R50: text and file in and out, a lost answer, polls, a dead token: then every column is read."""
    caplog.set_level(logging.DEBUG)
    with town('telegram') as here:
        jpeg = OutgoingFile(_jpeg(), 'photo.jpg', 'image/jpeg')
        here.desk.writes('Bonjour', jpeg)
        here.hear()
        here.answers('Voici', jpeg)
        here.turn()
        here.desk.fail('cut_after')
        here.answers('Et encore', reply=2)
        here.turn()
        here.desk.kill_token()
        here.desk.writes('Merci', jpeg)
        here.hear()
        here.answers('De rien', reply=3)
        here.turn()
        _poll(here.account)
        assert Account.objects.get().problem == 'auth'
    dumped = _everything()
    assert 'De rien' in dumped and 'AgACAgQ' in dumped or 'BQACAgQ' in dumped
    clean(dumped, shown(caplog))


def _poll(account: Account) -> None:
    """As an account without webhook: its calls and their errors are stored too."""
    from tests.delivery.desk import poll_now

    Account.objects.update(endpoint=None, poll_due_at=timezone.now(), poll_lease_until=None)
    poll_now(Account.objects.get(pk=account.pk))
    assert Account.objects.get().last_error and RawEvent.objects.exists()


def _jpeg() -> bytes:
    from demo.emulators.graph_state import photo

    return bytes(photo().content)


def _everything() -> str:
    """Every row of every table of ours, as text."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith('publik_socialmedia_'):
                cursor.execute(f'SELECT t::text FROM {table} AS t')
                found += [row[0] for row in cursor.fetchall()]
    return '\n'.join(found)


def test_the_reader_of_reports_sees_what_it_must():
    """Else the tests above prove nothing: a plain address is found, by each way of looking."""
    address = f'https://api.telegram.org/bot{TOKEN}/getMe'

    try:
        json.loads('{', parse_float=address)  # type: ignore[arg-type]
    except ValueError as error:
        found = reported(error)
    assert [TOKEN in text for text in found][:1] == [True] and sum(TOKEN in text for text in found) >= 2

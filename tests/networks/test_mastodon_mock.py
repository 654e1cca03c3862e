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

"""The whole network against mastodon_mock, somebody else's idea of a Mastodon server, over real HTTP."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from django.test import override_settings

from publik_socialmedia.errors import ConfigurationError, OutcomeUnknown, PermanentError, TemporaryError
from publik_socialmedia.http import Client
from publik_socialmedia.networks.base import Account, Kind, Outgoing, OutgoingFile, Return, Thread
from tests.networks.mastodon_scene import NETWORK, read, texts

SEED = """
[[seed.accounts]]
username = "ville"
display_name = "Ville de Villexemple"
access_token = "ville-token"

[[seed.accounts]]
username = "jeanne"
access_token = "jeanne-token"

[[seed.accounts]]
username = "marc"
access_token = "marc-token"
"""
RETURN = 'https://combo.example.org/socialmedia/manage/authorization/mastodon/'
PNG = bytes.fromhex(
    '89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de'
    '0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082'
)


@pytest.fixture(scope='module')
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp('mastodon_mock')
    (folder / 'seed.toml').write_text(SEED)
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    words = [
        '-m',
        'mastodon_mock',
        'serve',
        '--in-memory',
        '--config',
        'seed.toml',
        '--log-level',
        'critical',
    ]
    environment = {key: value for key, value in os.environ.items() if not key.startswith('DJANGO')}
    with subprocess.Popen(
        [sys.executable, *words, '--host', '127.0.0.1', '--port', str(port)],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait_for(port, process)
            yield f'http://127.0.0.1:{port}'
        finally:
            process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, 'mastodon_mock does not start'
        with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', port), timeout=1):
            return
        time.sleep(0.1)
    raise AssertionError('mastodon_mock does not listen')


class Mock:
    """That server, our account on it, and the people who write to it."""

    def __init__(self, url: str, http: Client) -> None:
        self.url, self.http = url, http
        credentials = {'instance': url, 'access_token': 'ville-token'}
        self.health = NETWORK.check(Account('', credentials), http)
        self.account = Account(self.health.external_id, credentials, self.health.facts)
        self.cursor: Any = {}

    def call(self, person: str, method: str, path: str, **body: Any) -> Any:
        headers = {'Authorization': f'Bearer {person}-token'}
        answer = requests.request(method, self.url + path, headers=headers, json=body or None, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def write(self, person: str, text: str, **more: Any) -> str:
        values = {'status': text, 'visibility': 'direct', **more}
        return str(self.call(person, 'POST', '/api/v1/statuses', **values)['id'])

    def fail(self, path: str, **effect: Any) -> None:
        rule = {'match': {'path': path}, 'effect': effect, 'count': 1}
        self.call('ville', 'POST', '/api/v1/_mock/faults', **rule)

    def poll(self) -> list[Any]:
        page = NETWORK.poll(self.account, self.cursor, self.http)
        self.cursor = page.cursor
        return read(page)


@pytest.fixture
def mock(url: str) -> Iterator[Mock]:
    with (
        override_settings(PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS=[url.removeprefix('http://')]),
        contextlib.closing(Client()) as http,
    ):
        found = Mock(url, http)
        found.poll()
        yield found


def answer(text: str, **more: Any) -> Outgoing:
    return Outgoing(**{'key': f'key {text}', 'recipient': 'jeanne', 'text': text, **more})


def test_check(mock: Mock):
    """R40"""
    assert (mock.health.ok, mock.health.problems) == (True, ())
    assert (mock.health.external_id, mock.health.name) == ('ville', 'Ville de Villexemple')
    assert mock.health.facts['server'] == 'mastodon' and mock.health.facts['max_characters'] == 500
    wrong = NETWORK.check(Account('', {'instance': mock.url, 'access_token': 'wrong'}), mock.http)
    assert [problem.reason for problem in wrong.problems] == ['auth']


def test_signing_in(mock: Mock):
    """R40: its registration, its page, its tokens; the code that it gives is that of the account chosen."""
    typed = Account('', {'instance': mock.url})
    asked = NETWORK.authorize(typed, RETURN, 'un-etat', mock.http)
    assert requests.get(asked.url, timeout=10).status_code == 200
    chosen = {**dict(parse_qsl(urlsplit(asked.url).query)), 'username': 'ville'}
    page = requests.post(f'{mock.url}/oauth/authorize', data=chosen, timeout=10, allow_redirects=False)
    query = dict(parse_qsl(urlsplit(page.headers['location']).query))
    assert query['state'] == 'un-etat'
    got = NETWORK.exchange(typed, Return(query, RETURN, asked.keep), mock.http)
    health = NETWORK.check(Account('', {**typed.credentials, **got}), mock.http)
    assert health.external_id == 'ville' and not [p for p in health.problems if p.severity == 'critical']
    with pytest.raises(ConfigurationError) as caught:
        NETWORK.exchange(typed, Return({**query, 'code': 'faux'}, RETURN, asked.keep), mock.http)
    assert caught.value.reason == 'oauth_code'


def test_poll(mock: Mock):
    """R16, R17: private mentions only, each once, in bursts too."""
    number = mock.write('jeanne', '@ville Bonjour, le lampadaire est en panne.\n\nMerci & à bientôt <3')
    mock.write('jeanne', '@ville bravo', visibility='public')
    (event,) = mock.poll()
    assert (event.kind, event.user, event.external_id) == (Kind.MESSAGE, 'jeanne', number)
    assert event.text == 'Bonjour, le lampadaire est en panne.\n\nMerci & à bientôt <3'
    assert mock.poll() == []
    for rank in range(90):
        mock.write('marc', f'@ville {rank}')
    assert sorted(texts(mock.poll()), key=int) == [str(rank) for rank in range(90)]
    assert mock.poll() == []


def test_answer(mock: Mock):
    """R30, R34"""
    asked = mock.write('jeanne', '@ville Bonjour')
    sent = NETWORK.send(mock.account, answer('Voyez avec @marc', reply_to=asked), mock.http)
    status = mock.call('jeanne', 'GET', f'/api/v1/statuses/{sent.external_id}')
    assert status['visibility'] == 'direct' and status['in_reply_to_id'] == asked
    assert [person['acct'] for person in status['mentions']] == ['jeanne']
    assert NETWORK.find_sent(mock.account, answer('Voyez avec @marc', reply_to=asked), mock.http) == sent


def test_answer_with_a_picture(mock: Mock):
    file = OutgoingFile(PNG, 'plan.png', 'image/png', 'Plan du parc')
    sent = NETWORK.send(mock.account, answer('Voici le plan.', file=file), mock.http)
    (media,) = mock.call('jeanne', 'GET', f'/api/v1/statuses/{sent.external_id}')['media_attachments']
    assert media['description'] == 'Plan du parc'


def test_lost_answer(mock: Mock):
    """R30: the key makes one message of two tries; and it is found without it."""
    now = datetime.now(UTC)
    attempt = answer('Perdue ?', first_tried_at=now, last_tried_at=now - timedelta(seconds=61))
    mock.fail('/api/v1/statuses', type='status', status=503)
    with pytest.raises(OutcomeUnknown):
        NETWORK.send(mock.account, attempt, mock.http)
    first = NETWORK.send(mock.account, attempt, mock.http)
    assert NETWORK.send(mock.account, attempt, mock.http).external_id == first.external_id
    found = NETWORK.find_sent(mock.account, attempt, mock.http)
    assert found is not None and found.external_id == first.external_id


def test_message_answered_is_gone(mock: Mock):
    asked = mock.write('jeanne', '@ville Bonjour')
    mock.call('jeanne', 'DELETE', f'/api/v1/statuses/{asked}')
    assert NETWORK.send(mock.account, answer('Trop tard', reply_to=asked), mock.http).external_id


def test_edit_deletion_and_answer_elsewhere(mock: Mock):
    """R11, R13"""
    asked = mock.write('jeanne', '@ville Bonjour')
    other = mock.write('jeanne', '@ville Merci')
    followed = Thread('jeanne', (other, asked))
    assert read(NETWORK.reread(mock.account, [followed], mock.http)) == []
    mock.call('jeanne', 'PUT', f'/api/v1/statuses/{asked}', status='@ville Bonsoir')
    mock.call('jeanne', 'DELETE', f'/api/v1/statuses/{other}')
    own = mock.write('ville', '@jeanne On arrive', in_reply_to_id=asked)
    events = read(NETWORK.reread(mock.account, [followed], mock.http))
    assert {(event.kind, event.external_id, event.from_us) for event in events} == {
        (Kind.EDIT, asked, False),
        (Kind.UNSEND, other, False),
        (Kind.MESSAGE, own, True),
    }
    edits = [event for event in events if event.kind is Kind.EDIT]
    assert {event.text for event in edits} == {'Bonsoir'}


def test_history(mock: Mock):
    """R18"""
    start = datetime.now(UTC)
    mock.write('jeanne', '@ville depuis')
    mock.write('ville', '@jeanne notre réponse')
    events, cursor, more = [], {}, True
    while more:
        page = NETWORK.history(mock.account, cursor, start, mock.http)
        cursor, more = page.cursor, page.more
        events += read(page)
    assert sorted(texts(events)) == ['depuis', 'notre réponse']


@pytest.mark.parametrize('effect, expected', [
    ({'type': 'ratelimit'}, TemporaryError),
    ({'type': 'status', 'status': 500}, TemporaryError),
    ({'type': 'status', 'status': 401}, ConfigurationError),
    ({'type': 'status', 'status': 410}, PermanentError),
])  # fmt: skip
def test_faults(mock: Mock, effect: dict[str, Any], expected: type[Exception]):
    """R33"""
    mock.fail('/api/v1/notifications', **effect)
    with pytest.raises(expected) as caught:
        mock.poll()
    if effect['type'] == 'ratelimit':  # it gives seconds since 1970, where Mastodon gives a date
        assert caught.value.reason == 'rate' and 290 < caught.value.retry_after < 302
    assert mock.poll() == []

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

"""What real servers of accounts answered (PDS 0.4.217, 0.5.35): our emulator says the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from demo.emulators.bluesky import APP_PASSWORD, CHAT, MAIRIE, PLAIN_PASSWORD, BlueskyEmulator
from publik_socialmedia import networks
from publik_socialmedia.networks.base import Account
from publik_socialmedia.networks.bluesky.session import Session
from tests.networks.corpus import StoredAnswer

RECORDED = Path(__file__).parent / 'recorded' / 'bluesky'
NETWORK = networks.get('bluesky')
NEW, OLD = 'pds-0.5.35/', 'pds-0.4.217/'

# what was recorded → what it means: (reason, '' if it is no error)
MEANINGS = {
    f'{NEW}06-createSession-app-password-without-dm': '',
    f'{NEW}07-chat-refused-without-dm': 'permission',
    f'{NEW}08-chat-no-proxy-header': 'temporary',
    f'{NEW}09-createSession-app-password-with-dm': '',
    f'{NEW}10-createSession-bad': 'auth',
    f'{NEW}11-getSession': '',
    f'{NEW}12-bad-token': 'auth_refresh',
    f'{NEW}13-bad-proxy-did': 'temporary',
    f'{NEW}14-bad-proxy-header': 'permanent',
    f'{NEW}26-getMessages-bad-convo': 'permanent',
    f'{NEW}27-refreshSession': '',
    f'{NEW}28-refreshSession-same-token-again': '',
    f'{NEW}29-refresh-with-access-token': 'auth_refresh',
    f'{NEW}30-access-with-refresh-token': 'auth_refresh',
    f'{NEW}32-deleteSession': '',
    f'{NEW}33-refresh-after-delete': 'auth_refresh',
    f'{NEW}35-createSession-revoked': 'auth',
    f'{NEW}36-createSession-429': 'rate',
    f'{OLD}33-expired-access-token': 'auth_refresh',
    f'{OLD}34-no-token': 'auth_refresh',
}


def recorded(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((RECORDED / f'{name}.json').read_bytes())
    return found


def test_all_that_was_recorded_is_used():
    assert {
        path.relative_to(RECORDED).with_suffix('').as_posix() for path in RECORDED.rglob('*.json')
    } == set(MEANINGS)


@pytest.mark.parametrize('name', MEANINGS)
def test_we_understand_it(name: str):
    """R33, R41"""
    stored = recorded(name)
    headers = {key.lower(): value for key, value in stored['headers'].items()}
    error = NETWORK.error(StoredAnswer(stored['status'], json.dumps(stored['body']).encode(), headers))
    assert (error.reason if error else '') == MEANINGS[name]


@pytest.mark.parametrize('name', ['09-createSession-app-password-with-dm', '27-refreshSession'])
def test_a_session_is_made_of_it(name: str):
    body = {**recorded(NEW + name)['body'], 'accessJwt': 'a', 'refreshJwt': 'b'}
    found = Session.made(body, Account('', {'identifier': 'mairie.test', 'app_password': 'x'}))
    assert (found.did, found.server) == ('did:plc:26y4dxsl7ncvieql6vp7zx3q', 'http://localhost:2583')


class Player:
    """Plays on the emulator what was played on the real server."""

    def __init__(self, server: BlueskyEmulator) -> None:
        self.server = server
        self.session: dict[str, Any] = {}

    def ask(self, verb: str, method: str, token: str = '', proxy: str = '', **more: Any) -> requests.Response:
        headers = {'Authorization': f'Bearer {token}'} if token else {}
        headers |= {'atproto-proxy': proxy} if proxy else {}
        return requests.request(verb, f'{self.server.url}/xrpc/{method}', headers=headers, timeout=10, **more)

    def sign_in(self, password: str) -> requests.Response:
        typed = {'identifier': MAIRIE, 'password': password}
        found = self.ask('POST', 'com.atproto.server.createSession', json=typed)
        self.session = found.json() if found.ok else self.session
        return found

    def refresh(self, token: str) -> requests.Response:
        return self.ask('POST', 'com.atproto.server.refreshSession', token)

    def convos(self, token: str, proxy: str = CHAT) -> requests.Response:
        return self.ask('GET', 'chat.bsky.convo.listConvos', token, proxy)


def played(server: BlueskyEmulator) -> dict[str, requests.Response]:
    """The same calls as those recorded, by name."""
    on, found = Player(server), dict[str, requests.Response]()
    found['06-createSession-app-password-without-dm'] = on.sign_in(PLAIN_PASSWORD)
    found['07-chat-refused-without-dm'] = on.convos(on.session['accessJwt'])
    found['09-createSession-app-password-with-dm'] = on.sign_in(APP_PASSWORD)
    access, refresh = on.session['accessJwt'], on.session['refreshJwt']
    found['08-chat-no-proxy-header'] = on.convos(access, '')
    found['10-createSession-bad'] = on.sign_in('nope')
    found['11-getSession'] = on.ask('GET', 'com.atproto.server.getSession', access)
    found['12-bad-token'] = on.convos('x.y.z')
    found['13-bad-proxy-did'] = on.convos(access, 'did:web:nowhere.invalid#bsky_chat')
    found['14-bad-proxy-header'] = on.convos(access, CHAT.partition('#')[0])
    bad = {'convoId': 'nope'}
    found['26-getMessages-bad-convo'] = on.ask('GET', 'chat.bsky.convo.getMessages', access, CHAT, params=bad)
    found['27-refreshSession'] = on.refresh(refresh)
    found['28-refreshSession-same-token-again'] = on.refresh(refresh)
    found['29-refresh-with-access-token'] = on.refresh(access)
    found['30-access-with-refresh-token'] = on.ask('GET', 'com.atproto.server.getSession', refresh)
    newer = found['27-refreshSession'].json()['refreshJwt']
    found['32-deleteSession'] = on.ask('POST', 'com.atproto.server.deleteSession', newer)
    found['33-refresh-after-delete'] = on.refresh(newer)
    server.access.revoke(APP_PASSWORD)
    found['35-createSession-revoked'] = on.sign_in(APP_PASSWORD)
    for _ in range(30):
        found['36-createSession-429'] = on.sign_in('nope')
    return found


def test_the_emulator_answers_as_the_real_server():
    """Statuses, names and sentences of errors, keys of sessions, headers of rates."""
    with BlueskyEmulator() as server:
        answers = played(server)
    assert set(answers) == {name.removeprefix(NEW) for name in MEANINGS if name.startswith(NEW)}
    assert answers['27-refreshSession'].json() == answers['28-refreshSession-same-token-again'].json()
    for name, given in answers.items():
        real = recorded(NEW + name)
        assert given.status_code == real['status'], name
        if not given.ok:
            assert given.json() == real['body'], name
        elif real['body']:
            assert set(real['body']) <= set(given.json()), name
        missing = {key for key in real['headers'] if key.startswith('RateLimit')} - set(given.headers)
        assert not missing, name
    assert answers['36-createSession-429'].headers['Retry-After'].isdigit()


def test_the_emulator_knows_the_end_of_a_token_and_its_absence():
    with BlueskyEmulator() as server:
        on = Player(server)
        on.sign_in(APP_PASSWORD)
        server.access.forward(2 * 3600)
        for name, given in (
            ('33-expired-access-token', on.convos(on.session['accessJwt'])),
            ('34-no-token', on.convos('')),
        ):
            real = recorded(OLD + name)
            assert (given.status_code, given.json()) == (real['status'], real['body'])

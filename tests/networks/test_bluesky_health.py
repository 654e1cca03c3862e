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

"""The test of a Bluesky account says what is wrong, in words (R40, R41)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import pytest

from demo.emulators.bluesky import APP_PASSWORD, MAIRIE, PLAIN_PASSWORD, BlueskyEmulator
from publik_socialmedia import errors
from publik_socialmedia.networks.base import Account, Health
from publik_socialmedia.networks.bluesky import health
from tests.networks.desks.bluesky import Desk, desk

CREATE = 'POST /xrpc/com.atproto.server.createSession'
SIGN_IN = 'le mot de passe du compte'


@pytest.fixture
def here() -> Iterator[Desk]:
    with desk() as found:
        yield found


def check(here: Desk, **credentials: str) -> Health:
    """The test of what was just typed: no session is kept yet."""
    typed = {'identifier': MAIRIE, 'app_password': APP_PASSWORD, **credentials}
    return here.network.check(Account('', typed, api_url=here.server.url), here.http)


def told(found: Health) -> list[tuple[str, str]]:
    return [(problem.message, problem.severity) for problem in found.problems]


def test_a_healthy_account_is_named_and_costs_no_sign_in(here: Desk):
    found = here.network.check(here.account, here.http)
    assert (found.ok, told(found)) == (True, [])
    assert (found.external_id, found.name) == (here.server.mairie.did, 'Ville de Villexemple')
    assert found.facts == {'handle': MAIRIE, 'server': here.server.url, 'allow_incoming': 'all'}
    assert here.server.asked(CREATE) == []


@pytest.mark.parametrize(
    'credentials, message',
    [
        ({'app_password': ''}, health.MISSING),
        ({'identifier': ''}, health.MISSING),
        ({'app_password': 'xxxx-xxxx-xxxx-xxxx'}, health.PASSWORD),
        ({'identifier': 'personne.example.org'}, health.PASSWORD),
        ({'app_password': PLAIN_PASSWORD}, health.NO_MESSAGES),
    ],
)
def test_what_was_typed_wrong(here: Desk, credentials: dict[str, str], message: str):
    found = check(here, **credentials)
    assert not found.ok and (message, 'critical') in told(found)


def test_the_right_is_missed_before_the_chat_is_asked(here: Desk):
    """Read in the token: the box that was forgotten is named."""
    check(here, app_password=PLAIN_PASSWORD)
    assert here.server.asked('chat.bsky') == []


def test_the_password_of_the_account_is_no_app_password(here: Desk):
    """It works, and should not be here."""
    found = check(here, app_password=SIGN_IN)
    assert found.ok and told(found) == [(health.MAIN_PASSWORD, 'warning')]


@pytest.mark.parametrize(
    'change, message, severity',
    [
        (lambda server: setattr(server.mairie, 'status', 'takendown'), health.UNUSABLE, 'critical'),
        (lambda server: setattr(server.mairie, 'status', 'deactivated'), health.UNUSABLE, 'critical'),
        (lambda server: setattr(server.mairie, 'chat_disabled', True), health.CHAT_OFF, 'critical'),
        (lambda server: setattr(server.mairie, 'confirmed', False), health.EMAIL, 'warning'),
        (lambda server: setattr(server.mairie, 'allows', None), health.FOLLOWED_ONLY, 'warning'),
        (lambda server: setattr(server.mairie, 'allows', 'following'), health.FOLLOWED_ONLY, 'warning'),
        (lambda server: setattr(server.mairie, 'allows', 'none'), health.NOBODY, 'critical'),
    ],
)
def test_what_is_wrong_with_the_account(
    here: Desk, change: Callable[[BlueskyEmulator], None], message: str, severity: str
):
    change(here.server)
    found = here.network.check(here.account, here.http)
    assert told(found) == [(message, severity)] and found.ok is (severity == 'warning')


def test_another_account_than_the_one_connected(here: Desk):
    other = dataclasses.replace(here.account, external_id='did:plc:another')
    assert (health.OTHER, 'critical') in told(here.network.check(other, here.http))


@pytest.mark.parametrize(
    'server, message',
    [
        ('ftp://x', health.ADDRESS),
        ('https://[', health.ADDRESS),
        ('http://93.184.216.34', health.NOT_A_SERVER),
    ],
)
def test_an_address_that_is_none(here: Desk, server: str, message: str):
    typed = {'identifier': MAIRIE, 'app_password': APP_PASSWORD, 'server': server}
    found = here.network.check(Account('', typed), here.http)
    assert told(found) == [(message, 'critical')]


@pytest.mark.parametrize('status', [200, 301, 404])
def test_a_server_that_is_no_such_server(here: Desk, status: int):
    here.server.fail('answer', CREATE, status=status, body=b'<html>')
    if status == 200:
        with pytest.raises(errors.TemporaryError):
            check(here)
        return
    assert told(check(here)) == [(health.NOT_A_SERVER, 'critical')]


def test_an_older_chat_service_and_a_server_without_names(here: Desk):
    """What they do not know is no problem: the handle serves for a name."""
    missing = {'error': 'MethodNotImplemented', 'message': 'Method Not Implemented'}
    here.server.fail('answer', 'getStatus', status=404, body=missing)
    here.server.fail('answer', 'getProfile', status=502, body={'error': 'UpstreamFailure', 'message': ''})
    found = here.network.check(here.account, here.http)
    assert (found.ok, found.name, told(found)) == (True, MAIRIE, [])


@pytest.mark.parametrize('allows', [None, 'following', 'none'])
def test_subscribing_lets_everyone_write(here: Desk, allows: str | None):
    here.server.mairie.allows = allows
    here.network.subscribe(here.account, here.http)
    assert here.server.mairie.allows == 'all'
    record = here.server.mairie.records[health.DECLARATION]
    assert record['allowGroupInvites'] == 'none' and record['$type'] == health.DECLARATION
    here.network.subscribe(here.account, here.http)
    assert len(here.server.asked('putRecord')) == 1


def test_subscribing_keeps_the_other_settings(here: Desk):
    own = {'$type': health.DECLARATION, 'allowIncoming': 'following', 'allowGroupInvites': 'all', 'later': 1}
    here.server.mairie.records[health.DECLARATION] = own
    here.network.subscribe(here.account, here.http)
    assert here.server.mairie.records[health.DECLARATION] == {**own, 'allowIncoming': 'all'}


def test_subscribing_that_is_refused_says_so(here: Desk):
    here.server.mairie.allows = None
    here.server.fail(
        'answer', 'putRecord', status=400, body={'error': 'InvalidToken', 'message': 'Bad token scope'}
    )
    with pytest.raises(errors.ConfigurationError) as caught:
        here.network.subscribe(here.account, here.http)
    assert caught.value.reason == 'permission'
    here.server.slow_down('getRecord')
    with pytest.raises(errors.TemporaryError):
        here.network.subscribe(here.account, here.http)

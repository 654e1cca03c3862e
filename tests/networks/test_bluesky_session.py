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

"""The session of Bluesky: made once, kept, refreshed by one worker, made anew as a last resort (R41)."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from demo.emulators.bluesky import APP_PASSWORD, MAIRIE, PLAIN_PASSWORD
from demo.emulators.bluesky_access import RATES
from publik_socialmedia import errors, tokens
from publik_socialmedia.intake import polling
from publik_socialmedia.models import Account
from publik_socialmedia.networks.base import Account as View
from publik_socialmedia.networks.bluesky import session as sessions
from publik_socialmedia.networks.bluesky.session import Session, claims, opens_messages, server_of, stored
from tests.factory import make_account
from tests.networks.desks.bluesky import Desk, desk

CREATE = 'POST /xrpc/com.atproto.server.createSession'
REFRESH = 'POST /xrpc/com.atproto.server.refreshSession'
TYPED = {'identifier': MAIRIE, 'app_password': APP_PASSWORD}
HOURS = 3600.0


@pytest.fixture
def here() -> Iterator[Desk]:
    with desk() as found:
        yield found


def asked(here: Desk, pattern: str) -> int:
    return len(here.server.asked(pattern))


def renewed(here: Desk, refused: bool = False) -> bool:
    """Whether there was something to renew; the account has it then."""
    values = here.network.renew(here.account, here.http, refused=refused)
    credentials = {**here.account.credentials, **(values or {})}
    here.account = dataclasses.replace(here.account, credentials=credentials)
    return values is not None


def alter(here: Desk, **values: str) -> None:
    """Something of the session is other than it was."""
    found = dataclasses.replace(Session.of(here.account), **values).credential()
    here.account = dataclasses.replace(
        here.account, credentials={**here.account.credentials, 'session': found}
    )


# -- by the network's class alone


def test_a_session_that_lives_is_left_alone(here: Desk):
    assert not renewed(here)
    due_at = here.network.renewal_due(here.account)
    left = due_at - datetime.now(UTC)
    assert timedelta(minutes=100) < left < timedelta(hours=2)
    assert asked(here, 'server') == 0


def test_it_is_refreshed_and_not_made_anew(here: Desk):
    """Sign-ins are few: the refresh token serves first, and both new tokens are kept."""
    before = Session.of(here.account)
    here.ages_token()
    assert renewed(here)
    after = Session.of(here.account)
    assert {after.access, after.refresh} & {before.access, before.refresh} == set()
    assert (asked(here, REFRESH), asked(here, CREATE)) == (1, 0)
    here.writes()
    assert here.send(here.answer()).external_id


def test_a_refresh_whose_answer_is_lost_is_made_again(here: Desk):
    """The same token gives the same session for a while: nothing is lost, nobody signs in."""
    here.ages_token()
    here.server.fail('cut_after', REFRESH)
    with pytest.raises(errors.TemporaryError) as lost:
        renewed(here)
    assert not isinstance(lost.value, errors.OutcomeUnknown)
    assert renewed(here) and asked(here, CREATE) == 0


def test_a_refresh_token_that_is_over_makes_sign_in(here: Desk):
    here.server.access.forward(91 * 24 * HOURS)
    assert renewed(here, refused=True)
    assert (asked(here, REFRESH), asked(here, CREATE)) == (1, 1)
    alter(here, refresh='not.a.token')
    assert renewed(here, refused=True) and asked(here, CREATE) == 2


def test_a_revoked_app_password_is_a_person_s_business(here: Desk):
    """R23, R33: seen at the end of the access token at the latest."""
    here.server.access.revoke(APP_PASSWORD)
    here.writes()
    assert here.send(here.answer()).external_id  # as recorded: the access token lives on
    here.server.access.forward(2 * HOURS)
    with pytest.raises(errors.TemporaryError) as over:
        here.send(here.answer())
    assert (over.value.reason, over.value.http_status) == ('auth_refresh', 400)
    with pytest.raises(errors.ConfigurationError) as revoked:
        renewed(here, refused=True)
    assert (revoked.value.reason, revoked.value.code) == ('auth', 'AuthenticationRequired')


def test_a_corrected_password_is_used_at_once(here: Desk):
    """A session without the right to messages could be refreshed for ever: it is of the former password."""
    here.account = View('', {**TYPED, 'app_password': PLAIN_PASSWORD}, api_url=here.server.url)
    assert renewed(here)
    assert not opens_messages(Session.of(here.account).access)
    here.account = dataclasses.replace(here.account, credentials={**here.account.credentials, **TYPED})
    assert stored(here.account) is None and here.network.renewal_due(here.account) <= datetime.now(UTC)
    assert renewed(here)
    assert opens_messages(Session.of(here.account).access)


def test_sign_ins_are_limited_and_the_limit_is_heeded(here: Desk, monkeypatch):
    """R33: 30 in five minutes."""
    here.account = View('', TYPED, api_url=here.server.url)
    for _ in range(RATES['sign-in'][0] - 1):  # the desk has made one
        assert here.network.renew(here.account, here.http)
    with pytest.raises(errors.TemporaryError) as caught:
        here.network.renew(here.account, here.http)
    assert caught.value.reason == 'rate' and 0 < (caught.value.retry_after or 0) <= 301


def test_what_was_typed_may_be_approximate(here: Desk):
    typed = {'identifier': f' @{MAIRIE} ', 'app_password': f' {APP_PASSWORD}\n'}
    here.account = View('', typed, api_url=here.server.url)
    assert renewed(here)


@pytest.mark.parametrize('typed', [{}, {'identifier': MAIRIE}, {'app_password': 'x', 'identifier': ' '}])
def test_without_handle_or_password_nothing_is_asked(here: Desk, typed: dict[str, str]):
    account = View('', typed, api_url=here.server.url)
    assert here.network.renewal_due(account) is None
    with pytest.raises(errors.ConfigurationError):
        here.network.poll(account, {}, here.http)
    assert not here.server.calls


def test_nothing_is_asked_of_the_chat_without_session(here: Desk):
    account = View('', TYPED, api_url=here.server.url)
    with pytest.raises(errors.TemporaryError) as caught:
        here.network.poll(account, {}, here.http)
    assert caught.value.reason == 'auth_refresh' and not here.server.calls


@pytest.mark.parametrize(
    'answer', [b'<html>', b'[]', b'{}', b'{"accessJwt": "a\\nb", "refreshJwt": "c", "did": "d"}']
)
def test_what_is_no_session_is_not_kept(here: Desk, answer: bytes):
    here.server.fail('answer', CREATE, status=200, body=answer)
    here.account = View('', TYPED, api_url=here.server.url)
    with pytest.raises(errors.TemporaryError):
        renewed(here)


@pytest.mark.parametrize('kept', ['', 'x', '[]', '{"did": 3}', '[' * 10_000])
def test_a_session_that_cannot_be_read_is_none(kept: str):
    assert stored(View('', {**TYPED, 'session': kept})) is None


def test_the_server_of_the_account_is_the_one_of_its_document():
    """Not the one where it signed in, nor another service."""
    labeler = {'id': '#atproto_labeler', 'serviceEndpoint': 'https://labels.example'}
    own = {'id': 'did:plc:x#atproto_pds', 'serviceEndpoint': 'https://morel.example/'}
    assert server_of({'service': [labeler, own]}) == 'https://morel.example'
    assert server_of({'service': [labeler]}) == server_of(None) == ''
    answer = {'accessJwt': 'a', 'refreshJwt': 'b', 'did': 'did:plc:x'}
    account = View('', TYPED)
    assert Session.made({**answer, 'didDoc': {'service': [own]}}, account).server == 'https://morel.example'
    assert Session.made(answer, account).server == 'https://bsky.social'
    assert (
        Session.made(answer, View('', {**TYPED, 'server': 'pds.example.org/'})).server
        == 'https://pds.example.org'
    )
    assert Session.made(answer, account, 'https://former.example').server == 'https://former.example'


def test_a_token_that_does_not_say_when_it_ends_is_renewed_within_the_hour():
    found = Session.made({'accessJwt': 'opaque', 'refreshJwt': 'b', 'did': 'did:plc:x'}, View('', TYPED))
    assert timedelta(minutes=45) < found.due_at - datetime.now(UTC) <= timedelta(hours=1)


def coded(payload: bytes) -> str:
    return f'h.{base64.urlsafe_b64encode(payload).decode().rstrip("=")}.s'


@pytest.mark.parametrize('token', ['', 'x', 'a.b', 'a.é.c', coded(b'['), coded(b'\xff'), coded(b'[' * 9999)])
def test_a_token_that_cannot_be_read_says_nothing(token: str):
    assert claims(token) == {} and opens_messages(token)


@pytest.mark.parametrize(
    'scope, opens',
    [
        ('com.atproto.access', True),
        ('com.atproto.appPassPrivileged', True),
        ('com.atproto.appPass', False),
        ('one of tomorrow', True),
    ],
)
def test_the_right_to_messages_is_read_in_the_token(scope: str, opens: bool):
    assert opens_messages(coded(json.dumps({'scope': scope}).encode())) is opens


def test_the_session_is_no_secret_that_shows():
    """R50"""
    found = Session('m', 'did:plc:x', 'https://a.example', '2026-01-01', 'the-access', 'the-refresh')
    assert 'the-access' not in repr(found) and 'the-refresh' not in repr(found)
    assert APP_PASSWORD not in sessions.fingerprint(View('', TYPED))


# -- with the database


@contextlib.contextmanager
def connected(here: Desk, settings: Any) -> Iterator[Account]:
    """The account as an administrator has just typed it."""
    settings.PUBLIK_SOCIALMEDIA_API_URLS = {'bluesky': here.server.url}
    yield make_account('bluesky', external_id=here.account.external_id, credentials=dict(TYPED))


def poll(account: Account) -> None:
    turn = polling.claim_one(account.pk)
    assert turn is not None
    polling.poll(turn)
    account.refresh_from_db()


@pytest.mark.django_db
def test_one_sign_in_for_all_workers_and_restarts(here: Desk, settings):
    """R41: what a process got is in the database, encrypted; the next ones use it."""
    with connected(here, settings) as account:
        for _ in range(5):
            poll(Account.objects.get(pk=account.pk))
        assert account.pk and (asked(here, CREATE), asked(here, REFRESH)) == (1, 0)
        account.refresh_from_db()
        assert account.credentials['app_password'] == APP_PASSWORD
        assert stored(account.view()) is not None and account.poll_failures == 0


@pytest.mark.django_db
def test_an_expired_token_costs_one_refresh_and_no_failure(here: Desk, settings):
    """400 ``ExpiredToken``: refreshed, and the call is made again."""
    with connected(here, settings) as account:
        poll(account)
        here.server.access.forward(3 * HOURS)
        poll(account)
        assert (asked(here, CREATE), asked(here, REFRESH)) == (1, 1)
        assert (account.poll_failures, account.problem) == (0, '')


@pytest.mark.django_db
def test_a_revoked_password_stops_the_account_until_it_is_corrected(here: Desk, settings):
    """R5, R23, R41"""
    with connected(here, settings) as account:
        poll(account)
        here.server.access.revoke(APP_PASSWORD)
        here.server.access.forward(3 * HOURS)
        poll(account)
        assert (account.state, account.problem) == (Account.State.BROKEN, 'auth')
        assert account.poll_due_at > timezone.now()
        here.server.mairie.passwords['aaaa-bbbb-cccc-dddd'] = True
        corrected = {**account.credentials, 'app_password': 'aaaa-bbbb-cccc-dddd'}
        Account.objects.update(credentials=corrected)
        account.refresh_from_db()
        poll(account)
        assert (account.state, account.problem) == (Account.State.ACTIVE, '')


@pytest.mark.django_db
def test_a_password_without_the_right_is_said_so(here: Desk, settings):
    """R23: and nobody refreshes or signs in again and again for it."""
    with connected(here, settings) as account:
        Account.objects.update(credentials={**TYPED, 'app_password': PLAIN_PASSWORD})
        account.refresh_from_db()
        for _ in range(3):
            poll(account)
        assert account.problem == 'permission'
        assert (asked(here, CREATE), asked(here, REFRESH)) == (1, 0)


@pytest.mark.django_db
def test_a_server_that_forgot_everything_is_signed_in_to_once(here: Desk, settings):
    """« Token could not be verified »: refreshed in vain, then made anew."""
    with connected(here, settings) as account:
        poll(account)
        here.server.access.tokens.clear()
        poll(account)
        poll(account)
        assert (asked(here, CREATE), asked(here, REFRESH)) == (2, 1)
        assert account.poll_failures == 0


@pytest.mark.django_db
def test_a_send_renews_too(here: Desk, settings):
    """R30: sent once, though the token had ended."""
    with connected(here, settings) as account:
        poll(account)
        here.writes()
        here.server.access.forward(3 * HOURS)
        view = tokens.using(account, lambda v: here.network.send(v, here.answer(), here.http), here.http)
        assert view.external_id and len(here.on_screen()) == 1

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

"""How our calls to X are proved: OAuth 1.0a, OAuth 2, and refresh tokens that serve once (R41, R50)."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings

from demo.emulators.server import Reply
from demo.emulators.x_access import CLIENT_ID, CLIENT_SECRET
from demo.emulators.x_state import US
from publik_socialmedia import errors, health, tokens
from publik_socialmedia.http import client
from publik_socialmedia.models import Account, Endpoint
from publik_socialmedia.networks import base
from publik_socialmedia.networks.x.oauth import Proof
from publik_socialmedia.reasons import sentence
from tests.factory import make_account
from tests.networks.desks.x import SECRETS
from tests.networks.x_scene import NETWORK, Scene, here, scene

__all__ = ['here']

TOKEN_CALL = 'POST /2/oauth2/token'
OVER = datetime(2001, 1, 1, tzinfo=UTC).isoformat()


# -- OAuth 1.0a


def test_a_signature_of_the_documentation():
    """The worked example of developer.x.com, « Creating a signature »."""
    proof = Proof(
        '370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb',
        'LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE',
        'xvz1evFS4wEEPTGEFPHBog',
        'kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw',
    )
    params = [('status', 'Hello Ladies + Gentlemen, a signed OAuth request!'), ('include_entities', 'true')]
    url = 'https://api.twitter.com/1.1/statuses/update.json'
    header = proof.signature('POST', url, params, 'kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg', 1318622958)
    assert 'oauth_signature="hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D"' in header
    assert header.startswith('OAuth oauth_consumer_key="xvz1evFS4wEEPTGEFPHBog", oauth_nonce="')
    assert 'include_entities' not in header


def test_signed_calls_are_taken():
    """Queries with commas, bodies in JSON and in pieces."""
    with scene(signed=True) as found:
        found.poll()
        found.server.citizen_writes(found.citizen, 'Bonjour à tous & merci')
        (event,) = found.polled()
        assert event.text == 'Bonjour à tous & merci'
        file = base.OutgoingFile(b'\x89PNG' + b'x' * 100, 'a.png', 'image/png')
        found.send('Voilà', file=file)
        assert found.texts() == ['Voilà']
        assert NETWORK.renewal_due(found.account) is None
        assert NETWORK.renew(found.account, found.http, refused=True) is None


def test_a_dead_signed_token_is_a_persons_business():
    with scene(signed=True) as found:
        found.server.access.signed = False
        with pytest.raises(errors.ConfigurationError) as caught:
            found.send()
        assert (caught.value.reason, caught.value.code) == ('auth', '89')


@pytest.mark.parametrize('name, reason', [('consumer_key', 'config'), ('access_token', 'auth')])
def test_what_lacks_is_said_without_a_call(name: str, reason: str):
    with scene(signed=True) as found:
        found.given(**{name: ' '})
        with pytest.raises(errors.ConfigurationError) as caught:
            found.send()
        assert caught.value.reason == reason and not found.server.calls


def test_a_clock_that_is_wrong(monkeypatch):
    """R41: told as such, not as a bad token."""
    with scene(signed=True) as found:
        monkeypatch.setattr('publik_socialmedia.networks.x.oauth.time.time', lambda: 1_000_000_000.0)
        with pytest.raises(errors.ConfigurationError) as caught:
            found.send()
        assert (caught.value.reason, caught.value.code) == ('clock', '135')


def test_a_proof_shows_no_secret(here: Scene):
    """R50"""
    assert here.account.credentials['access_token'] not in repr(Proof.of(here.account))
    here.given(access_token='with\nline')
    with pytest.raises(errors.ConfigurationError) as caught:
        here.send()
    assert 'with' not in repr(caught.value)


# -- OAuth 2


def test_a_pair_is_renewed_five_minutes_before(here: Scene):
    ends = datetime.now(UTC) + timedelta(hours=1)
    here.given(expires_at=ends.isoformat())
    assert NETWORK.renewal_due(here.account) == ends - timedelta(minutes=5)
    here.given(expires_at='')
    due_at = NETWORK.renewal_due(here.account)
    assert due_at is not None and due_at < datetime.now(UTC)  # nothing says when it ends: at once
    values = NETWORK.renew(here.account, here.http)
    assert values is not None and values['scope'].split()[0] == 'tweet.read'
    assert datetime.fromisoformat(values['expires_at']) > datetime.now(UTC) + timedelta(minutes=110)
    here.given(**values)
    here.send()
    assert NETWORK.renew(here.account, here.http) is None


def test_a_refresh_token_serves_once(here: Scene):
    """And its second use kills what came of the first one."""
    here.given(expires_at=OVER)
    values = NETWORK.renew(here.account, here.http)
    with pytest.raises(errors.ConfigurationError) as caught:
        NETWORK.renew(here.account, here.http)
    assert (caught.value.reason, caught.value.code) == ('auth', 'invalid_request')
    here.given(**(values or {}))
    with pytest.raises(errors.TemporaryError) as refused:
        here.send()
    assert refused.value.reason == 'auth_refresh'


def test_a_public_client_has_no_secret(here: Scene):
    """It names itself in the form."""
    here.given(expires_at=OVER, client_secret='')
    with pytest.raises(errors.ConfigurationError):
        NETWORK.renew(here.account, here.http)
    (call,) = here.server.asked(TOKEN_CALL)
    assert 'authorization' not in call.headers and call.params['client_id'] == CLIENT_ID


def test_a_wrong_client_is_told_apart(here: Scene):
    here.given(expires_at=OVER, client_secret='another')
    with pytest.raises(errors.ConfigurationError) as caught:
        NETWORK.renew(here.account, here.http)
    assert (caught.value.reason, caught.value.code) == ('config', 'unauthorized_client')
    assert CLIENT_SECRET not in repr(caught.value) and 'another' not in repr(caught.value)


@pytest.mark.parametrize('status, reason', [(429, 'rate'), (500, 'temporary'), (503, 'temporary')])
def test_a_server_that_is_away_kills_nothing(here: Scene, status: int, reason: str):
    here.given(expires_at=OVER)
    here.server.fail('answer', TOKEN_CALL, status=status, body=b'<html>', mimetype='text/html')
    with pytest.raises(errors.TemporaryError) as caught:
        NETWORK.renew(here.account, here.http)
    assert caught.value.reason == reason
    assert NETWORK.renew(here.account, here.http)


@pytest.mark.parametrize(
    'body', [b'', b'[]', b'{"access_token": "a"}', b'{"access_token": 1, "refresh_token": []}']
)
def test_an_answer_without_a_pair_is_a_lost_pair(here: Scene, body: bytes):
    here.given(expires_at=OVER)
    here.server.fail('answer', TOKEN_CALL, status=200, body=body)
    with pytest.raises(errors.ConfigurationError) as caught:
        NETWORK.renew(here.account, here.http)
    assert caught.value.reason == 'auth'


# -- by the core, in the database


@contextmanager
def stored(**changes: str) -> Iterator[tuple[Scene, Account]]:
    """An account of the database whose token is over."""
    with scene() as found:
        hosts = [found.server.url.removeprefix('http://')]
        with override_settings(
            PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS=hosts, PUBLIK_SOCIALMEDIA_API_URLS={'x': found.server.url}
        ):
            endpoint = Endpoint.objects.create(network='x', secrets=SECRETS)
            kept = ('access_token', 'refresh_token')
            given = {name: found.account.credentials[name] for name in kept}
            account = make_account(
                'x', external_id=US, endpoint=endpoint, credentials={**given, 'expires_at': OVER, **changes}
            )
            yield found, account


def send(account: Account, found: Scene) -> base.Sent:
    outgoing = found.outgoing('Bonjour')
    return tokens.using(account, lambda view: NETWORK.send(view, outgoing, client()), client())


@pytest.mark.django_db
def test_the_new_pair_is_stored_before_it_is_used():
    with stored() as (found, account):
        before = dict(account.credentials)
        used: list[Any] = []

        def look(view: base.Account) -> None:
            used.append((view.credentials, Account.objects.get(pk=account.pk).credentials))

        tokens.using(account, look, client())
        ((given, kept),) = used
        assert kept['access_token'] == given['access_token'] != before['access_token']
        assert kept['refresh_token'] != before['refresh_token']
        send(account, found)
        assert found.texts() == ['Bonjour'] and len(found.server.asked(TOKEN_CALL)) == 1


@pytest.mark.django_db
def test_a_token_refused_before_its_end_is_renewed_once():
    ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    with stored(expires_at=ends) as (found, account):
        found.server.state.tokens.clear()
        send(account, found)
        assert found.texts() == ['Bonjour'] and len(found.server.asked(TOKEN_CALL)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_renew_once():
    """A refresh token that serves once, and three workers that need it at the same time."""
    with stored() as (found, account):
        found.server.fail('slow', TOKEN_CALL, seconds=0.5)
        gate, done = threading.Barrier(3), list[base.Sent]()

        def work() -> None:
            try:
                mine = Account.objects.get(pk=account.pk)
                gate.wait(30)
                done.append(send(mine, found))
            finally:
                connection.close()

        workers = [threading.Thread(target=work) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(30)
        assert len(done) == 3 and len(found.texts()) == 3
        assert len(found.server.asked(TOKEN_CALL)) == 1


@pytest.mark.django_db
def test_killed_between_the_answer_and_the_commit(monkeypatch):
    """R41: the new pair is lost, and X refuses the old one: « reconnect », said as it is."""
    with stored() as (found, account):
        with monkeypatch.context() as patch, pytest.raises(SystemExit):
            patch.setattr(tokens.logger, 'info', _dies)
            send(account, found)
        account.refresh_from_db()
        assert account.credentials['expires_at'] == OVER  # nothing of the new pair
        with pytest.raises(errors.ConfigurationError) as caught:
            send(account, found)
        assert caught.value.reason == 'auth' and 'reconnectez' in sentence('auth')
        assert found.texts() == []
        problems = [problem for problem in health.examine(account) if problem.reason == 'auth']
        assert [problem.severity for problem in problems] == ['critical']
        account.refresh_from_db()
        assert (account.state, account.problem) == ('broken', 'auth')
        # connected again: it is over
        access, refresh = found.server.state.grant()
        typed = {'access_token': access, 'refresh_token': refresh, 'expires_at': ''}
        Account.objects.filter(pk=account.pk).update(credentials=typed)
        account = Account.objects.get(pk=account.pk)
        health.examine(account)
        assert Account.objects.get(pk=account.pk).problem == ''


def _dies(*args: object) -> None:
    raise SystemExit(137)


@pytest.mark.django_db
def test_a_renewal_whose_answer_was_lost():
    """R30, R41: the message was not sent, that is known; then somebody must connect the account again."""
    with stored() as (found, account):
        found.server.state.tokens.clear()
        found.server.fail('cut_after', TOKEN_CALL)
        with pytest.raises(errors.TemporaryError) as lost:
            send(account, found)
        assert not isinstance(lost.value, errors.OutcomeUnknown)
        assert found.texts() == [] and found.server.asked('messages$')
        with pytest.raises(errors.ConfigurationError):
            send(account, found)


def test_an_api_that_refuses_for_ever_is_not_asked_for_ever(here: Scene):
    """X takes the refresh token and refuses what it gives: an application that was suspended."""
    here.server.fail(
        'answer', 'messages$', times=5, **dataclasses.asdict(Reply(401, {'title': 'Unauthorized'}))
    )
    with pytest.raises(errors.TemporaryError):
        here.send()
    assert len(here.server.calls) == 1

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

"""Testing an account of X and having its webhook called (R40, R41)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from django.utils import translation
from django.utils.translation import gettext

from demo.emulators.x import CALLBACK, EVENTS
from demo.emulators.x_state import SCOPES, US
from publik_socialmedia import errors
from publik_socialmedia.networks.base import Health
from publik_socialmedia.networks.x import health
from publik_socialmedia.reasons import SENTENCES
from tests.networks.x_scene import NETWORK, Scene, scene

ALL = (
    *health.REFUSED.values(),
    *(
        value
        for name, value in vars(health).items()
        if name.isupper() and isinstance(value, str) and ' ' in value
    ),
)


@pytest.fixture
def here() -> Iterator[Scene]:
    """An account whose webhook X knows and calls."""
    with scene() as found:
        found.server.connect()
        yield found


def check(here: Scene) -> Health:
    return NETWORK.check(here.account, here.http)


def said(here: Scene) -> list[tuple[str, str]]:
    return [(problem.reason, problem.message) for problem in check(here).problems]


def test_all_is_well(here: Scene):
    found = check(here)
    assert found.ok and found.problems == ()
    assert (found.external_id, found.name, found.facts) == (
        US,
        'Ville d’Exemple',
        {'username': 'VilleExemple'},
    )
    assert here.account.paid == [US]  # R41: what the test itself costs is counted


# -- what X refuses


@pytest.mark.parametrize(
    'status, body, reason',
    [
        (401, {'errors': [{'code': 89}]}, 'auth'),
        (402, {'title': 'CreditsDepleted'}, 'credits'),
        (403, {'errors': [{'code': 453}]}, 'permission'),
        (403, {'title': 'Forbidden'}, 'permission'),
        (403, {'errors': [{'code': 326}]}, 'policy'),
        (404, {'title': 'Not Found'}, 'permission'),
    ],
)
def test_refusals_are_explained(here: Scene, status: int, body: object, reason: str):
    """R40: which one, and what to do about it."""
    here.given(refresh_token='')
    here.server.fail('answer', 'GET /2/users/me', status=status, body=body)
    found = check(here)
    assert not found.ok and [(p.reason, p.message) for p in found.problems] == [
        (reason, health.REFUSED[reason])
    ]


def test_a_token_that_can_be_renewed_is(here: Scene):
    """R41: not told before it was tried; the core asks again with a new one."""
    here.server.state.tokens.clear()
    with pytest.raises(errors.TemporaryError) as caught:
        check(here)
    assert caught.value.reason == 'auth_refresh'


@pytest.mark.parametrize('status', [429, 500, 503])
def test_what_passes_says_nothing_of_the_account(here: Scene, status: int):
    here.server.fail('answer', 'GET /2/users/me', status=status, body=b'')
    with pytest.raises(errors.TemporaryError):
        check(here)


def test_an_answer_without_an_account_says_nothing(here: Scene):
    here.server.fail('answer', 'GET /2/users/me', status=200, body={'errors': [{'title': 'x'}]})
    with pytest.raises(errors.TemporaryError):
        check(here)


@pytest.mark.parametrize('lost, reason', [('access_token', 'auth'), ('consumer_key', 'config')])
def test_what_was_not_typed(lost: str, reason: str):
    with scene(signed=True) as found:
        found.given(**{lost: ''})
        assert said(found) == [(reason, health.REFUSED[reason])]


# -- what the token may do


@pytest.mark.parametrize(
    'lacking, expected, ok',
    [
        ('dm.read', ('permission', health.NO_READING), False),
        ('dm.write', ('permission', health.NO_WRITING), False),
        ('media.write', ('permission', health.NO_MEDIA), True),
    ],
)
def test_scopes(here: Scene, lacking: str, expected: tuple[str, str], ok: bool):
    """R40"""
    here.given(scope=' '.join(scope for scope in SCOPES if scope != lacking))
    assert said(here) == [expected] and check(here).ok is ok


def test_a_connection_of_two_hours(here: Scene):
    here.given(refresh_token='')
    assert said(here) == [('token_expires', health.NO_RENEWAL)] and check(here).ok


@pytest.mark.parametrize(
    'rights, ok', [('read-write-directmessages', True), ('read-write', False), ('read', False)]
)
def test_rights_of_a_signed_account(rights: str, ok: bool):
    with scene(signed=True) as found:
        found.server.access.rights = rights
        assert check(found).ok is ok
        assert said(found) == ([] if ok else [('permission', health.REFUSED['permission'])])


def test_a_budget_that_is_used_up_is_said(here: Scene):
    """R41: a warning, sending goes on."""
    here.paid(2000)
    assert said(here) == [('reads_budget', health.BUDGET)] and check(here).ok


# -- the webhook


def test_webhooks_that_x_does_not_call(here: Scene):
    """R41: unknown, invalid, without all events; polling goes on, so that none is critical."""
    state = here.server.state
    state.subscriptions.pop()
    assert said(here) == [('subscription', health.NOT_SUBSCRIBED)]
    state.webhooks[0]['valid'] = False
    assert said(here) == [('subscription', health.INVALID_WEBHOOK)]
    state.webhooks.clear()
    assert said(here) == [('subscription', health.NO_WEBHOOK)] and check(here).ok
    here.account = dataclasses.replace(here.account, webhook_url='')
    assert said(here) == []


@pytest.mark.parametrize('bearer', ['', 'wrong'])
def test_a_webhook_that_cannot_be_looked_at(here: Scene, bearer: str):
    here.given(bearer_token=bearer)
    assert said(here) == [('subscription', health.NO_BEARER)]


@pytest.fixture
def new() -> Iterator[Scene]:
    """X knows nothing of our webhook yet, which answers its test."""
    with scene() as found:
        found.server.webhooks.answers = lambda url: url == CALLBACK  # type: ignore[method-assign]
        yield found


def test_subscribing(new: Scene):
    """R40: registered, tested, subscribed to each event; again changes nothing."""
    NETWORK.subscribe(new.account, new.http)
    assert said(new) == []
    assert sorted(one['event_type'] for one in new.server.state.subscriptions) == sorted(EVENTS)
    new.server.fail('answer', 'GET /2/activity', status=200, body={'data': []})  # not listed, and there
    NETWORK.subscribe(new.account, new.http)
    assert len(new.server.state.subscriptions) == len(EVENTS)
    new.server.calls.clear()
    NETWORK.subscribe(new.account, new.http)
    assert {call.method for call in new.server.calls} == {'GET'}


def test_subscribing_again_after_a_failure(new: Scene):
    """What X had stopped calling is tested again; only what lacks is added."""
    new.server.connect()
    new.server.state.webhooks[0]['valid'] = False
    del new.server.state.subscriptions[2:]
    NETWORK.subscribe(new.account, new.http)
    assert said(new) == []
    assert len(new.server.asked('POST /2/activity')) == len(EVENTS) - 2


def test_a_webhook_that_fails_its_test(new: Scene):
    new.account = dataclasses.replace(new.account, webhook_url='https://ville.example/ailleurs')
    with pytest.raises(errors.PermanentError):
        NETWORK.subscribe(new.account, new.http)
    assert new.server.state.subscriptions == []


def test_private_events_want_the_account_itself(new: Scene):
    """With OAuth 1.0a, or without the application's token, said before anything is asked."""
    new.given(bearer_token='')
    with pytest.raises(errors.ConfigurationError) as caught:
        NETWORK.subscribe(new.account, new.http)
    assert caught.value.reason == 'subscription' and not new.server.calls
    with scene(signed=True) as signed:
        signed.account = dataclasses.replace(signed.account, webhook_url=CALLBACK)
        with pytest.raises(errors.ConfigurationError):
            NETWORK.subscribe(signed.account, signed.http)


def test_an_account_without_webhook_has_nothing_to_subscribe(new: Scene):
    new.account = dataclasses.replace(new.account, webhook_url='')
    NETWORK.subscribe(new.account, new.http)
    assert not new.server.calls


# -- in words


def test_all_is_said_in_french():
    """R40"""
    assert len(ALL) > 12
    with translation.override('fr'):
        for message in ALL:
            assert gettext(message) != message, message
    for reason in ('credits', 'clock', 'reads_budget', 'in_app', 'subscription', 'token_expires'):
        assert reason in SENTENCES

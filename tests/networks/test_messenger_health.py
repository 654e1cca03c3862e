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

"""Test and subscription of a Page, against the emulator of the Graph API."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from publik_socialmedia import networks
from publik_socialmedia.errors import ConfigurationError, TemporaryError
from publik_socialmedia.networks.base import Health
from publik_socialmedia.networks.messenger import health
from tests.networks.graph import Scene, scene

NETWORK = networks.get('messenger')
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def graph() -> Iterator[Scene]:
    with scene() as found:
        yield found


def check(graph: Scene) -> Health:
    return NETWORK.check(graph.account, graph.http)


def reasons(found: Health) -> list[tuple[str, str]]:
    return [(problem.reason, problem.severity) for problem in found.problems]


def test_a_healthy_account(graph: Scene):
    """R40, R41"""
    found = check(graph)
    assert (found.ok, found.problems) == (True, ())
    assert (found.external_id, found.name, found.token_expires) == (
        '104400000000001',
        'Ville de Villexemple',
        None,
    )
    assert found.facts['app_id'] == '990000000000001'
    assert found.facts['human_agent'] is False
    assert 'messages' in found.facts['subscribed_fields']


def test_what_the_network_granted_is_a_fact(graph: Scene):
    """R32: the longer window is open only where it was granted."""
    graph.emulator.page.human_agent = True
    graph.emulator.app.callback_url = 'https://ville.example.org/webhook'
    found = check(graph)
    assert found.facts['human_agent'] is True
    assert found.facts['callback_url'] == 'https://ville.example.org/webhook'


def test_the_proof_is_sent_only_where_it_is_asked_for(graph: Scene):
    """R1: while the secret changes, its proof would have every call refused."""
    for required in (True, False, True):
        graph.emulator.app.require_proof = required
        found = check(graph)
        assert found.ok and found.facts['proof_required'] is required
        graph.account = dataclasses.replace(graph.account, facts=found.facts)
        NETWORK.history(graph.account, {}, LONG_AGO, graph.http)
        assert ('appsecret_proof' in graph.emulator.calls[-1].params) is required


def test_expiry_is_told(graph: Scene):
    """R41: the core warns at 14, 7 and 2 days."""
    expires = datetime.now(UTC).replace(microsecond=0) + timedelta(days=5)
    graph.emulator.token.expires_at = expires
    assert check(graph).token_expires == expires


BROKEN = {
    'no token': (lambda g: g.account.credentials.update(page_token=''), 'config'),
    'unknown token': (lambda g: g.account.credentials.update(page_token='EAAother'), 'auth'),
    'expired': (lambda g: setattr(g.emulator.token, 'expires_at', LONG_AGO), 'auth'),
    'password changed': (lambda g: setattr(g.emulator.token, 'dead', 460), 'auth'),
    'wrong secret': (lambda g: g.account.credentials.update(app_secret='wrong'), 'config'),
    'other application': (lambda g: setattr(g.emulator.token, 'app_id', '77'), 'config'),
    'user token': (lambda g: setattr(g.emulator.token, 'kind', 'USER'), 'config'),
    'no right to send': (
        lambda g: setattr(g.emulator.token, 'scopes', health.SCOPES.keys() - {'pages_messaging'}),
        'permission',
    ),
    'not subscribed': (lambda g: g.emulator.page.subscriptions.clear(), 'subscription'),
    'no messages': (
        lambda g: g.emulator.page.subscriptions.update({'990000000000001': ('message_reads',)}),
        'subscription',
    ),
    'no webhook': (
        lambda g: (setattr(g.emulator.app, 'fields', ()), setattr(g.emulator.app, 'callback_url', '')),
        'subscription',
    ),
    'webhook off': (lambda g: setattr(g.emulator.app, 'active', False), 'subscription'),
}


@pytest.mark.parametrize('name', BROKEN)
def test_each_thing_wrong_is_said(graph: Scene, name: str):
    """R40: what is wrong, precisely, and only that."""
    graph.account = dataclasses.replace(graph.account, credentials=dict(graph.account.credentials))
    breaks, reason = BROKEN[name]
    breaks(graph)
    found = check(graph)
    assert not found.ok
    assert {problem.reason for problem in found.problems} == {reason}
    assert all(
        problem.message.endswith(('.', '…')) and len(problem.message) > 30 for problem in found.problems
    )
    assert 'EAA' not in repr(found)


def test_two_dead_tokens_are_told_apart(graph: Scene):
    """R40: the reason of Meta's subcode, in words."""
    graph.emulator.token.dead = 460
    password = check(graph).problems[0].message
    graph.emulator.token.dead = 467
    revoked = check(graph).problems[0].message
    assert 'password' in password and 'revoked' in revoked


def test_another_page_is_not_taken_for_ours(graph: Scene):
    """R40: pasting the token of another Page would mix two accounts."""
    graph.account = dataclasses.replace(graph.account, external_id='104400000000999')
    assert reasons(check(graph)) == [('config', 'critical')]


def test_a_first_check_learns_which_page_it_is(graph: Scene):
    graph.account = dataclasses.replace(graph.account, external_id='')
    assert (check(graph).ok, check(graph).external_id) == (True, '104400000000001')


def test_what_is_only_a_pity_is_a_warning(graph: Scene):
    """R41"""
    graph.emulator.token.scopes = ('pages_messaging', 'pages_manage_metadata')
    graph.emulator.page.subscriptions['990000000000001'] = ('messages', 'message_echoes', 'standby')
    found = check(graph)
    assert found.ok
    assert reasons(found) == [('permission', 'warning'), ('subscription', 'warning')]


def test_rights_that_the_token_says_it_has(graph: Scene):
    """R40: what cannot be looked at is said, or left out, never raised."""
    refused = {'status': 400, 'body': {'error': {'code': 200, 'message': 'x'}}}
    for pattern, reason, critical in (
        ('GET .*/subscribed_apps', 'permission', False),
        ('GET .*/me$', 'permission', True),
        ('GET .*/messaging_feature_review', '', False),
        ('GET .*/messenger_profile', '', False),
        ('GET .*/subscriptions', '', False),
    ):
        graph.emulator.fail('answer', pattern, **refused)
        found = check(graph)
        assert [problem.reason for problem in found.problems] == ([reason] if reason else []), pattern
        assert found.ok is not critical


def test_a_webhook_without_the_needed_fields(graph: Scene):
    """R40: the field is ticked for the Page, not for the application."""
    graph.emulator.app.fields = ('messages',)
    graph.emulator.app.callback_url = 'https://ville.example.org/webhook'
    assert reasons(check(graph)) == [('subscription', 'critical')]


def test_check_without_the_secret_of_the_application(graph: Scene):
    """The token looks at itself."""
    graph.account = dataclasses.replace(graph.account, credentials={'page_token': 'EAAemulatedPageToken'})
    assert check(graph).ok


def test_an_outage_is_not_a_problem_of_the_account(graph: Scene):
    """R40: only TemporaryError may come out."""
    for pattern in ('debug_token', 'me', 'subscribed_apps', 'subscriptions', 'feature', 'messenger_profile'):
        graph.emulator.fail('answer', pattern, status=503, body=b'')
        with pytest.raises(TemporaryError):
            check(graph)
        graph.emulator.faults.clear()


def test_subscribe_repairs_what_check_found(graph: Scene):
    """Meta unsubscribes an application after an hour of failures."""
    graph.emulator.page.subscriptions.clear()
    assert not check(graph).ok
    for _ in range(2):
        NETWORK.subscribe(graph.account, graph.http)
    assert check(graph).ok
    assert graph.emulator.page.subscriptions['990000000000001'] == health.FIELDS


def test_subscribe_without_the_right(graph: Scene):
    graph.emulator.token.scopes = ('pages_messaging',)
    with pytest.raises(ConfigurationError) as caught:
        NETWORK.subscribe(graph.account, graph.http)
    assert caught.value.reason == 'permission'

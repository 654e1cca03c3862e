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

"""Test of an account and offer to change its policy, against the stand-in over real HTTP."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from publik_socialmedia.errors import ConfigurationError, TemporaryError
from publik_socialmedia.networks.base import Account, Health
from tests.networks.mastodon_scene import FAMILIES, NETWORK, Scene, scene


def check(here: Scene, **changes: Any) -> Health:
    credentials = {**here.account.credentials, **changes.pop('credentials', {})}
    account = Account('', credentials, api_url=here.server.url)
    return NETWORK.check(dataclasses.replace(account, **changes), here.http)


def problems(health: Health) -> list[tuple[str, str]]:
    return [(problem.reason, problem.severity) for problem in health.problems]


@pytest.mark.parametrize('family, limit', [('mastodon', 500), ('gotosocial', 5000), ('snac', 100000)])
def test_facts_of_the_three_servers(family: str, limit: int):
    """R40: family, version, limits, types; GoToSocial's account domain is not that of its API."""
    with scene(family) as here:
        health = check(here)
        assert (health.ok, health.problems, health.external_id, health.name) == (True, (), 'ville', 'Ville')
        assert health.facts['id'] == here.state.account('ville')['id']
        assert (health.facts['server'], health.facts['domain']) == (family, 'social.example')
        assert health.facts['max_characters'] == limit and health.facts['url_characters'] == 23
        assert 'image/png' in health.facts['mime_types'] and health.facts['version']
        assert (health.facts['image_size_limit'], health.facts['video_size_limit']) == (10_000, 50_000)


@pytest.mark.parametrize('family', FAMILIES)
def test_a_dead_token(family: str):
    """R40, R41: 401, or 422 on snac."""
    with scene(family) as here:
        health = check(here, credentials={'access_token': 'revoked'})
        assert not health.ok and problems(health) == [('auth', 'critical')]


@pytest.mark.parametrize('credentials, reason', [
    ({'access_token': ''}, 'auth'), ({'access_token': 'é\n'}, 'auth'),
])  # fmt: skip
def test_a_missing_token(credentials: dict[str, str], reason: str):
    with scene() as here:
        assert problems(check(here, credentials=credentials)) == [(reason, 'critical')]
        assert not here.server.calls


@pytest.mark.parametrize(
    'instance',
    ['', 'https://', 'ftp://social.example', 'https://s.example/?a=b', 'a b c://', 'http://social.example'],
)
def test_an_address_that_is_not_one(instance: str):
    account = Account('', {'instance': instance, 'access_token': 'x'})
    with scene() as here:
        assert problems(NETWORK.check(account, here.http)) == [('config', 'critical')]


@pytest.mark.parametrize('status, body, expected', [
    (301, b'', [('config', 'critical')]),
    (404, b'<html></html>', [('config', 'critical')]),
    (200, b'<html></html>', [('config', 'critical')]),
    (200, {}, [('config', 'critical')]),
    (403, {'error': 'x'}, [('permission', 'critical')]),
])  # fmt: skip
def test_an_address_that_is_something_else(status: int, body: object, expected: list[tuple[str, str]]):
    """R40: each says what to do."""
    with scene() as here:
        here.server.fail('answer', 'verify_credentials', status=status, body=body)
        health = check(here)
        assert not health.ok and problems(health) == expected
        assert all(problem.message for problem in health.problems)


def test_a_server_that_is_down():
    with scene() as here:
        here.server.fail('answer', 'verify_credentials', status=503, body=b'<html></html>')
        with pytest.raises(TemporaryError):
            check(here)


@pytest.mark.parametrize('scopes, ok', [
    (['read', 'write'], True),
    (['profile', 'read:statuses', 'read:notifications', 'write:statuses', 'write:media'], True),
    (['read:accounts', 'read:statuses', 'write:statuses', 'write:media'], False),
    (['read'], False),
    ([], True),  # not told
])  # fmt: skip
def test_scopes(scopes: list[str], ok: bool):
    """R40"""
    with scene() as here:
        here.server.scopes = scopes
        health = check(here)
        assert health.ok is ok
        assert problems(health) == ([] if ok else [('permission', 'critical')])


DROPS = [('policy_filters_private_mentions', 'critical')]


@pytest.mark.parametrize('policy, expected', [
    ({'for_private_mentions': 'accept'}, []),
    ({'for_private_mentions': 'filter'}, [('policy_filters_private_mentions', 'info')]),
    ({'for_private_mentions': 'drop'}, DROPS),
    ({'for_private_mentions': 'accept', 'for_not_following': 'drop'}, DROPS),
    ({'for_private_mentions': 'accept', 'for_not_following': 'filter'}, []),
    ({'for_private_mentions': 'accept', 'for_bots': 'drop'}, []),
])  # fmt: skip
def test_policy(policy: dict[str, str], expected: list[tuple[str, str]]):
    """R16, R40: what is filtered is read; what is dropped does not exist."""
    with scene() as here:
        here.state.policy = policy
        health = check(here)
        assert problems(health) == expected
        assert health.ok is all(severity != 'critical' for _, severity in expected)
        assert health.facts['private_mentions'] == policy['for_private_mentions']
        NETWORK.subscribe(here.account, here.http)
        assert problems(check(here)) == []
        assert here.state.policy.get('for_bots') == policy.get('for_bots')
        here.server.calls.clear()
        NETWORK.subscribe(here.account, here.http)
        assert [call.method for call in here.server.calls] == ['GET']  # nothing left to change


def test_a_policy_that_we_may_not_see():
    with scene() as here:
        here.server.fail('answer', 'notifications/policy', status=403, body={'error': 'x'})
        health = check(here)
        assert health.ok and problems(health) == [('permission', 'warning')]


@pytest.mark.parametrize('family', ['gotosocial', 'snac'])
def test_servers_without_policy(family: str):
    with scene(family) as here:
        NETWORK.subscribe(here.account, here.http)
        assert [call.method for call in here.server.calls] == ['GET']


def test_a_policy_that_we_may_not_change():
    with scene() as here:
        here.state.policy = {'for_private_mentions': 'filter'}
        here.server.fail('answer', 'PATCH ', status=403, body={'error': 'x'})
        with pytest.raises(ConfigurationError):
            NETWORK.subscribe(here.account, here.http)


def test_the_token_of_another_account():
    """R41"""
    with scene() as here:
        assert problems(check(here, external_id='marc')) == [('config', 'critical')]
        assert check(here, external_id='ville').ok


@pytest.mark.parametrize('fact, expected', [
    ({'suspended': True}, [('policy', 'critical')]),
    ({'moved': {'acct': 'x'}}, [('config', 'warning')]),
])  # fmt: skip
def test_an_account_that_is_no_longer_there(fact: dict[str, Any], expected: list[tuple[str, str]]):
    with scene() as here:
        here.state.accounts['ville'] |= fact
        assert problems(check(here)) == expected


@pytest.mark.parametrize('about, family', [
    ({'version': '4.6.0', 'api_versions': {'mastodon': 10}}, 'mastodon'),
    ({'version': '4.2.1'}, 'mastodon'),
    ({'version': '4.4.0+glitch', 'api_versions': {'mastodon': 5}}, 'mastodon'),
    ({'version': '2.7.2 (compatible; Pleroma 2.6.0)'}, 'other'),
    ({'version': '2.7.2 (compatible; Akkoma 3.10)'}, 'other'),
    ({'version': '0.20.0', 'source_url': 'https://codeberg.org/x/gotosocial'}, 'gotosocial'),
    ({'version': '0.18.0+git-5fe3e1d'}, 'other'),
    ({}, 'other'),
    ([], 'other'),
])  # fmt: skip
def test_families(about: Any, family: str):
    """What is not known is not trusted with the behaviour of Mastodon."""
    with scene() as here:
        here.server.fail('answer', 'GET /api/v2/instance', status=200, body=about)
        assert check(here).facts['server'] == family


def test_no_secret_is_shown():
    """R50"""
    with scene() as here:
        assert 'demonstration-token' not in repr(here.account)
        health = check(here, credentials={'access_token': 'a-dead-token'})
        assert 'a-dead-token' not in repr(health)

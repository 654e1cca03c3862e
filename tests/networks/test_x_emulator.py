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

"""The stand-in of X refuses what X refuses: else what passes against it would prove nothing."""

from __future__ import annotations

from typing import Any

import pytest

from demo.emulators.x_access import BEARER, sign
from demo.emulators.x_state import SCOPES, US
from publik_socialmedia.networks.base import Answer
from tests.networks.x_scene import Scene, here, scene

__all__ = ['here']


def call(here: Scene, method: str, path: str, token: str = '', **more: Any) -> Answer:
    token = token or here.account.credentials['access_token']
    headers = {'Authorization': f'Bearer {token}'}
    return here.http.request(method, here.account.api_url + path, headers=headers, **more)


def to(here: Scene) -> str:
    return f'/2/dm_conversations/with/{here.citizen}/messages'


@pytest.mark.parametrize(
    'lacking, method, path',
    [
        ('dm.read', 'GET', '/2/dm_events'),
        ('tweet.read', 'GET', '/2/dm_events'),
        ('users.read', 'GET', '/2/users/me'),
        ('dm.write', 'POST', '/2/dm_conversations/with/1500000000000000002/messages'),
        ('media.write', 'POST', '/2/media/upload/initialize'),
    ],
)
def test_scopes(lacking: str, method: str, path: str):
    with scene(scopes=tuple(scope for scope in SCOPES if scope != lacking)) as found:
        assert call(found, method, path, json={'text': 'x'} if method == 'POST' else None).status == 403


@pytest.mark.parametrize('token, status', [(BEARER, 403), ('nobody', 401)])
def test_who_calls(here: Scene, token: str, status: int):
    for path in ('/2/dm_events', '/2/users/me'):
        assert call(here, 'GET', path, token).status == status
    assert call(here, 'POST', '/2/webhooks', json={'url': 'https://ville.example/x'}).status == 403


@pytest.mark.parametrize(
    'query',
    [
        {'max_results': '0'},
        {'max_results': '101'},
        {'dm_event.fields': 'id,colour'},
        {'expansions': 'sender'},
        {'event_types': 'MessageCreated'},
        {'since_id': '1'},
    ],
)
def test_queries(here: Scene, query: dict[str, str]):
    assert call(here, 'GET', '/2/dm_events', params=query).status == 400


def test_only_what_is_asked_for_is_told(here: Scene):
    here.server.citizen_writes(here.citizen, 'Bonjour', b'jpeg')
    plain = call(here, 'GET', '/2/dm_events').json()
    assert set(plain['data'][0]) == {'id', 'event_type', 'text'} and 'includes' not in plain


@pytest.mark.parametrize(
    'body, status',
    [
        ({}, 400),
        ({'text': ''}, 400),
        ({'text': 'x' * 10_001}, 400),
        ({'text': 'x' * 10_000}, 201),
        ({'attachments': [{'media_id': '1'}]}, 400),
        ({'text': 'a', 'attachments': [{}, {}]}, 400),
    ],
)
def test_messages(here: Scene, body: dict[str, Any], status: int):
    assert call(here, 'POST', to(here), json=body).status == status


@pytest.mark.parametrize('person', ['999', US])
def test_people_who_cannot_be_written_to(here: Scene, person: str):
    path = f'/2/dm_conversations/with/{person}/messages'
    assert call(here, 'POST', path, json={'text': 'x'}).status == 403


def test_rates(here: Scene):
    """Fifteen calls, each route for itself, told in each answer."""
    answers = [call(here, 'GET', '/2/dm_events') for _ in range(16)]
    assert [answer.status for answer in answers] == [200] * 15 + [429]
    assert [answer.headers['x-rate-limit-remaining'] for answer in answers[:2]] == ['14', '13']
    assert answers[15].headers['x-rate-limit-remaining'] == '0'
    assert call(here, 'POST', to(here), json={'text': 'x'}).status == 201


@pytest.mark.parametrize(
    'begun, status',
    [
        ({'media_type': 'image/jpeg', 'media_category': 'dm_image', 'total_bytes': 5 * 1024 * 1024 + 1}, 413),
        ({'media_type': 'application/pdf', 'media_category': 'dm_image', 'total_bytes': 10}, 400),
        ({'media_type': 'image/jpeg', 'media_category': 'tweet_image', 'total_bytes': 10}, 400),
        ({'media_type': 'image/jpeg', 'media_category': 'dm_image', 'total_bytes': 10}, 200),
    ],
)
def test_uploads(here: Scene, begun: dict[str, Any], status: int):
    assert call(here, 'POST', '/2/media/upload/initialize', json=begun).status == status


def test_an_upload_that_is_not_finished_is_not_sent(here: Scene):
    begun = {'media_type': 'image/jpeg', 'media_category': 'dm_image', 'total_bytes': 10}
    media = call(here, 'POST', '/2/media/upload/initialize', json=begun).json()['data']['id']
    assert call(here, 'POST', f'/2/media/upload/{media}/finalize').status == 400  # not all its bytes
    assert call(here, 'POST', to(here), json={'attachments': [{'media_id': media}]}).status == 400


@pytest.mark.parametrize(
    'url', ['http://ville.example/x', 'https://ville.example:8443/x', 'https://ville/x', '']
)
def test_addresses_of_webhooks(here: Scene, url: str):
    here.server.webhooks.answers = lambda url: True  # type: ignore[method-assign]
    assert call(here, 'POST', '/2/webhooks', BEARER, json={'url': url}).status == 400


def test_private_subscriptions_want_the_account(here: Scene):
    here.server.connect()
    here.server.state.subscriptions.clear()
    webhook = here.server.state.webhooks[0]['id']
    body = {'event_type': 'dm.received', 'filter': {'user_id': US}, 'webhook_id': webhook}
    assert call(here, 'POST', '/2/activity/subscriptions', BEARER, json=body).status == 403
    assert call(here, 'POST', '/2/activity/subscriptions', json=body).status == 201
    assert call(here, 'POST', '/2/activity/subscriptions', json=body).status == 409


def test_a_signature_covers_the_query():
    """OAuth 1.0a: one more parameter, and the signature is another's."""
    pairs = [('max_results', '5'), ('oauth_nonce', 'n')]
    base = sign('GET', 'https://api.x.com/2/dm_events', pairs)
    assert base != sign('GET', 'https://api.x.com/2/dm_events', [('max_results', '6'), pairs[1]])
    assert base != sign('POST', 'https://api.x.com/2/dm_events', pairs)
    with scene(signed=True) as found:
        url = found.account.api_url + '/2/dm_events'
        found.given(access_token_secret='another')
        from publik_socialmedia.networks.x.oauth import Proof

        header = Proof.of(found.account).header('GET', url)
        assert found.http.request('GET', url, headers={'Authorization': header}).status == 401


def test_private_pictures_are_not_given_to_anyone(here: Scene):
    here.server.citizen_writes(here.citizen, '', b'jpeg')
    dm = here.server.state.messages[-1]
    path = '/cdn/' + dm.url().removeprefix('https://')
    assert call(here, 'GET', path).status == 401  # OAuth 2 has no access there

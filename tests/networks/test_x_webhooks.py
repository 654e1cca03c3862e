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

"""What X tells by its webhook, and how it proves it (R1, R3, R6, R8, R11, R12)."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from demo.emulators.x_access import CONSUMER_SECRET
from demo.emulators.x_state import US
from publik_socialmedia.errors import WebhookRejected
from publik_socialmedia.models import Endpoint
from publik_socialmedia.networks.base import Event, Kind, Request, Status
from tests.networks.x_scene import JEANNE, NETWORK, hears, recorded

VECTORS = recorded('samples/x-webhook-vectors')
SECRETS = {'consumer_secret': [VECTORS['consumer_secret']]}


def crc(**query: str) -> Request:
    return Request('GET', {}, query)


# -- proofs


def test_the_answer_to_the_test_of_x():
    """R1: a vector computed apart from this code."""
    answer = NETWORK.handshake(crc(crc_token=VECTORS['crc_token']), SECRETS)
    assert json.loads(answer) == VECTORS['crc_answer']


def test_the_newest_secret_answers_the_test():
    """R1: X compares with one secret only."""
    secrets = {'consumer_secret': [VECTORS['consumer_secret'], 'the former one']}
    assert (
        json.loads(NETWORK.handshake(crc(crc_token=VECTORS['crc_token']), secrets)) == VECTORS['crc_answer']
    )


@pytest.mark.parametrize('token', ['', '{"data":{}}', '{}', 'a b', 'a\nb', 'é', 'a' * 300])
def test_the_test_signs_nothing_that_could_be_a_body(token: str):
    """R1: the same key and form prove the bodies; whoever knows the address would have one signed."""
    with pytest.raises(WebhookRejected):
        NETWORK.handshake(crc(crc_token=token), SECRETS)


@pytest.mark.django_db
def test_the_test_of_x_through_the_view():
    """R1: JSON, by its type too; without a token, 403."""
    endpoint = Endpoint.objects.create(network='x', secrets={'consumer_secret': [CONSUMER_SECRET]})
    address = reverse('socialmedia-webhook', args=['x', endpoint.token])
    answer = Client().get(address, {'crc_token': 'bWFpcmll', 'nonce': '1'})
    assert (answer.status_code, answer['content-type']) == (200, 'application/json')
    assert answer.json()['response_token'].startswith('sha256=')
    assert Client().get(address).status_code == 403


def test_the_signature_of_a_body():
    """R1: a vector computed apart from this code, on the bytes as they came."""
    body = VECTORS['body_utf8'].encode()
    headers = {'x-twitter-webhooks-signature': VECTORS['x-twitter-webhooks-signature']}
    NETWORK.verify(Request('POST', headers, {}, body), SECRETS)
    (event,) = hears(json.loads(body))
    assert event.text == 'Bonjour, le lampadaire de la rue des Lilas est en panne'
    written_again = json.dumps(json.loads(body)).encode()
    assert written_again != body
    with pytest.raises(WebhookRejected):
        NETWORK.verify(Request('POST', headers, {}, written_again), SECRETS)


# -- X Activity


def sample(name: str) -> Any:
    return recorded(f'samples/x-xaa-{name}')


def test_a_message_of_a_citizen():
    """R3, R6: author, name and time; its profile is wrapped in « data »."""
    (event,) = hears(sample('dm-received'))
    assert (event.account_id, event.user, event.name) == (US, JEANNE, 'Jeanne L.')
    assert event.external_id == '2090000000000000101'
    assert event.sent_at == datetime(2026, 9, 14, 7, 30, 5, tzinfo=UTC)


def test_an_answer_of_a_colleague():
    """R11"""
    (event,) = hears(sample('dm-sent'))
    assert (event.kind, event.from_us, event.user, event.name) == (Kind.MESSAGE, True, JEANNE, '')


def test_an_encrypted_message_is_told_and_not_read():
    """R8: with a link to where it can be read."""
    (event,) = hears(sample('chat-received-encrypted'))
    assert (event.kind, event.unreadable, event.text, event.user) == (Kind.MESSAGE, 'in_app', '', JEANNE)
    assert event.external_id == 'e4f4d3fc-0000-4928-92eb-000000000001'
    (link,) = event.attachments
    assert (link.kind, link.url) == ('share', f'https://x.com/messages/{US}-{JEANNE}')
    assert event.sent_at == datetime(2026, 9, 14, 7, 30, 5, tzinfo=UTC)


def chat(**changes: Any) -> Event:
    body = sample('chat-received-encrypted')
    body['data'] |= {name: changes.pop(name) for name in ('event_type', 'filter') if name in changes}
    body['data']['payload'] |= changes
    (event,) = hears(body)
    return event


def test_an_encrypted_answer_is_a_native_one():
    """R11, R35: somebody has answered, in X's own application."""
    event = chat(event_type='chat.sent', sender_id=US)
    assert (event.from_us, event.user, event.unreadable) == (True, JEANNE, 'in_app')


@pytest.mark.parametrize(
    'changes, reason',
    [
        ({'conversation_id': 'g1789371005000'}, 'group'),
        ({'sender_id': '1600000000000000009'}, 'unknown'),
        ({'conversation_id': '1:2'}, 'unknown'),
        ({'filter': {}}, 'unknown'),
        ({'conversation_id': f'{US}:{US}', 'sender_id': US}, 'unknown'),
        ({'event_type': 'chat.conversation_join'}, 'noise'),
    ],
)
def test_encrypted_events_that_are_none_of_ours(changes: dict[str, Any], reason: str):
    event = chat(**changes)
    assert (event.kind, event.reason) == (Kind.IGNORED, reason)


def test_an_account_that_withdraws_us_is_told():
    """R41"""
    (event,) = hears(sample('oauth-revoke'))
    assert (event.topic, event.severity, event.account_id) == ('account_disconnected', 'critical', US)
    assert event.sent_at == datetime(2026, 9, 23, 21, 44, 5, tzinfo=UTC)
    before = {
        'for_user_id': US,
        'user_event': {'revoke': {'target': {'app_id': '13'}, 'source': {'user_id': US}}},
    }
    (event,) = hears(before)
    assert (event.topic, event.details['app_id']) == ('account_disconnected', '13')


def activity(kind: str, payload: Any) -> list[Event]:
    return hears({'data': {'event_type': kind, 'filter': {'user_id': US}, 'payload': payload}})


def test_what_was_read():
    """R12: up to a message of ours; reading theirs says nothing."""
    read = {'sender_id': JEANNE, 'last_read_event_id': '7', 'target': {'recipient_id': US}}
    (event,) = activity('dm.read', {'direct_message_mark_read_events': [read]})
    assert (event.status, event.external_id, event.user, event.cumulative) == (Status.READ, '7', JEANNE, True)
    (event,) = activity('dm.read', {'direct_message_mark_read_events': [{**read, 'sender_id': US}]})
    assert event.kind is Kind.IGNORED


@pytest.mark.parametrize(
    'kind, reason',
    [
        ('dm.indicate_typing', 'noise'),
        ('post.mention.create', 'public'),
        ('like.create', 'public'),
        ('profile.update.bio', 'noise'),
        ('follow.follow', 'noise'),
        ('weather.change', 'unknown'),
        ('dm.something_new', 'empty'),
    ],
)
def test_other_events_are_counted_and_change_nothing(kind: str, reason: str):
    """R3"""
    (event,) = activity(kind, {'text': 'public'})
    assert (event.kind, event.reason) == (Kind.IGNORED, reason)


# -- contents


def message(**data: Any) -> Event:
    body = copy.deepcopy(sample('dm-received'))
    created = body['data']['payload']['direct_message_events'][0]['message_create']
    created['message_data'] = data
    (event,) = hears(body)
    return event


@pytest.mark.parametrize(
    'media, kind, url',
    [
        (
            {'type': 'photo', 'media_url': 'http://ton.twitter.com/a.jpg'},
            'image',
            'https://ton.twitter.com/a.jpg',
        ),
        (
            {
                'type': 'video',
                'media_url_https': 'https://pbs.twimg.com/preview.jpg',
                'video_info': {
                    'variants': [
                        {'content_type': 'application/x-mpegURL', 'url': 'https://video.twimg.com/a.m3u8'},
                        {
                            'bitrate': 320,
                            'content_type': 'video/mp4',
                            'url': 'https://video.twimg.com/low.mp4',
                        },
                        {
                            'bitrate': '2176',
                            'content_type': 'video/mp4',
                            'url': 'https://video.twimg.com/hi.mp4',
                        },
                    ]
                },
            },
            'video',
            'https://video.twimg.com/hi.mp4',
        ),
        (
            {'type': 'hologram', 'media_url_https': 'https://pbs.twimg.com/h'},
            'file',
            'https://pbs.twimg.com/h',
        ),
    ],
)
def test_media(media: dict[str, Any], kind: str, url: str):
    """R10: the best film; addresses in https."""
    event = message(text='Voici', attachment={'type': 'media', 'media': {'id_str': '12', **media}})
    (attachment,) = event.attachments
    assert (attachment.kind, attachment.url, attachment.reference) == (kind, url, '12')
    assert event.text == 'Voici' and not event.unreadable


@pytest.mark.parametrize('place', [(2.35, 48.85), (2, 48)])
def test_a_place(place: tuple[float, float]):
    point = {'type': 'Point', 'coordinates': list(place)}
    where = {'type': 'shared_coordinate', 'shared_coordinate': {'coordinates': point}}
    (attachment,) = message(attachment={'type': 'location', 'location': where}).attachments
    assert (attachment.kind, attachment.details) == ('location', {'lat': place[1], 'long': place[0]})


@pytest.mark.parametrize(
    'attachment', [{'type': 'location', 'location': {'type': 'shared_place'}}, {'type': 'card'}, {}]
)
def test_what_cannot_be_shown_has_a_reason(attachment: Any):
    """R8"""
    (found,) = message(attachment=attachment).attachments
    assert (found.kind, found.reason) == ('unreadable', 'unsupported')


def test_a_button():
    event = message(text='Oui', quick_reply_response={'type': 'options', 'metadata': 'yes-1'})
    assert event.details == {'via': 'quick_reply', 'payload': 'yes-1'}


def test_links_are_those_that_were_written():
    """Several, and one that X does not tell of; signs are unescaped once."""
    told = [
        {'url': 'https://t.co/ab', 'expanded_url': 'https://example.org/plan?a=1&b=2'},
        {'url': 'https://t.co/abc', 'expanded_url': 'http://example.org/'},
        {'url': 'https://t.co/js', 'expanded_url': 'javascript:alert(1)'},
    ]
    text = '&amp;lt; https://t.co/ab, https://t.co/abc (https://t.co/none) https://t.co/js'
    event = message(text=text, entities={'urls': told})
    assert event.text == (
        '&lt; https://example.org/plan?a=1&b=2, http://example.org/ (https://t.co/none) https://t.co/js'
    )


def test_nothing_tells_who_is_ours():
    """R3: never guessed."""
    body = sample('dm-received')
    body['data']['filter'] = {}
    assert [event.reason for event in hears(body)] == ['unknown']
    body['data']['filter'] = {'user_id': '999'}
    assert [event.reason for event in hears(body)] == ['unknown']


def test_a_note_to_oneself_is_nobodys():
    item = {'type': 'message_create', 'id': '5'}
    item['message_create'] = {'sender_id': US, 'target': {'recipient_id': US}, 'message_data': {'text': 'x'}}
    (event,) = hears({'for_user_id': US, 'direct_message_events': [item]})
    assert (event.reason, event.external_id) == ('own', '5')

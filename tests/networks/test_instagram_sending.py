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

"""Answers sent to Instagram by both ways in, against its emulator over real HTTP on the loopback."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from demo.emulators.graph_state import document, photo
from publik_socialmedia import networks
from publik_socialmedia.errors import (
    ConfigurationError,
    OutcomeUnknown,
    PermanentError,
    SocialMediaError,
    TemporaryError,
)
from publik_socialmedia.networks.base import Account, OutgoingFile
from publik_socialmedia.networks.meta_graph import GraphNetwork
from tests.networks.corpus import StoredAnswer
from tests.networks.graph import ago
from tests.networks.instagram_scene import IG_LOGIN_TOKEN, IG_PAGE_ID, IG_PAGE_TOKEN, WAYS, Scene, scene

NETWORK = networks.get('instagram')
SENDS = 'POST .*/messages'
PLACES = {
    'page': (f'/v26.0/{IG_PAGE_ID}/messages', IG_PAGE_TOKEN),
    'login': ('/graph.instagram.com/v26.0/me/messages', IG_LOGIN_TOKEN),
}


@pytest.fixture(params=WAYS)
def graph(request: pytest.FixtureRequest) -> Iterator[Scene]:
    with scene(request.param) as found:
        yield found


# -- what goes


def test_a_text(graph: Scene):
    """R30, R50: by the host of its token, which is in no address."""
    sent = graph.send(graph.outgoing())
    assert graph.said() == ['Votre dossier est prêt.'] and sent.external_id == graph.ours()[0].mid
    call = graph.emulator.calls[-1]
    path, token = PLACES[graph.way]
    assert (call.path, call.headers['authorization']) == (path, f'Bearer {token}')
    assert call.params['recipient'] == {'id': graph.citizen} and 'access_token' not in call.params
    assert ('appsecret_proof' in call.params) is (graph.way == 'page')


def test_each_host_knows_its_own_tokens_only(graph: Scene):
    other = {'page': IG_LOGIN_TOKEN, 'login': IG_PAGE_TOKEN}[graph.way]
    graph.set_credentials(**{'page_token' if graph.way == 'page' else 'instagram_token': other})
    with pytest.raises(ConfigurationError) as caught:
        graph.send(graph.outgoing())
    assert caught.value.reason == 'auth' and graph.said() == []


def test_without_a_test_yet_the_page_is_named_by_its_token(graph: Scene):
    """The account may be used before its first check."""
    graph.account = dataclasses.replace(graph.account, facts={})
    assert graph.send(graph.outgoing()).external_id


def test_the_real_hosts():
    """Where calls go when nothing stands in for the network."""
    assert isinstance(NETWORK, GraphNetwork)
    by_page, by_login = Account('1', {'page_token': 'EAA'}), Account('1', {'instagram_token': 'IGAA'})
    assert NETWORK.url(by_page, ('me',)) == 'https://graph.facebook.com/v26.0/me'
    assert NETWORK.url(by_login, ('me',)) == 'https://graph.instagram.com/v26.0/me'


def test_texts_are_counted_in_bytes(graph: Scene):
    """R31: « é » is two of them; each part is taken by the network, nothing is lost."""
    text = 'Été à la médiathèque : 👩🏽‍🚒 présentés dès l’après-midi. ' * 30
    parts = NETWORK.split(graph.account, graph.outgoing(text), [])
    assert len(parts) > 2 and all(len(part.text.encode()) <= 1000 for part in parts)
    assert any(len(part.text) < 950 for part in parts[:-1])
    for part in parts:
        graph.send(part)
    assert ' '.join(graph.said()).split() == text.split()


@pytest.mark.parametrize('media, kind', [(photo(), 'image'), (document(), 'file')])
def test_a_file_is_fetched_at_its_address(graph: Scene, media, kind: str):
    """R31: no upload, one file a message."""
    file = graph.published(media.content, media.name, media.mimetype)
    graph.send(graph.outgoing('', file=file))
    (message,) = graph.ours()
    assert [(one.kind, one.content) for one in message.media] == [(kind, media.content)]
    sent = graph.emulator.calls[-1].params['message']['attachment']
    assert sent == {'type': kind, 'payload': {'url': file.url}}
    assert [call.method for call in graph.shop.calls] == ['GET']


def test_a_file_that_cannot_be_fetched(graph: Scene):
    """R30: the outcome is not known: Meta may try again by itself."""
    file = OutgoingFile(document().content, 'a.pdf', 'application/pdf', url=f'{graph.shop.url}/gone')
    with pytest.raises(OutcomeUnknown):
        graph.send(graph.outgoing('', file=file))
    assert graph.said() == []


def test_a_file_without_an_address_is_not_sent(graph: Scene):
    with pytest.raises(ConfigurationError) as caught:
        graph.send(graph.outgoing('', file=OutgoingFile(b'%PDF', 'a.pdf', 'application/pdf')))
    assert caught.value.reason == 'base_url'
    assert not [call for call in graph.emulator.calls if call.method == 'POST']


@pytest.mark.parametrize(
    'file, reason',
    [
        (OutgoingFile(b'x' * 8_000_001, 'a.png', 'image/png'), 'file_too_big'),
        (OutgoingFile(b'x' * 25_000_001, 'a.pdf', 'application/pdf'), 'file_too_big'),
        (OutgoingFile(b'x', 'a.webp', 'image/webp'), 'file_type'),
        (OutgoingFile(b'x', 'a.odt', 'application/vnd.oasis.opendocument.text'), 'file_type'),
    ],
)
def test_a_file_that_instagram_does_not_take(graph: Scene, file: OutgoingFile, reason: str):
    """R31"""
    with pytest.raises(PermanentError) as caught:
        NETWORK.split(graph.account, graph.outgoing(), [file])
    assert caught.value.reason == reason


# -- the window


def test_after_a_day_a_person_answers_with_the_tag(graph: Scene):
    """R32: 7 days, where the feature is granted; the network's clock is the one that counts."""
    graph.emulator.page.human_agent = True
    graph.emulator.age(graph.citizen, timedelta(days=3))
    graph.account = graph.account_with(human_agent=True)
    graph.send(graph.outgoing(last_inbound_at=ago(days=3)))
    graph.send(graph.outgoing('Et ceci.'))  # by our clock it was in time
    assert graph.said() == ['Votre dossier est prêt.', 'Et ceci.']
    assert graph.emulator.calls[-1].params['tag'] == 'HUMAN_AGENT'


@pytest.mark.parametrize(
    'age, granted, human',
    [({'days': 3}, False, True), ({'days': 3}, True, False), ({'days': 7, 'minutes': 1}, True, True)],
)
def test_too_late_is_said_without_a_call(graph: Scene, age: dict[str, float], granted: bool, human: bool):
    """R32"""
    graph.account = graph.account_with(human_agent=granted)
    with pytest.raises(PermanentError) as caught:
        graph.send(graph.outgoing(last_inbound_at=ago(**age), human=human))
    assert caught.value.reason == 'window'
    assert not [call for call in graph.emulator.calls if call.method == 'POST']


# -- refusals


@pytest.mark.parametrize(
    'code, subcode, kind, reason',
    [
        (10, 2534022, PermanentError, 'window'),
        (10, 2018300, PermanentError, 'other_app'),
        (100, 2534014, PermanentError, 'blocked'),
        (100, 2534015, PermanentError, 'permanent'),
        (100, 2018008, TemporaryError, 'temporary'),
        (551, None, PermanentError, 'blocked'),
        (200, 2534041, ConfigurationError, 'permission'),
        (200, None, ConfigurationError, 'permission'),
        (400, None, ConfigurationError, 'policy'),
        (100, 2534122, ConfigurationError, 'policy'),
        (10, 2534029, ConfigurationError, 'policy'),
        (613, 2534040, TemporaryError, 'rate'),
        (80002, None, TemporaryError, 'rate'),
        (190, 463, ConfigurationError, 'auth'),
        (9000001, None, PermanentError, 'gone'),
        (1609005, None, PermanentError, 'media_gone'),
        (36000, 2207004, PermanentError, 'file_too_big'),
    ],
)
def test_errors(code: int, subcode: int | None, kind: type[SocialMediaError], reason: str):
    """R33: by code and subcode, never by the words."""
    error = {'code': code, 'message': 'x', **({'error_subcode': subcode} if subcode else {})}
    found = NETWORK.error(StoredAnswer(400, json.dumps({'error': error}).encode()))
    assert type(found) is kind and found.reason == reason


def test_an_unknown_person_may_be_one_who_wrote_long_ago(graph: Scene):
    """R32: two readings of one subcode; the age of the last message decides."""
    graph.account = graph.account_with(human_agent=True)
    refused = {'error': {'code': 100, 'error_subcode': 2534014, 'message': 'x'}}
    for age, reason in (({'minutes': 5}, 'blocked'), ({'days': 2}, 'window')):
        graph.emulator.fail('answer', SENDS, status=400, body=refused)
        with pytest.raises(PermanentError) as caught:
            graph.send(graph.outgoing(last_inbound_at=ago(**age)))
        assert caught.value.reason == reason


def test_a_restricted_account_stops(graph: Scene):
    graph.emulator.page.barred = True
    with pytest.raises(ConfigurationError) as caught:
        graph.send(graph.outgoing())
    assert caught.value.reason == 'policy'


def test_another_application_owns_the_thread(graph: Scene):
    """R35"""
    graph.emulator.take_thread(graph.citizen)
    with pytest.raises(PermanentError) as caught:
        graph.send(graph.outgoing())
    assert caught.value.reason == 'other_app'


# -- the answer was lost


@pytest.mark.parametrize('fault', ['cut_after', 'cut_before', 'late'])
def test_a_lost_send_is_looked_for(graph: Scene, fault: str):
    """R30: there is no idempotency key, and no mark in the echo."""
    message = graph.outgoing(first_tried_at=datetime.now(UTC), last_tried_at=datetime.now(UTC))
    graph.emulator.fail(fault, SENDS, seconds=0.05)
    with pytest.raises(OutcomeUnknown):
        graph.send(message)
    if fault == 'cut_before':
        with pytest.raises(OutcomeUnknown):
            graph.find(message)  # it may still be on its way
        assert graph.find(dataclasses.replace(message, last_tried_at=ago(minutes=2))) is None
        return
    for _ in range(100):
        if graph.ours():
            break
        time.sleep(0.02)
    found = graph.find(message)
    assert found is not None and found.external_id == graph.ours()[0].mid


def test_what_another_answer_is_known_to_be_is_not_taken_for_ours(graph: Scene):
    """R30: « Merci » said twice in the same second."""
    first = graph.send(graph.outgoing('Merci'))
    tried = ago(minutes=2)
    lost = graph.outgoing('Merci', first_tried_at=tried, last_tried_at=tried, others=(first.external_id,))
    assert graph.find(lost) is None
    second = graph.send(graph.outgoing('Merci'))
    found = graph.find(lost)
    assert found is not None and found.external_id == second.external_id


@pytest.mark.parametrize('media', [photo(), document()])
def test_a_lost_file_is_found_by_its_type(graph: Scene, media):
    """R30: neither its name nor its size are told."""
    file = graph.published(media.content, media.name, media.mimetype)
    tried = ago(minutes=2)
    message = graph.outgoing('', file=file, first_tried_at=tried, last_tried_at=tried)
    assert graph.find(message) is None
    with pytest.raises(OutcomeUnknown):  # a film may be fetched for 75 seconds
        graph.find(dataclasses.replace(message, last_tried_at=ago(seconds=70)))
    graph.emulator.fail('cut_after', SENDS)
    with pytest.raises(OutcomeUnknown):
        graph.send(message)
    found = graph.find(message)
    assert found is not None and found.external_id == graph.ours()[0].mid


def test_a_look_that_is_refused_says_nothing(graph: Scene):
    """R30"""
    tried = ago(minutes=5)
    message = graph.outgoing(first_tried_at=tried, last_tried_at=tried)
    graph.emulator.limit_rate('GET .*/conversations', code=80002)
    with pytest.raises(TemporaryError) as caught:
        graph.find(message)
    assert caught.value.retry_after == 19 * 60

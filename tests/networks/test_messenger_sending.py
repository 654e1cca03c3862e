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

"""Answers sent to Messenger, against the emulator of the Graph API over real HTTP on the loopback."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import override_settings

from demo.emulators.graph_state import document, photo
from publik_socialmedia import networks
from publik_socialmedia.errors import (
    ConfigurationError,
    OutcomeUnknown,
    PermanentError,
    TemporaryError,
)
from publik_socialmedia.networks.base import OutgoingFile
from publik_socialmedia.networks.meta_graph import appsecret_proof
from tests.networks.graph import Scene, ago, scene

NETWORK = networks.get('messenger')
SENDS = 'POST .*/messages'


@pytest.fixture
def graph() -> Iterator[Scene]:
    with scene() as found:
        yield found


# -- what goes


def test_a_text(graph: Scene):
    """R30: the key goes as ``metadata`` and comes back in the echo."""
    sent = graph.send(graph.outgoing())
    assert sent.external_id.startswith('m_')
    assert graph.said() == ['Votre dossier est prêt.']
    call = graph.emulator.calls[-1]
    assert call.path == '/v26.0/104400000000001/messages'
    assert call.params['messaging_type'] == 'RESPONSE' and 'tag' not in call.params
    (message,) = [one for one in graph.emulator.thread(graph.citizen).messages if one.from_page]
    assert message.metadata == 'publik:reply:8412'


def test_no_token_in_the_address(graph: Scene):
    """R50: addresses end up in logs; the proof of the secret goes with each call."""
    graph.send(graph.outgoing())
    call = graph.emulator.calls[-1]
    assert call.headers['authorization'] == f'Bearer {graph.account.credentials["page_token"]}'
    assert 'access_token' not in call.params
    assert len(call.text('appsecret_proof')) == 64


def test_a_proof_is_enough_for_an_application_that_requires_it(graph: Scene):
    graph.emulator.app.require_proof = True
    graph.send(graph.outgoing())
    without = dataclasses.replace(graph.account, credentials={'page_token': 'EAAemulatedPageToken'})
    with pytest.raises(PermanentError):
        NETWORK.send(without, graph.outgoing(), graph.http)


@pytest.mark.parametrize(
    'media, kind',
    [(photo(), 'image'), (document(), 'file')],
)
def test_a_file_travels_alone_by_multipart(graph: Scene, media, kind: str):
    """R31: no public address is needed."""
    file = OutgoingFile(media.content, media.name, media.mimetype)
    sent = graph.send(graph.outgoing('', file=file))
    (message,) = [one for one in graph.emulator.thread(graph.citizen).messages if one.from_page]
    assert (message.mid, message.metadata) == (sent.external_id, 'publik:reply:8412')
    assert [(one.kind, one.content, one.name) for one in message.media] == [(kind, media.content, media.name)]


def test_an_answer_is_split_before_it_is_sent(graph: Scene):
    """R31: 2000 characters, emoji counted twice, then the files alone."""
    text = 'Bonjour 👩🏽‍🚒. ' * 300
    file = OutgoingFile(b'%PDF-1.4', 'plan.pdf', 'application/pdf')
    parts = NETWORK.split(graph.account, graph.outgoing(text), [file])
    assert len(parts) > 2 and parts[-1].file == file
    for part in parts:
        graph.send(part)
    assert ''.join(graph.said()).replace(' ', '') == text.replace(' ', '')


@pytest.mark.parametrize(
    'file', [OutgoingFile(b'x' * 8_000_001, 'a.png', 'image/png'), OutgoingFile(b'x', 'a', 'x/y')]
)
def test_a_file_that_messenger_cannot_take_is_refused_at_once(graph: Scene, file: OutgoingFile):
    """R31"""
    with pytest.raises(PermanentError) as caught:
        NETWORK.split(graph.account, graph.outgoing(), [file])
    assert caught.value.reason in ('file_too_big', 'file_type')


def test_a_message_is_a_text_or_a_file(graph: Scene):
    both = graph.outgoing('Bonjour', file=OutgoingFile(b'x', 'a.txt', 'text/plain'))
    for wrong in (both, graph.outgoing('')):
        with pytest.raises(PermanentError) as caught:
            graph.send(wrong)
        assert caught.value.reason == 'empty'
    assert not [call for call in graph.emulator.calls if call.method == 'POST']


@pytest.mark.parametrize('token', ['', 'deux mots', 'jeton é', 'a\nb'])
def test_what_cannot_be_a_token_is_not_sent(graph: Scene, token: str):
    account = dataclasses.replace(graph.account, credentials={'page_token': token})
    with pytest.raises(ConfigurationError) as caught:
        NETWORK.send(account, graph.outgoing(), graph.http)
    assert caught.value.reason == 'auth' and not graph.emulator.calls


def test_an_id_never_leads_elsewhere(graph: Scene):
    """R15: ids are opaque, slashes and dots included."""
    for user in ('../me/subscribed_apps', '..', 'a?b=c', 'a#b'):
        assert NETWORK.profile(graph.account, user, graph.http) == ''
    paths = {call.path for call in graph.emulator.calls}
    assert '/v26.0/..%2Fme%2Fsubscribed_apps' in paths and '/v26.0/a%3Fb%3Dc' in paths
    assert not any('subscribed_apps' in path.split('/') for path in paths)


# -- the window


def test_after_a_day_a_person_answers_with_the_tag(graph: Scene):
    """R32: 7 days for a person's answer, where the feature is granted."""
    graph.emulator.page.human_agent = True
    graph.emulator.age(graph.citizen, timedelta(days=3))
    account = graph.account_with(human_agent=True)
    NETWORK.send(account, graph.outgoing(last_inbound_at=ago(days=3)), graph.http)
    assert graph.said() == ['Votre dossier est prêt.']
    assert graph.emulator.calls[-1].params['tag'] == 'HUMAN_AGENT'


@pytest.mark.parametrize(
    'age, granted, human',
    [({'days': 3}, False, True), ({'days': 3}, True, False), ({'days': 7, 'minutes': 1}, True, True)],
)
def test_too_late_is_said_without_a_call(graph: Scene, age: dict[str, float], granted: bool, human: bool):
    """R32, R33"""
    account = graph.account_with(human_agent=granted)
    with pytest.raises(PermanentError) as caught:
        NETWORK.send(account, graph.outgoing(last_inbound_at=ago(**age), human=human), graph.http)
    assert caught.value.reason == 'window'
    assert not [call for call in graph.emulator.calls if call.method == 'POST']


def test_the_network_finds_the_window_closed(graph: Scene):
    """R32: its clock is the one that counts; a person's answer then goes with the tag."""
    graph.emulator.age(graph.citizen, timedelta(hours=25))
    with pytest.raises(PermanentError) as caught:
        graph.send(graph.outgoing())
    assert (caught.value.reason, caught.value.code, caught.value.subcode) == ('window', '10', '2018278')
    graph.emulator.page.human_agent = True
    account = graph.account_with(human_agent=True)
    NETWORK.send(account, graph.outgoing(last_inbound_at=None), graph.http)
    assert graph.said() == ['Votre dossier est prêt.']


def test_a_feature_that_was_withdrawn(graph: Scene):
    """R33: the facts say granted, the network does not."""
    graph.emulator.age(graph.citizen, timedelta(days=3))
    account = graph.account_with(human_agent=True)
    with pytest.raises(PermanentError) as caught:
        NETWORK.send(account, graph.outgoing(last_inbound_at=ago(days=3)), graph.http)
    assert caught.value.reason == 'window'


def test_1545041_is_read_by_the_age_of_the_last_message(graph: Scene):
    """Two pages of Meta's disagree on what it means."""
    graph.emulator.thread(graph.citizen).person.blocked = True
    with pytest.raises(PermanentError) as caught:
        graph.send(graph.outgoing())
    assert caught.value.reason == 'blocked'
    account = graph.account_with(human_agent=True)
    with pytest.raises(PermanentError) as caught:
        NETWORK.send(account, graph.outgoing(last_inbound_at=ago(days=2)), graph.http)
    assert caught.value.reason == 'window'


# -- refusals


@pytest.mark.parametrize(
    'change, reason',
    [
        (lambda e: setattr(e.token, 'dead', 460), 'auth'),
        (lambda e: setattr(e.token, 'expires_at', ago(hours=1)), 'auth'),
        (lambda e: e.world.tokens.clear(), 'auth'),
        (lambda e: setattr(e.token, 'scopes', ('pages_show_list',)), 'permission'),
        (lambda e: setattr(e.page, 'barred', True), 'policy'),
    ],
)
def test_what_an_administrator_must_repair(graph: Scene, change, reason: str):
    """R33: the account stops, nothing is tried again by itself."""
    change(graph.emulator)
    with pytest.raises(ConfigurationError) as caught:
        graph.send(graph.outgoing())
    assert caught.value.reason == reason


def test_nothing_secret_in_errors(graph: Scene):
    """R50"""
    graph.emulator.token.dead = 460
    with pytest.raises(ConfigurationError) as caught:
        graph.send(graph.outgoing('texte de l’agent'))
    for secret in ('EAA', graph.citizen, 'texte', graph.account.credentials['app_secret']):
        assert secret not in str(caught.value) and secret not in repr(caught.value)


@pytest.mark.parametrize(
    'changes, reason',
    [({'recipient': '123'}, 'blocked'), ({'text': 'x' * 2001}, 'permanent')],
)
def test_what_will_never_go(graph: Scene, changes: dict[str, str], reason: str):
    """R33"""
    with pytest.raises(PermanentError) as caught:
        graph.send(dataclasses.replace(graph.outgoing(), **changes))
    assert caught.value.reason == reason and not graph.said()


@pytest.mark.parametrize(
    'file, reason',
    [
        (OutgoingFile(b'x' * 8_000_001, 'a.png', 'image/png'), 'file_too_big'),
        (OutgoingFile(b'not a picture', 'a.png', 'image/png'), 'file_type'),
    ],
)
def test_files_that_the_network_refuses(graph: Scene, file: OutgoingFile, reason: str):
    """R33: one of them with a status of 200."""
    with pytest.raises(PermanentError) as caught:
        graph.send(graph.outgoing('', file=file))
    assert caught.value.reason == reason and not graph.said()


def test_another_application_owns_the_thread(graph: Scene):
    """R35: a colleague answers in Meta's own inbox."""
    graph.emulator.take_thread(graph.citizen)
    with pytest.raises(PermanentError) as caught:
        graph.send(graph.outgoing())
    assert caught.value.reason == 'other_app'


def test_code_10_alone_is_looked_into(graph: Scene):
    """It says « missing permission » and, in the wild, « another application »: ask who owns the thread."""
    refused = {'error': {'message': 'refused', 'code': 10}}
    graph.emulator.fail('answer', SENDS, status=400, body=refused)
    with pytest.raises(ConfigurationError) as permission:
        graph.send(graph.outgoing())
    assert permission.value.reason == 'permission'
    graph.emulator.take_thread(graph.citizen)
    graph.emulator.fail('answer', SENDS, status=400, body=refused)
    with pytest.raises(PermanentError) as taken:
        NETWORK.send(graph.account_with(app_id='990000000000001'), graph.outgoing(), graph.http)
    assert taken.value.reason == 'other_app'


@pytest.mark.parametrize('code', [4, 32, 613, 80006])
def test_limits_are_waited_for_as_the_network_says(graph: Scene, code: int):
    """R33: minutes in a header of Meta's; nothing went."""
    graph.emulator.limit_rate(SENDS, minutes=19, code=code)
    with pytest.raises(TemporaryError) as caught:
        graph.send(graph.outgoing())
    assert not isinstance(caught.value, OutcomeUnknown)
    assert (caught.value.reason, caught.value.retry_after) == ('rate', 19 * 60)


def test_a_limit_told_by_a_proxy(graph: Scene):
    graph.emulator.fail('answer', SENDS, status=429, body=b'<html>', headers={'Retry-After': '7'})
    with pytest.raises(TemporaryError) as caught:
        graph.send(graph.outgoing())
    assert not isinstance(caught.value, OutcomeUnknown)
    assert (caught.value.reason, caught.value.retry_after) == ('rate', 7)


def test_connection_refused_sends_nothing(graph: Scene):
    """R30: nothing was sent, nothing is to be looked for."""
    with scene() as gone:
        url = gone.emulator.url
    nowhere = dataclasses.replace(graph.account, api_url=url)
    trusted = override_settings(PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS=[url.removeprefix('http://')])
    with trusted, pytest.raises(TemporaryError) as caught:
        NETWORK.send(nowhere, graph.outgoing(), graph.http)
    assert not isinstance(caught.value, OutcomeUnknown)


def test_proof_of_the_secret():
    """The vector of the documentation: HMAC-SHA256 of the token with the secret of the application."""
    proof = appsecret_proof('EAAexempleDeJeton', '0123456789abcdef0123456789abcdef')
    assert proof == '7beaefb7e000af8c781d1af587df963a90b756d785ade360ea84d0960251730e'

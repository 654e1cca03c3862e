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

"""The emulator of the Graph API: its webhooks are those of Meta, its breakdowns those that are planned."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from demo.emulators.graph import APP_SECRET, VERIFY_TOKEN, GraphEmulator
from demo.emulators.graph_state import photo
from demo.emulators.server import Call, EmulatorServer, Reply, read_call
from publik_socialmedia import networks
from publik_socialmedia.errors import WebhookRejected
from publik_socialmedia.networks.base import Event, Kind, Outgoing, Raw, Request, Status
from tests.networks.graph import Scene, scene

NETWORK = networks.get('messenger')
SECRETS = {'app_secret': [APP_SECRET], 'verify_token': [VERIFY_TOKEN]}


class Callback:
    """A webhook that checks, keeps and counts what it is given; ``status`` is what it answers."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.status = 200

    def answer(self, call: Call) -> Reply:
        request = Request(call.method, call.headers, {k: str(v) for k, v in call.params.items()}, call.body)
        try:
            if call.method == 'GET':
                return Reply(200, NETWORK.handshake(request, SECRETS), mimetype='text/plain')
            NETWORK.verify(request, SECRETS)
        except WebhookRejected as error:
            return Reply(error.status, b'')
        self.bodies.append(call.body)
        return Reply(self.status, b'')

    def events(self) -> list[Event]:
        return [event for body in self.bodies for event in NETWORK.parse(Raw(body))]


@pytest.fixture
def callback() -> Callback:
    return Callback()


@pytest.fixture
def graph(callback: Callback) -> Iterator[Scene]:
    with EmulatorServer(callback.answer) as server, scene(callback_url=f'{server.url}/hook') as found:
        found.emulator.webhooks.wait()
        callback.bodies.clear()
        yield found
        found.emulator.webhooks.wait()


def received(graph: Scene, callback: Callback) -> list[Event]:
    graph.emulator.webhooks.wait()
    return callback.events()


# -- webhooks


def test_bodies_are_written_and_signed_as_meta_does(graph: Scene, callback: Callback):
    """R1: escapes in lower case, slashes escaped; the signature is that of these bytes."""
    graph.emulator.citizen_writes(graph.citizen, 'Été à http://exemple.fr 👍')
    (event,) = received(graph, callback)
    assert event.text == 'Été à http://exemple.fr 👍'
    (body,) = callback.bodies
    assert body.isascii() and b'\\u00c9t\\u00e9' in body and b'http:\\/\\/exemple.fr' in body
    assert json.loads(body)['entry'][0]['messaging'][0]['message']['mid'] == event.external_id


def test_handshake(graph: Scene):
    """R1"""
    webhooks, url = graph.emulator.webhooks, graph.emulator.app.callback_url
    assert webhooks.handshake(url)
    graph.emulator.app.verify_token = 'faux'
    assert not webhooks.handshake(url)


def test_a_wrong_secret_is_seen(graph: Scene, callback: Callback):
    """R1: refused, tried again a few times, given up."""
    graph.emulator.app.secret = 'faux'
    graph.emulator.citizen_writes(graph.citizen, 'Bonjour')
    assert received(graph, callback) == []
    sending = graph.emulator.webhooks.sent[-1]
    assert (sending.status, sending.tries) == (403, 3)


def test_an_answer_brings_its_echo_and_receipts(graph: Scene, callback: Callback):
    """R11, R12"""
    graph.emulator.sender.receipts = ('delivered', 'read')
    sent = graph.send(Outgoing('publik:reply:1', graph.citizen, 'Votre dossier est prêt.'))
    echo, delivered, read = received(graph, callback)
    assert (echo.kind, echo.from_us, echo.external_id, echo.key, echo.user) == (
        Kind.MESSAGE,
        True,
        sent.external_id,
        'publik:reply:1',
        graph.citizen,
    )
    assert echo.details['app_id'] == graph.emulator.app.id
    assert (delivered.status, delivered.external_id) == (Status.DELIVERED, sent.external_id)
    assert echo.sent_at is not None
    assert (read.status, read.user, read.up_to) == (Status.READ, graph.citizen, echo.sent_at)


def test_all_that_a_citizen_does(graph: Scene, callback: Callback):
    """R7, R13, R14"""
    do, citizen = graph.emulator, graph.citizen
    mid = do.citizen_writes(citizen, 'Bonjour', reply_to='m_before')
    do.citizen_edits(mid, 'Bonsoir')
    do.citizen_reacts(mid, '❤')
    do.citizen_reacts(mid, '❤', removed=True)
    do.citizen_sends_album(citizen, 3)
    do.citizen_writes_burst(citizen, ['un', 'deux'])
    do.citizen_taps(citizen, 'Démarrer', 'GET_STARTED')
    do.citizen_taps(citizen, 'État civil', 'ETAT_CIVIL')
    do.citizen_follows_link(citizen, 'affiche')
    do.citizen_unsends(mid)
    do.test_button()
    do.enforce_policy('warning')
    events = received(graph, callback)
    assert [(event.kind.value, event.topic or event.text) for event in events] == [
        ('message', 'Bonjour'),
        ('edit', 'Bonsoir'),
        ('reaction', ''),
        ('reaction', ''),
        ('message', ''),
        ('message', 'un'),
        ('message', 'deux'),
        ('channel', 'conversation_started'),
        ('message', 'État civil'),
        ('channel', 'referral'),
        ('unsend', ''),
        ('channel', 'test'),
        ('channel', 'policy_block'),
    ]
    assert events[0].reply_to == 'm_before'
    assert [item.kind for item in events[4].attachments] == ['image'] * 3
    assert [event.removed for event in events[2:4]] == [False, True]


def test_a_colleague_takes_the_thread(graph: Scene, callback: Callback):
    """R16: what follows is « standby », the answer typed there an echo of another application."""
    graph.emulator.page_writes(graph.citizen, 'Je m’en occupe', takes_thread=True)
    graph.emulator.citizen_writes(graph.citizen, 'Merci')
    control, native, message = received(graph, callback)
    assert (control.topic, control.details['owner']) == ('thread_control', '263902037430900')
    assert (native.from_us, native.details['app_id'], native.details['standby']) == (
        True,
        '263902037430900',
        True,
    )
    assert (message.text, message.from_us, message.details['standby']) == ('Merci', False, True)


def test_batches_disorder_duplicates_redelivery(graph: Scene, callback: Callback):
    """R3, R4: what Meta does with entries."""
    webhooks = graph.emulator.webhooks
    webhooks.hold()
    graph.emulator.citizen_writes_burst(graph.citizen, ['un', 'deux', 'trois'])
    assert received(graph, callback) == []
    assert webhooks.release(batch=True, order=lambda held: held[::-1]) == 3
    assert [event.text for event in received(graph, callback)] == ['trois', 'deux', 'un']
    assert len(callback.bodies) == 1
    webhooks.redeliver()
    webhooks.wait()
    assert callback.bodies[0] == callback.bodies[1]
    webhooks.duplicates = 2
    graph.emulator.citizen_writes(graph.citizen, 'quatre')
    assert [event.text for event in received(graph, callback)][-3:] == ['quatre'] * 3


def test_no_webhook_without_subscription_nor_callback(graph: Scene, callback: Callback):
    """R17: that is an outage; history remains."""
    graph.emulator.page.subscriptions[graph.emulator.app.id] = ('message_reads',)
    graph.emulator.citizen_writes(graph.citizen, 'un')
    graph.emulator.page.subscriptions[graph.emulator.app.id] = ('messages',)
    graph.emulator.app.callback_url = ''
    graph.emulator.citizen_writes(graph.citizen, 'deux')
    assert received(graph, callback) == []
    assert len(graph.emulator.thread(graph.citizen).messages) == 3


def test_a_callback_that_fails_is_tried_again(graph: Scene, callback: Callback):
    callback.status = 500
    graph.emulator.citizen_writes(graph.citizen, 'un')
    graph.emulator.webhooks.wait()
    assert len(callback.bodies) == 3


def test_media_hosts(graph: Scene):
    """R10: a photograph says where it was taken until it is cleaned."""
    mid = graph.emulator.citizen_sends_album(graph.citizen, 1)
    (media,) = graph.emulator.world.messages[mid].media
    url = media.url.replace('https://', f'{graph.emulator.url}/cdn/')
    answer = requests.get(url, timeout=5)
    assert (answer.status_code, answer.headers['content-type']) == (200, 'image/jpeg')
    assert b'Exif' in answer.content
    assert requests.get(graph.emulator.expired(url), timeout=5).status_code == 403
    assert requests.get(url.replace(media.id, '1'), timeout=5).status_code == 404


# -- refusals that no call of ours provokes


@pytest.mark.parametrize(
    'path, params, code',
    [
        ('me/conversations', {'platform': 'whatsapp'}, 100),
        ('me/conversations', {'fields': 'id,('}, 2500),
        ('me/conversations', {'after': 'nonsense'}, 100),
        ('123/conversations', {}, 100),
        ('t_unknown/messages', {}, 100),
        ('m_unknown', {}, 100),
        ('me/nothing/here', {}, 2500),
    ],
)
def test_unknown_things_are_refused(graph: Scene, path: str, params: dict[str, str], code: int):
    headers = {'Authorization': f'Bearer {graph.account.credentials["page_token"]}'}
    answer = requests.get(f'{graph.emulator.url}/v26.0/{path}', params=params, headers=headers, timeout=5)
    assert (answer.status_code, answer.json()['error']['code']) == (400, code)


@pytest.mark.parametrize(
    'body, code',
    [
        ({}, 100),
        ({'messaging_type': 'RESPONSE', 'message': {}}, 100),
        ({'messaging_type': 'RESPONSE', 'message': {'text': 'a', 'attachment': {'type': 'file'}}}, 100),
        ({'messaging_type': 'RESPONSE', 'message': {'text': 'a', 'metadata': 'x' * 1001}}, 100),
        ({'message': {'text': 'a'}}, 100),
        ({'messaging_type': 'MESSAGE_TAG', 'tag': 'ACCOUNT_UPDATE', 'message': {'text': 'a'}}, 100),
        ({'sender_action': 'dance'}, 100),
    ],
)
def test_sends_that_are_badly_made(graph: Scene, body: dict[str, object], code: int):
    headers = {'Authorization': f'Bearer {graph.account.credentials["page_token"]}'}
    url = f'{graph.emulator.url}/v26.0/me/messages'
    given = {'recipient': {'id': graph.citizen}, **body}
    answer = requests.post(url, json=given, headers=headers, timeout=5)
    assert (answer.status_code, answer.json()['error']['code']) == (400, code)
    seen = requests.post(url, json={**given, 'sender_action': 'mark_seen'}, headers=headers, timeout=5)
    assert seen.status_code == (400 if 'message' in body else 200)


def test_no_token(graph: Scene):
    for headers in ({}, {'Authorization': 'Bearer x'}, {'Authorization': 'Bearer 990000000000001|faux'}):
        answer = requests.get(f'{graph.emulator.url}/v26.0/me', headers=headers, timeout=5)
        assert answer.json()['error']['code'] in (104, 190)


# -- the server


def test_faults_are_taken_in_order_and_end():
    with EmulatorServer(lambda call: Reply(200, {'path': call.path})) as server:
        server.fail('answer', 'GET /a', times=2, status=503, body=b'down')
        server.fail('cut_before', 'GET /b')
        server.fail('slow', 'GET /c', seconds=0.05)
        assert [requests.get(f'{server.url}/a', timeout=5).status_code for _ in range(3)] == [503, 503, 200]
        with pytest.raises(requests.ConnectionError):
            requests.get(f'{server.url}/b', timeout=5)
        assert requests.get(f'{server.url}/b', timeout=5).json() == {'path': '/b'}
        assert requests.get(f'{server.url}/c', timeout=5).ok
        assert [call.path for call in server.calls] == ['/a', '/a', '/a', '/b', '/b', '/c']


def test_multipart_is_read_byte_for_byte():
    content = b'\r\n--\r\n\x00\xff\n' * 3
    prepared = requests.Request(
        'POST',
        'http://x/y?a=1',
        data={'message': '{"é": 1}'},
        files={'filedata': ('é a.bin', content, 'x/y')},
    ).prepare()
    assert isinstance(prepared.body, bytes)
    call = read_call('POST', '/y?a=1', dict(prepared.headers), prepared.body)
    assert call.params == {'a': '1', 'message': '{"é": 1}'}
    assert (call.files['filedata'].content, call.files['filedata'].mimetype) == (content, 'x/y')


def test_the_page_lets_people_write_as_a_citizen(graph: Scene, callback: Callback):
    form = {'psid': '', 'name': 'Zoé <b>', 'text': 'Une rue\r\nà refaire', 'photo': '1'}
    page = requests.post(f'{graph.emulator.url}/citizen', data=form, timeout=5)
    assert 'Zoé &lt;b&gt;' in page.text and 'Zoé <b>' not in page.text
    (event,) = received(graph, callback)
    assert (event.text, len(event.attachments)) == ('Une rue\nà refaire', 1)


def test_it_runs_alone():
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, '-m', 'demo.emulators.graph', '--port', '0']
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[0]
            with urllib.request.urlopen(url, timeout=10) as page:
                assert 'Messenger' in page.read().decode()
        finally:
            process.terminate()
        assert process.wait(10) == 0


def test_two_pages_share_an_application():
    """Each has its own people; a Page does not see the other's."""
    with GraphEmulator() as emulator:
        other = emulator.add_page('104400000000002', 'Autre ville', 'EAAother')
        psid = emulator.add_person('Youssef', page=other)
        emulator.citizen_writes(psid, 'Bonjour', [photo()])
        headers = {'Authorization': 'Bearer EAAother'}
        mine = requests.get(f'{emulator.url}/v26.0/me/conversations', headers=headers, timeout=5).json()
        assert len(mine['data']) == 1
        headers = {'Authorization': 'Bearer EAAemulatedPageToken'}
        theirs = requests.get(f'{emulator.url}/v26.0/me/conversations', headers=headers, timeout=5).json()
        assert theirs == {'data': []}

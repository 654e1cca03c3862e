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

"""Answers from their acceptance to the citizen's screen, by real HTTP to the stand-ins (R30, R31, R34)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from demo.emulators.graph_state import document, photo
from publik_socialmedia import errors, networks
from publik_socialmedia.delivery import queue, receipts, worker
from publik_socialmedia.media import safe_image
from publik_socialmedia.models import Attachment, Conversation, Delivery, Message
from publik_socialmedia.networks.base import OutgoingFile
from tests.delivery.desk import (
    Desk,
    MastodonDesk,
    MessengerDesk,
    answer_states,
    deliveries,
    kept,
    turns,
)
from tests.factory import deliver

pytestmark = pytest.mark.django_db


# -- once


def test_an_answer_reaches_the_citizen(desk: Desk):
    """R30: accepted at once without any call, sent by the worker, known by the network's id."""
    before = desk.sends()
    (message,) = desk.answer('Votre dossier est prêt.')
    assert (message.state, desk.sends()) == ('queued', before)
    deliver()
    message.refresh_from_db()
    assert desk.on_screen() == ['Votre dossier est prêt.']
    assert message.state in ('sent', 'delivered') and message.external_id and message.sent_at
    assert deliveries(kind='send') == [('send', 'done', '')]
    assert 'Votre dossier' not in desk.history()  # agents wrote it there themselves


@pytest.mark.parametrize(
    'fault, arguments',
    [
        ('cut_before', {}),
        ('cut_after', {}),
        ('after', {'status': 500, 'body': {'error': {'message': 'x', 'code': 2}}}),
        ('answer', {'status': 500, 'body': {'error': {'message': 'x', 'code': 1}}}),
        ('answer', {'status': 503, 'body': b'<html>', 'headers': {'Retry-After': '5'}}),
        ('after', {'status': 502, 'body': b'<html>bad gateway</html>'}),
        ('answer', {'status': 429, 'body': {'error': 'x'}, 'headers': {'Retry-After': '7'}}),
        ('after', {'status': 200, 'body': b'not json'}),
        ('after', {'status': 200, 'body': {}}),
        ('slow', {'seconds': 1.4}),
        ('late', {'seconds': 0.3}),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value.get('status', '')),
)
def test_sent_once_whatever_the_fault(desk: Desk, fault: str, arguments: dict):
    """R30, R33: lost answer, 5xx, 429, slow, cut: tried again after a look, never twice on the screen."""
    desk.fail(fault, **arguments)
    desk.answer()
    deliver()
    assert Delivery.objects.get(kind='send').state == 'pending'
    if fault in ('slow', 'late'):
        threading.Event().wait(1.0)  # what was lost is carried out
    turns(4)
    assert desk.on_screen() == ['Votre dossier est prêt.']
    assert deliveries(kind='send') == [('send', 'done', '')]
    desk.hear()
    assert len(answer_states()) == 1 and answer_states()[0] in ('sent', 'delivered')


def test_three_faults_in_a_row(desk: Desk):
    """R30"""
    desk.fail('cut_after')
    desk.fail('cut_before')
    desk.fail('answer', status=500, body={})
    desk.answer()
    deliver()
    turns(6)
    assert desk.on_screen() == ['Votre dossier est prêt.']


def test_a_worker_killed_between_the_call_and_its_record(desk: Desk, monkeypatch):
    """R21, R30: the network has it, the worker died before it could write so."""

    def dies(*args: object, **kwargs: object) -> None:
        raise SystemExit(137)

    desk.answer()
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(receipts, 'sent', dies)
        deliver()
    delivery = Delivery.objects.get(kind='send')
    assert (delivery.state, delivery.unknown, delivery.attempts) == ('pending', True, 1)
    assert Conversation.objects.get().lease_token  # nobody else takes it before the end of the lease
    deliver()
    assert len(desk.on_screen()) == 1
    turns()
    assert desk.on_screen() == ['Votre dossier est prêt.']
    assert Delivery.objects.get(kind='send').state == 'done'


def test_a_worker_killed_before_the_call(desk: Desk, monkeypatch):
    """R21, R30"""
    network = type(networks.get(desk.account.network))

    def dies(*args: object, **kwargs: object) -> None:
        raise SystemExit(137)

    desk.answer()
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(network, 'send', dies)
        deliver()
    assert desk.on_screen() == []
    turns()
    assert desk.on_screen() == ['Votre dossier est prêt.']


def test_a_worker_that_lost_its_lease_does_not_send(desk: Desk):
    """R22, R30: the one who took over does."""
    desk.answer()
    conversation = desk.conversation()
    stale = queue.claim_one(conversation.pk)
    stale.until = timezone.now() - timedelta(seconds=1)
    Conversation.objects.filter(pk=conversation.pk).update(lease_until=stale.until)
    current = queue.claim_one(conversation.pk)
    worker.drain(stale)
    assert desk.on_screen() == []
    worker.drain(current)
    assert desk.on_screen() == ['Votre dossier est prêt.']


def test_a_send_longer_than_the_lease_keeps_the_conversation(desk: Desk, monkeypatch):
    """R30: several calls make one message (pieces of a film); another worker would send it too meanwhile."""
    desk.answer()
    claim = queue.claim_one(desk.conversation().pk)
    seen = []

    def before() -> None:
        claim.until = timezone.now() - timedelta(seconds=1)
        Conversation.objects.update(lease_until=claim.until)

    _around_sends(desk, monkeypatch, before, lambda: seen.append(queue.claim_one(claim.conversation_id)))
    worker.drain(claim)
    assert (seen, desk.on_screen()) == ([None], ['Votre dossier est prêt.'])


def test_a_send_whose_conversation_is_taken_meanwhile_stops(desk: Desk, monkeypatch):
    """R22, R30: the one who took over looks, then sends."""
    desk.answer()
    claim = queue.claim_one(desk.conversation().pk)
    taken = []

    def before() -> None:
        if not taken:
            claim.until = timezone.now() - timedelta(seconds=1)
            Conversation.objects.update(lease_until=claim.until)
            taken.append(queue.claim_one(claim.conversation_id))

    _around_sends(desk, monkeypatch, before, lambda: None)
    worker.drain(claim)
    assert (desk.sends(), desk.on_screen()) == (0, [])
    turns()
    assert desk.on_screen() == ['Votre dossier est prêt.']


def _around_sends(desk: Desk, monkeypatch, before: Callable[[], None], after: Callable[[], None]) -> None:
    network = type(networks.get(desk.account.network))
    send = network.send

    def sending(*args: object) -> object:
        before()
        sent = send(*args)
        after()
        return sent

    monkeypatch.setattr(network, 'send', sending)


def test_the_end_of_a_lost_try_is_waited_for_from_when_it_was_given_up(desk: Desk):
    """R30: a call may last a minute before its answer is given up, and be carried out after that."""
    desk.answer()
    desk.fail('cut_after')
    deliver()
    delivery = Delivery.objects.get(kind='send')
    assert delivery.unknown and delivery.tried_at > delivery.first_tried_at


def test_the_same_answer_twice_is_one(desk: Desk):
    """R30: w.c.s. or the agent repeats the call, before and after it was sent."""
    first = desk.answer()
    assert desk.answer() == first
    deliver()
    assert desk.answer('Un autre texte, même réponse') == first
    deliver()
    assert desk.on_screen() == ['Votre dossier est prêt.']
    desk.answer('Autre réponse', key='demande 1, réponse 2')
    deliver()
    assert desk.on_screen() == ['Votre dossier est prêt.', 'Autre réponse']


@pytest.mark.django_db(transaction=True)
def test_the_same_answer_asked_at_the_same_time(desk: Desk):
    """R30: eight identical calls at once make one answer."""
    start = threading.Barrier(8)

    def ask(_rank: int) -> list[int]:
        try:
            start.wait(10)
            return [message.pk for message in desk.answer('mot ' * 1200)]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert all(pks == found[0] for pks in found)
    assert Message.objects.filter(origin='agent').count() == len(found[0]) > 1


def test_an_answer_needs_a_key(page: MessengerDesk):
    """R30: without it, messages of the citizen would be taken for it."""
    with pytest.raises(ValueError, match='key'):
        page.answer(key='')


# -- several messages in one answer


def test_a_long_answer_is_split_in_order(desk: Desk):
    """R31: in the network's own unit, at sentences, each part with its own id."""
    text = ' '.join(f'Phrase numéro {number} de la réponse.' for number in range(150))
    parts = desk.answer(text)
    assert len(parts) > 1
    deliver()
    assert ' '.join(desk.on_screen()) == text
    stored = Message.objects.filter(origin='agent').order_by('part')
    assert [m.part for m in stored] == list(range(len(parts)))
    assert len({m.external_id for m in stored}) == len(parts)


def test_parts_keep_their_order_through_faults(desk: Desk):
    """R31, R25: a part that waits holds up those behind it."""
    text = ' '.join(f'Phrase numéro {number} de la réponse.' for number in range(150))
    desk.answer(text)
    desk.fail('answer', status=500, body={})
    deliver()
    turns(2)
    desk.fail('cut_after')
    turns(4)
    assert ' '.join(desk.on_screen()) == text


def test_a_failure_in_the_middle_cancels_the_rest(page: MessengerDesk):
    """R31, R33: half an answer is not followed by its third quarter; the agent is told once."""
    page.answer('Phrase assez longue de la réponse. ' * 170)
    page.graph.fail('slow', page.SENDS, seconds=0)  # the first one goes
    refusal = {'error': {'message': '(#551)', 'code': 551, 'error_subcode': 1545041}}
    page.graph.fail('answer', page.SENDS, status=400, body=refusal)
    deliver()
    assert len(page.on_screen()) == 1
    assert answer_states()[0] in ('sent', 'delivered') and set(answer_states()[1:]) == {'failed'}
    assert [state for _, state, _ in deliveries(kind='send')] == ['done', 'done', 'cancelled']
    turns()
    assert len(page.on_screen()) == 1
    assert len(deliveries(kind='state')) == 1
    page.answer('Nouvel essai', key='demande 1, réponse 2')
    deliver()
    assert page.on_screen()[-1] == 'Nouvel essai'


@pytest.mark.parametrize('text', ['a\x00b', 'a\ud800b', '\u202eabc', 'é' * 3000, '👩🏽‍🚒' * 300])
def test_odd_texts(desk: Desk, text: str):
    """R24, R31: neither PostgreSQL nor the network chokes on what an agent pastes."""
    desk.answer(text)
    deliver()
    assert ''.join(desk.on_screen()) == text.replace('\x00', '').replace('\ud800', '').replace('\u202e', '')


@pytest.mark.parametrize('text', ['', '  \n ', '\x00'])
def test_an_empty_answer_is_refused_at_once(desk: Desk, text: str):
    """R31"""
    with pytest.raises(errors.PermanentError) as caught:
        desk.answer(text)
    assert caught.value.reason == 'empty'
    assert not Message.objects.filter(origin='agent').exists()


# -- private


def test_a_private_answer_stays_private(fediverse: MastodonDesk):
    """R34: direct, to that person only, read again; deleted with an alert if it came out public."""
    fediverse.server.state.came_out = 'public'
    fediverse.answer()
    deliver()
    assert fediverse.on_screen() == []
    assert Message.objects.get(origin='agent').failure == 'not_private'
    assert deliveries(kind='state') == [('state', 'done', '')]
    fediverse.answer(key='demande 1, réponse 2')
    deliver()
    (status,) = [s for s in fediverse.server.state.statuses.values() if s['_author'] == 'ville']
    assert (status['visibility'], status['_to']) == ('direct', ['jeanne@ailleurs.example'])


# -- files


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize('given', [photo(), document()], ids=['photo', 'pdf'])
def test_a_file_is_sent_then_removed(page: MessengerDesk, private_storage: Path, given):
    """R31, R51: kept privately while it waits, and not a second longer."""
    # a photograph that tells where it was taken would be changed
    content = safe_image(given.content)[0] if given.kind == 'image' else given.content
    file = OutgoingFile(content, given.name, given.mimetype)
    page.fail('cut_before')
    page.answer('Voici', file)
    assert len(kept(private_storage)) == 1
    deliver()
    assert len(kept(private_storage)) == 1
    turns()
    sent = [m for m in page.graph.thread(page.citizen).messages if m.from_page]
    assert [m.text for m in sent] == ['Voici', '']
    assert sent[1].media[0].content == content
    assert kept(private_storage) == []
    assert list(Attachment.objects.values_list('state', flat=True)) == ['given']


@pytest.mark.django_db(transaction=True)
def test_a_file_that_will_never_go_is_removed_too(page: MessengerDesk, private_storage: Path):
    """R51: nothing is left of an answer that failed."""
    media = photo()
    page.graph.thread(page.citizen).person.blocked = True
    page.answer('Voici', OutgoingFile(media.content, media.name, media.mimetype))
    deliver()
    assert answer_states() == ['failed', 'failed'] and kept(private_storage) == []
    assert Attachment.objects.get().state == 'unavailable'


@pytest.mark.parametrize(
    'file, reason',
    [
        (OutgoingFile(b'x' * 8_000_001, 'a.png', 'image/png'), 'file_too_big'),
        (OutgoingFile(b'MZ', 'a.exe', 'x/y'), 'file_type'),
    ],
)
def test_a_file_that_the_network_cannot_take(
    page: MessengerDesk, private_storage: Path, file: OutgoingFile, reason: str
):
    """R31: refused before anything is sent or stored, the text neither."""
    with pytest.raises(errors.PermanentError) as caught:
        page.answer('Voici', file)
    assert caught.value.reason == reason
    assert not Delivery.objects.filter(kind='send').exists() and kept(private_storage) == []


def test_a_file_that_vanished_from_the_storage(page: MessengerDesk, private_storage: Path):
    """R33: told as a failure, not a worker that stumbles for three days."""
    media = photo()
    page.answer('', OutgoingFile(media.content, media.name, media.mimetype))
    kept(private_storage)[0].unlink()
    deliver()
    assert Message.objects.get(origin='agent').failure == 'media_gone'


# -- logs


def test_nothing_secret_in_logs_or_errors(desk: Desk, caplog: pytest.LogCaptureFixture):
    """R50: neither texts, names, ids of persons, tokens nor secrets, at any level, through faults."""
    caplog.set_level(logging.DEBUG)
    desk.citizen_writes('texte-du-citoyen-confidentiel')
    desk.fail('cut_after')
    desk.answer('texte-de-l-agent-confidentiel')
    deliver()
    turns()
    desk.kill_token()
    desk.answer('second-texte-confidentiel', key='demande 1, réponse 2')
    deliver()
    desk.kill_token(False)
    turns()
    errors_kept = ' '.join(Delivery.objects.values_list('error', flat=True))
    said = caplog.text + errors_kept + ' '.join(repr(record.__dict__) for record in caplog.records)
    secrets = [value for value in desk.account.credentials.values() if len(value) > 12 and '://' not in value]
    for secret in ['confidentiel', 'Camille', 'jeanne@', desk.wcs.secret, *secrets, *ids_of_people(desk)]:
        assert secret not in said, secret
    assert len(caplog.records) > 3  # something was logged


def ids_of_people(desk: Desk) -> list[str]:
    return [row.value for row in desk.conversation().contact.identifiers.all() if len(row.value) > 6]

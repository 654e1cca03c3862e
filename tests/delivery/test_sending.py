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

"""Answers from their acceptance to the citizen's screen, by real HTTP to the stand-ins (R5, R11, R30–R35)."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from demo.emulators.graph_state import document, photo
from publik_socialmedia import errors, networks
from publik_socialmedia.delivery import queue, receipts, sending, worker
from publik_socialmedia.models import Account, Attachment, Conversation, Delivery, Journal, Message
from publik_socialmedia.networks.base import Kind, OutgoingFile, Status
from tests.delivery.desk import (
    Desk,
    MastodonDesk,
    MessengerDesk,
    deliveries,
    desk_of,
    mastodon,
    messenger,
    turns,
)
from tests.factory import deliver, happens, later

NETWORKS = ['messenger', 'mastodon']
pytestmark = pytest.mark.django_db


@pytest.fixture(params=NETWORKS)
def desk(request: pytest.FixtureRequest, db: None) -> Iterator[Desk]:
    with desk_of(request.param) as found:
        found.citizen_writes('Bonjour, où en est mon dossier ?')
        deliver()
        yield found


@pytest.fixture
def page(db: None) -> Iterator[MessengerDesk]:
    with messenger() as found:
        found.citizen_writes('Bonjour, où en est mon dossier ?')
        deliver()
        yield found


@pytest.fixture
def fediverse(db: None) -> Iterator[MastodonDesk]:
    with mastodon() as found:
        found.citizen_writes('Bonjour, où en est mon dossier ?')
        deliver()
        yield found


def kept(folder: Path) -> list[Path]:
    """Files in the private storage."""
    return [path for path in folder.rglob('*') if path.is_file()]


def states() -> list[str]:
    ours = Message.objects.filter(origin=Message.Origin.AGENT).order_by('pk')
    return list(ours.values_list('state', flat=True))


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
    assert len(states()) == 1 and states()[0] in ('sent', 'delivered')


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


# -- echoes


def test_an_echo_before_the_answer_of_the_api(page: MessengerDesk, monkeypatch):
    """R11: the webhook of our own message comes while we wait for the answer; one message, no native one."""
    network = type(networks.get('messenger'))
    original = network.send

    def send_then_hear(self, *arguments: object) -> object:
        sent = original(self, *arguments)
        page.hear()
        return sent

    monkeypatch.setattr(network, 'send', send_then_hear)
    page.answer()
    deliver()
    message = Message.objects.get(origin='agent')
    (shown,) = [m for m in page.graph.thread(page.citizen).messages if m.from_page]
    assert not Message.objects.filter(origin='native').exists()
    assert (message.external_id, message.state) == (shown.mid, 'delivered')
    assert message.sent_at == shown.created_at  # the network's time, not ours


def test_an_echo_after_the_answer_of_the_api(page: MessengerDesk):
    """R11, R12: its time replaces our own guess, so that watermarks find the message."""
    page.answer()
    deliver()
    page.hear()
    page.graph.citizen_reads(page.citizen)
    page.hear()
    message = Message.objects.get(origin='agent')
    assert message.state == 'read'
    assert Message.objects.exclude(origin='citizen').count() == 1


def test_a_watermark_finds_an_answer_whose_echo_never_came(page: MessengerDesk):
    """R12: our own clock stands for the network's time, taken before the call and not after."""
    page.answer()
    deliver()
    page.heard.clear()
    page.graph.citizen_reads(page.citizen)
    page.hear()
    assert states() == ['read']


def test_an_echo_without_our_key_before_the_answer_of_the_api(fediverse: MastodonDesk, monkeypatch):
    """R11: seen by polling as a native answer, it becomes the answer that was sent; no agent is told."""
    network = type(networks.get('mastodon'))
    original = network.send

    def send_then_hear(self, *arguments: object) -> object:
        sent = original(self, *arguments)
        happens(fediverse.account, Kind.MESSAGE, sent.external_id, 'jeanne@ailleurs.example', from_us=True,
                text='Votre dossier est prêt.')  # fmt: skip
        assert Message.objects.filter(origin='native').count() == 1
        return sent

    monkeypatch.setattr(network, 'send', send_then_hear)
    fediverse.answer()
    deliver()
    turns()
    assert not Message.objects.filter(origin='native').exists()
    assert states() == ['sent']
    assert fediverse.history() == ''


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize('turn', range(6))
def test_an_echo_at_the_very_moment_of_the_answer(fediverse: MastodonDesk, turn: int):
    """R11: whichever comes first, one message of the agent, and no error."""
    (message,) = fediverse.answer()
    start = threading.Barrier(2)

    def echo() -> str:
        try:
            start.wait(10)
            return happens(fediverse.account, Kind.MESSAGE, '117099', 'jeanne@ailleurs.example', from_us=True)
        finally:
            connection.close()

    def answered() -> str:
        try:
            start.wait(10)
            receipts.sent(Message.objects.get(pk=message.pk), '117099', None)
            return 'sent'
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        found = [pool.submit(echo), pool.submit(answered)]
        assert [one.result(20) for one in found][1] == 'sent'
    (ours,) = Message.objects.exclude(origin='citizen')
    assert (ours.pk, ours.external_id, ours.state) == (message.pk, '117099', 'sent')


def test_a_native_answer_is_not_told_while_it_may_be_ours(fediverse: MastodonDesk):
    """R11, R35: then it is."""
    fediverse.fail('cut_before')
    fediverse.answer()
    deliver()
    happens(
        fediverse.account,
        Kind.MESSAGE,
        '117098',
        'jeanne@ailleurs.example',
        from_us=True,
        text='Du téléphone',
    )
    deliver()
    assert fediverse.history() == ''
    turns()
    assert 'Du téléphone' in fediverse.history()
    assert sorted(states()) == ['sent']


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
    assert states()[0] in ('sent', 'delivered') and set(states()[1:]) == {'failed'}
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


# -- failures


def test_a_permanent_failure_is_told_on_the_demand(page: MessengerDesk):
    """R33: as a state with its reason in words; nothing is tried again."""
    page.graph.thread(page.citizen).person.blocked = True
    page.answer()
    deliver()
    message = Message.objects.get(origin='agent')
    assert (message.state, message.failure, message.failure_code) == ('failed', 'blocked', '551')
    assert deliveries(kind='state') == [('state', 'done', '')]
    (demand,) = page.wcs.demands()
    told = json.dumps(demand.data, default=str)
    assert '"state": "failed"' in told
    from publik_socialmedia.reasons import sentence

    assert json.dumps(sentence('blocked'))[1:-1] in told
    calls = page.sends()
    turns()
    assert page.sends() == calls


def test_a_closed_window_is_refused_at_once(page: MessengerDesk):
    """R32: before anything is queued; no call is made."""
    page.age(hours=24, minutes=1)
    calls = len(page.graph.calls)
    with pytest.raises(errors.PermanentError) as caught:
        page.answer()
    assert caught.value.reason == 'window'
    assert len(page.graph.calls) == calls and not Delivery.objects.filter(kind='send').exists()


def test_a_person_may_answer_for_seven_days_where_granted(page: MessengerDesk):
    """R32: not the automatic answers."""
    page.graph.page.human_agent = True
    page.account.facts = {**page.account.facts, 'human_agent': True}
    page.account.save()
    page.age(days=3)
    page.answer()
    with pytest.raises(errors.PermanentError):
        sending.accept(page.conversation(), 'Accusé', answer_key='auto', human=False)
    deliver()
    assert page.on_screen() == ['Votre dossier est prêt.']


def test_a_window_that_closes_while_the_answer_waits(page: MessengerDesk):
    """R32, R33: retried until then, and told."""
    page.fail('answer', times=2, status=500, body={})
    page.answer()
    deliver()
    assert states() == ['queued']
    page.age(hours=24, minutes=1)
    turns()
    assert states() == ['failed'] and Message.objects.get(origin='agent').failure == 'window'
    assert page.on_screen() == []
    assert deliveries(kind='state') == [('state', 'done', '')]


def test_throttling_waits_as_long_as_the_network_says(page: MessengerDesk):
    """R33: nineteen minutes in a header of Meta's; no thread sleeps."""
    page.graph.limit_rate(page.SENDS, minutes=19)
    page.answer()
    deliver()
    delivery = Delivery.objects.get(kind='send')
    assert (delivery.reason, delivery.unknown) == ('rate', False)
    assert delivery.due_at - delivery.tried_at >= timedelta(minutes=19)
    assert Conversation.objects.get().due_at == delivery.due_at
    turns()
    assert len(page.on_screen()) == 1


def test_the_delay_grows_when_the_look_fails(page: MessengerDesk):
    """R33: a network that is away is not asked every five seconds for three days."""
    page.fail('cut_after')
    page.answer()
    deliver()
    page.graph.fail('answer', 'GET ', times=50, status=500, body={})
    delays = []
    for _ in range(6):
        later()
        deliver()
        delivery = Delivery.objects.get(kind='send')
        delays.append((delivery.due_at - timezone.now()).total_seconds())
    assert delays[-1] > 4 * delays[0]
    assert delivery.unknown and page.on_screen() == ['Votre dossier est prêt.']
    page.graph.faults.clear()
    turns()
    assert page.on_screen() == ['Votre dossier est prêt.'] and delivery.attempts > 5


def test_blocked_after_three_days_then_replayed(page: MessengerDesk):
    """R23, R33, R42: the agent is told that it failed, then that it went after all."""
    page.fail('answer', times=9, status=500, body={})
    page.answer('Phrase assez longue de la réponse. ' * 100)
    deliver()
    Delivery.objects.filter(kind='send').update(created_at=timezone.now() - timedelta(days=3, minutes=1))
    turns(1)
    assert [state for _, state, _ in deliveries(kind='send')] == ['blocked', 'blocked']
    assert states() == ['failed', 'failed']  # its end does not go without its beginning
    assert len(deliveries(kind='state')) == 1
    page.graph.faults.clear()
    turns(1)
    assert page.on_screen() == []
    assert queue.replay(Delivery.objects.filter(state='blocked').order_by('pk')) == 2
    assert states() == ['queued', 'queued']
    deliver()
    assert len(page.on_screen()) == 2 and page.on_screen()[0].startswith('Phrase')
    turns(1)
    assert [state for _, state, _ in deliveries(kind='state')] == ['done', 'done']


def test_a_second_failure_after_a_replay_is_told_too(page: MessengerDesk):
    """R33"""
    page.fail('answer', times=1, status=500, body={})
    page.answer()
    deliver()
    Delivery.objects.filter(kind='send').update(created_at=timezone.now() - timedelta(days=3, minutes=1))
    page.fail('answer', times=1, status=500, body={})
    turns(1)
    assert states() == ['failed']
    queue.replay(Delivery.objects.filter(state='blocked'))
    page.graph.thread(page.citizen).person.blocked = True
    turns()
    assert Message.objects.get(origin='agent').failure == 'blocked'
    assert len(deliveries(kind='state', state='done')) == 2


def test_the_network_says_later_that_it_failed(page: MessengerDesk):
    """R12, R33: a receipt after the acceptance is told as well."""
    page.graph.sender.receipts = ()
    (message,) = page.answer()
    deliver()
    message.refresh_from_db()
    happens(
        page.account, Kind.STATUS, message.external_id, page.citizen, status=Status.FAILED, error='blocked'
    )
    deliver()
    assert states() == ['failed'] and deliveries(kind='state') == [('state', 'done', '')]


def test_an_echo_replayed_after_a_block(page: MessengerDesk):
    """R42: its echo came while it was blocked; a replay finds so without a call, and it is « sent »."""
    page.fail('cut_after')
    (message,) = page.answer()
    deliver()
    Delivery.objects.filter(kind='send').update(state='blocked')
    Message.objects.filter(pk=message.pk).update(state='failed', failure='too_late')
    page.graph.sender.receipts = ()
    page.hear(last=1)
    calls = page.sends()
    queue.replay(Delivery.objects.filter(state='blocked'))
    deliver()
    message.refresh_from_db()
    assert page.sends() == calls
    assert message.state in ('sent', 'delivered') and message.external_id


# -- the account


def test_a_dead_token_stops_sending_and_not_receiving(desk: Desk):
    """R5: answers wait, import goes on, the reason is on the account; once repaired, they go at once."""
    desk.kill_token()
    desk.answer()
    deliver()
    desk.account.refresh_from_db()
    assert (desk.account.state, desk.account.problem) == ('broken', 'auth')
    assert states() == ['queued'] and deliveries(kind='send') == [('send', 'pending', 'auth')]
    happens(desk.account, Kind.MESSAGE, 'm_pendant', desk.conversation().contact.identifiers.first().value,
            text='Toujours là ?')  # fmt: skip
    deliver()
    assert 'Toujours là ?' in desk.history()
    desk.kill_token(False)
    from publik_socialmedia import health

    problems = health.examine(Account.objects.get(pk=desk.account.pk))
    assert not [problem for problem in problems if problem.reason == 'auth']
    deliver()  # no back-off to wait for
    assert desk.on_screen() == ['Votre dossier est prêt.']
    desk.account.refresh_from_db()
    assert (desk.account.state, desk.account.problem) == ('active', '')
    actions = list(Journal.objects.filter(account=desk.account).values_list('action', flat=True))
    assert actions == ['problem', 'problem-over']


def test_a_success_lets_the_other_answers_go(page: MessengerDesk):
    """R5, R33: the first answer that goes after a repair wakes those that waited for it."""
    other = page.graph.add_person('Dominique')
    page.kill_token()
    page.answer()
    deliver()
    first, page.citizen = page.citizen, other
    page.citizen_writes('Moi aussi')
    page.answer(key='demande 2, réponse 1')
    deliver()
    assert deliveries(kind='send') == [('send', 'pending', 'auth')] * 2
    page.kill_token(False)
    Delivery.objects.filter(conversation=page.conversation(), kind='send').update(due_at=timezone.now())
    Conversation.objects.filter(pk=page.conversation().pk).update(due_at=timezone.now())
    deliver()
    page.citizen = first
    assert len(page.on_screen()) == 1 and deliveries(kind='send') == [('send', 'done', '')] * 2


def test_a_paused_account_stays_paused(page: MessengerDesk):
    """R42: a person paused it while a call was under way; neither a refusal nor a success revives it."""
    stale = Account.objects.get(pk=page.account.pk)
    Account.objects.filter(pk=stale.pk).update(state='paused')
    stale.refuse('auth')
    assert Account.objects.get(pk=stale.pk).state == 'paused'
    again = Account.objects.get(pk=stale.pk)
    again.accept()
    found = Account.objects.get(pk=stale.pk)
    assert (found.state, found.problem) == ('paused', '')


def test_a_refusal_is_noted_whatever_was_read_before(page: MessengerDesk):
    """R33: two workers; what one of them had read is not believed."""
    Account.objects.filter(pk=page.account.pk).update(problem='auth', state='broken')
    stale = Account.objects.get(pk=page.account.pk)
    Account.objects.get(pk=page.account.pk).accept()
    stale.refuse('auth')
    assert Account.objects.get(pk=page.account.pk).state == 'broken'


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
@pytest.mark.parametrize('media', [photo(), document()], ids=['photo', 'pdf'])
def test_a_file_is_sent_then_removed(page: MessengerDesk, private_storage: Path, media):
    """R31, R51: kept privately while it waits, and not a second longer."""
    file = OutgoingFile(media.content, media.name, media.mimetype)
    page.fail('cut_before')
    page.answer('Voici', file)
    assert len(kept(private_storage)) == 1
    deliver()
    assert len(kept(private_storage)) == 1
    turns()
    sent = [m for m in page.graph.thread(page.citizen).messages if m.from_page]
    assert [m.text for m in sent] == ['Voici', '']
    assert sent[1].media[0].content == media.content
    assert kept(private_storage) == []
    assert list(Attachment.objects.values_list('state', flat=True)) == ['given']


@pytest.mark.django_db(transaction=True)
def test_a_file_that_will_never_go_is_removed_too(page: MessengerDesk, private_storage: Path):
    """R51: nothing is left of an answer that failed."""
    media = photo()
    page.graph.thread(page.citizen).person.blocked = True
    page.answer('Voici', OutgoingFile(media.content, media.name, media.mimetype))
    deliver()
    assert states() == ['failed', 'failed'] and kept(private_storage) == []
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

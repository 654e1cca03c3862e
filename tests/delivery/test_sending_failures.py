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

"""Answers that fail, wait, or are refused, and accounts that are (R5, R32, R33, R42)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from publik_socialmedia import errors
from publik_socialmedia.delivery import queue, sending
from publik_socialmedia.models import Account, Conversation, Delivery, Journal, Message
from publik_socialmedia.networks.base import Kind, Status
from tests.delivery.desk import (
    Desk,
    MessengerDesk,
    answer_states,
    deliveries,
    turns,
)
from tests.factory import deliver, happens, later

pytestmark = pytest.mark.django_db


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
    assert answer_states() == ['queued']
    page.age(hours=24, minutes=1)
    turns()
    assert answer_states() == ['failed'] and Message.objects.get(origin='agent').failure == 'window'
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
    assert answer_states() == ['failed', 'failed']  # its end does not go without its beginning
    assert len(deliveries(kind='state')) == 1
    page.graph.faults.clear()
    turns(1)
    assert page.on_screen() == []
    assert queue.replay(Delivery.objects.filter(state='blocked').order_by('pk')) == 2
    assert answer_states() == ['queued', 'queued']
    deliver()
    assert len(page.on_screen()) == 2 and page.on_screen()[0].startswith('Phrase')
    turns(1)
    failed, went = Delivery.objects.filter(kind='state', state='done').order_by('pk')
    assert failed.key.endswith(':failed') and went.key.endswith((':sent', ':delivered'))


def test_a_second_failure_after_a_replay_is_told_too(page: MessengerDesk):
    """R33"""
    page.fail('answer', times=1, status=500, body={})
    page.answer()
    deliver()
    Delivery.objects.filter(kind='send').update(created_at=timezone.now() - timedelta(days=3, minutes=1))
    page.fail('answer', times=1, status=500, body={})
    turns(1)
    assert answer_states() == ['failed']
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
    assert answer_states() == ['failed']
    assert Delivery.objects.get(kind='state', state='done').key.endswith(':failed')


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
    assert answer_states() == ['queued'] and deliveries(kind='send') == [('send', 'pending', 'auth')]
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

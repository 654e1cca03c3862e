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

"""What the demand is told of an answer: whole answers, each state once, with what they wait for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import timezone

from publik_socialmedia.delivery import answers, receipts, sending
from publik_socialmedia.models import Account, Conversation, Delivery, Demand, Message
from publik_socialmedia.reasons import sentence
from tests.delivery.desk import MessengerDesk, turns
from tests.factory import deliver, write
from tests.wcs.caller import make_demand

pytestmark = pytest.mark.django_db

LONG = 'Une phrase assez longue de la réponse. ' * 120


def taken(text: str = LONG, **values: Any) -> list[Message]:
    demand = make_demand()
    key = answers.key_of(demand, 'answer', '3')
    return sending.accept(demand.conversation, text, answer_key=key, demand=demand, **values)


def told() -> list[str]:
    """The states to tell, in order."""
    keys = Delivery.objects.filter(kind='state').order_by('pk').values_list('key', flat=True)
    return [key.rpartition(':')[2] for key in keys]


def test_an_answer_is_as_far_as_its_last_part():
    """R33: one report for an answer of several parts."""
    parts = taken()
    assert len(parts) == 3
    for number, part in enumerate(parts):
        assert told() == []
        receipts.sent(part, f'm{number}', None)
    assert told() == ['sent']
    for part in reversed(parts):
        receipts.advance(part, 'read')
    receipts.advance(parts[0], 'delivered')
    assert told() == ['sent', 'read']
    assert answers.report(parts[1]) == answers.Report('read', '', 'answer', '3', '')


def test_one_part_that_fails_is_an_answer_that_failed():
    """R33"""
    parts = taken()
    receipts.sent(parts[0], 'm0', None)
    receipts.advance(parts[1], 'failed', 'blocked')
    receipts.advance(parts[2], 'failed', 'blocked')
    assert told() == ['failed']
    found = answers.report(parts[0])
    assert (found.state, found.reason) == ('failed', 'blocked')


def test_native_answers_are_no_answers_of_ours(page: MessengerDesk):
    """R11"""
    write(page.account, 'Tapé sur le téléphone', page.citizen, from_us=True)
    (native,) = Message.objects.filter(origin='native')
    receipts.advance(native, 'read')
    assert told() == []


@pytest.mark.parametrize(
    'key, expected',
    [
        ('12:answer:3', ('answer', '3')),
        ('12:closing:1', ('closing', '1')),
        ('12:acknowledgement:', ('acknowledgement', '')),
        ('demande 1, réponse 1', ('other', '')),
        ('', ('other', '')),
        ('abc:answer:1', ('other', '')),
    ],
)
def test_the_name_of_an_answer(key: str, expected: tuple[str, str]):
    message = taken('court')[0]
    message.answer_key = key
    found = answers.report(message)
    assert (found.kind, found.reply) == expected


def test_the_demand_is_told_of_the_last_state_only(page: MessengerDesk):
    """R33: what was overtaken while it waited is not told; w.c.s. is left two seconds to settle."""
    page.answer()
    deliver()
    message = Message.objects.get(origin='agent')
    for state in ('sent', 'delivered', 'read'):
        receipts.advance(message, state)
    due = Delivery.objects.get(kind='state', key__contains=':0:').due_at
    assert due >= message.received_at + answers.SETTLE
    turns(1)
    (demand,) = page.wcs.demands()
    assert demand.data['etat_envoi']['state'] == 'read'
    done = Delivery.objects.filter(kind='state', state='done')
    assert [delivery.key.rpartition(':')[2] for delivery in done] == ['read']


def test_a_report_holds_up_no_message(page: MessengerDesk):
    """R25: a message that comes while a report waits is told at once."""
    page.answer()
    deliver()
    assert Delivery.objects.filter(kind='state', state='pending').exists()
    page.citizen_writes('Merci, et la piscine ?')
    deliver()
    assert 'et la piscine' in page.history()


# -- waiting


def test_a_paused_account_sends_nothing_and_the_agent_knows(page: MessengerDesk):
    """R33: what was taken before the pause leaves when it ends."""
    page.answer()
    Account.objects.update(state='paused')
    deliver()
    turns(2)
    assert page.on_screen() == [] and told() == ['queued']
    (demand,) = page.wcs.demands()
    assert demand.data['etat_envoi'] | {
        'state': 'queued', 'reason': sentence('paused'), 'reason_code': 'paused'
    } == demand.data['etat_envoi']  # fmt: skip
    assert Delivery.objects.get(kind='send').attempts == 0  # a pause of a week blocks nothing
    sending.resume(page.account)
    deliver()
    assert page.on_screen() == ['Votre dossier est prêt.']
    assert Account.objects.get().state == 'active'


def test_pausing_and_resuming_are_journaled(page: MessengerDesk):
    """R42: an account that the network refused is as broken after the pause as before."""
    from publik_socialmedia.models import Journal

    sending.pause(page.account)
    sending.pause(page.account)
    assert Account.objects.get().state == 'paused'
    page.account.refuse('auth')
    sending.resume(page.account)
    assert Account.objects.get().state == 'broken'
    actions = list(Journal.objects.exclude(action='problem').order_by('pk').values_list('action', flat=True))
    assert actions == ['pause', 'resume']


def test_a_dead_token_is_told_once(page: MessengerDesk):
    """R5, R33: the agent knows why the answer waits, and is not told at each try."""
    page.kill_token()
    page.answer()
    deliver()
    turns(3)
    assert told() == ['queued']
    assert '"reason_code": "auth"' in json.dumps(page.wcs.demands()[0].data)
    page.kill_token(False)
    turns(2)
    assert page.on_screen() == ['Votre dossier est prêt.']
    assert told()[:2] == ['queued', 'sent']


# -- where


def test_a_former_demand_hears_of_its_own_answers(page: MessengerDesk):
    """R25, R33: what becomes of an answer concerns the demand that asked it, not the one opened since."""
    demand = Demand.objects.get()
    key = answers.key_of(demand, 'answer', '1')
    (message,) = sending.accept(demand.conversation, 'Réponse', answer_key=key, demand=demand)
    deliver()
    turns(1)
    Demand.objects.update(state='closed', closed_at=timezone.now())
    page.wcs.close(int(demand.number))
    Account.objects.update(reopen_days=0)
    page.citizen_writes('Autre chose')
    deliver()
    second = Demand.objects.latest('pk')
    assert second != demand
    receipts.advance(message, 'read')
    turns(1)
    first, other = page.wcs.demands()
    assert first.data['etat_envoi']['state'] == 'read' and 'etat_envoi' not in other.data
    assert Conversation.objects.count() == 1

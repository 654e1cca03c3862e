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

"""A network that asks to be left alone is left alone by all that we do for that account (R33)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from demo.emulators.graph_state import photo
from publik_socialmedia import errors, health, throttling
from publik_socialmedia.delivery import queue, sending
from publik_socialmedia.models import Account, Attachment, Contact, Conversation, Delivery, Message
from tests.delivery.desk import MessengerDesk, answer_states, demand_files
from tests.factory import deliver, later, make_account

MINUTES = 19


def due() -> None:
    """What waits is due by its own date: only the account's wait may hold it."""
    past = timezone.now() - timedelta(seconds=1)
    Delivery.objects.filter(state=Delivery.State.PENDING).update(due_at=past)
    Conversation.objects.filter(deliveries__state=Delivery.State.PENDING).update(due_at=past)


def two_answers(page: MessengerDesk) -> tuple[Conversation, Conversation]:
    """An answer waits in each of two conversations of one account."""
    first = page.conversation()
    page.citizen = page.graph.add_person('Karim Exemple')
    page.citizen_writes('Et moi ?')
    second = page.conversation()
    assert first != second
    for conversation in (first, second):
        sending.accept(conversation, 'Votre dossier est prêt.', answer_key=f'réponse {conversation.pk}')
    return first, second


def test_another_conversation_is_not_tried_before(page: MessengerDesk):
    """R33: one refusal for both, and both go once the network's time is over."""
    two_answers(page)
    page.graph.limit_rate(page.SENDS, minutes=MINUTES, times=10)
    deliver()
    assert page.sends() == 1
    account = Account.objects.get(pk=page.account.pk)
    assert MINUTES * 60 - 30 < account.throttled_for <= MINUTES * 60
    waiting = Delivery.objects.filter(kind=Delivery.Kind.SEND)
    assert {delivery.reason for delivery in waiting} == {'rate'}
    assert all(delivery.due_at >= timezone.now() + timedelta(minutes=MINUTES - 1) for delivery in waiting)
    # only the refused one was tried: the other one keeps its whole back-off before it
    assert sorted(delivery.attempts for delivery in waiting) == [0, 1]
    assert not any(delivery.unknown for delivery in waiting)
    due()
    deliver()
    assert page.sends() == 1
    page.graph.faults.clear()
    later()
    deliver()
    assert page.sends() == 3
    assert answer_states() == [Message.State.SENT] * 2


def test_another_account_is_not_concerned(page: MessengerDesk):
    """R33"""
    other = make_account(throttled_until=timezone.now() + timedelta(hours=1), endpoint=page.account.endpoint)
    page.answer()
    deliver()
    assert page.sends() == 1 and other.throttled_for > 0
    assert Account.objects.get(pk=page.account.pk).throttled_for == 0


def test_a_wait_does_not_shorten_a_longer_one(page: MessengerDesk):
    page.account.throttle(3600)
    page.account.throttle(5)
    assert page.account.throttled_for > 3500


def test_a_refusal_of_one_conversation_only_holds_no_other(page: MessengerDesk):
    """R33: « too fast to that person » says nothing of the others."""
    with pytest.raises(errors.TemporaryError), throttling.heeding(page.account):
        raise errors.TemporaryError('rate', retry_after=60)
    assert page.account.throttled_for == 0
    with pytest.raises(errors.TemporaryError), throttling.heeding(page.account):
        raise errors.TemporaryError('rate', scope='account')
    assert 0 < page.account.throttled_for <= throttling.UNTOLD


def test_files_and_names_are_not_asked_for_meanwhile(page: MessengerDesk):
    """R9, R33: the words go to w.c.s. at once; the file is asked for when the network wants it again."""
    page.account.throttle(3600)
    page.graph.calls.clear()
    page.citizen = page.graph.add_person('Karim Exemple')
    page.citizen_writes('Voici', attachments=[photo()])
    for _ in range(8):  # more than the tries after which a file is given up
        deliver()
        due()
    assert not page.graph.calls
    attachment = Attachment.objects.get(message__text='Voici')
    assert (attachment.state, attachment.reason) == (Attachment.State.WANTED, 'rate')
    assert not Contact.objects.latest('pk').name_asked_at
    later()
    deliver()
    attachment.refresh_from_db()
    assert attachment.state == Attachment.State.STORED and len(demand_files(page)) == 1


def test_an_administrator_sees_it(page: MessengerDesk):
    """R41: nothing is broken, answers wait; the test of the account makes no call either."""
    page.account.throttle(3600)
    page.graph.calls.clear()
    found = [problem for problem in health.examine(page.account) if problem.reason == 'rate']
    assert [problem.severity for problem in found] == ['warning'] and not page.graph.calls


@pytest.mark.django_db
@pytest.mark.parametrize('seconds', [1e9, 1e18, float('inf')])
def test_an_absurd_wait_is_not_believed(seconds: float):
    """R33: a year would silence the account, more than that no date can hold."""
    account = make_account()
    with pytest.raises(errors.TemporaryError), throttling.heeding(account):
        raise errors.TemporaryError('rate', retry_after=seconds, scope='account')
    assert 0 < account.throttled_for <= throttling.LONGEST
    assert queue.backoff(1, seconds) <= timedelta(days=1)

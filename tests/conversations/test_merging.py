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

"""One person under several identifiers: contacts made one, whatever is under way (R15, R21)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from publik_socialmedia.conversations import contacts
from publik_socialmedia.errors import TemporaryError
from publik_socialmedia.models import (
    Account,
    Contact,
    ContactIdentifier,
    Conversation,
    Demand,
    Journal,
    Message,
)
from publik_socialmedia.networks.base import Kind
from tests.delivery.test_demands import texts, wcs  # noqa: F401 - a fixture
from tests.factory import deliver, happens, later, make_account, write

pytestmark = pytest.mark.django_db


def two(account: Account) -> tuple[Conversation, Conversation]:
    """Two people, who will prove to be one."""
    return write(account, 'un', 'ancien').conversation, write(account, 'deux', 'nouveau').conversation


def become_one(account: Account) -> str:
    return happens(account, Kind.IDENTITY, user='ancien', aliases=('nouveau',))


def test_two_open_demands_leave_one_to_the_agents(wcs):  # noqa: F811
    """R21, R15: later messages go to the one that stays open; the worker does not stumble on the other."""
    account = make_account()
    two(account)
    deliver()
    assert become_one(account) == 'identity'
    write(account, 'trois', 'nouveau')
    write(account, 'quatre', 'ancien')
    deliver()
    assert sorted(Demand.objects.values_list('state', flat=True)) == ['closed', 'open']
    first, second = wcs.demands()
    assert [len(first.comments), len(second.comments)] == [2, 0]
    assert not Conversation.objects.filter(due_at__isnull=False).exists()
    assert Contact.objects.count() == 1 and Journal.objects.filter(action='merge-contacts').count() == 1


def test_a_demand_not_yet_submitted_joins_the_other(wcs):  # noqa: F811
    """R21: nothing was asked of w.c.s.; both messages are in one demand."""
    account = make_account(grouping_delay=60)
    two(account)
    become_one(account)
    later()
    deliver()
    (demand,) = wcs.demands()
    assert 'un' in wcs.value(demand, 'message') and 'deux' in wcs.value(demand, 'message')


@pytest.mark.parametrize('side', ['ancien', 'nouveau'])
def test_a_submission_under_way_is_not_forgotten(wcs, side: str):  # noqa: F811
    """R21: w.c.s. may have made it: the demand is found by its key, not made again."""
    account = make_account()
    conversations = dict(zip(('ancien', 'nouveau'), two(account), strict=True))
    other = conversations['nouveau' if side == 'ancien' else 'ancien']
    other.deliveries.update(due_at=timezone.now() + timedelta(hours=1))
    wcs.faults.plan('drop')
    deliver()
    assert Demand.objects.get().state == 'opening' and len(wcs.demands()) == 1
    Demand.objects.create(account=account, conversation=other, wcs_site='default', form=account.form)
    become_one(account)
    later()
    deliver()
    assert len(wcs.demands()) == 1
    assert [demand.state for demand in Demand.objects.all()] == ['open']
    assert len(wcs.demands()[0].comments) == 1  # the message of the other one joined it


def test_two_submissions_under_way_wait(wcs):  # noqa: F811
    """R21, R3: they stay two until both are known; a message that says so is recorded all the same."""
    account = make_account()
    two(account)
    wcs.faults.plan('drop', 'drop')
    deliver()
    assert Demand.objects.filter(state='opening', tried_at__isnull=False).count() == 2
    with pytest.raises(TemporaryError):
        become_one(account)
    message = write(account, 'trois', 'ancien', aliases=('nouveau',))
    assert Message.objects.filter(pk=message.pk).exists() and Contact.objects.count() == 2
    later()
    deliver()
    assert len(wcs.demands()) == 2
    assert become_one(account) == 'identity'
    write(account, 'quatre', 'nouveau')
    deliver()
    assert Contact.objects.count() == 1 and len(wcs.demands()) == 2


def test_what_became_due_meanwhile_is_not_forgotten():
    """R21: the merge works on what is committed, not on what was read before."""
    account = make_account()
    kept, other = two(account)
    Conversation.objects.filter(pk=kept.pk).update(due_at=None)
    kept.refresh_from_db()
    soon = timezone.now() - timedelta(minutes=3)
    Conversation.objects.filter(pk=kept.pk).update(due_at=soon)
    contacts.merge(kept, other)
    assert Conversation.objects.get().due_at == soon


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize('turn', range(5))
def test_crossed_identifiers_at_the_same_time(turn: int):
    """R15: two messages of one person under two identifiers make one contact, that can be answered."""
    account = make_account()
    start = threading.Barrier(2)

    def say(words: tuple[str, str]) -> None:
        user, alias = words
        try:
            start.wait(10)
            write(account, user, user, aliases=(alias,))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(say, [('a', 'b'), ('b', 'a')]))
    assert Conversation.objects.count() == 1
    assert sorted(ContactIdentifier.objects.values_list('value', flat=True)) == ['a', 'b']
    assert Message.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize('turn', range(5))
def test_a_new_person_twice_at_the_same_time(turn: int):
    """R7: one conversation, hence one demand."""
    account = make_account()
    start = threading.Barrier(4)

    def say(number: int) -> None:
        try:
            start.wait(10)
            write(account, str(number), 'jeanne')
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(say, range(4)))
    assert Conversation.objects.count() == 1 and Message.objects.count() == 4

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

"""A demand that waits for an answer is told that the time for it ends, then that it has ended (R32)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from publik_socialmedia.conversations import contacts
from publik_socialmedia.models import Conversation, Delivery, Demand, Message
from publik_socialmedia.wcs import deadlines, mapping
from tests.delivery.desk import MastodonDesk, MessengerDesk, turns
from tests.factory import deliver, make_account, write

pytestmark = pytest.mark.django_db


def ago(**age: float) -> datetime:
    """The citizen wrote that long ago; its hour has come, if it has."""
    begun = timezone.now() - timedelta(**age)
    Conversation.objects.update(last_inbound_at=begun, window_at=begun + timedelta(hours=20))
    return begun


def stages() -> list[str]:
    found = Delivery.objects.filter(kind='window').order_by('pk')
    return [deadlines.stage_of(delivery) for delivery in found]


def test_the_hour_is_known_when_the_citizen_writes(page: MessengerDesk):
    """R32: four hours before the end of the 24; set in the same write as the message."""
    conversation = Conversation.objects.get()
    assert conversation.window_at == conversation.last_inbound_at + timedelta(hours=20)
    deliver()
    assert stages() == [] and deadlines.look() == 0


def test_a_network_without_limit_has_no_hour(fediverse: MastodonDesk):
    """R32"""
    assert Conversation.objects.get().window_at is None


def test_the_warning_then_the_end(page: MessengerDesk):
    """R32: each is told once on the demand, with what it needs."""
    ago(hours=21)
    for _ in range(2):
        deliver()
    assert stages() == ['closing']
    (demand,) = page.wcs.demands()
    told = demand.data['fenetre_fermee']
    assert (told['state'], told['reply_before'] != '') == ('closing', True)
    begun = ago(hours=24, minutes=1)
    Conversation.objects.update(window_at=begun + timedelta(hours=24))
    for _ in range(2):
        deliver()
    assert stages() == ['closing', 'closed']
    (demand,) = page.wcs.demands()
    assert demand.data['fenetre_fermee']['state'] == 'closed'
    assert Conversation.objects.get().window_at is None
    assert set(Delivery.objects.filter(kind='window').values_list('state', flat=True)) == {'done'}


def test_the_end_alone_if_nobody_was_there_to_warn(page: MessengerDesk):
    """R32"""
    ago(days=2)
    deliver()
    assert stages() == ['closed']


def test_what_was_answered_is_left_alone(page: MessengerDesk):
    """R32: by an agent or on the telephone; an acknowledgement is no answer."""
    page.answer()
    deliver()
    ago(hours=21)
    assert deadlines.look() == 1
    assert stages() == [] and Conversation.objects.get().window_at is None


@pytest.mark.parametrize(
    'origin, state, expected',
    [
        ('native', 'sent', []),
        ('agent', 'queued', []),
        ('agent', 'failed', ['closing']),
        ('automatic', 'sent', ['closing']),
    ],
)
def test_what_an_answer_is(page: MessengerDesk, origin: str, state: str, expected: list[str]):
    """R32"""
    conversation = Conversation.objects.get()
    Message.objects.create(
        account=page.account, conversation=conversation, origin=origin, state=state, key='k', text='Réponse',
        sort_at=timezone.now() + timedelta(seconds=1),
    )  # fmt: skip
    ago(hours=21)
    deadlines.look()
    assert stages() == expected


def test_a_thank_you_asks_for_nothing(page: MessengerDesk):
    """R32: but a question before the thanks does."""
    page.answer()
    deliver()
    page.citizen_writes('Merci beaucoup !')
    deliver()
    ago(hours=21)
    deadlines.look()
    assert stages() == []
    page.citizen_writes('Et la piscine ?')
    page.citizen_writes('Merci')
    deliver()
    ago(hours=21)
    deadlines.look()
    assert stages() == ['closing']


def test_the_citizen_wrote_again(page: MessengerDesk):
    """R32: the new end counts."""
    ago(hours=21)
    page.citizen_writes('Vous êtes là ?')
    deliver()
    assert stages() == []
    assert Conversation.objects.get().window_at > timezone.now() + timedelta(hours=19)


def test_a_person_has_seven_days_where_granted(page: MessengerDesk):
    """R32"""
    page.account.facts = {**page.account.facts, 'human_agent': True}
    page.account.save()
    ago(hours=21)
    deadlines.look()
    conversation = Conversation.objects.get()
    assert stages() == [] and conversation.window_at == conversation.last_inbound_at + timedelta(
        days=7, hours=-4
    )


@pytest.mark.parametrize('state', ['closed', 'gone'])
def test_a_demand_that_is_over_is_told_nothing(page: MessengerDesk, state: str):
    """R26, R32"""
    Demand.objects.update(state=state)
    ago(hours=21)
    assert deadlines.look() == 1 and stages() == []


def test_a_demand_closed_by_the_agents_is_told_nothing(page: MessengerDesk):
    """R32: we learn it when we look."""
    page.wcs.close(int(Demand.objects.get().number))
    ago(hours=21)
    deliver()
    assert list(Delivery.objects.filter(kind='window').values_list('state', flat=True)) == ['cancelled']
    assert 'fenetre_fermee' not in page.wcs.demands()[0].data


def test_answered_between_the_look_and_the_call(page: MessengerDesk):
    """R32"""
    ago(hours=21)
    deadlines.look()
    page.answer()
    turns(1)
    assert 'fenetre_fermee' not in page.wcs.demands()[0].data


def test_another_form_may_know_nothing_of_it(page: MessengerDesk, monkeypatch):
    """R20, R32: its workflow lacks the hook: no message is held up for that."""
    monkeypatch.setattr(mapping, 'HOOKS', {**mapping.HOOKS, 'window': 'inconnu'})
    ago(hours=21)
    deliver()
    page.citizen_writes('Vous êtes là ?')
    deliver()
    assert 'Vous êtes là' in page.history()
    page.account.refresh_from_db()
    assert page.account.wcs_problem == ''


def test_a_demand_that_is_being_opened_is_looked_at_later():
    """R18, R32: unanswered threads of the past are imported with their time over."""
    account = make_account()
    write(account, 'Où en est mon dossier ?')
    ago(days=2)
    assert deadlines.look() == 1 and stages() == []
    assert timezone.now() < Conversation.objects.get().window_at
    Delivery.objects.update(state='done')
    Demand.objects.create(account=account, conversation=Conversation.objects.get(), number='1', state='open')
    ago(days=2)
    deadlines.look()
    assert stages() == ['closed']


def test_two_contacts_that_prove_to_be_one_keep_the_earlier_hour():
    """R15, R32"""
    account = make_account()
    first, second = write(account, user='a').conversation, write(account, user='b').conversation
    early = timezone.now()
    Conversation.objects.filter(pk=second.pk).update(window_at=early)
    Conversation.objects.filter(pk=first.pk).update(window_at=None)
    assert contacts.merge(first, second)
    assert Conversation.objects.get().window_at == early


def test_nothing_is_read_of_what_has_time(page: MessengerDesk):
    """R32: an index leads to those whose hour has come, whatever is stored."""
    with CaptureQueriesContext(connection) as captured:
        assert deadlines.look() == 0
    assert len([query for query in captured if 'SELECT' in query['sql']]) == 1

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

"""The rules of the heart: what is recorded does not depend on order nor on repetition."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from publik_socialmedia.conversations import contacts, messages
from publik_socialmedia.conversations.messages import Received
from publik_socialmedia.conversations.record import record
from publik_socialmedia.delivery import receipts
from publik_socialmedia.models import (
    Contact,
    Conversation,
    Delivery,
    Demand,
    Message,
    Reaction,
    Receipt,
    Tombstone,
)
from publik_socialmedia.networks.base import Event, Kind, Status
from tests.factory import happens, make_account, said, write
from tests.intake import database

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def account():
    return make_account()


def play(account, events) -> list[str]:
    """Record these events in that order; gives what is held at the end."""
    for event in events:
        record(Received(account, event, AT + timedelta(hours=1)))
    return database.snapshot(event.external_id for event in events)


def empty() -> None:
    for model in (Contact, Reaction, Receipt, Tombstone):
        model.objects.all().delete()


def every_order(account, events) -> list[str]:
    """The state reached, the same in every order and with every event repeated."""
    states = []
    for order in itertools.permutations(events):
        empty()
        states.append(play(account, order))
        assert play(account, order) == states[-1]
    assert all(state == states[0] for state in states), states
    return states[0]


def test_message_edits_and_reactions_in_any_order(account):
    """R13, R14: the last version is the text, the earlier ones are kept, the last reaction wins."""
    events = [
        said('au 12', external_id='m_1', sent_at=AT),
        said('au 14', kind=Kind.EDIT, external_id='m_1', number=1, sent_at=AT + timedelta(minutes=1)),
        said('au 16', kind=Kind.EDIT, external_id='m_1', number=2, sent_at=AT + timedelta(minutes=2)),
        Event(Kind.REACTION, external_id='m_1', user='jeanne', emoji='❤', sent_at=AT),
        Event(
            Kind.REACTION, external_id='m_1', user='jeanne', removed=True, sent_at=AT + timedelta(minutes=1)
        ),
    ]
    every_order(account, events)
    message = Message.objects.get()
    assert message.text == 'au 16'
    assert list(message.versions.values_list('text', flat=True)) == ['au 12', 'au 14', 'au 16']
    assert Reaction.objects.get().removed


def test_an_edit_that_changes_no_word_is_not_told(account):
    """R13: some networks tell changes that nobody sees; in any order, what is held is the same."""
    events = [
        said('au 12', external_id='m_1', sent_at=AT),
        said('au 14', kind=Kind.EDIT, external_id='m_1', sent_at=AT + timedelta(minutes=1)),
        said('au 14', kind=Kind.EDIT, external_id='m_1', sent_at=AT + timedelta(minutes=2)),
    ]
    every_order(account, events)
    empty()
    for event in events:
        record(Received(account, event, AT + timedelta(hours=1)))
    assert Delivery.objects.filter(kind=Delivery.Kind.EDIT).count() == 1
    assert Message.objects.get().text == 'au 14'


def test_receipts_in_any_order_before_or_after_the_message(account):
    """R12: read beats delivered beats failed beats sent; watermarks apply up to their time."""
    events = [
        said('Réponse', external_id='m_1', sent_at=AT, from_us=True),
        Event(Kind.STATUS, external_id='m_1', user='jeanne', status=Status.DELIVERED),
        Event(Kind.STATUS, external_id='m_1', user='jeanne', status=Status.FAILED, error='permanent'),
        Event(Kind.STATUS, user='jeanne', status=Status.READ, up_to=AT + timedelta(minutes=5)),
        Event(Kind.STATUS, external_id='m_1', user='jeanne', status=Status.SENT),
    ]
    for order in itertools.permutations(events):
        empty()
        play(account, order)
        assert Message.objects.get().state == 'read'


@pytest.mark.parametrize(
    'statuses, state',
    [
        (['sent', 'failed'], 'failed'),
        (['failed', 'sent'], 'failed'),
        (['failed', 'delivered'], 'delivered'),
        (['delivered', 'failed'], 'delivered'),
        (['read', 'delivered', 'sent'], 'read'),
    ],
)
def test_states_only_move_forward(account, statuses, state):
    """R12."""
    happens(account, Kind.MESSAGE, 'm_1', text='Réponse', from_us=True)
    for status in statuses:
        happens(account, Kind.STATUS, 'm_1', status=Status(status))
    assert Message.objects.get().state == state


def test_a_watermark_concerns_that_person_and_what_was_sent_before(account):
    """R12."""
    happens(account, Kind.MESSAGE, 'm_1', text='avant', from_us=True, sent_at=AT)
    happens(account, Kind.MESSAGE, 'm_2', text='après', from_us=True, sent_at=AT + timedelta(hours=1))
    happens(account, Kind.MESSAGE, 'm_3', 'autre', text='autre', from_us=True, sent_at=AT)
    happens(account, Kind.STATUS, status=Status.READ, up_to=AT + timedelta(minutes=1))
    assert dict(Message.objects.values_list('external_id', 'state')) == {
        'm_1': 'read',
        'm_2': 'sent',
        'm_3': 'sent',
    }


def test_a_read_message_says_that_those_before_it_are_read(account):
    """R12: in any order; not those after it, nor those of somebody else."""
    events = [
        said('un', external_id='m_1', sent_at=AT, from_us=True),
        said('deux', external_id='m_2', sent_at=AT + timedelta(minutes=1), from_us=True),
        said('trois', external_id='m_3', sent_at=AT + timedelta(minutes=2), from_us=True),
        Event(Kind.STATUS, external_id='m_2', user='jeanne', status=Status.READ, cumulative=True),
    ]
    for order in itertools.permutations(events):
        empty()
        play(account, order)
        states = dict(Message.objects.values_list('external_id', 'state'))
        assert states == {'m_1': 'read', 'm_2': 'read', 'm_3': 'sent'}


def test_the_parts_of_one_answer_are_read_together(account):
    """R12, R31: queued at the same instant, they leave one after the other."""
    message = write(account)
    parts = [
        Message.objects.create(
            account=account,
            conversation=message.conversation,
            origin=Message.Origin.AGENT,
            state=Message.State.QUEUED,
            key=f'key-{number}',
            received_at=AT,
            sort_at=AT,
            sequence=number,
        )
        for number in range(2)
    ]
    for number, part in enumerate(parts):
        receipts.sent(part, f'm_part_{number}', AT + timedelta(seconds=1 + number))
    happens(account, Kind.STATUS, 'm_part_1', status=Status.READ, cumulative=True)
    assert [Message.objects.get(pk=part.pk).state for part in parts] == ['read', 'read']


@pytest.mark.parametrize(
    'event, problem',
    [
        ({'topic': 'account_disconnected', 'severity': 'critical'}, 'auth'),
        ({'topic': 'account_restricted', 'severity': 'critical'}, 'policy'),
        ({'topic': 'provider_error', 'severity': 'critical', 'error': 'billing'}, 'billing'),
        ({'topic': 'provider_error', 'severity': 'warning', 'error': 'undelivered'}, ''),
        ({'topic': 'referral'}, ''),
    ],
)
def test_what_is_critical_is_the_problem_of_the_account(account, event, problem):
    """R41: managers are warned of it; told again by the network after its end, it is no news."""
    happens(account, Kind.CHANNEL, user='', sent_at=AT, **event)
    account.refresh_from_db()
    assert (account.problem, account.state) == (problem, 'broken' if problem else 'active')
    account.accept()
    happens(account, Kind.CHANNEL, user='', sent_at=AT, **event)
    account.refresh_from_db()
    assert (account.problem, account.state) == ('', 'active')


def test_taken_back_before_or_after(account):
    """R13, R52: the content is never shown again, whichever came first."""
    message = write(account, 'secret', external_id='m_1')
    happens(account, Kind.UNSEND, 'm_1')
    message.refresh_from_db()
    assert (message.text, message.erased_at is not None, message.versions.count()) == ('', True, 0)
    happens(account, Kind.UNSEND, 'm_2')
    happens(account, Kind.MESSAGE, 'm_2', text='secret aussi')
    happens(account, Kind.MESSAGE, 'm_1', text='secret')
    happens(account, Kind.EDIT, 'm_1', text='secret bis', number=1)
    happens(account, Kind.EDIT, 'm_2', text='secret bis', number=1)
    assert not Message.objects.exclude(text='').exists()
    assert Message.objects.count() == 1


def test_our_own_send_is_recognised_by_id_and_by_key(account):
    """R11: matched, not doubled; an echo before the answer of the API too."""
    conversation = write(account, 'Question').conversation
    ours = Message.objects.create(
        account=account,
        conversation=conversation,
        origin='agent',
        state='queued',
        key='cle-1',
        text='Réponse',
        sort_at=timezone.now(),
    )
    assert happens(account, Kind.MESSAGE, 'm_9', text='Réponse', from_us=True, key='cle-1') == 'linked'
    ours.refresh_from_db()
    assert (ours.external_id, ours.state, Message.objects.count()) == ('m_9', 'sent', 2)
    assert happens(account, Kind.MESSAGE, 'm_9', text='Réponse', from_us=True) == 'linked'
    assert not Delivery.objects.filter(kind='native').exists()


def test_an_echo_without_key_that_comes_first_becomes_our_send(account):
    """R11: the network gives no key back; the id that the API answers later says that it was ours."""
    from publik_socialmedia.delivery import receipts

    conversation = write(account, 'Question').conversation
    ours = Message.objects.create(
        account=account,
        conversation=conversation,
        origin='agent',
        state='queued',
        key='cle-1',
        text='Réponse',
        sort_at=timezone.now(),
    )
    Delivery.objects.create(
        conversation=conversation,
        message=ours,
        lane='network',
        kind='send',
        key='send:1',
        rank_at=timezone.now(),
        unknown=True,
    )
    happens(account, Kind.MESSAGE, 'm_9', text='Réponse', from_us=True)
    happens(account, Kind.STATUS, 'm_9', status=Status.READ)
    native = Delivery.objects.get(kind='native')
    assert native.due_at > timezone.now() + timedelta(seconds=30)  # not told before we know
    receipts.sent(ours, 'm_9', None)
    ours.refresh_from_db()
    assert (ours.external_id, ours.state) == ('m_9', 'read')
    assert not Message.objects.filter(origin='native').exists()
    assert not Delivery.objects.filter(kind='native').exists()


def test_messages_without_id_are_told_apart_by_content_and_time(account):
    """R4."""
    first = Event(Kind.MESSAGE, user='jeanne', text='oui', sent_at=AT)
    again = Event(Kind.MESSAGE, user='jeanne', text='oui', sent_at=AT + timedelta(seconds=5))
    for event in (first, first, again, first):
        record(Received(account, event, timezone.now()))
    assert Message.objects.count() == 2


@pytest.mark.parametrize(
    'sent_at, shown',
    [
        (AT, True),
        (None, False),
        (datetime(1970, 1, 1, tzinfo=UTC), False),
        (datetime(2199, 1, 1, tzinfo=UTC), False),
    ],
)
def test_an_absurd_time_loses_no_message(account, sent_at, shown):
    """R6: the network's time is shown, the reception's decides deadlines."""
    received_at = timezone.now()
    record(Received(account, said(external_id='m_1', sent_at=sent_at or None), received_at))
    message = Message.objects.get()
    if sent_at is not None:
        assert (message.sent_at == sent_at) is shown
    assert message.sort_at == (sent_at if shown else message.sort_at)
    assert message.conversation.last_inbound_at == received_at


def test_one_person_with_several_identifiers(account):
    """R15: ids are opaque, a later event may bring another one, the first one stays the main one."""
    write(account, 'un', '33199000001')
    write(account, 'deux', 'BSUID.1', aliases=('33199000001',))
    write(account, 'trois', 'BSUID.1')
    conversation = Conversation.objects.get()
    assert [i.value for i in conversation.contact.identifiers.all()] == ['33199000001', 'BSUID.1']
    assert conversation.messages.count() == 3


def test_two_persons_who_prove_to_be_one(account):
    """R15: their conversations become one, nothing is lost."""
    write(account, 'un', 'ancien')
    write(account, 'deux', 'nouveau')
    assert Conversation.objects.count() == 2
    happens(account, Kind.IDENTITY, user='ancien', aliases=('nouveau',))
    conversation = Conversation.objects.get()
    assert conversation.messages.count() == 2
    assert conversation.deliveries.count() == 2
    assert conversation.due_at is not None


def test_a_name_that_comes_later_is_kept(account):
    """R15."""
    write(account, external_id='m_1')
    write(account, external_id='m_2', name='Jeanne Exemple')
    write(account, external_id='m_3', name='Autre Nom')
    assert Contact.objects.get().name == 'Jeanne Exemple'


def test_what_creates_nobody(account):
    """R14: a reaction or a receipt of an unknown person makes no contact, no conversation, no demand."""
    happens(account, Kind.REACTION, 'm_unknown', emoji='👍')
    happens(account, Kind.STATUS, 'm_unknown', status=Status.READ)
    happens(account, Kind.STATUS, status=Status.READ, up_to=AT)
    happens(account, Kind.CHANNEL, topic='referral')
    happens(account, Kind.UNSEND, 'm_unknown')
    assert not Contact.objects.exists() and not Demand.objects.exists() and not Delivery.objects.exists()


def test_two_accounts_never_mix(account):
    """The same ids on two accounts are two persons and two messages."""
    other = make_account()
    write(account, external_id='m_1')
    write(other, external_id='m_1')
    happens(other, Kind.UNSEND, 'm_1')
    assert Message.objects.get(account=account).text == 'Bonjour'
    assert Contact.objects.count() == 2


def test_a_message_costs_a_bounded_number_of_queries(account, django_assert_max_num_queries):
    with django_assert_max_num_queries(16):
        write(account, 'un')
    with django_assert_max_num_queries(13):
        write(account, 'deux')


@pytest.mark.django_db(transaction=True)
def test_at_the_same_time():
    """R4, R7: four workers record the same events at the same instant, in four orders."""
    account = make_account()
    events = [said(f'message {n}', external_id=f'm_{n}', sent_at=AT + timedelta(seconds=n)) for n in range(6)]
    events += [said(f'corrigé {n}', kind=Kind.EDIT, external_id=f'm_{n}', number=1) for n in range(3)]
    events += [Event(Kind.UNSEND, external_id='m_5', user='jeanne')]

    def run(turn: int) -> None:
        try:
            for event in events[turn:] + events[:turn]:
                record(Received(account, event, AT))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, [0, 3, 6, 9]))
    assert Conversation.objects.count() == 1
    assert Message.objects.exclude(external_id='m_5').count() == 5
    assert not Message.objects.filter(external_id='m_5').exclude(text='').exists()
    assert set(Message.objects.exclude(text='').values_list('text', flat=True)) == {
        'corrigé 0',
        'corrigé 1',
        'corrigé 2',
        'message 3',
        'message 4',
    }
    keys = list(Delivery.objects.filter(kind='message').values_list('key', flat=True))
    assert len(keys) == len(set(keys)) == Message.objects.count()


@pytest.mark.django_db(transaction=True)
def test_a_receipt_and_its_message_at_the_same_time():
    """R12: neither sees the other, yet the state is right."""
    account = make_account()

    def run(event: Event) -> None:
        try:
            record(Received(account, event, AT))
        finally:
            connection.close()

    for number in range(10):
        events = [
            said('Réponse', external_id=f'm_{number}', from_us=True, sent_at=AT),
            Event(Kind.STATUS, external_id=f'm_{number}', user='jeanne', status=Status.READ),
        ]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(run, events))
    assert set(Message.objects.values_list('state', flat=True)) == {'read'}


def test_locks_are_taken_in_one_order(account, django_assert_num_queries):
    with django_assert_num_queries(1):
        contacts.lock(account, users=['b', 'a', ''], messages=['m'])
    with django_assert_num_queries(0):
        contacts.lock(account, users=[''])


def test_a_plausible_time():
    now = timezone.now()
    assert messages.plausible(now + timedelta(days=2), now) is None
    assert messages.plausible(now, now) == now

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


"""What was kept long enough is erased: counted, in batches, under traffic, whatever kills it (R51, R52)."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from publik_socialmedia import media
from publik_socialmedia.delivery import queue
from publik_socialmedia.locks import alone
from publik_socialmedia.models import (
    Account,
    Attachment,
    ChannelEvent,
    Contact,
    Conversation,
    Delivery,
    Demand,
    Endpoint,
    Erasure,
    Journal,
    Message,
    Nonce,
    RawEvent,
    Reaction,
    Receipt,
    Tombstone,
)
from publik_socialmedia.privacy import closing, purging, retention
from tests.factory import make_account, write
from tests.privacy import traces
from tests.privacy.test_erasing import PNG, Killed

pytestmark = pytest.mark.django_db


def days(count: float) -> datetime:
    return timezone.now() - timedelta(days=count)


def purge(*only: str, dry: bool = False) -> dict[str, int]:
    """Run the steps; gives what each erased."""
    chosen = only or purging.STEPS
    return {name: sum(purging.STEPS[name][1](timezone.now(), dry)) for name in chosen}


def conversation(
    account: Account, text: str = 'Bonjour', user: str = 'jeanne', *, closed: float = 400, **demand: Any
) -> Message:
    """A message of a demand closed that many days ago, all delivered."""
    message = write(account, text, user)
    state = {'state': 'closed', 'closed_at': days(closed), 'number': '12', **demand}
    bound = Demand.objects.create(
        account=account, conversation=message.conversation, form='f', opened_at=days(closed + 1), **state
    )
    Message.objects.filter(pk=message.pk).update(demand=bound, received_at=days(closed + 1))
    Delivery.objects.filter(message=message).update(state='done')
    Conversation.objects.filter(pk=message.conversation_id).update(last_activity_at=days(closed))
    return message


def raw(age: float, state: str = 'done', **values: Any) -> RawEvent:
    return RawEvent.objects.create(
        network='messenger', source='webhook', body=b'{}', received_at=days(age), state=state, **values
    )


def attached(message: Message, state: str = 'stored', **values: Any) -> Attachment:
    storage = media.store(PNG, '.png') if state == 'stored' else ''
    return Attachment.objects.create(
        message=message,
        position=message.attachments.count(),
        kind='image',
        state=state,
        storage=storage,
        url='https://cdn.example.org/photo',
        **values,
    )


def kept(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob('*'))


# -- conversations


def test_words_go_months_after_the_demand_is_closed_and_counts_stay():
    account = make_account()
    old, recent = (
        conversation(account, 'Vieille histoire'),
        conversation(account, 'Récente', 'paul', closed=200),
    )
    counted = traces.statistics()
    assert purge('conversations', 'persons') == {'conversations': 1, 'persons': 1}
    assert 'Vieille histoire' not in traces.database() and 'jeanne' not in traces.database()
    assert Contact.objects.get(pk=old.conversation.contact_id).erased_at is not None
    recent.refresh_from_db()
    assert recent.text == 'Récente' and recent.conversation.contact.identifiers.get().value == 'paul'
    assert traces.statistics() == counted
    assert purge('conversations', 'persons') == {'conversations': 0, 'persons': 0}


def test_each_account_has_its_own_retention():
    short, unlimited = make_account(retention_months=2), make_account(retention_months=60)
    conversation(short, 'Courte', closed=70)
    conversation(unlimited, 'Longue', closed=900)
    purge('conversations')
    assert set(Message.objects.values_list('text', flat=True)) == {'', 'Longue'}


def test_old_words_go_also_when_the_person_still_writes():
    account = make_account()
    conversation(account, 'Il y a deux ans', closed=700)
    new = write(account, 'Aujourd’hui')
    Delivery.objects.update(state='done')
    Demand.objects.create(account=account, conversation=new.conversation, form='f', number='13', state='open')
    assert purge('conversations', 'persons') == {'conversations': 1, 'persons': 0}
    new.refresh_from_db()
    assert new.text == 'Aujourd’hui' and new.conversation.contact.identifiers.exists()


@pytest.mark.parametrize('state', ['open', 'opening'])
def test_a_demand_that_is_not_closed_keeps_its_words(state):
    conversation(make_account(), closed=900, state=state, closed_at=None)
    assert purge('conversations', 'persons') == {'conversations': 0, 'persons': 0}


def test_what_waits_is_never_taken():
    """R23: not even what has waited for years."""
    message = conversation(make_account(), 'Jamais transmis', closed=900)
    Delivery.objects.update(state='pending')
    assert purge('conversations', 'persons') == {'conversations': 0, 'persons': 0}
    message.refresh_from_db()
    assert message.text == 'Jamais transmis'


def test_a_demand_gone_from_w_c_s_takes_its_words_with_it_after_a_month():
    """R26: time to see that w.c.s. was only set wrong."""
    account = make_account()
    conversation(account, 'Anonymisée', closed=60, state='gone', seen_at=days(closing.GONE_DAYS + 1))
    conversation(account, 'Peut-être', 'paul', closed=60, state='gone', seen_at=days(closing.GONE_DAYS - 1))
    purge('conversations')
    assert set(Message.objects.values_list('text', flat=True)) == {'', 'Peut-être'}


def test_who_was_blocked_stays_known():
    conversation(make_account(), 'Insultes')
    Contact.objects.update(blocked=True)
    assert purge('conversations', 'persons') == {'conversations': 1, 'persons': 0}
    assert Contact.objects.get().identifiers.get().value == 'jeanne'


def test_a_conversation_being_worked_on_is_left_for_the_next_time():
    """R22."""
    message = conversation(make_account())
    claim = queue.claim_one(message.conversation_id)
    assert claim
    assert purge('conversations', 'persons') == {'conversations': 0, 'persons': 0}
    queue.release(claim)
    assert purge('conversations') == {'conversations': 1}


# -- bodies


def test_bodies_go_when_their_time_is_over():
    account = make_account(raw_retention_days=7)
    raw(8, account=account), raw(6, account=account)
    endpoint = Endpoint.objects.create(network='messenger')
    raw(31, endpoint=endpoint), raw(29, endpoint=endpoint)
    assert purge('bodies') == {'bodies': 2}
    ages = [(timezone.now() - row.received_at).days for row in RawEvent.objects.order_by('pk')]
    assert ages == [6, 29]


def test_a_shared_address_keeps_bodies_as_its_strictest_account_wants():
    endpoint = Endpoint.objects.create(network='messenger')
    make_account(endpoint=endpoint, raw_retention_days=5), make_account(endpoint=endpoint)
    raw(6, endpoint=endpoint), raw(4, endpoint=endpoint)
    assert purge('bodies') == {'bodies': 1}


def test_an_unread_body_is_kept_longer_and_one_to_read_always():
    """R3: it may be read after an upgrade."""
    endpoint = Endpoint.objects.create(network='messenger')
    raw(31, 'quarantined', endpoint=endpoint), raw(91, 'quarantined', endpoint=endpoint)
    raw(900, 'pending', endpoint=endpoint)
    assert purge('bodies', 'unread') == {'bodies': 0, 'unread': 1}
    assert set(RawEvent.objects.values_list('state', flat=True)) == {'quarantined', 'pending'}


# -- files


def test_files_go_once_they_are_given_or_refused_long_enough(private_storage):
    account = make_account()
    given, refused, waits, fresh = (write(account, user=f'person-{n}') for n in range(4))
    Message.objects.filter(pk__in=[given.pk]).update(received_at=days(2))
    Message.objects.filter(pk__in=[refused.pk, waits.pk]).update(received_at=days(31))
    for message, state in ((given, 'done'), (refused, 'blocked'), (fresh, 'done')):
        message.deliveries.update(state=state)
    rows = [attached(message) for message in (given, refused, waits, fresh)]
    gone = attached(refused, 'unavailable', reason='media_error')
    assert purge('files') == {'files': 3}
    states = [Attachment.objects.get(pk=row.pk) for row in [*rows, gone]]
    assert [(row.state, row.reason, bool(row.url)) for row in states] == [
        ('given', '', False),
        ('unavailable', 'media_expired', False),
        ('stored', '', True),
        ('stored', '', True),
        ('unavailable', 'media_expired', False),
    ]
    assert kept(private_storage) == 2


def test_files_without_row_go_and_strangers_stay(private_storage):
    """R51: what a crash left."""
    row = attached(write(make_account()))
    orphan, young = media.store(PNG, '.png'), media.store(PNG, '.png')
    stranger = private_storage / 'ab' / 'notes.txt'
    stranger.parent.mkdir(exist_ok=True)
    stranger.write_text('not ours')
    yesterday = time.time() - 2 * 24 * 3600
    for path in (media.path(orphan), media.path(row.storage), stranger):
        os.utime(path, (yesterday, yesterday))
    assert purge('orphans', dry=True) == {'orphans': 1}
    assert purge('orphans') == {'orphans': 1}
    assert not media.path(orphan).exists()
    assert media.path(young).exists() and media.path(row.storage).exists() and stranger.exists()


def test_a_folder_shared_by_tenants_is_not_swept(private_storage, monkeypatch):
    orphan = media.store(PNG, '.png')
    os.utime(media.path(orphan), (0, 0))
    monkeypatch.setattr('publik_socialmedia.app_settings.connection', type('Tenant', (), {'tenant': None})())
    assert purge('orphans') == {'orphans': 0}
    assert media.path(orphan).exists()


def test_no_private_storage_yet():
    assert purge('orphans') == {'orphans': 0}


# -- the rest


def test_expired_hashes_old_traces_and_lines_go():
    account = make_account()
    for age, name in ((31, 'old'), (29, 'new')):
        Receipt.objects.create(account=account, target=name, status='read', received_at=days(age))
    for age, name in ((1, 'old'), (-1, 'new')):
        Nonce.objects.create(digest=name, expires_at=days(age))
        Tombstone.objects.create(digest=name, expires_at=days(age))
    for age, name in ((370, 'old'), (360, 'new')):
        Reaction.objects.create(account=account, target=name, user='u', at=days(age))
        ChannelEvent.objects.create(account=account, topic=name, key=name, received_at=days(age))
        ChannelEvent.objects.create(topic=name, key=f'{name}-2', received_at=days(age))
        Journal.objects.create(action=name, at=days(age))
    for age in (1900, 1800):
        Erasure.objects.create(network='x', state='done', done_at=days(age), requested_at=days(age))
    assert purge('traces', 'marks', 'journal', dry=True) == {'traces': 4, 'marks': 2, 'journal': 2}
    assert purge('traces', 'marks', 'journal') == {'traces': 4, 'marks': 2, 'journal': 2}
    assert (
        Receipt.objects.get().target == Reaction.objects.get().target == Journal.objects.get().action == 'new'
    )
    assert Nonce.objects.get().digest == Tombstone.objects.get().digest == 'new'
    assert {event.topic for event in ChannelEvent.objects.all()} == {'new'}
    assert Erasure.objects.count() == 1


@pytest.mark.parametrize(
    ('now', 'months', 'expected'),
    [
        ((2026, 3, 31), 1, (2026, 2, 28)),
        ((2026, 1, 15), 13, (2024, 12, 15)),
        ((2028, 2, 29), 12, (2027, 2, 28)),
    ],
)
def test_months_are_those_of_the_calendar(now, months, expected):
    found = retention.months_before(datetime(*now, tzinfo=UTC), months)
    assert (found.year, found.month, found.day) == expected


# -- the command


def scene() -> None:
    """Two of everything, in two batches each."""
    account = make_account()
    for number in range(2):
        attached(conversation(account, f'Secret {number}', f'jeanne-{number}'))
        raw(900, account=account)
        Nonce.objects.create(digest=str(number), expires_at=days(1))


def test_a_dry_run_counts_and_changes_nothing(capsys, private_storage):
    scene()
    before = traces.database()
    call_command('socialmedia_purge', '--dry-run')
    assert traces.database() == before and kept(private_storage) == 2
    counts = [line.rpartition(' ')[2] for line in capsys.readouterr().out.splitlines()]
    assert sorted(counts) == ['0'] * 6 + ['2'] * 4


def test_the_command_counts_what_it_erased(capsys):
    scene()
    call_command('socialmedia_purge')
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(purging.STEPS)
    counts = Journal.objects.get(action='purge').details['counts']
    assert counts == {'conversations': 2, 'persons': 2, 'bodies': 2, 'marks': 2}
    call_command('socialmedia_purge')
    assert Journal.objects.filter(action='purge').count() == 1  # nothing was left
    assert 'Secret' not in traces.database() and 'jeanne' not in traces.database()


def test_it_ends_also_when_no_key_opens_the_secrets_any_more(settings):
    scene()
    Endpoint.objects.create(network='messenger', secrets={'a': ['b']})
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = ['another']
    call_command('socialmedia_purge')
    assert not RawEvent.objects.exists() and 'Secret' not in ''.join(
        Message.objects.values_list('text', flat=True)
    )


def test_a_step_that_fails_keeps_no_other_from_being_done(monkeypatch, capsys, caplog):
    scene()

    def fails(now: datetime, dry: bool) -> Any:
        raise ValueError('Secret 0')

    steps = {**purging.STEPS, 'conversations': ('messages', fails)}
    monkeypatch.setattr('publik_socialmedia.management.commands.socialmedia_purge.STEPS', steps)
    with pytest.raises(CommandError):
        call_command('socialmedia_purge')
    assert not RawEvent.objects.exists() and not Nonce.objects.exists()
    assert 'Secret 0' not in caplog.text + capsys.readouterr().err


@pytest.mark.django_db(transaction=True)
def test_two_at_once_is_one(capsys):
    from threading import Thread

    from django.db import connection

    scene()

    def other() -> None:
        try:
            call_command('socialmedia_purge')
        finally:
            connection.close()

    with alone('purge') as ours:
        assert ours
        thread = Thread(target=other)
        thread.start()
        thread.join(20)
    assert Nonce.objects.count() == 2
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize('point', range(1, 9))
def test_killed_at_any_point_the_next_one_ends_it(point, monkeypatch, private_storage):
    monkeypatch.setattr(purging, 'BATCH', 1)
    scene()
    done = 0
    with pytest.raises(Killed):
        for name in purging.STEPS:
            for _count in purging.STEPS[name][1](timezone.now(), False):
                done += 1
                if done == point:
                    raise Killed
        raise Killed
    Conversation.objects.update(lease_until=None, lease_token='')
    purge()
    assert traces.found(['Secret', 'jeanne'], folder=private_storage, log='') == {}
    assert kept(private_storage) == 0 and not RawEvent.objects.exists() and not Nonce.objects.exists()
    assert Message.objects.count() == 2

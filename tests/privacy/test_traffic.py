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


"""Erasing and purging while messages come and workers work, and while they are killed (R21, R22, R51)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from demo.postgres import database_url
from publik_socialmedia.conversations import contacts
from publik_socialmedia.models import Contact, Conversation, Erasure, Message, Reaction, Receipt
from publik_socialmedia.networks.base import Kind, Status
from publik_socialmedia.privacy import erasing, erasures
from tests.factory import happens, make_account, write
from tests.privacy import traces
from tests.privacy.test_purging import conversation

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
OLD = 'Avant la demande'


@contextmanager
def meanwhile(work: object, count: int = 2) -> Iterator[list[BaseException]]:
    """Have ``work(number)`` called again and again by threads; gives what it raised."""
    over, wrong = threading.Event(), []

    def run(number: int) -> None:
        turn = 0
        try:
            while not over.is_set() and turn < 200:
                turn += 1
                work(f'{number}-{turn}')  # type: ignore[operator]
        except BaseException as error:
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield wrong
    finally:
        over.set()
        for thread in threads:
            thread.join(30)


def test_what_comes_while_somebody_is_erased_is_either_erased_or_whole(monkeypatch):
    """R51: nothing is lost of what is written after, nothing is left of what was before; nobody is stuck."""
    monkeypatch.setattr(erasing, 'BATCH', 3)
    account = make_account()
    for number in range(20):
        write(account, f'{OLD} {number}', external_id=f'old-{number}')

    def traffic(turn: str) -> None:
        message = write(account, f'Après {turn}', external_id=f'new-{turn}')
        happens(account, Kind.REACTION, message.external_id, emoji='❤')
        happens(account, Kind.REACTION, f'old-{int(turn[2:]) % 20}', emoji='❤')
        happens(account, Kind.STATUS, f'old-{int(turn[2:]) % 20}', status=Status.READ)
        happens(account, Kind.STATUS, '', status=Status.READ, up_to=timezone.now())

    with meanwhile(traffic) as wrong:
        time.sleep(0.2)
        erasure = erasures.ask([Contact.objects.get()])
        assert erasures.run(erasure, seconds=30)
    assert wrong == []
    after = Message.objects.filter(received_at__gt=erasure.requested_at)
    assert after.count() > 0 and not after.filter(text='').exists()
    assert after.filter(conversation__contact__erased_at=None).count() == after.count()
    before = Message.objects.filter(received_at__lte=erasure.requested_at)
    assert before.count() >= 20 and not before.exclude(text='').exists()
    assert OLD not in traces.database()
    assert not Reaction.objects.filter(target__startswith='old-').exists()
    assert not Receipt.objects.filter(target__startswith='old-').exists()
    waiting = after.filter(origin='citizen', deliveries__state='pending')
    assert waiting.count() == after.count()
    # the one who writes again is one person, with one conversation
    assert Conversation.objects.filter(contact__erased_at=None).count() == 1


def test_a_message_that_is_being_written_about_is_waited_for():
    """R12: a receipt, an echo or an edit of it is recorded whole before it is emptied, or not at all."""
    account = make_account()
    write(account, OLD, external_id='old')
    erasure = erasures.ask([Contact.objects.get()])

    def run() -> None:
        try:
            erasures.run(erasure, seconds=20)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    with transaction.atomic():
        contacts.lock(account, messages=['old'])
        thread.start()
        thread.join(1)
        assert thread.is_alive() and Message.objects.get().text == OLD
    thread.join(20)
    assert Message.objects.get().text == '' and Erasure.objects.get().state == 'done'


def test_a_purge_takes_nothing_of_what_comes_meanwhile():
    account = make_account()
    for number in range(10):
        conversation(account, f'{OLD} {number}', f'person-{number}')

    def traffic(turn: str) -> None:
        write(account, f'Après {turn}', f'person-{int(turn[2:]) % 10}', external_id=f'new-{turn}')

    with meanwhile(traffic) as wrong:
        for _ in range(3):
            call_command('socialmedia_purge', '--only', 'conversations', 'persons', 'bodies')
    assert wrong == []
    new = Message.objects.filter(external_id__startswith='new-')
    assert new.count() > 0 and not new.filter(text='').exists()
    assert new.filter(conversation__contact__erased_at=None).count() == new.count()


def test_a_process_killed_again_and_again_ends_the_erasure(settings, private_storage):
    """SIGKILL, at any instant: the next process goes on, and each message is counted once."""
    account = make_account()
    for number in range(300):
        write(account, f'{OLD} {number}')
    erasure = erasures.ask([Contact.objects.get()])
    environment = {
        **os.environ,
        'DJANGO_SETTINGS_MODULE': 'tests.settings',
        'DATABASE_URL': database_url(connection.settings_dict),
        'SOCIALMEDIA_STORAGE': str(private_storage),
    }
    command = [sys.executable, '-m', 'django', 'socialmedia_purge', '--only', 'erasures']
    killed, end = 0, time.monotonic() + 120
    while Erasure.objects.get().state != 'done' and time.monotonic() < end:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        done = len(Message.objects.filter(text=''))
        # killed in the middle of its work, not of its birth
        while process.poll() is None and time.monotonic() < end:
            if killed < 3 and Message.objects.filter(text='').count() > done:
                os.kill(process.pid, signal.SIGKILL)
                killed += 1
                break
            time.sleep(0.005)
        process.wait(30)
        # the lease of who was killed ends by itself, later
        past = timezone.now() - timedelta(seconds=1)
        Conversation.objects.filter(lease_until__isnull=False).update(lease_until=past)
    erasure.refresh_from_db()
    assert killed >= 1 and erasure.state == 'done'
    assert erasure.counts['messages'] == 300 and erasure.counts['persons'] == 1
    assert OLD not in traces.database() and 'jeanne' not in traces.database()

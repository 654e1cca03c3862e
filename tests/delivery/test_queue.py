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

"""What two workers do to one conversation at the same instant (R21, R22)."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.utils import timezone

from publik_socialmedia.delivery import queue
from publik_socialmedia.models import Conversation, Delivery, Message
from tests.factory import make_account, write

pytestmark = pytest.mark.django_db(transaction=True)
LIMIT = 30.0  # seconds, of anything that is waited for


def aside(step: Callable[[], object]) -> threading.Thread:
    """Do it with another connection."""

    def run() -> None:
        try:
            step()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def is_waiting() -> bool:
    """Whether some connection waits for a lock of another one."""
    with connection.cursor() as cursor:
        cursor.execute('SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)')
        return bool(cursor.fetchone()[0])


@pytest.fixture
def message(db: None) -> Message:
    write(make_account(), 'Bonjour')
    return Message.objects.get()


def test_a_delivery_added_while_the_conversation_is_given_back_is_not_forgotten(message: Message):
    """R21: whoever gives it back waits for who adds, and sees what was added."""
    (claim,) = queue.claim()
    queue.finish(Delivery.objects.all())
    due_at = timezone.now()
    with transaction.atomic():
        queue.add(message, Delivery.Kind.EDIT, key='edit:1', due_at=due_at)
        giving = aside(lambda: queue.release(claim))
        end = timezone.now().timestamp() + LIMIT
        while not is_waiting():
            assert timezone.now().timestamp() < end and giving.is_alive()
    giving.join(LIMIT)
    conversation = Conversation.objects.get()
    assert (conversation.due_at, conversation.lease_token, conversation.lease_until) == (due_at, '', None)
    assert len(queue.claim()) == 1


def test_who_has_lost_the_conversation_gives_nothing_back(message: Message):
    """R22: its new holder keeps it."""
    (claim,) = queue.claim()
    Conversation.objects.update(lease_token='another')
    before = Conversation.objects.values().get()
    queue.release(claim)
    assert Conversation.objects.values().get() == before


def test_what_waits_later_in_a_lane_makes_nothing_due(message: Message):
    """R23: the first of each lane counts, whatever waits behind it."""
    (claim,) = queue.claim()
    first = Delivery.objects.get()
    queue.begin([first])
    now = timezone.now()
    queue.defer(first, now.replace(year=now.year + 1), 'rate')
    queue.add(message, Delivery.Kind.EDIT, key='edit:1', due_at=now)
    queue.release(claim)
    assert Conversation.objects.get().due_at == now.replace(year=now.year + 1)
    assert [delivery.kind for delivery in queue.pending(message.conversation_id, 'wcs')] == [
        'message',
        'edit',
    ]

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

"""Several accounts are polled at once, at little cost for the database (R17)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.db.utils import OperationalError

from publik_socialmedia.delivery import crew, pollers
from publik_socialmedia.delivery.pollers import Pollers
from publik_socialmedia.intake.polling import Turn
from publik_socialmedia.tenants import Tenant

LIMIT = 30.0  # seconds, of what other threads do
TOWN, VILLAGE = Tenant('ville', 'ville.example.org'), Tenant('village', 'village.example.org')


class Polls:
    """What is done at each poll: ``does`` is called with the turn."""

    def __init__(self) -> None:
        self.does: Callable[[Turn], object] = lambda turn: None
        self.done: list[int] = []
        self.ended: list[str] = []
        self._change = threading.Condition()

    def poll(self, tenant: Tenant, turn: Turn) -> None:
        try:
            self.does(turn)
        finally:
            with self._change:
                self.done.append(turn.account_id)
                self._change.notify_all()

    def end(self, tenant: Tenant) -> None:
        with self._change:
            self.ended.append(tenant.schema)
            self._change.notify_all()

    def wait(self, count: int) -> None:
        with self._change:
            assert self._change.wait_for(lambda: len(self.ended) >= count, LIMIT), self.done


@pytest.fixture
def polls() -> Polls:
    return Polls()


@pytest.fixture
def threads(polls: Polls, transactional_db: None) -> Iterator[Pollers]:
    found = Pollers(polls.poll, polls.end)
    yield found
    found.stop()


def turns(*numbers: int) -> list[Turn]:
    return [Turn(number, 'token') for number in numbers]


def test_one_that_is_slow_holds_up_no_other(threads: Pollers, polls: Polls):
    over = threading.Event()
    polls.does = lambda turn: turn.account_id or over.wait(LIMIT)
    threads.poll(TOWN, turns(0, 1, 2))
    polls.wait(2)
    assert sorted(polls.done) == [1, 2]
    over.set()
    polls.wait(3)


def test_no_more_at_once_than_there_are_threads(threads: Pollers, polls: Polls):
    """And whoever has accounts to poll waits for room."""
    over, room = threading.Event(), threading.Event()
    polls.does = lambda turn: over.wait(LIMIT)
    assert threads.room(TOWN) == pollers.POLLERS
    threads.poll(TOWN, turns(*range(pollers.POLLERS)))
    waiting = threading.Thread(target=lambda: threads.room(VILLAGE) and room.set(), daemon=True)
    waiting.start()
    assert not room.wait(0.2)
    over.set()
    assert room.wait(LIMIT)
    polls.wait(pollers.POLLERS)
    waiting.join(LIMIT)


def test_the_accounts_of_a_tenant_leave_room_for_those_of_the_others(polls: Polls, transactional_db: None):
    """R17, R23: its share, however many it has; given back as soon as one has been polled."""
    over = threading.Event()
    polls.does = lambda turn: turn.account_id or over.wait(LIMIT)
    threads = Pollers(polls.poll, polls.end, share=4)
    threads.poll(TOWN, turns(0, 0, 0, 1))
    polls.wait(1)
    assert polls.ended == ['ville'] and threads.room(TOWN) == 1
    threads.poll(TOWN, turns(0))
    assert threads.room(TOWN) == 0 and threads.room(VILLAGE) == 4
    threads.poll(VILLAGE, turns(2, 3))
    polls.wait(3)
    assert sorted(polls.done) == [1, 2, 3]
    over.set()
    threads.stop()
    assert threads.room(TOWN) == 4 and len(polls.done) == 7


@pytest.mark.parametrize('error', [OperationalError('away'), RuntimeError('a fault')])
def test_what_fails_costs_no_thread(threads: Pollers, polls: Polls, error: Exception):
    """R17: the next accounts are polled."""

    def fails(turn: Turn) -> int:
        raise error

    polls.does = fails
    threads.poll(TOWN, turns(*range(pollers.POLLERS)))
    polls.wait(pollers.POLLERS)
    polls.does = lambda turn: 0
    assert threads.room(TOWN) >= 1
    threads.poll(TOWN, turns(99))
    polls.wait(pollers.POLLERS + 1)
    assert polls.done[-1] == 99


def test_a_connection_serves_several_polls_and_is_given_up_after(threads: Pollers, polls: Polls, monkeypatch):
    """A connection costs PostgreSQL more than a poll does; an idle one is one that others lack."""
    seen = []

    def asks(turn: Turn) -> None:
        crew.connect()
        with connection.cursor() as cursor:
            cursor.execute('SELECT pg_backend_pid()')
            seen.append(cursor.fetchone()[0])

    polls.does = asks
    for number in range(3):
        threads.poll(TOWN, turns(number))
        polls.wait(number + 1)
    assert len(set(seen)) <= 2 and _alive(seen)
    monkeypatch.setattr(crew, 'KEPT', 0.05)
    for number in range(3, 3 + pollers.POLLERS):  # each thread looks at its patience once more
        threads.poll(TOWN, turns(number))
        polls.wait(number + 1)
    _until(lambda: not _alive(seen))


def test_a_connection_is_changed_for_a_new_one_in_the_end(threads: Pollers, polls: Polls, monkeypatch):
    """Each process of PostgreSQL remembers the tables that it has seen: hundreds of tenants have many."""
    seen = []

    def asks(turn: Turn) -> None:
        crew.connect()
        with connection.cursor() as cursor:
            cursor.execute('SELECT pg_backend_pid()')
            seen.append(cursor.fetchone()[0])

    polls.does = asks
    monkeypatch.setattr(crew, 'LONGEST', 0.0)
    for number in range(3):
        threads.poll(TOWN, turns(number))
        polls.wait(number + 1)
    assert len(set(seen)) == 3


def test_what_is_under_way_is_finished(threads: Pollers, polls: Polls):
    """R21: a worker that is asked to stop loses no poll."""
    over = threading.Event()
    polls.does = lambda turn: over.wait(LIMIT)
    threads.poll(TOWN, turns(1, 2))
    threading.Timer(0.1, over.set).start()
    threads.stop()
    assert sorted(polls.done) == [1, 2]


def _alive(pids: list[int]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute('SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)', [pids])
        return bool(cursor.fetchone()[0])


def _until(happened: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(LIMIT / 0.05)):
        if happened():
            return
        pause.wait(0.05)
    raise AssertionError('it did not happen')

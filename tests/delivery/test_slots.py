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

"""How many calls are made at once (R23)."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from publik_socialmedia.delivery import slots

LIMIT = 30.0  # seconds, of anything that is waited for


@pytest.fixture(autouse=True)
def nobody() -> Iterator[None]:
    yield
    slots.leave()


def test_a_thread_that_has_joined_nobody_is_not_limited():
    with slots.take() as waited, slots.take() as again:
        assert waited == again == 0.0


def test_a_call_inside_a_call_needs_no_more_room():
    slots.Slots(1).join()
    with slots.take(), slots.take() as inner:
        assert inner == 0.0


def test_room_is_given_back_whatever_happens():
    slots.Slots(1).join()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), slots.take():
            raise ZeroDivisionError
    with slots.take():
        pass


def test_a_thread_may_work_for_another_limit():
    first, second = slots.Slots(1), slots.Slots(1)
    first.join()
    with first._free:  # full
        second.join()
        with slots.take() as waited:
            assert waited < LIMIT


def test_no_more_calls_at_once_than_there_is_room_for():
    shared = slots.Slots(2)
    at_once, most = 0, 0
    lock, third = threading.Lock(), threading.Event()
    waits: list[float] = []

    def call() -> None:
        nonlocal at_once, most
        shared.join()
        with slots.take() as waited:
            with lock:
                at_once += 1
                most = max(most, at_once)
                waits.append(waited)
                if at_once == 2:
                    third.set()
            assert third.wait(LIMIT)  # nobody leaves before two are there
            with lock:
                at_once -= 1

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
        assert not thread.is_alive()
    assert (most, len(waits)) == (2, 6)

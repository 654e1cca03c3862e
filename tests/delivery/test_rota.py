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

"""Turns between those that have work (R17, R20, R23): fair, none lost, none taken twice."""

from __future__ import annotations

import itertools
import threading
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publik_socialmedia.delivery import rota as rota_module
from publik_socialmedia.delivery.rota import Rota

LIMIT = 30.0


@pytest.fixture
def clock(monkeypatch) -> Clock:
    return Clock(monkeypatch)


class Clock:
    """Time that passes when the test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(rota_module.time, 'monotonic', lambda: self.now)


def taken(rota: Rota[str], count: int, *, again: dict[str, float | None] | None = None) -> list[str]:
    """The next turns; ``again``: who wants another one, after how long."""
    found = []
    for _ in range(count):
        key = rota.take()
        assert key is not None
        found.append(key)
        rota.give_back(key, (again or {}).get(key), worked=True)
    return found


def test_a_flood_takes_one_turn_between_two_of_the_others():
    """R20: whatever it has, the others wait for one turn of it, not for all of them."""
    rota = Rota[str]()
    rota.call('flood')
    assert taken(rota, 3, again={'flood': 0.0}) == ['flood'] * 3
    rota.call('quiet')
    rota.call('village')
    order = taken(rota, 7, again={'flood': 0.0, 'village': 0.0})
    assert order[:3] == ['flood', 'quiet', 'village']
    assert Counter(order[3:]) == {'flood': 2, 'village': 2}


@given(st.lists(st.integers(1, 5), min_size=2, max_size=8))
def test_nobody_waits_for_more_than_one_turn_of_each_other(work: list[int]):
    """R20, R23: whatever each has to do, between two turns of one, no other has had two."""
    rota = Rota[int]()
    left = dict(enumerate(work))
    for key in left:
        rota.call(key)
    seen: list[int] = []
    while rota.waiting():
        key = rota.take()
        assert key is not None
        left[key] -= 1
        seen.append(key)
        rota.give_back(key, 0.0 if left[key] else None)
    assert Counter(seen) == dict(enumerate(work))
    for key in range(len(work)):
        turns = [number for number, found in enumerate(seen) if found == key]
        for before, after in itertools.pairwise(turns):
            assert max(Counter(seen[before + 1 : after]).values(), default=0) <= 1


def test_who_is_called_during_its_turn_has_another_one(clock: Clock):
    """R21: what came after the step had looked is not forgotten."""
    rota = Rota[str]()
    rota.call('ville')
    assert rota.take() == 'ville'
    rota.call('ville')
    rota.give_back('ville', None)
    assert rota.take() == 'ville'
    rota.give_back('ville', 60.0)
    assert rota.waiting() == 1


def test_the_earlier_call_counts(clock: Clock):
    rota = Rota[str]()
    rota.call('ville', 60)
    rota.call('agglo', 5)
    rota.call('ville', 1)
    rota.call('ville', 30)
    clock.now += 1
    assert rota.take() == 'ville'
    rota.give_back('ville', None)
    clock.now += 4
    assert rota.take() == 'agglo'
    rota.give_back('agglo', None)
    assert rota.waiting() == 0


def test_one_never_has_more_than_its_share():
    rota = Rota[str](share=2)
    rota.call('ville')
    rota.give_back(str(rota.take()), 0.0, worked=True)  # known to have much to do
    assert [rota.take(), rota.take()] == ['ville', 'ville']
    rota.call('agglo')
    assert rota.take() == 'agglo'
    waited = threading.Event()
    waiting = threading.Thread(target=lambda: (rota.take(), waited.set()), daemon=True)
    waiting.start()
    assert not waited.wait(0.1)
    rota.call('ville')
    assert not waited.wait(0.1)
    rota.give_back('ville', None, worked=True)
    assert waited.wait(LIMIT)
    waiting.join(LIMIT)


def test_one_turn_is_enough_for_who_has_little():
    """Two threads for one message would be one query in vain each."""
    rota = Rota[str](share=2)
    rota.call('ville')
    assert rota.take() == 'ville'
    assert rota.waiting() == 0


def test_whoever_waits_is_told_of_the_end():
    rota = Rota[str]()
    found: list[object] = []
    waiting = threading.Thread(target=lambda: found.append(rota.take()), daemon=True)
    waiting.start()
    rota.close()
    waiting.join(LIMIT)
    assert found == [None]


def test_many_threads_serve_each_call_once():
    """R21: no turn is lost, none is had by two beyond the share."""
    rota = Rota[int](share=1)
    busy, most, served = Counter[int](), Counter[int](), Counter[int]()
    lock = threading.Lock()
    left = dict.fromkeys(range(5), 20)

    def serve() -> None:
        while (key := rota.take()) is not None:
            with lock:
                busy[key] += 1
                most[key] = max(most[key], busy[key])
            with lock:
                busy[key] -= 1
                served[key] += 1
                left[key] -= 1
                again = 0.0 if left[key] else None
                if not any(left.values()):
                    rota.close()
            rota.give_back(key, again, worked=True)

    threads = [threading.Thread(target=serve, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for key in left:
        rota.call(key)
    for thread in threads:
        thread.join(LIMIT)
        assert not thread.is_alive()
    assert served == dict.fromkeys(range(5), 20) and set(most.values()) == {1}

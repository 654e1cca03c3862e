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

"""Whose turn it is: those that have work are served one after the other, whatever the work of each.

Who is called gets a place; who is served and has more to do gets a new one, behind all those that wait. So a
tenant with ten thousand messages takes one turn between two of the others, and when nobody else waits it
takes them all. Nothing is kept of those that have nothing to do: hundreds of them cost nothing.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import Counter
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar('Key', bound=Hashable)


class Rota(Generic[Key]):
    """Safe to share between threads. ``share``: turns that one may have at the same time."""

    def __init__(self, share: int = 1) -> None:
        self._share = share
        self._places: list[tuple[float, int, Key]] = []  # a heap; a place that is not in _at is void
        self._at: dict[Key, tuple[float, int]] = {}
        self._numbers = itertools.count()
        self._busy = Counter[Key]()
        self._eager: set[Key] = set()  # whose last turn was not in vain
        self._change = threading.Condition()
        self._closed = False

    def call(self, key: Key, delay: float = 0.0) -> None:
        """Have it served after ``delay`` seconds; one place for each, the earlier counts."""
        with self._change:
            self._call(key, time.monotonic() + max(delay, 0.0))

    def take(self) -> Key | None:
        """Whose turn it is; waits for one. None once it is closed. To be followed by ``give_back``."""
        with self._change:
            while not self._closed:
                wait = self._next()
                if wait == 0.0:
                    return self._take()
                self._change.wait(wait)
            return None

    def give_back(self, key: Key, again: float | None, *, worked: bool = False) -> None:
        """Its turn is over; the next one is after ``again`` seconds, or when it is called. ``worked``: the
        turn was not in vain, several threads may be useful."""
        with self._change:
            self._busy[key] -= 1
            if not self._busy[key]:
                del self._busy[key]
            (self._eager.add if worked else self._eager.discard)(key)
            held = self._at.get(key)
            if held:  # it may have waited for the end of this turn: its place was left
                heapq.heappush(self._places, (*held, key))
            if again is not None:
                self._call(key, time.monotonic() + max(again, 0.0))
            self._change.notify_all()

    def close(self) -> None:
        """Nobody is served any more."""
        with self._change:
            self._closed = True
            self._change.notify_all()

    def waiting(self) -> int:
        """How many have a place, now or later."""
        with self._change:
            return len(self._at)

    def _call(self, key: Key, at: float) -> None:
        held = self._at.get(key)
        if held and held[0] <= at:
            return
        place = (at, next(self._numbers))
        self._at[key] = place
        heapq.heappush(self._places, (*place, key))
        self._change.notify_all()

    def _next(self) -> float | None:
        """Seconds until the first place whose owner may be served; None if there is none."""
        while self._places:
            at, number, key = self._places[0]
            if self._at.get(key) != (at, number) or self._busy[key] >= self._share:
                heapq.heappop(self._places)  # void, or left until its owner gives a turn back
                continue
            return max(at - time.monotonic(), 0.0)
        return None

    def _take(self) -> Key:
        _, _, key = heapq.heappop(self._places)
        del self._at[key]
        self._busy[key] += 1
        if self._busy[key] < self._share and key in self._eager:
            self._call(key, time.monotonic())
        return key

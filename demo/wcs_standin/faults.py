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

"""Faults that a network, a server or w.c.s. can have, on demand or at random, always from a seed."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Iterable
from enum import StrEnum


class Fault(StrEnum):
    """What happens to one call. Those marked *done* carried it out all the same."""

    DROP = 'drop'  # done, then the connection is closed without an answer
    ERROR = 'error'  # done, then answered 500
    SLOW = 'slow'  # done, then answered after ``slow_for`` seconds
    LATE = 'late'  # read, then done after ``late_for`` seconds
    CRASH = 'crash'  # the workflow stops in the middle: the demand stays locked, 500
    UNAVAILABLE = 'unavailable'  # not done, 503
    RESET = 'reset'  # not even read, the connection is reset


#: The faults that a call that only reads can have.
_FOR_READING = (Fault.SLOW, Fault.LATE, Fault.UNAVAILABLE, Fault.RESET)


class Faults:
    """Draws one fault, or none, for each call.

    ``rates``: share of the calls for each fault, their sum at most 1. ``plan``: faults (or None) of the next
    calls that write, before any draw. ``reads``: whether the calls that only read have faults too.
    """

    def __init__(
        self,
        rates: dict[str, float] | None = None,
        *,
        seed: int = 0,
        reads: bool = False,
        slow_for: float = 2,
        late_for: float = 2,
    ) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(seed)
        self._plan: deque[Fault | None] = deque()
        self._down_until = 0.0
        self.rates = {Fault(name): rate for name, rate in (rates or {}).items()}
        self.reads = reads
        self.slow_for = slow_for
        self.late_for = late_for
        #: How many times each fault happened.
        self.counts = dict.fromkeys(Fault, 0)

    def plan(self, *faults: str | None) -> None:
        """Give the next calls that write these faults, in order; None: no fault."""
        with self._lock:
            self._plan.extend(Fault(name) if name else None for name in faults)

    def set_rates(self, rates: dict[str, float]) -> None:
        with self._lock:
            self.rates = {Fault(name): rate for name, rate in rates.items()}

    def down_for(self, seconds: float) -> None:
        """Answer 503 to everything for some time."""
        self._down_until = time.monotonic() + seconds

    @property
    def down(self) -> bool:
        return time.monotonic() < self._down_until

    def draw(self, *, writing: bool) -> Fault | None:
        """Return the fault of a call."""
        with self._lock:
            if writing and self._plan:
                return self._count(self._plan.popleft())
            if not self.rates or not writing and not self.reads:
                return None
            value = self._random.random()
            for fault, rate in self.rates.items():
                if value < rate:
                    return self._count(fault if writing or fault in _FOR_READING else None)
                value -= rate
            return None

    def _count(self, fault: Fault | None) -> Fault | None:
        if fault:
            self.counts[fault] += 1
        return fault

    def planned(self) -> Iterable[Fault | None]:
        with self._lock:
            return tuple(self._plan)

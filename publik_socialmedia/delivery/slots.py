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

"""How many calls are made at the same time, whatever the number of threads that prepare them.

A call costs others (w.c.s., a network), preparing it costs us: while a thread waits for its turn or for an
answer, others prepare the next conversations. A thread that joined nothing (a command, a page) has no limit.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Slots:
    """Room for ``count`` calls at once, of all the threads that have joined."""

    def __init__(self, count: int) -> None:
        self._free = threading.BoundedSemaphore(count)

    def join(self) -> None:
        """Have the calls of this thread wait for room here from now on; not to be called during one."""
        _thread.slots = self

    @contextmanager
    def _taken(self) -> Iterator[float]:
        begun = time.monotonic()
        with self._free:
            _thread.calling = True
            try:
                yield time.monotonic() - begun
            finally:
                _thread.calling = False


class _Thread(threading.local):
    slots: Slots | None = None
    calling = False  # it has room already: a call inside a call needs no more


_thread = _Thread()


@contextmanager
def take() -> Iterator[float]:
    """Room for one call, or for several one after the other; gives the seconds for which it was waited."""
    if _thread.slots is None or _thread.calling:
        yield 0.0
    else:
        with _thread.slots._taken() as waited:
            yield waited


def leave() -> None:
    """Undo ``Slots.join``."""
    _thread.slots = None

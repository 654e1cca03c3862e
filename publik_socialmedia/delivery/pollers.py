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

"""Threads that poll accounts: several at once, for their servers are far away, and one that is slow must hold
up no other. Each keeps its connection to the database while there is work, and gives it up after."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

from django.db import connection
from django.db.utils import Error

from publik_socialmedia import errors
from publik_socialmedia.intake import polling

POLLERS = 16  # accounts polled at the same time
KEPT = 5.0  # seconds that a connection is kept without work

logger = logging.getLogger(__name__)


class Pollers:
    """``stored``: called in the thread that polled an account, when that brought something to read."""

    def __init__(self, stored: Callable[[], None]) -> None:
        self._stored = stored
        self._turns: SimpleQueue[polling.Turn | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._busy = 0
        self._change = threading.Condition()

    def room(self) -> int:
        """How many accounts can be polled at once; waits until there is one at least."""
        with self._change:
            self._change.wait_for(lambda: self._busy < POLLERS)
            return POLLERS - self._busy

    def poll(self, turns: Sequence[polling.Turn]) -> int:
        """Have these accounts polled, no more of them than there is room; gives how many they are."""
        for turn in turns:
            with self._change:
                self._busy += 1
                if len(self._threads) < self._busy:
                    self._start()
            self._turns.put(turn)
        return len(turns)

    def stop(self) -> None:
        """Finish what is under way."""
        for _ in self._threads:
            self._turns.put(None)
        for thread in self._threads:
            thread.join()

    def _start(self) -> None:
        name = f'poller-{len(self._threads)}'
        self._threads.append(threading.Thread(target=self._run, name=name, daemon=True))
        self._threads[-1].start()

    def _run(self) -> None:
        while (turn := self._next()) is not None:
            try:
                if polling.poll(turn):
                    self._stored()
            except Error as error:
                logger.warning('the database is away: %s', type(error).__name__)
                connection.close()
            except Exception as error:  # nothing of one account may cost the thread
                logger.error('a poll failed: %s', errors.where(error))
            finally:
                with self._change:
                    self._busy -= 1
                    self._change.notify()
        connection.close()

    def _next(self) -> polling.Turn | None:
        try:
            return self._turns.get(timeout=KEPT)
        except Empty:
            connection.close()
            return self._turns.get()

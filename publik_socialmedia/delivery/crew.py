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

"""Threads that are started when they are needed, each with a connection to the database while it has work."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

from django.db import connection

from publik_socialmedia import errors

KEPT = 5.0  # seconds that a connection is kept without work
# seconds after which a connection is changed for a new one, however busy: a process of PostgreSQL remembers
# each table that it has seen, and hundreds of tenants have ten thousand of them
LONGEST = 600.0

logger = logging.getLogger(__name__)


def connect() -> None:
    """Have a connection that works, the same as before if it can be. Django's own rule (CONN_MAX_AGE) is
    made for requests: a connection for each step would cost more than most steps."""
    connection.close_if_unusable_or_obsolete()
    if connection.connection is None:
        connection.ensure_connection()
        connection.close_at = time.monotonic() + LONGEST


Job = Callable[[], object]
Jobs = SimpleQueue[Job | None]


class Crew:
    """``size``: how many things are done at the same time, at most. Who has just worked works again, so that
    no more connections are kept than the work needs."""

    def __init__(self, name: str, size: int) -> None:
        self.name, self.size = name, size
        self._threads: list[tuple[threading.Thread, Jobs]] = []
        self._idle: list[Jobs] = []  # the last one is who worked last
        self._busy = 0
        self._change = threading.Condition()

    def room(self) -> int:
        """How many things can be begun at once; waits until it is one at least."""
        with self._change:
            self._change.wait_for(lambda: self._busy < self.size)
            return self.size - self._busy

    def do(self, job: Job) -> None:
        """Have it done, in another thread; there must be room."""
        with self._change:
            self._busy += 1
            jobs = self._idle.pop() if self._idle else self._start()
        jobs.put(job)

    def stop(self) -> None:
        """Finish what is under way."""
        for _, jobs in self._threads:
            jobs.put(None)
        for thread, _ in self._threads:
            thread.join()

    def _start(self) -> Jobs:
        name, jobs = f'{self.name}-{len(self._threads)}', Jobs()
        thread = threading.Thread(target=self._run, args=(jobs,), name=name, daemon=True)
        self._threads.append((thread, jobs))
        thread.start()
        return jobs

    def _run(self, jobs: Jobs) -> None:
        while (job := self._next(jobs)) is not None:
            try:
                job()
            except Exception as error:  # nothing may cost the thread
                logger.error('%s: %s', self.name, errors.where(error))
            finally:
                with self._change:
                    self._busy -= 1
                    self._idle.append(jobs)
                    self._change.notify_all()
        connection.close()

    def _next(self, jobs: Jobs) -> Job | None:
        try:
            return jobs.get(timeout=KEPT)
        except Empty:
            connection.close()
            return jobs.get()

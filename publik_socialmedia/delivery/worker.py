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

"""The worker: one thread that reads what came in, and threads that deliver.

All its state is in the database: it may be killed at any point and any number may run on any number of
machines. It is woken by ``wakeup`` and looks by itself every second. ``run_once`` does the same work in the
calling thread, for cron lines and tests.
"""

from __future__ import annotations

import logging
import select
import threading
import time
from collections.abc import Callable

from django.db import close_old_connections, connection
from django.db.utils import Error, InterfaceError, OperationalError

from publik_socialmedia import errors
from publik_socialmedia.delivery import queue, sending
from publik_socialmedia.delivery.chores import CHORES, Chore
from publik_socialmedia.delivery.pollers import Pollers
from publik_socialmedia.delivery.queue import Claim
from publik_socialmedia.delivery.wakeup import CHANNEL, wake
from publik_socialmedia.intake import inbox, polling
from publik_socialmedia.models import Delivery
from publik_socialmedia.wcs import demands

READ_BATCH = 20  # bodies read before another lane has its turn
WATCH_EVERY = 20.0  # seconds between two looks at what happens by itself
IDLE = 1.0  # seconds between two looks when nothing wakes us
AFTER_FAILURE = 5.0  # seconds, when the database is away

logger = logging.getLogger(__name__)


def read_some() -> int:
    """Read a batch of what came in; gives how many bodies."""
    return inbox.read_some(READ_BATCH)


def poll_some() -> int:
    """Poll one account that is due; gives how many were."""
    turns = polling.claim()
    for turn in turns:
        polling.poll(turn)
    return len(turns)


def watch_some() -> int:
    """Do what is due by itself; gives how much was done. What fails keeps nothing else from being done."""
    return sum(map(_do, CHORES))


def _do(chore: Chore) -> int:
    try:
        return chore.step()
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.error('%s: %s', chore.name, errors.where(error))
        return 0


def deliver_some() -> int:
    """Drain one conversation that is due; gives how many were."""
    claims = queue.claim()
    for claim in claims:
        drain(claim)
    return len(claims)


def drain(claim: Claim) -> None:
    """Deliver what is due in one conversation, both ways, and release it whatever happens."""
    steps: dict[str, Callable[[list[Delivery]], None]] = {
        queue.Lane.WCS: lambda waiting: demands.Pusher(claim).run(waiting),
        queue.Lane.NETWORK: lambda waiting: sending.push(claim),
    }
    for lane, waiting in queue.waiting(claim.conversation_id).items():
        if not waiting:
            continue
        try:
            steps[lane](waiting)
        except queue.LeaseLost:
            logger.warning('conversation %s was taken by another worker', claim.conversation_id)
            return
        except Exception as error:  # one way that fails does not stop the other one
            logger.error('conversation %s: %s', claim.conversation_id, errors.where(error))
            queue.stumble(claim, lane)
            if isinstance(error, (OperationalError, InterfaceError)):
                raise  # the database is away; any other of its errors is about this conversation only
    queue.release(claim)


def run_once(limit: int = 10_000) -> int:
    """Do all that is due now, in this thread; gives the number of steps, ``limit`` or hardly more."""
    steps = 0
    while steps < limit:
        # what happens by itself is looked at when nothing else is to be done, not at each step
        done = poll_some() + read_some() + deliver_some() or watch_some()
        if not done:
            break
        steps += done
    return steps


class Worker:
    """Runs until :meth:`stop`. ``senders``: how many conversations are drained at the same time."""

    def __init__(self, senders: int = 2) -> None:
        self.senders = senders
        self._stopping = threading.Event()
        self._work = threading.Condition()
        self._generation = 0
        self._pollers = Pollers(self._tell)
        self._watch_at = 0.0

    def run(self) -> None:
        """Work in threads; the calling one listens to the notifications of PostgreSQL."""
        loops: list[tuple[str, Callable[[], int]]] = [('reader', read_some), ('poller', self._poll_some)]
        loops.append(('watcher', self._watch_some))
        loops += [(f'sender-{number}', deliver_some) for number in range(self.senders)]
        threads = [
            threading.Thread(target=self._loop, args=(step,), name=name, daemon=True) for name, step in loops
        ]
        for thread in threads:
            thread.start()
        try:
            self._listen()
        finally:
            self.stop()
            for thread in threads:
                thread.join()
            self._pollers.stop()
            connection.close()

    def stop(self) -> None:
        """Finish what is under way, begin nothing. Safe from a signal handler."""
        self._stopping.set()

    def wake(self) -> None:
        with self._work:
            self._generation += 1
            self._work.notify_all()

    def _poll_some(self) -> int:
        """Have the accounts that are due polled; gives how many were begun."""
        return self._pollers.poll(polling.claim(self._pollers.room()))

    def _watch_some(self) -> int:
        """Look now and then at what happens by itself, in a thread of its own: w.c.s. may be slow."""
        if time.monotonic() < self._watch_at:
            return 0
        self._watch_at = time.monotonic() + WATCH_EVERY
        if watch_some():
            self._tell()
        return 0

    def _tell(self) -> None:
        """Have what there is looked at, by us and by other processes."""
        self.wake()
        wake()

    def _loop(self, step: Callable[[], int]) -> None:
        """Take one step after the other; wait when there is nothing to do."""
        while not self._stopping.is_set():
            generation = self._generation
            try:
                close_old_connections()
                done = step()
            except Error as error:
                logger.warning('the database is away: %s', type(error).__name__)
                connection.close()
                self._stopping.wait(AFTER_FAILURE)
                continue
            except Exception as error:
                logger.error('a step failed: %s', errors.where(error))
                self._stopping.wait(IDLE)
                continue
            if done:
                if step is read_some:
                    self._tell()  # what was read may be delivered at once
                continue
            with self._work:
                if self._generation == generation and not self._stopping.is_set():
                    self._work.wait(IDLE)
        connection.close()

    def _listen(self) -> None:
        """Wake the threads at each notification for this schema, until we are stopped."""
        while not self._stopping.is_set():
            try:
                self._listen_once()
            except Error as error:
                logger.warning('the database is away: %s', type(error).__name__)
                connection.close()
                self._stopping.wait(AFTER_FAILURE)
        self.wake()

    def _listen_once(self) -> None:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute('SELECT current_schema()')
            schema = cursor.fetchone()[0]
            cursor.execute(f'LISTEN {CHANNEL}')
        raw = connection.connection
        while not self._stopping.is_set():
            # psycopg2 is used without Django here: its errors must become those that ``_listen`` knows
            with connection.wrap_database_errors:
                ready, _, _ = select.select([raw], [], [], IDLE)
                if not ready:
                    continue
                raw.poll()
            payloads = {notification.payload for notification in raw.notifies}
            raw.notifies.clear()
            if schema in payloads:
                self.wake()

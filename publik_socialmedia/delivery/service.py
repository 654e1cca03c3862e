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

"""The permanent worker: the steps of ``worker``, in threads, for one site or for all the tenants of a brick.

One process serves hundreds of tenants. Each kind of work has its own line: a rota, which says whose turn it
is, and a crew, which does it. A tenant gets a place in a line when a notification of PostgreSQL names its
schema, when the time comes that was read from its tables at its last turn, or when it is looked at by itself,
which is slow where there are many. Between two turns a thread serves nobody: it enters the tenant for one
step and leaves it, whatever happened. What fails at one tenant makes that tenant wait, nobody else.
"""

from __future__ import annotations

import logging
import select
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.utils import Error, InterfaceError, OperationalError

from publik_socialmedia import errors, tenants
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.delivery import agenda, worker
from publik_socialmedia.delivery.chores import CHORES, Chore
from publik_socialmedia.delivery.crew import Crew, connect
from publik_socialmedia.delivery.pollers import POLLERS, Pollers
from publik_socialmedia.delivery.rota import Rota
from publik_socialmedia.delivery.slots import Slots
from publik_socialmedia.delivery.wakeup import CHANNEL, DELIVER, wake, woken
from publik_socialmedia.intake import polling
from publik_socialmedia.tenants import Tenant

SENDERS = 16  # conversations delivered at the same time, of all tenants
READERS = 2  # tenants whose bodies are read at the same time
CHORES_AT_ONCE = 4
IDLE = 1.0  # seconds between two looks at a tenant that nothing wakes, where there are few
LOOK_SPACING = 0.1  # seconds between the looks at two tenants: 30 s between two looks where they are 300
CHORE_SPACING = 0.4  # the same for each chore: 2 min where they are 300
FIRST_SPACING = 0.01  # the same for the first looks
FLOOR = 1.0  # seconds between two looks at what somebody else is doing
LISTEN_FOR = 1.0  # seconds
MEET_EVERY = 60.0  # seconds between two readings of the list of tenants
MEET_AGAIN = 2.0  # the same when something says that it has changed
AFTER_FAILURE = 5.0  # seconds, when the database is away
LONGEST_WAIT = 60.0  # seconds, of a tenant that fails

logger = logging.getLogger(__name__)

Key = tuple[str, str]  # the schema of a tenant, and what is done for it
Act = Callable[[Tenant], 'Turn']


@dataclass(frozen=True, slots=True)
class Turn:
    """``done``: how much was; ``again``: seconds until the next turn, None = when it is called."""

    done: int
    again: float | None


@dataclass(slots=True)
class Line:
    rota: Rota[Key]
    crew: Crew


@dataclass(slots=True)
class Failing:
    """What fails at a tenant. ``until``: ``time.monotonic()`` before which it is left alone."""

    times: int = 0
    until: float = 0.0


@dataclass(slots=True)
class _Known:
    """The tenants. ``on``: those whose switch was on when they were last looked at."""

    by_schema: dict[str, Tenant] = field(default_factory=dict)
    on: set[str] = field(default_factory=set)
    meet_at: float = 0.0


class Worker:
    """Runs until :meth:`stop`. ``senders``: how many conversations of one tenant are delivered at the same
    time; ``at_most``: of all tenants."""

    def __init__(self, senders: int = 2, at_most: int = SENDERS) -> None:
        self._several = several = tenants.outside()
        # one site: others are prepared while calls are under way; several: the other tenants are there for it
        share, at_once = (senders, max(senders, at_most)) if several else (2 * senders, 2 * senders)
        self._slots = None if several else Slots(senders)
        self._stopping = threading.Event()
        self._known = _Known()
        self._failing: dict[Key, Failing] = {}
        self._away_until = 0.0
        self._held: set[str] = set()  # tenants that have their share of the pollers
        self._pollers = Pollers(self._poll_one, self._polled, POLLERS // 2 if several else POLLERS)
        self._lines = {
            'look': Line(Rota(), Crew('look', 1)),
            'read': Line(Rota(), Crew('reader', READERS if several else 1)),
            'deliver': Line(Rota(share), Crew('sender', at_once)),
            'poll': Line(Rota(), Crew('claims', 1)),
            'chore': Line(Rota(), Crew('chore', CHORES_AT_ONCE)),
        }
        self._acts: dict[str, Act] = {
            'look': self._look,
            'read': self._read,
            'deliver': self._deliver,
            'poll': self._poll,
            **{chore.name: self._chore(chore) for chore in CHORES},
        }
        self.heard = 0  # notifications, for the tests

    def run(self) -> None:
        """Work in threads; the calling one listens to the notifications of PostgreSQL."""
        threads = [
            threading.Thread(target=self._serve, args=(line,), name=name, daemon=True)
            for name, line in self._lines.items()
        ]
        for thread in threads:
            thread.start()
        try:
            self._listen()
        finally:
            self.stop()
            for line in self._lines.values():
                line.rota.close()
            for thread in threads:
                thread.join()
            for line in self._lines.values():
                line.crew.stop()
            self._pollers.stop()
            connection.close()

    def stop(self) -> None:
        """Finish what is under way, begin nothing. Safe from a signal handler."""
        self._stopping.set()

    def wake(self, schema: str, what: str = '') -> None:
        """Look at once whether this tenant has something to do."""
        self._call('deliver', schema)
        if what != DELIVER:
            for name in ('read', 'poll', *(chore.name for chore in CHORES if chore.woken)):
                self._call(name, schema)

    # -- what is done in a turn, in the tenant

    def _look(self, tenant: Tenant) -> Turn:
        """See what there is to do, for whatever reason nobody told it."""
        if tenant.schema not in self._known.on:
            self._known.on.add(tenant.schema)
            for chore in CHORES:
                self._call(chore.name, tenant.schema)
        found = agenda.look()
        for name, delay in (('read', found.read), ('deliver', found.deliver), ('poll', found.poll)):
            if delay is not None:
                self._call(name, tenant.schema, delay)
        return Turn(0, self._pace(IDLE, LOOK_SPACING))

    def _read(self, tenant: Tenant) -> Turn:
        done = worker.read_some()
        if done:
            self._tell(tenant)  # what was read may be delivered at once
        return Turn(done, 0.0 if done else None)

    def _deliver(self, tenant: Tenant) -> Turn:
        if self._slots:
            self._slots.join()
        done = worker.deliver_some()
        if done:
            return Turn(done, 0.0)
        due = agenda.look().deliver
        return Turn(0, None if due is None else max(due, FLOOR))

    def _poll(self, tenant: Tenant) -> Turn:
        """Have the accounts that are due polled."""
        self._held.add(tenant.schema)  # before the room is counted: one may be ending
        room = self._pollers.room(tenant)
        if room <= 0:
            return Turn(0, None)
        self._held.discard(tenant.schema)
        turns = polling.claim(room)
        self._pollers.poll(tenant, turns)
        if len(turns) == room:
            return Turn(len(turns), 0.0)
        due = agenda.look().poll
        return Turn(len(turns), None if due is None else max(due, FLOOR))

    def _chore(self, chore: Chore) -> Act:
        def act(tenant: Tenant) -> Turn:
            done = chore.step()
            if done:
                self._call('read', tenant.schema)
                self._tell(tenant)
            return Turn(done, 0.0 if done else self._pace(chore.every, CHORE_SPACING))

        return act

    def _poll_one(self, tenant: Tenant, turn: polling.Turn) -> None:
        """In a thread of its own."""
        try:
            connect()
            with tenants.serving(tenant):
                if polling.poll(turn):
                    wake()
                    self._call('read', tenant.schema)
        except Exception as error:
            self._failed(('', tenant.schema), tenant, error)

    def _polled(self, tenant: Tenant) -> None:
        if tenant.schema in self._held:
            self._held.discard(tenant.schema)
            self._call('poll', tenant.schema)

    def _tell(self, tenant: Tenant) -> None:
        """Have what there is delivered, by us and by other processes."""
        self._call('deliver', tenant.schema)
        wake(DELIVER)

    def _pace(self, every: float, spacing: float) -> float:
        return max(every, len(self._known.on) * spacing)

    # -- turns

    def _call(self, name: str, schema: str, delay: float = 0.0) -> None:
        """Have that done for that tenant, not before the end of the wait of one that fails."""
        failing = self._failing.get((schema, name))
        if failing:
            delay = max(delay, failing.until - time.monotonic())
        self._lines.get(name, self._lines['chore']).rota.call((schema, name), delay)

    def _serve(self, line: Line) -> None:
        """Give the turns of a line, one after the other."""
        while not self._stopping.is_set():
            line.crew.room()
            self._stopping.wait(max(self._away_until - time.monotonic(), 0.0))
            key = line.rota.take()
            if key is None:
                return
            line.crew.do(lambda key=key: self._turn(line, key))  # type: ignore[misc]

    def _turn(self, line: Line, key: Key) -> None:
        schema, name = key
        turn = Turn(0, None)
        try:
            tenant = self._known.by_schema.get(schema)
            if tenant is not None and not self._stopping.is_set():
                turn = self._enter(tenant, name)
        finally:
            line.rota.give_back(key, turn.again, worked=bool(turn.done))

    def _enter(self, tenant: Tenant, name: str) -> Turn:
        key = (tenant.schema, name)
        try:
            connect()
            with tenants.serving(tenant):
                if app_settings.ENABLED:
                    turn = self._acts[name](tenant)
                else:  # seen again at the next look
                    self._known.on.discard(tenant.schema)
                    turn = Turn(0, self._pace(IDLE, LOOK_SPACING) if name == 'look' else None)
        except Exception as error:
            return Turn(0, self._failed(key, tenant, error))
        if self._failing.pop(key, None):
            logger.info('%s: %s works again', tenant.name or tenant.schema, name)
        return turn

    def _failed(self, key: Key, tenant: Tenant, error: Exception) -> float:
        """Tell it; gives the seconds for which this is left alone. The others go on."""
        if isinstance(error, (OperationalError, InterfaceError)) and not connection.is_usable():
            # not the fault of a tenant: its connection was cut, or nobody can have any
            return 0.0 if self._connects(error) else AFTER_FAILURE
        failing = self._failing.setdefault(key, Failing())
        failing.times += 1
        wait = min(IDLE * 2.0 ** min(failing.times - 1, 10), LONGEST_WAIT)
        failing.until = time.monotonic() + wait
        name = tenant.name or tenant.schema
        logger.error(
            '%s: %s failed, again in %.0f s: %s', name, key[1] or 'poll', wait, tenants.explain(error)
        )
        if self._several:
            self._known.meet_at = 0.0  # it may be gone
        return wait

    def _connects(self, error: Exception) -> bool:
        """Whether the database is there, for a new connection. If it is not, everybody waits."""
        try:
            connection.close()
            connect()
        except Error:
            now = time.monotonic()
            if now >= self._away_until:
                logger.warning('the database is away: %s', type(error).__name__)
                self._away_until = now + AFTER_FAILURE
            return False
        return True

    # -- the calling thread: notifications, and who there is

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen_once()
            except Error as error:
                logger.warning('the database is away: %s', type(error).__name__)
                connection.close()
                self._stopping.wait(AFTER_FAILURE)

    def _listen_once(self) -> None:
        connection.ensure_connection()
        self._meet()
        with connection.cursor() as cursor:
            cursor.execute(f'LISTEN {CHANNEL}')
        raw: Any = connection.connection
        self._look_at(self._known.by_schema)  # something may have come while nobody listened
        while not self._stopping.is_set():
            # psycopg2 is used without Django here: its errors must become those that ``_listen`` knows
            with connection.wrap_database_errors:
                ready, _, _ = select.select([raw], [], [], LISTEN_FOR)
                if ready:
                    raw.poll()
            payloads = {notification.payload for notification in raw.notifies}
            raw.notifies.clear()
            for payload in payloads:
                self._hear(*woken(payload))
            if time.monotonic() >= self._known.meet_at:
                self._meet()

    def _hear(self, schema: str, what: str) -> None:
        if schema in self._known.by_schema:
            self.heard += 1
            self.wake(schema, what)
        elif self._several:  # a new one, or that of somebody else
            self._known.meet_at = min(self._known.meet_at, time.monotonic() + MEET_AGAIN)

    def _meet(self) -> None:
        """Read who there is; those that are new are looked at."""
        self._known.meet_at = time.monotonic() + (MEET_EVERY if self._several else float('inf'))
        try:
            found = {tenant.schema: tenant for tenant in tenants.every()}
        except Error:
            raise
        except Exception as error:  # a folder that cannot be read: those that are known go on
            logger.error('the list of tenants: %s', errors.where(error))
            return
        before, self._known.by_schema = self._known.by_schema, found
        self._known.on &= set(found)
        for key in [key for key in self._failing if key[0] not in found]:
            self._failing.pop(key, None)
        self._look_at(found.keys() - before.keys())

    def _look_at(self, schemas: Iterable[str]) -> None:
        """One after the other."""
        for number, schema in enumerate(schemas):
            self._call('look', schema, number * FIRST_SPACING)

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

"""(e) Migrations on a site of a million messages, while others read and write.

The site is filled, then taken back to the tables of the first release, then brought forward again, step by
step. Meanwhile clients do what the processes of the first release do to the big tables, and one keeps a
transaction open most of the time, as a backup or a slow page does.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from bench import stock
from bench.databases import Databases
from bench.population import populate
from bench.report import Report, milliseconds, percentile
from bench.traffic import CLIENTS, LONG, PAUSE, Traffic

NAME = 'socialmedia_bench_upgrade'
APP = 'publik_socialmedia'
RELEASE = '0001_initial'  # the tables of the first release
AIM = 0.5  # seconds that a statement of somebody else may take, at most
LOCKS = (
    'AccessShareLock',
    'RowShareLock',
    'RowExclusiveLock',
    'ShareUpdateExclusiveLock',
    'ShareLock',
    'ShareRowExclusiveLock',
    'ExclusiveLock',
    'AccessExclusiveLock',
)


@dataclass
class Step:
    """One migration, one way. ``locks``: table → strongest lock had on it; ``tries``: locks given up."""

    name: str
    seconds: float = 0.0
    tries: int = 0
    locks: dict[str, str] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)

    def note(self, table: str, lock: str) -> None:
        known = self.locks.get(table)
        if known is None or LOCKS.index(lock) > LOCKS.index(known):
            self.locks[table] = lock

    @property
    def strongest(self) -> str:
        """« AccessExclusive on conversation, message »"""
        if not self.locks:
            return '–'
        mode = max(self.locks.values(), key=LOCKS.index)
        held = sorted(name.removeprefix(f'{APP}_') for name, lock in self.locks.items() if lock == mode)
        return f'{mode.removesuffix("Lock")} on {", ".join(held)}'


def measure(databases: Databases, report: Report, *, quick: bool) -> None:
    conversations = 20_000 if quick else 333_334
    report.title('Migrations under traffic')
    begun = time.monotonic()
    databases.fresh(NAME)
    populate(databases, NAME, conversations)
    size = databases.value('SELECT pg_database_size(current_database())', NAME) / 1e6
    report.write(
        f'{conversations * 3:,} messages ({size:,.0f} MB, made in {time.monotonic() - begun:.0f} s); '
        f'{CLIENTS} clients with {1 / PAUSE:.0f} statements a second each at most, and a transaction '
        f'kept open {LONG:.0f} s of {LONG * 2:.0f}. Aim: no statement of '
        f'theirs takes more than {AIM * 1000:.0f} ms.\n'
    )
    with stock.using(NAME), Traffic(databases.url_of(NAME), conversations) as traffic:
        time.sleep(2 if quick else 10)
        quiet = [took for _at, took in traffic.waits]
        steps = [Step('(no migration)', waits=quiet), *_there_and_back(traffic, report)]
    databases.drop(NAME)
    _show(report, steps)
    if traffic.errors:
        report.write(f'Errors of the clients: {"; ".join(traffic.errors)}')


def _there_and_back(traffic: Traffic, report: Report) -> Iterator[Step]:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    plan = [
        name for app, name in MigrationExecutor(connection).loader.graph.forwards_plan(_head()) if app == APP
    ]
    for direction, names in (('back to', plan[-2::-1]), ('', plan[1:])):
        for name in names:
            step = Step(f'{direction} {name}'.strip())
            begun = time.monotonic()
            with _noting(step):
                MigrationExecutor(connection).migrate([(APP, name)])
            step.seconds = time.monotonic() - begun
            step.waits = traffic.since(begun)
            report.say(f'  {step.name}: {step.seconds:.1f} s')
            yield step


def _head() -> tuple[str, str]:
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    leaf: tuple[str, str]
    (leaf,) = MigrationLoader(connection).graph.leaf_nodes(APP)
    return leaf


@contextlib.contextmanager
def _noting(step: Step) -> Iterator[None]:
    """Ask, at the end of each change and before its commit, which tables it has locked."""
    from publik_socialmedia import schema

    patiently = schema.patiently
    before = _tables()

    def noted(editor: Any, change: Any, *, atomic: bool = True) -> None:
        def change_and_tell() -> None:
            step.tries += 1
            change()
            if atomic:
                for table, lock in _locks(editor.connection):
                    if table in before:  # nobody waits for a table that was not there
                        step.note(table, lock)

        patiently(editor, change_and_tell, atomic=atomic)
        step.tries -= 1

    with mock.patch.object(schema, 'patiently', noted):
        yield


def _locks(connection: Any) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT relname, mode FROM pg_locks JOIN pg_class ON pg_class.oid = relation
                WHERE pid = pg_backend_pid() AND granted AND relkind = 'r'
                  AND relnamespace = current_schema()::regnamespace"""
        )
        found: list[tuple[str, str]] = cursor.fetchall()
    return found


def _tables() -> set[str]:
    from django.db import connection

    with connection.cursor() as cursor:
        return set(connection.introspection.table_names(cursor))


def _show(report: Report, steps: list[Step]) -> None:
    head = ['migration', 's', 'strongest lock on a table that was there', 'given up', 'statements']
    head += ['p99 ms', f'longest ms (aim {AIM * 1000:.0f})']
    rows = [
        [
            step.name,
            f'{step.seconds:.1f}',
            step.strongest,
            str(step.tries),
            str(len(step.waits)),
            milliseconds(percentile(step.waits, 99)),
            milliseconds(max(step.waits, default=0.0)),
        ]
        for step in steps
    ]
    report.table(head, rows)
    report.write(
        '« Given up »: locks that could not be had at once, so that those who came behind could pass. '
        'Indexes made or dropped CONCURRENTLY take ShareUpdateExclusive, which lets others read and write.\n'
    )

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

"""Migrations under traffic: nobody waits behind them, and an interrupted one is taken up again."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.db.utils import OperationalError

from publik_socialmedia import schema
from tests.upgrade import sites

LIMIT = 120.0  # seconds, for what must happen at all

# with one Django and one PostgreSQL: what is proved is what PostgreSQL does with locks
pytestmark = pytest.mark.slow


@contextmanager
def migrating(name: str) -> Iterator[threading.Thread]:
    """A migration in a thread, as in another process; its failure is that of the test."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            sites.migrate(name)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        thread.join(LIMIT)
    assert not thread.is_alive()
    assert failures == []


def work_meanwhile() -> None:
    """What webhooks and workers do to the big tables; an error if any of it has to wait long."""
    with sites.client() as client, client.cursor() as cursor:
        cursor.execute("SET statement_timeout = '30s'")
        cursor.execute(
            """INSERT INTO publik_socialmedia_rawevent (lane, network, source, call, digest, body,
                      received_at, state, attempts, error, outcome)
               VALUES ('endpoint 1', 'messenger', 'webhook', '', '', '', now(), 'done', 0, '', '{}')"""
        )
        for table in ('account', 'conversation', 'contact', 'message', 'delivery', 'demand', 'endpoint'):
            cursor.execute(f'SELECT count(*) FROM publik_socialmedia_{table}')
            cursor.execute(f'UPDATE publik_socialmedia_{table} SET id = id')
        cursor.execute('UPDATE auth_user SET last_login = now()')
        client.commit()


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def stand_in_the_way(cursor: Any) -> None:
    """A long transaction, as of a backup or of a worker: it read and wrote everywhere, and does not end."""
    cursor.execute('BEGIN ISOLATION LEVEL REPEATABLE READ')
    for table in [*sites.tables(), 'auth_user']:
        cursor.execute(f'LOCK TABLE {table} IN ROW EXCLUSIVE MODE')
        cursor.execute(f'SELECT count(*) FROM {table}')


def waits_aside() -> bool:
    """Whether the migration waits for a lock that nobody waits behind."""
    with sites.client() as client, client.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                  AND wait_event_type = 'Lock' AND query LIKE '%INDEX CONCURRENTLY%'"""
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize('direction', ['forwards', 'backwards'])
@pytest.mark.parametrize('step', sites.later())
def test_behind_a_long_transaction_nobody_else_waits(release, step, direction, caplog, monkeypatch):
    """An ALTER that queues for its lock makes all who come after it queue too (R2)."""
    monkeypatch.setattr(schema, 'LONGEST_PAUSE', 0.1)
    caplog.set_level(logging.INFO, schema.__name__)
    previous = sites.names()[sites.names().index(step) - 1]
    first, last = (previous, step) if direction == 'forwards' else (step, previous)
    sites.migrate(first)
    with sites.client() as client, client.cursor() as cursor:
        stand_in_the_way(cursor)
        with migrating(last) as migration:
            try:
                wait_for(lambda: caplog.text.count('held by others') >= 2 or waits_aside())
                assert migration.is_alive()
                for _ in range(3):
                    work_meanwhile()
                assert migration.is_alive()  # it was still waiting: it did not only go first
            finally:
                client.rollback()


def test_a_lock_that_never_comes_is_an_error_and_leaves_the_tables_as_they_were(release, monkeypatch):
    monkeypatch.setattr(schema, 'PATIENCE', 0.5)
    before = sites.description()
    with sites.client() as client, client.cursor() as cursor:
        stand_in_the_way(cursor)
        with pytest.raises(OperationalError):
            sites.migrate('0002_agents')
        client.rollback()
    added = sites.description()
    assert {key: added[key] for key in before} == before
    sites.migrate()


class Killed(Exception):
    """The process of a migration ends there."""


def test_an_interrupted_migration_is_taken_up_again(release, monkeypatch):
    """Killed before or after each of its changes, in turn; what was done is not done twice."""
    sites.migrate()
    whole = sites.description()
    sites.migrate(sites.RELEASE)
    first, patiently = sites.description(), schema.patiently
    calls: Iterator[int] = itertools.count()

    def dying(editor: Any, change: Any, *, atomic: bool = True) -> None:
        number = next(calls)
        if number == fatal and before:
            raise Killed
        patiently(editor, change, atomic=atomic)
        if number == fatal:
            raise Killed

    monkeypatch.setattr(schema, 'patiently', dying)
    for target in (sites.names()[-1], sites.RELEASE):
        killed = 0
        for turn in range(400):
            calls, fatal, before = itertools.count(), turn // 2 % 15, bool(turn % 2)
            try:
                sites.migrate(target)
                break
            except Killed:
                killed += 1
                connection.close()
        else:
            pytest.fail('it never ended')
        assert killed > len(sites.later())
        assert sites.description() == {sites.RELEASE: first}.get(target, whole)


def test_an_index_left_unfinished_is_made_again(release):
    """What an interruption of CREATE INDEX CONCURRENTLY leaves is there by name, and serves nobody."""
    sites.migrate('0003_throttling')
    with connection.cursor() as cursor:
        cursor.execute('ALTER TABLE publik_socialmedia_conversation ADD window_at timestamptz')
        cursor.execute('CREATE INDEX socialmedia_conv_window ON publik_socialmedia_conversation (window_at)')
        cursor.execute(
            """UPDATE pg_index SET indisvalid = false
                WHERE indexrelid = 'socialmedia_conv_window'::regclass"""
        )
    sites.migrate('0004_windows')
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT indisvalid, pg_get_indexdef(indexrelid) FROM pg_index
                WHERE indexrelid = 'socialmedia_conv_window'::regclass"""
        )
        ((valid, definition),) = cursor.fetchall()
    assert valid
    assert 'WHERE' in definition  # ours, not the one that was there


def test_rows_are_changed_in_batches(release, monkeypatch):
    """Each batch is a transaction: others never wait for more rows than one holds."""
    monkeypatch.setattr(schema, 'BATCH', 2)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO publik_socialmedia_demand (account_id, conversation_id, key, wcs_site, form,
                      number, url, backoffice_url, state, status_id, status_name, created_at)
               SELECT account_id, conversation_id, n, 'default', 'f', n, '', '', 'closed', '', '', now()
                 FROM publik_socialmedia_demand, generate_series(10, 16) AS n WHERE id = 1"""
        )
    sites.migrate('0002_agents')
    with connection.cursor() as cursor:
        # the transaction that wrote each row
        cursor.execute('SELECT xmin, count(*) FROM publik_socialmedia_demand GROUP BY 1')
        sizes = [count for _xmin, count in cursor.fetchall()]
    assert sum(sizes) == 10
    assert max(sizes) <= 2

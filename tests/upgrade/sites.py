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

"""Databases of the tests of upgrades: one of its own for each, at the schema of a release or of a migration.

The files ``release_0_1_*.sql`` were made by the code of that release, on a site that had lived a little: two
networks, messages in each state, an answer that is blocked, a message that waits for w.c.s., a body that was
not read yet and one that this release could not read.
"""

from __future__ import annotations

import contextlib
import io
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from demo.postgres import database_url

APP = 'publik_socialmedia'
RELEASE = '0001_initial'  # the schema of release 0.1
FOLDER = Path(__file__).resolve().parent


@contextlib.contextmanager
def database(template: str = 'template0') -> Iterator[str]:
    """A new database, a copy of ``template``, that Django's connections speak to; gives its name."""
    name = f'upgrade_{uuid.uuid4().hex[:12]}'
    administer(f'CREATE DATABASE {name} TEMPLATE {template}')
    try:
        with speaking_to(name):
            yield name
    finally:
        drop(name)


def drop(name: str) -> None:
    administer(f'DROP DATABASE {name} WITH (FORCE)')


@contextlib.contextmanager
def speaking_to(name: str, **options: str) -> Iterator[None]:
    """Have Django's connections speak to that database of the same server, with these options of libpq."""
    values = connection.settings_dict
    former = values['NAME'], values['OPTIONS']
    connection.close()
    values.update(NAME=name, OPTIONS={**values['OPTIONS'], **options})
    try:
        yield
    finally:
        connection.close()
        values['NAME'], values['OPTIONS'] = former


def administer(command: str) -> None:
    url = database_url({**connection.settings_dict, 'NAME': 'postgres', 'OPTIONS': {}})
    with contextlib.closing(psycopg2.connect(url)) as server:
        server.autocommit = True
        server.cursor().execute(command)


def client() -> Any:
    """A connection of somebody else to the same database; its transaction begins with its first statement."""
    return contextlib.closing(psycopg2.connect(database_url(connection.settings_dict)))


def load_release() -> None:
    """Make the tables of the release and its rows in the empty database, after those of Django."""
    quietly('migrate', 'auth')
    quietly('migrate', 'contenttypes')
    load('release_0_1_schema.sql', 'release_0_1_rows.sql')
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    recorder.record_applied(APP, RELEASE)


def load(*names: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for name in names:
            cursor.execute((FOLDER / name).read_text())


def quietly(*command: str) -> None:
    call_command(*command, verbosity=0, stdout=io.StringIO())


def names() -> list[str]:
    """Our migrations, in order."""
    graph = MigrationLoader(None).graph
    (leaf,) = graph.leaf_nodes(APP)
    return [name for app, name in graph.forwards_plan(leaf) if app == APP]


def later() -> list[str]:
    """The migrations that come after the first release, in order."""
    return names()[1:]


def migrate(name: str | None = None) -> Any:
    """Migrate to that state, the last one by default; gives the models as they were then."""
    executor = MigrationExecutor(connection)
    target = None if name == 'zero' else name or names()[-1]
    return executor.migrate([(APP, target)]).apps


def tables() -> list[str]:
    with connection.cursor() as cursor:
        found = connection.introspection.table_names(cursor)
    return sorted(name for name in found if name.startswith(f'{APP}_'))


def columns(table: str) -> dict[str, tuple[bool, str]]:
    """Column → whether it may be NULL, and its default in the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT column_name, is_nullable = 'YES', coalesce(column_default, is_identity)
                 FROM information_schema.columns WHERE table_name = %s AND table_schema = current_schema()""",
            [table],
        )
        return {name: (nullable, default) for name, nullable, default in cursor.fetchall()}


def rows(of: dict[str, list[str]] | None = None) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of our tables, of the columns given or of all."""
    of = of or {table: sorted(columns(table)) for table in tables()}
    found = {}
    for table, names in of.items():
        listed = ', '.join(f'"{name}"' for name in names)
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT {listed} FROM {table} ORDER BY id')
            found[table] = [
                tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
                for row in cursor.fetchall()
            ]
    return found


def description() -> dict[str, list[Any]]:
    """The schema: columns, constraints and indexes of each of our tables, whatever their names and order."""
    queries = {
        'columns': """SELECT column_name, data_type, character_maximum_length, is_nullable
                        FROM information_schema.columns
                       WHERE table_name = %s AND table_schema = current_schema()""",
        'constraints': """SELECT pg_get_constraintdef(oid), convalidated FROM pg_constraint
                           WHERE conrelid = to_regclass(%s) AND contype <> 'n'""",
        'indexes': """SELECT regexp_replace(pg_get_indexdef(indexrelid), ' INDEX \\S+ ON ', ' INDEX ON '),
                             indisvalid FROM pg_index WHERE indrelid = to_regclass(%s)""",
    }
    found = {}
    with connection.cursor() as cursor:
        for table in tables():
            for what, query in queries.items():
                cursor.execute(query, [table])
                found[f'{what} of {table}'] = sorted(
                    (_plain(text), *more) for text, *more in cursor.fetchall()
                )
    return found


def _plain(definition: str) -> str:
    """PostgreSQL writes an expression with more casts and parentheses once it was dumped and loaded."""
    return re.sub(r'::(character varying|text)(\[\])?|[()]', '', definition)

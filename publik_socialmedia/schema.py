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

"""Operations of our migrations: changes of the tables that traffic does not notice.

A brick goes on receiving while its tables change: other machines still run the older version, hundreds of
tenants are migrated one after the other, and a table may have millions of rows. So each operation

* is a transaction of its own, or several short ones: a migration made of them says ``atomic = False``;
* waits for a lock ``LOCK_WAIT`` at most, since all who come behind wait with it; then lets them pass and
  tries again, for ``PATIENCE``;
* reads or writes a whole table only under a lock that lets others read and write, or batch after batch;
* leaves a default in the database for each column that must have a value: the older version, which does not
  know the column, goes on inserting;
* may be interrupted, and done again from its beginning: what is done already is left as it is.

Names are looked for as PostgreSQL does, in the schema of the tenant first.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models, transaction
from django.db.utils import OperationalError

LOCK_WAIT = 0.2  # seconds that what comes behind us may have to wait
PATIENCE = 600.0  # seconds, for one operation
LONGEST_PAUSE = 1.0  # seconds between two tries, or less: not in step with what comes regularly
QUICK_TRIES = 4
VACUUM_YIELDS = (
    1.5  # seconds: autovacuum gives way to who waits longer than PostgreSQL's deadlock_timeout, 1 s
)
BATCH = 1000  # rows
_TRY_AGAIN = {'55P03', '40P01'}  # lock_not_available, deadlock_detected

_VACUUMS = """
    SELECT true FROM pg_stat_progress_vacuum WHERE datname = current_database()
     UNION ALL SELECT true FROM pg_stat_progress_analyze WHERE datname = current_database() LIMIT 1"""

logger = logging.getLogger(__name__)


class CreateTable(migrations.CreateModel):
    """A new table, with its keys to other tables."""

    def database_forwards(self, app_label: str, editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        create = super().database_forwards
        if _concerns(self, editor, model) and not _has_table(editor, model):
            patiently(editor, lambda: create(app_label, editor, from_state, to_state))

    def database_backwards(self, app_label: str, editor: Any, from_state: Any, to_state: Any) -> None:
        model = from_state.apps.get_model(app_label, self.name)
        drop = super().database_backwards
        if _concerns(self, editor, model) and _has_table(editor, model):
            patiently(editor, lambda: drop(app_label, editor, from_state, to_state))


class AddColumn(migrations.AddField):
    """A new column. One that must have a value has a constant default, which the database keeps.

    ``default_sql``: what rows inserted from now on get, for a column that may be NULL: rows that are there
    keep NULL, ``InBatches`` then gives them theirs.
    """

    def __init__(
        self, model_name: str, name: str, field: models.Field[Any, Any], *, default_sql: str = ''
    ) -> None:
        super().__init__(model_name, name, field)
        self.default_sql = default_sql
        if not field.null and not _is_constant(field):
            raise TypeError(f'{name}: a new column is NULL or has a constant default')
        if default_sql and not field.null:
            raise TypeError(f'{name}: an expression would be computed for the whole table at once')
        if field.unique or field.remote_field or getattr(field, 'db_index', False):
            raise TypeError(f'{name}: its index would be made while all wait; see AddIndex, RequireColumn')

    def database_forwards(self, app_label: str, editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        field = model._meta.get_field(self.name)
        add = super().database_forwards

        def add_with_default() -> None:
            add(app_label, editor, from_state, to_state)
            default = self.default_sql
            if not field.null:
                default = editor.quote_value(editor.effective_default(field))
            if default:
                _alter(editor, model, f'ALTER {editor.quote_name(field.column)} SET DEFAULT {default}')

        if _concerns(self, editor, model) and not _has_column(editor, model, field):
            patiently(editor, add_with_default)

    def database_backwards(self, app_label: str, editor: Any, from_state: Any, to_state: Any) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        drop = super().database_backwards
        if _concerns(self, editor, model) and _has_column(editor, model, model._meta.get_field(self.name)):
            patiently(editor, lambda: drop(app_label, editor, from_state, to_state))


class InBatches(migrations.RunSQL):
    """Change rows, a thousand at a time, each batch committed: no long transaction, no row held for long.

    Statements are SQL with ``{table}``, and a condition ``{batch}`` that they must contain; '' does nothing.
    """

    def __init__(self, model_name: str, *, forwards: str = '', backwards: str = '') -> None:
        for statement in filter(None, [forwards, backwards]):
            if '{batch}' not in statement:
                raise TypeError('a statement of InBatches must contain {batch}')
        self.model_name, self.forwards, self.backwards = model_name, forwards, backwards
        super().__init__(forwards, backwards)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        arguments = {'forwards': self.forwards, 'backwards': self.backwards}
        return type(self).__name__, [self.model_name], arguments

    def database_forwards(self, app_label: str, editor: Any, from_state: Any, to_state: Any) -> None:
        self._run(editor, from_state.apps.get_model(app_label, self.model_name), self.forwards)

    def database_backwards(self, app_label: str, editor: Any, from_state: Any, to_state: Any) -> None:
        self._run(editor, to_state.apps.get_model(app_label, self.model_name), self.backwards)

    def _run(self, editor: Any, model: Any, statement: str) -> None:
        if not statement or not _concerns(self, editor, model):
            return
        table = editor.quote_name(model._meta.db_table)
        last = _value(editor, f'SELECT min(id) - 1 FROM {table}')  # noqa: S608
        end = _value(editor, f'SELECT max(id) FROM {table}')  # noqa: S608
        while last is not None and last < end:
            batch = f'id > {last} AND id <= {last + BATCH}'
            patiently(editor, partial(editor.execute, statement.format(table=table, batch=batch)))
            last += BATCH


class RequireColumn(migrations.AlterField):
    """A column that has a value in all rows may be NULL no more, and is unique if the field says so.

    The index of the unique constraint is made beforehand, and NULL looked for, under locks that let others
    read and write; only what is known by then is declared under a lock that does not.
    """

    def database_forwards(self, app_label: str, editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if not _concerns(self, editor, model):
            return
        column = editor.quote_name(model._meta.get_field(self.name).column)
        if self.field.unique:
            self._make_unique(editor, model, column)
        check = editor.quote_name(_name(model, self.name, 'filled'))
        add = f'ADD CONSTRAINT {check} CHECK ({column} IS NOT NULL) NOT VALID'
        patiently(editor, lambda: _alter(editor, model, f'DROP CONSTRAINT IF EXISTS {check}', add))
        patiently(editor, lambda: _alter(editor, model, f'VALIDATE CONSTRAINT {check}'))
        # PostgreSQL believes the constraint, and reads nothing
        declare = [f'ALTER {column} SET NOT NULL', f'DROP CONSTRAINT {check}']
        patiently(editor, lambda: _alter(editor, model, *declare))

    def database_backwards(self, app_label: str, editor: Any, from_state: Any, to_state: Any) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        field = model._meta.get_field(self.name)
        if not _concerns(self, editor, model) or not _has_column(editor, model, field):
            return
        actions = [f'ALTER {editor.quote_name(field.column)} DROP NOT NULL']
        if self.field.unique:
            unique = editor.quote_name(_name(model, self.name, 'key'))
            actions.append(f'DROP CONSTRAINT IF EXISTS {unique}')
        patiently(editor, lambda: _alter(editor, model, *actions))

    def _make_unique(self, editor: Any, model: Any, column: str) -> None:
        name = _name(model, self.name, 'key')
        if _constraint(editor, model, name) is not None:
            return
        index, table = editor.quote_name(name), editor.quote_name(model._meta.db_table)
        make = f'CREATE UNIQUE INDEX CONCURRENTLY {index} ON {table} ({column})'
        _index_patiently(editor, model, name, lambda: editor.execute(make))
        patiently(editor, lambda: _alter(editor, model, f'ADD CONSTRAINT {index} UNIQUE USING INDEX {index}'))


class AddIndex(AddIndexConcurrently):
    """An index made while others write; one that an interruption left unfinished is made again."""

    def database_forwards(self, app_label: str, editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        add = super().database_forwards
        if _concerns(self, editor, model):
            _index_patiently(
                editor, model, self.index.name, lambda: add(app_label, editor, from_state, to_state)
            )

    def database_backwards(self, app_label: str, editor: Any, from_state: Any, to_state: Any) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        drop = super().database_backwards
        if _concerns(self, editor, model) and _index(editor, model, self.index.name) is not None:
            patiently(editor, lambda: drop(app_label, editor, from_state, to_state), atomic=False)


class RemoveCheck(migrations.RemoveConstraint):
    """A check no longer made; brought back by going backwards, for the rows that are there too."""

    def database_forwards(self, app_label: str, editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if _concerns(self, editor, model):
            _drop_check(editor, model, self.name)

    def database_backwards(self, app_label: str, editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        state = to_state.models[app_label, self.model_name_lower]
        if _concerns(self, editor, model):
            _add_check(editor, model, state.get_constraint_by_name(self.name))


class AddCheck(migrations.AddConstraint):
    """A check, of new rows first; then the old ones are read under a lock that lets others write."""

    def database_forwards(self, app_label: str, editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if _concerns(self, editor, model):
            _add_check(editor, model, self.constraint)

    def database_backwards(self, app_label: str, editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if _concerns(self, editor, model):
            _drop_check(editor, model, self.constraint.name)


def patiently(editor: Any, change: Callable[[], Any], *, atomic: bool = True) -> None:
    """Make a change once its locks can be had, in a transaction unless ``atomic`` is False.

    OperationalError if they could not be had for ``PATIENCE``. What Django leaves for the end of the
    migration (keys to other tables, indexes) is part of the change.
    """
    if editor.collect_sql:
        change()
        return
    end, pause, tries = time.monotonic() + PATIENCE, LOCK_WAIT, 0
    while True:
        deferred, tries = list(editor.deferred_sql), tries + 1
        wait = VACUUM_YIELDS if tries > QUICK_TRIES and _value(editor, _VACUUMS) else LOCK_WAIT
        try:
            with transaction.atomic(editor.connection.alias) if atomic else nullcontext():
                if atomic:
                    editor.execute(f"SET LOCAL lock_timeout = '{wait * 1000:.0f}ms'")
                change()
                for statement in editor.deferred_sql:
                    editor.execute(statement, None)
            editor.deferred_sql.clear()
            return
        except OperationalError as error:
            editor.deferred_sql[:] = deferred
            if getattr(error.__cause__, 'pgcode', None) not in _TRY_AGAIN or time.monotonic() > end:
                raise
        logger.info('a lock is held by others: trying again')
        time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311
        pause = min(pause * 2, LONGEST_PAUSE)


def _concerns(operation: Any, editor: Any, model: Any) -> bool:
    """Whether the tables of this model are in this database (of tenants: in this schema)."""
    return bool(operation.allow_migrate_model(editor.connection.alias, model))


def _is_constant(field: models.Field[Any, Any]) -> bool:
    if not field.has_default():
        return field.blank and field.empty_strings_allowed
    return not callable(field.default) or field.default in (dict, list)


def _name(model: Any, field: str, suffix: str) -> str:
    return f'{model._meta.db_table}_{field}_{suffix}'


def _alter(editor: Any, model: Any, *actions: str) -> None:
    editor.execute(f'ALTER TABLE {editor.quote_name(model._meta.db_table)} {", ".join(actions)}')


def _value(editor: Any, query: str, *parameters: Any) -> Any:
    with editor.connection.cursor() as cursor:
        cursor.execute(query, parameters)
        row = cursor.fetchone()
    return row and row[0]


def _has_table(editor: Any, model: Any) -> bool:
    # not by the search path: another schema may have a table of this name
    query = """SELECT true FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
                WHERE relname = %s AND nspname = current_schema()"""
    return bool(_value(editor, query, model._meta.db_table))


def _has_column(editor: Any, model: Any, field: Any) -> bool:
    query = """SELECT true FROM pg_attribute
                WHERE attrelid = to_regclass(%s) AND attname = %s AND NOT attisdropped"""
    return bool(_value(editor, query, editor.quote_name(model._meta.db_table), field.column))


def _constraint(editor: Any, model: Any, name: str) -> bool | None:
    """Whether a constraint is known to hold for all rows; None if it is not there."""
    query = 'SELECT convalidated FROM pg_constraint WHERE conrelid = to_regclass(%s) AND conname = %s'
    found: bool | None = _value(editor, query, editor.quote_name(model._meta.db_table), name)
    return found


def _index(editor: Any, model: Any, name: str) -> bool | None:
    """Whether an index is whole; None if it is not there."""
    query = """SELECT indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
                WHERE indrelid = to_regclass(%s) AND relname = %s"""
    found: bool | None = _value(editor, query, editor.quote_name(model._meta.db_table), name)
    return found


def _index_patiently(editor: Any, model: Any, name: str, make: Callable[[], Any]) -> None:
    """Make an index concurrently, unless it is there and whole."""

    def make_anew() -> None:
        if _index(editor, model, name) is False:
            editor.execute(f'DROP INDEX CONCURRENTLY {editor.quote_name(name)}')
        make()

    if editor.collect_sql or not _index(editor, model, name):
        patiently(editor, make_anew, atomic=False)


def _add_check(editor: Any, model: Any, constraint: Any) -> None:
    if _constraint(editor, model, constraint.name) is None:
        sql = constraint.create_sql(model, editor)
        patiently(editor, lambda: editor.execute(f'{sql} NOT VALID', params=None))
    name = editor.quote_name(constraint.name)
    patiently(editor, lambda: _alter(editor, model, f'VALIDATE CONSTRAINT {name}'))


def _drop_check(editor: Any, model: Any, name: str) -> None:
    quoted = editor.quote_name(name)
    patiently(editor, lambda: _alter(editor, model, f'DROP CONSTRAINT IF EXISTS {quoted}'))

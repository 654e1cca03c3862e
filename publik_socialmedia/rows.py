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

"""Rows of the models by plain SQL, for the few statements that are run for each message.

Django takes 0.2 to 1 ms of processor to build a query that PostgreSQL answers in 0.1. The names of the
columns still come from the models, and each value is converted by its field: a field more needs no edit.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence, Sized
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import connection, models

Row = TypeVar('Row', bound=models.Model)
KEY = ('id',)


@dataclass(frozen=True, slots=True)
class Part:
    """The columns of one model among those of a query; shown as they stand in it."""

    model: type[models.Model]
    alias: str
    without: tuple[str, ...] = ()

    def __str__(self) -> str:
        return columns(self.model, self.alias, without=self.without)


@functools.cache
def columns(model: type[models.Model], alias: str = '', *, without: tuple[str, ...] = ()) -> str:
    """Its columns, in the order of its fields: ``"id", "text"…`` or ``alias."id"…``."""
    prefix = f'{alias}.' if alias else ''
    return ', '.join(
        prefix + connection.ops.quote_name(str(field.column)) for field in _fields(model, without)
    )


def places(given: Sized) -> str:
    """As many places as there are values: ``%s, %s…``."""
    return ', '.join(['%s'] * len(given))


def values(instance: models.Model, *, without: tuple[str, ...] = KEY) -> list[Any]:
    """What a new row gets in the columns ``without`` its primary key, as the driver takes it."""
    return [
        field.get_db_prep_save(field.pre_save(instance, True), connection)
        for field in _fields(type(instance), without)
    ]


def insert(instance: models.Model, *, once: bool = False) -> bool:
    """Insert a new row, as ``save(force_insert=True)`` does without signals nor what a model adds to it.

    ``once``: False is given, and nothing is inserted, if a unique key is there already.
    """
    with connection.cursor() as cursor:
        cursor.execute(_insertion(type(instance), once), values(instance))
        found = cursor.fetchone()
    if found is None:
        return False
    inserted(instance, found[0])
    return True


def inserted(instance: models.Model, pk: int) -> None:
    """Its row is there, under that number."""
    instance.pk = pk
    instance._state.adding, instance._state.db = False, connection.alias


def change(model: type[models.Model], pk: int | Sequence[int], **changes: Any) -> int:
    """Write these fields of one row or of several, by their names; gives how many rows were there."""
    fields = [_field(model, name) for name in changes]
    given = [
        field.get_db_prep_save(value, connection)
        for field, value in zip(fields, changes.values(), strict=True)
    ]
    with connection.cursor() as cursor:
        pks = [pk] if isinstance(pk, int) else list(pk)
        cursor.execute(_change(model, tuple(changes)), [*given, pks])
        return int(cursor.rowcount)


def save(instance: models.Model, *names: str) -> None:
    """Write these attributes of a row that is there."""
    change(type(instance), instance.pk, **{name: getattr(instance, name) for name in names})


def select(model: type[Row], condition: str, given: Sequence[Any]) -> list[Row]:
    """The rows that fulfil a condition of SQL (``WHERE`` is left out), for the calling function to name."""
    with connection.cursor() as cursor:
        cursor.execute(f'{_selection(model)} WHERE {condition}', given)
        return [build(model, row) for row in cursor.fetchall()]


def exists(condition: str, given: Sequence[Any]) -> bool:
    """Whether there is a row: ``table WHERE …``."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT EXISTS (SELECT 1 FROM {condition})', given)  # noqa: S608 - of our own
        return bool(cursor.fetchone()[0])


def build(model: type[Row], row: Sequence[Any], *, without: tuple[str, ...] = ()) -> Row:
    """The instance of a row, read by ``columns``. A field that was left out is read when it is asked for."""
    names, converters = _reading(model, without)
    read = list(row)
    for position, convert in converters:
        read[position] = convert(read[position], None, connection)
    return model.from_db(connection.alias, names, read)


def parts(row: Sequence[Any], *parts: Part) -> list[Any]:
    """The instances that a row of several models holds, one after the other; what comes after is left."""
    found: list[Any] = []
    begin = 0
    for part in parts:
        end = begin + len(_fields(part.model, part.without))
        found.append(build(part.model, row[begin:end], without=part.without))
        begin = end
    return found


def converted(model: type[models.Model], name: str, value: Any) -> Any:
    """The value of one field, from what the database gave."""
    for convert in _field(model, name).get_db_converters(connection):
        value = convert(value, None, connection)
    return value


def table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


@functools.cache
def _insertion(model: type[models.Model], once: bool) -> str:
    names, marks = columns(model, without=KEY), places(_fields(model, KEY))
    conflict = 'ON CONFLICT DO NOTHING' if once else ''
    return f'INSERT INTO {table(model)} ({names}) VALUES ({marks}) {conflict} RETURNING id'  # noqa: S608


@functools.cache
def _change(model: type[models.Model], names: tuple[str, ...]) -> str:
    sets = ', '.join(f'{connection.ops.quote_name(str(_field(model, name).column))} = %s' for name in names)
    return f'UPDATE {table(model)} SET {sets} WHERE id = ANY(%s)'  # noqa: S608


@functools.cache
def _selection(model: type[models.Model]) -> str:
    return f'SELECT {columns(model)} FROM {table(model)}'  # noqa: S608


@functools.cache
def _reading(
    model: type[models.Model], without: tuple[str, ...]
) -> tuple[list[str], list[tuple[int, Callable[[Any, Any, Any], Any]]]]:
    """Names of the attributes, and what makes their value of what the database gave, by position."""
    fields = _fields(model, without)
    converters = [
        (position, convert)
        for position, field in enumerate(fields)
        for convert in field.get_db_converters(connection)
    ]
    return [field.attname for field in fields], converters


@functools.cache
def _fields(model: type[models.Model], without: tuple[str, ...]) -> tuple[models.Field[Any, Any], ...]:
    return tuple(field for field in model._meta.concrete_fields if field.attname not in without)


@functools.cache
def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    """By the name of its attribute (``demand_id``)."""
    return next(field for field in model._meta.concrete_fields if field.attname == name)

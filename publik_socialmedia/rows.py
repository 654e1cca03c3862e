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
from typing import Any, TypeVar

from django.db import connection, models

Row = TypeVar('Row', bound=models.Model)
KEY = ('id',)


@functools.cache
def columns(model: type[models.Model], alias: str = '', *, without: tuple[str, ...] = ()) -> str:
    """Its columns, in the order of its fields: ``"id", "text"…`` or ``alias."id"…``."""
    prefix = f'{alias}.' if alias else ''
    return ', '.join(prefix + connection.ops.quote_name(str(field.column)) for field in _fields(model, without))


def places(given: Sized) -> str:
    """As many places as there are values: ``%s, %s…``."""
    return ', '.join(['%s'] * len(given))


def values(instance: models.Model) -> list[Any]:
    """What a new row gets in the columns ``without`` the primary key, as the driver takes it."""
    return [
        field.get_db_prep_save(field.pre_save(instance, True), connection)
        for field in _fields(type(instance), KEY)
    ]


def insert(instance: models.Model) -> None:
    """Insert a new row, as ``save(force_insert=True)`` does without signals nor what a model adds to it."""
    with connection.cursor() as cursor:
        cursor.execute(_insertion(type(instance)), values(instance))
        (instance.pk,) = cursor.fetchone()
    instance._state.adding, instance._state.db = False, connection.alias


def build(model: type[Row], row: Sequence[Any], *, without: tuple[str, ...] = ()) -> Row:
    """The instance of a row, read by ``columns``. A field that was left out is read when it is asked for."""
    names, converters = _reading(model, without)
    read = list(row)
    for position, convert in converters:
        read[position] = convert(read[position], None, connection)
    return model.from_db(connection.alias, names, read)


def converted(model: type[models.Model], name: str, value: Any) -> Any:
    """The value of one field, from what the database gave."""
    names, converters = _reading(model, ())
    for position, convert in converters:
        if names[position] == name:
            value = convert(value, None, connection)
    return value


@functools.cache
def _insertion(model: type[models.Model]) -> str:
    table = connection.ops.quote_name(model._meta.db_table)
    marks = places(_fields(model, KEY))
    return f'INSERT INTO {table} ({columns(model, without=KEY)}) VALUES ({marks}) RETURNING id'  # noqa: S608


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

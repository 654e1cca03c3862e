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


"""Being the only one to do something, in this schema of the database, whatever the process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_NUMBER = 'hashtextextended(current_schema() || %s, 0)'


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Whether we are the only one to hold that name, and remain it meanwhile; others are not waited for.

    The lock belongs to the connection: if the process dies, it is free at once.
    """
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT pg_try_advisory_lock({_NUMBER})', [_words(name)])
        ours = bool(cursor.fetchone()[0])
    try:
        yield ours
    finally:
        if ours and not connection.needs_rollback and connection.connection is not None:
            with connection.cursor() as cursor:
                cursor.execute(f'SELECT pg_advisory_unlock({_NUMBER})', [_words(name)])


def _words(name: str) -> str:
    return f' socialmedia {name}'


def alone_until_commit(name: str) -> bool:
    """The same until the transaction that we are in ends, which gives the lock back by itself."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT pg_try_advisory_xact_lock({_NUMBER})', [_words(name)])
        return bool(cursor.fetchone()[0])

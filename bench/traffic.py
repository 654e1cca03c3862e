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

"""Others at work in a database while something is done there: what each of their statements takes."""

from __future__ import annotations

import contextlib
import itertools
import random
import threading
import time
from typing import Any

import psycopg2

CLIENTS = 2
PAUSE = 0.02  # seconds between two statements of a client
LONG = 2.0  # seconds of the transaction that is kept open, then as many without
# what the processes of the first release do to the big tables: they work on the tables of each later one
STATEMENTS = {
    'insert': """INSERT INTO publik_socialmedia_rawevent (endpoint_id, lane, network, source, call, digest,
                        body, received_at, state, attempts, error, outcome)
                 SELECT id, 'endpoint ' || id, network, 'webhook', '', '', '', now(), 'done', 0, '', '{}'
                   FROM publik_socialmedia_endpoint LIMIT 1""",
    'update': """UPDATE publik_socialmedia_conversation SET lease_token = 'bench' WHERE id = %(id)s""",
    'deliver': """UPDATE publik_socialmedia_delivery SET attempts = attempts + 1
                   WHERE message_id = %(id)s AND kind = 'message'""",
    'demand': """UPDATE publik_socialmedia_demand SET status_name = 'Nouveau' WHERE id = %(id)s""",
    'select': """SELECT text FROM publik_socialmedia_message WHERE conversation_id = %(id)s
                  ORDER BY sort_at, sequence""",
}


class Traffic:
    """Clients of the database, each with its own connection; how long each statement took."""

    def __init__(self, url: str, conversations: int) -> None:
        self.url, self.conversations = url, conversations
        self.waits: list[tuple[float, float]] = []  # when it began, what it took
        self.errors: list[str] = []
        self._stop = threading.Event()
        works = [self._work] * CLIENTS + [self._linger]
        self._threads = [threading.Thread(target=self._watch, args=(work,), daemon=True) for work in works]

    def __enter__(self) -> Traffic:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def since(self, begun: float) -> list[float]:
        return [took for at, took in list(self.waits) if at + took >= begun]

    def _watch(self, work: Any) -> None:
        try:
            with contextlib.closing(psycopg2.connect(self.url)) as connection, connection.cursor() as cursor:
                work(connection, cursor)
        except psycopg2.Error as error:
            self.errors.append(f'{type(error).__name__}: {error}'.splitlines()[0])

    def _work(self, connection: Any, cursor: Any) -> None:
        connection.autocommit = True
        choose = random.Random(1)
        for statement in itertools.cycle(STATEMENTS.values()):
            if self._stop.wait(PAUSE):
                return
            begun = time.monotonic()
            cursor.execute(statement, {'id': choose.randrange(1, self.conversations)})
            self.waits.append((begun, time.monotonic() - begun))

    def _linger(self, connection: Any, cursor: Any) -> None:
        """A transaction that has read the big tables, and stays open."""
        connection.set_session(isolation_level='REPEATABLE READ', readonly=True)
        while not self._stop.wait(LONG):
            for table in ('message', 'conversation', 'delivery', 'demand', 'rawevent', 'contact', 'account'):
                cursor.execute(f'SELECT 1 FROM publik_socialmedia_{table} LIMIT 1')
            self._stop.wait(LONG)
            connection.rollback()

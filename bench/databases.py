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

"""Databases of the measures: a template with the tables, an endpoint and an account, and copies of it.

The server is private and durable (commits reach the disk as in production) unless ``DATABASE_URL`` is given.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from bench import bodies
from demo.postgres import PrivatePostgres

TEMPLATE = 'socialmedia_bench'
# what makes a commit cheap or dear
SETTINGS = (
    'server_version',
    'fsync',
    'synchronous_commit',
    'full_page_writes',
    'wal_sync_method',
    'shared_buffers',
    'max_wal_size',
)


class Databases:
    """Give :meth:`start` the stack that stops the server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = ''  # URL of any database of the server
        self.private = 'DATABASE_URL' not in os.environ
        self.postmaster = 0  # its process, if the server is private

    def start(self, stack: ExitStack) -> None:
        if self.private:
            postgres = PrivatePostgres(self.folder / 'postgres', durable=True)
            self.server = stack.enter_context(postgres)
            self.postmaster = int((postgres.data / 'postmaster.pid').read_text().split()[0])
        else:
            self.server = os.environ['DATABASE_URL']
        self._command(f'DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)', f'CREATE DATABASE {TEMPLATE}')
        stack.callback(self.drop, TEMPLATE)

    def url_of(self, name: str) -> str:
        return urlunsplit(urlsplit(self.server)._replace(path=f'/{name}'))

    def fresh(self, name: str, template: str = TEMPLATE) -> str:
        """Make a copy of the template under that name, in place of any former one; gives its URL."""
        self.drop(name)
        self._command(f'CREATE DATABASE {name} TEMPLATE {template}')
        return self.url_of(name)

    def drop(self, name: str) -> None:
        self._command(f'DROP DATABASE IF EXISTS {name} WITH (FORCE)')

    @contextlib.contextmanager
    def cursor(self, name: str = TEMPLATE) -> Iterator[Any]:
        """A cursor that commits each statement."""
        with contextlib.closing(psycopg2.connect(self.url_of(name))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                yield cursor

    def value(self, query: str, name: str = TEMPLATE) -> Any:
        with self.cursor(name) as cursor:
            cursor.execute(query)
            row = cursor.fetchone()
            return row and row[0]

    def settings(self) -> str:
        return ', '.join(f'{name} {self.value(f"SHOW {name}")}' for name in SETTINGS)

    def commit_cost(self, count: int = 200) -> float:
        """Median seconds of a transaction of one insertion, from here, at this moment."""
        durations = []
        with self.cursor() as cursor:
            cursor.execute('CREATE TABLE IF NOT EXISTS bench_commits (number int)')
            for number in range(count):
                begun = time.perf_counter()
                cursor.execute('INSERT INTO bench_commits VALUES (%s)', [number])
                durations.append(time.perf_counter() - begun)
            cursor.execute('DROP TABLE bench_commits')
        return statistics.median(durations)

    def _command(self, *commands: str) -> None:
        with contextlib.closing(psycopg2.connect(self.server)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for command in commands:
                    cursor.execute(command)


def fill_template(form: str) -> str:
    """Make the tables, an endpoint and its account in the database of Django's connection.

    Gives the path of the webhook.
    """
    from django.core.management import call_command
    from django.db import connection
    from django.urls import reverse

    from bench.bare import make_table
    from publik_socialmedia.models import Account, Endpoint

    call_command('migrate', verbosity=0)
    make_table()
    endpoint = Endpoint.objects.create(
        network='messenger',
        secrets={'app_id': ['1'], 'app_secret': [bodies.SECRET.decode()], 'verify_token': ['word']},
    )
    Account.objects.create(
        network='messenger',
        endpoint=endpoint,
        external_id=bodies.PAGE,
        name='Ville de Villexemple',
        form=form,
        grouping_delay=0,
        problem='bench',  # so that the network is not asked for names: it is not what is measured
    )
    connection.close()  # PostgreSQL copies a template that nobody uses
    return reverse('socialmedia-webhook', args=[endpoint.network, endpoint.token])

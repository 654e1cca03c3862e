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

"""The private PostgreSQL and the URL that describes a database."""

from __future__ import annotations

from pathlib import Path

import psycopg2
import pytest
from django.db import connection

from demo.postgres import PrivatePostgres, database_url, django_database


def _value(url: str, query: str) -> object:
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            row = cursor.fetchone()
            connection.commit()
            return row and row[0]
    finally:
        connection.close()


def test_data_outlive_the_server_and_commits_are_synchronous(tmp_path: Path) -> None:
    with PrivatePostgres(tmp_path / 'server', durable=False) as url:
        assert _value(url, 'CREATE TABLE kept AS SELECT 42 AS answer; SELECT answer FROM kept') == 42
        assert _value(url, 'SHOW synchronous_commit') == 'on'
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(url)
    with PrivatePostgres(tmp_path / 'server', durable=False) as url:
        assert _value(url, 'SELECT answer FROM kept') == 42


def test_durable_server_flushes_to_disk_and_a_long_path_is_no_trouble(tmp_path: Path) -> None:
    folder = tmp_path / ('long-' * 30) / 'server'
    with PrivatePostgres(folder) as url:
        assert _value(url, 'SHOW fsync') == 'on'
        assert _value(url, 'SHOW listen_addresses') == ''


def test_one_folder_has_one_server(tmp_path: Path) -> None:
    with PrivatePostgres(tmp_path / 'server', durable=False) as url:
        with pytest.raises(RuntimeError, match='stopped at once'):
            PrivatePostgres(tmp_path / 'server', durable=False).start()
        assert _value(url, 'SELECT 1') == 1


@pytest.mark.parametrize(
    'url',
    [
        'postgresql://user:p%40ss@db.example.org:5433/name?sslmode=require',
        'postgresql://postgres@/socialmedia?host=%2Frun%2Fpg',
        'postgresql:///socialmedia',
    ],
)
def test_url_is_read_and_written(url: str) -> None:
    database = django_database(url)
    assert django_database(database_url(database)) == database
    assert database['NAME'] in ('name', 'socialmedia')


def test_url_of_another_kind_of_server_is_refused() -> None:
    with pytest.raises(ValueError, match='postgresql'):
        django_database('sqlite:///file')


def test_other_process_reaches_the_database_of_the_test(db: None) -> None:
    url = database_url(connection.settings_dict)
    assert _value(url, 'SELECT current_database()') == connection.settings_dict['NAME']

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

"""From the first release to today, and back: nothing is lost, and the older version can go on meanwhile."""

from __future__ import annotations

from pathlib import Path

import psycopg2
import pytest
from django.db import connection

from demo.postgres import PrivatePostgres, django_database, programs
from tests.upgrade import sites

STEPS = sites.later()


def versions() -> list[int]:
    """The versions of PostgreSQL that can be started here."""
    found = []
    for version in (16, 18):
        try:
            found.append(version)
            programs(version)
        except RuntimeError:
            found.pop()
    return found


def test_the_first_migration_is_the_first_release(empty, template, django_db_blocker):
    """What was released is never changed afterwards."""
    sites.migrate(sites.RELEASE)
    made = sites.description()
    with sites.speaking_to(template):
        assert sites.description() == made


def test_the_site_of_the_release_has_rows_in_each_of_its_tables(release):
    assert len(sites.tables()) == 16
    assert [table for table, found in sites.rows().items() if not found] == []


@pytest.mark.parametrize('version', versions())
def test_a_site_of_the_first_release_becomes_one_of_today(version, tmp_path, django_db_blocker):
    """On each PostgreSQL; and the same tables as on a new site (R3: nothing that was there is lost)."""
    server = PrivatePostgres(tmp_path / 'server', version=version, durable=False)
    former = dict(connection.settings_dict)
    with server as url, django_db_blocker.unblock():
        try:
            connection.close()
            connection.settings_dict.update(django_database(url))
            with sites.database():
                sites.migrate()
                new = sites.description()
            with sites.database():
                sites.load_release()
                before = {table: sorted(sites.columns(table)) for table in sites.tables()}
                rows = sites.rows(before)
                sites.migrate()
                assert sites.description() == new
                assert sites.rows(before) == rows
                with connection.cursor() as cursor:
                    cursor.execute('SHOW server_version')
                    assert cursor.fetchone()[0].startswith(str(version))
        finally:
            connection.close()
            connection.settings_dict.update(former)


@pytest.mark.parametrize('step', STEPS)
def test_each_step_keeps_the_rows_and_can_be_undone(release, step):
    sites.migrate(sites.names()[sites.names().index(step) - 1])
    columns = {table: sorted(sites.columns(table)) for table in sites.tables()}
    before, schema = sites.rows(columns), sites.description()
    sites.migrate(step)
    assert sites.rows(columns) == before
    sites.migrate(sites.names()[sites.names().index(step) - 1])
    assert sites.rows() == before
    assert sites.description() == schema


@pytest.mark.parametrize('step', STEPS)
def test_the_older_version_goes_on_inserting(release, step):
    """During a rolling restart, its processes know nothing of the new columns (R2)."""
    with connection.cursor() as cursor:
        cursor.execute(f'TRUNCATE {", ".join(sites.tables())}, auth_user CASCADE')
    sites.migrate(step)
    sites.load('release_0_1_rows.sql')
    with connection.cursor() as cursor:
        cursor.execute('SELECT token FROM publik_socialmedia_demand')
        tokens = {token for (token,) in cursor.fetchall()}
    assert len(tokens) == 3 and all(len(token) == 64 for token in tokens)


def test_what_must_have_a_value_has_one_in_the_database(release):
    """Each column that came after the first release, so whatever release inserts."""
    before = {table: sites.columns(table) for table in sites.tables()}
    sites.migrate()
    added = {
        f'{table}.{name}': (nullable, default)
        for table, known in before.items()
        for name, (nullable, default) in sites.columns(table).items()
        if name not in known
    }
    assert len(added) > 10
    missing = [name for name, (nullable, default) in added.items() if not nullable and not default]
    assert missing == []


def test_demands_that_were_there_get_an_unguessable_token_each(release):
    sites.migrate()
    tokens = [token for (token,) in sites.rows({'publik_socialmedia_demand': ['token']}).popitem()[1]]
    assert len(tokens) == len(set(tokens)) == 3
    assert all(len(set(token)) > 8 and len(token) == 64 for token in tokens)


def test_what_the_older_version_does_not_know_is_gone_once_back(release):
    """Deliveries of a kind that it would not know would stop its worker."""
    sites.migrate()
    insert = """
        INSERT INTO publik_socialmedia_delivery (lane, kind, key, state, rank_at, sequence, due_at, attempts,
               unknown, reason, error, created_at, conversation_id, message_id)
        SELECT 'wcs', 'window', 'window:1', 'pending', now(), 0, now(), 0, false, '', '', now(),
               conversation_id, id FROM publik_socialmedia_message ORDER BY id LIMIT 1"""
    with connection.cursor() as cursor:
        cursor.execute(insert)
    before = {'publik_socialmedia_delivery': ['key']}
    keys = sites.rows(before)['publik_socialmedia_delivery']
    sites.migrate(sites.RELEASE)
    assert sites.rows(before)['publik_socialmedia_delivery'] == [key for key in keys if key != ('window:1',)]
    with pytest.raises(psycopg2.errors.CheckViolation), sites.client() as other:
        other.cursor().execute(insert)


def test_tenants_have_their_own_tables_whatever_the_public_schema_has(release):
    """What is looked for by its name is the tenant's, even where another schema has the same names."""
    sites.migrate()
    former, public = dict(connection.settings_dict), sites.description()
    with connection.cursor() as cursor:
        cursor.execute('CREATE SCHEMA ville')
        cursor.execute('CREATE TABLE ville.django_migrations (LIKE public.django_migrations INCLUDING ALL)')
    with sites.speaking_to(former['NAME'], options='-c search_path=ville,public'):
        sites.migrate()
        with connection.cursor() as cursor:
            cursor.execute('SELECT count(*) FROM pg_indexes WHERE schemaname = %s', ['ville'])
            (count,) = cursor.fetchone()
        assert count > 50
        theirs = {key: value for key, value in sites.description().items() if key.startswith('columns')}
        assert theirs == {key: value for key, value in public.items() if key.startswith('columns')}
        sites.migrate(sites.RELEASE)
        sites.migrate()
        sites.migrate('zero')
        assert sites.columns('publik_socialmedia_message') == {}
    assert sites.description() == public


def test_release_files_tell_no_machine():
    for path in Path(sites.FOLDER).glob('*.sql'):
        text = path.read_text()
        assert '127.0.0.1' not in text and 'localhost' not in text

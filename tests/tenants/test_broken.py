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

"""What is broken at one tenant never stops the others, and is told (R2, R21, R23)."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.utils import OperationalError

from publik_socialmedia import tenants
from publik_socialmedia.delivery import worker
from publik_socialmedia.intake import inbox
from publik_socialmedia.models import Delivery, RawEvent
from publik_socialmedia.monitoring import watching
from tests.tenants.brick import AGGLO, VILLE, Town


def drop_tables(town: Town) -> None:
    """As before its migration, or after a half of it."""
    with connection.cursor() as cursor:
        cursor.execute(f'DROP TABLE {town.tenant.schema}.publik_socialmedia_rawevent CASCADE')


def drop_schema(town: Town) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA {town.tenant.schema} CASCADE')


def lose_key(town: Town) -> None:
    town.configure(PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS=['another one, only for tests'])


def lose_wcs(town: Town) -> None:
    town.configure(PUBLIK_SOCIALMEDIA_WCS={})


def lose_secret(town: Town) -> None:
    site = {**town.wcs.settings, 'secret': ''}
    town.configure(PUBLIK_SOCIALMEDIA_WCS={'default': site})


def absurd_setting(town: Town) -> None:
    town.configure(PUBLIK_SOCIALMEDIA_LEASE='deux minutes')


def public_storage(town: Town) -> None:
    town.configure(MEDIA_ROOT=str(town.folder), PUBLIK_SOCIALMEDIA_PRIVATE_STORAGE=str(town.folder / 'media'))


BREAKS: dict[str, Callable[[Town], None]] = {
    'tables missing': drop_tables,
    'schema missing': drop_schema,
    'settings unreadable': Town.break_settings,
    'setting absurd': absurd_setting,
}
REFUSALS: dict[str, Callable[[Town], None]] = {
    'key lost': lose_key,
    'w.c.s. unknown': lose_wcs,
    'secret missing': lose_secret,
    'storage public': public_storage,
}


@pytest.fixture
def both(ville: Town, agglo: Town) -> tuple[Town, Town]:
    """Somebody wrote to each; the first one breaks."""
    for town in (ville, agglo):
        town.citizen_writes(f'à {town.domain}')
    return agglo, ville


@pytest.mark.parametrize('break_it', BREAKS.values(), ids=BREAKS)
def test_a_round_goes_on_and_tells(both: tuple[Town, Town], break_it: Callable[[Town], None], caplog):
    """R23: of the tenant whose tables or settings cannot be read, nothing more is tried in this round."""
    broken, well = both
    break_it(broken)
    done = worker.run_round(tenants.every(), 60)
    assert list(done.failed) == [AGGLO]
    assert well.texts() == [f'à {VILLE}']
    assert any(AGGLO in record.getMessage() for record in caplog.records)
    assert tenants.outside()
    with pytest.raises(CommandError) as stopped:
        call_command('socialmedia_worker', once=True)
    assert stopped.value.returncode == 1


@pytest.mark.parametrize('break_it', REFUSALS.values(), ids=REFUSALS)
def test_a_configuration_that_refuses_is_told_where_administrators_look(
    both: tuple[Town, Town], break_it: Callable[[Town], None]
):
    """R23, R41: what cannot go is kept, with its reason; the other tenant is served."""
    broken, well = both
    break_it(broken)
    done = worker.run_round(tenants.every(), 60)
    assert well.texts() == [f'à {VILLE}']
    with broken.inside():
        kept = RawEvent.objects.exclude(state='done').exists() or (
            Delivery.objects.filter(state='pending').exclude(reason='').exists()
        )
        assert kept or broken.texts() == [f'à {AGGLO}'] or done.failed


@pytest.mark.parametrize(
    ('step', 'error'),
    [
        ('read', RuntimeError('texte du citoyen')),
        ('deliver', OperationalError('canceled')),
        ('poll', RecursionError()),
        ('chore', RuntimeError('texte du citoyen')),
    ],
    ids=['read', 'deliver', 'poll', 'chore'],
)
def test_any_exception_in_any_step(both: tuple[Town, Town], monkeypatch, caplog, step: str, error: Exception):
    """R3, R23, R50: the step of one tenant falls; the other has all it asked for; no text is in the logs."""
    broken, well = both
    places = {
        'read': (inbox, 'read_some'),
        'deliver': (worker.queue, 'claim'),
        'poll': (worker.polling, 'claim'),
        'chore': (watching, 'check_some'),
    }
    place, name = places[step]
    original = getattr(place, name)

    def falls(*args: object, **options: object) -> object:
        if tenants.key() == broken.tenant.schema:
            raise error
        return original(*args, **options)

    monkeypatch.setattr(place, name, falls)
    done = worker.run_round(tenants.every(), 60)
    assert well.texts() == [f'à {VILLE}']
    if step != 'chore':  # the others are done all the same, see worker.watch_some
        assert list(done.failed) == [AGGLO]
        assert type(error).__name__ in done.failed[AGGLO]
    assert 'texte du citoyen' not in caplog.text
    monkeypatch.setattr(place, name, original)
    worker.run_round(tenants.every(), 60)
    assert broken.texts() == [f'à {AGGLO}']


def test_the_webhook_of_a_tenant_that_is_not_migrated(both: tuple[Town, Town]):
    """R2: « not now », so that the network comes again; those of the others are taken."""
    broken, well = both
    drop_tables(broken)
    assert broken.citizen_writes('encore') == 503
    assert well.citizen_writes('encore') == 200


@pytest.mark.parametrize(
    'words',
    [
        ('socialmedia_worker', '--once'),
        ('socialmedia_check',),
        ('socialmedia_rotate_keys',),
        ('tenant_command', 'socialmedia_worker', '--once', '--all-tenants'),
        ('tenant_command', 'socialmedia_purge', '--all-tenants'),
        ('tenant_command', 'socialmedia_alert', '--all-tenants'),
    ],
    ids=' '.join,
)
def test_each_cron_line_serves_all_that_can_be(both: tuple[Town, Town], words: tuple[str, ...]):
    """R23: run for all tenants, both ways; the first one has lost its tables. Told, status above 0."""
    broken, well = both
    drop_tables(broken)
    done = well.brick.manage(*words)
    assert done.returncode in (1, 2, 3), done.stdout + done.stderr
    assert AGGLO in done.stderr and 'Traceback' not in done.stderr
    if 'socialmedia_worker' in words:
        assert well.texts() == [f'à {VILLE}']
    elif 'socialmedia_alert' not in words:  # which says nothing when all is well
        assert done.stdout.strip()


def test_the_commands_of_one_site_say_so(ville: Town):
    """Outside of the tenants: which one?"""
    for name, arguments in (('socialmedia_replay', []), ('socialmedia_person', ['show', 'x'])):
        with pytest.raises(CommandError, match='tenant_command'):
            call_command(name, *arguments)


def test_a_command_in_a_tenant_that_breaks_is_a_command_error(ville: Town):
    """hobo's round goes on after such an error only."""
    drop_tables(ville)
    with ville.inside(), pytest.raises(CommandError) as stopped:
        call_command('socialmedia_replay')
    assert stopped.value.returncode == 2 and 'ProgrammingError' in str(stopped.value)


def test_the_switch_spares_what_is_not_migrated(ville: Town, agglo: Town):
    """R43: a tenant that does not use the channel needs no table and is not even looked at."""
    agglo.citizen_writes()
    drop_tables(ville)
    ville.configure(PUBLIK_SOCIALMEDIA_ENABLED=False)
    assert not worker.run_round(tenants.every(), 60).failed
    assert len(agglo.texts()) == 1


def test_a_round_is_bounded_and_leaves_out_nobody_for_ever(both: tuple[Town, Town], monkeypatch):
    """R20: what is left is for the next one; who comes first is drawn."""
    first = set()
    for _ in range(40):
        served: list[str] = []
        monkeypatch.setattr(worker, 'turn', lambda served=served: served.append(tenants.key()) or 1)
        done = worker.run_round(tenants.every(), 0.005)
        assert done.cut
        first |= set(served[:1])
    assert len(first) == 2


def test_no_secret_of_a_tenant_is_in_the_logs(both: tuple[Town, Town], caplog):
    """R50"""
    caplog.set_level(logging.DEBUG)
    worker.run_round(tenants.every(), 60)
    for secret in ('only for tests', 'wcs-secret', f'à {VILLE}'):
        assert secret not in caplog.text

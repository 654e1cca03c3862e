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

"""Changes of keys and purges of big sites: in batches, interrupted, taken up again, others at work."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from publik_socialmedia import fields
from publik_socialmedia.management.commands import socialmedia_purge
from publik_socialmedia.models import Endpoint, Journal, RawEvent
from tests.upgrade import sites

OLD, NEW = 'the-old-key-of-the-town-hall', 'the-new-key-of-the-town-hall'
BODY = RawEvent._meta.get_field('body')


@pytest.fixture
def bodies(settings) -> list[RawEvent]:
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = [OLD]
    made = [RawEvent.objects.create(network='exemple', body=b'body %d' % number) for number in range(10)]
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = [NEW, OLD]
    return made


def stored() -> dict[int, bytes]:
    with connection.cursor() as cursor:
        cursor.execute('SELECT id, body FROM publik_socialmedia_rawevent')
        return {number: bytes(body) for number, body in cursor.fetchall()}


@pytest.mark.django_db
def test_a_change_of_keys_is_taken_up_where_it_was_left(bodies, settings):
    """R50: killed between two batches; what was done stays as it is."""
    before = stored()
    assert list(itertools.islice(fields.rotate(RawEvent, BODY, batch=3), 2)) == [3, 3]
    halfway = stored()
    assert sum(halfway[number] != before[number] for number in before) == 6
    assert list(fields.rotate(RawEvent, BODY, batch=3)) == [0, 0, 3, 1]
    after = stored()
    assert sum(after[number] == halfway[number] for number in before) == 6
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = [NEW]
    assert [bytes(raw.body) for raw in RawEvent.objects.order_by('pk')] == [b'body %d' % n for n in range(10)]


@pytest.mark.django_db
def test_what_is_written_meanwhile_by_a_process_of_before_is_not_lost(bodies, settings, monkeypatch):
    """It is read again, and encrypted again: it was written with the old key."""
    encrypt = fields.encrypt
    first = bodies[0]

    def written_meanwhile(value: bytes) -> bytes:
        monkeypatch.setattr(fields, 'encrypt', encrypt)
        settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = [OLD]
        RawEvent.objects.filter(pk=first.pk).update(body=b'written meanwhile')
        RawEvent.objects.filter(pk=bodies[1].pk).delete()
        settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = [NEW, OLD]
        return encrypt(value)

    monkeypatch.setattr(fields, 'encrypt', written_meanwhile)
    assert sum(fields.rotate(RawEvent, BODY, batch=4)) == 9
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = [NEW]
    assert bytes(RawEvent.objects.get(pk=first.pk).body) == b'written meanwhile'
    assert RawEvent.objects.count() == 9


@pytest.mark.django_db(transaction=True)
def test_a_change_of_keys_waits_for_no_row_that_it_has_not_to_change(bodies, settings):
    """A webhook that holds its endpoint, a worker that holds a body: they are only read."""
    assert sum(fields.rotate(RawEvent, BODY)) == 10
    Endpoint.objects.create(network='exemple', secrets={'app_secret': ['a']})
    with sites.client() as client, client.cursor() as cursor:
        cursor.execute('SELECT id FROM publik_socialmedia_rawevent FOR UPDATE')
        cursor.execute('SELECT id FROM publik_socialmedia_endpoint FOR UPDATE')
        with connection.cursor() as ours:
            ours.execute("SET lock_timeout = '5s'")
        assert sum(fields.rotate(RawEvent, BODY)) == 0
        assert sum(fields.rotate(Endpoint, Endpoint._meta.get_field('secrets'))) == 0
    connection.close()


@pytest.mark.django_db
def test_a_run_of_the_purge_ends_in_time_and_a_long_step_starves_no_other(monkeypatch, capsys):
    """R51: what it has no time for is left to the next run."""
    turns: list[str] = []

    def step(name: str, count: int) -> Any:
        def work(now: datetime, dry: bool) -> Iterator[int]:
            for _ in range(count):
                turns.append(name)
                time.sleep(0.01)
                yield 1

        return name, work

    monkeypatch.setattr(socialmedia_purge, 'STEPS', {'long': step('long', 10_000), 'short': step('short', 3)})
    monkeypatch.setattr(socialmedia_purge, 'SLICE', 0.05)
    call_command('socialmedia_purge', seconds=1)
    assert turns.count('short') == 3
    assert turns.index('short') < turns.count('long') < 10_000
    counts = Journal.objects.get(action='purge').details['counts']
    assert counts == {'long': turns.count('long'), 'short': 3}
    assert capsys.readouterr().out.splitlines() == [f'long: {counts["long"]}', 'short: 3']

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

"""(f) What a site of a million messages takes on the disk, and its upkeep while others read and write.

Bytes of each table, with its indexes, for 100,000 messages. A change of keys, interrupted half-way. The
purge, in runs of limited time: bodies older than a month, conversations that ended a month ago.
"""

from __future__ import annotations

import io
import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path

from bench import stock
from bench.databases import Databases
from bench.population import populate
from bench.processes import memory
from bench.report import Report, milliseconds, percentile
from bench.traffic import Traffic

NAME = 'socialmedia_bench_upkeep'
AIM = 0.5  # seconds that a statement of somebody else may take, at most
HUNDRED = 100_000
RUN = 120  # seconds of a run of the purge
NEW_KEY = 'a-new-key-that-is-only-for-the-measures-of-bench'


def measure(databases: Databases, report: Report, *, quick: bool) -> None:
    conversations = 20_000 if quick else 333_334
    report.title('Size and upkeep')
    databases.fresh(NAME)
    populate(databases, NAME, conversations)
    report.write(f'{conversations * 3:,} messages of {conversations:,} persons.\n')
    _sizes(databases, report, conversations * 3)
    _bodies(report)
    with stock.using(NAME), Traffic(databases.url_of(NAME), conversations) as traffic:
        time.sleep(2 if quick else 10)
        waits = {'(nothing else)': [took for _at, took in traffic.waits]}
        report.write(
            'Change of keys (`socialmedia_rotate_keys`), interrupted half-way, taken up again; the purge:\n'
        )
        waits |= _rotate(traffic, report, conversations)
        waits |= _purge(traffic, report, quick)
        report.write('')
    databases.drop(NAME)
    rows = [
        [name, str(len(w)), milliseconds(percentile(w, 99)), milliseconds(max(w, default=0.0))]
        for name, w in waits.items()
    ]
    report.table(['while', 'statements of others', 'p99 ms', f'longest ms (aim {AIM * 1000:.0f})'], rows)
    if traffic.errors:
        report.write(f'Errors of the others: {"; ".join(traffic.errors)}')


def _sizes(databases: Databases, report: Report, messages: int) -> None:
    with databases.cursor(NAME) as cursor:
        cursor.execute(
            """SELECT relname, reltuples::bigint, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class
                WHERE relkind = 'r' AND relname LIKE 'publik_socialmedia_%' AND reltuples > 0
                ORDER BY pg_total_relation_size(oid) DESC"""
        )
        found = cursor.fetchall()
    rows, total = [], 0
    for table, count, data, indexes in found:
        total += data + indexes
        if count >= messages / 100:
            name = table.removeprefix('publik_socialmedia_')
            each = [f'{count * HUNDRED // messages:,}', f'{data / count:.0f}', f'{indexes / count:.0f}']
            rows.append([name, *each, _megabytes((data + indexes) * HUNDRED / messages)])
    rows.append(['in all', '', '', '', _megabytes(total * HUNDRED / messages)])
    report.table(['table', 'rows for 100,000 messages', 'bytes a row', 'of its indexes', 'MB'], rows)


def _bodies(report: Report) -> None:
    """What the bodies that networks send weigh once compressed and encrypted, from the payloads of each."""
    from publik_socialmedia import networks
    from publik_socialmedia.fields import EncryptedBinaryField

    field = EncryptedBinaryField()
    rows = []
    for slug in sorted(networks.registry()):
        folder = Path(networks.__file__).parent / slug / 'payloads'
        bodies = [path.read_bytes() for path in folder.glob('*.json') if path.name != 'expected.json']
        stored = [len(field.get_prep_value(body) or b'') for body in bodies]
        sent = sum(map(len, bodies)) / len(bodies)
        rows.append([slug, str(len(bodies)), f'{sent:.0f}', f'{sum(stored) / len(stored):.0f}'])
    report.table(['bodies of the corpus', 'how many', 'bytes sent', 'bytes stored'], rows)


def _rotate(traffic: Traffic, report: Report, conversations: int) -> Iterator[tuple[str, list[float]]]:
    from django.test import override_settings

    from publik_socialmedia.app_settings import app_settings
    from publik_socialmedia.fields import rotate
    from publik_socialmedia.models import RawEvent

    field = RawEvent._meta.get_field('body')
    with override_settings(PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS=[NEW_KEY, *app_settings.ENCRYPTION_KEYS]):
        for what, batches in (
            ('first half of the keys', conversations // 200),
            ('the rest of the keys', None),
        ):
            begun = time.monotonic()
            first, changed = 0.0, 0
            for count in itertools.islice(rotate(RawEvent, field), batches):
                first = first or (time.monotonic() - begun if count else 0.0)
                changed += count
            took = time.monotonic() - begun
            report.write(
                f'* {what}: {changed:,} bodies in {took:.0f} s, the first one changed after {first:.1f} s'
            )
            yield what, traffic.since(begun)


def _purge(traffic: Traffic, report: Report, quick: bool) -> Iterator[tuple[str, list[float]]]:
    from django.core.management import call_command

    from publik_socialmedia.models import Account

    Account.objects.update(retention_months=1)
    for turn in (1, 2):
        begun, output = time.monotonic(), io.StringIO()
        call_command('socialmedia_purge', seconds=10 if quick else RUN, stdout=output)
        took = time.monotonic() - begun
        told = ', '.join(line for line in output.getvalue().splitlines() if not line.endswith(' 0'))
        report.write(f'* run {turn} of the purge: {took:.0f} s: {told}')
        yield f'run {turn} of the purge', traffic.since(begun)
    report.write(f'* memory of the process, at most: {memory(os.getpid())[1]:.0f} MiB')


def _megabytes(size: float) -> str:
    return f'{size / 1e6:.1f}'

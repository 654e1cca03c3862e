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

"""(g) Hundreds of tenants to which hardly anybody writes, served by one worker (R17, R20).

What it costs when nothing happens, how soon a message reaches w.c.s. whichever the tenant, and what becomes
of that when another tenant is flooded. The brick is that of ``tests/tenants``: a schema and a folder each.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import stock
from bench.databases import Databases
from bench.processes import StandIn, cpu_seconds, memory, postgres_seconds, wait_until, workers
from bench.report import Report

NAME = 'socialmedia_bench_tenants'
LIMIT = 600.0
SETTLING = 45.0  # seconds: each tenant has been looked at, each chore done once
COPIED = ('publik_socialmedia_endpoint', 'publik_socialmedia_account')


@dataclass(frozen=True)
class Plan:
    tenants: Sequence[int]
    idle: float  # seconds
    messages: int  # one after the other, each to a tenant drawn by chance
    flood: int  # messages that wait at one tenant


FULL = Plan(tenants=(1, 100, 300), idle=180, messages=100, flood=3000)
QUICK = Plan(tenants=(300,), idle=60, messages=40, flood=2000)


def measure(databases: Databases, standin: StandIn, report: Report, *, quick: bool) -> None:
    plan = QUICK if quick else FULL
    report.title('Tenants served by one worker')
    report.write(
        f'Each with one account, connected by webhook; idle for {plan.idle:.0f} s, then {plan.messages} '
        f'messages one after the other, each to a tenant drawn by chance, then as many while {plan.flood:,} '
        'wait at another one. w.c.s. answers in 45 ms.\n'
    )
    standin.order(latency=0.045)
    rows = [_row(databases, standin, plan, count) for count in plan.tenants]
    standin.order(latency=0)
    head = ['tenants', 'worker, idle (s of processor a minute)', 'PostgreSQL', 'memory (MiB)', 'connections']
    head += ['their memory (MiB)', 'to w.c.s. p50 (ms)', 'p95', 'beside a flood p50', 'p95']
    report.table(head, rows)


def _row(databases: Databases, standin: StandIn, plan: Plan, count: int) -> list[str]:
    from bench.__main__ import VAR

    with ExitStack() as stack:
        base = Path(stack.enter_context(_folder(VAR)))
        schemas = _make(databases, standin, base, count)
        env = {'DJANGO_SETTINGS_MODULE': 'tests.tenants.settings', 'TENANT_BASE': str(base)}
        (pid,) = stack.enter_context(workers(databases, NAME, processes=1, senders=2, env=env))
        stack.enter_context(stock.using(NAME))
        time.sleep(SETTLING)
        before, postgres, begun = cpu_seconds([pid]), postgres_seconds(databases.postmaster), time.monotonic()
        time.sleep(plan.idle)
        minutes = (time.monotonic() - begun) / 60
        cost = (cpu_seconds([pid]) - before) / minutes
        cost_postgres = (postgres_seconds(databases.postmaster) - postgres) / minutes
        held, (connections, theirs) = memory(pid)[0], _backends(databases)
        alone = [_latency(databases, random.choice(schemas)) for _ in range(plan.messages)]
        flooded, quiet = schemas[0], schemas[1:] or schemas
        _store(flooded, plan.flood)
        several = plan.messages if count > 1 else 0
        beside = [_latency(databases, random.choice(quiet)) for _ in range(several)]
    databases.drop(NAME)
    figures = [f'{cost:.1f}', f'{cost_postgres:.1f}', f'{held:.0f}', str(connections), f'{theirs:.0f}']
    return [str(count), *figures, *_spread(alone), *_spread(beside)]


def _folder(parent: Path) -> Any:
    import tempfile

    return tempfile.TemporaryDirectory(prefix='tenants-', dir=parent)


def _make(databases: Databases, standin: StandIn, base: Path, count: int) -> list[str]:
    """The tenants' folders, and their tables, copied from those of the template; gives the schemas."""
    from django.conf import settings

    known = {
        'SECRET_KEY': settings.SECRET_KEY,
        'PUBLIK_SOCIALMEDIA_ENABLED': True,
        'PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS': settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS,
        'PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS': [standin.url.split('/')[2]],
        'PUBLIK_SOCIALMEDIA_WCS': getattr(settings, 'PUBLIK_SOCIALMEDIA_WCS'),  # noqa: B009 - of the bench only
    }
    databases.fresh(NAME)
    schemas = []
    with databases.cursor(NAME) as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [row[0] for row in cursor.fetchall()]
        for number in range(count):
            domain = f'ville{number}.example.org'
            schemas.append(domain.replace('.', '_'))
            (base / domain).mkdir()
            (base / domain / 'settings.json').write_text(json.dumps(known))
            copies = [
                f'CREATE TABLE {schemas[-1]}.{table} (LIKE public.{table} INCLUDING ALL)' for table in tables
            ]
            copies += [f'INSERT INTO {schemas[-1]}.{table} SELECT * FROM public.{table}' for table in COPIED]
            cursor.execute('; '.join([f'CREATE SCHEMA {schemas[-1]}', *copies]))
        cursor.execute('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
        cursor.execute('ANALYZE')
    return schemas


def _store(schema: str, count: int) -> float:
    """That many messages come in, each of another person; gives when."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute('SELECT set_config(%s, %s, false)', ['search_path', schema])
    return stock.store([f'psid-{random.getrandbits(60)}' for _ in range(count)])


def _latency(databases: Databases, schema: str) -> float:
    """Seconds from the commit of a webhook to the answer of w.c.s."""
    table = f'{schema}.publik_socialmedia_delivery'
    before = databases.value(f'SELECT count(*) FROM {table}', NAME)
    begun = _store(schema, 1)
    done = f"SELECT count(*) > {before} FROM {table} WHERE state = 'done'"
    wait_until(_asked(databases, done), LIMIT, 'a message is not delivered', 0.01)
    ended = databases.value(f'SELECT extract(epoch FROM max(done_at)) FROM {table}', NAME)
    return float(ended) - begun


def _asked(databases: Databases, query: str) -> Callable[[], Any]:
    return lambda: databases.value(query, NAME)


def _backends(databases: Databases) -> tuple[int, float]:
    """The connections of the worker, and MiB of memory that they share with nobody."""
    with databases.cursor(NAME) as cursor:
        cursor.execute(
            'SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()'
        )
        pids = [row[0] for row in cursor.fetchall()]
    total = 0
    for pid in pids:
        try:
            lines = Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith('Private_'))
    return len(pids), total / 1024


def _spread(seconds: Sequence[float]) -> list[str]:
    if not seconds:
        return ['–', '–']
    ordered = sorted(seconds)
    found = (statistics.median(ordered), ordered[int(len(ordered) * 0.95)])
    return [f'{value * 1000:.0f}' for value in found]

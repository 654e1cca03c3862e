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

"""(d) A thousand accounts to which nobody writes, of all networks that are polled, by one worker (R17).

Twice: all due at the same instant, as after an outage, which shows what the worker can do; then due evenly
over the minutes, as in production, which shows what it costs. The emulators run in this process and answer
after a delay, as servers that are far away do; one account of each network stands for many.
"""

from __future__ import annotations

import contextlib
import importlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bench import stock
from bench.databases import Databases
from bench.processes import cpu_seconds, memory, postgres_seconds, wait_until, workers
from bench.report import Report

NAME = 'socialmedia_bench_idle'
LIMIT = 600.0
NO_LIMIT = 10**9
PUT_OFF = """UPDATE publik_socialmedia_account SET poll_due_at = now() + interval '1 hour'
              WHERE poll_due_at > now()"""
POLLED = 10  # times before, so that no overlap is left to read again


@dataclass(frozen=True)
class Plan:
    accounts: int
    delays: Sequence[float]  # seconds after which the networks answer
    minutes: int


FULL = Plan(accounts=1000, delays=(0, 0.2, 0.5), minutes=3)
QUICK = Plan(accounts=1000, delays=(0.2,), minutes=1)


@dataclass(frozen=True)
class Cost:
    """Seconds in all, of processor of the worker, of PostgreSQL and of the emulators; MiB of the worker."""

    seconds: float
    worker: float
    postgres: float
    emulators: float
    memory: tuple[float, float]


def measure(databases: Databases, report: Report, *, quick: bool) -> None:
    plan = QUICK if quick else FULL
    report.title('Polling accounts to which nobody writes')
    with contextlib.ExitStack() as stack:
        # one after the other: what each trusts replaces what the one before did
        desks = [_polled(stack.enter_context(desk)) for desk in _desks()]
        slugs = [desk.slug for desk in desks]
        report.write(
            f'{plan.accounts:,} accounts, as many of each network that is polled ({", ".join(slugs)}); one '
            'worker. The processors also carry PostgreSQL and the emulators.\n'
        )
        env = {'BENCH_API_URLS': ','.join(f'{desk.slug}={desk.account.api_url}' for desk in desks)}
        databases.fresh(NAME)
        with stock.using(NAME):
            _populate(desks, plan.accounts)
        for delay in plan.delays:
            for desk in desks:
                desk.server.faults.clear()
                desk.fail('slow', '.', times=NO_LIMIT, seconds=delay)
            report.write(f'Networks that answer after {delay * 1000:.0f} ms:\n')
            with workers(databases, NAME, processes=1, senders=2, env=env) as (pid,):
                rows = [_at_once(databases, desks, plan, pid), _evenly(databases, desks, plan, pid)]
            head = ['accounts due', 'polled', 'seconds', 'late by at most (s)', 'processor of the worker (s)']
            head += ['of PostgreSQL', 'of the emulators', 'memory (MiB)']
            report.table(head, rows)
        databases.drop(NAME)


def _desks() -> Iterator[contextlib.AbstractContextManager[Any]]:
    """Each network that is polled: its emulator, and an account that is connected to it."""
    from publik_socialmedia import networks

    for slug, network in networks.registry().items():
        if network.capabilities.polling:
            yield importlib.import_module(f'tests.networks.desks.{slug}').desk()


def _polled(desk: Any) -> Any:
    """The same desk, whose account has been polled already, so that nothing is new."""
    if hasattr(desk.server, 'rate'):
        desk.server.rate = NO_LIMIT  # it is of one account, here it would be shared by all
    for _ in range(POLLED):
        desk.cursor = desk.network.poll(desk.account, desk.cursor, desk.http).cursor
    return desk


def _populate(desks: Sequence[Any], count: int) -> None:
    from publik_socialmedia.models import Account

    rows = [
        Account(
            network=desk.slug,
            external_id=f'{desk.account.external_id}-{number}',
            facts=dict(desk.account.facts),
            credentials=dict(desk.account.credentials),
            cursor=dict(desk.cursor),
        )
        for number in range(count // len(desks) + 1)
        for desk in desks
    ]
    Account.objects.all().delete()
    Account.objects.bulk_create(rows[:count])


@contextlib.contextmanager
def _measured(databases: Databases, pid: int, costs: list[Cost]) -> Iterator[None]:
    def now() -> tuple[float, float, float, float]:
        return (
            time.monotonic(),
            cpu_seconds([pid]),
            postgres_seconds(databases.postmaster),
            time.process_time(),
        )

    before = now()
    yield
    seconds, worker, postgres, emulators = (after - start for after, start in zip(now(), before, strict=True))
    costs.append(Cost(seconds, worker, postgres, emulators, memory(pid)))


def _at_once(databases: Databases, desks: Sequence[Any], plan: Plan, pid: int) -> list[str]:
    """All due now: until each has been polled."""
    costs: list[Cost] = []
    _forget(desks)
    with _measured(databases, pid, costs):
        _order(databases, 'UPDATE publik_socialmedia_account SET poll_due_at = now()')
        wait_until(lambda: not _left(databases), LIMIT, 'the accounts are not polled')
    return _row('at the same instant', _polls(desks), costs[0], costs[0].seconds)


def _evenly(databases: Databases, desks: Sequence[Any], plan: Plan, pid: int) -> list[str]:
    """Due one after the other, all within each minute, whatever the interval of their network."""
    costs: list[Cost] = []
    polls, late = 0, 0.0
    with _measured(databases, pid, costs):
        for _minute in range(plan.minutes):
            _order(
                databases,
                """UPDATE publik_socialmedia_account AS account
                      SET poll_due_at = now() + rank * interval '60 s'
                     FROM (SELECT id, (row_number() OVER (ORDER BY random()) - 1) / %s::float AS rank
                             FROM publik_socialmedia_account) AS ranks
                    WHERE ranks.id = account.id""",
                plan.accounts,
            )
            _forget(desks)
            end = time.monotonic() + 60
            while time.monotonic() < end:
                late = max(late, _late(databases))
                time.sleep(0.25)
            _order(databases, PUT_OFF)  # those polled first are due again already
            wait_until(lambda: not _left(databases), LIMIT, 'the accounts are not polled')
            polls += _polls(desks)
    return _row(f'evenly over {plan.minutes} min', polls, costs[0], late)


def _forget(desks: Sequence[Any]) -> None:
    for desk in desks:
        desk.server.calls.clear()


def _polls(desks: Sequence[Any]) -> int:
    return sum(len(desk.server.calls) for desk in desks)


def _order(databases: Databases, query: str, *values: Any) -> None:
    with databases.cursor(NAME) as cursor:
        cursor.execute(query, values or None)


def _left(databases: Databases) -> Any:
    """Whether an account is due or is being polled."""
    return databases.value(
        """SELECT EXISTS (SELECT 1 FROM publik_socialmedia_account
                           WHERE poll_due_at <= now() OR poll_lease_until IS NOT NULL)""",
        NAME,
    )


def _late(databases: Databases) -> float:
    """Seconds by which the account that has been due for longest is late; those being polled are not."""
    found = databases.value(
        """SELECT extract(epoch FROM max(now() - poll_due_at)) FROM publik_socialmedia_account
            WHERE poll_due_at <= now() AND poll_lease_until IS NULL""",
        NAME,
    )
    return float(found or 0)


def _row(label: str, polls: int, cost: Cost, late: float) -> list[str]:
    times = [cost.seconds, late, cost.worker, cost.postgres, cost.emulators]
    return [
        label,
        f'{polls:,}',
        *(f'{value:.1f}' for value in times),
        '{:.0f} (most {:.0f})'.format(*cost.memory),
    ]

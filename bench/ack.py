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

"""(a) Acknowledging a webhook, beside a view that checks the HMAC and inserts one row.

Same brick, same server, same database, same client; rounds of both in turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench import bodies
from bench.databases import Databases
from bench.load import Address, Result, closed_loop, open_loop
from bench.processes import brick, workers
from bench.report import Report, milliseconds, percentile, spread

BRICK_WORKERS = 2
RATE = 50  # requests a second of the open loop
NAME = 'socialmedia_bench_ack'


@dataclass(frozen=True)
class Plan:
    """How long it takes; ``seconds`` of each slice."""

    rounds: int
    seconds: float
    open_seconds: float
    concurrencies: Sequence[int]
    batch: int = 1000


FULL = Plan(rounds=5, seconds=3, open_seconds=30, concurrencies=(1, 4, 16))
QUICK = Plan(rounds=3, seconds=1, open_seconds=8, concurrencies=(4,))


def measure(databases: Databases, path: str, report: Report, *, quick: bool) -> None:
    plan = QUICK if quick else FULL
    report.title('Acknowledging a webhook')
    report.write(
        f'gunicorn, {BRICK_WORKERS} synchronous workers, a connection per request. Bare view: HMAC, one '
        'insertion, not encrypted. Ratio: requests per second over those of the bare view, round by round; '
        'median and extremes.\n'
    )
    small = [bodies.message_body(f'psid-{number}') for number in range(200)]
    large = [bodies.batch_body(plan.batch) for _ in range(10)]
    kinds = {'1 message': small, f'{plan.batch:,} messages': large}
    url = databases.fresh(NAME)
    for keep in (60,) if quick else (60, 0):
        with brick(url, workers=BRICK_WORKERS, keep=keep) as address:
            for made in (small, large):
                warm_up(address, path, made)
            report.write(f'Connections to the database {"kept" if keep else "made for each request"}:\n')
            _closed(databases, address, path, kinds, plan, report)
            if keep:
                _open(databases, address, path, kinds, plan, report)
    databases.drop(NAME)


def warm_up(address: Address, path: str, made: Sequence[bytes]) -> None:
    for target in (path, '/bare/'):
        found = closed_loop(address, [bodies.http_request(target, body) for body in made], 4, 1)
        if found.failures or not found.latencies:
            raise RuntimeError(f'{target} refuses the webhooks')


def _closed(
    databases: Databases,
    address: Address,
    path: str,
    kinds: dict[str, list[bytes]],
    plan: Plan,
    report: Report,
) -> None:
    rows = []
    for label, made in kinds.items():
        requests = {
            target: [bodies.http_request(target, body) for body in made] for target in (path, '/bare/')
        }
        for concurrency in plan.concurrencies:
            ours, bare = Result(), Result()
            ratios = []
            for number in range(plan.rounds):
                order = [path, '/bare/'] if number % 2 else ['/bare/', path]
                slices = {}
                for target in order:
                    _empty(databases)
                    slices[target] = closed_loop(address, requests[target], concurrency, plan.seconds)
                ours.add(slices[path])
                bare.add(slices['/bare/'])
                ratios.append(slices[path].rate / slices['/bare/'].rate)
            rows.append([label, str(concurrency), *_compared(ours, bare), spread(ratios)])
            report.say(f'  {" · ".join(rows[-1])}')
    head = ['body', 'clients', 'ours/s', 'bare/s', 'ours p50/p95/p99 ms', 'bare p50/p95/p99 ms', 'ratio']
    report.table(head, rows)


def _open(
    databases: Databases,
    address: Address,
    path: str,
    kinds: dict[str, list[bytes]],
    plan: Plan,
    report: Report,
) -> None:
    report.write(f'{RATE} requests per second, at random, latency from the moment they should have left:\n')
    rows = []
    for label, made in kinds.items():
        requests = {
            target: [bodies.http_request(target, body) for body in made] for target in (path, '/bare/')
        }
        for who, target in (('bare', '/bare/'), ('ours', path)):
            _empty(databases)
            rows.append(
                [label, who, *_latencies(open_loop(address, requests[target], RATE, plan.open_seconds))]
            )
            report.say(f'  {" · ".join(rows[-1])}')
        with workers(databases, NAME, processes=1, senders=2):
            _empty(databases)
            found = open_loop(address, requests[path], RATE, plan.open_seconds)
        rows.append([label, 'ours, a worker reading and delivering meanwhile', *_latencies(found)])
        report.say(f'  {" · ".join(rows[-1])}')
    report.table(['body', 'view', 'answered', 'refused', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms'], rows)


def _empty(databases: Databases) -> None:
    """Each slice begins with empty tables."""
    with databases.cursor(NAME) as cursor:
        cursor.execute('TRUNCATE bench_bareevent, publik_socialmedia_rawevent CASCADE')


def _compared(ours: Result, bare: Result) -> Iterable[str]:
    yield f'{ours.rate:.0f}'
    yield f'{bare.rate:.0f}'
    for result in (ours, bare):
        yield '/'.join(milliseconds(percentile(result.latencies, rank)) for rank in (50, 95, 99))


def _latencies(result: Result) -> list[str]:
    shown = [milliseconds(percentile(result.latencies, rank)) for rank in (50, 95, 99, 100)]
    return [str(len(result.latencies)), str(result.failures), *shown]

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

"""(c) The same drain with many conversations already stored: the cost of a message must not grow.

First messages open demands; the second messages of the same persons join them.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from bench import stock
from bench.databases import Databases
from bench.population import populate
from bench.processes import StandIn
from bench.report import Report, median, milliseconds, spread
from bench.stock import Drained

SENDERS = 2
KINDS = ('first messages', 'following messages')


@dataclass(frozen=True)
class Plan:
    rounds: int
    count: int
    sizes: Sequence[int]


FULL = Plan(rounds=5, count=400, sizes=(0, 10_000, 100_000))
QUICK = Plan(rounds=2, count=100, sizes=(0, 10_000))


def measure(databases: Databases, standin: StandIn, report: Report, *, quick: bool) -> None:
    plan = QUICK if quick else FULL
    report.title('With conversations already stored')
    report.write(
        f'One worker, {SENDERS} senders, stand-in without service time; {plan.count} messages at a time. '
        'Ratio: time per message over that of the empty database, round by round; median and extremes.\n'
    )
    standin.order(latency=0)
    for size in plan.sizes:
        begun = time.monotonic()
        name = name_of(size)
        databases.fresh(name)
        populate(databases, name, size)
        megabytes = databases.value('SELECT pg_database_size(current_database())', name) / 1e6
        report.write(
            f'* {size:,} conversations: {megabytes:.0f} MB, made in {time.monotonic() - begun:.0f} s'
        )
    report.write()
    found: dict[tuple[int, str], list[Drained]] = {(s, k): [] for s in plan.sizes for k in KINDS}
    for number in range(plan.rounds):
        for size in plan.sizes if number % 2 else reversed(plan.sizes):
            if size == 0:
                databases.fresh(name_of(0))
                populate(databases, name_of(0), 0)
            for kind, drained in zip(KINDS, _both(databases, size, plan.count), strict=True):
                found[size, kind].append(drained)
                each = milliseconds(drained.seconds / drained.count)
                report.say(f'  round {number + 1}, {size:,} conversations, {kind}: {each} ms each')
    _show(report, plan, found)
    for size in plan.sizes:
        databases.drop(name_of(size))


def name_of(size: int) -> str:
    return f'socialmedia_bench_{size}'


def _both(databases: Databases, size: int, count: int) -> list[Drained]:
    run = uuid.uuid4().hex[:8]
    persons = [f'psid-{run}-{number}' for number in range(count)]
    name = name_of(size)
    return [stock.drain(databases, name, persons, processes=1, senders=SENDERS) for _kind in KINDS]


def _show(report: Report, plan: Plan, found: dict[tuple[int, str], list[Drained]]) -> None:
    rows = []
    for kind in KINDS:
        reference = found[plan.sizes[0], kind]
        for size in plan.sizes:
            drained = found[size, kind]
            pairs = list(zip(drained, reference, strict=True))
            rows.append(
                [
                    kind,
                    f'{size:,}',
                    milliseconds(median([one.seconds / one.count for one in drained])),
                    milliseconds(median([one.cpu_each for one in drained])),
                    spread([(one.seconds / one.count) / (ref.seconds / ref.count) for one, ref in pairs]),
                    spread([one.cpu_each / ref.cpu_each for one, ref in pairs]),
                ]
            )
    head = ['what', 'conversations', 'ms/message', 'processor ms/message', 'ratio', 'ratio of processor']
    report.table(head, rows)

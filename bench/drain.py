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

"""(b) Bringing stored messages to w.c.s., beside a bare loop of signed submissions.

The loop has its bodies ready and remembers nothing. Ours reads raw events, records them, and can be killed
at any moment. Same stand-in, same concurrency, rounds of all in turn.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import stock
from bench.databases import Databases
from bench.processes import ROOT, StandIn
from bench.report import Report, median, milliseconds, spread

NAME = 'socialmedia_bench_drain'


@dataclass(frozen=True)
class Plan:
    rounds: int
    count: int
    latencies: Sequence[float]  # seconds that a submission takes in the stand-in
    concurrencies: Sequence[int]


FULL = Plan(rounds=3, count=1000, latencies=(0.045, 0), concurrencies=(1, 2, 4))
QUICK = Plan(rounds=2, count=150, latencies=(0.045,), concurrencies=(1, 4))


@dataclass
class Line:
    """The rounds of one way of doing."""

    label: str
    processes: int
    senders: int
    rates: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def measure(
    databases: Databases,
    standin: StandIn,
    report: Report,
    *,
    quick: bool,
    real: Mapping[str, str] | None = None,
) -> None:
    plan = QUICK if quick else FULL
    report.title('Draining stored messages into w.c.s.')
    report.write(
        f'{plan.count:,} messages of as many persons, stored as raw events; from their commit to the last '
        'delivery. Ratio: messages per second over those of the bare loop with as many threads, round by '
        'round; median and extremes.\n'
    )
    sample = databases.folder / 'sample.json'
    sample.write_text(json.dumps(stock.sample_submission(databases, NAME)))
    for latency in plan.latencies:
        standin.order(latency=latency)
        report.write(f'Stand-in with a service time of {latency * 1000:.0f} ms:\n')
        _compare(databases, plan, report, sample, plan.concurrencies)
    if real:
        form = real['WCS_FORM'] or 'message-reseau-social'
        former = dict(os.environ)
        os.environ |= {key: value for key, value in real.items() if value}
        try:
            report.write('The real w.c.s. of `WCS_URL`:\n')
            _compare(databases, Plan(2, 100, (), (2,)), report, sample, (2,), form)
        finally:
            os.environ |= {key: former[key] for key in ('WCS_URL', 'WCS_ORIG', 'WCS_SECRET')}


def _compare(
    databases: Databases,
    plan: Plan,
    report: Report,
    sample: Path,
    concurrencies: Sequence[int],
    form: str = 'message-reseau-social',
) -> None:
    rows = []
    for concurrency in concurrencies:
        lines = [Line('1 worker', 1, concurrency)]
        if concurrency > 1:
            lines.append(Line(f'{concurrency} workers', concurrency, 1))
        bare = Line('bare loop', 1, concurrency)
        for number in range(plan.rounds):
            _bare(bare, sample, form, plan.count)
            for line in lines if number % 2 else reversed(lines):
                _round(databases, plan, line, form, bare.rates[-1])
        cpu = milliseconds(median(bare.cpu))
        rows.append([str(concurrency), bare.label, f'{median(bare.rates):.1f}', cpu, ''])
        rows += [_row(concurrency, line) for line in lines]
        for row in rows[-len(lines) - 1 :]:
            report.say(f'  {" · ".join(row)}')
    report.table(['at once', 'by', 'messages/s', 'processor ms/message', 'ratio'], rows)


def _round(databases: Databases, plan: Plan, line: Line, form: str, bare: float) -> None:
    databases.fresh(NAME)
    with databases.cursor(NAME) as cursor:
        cursor.execute('UPDATE publik_socialmedia_account SET form = %s', [form])
    run = uuid.uuid4().hex[:8]
    persons = [f'psid-{run}-{number}' for number in range(plan.count)]
    drained = stock.drain(databases, NAME, persons, processes=line.processes, senders=line.senders)
    databases.drop(NAME)
    line.rates.append(drained.rate)
    line.ratios.append(drained.rate / bare)
    line.cpu.append(drained.cpu_each)


def _row(concurrency: int, line: Line) -> list[str]:
    senders = f'{line.senders} sender{"s" if line.senders > 1 else ""}'
    label = f'{line.label}, {senders}{" each" if line.processes > 1 else ""}'
    cpu = milliseconds(median(line.cpu))
    return [str(concurrency), label, f'{median(line.rates):.1f}', cpu, spread(line.ratios)]


def _bare(line: Line, sample: Path, form: str, count: int) -> None:
    command = [sys.executable, '-m', 'bench.submits', '--threads', str(line.senders), '--count', str(count)]
    command += ['--form', form, '--sample', str(sample)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        raise RuntimeError(f'the bare loop failed: {found.stderr[-500:]}')
    seconds, cpu = map(float, found.stdout.split())
    line.rates.append(count / seconds)
    line.cpu.append(cpu / count)

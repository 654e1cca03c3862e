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

"""``python -m bench [ack] [answers] [drain] [growth] [idle] [pages] [tenants] [upgrade] [upkeep] [--quick]``

Prints the costs, ratios measured in one run, round after round, and asserts nothing: the figures are those
of this machine at this moment. They are also written to ``bench/var/``. ``WCS_URL``, ``WCS_ORIG``,
``WCS_SECRET`` and ``WCS_FORM`` add a real w.c.s. to ``drain``; it keeps the demands that are made.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from bench.databases import TEMPLATE, Databases, fill_template
from bench.processes import StandIn
from bench.report import Report, milliseconds

VAR = Path(__file__).resolve().parent / 'var'
PARTS = ('ack', 'answers', 'drain', 'growth', 'idle', 'pages', 'tenants', 'upgrade', 'upkeep')


def main() -> int:
    parser = argparse.ArgumentParser(prog='python -m bench', description=__doc__)
    parser.add_argument('parts', nargs='*', metavar='|'.join(PARTS), help='default: all')
    parser.add_argument('--quick', action='store_true', help='short slices: a look, not a measure')
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f'unknown: {", ".join(sorted(unknown))}')
    signal.signal(signal.SIGTERM, _interrupted)
    VAR.mkdir(exist_ok=True)
    # beside the repository, not in the folder of temporary files: that one may be in memory
    folder = Path(tempfile.mkdtemp(prefix='run-', dir=VAR))
    try:
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            _run(stack, folder, options.parts or list(PARTS), options.quick)
    except KeyboardInterrupt:
        print('\nStopped.')
        return 130
    return 0


def _run(stack: ExitStack, folder: Path, parts: list[str], quick: bool) -> None:
    now = datetime.now(UTC)
    name = '-'.join([now.strftime('%Y%m%dT%H%M%SZ'), *parts, *(['quick'] if quick else [])])
    report = Report(VAR / f'{name}.md')
    databases = Databases(folder)
    databases.start(stack)
    report.write(f'# Measures of {now:%Y-%m-%d %H:%M} UTC{" (quick)" if quick else ""}\n')
    from demo.wcs_standin import ORIG, SECRET

    standin = StandIn(stack)
    real = {key: os.environ.get(key, '') for key in ('WCS_URL', 'WCS_ORIG', 'WCS_SECRET', 'WCS_FORM')}
    os.environ |= {
        'DJANGO_SETTINGS_MODULE': 'bench.settings',
        'DATABASE_URL': databases.url_of(TEMPLATE),
        'BENCH_FOLDER': str(folder),
        'WCS_URL': standin.url,
        'WCS_ORIG': ORIG,
        'WCS_SECRET': SECRET,
    }
    import django

    django.setup()
    path = fill_template('message-reseau-social')
    _describe(databases, report)
    if 'ack' in parts:
        from bench import ack

        ack.measure(databases, path, report, quick=quick)
    if 'drain' in parts:
        from bench import drain

        drain.measure(databases, standin, report, quick=quick, real=real if real['WCS_URL'] else None)
    if 'answers' in parts:
        from bench import answers

        answers.measure(databases, standin, report, quick=quick)
    if 'growth' in parts:
        from bench import growth

        growth.measure(databases, standin, report, quick=quick)
    if 'idle' in parts:
        from bench import idle

        idle.measure(databases, report, quick=quick)
    if 'tenants' in parts:
        from bench import tenants

        tenants.measure(databases, standin, report, quick=quick)
    if 'upgrade' in parts:
        from bench import upgrade

        upgrade.measure(databases, report, quick=quick)
    if 'upkeep' in parts:
        from bench import upkeep

        upkeep.measure(databases, report, quick=quick)
    if 'pages' in parts:
        from bench import pages

        pages.measure(databases, report, quick=quick)
    report.say(f'Written to {report.path.relative_to(VAR.parent.parent)}')


def _describe(databases: Databases, report: Report) -> None:
    import django

    load = ' '.join(f'{value:.1f}' for value in os.getloadavg())
    report.write(
        f'{os.cpu_count()} processors, load {load}; Python {platform.python_version()}, Django '
        f'{django.__version__}. PostgreSQL ({"private" if databases.private else "given"}): '
        f'{databases.settings()}. A transaction of one insertion takes '
        f'{milliseconds(databases.commit_cost())} ms.'
    )


def _interrupted(*_args: object) -> None:
    raise KeyboardInterrupt


if __name__ == '__main__':
    sys.exit(main())

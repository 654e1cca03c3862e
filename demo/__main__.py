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

"""The demonstration: everything on this machine, from a citizen's message to a demand.

``python -m demo`` starts a private PostgreSQL, a brick with the plugin, a stand-in of w.c.s. (or uses a real
one: ``WCS_URL``, ``WCS_ORIG``, ``WCS_SECRET``, ``WCS_FORM``), an emulator of the Graph API and
``mastodon_mock``; has citizens write; lets the worker run; counts in w.c.s.; and stays up. ``--once``: stops
after the count, with a status of 0 if nothing is lost or doubled.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from demo.postgres import PrivatePostgres

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 120.0  # seconds for everything to arrive


def main() -> int:
    parser = argparse.ArgumentParser(prog='python -m demo', description=__doc__)
    parser.add_argument('--once', action='store_true', help='count, then stop')
    parser.add_argument('--port', type=int, default=8800, help='port of the brick (w.c.s.: +1, Graph: +2)')
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupted)
    folder = Path(tempfile.mkdtemp(prefix='socialmedia-demo-'))
    try:
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            if 'DATABASE_URL' not in os.environ:
                _say('PostgreSQL…')
                os.environ['DATABASE_URL'] = stack.enter_context(PrivatePostgres(folder / 'postgres'))
            return _run(stack, folder, options.once, 0 if options.once else options.port)
    except KeyboardInterrupt:
        _say('\nArrêt.')
        return 130


def _run(stack: ExitStack, folder: Path, once: bool, port: int) -> int:
    # only now: Django's settings read the environment
    from demo.stage import Stage

    stage = Stage(folder, port, _say)
    stack.enter_context(stage)
    stage.play()
    count = stage.wait_for_all(LIMIT)
    stage.show(count)
    print(count.summary(), flush=True)
    if once:
        return 0 if count.complete else 1
    stage.show_addresses()
    stage.watch(count)
    return 0


def _say(text: str) -> None:
    print(text, flush=True)


def _interrupted(*_args: object) -> None:
    raise KeyboardInterrupt


if __name__ == '__main__':
    sys.exit(main())

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

"""``python -m demo.wcs_standin --port 8881``: the stand-in in its own process."""

from __future__ import annotations

import argparse
import signal
import threading

from django.conf import settings


def main() -> None:
    parser = argparse.ArgumentParser(prog='demo.wcs_standin', description='A stand-in of w.c.s., in memory.')
    parser.add_argument('--port', type=int, default=8881)
    parser.add_argument('--latency', type=float, default=0.045, help='seconds that a call takes')
    parser.add_argument('--workers', type=int, default=0, help='calls run at once, 0: no limit')
    parser.add_argument('--orig', default='')
    parser.add_argument('--secret', default='')
    parser.add_argument('--lock-age', type=float, default=3600, help='seconds that the lock of a crash lasts')
    parser.add_argument('--fault', action='append', default=[], metavar='NAME=RATE')
    parser.add_argument('--seed', type=int, default=0)
    options = parser.parse_args()
    if not settings.configured:
        settings.configure(USE_I18N=False, USE_TZ=True)

    from demo.wcs_standin import ORIG, SECRET, Faults, StandIn

    rates = {name: float(rate) for name, _, rate in (fault.partition('=') for fault in options.fault)}
    standin = StandIn(
        options.port,
        orig=options.orig or ORIG,
        secret=options.secret or SECRET,
        latency=options.latency,
        workers=options.workers,
        lock_age=options.lock_age,
        faults=Faults(rates, seed=options.seed),
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with standin:
        print(f'{standin.url} (orig {standin.orig}, formulaire {standin.form})', flush=True)
        stop.wait()


if __name__ == '__main__':
    main()

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

"""Read what came in, poll, deliver: once (cron line) or for ever (systemd unit)."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.utils import Error
from django.utils.translation import gettext as _

from publik_socialmedia import tenants
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.delivery import service, worker
from publik_socialmedia.locks import alone


class Command(BaseCommand):
    help = (
        'Deliver the messages of social networks to w.c.s., and answers to the networks. Outside of the '
        'tenants of a brick: of all of them, in turn. Exit status: 0, or 1 if a site could not be served.'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument('--once', action='store_true', help='do what is due now, then stop')
        parser.add_argument(
            '--seconds',
            type=float,
            default=50,
            help='with --once: begin nothing after that time, the next run does it (default: 50)',
        )
        parser.add_argument(
            '--senders',
            type=int,
            default=2,
            help='conversations delivered at the same time, of one site (default: 2)',
        )
        parser.add_argument(
            '--senders-in-all',
            type=int,
            default=service.SENDERS,
            help='the same, of all the tenants of a brick (default: %(default)s)',
        )

    def handle(self, *, once: bool, senders: int, **options: Any) -> None:
        if not tenants.outside() and not app_settings.ENABLED:
            self.stdout.write(_('The channel is not enabled on this site: nothing to do.'))
            return
        if once:
            self._once(options['seconds'], options['verbosity'])
            return
        running = service.Worker(max(senders, 1), options['senders_in_all'])
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_args: running.stop())
        running.run()

    def _once(self, seconds: float, verbosity: int) -> None:
        try:
            with alone('once') as ours:
                if not ours:  # the cron line of the minute before
                    self.stdout.write(_('already running'))
                    return
                done = worker.run_round(tenants.every(), seconds)
        except Error as error:
            raise CommandError(_('the database is away: %s') % type(error).__name__) from None
        for name, where in done.failed.items():
            self.stderr.write(f'{name}: {where}' if name else where)
        if verbosity > 1:
            self.stdout.write(_('%s steps done') % done.steps)
            if done.cut:
                self.stdout.write(_('the time is over, the next run goes on'))
        if done.failed:
            raise CommandError(_('%s sites could not be served') % len(done.failed))

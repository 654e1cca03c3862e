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

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.delivery import worker


class Command(BaseCommand):
    help = 'Deliver the messages of social networks to w.c.s., and answers to the networks.'

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument('--once', action='store_true', help='do what is due now, then stop')
        parser.add_argument(
            '--senders', type=int, default=2, help='conversations delivered at the same time (default: 2)'
        )

    def handle(self, *, once: bool, senders: int, **options: Any) -> None:
        if not app_settings.ENABLED:
            self.stdout.write(_('The channel is not enabled on this site: nothing to do.'))
            return
        if once:
            steps = worker.run_once()
            if options['verbosity'] > 1:
                self.stdout.write(_('%s steps done') % steps)
            return
        running = worker.Worker(senders=max(senders, 1))
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_args: running.stop())
        running.run()

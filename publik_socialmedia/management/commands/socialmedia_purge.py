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


"""Erase what was kept long enough. To be run every day, or every hour."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.utils import InterfaceError, OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _

from publik_socialmedia import errors
from publik_socialmedia.locks import alone
from publik_socialmedia.management.site_command import SiteCommand
from publik_socialmedia.models import Journal
from publik_socialmedia.privacy.purging import STEPS

LONGEST = 1800  # seconds of a run: hundreds of sites are purged one after the other in a night
SLICE = 60  # seconds of a step before the next one has its turn

logger = logging.getLogger(__name__)


class Command(SiteCommand):
    help = (
        'Erase what was kept as long as the settings say, and end the erasures that were interrupted. '
        'What a run has no time for is left to the next one. Exit status: 0, or 1 if a step failed.'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument('--dry-run', action='store_true', help='count only')
        parser.add_argument('--seconds', type=float, default=LONGEST, help='default: %(default)s')
        parser.add_argument('--only', nargs='+', choices=list(STEPS), metavar='STEP', help=', '.join(STEPS))

    def handle(self, *, dry_run: bool, seconds: float, only: list[str] | None, **options: Any) -> None:
        names = [name for name in STEPS if not only or name in only]
        with alone('purge') as ours:
            if not ours:
                self.stdout.write(_('already running'))
                return
            counts = self._run(names, dry_run, time.monotonic() + seconds)
        for name, count in counts.items():
            if count is not None:
                self.stdout.write(f'{STEPS[name][0]}: {count}')
        done = {name: count for name, count in counts.items() if count}
        if done and not dry_run:
            Journal.objects.create(action='purge', details={'counts': done})
        if None in counts.values():
            raise CommandError(_('a step failed'), returncode=1)

    def _run(self, names: list[str], dry: bool, end: float) -> dict[str, int | None]:
        """Rows of each step, None if it failed: the others are done all the same. A long one has slices of
        time, so that it starves none of those that come after it."""
        now = timezone.now()
        counts: dict[str, int | None] = dict.fromkeys(names, 0)
        begun: dict[str, Iterator[int]] = {}
        waiting = deque(names)
        while waiting and time.monotonic() < end:
            name = waiting.popleft()
            try:
                if name not in begun:
                    begun[name] = STEPS[name][1](now, dry)
                count, is_over = _advance(begun[name], min(end, time.monotonic() + SLICE))
            except (OperationalError, InterfaceError):
                raise
            except Exception as error:
                logger.error('purge of %s: %s', name, errors.where(error))
                self.stderr.write(f'{STEPS[name][0]}: {type(error).__name__}')
                counts[name] = None
                continue
            counts[name] = (counts[name] or 0) + count
            if not is_over:
                waiting.append(name)
        return counts


def _advance(step: Iterator[int], end: float) -> tuple[int, bool]:
    """Rows that a step erased until that time, and whether it has no more; each count is committed."""
    total = 0
    for count in step:
        total += count
        if time.monotonic() > end:
            return total, False
    return total, True

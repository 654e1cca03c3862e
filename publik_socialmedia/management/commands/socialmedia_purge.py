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

logger = logging.getLogger(__name__)


class Command(SiteCommand):
    help = (
        'Erase what was kept as long as the settings say, and end the erasures that were interrupted. '
        'Exit status: 0, or 1 if a step failed.'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument('--dry-run', action='store_true', help='count only')
        parser.add_argument('--only', nargs='+', choices=list(STEPS), metavar='STEP', help=', '.join(STEPS))

    def handle(self, *, dry_run: bool, only: list[str] | None, **options: Any) -> None:
        with alone('purge') as ours:
            if not ours:
                self.stdout.write(_('already running'))
                return
            counts = {name: self._run(name, dry_run) for name in STEPS if not only or name in only}
        done = {name: count for name, count in counts.items() if count}
        if done and not dry_run:
            Journal.objects.create(action='purge', details={'counts': done})
        if None in counts.values():
            raise CommandError(_('a step failed'), returncode=1)

    def _run(self, name: str, dry: bool) -> int | None:
        """Rows of a step, None if it failed: the others are done all the same."""
        label, step = STEPS[name]
        total = 0
        try:
            for count in step(timezone.now(), dry):
                total += count
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            logger.error('purge of %s: %s', name, errors.where(error))
            self.stderr.write(f'{label}: {type(error).__name__}')
            return None
        self.stdout.write(f'{label}: {total}')
        return total

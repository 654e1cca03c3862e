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

"""Warn the managers of accounts by e-mail; a cron line."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from publik_socialmedia import health
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.management.site_command import SiteCommand
from publik_socialmedia.monitoring import alerts, posting, telling


class Command(SiteCommand):
    help = (
        'Warn by e-mail of what is new and of what is over: each thing once. Every five minutes; with '
        '--digest --check, every morning. Exit status: 0, 1 if a mail could not leave or nobody is to get it.'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            '--digest', action='store_true', help='remind of all that is still wrong; nothing if all is well'
        )
        parser.add_argument(
            '--check', action='store_true', help='ask the networks and w.c.s. first, as socialmedia_check'
        )
        parser.add_argument('--dry-run', action='store_true', help='show what is wrong, send nothing')

    def handle(self, **options: Any) -> None:
        if not app_settings.ENABLED:
            return
        if options['check']:
            for account in list(alerts.watched()):
                health.examine(account, asked=False)
        if options['dry_run']:
            for alert in alerts.standing():
                self.stdout.write(f'{alert.key}: {alert.owner} {alert.said}')
            return
        told = telling.Told()
        if options['digest']:
            telling.digest()
        else:
            told = telling.tell()
        posted = posting.post(at_once=True)
        if posted.sent:
            counts = {'mails': posted.sent, 'begun': len(told.begun), 'ended': len(told.ended)}
            self.stdout.write(_('mails: %(mails)s; new alerts: %(begun)s; over: %(ended)s') % counts)
        if told.orphans:
            self.stderr.write(
                _('Nobody is to get the alerts: see the setting PUBLIK_SOCIALMEDIA_ALERT_RECIPIENTS.')
            )
        if posted.lost or told.orphans:
            raise CommandError(_('not everybody was told'))

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


"""What is held on one person: shown, exported, erased (R51)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from publik_socialmedia.management.site_command import SiteCommand
from publik_socialmedia.models import Contact, Journal
from publik_socialmedia.privacy import erasures, exporting, finding


class Command(SiteCommand):
    everywhere = False
    help = (
        'Show, export or erase all that is held on a person, found by an identifier, on all accounts of a '
        'network. Exit status: 0, or 1 if nobody is found or the erasure is not ended yet '
        '(socialmedia_purge ends it).'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument('action', choices=['show', 'export', 'erase'])
        parser.add_argument('identifier', help='« - »: read from the standard input, seen by nobody else')
        parser.add_argument('--network', default='', help='needed if several networks know the identifier')
        parser.add_argument('--output', type=Path, help='of an export: the ZIP file, which must not exist')
        parser.add_argument('--seconds', type=float, default=60, help='how long an erasure may take at once')

    def handle(self, *, action: str, identifier: str, network: str, **options: Any) -> None:
        if identifier == '-':
            identifier = input()
        found = list(finding.same_persons(finding.contacts(identifier, network)))
        if not found:
            raise CommandError(_('nobody is known by this identifier'))
        networks = sorted({contact.account.network for contact in found})
        if len(networks) > 1 and action != 'show':
            raise CommandError(_('several networks know it, choose one: %s') % ', '.join(networks))
        if action == 'show':
            self._show(found)
        elif action == 'export':
            self._export(found, options['output'])
        else:
            self._erase(found, options['seconds'])

    def _show(self, found: list[Contact]) -> None:
        for contact in found:
            counts = erasures.held([contact])
            facts = ', '.join(f'{name} {count}' for name, count in counts.items() if name != 'persons')
            self.stdout.write(f'{contact.account.network} {contact.account}: {facts}')

    def _export(self, found: list[Contact], output: Path | None) -> None:
        if output is None:
            raise CommandError(_('an export needs --output'))
        try:
            # for us only, whatever the umask
            descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f'{output}: {error.strerror}') from None
        with os.fdopen(descriptor, 'wb') as file:
            exporting.write(found, file)
        Journal.objects.create(action='export-person', details={'contacts': [c.pk for c in found]})
        self.stdout.write(str(output))

    def _erase(self, found: list[Contact], seconds: float) -> None:
        erasure = erasures.ask(found)
        ended = erasures.run(erasure, seconds=seconds)
        self.stdout.write(erasure.reference)
        for name, count in sorted(erasure.counts.items()):
            self.stdout.write(f'{name}: {count}')
        for demand in erasure.demands:
            if not demand['gone']:
                self.stdout.write(_('to be anonymised in w.c.s.: %s') % (demand['url'] or demand['name']))
        if not ended:
            raise CommandError(_('not ended yet: socialmedia_purge will go on'))

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

"""Write the bundle that w.c.s. imports, for those who import it by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from publik_socialmedia.wcs import bundle, installation


class Command(BaseCommand):
    help = 'Write the form and the workflow for w.c.s. (tar), to be imported as an application.'

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument('file', nargs='?', default=f'{bundle.SLUG}.tar', help='default: %(default)s')
        parser.add_argument('--role', default='', help='slug of the role that receives the demands')

    def handle(self, *, file: str, role: str, **options: Any) -> None:
        try:
            Path(file).write_bytes(bundle.build(installation.version(), role))
        except OSError as error:
            raise CommandError(f'{file}: {error.strerror}') from error
        self.stdout.write(
            _('%(file)s written, version %(version)s') % {'file': file, 'version': installation.version()}
        )

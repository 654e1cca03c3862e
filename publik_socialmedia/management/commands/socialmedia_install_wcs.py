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

"""Install the form and the workflow in w.c.s., or upgrade them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from publik_socialmedia.errors import ConfigurationError
from publik_socialmedia.management.site_command import SiteCommand
from publik_socialmedia.reasons import sentence
from publik_socialmedia.wcs import installation
from publik_socialmedia.wcs.client import Client, site_for


class Command(SiteCommand):
    everywhere = False
    help = (
        'Import the form and the workflow in w.c.s. by its signed API; again: upgrade them. Exit status: 0 '
        'all is well, 1 installed and something is left to do in w.c.s., 2 not installed.'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument('--site', default='', help='slug of the w.c.s. site; none: the default one')
        parser.add_argument('--role', default='', help='slug of the role that receives the demands')

    def handle(self, *, site: str, role: str, **options: Any) -> None:
        try:
            client = Client(site_for(site))
            installed = installation.install(client, role)
        except ConfigurationError as error:
            raise CommandError(sentence(error.reason), returncode=2) from error
        except installation.InstallationFailed as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(
            _('The form and the workflow are installed in %(site)s, version %(version)s.')
            % {'site': client.site.title, 'version': installed.version}
        )
        for finding in installed.findings:
            self.stdout.write(f'- {installation.describe(finding)}')
        if installed.findings:
            raise CommandError(_('something is left to do in w.c.s.'))

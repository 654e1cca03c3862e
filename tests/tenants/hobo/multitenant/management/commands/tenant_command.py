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

"""``tenant_command NAME -d DOMAIN …`` or ``--all-tenants``: a command for one tenant, or for each.

After a ``CommandError`` the next tenant is served and the exit status is 1; anything else ends the round.
"""

from __future__ import annotations

import argparse
import sys

from django.core.management import BaseCommand, CommandError, get_commands, load_command_class
from django.db import connection

from ...middleware import TenantMiddleware


class Command(BaseCommand):
    requires_system_checks: list[str] = []

    def run_from_argv(self, argv: list[str]) -> None:
        parser = argparse.ArgumentParser(argv[0])
        parser.add_argument('-d', '--domain')
        parser.add_argument('--all-tenants', action='store_true')
        chosen, words = parser.parse_known_args(argv[2:])
        if chosen.all_tenants:
            tenants = list(TenantMiddleware.get_tenants())
        else:
            tenants = [TenantMiddleware.get_tenant_by_hostname(chosen.domain)]
        name = words[0]
        failed = 0
        for tenant in tenants:
            connection.set_tenant(tenant)
            command = load_command_class(get_commands()[name], name)
            options = vars(command.create_parser(argv[0], name).parse_args(words[1:]))
            try:
                command.execute(*options.pop('args', ()), **options)
            except CommandError as error:
                self.stderr.write(f'{tenant.domain_url}: {error}')
                failed = max(failed, error.returncode)
            finally:
                connection.set_schema_to_public()
        sys.exit(failed if len(tenants) == 1 else int(bool(failed)))

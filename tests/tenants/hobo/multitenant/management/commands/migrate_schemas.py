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

"""``migrate_schemas``: makes the schemas of the new tenants, migrates all of them, whatever fails at one."""

from __future__ import annotations

import sys
from typing import Any

from django.db import connection
from tenant_schemas.management.commands.migrate_schemas import Command as MigrateSchemas
from tenant_schemas.utils import schema_exists

from ...middleware import TenantMiddleware


class Command(MigrateSchemas):
    def handle(self, *args: Any, **options: Any) -> None:
        if options.get('schema_name'):
            super().handle(*args, **options)
            return
        failed = False
        for tenant in list(TenantMiddleware.get_tenants()):
            connection.set_schema_to_public()
            if not schema_exists(tenant.schema_name):
                tenant.create_schema(sync_schema=False)
            try:
                super().handle(*args, **{**options, 'schema_name': tenant.schema_name})
            except Exception as error:
                self.stderr.write(f'{tenant.domain_url}: {error!r}')
                failed = True
        connection.set_schema_to_public()
        if failed:
            sys.exit(1)

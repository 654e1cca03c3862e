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

"""The tenants of a brick: which there are, and which one is being served.

A brick of Publik gives each tenant a schema of PostgreSQL, a folder and settings of its own; what is served
follows ``connection.tenant`` (hobo, django-tenant-schemas). Everything else in this package works for « the
site being served » and knows nothing of tenants; this is the one place that does.

Nothing is imported unless it is there: the same code runs where there are no tenants, as one site.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection as django_connection
from django.db.utils import ProgrammingError
from django.utils import translation

from publik_socialmedia import errors

connection: Any = django_connection  # with what the platform adds to it


@dataclass(frozen=True, slots=True)
class Tenant:
    """``schema``: as PostgreSQL's ``current_schema()`` gives it; ``name``: its domain, for people."""

    schema: str
    name: str
    host: Any = field(default=None, compare=False, repr=False)  # what the platform knows it as


def several() -> bool:
    """Whether this brick has tenants at all."""
    return hasattr(connection, 'set_tenant')


def outside() -> bool:
    """Whether no tenant is being served, in a brick that has some: our tables are not there."""
    return several() and key() == _public()


def key() -> str:
    """What tells the site being served from the others, for what is kept in memory. '' without tenants."""
    return str(getattr(connection, 'schema_name', ''))


def every() -> list[Tenant]:
    """The tenants to serve: the present one if we are inside one, else all of them."""
    if not several():
        return [Tenant(_current_schema(), '')]
    if not outside():
        return [_known(connection.tenant)]
    found = map(_known, _of_hobo() or _of_table())
    return [tenant for tenant in found if tenant.schema != _public()]


@contextmanager
def serving(tenant: Tenant) -> Iterator[None]:
    """Work for that tenant, in this thread: its tables, its settings, its language."""
    if tenant.host is None:
        yield
        return
    before = connection.tenant
    connection.set_tenant(tenant.host)
    try:
        # Django keeps the language of the first one who asks, for all threads
        with translation.override(settings.LANGUAGE_CODE):
            yield
    finally:
        connection.set_tenant(before)


def explain(error: BaseException) -> str:
    """What failed at a tenant, for whoever runs the brick: never the message, which may quote a citizen."""
    hint = ': are its tables migrated (migrate_schemas)?' if isinstance(error, ProgrammingError) else ''
    return errors.where(error) + hint


def _known(host: Any) -> Tenant:
    return Tenant(host.schema_name, getattr(host, 'domain_url', '') or host.schema_name, host)


def _of_hobo() -> list[Any]:
    """Tenants of hobo are folders, in no table."""
    try:
        from hobo.multitenant.middleware import TenantMiddleware
    except ImportError:
        return []
    get_tenants = getattr(TenantMiddleware, 'get_tenants', None)
    return list(get_tenants()) if get_tenants else []


def _of_table() -> list[Any]:
    model = apps.get_model(getattr(settings, 'TENANT_MODEL', ''))
    return list(model._default_manager.order_by('pk'))


def _public() -> str:
    return str(getattr(settings, 'PUBLIC_SCHEMA_NAME', 'public'))


def _current_schema() -> str:
    with connection.cursor() as cursor:
        cursor.execute('SELECT current_schema()')
        return str(cursor.fetchone()[0])

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

"""The tenant of a request is that of its host; an unknown host is 404."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotFound

from .models import Tenant


class TenantNotFound(Http404):
    pass


class TenantMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        connection.set_schema_to_public()
        try:
            tenant = self.get_tenant_by_hostname(request.get_host().partition(':')[0])
        except TenantNotFound:
            return HttpResponseNotFound('no such tenant')
        request.tenant = tenant
        connection.set_tenant(tenant)
        return self.get_response(request)

    @classmethod
    def get_tenants(cls) -> Iterator[Tenant]:
        for name in sorted(os.listdir(settings.TENANT_BASE)):
            if os.path.isdir(os.path.join(settings.TENANT_BASE, name)):
                yield cls.get_tenant_by_hostname(name)

    @classmethod
    def get_tenant_by_hostname(cls, hostname: str) -> Tenant:
        if '/' in hostname or not os.path.isdir(os.path.join(settings.TENANT_BASE, hostname)):
            raise TenantNotFound
        return Tenant(schema_name=cls.hostname2schema(hostname), domain_url=hostname)

    @classmethod
    def hostname2schema(cls, hostname: str) -> str:
        return hostname.replace('.', '_').replace('-', '_')

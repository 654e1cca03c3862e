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

"""Django's settings, those of ``connection.tenant`` first: ``settings.json`` of its folder."""

from __future__ import annotations

import json
import os
from typing import Any

from django.conf import LazySettings, settings
from django.db import DEFAULT_DB_ALIAS, connection, connections

_files: dict[str, tuple[int, dict[str, Any]]] = {}


class TenantSettings:
    """In place of what ``settings`` wraps."""

    def __init__(self, default: Any) -> None:
        self.__dict__['_default'] = default

    def __getattr__(self, name: str) -> Any:
        if name.isupper() and name != 'TENANT_BASE':
            own = _own()
            if name in own:
                return own[name]
        return getattr(self._default, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._default, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._default, name)

    def __dir__(self) -> list[str]:
        return dir(self._default)


def follow_tenants() -> None:
    if isinstance(settings._wrapped, TenantSettings):
        return
    # Django keeps each setting once it was asked for: the next tenant would be given the same
    LazySettings.__getattr__ = lambda self, name: getattr(self._wrapped, name)  # type: ignore[method-assign]
    settings._wrapped = TenantSettings(settings._wrapped)


def _own() -> dict[str, Any]:
    """ValueError if the file is broken."""
    if not hasattr(connections._connections, DEFAULT_DB_ALIAS):  # being made, which reads settings
        return {}
    tenant = getattr(connection, 'tenant', None)
    if not hasattr(tenant, 'get_directory'):
        return {}
    path = os.path.join(tenant.get_directory(), 'settings.json')
    try:
        changed = os.stat(path).st_mtime_ns
    except FileNotFoundError:
        return {}
    if path not in _files or _files[path][0] != changed:
        with open(path, encoding='utf-8') as file:
            _files[path] = (changed, json.load(file))
    return _files[path][1]

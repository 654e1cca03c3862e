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

"""Django's administration as a window on what is stored: read only, without secrets nor bodies."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest

from publik_socialmedia.fields import encrypted_fields

COLUMNS = {'network', 'name', 'origin', 'kind', 'state', 'text', 'reason', 'number', 'received_at', 'sort_at'}
FILTERS = {'state', 'origin', 'kind', 'network'}


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def register_all() -> None:
    hidden = {(model, field.name) for model, field in encrypted_fields()}
    for model in apps.get_app_config('publik_socialmedia').get_models():
        names = [field.name for field in model._meta.fields if (model, field.name) not in hidden]
        options = {
            'fields': names,
            'list_display': ['__str__', *[name for name in names if name in COLUMNS]],
            'list_filter': [name for name in names if name in FILTERS],
        }
        admin.site.register(model, type(f'{model.__name__}Admin', (ReadOnly,), options))

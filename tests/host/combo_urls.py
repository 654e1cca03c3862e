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

"""URLs as Combo has them: those of plugins first, its own pages, then a page at any other address."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path


def page(request: HttpRequest, **slugs: Any) -> HttpResponse:
    return HttpResponse(f'page of the portal: {request.path}')


def manager(request: HttpRequest) -> HttpResponse:
    """Combo's own administration, with the entries that plugins add to its menu."""
    actions = [
        f'<a href="{action["href"]}">{action["text"]}</a>'
        for config in apps.get_app_configs()
        if hasattr(config, 'get_extra_manager_actions')
        for action in config.get_extra_manager_actions()
    ]
    return HttpResponse('\n'.join(actions))


urlpatterns = [
    pattern
    for config in apps.get_app_configs()
    if hasattr(config, 'get_before_urls')
    for pattern in config.get_before_urls()
]
urlpatterns += [
    path('manage/', manager, name='combo-manager-homepage'),
    path('accounts/mellon/login/', LoginView.as_view(template_name='gadjo/base.html'), name='mellon_login'),
    path('login/', LoginView.as_view(template_name='gadjo/base.html'), name='auth_login'),
    path('api/notification/add/', page, name='api-notification-add'),
    re_path(r'^(?P<slugs>([A-Za-z0-9_-]+/)*)$', page, name='combo-public-page'),
]

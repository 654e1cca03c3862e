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

"""Who may open the administrators' pages (R43): staff of a tenant that uses the channel, nobody else."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_protect

from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.manager import pages

View = Callable[..., HttpResponseBase]


def staff_only(view: View) -> View:
    """404 while the tenant does not use the channel, the login page for who is not known, 403 for who is no
    staff. Each change is protected against forgery, whatever the middleware of the brick."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not app_settings.ENABLED:
            raise Http404
        if not request.user.is_authenticated:
            response: HttpResponseBase = redirect_to_login(
                request.path if secret else request.get_full_path()
            )
        elif not request.user.is_staff:
            response = pages.show(request, 'forbidden.html', status=403)
        else:
            response = view(request, *args, **kwargs)
        return _closed(response, 'no-referrer' if secret else 'same-origin')

    secret = hasattr(view, 'secret_query')
    return csrf_protect(guarded)


def secret_query(view: View) -> View:
    """A page whose address holds what nobody must be told, not even the login page."""
    view.secret_query = True  # type: ignore[attr-defined]
    return view


def guard(patterns: Iterable[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    """The same URLs, and those that they include, for staff only: none can be forgotten."""
    found: list[URLPattern | URLResolver] = []
    for item in patterns:
        if isinstance(item, URLResolver):
            inner = guard(item.url_patterns)
            found.append(URLResolver(item.pattern, inner, item.default_kwargs, item.app_name, item.namespace))
        else:
            found.append(URLPattern(item.pattern, staff_only(item.callback), item.default_args, item.name))
    return found


def _closed(response: HttpResponseBase, referrer: str) -> HttpResponseBase:
    """These pages hold what citizens wrote: they are not kept, framed nor told to other sites."""
    add_never_cache_headers(response)
    response['Referrer-Policy'] = referrer
    response['X-Frame-Options'] = 'DENY'
    response['X-Content-Type-Options'] = 'nosniff'
    return response

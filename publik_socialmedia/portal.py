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


"""Pages of the portal for citizens: in its own dress, or in a plain one; kept, told on and framed nowhere."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils.cache import add_never_cache_headers

from publik_socialmedia import errors

# the portal's own dress, if it is there and has a place for us (we do not know what it needs), else ours
BASES = ('combo/page_template.html', 'theme.html', 'publik_socialmedia/portal.html')

logger = logging.getLogger(__name__)

_Response = TypeVar('_Response', bound=HttpResponse)


def page(
    request: HttpRequest, template: str, mark: str, values: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page that extends ``base``. ``mark``: a word of its content: a dress that has no place for it shows
    none."""
    for base in BASES:
        try:
            found = get_template(base)
            content = get_template(template).render({**values, 'base': base}, request)
        except TemplateDoesNotExist:
            continue
        except Exception as error:
            if base == BASES[-1]:
                raise
            logger.warning('template %s: %s', base, errors.where(error))
            continue
        if found and mark in content:
            return closed(HttpResponse(content, status=status))
    raise TemplateDoesNotExist(BASES[-1])


def closed(response: _Response) -> _Response:
    """Their addresses are secrets between two: they are not kept, told on, indexed nor framed."""
    add_never_cache_headers(response)
    response['Referrer-Policy'] = 'same-origin'
    response['X-Robots-Tag'] = 'noindex, nofollow'
    response['X-Frame-Options'] = 'DENY'
    response['Content-Security-Policy'] = "frame-ancestors 'none'"
    return response

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

"""The live conversation in the page of a demand, inside w.c.s. (R10, R32, R35, R43).

w.c.s. (qommon.js) loads ``context.summary_url`` by JSONP with jQuery, and puts the HTML that it is given
(``callback({"content": …})``) into the side bar of the demand's page. Our answer also holds the script of the
panel (``static/publik_socialmedia/panel.js``), which then asks the same address again, as JSON by CORS, while
the page is looked at. One answer holds all: no second file to load, nothing that a policy on scripts would
treat apart. Who may read what is the matter of ``panel_access``; what is read, of ``panel_content``.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from publik_socialmedia import addresses
from publik_socialmedia.models import Demand
from publik_socialmedia.wcs import panel_access, panel_content, panel_files
from publik_socialmedia.wcs.sites import sites

PACE: float = 15  # seconds between two looks of an open panel
_TEMPLATES = 'publik_socialmedia/panel'
_STATIC = Path(__file__).resolve().parent.parent / 'static' / 'publik_socialmedia'
# no text can end the script that holds it, nor begin a tag in a browser that would guess
_IN_A_SCRIPT = {ord(sign): f'\\u{ord(sign):04x}' for sign in '<>&\u2028\u2029'}


def address(demand: Demand) -> str:
    """Where w.c.s. finds the panel of a demand, for its context; it stays the same for the demand's life.

    ConfigurationError('base_url') if nothing says where we are.
    """
    found = addresses.absolute('socialmedia-panel', token=demand.token)
    return f'{found}?{urlencode({"t": panel_access.proof(demand.token)})}'


@require_GET
def panel(request: HttpRequest, token: str) -> HttpResponse:
    """The panel as a script, if ``callback`` is given, else what changed since ``have``, as JSON.

    JSON: ``from`` first message on screen, or ``before`` to have those before it. 403 without content if the
    address or the page that asks is not the right one, 410 once the conversation is no longer shown.
    """
    demand = panel_access.demand_of(token, request.GET.get('t', ''))
    callback = request.GET.get('callback')
    kind = 'empty' if callback is None else 'script'
    if demand is None or not panel_access.comes_from_wcs(request, demand, kind):
        return _answer(request, HttpResponse(status=403))
    if callback is not None and not panel_access.CALLBACK.fullmatch(callback):
        return _answer(request, HttpResponse(status=400))
    # as all the page around it, whatever the browser reads
    with translation.override(settings.LANGUAGE_CODE):
        over = panel_access.is_over(demand, timezone.now())
        if callback is not None:
            return _answer(request, _script(callback, _over() if over else _whole(demand)))
        if over:
            return _answer(request, _json({'over': _over_sentence()}, status=410))
        return _answer(request, _json(_changes(request, demand)))


def _whole(demand: Demand) -> SafeString:
    view = panel_content.latest(demand)
    context = {'view': view, 'lines': _rendered(view), 'pace': str(PACE), 'css': _static('panel.css')}
    return render_to_string(f'{_TEMPLATES}.html', {**context, 'over': _over_sentence()})


def _over() -> SafeString:
    return render_to_string(f'{_TEMPLATES}_over.html', {'over': _over_sentence()})


def _over_sentence() -> str:
    return _('This conversation is no longer shown here.')


def _changes(request: HttpRequest, demand: Demand) -> dict[str, Any]:
    """``head``: HTML; ``lines``: id, version and HTML of each, left out if they are those on screen."""
    if 'before' in request.GET:
        view = panel_content.before(demand, _number(request, 'before'))
    else:
        view = panel_content.latest(demand, _number(request, 'from'))
    changes: dict[str, Any] = {
        'head': render_to_string(f'{_TEMPLATES}_head.html', {'head': view.head}),
        'older': view.older,
        'version': view.version,
    }
    if request.GET.get('have') != view.version:
        changes['lines'] = _rendered(view)
    return changes


def _rendered(view: panel_content.View) -> list[dict[str, Any]]:
    return [
        {
            'id': line.pk,
            'version': line.version,
            'html': render_to_string(f'{_TEMPLATES}_line.html', {'line': line}),
        }
        for line in view.lines
    ]


def _number(request: HttpRequest, name: str) -> int:
    """An id of a message in the query; 0, which none has, for anything else."""
    value = request.GET.get(name, '')
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else 0


def _script(callback: str, content: str) -> HttpResponse:
    call = f'/**/{callback}({_dumps({"content": content})});\n'
    return HttpResponse(call + _static('panel.js'), content_type='application/javascript; charset=utf-8')


def _json(data: dict[str, Any], status: int = 200) -> HttpResponse:
    return HttpResponse(_dumps(data), status=status, content_type='application/json')


def _dumps(data: dict[str, Any]) -> str:
    return json.dumps(data).translate(_IN_A_SCRIPT)


def _answer(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """With the headers of the panel; a page of w.c.s. may read the answer, its status at least."""
    origin = request.headers.get('Origin')
    if origin and origin in {panel_access.origin(site.url) for site in sites().values()}:
        response['Access-Control-Allow-Origin'] = origin
    patch_vary_headers(response, ['Origin'])
    return panel_files.protect(response)


@cache
def _static(name: str) -> SafeString:
    return mark_safe((_STATIC / name).read_text())  # noqa: S308 - a file of ours

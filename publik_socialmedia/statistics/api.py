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

"""The statistics API of Publik: what we can count, then the series of each (signed calls only).

Format of w.c.s. and Lingo: ``GET /api/socialmedia/statistics/`` gives ``{"err": 0, "data": [{"name", "id",
"url", "data_type"?, "filters"}]}``; each ``url`` takes ``start`` (first day), ``end`` (the day after the last
one), ``time_interval``, ``group-by`` and the filters, and gives ``{"err": 0, "data": {"x_labels", "series":
[{"label", "data"}], "subfilters": []}}``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from publik_socialmedia import addresses, networks
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.errors import ConfigurationError, WebhookRejected
from publik_socialmedia.models import Account
from publik_socialmedia.statistics import charts
from publik_socialmedia.statistics.charts import Chart, Question
from publik_socialmedia.statistics.counting import Scope, Tally
from publik_socialmedia.wcs import neighbours

ALL = '_all'
EARLIEST, LATEST = date(1990, 1, 1), date(2200, 1, 1)

logger = logging.getLogger(__name__)
View = Callable[..., JsonResponse]


class BadQuestion(ValueError):
    """What is asked is not understood; its text tells why, to a program's author."""


def signed(view: View) -> View:
    """A view for the other services of Publik, and nobody else."""

    @require_GET
    def guarded(request: HttpRequest, **values: str) -> JsonResponse:
        try:
            if not app_settings.ENABLED:
                raise WebhookRejected('disabled')
            neighbours.prove(request.META.get('QUERY_STRING', ''))
        except WebhookRejected as rejection:
            logger.warning('call of a service refused: %s', rejection.reason)
            return _answer(403, err=1, err_class='forbidden', err_desc=_('This call is refused.'))
        return view(request, **values)

    return guarded


@signed
def index(request: HttpRequest) -> JsonResponse:
    """What can be asked."""
    accounts = list(Account.objects.only('network', 'name', 'external_id').order_by('network', 'name', 'pk'))
    return _answer(200, err=0, data=[_described(chart, accounts) for chart in charts.CHARTS.values()])


@signed
def series(request: HttpRequest, slug: str) -> JsonResponse:
    """One of them."""
    chart = charts.CHARTS.get(slug)
    if chart is None:
        return _answer(404, err=1, err_class='unknown', err_desc='unknown statistics')
    try:
        asked = question(chart, request.GET)
    except BadQuestion as error:
        return _answer(400, err=1, err_class='bad_request', err_desc=str(error))
    found = chart.compute(asked)
    drawn = [{'label': item.label, 'data': list(item.data)} for item in found.series]
    return _answer(200, err=0, data={'x_labels': list(found.labels), 'series': drawn, 'subfilters': []})


def question(chart: Chart, values: Mapping[str, str]) -> Question:
    """What a call asks of a chart. BadQuestion."""
    begin, end = _day(values, 'start'), _day(values, 'end')
    account = values.get('account') or ALL
    if account != ALL and not (account.isascii() and account.isdecimal() and len(account) < 19):
        raise BadQuestion('unknown account')
    network = values.get('network') or ALL
    if network != ALL and network not in networks.registry():
        raise BadQuestion('unknown network')
    scope = Scope(
        begin=begin,
        end=end,
        account=None if account == ALL else int(account),
        network='' if network == ALL else network,
    )
    interval = _among(values, 'time_interval', chart.intervals, 'month')
    group = _among(values, 'group-by', (*chart.groups, 'none') if chart.groups else (), chart.default)
    return Question(Tally(scope), interval, '' if group == 'none' else group)


def _among(values: Mapping[str, str], name: str, offered: Collection[str], default: str) -> str:
    """What was chosen; without a choice it does not matter: Combo may keep the one of another chart."""
    given = values.get(name) or default
    if given == default or not offered:
        return default
    if given not in offered:
        raise BadQuestion(f'unknown {name}')
    return given


def _day(values: Mapping[str, str], name: str) -> date | None:
    given = values.get(name) or ''
    if not given:
        return None
    try:
        day = parse_date(given[:10])  # a time may follow
    except ValueError:
        day = None
    if day is None or not EARLIEST <= day <= LATEST:
        raise BadQuestion(f'{name} is no date')
    return day


def _described(chart: Chart, accounts: Iterable[Account]) -> dict[str, Any]:
    try:
        address = addresses.absolute('socialmedia-statistics-series', slug=chart.slug)
    except ConfigurationError:
        address = ''
    told: dict[str, Any] = {
        'name': str(chart.name),
        'url': address,
        'id': f'socialmedia_{chart.slug.replace("-", "_")}',
        'filters': list(_filters(chart, accounts)),
    }
    return told | ({'data_type': chart.unit} if chart.unit else {})


def _filters(chart: Chart, accounts: Iterable[Account]) -> Iterable[dict[str, Any]]:
    if chart.intervals:
        options = [(name, charts.INTERVALS[name]) for name in chart.intervals]
        yield _filter('time_interval', _('Interval'), options, default='month')
    registry = networks.registry()
    known = [(slug, registry[slug].label) for slug in sorted(registry)]
    yield _filter('network', _('Network'), [(ALL, _('All')), *known], default=ALL)
    mine = [(str(account.pk), charts.account_label(account)) for account in accounts]
    yield _filter('account', _('Account'), [(ALL, _('All')), *mine], default=ALL)
    if chart.groups:
        options = [('none', _('None')), *((name, charts.GROUPS[name]) for name in chart.groups)]
        yield _filter('group-by', _('Group by'), options, default=chart.default or 'none')


def _filter(name: str, label: str, options: Iterable[tuple[str, Any]], *, default: str) -> dict[str, Any]:
    offered = [{'id': key, 'label': str(words)} for key, words in options]
    return {'id': name, 'label': label, 'options': offered, 'required': True, 'default': default}


def _answer(status: int, **content: Any) -> JsonResponse:
    return JsonResponse(content, status=status, headers={'Cache-Control': 'no-store'})

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

"""The page « statistics »: the charts of a period, as drawings, as tables and as CSV."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from publik_socialmedia.manager import pages
from publik_socialmedia.manager.fields import AccessibleForm
from publik_socialmedia.models import Account
from publik_socialmedia.statistics import drawing
from publik_socialmedia.statistics.charts import CHARTS, Answer, Chart, Question, account_label
from publik_socialmedia.statistics.counting import Scope, Tally

DAYS = 30  # shown at first
BY_DAY = 92  # days: a longer period is shown by months
LONGEST = timedelta(days=20 * 366)


class PeriodForm(AccessibleForm):
    """A period, both days included, and an account."""

    since = forms.DateField(
        label=gettext_lazy('From'), widget=forms.DateInput(format='%Y-%m-%d', attrs={'type': 'date'})
    )
    until = forms.DateField(
        label=gettext_lazy('To'), widget=forms.DateInput(format='%Y-%m-%d', attrs={'type': 'date'})
    )
    account = forms.TypedChoiceField(
        label=gettext_lazy('Account'), required=False, coerce=int, empty_value=None
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accounts = Account.objects.only('network', 'name', 'external_id').order_by('network', 'name', 'pk')
        choices = [(account.pk, account_label(account)) for account in accounts]
        self.fields['account'].choices = [('', _('All accounts')), *choices]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        since, until = values.get('since'), values.get('until')
        if since and until and since > until:
            self.add_error('until', _('The last day comes before the first one.'))
        elif since and until and until - since > LONGEST:
            self.add_error('since', _('This period is too long.'))
        return values

    @property
    def scope(self) -> Scope:
        """What was chosen; the last DAYS days if it makes no sense."""
        if not self.is_valid():
            since, until = _lately()
            return Scope(since, until + timedelta(days=1))
        values = self.cleaned_data
        # years 1 and 9999 have no time zone on both sides
        since = min(max(values['since'], date(1990, 1, 1)), date(2200, 1, 1))
        until = min(max(values['until'], since), date(2200, 1, 1))
        return Scope(since, until + timedelta(days=1), account=values['account'])


@require_GET
def statistics(request: HttpRequest) -> HttpResponse:
    form = _form(request)
    scope = form.scope
    values = {
        'form': form,
        'drawings': [drawing.draw(chart, answer) for chart, answer in _answers(scope)],
        'csv': f'{reverse("socialmedia-manage-statistics-csv")}?{request.GET.urlencode()}',
    }
    crumb = (reverse('socialmedia-manage-statistics'), _('Statistics'))
    return pages.show(request, 'statistics.html', values, crumbs=[crumb])


@require_GET
def statistics_csv(request: HttpRequest) -> HttpResponse:
    """All the charts of the page, one line for each figure: statistics, series, when, value, unit."""
    scope = _form(request).scope
    response = HttpResponse(content_type='text/csv; charset=utf-8')
    name = f'reseaux-sociaux-{scope.begin}-{scope.end}.csv'
    response['Content-Disposition'] = f'attachment; filename="{name}"'
    response.write('\ufeff')  # spreadsheets take it for UTF-8 by this
    writer = csv.writer(response, delimiter=';', lineterminator='\r\n')
    writer.writerow([_('Statistic'), _('Series'), _('When'), _('Value'), _('Unit')])
    for chart, answer in _answers(scope):
        unit = _('seconds') if chart.unit else _('count')
        for series in answer.series:
            for label, value in zip(answer.labels, series.data, strict=True):
                written = '' if value is None else value
                writer.writerow([str(chart.name), _cell(series.label), _cell(label), written, unit])
    return response


def _form(request: HttpRequest) -> PeriodForm:
    since, until = _lately()
    given = {'since': since.isoformat(), 'until': until.isoformat()} | request.GET.dict()
    return PeriodForm(given)


def _lately() -> tuple[date, date]:
    today = timezone.localdate()
    return today - timedelta(days=DAYS - 1), today


def _answers(scope: Scope) -> list[tuple[Chart, Answer]]:
    assert scope.begin and scope.end
    interval = 'day' if (scope.end - scope.begin).days <= BY_DAY else 'month'
    tally = Tally(scope)  # what the charts share is read once
    return [(chart, chart.compute(Question(tally, interval, chart.default))) for chart in CHARTS.values()]


def _cell(value: str) -> str:
    """A text that no spreadsheet takes for a formula: names of accounts are chosen by others."""
    return f"'{value}" if value.startswith(('=', '+', '-', '@', '\t', '\r')) else value

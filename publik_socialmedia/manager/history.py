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

"""The whole journal: what administrators and the software did, also of accounts that are gone (R42)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from publik_socialmedia.manager import journal, pages
from publik_socialmedia.models import Account, Journal


@require_GET
def history(request: HttpRequest) -> HttpResponse:
    """The latest first; ``?account=`` and ``?action=`` narrow it."""
    account, action = pages.number(request.GET.get('account', '')), request.GET.get('action', '')
    rows = Journal.objects.select_related('account', 'actor').defer('account__credentials')
    if account is not None:
        rows = rows.filter(account=account)
    if action in journal.LABELS:
        rows = rows.filter(action=action)
    found = pages.paginate(request, rows.order_by('-at', '-pk'))
    values = {
        'page_obj': found,
        'page_query': pages.page_query(request),
        'rows': [(row, journal.label(row), journal.details(row)) for row in found],
        'accounts': Account.objects.listed(),
        'actions': sorted(((name, str(words)) for name, words in journal.LABELS.items()), key=_words),
        'account': account,
        'action': action,
    }
    crumb = (reverse('socialmedia-manage-history'), _('Journal'))
    return pages.show(request, 'history.html', values, crumbs=[crumb])


def _words(choice: tuple[str, str]) -> str:
    return choice[1]

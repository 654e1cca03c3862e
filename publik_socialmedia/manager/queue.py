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

"""The page « queue »: what needs a person, or waits, and why (R42)."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from publik_socialmedia import errors, text
from publik_socialmedia.manager import backlog, journal, pages, polls, replaying
from publik_socialmedia.models import Account, RawEvent
from publik_socialmedia.reasons import sentence

LONGEST = 200_000  # characters of a body that are shown


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """One list; ``?list=`` names it, ``?account=`` and ``?reason=`` narrow it."""
    asked = replaying.asked(request.GET)
    rows = pages.paginate(request, replaying.found(asked))
    counts = backlog.counts() | {polls.NAME: polls.late().count()}
    lists = {**backlog.LISTS, polls.NAME: polls.LABEL}
    is_bodies = asked.name not in (*backlog.DELIVERIES, polls.NAME)
    values = {
        'name': asked.name,
        'lists': [(slug, label, counts[slug]) for slug, label in lists.items()],
        'page_obj': rows,
        'page_query': pages.page_query(request),
        'works': [backlog.work(row) for row in rows] if asked.name in backlog.DELIVERIES else [],
        'polls': [polls.shown(row) for row in rows] if asked.name == polls.NAME else [],
        'bodies': [backlog.body(row) for row in rows] if is_bodies else [],
        'action': replaying.ACTIONS.get(asked.name),
        'accounts': Account.objects.listed(),
        'reasons': backlog.reasons() if asked.name == backlog.BLOCKED else [],
        'account': asked.account,
        'reason': asked.reason,
    }
    return pages.show(request, 'queue.html', values, crumbs=[replaying.crumb()])


@require_http_methods(['GET', 'HEAD', 'POST'])
def body(request: HttpRequest, pk: int) -> HttpResponse:
    """What is known of a body; what it holds is shown to who asks for it (POST), and that is written down."""
    known = RawEvent.objects.select_related('account', 'endpoint')
    raw = get_object_or_404(known.defer('body', 'account__credentials', 'endpoint__secrets'), pk=pk)
    values: dict[str, object] = {'body': backlog.body(raw), 'emptied_at': raw.emptied_at, 'shown': False}
    if request.method == 'POST':
        journal.record(request, 'raw-body', raw.account, body=raw.pk)
        values |= {'shown': True} | _content(raw.pk)
    crumbs = [replaying.crumb(), (request.path, _('Body %s') % raw.pk)]
    return pages.show(request, 'queue_body.html', values, crumbs=crumbs)


def _content(pk: int) -> dict[str, object]:
    """The body as text, laid out if it is JSON; what would deceive the eye is taken out."""
    try:
        stored = bytes(RawEvent.objects.only('body').get(pk=pk).body)
    except errors.ConfigurationError as error:  # its key is no longer in the settings
        return {'problem': sentence(error.reason)}
    try:
        shown = json.dumps(json.loads(stored), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        shown = stored.decode(errors='replace')
    shown = text.clean(shown)
    return {'content': shown[:LONGEST], 'cut': len(shown) > LONGEST, 'size': len(stored)}

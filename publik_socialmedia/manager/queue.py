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

"""The page « queue »: what needs a person, why, and starting it again (R42)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from publik_socialmedia import errors, text
from publik_socialmedia.delivery import queue as outbox
from publik_socialmedia.delivery.wakeup import wake
from publik_socialmedia.intake import inbox
from publik_socialmedia.manager import backlog, journal, pages
from publik_socialmedia.models import Account, Delivery, RawEvent
from publik_socialmedia.reasons import sentence

BATCH = 2000  # started again by one click: a request must not last
LONGEST = 200_000  # characters of a body that are shown


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """One list; ``?list=`` names it, ``?account=`` and ``?reason=`` narrow it."""
    name, account, reason = _asked(request.GET)
    rows = pages.paginate(request, backlog.for_rows(_found(name, account, reason)))
    of_deliveries = name in backlog.DELIVERIES
    counts = backlog.counts()
    values = {
        'name': name,
        'lists': [(slug, label, counts[slug]) for slug, label in backlog.LISTS.items()],
        'page_obj': rows,
        'page_query': pages.page_query(request),
        'works': [backlog.work(row) for row in rows] if of_deliveries else [],
        'bodies': [] if of_deliveries else [backlog.body(row) for row in rows],
        'replayable': name in _REPLAYABLE,
        'accounts': Account.objects.defer('credentials').order_by('network', 'name', 'pk'),
        'reasons': backlog.reasons() if name == backlog.BLOCKED else [],
        'account': account,
        'reason': reason,
    }
    return pages.show(request, 'queue.html', values, crumbs=[_crumb()])


@require_POST
def replay(request: HttpRequest) -> HttpResponse:
    """Start again the chosen ones (``item``), or the whole list (``all``) once that is confirmed."""
    name, account, reason = _asked(request.POST)
    back = _address(name, account, reason)
    if name not in _REPLAYABLE:
        return HttpResponseRedirect(back)
    found = _found(name, account, reason)
    if 'all' not in request.POST:
        chosen = [item for item in request.POST.getlist('item') if item.isdecimal() and len(item) < 19]
        found = found.filter(pk__in=chosen[: pages.PER_PAGE])
    elif not pages.confirmed(request):
        return _ask(request, name, account, reason, found.count())
    return _replayed(request, name, account, reason, found)


@require_http_methods(['GET', 'HEAD', 'POST'])
def body(request: HttpRequest, pk: int) -> HttpResponse:
    """What is known of a body; what it holds is shown to who asks for it (POST), and that is written down."""
    known = RawEvent.objects.select_related('account', 'endpoint')
    raw = get_object_or_404(known.defer('body', 'account__credentials', 'endpoint__secrets'), pk=pk)
    values: dict[str, object] = {'body': backlog.body(raw), 'emptied_at': raw.emptied_at, 'shown': False}
    if request.method == 'POST':
        journal.record(request, 'raw-body', raw.account, body=raw.pk)
        values |= {'shown': True} | _content(raw.pk)
    crumbs = [_crumb(), (request.path, _('Body %s') % raw.pk)]
    return pages.show(request, 'queue_body.html', values, crumbs=crumbs)


_REPLAYABLE = (backlog.BLOCKED, backlog.UNREADABLE, backlog.PARTIAL)


def _asked(values: QueryDict) -> tuple[str, int | None, str]:
    """The list, the account and the reason that were asked for; what means nothing is left out."""
    name = values.get('list', '')
    number, reason = values.get('account', ''), values.get('reason', '')
    return (
        name if name in backlog.LISTS else backlog.BLOCKED,
        int(number) if number.isdecimal() and len(number) < 10 else None,
        reason if re.fullmatch('[a-z0-9_-]{1,64}', reason) else '',
    )


def _found(name: str, account: int | None, reason: str) -> QuerySet[Delivery] | QuerySet[RawEvent]:
    if name in backlog.DELIVERIES:
        return backlog.deliveries(name, account=account, reason=reason)
    return backlog.bodies(name, account=account)


def _ask(request: HttpRequest, name: str, account: int | None, reason: str, count: int) -> HttpResponse:
    lines = [ngettext('%s item will be started again.', '%s items will be started again.', count) % count]
    if name == backlog.BLOCKED:
        lines.append(_('Answers that are still in time will leave; nothing is sent nor created twice.'))
    if count > BATCH:
        lines.append(_('At most %s at a time: do it again for the others.') % BATCH)
    hidden = {'all': '1', 'list': name, 'reason': reason, 'account': '' if account is None else str(account)}
    question = pages.Question(
        title=_('Start the whole list again'),
        button=_('Start them again'),
        cancel=_address(name, account, reason),
        lines=lines,
        hidden=hidden,
    )
    return pages.confirm(request, question, crumbs=[_crumb()])


def _replayed(
    request: HttpRequest,
    name: str,
    account: int | None,
    reason: str,
    found: QuerySet[Delivery] | QuerySet[RawEvent],
) -> HttpResponse:
    chosen = list(found.values_list('pk', flat=True)[:BATCH])
    deliveries = name == backlog.BLOCKED
    count = _replay_deliveries(chosen) if deliveries else _replay_bodies(chosen)
    if not count:
        messages.warning(request, _('Nothing was chosen, or it has gone meanwhile.'))
        return HttpResponseRedirect(_address(name, account, reason))
    owner = Account.objects.filter(pk=account).first() if account is not None else None
    what = {'deliveries': count, 'bodies': 0} if deliveries else {'deliveries': 0, 'bodies': count}
    journal.record(request, 'replay', owner, **what, **({'reason': reason} if reason else {}))
    wake()
    told = ngettext('%s item was started again.', '%s items were started again.', count) % count
    messages.success(request, told)
    return HttpResponseRedirect(_address(name, account, reason))


def _replay_deliveries(chosen: Iterable[int]) -> int:
    """Also the other parts of the same answers: one part alone would come out of its order."""
    blocked = Delivery.objects.filter(state=Delivery.State.BLOCKED)
    sends = blocked.filter(pk__in=chosen, kind=Delivery.Kind.SEND).exclude(message__answer_key='')
    wanted = Q(pk__in=chosen)
    for conversation, key in sends.values_list('conversation', 'message__answer_key').distinct():
        wanted |= Q(conversation=conversation, message__answer_key=key, kind=Delivery.Kind.SEND)
    return outbox.replay(blocked.filter(wanted).order_by('rank_at', 'sequence', 'pk'))


def _replay_bodies(chosen: Iterable[int]) -> int:
    known = RawEvent.objects.filter(pk__in=chosen, state=RawEvent.State.QUARANTINED, emptied_at=None)
    return inbox.replay(list(known.values_list('pk', flat=True)))


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


def _address(name: str, account: int | None, reason: str) -> str:
    query = {'list': name, 'account': '' if account is None else account, 'reason': reason}
    kept = {key: value for key, value in query.items() if value != ''}
    return f'{reverse("socialmedia-manage-queue")}?{urlencode(kept)}'


def _crumb() -> pages.Crumb:
    return reverse('socialmedia-manage-queue'), _('Queue')

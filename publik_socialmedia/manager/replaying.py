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

"""Starting again what the page « queue » lists: one, those that were ticked, or a whole list (R42)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from publik_socialmedia.delivery import queue as outbox
from publik_socialmedia.delivery.wakeup import wake
from publik_socialmedia.intake import inbox
from publik_socialmedia.manager import backlog, journal, pages, polls
from publik_socialmedia.models import Account, Delivery, RawEvent

BATCH = 2000  # started again by one click: a request must not last


@dataclass(frozen=True, slots=True)
class Asked:
    """A list, and what narrows it."""

    name: str
    account: int | None
    reason: str

    @property
    def address(self) -> str:
        query = {'list': self.name, 'account': self.account, 'reason': self.reason}
        kept = {key: value for key, value in query.items() if value not in (None, '')}
        return f'{reverse("socialmedia-manage-queue")}?{urlencode(kept)}'


@dataclass(frozen=True, slots=True)
class Action:
    """What can be done with the rows of a list. ``run``: numbers of rows → how many were started again."""

    name: str  # in the journal
    counted: str  # its detail there
    one: Any
    ticked: Any
    whole: Any
    run: Callable[[Sequence[int]], int]


@require_POST
def replay(request: HttpRequest) -> HttpResponse:
    """Start again one (``one``), the ticked ones (``item``), or the whole list (``all``) once confirmed."""
    wanted = asked(request.POST)
    action = ACTIONS.get(wanted.name)
    if action is None:
        return HttpResponseRedirect(wanted.address)
    rows = found(wanted)
    if 'all' not in request.POST:
        given = request.POST.getlist('one') or request.POST.getlist('item')
        chosen = [item for item in given if item.isdecimal() and len(item) < 19]
        rows = rows.filter(pk__in=chosen[: pages.PER_PAGE])
    elif not pages.confirmed(request):
        return _ask(request, wanted, action, rows.count())
    return _replayed(request, wanted, action, rows)


def asked(values: QueryDict) -> Asked:
    """The list, the account and the reason that were asked for; what means nothing is left out."""
    name = values.get('list', '')
    reason = values.get('reason', '')
    return Asked(
        name if name in backlog.LISTS or name == polls.NAME else backlog.BLOCKED,
        pages.number(values.get('account', '')),
        reason if re.fullmatch('[a-z0-9_-]{1,64}', reason) else '',
    )


def found(wanted: Asked) -> QuerySet[Any]:
    """The rows of a list, with what is shown of them."""
    if wanted.name == polls.NAME:
        return polls.late(wanted.account)
    if wanted.name in backlog.DELIVERIES:
        late = backlog.deliveries(wanted.name, account=wanted.account, reason=wanted.reason)
        return backlog.for_rows(late)
    return backlog.for_rows(backlog.bodies(wanted.name, account=wanted.account))


def crumb() -> pages.Crumb:
    return reverse('socialmedia-manage-queue'), _('Queue')


def _ask(request: HttpRequest, wanted: Asked, action: Action, count: int) -> HttpResponse:
    lines = [ngettext('%s item will be started again.', '%s items will be started again.', count) % count]
    if wanted.name in backlog.DELIVERIES:
        lines.append(_('Answers that are still in time will leave; nothing is sent nor created twice.'))
    if count > BATCH:
        lines.append(_('At most %s at a time: do it again for the others.') % BATCH)
    account = '' if wanted.account is None else str(wanted.account)
    question = pages.Question(
        title=str(action.whole),
        button=_('Start them again'),
        cancel=wanted.address,
        lines=lines,
        hidden={'all': '1', 'list': wanted.name, 'reason': wanted.reason, 'account': account},
    )
    return pages.confirm(request, question, crumbs=[crumb()])


def _replayed(request: HttpRequest, wanted: Asked, action: Action, rows: QuerySet[Any]) -> HttpResponse:
    count = action.run(list(rows.values_list('pk', flat=True)[:BATCH]))
    if not count:
        messages.warning(request, _('Nothing was chosen, or it has gone meanwhile.'))
        return HttpResponseRedirect(wanted.address)
    owner = Account.objects.filter(pk=wanted.account).first() if wanted.account is not None else None
    details: dict[str, Any] = {action.counted: count}
    if wanted.reason:
        details['reason'] = wanted.reason
    journal.record(request, action.name, owner, **details)
    wake()
    told = ngettext('%s item was started again.', '%s items were started again.', count) % count
    messages.success(request, told)
    return HttpResponseRedirect(wanted.address)


def _replay_deliveries(chosen: Sequence[int]) -> int:
    """Also the other parts of the same answers: one part alone would come out of its order."""
    blocked = Delivery.objects.filter(state=Delivery.State.BLOCKED)
    sends = blocked.filter(pk__in=chosen, kind=Delivery.Kind.SEND).exclude(message__answer_key='')
    wanted = Q(pk__in=chosen)
    for conversation, key in sends.values_list('conversation', 'message__answer_key').distinct():
        wanted |= Q(conversation=conversation, message__answer_key=key, kind=Delivery.Kind.SEND)
    return outbox.replay(blocked.filter(wanted).order_by('rank_at', 'sequence', 'pk'))


def _hasten_deliveries(chosen: Sequence[int]) -> int:
    """Also what is late in the same conversations: what comes first there goes first."""
    threads = Delivery.objects.filter(pk__in=chosen).values('conversation')
    late = backlog.deliveries(backlog.FAILING).filter(conversation__in=threads)
    count = late.count()  # those that are due already too: it is a worker that they want
    outbox.hasten(late.order_by())
    return count


def _replay_bodies(chosen: Sequence[int]) -> int:
    known = RawEvent.objects.filter(pk__in=chosen, state=RawEvent.State.QUARANTINED, emptied_at=None)
    return inbox.replay(list(known.values_list('pk', flat=True)))


def _again(run: Callable[[Sequence[int]], int], counted: str) -> Action:
    ticked, whole = gettext_lazy('Start the ticked ones again'), gettext_lazy('Start the whole list again')
    return Action('replay', counted, gettext_lazy('Start this again'), ticked, whole, run)


def _now(run: Callable[[Sequence[int]], int], counted: str) -> Action:
    ticked, whole = gettext_lazy('Try the ticked ones now'), gettext_lazy('Try the whole list now')
    return Action('hasten', counted, gettext_lazy('Try now'), ticked, whole, run)


ACTIONS: Mapping[str, Action] = {
    backlog.BLOCKED: _again(_replay_deliveries, 'deliveries'),
    backlog.FAILING: _now(_hasten_deliveries, 'deliveries'),
    backlog.UNREADABLE: _again(_replay_bodies, 'bodies'),
    backlog.PARTIAL: _again(_replay_bodies, 'bodies'),
    polls.NAME: _now(polls.hasten, 'polls'),
}

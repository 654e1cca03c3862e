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

"""What waits too long, is blocked or could not be read: the lists of the page « queue », and why (R42)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from publik_socialmedia import networks, text
from publik_socialmedia.models import Delivery, Demand, RawEvent
from publik_socialmedia.reasons import SENTENCES, sentence
from publik_socialmedia.wcs.panel_files import page_of
from publik_socialmedia.wcs.wording import network_label

LATE = timedelta(minutes=5)  # what is due is done within seconds

BLOCKED, FAILING, UNREADABLE, PARTIAL, UNREAD = 'blocked', 'failing', 'unreadable', 'partial', 'unread'
DELIVERIES = (BLOCKED, FAILING)
LISTS: Mapping[str, Any] = {
    BLOCKED: _('Blocked'),
    FAILING: _('Late'),
    UNREADABLE: _('Unreadable'),
    PARTIAL: _('Read in part'),
    UNREAD: _('Not read yet'),
}
ITEMS = 'items'  # error of a body of which some items could not be recorded
# why a body could not be read, where it is no word of ``reasons``
BODIES: Mapping[str, Any] = {
    'unreadable': _('This is not what the network sends: it cannot be read.'),
    'not_json': _('This is not what the network sends: it cannot be read.'),
    'not_an_object': _('This is not what the network sends: it cannot be read.'),
    'unknown_network': _('The network that it came from is not installed any more.'),
    'too_many_attempts': _('It was put aside because it stopped the programs that were reading it.'),
    'unroutable': _('It does not say who wrote: no conversation can be guessed.'),
}
# what an account keeps secret is never read for a list
_SECRETS = ('account__credentials', 'endpoint__secrets')


@dataclass(frozen=True)
class Work:
    """A delivery as it is shown. ``demand``: its number in w.c.s., '' if there is none."""

    pk: int
    kind: str
    network: str
    account: str
    account_id: int
    conversation: int | None  # None when the person was erased
    demand: str
    demand_url: str
    since: datetime
    tried_at: datetime | None
    due_at: datetime | None  # the next try, None if there is none
    attempts: int
    reason: str
    error: str


@dataclass(frozen=True)
class Body:
    """A body as it is shown; never what it holds. ``replayable``: it can be read again."""

    pk: int
    network: str
    account: str
    source: str
    call: str
    at: datetime
    attempts: int
    reason: str
    error: str
    failures: tuple[tuple[str, str], ...]
    counts: tuple[tuple[str, int], ...]
    unknown_accounts: tuple[str, ...]
    replayable: bool


def counts() -> dict[str, int]:
    """How many there are in each list; on the partial indexes of what is not done."""
    deliveries = Delivery.objects.filter(state__in=[Delivery.State.BLOCKED, Delivery.State.PENDING])
    bodies = RawEvent.objects.filter(state__in=[RawEvent.State.QUARANTINED, RawEvent.State.PENDING])
    wanted = {name: Count('pk', filter=condition(name)) for name in LISTS}
    found = deliveries.aggregate(**{name: wanted[name] for name in DELIVERIES})
    return found | bodies.aggregate(**{name: wanted[name] for name in LISTS if name not in DELIVERIES})


def condition(name: str) -> Q:
    """What is in the list of that name."""
    late = timezone.now() - LATE
    states, raw = Delivery.State, RawEvent.State
    return {
        BLOCKED: Q(state=states.BLOCKED),
        # due and not done, or put off because something refused
        FAILING: Q(state=states.PENDING) & (Q(due_at__lt=late) | ~Q(reason='')),
        UNREADABLE: Q(state=raw.QUARANTINED) & ~Q(error=ITEMS),
        PARTIAL: Q(state=raw.QUARANTINED, error=ITEMS),
        UNREAD: Q(state=raw.PENDING, received_at__lt=late),
    }[name]


def deliveries(name: str, *, account: int | None = None, reason: str = '') -> QuerySet[Delivery]:
    """Those of a list, the oldest first."""
    found = Delivery.objects.filter(condition(name))
    if account is not None:
        found = found.filter(conversation__account=account)
    if reason:
        found = found.filter(reason=reason)
    return found.order_by('created_at', 'pk')


def bodies(name: str, *, account: int | None = None) -> QuerySet[RawEvent]:
    """Those of a list, the oldest first, without what they hold: it is not even decrypted."""
    found = RawEvent.objects.filter(condition(name))
    if account is not None:
        found = found.filter(Q(account=account) | Q(endpoint__accounts=account)).distinct()
    return found.order_by('received_at', 'pk')


def for_rows(found: QuerySet[Any]) -> QuerySet[Any]:
    """The same with what the rows of a page need: one query, whatever their number."""
    if found.model is RawEvent:
        # the size of a body is found without decrypting it
        return found.select_related('account', 'endpoint').defer('body', *_SECRETS)
    related = ('conversation__account', 'conversation__contact', 'demand', 'message__demand')
    hidden = ('conversation__account__credentials', 'message__text', 'message__details')
    return found.select_related(*related).defer(*hidden)


def reasons() -> list[tuple[str, str]]:
    """The reasons for which deliveries are blocked now, with their sentences."""
    blocked = Delivery.objects.filter(condition(BLOCKED)).order_by('reason')
    return [(word, sentence(word)) for word in blocked.values_list('reason', flat=True).distinct() if word]


def work(delivery: Delivery) -> Work:
    account = delivery.conversation.account
    demand: Demand | None = delivery.demand or delivery.message.demand
    gone = demand is None or demand.state == Demand.State.GONE
    person = delivery.conversation.contact
    return Work(
        pk=delivery.pk,
        kind=str(delivery.get_kind_display()),
        network=network_label(account),
        account=text.clean(str(account)),
        account_id=account.pk,
        conversation=None if person.erased_at else delivery.conversation_id,
        demand='' if demand is None or gone else demand.display_number or demand.number,
        demand_url='' if demand is None or gone else page_of(demand),
        since=delivery.created_at,
        tried_at=delivery.tried_at,
        due_at=delivery.due_at if delivery.state == Delivery.State.PENDING else None,
        attempts=delivery.attempts,
        reason=_why(delivery),
        error=text.clean(delivery.error),
    )


def _why(delivery: Delivery) -> str:
    if delivery.reason:
        return sentence(delivery.reason)
    return gettext('It waits for its turn: is the worker running?')


def body(raw: RawEvent) -> Body:
    network = networks.registry().get(raw.network)
    owner = raw.account or raw.endpoint
    outcome = raw.outcome
    failures = outcome.get('failures', {})
    return Body(
        pk=raw.pk,
        network=network.label if network else raw.network,
        account=text.clean(str(owner)) if owner else '',
        source=raw.source,
        call=text.clean(raw.call),
        at=raw.received_at,
        attempts=raw.attempts,
        reason=why_not_read(raw),
        error=text.clean(raw.error),
        failures=tuple((rank, _item(name)) for rank, name in failures.items()),
        counts=tuple(outcome.get('counts', {}).items()),
        unknown_accounts=tuple(map(text.clean, outcome.get('unknown_accounts', ()))),
        replayable=raw.state == RawEvent.State.QUARANTINED and raw.emptied_at is None,
    )


def why_not_read(raw: RawEvent) -> str:
    """Why a body is not read, in words; '' if it is."""
    if raw.state == RawEvent.State.DONE:
        return ''
    if raw.state == RawEvent.State.PENDING:
        return gettext('It waits for its turn: is the worker running?')
    if raw.error == ITEMS:
        count = len(raw.outcome.get('failures', {}))
        told = ngettext('%s item could not be recorded.', '%s items could not be recorded.', count)
        return told % count
    word = re.match('[a-z_]*', raw.error)
    name = word.group() if word else ''
    if name in BODIES:
        return str(BODIES[name])
    if name in SENTENCES:
        return sentence(name)
    return gettext('This software has met an error while reading it: read it again after an upgrade.')


def _item(name: str) -> str:
    return str(BODIES[name]) if name in BODIES else gettext('error of this software (%s)') % name

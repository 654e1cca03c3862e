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

"""What is counted, and when: plain queries on columns that an erasure leaves as they are (R51).

Nothing here looks at what was said, at identifiers, at ``Demand.state`` nor at ``erased_at``: erasing a
person changes no figure. Days are those of the site's time zone. Messages count at their reception, demands
at their opening.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median, quantiles
from typing import Any

from django.db.models import (
    Case,
    Count,
    DateField,
    Expression,
    F,
    Min,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import (
    Coalesce,
    ExtractHour,
    ExtractIsoWeekDay,
    TruncDate,
    TruncMonth,
    TruncYear,
)
from django.utils import timezone

from publik_socialmedia.models import Demand, Message

Origin = Message.Origin
WENT = (Message.State.SENT, Message.State.DELIVERED, Message.State.READ)

# interval → the moment as one of its steps: a date, a number, or nothing
STEPS: Mapping[str, Callable[[Any], Expression | Value]] = {
    'day': lambda at: TruncDate(at),
    'month': lambda at: TruncMonth(at, output_field=DateField()),
    'year': lambda at: TruncYear(at, output_field=DateField()),
    'weekday': lambda at: ExtractIsoWeekDay(at),  # 1 = Monday
    'hour': lambda at: ExtractHour(at),
    'none': lambda at: Value(0),
}
Step = date | int
Counts = dict[tuple[Step, Any], int]  # step and group → how many
Delays = dict[Step, list[float]]  # step → seconds


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked at. ``begin``: first day; ``end``: the day after the last one; None: no bound."""

    begin: date | None = None
    end: date | None = None
    account: int | None = None
    network: str = ''

    def within(self, field: str) -> Q:
        """Rows whose time is in the period, of these accounts."""
        found = Q()
        if self.begin:
            found &= Q(**{f'{field}__gte': _midnight(self.begin)})
        if self.end:
            found &= Q(**{f'{field}__lt': _midnight(self.end)})
        if self.account is not None:
            found &= Q(account=self.account)
        if self.network:
            found &= Q(account__network=self.network)
        return found


def messages(scope: Scope, interval: str, group: str, kept: Q) -> Counts:
    """How many messages. ``group``: a column, '' for none, 'direction' for in and out."""
    found = Message.objects.filter(kept, scope.within('received_at'))
    return _counted(found, 'received_at', interval, group)


def arrivals(scope: Scope, group: str) -> Counts:
    """Messages of citizens by the hour at which they were written: one polled later counts at its own."""
    found = Message.objects.filter(scope.within('received_at'), origin=Origin.CITIZEN)
    return _counted(found, 'sort_at', 'hour', group)


def demands(scope: Scope, interval: str, group: str) -> Counts:
    """How many demands were opened in w.c.s."""
    found = Demand.objects.filter(scope.within('opened_at'), opened_at__isnull=False)
    return _counted(found, 'opened_at', interval, group)


def delays(scope: Scope, interval: str, origins: Iterable[str]) -> Delays:
    """Seconds from the first message of each demand to the first one of ours, of these origins, that left."""
    came = Q(messages__origin=Origin.CITIZEN)
    went = Q(messages__origin__in=list(origins), messages__state__in=WENT)
    found = Demand.objects.filter(scope.within('opened_at'), opened_at__isnull=False)
    rows = (
        found.annotate(step=STEPS[interval]('opened_at'))
        .order_by()
        .values('pk', 'step')  # one row for each demand
        .annotate(
            begun=Min('messages__received_at', filter=came),
            # the network's own time of what we sent, where it gives one
            answered=Min(Coalesce('messages__sent_at', 'messages__sort_at'), filter=went),
        )
        .filter(answered__isnull=False)
    )
    waited: Delays = defaultdict(list)
    for step, begun_at, answered_at in rows.values_list('step', 'begun', 'answered'):
        if begun_at is not None:
            # clocks of networks differ by some seconds from ours
            waited[step].append(max((answered_at - begun_at).total_seconds(), 0.0))
    return waited


def middle(seconds: list[float]) -> float:
    return median(seconds)


def ninth_decile(seconds: list[float]) -> float:
    """The delay that nine in ten are under."""
    return seconds[0] if len(seconds) == 1 else quantiles(seconds, n=10, method='inclusive')[-1]


def _counted(found: QuerySet[Any], at: str, interval: str, group: str) -> Counts:
    rows = found.annotate(step=STEPS[interval](at), group=_group(group)).order_by()
    counts: Counter[tuple[Step, Any]] = Counter()
    for step, name, count in rows.values_list('step', 'group').annotate(count=Count('pk')):
        counts[step, name] += count
    return dict(counts)


def _group(group: str) -> Any:
    if group == 'direction':
        return Case(When(origin=Origin.CITIZEN, then=Value('in')), default=Value('out'))
    if group == 'network':
        return F('account__network')
    return F(group) if group else Value('')


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def steps(interval: str, found: Iterable[Step], scope: Scope) -> list[Step]:
    """All the steps to show, in order, also those where there is nothing: from the first to the last one
    found, or the whole period if that is not much more."""
    if interval == 'weekday':
        return list(range(1, 8))
    if interval == 'hour':
        return list(range(24))
    if interval == 'none':
        return [0]
    days = {step for step in found if isinstance(step, date)}
    today = timezone.localdate()
    if scope.begin and scope.end and scope.end - scope.begin <= _WHOLE:
        days |= {_first(interval, scope.begin)}
        days |= {_first(interval, min(scope.end - timedelta(days=1), max(today, scope.begin)))}
    shown: list[Step] = []
    step = min(days, default=None)
    while step is not None and step <= max(days):
        shown.append(step)
        step = _next(interval, step)
    return shown


_WHOLE = timedelta(days=732)  # a period of which empty steps are shown too


def _first(interval: str, day: date) -> date:
    """The step that has this day."""
    if interval == 'day':
        return day
    return day.replace(day=1) if interval == 'month' else day.replace(month=1, day=1)


def _next(interval: str, step: date) -> date:
    if interval == 'day':
        return step + timedelta(days=1)
    if interval == 'year':
        return step.replace(year=step.year + 1)
    return (step + timedelta(days=32)).replace(day=1)

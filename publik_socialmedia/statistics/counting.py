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
person changes no figure. Messages count at their reception, demands at their opening. What the charts of a
page share is read once, whatever their number: one pass over the messages, one over the demands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import Count, F, Max, Min, Model, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from publik_socialmedia.models import Account, Demand, Message
from publik_socialmedia.statistics.steps import DATED, Step, Steps, is_long, midnight

Origin = Message.Origin
WENT = (Message.State.SENT, Message.State.DELIVERED, Message.State.READ)

Counts = dict[tuple[Step, Any], int]  # step and group → how many


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked at. ``begin``: first day; ``end``: the day after the last one; None: no bound."""

    begin: date | None = None
    end: date | None = None
    account: int | None = None
    network: str = ''


@dataclass(frozen=True, slots=True)
class Cell:
    """Messages that are alike. ``first``: first parts of what they are parts of."""

    step: Step
    account: int
    origin: str
    state: str
    first: bool
    number: int

    @property
    def direction(self) -> str:
        return 'in' if self.origin == Origin.CITIZEN else 'out'

    @property
    def has_left(self) -> bool:
        return self.state in WENT


@dataclass(frozen=True, slots=True)
class Wait:
    """``opened`` demands; seconds from their first message to the first answer of a person, and to the
    acknowledgement: the median and what nine in ten are under, None where there was nothing to measure."""

    opened: int
    answer: tuple[float, float] | None
    acknowledgement: tuple[float, float] | None


class Tally:
    """The figures of a scope. Each is read from the database when it is first asked for, and once."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._read: dict[tuple[Any, ...], Any] = {}

    @cached_property
    def _known(self) -> list[tuple[int, str, datetime | None]]:
        return list(Account.all_rows.values_list('pk', 'network', 'removed_at'))

    @cached_property
    def _networks(self) -> Mapping[int, str]:
        """The network of each account."""
        return {pk: network for pk, network, _removed_at in self._known}

    def messages(self, interval: str, group: str, kept: Callable[[Cell], bool]) -> Counts:
        """How many messages. ``group``: an attribute of a cell, 'network', or '' for none."""
        counts: Counter[tuple[Step, Any]] = Counter()
        for cell in filter(kept, self._once(self._cells, interval)):
            counts[cell.step, self._group(cell, group)] += cell.number
        return dict(counts)

    def arrivals(self, group: str) -> Counts:
        """Messages of citizens by the hour at which they were written: one polled later counts at its own."""
        found = Message.objects.filter(self._within('received_at'), origin=Origin.CITIZEN)
        return self._counted(found, 'sort_at', 'hour', group)

    def demands(self, interval: str, group: str) -> Counts:
        """How many demands were opened in w.c.s. ``group``: a column, 'network', or '' for none."""
        if not group:
            return {(step, ''): wait.opened for step, wait in self.waits(interval).items()}
        return self._counted(self._opened(), 'opened_at', interval, group)

    def waits(self, interval: str) -> dict[Step, Wait]:
        """Of the demands opened in each step."""
        return dict(self._once(self._waits, interval))

    def _once(self, read: Callable[[str], Any], interval: str) -> Any:
        key = (read.__name__, interval)
        if key not in self._read:
            self._read[key] = read(interval)
        return self._read[key]

    def _cells(self, interval: str) -> list[Cell]:
        found = Message.objects.filter(self._within('received_at'))
        steps = self._steps(interval, Message, 'received_at')
        rows = found.annotate(step=steps.of('received_at'), first=Q(part=0)).order_by()
        columns = ('step', 'account', 'origin', 'state', 'first')
        return [
            Cell(steps.read(step), account, origin, state, first, number)
            for step, account, origin, state, first, number in rows.values_list(*columns).annotate(
                number=Count('*')
            )
        ]

    def _waits(self, interval: str) -> dict[Step, Wait]:
        """From the first message of each demand to the first one of ours of each kind that left."""
        steps = self._steps(interval, Demand, 'opened_at')
        rows = (
            self._opened()
            .annotate(step=steps.of('opened_at'))
            .order_by()
            .values('pk', 'step')  # one row for each demand
            .annotate(
                begun=Min('messages__received_at', filter=Q(messages__origin=Origin.CITIZEN)),
                answered=_left_at(Origin.AGENT, Origin.NATIVE),
                acknowledged=_left_at(Origin.AUTOMATIC),
            )
        )
        return {steps.read(step): Wait(*told) for step, *told in _quantiles(rows)}

    def _counted(self, found: QuerySet[Any], at: str, interval: str, group: str) -> Counts:
        steps = self._steps(interval, found.model, at)
        column = {'network': 'account', '': Value('')}.get(group, group)
        named = F(column) if isinstance(column, str) else column
        rows = found.annotate(step=steps.of(at), group=named).order_by().values_list('step', 'group')
        counts: Counter[tuple[Step, Any]] = Counter()
        for step, name, number in rows.annotate(number=Count('*')):
            counts[steps.read(step), self._networks[name] if group == 'network' else name] += number
        return dict(counts)

    def _group(self, cell: Cell, group: str) -> Any:
        if group == 'network':
            return self._networks[cell.account]
        return getattr(cell, group) if group else ''

    def _opened(self) -> QuerySet[Demand]:
        return Demand.objects.filter(self._within('opened_at'), opened_at__isnull=False)

    def _within(self, field: str) -> Q:
        """Rows whose time is in the period, of these accounts, and of none that is being removed."""
        found, scope = Q(), self.scope
        if scope.begin:
            found &= Q(**{f'{field}__gte': midnight(scope.begin)})
        if scope.end:
            found &= Q(**{f'{field}__lt': midnight(scope.end)})
        if scope.account is not None:
            found &= Q(account=scope.account)
        if scope.network:
            mine = [pk for pk, network in self._networks.items() if network == scope.network]
            found &= Q(account__in=mine or [0])  # no condition is known to be empty: all queries are made
        if removed := [pk for pk, _network, removed_at in self._known if removed_at]:
            found &= ~Q(account__in=removed)
        return found

    def _steps(self, interval: str, model: type[Model], field: str) -> Steps:
        begin, end = self.scope.begin, self.scope.end
        if interval in DATED and is_long(begin, end):
            found = model._default_manager.filter(self._within(field))
            extent = found.aggregate(first=Min(field), last=Max(field))
            begin = timezone.localdate(extent['first'])  # today if there is nothing
            end = timezone.localdate(extent['last']) + timedelta(days=1)
        today = timezone.localdate()
        return Steps(interval, begin or today, end or today)


def _left_at(*origins: str) -> Min:
    """When the first message of a demand left, by the network's own time of it where it gives one."""
    went = Q(messages__origin__in=origins, messages__state__in=WENT)
    return Min(Coalesce('messages__sent_at', 'messages__sort_at'), filter=went)


def _quantiles(rows: QuerySet[Demand, Any]) -> list[tuple[Any, ...]]:
    """Step, number of demands, quantiles of both delays: computed where the rows are, not brought here."""
    inner, values = rows.query.sql_with_params()
    # clocks of networks differ by some seconds from ours: no delay is negative
    quantile = """percentile_cont(ARRAY[0.5, 0.9])
                  WITHIN GROUP (ORDER BY greatest(date_part('epoch', {0} - begun), 0))
                  FILTER (WHERE {0} - begun IS NOT NULL)"""
    answer, acknowledgement = map(quantile.format, ('answered', 'acknowledged'))
    # ``inner`` is what Django made of the query above, its values apart
    query = f'SELECT step, count(*), {answer}, {acknowledgement} FROM ({inner}) AS demand GROUP BY step'  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())

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

"""The steps of a period: days, months, years, or the hours and days of the week that come again.

Days are those of the site's time zone. Their bounds are computed here, once, and PostgreSQL only looks
between which of them a moment is: applying a time zone to each of a hundred thousand rows cost as much as
reading them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Expression, F, Func, IntegerField, Value
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay
from django.utils import timezone

Step = date | int

DATED = ('day', 'month', 'year')
_WHOLE = timedelta(days=732)  # a period of which empty steps are shown too


class Steps:
    """What an interval makes of the period from ``begin`` to ``end``, the day after the last one."""

    def __init__(self, interval: str, begin: date, end: date) -> None:
        self.interval = interval
        self._days = list(_days(interval, begin, end)) if interval in DATED else []

    def of(self, field: str) -> Expression | Func:
        """The step of a moment, as a number that ``read`` understands."""
        if self._days:
            # between 1 and their number: nothing outside the period is asked for
            bounds = [midnight(day) for day in self._days]
            return Func(F(field), Value(bounds), function='WIDTH_BUCKET', output_field=IntegerField())
        return {'hour': ExtractHour, 'weekday': ExtractIsoWeekDay}.get(self.interval, _nothing)(field)

    def read(self, number: int) -> Step:
        return self._days[number - 1] if self._days else number


def _nothing(field: str) -> Any:
    return Value(0)


def _days(interval: str, begin: date, end: date) -> Iterable[date]:
    day = first_day(interval, begin)
    while day < end:
        yield day
        day = _next(interval, day)


def midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def shown(interval: str, found: Iterable[Step], begin: date | None, end: date | None) -> list[Step]:
    """All the steps to show, in order, also those where there is nothing: from the first to the last one
    found, or the whole period if that is not much more."""
    if interval in _COMING_AGAIN:
        return list(_COMING_AGAIN[interval])
    days = {step for step in found if isinstance(step, date)}
    if begin and end and end - begin <= _WHOLE:
        days |= {first_day(interval, begin)}
        days |= {first_day(interval, min(end - timedelta(days=1), max(timezone.localdate(), begin)))}
    if not days:
        return []
    return list(_days(interval, min(days), max(days) + timedelta(days=1)))


def is_long(begin: date | None, end: date | None) -> bool:
    """Whether it may be much longer than what there is."""
    return begin is None or end is None or end - begin > _WHOLE


_COMING_AGAIN: Mapping[str, range] = {'weekday': range(1, 8), 'hour': range(24), 'none': range(1)}


def first_day(interval: str, day: date) -> date:
    """The step that has this day."""
    if interval == 'month':
        return day.replace(day=1)
    return day.replace(month=1, day=1) if interval == 'year' else day


def _next(interval: str, step: date) -> date:
    if interval == 'day':
        return step + timedelta(days=1)
    if interval == 'year':
        return step.replace(year=step.year + 1)
    return (step + timedelta(days=32)).replace(day=1)

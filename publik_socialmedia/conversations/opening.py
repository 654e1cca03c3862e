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

"""Opening hours of a service: is it open, when does it open again, how it is said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.conversations import workdays

Slots = tuple[tuple[time, time], ...]
_SLOT = re.compile(r'(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)')
_FARTHEST = 60  # days that are looked through for the next opening


@dataclass(frozen=True, slots=True)
class Opening:
    """``week``: slots of each day, Monday first; ``closures``: first and last days. All are local times.

    Public holidays are closed. A service without any slot tells no hours, and is not said to be closed.
    """

    week: tuple[Slots, ...] = ((),) * 7
    closures: tuple[tuple[date, date], ...] = ()

    @property
    def known(self) -> bool:
        return any(self.week)

    def is_open(self, at: datetime) -> bool:
        local = timezone.localtime(at)
        return any(begin <= local.time() < end for begin, end in self.slots(local.date()))

    def slots(self, day: date) -> Slots:
        """When it is open on that day."""
        closed = any(first <= day <= last for first, last in self.closures)
        return () if closed or workdays.is_holiday(day, app_settings.HOLIDAYS) else self.week[day.weekday()]

    def next(self, at: datetime) -> datetime | None:
        """The next time that it opens, after that one; None if it does not in the coming weeks."""
        local = timezone.localtime(at)
        for days in range(_FARTHEST):
            day = local.date() + timedelta(days=days)
            for begin, _end in self.slots(day):
                opens = timezone.make_aware(datetime.combine(day, begin))
                if opens > at:
                    return opens
        return None

    def words(self) -> str:
        """« du lundi au vendredi de 8h30 à 12h et de 13h30 à 17h ; le samedi de 9h à 12h »."""
        said = []
        day = 0
        while day < 7:
            last = day
            while last < 6 and self.week[last + 1] == self.week[day]:
                last += 1
            if self.week[day]:
                said.append(f'{_days(day, last)} {_hours(self.week[day])}')
            day = last + 1
        return ' ; '.join(said)


def read(hours: Any, closures: Any) -> Opening:
    """Opening hours as they are stored; ValueError says what is not understood.

    ``hours``: 7 lists of « 08:30-12:00 », Monday first; ``closures``: « 2026-12-24 » or
    « 2026-12-24/2027-01-02 ».
    """
    days: Sequence[Any] = hours or [[]] * 7
    if isinstance(days, Mapping | str) or len(days) != 7:
        raise ValueError(_('The opening hours must be given for the seven days of the week.'))
    return Opening(tuple(map(_read_day, days)), tuple(map(_read_closure, closures or ())))


def _read_day(slots: Any) -> Slots:
    found: list[tuple[time, time]] = []
    for slot in slots or ():
        match = _SLOT.fullmatch(str(slot).replace(' ', ''))
        try:
            numbers = [int(number) for number in match.groups()] if match else [0] * 4
            begin, end = time(numbers[0], numbers[1]), time(numbers[2], numbers[3])
        except ValueError:
            begin = end = time()
        if begin >= end or (found and begin < found[-1][1]):
            raise ValueError(_('« %s »: write opening hours as 08:30-12:00, in order.') % slot)
        found.append((begin, end))
    return tuple(found)


def _read_closure(value: Any) -> tuple[date, date]:
    first, _separator, last = str(value).partition('/')
    try:
        days = date.fromisoformat(first.strip()), date.fromisoformat((last or first).strip())
    except ValueError:
        days = date.max, date.min
    if days[0] > days[1]:
        raise ValueError(_('« %s »: write a closure as 2026-12-24 or 2026-12-24/2027-01-02.') % value)
    return days


def _days(first: int, last: int) -> str:
    names = {'first': str(WEEKDAYS[first]).lower(), 'last': str(WEEKDAYS[last]).lower()}
    return _('on %(first)s') % names if first == last else _('from %(first)s to %(last)s') % names


def _hours(slots: Slots) -> str:
    said = [_('from %(begin)s to %(end)s') % {'begin': clock(b), 'end': clock(e)} for b, e in slots]
    return _(' and ').join(said)


def clock(at: time) -> str:
    """« 8h30 », « 17h »."""
    return f'{at.hour}h{at.minute:02}' if at.minute else f'{at.hour}h'

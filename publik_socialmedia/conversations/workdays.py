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

"""French public holidays and working days (jours ouvrés: Monday to Friday, but the public holidays).

Sources: Code du travail L3133-1 (the eleven of everywhere), L3134-13 (Alsace and Moselle), L3422-2 (overseas,
commemoration of the abolition of slavery).
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

FIXED = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
AFTER_EASTER = (1, 39, 50)  # days: Easter Monday, Ascension, Whit Monday
ALSACE_MOSELLE = 'alsace-moselle'
# region → the holiday that it has besides those of everywhere
REGIONAL = {
    'guadeloupe': (5, 27),
    'guyane': (6, 10),
    'martinique': (5, 22),
    'mayotte': (4, 27),
    'reunion': (12, 20),
    'saint-barthelemy': (10, 9),
    'saint-martin': (5, 28),
}
REGIONS = ('', ALSACE_MOSELLE, *REGIONAL)


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Astronomical Algorithms, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    f = (b + 8) // 25
    h = (19 * a + b - d - (b - f + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    shift = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * shift) // 451
    month, day = divmod(h + shift - 7 * m + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=64)
def holidays(year: int, region: str = '') -> frozenset[date]:
    """Public holidays of a year. ``region``: one of REGIONS, '' for the common ones."""
    sunday = easter(year)
    found = {date(year, month, day) for month, day in FIXED}
    found |= {sunday + timedelta(days=days) for days in AFTER_EASTER}
    if region == ALSACE_MOSELLE:
        found |= {sunday - timedelta(days=2), date(year, 12, 26)}
    elif region in REGIONAL:
        found.add(date(year, *REGIONAL[region]))
    return frozenset(found)


def is_holiday(day: date, region: str = '') -> bool:
    return day in holidays(day.year, region)


def is_workday(day: date, region: str = '') -> bool:
    return day.weekday() < 5 and not is_holiday(day, region)


def after(day: date, count: int, region: str = '') -> date:
    """The last of ``count`` working days that follow that day, which does not count itself."""
    for _ in range(count):
        day += timedelta(days=1)
        while not is_workday(day, region):
            day += timedelta(days=1)
    return day

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

"""Working days and legal dates, checked against published calendars."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from publik_socialmedia.conversations import legal, workdays


@pytest.mark.parametrize(
    'year, month, day',
    [(1961, 4, 2), (2000, 4, 23), (2008, 3, 23), (2011, 4, 24), (2024, 3, 31), (2025, 4, 20), (2026, 4, 5),
     (2027, 3, 28), (2028, 4, 16), (2038, 4, 25)],
)  # fmt: skip
def test_easter(year: int, month: int, day: int):
    assert workdays.easter(year) == date(year, month, day)


def test_the_holidays_of_a_year():
    """R53: as the State publishes them for 2026."""
    found = [f'{day:%d/%m}' for day in sorted(workdays.holidays(2026))]
    assert found == [
        '01/01',
        '06/04',
        '01/05',
        '08/05',
        '14/05',
        '25/05',
        '14/07',
        '15/08',
        '01/11',
        '11/11',
        '25/12',
    ]


@pytest.mark.parametrize(
    'region, more',
    [
        ('alsace-moselle', {date(2026, 4, 3), date(2026, 12, 26)}),
        ('reunion', {date(2026, 12, 20)}),
        ('mayotte', {date(2026, 4, 27)}),
        ('bretagne', set()),
    ],
)
def test_the_holidays_of_a_region(region: str, more: set[date]):
    """R53"""
    assert workdays.holidays(2026, region) - workdays.holidays(2026) == more


@pytest.mark.parametrize(
    'day, count, expected',
    [
        (date(2026, 11, 20), 1, date(2026, 11, 23)),  # a Friday
        (date(2026, 11, 22), 1, date(2026, 11, 23)),  # a Sunday
        (date(2026, 11, 10), 1, date(2026, 11, 12)),  # the day before a holiday
        (date(2026, 11, 23), 10, date(2026, 12, 7)),
        (date(2026, 4, 30), 10, date(2026, 5, 19)),  # 1, 8 and 14 May
        (date(2026, 12, 24), 1, date(2026, 12, 28)),
        (date(2026, 12, 31), 1, date(2027, 1, 4)),
        (date(2026, 11, 21), 0, date(2026, 11, 21)),
    ],
)
def test_working_days(day: date, count: int, expected: date):
    """R53: the day of reception does not count."""
    assert workdays.after(day, count) == expected


def test_the_legal_dates_of_a_message():
    """R53: received on a Sunday at half past midnight, in Paris."""
    found = legal.dates(datetime(2026, 11, 21, 23, 30, tzinfo=UTC))
    assert found == {
        'date_enregistrement': date(2026, 11, 23),
        'date_accuse': date(2026, 12, 4),
        'date_silence': date(2027, 1, 22),
    }


@pytest.mark.parametrize(
    'day, months, expected',
    [
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2027, 12, 31), 2, date(2028, 2, 29)),
        (date(2026, 10, 31), 2, date(2026, 12, 31)),
        (date(2026, 11, 30), 2, date(2027, 1, 30)),
        (date(2026, 1, 15), 12, date(2027, 1, 15)),
    ],
)
def test_from_date_to_date(day: date, months: int, expected: date):
    """R53"""
    assert legal.months_after(day, months) == expected


def test_the_delays_are_settings(settings):
    """R53"""
    settings.PUBLIK_SOCIALMEDIA_REGISTRATION_WORKDAYS = 3
    settings.PUBLIK_SOCIALMEDIA_RECEIPT_WORKDAYS = '5'
    settings.PUBLIK_SOCIALMEDIA_SILENCE_MONTHS = 4
    settings.PUBLIK_SOCIALMEDIA_HOLIDAYS = 'Alsace-Moselle'
    found = legal.dates(datetime(2026, 12, 23, 9, tzinfo=UTC))
    assert list(found.values()) == [date(2026, 12, 29), date(2026, 12, 31), date(2027, 4, 23)]

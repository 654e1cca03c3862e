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

"""Opening hours: open or not, until when, and in words."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from publik_socialmedia.conversations import opening

WEEK = [['08:30-12:00', '13:30-17:00']] * 5 + [['9:00 - 12:00'], []]
PARIS = ZoneInfo('Europe/Paris')


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    'at, expected',
    [
        ('2026-11-23 08:30', True),
        ('2026-11-23 08:29', False),
        ('2026-11-23 12:00', False),
        ('2026-11-23 13:30', True),
        ('2026-11-23 17:00', False),
        ('2026-11-28 09:00', True),
        ('2026-11-29 10:00', False),  # Sunday
        ('2026-11-11 10:00', False),  # a holiday, a Wednesday
        ('2026-12-24 10:00', False),  # closed by decision
        ('2026-12-28 10:00', False),
        ('2027-01-04 10:00', True),
    ],
)
def test_open_or_closed(at: str, expected: bool):
    """R53"""
    hours = opening.read(WEEK, ['2026-12-24', '2026-12-26/2027-01-02'])
    assert hours.is_open(paris(at)) is expected


@pytest.mark.parametrize(
    'at, expected',
    [
        ('2026-11-23 07:00', '2026-11-23 08:30'),
        ('2026-11-23 12:30', '2026-11-23 13:30'),
        ('2026-11-23 20:00', '2026-11-24 08:30'),
        ('2026-11-28 12:00', '2026-11-30 08:30'),
        ('2026-12-24 10:00', '2027-01-04 08:30'),
        ('2026-11-10 18:00', '2026-11-12 08:30'),
    ],
)
def test_the_next_opening(at: str, expected: str):
    """R53: over holidays and closures."""
    hours = opening.read(WEEK, ['2026-12-24', '2026-12-26/2027-01-02'])
    assert hours.next(paris(at)) == paris(expected)


def test_a_service_that_never_opens_has_no_next_opening():
    assert opening.read([[]] * 7, []).next(paris('2026-11-23 10:00')) is None
    assert opening.read(WEEK, ['2026-01-01/2027-12-31']).next(paris('2026-11-23 10:00')) is None


@pytest.mark.parametrize('hours', [None, [], [[]] * 7])
def test_hours_that_nobody_gave(hours: object):
    assert not opening.read(hours, None).known


@pytest.mark.parametrize(
    'hours, closures',
    [
        ([['8h30-12h']] + [[]] * 6, []),
        ([['25:00-26:00']] + [[]] * 6, []),
        ([['12:00-08:30']] + [[]] * 6, []),
        ([['08:30-12:00', '11:00-13:00']] + [[]] * 6, []),
        ([['08:30-12:00']], []),
        ('toujours', []),
        ({'lundi': []}, []),
        (None, ['24/12/2026']),
        (None, ['2027-01-02/2026-12-26']),
        (None, [12]),
    ],
)
def test_hours_that_cannot_be_understood(hours: object, closures: object):
    """R40: told to whoever typed them."""
    with pytest.raises(ValueError, match=r'.+'):
        opening.read(hours, closures)


def test_hours_in_words():
    """R53"""
    said = opening.read(WEEK, []).words()
    assert '8h30' in said and '13h30' in said and said.count(';') == 1

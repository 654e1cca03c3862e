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

"""A chart as SVG, made here: where each bar stands. Numbers are stacked by series, durations stand side by
side. The table that goes with it says the same to who does not see it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from publik_socialmedia.statistics.charts import Answer, Chart

WIDTH, HEIGHT = 720, 260  # units of the drawing
LEFT, RIGHT, TOP, BOTTOM = 64, 8, 12, 34  # margins: the scales
COLOURS = 8  # classes of the style sheet; the ninth series is drawn as the first
TICKS = 4
LABELS = 10  # labels under the bars that can be read
NICE_COUNTS = (1, 2, 5)
NICE_SECONDS = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600, 48 * 3600)
DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    colour: int
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A label of a scale."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """What the template draws. ``rows``: the table, one line for each label."""

    slug: str
    name: str
    empty: bool
    bars: tuple[Bar, ...]
    lines: tuple[Mark, ...]
    marks: tuple[Mark, ...]
    legend: tuple[tuple[int, str], ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    base: int = HEIGHT - BOTTOM
    right: int = WIDTH - RIGHT


def draw(chart: Chart, answer: Answer) -> Drawing:
    stacked = chart.unit != 'seconds'
    highest = _highest(answer, stacked)
    top, step = _scale(highest, chart.unit)
    return Drawing(
        slug=chart.slug,
        name=str(chart.name),
        empty=not highest,
        bars=tuple(_bars(answer, chart.unit, top, stacked)) if highest else (),
        lines=tuple(
            Mark(_y(value, top), _graduation(value, chart.unit)) for value in _multiples(step, top) if highest
        ),
        marks=tuple(_marks(answer.labels)),
        legend=tuple((number % COLOURS, item.label) for number, item in enumerate(answer.series)),
        rows=tuple(
            (dated(label), tuple(worded(item.data[rank], chart.unit) for item in answer.series))
            for rank, label in enumerate(answer.labels)
        ),
    )


def worded(value: float | None, unit: str) -> str:
    """A value for people: « 1 250 », « 2 h 05 min »; « – » where there was nothing to measure."""
    if value is None:
        return '–'
    return duration(value) if unit == 'seconds' else number_format(value, force_grouping=True)


def dated(label: str, *, short: bool = False) -> str:
    """A label of an answer for people: « 2 mars 2026 », in short « 2 mars », for 2026-03-02; « mars 2026 »
    for 2026-03; any other as it is."""
    found = re.fullmatch(r'(\d{4})-(\d\d)(?:-(\d\d))?', label)
    if found is None:
        return label
    try:
        day = date(int(found[1]), int(found[2]), int(found[3] or 1))
    except ValueError:
        return label
    if found[3] is None:
        return date_format(day, 'N Y' if short else 'F Y')
    return date_format(day, 'j N' if short else 'j F Y')


def _graduation(value: float, unit: str) -> str:
    """A value of a scale: round hours are said without their minutes."""
    if unit == 'seconds' and value and not value % 3600 and value < DAY:
        return _('%s h') % round(value / 3600)
    return worded(value, unit)


def duration(seconds: float) -> str:
    """Two units at most: « 45 s », « 12 min », « 2 h 05 min », « 3 d 4 h »."""
    whole = round(seconds)
    if whole < 60:
        return _('%s s') % whole
    minutes = round(whole / 60)
    if minutes < 60:
        return _('%s min') % minutes
    if minutes < 24 * 60:
        hours, rest = divmod(minutes, 60)
        return _('%(hours)s h %(minutes)02d min') % {'hours': hours, 'minutes': rest}
    days, hours = divmod(round(minutes / 60), 24)
    return _('%(days)s d %(hours)s h') % {'days': days, 'hours': hours}


def _highest(answer: Answer, stacked: bool) -> float:
    columns = zip(*(item.data for item in answer.series), strict=True)
    heights = ([value or 0 for value in column] for column in columns)
    return max((sum(column) if stacked else max(column) for column in heights), default=0)


def _scale(highest: float, unit: str) -> tuple[float, float]:
    """Top of the scale and distance of its lines: round numbers."""
    least = max(highest, 1) / TICKS
    if unit == 'seconds':
        step: float = next((nice for nice in NICE_SECONDS if nice >= least), 0)
        step = step or math.ceil(least / DAY) * DAY
    else:
        power = 10 ** math.floor(math.log10(least)) if least >= 1 else 1
        step = next((nice * power for nice in NICE_COUNTS if nice * power >= least), 10 * power)
    return math.ceil(max(highest, 1) / step) * step, step


def _multiples(step: float, top: float) -> Iterator[float]:
    for number in range(round(top / step) + 1):
        yield number * step


def _y(value: float, top: float) -> float:
    room = HEIGHT - TOP - BOTTOM
    return round(HEIGHT - BOTTOM - room * value / top, 2)


def _bars(answer: Answer, unit: str, top: float, stacked: bool) -> Iterator[Bar]:
    place = (WIDTH - LEFT - RIGHT) / len(answer.labels)
    columns = 1 if stacked else len(answer.series)
    width = round(min(place * 0.8, 60.0) / columns, 2)
    for rank, label in enumerate(answer.labels):
        start = LEFT + place * rank + (place - width * columns) / 2
        below = 0.0
        for number, item in enumerate(answer.series):
            value = item.data[rank]
            if not value:
                continue
            title = f'{dated(label)} – {item.label} : {worded(value, unit)}'.removeprefix(' – ')
            x = start if stacked else start + width * number
            high = _y(below + value, top)
            height = round(_y(below, top) - high, 2)
            yield Bar(round(x, 2), high, width, height, number % COLOURS, title)
            below += value if stacked else 0


def _marks(labels: Sequence[str]) -> Iterator[Mark]:
    """Some of the labels, evenly, so that they do not touch."""
    every = math.ceil(len(labels) / LABELS) or 1
    place = (WIDTH - LEFT - RIGHT) / max(len(labels), 1)
    for rank in range(0, len(labels), every):
        yield Mark(round(LEFT + place * (rank + 0.5), 2), dated(labels[rank], short=True))

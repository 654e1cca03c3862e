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

"""The figures, printed as they come and kept as Markdown in ``bench/var/``."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from pathlib import Path

median = statistics.median


def percentile(values: Sequence[float], rank: float) -> float:
    """The smallest value that is not below ``rank`` percent of them; NaN of none."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * rank / 100) - 1, 0)]


def milliseconds(seconds: float) -> str:
    return f'{seconds * 1000:.1f}'


def spread(ratios: Sequence[float]) -> str:
    """« 0.93 (0.90–0.95) »: median and extremes of the rounds."""
    return f'{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})'


class Report:
    """What is said goes to the terminal; what is written goes to the file too."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines: list[str] = []

    def say(self, text: str) -> None:
        print(text, flush=True)

    def write(self, text: str = '') -> None:
        self.say(text)
        self._lines.append(text)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text('\n'.join(self._lines) + '\n')

    def title(self, text: str) -> None:
        self.write(f'\n## {text}\n')

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table whose columns are aligned in the terminal too."""
        widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
        for row in [head, ['-' * width for width in widths], *rows]:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            self.write('| ' + ' | '.join(cells) + ' |')
        self.write()

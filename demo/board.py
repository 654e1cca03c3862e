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

"""What w.c.s. holds of the demonstration: counted there, by its API, not assumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from demo.script import Expected
from publik_socialmedia.wcs.client import Client, Found

# fields of the form and of its history where a message stands; the others repeat parts of it
MESSAGE_FIELDS = ('message',)
# what the workflow that comes with this software writes of a message that its author took back
WITHDRAWN = 'Message effacé'


@dataclass(frozen=True)
class Row:
    """One expected message and the demands where it stands."""

    expected: Expected
    demands: tuple[Found, ...]
    times: int

    @property
    def lost(self) -> bool:
        """Also the news that it was withdrawn, where the message had been told."""
        untold = self.expected.withdrawn and not all(WITHDRAWN in _all_text(one) for one in self.demands)
        return self.times < self.expected.wanted or untold

    @property
    def doubled(self) -> bool:
        return self.times > self.expected.wanted + self.expected.withdrawn


@dataclass(frozen=True)
class Count:
    """All of it: ``doubled`` and ``lost`` count messages, ``demands`` those of this run."""

    rows: tuple[Row, ...]
    demands: int
    conversations: int
    files: int
    files_wanted: int

    @property
    def lost(self) -> int:
        return sum(row.lost for row in self.rows)

    @property
    def doubled(self) -> int:
        return sum(row.doubled for row in self.rows)

    @property
    def complete(self) -> bool:
        whole = self.demands == self.conversations and self.files == self.files_wanted
        return whole and not self.lost and not self.doubled

    def summary(self) -> str:
        wanted = sum(row.expected.wanted for row in self.rows)
        return f'{wanted} messages, {self.demands} demands, {self.lost} lost, {self.doubled} doubled'


def count(client: Client, form: str, run: str, expected: Sequence[Expected], conversations: int) -> Count:
    """Read the demands of the networks concerned and look for each mark."""
    found: dict[str, Found] = {}
    for network in {item.network for item in expected}:
        found |= {demand.id: demand for demand in client.find(form, 'reseau', network, payloads=False)}
    ours = {number: demand for number, demand in found.items() if run in _all_text(demand)}
    rows = []
    for item in expected:
        holders = tuple(demand for demand in ours.values() if item.mark in _all_text(demand))
        rows.append(Row(item, holders, sum(_all_text(demand).count(item.mark) for demand in holders)))
    return Count(
        rows=tuple(rows),
        demands=len(ours),
        conversations=conversations,
        files=sum(_files(demand) for demand in ours.values()),
        files_wanted=sum(item.files for item in expected),
    )


def _all_text(demand: Found) -> str:
    values = [str(demand.fields.get(name) or '') for name in MESSAGE_FIELDS]
    return '\n'.join([*values, *demand.comments])


def _files(demand: Found) -> int:
    return len(demand.fields.get('pieces_jointes_raw') or demand.fields.get('pieces_jointes') or ())


__all__ = ['Count', 'Row', 'count']

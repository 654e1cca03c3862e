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

"""The demands, in memory, and the two weaknesses of how w.c.s. stores them.

* A call works on its own copy and stores its values whole: of two calls at the same instant, those of one are
  lost. Entries of the history are rows of their own: both stay.
* The mark « being processed » is read, then written, without a lock between the two; a crash leaves it set.
"""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class File:
    """A stored file."""

    filename: str
    base_filename: str
    content_type: str
    content: bytes
    digest: str


@dataclass(frozen=True)
class Part:
    """Something written in the history: a comment (HTML) or a file."""

    comment: str = ''
    file: File | None = None
    receivers_only: bool = False


@dataclass
class Entry:
    """An entry of the history."""

    time: datetime
    status: str
    who: str | None = None
    parts: list[Part] = field(default_factory=list)
    id: int = field(default_factory=itertools.count(1).__next__)


@dataclass
class Demand:
    """A formdata; ``values`` by id of field."""

    number: int
    uuid: str
    received: datetime
    status: str = ''
    draft: bool = False
    values: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)  # « workflow data »
    #: What agents filled in the forms of the workflow, by the form's varname, oldest first.
    forms: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    #: Function → slug of the role that the workflow gave it for this demand.
    roles: dict[str, str] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    channel: Any = None
    user_id: Any = None
    backoffice: bool = False
    agent: str = ''
    anonymised: bool = False
    evolution: list[Entry] = field(default_factory=list)
    #: Event ids of the hooks that were carried out, in order: for the counts of tests, unknown to w.c.s.
    events: list[str] = field(default_factory=list)

    def copy(self) -> Demand:
        return replace(
            self,
            values=dict(self.values),
            data=dict(self.data),
            forms={name: list(filled) for name, filled in self.forms.items()},
            roles=dict(self.roles),
            context=dict(self.context),
            evolution=[replace(entry, parts=list(entry.parts)) for entry in self.evolution],
            events=list(self.events),
        )

    @property
    def updated(self) -> datetime:
        return self.evolution[-1].time if self.evolution else self.received

    @property
    def comments(self) -> list[str]:
        """Return the HTML of the history, oldest first."""
        return [part.comment for entry in self.evolution for part in entry.parts if part.comment]

    @property
    def files(self) -> list[File]:
        """Return the files of the history, oldest first."""
        return [part.file for entry in self.evolution for part in entry.parts if part.file]


class Store:
    """All demands of one form."""

    def __init__(self, lock_age: float) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._demands: dict[int, Demand] = {}
        self._index: dict[tuple[str, str], set[int]] = defaultdict(set)
        self._processing: dict[int, float] = {}
        self._lock_age = lock_age

    def create(self) -> Demand:
        """Return a new demand, not stored yet."""
        return Demand(number=next(self._numbers), uuid=str(uuid.uuid4()), received=datetime.now(UTC))

    def get(self, number: int) -> Demand | None:
        """Return a copy, None if there is no such demand."""
        with self._lock:
            demand = self._demands.get(number)
            return demand.copy() if demand else None

    def commit(self, demand: Demand) -> None:
        """Store a copy over what another call may have stored meanwhile, whose entries stay."""
        demand = demand.copy()
        with self._lock:
            known = self._demands.get(demand.number)
            if known:
                mine = {entry.id: entry for entry in demand.evolution}
                demand.evolution = [mine.pop(entry.id, entry) for entry in known.evolution]
                demand.evolution += mine.values()
            for key in _keys(known) if known else ():
                self._index[key].discard(demand.number)
            for key in _keys(demand):
                self._index[key].add(demand.number)
            self._demands[demand.number] = demand

    def delete(self, number: int) -> None:
        with self._lock:
            for key in _keys(self._demands.pop(number)):
                self._index[key].discard(number)

    def with_value(self, field_id: str, value: str) -> list[Demand]:
        """Return the demands whose field is exactly this, newest first."""
        with self._lock:
            found = sorted(self._index.get((field_id, value), ()), reverse=True)
            return [self._demands[number] for number in found]

    def all(self) -> list[Demand]:
        """Return the demands as they are stored, newest first; not to be changed."""
        with self._lock:
            return list(reversed(self._demands.values()))

    def is_processing(self, number: int) -> bool:
        """Say if actions are running on a demand.

        A mark older than ``lock_age`` is that of a crash: it is lifted, as the hourly job of w.c.s. does.
        """
        with self._lock:
            since = self._processing.get(number)
            if since is not None and time.monotonic() - since > self._lock_age:
                del self._processing[number]
                return False
            return since is not None

    def set_processing(self, number: int, value: bool) -> None:
        with self._lock:
            if value:
                self._processing[number] = time.monotonic()
            else:
                self._processing.pop(number, None)


def _keys(demand: Demand) -> Iterator[tuple[str, str]]:
    for field_id, value in demand.values.items():
        if isinstance(value, str) and len(value) <= 200:
            yield field_id, value

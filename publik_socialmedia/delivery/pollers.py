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

"""Accounts polled at the same time: their servers are far away, and one that is slow must hold up no other,
nor may those of one tenant hold up the others'."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence

from publik_socialmedia.delivery.crew import Crew
from publik_socialmedia.intake.polling import Turn
from publik_socialmedia.tenants import Tenant

POLLERS = 16  # accounts polled at the same time


class Pollers:
    """``poll``: what is called for each account, in a thread of its own; ``ended``: after it. ``share``: how
    many accounts of one tenant at the same time."""

    def __init__(
        self,
        poll: Callable[[Tenant, Turn], object],
        ended: Callable[[Tenant], object],
        share: int = POLLERS,
    ) -> None:
        self._poll_one, self._ended = poll, ended
        self._share = share
        self._crew = Crew('poller', POLLERS)
        self._busy = Counter[str]()
        self._lock = threading.Lock()

    def room(self, tenant: Tenant) -> int:
        """How many of its accounts can be polled at once; 0 once it has its share. Waits until one account,
        of anybody, can be."""
        room = self._crew.room()
        with self._lock:
            return min(room, self._share - self._busy[tenant.schema])

    def poll(self, tenant: Tenant, turns: Sequence[Turn]) -> None:
        """Have these accounts polled, no more of them than there is room."""
        for turn in turns:
            with self._lock:
                self._busy[tenant.schema] += 1
            self._crew.do(lambda turn=turn: self._run(tenant, turn))  # type: ignore[misc]

    def stop(self) -> None:
        """Finish what is under way."""
        self._crew.stop()

    def _run(self, tenant: Tenant, turn: Turn) -> None:
        try:
            self._poll_one(tenant, turn)
        finally:
            with self._lock:
                self._busy[tenant.schema] -= 1
                if not self._busy[tenant.schema]:
                    del self._busy[tenant.schema]
            self._ended(tenant)

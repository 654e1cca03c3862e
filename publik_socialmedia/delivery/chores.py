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

"""What the worker does by itself, besides reading, polling and delivering: one line each.

A chore is a plain function of the tenant that is being served. It is called now and then, in a thread of its
own, and again at once as long as it says that it did something, in turn with the other tenants. So each call
is bounded (a minute at most), and may be made twice, at the same time as itself, or be cut short.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from publik_socialmedia.jobs import running
from publik_socialmedia.monitoring import watching
from publik_socialmedia.wcs import deadlines, upkeep


@dataclass(frozen=True, slots=True)
class Chore:
    """``step``: gives how much it did. ``every``: seconds between two calls in one tenant, at least; with
    hundreds of tenants they are further apart. ``woken``: called too when something is asked (``wakeup``)."""

    name: str
    step: Callable[[], int]
    every: float
    woken: bool = False


CHORES: tuple[Chore, ...] = (
    Chore('deadlines', deadlines.look, 20),  # conversations whose time to answer ends
    Chore('upkeep', upkeep.look_again, 20),  # demands of which nothing was heard for long
    Chore('checks', watching.check_some, 20),  # accounts that were not looked at for an hour, or met an error
    Chore('jobs', running.run_some, 5, woken=True),  # long works that an administrator asked for
    Chore('alerts', watching.tell_some, 20),  # after the checks, of which they tell what was found
)

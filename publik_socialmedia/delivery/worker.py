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

"""What is done for one site, step by step, or all of it once (cron lines, tests). ``service`` never ends.

All the state is in the database: whoever does a step may be killed at any point, and any number of processes
may do them, on any number of machines.
"""

from __future__ import annotations

import logging
import random
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db import connection
from django.db.utils import InterfaceError, OperationalError

from publik_socialmedia import errors, tenants
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.delivery import queue, sending
from publik_socialmedia.delivery.chores import CHORES, Chore
from publik_socialmedia.delivery.queue import Claim
from publik_socialmedia.intake import inbox, polling
from publik_socialmedia.models import Delivery
from publik_socialmedia.wcs import demands

READ_BATCH = 20  # bodies read before another lane, or another tenant, has its turn

logger = logging.getLogger(__name__)


def read_some() -> int:
    """Read a batch of what came in; gives how many bodies."""
    return inbox.read_some(READ_BATCH)


def poll_some() -> int:
    """Poll one account that is due; gives how many were."""
    turns = polling.claim()
    for turn in turns:
        polling.poll(turn)
    return len(turns)


def watch_some() -> int:
    """Do what is due by itself; gives how much was done. What fails keeps nothing else from being done."""
    return sum(map(_do, CHORES))


def _do(chore: Chore) -> int:
    try:
        return chore.step()
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.error('%s: %s', chore.name, errors.where(error))
        return 0


def deliver_some() -> int:
    """Drain one conversation that is due; gives how many were."""
    claims = queue.claim()
    for claim in claims:
        drain(claim)
    return len(claims)


def drain(claim: Claim) -> None:
    """Deliver what is due in one conversation, both ways, and release it whatever happens."""
    steps: dict[str, Callable[[list[Delivery]], None]] = {
        queue.Lane.WCS: lambda waiting: demands.Pusher(claim).run(waiting),
        queue.Lane.NETWORK: lambda waiting: sending.push(claim),
    }
    for lane, waiting in queue.waiting(claim.conversation_id).items():
        if not waiting:
            continue
        try:
            steps[lane](waiting)
        except queue.LeaseLost:
            logger.warning('conversation %s was taken by another worker', claim.conversation_id)
            return
        except Exception as error:  # one way that fails does not stop the other one
            logger.error('conversation %s: %s', claim.conversation_id, errors.where(error))
            queue.stumble(claim, lane)
            if isinstance(error, (OperationalError, InterfaceError)):
                raise  # the database is away; any other of its errors is about this conversation only
    queue.release(claim)


def turn() -> int:
    """One turn of the site being served: a little of each; gives how much was done."""
    # what happens by itself is looked at when nothing else is to be done, not at each turn
    return poll_some() + read_some() + deliver_some() or watch_some()


def run_once(limit: int = 10_000) -> int:
    """Do all that is due now, in this thread; gives the number of steps, ``limit`` or hardly more."""
    steps = 0
    while steps < limit and (done := turn()):
        steps += done
    return steps


@dataclass(slots=True)
class Round:
    """What became of a round. ``failed``: name of each site that could not be served → where it failed;
    ``cut``: the time was over before all was done."""

    steps: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    cut: bool = False


def run_round(found: Iterable[tenants.Tenant], seconds: float) -> Round:
    """Do all that is due now at these sites, for ``seconds`` and hardly more: a turn each, again and again.

    What fails at one site ends its round, not that of the others. Only the absence of the database is raised.
    """
    waiting = deque(found)
    random.shuffle(waiting)  # a round that is cut short does not always leave out the same ones
    end = time.monotonic() + seconds
    done = Round()
    while waiting:
        if time.monotonic() >= end:
            done.cut = True
            break
        tenant = waiting.popleft()
        try:
            with tenants.serving(tenant):
                steps = turn() if app_settings.ENABLED else 0
        except Exception as error:
            done.failed[tenant.name] = tenants.explain(error)
            logger.error('%s: %s', tenant.name or tenant.schema, tenants.explain(error))
            if isinstance(error, (OperationalError, InterfaceError)):
                connection.close()
                connection.ensure_connection()  # raised if it is away; else it was about this site
            continue
        done.steps += steps
        if steps:
            waiting.append(tenant)
    return done

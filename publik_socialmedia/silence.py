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

"""Silence: no message for long compared with the habit of an account (R41).

The habit is the mean time between two messages of citizens in the four weeks before the last one. If messages
came at random at that pace, a silence of ten times the mean would happen once in 22,000; three days at least,
since people sleep and have week-ends. After FORGOTTEN it is no news any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q
from django.utils import timezone

from publik_socialmedia.models import Account, Conversation, Message

PERIOD = timedelta(days=28)
FEWEST = 10  # messages that make a habit
TIMES = 10  # the mean
SHORTEST = timedelta(days=3)
FORGOTTEN = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Heard:
    """``last``: reception of the last message of a citizen, None if there was none; ``count``: how many came
    in the PERIOD that ends with it, known only if it is SHORTEST ago or more."""

    last: datetime | None = None
    count: int = 0

    def is_silent(self, now: datetime) -> bool:
        if self.last is None or self.count < FEWEST or now - self.last > FORGOTTEN:
            return False
        return now - self.last > max(SHORTEST, TIMES * PERIOD / self.count)


def heard(now: datetime | None = None) -> dict[int, Heard]:
    """By account; two queries."""
    at = now or timezone.now()
    rows = Conversation.objects.values_list('account').annotate(last=Max('last_inbound_at'))
    last = {pk: moment for pk, moment in rows if moment is not None}
    quiet = {pk: moment for pk, moment in last.items() if SHORTEST <= at - moment <= FORGOTTEN}
    counts = _counts(quiet) if quiet else {}
    return {pk: Heard(moment, counts.get(pk, 0)) for pk, moment in last.items()}


def silent(now: datetime | None = None) -> list[Account]:
    """The accounts in use from which nothing has come for long compared with their habit."""
    at = now or timezone.now()
    found = [pk for pk, told in heard(at).items() if told.is_silent(at)]
    return list(Account.objects.filter(pk__in=found).exclude(state=Account.State.PAUSED).order_by('pk'))


def _counts(last: dict[int, datetime]) -> dict[int, int]:
    wanted = Q()
    for pk, moment in last.items():
        wanted |= Q(account=pk, received_at__gt=moment - PERIOD, received_at__lte=moment)
    # the widest bounds first: by them the index leaves most of the table aside
    between = Q(received_at__gt=min(last.values()) - PERIOD, received_at__lte=max(last.values()))
    citizens = Message.objects.filter(between, wanted, origin=Message.Origin.CITIZEN)
    return dict(citizens.values_list('account').annotate(count=Count('pk')))

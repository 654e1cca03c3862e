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

"""The figures of the home page: a fixed number of queries, whatever the number of accounts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Q
from django.utils import timezone

from publik_socialmedia.models import Account, Delivery, Demand, Message
from publik_socialmedia.silence import Heard, heard


@dataclass
class Figures:
    """Of one account. ``today``: since midnight, citizens' messages."""

    today: int = 0
    answered: int = 0
    open: int = 0
    blocked: int = 0
    heard: Heard = field(default_factory=Heard)


def of_accounts(now: datetime) -> dict[int, Figures]:
    """By account; those of whom there is nothing to tell are not there."""
    found: dict[int, Figures] = {}
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    inbound = Q(origin=Message.Origin.CITIZEN)
    rows = Message.objects.filter(received_at__gte=midnight).values_list('account')
    for pk, came, went in rows.annotate(came=Count('pk', filter=inbound), went=Count('pk', filter=~inbound)):
        found[pk] = Figures(today=came, answered=went)
    for pk, told in heard(now).items():
        found.setdefault(pk, Figures()).heard = told
    still_open = [Demand.State.OPENING, Demand.State.OPEN]
    demands = Demand.objects.filter(state__in=still_open).values_list('account')
    for pk, count in demands.annotate(count=Count('pk')):
        found.setdefault(pk, Figures()).open = count
    blocked = Delivery.objects.filter(state=Delivery.State.BLOCKED).values_list('conversation__account')
    for pk, count in blocked.annotate(count=Count('pk')):
        found.setdefault(pk, Figures()).blocked = count
    return found


def of_account(account: Account, now: datetime) -> Figures:
    """The same for one; the figures of all are as quick to read as those of one."""
    return of_accounts(now).get(account.pk, Figures())

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

"""Accounts whose poll is late or failed: a list of the page « queue » (R42)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from publik_socialmedia import text
from publik_socialmedia.manager.backlog import LATE
from publik_socialmedia.models import Account
from publik_socialmedia.reasons import sentence
from publik_socialmedia.wcs.wording import network_label

NAME, LABEL = 'polls', gettext_lazy('Late polls')


@dataclass(frozen=True, slots=True)
class Poll:
    """A poll as it is shown. ``due_at``: the next try."""

    pk: int
    network: str
    account: str
    heard_at: datetime | None
    due_at: datetime | None
    failures: int
    reason: str


def late(account: int | None = None) -> QuerySet[Account]:
    """Those that failed the last time, or are due for long; never those that are paused."""
    now = timezone.now()
    known = Account.objects.exclude(state=Account.State.PAUSED).filter(poll_due_at__isnull=False)
    found = known.filter(Q(poll_failures__gt=0) | Q(poll_due_at__lt=now - LATE)).defer('credentials')
    return (found if account is None else found.filter(pk=account)).order_by('poll_due_at', 'pk')


def shown(account: Account) -> Poll:
    reason = account.problem or account.last_error.split(' ', 1)[0].rstrip(':') or 'temporary'
    waiting = _('It waits for its turn: is the worker running?')
    return Poll(
        pk=account.pk,
        network=network_label(account),
        account=text.clean(str(account)),
        heard_at=account.last_event_at,
        due_at=account.poll_due_at,
        failures=account.poll_failures,
        reason=sentence(reason) if account.poll_failures else waiting,
    )


def hasten(accounts: Iterable[int]) -> int:
    """Have them polled now; one that a worker polls at this moment is not. Gives how many."""
    now = timezone.now()
    return late().filter(pk__in=accounts).order_by().update(poll_due_at=now)

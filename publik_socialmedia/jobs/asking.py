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

"""Asking for a job, and taking it back. One at a time for an account: a constraint of the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from publik_socialmedia.delivery.wakeup import wake
from publik_socialmedia.models import Account, Job, RawEvent

PAST = (Job.Kind.COUNT, Job.Kind.IMPORT, Job.Kind.REPAIR)


class Stopped(Exception):
    """The job is no longer to be done: do nothing more of it."""


def ask(account: Account, kind: str, since: datetime, actor: Any = None, **values: Any) -> Job | None:
    """Have a job done by the worker; None if another one of the account is not ended."""
    try:
        with transaction.atomic():
            # the journal says what was done
            Job.objects.filter(account=account).exclude(state=Job.State.PENDING).delete()
            job = Job.objects.create(account=account, kind=kind, since=since, actor=actor, **values)
    except IntegrityError:
        return None
    wake()
    return job


def last(account: Account, *kinds: str) -> Job | None:
    """The last one of these kinds, done or not."""
    return Job.objects.filter(account=account, kind__in=kinds or PAST).order_by('-pk').first()


def stop(account: Account) -> bool:
    """Take back what was asked of this account and is not done; True if there was something."""
    now = timezone.now()
    with transaction.atomic():
        pending = Job.objects.filter(account=account, kind__in=PAST, state=Job.State.PENDING)
        stopped = list(pending.select_for_update().values_list('pk', flat=True))
        pending.update(state=Job.State.STOPPED, done_at=now, updated_at=now)
        held(*stopped).delete()
    return bool(stopped)


def lane(job: int) -> str:
    """Under which bodies are held for a job: no reader looks there."""
    return f'job {job}'


def held(*jobs: int) -> Any:
    """The bodies held for these jobs."""
    return RawEvent.objects.filter(lane__in=map(lane, jobs), state=RawEvent.State.DONE)

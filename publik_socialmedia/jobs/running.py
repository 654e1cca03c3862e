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

"""Jobs done in slices by whoever has the time: the worker, ``run_once``.

A job is a generator of pieces. Each piece is committed with where it ends, so that a job may be cut short
anywhere and goes on from there; a lock of the connection keeps it to one process, and is free as soon as that
process dies.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.utils import InterfaceError, OperationalError
from django.utils import timezone

from publik_socialmedia import errors
from publik_socialmedia.delivery import queue
from publik_socialmedia.delivery.wakeup import wake
from publik_socialmedia.jobs import reading, removal
from publik_socialmedia.jobs.asking import Stopped, held
from publik_socialmedia.locks import alone
from publik_socialmedia.models import Job

SLICE = 5.0  # seconds, after which other work has its turn
TRIES = 8  # in a row, of what a person waits for
KILLED = 3 * TRIES  # times that it was begun without a piece being done
_LOOKED_AT = 20  # jobs, to find one that nobody does

State = Job.State
logger = logging.getLogger(__name__)

#: Each yields the seconds to wait before its next piece, 0 mostly.
PIECES: Mapping[str, Callable[[Job], Iterator[float]]] = {
    Job.Kind.COUNT: reading.count,
    Job.Kind.IMPORT: reading.take_in,
    Job.Kind.REPAIR: reading.repair,
    Job.Kind.REMOVAL: removal.erase,
}


def run_some() -> int:
    """Do a slice of a job that is due; gives 1, or 0 if there was none."""
    due = Job.objects.filter(state=State.PENDING, due_at__lte=timezone.now()).order_by('due_at', 'pk')
    for pk in due.values_list('pk', flat=True)[:_LOOKED_AT]:
        with alone(f'job {pk}') as ours:
            if ours:
                return int(run(pk, SLICE))
    return 0


def run(pk: int, seconds: float) -> bool:
    """Go on with a job for so long; False if it was not to be done. Lets failures of the database out."""
    rows = Job.objects.filter(pk=pk, state=State.PENDING, due_at__lte=timezone.now())
    # counted before it begins: a job that kills who does it is counted too
    if not rows.update(attempts=F('attempts') + 1):
        return False
    job = Job.objects.select_related('account__endpoint').get(pk=pk)
    end = time.monotonic() + seconds
    try:
        if job.attempts > KILLED:
            raise errors.TemporaryError('internal', detail='it stopped those who were doing it')
        for wait in PIECES[job.kind](job):
            _keep(job, wait)
            if wait or time.monotonic() > end:
                return True
        _finish(job)
    except Stopped:
        pass  # by the person who asked for it, or with its account
    except (OperationalError, InterfaceError):
        raise
    except errors.SocialMediaError as error:
        _failed(job, error)
    except Exception as error:
        logger.error('job %s: %s', job.pk, errors.where(error))
        _failed(job, errors.TemporaryError('internal', detail=type(error).__name__))
    return True


def _keep(job: Job, wait: float) -> None:
    """A piece is done: what failed before it is over."""
    due_at = timezone.now() + timedelta(seconds=wait)
    if not _pending(job).update(attempts=0, reason='', due_at=due_at, updated_at=timezone.now()):
        raise Stopped
    job.attempts = 0


def _finish(job: Job) -> None:
    now = timezone.now()
    # a removal has taken its own row away
    over = {'state': State.DONE, 'reason': '', 'attempts': 0, 'done_at': now, 'updated_at': now}
    if job.kind != Job.Kind.COUNT:  # what was counted leads the import
        over['threads'] = {}
    _pending(job).update(**over)
    wake()


def _failed(job: Job, error: errors.SocialMediaError) -> None:
    """Try again later what passes by itself, and what must be done whatever happens."""
    logger.warning('job %s: %s', job.pk, error)
    now, tries = timezone.now(), job.attempts
    passes = isinstance(error, errors.TemporaryError) and tries < TRIES
    with transaction.atomic():
        if passes or job.kind == Job.Kind.REMOVAL:
            due_at = now + queue.backoff(tries, getattr(error, 'retry_after', None))
            _pending(job).update(reason=error.reason, due_at=due_at, updated_at=now)
        else:
            _pending(job).update(state=State.FAILED, reason=error.reason, done_at=now, updated_at=now)
            held(job.pk).delete()


def _pending(job: Job) -> QuerySet[Job]:
    return Job.objects.filter(pk=job.pk, state=State.PENDING)

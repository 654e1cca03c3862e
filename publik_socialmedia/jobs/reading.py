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

"""Jobs that read the past of an account: counting it, importing the threads that wait, repairing a gap (R18).

A page of the network, what was understood of it and the cursor are one transaction, so that nothing is read
twice after a crash. The import reads a second time, and holds only the pages where somebody waits: they are
encrypted bodies that no reader looks at, deleted once the threads are recorded. What was answered long ago
opens no demand.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from django.db import transaction
from django.db.utils import InterfaceError, OperationalError
from django.utils import timezone

from publik_socialmedia import errors
from publik_socialmedia.delivery.wakeup import wake
from publik_socialmedia.intake import past, polling
from publik_socialmedia.jobs.asking import Stopped, held, lane
from publik_socialmedia.models import Job, Journal, RawEvent
from publik_socialmedia.networks.base import Event, Raw, Source

logger = logging.getLogger(__name__)


def count(job: Job) -> Iterator[float]:
    """``progress``: pages, messages that are ``missing`` here, ``threads`` seen, of which ``waiting`` wait
    for an answer. ``threads`` of the job are kept for the import."""
    found = past.Threads(job.account, job.threads)

    def note(piece: past.Piece) -> None:
        _add(job, missing=found.note(piece.events))
        job.progress |= {'threads': len(found.standing), 'waiting': len(found.waiting)}

    yield from _read(job, note)


def take_in(job: Job) -> Iterator[float]:
    """``threads`` of the job: what the count found. ``progress``: pages, threads ``done`` of ``waiting``."""
    found = past.Threads(job.account, job.threads)
    job.progress.setdefault('waiting', len(found.waiting))

    def hold(piece: past.Piece) -> None:
        # somebody may have written since they were counted
        found.note([event for event in piece.events if found.is_news(event)])
        _hold(job, piece, found)

    yield from _read(job, hold)
    yield from _record(job, found)
    held(job.pk).delete()
    _note(job, 'import', threads=job.progress.get('done', 0))


def repair(job: Job) -> Iterator[float]:
    """``progress``: pages, bodies ``stored``, which are read as any other."""

    def keep(piece: past.Piece) -> None:
        _add(job, stored=polling.keep(job.account, piece.page))

    yield from _read(job, keep)
    _note(job, 'repair', stored=job.progress.get('stored', 0))
    wake()


def _read(job: Job, note: Callable[[past.Piece], None]) -> Iterator[float]:
    """Read the pages that are left; ``note`` says what to keep of each, with the cursor after it."""
    assert job.since is not None
    while not job.progress.get('read'):
        piece = past.read(job.account, job.cursor, job.since)
        after = dict(piece.page.cursor)
        # a network that does not move on would be asked for ever
        over = not piece.page.more or after == job.cursor
        with transaction.atomic():
            _lock(job)
            note(piece)
            _add(job, pages=1, unreadable=piece.unreadable)
            job.cursor = after
            job.progress['read'] = over
            job.save(update_fields=['cursor', 'threads', 'progress', 'updated_at'])
        yield 0.0 if over else piece.page.wait or 0.0


def _lock(job: Job) -> None:
    """Stopped if the job was taken back meanwhile."""
    pending = Job.objects.select_for_update().filter(pk=job.pk, state=Job.State.PENDING)
    if not pending.values_list('pk').first():
        raise Stopped


def _add(job: Job, **numbers: int) -> None:
    for name, number in numbers.items():
        job.progress[name] = job.progress.get(name, 0) + number


def _hold(job: Job, piece: past.Piece, found: past.Threads) -> None:
    if any(found.waits(event.user) for event in piece.events):
        account = job.account
        RawEvent.objects.bulk_create(
            RawEvent(
                account=account,
                lane=lane(job.pk),
                network=account.network,
                source=Source.HISTORY.value,
                call=answer.call[:250],
                body=answer.body,
                state=RawEvent.State.DONE,
            )
            for answer in piece.page.answers
        )


def _record(job: Job, found: past.Threads) -> Iterator[float]:
    """Record the threads that wait, one after the other; a fault of one leaves it out."""
    # those that are done no longer wait: a slice that is cut short does not begin again
    found.standing = job.threads = found.waiting
    for user, events in past.threads(_held_events(job)).items():
        if not found.waits(user):
            continue
        try:
            past.take(job.account, events, timezone.now())
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            logger.error('past of account %s: %s', job.account_id, errors.where(error))
            _add(job, failed=1)
        else:
            _add(job, done=1)
        with transaction.atomic():
            _lock(job)
            del job.threads[past.key(job.account, user)]
            job.save(update_fields=['threads', 'progress', 'updated_at'])
        wake()
        yield 0.0


def _held_events(job: Job) -> list[Event]:
    found: list[Event] = []
    for row in held(job.pk).filter(emptied_at=None).order_by('pk').iterator(chunk_size=20):
        try:
            found += past.parse(job.account, Raw(bytes(row.body), Source.HISTORY, row.call))
        except errors.UnreadablePayload:
            continue  # counted when it was read
    return past.recent(found, job.since) if job.since else found


def _note(job: Job, action: str, **details: Any) -> None:
    since = job.since.date().isoformat() if job.since else ''
    details = {'since': since, **details}
    Journal.objects.create(account=job.account, actor=job.actor, action=action, details=details)

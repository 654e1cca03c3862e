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


"""Erasing what was kept long enough (R51): batch after batch, each committed, under traffic.

Each step finds by itself what is left to do: it may be killed at any point and started again at any time.
Nothing that waits (a body to read, a delivery to make) is ever taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from publik_socialmedia import media
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.models import (
    Account,
    Attachment,
    ChannelEvent,
    Delivery,
    Endpoint,
    Erasure,
    Journal,
    Nonce,
    RawEvent,
    Reaction,
    Receipt,
    Tombstone,
)
from publik_socialmedia.privacy import closing, erasures, retention

BATCH = 1000  # rows in one transaction
SETTLED = timedelta(days=1)  # a file is written before its row is: younger ones are left alone
RESUME_FOR = 60.0  # seconds given to an erasure that was interrupted

Step = Callable[[datetime, bool], Iterator[int]]
State = Attachment.State


def erasures_asked(now: datetime, dry: bool) -> Iterator[int]:
    """Go on with the persons whose erasure was interrupted."""
    if dry:
        yield Erasure.objects.filter(state=Erasure.State.PENDING).count()
    else:
        yield erasures.resume(seconds=RESUME_FOR)


def bodies(now: datetime, dry: bool) -> Iterator[int]:
    """Bodies that were read."""
    for lane, kept in _lanes():
        rows = RawEvent.objects.filter(lane, state=RawEvent.State.DONE)
        yield from _delete(rows.filter(received_at__lt=kept.bodies_before(now)), dry)


def unread_bodies(now: datetime, dry: bool) -> Iterator[int]:
    """Bodies in quarantine: kept longer, as they may hold messages that are nowhere else; not for ever."""
    for lane, kept in _lanes():
        rows = RawEvent.objects.filter(lane, state=RawEvent.State.QUARANTINED)
        yield from _delete(rows.filter(received_at__lt=kept.unread_before(now)), dry)


def files(now: datetime, dry: bool) -> Iterator[int]:
    """Attachments that w.c.s. or the network has, or will not take any more."""
    waiting = Delivery.objects.filter(message=OuterRef('message'))
    unsettled = waiting.filter(state__in=[Delivery.State.PENDING, Delivery.State.BLOCKED])
    stored = Attachment.objects.filter(state=State.STORED, message__received_at__lt=now - SETTLED)
    # whoever gave them was killed before their removal
    given = stored.filter(Exists(waiting.filter(state=Delivery.State.DONE)), ~Exists(unsettled))
    pending = waiting.filter(state=Delivery.State.PENDING)
    old = Attachment.objects.filter(
        Q(state__in=[State.STORED, State.WANTED]) | Q(state=State.UNAVAILABLE) & ~Q(url=''),
        ~Exists(pending),
        message__received_at__lt=now - timedelta(days=app_settings.MEDIA_RETENTION_DAYS),
    )
    if dry:
        yield Attachment.objects.filter(Q(pk__in=given.values('pk')) | Q(pk__in=old.values('pk'))).count()
        return
    yield from _drop(given, state=State.GIVEN)
    yield from _drop(old, state=State.UNAVAILABLE, reason='media_expired')


def orphans(now: datetime, dry: bool) -> Iterator[int]:
    """Files of the private storage that no row knows: something was killed between the two."""
    if app_settings.PRIVATE_STORAGE_SHARED:
        return  # they may be another tenant's
    limit = (now - SETTLED).timestamp()
    page: list[str] = []
    for reference, written_at in media.references():
        if written_at < limit:
            page.append(reference)
        if len(page) >= BATCH:
            yield _remove_unknown(page, dry)
            page = []
    yield _remove_unknown(page, dry)


def traces(now: datetime, dry: bool) -> Iterator[int]:
    """Receipts, reactions and events of accounts."""
    late = now - timedelta(days=app_settings.TOMBSTONE_DAYS)
    # what they say is in the state of the message since
    yield from _delete(Receipt.objects.filter(received_at__lt=late), dry)
    for account in Account.objects.listed():
        before = retention.of(account).conversations_before(now)
        yield from _delete(Reaction.objects.filter(account=account, at__lt=before), dry)
        yield from _delete(ChannelEvent.objects.filter(account=account, received_at__lt=before), dry)
    before = retention.of().conversations_before(now)
    yield from _delete(ChannelEvent.objects.filter(account=None, received_at__lt=before), dry)


def marks(now: datetime, dry: bool) -> Iterator[int]:
    """Hashes whose time is over: calls that were seen, ids that were erased."""
    yield from _delete(Nonce.objects.filter(expires_at__lt=now), dry)
    yield from _delete(Tombstone.objects.filter(expires_at__lt=now), dry)


def journal(now: datetime, dry: bool) -> Iterator[int]:
    """The journal, and the proofs of erasures."""
    before = retention.months_before(now, app_settings.JOURNAL_RETENTION_MONTHS)
    yield from _delete(Journal.objects.filter(at__lt=before), dry)
    before = retention.months_before(now, app_settings.PROOF_RETENTION_MONTHS)
    yield from _delete(Erasure.objects.filter(state=Erasure.State.DONE, done_at__lt=before), dry)


#: In the order in which they are done: what is erased for good reasons comes before what is swept.
STEPS: Mapping[str, tuple[object, Step]] = {
    'erasures': (_('persons whose erasure was interrupted'), erasures_asked),
    'conversations': (_('messages of conversations closed long ago'), closing.messages),
    'persons': (_('persons of whom nothing is left'), closing.persons),
    'bodies': (_('raw bodies'), bodies),
    'unread': (_('raw bodies that were never read'), unread_bodies),
    'files': (_('attachments'), files),
    'orphans': (_('files without message'), orphans),
    'traces': (_('receipts, reactions, events'), traces),
    'marks': (_('expired hashes'), marks),
    'journal': (_('lines of the journal, proofs'), journal),
}


# -- parts


def _lanes() -> Iterator[tuple[Q, retention.Retention]]:
    """Where bodies come from, and how long each place keeps them."""
    for account in Account.objects.listed():
        yield Q(account=account), retention.of(account)
    known = Prefetch('accounts', Account.objects.listed())
    for endpoint in Endpoint.objects.defer('secrets').prefetch_related(known).order_by('pk'):
        yield Q(endpoint=endpoint, account=None), retention.of_all(endpoint.accounts.all())


def _delete(rows: QuerySet[Any], dry: bool) -> Iterator[int]:
    """Delete these rows, batch after batch; gives the size of each."""
    if dry:
        yield rows.count()
        return
    while batch := list(rows.order_by('pk').values_list('pk', flat=True)[:BATCH]):
        yield rows.filter(pk__in=batch).delete()[0]


def _drop(rows: QuerySet[Attachment], **changes: str) -> Iterator[int]:
    """Remove the files of these attachments; their rows stay, without address."""
    while batch := dict(rows.order_by('pk').values_list('pk', 'storage')[:BATCH]):
        # before the row forgets where they are: a crash between the two is repaired by the next turn
        media.remove_all(filter(None, batch.values()))
        Attachment.objects.filter(pk__in=batch).exclude(state=State.ERASED).update(
            storage='', url='', **changes
        )
        yield len(batch)


def _remove_unknown(page: list[str], dry: bool) -> int:
    known = set(Attachment.objects.filter(storage__in=page).values_list('storage', flat=True))
    unknown = [reference for reference in page if reference not in known]
    if not dry:
        media.remove_all(unknown)
    return len(unknown)

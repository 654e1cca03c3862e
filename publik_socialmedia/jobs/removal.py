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

"""Removing an account: at once for everybody, its rows and files afterwards, batch after batch (R40).

As soon as it is asked nothing leaves nor comes any more: the credentials and the identifier are forgotten,
the addresses are dead, no page, command nor poll knows the account (``Account.objects``). A crash leaves rows
that are found again. What is erased last is the account, with the job: the journal says what was erased.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from publik_socialmedia import media
from publik_socialmedia.delivery.wakeup import wake
from publik_socialmedia.jobs import asking
from publik_socialmedia.models import (
    Account,
    Attachment,
    ChannelEvent,
    Contact,
    Conversation,
    Delivery,
    Endpoint,
    Job,
    Journal,
    Message,
    RawEvent,
    Reaction,
    Receipt,
)

BATCH = 500  # rows with all that hangs on them


def ask(account: Account, actor: Any = None) -> Job:
    """Take the account away now; its rows follow."""
    asking.stop(account)
    name, now = str(account), timezone.now()
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(
            name=name[:250],
            external_id='',
            credentials={},
            cursor={},
            state=Account.State.PAUSED,
            poll_due_at=None,
            removed_at=now,
        )
        _stop_work(account)
        if account.endpoint is not None and not account.endpoint.accounts.exists():
            Endpoint.objects.filter(pk=account.endpoint.pk).update(enabled=False, secrets={})
        total = Message.objects.filter(account=account).count()
        details = {'name': name, 'network': account.network}
        Journal.objects.create(account=account, actor=actor, action='removal', details=details)
        job = Job.objects.create(
            account=account, kind=Job.Kind.REMOVAL, actor=actor, progress={'total': total}
        )
    wake()
    return job


def _stop_work(account: Account) -> None:
    """Nothing more is read of it, told to w.c.s. nor sent."""
    waiting = [Delivery.State.PENDING, Delivery.State.BLOCKED]
    Delivery.objects.filter(conversation__account=account, state__in=waiting).update(
        state=Delivery.State.CANCELLED
    )
    Conversation.objects.filter(account=account).exclude(due_at=None, window_at=None).update(
        due_at=None, window_at=None
    )
    RawEvent.objects.filter(account=account).exclude(state=RawEvent.State.DONE).delete()


def erase(job: Job) -> Iterator[float]:
    """``progress``: what is erased so far, by kind, and the ``total`` of messages that there were."""
    account = job.account
    for kind, rows in _rows(account).items():
        while batch := list(rows.order_by('pk').values_list('pk', flat=True)[:BATCH]):
            if kind == 'messages':
                job.progress['files'] = job.progress.get('files', 0) + _remove_files(batch)
            with transaction.atomic():
                rows.filter(pk__in=batch).delete()
                job.progress[kind] = job.progress.get(kind, 0) + len(batch)
                Job.objects.filter(pk=job.pk).update(progress=job.progress)
            yield 0.0
    _end(job, account)


def _rows(account: Account) -> dict[str, QuerySet[Any]]:
    """In that order: a person takes their conversation and their demands with them."""
    bodies, endpoint = Q(account=account), account.endpoint
    if endpoint is not None and not _is_shared(endpoint):
        bodies |= Q(endpoint=endpoint)
    return {
        'messages': Message.objects.filter(account=account),
        'conversations': Contact.objects.filter(account=account),
        'bodies': RawEvent.objects.filter(bodies).defer('body'),
        'reactions': Reaction.objects.filter(account=account),
        'receipts': Receipt.objects.filter(account=account),
        'events': ChannelEvent.objects.filter(account=account),
    }


def _is_shared(endpoint: Endpoint) -> bool:
    return Account.all_rows.filter(endpoint=endpoint).count() > 1


def _remove_files(messages: list[int]) -> int:
    """Before the rows forget where they are: a crash between the two is made good by the next slice."""
    stored = Attachment.objects.filter(message__in=messages).exclude(storage='')
    files = list(stored.values_list('storage', flat=True))
    media.remove_all(files)
    return len(files)


def _end(job: Job, account: Account) -> None:
    endpoint = account.endpoint
    erased = {name: number for name, number in job.progress.items() if name != 'total'}
    with transaction.atomic():
        details = {'name': str(account), 'network': account.network, 'erased': erased}
        Journal.objects.create(actor=job.actor, action='remove', details=details)
        account.delete()  # and the job
        if endpoint is not None and not Account.all_rows.filter(endpoint=endpoint).exists():
            endpoint.delete()

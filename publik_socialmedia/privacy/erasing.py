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


"""Emptying the rows of a conversation, under traffic: what is counted stays, what is said goes (R51, R52).

Under the lease of the conversation nobody tells w.c.s., sends or fetches anything of it; under the locks of
its persons and messages nothing that arrives is recorded meanwhile. A batch is one transaction, its files are
removed before it is committed: whatever kills us leaves rows that are found again, never a file that is not.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from publik_socialmedia import errors, media
from publik_socialmedia.conversations import burial, contacts
from publik_socialmedia.delivery import queue
from publik_socialmedia.models import (
    Account,
    Attachment,
    ChannelEvent,
    Contact,
    Conversation,
    Delivery,
    Demand,
    Message,
    MessageVersion,
    Reaction,
    Receipt,
)
from publik_socialmedia.privacy.bodies import Ids, mentions_value

BATCH = 100  # messages emptied in one transaction
MARK = 'erased-'  # head of the key of an emptied message

Counts = Counter[str]
Note = Callable[[Counts], None]


@contextmanager
def alone_with(conversation: Conversation) -> Iterator[queue.Claim]:
    """Be the only one to work on a conversation; TemporaryError('busy') if somebody else is, or takes it."""
    claim = queue.claim_one(conversation.pk)
    if claim is None:
        raise errors.TemporaryError('busy')
    try:
        yield claim
    except queue.LeaseLost:
        raise errors.TemporaryError('busy') from None
    finally:
        queue.release(claim)


def full(conversation: Conversation) -> QuerySet[Message]:
    """The messages of a conversation that are not emptied yet."""
    return conversation.messages.exclude(key__startswith=MARK)


def empty_messages(conversation: Conversation, wanted: Q, claim: queue.Claim, note: Note) -> None:
    """Empty those messages of a conversation, batch after batch.

    ``note``: is given, in the transaction of each batch, what it erased.
    """
    while True:
        queue.hold(claim)
        batch = list(full(conversation).filter(wanted).order_by('pk').values_list('pk', flat=True)[:BATCH])
        if not batch:
            return
        with transaction.atomic():
            note(_empty(conversation, batch))


def forget(conversation: Conversation, before: datetime) -> tuple[Counts, list[dict[str, Any]]]:
    """Forget who a conversation is with, and its demands, once its messages are emptied. In a transaction.

    Whoever wrote again after ``before`` goes on, as somebody new. Gives what was erased, and the demands that
    w.c.s. may still hold.
    """
    contact = Contact.objects.get(pk=conversation.contact_id)
    users = list(contact.identifiers.values_list('value', flat=True))
    account = conversation.account
    contacts.lock(account, users=users)
    if full(conversation).exists():
        _begin_anew(conversation, contact)
    counts = _forget_events(account, users, before)
    burial.bury_traces(account, users=users)
    counts['identifiers'] = contact.identifiers.all().delete()[0]
    counts['persons'] = 1
    Contact.objects.filter(pk=contact.pk).update(
        name='',
        name_asked_at=None,
        blocked=False,
        name_id='',
        wcs_user_id='',
        linked_at=None,
        erased_at=timezone.now(),
    )
    Conversation.objects.filter(pk=conversation.pk).update(last_inbound_at=None, window_at=None)
    return counts, _leave(conversation)


# -- parts


def _empty(conversation: Conversation, batch: Sequence[int]) -> Counts:
    account = conversation.account
    messages = Message.objects.filter(pk__in=batch)
    ids = {value for row in messages.values_list('external_id', 'key') for value in row if value}
    users = conversation.contact.identifiers.values_list('value', flat=True)
    contacts.lock(account, users=users, messages=ids)
    rows = list(messages)  # as they are now that nobody writes them
    ids |= {value for row in rows for value in (row.external_id, row.key) if value}
    counts = Counter(messages=len(rows))
    files = Attachment.objects.filter(message__in=batch)
    stored = list(files.exclude(storage='').values_list('storage', flat=True))
    media.remove_all(stored)
    counts['files'] = len(stored)
    files.update(
        state=Attachment.State.ERASED,
        storage='',
        url='',
        reference='',
        filename='',
        alt='',
        declared='',
        details={},
    )
    counts['versions'] = MessageVersion.objects.filter(message__in=batch).delete()[0]
    counts['reactions'] = Reaction.objects.filter(account=account, target__in=ids).delete()[0]
    counts['receipts'] = Receipt.objects.filter(account=account, target__in=ids).delete()[0]
    waiting = Delivery.objects.filter(message__in=batch, state__in=['pending', 'blocked'])
    counts['deliveries'] = waiting.update(state=Delivery.State.CANCELLED, unknown=False, error='')
    burial.bury_traces(account, messages=ids)
    for row in rows:
        _strip(row)
    Message.objects.bulk_update(rows, _STRIPPED)
    return counts


_STRIPPED = (
    'text', 'details', 'external_id', 'key', 'reply_to', 'answer_key', 'unreadable', 'failure_code',
    'erased_at',
)  # fmt: skip


def _strip(message: Message) -> None:
    message.text = message.external_id = message.reply_to = message.answer_key = ''
    message.unreadable = message.failure_code = ''
    message.details = {}
    message.key = f'{MARK}{uuid.uuid4().hex}'
    message.erased_at = message.erased_at or timezone.now()


def _begin_anew(conversation: Conversation, contact: Contact) -> None:
    """What a person wrote after they asked to be erased is theirs again, under a new number."""
    new = Contact.objects.create(account=conversation.account)
    other = Conversation.objects.create(
        account=conversation.account,
        contact=new,
        last_inbound_at=conversation.last_inbound_at,
        last_activity_at=conversation.last_activity_at,
    )
    moved = full(conversation)
    Delivery.objects.filter(message__in=moved).update(conversation=other, demand=None)
    moved.update(conversation=other, demand=None)
    contact.identifiers.update(contact=new)
    queue.make_due(other.pk, timezone.now())


def _forget_events(account: Account, users: Sequence[str], before: datetime) -> Counts:
    """Erase what is known of these persons besides their messages."""
    theirs = Q(user__in=users) & ~Q(user='')
    events = ChannelEvent.objects.filter(account=account, received_at__lte=before)
    ids = Ids(users)
    others = events.exclude(theirs).values_list('pk', 'details').iterator()
    told = events.filter(theirs | Q(pk__in=[pk for pk, details in others if mentions_value(details, ids)]))
    burial.bury_digests(told.values_list('key', flat=True))
    return Counter(
        reactions=Reaction.objects.filter(theirs, account=account, at__lte=before).delete()[0],
        receipts=Receipt.objects.filter(theirs, account=account).delete()[0],
        events=told.delete()[0],
    )


def _leave(conversation: Conversation) -> list[dict[str, Any]]:
    """Cut the ties with the demands of a conversation. Gives those that w.c.s. may still hold."""
    left = []
    for demand in conversation.demands.order_by('pk'):
        if not demand.number and demand.tried_at is None:
            demand.delete()  # w.c.s. never heard of it
            continue
        if demand.number != _NO_NUMBER and demand.form:
            left.append(
                {
                    'site': demand.wcs_site,
                    'form': demand.form,
                    # of a submission whose answer was lost, its key tells it in the form
                    'number': demand.number,
                    'name': demand.display_number or demand.number or demand.key,
                    'url': demand.backoffice_url,
                    'gone': demand.state == Demand.State.GONE,
                }
            )
        demand.leave()
        fresh = Demand(number=_NO_NUMBER)
        for name in ('number', 'key', 'display_number', 'uuid', 'tracking_code', 'url', 'backoffice_url'):
            setattr(demand, name, getattr(fresh, name))
        demand.save()
    return left


_NO_NUMBER = '-'

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


"""Conversations whose time is over: N months after their demand is closed, their words are erased (R51).

Message by message: somebody who writes every month for years does not keep the words of the first year here.
A demand that w.c.s. anonymised or deleted takes its messages with it, after GONE_DAYS. Whoever was blocked
stays known, else they would write again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from publik_socialmedia import errors
from publik_socialmedia.conversations import contacts
from publik_socialmedia.models import Account, Conversation, Delivery, Demand, Message
from publik_socialmedia.privacy import erasing, retention

GONE_DAYS = 30  # a demand may seem to be gone because w.c.s. was restored or set wrong: time to see it
_LIVE = [Demand.State.OPENING, Demand.State.OPEN]


def messages(now: datetime, dry: bool) -> Iterator[int]:
    """Empty the messages whose time is over; gives how many, conversation after conversation."""
    for account in Account.objects.listed():
        over = _over(account, now)
        if dry:
            yield Message.objects.filter(over, conversation__account=account).count()
            continue
        theirs = Message.objects.filter(over, conversation=OuterRef('pk'))
        found = _settled(account).filter(Exists(theirs)).order_by('pk')
        for conversation in found.iterator(chunk_size=500):
            yield _empty(conversation, over)


def persons(now: datetime, dry: bool) -> Iterator[int]:
    """Forget the persons of whom no word is left; gives 1 for each."""
    for account in Account.objects.listed():
        left = Message.objects.filter(conversation=OuterRef('pk')).exclude(key__startswith=erasing.MARK)
        found = _settled(account).filter(
            ~Exists(left),
            ~Exists(_live()),
            contact__erased_at__isnull=True,
            contact__blocked=False,
            # whoever reacted or was just met may have written something that is not recorded yet
            last_activity_at__lt=now - timedelta(days=1),
        )
        if dry:
            yield found.count()
            continue
        for conversation in found.order_by('pk').iterator(chunk_size=500):
            yield _forget(conversation, now)


def _over(account: Account, now: datetime) -> Q:
    """The messages whose time is over."""
    before = retention.of(account).conversations_before(now)
    gone_before = now - timedelta(days=GONE_DAYS)
    # looked up for each message, not listed: hundreds of thousands, for the few of a conversation
    demands = Demand.objects.filter(pk=OuterRef('demand')).alias(
        ended_at=Coalesce('closed_at', 'seen_at', 'opened_at', 'created_at'),
        heard_at=Coalesce('seen_at', 'opened_at', 'created_at'),
    )
    ended = demands.filter(
        Q(state=Demand.State.CLOSED, ended_at__lt=before)
        | Q(state=Demand.State.GONE, heard_at__lt=gone_before)
    )
    alone = Q(demand=None, received_at__lt=before) & ~Exists(_live(OuterRef('conversation')))
    return (Q(Exists(ended)) | alone) & ~Q(key__startswith=erasing.MARK)


def _live(conversation: OuterRef | None = None) -> QuerySet[Demand]:
    return Demand.objects.filter(conversation=conversation or OuterRef('pk'), state__in=_LIVE)


def _settled(account: Account) -> QuerySet[Conversation]:
    """Conversations of which nothing is still to be delivered."""
    pending = Delivery.objects.filter(conversation=OuterRef('pk'), state=Delivery.State.PENDING)
    found = Conversation.objects.filter(~Exists(pending), account=account)
    return found.select_related('contact', 'account').defer('account__credentials')


def _empty(conversation: Conversation, over: Q) -> int:
    counts = Counter[str]()
    try:
        with erasing.alone_with(conversation) as claim:
            erasing.empty_messages(conversation, over, claim, counts.update)
    except errors.TemporaryError:
        pass  # somebody works for this person: next time
    return counts['messages']


def _forget(conversation: Conversation, now: datetime) -> int:
    try:
        with erasing.alone_with(conversation), transaction.atomic():
            users = conversation.contact.identifiers.values_list('value', flat=True)
            contacts.lock(conversation.account, users=users)
            if erasing.full(conversation).exists():  # they have just written
                return 0
            erasing.forget(conversation, now)
    except errors.TemporaryError:
        return 0
    return 1

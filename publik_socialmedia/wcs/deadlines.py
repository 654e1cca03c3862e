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

"""Telling a demand that waits for an answer that the time to answer ends soon, then that it has ended (R32).

``Conversation.window_at`` says when to look: a margin before the end, set when the citizen writes. What was
answered meanwhile is then left alone. Only conversations whose hour has come are read, by a partial index.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import takewhile

from django.db import transaction
from django.utils import timezone

from publik_socialmedia import networks
from publik_socialmedia.conversations import courtesy
from publik_socialmedia.conversations.windows import warning, window
from publik_socialmedia.delivery import queue
from publik_socialmedia.models import Conversation, Delivery, Demand, Message

CLOSING, CLOSED = 'closing', 'closed'
LAST = 20  # messages that are looked at for a question
RETRY = timedelta(minutes=5)  # the demand is being opened, or w.c.s. is away


def stage_of(delivery: Delivery) -> str:
    """What this delivery tells: 'closing', about to end, or 'closed'."""
    return delivery.key.rpartition(':')[2]


def look(limit: int = 100) -> int:
    """Queue what there is to tell of the conversations whose hour has come; gives how many were looked at."""
    with transaction.atomic():
        # served by socialmedia_conv_window
        due = (
            Conversation.objects.select_for_update(of=('self',), skip_locked=True)
            .select_related('account')
            .filter(window_at__lte=timezone.now())
            .order_by('window_at')[:limit]
        )
        found = list(due)
        for conversation in found:
            at = _look_at(conversation)
            Conversation.objects.filter(pk=conversation.pk).update(window_at=at)
    return len(found)


def awaits_answer(conversation: Conversation) -> bool:
    """Whether the last words are the citizen's, and ask for an answer."""
    theirs = _unanswered(conversation)
    return bool(theirs) and not courtesy.is_courtesy(theirs)


def _look_at(conversation: Conversation) -> datetime | None:
    """Queue what is to be told now; gives when to look again."""
    end, now = _end(conversation), timezone.now()
    theirs = _unanswered(conversation)
    if end is None or not theirs or courtesy.is_courtesy(theirs):
        return None
    if not conversation.demands.filter(state=Demand.State.OPEN).exists():
        waiting = Delivery.objects.filter(conversation=conversation, state=Delivery.State.PENDING)
        return now + RETRY if waiting.filter(kind=Delivery.Kind.MESSAGE).exists() else None
    if now < warning(end):
        return warning(end)  # the citizen wrote again
    stage = CLOSING if now < end else CLOSED
    queue.add(theirs[0], Delivery.Kind.WINDOW, key=f'window:{theirs[0].pk}:{stage}', due_at=now, rank_at=now)
    return end if stage == CLOSING else None


def _end(conversation: Conversation) -> datetime | None:
    network = networks.registry().get(conversation.account.network)
    if network is None:
        return None
    return window(conversation.account, conversation, network.capabilities).human_ends_at


def _unanswered(conversation: Conversation) -> list[Message]:
    """What the citizen wrote since the last answer, newest first. An answer that failed is none."""
    words = conversation.messages.filter(erased_at__isnull=True)
    words = words.exclude(origin=Message.Origin.AUTOMATIC).exclude(state=Message.State.FAILED)
    last = words.order_by('-sort_at', '-sequence', '-pk').prefetch_related('attachments')[:LAST]
    return list(takewhile(lambda message: message.origin == Message.Origin.CITIZEN, last))

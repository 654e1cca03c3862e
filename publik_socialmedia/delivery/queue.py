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

"""The outbox: deliveries claimed by conversation.

A claim is a lease on one conversation: its holder alone drains it, in order, until it releases it or the
lease runs out. Each query is a plain statement on the partial indexes of ``models.work`` and
``models.conversations``: its cost does not grow with what is already delivered.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Least
from django.utils import timezone

from publik_socialmedia import errors, rows
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.models import Account, Conversation, Delivery, Demand, Message

LONGEST_WAIT = 24 * 3600.0  # seconds

Lane = Delivery.Lane
State = Delivery.State

_WAITING, _MESSAGE = rows.Part(Delivery, 'waiting'), rows.Part(Message, 'message')


class LeaseLost(Exception):
    """Another worker has taken the conversation: stop at once, change nothing."""


@dataclass(slots=True)
class Claim:
    """A lease on a conversation. ``until``: when it ends, as far as we know."""

    conversation_id: int
    token: str
    until: datetime


def add(
    message: Message,
    kind: Delivery.Kind,
    *,
    key: str,
    due_at: datetime,
    rank_at: datetime | None = None,
    sequence: int | None = None,
    **conversation: Any,
) -> None:
    """Put one delivery in the queue, once (``key``), and make its conversation due.

    To be called in the transaction that records what is to be delivered. ``conversation``: what else changes
    of it.
    """
    delivery = Delivery(
        conversation_id=message.conversation_id,
        message=message,
        lane=Lane.NETWORK if kind == Delivery.Kind.SEND else Lane.WCS,
        kind=kind,
        key=key,
        due_at=due_at,
        rank_at=rank_at or message.sort_at,
        sequence=message.sequence if sequence is None else sequence,
    )
    rows.insert(delivery, once=True)
    make_due(message.conversation_id, due_at, **conversation)


def make_due(conversation_id: int, due_at: datetime, **changes: Any) -> None:
    """Have the conversation looked at by then at the latest."""
    sets = ''.join(f', {name} = %s' for name in changes)
    with connection.cursor() as cursor:
        # LEAST ignores NULL in PostgreSQL: a conversation without work becomes due too
        cursor.execute(
            f'UPDATE publik_socialmedia_conversation SET due_at = LEAST(due_at, %s){sets} WHERE id = %s',  # noqa: S608
            [due_at, *changes.values(), conversation_id],
        )


def claim(limit: int = 1) -> list[Claim]:
    """Take the conversations due for longest, at most ``limit``, skipping those being taken."""
    now = timezone.now()
    token = uuid.uuid4().hex
    with connection.cursor() as cursor:
        # served by socialmedia_conv_due; leased rows are few: as many as there are workers
        cursor.execute(
            """
            UPDATE publik_socialmedia_conversation SET lease_until = %s, lease_token = %s
             WHERE id IN (
                SELECT id FROM publik_socialmedia_conversation
                 WHERE due_at <= %s AND (lease_until IS NULL OR lease_until < %s)
                 ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED)
            RETURNING id
            """,
            [now + _lease(), token, now, now, limit],
        )
        return [Claim(row[0], token, now + _lease()) for row in cursor.fetchall()]


def claim_one(conversation_id: int) -> Claim | None:
    """Take that conversation, if nobody has it."""
    now = timezone.now()
    token = uuid.uuid4().hex
    taken = Conversation.objects.filter(
        Q(lease_until__isnull=True) | Q(lease_until__lt=now), pk=conversation_id
    ).update(lease_until=now + _lease(), lease_token=token)
    return Claim(conversation_id, token, now + _lease()) if taken else None


def hold(claim: Claim, needed: float = 0) -> None:
    """Prolong the lease before something that may last ``needed`` seconds; LeaseLost if it is no longer ours.

    While more than that, and than half of it, is left nobody can have taken it: nothing is asked.
    """
    now, wanted = timezone.now(), timedelta(seconds=needed)
    if claim.until - now > max(_lease() / 2, wanted):
        return
    until = now + max(_lease(), 2 * wanted)
    held = Conversation.objects.filter(pk=claim.conversation_id, lease_token=claim.token)
    if not held.update(lease_until=until):
        raise LeaseLost
    claim.until = until


def release(claim: Claim) -> None:
    """Give the conversation back, due when the first pending delivery of one of its lanes is."""
    with connection.cursor() as cursor:
        # One transaction in one exchange. The row is locked by a statement of its own, so that the next one
        # sees all that was committed before: a delivery added meanwhile is never forgotten. Served by the
        # primary key and by socialmedia_delivery_queue.
        cursor.execute(
            """
            SELECT FROM publik_socialmedia_conversation
             WHERE id = %(id)s AND lease_token = %(token)s FOR UPDATE;
            UPDATE publik_socialmedia_conversation SET lease_until = NULL, lease_token = '', due_at = (
                SELECT min(head.due_at) FROM (
                    SELECT DISTINCT ON (lane) due_at FROM publik_socialmedia_delivery
                     WHERE conversation_id = %(id)s AND state = 'pending'
                     ORDER BY lane, unknown DESC, rank_at, sequence, id) AS head)
             WHERE id = %(id)s AND lease_token = %(token)s
            """,
            {'id': claim.conversation_id, 'token': claim.token},
        )


def stumble(claim: Claim, lane: str) -> None:
    """Put back what comes first in that lane after a fault of ours: it waits, as after any failure, so that
    it keeps neither the other conversations nor the worker busy. The conversation is still to be released."""
    for head in pending(claim.conversation_id, lane)[:1]:
        if head.due_at <= timezone.now():
            begin([head])
            postpone(head, errors.OutcomeUnknown('internal'))


def pending(conversation_id: int, lane: str) -> list[Delivery]:
    """What waits in that lane, in order; first what may still be carried out, whatever came since."""
    return waiting(conversation_id)[lane]


def waiting(conversation_id: int) -> dict[str, list[Delivery]]:
    """What waits in each lane, in order, see ``pending``."""
    lanes: dict[str, list[Delivery]] = {Lane.WCS: [], Lane.NETWORK: []}
    with connection.cursor() as cursor:
        # for each conversation that is drained; served by socialmedia_delivery_queue
        cursor.execute(
            f"""
            SELECT {_WAITING}, {_MESSAGE}
              FROM publik_socialmedia_delivery AS waiting
              JOIN publik_socialmedia_message AS message ON message.id = waiting.message_id
             WHERE waiting.conversation_id = %s AND waiting.state = 'pending'
             ORDER BY waiting.unknown DESC, waiting.rank_at, waiting.sequence, waiting.id
            """,  # noqa: S608 - names only
            [conversation_id],
        )
        for row in cursor.fetchall():
            delivery, message = rows.parts(row, _WAITING, _MESSAGE)
            delivery.message = message
            lanes[delivery.lane].append(delivery)
    return lanes


#: A try of deliveries begins, see ``begun``.
BEGIN = """
    UPDATE publik_socialmedia_delivery
       SET attempts = attempts + 1, first_tried_at = COALESCE(first_tried_at, %s), tried_at = %s,
           unknown = true
     WHERE id = ANY(%s)
    """


def begun(deliveries: Iterable[Delivery], now: datetime) -> list[Any]:
    """The parameters of BEGIN."""
    return [now, now, [delivery.pk for delivery in deliveries]]


def begin(deliveries: Iterable[Delivery]) -> datetime:
    """Count a try, before it is made: what kills the worker is counted too. Gives its time."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, begun(deliveries, now))
    return now


def lost(delivery: Delivery) -> None:
    """The answer of a try did not come. The try may have been long: its end is waited for from now on."""
    Delivery.objects.filter(pk=delivery.pk).update(tried_at=timezone.now())


def finish(
    deliveries: Iterable[Delivery], state: str = State.DONE, reason: str = '', *, demand: Demand | None = None
) -> None:
    """Close deliveries: done (``demand``: there), or cancelled because there is nothing to tell any more."""
    rows.change(
        Delivery,
        [delivery.pk for delivery in deliveries],
        state=state,
        reason=reason,
        error='',
        unknown=False,
        done_at=timezone.now(),
        **({'demand_id': demand.pk} if demand else {}),
    )


def postpone(
    delivery: Delivery, error: errors.SocialMediaError, *, not_before: datetime | None = None
) -> bool:
    """Put a delivery back with back-off, or block it once its time is over. True if it is blocked."""
    now = timezone.now()
    # what failed before its try was begun (a look at w.c.s. or at the network) is a try too: without it the
    # delay would never grow
    attempts = delivery.attempts + 1
    delivery.refresh_from_db(fields=['attempts', 'created_at'])
    attempts = max(attempts, delivery.attempts)
    over = now - delivery.created_at > timedelta(seconds=app_settings.RETRY_LIMIT)
    retry_after = getattr(error, 'retry_after', None)
    due_at = max(now + backoff(attempts, retry_after), not_before or now)
    Delivery.objects.filter(pk=delivery.pk).update(
        attempts=attempts,
        state=State.BLOCKED if over else State.PENDING,
        due_at=due_at,
        # still unknown when the look itself failed: only a look that ends may say « not there »
        unknown=delivery.unknown or isinstance(error, errors.OutcomeUnknown),
        reason=error.reason,
        error=str(error)[:250],
    )
    return over


def defer(delivery: Delivery, until: datetime, reason: str) -> None:
    """Have a delivery wait until then. Not a try: nothing was asked of anybody."""
    Delivery.objects.filter(pk=delivery.pk).update(due_at=until, reason=reason)


def resume(account: Account, lane: str, problem: str) -> None:
    """Have what waited for the end of that problem of the account tried now, instead of at its back-off."""
    if not problem:
        return
    waiting = Delivery.objects.filter(conversation__account=account, lane=lane, reason=problem)
    hasten(waiting)


def hasten(deliveries: QuerySet[Delivery]) -> int:
    """Have those of them that wait tried now, instead of when they are due; gives how many."""
    now = timezone.now()
    with transaction.atomic():
        waiting = deliveries.filter(state=State.PENDING, due_at__gt=now)
        found = list(waiting.values_list('pk', 'conversation_id'))
        Delivery.objects.filter(pk__in=[pk for pk, _ in found], state=State.PENDING).update(due_at=now)
        Conversation.objects.filter(pk__in={conversation for _, conversation in found}).update(
            due_at=Least(F('due_at'), now)
        )
    return len(found)


def backoff(attempts: int, retry_after: float | None = None) -> timedelta:
    """Exponential delay with jitter (±20 %) after ``attempts`` tries; ``retry_after`` seconds is a floor, but
    that of more than a day is not believed."""
    delay = min(app_settings.RETRY_BASE * 2 ** min(max(attempts - 1, 0), 20), app_settings.RETRY_CAP)
    delay *= random.uniform(0.8, 1.2)  # noqa: S311 - spreads the tries, protects nothing
    return timedelta(seconds=max(delay, min(retry_after or 0, LONGEST_WAIT)))


def replay(deliveries: Iterable[Delivery]) -> int:
    """Put blocked deliveries back in the queue, with their whole time before them. Gives how many."""
    now = timezone.now()
    count = 0
    for delivery in deliveries:
        with transaction.atomic():
            changed = Delivery.objects.filter(pk=delivery.pk, state=State.BLOCKED).update(
                state=State.PENDING, due_at=now, created_at=now, attempts=0
            )
            if changed:
                make_due(delivery.conversation_id, now)
                if delivery.kind == Delivery.Kind.SEND:
                    Message.objects.filter(pk=delivery.message_id, state=Message.State.FAILED).update(
                        state=Message.State.QUEUED, failure='', failure_code=''
                    )
            count += changed
    return count


def _lease() -> timedelta:
    return timedelta(seconds=app_settings.LEASE)

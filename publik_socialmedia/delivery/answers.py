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

"""One answer: the messages that a reply of an agent makes on the network, seen as one thing.

Agents are told of an answer, not of its parts: it has failed if one of them has, else it is as far as the one
that is the least far. Nobody is told what the caller knows: that an answer taken is being sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from publik_socialmedia.delivery import queue
from publik_socialmedia.models import Conversation, Delivery, Demand, Message

State = Message.State
Origin = Message.Origin

ACKNOWLEDGEMENT = 'acknowledgement'
_PROGRESS: list[str] = [State.QUEUED, State.SENT, State.DELIVERED, State.READ]
# of what goes out by itself, only this is told
_TOLD_OF_AUTOMATIC = (State.SENT, State.FAILED)
# w.c.s. still works on the call that brought the answer: a hook meanwhile would be refused
SETTLE = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Report:
    """What agents are told. ``reason``: word, of a failure or of what an answer waits for; '' if none.

    ``kind``, ``reply``: as w.c.s. named the answer; ``text``: of an automatic message, new to the agents.
    """

    state: str
    reason: str
    kind: str
    reply: str
    text: str


def key_of(demand: Demand, kind: str, reply: str = '') -> str:
    """The key by which the same answer asked twice is one."""
    return f'{demand.pk}:{kind}:{reply}'


def parts_of(conversation: Conversation | int, answer_key: str) -> list[Message]:
    """The messages of that answer, in order; none if the key is empty."""
    if not answer_key:
        return []
    return list(Message.objects.filter(conversation=conversation, answer_key=answer_key).order_by('part'))


def state_of(parts: Sequence[Message]) -> str:
    states = [part.state for part in parts]
    if State.FAILED in states:
        return State.FAILED
    return min(states, key=_PROGRESS.index)


def report(message: Message) -> Report:
    """What there is to tell now of the answer that this message is a part of."""
    parts = parts_of(message.conversation_id, message.answer_key) or [message]
    state = state_of(parts)
    reason = ''
    if state == State.FAILED:
        reason = next(part.failure for part in parts if part.state == State.FAILED)
    elif state == State.QUEUED:
        waiting = Delivery.objects.filter(
            message__in=parts, kind=Delivery.Kind.SEND, state=Delivery.State.PENDING
        )
        reason = waiting.order_by('message__part').values_list('reason', flat=True).first() or ''
    kind, reply = _names(message.answer_key)
    automatic = message.origin == Origin.AUTOMATIC
    text = '\n'.join(part.text for part in parts) if automatic else ''
    return Report(state, reason, kind, reply, text)


def tell(message: Message, *, waits: bool = False) -> None:
    """Have the agents told of the answer of this message, if there is something new.

    ``waits``: it waits for something that a person must do. To be called in the transaction of the change.
    """
    if message.origin not in (Origin.AGENT, Origin.AUTOMATIC):
        return
    parts = parts_of(message.conversation_id, message.answer_key) or [message]
    state = state_of(parts)
    if message.origin == Origin.AUTOMATIC and state not in _TOLD_OF_AUTOMATIC:
        return
    told = list(
        Delivery.objects.filter(message=parts[0], kind=Delivery.Kind.STATE)
        .order_by('pk')
        .values_list('key', 'created_at')
    )
    last = told[-1][0].rpartition(':')[2] if told else str(State.QUEUED)
    if waits or state != last or (state == State.FAILED and _tried_since(message, told[-1][1])):
        now = timezone.now()
        # numbered: a message may fail, be replayed, and fail again
        key = f'state:{parts[0].pk}:{len(told)}:{state}'
        due_at = now if state == State.FAILED else max(now, parts[0].received_at + SETTLE)
        queue.add(parts[0], Delivery.Kind.STATE, key=key, due_at=due_at, rank_at=due_at)


def _tried_since(message: Message, told_at: datetime) -> bool:
    """Whether the message was put in the queue again since that failure was told."""
    sends = message.deliveries.filter(kind=Delivery.Kind.SEND, created_at__gt=told_at)
    return sends.exists()


def _names(answer_key: str) -> tuple[str, str]:
    """Kind and number of a reply, as they are in its key; ('other', '') of any other key."""
    number, _, rest = answer_key.partition(':')
    kind, separator, reply = rest.partition(':')
    return (kind, reply) if number.isdigit() and separator else ('other', '')

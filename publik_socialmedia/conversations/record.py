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

"""One event, one transaction: the only door by which something that happened enters the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.db import transaction

from publik_socialmedia.conversations import burial, contacts, events, messages
from publik_socialmedia.conversations.messages import Received
from publik_socialmedia.delivery import receipts
from publik_socialmedia.networks.base import Kind


def record(received: Received) -> str:
    """Record an event, all of it or nothing. Safe to repeat, alone or with others at the same time.

    Gives one word saying what it became ('message', 'known', 'linked', 'ignored:noise'…): counted, and shown
    to administrators. Any exception means that nothing was recorded.
    """
    event = received.event
    if event.kind is Kind.IGNORED:
        return f'ignored:{event.reason}'
    if event.kind in _NEEDS_USER and not event.user:
        return 'unroutable'
    if event.kind in _NEEDS_TARGET and not event.external_id:
        return 'ignored:no_target'
    with transaction.atomic():
        if event.kind in _SAID_OF_OTHERS and _is_trace(received):
            return 'erased'
        return _RECORDERS[event.kind](received)


def _record_status(received: Received) -> str:
    return receipts.record_status(received.account, received.event, received.received_at)


def _is_trace(received: Received) -> bool:
    """Whether it is about somebody who was erased (R52). Under the locks that an erasure takes."""
    account, event = received.account, received.event
    contacts.lock(account, users=[event.user], messages=[event.external_id, event.key])
    return burial.is_trace(account, message=event.external_id, user=event.user)


# what is recorded of a message or a person without recording them
_SAID_OF_OTHERS = {Kind.REACTION, Kind.STATUS, Kind.CHANNEL}
_NEEDS_USER = {Kind.MESSAGE, Kind.IDENTITY, Kind.REACTION}
_NEEDS_TARGET = {Kind.EDIT, Kind.UNSEND, Kind.REACTION}
_RECORDERS: Mapping[Kind, Callable[[Received], str]] = {
    Kind.MESSAGE: messages.record_message,
    Kind.EDIT: messages.record_edit,
    Kind.UNSEND: messages.record_unsend,
    Kind.REACTION: events.record_reaction,
    Kind.STATUS: _record_status,
    Kind.CHANNEL: events.record_channel_event,
    Kind.IDENTITY: events.record_identity,
}

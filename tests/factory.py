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

"""What the tests of several folders say and do."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from publik_socialmedia.conversations.messages import Received
from publik_socialmedia.conversations.record import record
from publik_socialmedia.delivery import queue, worker
from publik_socialmedia.models import Account, Conversation, Delivery, Message
from publik_socialmedia.networks.base import Attachment, Event, Kind

_numbers = itertools.count(1)


def make_account(network: str = 'messenger', **values: Any) -> Account:
    """An account of the town, whose messages go to the form of the stand-in at once."""
    defaults: dict[str, Any] = {
        'external_id': f'ville-{next(_numbers)}',
        'name': 'Ville de Villexemple',
        'form': 'message-reseau-social',
        'grouping_delay': 0,
    }
    return Account.objects.create(network=network, **{**defaults, **values})


def write(account: Account, text: str = 'Bonjour', user: str = 'jeanne', **values: Any) -> Message:
    """A citizen writes; gives the message as it is recorded."""
    event = said(text, user, **values)
    received = Received(account, event, values.get('received_at') or timezone.now())
    record(received)
    return Message.objects.get(account=account, external_id=event.external_id)


def said(
    text: str = 'Bonjour',
    user: str = 'jeanne',
    *,
    external_id: str = '',
    sent_at: datetime | None = None,
    attachments: Sequence[Attachment] = (),
    received_at: datetime | None = None,
    **values: Any,
) -> Event:
    return Event(
        values.pop('kind', Kind.MESSAGE),
        external_id=external_id or f'm_{next(_numbers)}',
        user=user,
        text=text,
        sent_at=sent_at or timezone.now(),
        attachments=tuple(attachments),
        **values,
    )


def happens(account: Account, kind: Kind, external_id: str = '', user: str = 'jeanne', **values: Any) -> str:
    """Something happens on the network; gives what it became."""
    event = Event(kind, external_id=external_id, user=user, **values)
    return record(Received(account, event, timezone.now()))


def deliver() -> None:
    """Deliver all that is due now."""
    worker.run_once()


def later() -> None:
    """Let the time of the back-off, of throttling and of the outcome of lost calls pass, without waiting."""
    past = timezone.now() - timedelta(minutes=10)
    Account.objects.filter(throttled_until__isnull=False).update(throttled_until=past)
    # what was heard before a try is still older than it
    Account.objects.update(last_event_at=F('last_event_at') - timedelta(minutes=10))
    Delivery.objects.filter(state=Delivery.State.PENDING).update(due_at=past)
    Delivery.objects.filter(tried_at__isnull=False).update(tried_at=past)
    Conversation.objects.filter(deliveries__state=Delivery.State.PENDING).update(
        due_at=past, lease_until=None, lease_token=''
    )
    for conversation in Conversation.objects.all():
        conversation.demands.filter(tried_at__isnull=False).update(tried_at=past)


def states(**filters: Any) -> list[str]:
    """States of the deliveries, in order."""
    return list(Delivery.objects.filter(**filters).order_by('pk').values_list('state', flat=True))


__all__ = ['deliver', 'happens', 'later', 'make_account', 'queue', 'said', 'states', 'write']

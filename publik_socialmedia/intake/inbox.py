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

"""From raw bodies to records: each item in its own transaction, a bad one never hides a good one (R3)."""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F, Q
from django.db.utils import IntegrityError, InterfaceError, OperationalError

from publik_socialmedia import errors, networks, text
from publik_socialmedia.conversations.events import keep_channel_event
from publik_socialmedia.conversations.messages import Received
from publik_socialmedia.conversations.record import record
from publik_socialmedia.locks import alone
from publik_socialmedia.models import Account, RawEvent
from publik_socialmedia.networks.base import Event, Kind, Raw, Source
from publik_socialmedia.privacy import bodies

MAX_ATTEMPTS = 15  # a body whose readers die as often is put aside: it may be what kills them
SEEN_EVERY = timedelta(minutes=1)  # precision of Account.last_event_at

State = RawEvent.State
logger = logging.getLogger(__name__)


@dataclass
class Outcome:
    """What the items of one body became."""

    counts: Counter[str] = field(default_factory=Counter)
    unknown_accounts: set[str] = field(default_factory=set)
    failures: dict[int, str] = field(default_factory=dict)  # rank of the item → class of the error
    erased: set[str] = field(default_factory=set)  # ids of messages that must not come back
    accounts: set[int] = field(default_factory=set)

    def as_json(self) -> dict[str, object]:
        facts: dict[str, object] = {'counts': dict(sorted(self.counts.items()))}
        if self.unknown_accounts:
            # given by strangers: PostgreSQL refuses NUL in a jsonb
            facts['unknown_accounts'] = sorted(map(text.clean, self.unknown_accounts))
        if self.failures:
            facts['failures'] = {str(rank): name for rank, name in sorted(self.failures.items())}
        return facts


def read_some(limit: int = 20) -> int:
    """Read the oldest bodies of one lane that nobody reads; gives how many were read, 0 if none waits.

    The bodies of a lane are read one after the other, so that the messages of a conversation are recorded in
    the order in which they came. The lock on the lane belongs to the connection: if the process dies, it is
    free at once.
    """
    for lane in _waiting_lanes():
        with alone(lane) as ours:
            if ours:
                found = RawEvent.objects.filter(lane=lane, state=State.PENDING).order_by('id')
                count = 0
                for raw_id in found.values_list('pk', flat=True)[:limit]:
                    read(raw_id)
                    count += 1
                return count
    return 0


def read(raw_id: int) -> Outcome:
    """Read one body and record what it says. Safe to repeat. Lets only failures of the database out."""
    # counted before it is read: a body that kills its reader is counted too
    RawEvent.objects.filter(pk=raw_id).update(attempts=F('attempts') + 1)
    outcome = Outcome()
    try:
        _read(raw_id, outcome)
    except (OperationalError, InterfaceError):
        raise  # the database is away: the body stays in the queue
    except errors.SocialMediaError as error:  # unreadable, or encrypted by a key that we no longer have
        _close(raw_id, outcome, str(error))
    except Exception as error:  # a fault of ours or of a network's class must not stop the others
        logger.error('raw event %s cannot be read: %s', raw_id, errors.where(error))
        _close(raw_id, outcome, type(error).__name__)
    return outcome


def _read(raw_id: int, outcome: Outcome) -> None:
    stored = RawEvent.objects.select_related('account', 'endpoint').filter(pk=raw_id).first()
    if stored is None:  # erased meanwhile
        return
    if stored.emptied_at:  # there is nothing left to read
        RawEvent.objects.filter(pk=raw_id).update(state=State.DONE, error='')
        return
    if stored.attempts > MAX_ATTEMPTS:
        raise errors.UnreadablePayload('too_many_attempts')
    found = _parse(stored)
    accounts = _accounts(stored)
    for event in found:
        _record(stored, accounts, event, outcome)
    _close(raw_id, outcome, 'items' if outcome.failures else '')
    if outcome.erased:  # it brought somebody's words again: they are erased here too (R52)
        stored.state = State.QUARANTINED if outcome.failures else State.DONE
        bodies.empty(stored, bodies.Ids((), outcome.erased))
    if outcome.accounts:
        _seen(outcome.accounts, stored.received_at)


def replay(raw_ids: Iterable[int]) -> int:
    """Have bodies read again: those in quarantine, after an upgrade, or any other. Gives how many."""
    return RawEvent.objects.filter(pk__in=raw_ids).update(state=State.PENDING, attempts=0, error='')


def _parse(stored: RawEvent) -> list[Event]:
    network = networks.registry().get(stored.network)
    if network is None:
        raise errors.UnreadablePayload('unknown_network')
    return network.parse(
        Raw(
            body=bytes(stored.body),
            source=Source(stored.source),
            call=stored.call,
            account=stored.account.view() if stored.account else None,
        )
    )


def _accounts(stored: RawEvent) -> dict[str, Account]:
    """The accounts that this body may speak of, by external id; '' = its own, if it names none."""
    if stored.account:
        return {'': stored.account, stored.account.external_id: stored.account}
    if stored.endpoint is None:
        return {}
    mine = list(Account.objects.filter(endpoint=stored.endpoint, network=stored.network))
    found = {account.external_id: account for account in mine}
    found.pop('', None)
    if len(mine) == 1:
        found[''] = mine[0]
    return found


def _record(stored: RawEvent, accounts: dict[str, Account], event: Event, outcome: Outcome) -> None:
    if event.kind is Kind.IGNORED:
        if event.reason == 'unknown_account':
            named = {event.account_id, *event.details.get('accounts', ())}
            outcome.unknown_accounts |= named - set(accounts)
        outcome.counts[f'ignored:{event.reason}'] += 1
        return
    account = accounts.get(event.account_id)
    if account is None:
        if event.kind is Kind.CHANNEL and not event.account_id:
            keep_channel_event(event, stored.received_at, endpoint=stored.endpoint)
            outcome.counts['channel'] += 1
            return
        outcome.unknown_accounts.add(event.account_id)
        outcome.counts['ignored:unknown_account'] += 1
        return
    if account.last_event_at is None or account.last_event_at < stored.received_at - SEEN_EVERY:
        outcome.accounts.add(account.pk)
    live = Source(stored.source) is not Source.HISTORY
    received = Received(account, event, stored.received_at, live)
    try:
        became = _record_again(received)
        outcome.counts[became] += 1
        if became == 'erased':
            outcome.erased |= {event.external_id, event.key}
        if became == 'unroutable':  # nobody can be guessed: kept and shown apart
            outcome.failures[event.sequence] = became
    except (OperationalError, InterfaceError):
        raise  # the database is away: the body stays in the queue
    except Exception as error:  # the item is put aside, the others go on
        logger.error('item %s of raw event %s: %s', event.sequence, stored.pk, errors.where(error))
        outcome.failures[event.sequence] = type(error).__name__
        outcome.counts['quarantined'] += 1


def _record_again(received: Received) -> str:
    """Record, once more if another worker has just inserted the same thing."""
    try:
        return record(received)
    except IntegrityError:
        return record(received)


def _close(raw_id: int, outcome: Outcome, error: str) -> None:
    RawEvent.objects.filter(pk=raw_id).update(
        state=State.QUARANTINED if error else State.DONE, error=error[:250], outcome=outcome.as_json()
    )


def _seen(accounts: set[int], at: datetime) -> None:
    """``at``: when that came, not when it is read: what came before a send says nothing of it."""
    Account.objects.filter(
        Q(last_event_at__isnull=True) | Q(last_event_at__lt=at - SEEN_EVERY), pk__in=accounts
    ).update(last_event_at=at)


def _waiting_lanes() -> list[str]:
    with connection.cursor() as cursor:
        # jumps from lane to lane on socialmedia_raw_queue, however many bodies wait in each
        cursor.execute(
            """
            WITH RECURSIVE waiting AS (
                (SELECT lane FROM publik_socialmedia_rawevent WHERE state = 'pending' ORDER BY lane LIMIT 1)
                UNION ALL
                SELECT (SELECT raw.lane FROM publik_socialmedia_rawevent AS raw
                         WHERE raw.state = 'pending' AND raw.lane > waiting.lane ORDER BY raw.lane LIMIT 1)
                  FROM waiting WHERE waiting.lane IS NOT NULL)
            SELECT lane FROM waiting WHERE lane IS NOT NULL
            """
        )
        lanes = [row[0] for row in cursor.fetchall()]
    random.shuffle(lanes)  # several readers share them, a flooded one does not come first
    return lanes

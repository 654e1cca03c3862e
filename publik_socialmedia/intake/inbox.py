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
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q
from django.db.utils import IntegrityError, InterfaceError, OperationalError

from publik_socialmedia import errors, networks, rows, text
from publik_socialmedia.conversations.events import keep_channel_event
from publik_socialmedia.conversations.messages import Received
from publik_socialmedia.conversations.record import record
from publik_socialmedia.locks import alone
from publik_socialmedia.models import Account, RawEvent
from publik_socialmedia.networks.base import Event, Kind, Raw, Source
from publik_socialmedia.privacy import bodies

MAX_ATTEMPTS = 15  # a body whose readers die as often is put aside: it may be what kills them
KNOWN_FOR = 1.0  # seconds for which what was read of an account serves other bodies
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


class Known:
    """The accounts that bodies may speak of, kept for the next bodies of a batch."""

    def __init__(self) -> None:
        self._read: dict[tuple[int | None, int | None, str], tuple[float, dict[str, Account]]] = {}

    def accounts(self, stored: RawEvent, *, now: bool = False) -> dict[str, Account]:
        """By external id; '' = its own, if the body names none. ``now``: as they are at this moment."""
        key = stored.endpoint_id, stored.account_id, stored.network
        at, accounts = self._read.get(key, (0.0, {}))
        if now or time.monotonic() - at > KNOWN_FOR:
            accounts = _accounts(stored)
            self._read[key] = time.monotonic(), accounts
        return accounts


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
                count, known = 0, Known()
                for raw_id in found.values_list('pk', flat=True)[:limit]:
                    read(raw_id, known)
                    count += 1
                return count
    return 0


def read(raw_id: int, known: Known | None = None) -> Outcome:
    """Read one body and record what it says. Safe to repeat. Lets only failures of the database out.

    ``known``: what was read for other bodies of the same batch.
    """
    outcome = Outcome()
    try:
        stored = _take(raw_id)
        if stored is not None:
            _read(stored, outcome, known or Known())
    except (OperationalError, InterfaceError):
        raise  # the database is away: the body stays in the queue
    except errors.SocialMediaError as error:  # unreadable, or encrypted by a key that we no longer have
        _close(raw_id, outcome, str(error))
    except Exception as error:  # a fault of ours or of a network's class must not stop the others
        logger.error('raw event %s cannot be read: %s', raw_id, errors.where(error))
        _close(raw_id, outcome, type(error).__name__)
    return outcome


def _take(raw_id: int) -> RawEvent | None:
    """The body, once it is counted that it is going to be read: one that kills its reader is counted too."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE publik_socialmedia_rawevent SET attempts = attempts + 1 WHERE id = %s
            RETURNING {rows.columns(RawEvent)}
            """,  # noqa: S608 - names only
            [raw_id],
        )
        found = cursor.fetchone()
    return rows.build(RawEvent, found) if found else None  # None: erased meanwhile


def _read(stored: RawEvent, outcome: Outcome, known: Known) -> None:
    if stored.emptied_at:  # there is nothing left to read
        rows.change(RawEvent, stored.pk, state=State.DONE, error='')
        return
    if stored.attempts > MAX_ATTEMPTS:
        raise errors.UnreadablePayload('too_many_attempts')
    accounts = known.accounts(stored)
    found = _parse(stored, accounts)
    if any(event.account_id not in accounts for event in found):
        accounts = known.accounts(stored, now=True)
    for event in found:
        _record(stored, accounts, event, outcome)
    _close(stored.pk, outcome, 'items' if outcome.failures else '')
    if outcome.erased:  # it brought somebody's words again: they are erased here too (R52)
        stored.state = State.QUARANTINED if outcome.failures else State.DONE
        bodies.empty(stored, bodies.Ids((), outcome.erased))
    if outcome.accounts:
        _seen(outcome.accounts, stored.received_at)


def replay(raw_ids: Iterable[int]) -> int:
    """Have bodies read again: those in quarantine, after an upgrade, or any other. Gives how many."""
    return RawEvent.objects.filter(pk__in=raw_ids).update(state=State.PENDING, attempts=0, error='')


def _parse(stored: RawEvent, accounts: dict[str, Account]) -> list[Event]:
    network = networks.registry().get(stored.network)
    if network is None:
        raise errors.UnreadablePayload('unknown_network')
    return network.parse(
        Raw(
            body=bytes(stored.body),
            source=Source(stored.source),
            call=stored.call,
            account=accounts[''].view() if stored.account_id else None,
        )
    )


def _accounts(stored: RawEvent) -> dict[str, Account]:
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
        account.last_event_at = stored.received_at  # for the next bodies of the batch
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
    state = State.QUARANTINED if error else State.DONE
    rows.change(RawEvent, raw_id, state=state, error=error[:250], outcome=outcome.as_json())


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

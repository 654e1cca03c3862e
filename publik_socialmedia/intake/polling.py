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

"""Polling: each account in turn, under a lease, its cursor committed together with what was read (R17).

A poll only fetches and stores raw bodies; what they mean is found out by ``inbox``, as for webhooks.
"""

from __future__ import annotations

import hashlib
import logging
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Prefetch, Q
from django.db.utils import InterfaceError, OperationalError
from django.utils import timezone

from publik_socialmedia import errors, networks, tokens
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.delivery import queue
from publik_socialmedia.fields import keyed_hash
from publik_socialmedia.http import client as http_client
from publik_socialmedia.models import Account, Conversation, Delivery, Message, RawEvent
from publik_socialmedia.networks.base import Http, Network, Page, Source, Thread

MAX_PAGES = 20  # in one go; the rest at the next turn, so that no account keeps the others waiting
FOLLOWED_FOR = timedelta(days=30)  # how long edits, deletions and native answers are looked for
FOLLOWED_THREADS = 40  # per turn
FOLLOWED_MESSAGES = 20  # per thread

logger = logging.getLogger(__name__)


class _LeaseLost(Exception):
    """Another worker has taken the account: store nothing, change nothing."""


@dataclass(frozen=True, slots=True)
class Turn:
    """An account to poll, under a lease."""

    account_id: int
    token: str


def claim(limit: int = 1) -> list[Turn]:
    """Take the accounts whose poll has been due for longest."""
    now = timezone.now()
    token = uuid.uuid4().hex
    with connection.cursor() as cursor:
        # served by socialmedia_account_poll
        cursor.execute(
            """
            UPDATE publik_socialmedia_account SET poll_lease_until = %s, poll_lease_token = %s
             WHERE id IN (
                SELECT id FROM publik_socialmedia_account
                 WHERE poll_due_at <= %s AND (poll_lease_until IS NULL OR poll_lease_until < %s)
                   AND state <> 'paused'
                 ORDER BY poll_due_at LIMIT %s FOR UPDATE SKIP LOCKED)
            RETURNING id
            """,
            [now + timedelta(seconds=app_settings.LEASE), token, now, now, limit],
        )
        return [Turn(row[0], token) for row in cursor.fetchall()]


def claim_one(account_id: int) -> Turn | None:
    """Take that account now, whenever it is due, if nobody polls it."""
    now, token = timezone.now(), uuid.uuid4().hex
    taken = Account.objects.filter(
        Q(poll_lease_until__isnull=True) | Q(poll_lease_until__lt=now), pk=account_id
    ).update(poll_lease_until=now + timedelta(seconds=app_settings.LEASE), poll_lease_token=token)
    return Turn(account_id, token) if taken else None


def poll(turn: Turn, http: Http | None = None) -> int:
    """Read what is new of one account and, at its slower pace, look again at its threads.

    Gives the number of bodies stored. A refusal is kept on the account; it is asked again with back-off,
    so that a repaired token is noticed. Lets only failures of the database out.
    """
    stored = Counter[str]()
    try:
        account = Account.objects.get(pk=turn.account_id)
        due_at = _poll(turn, account, http or http_client(), stored)
    except _LeaseLost:
        logger.warning('account %s was taken by another worker', turn.account_id)
    except Account.DoesNotExist:
        pass  # deleted meanwhile
    except errors.SocialMediaError as error:
        _failed(turn, error)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # a fault of a network's class must not stop the others
        logger.error('poll of account %s: %s', turn.account_id, errors.where(error))
        _failed(turn, errors.TemporaryError('internal', detail=type(error).__name__))
    else:
        if account.poll_failures:  # a poll that worked says nothing of what sending was refused for
            queue.resume(account, Delivery.Lane.NETWORK, account.accept())
        _finish(turn, poll_due_at=due_at, poll_failures=0)
    return stored.total()


def repair(
    account: Account,
    since: datetime,
    http: Http | None = None,
    pause: Callable[[float], object] = time.sleep,
) -> Iterator[int]:
    """Read the past again since that instant: first import, or gap after an outage. Yields bodies stored.

    ``pause``: waits, between two pages, the seconds that the network wants; not for a worker's thread.
    """
    cursor: dict[str, object] = {}
    more = True
    while more:
        page = past(account, cursor, since, http or http_client())
        yield keep(account, page)
        # a network that does not move on would be asked for ever
        more = page.more and dict(page.cursor) != cursor
        cursor = dict(page.cursor)
        if more and page.wait:
            pause(page.wait)


def keep(account: Account, page: Page) -> int:
    """Store what is new of a page of the past, to be read as any body. Gives how many bodies."""
    rows = _new_bodies(account, page, Source.HISTORY)
    RawEvent.objects.bulk_create(rows)
    return len(rows)


def past(account: Account, cursor: Mapping[str, object], since: datetime, http: Http) -> Page:
    """One page of what happened since that instant; nothing is stored."""
    network = networks.get(account.network)
    return tokens.using(account, lambda view: network.history(view, cursor, since, http), http)


def _poll(turn: Turn, account: Account, http: Http, stored: Counter[str]) -> datetime:
    """Read and store; gives when to poll next. Counts what was stored, also if an error comes out."""
    network = networks.get(account.network)
    page = Page((), {})
    for page in _pages(network, account, http):
        stored['poll'] += _store(turn, account, page, Source.POLL)
    wait = _reread(turn, network, account, http, stored)
    now = timezone.now()
    # what is left is read as soon as the accounts that are due have had their turn
    interval = 0 if page.more else network.capabilities.poll_interval
    return now + timedelta(seconds=max(interval, wait, page.wait or 0))


def _pages(network: Network, account: Account, http: Http) -> Iterator[Page]:
    for _ in range(MAX_PAGES):
        page = tokens.using(account, lambda view: network.poll(view, account.cursor, http), http)
        yield page
        if not page.more:
            return


def _reread(turn: Turn, network: Network, account: Account, http: Http, stored: Counter[str]) -> float:
    """Look again at the threads, if it is time. Gives the seconds not to call before, as the network asks.

    Its failure is noted and does not slow the polls: new messages matter more than edited ones.
    """
    now = timezone.now()
    if not network.capabilities.rereads or (account.reread_due_at and account.reread_due_at > now):
        return 0
    interval, wait, threads = float(network.capabilities.reread_interval), 0.0, _threads(account, now)
    if threads:
        try:
            page = tokens.using(account, lambda view: network.reread(view, threads, http), http)
            stored['reread'] += _store(turn, account, Page(page.answers, account.cursor), Source.POLL)
            wait = page.wait or 0
        except errors.SocialMediaError as error:
            _note(account.pk, error, 'reread')
            wait = getattr(error, 'retry_after', None) or 0
    due_at = now + timedelta(seconds=max(interval, wait))
    Account.objects.filter(pk=account.pk).update(reread_due_at=due_at)
    return wait


def _threads(account: Account, now: datetime) -> list[Thread]:
    """The threads of the account that lived lately, latest first. Three queries, however many there are."""
    messages = Message.objects.filter(erased_at__isnull=True).exclude(external_id='')
    recent = messages.order_by('-sort_at', '-sequence')[:FOLLOWED_MESSAGES]
    conversations = (
        Conversation.objects.filter(account=account, last_activity_at__gt=now - FOLLOWED_FOR)
        .prefetch_related('contact__identifiers', Prefetch('messages', recent, to_attr='recent'))
        .select_related('contact')
        .order_by('-last_activity_at')[:FOLLOWED_THREADS]
    )
    found = []
    for conversation in conversations:
        identifiers = list(conversation.contact.identifiers.all())
        ids = tuple(message.external_id for message in conversation.recent)
        if identifiers and ids:
            found.append(Thread(user=identifiers[0].value, messages=ids))
    return found


def _store(turn: Turn, account: Account, page: Page, source: Source) -> int:
    """Commit a page and its cursor together; nothing if another worker has taken the account meanwhile."""
    with transaction.atomic():
        ours = Account.objects.filter(pk=turn.account_id, poll_lease_token=turn.token).update(
            cursor=dict(page.cursor),
            poll_lease_until=timezone.now() + timedelta(seconds=app_settings.LEASE),
        )
        if not ours:
            raise _LeaseLost
        rows = _new_bodies(account, page, source)
        RawEvent.objects.bulk_create(rows)
    account.cursor = dict(page.cursor)
    return len(rows)


def _new_bodies(account: Account, page: Page, source: Source) -> list[RawEvent]:
    """Rows for the answers of a page, less those stored before: an overlap or a re-reading costs no row."""
    rows = {}
    for answer in page.answers:
        digest = keyed_hash('body', answer.call, hashlib.sha256(answer.body).hexdigest())
        rows[digest] = RawEvent(
            account=account,
            lane=RawEvent.lane_of(account=account.pk),
            network=account.network,
            source=source.value,
            call=answer.call[:250],
            digest=digest,
            body=answer.body,
        )
    stored = RawEvent.objects.filter(account=account, digest__in=rows) if rows else RawEvent.objects.none()
    known = set(stored.values_list('digest', flat=True))
    return [row for digest, row in rows.items() if digest not in known]


def _failed(turn: Turn, error: errors.SocialMediaError) -> None:
    _note(turn.account_id, error, 'poll')
    # what could not be read whole, its secrets cannot be decrypted for example, can be read so
    account = Account.objects.only('network', 'state', 'problem', 'poll_failures').get(pk=turn.account_id)
    if isinstance(error, errors.ConfigurationError):
        account.refuse(error.reason)
    network = networks.registry().get(account.network)
    interval = timedelta(seconds=network.capabilities.poll_interval if network else 0)
    failures = account.poll_failures + 1
    delay = max(interval, queue.backoff(failures, getattr(error, 'retry_after', None)))
    _finish(turn, poll_due_at=timezone.now() + delay, poll_failures=failures)


def _note(account_id: int, error: errors.SocialMediaError, what: str) -> None:
    logger.warning('%s of account %s: %s', what, account_id, error)
    Account.objects.filter(pk=account_id).update(last_error=str(error)[:250], last_error_at=timezone.now())


def _finish(turn: Turn, **changes: object) -> None:
    Account.objects.filter(pk=turn.account_id, poll_lease_token=turn.token).update(
        poll_lease_until=None, poll_lease_token='', **changes
    )

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

"""The past of an account, looked at before anything is imported: who still waits for an answer (R18).

Nothing is stored by looking. Taking records the threads whose last word is the citizen's, and those only:
what was answered long ago opens no demand. Both may be repeated: what is known is not recorded twice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from django.db.utils import InterfaceError, OperationalError
from django.utils import timezone

from publik_socialmedia import errors, networks
from publik_socialmedia.conversations.messages import Received
from publik_socialmedia.conversations.record import record
from publik_socialmedia.delivery.wakeup import wake
from publik_socialmedia.http import client as http_client
from publik_socialmedia.intake import polling
from publik_socialmedia.models import Account, Message
from publik_socialmedia.networks.base import Event, Http, Kind, Source

SECONDS = 60.0  # that a look may take: a web server waits for it
logger = logging.getLogger(__name__)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Past:
    """``threads``: person → what happened, oldest first. ``whole``: False if there was more to read than the
    time allowed. ``unreadable``: pages that could not be read."""

    threads: dict[str, list[Event]] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    whole: bool = True
    unreadable: int = 0

    @property
    def waiting(self) -> dict[str, list[Event]]:
        """The threads whose last word is the citizen's, not all of which we have."""
        return {
            user: events
            for user, events in self.threads.items()
            if (said := [event for event in events if event.kind is Kind.MESSAGE])
            and not said[-1].from_us
            and any(event.external_id not in self.known for event in said if not event.from_us)
        }

    @property
    def missing(self) -> int:
        """Messages that we do not have, of all threads."""
        return sum(
            event.kind is Kind.MESSAGE and event.external_id not in self.known
            for events in self.threads.values()
            for event in events
        )


def look(account: Account, since: datetime, http: Http | None = None, seconds: float = SECONDS) -> Past:
    """Read what happened since that instant. ConfigurationError, TemporaryError: it cannot be read."""
    past = Past()
    end = time.monotonic() + seconds
    found: list[Event] = []
    for events in _pages(account, since, http or http_client(), past):
        found += events
        if time.monotonic() > end:
            past.whole = False
            break
    recent = [event for event in found if event.user and (event.sent_at or _LONG_AGO) >= since]
    for event in sorted(recent, key=lambda item: (item.sent_at or _LONG_AGO, item.sequence)):
        past.threads.setdefault(event.user, []).append(event)
    ids = [event.external_id for event in recent if event.external_id]
    rows = Message.objects.filter(account=account, external_id__in=ids)
    past.known = frozenset(rows.values_list('external_id', flat=True))
    return past


def take(account: Account, past: Past) -> int:
    """Record the threads that wait for an answer. Gives how many; a fault of one leaves it out."""
    now = timezone.now()
    count = 0
    for events in past.waiting.values():
        try:
            for event in events:
                record(Received(account, event, now, live=False))
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            logger.error('past of account %s: %s', account.pk, errors.where(error))
            continue
        count += 1
    wake()
    return count


def _pages(account: Account, since: datetime, http: Http, past: Past) -> Iterator[list[Event]]:
    network = networks.get(account.network)
    cursor: dict[str, object] = {}
    more = True
    while more:
        page = polling.past(account, cursor, since, http)
        view = account.view()
        events: list[Event] = []
        for answer in page.answers:
            try:
                events += network.parse(replace(answer, source=Source.HISTORY, account=view))
            except errors.UnreadablePayload:
                past.unreadable += 1
        yield events
        more = page.more and dict(page.cursor) != cursor
        cursor = dict(page.cursor)

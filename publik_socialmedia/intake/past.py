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

"""The past of an account, page by page: what is missing here, and who still waits for an answer (R18).

Nothing is stored by reading. Who waits is found from what is known of each thread, under a keyed hash: enough
to count, and to know which pages will be needed, without keeping what anybody wrote.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from publik_socialmedia import errors, networks
from publik_socialmedia.conversations.messages import Received
from publik_socialmedia.conversations.record import record
from publik_socialmedia.fields import keyed_hash
from publik_socialmedia.http import client as http_client
from publik_socialmedia.intake import polling
from publik_socialmedia.models import Account, Message
from publik_socialmedia.networks.base import Event, Http, Kind, Page, Raw, Source

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
# of the last message: its time (seconds since 1970) and rank, whether it is ours; of all: citizen's messages
# that we do not have, messages
Standing = list[float]


@dataclass(frozen=True, slots=True)
class Piece:
    """A page, what it says of persons since the instant that was asked, and how many of its answers could not
    be read."""

    page: Page
    events: tuple[Event, ...]
    unreadable: int


def read(account: Account, cursor: Mapping[str, object], since: datetime, http: Http | None = None) -> Piece:
    """The next page. ConfigurationError, TemporaryError: it cannot be read."""
    page = polling.past(account, cursor, since, http or http_client())
    found: list[Event] = []
    unreadable = 0
    for answer in page.answers:
        try:
            found += parse(account, answer)
        except errors.UnreadablePayload:
            unreadable += 1
    return Piece(page, tuple(recent(found, since)), unreadable)


def recent(events: Iterable[Event], since: datetime) -> list[Event]:
    """Those that say of whom they speak and happened since that instant."""
    return [event for event in events if event.user and (event.sent_at or _LONG_AGO) >= since]


def parse(account: Account, answer: Raw) -> list[Event]:
    """What an answer says. UnreadablePayload."""
    network = networks.get(account.network)
    return network.parse(replace(answer, source=Source.HISTORY, account=account.view()))


def known(account: Account, events: Iterable[Event]) -> frozenset[str]:
    """Those of the messages that are here."""
    ids = [event.external_id for event in events if event.external_id]
    rows = Message.objects.filter(account=account, external_id__in=ids)
    return frozenset(rows.values_list('external_id', flat=True))


def key(account: Account, user: str) -> str:
    """The person, as ``Threads`` knows them: it cannot be read back."""
    return keyed_hash('past', f'{account.pk} {user}')[:24]


class Threads:
    """How the threads stand that were read so far. ``standing``: key → see above; changed in place."""

    def __init__(self, account: Account, standing: dict[str, Standing]) -> None:
        self.account, self.standing = account, standing

    def note(self, events: Collection[Event]) -> int:
        """Add these. Gives how many messages are not here."""
        here = known(self.account, events)
        missing = 0
        for event in events:
            if event.kind is not Kind.MESSAGE:
                continue
            unknown = event.external_id not in here
            missing += unknown
            at = (event.sent_at or _LONG_AGO).timestamp()
            last = self.standing.setdefault(key(self.account, event.user), [0, 0, 1, 0, 0])
            if (at, event.sequence) >= (last[0], last[1]):
                last[:3] = [at, event.sequence, int(event.from_us)]
            last[3] += unknown and not event.from_us
            last[4] += 1
        return missing

    def is_news(self, event: Event) -> bool:
        """Whether it came after what is known of its thread."""
        last = self.standing.get(key(self.account, event.user))
        return last is None or ((event.sent_at or _LONG_AGO).timestamp(), event.sequence) > (last[0], last[1])

    def waits(self, user: str) -> bool:
        return _waits(self.standing.get(key(self.account, user)))

    @property
    def waiting(self) -> dict[str, Standing]:
        """Those whose last word is the citizen's, not all of which we have."""
        return {name: standing for name, standing in self.standing.items() if _waits(standing)}


def _waits(standing: Standing | None) -> bool:
    return standing is not None and not standing[2] and standing[3] > 0


def threads(events: Iterable[Event]) -> dict[str, list[Event]]:
    """By person, in the order in which it happened."""
    found: dict[str, list[Event]] = {}
    for event in sorted(events, key=lambda item: (item.sent_at or _LONG_AGO, item.sequence)):
        found.setdefault(event.user, []).append(event)
    return found


def take(account: Account, events: Iterable[Event], now: datetime) -> None:
    """Record a thread, the oldest first. May be repeated: what is known is not recorded twice."""
    for event in events:
        record(Received(account, event, now, live=False))

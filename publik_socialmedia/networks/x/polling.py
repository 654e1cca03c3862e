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

"""Reading what is new, slowly: 15 calls in 15 minutes, each event paid for (R17, R18).

``GET /2/dm_events`` gives the newest first, of the last 30 days, and cannot be told where to begin: one reads
down to what is known. https://docs.x.com/x-api/direct-messages/lookup/introduction (November 2026).

Cursor of ``poll``:

    floor    id of the newest event at the first call: what is older is not ours to import
    newest   id of the newest event known, below which all is known
    seen     ids of the newest events read, newest first
    next     token of the page where the last call stopped in the middle, absent if it did not
    top      id of the newest event read meanwhile
    plain    X refuses ``sender_id`` among the fields, see ``_FIELDS``

The ten newest are read each time, again for most of them: an event that becomes visible late is seen. It
costs nothing more, as X bills an event once a day.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from publik_socialmedia import errors
from publik_socialmedia.networks.base import JSON, Account, Answer, Http, Page, Raw, Source
from publik_socialmedia.networks.reading import decoded, dicts, ident, mapping, moment, string

from . import budget
from .api import Api, exhausted
from .oauth import Params
from .pages import number_of

EVENTS = '/2/dm_events'
NEWEST = 10  # events asked for at each poll
PAGE = 100  # the most that X gives: to catch up
PAGES = 5  # read by one call: it says that there is more
SEEN = 200  # ids
# The reference lists ``sender_id`` as an expansion, the guides as a field; X's playground refuses the field.
# The expansion costs a read for each person: it is asked for only if the field cannot be had.
_FIELDS = 'id,text,event_type,created_at,dm_conversation_id,attachments,entities,referenced_tweets'
_MEDIA = 'media_key,url,type,alt_text,variants'

Event = Mapping[str, JSON]


def params(count: int, *, plain: bool = False) -> list[tuple[str, str]]:
    """Query of a page of ``count`` events."""
    return [
        ('dm_event.fields', _FIELDS if plain else f'{_FIELDS},sender_id'),
        ('event_types', 'MessageCreate'),
        ('expansions', 'attachments.media_keys,sender_id' if plain else 'attachments.media_keys'),
        ('max_results', str(min(max(count, 1), PAGE))),
        ('media.fields', _MEDIA),
        *([('user.fields', 'name,username')] if plain else []),
    ]


def read(api: Api, path: str, count: int, where: Params = (), *, plain: bool = False) -> tuple[Answer, bool]:
    """A page, and whether X refuses ``sender_id`` among the fields. Errors are raised."""
    answer = api.call('GET', path, [*params(count, plain=plain), *where])
    if not plain and _refuses_fields(answer):
        plain = True
        answer = api.call('GET', path, [*params(count, plain=True), *where])
    return api.checked(answer), plain


def _refuses_fields(answer: Answer) -> bool:
    if answer.status != 400:
        return False
    told = dicts(mapping(decoded(answer)).get('errors'))
    return any('dm_event.fields' in mapping(one.get('parameters')) for one in told)


def next_of(body: Mapping[str, JSON]) -> Params:
    """Where the next page begins, () if this one was the last. A page may be empty and not the last."""
    token = string(mapping(body.get('meta')).get('next_token'))
    return (('pagination_token', token),) if token else ()


# -- what is new


def poll(account: Account, cursor: Mapping[str, JSON], http: Http) -> Page:
    if not account.external_id:
        raise errors.ConfigurationError('config', detail='never checked')
    if budget.left(account) <= 0:  # nothing is asked until the month ends
        return Page((), cursor, wait=budget.wait())
    reading = _Reading(Api(account, http), account, cursor)
    return reading.run() if 'floor' in cursor else reading.first()


class _Reading:
    """One call of ``poll``."""

    def __init__(self, api: Api, account: Account, cursor: Mapping[str, JSON]) -> None:
        self.api, self.account, self.cursor = api, account, cursor
        self.plain = bool(cursor.get('plain'))
        self.seen = [string(value) for value in cursor.get('seen') or ()]
        self.answers: list[Raw] = []
        self.wait: float | None = None

    def first(self) -> Page:
        """Take the newest mark, import nothing. The first pages may be empty, and there be messages after."""
        token = string(self.cursor.get('next'))
        where: Params = (('pagination_token', token),) if token else ()
        events, following = self._page(1, where)
        if not events and following not in ((), where):
            return Page((), self._cursor(next=following[0][1]), more=self.wait is None, wait=self.wait)
        newest = _newest('0', events)
        return Page((), self._cursor(floor=newest, newest=newest), wait=self.wait)

    def run(self) -> Page:
        """The pages down to what is known, or as many as may be read now."""
        newest, token = string(self.cursor.get('newest')), string(self.cursor.get('next'))
        top = string(self.cursor.get('top')) or newest
        where: Params = (('pagination_token', token),) if token else ()
        for _turn in range(PAGES):
            try:
                events, following = self._page(PAGE if where else NEWEST, where)
            except errors.PermanentError:
                if not where:
                    raise
                return self._brought(self._cursor())  # a token that X no longer knows: from the top again
            top = _newest(top, events)
            reached = any(_order(ident(event.get('id'))) <= _order(newest) for event in events)
            if reached or following in ((), where):
                return self._brought(self._cursor(newest=top))
            where = following
            if budget.left(self.account) <= 0:
                self.wait = budget.wait()
            if self.wait:
                break
        # ``newest`` stays until the pages between are read
        return self._brought(self._cursor(top=top, next=where[0][1]), more=self.wait is None)

    def _brought(self, cursor: Mapping[str, JSON], *, more: bool = False) -> Page:
        """The oldest page first: what people wrote is told in its order (R25)."""
        return Page(tuple(self.answers[::-1]), cursor, more=more, wait=self.wait)

    def _page(self, count: int, where: Params) -> tuple[list[Event], Params]:
        """Events of a page, newest first as they come, and where the next one begins. What is new is kept."""
        count = min(count, max(budget.left(self.account), 1))
        answer, self.plain = read(self.api, EVENTS, count, where, plain=self.plain)
        body = self.api.paid(answer)
        self.wait = exhausted(answer)
        events = dicts(body.get('data'))
        if 'floor' in self.cursor:
            self._keep(events, body)
        return events, next_of(body)

    def _keep(self, events: Sequence[Event], body: Mapping[str, JSON]) -> None:
        """Store what is new of the page, and nothing else: what is older than our first call is left out."""
        floor, known = _order(string(self.cursor.get('floor'))), set(self.seen)
        new = [event for event in events if ident(event.get('id')) not in known]
        new = [event for event in new if _order(ident(event.get('id'))) > floor]
        if new:
            self.answers.append(raw(new, body, self.account))
            ids = known | {ident(event.get('id')) for event in new}
            self.seen = sorted(ids, key=_order, reverse=True)[:SEEN]

    def _cursor(self, **changes: Any) -> dict[str, JSON]:
        kept = {name: value for name, value in self.cursor.items() if name not in ('next', 'top')}
        return {**kept, 'seen': self.seen, **({'plain': True} if self.plain else {}), **changes}


def _order(name: str) -> int:
    """Ids grow with time; one that is no number is taken for new, and ``seen`` tells whether it is."""
    number = number_of(name)
    return number if number is not None else 10**30


def _newest(known: str, events: Sequence[Event]) -> str:
    """The newest of that id and those of events. One that is no number does not tell what came before it."""
    ids = (ident(event.get('id')) for event in events)
    return max([known, *(name for name in ids if number_of(name) is not None)], key=_order)


def raw(
    events: Sequence[Event], body: Mapping[str, JSON], account: Account, source: Source = Source.POLL
) -> Raw:
    """A body like the one received, with these events only."""
    kept = {'data': list(events), 'includes': mapping(body.get('includes'))}
    return Raw(json.dumps(kept).encode(), source, f'GET {EVENTS}', account)


# -- what is past: 30 days at most


def history(account: Account, cursor: Mapping[str, JSON], since: datetime, http: Http) -> Page:
    """A page of what happened since that instant, newest first."""
    allowed = budget.left(account)
    if allowed <= 0:
        raise errors.TemporaryError('reads_budget', retry_after=budget.wait())
    api, token = Api(account, http), string(cursor.get('next'))
    where: Params = (('pagination_token', token),) if token else ()
    answer, _plain = read(api, EVENTS, min(PAGE, allowed), where)
    body = api.paid(answer)
    events, following = dicts(body.get('data')), next_of(body)
    recent = [event for event in events if not is_older(event, since)]
    more = len(recent) == len(events) and following not in ((), where)
    answers = (raw(recent, body, account, Source.HISTORY),) if recent else ()
    after = {'next': following[0][1]} if more else {}
    return Page(answers, after, more=more, wait=exhausted(answer))


def is_older(event: Event, than: datetime) -> bool:
    created = moment(event.get('created_at'))
    return created is not None and created < than.astimezone(UTC)

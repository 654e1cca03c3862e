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

"""Reading what is new, and what is past: notifications of mentions, filtered ones included (R16, R17, R18).

``GET /api/v1/conversations`` shows only the last status of a thread, and private mentions of strangers are
in no list unless ``include_filtered`` asks for them: notifications are the source.

Cursor of ``poll``:

    marks    newest notification id known at each of the last polls, oldest first; '' = there was none
    seen     ids of the last notifications read, newest first
    since    time of the newest notification at the first call: what is older is not ours to import
    resume   where to go on when the last call stopped in the middle

``min_id`` is the oldest mark: the same notifications are asked for again during some polls, because ids do
not become visible in their order; ``seen`` recognises them. When nothing happens the marks become equal, and
a poll is one request and an empty answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from publik_socialmedia import errors
from publik_socialmedia.networks.base import JSON, Account, Answer, Http, Page, Raw, Source

from .api import Api, content, exhausted, path_of, raw
from .identity import MASTODON, SNAC, items, mapping, word
from .parsing import announced
from .statuses import time_of

Notification = Mapping[str, JSON]

NOTIFICATIONS = '/api/v1/notifications'
REQUESTS = '/api/v1/notifications/requests'
HOME = '/api/v1/timelines/home'
MENTIONS = (('types[]', 'mention'), ('include_filtered', 'true'))

OVERLAP = 5  # polls
SEEN = 200  # ids
PAGE = 40  # notifications asked for, of at most 80 (Mastodon, GoToSocial) or 64 (snac)
PAGES = 5  # read by one call, going up: it says that there is more
PAGES_DOWN = 50  # going down there is no stopping in the middle
HISTORY_PAGE = 80
REQUESTS_PAGE = 40


def poll(account: Account, cursor: Mapping[str, JSON], http: Http) -> Page:
    api = Api(account, http)
    if 'marks' not in cursor:
        return _first(api)
    seen = [word(value) for value in cursor.get('seen') or ()]
    marks = [word(value) for value in cursor['marks']] or ['']
    reading = _Reading(api, account, seen, word(cursor.get('resume')) or marks[0])
    more = reading.read()
    reading.read_requests(str(cursor.get('since') or ''))
    newest = reading.newest or marks[-1]
    # after a long outage an overlap longer than ``seen`` would be read as new again
    marks = [newest] if reading.count > SEEN // 2 else [*marks, newest][-OVERLAP:]
    after: dict[str, JSON] = {'marks': marks, 'seen': reading.seen[:SEEN], 'since': cursor.get('since') or ''}
    if more:
        after['resume'] = newest
    return Page(tuple(reading.answers), after, more=more, wait=reading.wait)


def _first(api: Api) -> Page:
    """Take the newest mark, import nothing. What is on the page is known from now on."""
    answer = api.get(NOTIFICATIONS, [*MENTIONS, ('limit', str(PAGE))])
    listed = items(content(answer))
    ids = [word(item.get('id')) for item in listed]
    times = [found for item in listed if (found := time_of(item.get('created_at')))]
    since = max(times).isoformat() if times else ''
    cursor = {'marks': [ids[0] if ids else ''], 'seen': ids, 'since': since}
    return Page((), cursor, wait=exhausted(answer))


class _Reading:
    """One call of ``poll``."""

    def __init__(self, api: Api, account: Account, seen: list[str], min_id: str) -> None:
        self.api, self.account, self.seen, self.min_id = api, account, seen, min_id
        self.answers: list[Raw] = []
        self.filtered: dict[str, int] = {}  # account id → filtered notifications read now
        self.newest = ''
        self.count = 0
        self.wait: float | None = None

    def read(self) -> bool:
        """Read the pages after ``min_id``; whether there may be more than this call reads."""
        where: dict[str, str] = {'min_id': self.min_id} if self.min_id else {}
        for turn in range(PAGES_DOWN):
            answer = self.api.get(NOTIFICATIONS, [*MENTIONS, ('limit', str(PAGE)), *where.items()])
            listed = items(content(answer))
            self.wait = exhausted(answer)
            new = fresh(listed, self.seen, self.min_id)
            self._keep(answer, listed, new)
            where = self._following(answer, listed, new, where)
            if not where:
                return False
            if 'max_id' not in where and turn + 1 >= PAGES:
                return True
        return False

    def _following(
        self, answer: Answer, listed: list[Notification], new: list[Notification], where: Mapping[str, str]
    ) -> dict[str, str]:
        """Parameters of the next page, {} if this one was the last.

        With ``min_id`` a page is the oldest after it, and we go up; without (nothing was known), or on a
        server that has no Link header and gives the newest first (snac), we go down.
        """
        full = len(listed) >= PAGE
        if not listed or not (new or full):
            return {}
        if self.min_id and 'max_id' not in where and 'link' in answer.headers:
            self.newest = word(listed[0].get('id'))
            following = self.api.page(answer, 'prev').get('min_id') or self.newest
            return {'min_id': following} if following != where.get('min_id') else {}
        self.newest = self.newest or word(listed[0].get('id'))
        oldest = word(listed[-1].get('id'))
        goes_on = new and full and oldest not in ('', where.get('max_id'))
        return {**where, 'max_id': oldest} if goes_on else {}

    def _keep(self, answer: Answer, listed: list[Notification], new: list[Notification]) -> None:
        if not new:
            return
        self.count += len(new)
        self.seen = [*(word(item.get('id')) for item in new), *self.seen]
        for item in new:
            if item.get('filtered') is True:
                sender = word(mapping(item.get('account')).get('id'))
                self.filtered[sender] = self.filtered.get(sender, 0) + 1
        kept = [item for item in new if concerns_us(item)]
        if kept:
            body = answer.body if kept == listed else kept
            self.answers.append(raw(body, f'GET {NOTIFICATIONS}', self.account))

    def read_requests(self, since: str) -> None:
        """When something was filtered: see whether its sender wrote more than we read, and read it (R16).

        A server with a policy which is not Mastodon may not know ``include_filtered``: asked each time.
        """
        facts = self.account.facts
        strange = facts.get('private_mentions') == 'filter' and facts.get('server') != MASTODON
        if not self.filtered and not strange:
            return
        for request in _requests(self.api):
            sender = word(mapping(request.get('account')).get('id'))
            if sender and announced(request) > self.filtered.get(sender, 0):
                self._read_of(sender, since)

    def _read_of(self, sender: str, since: str) -> None:
        params = [*MENTIONS, ('account_id', sender), ('limit', str(HISTORY_PAGE))]
        answer = self.api.get(NOTIFICATIONS, params)
        listed = [
            item
            for item in items(content(answer))
            if word(mapping(item.get('account')).get('id')) == sender and not is_older(item, time_of(since))
        ]
        known = set(self.seen)
        self._keep(answer, [], [item for item in listed if word(item.get('id')) not in known])


def fresh(listed: Sequence[Notification], seen: Sequence[str], min_id: str) -> list[Notification]:
    """Those that were not read yet.

    A server that ignores ``min_id`` shows itself by giving it back, or one known to be older: then what is
    listed after the last known one is older than our first call (lists are newest first).
    """
    known = set(seen)
    before = {min_id, *(seen[seen.index(min_id) :] if min_id in known else ())}
    ids = [word(item.get('id')) for item in listed]
    end = len(ids)
    if min_id and any(value in before for value in ids):
        end = max(rank for rank, value in enumerate(ids) if value in known or value == min_id)
    return [item for item, value in zip(listed[:end], ids, strict=False) if value not in known]


def concerns_us(item: Notification) -> bool:
    """Whether it may be a private message: what is public is not kept, even as raw bytes."""
    visibility = mapping(item.get('status')).get('visibility')
    return item.get('type') == 'mention' and visibility not in ('public', 'unlisted')


def is_older(item: Mapping[str, JSON], than: datetime | None) -> bool:
    created = time_of(item.get('created_at'))
    return created is not None and than is not None and created < than


def _requests(api: Api) -> list[Mapping[str, JSON]]:
    """Requests of the notification policy; [] where there is none or we have no right to see them."""
    try:
        return items(api.read(REQUESTS, [('limit', str(REQUESTS_PAGE))]))
    except (errors.PermanentError, errors.ConfigurationError):
        return []


# -- history: three lists, one page for each call, newest first


def history(account: Account, cursor: Mapping[str, JSON], since: datetime, http: Http) -> Page:
    api = Api(account, http)
    phase = word(cursor.get('phase')) or 'mentions'
    if phase == 'requests':
        pending = [item for item in _requests(api) if not is_older(mapping(item.get('last_status')), since)]
        found = [raw(pending, f'GET {REQUESTS}', account, Source.HISTORY)] if pending else []
        return Page(tuple(found), {'phase': 'own'}, more=True)
    path, params = (NOTIFICATIONS, _history_params()) if phase == 'mentions' else own_list(account)
    max_id = word(cursor.get('max_id'))
    try:
        answer = api.get(path, [*params, *([('max_id', max_id)] if max_id else [])])
    except errors.PermanentError:
        if phase == 'mentions':
            raise
        return Page((), {'phase': 'done'})  # a server without that list
    listed = items(content(answer))
    recent = [item for item in listed if not is_older(item, since)]
    kept = [
        item for item in recent if (concerns_us(item) if phase == 'mentions' else is_direct(item, account))
    ]
    ids = [word(item.get('id')) for item in listed]
    again = max_id != '' and max_id in ids  # a server that ignores ``max_id`` gives the same page
    answers = (raw(kept, f'GET {path}', account, Source.HISTORY),) if kept and not again else ()
    goes_on = bool(recent) and recent[-1] is listed[-1] and ids[-1] != '' and not again
    after = {'phase': phase, 'max_id': ids[-1]} if goes_on else {'phase': _NEXT_PHASE[phase]}
    return Page(answers, after, more=after['phase'] != 'done', wait=exhausted(answer))


_NEXT_PHASE = {'mentions': 'requests', 'own': 'done'}


def _history_params() -> list[tuple[str, str]]:
    return [*MENTIONS, ('limit', str(HISTORY_PAGE))]


def own_list(account: Account) -> tuple[str, list[tuple[str, str]]]:
    """Path and parameters of what our account wrote, private ones included, newest first.

    snac gives only the public ones by that path; its home timeline has all, among those of others.
    """
    if account.facts.get('server') == SNAC:
        return HOME, [('limit', str(PAGE))]
    number = word(account.facts.get('id'))
    if not number:
        raise errors.ConfigurationError('config', detail='never checked')
    return path_of('/api/v1/accounts/{}/statuses', number), [
        ('limit', str(PAGE)),
        ('exclude_reblogs', 'true'),
    ]


def is_direct(status: Mapping[str, JSON], account: Account) -> bool:
    """Whether it is one of our own private messages: nothing else is kept of our lists."""
    if word(mapping(status.get('account')).get('id')) != word(account.facts.get('id')):
        return False
    private = ('direct', 'private') if account.facts.get('server') == SNAC else ('direct',)
    return status.get('visibility') in private

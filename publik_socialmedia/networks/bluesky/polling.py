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

"""Reading what is new (R16, R17, R18).

``getLog`` says what happened since a cursor, in conversations accepted and requested alike; without cursor it
starts now. It names no member of a conversation and does not tell groups: each conversation in which somebody
wrote is asked for (``getConvo``), and put beside what is kept.

Cursor:

    marks    cursors of the log after each of the last polls, oldest first
    seen     keys of the entries read meanwhile, newest first
    resume   where to go on when there was more than one page
    at       time of the last poll that worked
    past     what is left of reading again what the log may have skipped: ``since``, cursor of ``history``

The log is asked from the oldest mark: entries read once more are recognised by ``seen``. When nothing happens
the marks become equal, and a poll is one request and an empty answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from publik_socialmedia import errors
from publik_socialmedia.networks.base import JSON, Account, Http, Page
from publik_socialmedia.networks.reading import dicts, ident, mapping, moment, says_yes

from .api import Api, checked, content, exhausted, meaning, raw
from .history import Item, history, is_direct, trimmed
from .messages import kind_of, sender_of

LOG = 'chat.bsky.convo.getLog'
CONVO = 'chat.bsky.convo.getConvo'
ACCEPT = 'chat.bsky.convo.acceptConvo'

OVERLAP = 3  # polls
SEEN = 300  # entries
GAP = timedelta(days=1)  # without any poll: nobody says how long the log is kept
BEFORE = timedelta(hours=1)  # read again before the last poll that worked


def poll(account: Account, cursor: Mapping[str, JSON], http: Http) -> Page:
    api = Api(account, http)
    if cursor.get('past'):
        return _catch_up(account, cursor, http)
    marks = [ident(value) for value in cursor.get('marks') or ()]
    if not marks:
        return Page((), _first(api))
    start = ident(cursor.get('resume')) or marks[0]
    answer = api.call('GET', LOG, params=[('cursor', start)])
    if isinstance(meaning(answer), errors.PermanentError):  # a cursor that is not known any more
        return Page((), {**_first(api), 'past': _missed(cursor)}, more=True)
    body = content(checked(answer))
    entries, end = dicts(body.get('logs')), ident(body.get('cursor')) or start
    seen = [ident(value) for value in cursor.get('seen') or ()]
    fresh = {key: entry for entry in entries if (key := _key(entry)) not in seen}
    found = _kept(api, account, list(fresh.values()))
    goes_on = bool(entries) and end != start
    after = _after(marks, end if goes_on else '', [*marks, end], [*reversed(fresh), *seen])
    if not goes_on and _is_late(cursor):
        after['past'] = _missed(cursor)
    answers = (raw(found, LOG, account),) if found else ()
    return Page(answers, after, more=goes_on or 'past' in after, wait=exhausted(answer))


def _after(before: Sequence[str], resume: str, marks: Sequence[str], seen: Sequence[str]) -> dict[str, JSON]:
    """The cursor after a page: in the middle of several, or once there is no more."""
    after: dict[str, JSON] = {'marks': list(before) if resume else list(marks)[-OVERLAP:], 'at': _now()}
    if resume:
        after['resume'] = resume
    if resume or len(set(after['marks'])) > 1:  # else what was seen does not come again
        after['seen'] = list(seen)[:SEEN]
    return after


def _first(api: Api) -> dict[str, JSON]:
    """The newest mark; nothing is imported, whatever comes with it (R18). {} if there is none to have."""
    mark = ident(api.read(LOG).get('cursor'))
    return {'marks': [mark], 'at': _now()} if mark else {}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec='seconds')


def _key(entry: Item) -> str:
    """What tells an entry from another; the message in it may have changed meanwhile (a reaction)."""
    rev, message = ident(entry.get('rev')), mapping(entry.get('message'))
    parts = [kind_of(entry), ident(entry.get('convoId')), rev, ident(message.get('id'))]
    named = '\0'.join(parts) if rev else json.dumps(entry, sort_keys=True)
    return hashlib.blake2b(named.encode(errors='replace'), digest_size=8).hexdigest()


# -- conversations


def _kept(api: Api, account: Account, entries: list[Item]) -> dict[str, JSON]:
    """What to keep of entries that are new: they, and the conversations in which somebody wrote."""
    if not entries:
        return {}
    written = [entry for entry in entries if kind_of(entry) == 'logCreateMessage']
    asked = {ident(entry.get('convoId')) for entry in written} - {''}
    convos = [found for key in sorted(asked) if (found := _convo(api, key))]
    if wants_requests(account):
        _accept(api, account, convos, written)
    return {'logs': list(entries), **({'convos': convos} if convos else {})}


def _convo(api: Api, key: str) -> dict[str, JSON]:
    """Who is in a conversation, {} if it cannot be had (left, or of a kind that is kept from us)."""
    try:
        return trimmed(mapping(api.read(CONVO, ('convoId', key)).get('convo')))
    except errors.PermanentError:
        return {}


def wants_requests(account: Account) -> bool:
    """Whether requests are accepted as soon as they are read, and not when they are answered."""
    return says_yes(account.credentials.get('accept_requests', ''))


def _accept(api: Api, account: Account, convos: Iterable[Item], written: Iterable[Item]) -> None:
    """Accept the requests among these; a failure costs no message: the answer accepts them too."""
    theirs = {
        ident(entry.get('convoId'))
        for entry in written
        if sender_of(mapping(entry.get('message'))) not in ('', account.external_id)
    }
    for convo in convos:
        if convo.get('status') == 'request' and is_direct(convo) and convo.get('id') in theirs:
            try:
                checked(api.repeat(ACCEPT, {'convoId': convo['id']}))
            except errors.SocialMediaError:
                return


# -- what the log may have skipped


def _is_late(cursor: Mapping[str, JSON]) -> bool:
    at = moment(cursor.get('at'))
    return at is not None and datetime.now(UTC) - at > GAP


def _missed(cursor: Mapping[str, JSON]) -> dict[str, JSON]:
    since = (moment(cursor.get('at')) or datetime.now(UTC) - GAP) - BEFORE
    return {'since': since.isoformat(), 'cursor': {}}


def _catch_up(account: Account, cursor: Mapping[str, JSON], http: Http) -> Page:
    """One page of the past, then the log again."""
    past, kept = mapping(cursor['past']), {key: value for key, value in cursor.items() if key != 'past'}
    since = moment(past.get('since')) or datetime.now(UTC) - GAP
    page = history(account, mapping(past.get('cursor')), since, http)
    if page.more:
        kept['past'] = {**past, 'cursor': dict(page.cursor)}
    return Page(page.answers, kept, more=page.more, wait=page.wait)

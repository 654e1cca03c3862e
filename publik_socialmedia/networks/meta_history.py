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

"""Reading the past of an inbox of Meta's: first import, and repair after an outage (R17).

There is no reading by time: threads are walked from the newest down to the instant wanted, one call per
``read``. Only what was written since is kept (R18).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from publik_socialmedia.errors import PermanentError
from publik_socialmedia.networks import meta_threads as threads
from publik_socialmedia.networks.base import JSON, Account, Answer, Http, Page, Raw, Source
from publik_socialmedia.networks.meta import dicts, ident, mapping
from publik_socialmedia.networks.meta_errors import retry_after, usage
from publik_socialmedia.networks.meta_graph import next_cursor

if TYPE_CHECKING:
    from publik_socialmedia.networks.meta_inbox import InboxNetwork

PAGES_PER_THREAD = 25  # beyond the 20 that are sure, as far as Meta gives some
HIGH_USAGE, PAUSE = 80, 60.0  # percent of the limits, seconds


def read(
    network: InboxNetwork, account: Account, cursor: Mapping[str, JSON], since: datetime, http: Http
) -> Page:
    """One page. ``cursor``: ``after`` in the list; ``threads`` [id, after, pages] to finish first."""
    if cursor.get('threads'):
        return _read_thread(network, account, cursor, since, http)
    reading = network.reading
    fields = f'id,updated_time,participants,{reading.messages}'
    params = {'platform': reading.platform, 'fields': fields, 'limit': reading.threads}
    if cursor.get('after'):
        params['after'] = str(cursor['after'])
    path = (network.owner(account), 'conversations')
    found, answer = network.read(http, account, path, params)
    listed = dicts(found.get('data'))
    recent = [thread for thread in listed if threads.is_recent(thread, since)]
    after = next_cursor(found) if len(recent) == len(listed) else ''
    unfinished = [
        [ident(thread.get('id')), next_cursor(mapping(thread.get('messages'))), 1]
        for thread in recent
        if _goes_on(mapping(thread.get('messages')), since)
    ]
    return _page(network, account, path, recent, {'after': after, 'threads': unfinished}, since, answer)


def _read_thread(
    network: InboxNetwork, account: Account, cursor: Mapping[str, JSON], since: datetime, http: Http
) -> Page:
    (thread, after, pages), *others = cursor['threads']
    path = (str(thread), 'messages')
    params = {'fields': network.reading.fields, 'limit': threads.READABLE, 'after': after}
    try:
        found, answer = network.read(http, account, path, params)
    except PermanentError:  # older than what Meta tells
        rest = {'after': cursor.get('after', ''), 'threads': others}
        return Page((), rest, more=bool(others or rest['after']))
    if _goes_on(found, since) and pages < PAGES_PER_THREAD:
        others = [[thread, next_cursor(found), pages + 1], *others]
    rest = {'after': cursor.get('after', ''), 'threads': others}
    return _page(network, account, path, dicts(found.get('data')), rest, since, answer)


def _goes_on(messages: Mapping[str, JSON], since: datetime) -> bool:
    """Whether older messages of the thread are wanted too."""
    listed = dicts(messages.get('data'))
    return bool(next_cursor(messages)) and all(threads.is_recent(one, since) for one in listed)


def _page(
    network: InboxNetwork,
    account: Account,
    path: Sequence[str],
    parts: Sequence[Mapping[str, JSON]],
    cursor: Mapping[str, JSON],
    since: datetime,
    answer: Answer,
) -> Page:
    """Keeps of the answer what was written since; its ``paging``, whose URLs hold our token, is dropped."""
    kept = threads.since(parts, since)
    body = json.dumps({'data': kept}).encode()
    answers = (Raw(body, Source.HISTORY, call=f'GET /{"/".join(path)}', account=account),) if kept else ()
    wait = retry_after(answer)
    if wait is None:
        wait = PAUSE if usage(answer) >= HIGH_USAGE else network.reading.pace or None
    return Page(answers, cursor, more=bool(cursor['threads'] or cursor['after']), wait=wait)

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

"""Is a message that we tried to send in the thread? The answer of the try was lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from publik_socialmedia.errors import OutcomeUnknown, PermanentError
from publik_socialmedia.networks import meta_threads as threads
from publik_socialmedia.networks.base import JSON, Account, Answer, Event, Http, Outgoing, Sent
from publik_socialmedia.networks.meta import dicts, ident, mapping
from publik_socialmedia.networks.meta_graph import next_cursor

if TYPE_CHECKING:
    from publik_socialmedia.networks.meta_inbox import InboxNetwork

PAGES = 10  # of 20 messages, all written since the first try


def look(network: InboxNetwork, account: Account, outgoing: Outgoing, http: Http) -> Sent | None:
    """The message if it is in the thread now, None if it is not.

    OutcomeUnknown if the network does not tell the thread back to the first try.
    """
    fields = f'id,participants,{network.reading.messages}'
    found, answer = network.threads_with(account, outgoing.recipient, fields, http)
    tried = outgoing.first_tried_at or outgoing.last_tried_at or datetime.now(UTC)
    not_before = (tried - _advance(answer)).replace(microsecond=0)  # the network tells whole seconds
    shown_type = network.shown_type(outgoing.file) if outgoing.file else ''
    sent = [
        Sent(event.external_id, event.sent_at)
        for thread in dicts(found.get('data'))
        for message in _messages(network, account, thread, not_before, http)
        if is_it(event := _read(network, account, message), outgoing, not_before, shown_type)
    ]
    return min(sent, key=lambda one: one.sent_at or not_before, default=None)


def _read(network: InboxNetwork, account: Account, message: Mapping[str, JSON]) -> Event:
    return threads.read_message(message, account.external_id, network.reading)


def _messages(
    network: InboxNetwork, account: Account, thread: Mapping[str, JSON], not_before: datetime, http: Http
) -> Iterator[Mapping[str, JSON]]:
    """Messages of the thread written since that instant, newest first."""
    page, path = mapping(thread.get('messages')), (ident(thread.get('id')), 'messages')
    for _rank in range(PAGES):
        listed = dicts(page.get('data'))
        recent = [message for message in listed if threads.is_recent(message, not_before)]
        if any('from' not in message for message in recent):
            break  # only its id is told
        yield from recent
        after = next_cursor(page)
        if not after or len(recent) < len(listed):
            return
        params = {'fields': network.reading.fields, 'limit': threads.READABLE, 'after': after}
        try:
            page, _answer = network.read(http, account, path, params)
        except PermanentError:
            break
    raise OutcomeUnknown(detail='the thread is not told back to the first try')


def is_it(event: Event, outgoing: Outgoing, not_before: datetime, shown_type: str) -> bool:
    """Whether that message of the thread is the one that we tried to send.

    The Graph API does not give our key back: what can be compared is the author, the time and the content; of
    a file, its name or its size or, for what Meta encodes anew or tells nothing of, its type (``shown_type``:
    the one under which it was sent).
    """
    if not event.from_us or event.sent_at is None or event.sent_at < not_before:
        return False
    if event.external_id in outgoing.others:
        return False
    if outgoing.file is None:
        links = all(item.kind in ('share', 'fallback') for item in event.attachments)  # of the text itself
        return links and event.text.split() == outgoing.text.split()
    if len(event.attachments) != 1 or event.text:
        return False
    found, file = event.attachments[0], outgoing.file
    if found.filename == file.filename or found.size == len(file.content):
        return True
    kind, told = found.declared or found.kind, bool(found.filename) or found.size is not None
    return kind == shown_type and not (kind == 'file' and told)


def _advance(answer: Answer) -> timedelta:
    """How much our clock is ahead of the network's, by the date of its answer."""
    try:
        theirs = parsedate_to_datetime(answer.headers['date'])
        return datetime.now(UTC) - theirs.replace(tzinfo=theirs.tzinfo or UTC)
    except (KeyError, ValueError, TypeError):
        return timedelta(0)

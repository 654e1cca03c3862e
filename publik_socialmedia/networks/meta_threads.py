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

"""Threads read back through the Graph API: first import, repair of a gap, search of a message of ours.

https://developers.facebook.com/docs/graph-api/reference/page/conversations and
/documentation/business-messaging/messenger-platform/conversations: no reading by time, newest first, and only
the 20 most recent messages of a thread are sure to be readable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from publik_socialmedia.networks.base import JSON, Attachment, Event, Kind, Status
from publik_socialmedia.networks.meta import dicts, ident, load, mapping, moment, string

Payload = Mapping[str, JSON]

READABLE = 20  # messages of a thread that the network promises to tell


@dataclass(frozen=True)
class Reading:
    """How one inbox tells its threads.

    ``platform``: its word among the parameters of the call. ``fields``: those of a message to ask for.
    ``attachments``: those of a message that is told. ``adapt``: what it alone says of a message.
    ``threads``: how many are asked at once, with their messages; ``pace``: seconds between two such calls.
    """

    platform: str
    fields: str
    attachments: Callable[[Payload], tuple[Attachment, ...]]
    adapt: Callable[[Payload, Event], Event] = lambda message, event: event
    threads: int = 10  # more makes Meta answer « reduce the amount of data »
    pace: float = 0.0

    @property
    def messages(self) -> str:
        """Field of a thread: its latest messages."""
        return f'messages.limit({READABLE}){{{self.fields}}}'


def parse(body: bytes, ours: str, reading: Reading) -> list[Event]:
    """Events of an answer: a list of threads, a thread, a list of messages, a message, what a send gives.

    ``ours``: id of our account, '' if unknown: nobody is then guessed to be the author. Messages are given in
    the order in which they were written. UnreadablePayload if the body is not JSON.
    """
    found = load(body)
    answer = mapping(found)
    if isinstance(answer.get('data'), list):
        parts = answer['data']
    elif isinstance(found, Mapping) and found:
        parts = [found]
    else:
        parts = []
    events = [event for part in parts for event in _read(part, ours, reading)]
    events = events or [Event(Kind.IGNORED, account_id=ours, reason='empty')]
    return [replace(event, sequence=sequence) for sequence, event in enumerate(events)]


def _read(part: JSON, ours: str, reading: Reading) -> list[Event]:
    value = mapping(part)
    if 'messages' in value or 'participants' in value or 'updated_time' in value:
        people = {ident(one.get('id')): name(one) for one in _data(value, 'participants')}
        messages = list(reversed(_data(value, 'messages')))  # newest first
        empty = Event(
            Kind.IGNORED, account_id=ours, reason='empty', details={'thread': ident(value.get('id'))}
        )
        return [read_message(message, ours, reading, people) for message in messages] or [empty]
    if 'created_time' in value or 'from' in value:
        return [read_message(value, ours, reading)]
    if ident(value.get('message_id')):
        user, mid = ident(value.get('recipient_id')), ident(value['message_id'])
        return [Event(Kind.STATUS, account_id=ours, external_id=mid, user=user, status=Status.SENT)]
    return [Event(Kind.IGNORED, account_id=ours, reason='answer' if value else 'unknown')]


def _data(value: Payload, name: str) -> list[Payload]:
    return dicts(mapping(value.get(name)).get('data'))


def name(person: Payload) -> str:
    return string(person.get('name') or person.get('username'))


def read_message(
    message: Payload, ours: str, reading: Reading, people: Mapping[str, str] | None = None
) -> Event:
    """The event of one message. ``people``: names by id, of the thread."""
    author = mapping(message.get('from'))
    names = dict(people or {})
    for one in (*_data(message, 'to'), author):
        names[ident(one.get('id'))] = name(one) or names.get(ident(one.get('id')), '')
    others = [user for user in names if user and user != ours]
    from_us = bool(ours) and ident(author.get('id')) == ours
    user = ''
    if from_us:
        user = others[0] if len(others) == 1 else ''
    elif ours:
        user = ident(author.get('id'))
    files = reading.attachments(message)
    text = string(message.get('message'))
    reply_to = mapping(message.get('reply_to'))
    event = Event(
        Kind.MESSAGE,
        account_id=ours,
        external_id=ident(message.get('id')),
        user=user,
        name=names.get(user, ''),
        text=text,
        sent_at=moment(message.get('created_time')),
        attachments=files,
        reply_to=ident(reply_to.get('mid') or reply_to.get('id')),
        from_us=from_us,
        unreadable='' if text or files else 'not_transmitted',
    )
    event = reading.adapt(message, event)
    if not (text or files) and (from_us or not user):
        # an old message, of which only the id is told, or nothing said by us: nobody can do anything with it
        reason = 'own' if from_us else 'empty'
        return Event(Kind.IGNORED, account_id=ours, external_id=event.external_id, reason=reason)
    return event


def since(parts: Sequence[Payload], instant: datetime) -> list[Payload]:
    """Those threads, or messages, without the messages written before: nothing old is kept (R18)."""
    kept = []
    for part in parts:
        if 'messages' in part:
            messages = [one for one in _data(part, 'messages') if is_recent(one, instant)]
            part = {**part, 'messages': {'data': messages}}
        elif not is_recent(part, instant):
            continue
        kept.append(part)
    return kept


def is_recent(part: Payload, instant: datetime) -> bool:
    """True also when the time cannot be read: rather twice than never."""
    written = moment(part.get('created_time') or part.get('updated_time'))
    return written is None or written >= instant.replace(microsecond=0)

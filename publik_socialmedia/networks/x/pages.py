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

"""Pages of direct messages, as v2 gives them to who asks (``GET /2/dm_events`` and its kin)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from publik_socialmedia.networks.base import JSON, Event, Kind, Status
from publik_socialmedia.networks.reading import dicts, ident, mapping, moment, string

from . import activity
from .contents import media_keys, name_of, page_attachments, text_of

_PAIR = re.compile(r'(\d{1,20})-(\d{1,20})')
MEMBERS = ('ParticipantsJoin', 'ParticipantsLeave')

Payload = Mapping[str, JSON]


def parse(body: JSON, ours: str) -> list[Event]:
    """Events of a page, or of the answer to a message of ours. Their rank is that of time."""
    given = mapping(body)
    if 'event' in given:
        return [activity.sent(given['event'], ours)]
    if 'events' in given:
        return activity.listed(given['events'], ours)
    data = given.get('data')
    if isinstance(data, Mapping) and 'dm_event_id' in data:
        user = other_of(data, ours)
        return [Event(Kind.STATUS, external_id=ident(data['dm_event_id']), user=user, status=Status.SENT)]
    found = data if isinstance(data, list) else [] if data is None else [data]
    events = [
        _event(mapping(item), rank, given, ours) for item, rank in zip(found, ranks(found), strict=True)
    ]
    return events or [Event(Kind.IGNORED, reason='empty' if given or not body else 'unknown')]


def ranks(found: Sequence[JSON]) -> list[int]:
    """Rank of each item in time: ids grow with it, and pages have the newest first."""
    numbers = [number_of(mapping(item).get('id')) for item in found]
    known = [number for number in numbers if number is not None]
    if len(known) < len(found):
        return list(range(len(found)))
    order = sorted(range(len(found)), key=known.__getitem__)
    places = [0] * len(found)
    for rank, i in enumerate(order):
        places[i] = rank
    return places


def number_of(value: JSON) -> int | None:
    """An id as the number that it is, None if it is something else."""
    name = ident(value)
    return int(name) if name.isascii() and name.isdigit() and len(name) < 25 else None


def _event(item: Payload, rank: int, page: Payload, ours: str) -> Event:
    external_id, kind = ident(item.get('id')), string(item.get('event_type'))
    sender = ident(item.get('sender_id'))
    from_us = sender == ours != ''
    user = other_of(item, ours) if from_us else sender
    reason = ''
    if kind != 'MessageCreate':
        reason = 'noise' if kind in MEMBERS else 'unknown'
    elif is_group(item, ours):
        reason = 'group'
    elif from_us and user == ours:
        reason = 'own'
    if reason:
        return Event(Kind.IGNORED, external_id=external_id, reason=reason, sequence=rank)
    if not ours:
        user = ''  # which side is ours cannot be told
    return Event(
        Kind.MESSAGE,
        external_id=external_id,
        user=user,
        from_us=from_us,
        sequence=rank,
        **_content(item, page, from_us),
    )


def _content(item: Payload, page: Payload, from_us: bool) -> dict[str, Any]:
    includes = mapping(page.get('includes'))
    attachments, words = page_attachments(item, includes), said(item)
    people = {ident(person.get('id')): person for person in dicts(includes.get('users'))}
    return {
        'name': '' if from_us else name_of(people.get(ident(item.get('sender_id')))),
        'text': words,
        'sent_at': moment(item.get('created_at')),
        'attachments': attachments,
        'unreadable': '' if words or attachments else 'empty',
    }


def said(item: Payload) -> str:
    """The words of an event of a page."""
    return text_of(item.get('text'), item.get('entities'), has_media=bool(media_keys(item)))


def other_of(item: Payload, ours: str) -> str:
    """The other person of a thread, ours if it is a note to oneself, '' if nothing tells."""
    pair = _PAIR.fullmatch(string(item.get('dm_conversation_id')))
    people = list(pair.groups()) if pair else _participants(item)
    if ours not in people or len(people) != 2:
        return ''
    return next((person for person in people if person != ours), ours)


def _participants(item: Payload) -> list[str]:
    given = item.get('participant_ids')
    return [ident(person) for person in given] if isinstance(given, list) else []


def is_group(item: Payload, ours: str) -> bool:
    """A thread of two has their ids for a name, one of several has a number of its own.

    X's playground gives a number to all, with the people: two, one of whom is us, are no group.
    """
    thread = string(item.get('dm_conversation_id'))
    if not thread or _PAIR.fullmatch(thread):
        return False
    people = _participants(item)
    return not (len(people) == 2 and ours in people)

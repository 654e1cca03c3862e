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


"""What raw bodies say of a person: found, and taken out.

Bodies are encrypted, so the database cannot look into them: each one is decrypted and read here. What is
looked for is ids (of the person, of their messages), never words. A network may write an id as a number, as a
key, inside an address: all of these are seen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from publik_socialmedia.models import RawEvent

_SHORTEST = 5  # characters of an id that is looked for inside a longer text: « 42 » is in everything


class Ids:
    """Ids to be looked for: of persons, also inside longer texts (an address); of messages, alone."""

    def __init__(self, persons: Iterable[str], messages: Iterable[str] = ()) -> None:
        found = {value for value in persons if value}
        self._alone = found | {value for value in messages if value}
        words = '|'.join(re.escape(value) for value in sorted(found) if len(value) >= _SHORTEST)
        # whole: 12345 is not in 9123456
        self._inside = re.compile(rf'(?<![0-9A-Za-z])(?:{words})(?![0-9A-Za-z])') if words else None

    def is_in(self, text: str) -> bool:
        return text in self._alone or bool(self._inside and self._inside.search(text))

    def is_in_any(self, text: str) -> bool:
        """The same for a text that is not JSON: all ids are looked for inside."""
        return self.is_in(text) or any(value in text for value in self._alone)


def mentions(body: bytes, ids: Ids) -> bool:
    """Whether a body speaks of one of these."""
    value = _load(body)
    if value is None:
        return ids.is_in_any(body.decode(errors='replace'))
    return mentions_value(value, ids)


def mentions_value(value: Any, ids: Ids) -> bool:
    """The same of a JSON value."""
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            todo += item
            todo += item.values()
        elif isinstance(item, list):
            todo += item
        elif isinstance(item, bool) or item is None:
            continue
        elif ids.is_in(item if isinstance(item, str) else str(item)):
            return True
    return False


def without(body: bytes, ids: Ids) -> bytes:
    """The body without the smallest items of its lists that speak of these; b'' if that is not enough."""
    value = _load(body)
    if not isinstance(value, dict | list):
        return b'' if mentions(body, ids) else body
    try:
        kept = _pruned(value, ids)
    except RecursionError:
        return b''
    return b'' if mentions_value(kept, ids) else json.dumps(kept).encode()


def empty(raw: RawEvent, ids: Ids) -> None:
    """Forget the content of a body; of one that was not read whole, only what speaks of these ids.

    It may hold the messages of others, that are nowhere else (R3). One that was read is kept for nothing but
    to be read again: it goes whole, as does the answer to a call that names one of these ids, and that name.
    """
    unread = raw.state != RawEvent.State.DONE and not ids.is_in_any(raw.call)
    body = without(bytes(raw.body), ids) if unread else b''
    changes: dict[str, Any] = {'body': body}
    if not body:
        changes |= {'emptied_at': timezone.now(), 'state': RawEvent.State.DONE, 'error': '', 'call': ''}
    RawEvent.objects.filter(pk=raw.pk).update(**changes)


def _load(body: bytes) -> Any:
    """The JSON value, None if it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _pruned(value: Any, ids: Ids) -> Any:
    """The same less what speaks of the ids, as deep as it can be cut."""
    if isinstance(value, list):
        kept = (_pruned(item, ids) for item in value)
        return [item for item in kept if not mentions_value(item, ids)]
    if isinstance(value, dict):
        return {key: _pruned(item, ids) for key, item in value.items() if not ids.is_in(key)}
    return value

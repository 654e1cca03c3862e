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

"""Reading what networks send: any JSON value in, a value of the wanted kind out; only ``load`` raises."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from publik_socialmedia.errors import UnreadablePayload
from publik_socialmedia.networks.base import JSON, Answer
from publik_socialmedia.text import clean

MAX_ID = 512  # longer is no id of a network, and does not fit a key of the database


def load(body: bytes) -> JSON:
    """The decoded body; UnreadablePayload if it is not JSON that can be read."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:  # RecursionError: thousands of nested brackets
        raise UnreadablePayload('not_json') from error


def decoded(answer: Answer) -> JSON:
    """The JSON of an answer, None if it is something else (a proxy's page)."""
    try:
        return answer.json()
    except (ValueError, RecursionError):
        return None


def dicts(value: JSON) -> list[Mapping[str, JSON]]:
    """The objects in a list, or the one object that stands in place of a list."""
    if isinstance(value, Mapping):
        return [value]
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def mapping(value: JSON) -> Mapping[str, JSON]:
    """That object, or an empty one in place of anything else."""
    return value if isinstance(value, Mapping) else {}


def string(value: JSON) -> str:
    """That text, cleaned, '' in place of anything that is neither a text nor a number."""
    if isinstance(value, str):
        return clean(value)
    return ident(value)


def ident(value: JSON) -> str:
    """An id as an opaque string: they come as strings, or as integers above 2^53; '' if it cannot be one."""
    if isinstance(value, str):
        value = clean(value).strip()
        return value if len(value) <= MAX_ID else ''
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if value.bit_length() <= 128 else ''
    return ''


def integer(value: JSON) -> int | None:
    """A number that may come as a string."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and re.fullmatch(r'\s*-?\d{1,18}\s*', value, re.ASCII):
        return int(value)
    return None


FIRST_SECOND, LAST_SECOND = 1_000_000_000, 4_102_444_800  # 2001 and 2100: other numbers are no time
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(value: JSON) -> datetime | None:
    """Seconds, milliseconds, either as a string, or ISO 8601; None if absurd or absent (R6)."""
    number = integer(value)
    if number is not None:
        if FIRST_SECOND <= number < LAST_SECOND:
            return EPOCH + timedelta(seconds=number)
        if FIRST_SECOND * 1000 <= number < LAST_SECOND * 1000:
            return EPOCH + timedelta(milliseconds=number)
        return None
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return found if FIRST_SECOND <= found.timestamp() < LAST_SECOND else None


YES = frozenset(('1', 'o', 'on', 'oui', 'true', 'vrai', 'y', 'yes'))


def says_yes(typed: str) -> bool:
    """Whether an administrator, of whom a word was asked, wants it; '' is no."""
    return typed.strip().lower() in YES


def is_one_of(given: str, expected: Sequence[str]) -> bool:
    """Compare with each, in constant time; an empty secret never matches."""
    found = [
        hmac.compare_digest(given.encode(errors='replace'), value.encode(errors='replace'))
        for value in expected
        if value
    ]
    return any(found)

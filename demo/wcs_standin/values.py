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

"""What w.c.s. makes of the values of a submission: it checks nothing and refuses next to nothing."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from datetime import date
from typing import Any

from demo.wcs_standin.actions import FieldDef
from demo.wcs_standin.answers import Crash
from demo.wcs_standin.demands import File


def read_values(fields: tuple[FieldDef, ...], data: dict[str, Any]) -> dict[str, Any]:
    """Return the values by id of field; unknown keys are dropped, ids are taken as well as varnames."""
    values = {}
    for item in fields:
        key = item.varname if item.varname in data else item.id
        if data.get(key) is not None:
            values[item.id] = _read(item, data[key])
    return values


def _read(item: FieldDef, value: Any) -> Any:
    match item.type:
        case 'bool':
            return bool(value)
        case 'date':
            return _read_date(value)
        case 'numeric':
            return _read_number(value)
        case 'file':
            return _read_file(value)
        case 'block':
            return [_read_row(item, row) for row in value] if isinstance(value, list) else []
    return storable(str(value))


def storable(text: str) -> str:
    """Return the text if PostgreSQL can store it; NUL and lone surrogates make w.c.s. crash."""
    if '\x00' in text or any('\ud800' <= letter <= '\udfff' for letter in text):
        raise Crash
    return text


def _read_row(item: FieldDef, row: Any) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise Crash
    return read_values(item.subfields, row)


def _read_date(value: Any) -> str | None:
    try:
        if not re.fullmatch(r'\d{4}-\d{1,2}-\d{1,2}', value):
            return None
        return date(*(int(part) for part in value.split('-'))).isoformat()
    except (TypeError, ValueError):
        return None


def _read_number(value: Any) -> float | None:
    try:
        return float(str(value).replace(',', '.'))
    except ValueError:
        return None


def _read_file(value: Any) -> File | None:
    if not value or not isinstance(value, dict | str | list) or 'filename' not in value:
        return None
    if not isinstance(value, dict) or 'content' not in value:
        return None
    content_type = value.get('content_type', 'application/octet-stream')
    if not isinstance(value['content'], str) or not isinstance(content_type, str):
        raise Crash
    try:
        content = base64.b64decode(value['content'])
    except (binascii.Error, ValueError):
        return None
    return make_file(value['filename'], content_type, content)


def read_hook_file(value: Any) -> File | None:
    """Return the file of a hook's payload, None if it is not one.

    Not as at submit: the content is only decoded if it is said to be in base64, by the name ``b64_content``
    or by ``content_is_base64``.
    """
    if not isinstance(value, dict) or 'filename' not in value:
        return None
    content = value.get('content')
    try:
        if 'b64_content' in value:
            content = base64.decodebytes(str(value['b64_content']).encode())
        elif content and value.get('content_is_base64'):
            content = base64.decodebytes(str(content).encode())
    except binascii.Error:
        return None
    if not content:
        return None
    if not isinstance(content, bytes):
        content = str(content).encode()
    return make_file(value['filename'], value.get('content_type') or 'application/octet-stream', content)


def make_file(filename: Any, content_type: str, content: bytes) -> File:
    name = storable(str(filename or ''))
    base = re.sub(r'[^\w@&+=., -]', '_', re.split(r'[/:\\]', name)[-1])
    return File(name, base, content_type, content, hashlib.sha256(content).hexdigest())

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

"""Reads what a browser, or a client that sends a file, posts."""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl

from demo.wcs_standin.answers import Request
from demo.wcs_standin.demands import File
from demo.wcs_standin.values import make_file

Posted = dict[str, str | File]


def read_post(request: Request) -> Posted:
    """Return the values by name, the last one of each; a file that was not chosen is left out."""
    kind = request.headers.get('content-type', '')
    if kind.startswith('multipart/form-data'):
        return {name: value for name, value in map(_value, parts(request)) if value is not None}
    return dict(parse_qsl(request.body.decode(errors='replace'), keep_blank_values=True))


def parts(request: Request) -> list[tuple[str, str | None, str, bytes]]:
    """Return name, file name, type and content of each part of a multipart body."""
    head = f'Content-Type: {request.headers.get("content-type", "")}\r\n\r\n'.encode()
    message = BytesParser(policy=HTTP).parsebytes(head + request.body)
    found = []
    for part in message.iter_parts():
        content = part.get_payload(decode=True)
        name = part.get_param('name', header='content-disposition')
        assert isinstance(content, bytes)
        found.append((str(name), part.get_filename(), part.get_content_type(), content))
    return found


def _value(part: tuple[str, str | None, str, bytes]) -> tuple[str, str | File | None]:
    name, filename, content_type, content = part
    if filename is None:
        # browsers end the lines of a text as the network does
        return name, content.decode(errors='replace').replace('\r\n', '\n')
    return name, make_file(filename, content_type, content) if filename else None

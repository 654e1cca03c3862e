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

"""Webhook bodies as Meta writes and signs them."""

from __future__ import annotations

import itertools

from demo.emulators.graph_webhooks import sign, write

SECRET = b'app-secret-only-for-the-measures'
PAGE = '1001'
START = 1_790_000_000_000  # milliseconds; in 2026
TEXT = (
    'Bonjour, un arbre est tombé rue des Lilas devant l’école, il bloque le trottoir. Merci, bonne journée.'
)
_numbers = itertools.count(1)


def message_body(person: str, number: int | None = None) -> bytes:
    """A body of one message; the id of the message is new unless ``number`` is given."""
    return write({'object': 'page', 'entry': [_entry(person, next(_numbers) if number is None else number)]})


def batch_body(count: int) -> bytes:
    """A body of ``count`` messages, each of another person."""
    entries = [_entry(f'psid-{number}', number) for number in itertools.islice(_numbers, count)]
    return write({'object': 'page', 'entry': entries})


def http_request(path: str, body: bytes) -> bytes:
    """The whole signed HTTP request."""
    headers = {
        'Host': '127.0.0.1',
        'Content-Type': 'application/json',
        'Content-Length': str(len(body)),
        'User-Agent': 'facebookexternalua',
        **sign(SECRET.decode(), body),
    }
    lines = [f'POST {path} HTTP/1.1', *(f'{name}: {value}' for name, value in headers.items()), '', '']
    return '\r\n'.join(lines).encode() + body


def _entry(person: str, number: int) -> dict[str, object]:
    at = START + number
    item = {
        'sender': {'id': person},
        'recipient': {'id': PAGE},
        'timestamp': at,
        'message': {'mid': f'm_{number}_bench', 'text': TEXT},
    }
    return {'id': PAGE, 'time': at, 'messaging': [item]}

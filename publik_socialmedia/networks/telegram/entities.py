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

"""The text of a message, with the addresses that its entities hide behind words.

https://core.telegram.org/bots/api#messageentity: offsets and lengths are counted in UTF-16 code units.
"""

from __future__ import annotations

from publik_socialmedia import text
from publik_socialmedia.networks.base import JSON
from publik_socialmedia.networks.reading import dicts, integer, string

MOST = 200  # Telegram keeps 100 of a message
_SCHEMES = ('http://', 'https://', 'tg://', 'mailto:')


def written(body: JSON, entities: JSON) -> str:
    """The text as a person is to read it, cleaned; '' if there is none.

    Formatting is dropped; of a link behind words the address follows the words, unless they show it.
    """
    if not isinstance(body, str):
        return ''
    units = body.encode('utf-16-le', 'surrogatepass')
    end = len(units) // 2
    for start, stop, url in reversed(_links(entities, end)):
        if stop > end:  # overlaps the one that was just done
            continue
        label = units[2 * start : 2 * stop].decode('utf-16-le', 'surrogatepass')
        words = label.strip()
        before, _, after = label.partition(words) if words else ('', '', label)
        shown = f'{before}{text.linked(words, url)}{after}'
        units = units[: 2 * start] + shown.encode('utf-16-le', 'surrogatepass') + units[2 * stop :]
        end = start
    return text.clean(units.decode('utf-16-le', 'surrogatepass'))


def _links(entities: JSON, length: int) -> list[tuple[int, int, str]]:
    """(start, stop, address) in UTF-16 units, in order; those that make no sense are left out."""
    found = []
    for entity in dicts(entities)[:MOST]:
        start, size = integer(entity.get('offset')), integer(entity.get('length'))
        url = string(entity.get('url')).strip()
        if entity.get('type') != 'text_link' or not url.lower().startswith(_SCHEMES):
            continue
        if start is not None and size is not None and start >= 0 and size > 0 and start + size <= length:
            found.append((start, start + size, url))
    return sorted(found)

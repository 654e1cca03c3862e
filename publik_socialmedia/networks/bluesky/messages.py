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

"""One message of the API → its text and what comes with it.

Shapes: lexicons chat.bsky.convo.defs, app.bsky.richtext.facet, app.bsky.embed.record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from publik_socialmedia import text
from publik_socialmedia.networks.base import JSON, Attachment
from publik_socialmedia.networks.reading import dicts, ident, integer, mapping, string

WEB = 'https://bsky.app'
QUOTED = 500  # characters of a quoted post

DID = re.compile(r'did:[a-z]+:[A-Za-z0-9._:%-]+')
_RECORD = re.compile(r'at://([^/\s]+)/([A-Za-z0-9.-]+)/([A-Za-z0-9._:~-]+)')
# collection of a record → where bsky.app shows it
_PAGES = {
    'app.bsky.feed.post': '/profile/{}/post/{}',
    'app.bsky.feed.generator': '/profile/{}/feed/{}',
    'app.bsky.graph.list': '/profile/{}/lists/{}',
    'app.bsky.graph.starterpack': '/starter-pack/{}/{}',
}


def kind_of(value: JSON) -> str:
    """The last part of ``$type``: 'messageView', 'logCreateMessage'…; '' if there is none."""
    found = ident(mapping(value).get('$type'))
    return found.rpartition('#')[2] or found


def did_of(value: JSON) -> str:
    """The DID of an object that has one, '' if it is nothing like one."""
    found = ident(mapping(value).get('did'))
    return found if DID.fullmatch(found) else ''


def sender_of(message: Mapping[str, JSON]) -> str:
    return did_of(message.get('sender'))


def name_of(profile: Mapping[str, JSON]) -> str:
    """Displayed name, else handle; the DID where the handle is broken; '' if nothing is known."""
    shown, handle = string(profile.get('displayName')).strip(), ident(profile.get('handle'))
    if shown or handle not in ('', 'handle.invalid'):
        return shown or handle
    return did_of(profile) if handle else ''


# -- text


def text_of(message: Mapping[str, JSON]) -> str:
    """The text, its links followed or replaced by where they lead."""
    written = message.get('text')
    if not isinstance(written, str):
        return ''
    source = written.encode('utf-8', 'surrogatepass')
    pieces, end = list[bytes](), 0
    for start, stop, target in _links(message, len(source)):
        if start < end or not (_is_edge(source, start) and _is_edge(source, stop)):
            continue  # two facets on one place, or a facet that cuts a character: shown as it is
        label = text.clean(source[start:stop].decode('utf-8', 'surrogatepass'))
        pieces += [source[end:start], text.linked(label, target).encode('utf-8', 'surrogatepass')]
        end = stop
    whole = b''.join([*pieces, source[end:]])
    return text.clean(whole.decode('utf-8', 'surrogatepass')).strip()


def _links(message: Mapping[str, JSON], size: int) -> list[tuple[int, int, str]]:
    """(start, end, address) of the links, in order; places are in BYTES of the text in UTF-8."""
    found = []
    for start, stop, features in facets_of(message):
        for feature in features:
            target = string(feature.get('uri')).strip()
            followed = target.lower().startswith(('http://', 'https://')) and not re.search(r'\s', target)
            if kind_of(feature) == 'link' and followed and 0 <= start < stop <= size:
                found.append((start, stop, target))
    return sorted(found)


def facets_of(message: Mapping[str, JSON]) -> Iterator[tuple[int, int, list[Mapping[str, JSON]]]]:
    """(start, end, features) of each facet whose place can be read."""
    for facet in dicts(message.get('facets')):
        index = mapping(facet.get('index'))
        start, stop = integer(index.get('byteStart')), integer(index.get('byteEnd'))
        if start is not None and stop is not None:
            yield start, stop, dicts(facet.get('features'))


def _is_edge(source: bytes, position: int) -> bool:
    """Whether a character begins there."""
    return position == len(source) or source[position] & 0xC0 != 0x80


def mentioned(message: Mapping[str, JSON]) -> list[str]:
    """DIDs of those whom the text mentions, in the order of the text."""
    found = [
        (start, did_of(feature))
        for start, _stop, features in facets_of(message)
        for feature in features
        if kind_of(feature) == 'mention'
    ]
    return [did for _start, did in sorted(found) if did]


# -- what is quoted


def attachments_of(message: Mapping[str, JSON]) -> tuple[Attachment, ...]:
    """A quoted post is a link to it, with its text; nothing else can come with a message."""
    embed = message.get('embed')
    if not isinstance(embed, Mapping):
        return ()
    record = mapping(embed.get('record'))
    if url := page_of(ident(record.get('uri'))):
        title = string(mapping(record.get('value')).get('text')).strip()[:QUOTED]
        details: dict[str, Any] = {'title': title} if title else {}
        return (Attachment('share', url, details=details),)
    declared = ident(embed.get('$type')).removesuffix('#view')
    return (Attachment('unreadable', reason='unsupported', declared=declared[:100]),)


def page_of(uri: str) -> str:
    """Where bsky.app shows a record ``at://did/collection/key``, '' if that is no record."""
    match = _RECORD.fullmatch(uri)
    if match is None:
        return ''
    author, collection, key = match.groups()
    return WEB + _PAGES.get(collection, '/profile/{}').format(author, key)


def reply_to(message: Mapping[str, JSON]) -> str:
    """Id of the message answered: as a view of it, or as its id alone."""
    answered = mapping(message.get('replyTo'))
    return ident(answered.get('id')) or ident(answered.get('messageId'))

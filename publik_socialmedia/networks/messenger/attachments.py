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

"""Attachments that Messenger alone has: stickers, locations… The others: ``meta_attachments``."""

from __future__ import annotations

from collections.abc import Mapping

from publik_socialmedia.networks import meta_attachments
from publik_socialmedia.networks.base import JSON, Attachment
from publik_socialmedia.networks.media_urls import is_media_url
from publik_socialmedia.networks.meta import dicts, ident, integer, mapping, string
from publik_socialmedia.networks.meta_attachments import MEDIA_HOSTS, Payload, Reader, read_file, read_link

THUMBS = frozenset({'369239263222822', '369239343222814', '369239383222810'})  # three sizes of one sticker
THUMB = '👍'


def read(message: Payload) -> tuple[Attachment, ...]:
    """Attachments of a message of a webhook, in their order."""
    # until 30 August 2026 a sticker came twice, as an image and as a sticker
    given = [mapping(item) for item in meta_attachments.items(message)]
    stickers = {_sticker(item) for item in given if string(item.get('type')) == 'sticker'} - {''}
    found = tuple(
        one
        for one, item in zip(meta_attachments.read(message, READERS), given, strict=True)
        if string(item.get('type')) != 'image' or _sticker(item) not in stickers
    )
    alone = ident(message.get('sticker_id'))
    if alone and not found:
        found = (sticker(alone, ''),)
    return found


def reread(message: Payload) -> tuple[Attachment, ...]:
    """Attachments of a message that the Graph API gives (fields ``attachments``, ``sticker``, ``shares``)."""
    found = meta_attachments.reread_files(message)
    if message.get('sticker'):
        found.append(sticker('', string(message['sticker'])))
    return (*found, *meta_attachments.reread_shares(message))


def sticker(number: str, url: str) -> Attachment:
    """A sticker; the thumb is a character of the text and has nothing to fetch."""
    if number in THUMBS:
        return Attachment('sticker', reference=number, alt=THUMB)
    url = url if is_media_url(url, MEDIA_HOSTS) else ''
    return Attachment('sticker', url=url, reference=number)


def thumb(message: Payload) -> str:
    """The text of a message that is only a thumb."""
    numbers = {ident(message.get('sticker_id')), *map(_sticker, dicts(meta_attachments.items(message)))}
    return THUMB if numbers & THUMBS else ''


def _sticker(item: Payload) -> str:
    return ident(mapping(item.get('payload')).get('sticker_id'))


def _read_media(kind: str, item: Payload, payload: Payload, source: Payload) -> Attachment:
    if payload.get('sticker_id') is not None:
        return _read_sticker(kind, item, payload, source)
    return read_file(kind, item, payload, source)


def _read_sticker(kind: str, item: Payload, payload: Payload, source: Payload) -> Attachment:
    return sticker(ident(payload.get('sticker_id')), string(payload.get('url')))


def _read_location(kind: str, item: Payload, payload: Payload, source: Payload) -> Attachment:
    """A type that Messenger no longer offers; 0 is a coordinate."""
    coordinates = mapping(payload.get('coordinates'))
    latitude, longitude = coordinates.get('lat'), coordinates.get('long')
    if not (_is_coordinate(latitude) and _is_coordinate(longitude)):
        return Attachment('unreadable', reason='not_transmitted', declared=kind)
    return Attachment('location', details={'lat': latitude, 'long': longitude})


def _is_coordinate(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -180 <= value <= 180


def _read_appointment(kind: str, item: Payload, payload: Payload, source: Payload) -> Attachment:
    """An appointment taken in Messenger (March 2026), which only the Page's inbox can handle."""
    numbers = {name: integer(payload.get(name)) for name in ('start_time', 'end_time')}
    words = {name: string(payload.get(name)) for name in ('booking_id', 'status', 'timezone')}
    details = {name: value for name, value in {**numbers, **words}.items() if value}
    return Attachment('unreadable', reason='unsupported', declared=kind, details=details)


READERS: Mapping[str, Reader] = {
    **meta_attachments.READERS,
    'image': _read_media,
    'audio': _read_media,
    'video': _read_media,
    'file': _read_media,
    'sticker': _read_sticker,
    'location': _read_location,
    'post': read_link,  # 26 March 2026
    'appointment_booking': _read_appointment,
}

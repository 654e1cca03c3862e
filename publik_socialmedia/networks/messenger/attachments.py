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

"""Attachments of Messenger: those of webhooks and those that the Graph API reads back.

https://developers.facebook.com/documentation/business-messaging/messenger-platform/reference/webhook-events/messages
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from publik_socialmedia.networks.base import JSON, Attachment
from publik_socialmedia.networks.meta import dicts, ident, integer, is_media_url, mapping, string

# Meta's content delivery networks. Links expire, some days after the message.
MEDIA_HOSTS = ('*.fbcdn.net', '*.fbsbx.com', '*.cdninstagram.com')

THUMBS = frozenset({'369239263222822', '369239343222814', '369239383222810'})  # three sizes of one sticker
THUMB = '👍'

Payload = Mapping[str, JSON]


def read(message: Payload) -> tuple[Attachment, ...]:
    """Attachments of a message of a webhook, in their order.

    A file's ``details``: ``message`` and ``rank``, to ask for a fresh link when this one has expired.
    """
    given = message.get('attachments')
    given = given if isinstance(given, list) else [given] if given is not None else []
    # until 30 August 2026 a sticker came twice, as an image and as a sticker
    twice = {_sticker(item) for item in dicts(given) if string(item.get('type')) == 'sticker'} - {''}
    found = []
    for rank, item in enumerate(given):
        kind, payload = string(mapping(item).get('type')), mapping(mapping(item).get('payload'))
        if kind == 'image' and _sticker(mapping(item)) in twice:
            continue
        source = {'message': ident(message.get('mid')), 'rank': rank}
        reader = _READERS.get(kind, _unsupported)
        found.append(reader(kind, mapping(item), payload, source))
    sticker = ident(message.get('sticker_id'))
    if sticker and not found:
        found.append(_read_sticker('sticker', {}, {'sticker_id': sticker}, {}))
    return tuple(found)


def file(
    kind: str, url: str, source: Payload, *, mimetype: str = '', name: str = '', size: int | None = None
) -> Attachment:
    """A file to fetch; unreadable if its link is missing, or is not one of Meta's own."""
    if not url:
        return Attachment('unreadable', reason='no_url', declared=kind)
    if not is_media_url(url, MEDIA_HOSTS):
        return Attachment('unreadable', reason='forbidden_url', declared=kind)
    return Attachment(kind, url=url, mimetype=mimetype, filename=name, size=size, details=dict(source))


def sticker(number: str, url: str) -> Attachment:
    """A sticker; the thumb is a character of the text and has nothing to fetch."""
    if number in THUMBS:
        return Attachment('sticker', reference=number, alt=THUMB)
    url = url if is_media_url(url, MEDIA_HOSTS) else ''
    return Attachment('sticker', url=url, reference=number)


def thumb(attachments: tuple[Attachment, ...]) -> str:
    """The text of a message that is only a thumb."""
    return THUMB if any(item.reference in THUMBS for item in attachments) else ''


def _sticker(item: Payload) -> str:
    return ident(mapping(item.get('payload')).get('sticker_id'))


def _read_file(kind: str, item: Payload, payload: Payload, source: Payload) -> Attachment:
    if payload.get('sticker_id') is not None:
        return _read_sticker(kind, item, payload, source)
    return file(kind, string(payload.get('url')), source)


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


def _read_link(kind: str, item: Payload, payload: Payload, source: Payload) -> Attachment:
    """A link shown and never fetched. Its title and address may stand beside an absent payload."""
    title = string(payload.get('title') or item.get('title'))
    url = string(payload.get('url') or item.get('url') or item.get('URL'))
    if not (title or url):
        return Attachment('unreadable', reason='not_transmitted', declared=kind)
    details = {'title': title} if title else {}
    return Attachment('fallback' if kind == 'fallback' else 'share', url=url, details=details)


def _read_template(kind: str, item: Payload, payload: Payload, source: Payload) -> Attachment:
    """Buttons or products that an application showed: the first words that they have."""
    places = [
        payload,
        *dicts(payload.get('elements')),
        *dicts(mapping(payload.get('product')).get('elements')),
    ]
    title = next(filter(None, (string(place.get('title') or place.get('text')) for place in places)), '')
    title = title or string(item.get('title'))
    if not title:
        return Attachment('unreadable', reason='unsupported', declared=kind)
    return Attachment('fallback', details={'title': title})


def _read_appointment(kind: str, item: Payload, payload: Payload, source: Payload) -> Attachment:
    """An appointment taken in Messenger (March 2026), which only the Page's inbox can handle."""
    numbers = {name: integer(payload.get(name)) for name in ('start_time', 'end_time')}
    words = {name: string(payload.get(name)) for name in ('booking_id', 'status', 'timezone')}
    details = {name: value for name, value in {**numbers, **words}.items() if value}
    return Attachment('unreadable', reason='unsupported', declared=kind, details=details)


def _unsupported(kind: str, item: Payload, payload: Payload, source: Payload) -> Attachment:
    return Attachment('unreadable', reason='unsupported', declared=kind[:64])


_READERS: Mapping[str, Callable[[str, Payload, Payload, Payload], Attachment]] = {
    'image': _read_file,  # an animated GIF too
    'audio': _read_file,
    'video': _read_file,
    'file': _read_file,
    'sticker': _read_sticker,
    'location': _read_location,
    'fallback': _read_link,
    'share': _read_link,
    'reel': _read_link,
    'ig_reel': _read_link,
    'post': _read_link,  # 26 March 2026
    'ig_post': _read_link,
    'template': _read_template,
    'appointment_booking': _read_appointment,
}

# -- read back by the Graph API


def reread(message: Payload) -> tuple[Attachment, ...]:
    """Attachments of a message that the Graph API gives (fields ``attachments``, ``sticker``, ``shares``)."""
    found = []
    source = {'message': ident(message.get('id'))}
    for rank, item in enumerate(dicts(mapping(message.get('attachments')).get('data'))):
        found.append(_reread_file(item, {**source, 'rank': rank}))
    if message.get('sticker'):
        found.append(sticker('', string(message['sticker'])))
    for item in dicts(mapping(message.get('shares')).get('data')):
        found.append(_read_link('share', {'url': item.get('link'), 'title': item.get('name')}, {}, source))
    return tuple(found)


def _reread_file(item: Payload, source: Payload) -> Attachment:
    mimetype = string(item.get('mime_type')).partition(';')[0].strip().lower()
    family = mimetype.partition('/')[0]
    kind = family if family in ('image', 'audio', 'video') else 'file'
    for name in ('image_data', 'video_data'):
        if item.get(name):
            kind = name.partition('_')[0]
            break
    return file(
        kind,
        link(item),
        source,
        mimetype=mimetype,
        name=string(item.get('name')),
        size=integer(item.get('size')),
    )


def link(item: Payload) -> str:
    """Where an attachment read by the Graph API is to be fetched."""
    images, videos = mapping(item.get('image_data')), mapping(item.get('video_data'))
    return string(images.get('url') or videos.get('url') or item.get('file_url'))

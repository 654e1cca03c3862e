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

"""Attachments of the inboxes of Meta: those of webhooks and those that the Graph API reads back.

https://developers.facebook.com/documentation/business-messaging/messenger-platform/reference/webhook-events/messages
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from publik_socialmedia.networks.base import JSON, Attachment
from publik_socialmedia.networks.media_urls import is_media_url
from publik_socialmedia.networks.meta import dicts, ident, integer, mapping, string

# Meta's content delivery networks. Links expire, some days after the message.
MEDIA_HOSTS = ('*.fbcdn.net', '*.fbsbx.com', '*.cdninstagram.com')

Payload = Mapping[str, JSON]
# (type, item, its payload, where to ask for a fresh link) → attachment
Reader = Callable[[str, Payload, Payload, Payload], Attachment]


def read(message: Payload, readers: Mapping[str, Reader]) -> tuple[Attachment, ...]:
    """Attachments of a message of a webhook, in their order. ``readers``: by type.

    A file's ``details``: ``message`` and ``rank``, to ask for a fresh link when this one has expired.
    """
    found = []
    for rank, item in enumerate(items(message)):
        kind, payload = string(mapping(item).get('type')), mapping(mapping(item).get('payload'))
        source = {'message': ident(message.get('mid')), 'rank': rank}
        found.append(readers.get(kind, unsupported)(kind, mapping(item), payload, source))
    return tuple(found)


def items(message: Payload) -> list[JSON]:
    """The attachments of a message as they came: a list, or the one object that stands in place of it."""
    given = message.get('attachments')
    return given if isinstance(given, list) else [given] if isinstance(given, Mapping) else []


def file(
    kind: str, url: str, source: Payload, *, mimetype: str = '', name: str = '', size: int | None = None
) -> Attachment:
    """A file to fetch; unreadable if its link is missing, or is not one of Meta's own."""
    if not url:
        return Attachment('unreadable', reason='no_url', declared=kind)
    if not is_media_url(url, MEDIA_HOSTS):
        return Attachment('unreadable', reason='forbidden_url', declared=kind)
    return Attachment(kind, url=url, mimetype=mimetype, filename=name, size=size, details=dict(source))


def read_file(kind: str, item: Payload, payload: Payload, source: Payload) -> Attachment:
    return file(kind, string(payload.get('url')), source)


def read_link(kind: str, item: Payload, payload: Payload, source: Payload) -> Attachment:
    """A link shown and never fetched. Its title and address may stand beside an absent payload."""
    title = string(payload.get('title') or item.get('title'))
    url = string(payload.get('url') or item.get('url') or item.get('URL'))
    if not (title or url):
        return Attachment('unreadable', reason='not_transmitted', declared=kind)
    details = {'title': title} if title else {}
    return Attachment('fallback' if kind == 'fallback' else 'share', url=url, details=details)


def read_template(kind: str, item: Payload, payload: Payload, source: Payload) -> Attachment:
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


def unsupported(kind: str, item: Payload, payload: Payload, source: Payload) -> Attachment:
    return Attachment('unreadable', reason='unsupported', declared=kind[:64])


# What all the inboxes have.
READERS: Mapping[str, Reader] = {
    'image': read_file,  # an animated GIF too
    'audio': read_file,
    'video': read_file,
    'file': read_file,
    'fallback': read_link,
    'share': read_link,
    'reel': read_link,
    'ig_reel': read_link,
    'ig_post': read_link,
    'template': read_template,
}

# -- read back by the Graph API


def reread_files(message: Payload) -> list[Attachment]:
    """Files of a message that the Graph API gives (field ``attachments``)."""
    source = {'message': ident(message.get('id'))}
    given = dicts(mapping(message.get('attachments')).get('data'))
    return [_reread_file(item, {**source, 'rank': rank}) for rank, item in enumerate(given)]


def reread_shares(message: Payload) -> list[Attachment]:
    """Links of a message that the Graph API gives (field ``shares``)."""
    given = dicts(mapping(message.get('shares')).get('data'))
    return [
        read_link('share', {'url': item.get('link'), 'title': item.get('name')}, {}, {}) for item in given
    ]


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

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

"""Texts and attachments, in the words of the webhooks (those of v1.1) and of the pages of v2."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from publik_socialmedia.networks.base import JSON, Attachment
from publik_socialmedia.networks.reading import dicts, ident, integer, mapping, string

_ESCAPES = {'&lt;': '<', '&gt;': '>', '&amp;': '&'}
_ESCAPE = re.compile('|'.join(_ESCAPES))
_LINK = re.compile(r'(\s*)(https?://t\.co/\w+)')
# where the link that stands for a media leads
_OWN_MEDIA = re.compile(
    r'https?://(?:\w+\.)?(?:twitter|x)\.com/(?:messages/media/|\w+/status/\d+/(?:photo|video)/)'
)

KINDS = {'photo': 'image', 'video': 'video', 'animated_gif': 'video'}


def text_of(
    written: JSON, entities: JSON, *, media_links: Collection[str] = (), has_media: bool = False
) -> str:
    """The words, with the real addresses in place of those of t.co.

    ``<``, ``>`` and ``&`` come escaped, once. The link that stands for a media goes: it is the one of
    ``media_links``, or (``has_media``) leads to X's own page of that media, or is told nowhere. Positions are
    not used: they are wrong at times.
    """
    links = {
        string(link.get('url')): string(link.get('expanded_url'))
        for link in dicts(mapping(entities).get('urls'))
    }

    def real(found: re.Match[str]) -> str:
        space, short = found.groups()
        long = links.get(short, '' if has_media else short)
        if short in media_links or not long or has_media and _OWN_MEDIA.match(long):
            return ''
        return space + (long if long.lower().startswith(('http://', 'https://')) else short)

    plain = _ESCAPE.sub(lambda found: _ESCAPES[found[0]], string(written))
    return _LINK.sub(real, plain).strip()


# -- webhooks


def legacy_text(data: Mapping[str, JSON]) -> str:
    """``data``: message_data."""
    media = mapping(mapping(data.get('attachment')).get('media'))
    links = {string(media.get('url'))} - {''}
    return text_of(data.get('text'), data.get('entities'), media_links=links, has_media=bool(media))


def legacy_attachments(data: Mapping[str, JSON], message: str) -> tuple[Attachment, ...]:
    """``message``: id of the message, with which its media can be asked again."""
    given = data.get('attachment')
    if not isinstance(given, Mapping):
        return ()
    if 'location' in given:
        return (_location(mapping(given.get('location'))),)
    media = mapping(given.get('media'))
    if not media:
        return (_unsupported(string(given.get('type'))),)
    url = _film(mapping(media.get('video_info')).get('variants'))
    url = url or string(media.get('media_url_https')) or string(media.get('media_url'))
    # ``id`` is a float that lost its digits at times
    reference, alt = string(media.get('id_str')), string(media.get('ext_alt_text'))
    return (_media(string(media.get('type')), url, reference, message, alt),)


def _location(location: Mapping[str, JSON]) -> Attachment:
    """GeoJSON: longitude first."""
    point = mapping(mapping(location.get('shared_coordinate')).get('coordinates')).get('coordinates')
    if isinstance(point, list) and len(point) == 2 and all(type(value) in (int, float) for value in point):
        return Attachment('location', details={'lat': point[1], 'long': point[0]})
    return _unsupported('location')


def _unsupported(declared: str) -> Attachment:
    return Attachment('unreadable', reason='unsupported', declared=declared[:32])


# -- pages of v2


def page_attachments(event: Mapping[str, JSON], includes: Mapping[str, JSON]) -> tuple[Attachment, ...]:
    """Media by their keys, then the posts that were shared: a link, shown and never fetched."""
    message, found = ident(event.get('id')), []
    given = {string(media.get('media_key')): media for media in dicts(includes.get('media'))}
    for key in media_keys(event):
        media = given.get(key, {})
        url = _film(media.get('variants')) or string(media.get('url'))
        found.append(_media(string(media.get('type')), url, key, message, string(media.get('alt_text'))))
    for post in dicts(event.get('referenced_tweets') or event.get('referenced_posts')):
        if number := ident(post.get('id')):
            found.append(Attachment('share', url=f'https://x.com/i/web/status/{number}'))
    return tuple(found)


def media_keys(event: Mapping[str, JSON]) -> list[str]:
    keys = mapping(event.get('attachments')).get('media_keys')
    return [key for value in keys if (key := string(value))] if isinstance(keys, list) else []


def _media(kind: str, url: str, reference: str, message: str, alt: str) -> Attachment:
    """A media. Without address (the page left it out), it is asked again by its message."""
    if url.startswith('http://'):
        url = f'https://{url.removeprefix("http://")}'
    known = KINDS.get(kind, 'image' if not kind else 'file')
    return Attachment(
        known,
        url=url,
        reference=reference,
        mimetype='video/mp4' if known == 'video' else '',
        alt=alt,
        declared=kind[:32],
        details={'message': message} if message else {},
    )


def _film(variants: JSON) -> str:
    """The best film that every player knows; '' if there is none."""
    films = [one for one in dicts(variants) if string(one.get('content_type')) == 'video/mp4']
    return string(max(films, key=_rate, default={}).get('url'))


def _rate(variant: Mapping[str, JSON]) -> int:
    return integer(variant.get('bitrate')) or integer(variant.get('bit_rate')) or 0


def name_of(person: JSON) -> str:
    """Displayed name, else user name, else ''. The webhooks of 2026 wrap people in ``data``."""
    known = mapping(person)
    known = mapping(known['data']) if isinstance(known.get('data'), Mapping) else known
    names = (string(known.get(key)).strip() for key in ('name', 'username', 'screen_name'))
    return next(filter(None, names), '')[:255]

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

"""Attachments that Instagram alone has: stories, hearts, ephemeral ones. The others: ``meta_attachments``.

https://developers.facebook.com/docs/instagram-platform/webhooks/examples (24 November 2025). Stories and
posts are links that are shown: their contents must be neither stored nor cached; stories end after a day.
"""

from __future__ import annotations

from collections.abc import Mapping

from publik_socialmedia.networks import meta_attachments
from publik_socialmedia.networks.base import Attachment
from publik_socialmedia.networks.meta import dicts, ident, mapping, string
from publik_socialmedia.networks.meta_attachments import Payload, Reader, file, read_file, unsupported

HEART = '❤️'
MENTION = 'story_mention'
SHARED = ('ig_post', 'post')  # from 3 November 2025 comes with, then instead of, « share »


def read(message: Payload) -> tuple[Attachment, ...]:
    """Attachments of a message of a webhook, in their order; a heart is a text, not one of them."""
    kinds = [_kind(item) for item in meta_attachments.items(message)]
    twice = any(kind in SHARED for kind in kinds)
    found = meta_attachments.read(message, READERS)
    return tuple(
        one
        for one, kind in zip(found, kinds, strict=True)
        if kind != 'like_heart' and not (twice and kind == 'share')
    )


def heart(message: Payload) -> str:
    """The text of a message that is only a heart."""
    return HEART if any(_kind(item) == 'like_heart' for item in meta_attachments.items(message)) else ''


def mentions_us(message: Payload) -> bool:
    """Whether somebody named us in their own story: nothing was written to us."""
    return any(_kind(item) == MENTION for item in meta_attachments.items(message))


def reread(message: Payload) -> tuple[Attachment, ...]:
    """Attachments of a message that the Graph API gives (fields ``attachments`` and ``shares``)."""
    return (*meta_attachments.reread_files(message), *meta_attachments.reread_shares(message))


def _kind(item: object) -> str:
    return string(mapping(item).get('type'))


def _read_link(kind: str, item: Payload, payload: Payload, source: Payload) -> Attachment:
    """A post, a reel, a story: a link, shown and never fetched, and its id."""
    url = string(payload.get('url') or payload.get('story_media_url'))
    names = ('ig_post_media_id', 'reel_video_id', 'story_media_id', 'id')
    reference = next(filter(None, (ident(payload.get(name)) for name in names)), '')
    title = string(payload.get('title'))
    if not (url or title or reference):
        return Attachment('unreadable', reason='not_transmitted', declared=kind)
    return Attachment('share', url=url, reference=reference, details={'title': title} if title else {})


def _read_ephemeral(kind: str, item: Payload, payload: Payload, source: Payload) -> Attachment:
    """Seen once, in Instagram's own application."""
    return Attachment('unreadable', reason='ephemeral', declared=kind)


def _read_media(kind: str, item: Payload, payload: Payload, source: Payload) -> Attachment:
    """« media », of which nothing says whether it is a picture or a video: its content will."""
    return file('file', string(payload.get('url')), source)


READERS: Mapping[str, Reader] = {
    **meta_attachments.READERS,
    'sticker': read_file,
    'media': _read_media,
    'share': _read_link,
    'reel': _read_link,
    'ig_reel': _read_link,
    'post': _read_link,
    'ig_post': _read_link,
    'story': _read_link,
    'ig_story': _read_link,
    'ephemeral': _read_ephemeral,
    'like_heart': unsupported,  # a text, see ``heart``
}


def story_of(message: Payload) -> dict[str, str]:
    """The story that this message answers, as details: ``story`` its id, ``story_url`` its link for a day."""
    return _story(mapping(mapping(message.get('reply_to')).get('story')))


def reread_story(message: Payload) -> dict[str, str]:
    """The same, of a message that the Graph API gives (field ``story``)."""
    return _story(mapping(mapping(message.get('story')).get('reply_to')))


def reread_mention(message: Payload) -> bool:
    return bool(mapping(message.get('story')).get('mention')) or any(
        _kind(item) == MENTION for item in dicts(mapping(message.get('attachments')).get('data'))
    )


def _story(story: Payload) -> dict[str, str]:
    facts = {'story': ident(story.get('id')), 'story_url': string(story.get('url') or story.get('link'))}
    return {name: value for name, value in facts.items() if value}

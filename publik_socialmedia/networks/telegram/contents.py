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

"""What is in one message: its text, its files, what else is to be known of it.

https://core.telegram.org/bots/api#message
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from publik_socialmedia.networks.base import JSON, Attachment
from publik_socialmedia.networks.reading import dicts, ident, integer, mapping, string

from .entities import written

Content = Mapping[str, JSON]

# key of a message → kind of the attachment. « animation » also fills « document »: it is taken once.
FILES = {
    'animation': 'video',
    'video': 'video',
    'video_note': 'video',
    'document': 'file',
    'audio': 'audio',
    'voice': 'voice',
    'sticker': 'sticker',
}
# contents that cannot be shown here, whatever is in them
UNSHOWN = ('paid_media', 'story', 'invoice', 'giveaway', 'giveaway_winners', 'live_photo')
# keys that every message may have, and which are no content
ENVELOPE = re.compile(
    r'message_id|message_thread_id|direct_messages_topic|from|chat|date|edit_date|business_connection_id|'
    r'(sender|forward|reply_to)_\w+|external_reply|quote|via_bot|author_signature|media_group_id|effect_id|'
    r'is_(topic_message|automatic_forward|from_offline|paid_post)|has_(protected_content|media_spoiler)|'
    r'paid_star_count|text|caption|(caption_)?entities|link_preview_options|suggested_post_info|'
    r'show_caption_above_media|reply_markup|guest_query_id'
)
# told by the application, written by nobody
SERVICE = re.compile(
    r'(new|left|delete)_chat_\w+|(group|supergroup|channel)_chat_created|migrate_(to|from)_chat_id|'
    r'message_auto_delete_timer_changed|pinned_message|(successful|refunded)_payment|passport_data|'
    r'(users?|chat)_shared|connected_website|write_access_allowed|proximity_alert_triggered|boost_added|'
    r'chat_(background_set|owner_left|owner_changed)|checklist_tasks_(done|added)|'
    r'(direct|paid)_message_price_changed|(general_)?forum_topic_\w+|giveaway_(created|completed)|gift|'
    r'unique_gift|gift_upgrade_sent|suggested_post_(?!info)\w+|(video|voice)_chat_\w+|managed_bot_created|'
    r'poll_option_(added|deleted)'
)
DEEPEST = 20  # of the blocks of a rich message


@dataclass(slots=True)
class Parts:
    """``unreadable``: why nothing can be shown, '' if something can. ``service``: nobody wrote that."""

    text: str = ''
    attachments: tuple[Attachment, ...] = ()
    details: dict[str, JSON] = field(default_factory=dict)
    unreadable: str = ''
    service: bool = False


def parts(message: Content) -> Parts:
    found = Parts(_text(message), tuple(_attachments(message)))
    if 'web_app_data' in message:
        _read_web_app(found, mapping(message['web_app_data']))
    if not found.text and not found.attachments:
        found.service = any(map(SERVICE.fullmatch, message))
        found.unreadable = 'empty' if all(map(ENVELOPE.fullmatch, message)) else 'unsupported'
    if any(key.startswith('forward_') for key in message):
        found.details['forwarded'] = True
    return found


def _text(message: Content) -> str:
    body = written(message.get('text'), message.get('entities'))
    body = body or written(message.get('caption'), message.get('caption_entities'))
    return body or '\n'.join(filter(None, _words(message)))


def _words(message: Content) -> Iterator[str]:
    """What can be said in words of contents that are neither a text nor a file."""
    yield string(mapping(message.get('sticker')).get('emoji'))
    yield string(mapping(message.get('dice')).get('emoji'))
    yield string(mapping(message.get('game')).get('title'))
    poll, checklist = mapping(message.get('poll')), mapping(message.get('checklist'))
    yield string(poll.get('question'))
    yield string(checklist.get('title'))
    for item in (*dicts(poll.get('options')), *dicts(checklist.get('tasks'))):
        yield f'- {string(item.get("text"))}'
    rich = mapping(message.get('rich_message'))
    yield from (' '.join(_strings(block)) for block in dicts(rich.get('blocks')))


def _strings(value: JSON, depth: int = 0) -> Iterator[str]:
    """The texts of a block of a rich message, however they are nested."""
    if isinstance(value, str):
        yield string(value)
    elif isinstance(value, list) and depth < DEEPEST:
        for item in value:
            yield from _strings(item, depth + 1)
    elif isinstance(value, Mapping) and depth < DEEPEST:
        for name in ('text', 'title', 'caption', 'blocks', 'items', 'cells'):
            yield from _strings(value.get(name), depth + 1)


def _read_web_app(found: Parts, given: Content) -> None:
    """What a form of the bot sends: fields, if it is a JSON object; else a text."""
    found.details['via'] = 'web_app'
    body = string(given.get('data'))
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        fields = None
    if isinstance(fields, dict):
        found.details['fields'] = {string(name): string(value) for name, value in fields.items()}
    shown = string(given.get('button_text')) if isinstance(fields, dict) else body
    found.text = found.text or shown


# -- attachments


def _attachments(message: Content) -> Iterator[Attachment]:
    if 'photo' in message:
        yield _file('image', 'photo', _largest(message['photo']))
    for key, kind in FILES.items():
        if key in message and not (key == 'document' and 'animation' in message):
            yield _file(kind, key, mapping(message[key]))
    for key in UNSHOWN:
        if key in message and not (key == 'live_photo' and 'photo' in message):
            yield Attachment('unreadable', reason='unsupported', declared=key)
    if 'venue' in message or 'location' in message:
        venue = mapping(message.get('venue'))
        yield _place(mapping(venue.get('location') or message.get('location')), venue)
    if 'contact' in message:
        yield _contact(mapping(message['contact']))


def _largest(sizes: JSON) -> Content:
    """The largest of the sizes of a picture, {} if there is none."""
    return max(
        dicts(sizes), key=lambda size: (_positive(size, 'width'), _positive(size, 'height')), default={}
    )


def _positive(value: Content, name: str) -> int:
    number = integer(value.get(name))
    return number if number is not None and 0 <= number < 2**53 else 0


def _file(kind: str, declared: str, file: Content) -> Attachment:
    """``reference``: the file_id to ask the API with; it never holds an address."""
    reference = ident(file.get('file_id'))
    if not reference:
        return Attachment('unreadable', reason='not_transmitted', declared=declared)
    return Attachment(
        kind,
        reference=reference,
        mimetype=string(file.get('mime_type')).partition(';')[0].strip().lower()[:250],
        filename=string(file.get('file_name'))[:250],
        size=_positive(file, 'file_size') or None,
        details={'set': name} if (name := string(file.get('set_name'))) else {},
    )


def _place(location: Content, venue: Content) -> Attachment:
    latitude, longitude = _degrees(location.get('latitude'), 90), _degrees(location.get('longitude'), 180)
    if latitude is None or longitude is None:
        return Attachment('unreadable', reason='not_transmitted', declared='location')
    details: dict[str, JSON] = {'lat': latitude, 'long': longitude}
    for name, key in (('name', 'title'), ('address', 'address')):
        if words := string(venue.get(key)).strip():
            details[name] = words
    return Attachment('location', details=details)


def _degrees(value: JSON, limit: int) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= limit else None  # neither NaN nor what no float holds


def _contact(contact: Content) -> Attachment:
    name = full_name(contact)
    details: dict[str, JSON] = {'phone': string(contact.get('phone_number')).strip()}
    return Attachment('contact', details={**details, 'name': name} if name else details)


def full_name(person: Content) -> str:
    """First and last name, '' if there is neither."""
    names = (string(person.get('first_name')).strip(), string(person.get('last_name')).strip())
    return ' '.join(filter(None, names))[:250]

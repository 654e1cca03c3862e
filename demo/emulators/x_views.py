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

"""The shapes in which X tells of messages: pages of v2, webhooks of 2026 and of before."""

from __future__ import annotations

from datetime import datetime

from demo.emulators.x_state import US, Dm, Item, State

KNOWN_FIELDS = {
    *('attachments', 'created_at', 'dm_conversation_id', 'entities', 'event_type', 'id'),
    *('participant_ids', 'referenced_tweets', 'sender_id', 'text'),
}


def page(messages: list[Dm], fields: set[str], expansions: set[str], state: State) -> Item:
    """``messages``: newest first. An empty page has no ``data``."""
    answer: Item = {'meta': {'result_count': len(messages)}}
    if not messages:
        return answer
    answer['data'] = [event(dm, fields, expansions) for dm in messages]
    includes: Item = {}
    if 'attachments.media_keys' in expansions:
        includes['media'] = [media_of(dm) for dm in messages if dm.media]
    if 'sender_id' in expansions:
        senders = dict.fromkeys(dm.sender for dm in messages)
        includes['users'] = [state.people[sender].shown() for sender in senders]
    found = {name: value for name, value in includes.items() if value}
    return answer | ({'includes': found} if found else {})


def event(dm: Dm, fields: set[str], expansions: set[str]) -> Item:
    every: Item = {
        'created_at': written_at(dm.at),
        'dm_conversation_id': dm.thread,
        'sender_id': dm.sender,
    }
    if dm.urls:
        every['entities'] = {'urls': dm.urls}
    if dm.media:
        every['attachments'] = {'media_keys': [dm.media.key]}
    shown = {name: value for name, value in every.items() if name in fields}
    if 'sender_id' in expansions:
        shown['sender_id'] = dm.sender
    return {'id': dm.id, 'event_type': 'MessageCreate', 'text': dm.written, **shown}


def media_of(dm: Dm) -> Item:
    assert dm.media is not None
    shown: Item = {'media_key': dm.media.key, 'type': dm.media.kind}
    if dm.media.kind == 'photo':
        return shown | {'url': dm.url()}
    return shown | {'variants': [{'content_type': 'video/mp4', 'bit_rate': 0, 'url': dm.url()}]}


def written_at(at: datetime) -> str:
    return at.strftime('%Y-%m-%dT%H:%M:%S.') + f'{at.microsecond // 1000:03d}Z'


# -- webhooks


def legacy(dm: Dm) -> Item:
    """The message as v1.1 told it, and as webhooks still do."""
    data: Item = {
        'text': dm.written,
        'entities': {'hashtags': [], 'symbols': [], 'user_mentions': [], 'urls': dm.urls},
    }
    if dm.media:
        number = dm.media.id
        media: Item = {'id': int(number), 'id_str': number, 'url': dm.urls[-1]['url'], 'type': dm.media.kind}
        media |= {'media_url_https': dm.url()}
        if dm.media.kind != 'photo':
            film = {'bitrate': 0, 'content_type': 'video/mp4', 'url': dm.url()}
            media['video_info'] = {'variants': [film]}
        data['attachment'] = {'type': 'media', 'media': media}
    return {
        'type': 'message_create',
        'id': dm.id,
        'created_timestamp': milliseconds(dm.at),
        'message_create': {
            'target': {'recipient_id': dm.recipient},
            'sender_id': dm.sender,
            'message_data': data,
        },
    }


def milliseconds(at: datetime) -> str:
    return str(int(at.timestamp() * 1000))


def envelope(kind: str, payload: Item, number: str) -> Item:
    """X Activity."""
    about = {'event_uuid': f'-{number}', 'filter': {'user_id': US}, 'event_type': kind, 'tag': 'publik'}
    return {'data': {**about, 'payload': payload}}


def people(dm: Dm, state: State) -> Item:
    return {number: {'data': state.people[number].shown()} for number in (dm.sender, dm.recipient)}


def read_by(person: str, dm: Dm, at: datetime) -> Item:
    event = {
        'created_timestamp': milliseconds(at),
        'sender_id': person,
        'target': {'recipient_id': US},
        'last_read_event_id': dm.id,
    }
    return {'direct_message_mark_read_events': [event]}


def chat(person: str, number: str, at: datetime) -> Item:
    """X Chat: what an encrypted message lets be known."""
    return {
        'conversation_token': 'eyJ',
        'id': f'e4f4d3fc-0000-4928-92eb-{number[-12:]}',
        'created_at_msec': milliseconds(at),
        'sender_id': person,
        'conversation_id': ':'.join(sorted((person, US), key=int)),
        'encoded_event': 'CwABAAAA',
    }

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

"""What the webhook brings: X Activity (2026), and Account Activity before it, which share their shapes.

https://docs.x.com/x-api/activity/event-payloads (July 2026). ``dm.read`` has no example there: it is read as
Account Activity wrote it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from publik_socialmedia.networks.base import JSON, Attachment, Event, Kind, Status
from publik_socialmedia.networks.reading import dicts, ident, mapping, moment, string

from .contents import legacy_attachments, legacy_text, name_of

MESSAGES = 'direct_message_events'
READS = 'direct_message_mark_read_events'
# other lists of Account Activity
PUBLIC = frozenset(
    ('tweet_create_events', 'tweet_delete_events', 'favorite_events', 'mention_events', 'quote_events')
)
NOISE = frozenset(
    (
        'direct_message_indicate_typing_events',
        'follow_events',
        'unfollow_events',
        'block_events',
        'unblock_events',
        'mute_events',
        'unmute_events',
    )
)
# families of X Activity
PUBLIC_FAMILIES, NOISE_FAMILIES = ('post', 'like'), ('profile', 'follow', 'news', 'spaces', 'mute', 'block')
OTHER_TYPES = ('welcome_message_create', 'participants_join', 'participants_leave')
# where an encrypted message is read: only X's own applications can show it
CHAT = 'https://x.com/messages/'

Payload = Mapping[str, JSON]


@dataclass
class Reading:
    """One body: whose it is, the profiles and applications that it tells of. Events are numbered."""

    ours: str
    users: Payload = field(default_factory=dict)
    apps: Payload = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def add(self, kind: Kind, **values: Any) -> None:
        self.events.append(Event(kind, account_id=self.ours, sequence=len(self.events), **values))

    def ignore(self, reason: str, **values: Any) -> None:
        self.add(Kind.IGNORED, reason=reason, **values)


def parse(body: JSON) -> list[Event]:
    """Events of a webhook body, in its order."""
    given = mapping(body)
    data = given.get('data')
    if isinstance(data, Mapping) and 'event_type' in data:
        return _activity(data)
    reading = Reading(ident(given.get('for_user_id')))
    if given or not body:
        _lists(reading, given)
    else:
        reading.ignore('unknown')
    return reading.events


def _activity(data: Payload) -> list[Event]:
    """One event of X Activity."""
    kind, payload = string(data.get('event_type')), mapping(data.get('payload'))
    family, _dot, what = kind.partition('.')
    reading = Reading(ident(mapping(data.get('filter')).get('user_id')))
    if kind == 'oauth.revoke':
        reading.ours = reading.ours or ident(payload.get('user_id'))
        _revoked(reading, payload)
    elif family == 'chat':
        _chat(reading, what, payload, ident(data.get('event_uuid')))
    elif kind == 'dm.indicate_typing':
        reading.ignore('noise')
    elif family == 'dm':
        _lists(reading, payload)
    elif family in PUBLIC_FAMILIES:
        reading.ignore('public')
    else:
        reading.ignore('noise' if family in NOISE_FAMILIES else 'unknown')
    return reading.events


def _lists(reading: Reading, given: Payload) -> None:
    reading.users, reading.apps = mapping(given.get('users')), mapping(given.get('apps'))
    readers: Mapping[str, Callable[[Reading, Payload], None]] = {MESSAGES: _message, READS: _read}
    for name, value in given.items():
        items = value if isinstance(value, list) else [value]
        if name in readers:
            for item in items:
                readers[name](reading, mapping(item))
        elif name in PUBLIC or name in NOISE:
            for _item in items:
                reading.ignore('public' if name in PUBLIC else 'noise')
        elif name == 'user_event':
            _revoked(reading, mapping(mapping(value).get('revoke')))
        elif name.endswith('_events'):
            reading.ignore('unknown', details={'key': name[:64]})
    if not reading.events:
        reading.ignore('empty')


def _message(reading: Reading, item: Payload) -> None:
    external_id, created = ident(item.get('id')), mapping(item.get('message_create'))
    if item.get('type') != 'message_create' or not created:
        reading.ignore('noise' if item.get('type') in OTHER_TYPES else 'unknown', external_id=external_id)
        return
    sender = ident(created.get('sender_id'))
    recipient = ident(mapping(created.get('target')).get('recipient_id'))
    if not reading.ours or sender and reading.ours not in (sender, recipient):
        reading.ignore('unknown', external_id=external_id)  # nothing says who we are in it
        return
    from_us = sender == reading.ours
    if from_us and recipient in ('', sender):
        reading.ignore('own', external_id=external_id)
        return
    data = mapping(created.get('message_data'))
    attachments, words = legacy_attachments(data, external_id), legacy_text(data)
    reading.add(
        Kind.MESSAGE,
        external_id=external_id,
        user=recipient if from_us else sender,
        name='' if from_us else name_of(reading.users.get(sender)),
        text=words,
        sent_at=moment(item.get('created_timestamp')),
        attachments=attachments,
        unreadable='' if words or attachments else 'empty',
        from_us=from_us,
        details=_details(reading, created, data, from_us),
    )


def _details(reading: Reading, created: Payload, data: Payload, from_us: bool) -> dict[str, JSON]:
    """With which application we answered elsewhere; which button the citizen pressed."""
    found: dict[str, JSON] = {}
    app, reply = ident(created.get('source_app_id')), mapping(data.get('quick_reply_response'))
    if from_us and app:
        found['app_id'] = app
        if name := string(mapping(reading.apps.get(app)).get('name'))[:255]:
            found['app'] = name
    if reply and not from_us:
        found |= {'via': 'quick_reply', 'payload': string(reply.get('metadata'))[:1000]}
    return found


def _read(reading: Reading, item: Payload) -> None:
    """Somebody has read, up to a message: of ours, if it is not us."""
    reader, last = ident(item.get('sender_id')), ident(item.get('last_read_event_id'))
    if reader == reading.ours != '':
        reading.ignore('noise')
    elif not (reader and last and reading.ours):
        reading.ignore('unknown')
    else:
        reading.add(
            Kind.STATUS,
            external_id=last,
            user=reader,
            status=Status.READ,
            cumulative=True,
            sent_at=moment(item.get('created_timestamp')),
        )


def _chat(reading: Reading, what: str, payload: Payload, event_id: str) -> None:
    """X Chat: encrypted from end to end. That there is a message is all that can be known (R8)."""
    people = string(payload.get('conversation_id')).split(':')
    external_id, sender = ident(payload.get('id')) or event_id, ident(payload.get('sender_id'))
    if what not in ('received', 'sent'):
        reading.ignore('noise')
    elif len(people) != 2:  # « g123 » is a group
        reading.ignore('group', external_id=external_id)
    elif not reading.ours or {sender, reading.ours} - set(people) or people[0] == people[1]:
        reading.ignore('unknown', external_id=external_id)
    else:
        reading.add(
            Kind.MESSAGE,
            external_id=external_id,
            user=next(person for person in people if person != reading.ours),
            sent_at=moment(payload.get('created_at_msec')),
            attachments=(Attachment('share', url=CHAT + '-'.join(people)),),
            unreadable='in_app',
            from_us=sender == reading.ours,
        )


def _revoked(reading: Reading, payload: Payload) -> None:
    """The account has withdrawn our application's right."""
    if not payload:
        reading.ignore('unknown')
        return
    app = ident(payload.get('app_id')) or ident(mapping(payload.get('target')).get('app_id'))
    reading.add(
        Kind.CHANNEL,
        topic='account_disconnected',
        severity='critical',
        sent_at=moment(payload.get('date_time')),
        details={'app_id': app},
    )


# -- what v1.1 gave to who asked


def sent(event: JSON, ours: str) -> Event:
    """The answer to a message of ours: ``{"event": {…}}``."""
    item = mapping(event)
    target = mapping(mapping(item.get('message_create')).get('target'))
    user = ident(target.get('recipient_id')) or ours
    return Event(Kind.STATUS, external_id=ident(item.get('id')), user=user, status=Status.SENT)


def listed(events: JSON, ours: str) -> list[Event]:
    """A page: the same items as in a webhook."""
    reading = Reading(ours)
    for item in dicts(events):
        _message(reading, item)
    if not reading.events:
        reading.ignore('empty')
    return reading.events

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

"""Any body of the API → events. Pure and total: only UnreadablePayload comes out.

Bodies are told apart by their shape, which the servers keep, and by ``Raw.call`` where it says nothing:

    GET /api/v1/statuses/1          an edited status is an edit of one that we may hold
    GET /api/v1/statuses?id[]=…     the same
    GET /api/v1/statuses/1/history  versions, oldest first, without id
    GET /api/v1/statuses/1 404      the status is gone; ``reread`` says so only after it made sure of it
    POST …, PUT …, DELETE …         answer to what we did ourselves: changes nothing
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from urllib.parse import unquote

from publik_socialmedia import errors
from publik_socialmedia.networks.base import JSON, Event, Kind, Raw, Source

from .identity import Ours, items, mapping, word
from .statuses import body_text, event_of, ignored, time_of

POLICY = 'policy_filters_private_mentions'
# answer of a policy → severity of the warning: filtered messages are read, dropped ones do not exist
SEVERITIES = {'filter': 'warning', 'drop': 'critical'}

_STATUS_CALL = re.compile(r'GET /api/v1/statuses/([^/?\s]+)(/history)?(?:\?\S*)?( 404| 410)?')
_STATUSES_CALL = re.compile(r'GET /api/v1/statuses\?')

# keys that tell what an object is, in this order
_SHAPES: tuple[tuple[tuple[str, ...], str], ...] = (
    (('event', 'payload'), 'frame'),
    (('notification_groups',), 'groups'),
    (('ancestors', 'descendants'), 'context'),
    (('last_status', 'notifications_count'), 'request'),
    (('last_status', 'accounts'), 'conversation'),
    (('for_private_mentions',), 'policy'),
    (('visibility', 'account'), 'status'),
    (('type', 'account', 'created_at'), 'notification'),
)
# answers that change nothing: our account, an application, a source text, a media, an instance, an error
_ANSWERS = ('acct', 'client_id', 'scopes', 'text', 'preview_url', 'configuration', 'uri', 'version', 'error')


def parse(raw: Raw) -> list[Event]:
    ours = Ours.of(raw.account)
    if gone := _gone(raw.call):
        return [Event(Kind.UNSEND, external_id=gone)]
    body = _decode(raw.body)
    if isinstance(body, list):
        return _list(body, raw, ours)
    if isinstance(body, dict) and raw.call and not raw.call.startswith('GET '):
        return [ignored('answer')]
    if isinstance(body, dict):
        return _number(_object(body, raw, ours))
    raise errors.UnreadablePayload()


def _decode(body: bytes) -> JSON:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise errors.UnreadablePayload() from None


def _gone(call: str) -> str:
    match = _STATUS_CALL.fullmatch(call)
    return word(unquote(match[1])) if match and match[3] else ''


def _number(events: list[Event]) -> list[Event]:
    """The same events with their rank in the body."""
    return [replace(event, sequence=rank) for rank, event in enumerate(events)]


def _list(body: list[JSON], raw: Raw, ours: Ours) -> list[Event]:
    if not body:
        return [ignored('empty')]
    match = _STATUS_CALL.fullmatch(raw.call)
    if match and match[2]:
        return [_history(word(unquote(match[1])), body, ours)]
    events: list[Event] = []
    for item in body:
        events += _object(item, raw, ours) if isinstance(item, dict) else [ignored('unknown')]
    return _number(events)


def _object(body: Mapping[str, JSON], raw: Raw, ours: Ours) -> list[Event]:
    for keys, shape in _SHAPES:
        if all(key in body for key in keys):
            return _READERS[shape](body, raw, ours)
    return [ignored('answer' if any(key in body for key in _ANSWERS) else 'unknown')]


# -- one reader for each shape


def _status(body: Mapping[str, JSON], raw: Raw, ours: Ours) -> list[Event]:
    held = bool(_STATUS_CALL.fullmatch(raw.call) or _STATUSES_CALL.match(raw.call))
    return [event_of(body, ours, edits=held)]


def _notification(body: Mapping[str, JSON], raw: Raw, ours: Ours) -> list[Event]:
    if body.get('type') != 'mention':
        return [ignored('noise' if word(body.get('type')) else 'unknown')]
    details: dict[str, JSON] = {'request': True} if body.get('filtered') is True else {}
    return [event_of(body.get('status'), ours, mentioned=True, details=details)]


def _groups(body: Mapping[str, JSON], raw: Raw, ours: Ours) -> list[Event]:
    """Grouped notifications (Mastodon ≥ 4.3): the statuses are apart."""
    statuses = {word(status.get('id')): status for status in items(body.get('statuses'))}
    events: list[Event] = []
    for group in items(body.get('notification_groups')):
        if group.get('type') == 'mention':
            events.append(event_of(statuses.get(word(group.get('status_id'))), ours, mentioned=True))
        else:
            events.append(ignored('noise'))
    return events or [ignored('empty')]


def _context(body: Mapping[str, JSON], raw: Raw, ours: Ours) -> list[Event]:
    around = [*items(body.get('ancestors')), *items(body.get('descendants'))]
    return [event_of(status, ours) for status in around] or [ignored('empty')]


def _request(body: Mapping[str, JSON], raw: Raw, ours: Ours) -> list[Event]:
    """What the policy filtered, one object for each sender; ``notifications_count`` is a string."""
    if body.get('last_status') is None:
        return [ignored('empty')]
    details: dict[str, JSON] = {'request': True}
    if announced(body) > 1:
        details['more'] = True
    return [event_of(body.get('last_status'), ours, mentioned=True, details=details)]


def announced(request: Mapping[str, JSON]) -> int:
    """How many notifications a request announces, 0 if it does not say."""
    count = word(request.get('notifications_count'))
    return int(count) if count.isascii() and count.isdigit() and len(count) < 10 else 0


def _conversation(body: Mapping[str, JSON], raw: Raw, ours: Ours) -> list[Event]:
    """A conversation only shows its last status.

    Alone and read, it is the answer of POST /conversations/:id/read: a poll gives a list.
    """
    alone = raw.source is not Source.STREAM and raw.body.lstrip()[:1] == b'{'
    if alone and not raw.call and body.get('unread') is False:
        return [ignored('answer')]
    if body.get('last_status') is None:
        return [ignored('empty')]
    return [event_of(body.get('last_status'), ours, people=items(body.get('accounts')))]


def _policy(body: Mapping[str, JSON], raw: Raw, ours: Ours) -> list[Event]:
    severity = SEVERITIES.get(word(body.get('for_private_mentions')))
    return [Event(Kind.CHANNEL, topic=POLICY, severity=severity)] if severity else [ignored('answer')]


def _history(status_id: str, body: list[JSON], ours: Ours) -> Event:
    """Versions of one status, oldest first."""
    versions = [version for version in items(body) if isinstance(version.get('content'), str)]
    if not versions or not status_id:
        return ignored('unknown')
    person = mapping(versions[-1].get('account'))
    from_us, number = ours.is_us(person), word(person.get('id'))
    texts = [(body_text(version, ours), time_of(version.get('created_at'))) for version in versions]
    return Event(
        Kind.EDIT,
        external_id=status_id,
        user='' if from_us else ours.acct_of(person),
        aliases=(number,) if number and not from_us else (),
        from_us=from_us,
        text=texts[-1][0],
        sent_at=texts[-1][1],
        number=len(texts) - 1,
        versions=tuple(texts),
    )


# -- stream: {"event": …, "payload": "<JSON as a string>"}


def _frame(body: Mapping[str, JSON], raw: Raw, ours: Ours) -> list[Event]:
    name, payload = word(body.get('event')), body.get('payload')
    if name == 'delete':
        deleted = word(payload)
        return [Event(Kind.UNSEND, external_id=deleted) if deleted else ignored('unknown')]
    if name not in _FRAMES:
        return [ignored('noise' if name in _NOISES else 'unknown')]
    content = payload
    if isinstance(payload, str):
        try:
            content = json.loads(payload)
        except (ValueError, RecursionError):
            return [ignored('unknown')]
    if not isinstance(content, dict):
        return [ignored('unknown')]
    return list(_FRAMES[name](content, ours))


def _frame_notification(content: Mapping[str, JSON], ours: Ours) -> Iterator[Event]:
    yield from _notification(content, Raw(b''), ours)


def _frame_conversation(content: Mapping[str, JSON], ours: Ours) -> Iterator[Event]:
    yield from _conversation(content, Raw(b'', Source.STREAM), ours)


def _frame_update(content: Mapping[str, JSON], ours: Ours) -> Iterator[Event]:
    yield event_of(content, ours)


def _frame_edit(content: Mapping[str, JSON], ours: Ours) -> Iterator[Event]:
    yield event_of(content, ours, edits=True)


_FRAMES: Mapping[str, Callable[[Mapping[str, JSON], Ours], Iterator[Event]]] = {
    'notification': _frame_notification,
    'conversation': _frame_conversation,
    'update': _frame_update,
    'status.update': _frame_edit,
}
_NOISES = (
    'filters_changed',
    'announcement',
    'announcement.reaction',
    'announcement.delete',
    'notifications_merged',
    'encrypted_message',
)

_READERS: Mapping[str, Callable[[Mapping[str, JSON], Raw, Ours], list[Event]]] = {
    'frame': _frame,
    'groups': _groups,
    'context': _context,
    'request': _request,
    'conversation': _conversation,
    'policy': _policy,
    'status': _status,
    'notification': _notification,
}

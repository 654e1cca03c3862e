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

"""One status of the API → one event.

A private mention is an ordinary status whose ``visibility`` is ``direct``, delivered to the accounts that its
text mentions. Shapes: the servers' API documentation, and the answers of GoToSocial 0.20 and snac 2.75.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from publik_socialmedia import text
from publik_socialmedia.networks.base import JSON, Attachment, Event, Kind

from .identity import ACCT, MASTODON, SNAC, Ours, items, mapping, name_of, word

# MediaAttachment.type → ours. ``unknown``: a type that the server did not want to copy.
MEDIA_KINDS = {'image': 'image', 'gifv': 'video', 'video': 'video', 'audio': 'audio', 'unknown': 'file'}

_LEADING = re.compile(rf'\s*@({ACCT.pattern})(?![\w@])')
_MENTIONS = 20  # most mentions looked for at the head of a text


def time_of(value: JSON) -> datetime | None:
    """RFC 3339 (with milliseconds, microseconds or neither) as aware UTC; None if it is not, or is absurd."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        found = datetime.fromisoformat(value)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if 1990 <= found.year <= 2200 else None


# -- who


def is_private(status: Mapping[str, JSON], ours: Ours, *, mentioned: bool) -> bool:
    """Whether that status is a private message between us and somebody.

    snac says ``private`` for direct; the other servers but Mastodon may say it of what was written to
    followers and to us. ``mentioned``: we know by another way (a notification) that it mentions us.
    """
    visibility = status.get('visibility')
    if visibility != 'private' or ours.server in ('', MASTODON):
        return bool(visibility == 'direct')
    if ours.server == SNAC or mentioned:
        return True
    return any(ours.is_us(person) for person in items(status.get('mentions')))


def addressees(status: Mapping[str, JSON], ours: Ours) -> list[str]:
    """Those it mentions but us and its author, the one it answers first, each once."""
    author = ours.acct_of(status.get('account'))
    mentioned = [person for person in items(status.get('mentions')) if not ours.is_us(person)]
    answered = word(status.get('in_reply_to_account_id'))
    mentioned.sort(key=lambda person: not answered or word(person.get('id')) != answered)
    found = dict.fromkeys(ours.acct_of(person) for person in mentioned)
    if not found and ours.server == SNAC:  # it forgets ``mentions`` when a status is read again
        found = dict.fromkeys(_leading_accts(text.from_html(_content(status)), ours))
    return [acct for acct in found if acct and acct.lower() not in (author.lower(), ours.acct.lower())]


def _leading_accts(content: str, ours: Ours) -> Iterable[str]:
    start = 0
    for _ in range(_MENTIONS):
        if not (match := _LEADING.match(content, start)):
            return
        yield ours.acct_of({'acct': match[1]})
        start = match.end()


def _mentioned_id(status: Mapping[str, JSON], acct: str, ours: Ours) -> str:
    for person in items(status.get('mentions')):
        if ours.acct_of(person) == acct and ours.server != SNAC:  # snac numbers them from 0
            return word(person.get('id'))
    return ''


# -- what


def body_text(status: Mapping[str, JSON], ours: Ours) -> str:
    """Text to show: the content warning in brackets, then the content without the mentions that address."""
    handles = {ours.acct, ours.full(ours.acct)}
    for person in (status.get('account'), *items(status.get('mentions'))):
        acct = ours.acct_of(person)
        handles |= {acct, ours.full(acct), word(mapping(person).get('username'))}
    # A mention link is always of somebody who received the status; some servers write plain @name. A hashtag
    # is a mention too by its class.
    written = text.from_html(_content(status), addresses_only=lambda href, label: not label.startswith('#'))
    written = text.without_addresses(written, handles - {''})
    warning = warning_of(status)
    return f'[{warning}]\n{written}'.strip() if warning else written


def warning_of(status: Mapping[str, JSON]) -> str:
    spoiler = status.get('spoiler_text')
    return text.clean(spoiler).strip() if isinstance(spoiler, str) else ''


def _content(status: Mapping[str, JSON]) -> str:
    content = status.get('content')
    return content if isinstance(content, str) else ''


def attachments_of(status: Mapping[str, JSON]) -> tuple[Attachment, ...]:
    sensitive = status.get('sensitive') is True
    found = items(status.get('media_attachments'))
    return tuple(_attachment(media, word(status.get('id')), sensitive) for media in found)


def _attachment(media: Mapping[str, JSON], status_id: str, sensitive: bool) -> Attachment:
    """``reference``: 'status id/media id', to ask the server again where the file is."""
    announced = word(media.get('type'))
    description = media.get('description')
    more: dict[str, Any] = {
        'reference': f'{status_id}/{word(media.get("id"))}',
        'alt': text.clean(description).strip() if isinstance(description, str) else '',
        'details': {'sensitive': True} if sensitive else {},
    }
    url, origin = _address(media.get('url')), _address(media.get('remote_url'))
    if not url and media.get('url'):
        return Attachment('unreadable', reason='forbidden_url', declared=announced, **more)
    if not url:
        return Attachment('unreadable', origin, reason='not_cached', declared=announced, **more)
    return Attachment(MEDIA_KINDS.get(announced, 'file'), url, **more)


def _address(value: JSON) -> str:
    """An absolute http(s) URL, else ''. That it is https and where it leads is checked when it is fetched."""
    if not isinstance(value, str) or len(value) > 2000:
        return ''
    cleaned = text.clean(value).strip()
    return cleaned if re.match(r'https?://[^/\s]', cleaned, re.IGNORECASE) else ''


# -- events


def ignored(reason: str, **details: JSON) -> Event:
    return Event(Kind.IGNORED, reason=reason, details=details)


def event_of(
    status: JSON,
    ours: Ours,
    *,
    edits: bool = False,
    mentioned: bool = False,
    people: Iterable[JSON] = (),
    details: Mapping[str, JSON] | None = None,
) -> Event:
    """The one event that a status makes.

    ``edits``: in this answer an edited status is one that we may hold already; ``people``: accounts of the
    conversation, which hold names; ``details``: facts of the envelope, added to the event's.
    """
    if not isinstance(status, dict) or not (word(status.get('id')) and 'visibility' in status):
        return ignored('unknown')
    edited = edits and bool(status.get('edited_at'))
    from_us = ours.is_us(status.get('account'))
    if not is_private(status, ours, mentioned=mentioned and not from_us):
        return ignored('own' if from_us and not edited else 'public')
    if from_us:
        return _from_us(status, ours, edited, people)
    author = ours.acct_of(status.get('account'))
    facts = {**_details(status, ours, author), **(details or {})}
    return _event(status, ours, edited, author, mapping(status.get('account')), facts)


def _from_us(status: Mapping[str, JSON], ours: Ours, edited: bool, people: Iterable[JSON]) -> Event:
    to = addressees(status, ours)
    if not to:
        return ignored('own')
    known = [person for person in items(list(people)) if ours.acct_of(person) == to[0]]
    person = {**(known[0] if known else {}), 'acct': to[0]}
    person.setdefault('id', _mentioned_id(status, to[0], ours))
    facts: dict[str, JSON] = {'cc': to[1:]} if to[1:] else {}
    return _event(status, ours, edited, to[0], person, facts, from_us=True)


def _details(status: Mapping[str, JSON], ours: Ours, author: str) -> dict[str, JSON]:
    others = addressees(status, ours)
    found: dict[str, JSON] = {'cc': others, 'answer_to': [author]} if others else {}
    if warning := warning_of(status):
        found['content_warning'] = warning
    if mapping(status.get('account')).get('bot') is True:
        found['bot'] = True
    return found


def _event(
    status: Mapping[str, JSON],
    ours: Ours,
    edited: bool,
    user: str,
    person: Mapping[str, JSON],
    details: Mapping[str, JSON],
    from_us: bool = False,
) -> Event:
    written, files, number = body_text(status, ours), attachments_of(status), word(person.get('id'))
    sent_at = time_of(status.get('created_at'))
    changed_at = time_of(status.get('edited_at'))
    return Event(
        Kind.EDIT if edited else Kind.MESSAGE,
        external_id=word(status.get('id')),
        user=user,
        aliases=(number,) if number and number != user else (),
        name=name_of(person) if 'display_name' in person or 'username' in person else '',
        text=written,
        sent_at=changed_at or sent_at if edited else sent_at,
        attachments=files,
        reply_to=word(status.get('in_reply_to_id')),
        from_us=from_us,
        unreadable='' if written or files or edited else 'empty',
        details=details,
    )

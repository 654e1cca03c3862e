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

"""Sending, and looking for what may have been sent: there is no idempotency key (R30, R31)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from publik_socialmedia import errors, text
from publik_socialmedia.networks import outgoing as parts
from publik_socialmedia.networks import rates
from publik_socialmedia.networks.base import JSON, Account, Capabilities, Http, Outgoing, OutgoingFile, Sent
from publik_socialmedia.networks.reading import decoded, dicts, ident, mapping, moment

from .api import Api, checked, content, meaning
from .history import LONGEST_PAGE, MESSAGES
from .messages import kind_of, sender_of
from .polling import ACCEPT

SEND = 'chat.bsky.convo.sendMessage'
WITH = 'chat.bsky.convo.getConvoForMembers'
AVAILABLE = 'chat.bsky.convo.getConvoAvailability'
LINK = 'app.bsky.richtext.facet#link'

MAX_GRAPHEMES = 1000
MAX_BYTES = 10_000  # of UTF-8, at the same time
LOOKED_PAGES = 5
CLOCKS = timedelta(seconds=5)  # between our clock and the service's, once its Date header is counted

_ADDRESS = re.compile(r'https?://[^\s<>"«»]+', re.IGNORECASE)
_URI = re.compile(r'\w+:(?://)?[^\s/]\S*')  # what the protocol takes for one
_AFTER = ".,;:!?…)]}'’”"  # ends a sentence, not an address


def split(capabilities: Capabilities, outgoing: Outgoing, files: Sequence[OutgoingFile]) -> list[Outgoing]:
    """Parts that respect both limits: a thousand emoji of a family are 25,000 bytes."""
    return [
        replace(part, text=piece)
        for part in parts.split(capabilities, outgoing, files)
        for piece in text.split(part.text, MAX_BYTES, 'utf8')
    ]


def facets(written: str) -> list[dict[str, Any]]:
    """What makes the addresses of a text links; places are in bytes of UTF-8."""
    found = []
    for match in _ADDRESS.finditer(written):
        address = _trimmed(match[0])
        if not _URI.fullmatch(address):
            continue  # « https://… »: a facet that is refused would cost the whole message
        start = text.length(written[: match.start()], 'utf8')
        index = {'byteStart': start, 'byteEnd': start + text.length(address, 'utf8')}
        found.append({'index': index, 'features': [{'$type': LINK, 'uri': address}]})
    return found


def _trimmed(address: str) -> str:
    """Without what ends the sentence; a parenthesis that the address has opened is its own."""
    while address[-1] in _AFTER and not (address[-1] == ')' and address.count('(') >= address.count(')')):
        address = address[:-1]
    return address


def send(account: Account, outgoing: Outgoing, http: Http) -> Sent:
    api = Api(account, http)
    convo = mapping(api.read(WITH, ('members', outgoing.recipient)).get('convo'))
    number = ident(convo.get('id'))
    if not number:
        raise errors.TemporaryError('temporary', detail='no conversation')
    if convo.get('status') == 'request':  # nobody says whether an answer alone would accept it
        checked(api.repeat(ACCEPT, {'convoId': number}))
    message: dict[str, Any] = {'text': outgoing.text}
    if links := facets(outgoing.text):
        message['facets'] = links
    answer = api.call('POST', SEND, json={'convoId': number, 'message': message})
    error = meaning(answer)
    if error is not None and error.reason == 'temporary':  # a gateway may have lost the answer of the service
        raise errors.OutcomeUnknown(code=error.code, http_status=answer.status)
    sent = mapping(decoded(checked(answer)))
    if not ident(sent.get('id')):
        raise errors.OutcomeUnknown(http_status=answer.status)
    return Sent(ident(sent.get('id')), moment(sent.get('sentAt')))


# -- after an unknown outcome


def find_sent(account: Account, outgoing: Outgoing, http: Http) -> Sent | None:
    """The oldest of our messages to that person, since the first try, which says the same."""
    api = Api(account, http)
    first = outgoing.first_tried_at or outgoing.last_tried_at
    found = [
        message
        for message in _since(api, outgoing.recipient, first)
        if sender_of(message) == api.session.did
        and kind_of(message) in ('', 'messageView')
        and ident(message.get('id')) not in outgoing.others
        and _same(message, outgoing.text)
    ]
    if found:
        oldest = found[-1]
        return Sent(ident(oldest.get('id')), moment(oldest.get('sentAt')))
    parts.settle(outgoing)
    return None


def _since(api: Api, recipient: str, since: datetime | None) -> Iterator[Mapping[str, JSON]]:
    """Messages of the conversation with that person, newest first, from that time by the service's clock.

    The conversation is asked for by a call that tells it though the person does not want our messages.
    """
    convo = mapping(api.read(AVAILABLE, ('members', recipient)).get('convo'))
    number, cursor = ident(convo.get('id')), ''
    for _ in range(LOOKED_PAGES if number else 0):
        params = [('convoId', number), ('limit', str(LONGEST_PAGE)), ('cursor', cursor)]
        answer = api.get(MESSAGES, *(param for param in params if param[1]))
        floor = since and since + (rates.server_time(answer) - datetime.now(UTC)) - CLOCKS
        body = content(answer)
        for message in dicts(body.get('messages')):
            sent_at = moment(message.get('sentAt'))
            if floor is not None and sent_at is not None and sent_at < floor:
                return
            yield message
        following = ident(body.get('cursor'))
        if following in ('', cursor):
            return
        cursor = following


def _same(message: Mapping[str, JSON], written: str) -> bool:
    found = message.get('text')
    return isinstance(found, str) and text.clean(found).split() == text.clean(written).split()

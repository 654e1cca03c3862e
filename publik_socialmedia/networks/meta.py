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

"""What the networks of Meta share in what they send us: webhooks, ids, times. The calls: ``meta_graph``.

Facts read in November 2026 (official pages of November 2025 to September 2026); each network's README says
what is only believed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from publik_socialmedia.errors import UnreadablePayload, WebhookRejected
from publik_socialmedia.networks.base import JSON, Request
from publik_socialmedia.networks.reading import (
    EPOCH,
    FIRST_SECOND,
    dicts,
    ident,
    integer,
    is_one_of,
    load,
    mapping,
    moment,
    string,
)

# the readers of JSON are given on, so that the modules of these networks have one place to look at
__all__ = [
    'Item',
    'dicts',
    'handshake',
    'ident',
    'integer',
    'items',
    'load',
    'mapping',
    'moment',
    'ranks',
    'sign',
    'signed_request',
    'string',
    'verify',
    'watermark',
]

# -- webhooks: handshake and signature


def handshake(request: Request, tokens: Sequence[str]) -> bytes:
    """The challenge, if one of our verification tokens is given.

    https://developers.facebook.com/docs/graph-api/webhooks/getting-started
    """
    query = request.query
    challenge = query.get('hub.challenge', '')
    if (
        query.get('hub.mode') != 'subscribe'
        or not is_one_of(query.get('hub.verify_token', ''), tokens)
        or not re.fullmatch(r'[\w.~-]{1,256}', challenge, re.ASCII)  # a number; nothing that a page would run
    ):
        raise WebhookRejected('handshake')
    return challenge.encode()


def verify(request: Request, secrets: Sequence[str]) -> None:
    """Check ``X-Hub-Signature-256`` on the raw bytes; the old SHA-1 header alone is not enough.

    Meta signs the bytes that it sends (``\\u00e9``, ``\\/``): JSON written again has another signature.
    """
    given = request.headers.get('x-hub-signature-256', '')
    expected = [f'sha256={sign(secret, request.body)}' for secret in secrets if secret]
    if not is_one_of(given, expected):
        raise WebhookRejected('signature')


def sign(key: str, message: bytes) -> str:
    """Hexadecimal HMAC-SHA256."""
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()


def signed_request(body: bytes, secrets: Sequence[str]) -> Mapping[str, JSON]:
    """What a ``signed_request`` says, by which Meta tells that somebody removed the application, or asks for
    the deletion of their data: ``user_id``, ``issued_at``…

    A form; the signature is of the payload as it is encoded, in base64url without padding (survived here).
    https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
    """
    try:
        form = parse_qs(body.decode('ascii', 'replace'), max_num_fields=10)
    except ValueError:
        raise WebhookRejected('signed_request') from None
    signature, _dot, payload = form.get('signed_request', [''])[0].partition('.')
    expected = [_unpadded(bytes.fromhex(sign(secret, payload.encode()))) for secret in secrets if secret]
    if not is_one_of(signature.rstrip('='), expected):
        raise WebhookRejected('signature')
    try:
        facts = mapping(load(base64.urlsafe_b64decode(payload + '=' * (-len(payload) % 4))))
    except (binascii.Error, ValueError, UnreadablePayload):
        raise WebhookRejected('signed_request') from None
    if string(facts.get('algorithm')).upper() != 'HMAC-SHA256' or not ident(facts.get('user_id')):
        raise WebhookRejected('signed_request')
    return facts


def _unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip('=')


def watermark(value: JSON) -> datetime | None:
    """An instant up to which something is true: one that is too early concerns nothing, and stays one."""
    number = integer(value)
    if number is not None and 0 <= number < FIRST_SECOND:
        return EPOCH + timedelta(milliseconds=number)
    return moment(value)


def ranks(times: Sequence[JSON]) -> list[int]:
    """Rank of each item of a body. Those whose time is absurd are still in the order of that time (R6)."""
    found = list(range(len(times)))
    absurd = [i for i, value in enumerate(times) if integer(value) is not None and moment(value) is None]
    for rank, i in zip(absurd, sorted(absurd, key=lambda i: integer(times[i]) or 0), strict=True):
        found[i] = rank
    return found


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of a webhook body.

    ``object``: 'page', 'instagram'… ``part``: array of the entry where it stood: 'messaging', 'standby',
    'changes', or '' for an entry or an envelope with nothing inside. ``field``: of a change.
    """

    object: str
    entry_id: str = ''
    entry_time: datetime | None = None
    part: str = ''
    value: JSON = None
    field: str = ''


def items(body: JSON) -> Iterator[Item]:
    """Everything that a body holds, in its order; an entry or an envelope without anything gives one too.

    A body is an envelope, or a list of them; entries, and the arrays inside them, may be one object.
    """
    envelopes = body if isinstance(body, list) else [body]
    if not envelopes:
        yield Item('')
    for envelope in envelopes:
        name = string(mapping(envelope).get('object'))
        entries = mapping(envelope).get('entry')
        entries = entries if isinstance(entries, list) else [entries] if entries is not None else []
        if not entries:
            yield Item(name, value=None if isinstance(envelope, Mapping) else envelope)
        for entry in entries:
            yield from _entry_items(name, entry)


def _entry_items(name: str, entry: JSON) -> Iterator[Item]:
    known = mapping(entry)
    head = Item(name, ident(known.get('id')), moment(known.get('time')))
    empty = True
    for part in ('messaging', 'standby', 'changes'):
        found = known.get(part)
        for value in found if isinstance(found, list) else [found]:
            if value is None:
                continue
            empty = False
            field = string(mapping(value).get('field')) if part == 'changes' else ''
            value = mapping(value).get('value') if part == 'changes' else value
            yield Item(name, head.entry_id, head.entry_time, part, value, field)
    if empty:
        yield head if isinstance(entry, Mapping) else Item(name, value=entry)

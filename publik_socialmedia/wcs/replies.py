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

"""The answers that agents write in w.c.s., brought to us by the signed calls of its workflow (R30–R35).

A call is answered at once, from the database alone; the worker sends, and tells the demand what became of the
answer. The same reply asked twice (w.c.s. or the agent repeats it) is one answer.

Body, JSON: ``kind`` ('answer', 'closing', 'template', 'dry-run'), ``reply`` (rank of the reply in the demand,
the same when the agent tries again), ``uuid`` and ``number`` of the demand, ``text``, ``file`` (null, or
``filename``, ``content_type``, ``content`` in base64).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from publik_socialmedia import errors, media, networks, text
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.conversations.windows import window
from publik_socialmedia.delivery import answers, retrying, sending
from publik_socialmedia.models import Attachment, Message
from publik_socialmedia.networks.base import OutgoingFile
from publik_socialmedia.wcs import calls, linking
from publik_socialmedia.wcs.calls import Call

KINDS = ('answer', 'closing', 'template')
DRY_RUN = 'dry-run'
_REPLY = re.compile(r'[0-9A-Za-z_.-]{1,32}')


def take(call: Call) -> dict[str, Any]:
    """Take an answer to send; one that was taken and has failed is tried again."""
    if call.word('kind') == DRY_RUN:
        # the name of the try comes back: whoever asked can tell this answer from an older one
        return {'state': DRY_RUN, 'reply': call.word('reply'), **_limits(call)}
    key, files = _key(call), _files(call.values.get('file'))
    known = answers.parts_of(call.demand.conversation, key)
    if known and answers.state_of(known) == Message.State.FAILED:
        return _taken(call, retrying.retry(call.demand, key, files))
    return _taken(call, _accept(call, key, files))


def take_again(call: Call) -> dict[str, Any]:
    """Try again what failed of an answer; without ``reply``, what failed since the last answer that went."""
    if not call.word('reply'):
        return _taken(call, retrying.retry(call.demand))
    return take(call)


answer = calls.endpoint(take)
retry = calls.endpoint(take_again)


def _accept(call: Call, key: str, files: Sequence[OutgoingFile]) -> list[Message]:
    written = call.values.get('text')
    conversation = call.demand.conversation
    messages = sending.accept(
        conversation,
        linking.filled(written if isinstance(written, str) else '', conversation.contact),
        files,
        answer_key=key,
        demand=call.demand,
        template=call.word('kind') == 'template',
    )
    agent = text.clean(call.word('agent')).strip()[:100]
    for message in messages if agent else ():  # colleagues see who answered (R35)
        message.details = {**message.details, 'agent': agent}
        message.save(update_fields=['details'])
    if len(files) == 1:
        # once it is sent, agents read it where the workflow put it: beside their answer, as they gave it
        found = {'sha256': hashlib.sha256(files[0].content).hexdigest(), 'place': 'history'}
        Attachment.objects.filter(message__in=messages).update(details=found)
    return messages


def _taken(call: Call, messages: Sequence[Message]) -> dict[str, Any]:
    return {'state': answers.state_of(messages), 'parts': len(messages), 'until': _limits(call)['until']}


def _limits(call: Call) -> dict[str, Any]:
    """Until when an answer can be sent (ISO 8601, None: always), and how long a message may be."""
    account = call.demand.account
    network = networks.get(account.network)
    until = window(account, call.demand.conversation, network.capabilities).human_ends_at
    return {
        'until': until.isoformat() if until else None,
        'limit': network.capabilities.text_limit or None,
        'unit': network.capabilities.text_unit,
    }


def _key(call: Call) -> str:
    kind, reply = call.word('kind'), call.word('reply')
    if kind not in KINDS or not _REPLY.fullmatch(reply):
        raise errors.WebhookRejected('kind or reply', status=400)
    return answers.key_of(call.demand, kind, reply)


def _files(value: Any) -> list[OutgoingFile]:
    """The file of the reply, by its content: neither its name nor the type that is declared are believed.

    PermanentError: 'file_unreadable', 'file_type', 'file_too_big'.
    """
    if not value:
        return []
    if not isinstance(value, Mapping) or not isinstance(value.get('content'), str):
        raise errors.PermanentError('file_unreadable')
    encoded = value['content']
    if '\n' in encoded:  # base64 may be cut in lines
        encoded = ''.join(encoded.split())
    if len(encoded) // 4 * 3 > app_settings.MAX_MEDIA + 2:
        raise errors.PermanentError('file_too_big')
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise errors.PermanentError('file_unreadable') from None
    if len(content) > app_settings.MAX_MEDIA:
        raise errors.PermanentError('file_too_big')
    if not content:
        raise errors.PermanentError('file_unreadable')
    try:
        mimetype = media.sniff(content)
    except errors.PermanentError:
        raise errors.PermanentError('file_type') from None
    name = text.file_name(str(value.get('filename') or ''), media.SUFFIXES[mimetype])
    return [OutgoingFile(content, name, mimetype)]

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

"""What is sent, and what becomes of an answer whose outcome was lost.

https://core.telegram.org/bots/api#sendmessage, #sendphoto, #senddocument. Texts go without ``parse_mode``:
what an agent writes is no markup.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from publik_socialmedia import text
from publik_socialmedia.errors import OutcomeUnknown, PermanentError, SocialMediaError
from publik_socialmedia.networks import outgoing as parts
from publik_socialmedia.networks.base import (
    JSON,
    Account,
    Answer,
    Capabilities,
    Http,
    Outgoing,
    OutgoingFile,
    Sent,
)
from publik_socialmedia.networks.reading import ident, mapping, moment

from .api import Api, decoded, meaning

MEGABYTE = 1_000_000
TEXT, CAPTION = 4096, 1024  # UTF-16 units
FILE, PICTURE = 50 * MEGABYTE, 10 * MEGABYTE
PICTURES = ('image/jpeg', 'image/png', 'image/webp')  # shown as such; everything else is a document
WINDOW = timedelta(hours=24)  # of a business account: after the person's last message
UPLOAD_TIMEOUT = 90.0  # seconds

_PERSON = re.compile(r'[1-9]\d{0,18}')


def split(capabilities: Capabilities, outgoing: Outgoing, files: Sequence[OutgoingFile]) -> list[Outgoing]:
    """The end of the text is the caption of the first file if it is short enough, else it goes before."""
    found = parts.split(capabilities, outgoing, files)
    if any(part.file and text.length(part.text, 'utf16') > CAPTION for part in found):
        found = parts.split(replace(capabilities, files_per_message=0), outgoing, files)
    return found


def send(account: Account, outgoing: Outgoing, http: Http) -> Sent:
    if not _PERSON.fullmatch(outgoing.recipient):  # a group's identifier is negative
        raise PermanentError('blocked', detail='not a person')
    if not outgoing.text and outgoing.file is None:
        raise PermanentError('empty')
    connection = ident(outgoing.reply_details.get('business_connection'))
    last = outgoing.last_inbound_at
    if connection and last is not None and datetime.now(UTC) - last >= WINDOW:
        raise PermanentError('window')
    api, head = Api(account, http), _head(outgoing, connection)
    if outgoing.file is None:
        body = {**head, 'text': outgoing.text, 'link_preview_options': {'is_disabled': True}}
        return _sent(outgoing, _accepted(api.post('sendMessage', json=body)))
    return _sent(outgoing, _upload(api, head, outgoing.text, outgoing.file))


def _head(outgoing: Outgoing, connection: str) -> dict[str, JSON]:
    """To whom, by which way, and which message is answered if it is of that chat and still there."""
    head: dict[str, JSON] = {'chat_id': int(outgoing.recipient)}
    chat, _, number = outgoing.reply_to.partition(':')
    if chat == outgoing.recipient and number.isascii() and number.isdigit():
        head['reply_parameters'] = {'message_id': int(number), 'allow_sending_without_reply': True}
    if connection:
        head['business_connection_id'] = connection
    return head


def _upload(api: Api, head: dict[str, JSON], caption: str, file: OutgoingFile) -> Answer:
    """A picture is shown if Telegram can; one that is too large or too long is sent as a document."""
    form: dict[str, Any] = {name: _field(value) for name, value in head.items()}
    if caption:
        form['caption'] = caption
    if file.mimetype in PICTURES and len(file.content) <= PICTURE:
        try:
            return _accepted(_post_file(api, 'sendPhoto', 'photo', form, file))
        except PermanentError as error:
            if error.reason != 'file_type':
                raise
    return _accepted(_post_file(api, 'sendDocument', 'document', form, file))


def _field(value: JSON) -> str:
    """In a form, what is not a text or a number is JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _post_file(api: Api, method: str, name: str, form: dict[str, Any], file: OutgoingFile) -> Answer:
    part = (file.filename, file.content, file.mimetype)
    return api.post(method, data=form, files={name: part}, timeout=UPLOAD_TIMEOUT)


def _accepted(answer: Answer) -> Answer:
    """An answer that says that the message is there; else what it means is raised.

    OutcomeUnknown for whatever is not Telegram's own word: there is no key by which it could see a repeat.
    """
    error = meaning(answer)
    if error is None:
        return answer
    if answer.status >= 500 or answer.status < 300 or error.code.startswith('5'):
        raise OutcomeUnknown(code=error.code, http_status=answer.status)
    raise _of_sending(error)


def _of_sending(error: SocialMediaError) -> SocialMediaError:
    """Some words mean something else of what we send than of what we fetch."""
    if error.reason == 'media_too_big':
        return PermanentError('file_too_big', code=error.code, http_status=error.http_status)
    if error.reason == 'not_cached':
        return PermanentError('permanent', code=error.code, http_status=error.http_status)
    return error


def _sent(outgoing: Outgoing, answer: Answer) -> Sent:
    """An accepted message without a number (seen) is sent all the same: never again."""
    message = mapping(decoded(answer).get('result'))
    number = ident(message.get('message_id'))
    return Sent(f'{outgoing.recipient}:{number}' if number else '', moment(message.get('date')))


def find_sent(outgoing: Outgoing) -> NoReturn:
    """Telegram tells no bot what it has sent: never « not there ».

    TemporaryError while the lost call may still be carried out, and the echo of a business account may come;
    then PermanentError('perhaps_sent'): the agent is asked. Sending again could say it twice.
    """
    parts.settle(outgoing)
    raise PermanentError('perhaps_sent')

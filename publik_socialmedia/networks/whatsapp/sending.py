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

"""What is sent to WhatsApp: as few messages as possible, each of them costs; then the body of each call.

https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from publik_socialmedia.errors import PermanentError
from publik_socialmedia.networks import outgoing as parts
from publik_socialmedia.networks.base import JSON, Account, Capabilities, Outgoing, OutgoingFile
from publik_socialmedia.networks.whatsapp.people import is_bsuid, is_number
from publik_socialmedia.text import clean, length

MEGABYTE = 1_000_000
TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
KEY_LIMIT = 512
TEMPLATE_LIMIT = 1024  # of the whole text of a template, once the answer is in it

# Types that the API takes, and no others.
# /documentation/business-messaging/whatsapp/business-phone-numbers/media
FILES: Mapping[str, int] = {
    **dict.fromkeys(('image/jpeg', 'image/png'), 5 * MEGABYTE),
    **dict.fromkeys(
        ('audio/aac', 'audio/amr', 'audio/mp4', 'audio/mpeg', 'audio/ogg', 'video/3gpp', 'video/mp4'),
        16 * MEGABYTE,
    ),
    **dict.fromkeys(
        (
            'application/pdf',
            'application/msword',
            'application/vnd.ms-excel',
            'application/vnd.ms-powerpoint',
            'application/vnd.openxmlformats-officedocument.presentationml.presentation',
            'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
            'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
            'text/*',
        ),
        100 * MEGABYTE,
    ),
}


def split(
    capabilities: Capabilities, account: Account, outgoing: Outgoing, files: Sequence[OutgoingFile]
) -> list[Outgoing]:
    """The text, then the files; the end of the text is the caption of the first file if it can be."""
    if outgoing.template:
        return [_in_template(account, outgoing, files)]
    alone = parts.split(replace(capabilities, files_per_message=0), outgoing, files)
    texts = [part.text for part in alone if part.file is None]
    short = bool(texts) and length(texts[-1], capabilities.text_unit) <= CAPTION_LIMIT
    together = short and bool(files) and takes_caption(files[0])
    return parts.messages(outgoing, texts, files, together=together)


def _in_template(account: Account, outgoing: Outgoing, files: Sequence[OutgoingFile]) -> Outgoing:
    """The one message of an approved template; checked now, while the agent is there.

    PermanentError: 'no_template', 'template_file', 'empty', 'too_long'.
    """
    if not template_name(account):
        raise PermanentError('no_template')
    if files:
        raise PermanentError('template_file')
    words = parameter(outgoing.text)
    if not words:
        raise PermanentError('empty')
    room = account.facts.get('template_room')
    room = room if isinstance(room, int) and 0 < room < TEMPLATE_LIMIT else TEMPLATE_LIMIT
    if length(words, 'utf16') > room:
        raise PermanentError('too_long', detail=f'the template has room for {room}')
    return replace(outgoing, text=words, file=None)


def template_name(account: Account) -> str:
    return account.credentials.get('template_name', '').strip()


def template_language(account: Account) -> str:
    return account.credentials.get('template_language', '').strip() or 'fr'


def parameter(text: str) -> str:
    """The text as a template takes it: no new line, no tab, never more than four spaces in a row.

    /documentation/business-messaging/whatsapp/support/error-codes, 132018 and 132012
    """
    lines = [' '.join(line.split()) for line in clean(text).splitlines()]
    return ' — '.join(filter(None, lines))


def takes_caption(file: OutgoingFile) -> bool:
    return kind_of(file) in ('image', 'video', 'document')


def kind_of(file: OutgoingFile) -> str:
    family = file.mimetype.partition('/')[0]
    return family if family in ('image', 'audio', 'video') else 'document'


def upload_type(file: OutgoingFile) -> str:
    """The type under which a file is uploaded: of texts, only « plain » is taken."""
    return 'text/plain' if file.mimetype.startswith('text/') else file.mimetype


def recipient(outgoing: Outgoing) -> dict[str, JSON]:
    """To whom: the last number known of that person, else their last business-scoped id.

    The last, because a person who changes number keeps the former one among their identifiers. With « + »:
    without it the country code of our own number is put before.
    """
    known = [outgoing.recipient, *outgoing.recipient_aliases]
    numbers = [user for user in known if is_number(user)]
    if numbers:
        return {'to': f'+{numbers[-1]}'}
    scoped = [user for user in known if is_bsuid(user)]
    return {'recipient': scoped[-1]} if scoped else {'to': outgoing.recipient}


def body(account: Account, outgoing: Outgoing, media_id: str = '') -> dict[str, JSON]:
    """The message. ``biz_opaque_callback_data`` comes back in the statuses: by it a lost answer is found."""
    return {
        'messaging_product': 'whatsapp',
        'recipient_type': 'individual',
        **recipient(outgoing),
        'biz_opaque_callback_data': outgoing.key[:KEY_LIMIT],
        **_content(account, outgoing, media_id),
    }


def _content(account: Account, outgoing: Outgoing, media_id: str) -> dict[str, JSON]:
    if outgoing.template:
        return {'type': 'template', 'template': _template(account, outgoing)}
    if outgoing.file is None:
        return {'type': 'text', 'text': {'body': outgoing.text, 'preview_url': False}}
    kind = kind_of(outgoing.file)
    media: dict[str, JSON] = {'id': media_id}
    if outgoing.text:
        media['caption'] = outgoing.text
    if kind == 'document':
        media['filename'] = outgoing.file.filename
    return {'type': kind, kind: media}


def _template(account: Account, outgoing: Outgoing) -> dict[str, JSON]:
    words = {'type': 'text', 'text': parameter(outgoing.text)}
    return {
        'name': template_name(account),
        'language': {'code': template_language(account)},
        'components': [{'type': 'body', 'parameters': [words]}],
    }

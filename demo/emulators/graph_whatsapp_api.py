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

"""The calls of the Cloud API: send, upload, files, number, templates; and what they refuse."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from demo.emulators.graph_access import GraphError, read_fields, require, select, token_of, unknown_object
from demo.emulators.graph_api import GraphApi
from demo.emulators.graph_state import Media, Token, now
from demo.emulators.graph_webhooks import Webhooks
from demo.emulators.graph_whatsapp_state import Message, NumberWorld, Person, Template, digest
from demo.emulators.graph_whatsapp_webhooks import NumberNotifier
from demo.emulators.server import Call, Reply

WINDOW = timedelta(hours=24)
TEXT_LIMIT, CAPTION_LIMIT, KEY_LIMIT = 4096, 1024, 512
MEGABYTE = 1_000_000
MEDIA_KINDS = ('image', 'video', 'audio', 'document', 'sticker')
# type of the upload → largest size
UPLOADS = {
    **dict.fromkeys(('image/jpeg', 'image/png'), 5 * MEGABYTE),
    **dict.fromkeys(
        (
            'audio/aac',
            'audio/amr',
            'audio/mp4',
            'audio/mpeg',
            'audio/ogg',
            'audio/opus',
            'video/mp4',
            'video/3gpp',
        ),
        16 * MEGABYTE,
    ),
    **dict.fromkeys(
        (
            'text/plain',
            'application/pdf',
            'application/msword',
            'application/vnd.ms-excel',
            'application/vnd.ms-powerpoint',
            'application/vnd.openxmlformats-officedocument.presentationml.presentation',
            'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
            'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
        ),
        100 * MEGABYTE,
    ),
    'image/webp': 500_000,
}


def refusal(code: int, details: str, *, status: int = 400) -> GraphError:
    data = {'messaging_product': 'whatsapp', 'details': details}
    return GraphError(code, 0, f'(#{code}) {details}', status=status, error_data=data)


class NumberApi(GraphApi):
    """``receipts``: states told after each send. ``later``: code of an error told by a status, instead of the
    others, for the next messages."""

    world: NumberWorld

    def __init__(self, world: NumberWorld, notifier: NumberNotifier, webhooks: Webhooks) -> None:
        super().__init__(world, None, webhooks)  # type: ignore[arg-type]
        self.notifier = notifier
        self.receipts: tuple[str, ...] = ('sent', 'delivered')
        self.later: list[int] = []
        number = world.number_of_ours
        self._routes = [
            ('GET', r'debug_token', self._debug_token),
            ('GET|POST', rf'({world.app.id})/subscriptions', self._subscriptions),
            ('POST', rf'{number.id}/messages', self._messages),
            ('POST', rf'{number.id}/media', self._upload),
            ('GET', rf'{number.id}', self._number),
            ('GET', rf'{number.waba_id}/phone_numbers', self._numbers),
            ('GET', rf'{number.waba_id}/message_templates', self._templates),
            ('GET|POST|DELETE', rf'{number.waba_id}/subscribed_apps', self._apps),
            ('GET', r'(\d{16})', self._media_link),
            ('GET|POST', r'(\d+)(?:/\w+)?', self._unknown),
        ]

    def _allowed(self, call: Call, scope: str) -> Token:
        token = self._token(call)
        require(token, scope)
        return token

    def _unknown(self, call: Call, name: str) -> Reply:
        self._token(call)
        raise unknown_object(name)

    # -- the number and its account

    def _number(self, call: Call) -> Reply:
        self._allowed(call, 'whatsapp_business_management')
        facts = self.world.number_of_ours.facts()
        return Reply(200, select(facts, read_fields(call.text('fields')), ('display_phone_number',)))

    def _numbers(self, call: Call) -> Reply:
        self._allowed(call, 'whatsapp_business_management')
        fields = read_fields(call.text('fields'))
        return Reply(200, {'data': [select(self.world.number_of_ours.facts(), fields, ('verified_name',))]})

    def _templates(self, call: Call) -> Reply:
        self._allowed(call, 'whatsapp_business_management')
        found = [one.facts() for one in self.world.templates if call.text('name') in one.name]
        return Reply(200, {'data': found})

    def _apps(self, call: Call) -> Reply:
        token = self._allowed(call, 'whatsapp_business_management')
        apps = self.world.subscribed
        if call.method == 'GET':
            name = self.world.app.name
            return Reply(
                200,
                {'data': [{'whatsapp_business_api_data': {'id': one, 'name': name}} for one in sorted(apps)]},
            )
        apps.add(token.app_id) if call.method == 'POST' else apps.discard(token.app_id)
        return Reply(200, {'success': True})

    # -- files

    def _upload(self, call: Call) -> Reply:
        self._allowed(call, 'whatsapp_business_messaging')
        kind, file = call.text('type'), call.files.get('file')
        if call.text('messaging_product') != 'whatsapp':
            raise refusal(100, 'The parameter messaging_product is required.')
        if file is None or kind not in UPLOADS or file.mimetype != kind:
            raise refusal(
                100, f'Param file must be a file with one of the following types: {", ".join(UPLOADS)}'
            )
        if len(file.content) > UPLOADS[kind]:
            raise refusal(131053, 'Media upload error: the file is too big')
        if kind == 'image/jpeg' and not file.content.startswith(b'\xff\xd8'):
            raise refusal(131053, 'Media upload error: the content is not of that type')
        media = Media(kind.partition('/')[0], file.content, kind, file.filename)
        return Reply(200, {'id': self.world.keep(media)})

    def _media_link(self, call: Call, media_id: str) -> Reply:
        self._allowed(call, 'whatsapp_business_messaging')
        media = self.world.files.get(media_id)
        if media is None or call.text('phone_number_id') not in ('', self.world.number_of_ours.id):
            raise unknown_object(media_id)
        facts = {
            'messaging_product': 'whatsapp',
            'url': self.world.link(media),
            'mime_type': media.mimetype,
            'sha256': digest(media),
            'file_size': str(len(media.content)),
            'id': media_id,
        }
        return Reply(200, facts)

    def _media(self, path: str, call: Call) -> Reply:
        """The media host: it wants our token too, and forgets an address after five minutes."""
        try:
            token_of(self.world, call)
        except GraphError:
            return Reply(401, b'', mimetype='text/plain')
        media = self.world.links.get(path)
        if media is None or media.expires_at < now():
            return Reply(404, b'', mimetype='text/plain')
        return Reply(200, media.content, mimetype=media.mimetype)

    # -- messages

    def _messages(self, call: Call) -> Reply:
        self._allowed(call, 'whatsapp_business_messaging')
        if call.text('messaging_product') != 'whatsapp':
            raise refusal(100, 'The parameter messaging_product is required.')
        if call.text('status') == 'read':
            return self._mark(call.text('message_id'))
        person = self._recipient(call)
        kind = call.text('type') or 'text'
        content = call.params.get(kind)
        if not isinstance(content, Mapping):
            raise refusal(131008, f'Parameter {kind} is missing')
        if len(call.text('biz_opaque_callback_data')) > KEY_LIMIT:
            raise refusal(131009, 'biz_opaque_callback_data is too long')
        text, media = self._content(kind, content)
        self._check(person, kind)
        message = self.world.say(
            person,
            kind,
            text,
            media,
            from_us=True,
            key=call.text('biz_opaque_callback_data'),
            template=str(content.get('name', '')) if kind == 'template' else '',
        )
        self._tell(message)
        told = {'input': call.text('to') or call.text('recipient'), 'user_id': person.user_id}
        if person.shows_number:
            told['wa_id'] = person.number
        return Reply(
            200, {'messaging_product': 'whatsapp', 'contacts': [told], 'messages': [{'id': message.id}]}
        )

    def _mark(self, message_id: str) -> Reply:
        if message_id not in self.world.said:
            raise refusal(131009, 'Parameter message_id is not valid')
        self.world.marked_read.append(message_id)
        return Reply(200, {'success': True})

    def _recipient(self, call: Call) -> Person:
        to, scoped = call.text('to'), call.text('recipient')
        if not (to or scoped):
            raise refusal(131008, 'Parameter to is missing')
        if to and not re.fullmatch(r'\+[0-9]{6,15}', to):
            # without « + », the country code of our own number would be put before
            raise refusal(131009, 'Parameter to is not valid')
        person = self.world.person(to or scoped)
        if person is None or not person.reachable:
            raise refusal(131026, 'Message undeliverable')
        if scoped and not to and scoped != person.user_id:
            raise refusal(131062, 'Business-scoped User ID recipients are not supported for this message')
        return person

    def _content(self, kind: str, content: Mapping[str, Any]) -> tuple[str, Media | None]:
        if kind == 'text':
            text = str(content.get('body', ''))
            if not text or len(text.encode('utf-16-le')) // 2 > TEXT_LIMIT:
                raise refusal(100, f'Param text[body] must be at most {TEXT_LIMIT} characters long')
            return text, None
        if kind == 'template':
            return self._filled(content), None
        if kind not in MEDIA_KINDS:
            raise refusal(131051, 'Message type is not supported')
        media = self.world.files.get(str(content.get('id', '')))
        caption = str(content.get('caption', ''))
        if media is None:
            raise refusal(131009, 'Parameter id is not a media')
        if len(caption) > CAPTION_LIMIT or (caption and kind in ('audio', 'sticker')):
            raise refusal(131009, 'Parameter caption is not valid')
        if kind == 'document' and not content.get('filename'):
            raise refusal(131009, 'Parameter filename is missing')
        if kind != 'document' and media.mimetype.partition('/')[0] != kind:
            raise refusal(131053, 'Media upload error: the type of the file is another')
        return caption, media

    def _filled(self, content: Mapping[str, Any]) -> str:
        """What the person reads: the template with its parameters."""
        language = (content.get('language') or {}).get('code')
        template = self._template(str(content.get('name', '')), str(language))
        body = [part for part in content.get('components', []) if part.get('type') == 'body']
        values = [str(one.get('text', '')) for part in body for one in part.get('parameters', [])]
        if len(values) != template.text.count('{{'):
            raise refusal(132000, 'Number of parameters does not match the expected number of params')
        if any(re.search(r'[\n\t]| {5,}', value) for value in values):
            raise refusal(132018, 'Param text cannot have new-line/tab characters or more than 4 spaces')
        text = template.text
        for rank, value in enumerate(values, 1):
            text = text.replace(f'{{{{{rank}}}}}', value)
        if len(text) > CAPTION_LIMIT:
            raise refusal(132005, 'Translated text too long')
        return text

    def _template(self, name: str, language: str) -> Template:
        for one in self.world.templates:
            if (one.name, one.language) == (name, language):
                if one.status == 'APPROVED':
                    return one
                raise refusal({'PAUSED': 132015, 'DISABLED': 132016}.get(one.status, 132001), one.status)
        raise refusal(132001, 'Template name does not exist in the translation')

    def _check(self, person: Person, kind: str) -> None:
        if self.world.number_of_ours.status == 'PENDING':
            raise refusal(133010, 'Phone number not registered on the WhatsApp Business Platform.')
        age = now() - person.last_message_at if person.last_message_at else WINDOW
        if kind != 'template' and age >= WINDOW:
            details = 'More than 24 hours have passed since the recipient last replied to the sender number.'
            raise refusal(131047, details)
        if not person.take():
            details = 'Too many messages sent to the same recipient in a short period of time.'
            raise refusal(131056, details)

    def _tell(self, message: Message) -> None:
        if self.later:
            self.notifier.status(message, 'failed', code=self.later.pop(0))
            return
        for status in self.receipts:
            self.notifier.status(message, status)

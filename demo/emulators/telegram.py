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

"""A strict stand-in of Telegram's Bot API: what it refuses, with its own words, and how it forgets.

with TelegramEmulator() as telegram:
    jeanne = telegram.state.person('Jeanne')
    telegram.state.write(jeanne, 'Bonjour')
    telegram.fail('cut_after', 'sendMessage')
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

from demo.emulators.server import Call, EmulatorServer, Reply
from demo.emulators.telegram_state import Message, Person, State, Webhook, now, seconds
from demo.emulators.telegram_webhook import Deliverer

TEXT, CAPTION = 4096, 1024
PHOTO, DOCUMENT, DOWNLOAD = 10_000_000, 50_000_000, 20_000_000
DAY = 24 * 3600
PORTS = (443, 80, 88, 8443)


class Refused(Exception):
    """The API says no: code, words after « Bad Request: » and the like, parameters."""

    def __init__(self, code: int, words: str, **parameters: Any) -> None:
        super().__init__(words)
        self.code, self.words, self.parameters = code, words, parameters

    def reply(self) -> Reply:
        prefix = {400: 'Bad Request', 403: 'Forbidden', 409: 'Conflict'}.get(self.code)
        description = f'{prefix}: {self.words}' if prefix else self.words
        body = {'ok': False, 'error_code': self.code, 'description': description}
        return Reply(self.code, body | ({'parameters': self.parameters} if self.parameters else {}))


class TelegramEmulator(EmulatorServer):
    """``state``: people and chats. Updates wait for ``getUpdates``, or are given to the webhook."""

    def __init__(self, port: int = 0, **state: Any) -> None:
        super().__init__(self.reply, port)
        self.state = State(**state)
        self.webhooks = Deliverer(self.state)

    def __enter__(self) -> TelegramEmulator:
        self.webhooks.start()
        super().__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        self.webhooks.stop()
        super().__exit__(*details)

    def limit_rate(self, pattern: str = '', wait: int = 7, times: int = 1) -> None:
        """Refuse the next calls as the API does when there are too many."""
        reply = Refused(429, f'Too Many Requests: retry after {wait}', retry_after=wait).reply()
        self.fail('answer', pattern, times=times, status=429, body=reply.body)

    # -- which answer

    def reply(self, call: Call) -> Reply:
        match = re.fullmatch(r'(/file)?/bot([^/]+)/(.+)', call.path)
        if not match:
            return Refused(404, 'Not Found').reply()
        if match[2] != self.state.token:
            return Refused(401, 'Unauthorized').reply()
        with self.state.lock:
            if match[1]:
                return self._file(match[3])
            found: Callable[[Call], Any] | None = getattr(self, f'call_{match[3].lower()}', None)
            if found is None:
                return Refused(404, 'Not Found').reply()
            try:
                return Reply(200, {'ok': True, 'result': found(call)})
            except Refused as refused:
                return refused.reply()

    def _file(self, path: str) -> Reply:
        found = next((file for file in self.state.files.values() if file.path == path), None)
        if found is None:
            return Refused(404, 'Not Found').reply()
        return Reply(200, found.content, mimetype='application/octet-stream')

    # -- the bot, its updates

    def call_getme(self, call: Call) -> Any:
        abilities = {'can_join_groups': self.state.can_join_groups, 'can_read_all_group_messages': False}
        return {**self.state.bot(), **abilities, 'can_connect_to_business': True}

    def call_getupdates(self, call: Call) -> Any:
        if self.state.webhook:
            words = (
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook"
            )
            raise Refused(409, f'{words} first')
        offset, limit = int(call.text('offset') or 0), int(call.text('limit') or 100)
        self._allow(call)
        if offset < 0:
            del self.state.updates[:offset]
        # what is before the offset is confirmed: forgotten
        self.state.updates[:] = [update for update in self.state.updates if update['update_id'] >= offset]
        return self.state.updates[: min(limit, 100)]

    def _allow(self, call: Call) -> None:
        asked = _object(call, 'allowed_updates')
        if isinstance(asked, list):
            self.state.allowed = tuple(asked)

    def call_setwebhook(self, call: Call) -> Any:
        url, secret = urlsplit(call.text('url')), call.text('secret_token')
        if not Webhook(call.text('url')).is_here and (
            url.scheme != 'https' or (url.port or 443) not in PORTS
        ):
            raise Refused(400, 'bad webhook: An HTTPS URL must be provided for webhook')
        if not re.fullmatch(r'[A-Za-z0-9_-]{0,256}', secret):
            raise Refused(400, 'secret token contains unallowed characters')
        self._allow(call)
        if call.text('drop_pending_updates').lower() == 'true':
            self.state.updates.clear()
        self.state.webhook = Webhook(call.text('url'), secret, self.state.allowed)
        self.webhooks.wake()
        return True

    def call_deletewebhook(self, call: Call) -> Any:
        self.state.webhook = None
        return True

    def call_getwebhookinfo(self, call: Call) -> Any:
        webhook = self.state.webhook
        found: dict[str, Any] = {'url': '', 'has_custom_certificate': False}
        found['pending_update_count'] = len(self.state.updates)
        if webhook is None:
            return found
        found |= {'url': webhook.url, 'max_connections': webhook.connections}
        if webhook.allowed:
            found['allowed_updates'] = list(webhook.allowed)
        if webhook.last_error_at:
            found['last_error_date'] = seconds(webhook.last_error_at)
            found['last_error_message'] = webhook.last_error
        return found

    def call_getfile(self, call: Call) -> Any:
        file = self.state.files.get(call.text('file_id'))
        if file is None:
            raise Refused(400, 'wrong file_id or the file is temporarily unavailable')
        if file.size > DOWNLOAD:
            raise Refused(400, 'file is too big')
        about = {'file_id': file.id, 'file_unique_id': file.id[-6:], 'file_size': file.size}
        return {**about, 'file_path': file.path}

    # -- sending

    def call_sendmessage(self, call: Call) -> Any:
        text = call.text('text').strip()
        if not text:
            raise Refused(400, 'message text is empty')
        if utf16(text) > TEXT:
            raise Refused(400, 'message is too long')
        return self._post(call, text)

    def call_sendphoto(self, call: Call) -> Any:
        part = call.files.get('photo')
        if part is None or len(part.content) > PHOTO:
            raise Refused(400, 'there is no photo in the request' if part is None else 'file is too big')
        try:
            with Image.open(io.BytesIO(part.content)) as image:
                width, height = image.size
        except OSError:
            raise Refused(400, 'IMAGE_PROCESS_FAILED') from None
        if width + height > 10_000 or max(width, height) > 20 * min(width, height):
            raise Refused(400, 'PHOTO_INVALID_DIMENSIONS')
        return self._post_file(call, 'photo')

    def call_senddocument(self, call: Call) -> Any:
        return self._post_file(call, 'document')

    def _post_file(self, call: Call, name: str) -> Any:
        part, caption = call.files.get(name), call.text('caption').strip()
        if part is None or not part.content:
            raise Refused(
                400, 'there is no document in the request' if part is None else 'file must be non-empty'
            )
        if len(part.content) > DOCUMENT:
            raise Refused(413, 'Request Entity Too Large')
        if utf16(caption) > CAPTION:
            raise Refused(400, 'message caption is too long')
        return self._post(call, caption, (part.content, part.mimetype, part.filename))

    def _post(self, call: Call, text: str, file: tuple[bytes, str, str] | None = None) -> Any:
        if call.text('parse_mode') and re.search(r'[<>&_*`\[]', text):
            raise Refused(400, "can't parse entities: unsupported start tag")
        person, connection = self._recipient(call), call.text('business_connection_id')
        if connection:
            self._check_business(person, connection)
        elif person.blocked:
            raise Refused(403, 'bot was blocked by the user')
        elif not person.started:
            raise Refused(403, "bot can't initiate conversation with a user")
        answered = self._answered(call, person)
        stored = self.state.upload(*file) if file else None
        message = self.state.keep(person, 'bot', text, stored, connection)
        message.reply_to = answered.number if answered else 0
        shown = self.state.shown(message)
        if answered:
            shown['reply_to_message'] = self.state.shown(answered)
        if connection:  # a business account has its own messages back
            self.state.happens('business_message', shown)
        return shown

    def _recipient(self, call: Call) -> Person:
        found = re.fullmatch(r'-?\d+', call.text('chat_id'))
        if not found:
            raise Refused(400, 'chat_id is empty' if not call.text('chat_id') else 'chat not found')
        person = self.state.people.get(int(found[0]))
        if person is None:
            raise Refused(400, 'chat not found')
        return person

    def _check_business(self, person: Person, connection: str) -> None:
        known = self.state.connections.get(connection)
        if known is None or not known.enabled:
            raise Refused(400, 'BUSINESS_CONNECTION_INVALID')
        if not known.can_reply:
            raise Refused(400, 'BUSINESS_CONNECTION_NOT_ALLOWED')
        theirs = [m.at for m in self.state.messages.values() if m.person is person and m.by == 'citizen']
        if not theirs or (now() - max(theirs)).total_seconds() > DAY:
            raise Refused(400, 'BUSINESS_PEER_USAGE_MISSING')

    def _answered(self, call: Call, person: Person) -> Message | None:
        wanted = _object(call, 'reply_parameters')
        if not isinstance(wanted, Mapping):
            return None
        found = self.state.messages.get(f'{person.id}:{wanted.get("message_id")}')
        if found is None and not wanted.get('allow_sending_without_reply'):
            raise Refused(400, 'message to be replied not found')
        return found


def _object(call: Call, name: str) -> Any:
    """A parameter that is an object: in JSON, or as JSON in a field of a form or of the query."""
    value = call.params.get(name)
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            raise Refused(400, f"can't parse {name} JSON object") from None
    return value


def utf16(text: str) -> int:
    return len(text.encode('utf-16-le', 'surrogatepass')) // 2

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

"""An emulator of WhatsApp's Cloud API, for the tests and the demonstration.

    with WhatsAppEmulator(callback_url='http://127.0.0.1:8000/…') as whatsapp:
        camille = whatsapp.add_person('Camille Martin')
        whatsapp.citizen_writes(camille, 'Bonjour')

It refuses what the real API is documented to refuse, and sends signed webhooks. ``fail`` plans breakdowns.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Self

from demo.emulators.graph import APP_ID, APP_SECRET, BUSY, VERIFY_TOKEN
from demo.emulators.graph_state import App, Media, now
from demo.emulators.graph_webhooks import Webhooks, write
from demo.emulators.graph_whatsapp_api import NumberApi
from demo.emulators.graph_whatsapp_state import Message, Number, NumberWorld, Person, Template
from demo.emulators.graph_whatsapp_webhooks import NumberNotifier, seconds
from demo.emulators.server import EmulatorServer

PHONE_ID, WABA_ID, TOKEN = '106540000000001', '102290000000001', 'EAAemulatedSystemUserToken'
DIGITS, NAME = '33199000000', 'Ville de Villexemple'
FIELDS = (
    'messages',
    'smb_message_echoes',
    'history',
    'account_update',
    'message_template_status_update',
    'calls',
)
TEMPLATE = 'reponse_mairie'


class WhatsAppEmulator(EmulatorServer):
    """One application, and one number."""

    def __init__(self, port: int = 0, *, callback_url: str = '') -> None:
        self.app = App(APP_ID, APP_SECRET, VERIFY_TOKEN, callback_url=callback_url, fields=FIELDS)
        self.app.object = 'whatsapp_business_account'
        self.number = Number(PHONE_ID, DIGITS, WABA_ID, NAME)
        self.world = NumberWorld(self.app, self.number, TOKEN)
        self.world.templates.append(Template(TEMPLATE))
        self.token = self.world.tokens[TOKEN]
        self.webhooks = Webhooks(self.app)
        self.notifier = NumberNotifier(self.world, self.webhooks)
        self.api = NumberApi(self.world, self.notifier, self.webhooks)
        super().__init__(self.api.answer, port)

    def __enter__(self) -> Self:
        self.webhooks.start()
        return super().__enter__()

    def __exit__(self, *details: object) -> None:
        self.webhooks.stop()
        super().__exit__(*details)

    # -- setting the scene

    def add_person(self, name: str, number: str = '', *, shows_number: bool = True) -> Person:
        return self.world.somebody(name, number, shows_number=shows_number)

    def age(self, person: Person, by: timedelta) -> None:
        """Make the last message of that person older."""
        assert person.last_message_at is not None
        person.last_message_at -= by

    def limit_rate(self, pattern: str = '', *, minutes: int = 19, code: int = 80007, times: int = 1) -> None:
        """Refuse the next calls as Meta does when a limit of the account is reached, with its headers."""
        headers = {}
        if minutes:
            busy = {**BUSY, 'type': 'whatsapp', 'estimated_time_to_regain_access': minutes}
            headers['X-Business-Use-Case-Usage'] = write({self.number.waba_id: [busy]}).decode()
        error = {'message': f'(#{code}) Rate limit hit', 'type': 'OAuthException', 'code': code}
        self.fail('answer', pattern, times=times, status=400, body={'error': error}, headers=headers)

    def said_to(self, person: Person) -> list[Message]:
        """What that person has from us, oldest first."""
        return [message for message in self.world.between(person) if message.from_us and not message.native]

    # -- what citizens do

    def citizen_writes(self, person: Person, text: str = '', media: Media | None = None, **more: Any) -> str:
        """A message, of one file at most; its id. ``more``: other keys (context, referral…)."""
        with self.world.lock:
            if media is not None:
                self.world.keep(media)
            kind = media.kind if media else 'text'
            kind = kind if kind in ('text', 'image', 'audio', 'video', 'sticker') else 'document'
            message = self.world.say(person, kind, text, media, from_us=False)
            self.notifier.message(message, **more)
            return message.id

    def citizen_sends(self, person: Person, kind: str, content: Any) -> str:
        """A message of another type (location, contacts, interactive…), as the webhook has it; its id."""
        with self.world.lock:
            message = self.world.say(person, kind, '', from_us=False)
            item = {'id': message.id, 'timestamp': seconds(message.at), 'type': kind, kind: content}
            self.notifier.value('messages', [person], messages=[{**self.notifier.side(person), **item}])
            return message.id

    def citizen_reacts(self, message_id: str, emoji: str = '❤️') -> None:
        """Without emoji: the reaction is taken away."""
        content = {'message_id': message_id, 'emoji': emoji} if emoji else {'message_id': message_id}
        self.notifier.about(self.world.said[message_id].person, 'reaction', content)

    def citizen_edits(self, message_id: str, text: str) -> None:
        message = self.world.said[message_id]
        message.text = text
        new = {'type': 'text', 'text': {'body': text}, 'context': {'id': 'M0'}}
        content = {'original_message_id': message_id, 'message': new}
        self.notifier.about(message.person, 'edit', content, native=message.native)

    def citizen_revokes(self, message_id: str) -> None:
        message = self.world.said[message_id]
        message.withdrawn, message.text = True, ''
        self.notifier.about(
            message.person, 'revoke', {'original_message_id': message_id}, native=message.native
        )

    def citizen_changes_number(self, person: Person, number: str) -> None:
        body = f'User {person.name} changed from {person.number} to {number}'
        self.notifier.about(person, 'system', {'body': body, 'wa_id': number, 'type': 'user_changed_number'})
        person.number = number

    def citizen_calls(self, person: Person) -> None:
        call = {'id': f'wacid.{self.world.number()}', 'event': 'connect', 'direction': 'USER_INITIATED'}
        call |= {'timestamp': seconds(now()), 'to': self.number.digits}
        self.notifier.value('calls', [person], calls=[{**self.notifier.side(person), **call}])

    def citizen_has(self, message_id: str, status: str = 'read', *, code: int = 0) -> None:
        """Another state of a message of ours; ``code``: of its failure."""
        self.notifier.status(self.world.said[message_id], status, code=code)

    # -- what happens elsewhere

    def telephone_writes(self, person: Person, text: str) -> str:
        """A colleague answers in the application of the telephone (coexistence)."""
        with self.world.lock:
            message = self.world.say(person, 'text', text, from_us=True, native=True)
            self.notifier.message(message)
            return message.id

    def telephone_history(self, person: Person, texts: list[str]) -> None:
        """The past of the telephone, once it is connected: citizen and town in turn."""
        messages = []
        for rank, text in enumerate(texts):
            at = now() - timedelta(days=30) + timedelta(minutes=rank)
            messages.append(
                {
                    'from': self.number.digits if rank % 2 else person.number,
                    'id': f'wamid.HBgL{self.world.number():06d}past',
                    'timestamp': seconds(at),
                    'type': 'text',
                    'text': {'body': text},
                    'history_context': {'status': 'READ'},
                }
            )
        thread = {'id': person.number, 'messages': messages}
        chunk = {'metadata': {'phase': 1, 'chunk_order': 1, 'progress': 100}, 'threads': [thread]}
        self.notifier.value('history', [], history=[chunk])

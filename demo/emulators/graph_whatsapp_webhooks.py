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

"""What the emulator of WhatsApp tells our webhook, of the fields to which the application subscribed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from demo.emulators.graph_state import now
from demo.emulators.graph_webhooks import Webhooks
from demo.emulators.graph_whatsapp_state import Message, NumberWorld, Person, digest

TITLES = {
    131026: 'Message undeliverable',
    131042: 'Business eligibility payment issue',
    131047: 'Re-engagement message',
}


class NumberNotifier:
    """``scoped``: whether people have business-scoped ids, as since March 2026."""

    def __init__(self, world: NumberWorld, webhooks: Webhooks) -> None:
        self.world = world
        self.webhooks = webhooks
        self.scoped = True

    def value(self, field: str, people: list[Person], **lists: Any) -> None:
        """One change, if the application wants that field and the account calls it."""
        world = self.world
        if field not in world.app.fields or world.app.id not in world.subscribed:
            return
        number = world.number_of_ours
        metadata = {'display_phone_number': number.digits, 'phone_number_id': number.id}
        value: dict[str, Any] = {'messaging_product': 'whatsapp', 'metadata': metadata}
        if people:
            value['contacts'] = [self._card(person) for person in people]
        self.webhooks.notify(
            {'id': number.waba_id, 'changes': [{'value': {**value, **lists}, 'field': field}]}
        )

    def account(self, field: str, **value: Any) -> None:
        """A change about the account, which names no number."""
        if field in self.world.app.fields:
            entry = {'id': self.world.number_of_ours.waba_id, 'time': int(now().timestamp())}
            self.webhooks.notify({**entry, 'changes': [{'value': value, 'field': field}]})

    def message(self, message: Message, **more: Any) -> None:
        """What a citizen wrote, or (``native``) what we wrote on the telephone."""
        content = {'id': message.id, 'timestamp': seconds(message.at), **self._content(message), **more}
        if message.native:
            person = message.person
            echo = {'from': self.world.number_of_ours.digits, 'to': person.id, **content}
            self.value('smb_message_echoes', [person], message_echoes=[echo])
        else:
            self.value('messages', [message.person], messages=[{**self.side(message.person), **content}])

    def about(self, person: Person, kind: str, content: dict[str, Any], *, native: bool = False) -> None:
        """Something that a person, or we on the telephone, did: reaction, edit, revocation…"""
        item = {
            'id': f'wamid.HBgL{self.world.number():06d}',
            'timestamp': seconds(now()),
            'type': kind,
            kind: content,
        }
        if native:
            echo = {'from': self.world.number_of_ours.digits, 'to': person.id, **item}
            self.value('smb_message_echoes', [person], message_echoes=[echo])
        else:
            people = [] if kind == 'system' else [person]
            self.value('messages', people, messages=[{**self.side(person), **item}])

    def status(self, message: Message, status: str, *, code: int = 0) -> None:
        told: dict[str, Any] = {'id': message.id, 'status': status, 'timestamp': seconds(now())}
        if message.person.shows_number:
            told['recipient_id'] = message.person.number
        if self.scoped:
            told['recipient_user_id'] = message.person.user_id
        if message.key:
            told['biz_opaque_callback_data'] = message.key
        if code:
            title = TITLES.get(code, 'Something went wrong')
            told['errors'] = [{'code': code, 'title': title, 'message': title}]
        else:
            category = 'utility' if message.template else 'service'
            told['pricing'] = {
                'billable': True,
                'pricing_model': 'PMP',
                'type': 'regular',
                'category': category,
            }
        self.value('messages', [message.person], statuses=[told])

    def side(self, person: Person) -> dict[str, str]:
        found = {'from': person.number} if person.shows_number else {}
        return {**found, 'from_user_id': person.user_id} if self.scoped else found

    def _card(self, person: Person) -> dict[str, Any]:
        card: dict[str, Any] = {'profile': {'name': person.name}}
        if person.shows_number:
            card['wa_id'] = person.number
        return {**card, 'user_id': person.user_id} if self.scoped else card

    def _content(self, message: Message) -> dict[str, Any]:
        if message.media is None:
            return {'type': 'text', 'text': {'body': message.text}}
        media: dict[str, Any] = {
            'id': message.media.id,
            'mime_type': message.media.mimetype,
            'sha256': digest(message.media),
        }
        if message.text:
            media['caption'] = message.text
        if message.kind == 'document':
            media['filename'] = message.media.name
        return {'type': message.kind, message.kind: media}


def seconds(at: datetime) -> str:
    return str(int(at.timestamp()))

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

"""What the emulator of WhatsApp's Cloud API knows: a number, people, what was said, files, templates."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from demo.emulators.graph_state import App, Media, Token, World, now

SCOPES = ('whatsapp_business_messaging', 'whatsapp_business_management', 'business_management')
BURST, REFILL = 45, timedelta(seconds=6)  # messages to one person in a row; then one every six seconds
LINK_LIFE = timedelta(minutes=5)


@dataclass
class Person:
    """Somebody on WhatsApp. ``shows_number``: False for those who chose a user name.

    ``reachable``: False once they left WhatsApp. ``allowance``: messages that may be sent to them at once.
    """

    number: str
    user_id: str
    name: str
    shows_number: bool = True
    reachable: bool = True
    last_message_at: datetime | None = None
    allowance: float = BURST
    counted_at: datetime = field(default_factory=now)

    @property
    def id(self) -> str:
        """How webhooks call them first."""
        return self.number if self.shows_number else self.user_id

    def take(self) -> bool:
        """Use one of the messages that may be sent to them; False if none is left."""
        at = now()
        self.allowance = min(self.allowance + (at - self.counted_at) / REFILL, BURST)
        self.counted_at = at
        if self.allowance < 1:
            return False
        self.allowance -= 1
        return True


@dataclass
class Message:
    """``kind``: of the API. ``key``: ``biz_opaque_callback_data`` of what we sent. ``native``: typed on the
    telephone."""

    id: str
    person: Person
    from_us: bool
    kind: str
    text: str
    at: datetime
    media: Media | None = None
    key: str = ''
    native: bool = False
    template: str = ''
    withdrawn: bool = False


@dataclass
class Template:
    """``components``: as the API lists them."""

    name: str
    language: str = 'fr'
    status: str = 'APPROVED'
    text: str = 'Bonjour, voici la réponse de votre mairie : {{1}} Vous pouvez répondre ici.'
    category: str = 'UTILITY'
    others: tuple[dict[str, Any], ...] = ()

    def facts(self) -> dict[str, Any]:
        components = [*self.others, {'type': 'BODY', 'text': self.text}]
        return {
            'id': str(abs(hash(self.name)) % 10**15),
            'name': self.name,
            'language': self.language,
            'status': self.status,
            'category': self.category,
            'components': components,
        }


@dataclass
class Number:
    """Our number. ``id``: of the API, not the number; ``digits``: the number."""

    id: str
    digits: str
    waba_id: str
    name: str
    status: str = 'CONNECTED'
    name_status: str = 'APPROVED'
    quality: str = 'GREEN'
    platform: str = 'CLOUD_API'

    @property
    def shown(self) -> str:
        pairs = [self.digits[rank : rank + 2] for rank in range(3, len(self.digits), 2)]
        return f'+{self.digits[:2]} {self.digits[2]} {" ".join(pairs)}'

    def facts(self) -> dict[str, Any]:
        return {
            'id': self.id,
            'display_phone_number': self.shown,
            'verified_name': self.name,
            'quality_rating': self.quality,
            'name_status': self.name_status,
            'status': self.status,
            'platform_type': self.platform,
        }


class NumberWorld(World):
    """Everything, under one lock. ``subscribed``: ids of the applications that the WABA calls."""

    def __init__(self, app: App, number: Number, token: str) -> None:
        super().__init__(app)
        self.number_of_ours = number
        self.people: list[Person] = []
        self.said: dict[str, Message] = {}
        self.files: dict[str, Media] = {}  # by id: sent by citizens, or uploaded by us
        self.links: dict[str, Media] = {}  # by path on the media host
        self.templates: list[Template] = []
        self.marked_read: list[str] = []
        self.subscribed: set[str] = {app.id}
        self.tokens[token] = Token(token, number.id, app.id, kind='SYSTEM_USER', scopes=SCOPES)

    def somebody(self, name: str, number: str = '', *, shows_number: bool = True) -> Person:
        number = number or f'3363998{secrets.randbelow(10**4):04d}'
        user_id = f'FR.{10**19 + secrets.randbelow(10**18)}'
        self.people.append(Person(number, user_id, name, shows_number))
        return self.people[-1]

    def person(self, user: str) -> Person | None:
        """By number, with or without +, or by business-scoped id."""
        wanted = user.removeprefix('+')
        return next((one for one in self.people if wanted in (one.number, one.user_id)), None)

    def say(self, person: Person, kind: str, text: str, media: Media | None = None, **facts: Any) -> Message:
        name = secrets.token_urlsafe(12)
        message = Message(
            f'wamid.HBgL{self.number():06d}{name}',
            person,
            kind=kind,
            text=text,
            at=now(),
            media=media,
            **facts,
        )
        self.said[message.id] = message
        if not message.from_us:
            person.last_message_at = message.at
        return message

    def between(self, person: Person) -> Iterable[Message]:
        return [message for message in self.said.values() if message.person is person]

    def keep(self, media: Media) -> str:
        """Give a file an id, by which it can be asked for."""
        media.id = str(1_002_000_000_000_000 + self.number())
        self.files[media.id] = media
        return media.id

    def link(self, media: Media) -> str:
        """A new address for a file, that lives five minutes."""
        media.host, media.path = 'lookaside.fbsbx.com', f'/whatsapp_business/attachments/{self.number()}'
        media.expires_at = now() + LINK_LIFE
        self.links[f'{media.host}{media.path}'] = media
        return (
            f'https://{media.host}{media.path}?mid={media.id}&ext={int(media.expires_at.timestamp())}&hash=AT'
        )


def digest(media: Media) -> str:
    return hashlib.sha256(media.content).hexdigest()

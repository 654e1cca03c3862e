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

"""What X knows, for its emulator: people, direct messages, media, tokens, webhooks, rates."""

from __future__ import annotations

import itertools
import re
import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

Item = dict[str, Any]

US = '1400000000000000001'
OTHER = '1400000000000000007'  # the account of a person of the town
SCOPES = ('tweet.read', 'users.read', 'dm.read', 'dm.write', 'media.write', 'offline.access')
LIFE = 7200  # seconds of an access token
WINDOW = 900  # seconds in which calls are counted
TEXT_LIMIT = 10_000
_LINK = re.compile(r'https?://[^\s<>]+')


@dataclass
class Person:
    id: str
    username: str
    name: str
    blocked: bool = False  # does not want our messages

    def shown(self) -> Item:
        return {'id': self.id, 'username': self.username, 'name': self.name, 'verified': False}


@dataclass
class Media:
    id: str
    mimetype: str
    content: bytes = field(repr=False, default=b'')
    category: str = ''
    size: int = 0  # announced
    state: str = 'succeeded'  # | 'pending' | 'in_progress' | 'failed'
    looks: int = 0  # before a film is processed
    ready: bool = True  # finalised

    @property
    def kind(self) -> str:
        if self.mimetype == 'image/gif':
            return 'animated_gif'
        return 'video' if self.mimetype.startswith('video/') else 'photo'

    @property
    def key(self) -> str:
        return f'{ {"photo": 3, "animated_gif": 16, "video": 13}[self.kind] }_{self.id}'


@dataclass
class Dm:
    """A direct message. ``written``: as X shows it, links shortened, signs escaped."""

    id: str
    sender: str
    recipient: str
    text: str
    written: str
    urls: list[Item]
    at: datetime
    media: Media | None = None

    @property
    def thread(self) -> str:
        return '-'.join(sorted((self.sender, self.recipient), key=int))

    def url(self) -> str:
        """Where its media is: private for a picture."""
        assert self.media is not None
        name = f'{self.media.id[-6:]}.{self.media.mimetype.partition("/")[2]}'
        if self.media.kind == 'photo':
            return f'https://ton.twitter.com/i/ton/data/dm/{self.id}/{self.media.id}/{name}'
        return f'https://video.twimg.com/dm_gif/{self.media.id}/{name}'


@dataclass
class Token:
    scopes: tuple[str, ...]
    ends: datetime
    person: str = US


class State:
    """All of it. ``lock``: of whoever reads or changes it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._ids = itertools.count(2_090_000_000_000_000_100, 20)
        self.people = {
            US: Person(US, 'VilleExemple', 'Ville d’Exemple'),
            OTHER: Person(OTHER, 'MarieEx', 'Marie Exemple'),
        }
        self.messages: list[Dm] = []
        self.media: dict[str, Media] = {}
        self.tokens: dict[str, Token] = {}
        self.refresh: dict[str, bool] = {}  # token → still good
        self.calls: dict[str, list[float]] = {}
        self.webhooks: list[Item] = []
        self.subscriptions: list[Item] = []

    def new_id(self) -> str:
        return str(next(self._ids))

    def add_person(self, name: str) -> str:
        number = str(1_500_000_000_000_000_000 + len(self.people))
        username = re.sub(r'\W', '', name.lower())[:12] + str(len(self.people))
        self.people[number] = Person(number, username, name)
        return number

    # -- messages

    def write(self, sender: str, recipient: str, text: str, media: Media | None = None) -> Dm:
        number = self.new_id()
        written, urls = self._shortened(text)
        if media is not None:
            link = self._short('https://x.com/messages/media/' + number)
            written, urls = f'{written} {link["url"]}'.strip(), [*urls, link]
        found = Dm(number, sender, recipient, text, written, urls, datetime.now(UTC), media)
        self.messages.append(found)
        return found

    def _shortened(self, text: str) -> tuple[str, list[Item]]:
        urls: list[Item] = []

        def short(found: re.Match[str]) -> str:
            urls.append(self._short(found[0]))
            return str(urls[-1]['url'])

        return escape(_LINK.sub(short, text), quote=False), urls

    def _short(self, url: str) -> Item:
        return {'url': f'https://t.co/{secrets.token_hex(5)}', 'expanded_url': url}

    def thread(self, person: str) -> list[Dm]:
        return [dm for dm in self.messages if person in (dm.sender, dm.recipient)]

    # -- tokens

    def grant(
        self, scopes: tuple[str, ...] = SCOPES, life: float = LIFE, person: str = US
    ) -> tuple[str, str]:
        """A new pair of tokens."""
        access, refresh = f'access-{secrets.token_hex(8)}', f'refresh-{secrets.token_hex(8)}'
        self.tokens[access] = Token(scopes, datetime.now(UTC) + timedelta(seconds=life), person)
        self.refresh[refresh] = True
        return access, refresh

    def revoke(self) -> None:
        self.tokens.clear()
        self.refresh = dict.fromkeys(self.refresh, False)

    # -- rates

    def count(self, route: str, limit: int) -> tuple[int, int]:
        """Count a call; calls left (-1: this one is too many), and when the window ends (epoch seconds)."""
        now = time.time()
        made = [at for at in self.calls.get(route, []) if at > now - WINDOW]
        left = limit - len(made) - 1
        if left >= 0:
            made.append(now)
        self.calls[route] = made
        return max(left, -1), int((made[0] if made else now) + WINDOW) + 1


def is_trusted_url(url: str, strict: bool) -> bool:
    """https, public, no port, 200 characters: what X calls."""
    if not strict:
        return url.startswith('http')
    return bool(re.fullmatch(r'https://[a-z0-9.-]+\.[a-z]+/[^\s?#]*', url)) and len(url) <= 200

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

"""What the emulator of the Graph API knows: applications, Pages, people, threads, messages."""

from __future__ import annotations

import io
import itertools
import secrets
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from PIL import Image

INBOX_APP_ID = '263902037430900'  # the Page's own inbox
SCOPES = (
    'pages_show_list',
    'pages_messaging',
    'pages_manage_metadata',
    'pages_read_engagement',
    'business_management',
)
LINK_LIFE = timedelta(days=3)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class App:
    """Our application. ``fields``: those of its webhook; ``require_proof``: « Require app secret »."""

    id: str
    secret: str
    verify_token: str
    name: str = 'Guichet Publik'
    callback_url: str = ''
    fields: tuple[str, ...] = ()
    require_proof: bool = False
    active: bool = True
    object: str = 'page'  # of its webhook


@dataclass
class Token:
    """``dead``: subcode of error 190 once it no longer works. ``kind``: PAGE, USER…"""

    value: str
    page_id: str
    app_id: str
    kind: str = 'PAGE'
    scopes: tuple[str, ...] = SCOPES
    expires_at: datetime | None = None
    dead: int = 0


@dataclass
class Media:
    """A file on the network's media host. ``kind``: image, audio, video, file."""

    kind: str
    content: bytes
    mimetype: str
    name: str = ''
    id: str = ''
    host: str = 'scontent.xx.fbcdn.net'
    path: str = ''
    expires_at: datetime = field(default_factory=lambda: now() + LINK_LIFE)

    @property
    def url(self) -> str:
        return f'https://{self.host}{self.path}?oh=00_emulated&oe={int(self.expires_at.timestamp()):X}'


@dataclass
class Message:
    mid: str
    thread_id: str
    from_page: bool
    text: str
    created_at: datetime
    media: tuple[Media, ...] = ()
    app_id: str = ''  # of what the Page says
    metadata: str = ''
    edits: int = 0
    unsent: bool = False


@dataclass
class Person:
    """``profile``: 'full', 'empty' (an empty object), 'refused' (feature not granted), 'phone' (none)."""

    psid: str
    name: str
    profile: str = 'full'
    blocked: bool = False


@dataclass
class Thread:
    """``owner``: id of the application that controls it, '' = nobody's."""

    id: str
    person: Person
    messages: list[Message] = field(default_factory=list)
    last_action_at: datetime | None = None  # of the person: opens the window
    owner: str = ''

    @property
    def updated_at(self) -> datetime:
        return self.messages[-1].created_at if self.messages else datetime.min.replace(tzinfo=UTC)


@dataclass
class PageState:
    """One Page. ``human_agent``: the feature is granted; ``barred``: Meta forbids it to send."""

    id: str
    name: str
    threads: dict[str, Thread] = field(default_factory=dict)  # by PSID
    subscriptions: dict[str, tuple[str, ...]] = field(default_factory=dict)  # application id → fields
    human_agent: bool = False
    european: bool = True
    barred: bool = False


class World:
    """Everything, under one lock. Ids grow as Meta's do: they sort in the order of what they name."""

    def __init__(self, app: App) -> None:
        self.lock = threading.RLock()
        self.app = app
        self.pages: dict[str, PageState] = {}
        self.tokens: dict[str, Token] = {}
        self.messages: dict[str, Message] = {}
        self.media: dict[str, Media] = {}  # by host and path
        self._numbers = itertools.count(1)

    def number(self) -> int:
        return next(self._numbers)

    def add_page(self, page_id: str, name: str, token: str) -> PageState:
        page = self.pages[page_id] = PageState(page_id, name)
        self.tokens[token] = Token(token, page_id, self.app.id)
        return page

    def add_person(self, page: PageState, name: str, psid: str = '', profile: str = 'full') -> Person:
        psid = psid or str(7_300_000_000_000_000 + secrets.randbelow(10**14))  # another at each run
        person = Person(psid, name, profile)
        page.threads[psid] = Thread(f't_{10_220_000_000_000_000 + self.number()}', person)
        return person

    def find(self, mid: str) -> tuple[PageState, Thread, Message]:
        """KeyError if there is no such message."""
        message = self.messages[mid]
        for page in self.pages.values():
            for thread in page.threads.values():
                if thread.id == message.thread_id:
                    return page, thread, message
        raise KeyError(mid)

    def add_message(
        self,
        thread: Thread,
        text: str,
        media: Iterable[Media] = (),
        *,
        from_page: bool = False,
        app_id: str = '',
        metadata: str = '',
    ) -> Message:
        mid = f'm_{self.number():06d}{secrets.token_urlsafe(18)}'
        # two messages of a thread never have the same millisecond: receipts are told by time
        at = now().replace(microsecond=now().microsecond // 1000 * 1000)
        if thread.messages and at <= thread.messages[-1].created_at:
            at = thread.messages[-1].created_at + timedelta(milliseconds=1)
        message = Message(
            mid, thread.id, from_page, text, at, tuple(self._keep(media)), app_id=app_id, metadata=metadata
        )
        thread.messages.append(message)
        self.messages[mid] = message
        if not from_page:
            thread.last_action_at = at
        return message

    def _keep(self, media: Iterable[Media]) -> list[Media]:
        kept = []
        for one in media:
            one.id = str(5_500_000 + self.number())
            one.host = 'scontent.xx.fbcdn.net' if one.kind == 'image' else 'cdn.fbsbx.com'
            one.path = f'/v/t1.15752-9/{one.id}_n{_suffix(one)}'
            self.media[f'{one.host}{one.path}'] = one
            kept.append(one)
        return kept


def _suffix(media: Media) -> str:
    return '.' + (media.name.rpartition('.')[2] if '.' in media.name else media.mimetype.rpartition('/')[2])


def photo(colour: str = 'teal', size: Sequence[int] = (320, 240), name: str = 'photo.jpg') -> Media:
    """A photograph with an EXIF that says where it was taken, as a telephone's does."""
    image = Image.new('RGB', (size[0], size[1]), colour)
    exif = Image.Exif()
    exif[0x010F] = 'Emulator'  # Make
    position: dict[int, Any] = {1: 'N', 2: (43.0, 40.0, 0.0), 3: 'E', 4: (3.0, 53.0, 0.0)}
    exif[0x8825] = position  # GPS
    output = io.BytesIO()
    image.save(output, 'JPEG', exif=exif)
    return Media('image', output.getvalue(), 'image/jpeg', name)


def document(name: str = 'justificatif.pdf') -> Media:
    """The smallest PDF that a reader opens."""
    content = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj
trailer<</Root 1 0 R>>
%%EOF
"""
    return Media('file', content, 'application/pdf', name)

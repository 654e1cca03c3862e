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

"""What a server of Mastodon's API holds: people, statuses, notifications, and how each family shows them."""

from __future__ import annotations

import hashlib
import html
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

LIMITS = {'mastodon': 500, 'gotosocial': 5000, 'snac': 100000}
# what each takes for a mention, see publik_socialmedia.networks.mastodon.composing
MENTIONS = {
    'mastodon': r'(?<![=/\w])@([a-zA-Z0-9_]+(?:[.-]+[a-zA-Z0-9_]+)*(?:@\w+(?:[.-]+\w+)*)?)',
    'gotosocial': r'(?<![^\W_])@([A-Za-z0-9_.-]*[A-Za-z0-9_](?:@[\w.-]*\w)?)',
    'snac': r'@([A-Za-z0-9_]+(?:@[A-Za-z0-9.-]+)?)',
}


@dataclass
class State:
    """``us``: the account of the token. ``policy``: 'accept', 'filter' or 'drop' of private mentions.

    ``mentioned_too``, ``came_out``: what the next status of ours wrongly mentions, and its wrong visibility.
    """

    family: str = 'mastodon'
    us: str = 'ville'
    domain: str = 'social.example'
    policy: dict[str, str] = field(default_factory=lambda: {'for_private_mentions': 'accept'})
    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    history: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    notifications: list[dict[str, Any]] = field(default_factory=list)  # oldest first
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    came_out: str = ''
    mentioned_too: str = ''
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    count: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        for acct in (self.us, 'jeanne@ailleurs.example', 'marc'):
            self.account(acct)

    def is_a(self, *families: str) -> bool:
        return self.family in families

    # -- what people do

    def account(self, acct: str) -> dict[str, Any]:
        if acct not in self.accounts:
            number = hashlib.md5(acct.encode()).hexdigest()
            self.accounts[acct] = {
                'id': number if self.is_a('snac') else str(int(number[:12], 16)),
                'username': acct.partition('@')[0],
                'acct': acct if '@' in acct or not self.is_a('snac') else f'{acct}@{self.domain}',
                'display_name': acct.partition('@')[0].title(),
                'bot': False,
            }
        return self.accounts[acct]

    def write(self, author: str, text: str, visibility: str = 'direct', **more: Any) -> str:
        """A status of that person, who may be us; its id. ``more``: keys of the status; ``filtered``."""
        with self.lock:
            filtered = more.pop('filtered', self.policy['for_private_mentions'] == 'filter')
            status = self.new(author, text, visibility, **more)
            dropped = self.policy['for_private_mentions'] == 'drop' and visibility == 'direct'
            if self.us in status['_to'] and author != self.us and not dropped:
                self.count += 1
                number = str(7000000 + self.count)
                noti = {'id': number, 'type': 'mention', 'status': status['id'], 'by': author}
                self.notifications.append({**noti, 'filtered': filtered and visibility == 'direct'})
            return str(status['id'])

    def new(self, author: str, text: str, visibility: str, **more: Any) -> dict[str, Any]:
        self.count += 1
        self.now += timedelta(seconds=1)
        number = f'1170{self.count:014d}'
        if self.is_a('snac'):
            number += hashlib.md5(number.encode()).hexdigest()
        if author == self.us:
            visibility, self.came_out = self.came_out or visibility, ''
            also, self.mentioned_too = self.mentioned_too, ''
            text = f'{text} @{also}' if also else text
        to = [name for name in dict.fromkeys(map(self.known, self.mentions(text))) if name]
        private = self.is_a('snac') and visibility in ('direct', 'private')
        found: dict[str, Any] = {
            'id': f'01M8{number}' if self.family == 'gotosocial' else number,
            'visibility': 'private' if private else visibility,
            'created_at': self._time(self.now),
            'edited_at': None,
            'in_reply_to_id': None,
            'spoiler_text': '',
            'sensitive': False,
            'media_attachments': [],
            '_author': author,
            '_text': text,
            '_to': to,
            **more,
        }
        self.statuses[found['id']] = found
        self.history[found['id']] = [self.shown(found['id'])]
        return found

    def edit(self, number: str, text: str) -> None:
        with self.lock:
            self.now += timedelta(seconds=1)
            self.statuses[number] |= {'_text': text, 'edited_at': self._time(self.now)}
            version = self.shown(number)
            self.history[number].append({**version, 'created_at': version['edited_at']})

    def delete(self, number: str) -> None:
        with self.lock:
            del self.statuses[number]
            self.notifications = [item for item in self.notifications if item['status'] != number]

    def forget(self, acct: str) -> None:
        """That person leaves: no mention reaches them any more."""
        with self.lock:
            del self.accounts[acct]

    def mentions(self, text: str) -> list[str]:
        return re.findall(MENTIONS[self.family], text)

    def known(self, name: str) -> str:
        """The account of a mention, '' if nobody has it."""
        local = name.removesuffix(f'@{self.domain}').lower()
        return next((acct for acct in self.accounts if acct.lower() == local), '')

    # -- how it is shown

    def _time(self, at: datetime) -> str:
        digits = 'seconds' if self.is_a('snac') else 'milliseconds'
        return at.astimezone(UTC).isoformat(timespec=digits).replace('+00:00', 'Z')

    def shown(self, number: str) -> dict[str, Any]:
        status = self.statuses[number]
        text, mine = html.escape(status['_text'], quote=False), status['_author'] == self.us
        content = re.sub(MENTIONS[self.family], self._linked, text).replace('\n', '<br>')
        found = {key: value for key, value in status.items() if not key.startswith('_')}
        found |= {
            'account': self.account(status['_author']),
            'content': f'<p>{content}</p>',
            'mentions': [] if self.is_a('snac') and not mine else list(map(self.account, status['_to'])),
            'url': f'https://{self.domain}/{number}',
            'uri': f'https://{self.domain}/{number}',
        }
        return found | ({'text': status['_text']} if not self.is_a('mastodon') else {})

    def _linked(self, match: re.Match[str]) -> str:
        acct = self.known(match[1])
        if not acct:
            return match[0]
        label = acct if self.is_a('snac') else acct.partition('@')[0]
        link = f'<a href="https://{self.domain}/@{acct}" class="u-url mention">@<span>{label}</span></a>'
        return f'<span class="h-card">{link}</span>'

    def notification(self, item: Mapping[str, Any]) -> dict[str, Any]:
        status = self.shown(item['status'])
        found = {'id': item['id'], 'type': item['type'], 'created_at': status['created_at']}
        found |= {'account': self.account(item['by']), 'status': status}
        return found | ({'filtered': True} if item['filtered'] else {})

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

"""Webhooks of the emulator: bodies as Meta writes and signs them, sent from a thread of their own."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from demo.emulators.graph_state import App, Media, Message, PageState, Thread, World, now

TIMEOUT = 10.0
TRIES = 3  # « a few immediate ones »
# key of an item → field of the subscription that brings it
FIELDS = {
    'message': 'messages',
    'message_edit': 'message_edits',
    'reaction': 'message_reactions',
    'delivery': 'message_deliveries',
    'read': 'message_reads',
    'postback': 'messaging_postbacks',
    'referral': 'messaging_referrals',
    'optin': 'messaging_optins',
    'pass_thread_control': 'messaging_handovers',
    'take_thread_control': 'messaging_handovers',
    'request_thread_control': 'messaging_handovers',
    'policy_enforcement': 'messaging_policy_enforcement',
}


def write(body: object) -> bytes:
    """JSON as Meta sends it: what is not ASCII is escaped in lower case, and so are slashes."""
    return json.dumps(body, separators=(',', ':')).replace('/', '\\/').encode()


def sign(secret: str, body: bytes) -> dict[str, str]:
    sha256 = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    sha1 = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    return {'X-Hub-Signature-256': f'sha256={sha256}', 'X-Hub-Signature': f'sha1={sha1}'}


@dataclass
class Sending:
    """One body given to the callback. ``status``: the last answer, 0 if there was none."""

    body: bytes
    status: int = 0
    tries: int = 0


class Webhooks:
    """Sends to the application's callback, in order unless told otherwise.

    ``duplicates``: how many times more each body is sent. ``hold`` keeps entries until ``release``, which may
    put them in one body, or in another order.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self.sent: deque[Sending] = deque(maxlen=10_000)
        self.duplicates = 0
        self.refuse_after = TRIES
        self._held: list[dict[str, Any]] | None = None
        self._queue: queue.Queue[Sending | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name='emulator-webhooks', daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._queue.put(None)
        self._thread.join(TIMEOUT)

    def notify(self, entry: dict[str, Any]) -> None:
        """One entry, in a body of its own unless held."""
        if self._held is not None:
            self._held.append(entry)
        else:
            self.post(write({'object': self.app.object, 'entry': [entry]}))

    def post(self, body: bytes) -> None:
        """Nothing is sent without a callback: that is an outage, history remains."""
        if not self.app.callback_url or not self.app.active:
            return
        for _ in range(1 + self.duplicates):
            sending = Sending(body)
            self.sent.append(sending)
            self._queue.put(sending)

    def hold(self) -> None:
        self._held = []

    def release(self, *, batch: bool = False, order: Callable[[list[Any]], list[Any]] = list) -> int:
        """Send what was held, reordered by ``order``, in one body if ``batch``; how many entries."""
        held, self._held = order(self._held or []), None
        if batch and held:
            self.post(write({'object': self.app.object, 'entry': held}))
        else:
            for entry in held:
                self.notify(entry)
        return len(held)

    def redeliver(self, last: int = 1) -> None:
        """Send again the last bodies, as Meta does when it missed our answer."""
        for sending in list(self.sent)[-last:]:
            self.post(sending.body)

    def wait(self) -> None:
        """Until all that is queued was given to the callback."""
        self._queue.join()

    def _run(self) -> None:
        while (sending := self._queue.get()) is not None:
            while sending.tries < self.refuse_after and sending.status != 200:
                sending.tries += 1
                sending.status = self._give(sending.body)
            self._queue.task_done()
        self._queue.task_done()

    def _give(self, body: bytes) -> int:
        url = urlsplit(self.app.callback_url)
        headers = {'Content-Type': 'application/json', 'User-Agent': 'facebookexternalua'}
        kind = http.client.HTTPSConnection if url.scheme == 'https' else http.client.HTTPConnection
        connection = kind(url.netloc, timeout=TIMEOUT)
        try:
            connection.request('POST', url.path, body, {**headers, **sign(self.app.secret, body)})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def connect(self, callback_url: str) -> None:
        """The callback is typed in the dashboard; RuntimeError if it does not give the challenge back."""
        if not self.handshake(callback_url):
            raise RuntimeError('the webhook was not verified')
        self.app.callback_url = callback_url

    def handshake(self, callback_url: str) -> bool:
        """What Meta does when the callback is typed: it must give the challenge back."""
        challenge = '1158201444'
        query = {
            'hub.mode': 'subscribe',
            'hub.challenge': challenge,
            'hub.verify_token': self.app.verify_token,
        }
        url = urlsplit(callback_url)
        connection = http.client.HTTPConnection(url.netloc, timeout=TIMEOUT)
        try:
            connection.request('GET', f'{url.path}?{urlencode(query)}')
            answer = connection.getresponse()
            return answer.status == 200 and answer.read() == challenge.encode()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class Notifier:
    """Says to the webhook what happens in the world. ``fields``: key of an item → field that brings it."""

    fields: Mapping[str, str] = FIELDS
    echoes = 'message_echoes'  # field of what the Page says

    def __init__(self, world: World, webhooks: Webhooks) -> None:
        self.world = world
        self.webhooks = webhooks

    def subscribed(self, page: PageState) -> tuple[str, ...]:
        """Fields of which that account tells the application."""
        return page.subscriptions.get(self.world.app.id, ())

    def item(self, page: PageState, thread: Thread | None, *, from_page: bool = False, **what: Any) -> None:
        """One item for the application, if the Page is subscribed to its field."""
        (key,) = what
        app_id = self.world.app.id
        fields = self.subscribed(page)
        wanted = self.echoes if key == 'message' and what[key].get('is_echo') else self.fields.get(key)
        standby = thread is not None and thread.owner not in ('', app_id)
        if wanted not in fields or (standby and 'standby' not in fields):
            return
        milliseconds = int(now().timestamp() * 1000)
        sides = [{'id': thread.person.psid} if thread else None, {'id': page.id}]
        sender, recipient = reversed(sides) if from_page else sides
        item = {'sender': sender, 'recipient': recipient, 'timestamp': milliseconds, **what}
        if sender is None:
            del item['sender']
        if key == 'message' and what[key].get('mid') in self.world.messages:
            item['timestamp'] = milliseconds_of(self.world.messages[what[key]['mid']])
        part = 'standby' if standby and key in ('message', 'postback', 'delivery', 'read') else 'messaging'
        if part == 'standby' and key == 'postback':
            item['postback'] = {name: value for name, value in what[key].items() if name != 'payload'}
        self.webhooks.notify({'id': page.id, 'time': milliseconds, part: [item]})

    def message(self, page: PageState, thread: Thread, message: Message, **more: Any) -> None:
        content: dict[str, Any] = {'mid': message.mid}
        if message.text:
            content['text'] = message.text
        if message.media:
            content['attachments'] = [_attachment(one) for one in message.media]
        if message.from_page:
            content |= self.echo(message)
        self.item(page, thread, from_page=message.from_page, message={**content, **more})

    def echo(self, message: Message) -> dict[str, Any]:
        """What is added to a message of the Page."""
        known = {'metadata': message.metadata} if message.metadata else {}
        return {'is_echo': True, 'app_id': int(message.app_id), **known}


def milliseconds_of(message: Message) -> int:
    return int(message.created_at.timestamp() * 1000)


def _attachment(media: Media) -> dict[str, Any]:
    return {'type': media.kind, 'payload': {'url': media.url}}

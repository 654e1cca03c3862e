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

"""How the emulator of the Bot API calls a webhook: each update in its turn, until it is taken.

Only webhooks of this machine are called. The real API executes a body with a ``method`` that a webhook
answers: what is answered is noted here.
"""

from __future__ import annotations

import http.client
import json
import threading
from typing import Any
from urllib.parse import urlsplit

from demo.emulators.telegram_state import State, Webhook, now

TIMEOUT = 10.0
HEADER = 'X-Telegram-Bot-Api-Secret-Token'
PAUSE = 0.2  # seconds after a refusal; the real one waits a minute or two


class Deliverer:
    """``given``: updates that the webhook took. ``executed``: bodies that it should not have answered.

    ``repeats``: how many times more each update is given, as when our answer is lost.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self.given: list[dict[str, Any]] = []
        self.executed: list[bytes] = []
        self.repeats = 0
        self.idle = threading.Event()
        self._news = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name='emulator-telegram', daemon=True)
        state.listeners.append(lambda update: self.wake())

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped = True
        self.wake()
        self._thread.join(TIMEOUT)

    def wake(self) -> None:
        self.idle.clear()
        self._news.set()

    def wait(self, limit: float = TIMEOUT) -> bool:
        """Until everything was given; False if it was not in that time."""
        return self.idle.wait(limit)

    def _run(self) -> None:
        while not self._stopped:
            with self.state.lock:
                webhook = self.state.webhook
                waiting = self.state.updates[:1] if webhook and webhook.is_here else []
                if not waiting:
                    self.idle.set()
            if webhook is None or not waiting:
                self._news.wait()
                self._news.clear()
            elif self._give(webhook, waiting[0]):
                self._done(webhook, waiting[0])
            else:
                self._news.wait(PAUSE)
                self._news.clear()

    def _done(self, webhook: Webhook, update: dict[str, Any]) -> None:
        for _ in range(self.repeats):
            self._give(webhook, update)
        with self.state.lock:
            self.given.append(update)
            if update in self.state.updates:
                self.state.updates.remove(update)

    def _give(self, webhook: Webhook, update: dict[str, Any]) -> bool:
        url = urlsplit(webhook.url)
        kind = http.client.HTTPSConnection if url.scheme == 'https' else http.client.HTTPConnection
        headers = {'Content-Type': 'application/json', **({HEADER: webhook.secret} if webhook.secret else {})}
        connection = kind(url.netloc, timeout=TIMEOUT)
        try:
            connection.request('POST', url.path, json.dumps(update).encode(), headers)
            answer = connection.getresponse()
            body, status = answer.read(), answer.status
        except (OSError, http.client.HTTPException):
            body, status = b'', 0
        finally:
            connection.close()
        if 200 <= status < 300:
            if body.strip():
                self.executed.append(body)
            return True
        webhook.last_error, webhook.last_error_at = f'Wrong response from the webhook: {status}', now()
        return False

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

"""An emulator of Meta's Graph API for a Page's inbox, for the tests and the demonstration.

    with GraphEmulator(callback_url='http://127.0.0.1:8000/…') as graph:
        camille = graph.add_person('Camille Martin')
        graph.citizen_writes(camille, 'Bonjour')

It refuses what the real API is documented to refuse, and sends signed webhooks. ``fail`` plans breakdowns.
``python -m demo.emulators.graph`` runs it alone, with a page to write as a citizen.
"""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Self

from demo.emulators.graph_api import GraphApi
from demo.emulators.graph_messages import Sender
from demo.emulators.graph_pages import Pages
from demo.emulators.graph_state import INBOX_APP_ID, App, Media, PageState, Thread, World, now, photo
from demo.emulators.graph_webhooks import Notifier, Webhooks, milliseconds_of, write
from demo.emulators.server import Call, EmulatorServer, Reply

APP_ID = '990000000000001'
APP_SECRET = '0123456789abcdef0123456789abcdef'
VERIFY_TOKEN = 'jeton-de-verification'
PAGE_ID, PAGE_NAME, PAGE_TOKEN = '104400000000001', 'Ville de Villexemple', 'EAAemulatedPageToken'
FIELDS = (
    'messages,message_echoes,message_edits,message_reactions,message_deliveries,message_reads,'
    'messaging_postbacks,messaging_referrals,messaging_optins,messaging_handovers,standby,'
    'messaging_policy_enforcement'
)
BUSY = {'type': 'messenger', 'call_count': 100, 'total_cputime': 25, 'total_time': 25}


class GraphEmulator(EmulatorServer):
    """One application and its Pages, the first of which is ``page``. Kin of a Page have other classes."""

    label, webhook_object = 'Messenger', 'page'
    fields = tuple(FIELDS.split(','))
    api_class, sender_class, notifier_class = GraphApi, Sender, Notifier

    def __init__(
        self,
        port: int = 0,
        *,
        callback_url: str = '',
        app_id: str = APP_ID,
        app_secret: str = APP_SECRET,
        verify_token: str = VERIFY_TOKEN,
        page_id: str = PAGE_ID,
        page_name: str = PAGE_NAME,
        page_token: str = PAGE_TOKEN,
    ) -> None:
        self.app = App(app_id, app_secret, verify_token, callback_url=callback_url, fields=self.fields)
        self.app.object = self.webhook_object
        self.world = World(self.app)
        self.webhooks = Webhooks(self.app)
        self.notifier = self.notifier_class(self.world, self.webhooks)
        self.sender = self.sender_class(self.world, self.notifier)
        self.api = self.api_class(self.world, self.sender, self.webhooks)
        self.page = self.add_page(page_id, page_name, page_token)
        self.token = self.world.tokens[page_token]
        self._pages = Pages(self)
        super().__init__(self._answer, port)

    def __enter__(self) -> Self:
        self.webhooks.start()
        return super().__enter__()

    def __exit__(self, *details: object) -> None:
        self.webhooks.stop()
        super().__exit__(*details)

    def _answer(self, call: Call) -> Reply:
        return self._pages.answer(call) or self.api.answer(call)

    # -- setting the scene

    def add_page(self, page_id: str, name: str, token: str, *, subscribed: bool = True) -> PageState:
        page = self.world.add_page(page_id, name, token)
        if subscribed:
            page.subscriptions[self.app.id] = self.fields
        return page

    def add_person(
        self, name: str, psid: str = '', *, profile: str = 'full', page: PageState | None = None
    ) -> str:
        """Somebody who may write; their PSID. ``profile``: see ``graph_state.Person``."""
        return self.world.add_person(page or self.page, name, psid, profile).psid

    def thread(self, psid: str) -> Thread:
        return next(page.threads[psid] for page in self.world.pages.values() if psid in page.threads)

    def _page(self, psid: str) -> PageState:
        return next(page for page in self.world.pages.values() if psid in page.threads)

    def age(self, psid: str, by: timedelta) -> None:
        """Make the last action of that person older."""
        thread = self.thread(psid)
        assert thread.last_action_at is not None
        thread.last_action_at -= by

    def limit_rate(self, pattern: str = '', *, minutes: int = 19, code: int = 80006, times: int = 1) -> None:
        """Refuse the next calls as Meta does when a limit is reached, with its headers."""
        busy = {**BUSY, 'estimated_time_to_regain_access': minutes}
        headers = {'X-Business-Use-Case-Usage': write({self.page.id: [busy]}).decode()}
        error = {
            'message': f'(#{code}) There have been too many calls.',
            'type': 'OAuthException',
            'code': code,
        }
        self.fail('answer', pattern, times=times, status=400, body={'error': error}, headers=headers)

    # -- what citizens do

    def citizen_writes(
        self, psid: str, text: str = '', attachments: Iterable[Media] = (), *, reply_to: str = '', **more: Any
    ) -> str:
        """A message; its mid. ``more``: other keys of the webhook (quick_reply, referral…)."""
        with self.world.lock:
            thread = self.thread(psid)
            message = self.world.add_message(thread, text, attachments)
            if reply_to:
                more['reply_to'] = {'mid': reply_to}
            self.notifier.message(self._page(psid), thread, message, **more)
            return message.mid

    def citizen_sends_album(self, psid: str, count: int = 3, text: str = '') -> str:
        """One message with several photographs."""
        colours = ('teal', 'orange', 'purple', 'olive', 'navy')
        return self.citizen_writes(psid, text, [photo(colours[i % 5]) for i in range(count)])

    def citizen_writes_burst(self, psid: str, texts: Sequence[str]) -> list[str]:
        return [self.citizen_writes(psid, text) for text in texts]

    def citizen_edits(self, mid: str, text: str) -> None:
        with self.world.lock:
            page, thread, message = self.world.find(mid)
            message.text, message.edits = text, message.edits + 1
            edit = {'mid': mid, 'text': text, 'num_edit': message.edits}
            self.notifier.item(page, thread, message_edit=edit)

    def citizen_unsends(self, mid: str) -> None:
        """The event that is documented for Instagram only."""
        with self.world.lock:
            page, thread, message = self.world.find(mid)
            message.unsent, message.text = True, ''
            self.notifier.item(page, thread, message={'mid': mid, 'is_deleted': True})

    def citizen_reacts(self, mid: str, emoji: str = '❤', *, removed: bool = False) -> None:
        with self.world.lock:
            page, thread, _message = self.world.find(mid)
            thread.last_action_at = now()
            action = 'unreact' if removed else 'react'
            reaction = {'mid': mid, 'action': action, 'reaction': 'love', 'emoji': emoji}
            self.notifier.item(page, thread, reaction=reaction)

    def citizen_taps(self, psid: str, title: str, payload: str) -> None:
        """A button: « Démarrer », a menu, an ice breaker."""
        with self.world.lock:
            thread = self.thread(psid)
            thread.last_action_at = now()
            mid = f'm_{self.world.number():06d}postback'
            postback = {'mid': mid, 'title': title, 'payload': payload}
            self.notifier.item(self._page(psid), thread, postback=postback)

    def citizen_follows_link(self, psid: str, ref: str) -> None:
        with self.world.lock:
            referral = {'ref': ref, 'source': 'SHORTLINK', 'type': 'OPEN_THREAD'}
            self.notifier.item(self._page(psid), self.thread(psid), referral=referral)

    def citizen_reads(self, psid: str) -> None:
        with self.world.lock:
            thread = self.thread(psid)
            watermark = milliseconds_of(thread.messages[-1])
            self.notifier.item(self._page(psid), thread, read={'watermark': watermark})

    # -- what happens elsewhere

    def page_writes(self, psid: str, text: str, *, takes_thread: bool = False) -> str:
        """A colleague answers in Meta's own inbox, which may take the thread (« standby »)."""
        with self.world.lock:
            page, thread = self._page(psid), self.thread(psid)
            if takes_thread:
                self.take_thread(psid)
            message = self.world.add_message(thread, text, from_page=True, app_id=INBOX_APP_ID)
            self.notifier.message(page, thread, message)
            return message.mid

    def take_thread(self, psid: str, app_id: str = INBOX_APP_ID) -> None:
        """Another application takes the control of the thread; '' gives it back to nobody."""
        page, thread = self._page(psid), self.thread(psid)
        change = {'previous_owner_app_id': thread.owner or None, 'new_owner_app_id': app_id}
        thread.owner = ''  # this event itself comes as « messaging »
        self.notifier.item(page, thread, from_page=True, take_thread_control=change)
        thread.owner = app_id

    def enforce_policy(self, action: str = 'block', reason: str = 'spam') -> None:
        self.page.barred = action == 'block'
        what = {'action': action} if action == 'unblock' else {'action': action, 'reason': reason}
        self.notifier.item(self.page, None, policy_enforcement=what)

    def test_button(self) -> None:
        """The « Test » button of the dashboard."""
        change = {'field': 'messages', 'value': {'page_id': self.page.id}}
        entry = {'id': '0', 'time': int(now().timestamp()), 'changes': [change]}
        self.webhooks.post(write({'object': 'page', 'entry': [entry]}))

    def expired(self, url: str) -> str:
        """The same link, as it was after its end."""
        head, _, _end = url.rpartition('&oe=')
        return f'{head}&oe={int((now() - timedelta(hours=1)).timestamp()):X}'


def main() -> None:
    parser = argparse.ArgumentParser(prog='demo.emulators.graph', description=GraphEmulator.__doc__)
    parser.add_argument('--port', type=int, default=8882)
    parser.add_argument('--callback', default='', help='address of the webhook')
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with GraphEmulator(options.port, callback_url=options.callback) as graph:
        print(
            f'{graph.url} (page {PAGE_ID}, token {PAGE_TOKEN}, app {APP_ID}, secret {APP_SECRET})', flush=True
        )
        stop.wait()


if __name__ == '__main__':
    main()

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

"""An emulator of Instagram's private messages, for the tests and the demonstration.

    with InstagramEmulator(callback_url='http://127.0.0.1:8000/…') as instagram:
        camille = instagram.add_person('Camille Martin')
        instagram.citizen_writes(camille, 'Bonjour')

Both ways in are there: the account behind its Page at the root, as graph.facebook.com, and Instagram Login
below ``/graph.instagram.com``, each with a token of its own. Files are fetched at the address that is given.
"""

from __future__ import annotations

from typing import Any

from demo.emulators.graph import GraphEmulator
from demo.emulators.graph_instagram_api import InstagramApi, InstagramSender
from demo.emulators.graph_state import Message, PageState, Token, now
from demo.emulators.graph_webhooks import Notifier

IG_ID, IG_NAME, IG_PAGE_ID = '17841400000000001', 'villexemple', '104400000000001'
IG_PAGE_TOKEN, IG_LOGIN_TOKEN = 'EAAemulatedInstagramPage', 'IGAAemulatedLoginToken'
LOGIN_APP_ID, LOGIN_SECRET = '880000000000001', 'fedcba9876543210fedcba9876543210'
OTHER_ID, OTHER_NAME = '17841400000000007', 'marie.exemple'  # the account of a person of the town
PAGE_SCOPES = (
    'instagram_basic',
    'instagram_manage_messages',
    'pages_manage_metadata',
    'pages_messaging',
    'pages_read_engagement',
    'pages_show_list',
    'business_management',
)
LOGIN_SCOPES = ('instagram_business_basic', 'instagram_business_manage_messages')
FIELDS = (
    'messages',
    'message_edit',
    'message_reactions',
    'messaging_postbacks',
    'messaging_referral',
    'messaging_seen',
    'messaging_handover',
    'standby',
)


class InstagramNotifier(Notifier):
    """No delivery, reading told by message, nothing of ours in an echo; one field brings all of them."""

    fields = {
        'message': 'messages',
        'message_edit': 'message_edit',
        'reaction': 'message_reactions',
        'read': 'messaging_seen',
        'postback': 'messaging_postbacks',
        'referral': 'messaging_referral',
        'pass_thread_control': 'messaging_handover',
        'take_thread_control': 'messaging_handover',
    }
    echoes = 'messages'

    def subscribed(self, page: PageState) -> tuple[str, ...]:
        """Those of the application, once the account, or its Page, is subscribed to one."""
        return self.world.app.fields if page.subscriptions.get(self.world.app.id) else ()

    def echo(self, message: Message) -> dict[str, Any]:
        return {'is_echo': True}


class InstagramEmulator(GraphEmulator):
    """One professional account, ``page``, behind a Page of another number. ``login``: its own token."""

    label, webhook_object = 'Instagram', 'instagram'
    fields = FIELDS
    api_class, sender_class, notifier_class = InstagramApi, InstagramSender, InstagramNotifier
    api: InstagramApi

    def __init__(self, port: int = 0, **options: Any) -> None:
        account = {'page_id': IG_ID, 'page_name': IG_NAME, 'page_token': IG_PAGE_TOKEN}
        super().__init__(port, **{**account, **options})
        self.token.scopes = PAGE_SCOPES
        self.api.page_ids[self.page.id] = IG_PAGE_ID
        self.login = Token(IG_LOGIN_TOKEN, self.page.id, self.app.id, 'INSTAGRAM', LOGIN_SCOPES)
        self.world.tokens[IG_LOGIN_TOKEN] = self.login
        self.sender.receipts = ()
        self.add_page(OTHER_ID, OTHER_NAME, 'EAAemulatedOther', subscribed=False)
        self.api.pages.accounts = {self.page.id: self.page.name, OTHER_ID: OTHER_NAME}
        self.api.pages.add_client(LOGIN_APP_ID, LOGIN_SECRET, scopes=LOGIN_SCOPES)

    def _says(self, psid: str, text: str = '', **more: Any) -> str:
        """A message of somebody, with other keys of its webhook; its mid."""
        with self.world.lock:
            thread = self.thread(psid)
            message = self.world.add_message(thread, text)
            self.notifier.message(self._page(psid), thread, message, **more)
            return message.mid

    def citizen_edits(self, mid: str, text: str) -> None:
        with self.world.lock:
            page, thread, message = self.world.find(mid)
            message.text, message.edits = text, message.edits + 1
            edit = {'mid': mid, 'text': text, 'num_edit': str(message.edits)}
            self.notifier.item(page, thread, message_edit=edit)

    def citizen_reads(self, psid: str) -> None:
        """The last message of ours, and so all those before it."""
        with self.world.lock:
            page, thread = self._page(psid), self.thread(psid)
            ours = [message for message in thread.messages if message.from_page]
            self.notifier.item(page, thread, read={'mid': ours[-1].mid})

    def citizen_hearts(self, psid: str) -> str:
        return self._says(psid, attachments=[{'type': 'like_heart'}])

    def citizen_answers_story(self, psid: str, text: str) -> str:
        story = {'id': str(18_000_000_000_000_000 + self.world.number()), 'url': self.story_url()}
        return self._says(psid, text, reply_to={'story': story})

    def citizen_mentions_us(self, psid: str) -> None:
        """In a story of their own: nothing is written in the thread."""
        with self.world.lock:
            story = [{'type': 'story_mention', 'payload': {'url': self.story_url()}}]
            mid = f'm_{self.world.number():06d}mention'
            message = {'mid': mid, 'attachments': story}
            self.notifier.item(self._page(psid), self.thread(psid), message=message)

    def story_url(self) -> str:
        return f'https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id={self.world.number()}&signature=AY'

    def citizen_shares(self, psid: str, title: str) -> str:
        """A post: between November 2025 and April 2026 it came under two names at once."""
        url = self.story_url()
        post = {'ig_post_media_id': '18000000000000041', 'title': title, 'url': url}
        both = [{'type': 'share', 'payload': {'url': url}}, {'type': 'ig_post', 'payload': post}]
        return self._says(psid, attachments=both)

    def test_button(self) -> None:
        sides = {'sender': {'id': '12334'}, 'recipient': {'id': '23245'}}
        message = {'mid': 'random_mid', 'text': 'random_text'}
        change = {'field': 'messages', 'value': {**sides, 'timestamp': '1527459824', 'message': message}}
        self.webhooks.notify({'id': '0', 'time': int(now().timestamp()), 'changes': [change]})

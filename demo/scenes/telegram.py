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

"""Telegram in the demonstration, on the emulator of the Bot API."""

from __future__ import annotations

from demo.emulators.graph_state import photo
from demo.emulators.telegram import TelegramEmulator
from demo.emulators.telegram_state import BOT_ID, TOKEN, Person, Webhook
from demo.scenes import Scene

SECRET = 'secret-de-la-demonstration'
LEA, HUGO = 'Léa Exemple', 'Hugo Exemple'


class Telegram(Scene):
    slug, label = 'telegram', 'Telegram'
    external_id = str(BOT_ID)
    secrets = {'webhook_secret': [SECRET]}
    credentials = {'bot_token': TOKEN}

    def start(self) -> None:
        self.telegram = self.stack.enter_context(TelegramEmulator(self.port))
        self.url = self.telegram.url
        self.people: dict[str, Person] = {}

    def connect(self, callback: str) -> None:
        """As « Abonner » does, from the other side."""
        with self.telegram.state.lock:
            self.telegram.state.webhook = Webhook(callback, SECRET)
        self.telegram.webhooks.wake()

    def play(self) -> None:
        """/start, text with a link behind words, album; each update is given twice."""
        state, says = self.telegram.state, self.says
        self.people = {name: state.person(*name.split()) for name in (LEA, HUGO)}
        lea, hugo = self.people.values()
        self.telegram.webhooks.repeats = 1
        state.write(lea, '/start')
        text = says(LEA, 'Bonjour, voir le plan : la rue est barrée')
        link = {'type': 'text_link', 'offset': 14, 'length': 7, 'url': 'https://example.org/plan?rue=lilas'}
        state.write(lea, text, entities=[link])
        picture = photo()
        files = [state.upload(picture.content, picture.mimetype) for _ in range(2)]
        state.write(
            hugo, says(HUGO, 'Deux photos de la fuite', files=2), files[0], media_group_id='13579246801'
        )
        state.write(hugo, '', files[1], media_group_id='13579246801')
        self.to_edit = state.write(hugo, says(HUGO, 'C’est au 12 rue des Lila'))

    def play_later(self) -> None:
        self.telegram.state.write(self.people[LEA], self.says(LEA, 'Elle est toujours barrée'))
        self.telegram.state.edit(self.to_edit, self.says(HUGO, 'C’est au 12 rue des Lilas'))

    def on_screen(self) -> list[str]:
        return [message.text for message in self.telegram.state.messages.values() if message.by == 'bot']

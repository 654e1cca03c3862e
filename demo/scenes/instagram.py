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

"""Instagram in the demonstration, on the emulator of the Graph API, behind the Page of the town."""

from __future__ import annotations

from demo.emulators.graph import APP_ID, APP_SECRET, VERIFY_TOKEN
from demo.emulators.graph_instagram import (
    IG_ID,
    IG_PAGE_TOKEN,
    LOGIN_APP_ID,
    LOGIN_SECRET,
    InstagramEmulator,
)
from demo.emulators.graph_state import document, photo
from demo.scenes import Scene

INES, MALO = 'Inès Exemple', 'Malo Exemple'


class Instagram(Scene):
    slug, label = 'instagram', 'Instagram'
    external_id = IG_ID
    secrets = {
        'app_id': [APP_ID],
        'app_secret': [APP_SECRET],
        'verify_token': [VERIFY_TOKEN],
        'instagram_app_id': [LOGIN_APP_ID],
        'instagram_app_secret': [LOGIN_SECRET],
    }
    credentials = {'page_token': IG_PAGE_TOKEN}

    def start(self) -> None:
        self.instagram = self.stack.enter_context(InstagramEmulator(self.port))
        self.url = self.instagram.url

    def connect(self, callback: str) -> None:
        self.instagram.webhooks.connect(callback)

    def declare(self, address: str) -> None:
        self.instagram.api.pages.clients[LOGIN_APP_ID].returns.append(address)

    def play(self) -> None:
        """Answer to a story, mention (no message), photograph, PDF, message taken back, colleague."""
        instagram, says = self.instagram, self.says
        self.people = {name: instagram.add_person(name) for name in (INES, MALO)}
        ines, malo = self.people.values()
        instagram.citizen_answers_story(ines, says(INES, 'À quelle heure commence le marché de Noël ?'))
        instagram.citizen_mentions_us(malo)
        instagram.citizen_writes(malo, says(MALO, 'Un banc est cassé square Voltaire', files=1), [photo()])
        instagram.citizen_writes(malo, says(MALO, 'et voici mon constat', files=1), [document()])
        instagram.citizen_unsends(
            instagram.citizen_writes(ines, says(INES, 'message retiré', wanted=0, withdrawn=True))
        )
        instagram.webhooks.wait()
        instagram.webhooks.redeliver(2)
        instagram.page_writes(ines, says('le compte', 'À 17 heures', opens=False))

    def play_later(self) -> None:
        self.instagram.citizen_writes(self.people[MALO], self.says(MALO, 'Merci d’avance'))

    def on_screen(self) -> list[str]:
        threads = self.instagram.page.threads.values()
        return [message.text for thread in threads for message in thread.messages if message.from_page]

    def about(self) -> str:
        return f'Instagram    {self.url}   (page pour écrire comme un usager)'

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

"""Messenger in the demonstration, on the emulator of the Graph API."""

from __future__ import annotations

from demo.emulators.graph import APP_ID, APP_SECRET, PAGE_ID, PAGE_TOKEN, VERIFY_TOKEN, GraphEmulator
from demo.emulators.graph_state import photo
from demo.scenes import Scene

CAMILLE, SACHA, NOE = 'Camille Exemple', 'Sacha Exemple', 'Noé Exemple'


class Messenger(Scene):
    slug, label = 'messenger', 'Messenger'
    external_id = PAGE_ID
    secrets = {'app_id': [APP_ID], 'app_secret': [APP_SECRET], 'verify_token': [VERIFY_TOKEN]}
    credentials = {'page_token': PAGE_TOKEN}

    def start(self) -> None:
        self.graph = self.stack.enter_context(GraphEmulator(self.port))
        self.url = self.graph.url

    def connect(self, callback: str) -> None:
        self.graph.webhooks.connect(callback)

    def play(self) -> None:
        """Text, photograph, burst, album, redelivery, message taken back, answer of a colleague."""
        graph, says = self.graph, self.says
        self.people = {name: graph.add_person(name) for name in (CAMILLE, SACHA, NOE)}
        camille, sacha, noe = self.people.values()
        graph.citizen_writes(camille, says(CAMILLE, 'Bonjour, le lampadaire du 12 est éteint'))
        graph.citizen_writes(sacha, says(SACHA, 'Un arbre est tombé rue des Lilas', files=1), [photo()])
        burst = ['Bonjour', 'c’est pour la cantine', 'faut-il réserver avant lundi ?']
        graph.citizen_writes_burst(noe, [says(NOE, words) for words in burst])
        graph.citizen_sends_album(camille, 3, says(CAMILLE, 'Voici des photos', files=3))
        taken_back = graph.citizen_writes(
            sacha, says(SACHA, 'message repris par son auteur', wanted=0, withdrawn=True)
        )
        graph.citizen_unsends(taken_back)
        graph.citizen_reacts(taken_back)
        graph.webhooks.wait()
        graph.webhooks.redeliver(4)
        graph.page_writes(camille, says('la Page', 'Merci, nous passons demain', opens=False))

    def play_later(self) -> None:
        self.graph.citizen_writes(self.people[CAMILLE], self.says(CAMILLE, 'Il est toujours éteint'))

    def on_screen(self) -> list[str]:
        threads = self.graph.page.threads.values()
        return [message.text for thread in threads for message in thread.messages if message.from_page]

    def about(self) -> str:
        return f'API Graph    {self.url}   (page pour écrire comme un usager)'

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

"""What citizens and colleagues do in the demonstration, and what must be found of it in w.c.s.

Each message bears a mark of its own, by which it is counted in w.c.s.: it must be there once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import requests

from demo.emulators.graph import GraphEmulator
from demo.emulators.graph_state import photo

TIMEOUT = 10


@dataclass
class Expected:
    """One message: who wrote it, on which network; ``wanted``: how many times it must be in w.c.s."""

    mark: str
    network: str
    who: str
    text: str
    files: int = 0
    wanted: int = 1


@dataclass
class Scenario:
    """Plays the messages; ``expected`` is what must come of them, ``conversations`` how many demands."""

    graph: GraphEmulator
    mastodon_url: str
    mastodon_account: str
    tokens: dict[str, str]  # citizen of Mastodon → token
    expected: list[Expected] = field(default_factory=list)
    conversations: set[tuple[str, str]] = field(default_factory=set)
    run: str = field(default_factory=lambda: secrets.token_hex(3))

    def mark(self, network: str, who: str, text: str, *, opens: bool = True, **facts: int) -> str:
        """The text with its mark, remembered."""
        mark = f'réf. {self.run}-{len(self.expected) + 1:02d}'
        self.expected.append(Expected(mark, network, who, text, **facts))
        if opens:
            self.conversations.add((network, who))
        return f'{text} ({mark})'

    def play(self) -> None:
        for step in (self.play_messenger, self.play_mastodon, self.play_answers_elsewhere):
            step()

    def play_messenger(self) -> None:
        """Text, photograph, burst, album, redelivery, message taken back."""
        graph = self.graph

        def says(who: str, text: str, **facts: int) -> str:
            return self.mark('Messenger', who, text, opens=True, **facts)

        people = {
            name: graph.add_person(name) for name in ('Camille Exemple', 'Sacha Exemple', 'Noé Exemple')
        }
        camille, sacha, noe = people.values()
        graph.citizen_writes(camille, says('Camille Exemple', 'Bonjour, le lampadaire du 12 est éteint'))
        text = says('Sacha Exemple', 'Un arbre est tombé rue des Lilas', files=1)
        graph.citizen_writes(sacha, text, [photo()])
        burst = ['Bonjour', 'c’est pour la cantine', 'faut-il réserver avant lundi ?']
        graph.citizen_writes_burst(noe, [says('Noé Exemple', words) for words in burst])
        graph.citizen_sends_album(camille, 3, says('Camille Exemple', 'Voici des photos', files=3))
        self.mark('Messenger', 'Sacha Exemple', 'message repris par son auteur', wanted=0)
        taken_back = graph.citizen_writes(sacha, f'Mon numéro est… ({self.expected[-1].mark})')
        graph.citizen_unsends(taken_back)
        graph.citizen_reacts(taken_back)
        graph.webhooks.wait()
        graph.webhooks.redeliver(4)

    def play_mastodon(self) -> None:
        """Private mentions, and a public one that is none of our business."""
        for who, texts in {
            'jeanne': ['Bonjour, quels sont les horaires de la mairie ?', 'et le samedi ?'],
            'karim': ['La poubelle jaune n’a pas été ramassée'],
        }.items():
            for words in texts:
                self._toot(who, self.mark('Mastodon', who, words), 'direct')
        self.mark('Mastodon', 'karim', 'message public', opens=False, wanted=0)
        self._toot('karim', f'Belle fête du village ! ({self.expected[-1].mark})', 'public')

    def play_answers_elsewhere(self) -> None:
        """A colleague answers in Meta's own inbox: told on the demand, never a demand."""
        psid = next(iter(self.graph.page.threads))
        text = self.mark('Messenger', 'la Page', 'Merci, nous passons demain', opens=False)
        self.graph.page_writes(psid, text)

    def play_later_messages(self, wait: Callable[[], None]) -> None:
        """Once the demands are open: what follows joins them."""
        wait()
        psid = next(iter(self.graph.page.threads))
        text = self.mark('Messenger', 'Camille Exemple', 'Il est toujours éteint')
        self.graph.citizen_writes(psid, text)
        self._toot('jeanne', self.mark('Mastodon', 'jeanne', 'Merci beaucoup'), 'direct')

    def _toot(self, who: str, text: str, visibility: str) -> None:
        answer = requests.post(
            f'{self.mastodon_url}/api/v1/statuses',
            headers={'Authorization': f'Bearer {self.tokens[who]}'},
            json={'status': f'@{self.mastodon_account} {text}', 'visibility': visibility},
            timeout=TIMEOUT,
        )
        answer.raise_for_status()

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

"""X in the demonstration, on the emulator of its API."""

from __future__ import annotations

from demo.emulators.graph_state import photo
from demo.emulators.x import XEmulator, credentials
from demo.emulators.x_access import BEARER, CLIENT_ID, CLIENT_SECRET, CONSUMER_SECRET
from demo.emulators.x_state import US
from demo.scenes import Scene

LOU, GWEN = 'Lou Exemple', 'Gwen Exemple'
PLENTY = 1_000_000  # calls in 15 minutes: the demonstration polls each two seconds


class X(Scene):
    slug, label = 'x', 'X'
    external_id = US
    secrets = {
        'consumer_secret': [CONSUMER_SECRET],
        'client_id': [CLIENT_ID],
        'client_secret': [CLIENT_SECRET],
        'bearer_token': [BEARER],
    }

    def start(self) -> None:
        self.x = self.stack.enter_context(XEmulator(self.port, rate=PLENTY))
        self.x.webhooks.strict = False  # the brick is on the loopback
        self.url = self.x.url
        self.credentials = credentials(self.x)

    def connect(self, callback: str) -> None:
        """As « Abonner » does, from the other side: the webhook answers its test first."""
        self.x.connect(callback, known=False)

    def declare(self, address: str) -> None:
        self.x.access.pages.clients[CLIENT_ID].returns.append(address)

    def play(self) -> None:
        """Link, photograph, redelivery, answer of a colleague, and an encrypted message."""
        x, says = self.x, self.says
        self.people = {name: x.add_person(name) for name in (LOU, GWEN)}
        lou, gwen = self.people.values()
        x.citizen_writes(lou, says(LOU, 'Bonjour, la page https://example.org/plan?a=1&b=2 est <vide>'))
        x.citizen_writes(gwen, says(GWEN, 'Voici le nid-de-poule', files=1), photo().content)
        x.webhooks.redeliver(2)
        x.we_write(gwen, says('le compte', 'Merci, la voirie est prévenue', opens=False))
        x.citizen_chats(lou)

    def play_later(self) -> None:
        self.x.citizen_writes(self.people[LOU], self.says(LOU, 'Elle est toujours vide'))

    def on_screen(self) -> list[str]:
        return [dm.text for dm in self.x.state.messages if dm.sender == US]

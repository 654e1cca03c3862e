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

"""WhatsApp in the demonstration, on the emulator of the Cloud API."""

from __future__ import annotations

from demo.emulators.graph import APP_ID, APP_SECRET, VERIFY_TOKEN
from demo.emulators.graph_state import document, photo
from demo.emulators.graph_whatsapp import PHONE_ID, TEMPLATE, TOKEN, WABA_ID, WhatsAppEmulator
from demo.scenes import Scene

ROSE, ADAM, LOU = 'Rose Exemple', 'Adam Exemple', 'Lou Exemple'


class WhatsApp(Scene):
    slug, label = 'whatsapp', 'WhatsApp'
    external_id = PHONE_ID
    secrets = {'app_id': [APP_ID], 'app_secret': [APP_SECRET], 'verify_token': [VERIFY_TOKEN]}
    credentials = {
        'access_token': TOKEN,
        'phone_number_id': PHONE_ID,
        'waba_id': WABA_ID,
        'template_name': TEMPLATE,
    }

    def start(self) -> None:
        self.whatsapp = self.stack.enter_context(WhatsAppEmulator(self.port))
        self.url = self.whatsapp.url

    def connect(self, callback: str) -> None:
        self.whatsapp.webhooks.connect(callback)

    def play(self) -> None:
        """Photograph with text, PDF, somebody without a number, redelivery, new number, call, colleague."""
        whatsapp, says = self.whatsapp, self.says
        self.rose, adam = whatsapp.add_person(ROSE), whatsapp.add_person(ADAM)
        lou = whatsapp.add_person(LOU, shows_number=False)
        whatsapp.citizen_writes(self.rose, says(ROSE, 'Une fuite d’eau place du Marché', files=1), photo())
        whatsapp.citizen_writes(adam, says(ADAM, 'Voici mon justificatif de domicile', files=1), document())
        whatsapp.citizen_writes(lou, says(LOU, 'Les horaires de la piscine pendant les vacances ?'))
        whatsapp.citizen_calls(adam)
        whatsapp.citizen_revokes(
            whatsapp.citizen_writes(lou, says(LOU, 'message retiré', wanted=0, withdrawn=True))
        )
        whatsapp.webhooks.wait()
        whatsapp.webhooks.redeliver(3)
        whatsapp.telephone_writes(lou, says('le téléphone', 'De 10 à 19 heures', opens=False))
        whatsapp.citizen_changes_number(self.rose, '33639980055')

    def play_later(self) -> None:
        """From her new number."""
        self.whatsapp.citizen_writes(self.rose, self.says(ROSE, 'L’eau coule toujours'))

    def on_screen(self) -> list[str]:
        return [message.text for one in self.whatsapp.world.people for message in self.whatsapp.said_to(one)]

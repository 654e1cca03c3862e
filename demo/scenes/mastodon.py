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

"""Mastodon in the demonstration, on ``mastodon_mock``."""

from __future__ import annotations

import requests

from demo.scenes import Scene

MAIRIE = 'mairie_villexemple'
NAMES = {MAIRIE: 'Ville de Villexemple', 'jeanne': 'Jeanne Exemple', 'karim': 'Karim Exemple'}
TIMEOUT = 10


class Mastodon(Scene):
    slug, label = 'mastodon', 'Mastodon'
    api_url = ''

    def start(self) -> None:
        from mastodon_mock.config import SeedAccount, SeedConfig
        from mastodon_mock.testing import MockServer

        people = [
            SeedAccount(username=name, display_name=shown, access_token=f'jeton-{name}')
            for name, shown in NAMES.items()
        ]
        server = self.stack.enter_context(MockServer(seed=SeedConfig(accounts=people), log_level='error'))
        self.url = str(server.base_url).rstrip('/')
        self.credentials = {'instance': self.url, 'access_token': f'jeton-{MAIRIE}'}

    def play(self) -> None:
        """Private mentions, and a public one that is none of our business."""
        for who, texts in {
            'jeanne': ['Bonjour, quels sont les horaires de la mairie ?', 'et le samedi ?'],
            'karim': ['La poubelle jaune n’a pas été ramassée'],
        }.items():
            for words in texts:
                self._toot(who, self.says(who, words), 'direct')
        self._toot('karim', self.says('karim', 'message public', opens=False, wanted=0), 'public')

    def play_later(self) -> None:
        self._toot('jeanne', self.says('jeanne', 'Merci beaucoup'), 'direct')

    def _toot(self, who: str, text: str, visibility: str) -> None:
        status = {'status': f'@{MAIRIE} {text}', 'visibility': visibility}
        self._call('POST', 'statuses', who, json=status)

    def on_screen(self) -> list[str]:
        """From the citizens' own notifications."""
        found = []
        for who in set(NAMES) - {MAIRIE}:
            found += [item['status']['content'] for item in self._call('GET', 'notifications', who).json()]
        return found

    def _call(self, method: str, path: str, who: str, **options: object) -> requests.Response:
        headers = {'Authorization': f'Bearer jeton-{who}'}
        url = f'{self.url}/api/v1/{path}'
        answer = requests.request(method, url, headers=headers, timeout=TIMEOUT, **options)  # type: ignore[arg-type]
        answer.raise_for_status()
        return answer

    def about(self) -> str:
        tokens = ', '.join(f'jeton-{name}' for name in NAMES if name != MAIRIE)
        return f'Mastodon     {self.url}   (jetons : {tokens})'

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

"""Bluesky in the demonstration, on our emulator."""

from __future__ import annotations

from demo.emulators.bluesky import APP_PASSWORD, JEANNE, KARIM, MAIRIE, BlueskyEmulator
from demo.scenes import Scene


class Bluesky(Scene):
    slug, label = 'bluesky', 'Bluesky'
    credentials = {'identifier': MAIRIE, 'app_password': APP_PASSWORD}

    def start(self) -> None:
        self.server = self.stack.enter_context(BlueskyEmulator(self.port))
        self.url = self.server.url

    def play(self) -> None:
        """A link that hides its address, a quoted post, a reaction; a group is none of our business."""
        server = self.server
        text = self.says('Jeanne Exemple', 'Bonjour, cette page ne s’ouvre pas')
        place = {'byteStart': text.encode().index(b'cette page'), 'byteEnd': 0}
        place['byteEnd'] = place['byteStart'] + len(b'cette page')
        link = {'$type': 'app.bsky.richtext.facet#link', 'uri': 'https://example.org/agenda'}
        first = server.write(JEANNE, text, facets=[{'index': place, 'features': [link]}])
        server.chat.react(first, server.known(JEANNE).did, '🙏')
        uri = f'at://{server.mairie.did}/app.bsky.feed.post/3lnpqysgszqzb'
        record = {
            '$type': 'app.bsky.embed.record#viewRecord',
            'uri': uri,
            'value': {'text': 'Travaux rue des Lilas'},
        }
        embed = {'$type': 'app.bsky.embed.record#view', 'record': record}
        server.write(KARIM, self.says(KARIM, 'Jusqu’à quand ?'), embed=embed)
        server.write_in_group(KARIM, self.says(KARIM, 'Salut à tous', opens=False, wanted=0))

    def play_later(self) -> None:
        self.server.write(JEANNE, self.says('Jeanne Exemple', 'Merci beaucoup'))
        colleague = self.says('la mairie', 'C’est réparé (écrit dans Bluesky)', opens=False)
        self.server.write(MAIRIE, colleague, to=JEANNE)

    def on_screen(self) -> list[str]:
        return [text for who in (JEANNE, KARIM) for text in self.server.received(who)]

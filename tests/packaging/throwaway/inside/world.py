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

"""The world outside the brick, inside the throw-away system: w.c.s. and Meta, as the demonstration has them.

Reads orders on its standard input, a JSON list a line (name of a method, arguments); answers a line of JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from django.conf import settings

WCS, GRAPH = 8881, 8882
SECRET = 'secret-de-ville-et-de-wcs'


class World:
    def __init__(self) -> None:
        from demo.emulators.graph import GraphEmulator
        from demo.wcs_standin import StandIn

        self.wcs = StandIn(WCS, orig='ville.example.org', secret=SECRET)
        # w.c.s. signs what it asks of the sites that it knows
        self.wcs.wcs.site.secrets['ville.example.org'] = SECRET
        self.graph = GraphEmulator(GRAPH)
        self.people: dict[str, str] = {}

    def connect(self, callback: str) -> None:
        """Meta is told the address of the webhook; it tries it at once."""
        self.graph.webhooks.connect(callback)

    def write(self, name: str, text: str) -> None:
        """A citizen writes; the signed webhook is answered."""
        if name not in self.people:
            self.people[name] = self.graph.add_person(name)
        self.graph.citizen_writes(self.people[name], text)
        self.graph.webhooks.wait()

    def demands(self) -> list[str]:
        """What the demands of w.c.s. say."""
        return [str(self.wcs.value(demand, 'message')) for demand in self.wcs.demands()]

    def errors(self) -> list[str]:
        """Of the emulators themselves."""
        return [repr(error) for error in self.wcs.errors]


def main() -> None:
    settings.configure(USE_I18N=False, USE_TZ=True)
    world = World()
    with world.wcs, world.graph:
        say(None)
        for line in sys.stdin:
            name, *arguments = json.loads(line)
            say(getattr(world, name)(*arguments))


def say(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + '\n')
    sys.stdout.flush()


if __name__ == '__main__':
    main()

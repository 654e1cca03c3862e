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

"""Pages of the emulator for people: see the threads, write as a citizen. For the demonstration."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from demo.emulators.graph_state import Thread, photo
from demo.emulators.server import Call, Reply

if TYPE_CHECKING:
    from demo.emulators.graph import GraphEmulator

HEAD = """<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{label}, émulé</title><style>
body{font:1rem/1.5 sans-serif;max-width:45rem;margin:2rem auto;padding:0 1rem}
li{margin:.3rem 0}.page{color:#0b5394}form{border:1px solid #767676;padding:1rem;margin:1rem 0}
label{display:block;margin-bottom:.5rem}textarea,select,input[type=text]{width:100%;font:inherit}
</style></head><body><main><h1>{label}, émulé</h1>"""


class Pages:
    def __init__(self, emulator: GraphEmulator) -> None:
        self.emulator = emulator

    def answer(self, call: Call) -> Reply | None:
        """None if the call is not for a page."""
        if call.path == '/' and call.method == 'GET':
            return Reply(200, self._home().encode(), mimetype='text/html; charset=utf-8')
        if call.path == '/citizen' and call.method == 'POST':
            return self._write(call)
        return None

    def _write(self, call: Call) -> Reply:
        """``psid``, or ``name`` of somebody new; ``text``; ``photo`` to add one."""
        graph, psid = self.emulator, call.text('psid')
        with graph.world.lock:
            if psid not in graph.page.threads:
                psid = graph.add_person(call.text('name').strip() or 'Camille Martin')
            files = [photo()] if call.text('photo') else []
            text = call.text('text').replace('\r\n', '\n').strip()
            if text or files:
                graph.citizen_writes(psid, text, files)
        return Reply(303, b'', {'Location': '/'}, 'text/plain')

    def _home(self) -> str:
        page = self.emulator.page
        with self.emulator.world.lock:
            threads = ''.join(self._thread(thread) for thread in page.threads.values() if thread.messages)
            people = ''.join(
                f'<option value="{escape(psid)}">{escape(thread.person.name)}</option>'
                for psid, thread in page.threads.items()
            )
        return f"""{HEAD.replace('{label}', self.emulator.label)}<p>Compte « {escape(page.name)} »</p>
<form method="post" action="/citizen"><h2>Écrire comme un usager</h2>
<label>Usager <select name="psid"><option value="">nouveau</option>{people}</select></label>
<label>Nom, s’il est nouveau <input type="text" name="name"></label>
<label>Message <textarea name="text" rows="3"></textarea></label>
<label><input type="checkbox" name="photo" value="1"> avec une photo</label>
<button>Envoyer</button></form>{threads}</main></body></html>"""

    def _thread(self, thread: Thread) -> str:
        lines = []
        for message in thread.messages:
            author = self.emulator.page.name if message.from_page else thread.person.name
            kind = ' class="page"' if message.from_page else ''
            files = ''.join(f' [{escape(one.kind)}]' for one in message.media)
            words = 'message retiré' if message.unsent else escape(message.text)
            lines.append(f'<li{kind}><strong>{escape(author)}</strong> : {words}{files}</li>')
        return f'<h2>{escape(thread.person.name)}</h2><ul>{"".join(lines)}</ul>'

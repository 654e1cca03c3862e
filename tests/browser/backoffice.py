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

"""A page as the back office of w.c.s. makes it for a demand, on an origin of its own.

Its script does what that of w.c.s. does with ``context.summary_url``: jQuery, JSONP, ``.html(data.content)``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from xstatic.pkg import jquery

JQUERY = Path(jquery.BASE_DIR) / 'jquery.min.js'
STYLE = """
  :root { --primary-color: #386ede; --font-color: #333; --link-color: #386ede; --background: #ecf0f3; }
  * { box-sizing: border-box; }
  body { background: #ecf0f3; color: #333; font: 13px/1.4 sans-serif; margin: 0; }
  main { display: flex; flex-wrap: wrap; gap: 1rem; padding: 1rem; }
  .content { background: white; flex: 1 1 20rem; padding: 1rem; }
  aside { background: white; color: #595959; padding: 12px; width: 310px; }
"""
PAGE = """<!DOCTYPE html>
<html lang="fr"><head><meta charset="utf-8"><title>Message privé reçu sur un réseau social - n°12-1</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head>
<body><header><h1>Message privé reçu sur un réseau social</h1></header>
<main><div class="content"><h2>Résumé</h2><form><label for="reply">Répondre</label>
<textarea id="reply"></textarea><button>Envoyer</button></form></div>
<aside aria-label="Informations"><div class="extra-context"><h3>Canal: Réseau social</h3>
<div data-content-url="{url}"></div></div></aside></main>
<script src="/jquery.js"></script>
<script>
  $('[data-content-url]').each((index, place) => $.ajax({{
    url: $(place).data('content-url'), dataType: 'jsonp', crossDomain: true,
    xhrFields: {{ withCredentials: true }}, success: (data) => $(place).html(data.content),
  }}));
</script></body></html>
"""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == '/jquery.js':
            return self._answer(JQUERY.read_bytes(), 'text/javascript')
        if parts.path != '/':
            return self.send_error(404)
        url = parse_qs(parts.query).get('url', [''])[0]
        self._answer(PAGE.format(style=STYLE, url=escape(url)).encode(), 'text/html; charset=utf-8')

    def _answer(self, body: bytes, content_type: str) -> None:
        self.send_response(200)
        self.send_header('Content-Type', content_type)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *values: object) -> None:
        """Say nothing."""


@contextmanager
def serve() -> Iterator[str]:
    """Give the address of such a site: ``<address>/?url=<summary_url>`` is a page of it."""
    with ThreadingHTTPServer(('127.0.0.1', 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f'http://127.0.0.1:{server.server_port}'
        finally:
            server.shutdown()
            thread.join(10)

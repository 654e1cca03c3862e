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

"""Every page that staff reach by following the links, as a browser shows it."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

from django.contrib.auth.models import User
from django.test import Client

HOST = 'combo.example.org'
ADDRESSES = re.compile(r'\b(?:href|action|src|data-[a-z-]*url|formaction)="([^"]*)"')
LIMIT = 300  # pages


def crawl(start: str) -> dict[str, tuple[int, str]]:
    """Path of each page, or of what it names (scripts, actions of forms) → status (0: not asked) and text."""
    User.objects.create(username='admin', is_staff=True)
    client = Client(HTTP_HOST=HOST)
    client.force_login(User.objects.get(username='admin'))
    found: dict[str, tuple[int, str]] = {}
    waiting = [start]
    while waiting and len(found) < LIMIT:
        path = waiting.pop()
        if path in found:
            continue
        response = client.get(path, secure=True)
        is_page = response.get('Content-Type', '').startswith('text/html')
        text = response.content.decode() if is_page and not response.streaming else ''
        found[path] = (response.status_code, text)
        targets = [unescape(target) for target in ADDRESSES.findall(text)]
        if 'Location' in response:
            targets.append(response['Location'])
        for target in targets:
            parts = urlsplit(urljoin(f'https://{HOST}{path}', target))
            if parts.netloc == HOST and parts.scheme == 'https':
                waiting.append(parts.path + (f'?{parts.query}' if parts.query else ''))
    return found

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

"""What is seen of the panel on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

LINES = '.socialmedia-panel ol[data-part="list"] > li'


def texts(page: Page) -> list[str]:
    """What is written in each message."""
    return page.locator(f'{LINES} .socialmedia-text').all_inner_texts()


def soon(page: Page, count: int) -> None:
    """Wait until there are that many messages."""
    page.wait_for_function(f'document.querySelectorAll(`{LINES}`).length === {count}')


def heard(page: Page) -> str:
    return page.locator('[data-part="news"]').inner_text()


def requests_of(page: Page) -> list[str]:
    found: list[str] = []
    page.on('request', lambda request: found.append(request.url) if '/panel/?' in request.url else None)
    return found


def violations(page: Page, **context: list[str]) -> list[str]:
    """What axe finds wrong in the page, or in a part of it."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=context or None)
    return [
        f'{rule["id"]}: {node["html"][:120]}'
        for rule in found.response['violations']
        for node in rule['nodes']
    ]

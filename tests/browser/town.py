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

"""A town whose new administrator connects its accounts: networks, a w.c.s., a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from demo.wcs_standin import StandIn
from publik_socialmedia.models import Demand
from tests.browser.screen import violations
from tests.factory import deliver, later

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

SIZES = {1280: 900, 390: 844}


class Administrator:
    """What they see and do. Each page they look at is checked by axe, and kept as a picture at two widths if
    MANAGER_SHOTS names a folder."""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self.site = page, site
        self.seen: list[str] = []
        client = Client()
        client.force_login(User.objects.create(username='marie', first_name='Marie', is_staff=True))
        name = django_settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{'name': name, 'value': client.cookies[name].value, 'url': site}])

    def open(self, name: str, *args: Any) -> None:
        self.page.goto(self.site + reverse(f'socialmedia-manage-{name}', args=args))

    def look(self, name: str) -> str:
        """What is on the screen; nothing in it is out of reach of anybody."""
        wrong = violations(self.page)
        assert not wrong, (name, wrong)
        for width, height in SIZES.items():
            self.page.set_viewport_size({'width': width, 'height': height})
            assert self.page.evaluate('document.documentElement.scrollWidth <= innerWidth'), (name, width)
            if 'MANAGER_SHOTS' in os.environ:
                path = Path(os.environ['MANAGER_SHOTS']) / f'{name}-{width}.png'
                self.page.screenshot(path=path, full_page=True)
        self.page.set_viewport_size({'width': 1280, 'height': 900})
        assert self.page.evaluate('window.wasPwned') is None
        self.seen.append(self.page.content())
        return self.said()

    def said(self) -> str:
        return self.page.locator('#content').inner_text()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role('button', name=name, exact=True)

    def press(self, name: str) -> None:
        with self.page.expect_navigation():
            self.button(name).click()

    def follow(self, name: str) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role('link', name=name, exact=True).click()

    def fill(self, **values: str) -> None:
        for name, value in values.items():
            self.page.locator(f'[name="{name}"]').fill(value)

    # -- by keyboard alone

    def tab_to(self, wanted: str) -> None:
        """Go with the Tab key to what bears that name: its words, or the name of its field."""
        for _step in range(120):
            self.page.keyboard.press('Tab')
            here = self.page.evaluate(
                '[document.activeElement.name, document.activeElement.innerText].map((t) => (t || "").trim())'
            )
            if wanted in here:
                return
        raise AssertionError(f'« {wanted} » is not reached by the Tab key')

    def enter(self, wanted: str) -> None:
        self.tab_to(wanted)
        with self.page.expect_navigation():
            self.page.keyboard.press('Enter')

    def type(self, field: str, words: str) -> None:
        self.tab_to(field)
        self.page.keyboard.press('Control+A')
        self.page.keyboard.type(words)


@contextmanager
def wcs(settings: Any, site: str) -> Iterator[StandIn]:
    """A w.c.s. that knows us."""
    with StandIn() as standin:
        settings.KNOWN_SERVICES = {'wcs': {'default': standin.settings}}
        settings.PUBLIK_SOCIALMEDIA_BASE_URL = site
        settings.PUBLIK_SOCIALMEDIA_GROUPING_DELAY = 0
        yield standin
        assert standin.errors == []


@dataclass
class Scene:
    """A new administrator, and what she connects to."""

    marie: Administrator
    wcs: StandIn
    settings: Any

    def network(self, slug: str, url: str) -> None:
        urls = self.settings.PUBLIK_SOCIALMEDIA_API_URLS
        self.settings.PUBLIK_SOCIALMEDIA_API_URLS = {**urls, slug: url}

    def begin(self, network: str) -> None:
        self.marie.open('home')
        self.marie.page.get_by_role('link', name='Connecter un compte', exact=True).first.click()
        self.marie.press(network)

    def finish(self) -> None:
        """Import, settings, start."""
        self.marie.press('À partir de maintenant')
        self.marie.press('Continuer')
        self.marie.press('Démarrer')

    def demand(self, text: str) -> Demand:
        """The one that a message with that text has opened."""
        turns()
        demand = Demand.objects.get()
        (found,) = self.wcs.demands()
        assert demand.number and self.wcs.value(found, 'message') == text
        return demand


def turns(count: int = 3) -> None:
    """Let the worker run, with the time that passes between."""
    for _ in range(count):
        later()
        deliver()

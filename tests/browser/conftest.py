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

"""A real browser, Debian's Chromium; these tests are skipped, and say so, where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from publik_socialmedia.app_settings import AppSettings
from publik_socialmedia.models import Demand
from publik_socialmedia.wcs import panel
from tests.browser import backoffice, town
from tests.wcs.conftest import Loopback

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which('chromium') or shutil.which('chromium-browser')


@pytest.fixture(scope='module')
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip('no Chromium here: install the Debian package chromium')
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright runs an event loop in this thread, in which Django would refuse to read its database
        patch.setenv('DJANGO_ALLOW_ASYNC_UNSAFE', 'true')
        # root, in containers, has no sandbox
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=['--no-sandbox'])
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab; what a hostile text would do is noticed."""
    context = browser.new_context(locale='fr-FR', viewport={'width': 1280, 'height': 900})
    context.set_default_timeout(20_000)
    tab = context.new_page()
    tab.add_init_script('window.pwned = () => { window.wasPwned = true; }')
    seen: list[str] = []
    tab.on('dialog', lambda dialog: (seen.append(dialog.message), dialog.dismiss()))
    tab.on('pageerror', lambda error: seen.append(str(error)))
    yield tab
    assert seen == []
    context.close()


class Backoffice:
    """The back office of the w.c.s. that has the demands, in a tab."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url

    def open(self, demand: Demand, **how: Any) -> Page:
        """Look at a demand until its panel is there."""
        self.page.goto(f'{how.get("site", self.url)}/?{urlencode({"url": panel.address(demand)})}')
        if how.get('shown', True):
            self.page.wait_for_selector('[data-socialmedia-panel][data-started]')
        return self.page


@pytest.fixture
def wcs(page: Page, live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backoffice]:
    with backoffice.serve() as url:
        service = {'title': 'Démarches', 'url': f'{url}/', 'orig': 'combo.example.org', 'secret': 'secret'}
        settings.KNOWN_SERVICES = {'wcs': {'default': service}}
        settings.PUBLIK_SOCIALMEDIA_BASE_URL = live_server.url
        monkeypatch.setattr(panel, 'PACE', 0.3)
        yield Backoffice(page, url)


@pytest.fixture
def scene(
    page: Page, live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[town.Scene]:
    """A new administrator of a town, and its w.c.s."""
    monkeypatch.setattr(AppSettings, 'TRUSTED_HOSTS', Loopback())
    with town.wcs(settings, live_server.url) as standin:
        yield town.Scene(town.Administrator(page, live_server.url), standin, settings)

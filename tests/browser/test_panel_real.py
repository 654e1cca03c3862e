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

"""The panel inside the back office of a real w.c.s., for whom has one.

WCS_URL, WCS_ORIG, WCS_SECRET and WCS_FORM name it, as for ``tests/wcs``; WCS_AGENT and WCS_AGENT_PASSWORD are
those of an agent who sees the demands of that form. PANEL_SHOTS: folder for pictures of what was seen.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from publik_socialmedia.app_settings import AppSettings
from publik_socialmedia.delivery import worker
from publik_socialmedia.models import Attachment, Demand, Message
from tests.browser.conftest import Backoffice
from tests.browser.screen import soon, texts
from tests.factory import make_account, write
from tests.wcs.conftest import Loopback
from tests.wcs.panel_scene import answer, attach, picture, say

if TYPE_CHECKING:
    from playwright.sync_api import Page

NAMES = ('WCS_URL', 'WCS_ORIG', 'WCS_SECRET', 'WCS_FORM', 'WCS_AGENT', 'WCS_AGENT_PASSWORD')
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.skipif(not all(map(os.environ.get, NAMES)), reason='no real w.c.s. is named'),
]


@pytest.fixture
def real(wcs: Backoffice, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Backoffice:
    url, orig, secret, _form, agent, password = (os.environ[name] for name in NAMES)
    monkeypatch.setattr(AppSettings, 'TRUSTED_HOSTS', Loopback())
    service = {'title': 'Démarches', 'url': url, 'orig': orig, 'secret': secret}
    settings.KNOWN_SERVICES = {'wcs': {'default': service}}
    form = {'username': agent, 'password': password, 'submit': 'x', 'next': ''}
    login = requests.post(f'{url}login/', data=form, allow_redirects=False, timeout=30)
    # w.c.s. gives a cookie that browsers only take from an https site
    name, _sign, value = login.headers['Set-Cookie'].partition(';')[0].partition('=')
    wcs.page.context.add_cookies([{'name': name, 'value': value, 'url': url}])
    wcs.url = url
    return wcs


def shoot(page: Page, name: str) -> None:
    if 'PANEL_SHOTS' in os.environ:
        page.screenshot(path=Path(os.environ['PANEL_SHOTS']) / f'{name}.png', full_page='1280' in name)


def test_panel_lives_in_the_page_of_the_demand(real: Backoffice) -> None:
    """R13, R32, R35, R51: texts, a photo that w.c.s. has, then what happens meanwhile."""
    account = make_account(form=os.environ['WCS_FORM'])
    message = write(account, 'Bonjour, <b>ma rue</b> est dans le noir.', name='Jeanne Exemple')
    attach(message, picture('darkorange'), filename='rue.jpg')
    attach(message, b'%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n', filename='courrier.pdf')
    worker.run_once()
    demand = Demand.objects.get()
    assert demand.state == 'open' and set(Attachment.objects.values_list('state', flat=True)) == {'given'}
    late = write(account, 'De plus près')
    attach(late, picture('teal', (400, 900)), filename='lampe.jpg')
    worker.run_once()
    answer(demand, 'Nous passons demain.', state='read')
    answer(demand, 'Bonne journée.', state='failed', failure='blocked')

    page = real.page
    page.goto(demand.backoffice_url)
    page.wait_for_selector('[data-socialmedia-panel][data-started]')
    assert texts(page)[0] == 'Bonjour, <b>ma rue</b> est dans le noir.'
    page.wait_for_function(
        '[...document.querySelectorAll(".socialmedia-panel img")].filter((i) => i.naturalWidth).length === 2'
    )
    for link in page.locator('.socialmedia-files a').all():
        href = link.get_attribute('href') or ''
        assert href.startswith(demand.backoffice_url)
        got = page.context.request.get(href)
        assert got.ok and int(got.headers['content-length']) in Attachment.objects.values_list(
            'size', flat=True
        )
    shoot(page, 'panel-real-1280')
    say(demand.conversation, 'Merci !', demand=demand)
    soon(page, Message.objects.count())
    page.set_viewport_size({'width': 390, 'height': 844})
    page.reload()
    page.wait_for_selector('[data-socialmedia-panel][data-started]')
    page.locator('.socialmedia-panel').scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    shoot(page, 'panel-real-390')

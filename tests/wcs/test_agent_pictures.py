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

"""What an agent sees, as the documentation shows it (R20, R32, R33).

The panel is ours: its picture is what anybody sees of it. The page around it is that of the w.c.s. of the
tests; its words and buttons are those of our workflow, whatever w.c.s. shows them, and the documentation says
that the rest looks otherwise.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from demo.emulators.graph import photo
from publik_socialmedia.wcs import installation, panel
from tests.browser import backoffice, pictures
from tests.browser.conftest import browser as a_browser
from tests.browser.conftest import page as a_page
from tests.browser.pictures import Camera
from tests.wcs import test_agent
from tests.wcs.target import real_target
from tests.wcs.test_agent import ANSWER, Scene

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.skipif(
        real_target() is not None,
        reason='with a real w.c.s. test_agent.py takes its own pictures (WCS_SHOTS)',
    ),
]
browser, page, office, scene = a_browser, a_page, test_agent.office, test_agent.scene


def shown(page: Page, scene: Scene) -> Page:
    page.goto(scene.demand.backoffice_url)
    return page


def test_the_page_of_agents(page: Page, scene: Scene, settings: Any, tmp_path: Path) -> None:
    camera = Camera(page, pictures.folder(tmp_path))
    installation.install(scene.wcs.client)
    scene.citizen_writes('Bonjour, un lampadaire est cassé rue des Lilas.', photo('teal'))
    agent = scene.look()
    agent.press('Prendre en charge')
    shown(page, scene)
    camera.take('agent-repondre', page.locator('section', has=page.locator('#wf-actions')))
    agent.fill(ANSWER, 'Bonjour, merci. Nous passons demain matin.')
    agent.press('Envoyer la réponse')
    scene.settle()
    scene.citizen_writes('Merci beaucoup ! Et le banc du square ?')
    _panel(page, scene, settings, camera)
    scene.graph.thread(scene.camille).person.blocked = True
    agent = scene.look()
    agent.fill(ANSWER, 'Le banc sera réparé lundi.')
    agent.press('Envoyer la réponse')
    scene.settle()
    shown(page, scene)
    assert page.locator('.status').first.inner_text() == "Échec d'envoi"
    camera.take('agent-echec', page.locator('section').first)


def _panel(page: Page, scene: Scene, settings: Any, camera: Camera) -> None:
    """In the side bar of a page like that of w.c.s."""
    with backoffice.serve() as url:
        # the panel is shown to the site of its demand only
        real = settings.PUBLIK_SOCIALMEDIA_WCS
        settings.PUBLIK_SOCIALMEDIA_WCS = {'default': {**real['default'], 'url': f'{url}/'}}
        page.goto(f'{url}/?{urlencode({"url": panel.address(scene.demand)})}')
        page.wait_for_selector('[data-socialmedia-panel][data-started]')
        camera.take('agent-conversation', page.locator('.socialmedia-panel'))
        page.goto('about:blank')
        settings.PUBLIK_SOCIALMEDIA_WCS = real

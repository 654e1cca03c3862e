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

"""The page on which a citizen links a conversation to their account, in a real browser (R27, R44)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import Client

from publik_socialmedia.models import Contact
from publik_socialmedia.wcs import linking
from tests.browser.screen import violations
from tests.factory import make_account, write

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
HOSTILE = '"><img src=x onerror=pwned()><script>pwned()</script>'


@pytest.mark.parametrize('width', [1280, 390])
def test_citizen_links_then_unlinks_by_keyboard(
    page: Page, live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    settings.PUBLIK_SOCIALMEDIA_BASE_URL = live_server.url
    monkeypatch.setattr(User, 'get_name_id', lambda user: 32 * 'a', raising=False)
    client = Client()
    client.force_login(User.objects.create(username='jeanne'))
    session = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{'name': django_settings.SESSION_COOKIE_NAME, 'value': session, 'url': live_server.url}]
    )
    contact = write(make_account(name=HOSTILE)).conversation.contact
    Contact.objects.update(name=HOSTILE)
    page.set_viewport_size({'width': width, 'height': 844})
    page.goto(linking.address(contact))
    assert violations(page) == [] and page.title() == 'Relier cette conversation à mon compte'
    page.keyboard.press('Tab')
    page.keyboard.press('Enter')
    page.wait_for_selector('[role="status"]')
    assert 'est reliée à votre compte' in page.get_by_role('status').inner_text()
    assert violations(page) == [] and Contact.objects.get().name_id == 32 * 'a'
    page.get_by_role('button', name='Ne plus la relier à mon compte').press('Enter')
    page.wait_for_function('!document.querySelector("button")')
    assert violations(page) == [] and Contact.objects.get().name_id == ''
    assert page.evaluate('window.wasPwned') is None and page.locator('img, script').count() == 0
    assert page.evaluate('document.documentElement.scrollWidth <= innerWidth')

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

"""The back office of w.c.s. as an agent uses it: pages of the stand-in by HTTP, of a real one in a browser.

Both offer the same few gestures, named by what is read on the screen.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urljoin, urlsplit

import pytest
import requests
from lxml import etree, html

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

SHOTS = os.environ.get('WCS_SHOTS', '')  # folder for pictures of what was seen


class Office(Protocol):
    """``open``: look at a demand. The other gestures are made on the page that is shown."""

    def open(self, url: str) -> None: ...
    def text(self) -> str: ...
    def title(self) -> str: ...
    def status(self) -> str: ...
    def buttons(self) -> list[str]: ...
    def press(self, label: str) -> None: ...
    def fill(self, label: str, text: str) -> None: ...
    def typed(self, label: str) -> str: ...
    def attach(self, label: str, name: str, content: bytes) -> None: ...
    def choose(self, label: str, choice: str) -> None: ...
    def panel(self) -> str: ...
    def address(self) -> str: ...
    def shoot(self, name: str) -> None: ...


class HttpOffice:
    """The stand-in's pages, whose forms are filled and sent as a browser does."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session
        self._url = ''
        self._page: Any = None
        self._values: dict[str, Any] = {}

    def open(self, url: str) -> None:
        self._show(self._session.get(url, timeout=60))

    def text(self) -> str:
        return ' '.join(self._page.text_content().split())

    def title(self) -> str:
        return str(self._page.findtext('.//h1'))

    def status(self) -> str:
        return str(self._page.xpath('string(//main//span[@class="status"])'))

    def buttons(self) -> list[str]:
        return [button.text_content().strip() for button in self._page.iter('button')]

    def press(self, label: str) -> None:
        button = next(item for item in self._page.iter('button') if item.text_content().strip() == label)
        form = next(button.iterancestors('form'))
        values = {name: value for name, value in form.fields.items() if value is not None}
        values |= {name: value for name, value in self._values.items() if not isinstance(value, tuple)}
        files = {name: value for name, value in self._values.items() if isinstance(value, tuple)}
        values[button.get('name')] = button.get('value')
        url = urljoin(self._url, form.get('action'))
        self._show(self._session.post(url, data=values, files=files or None, timeout=60))

    def fill(self, label: str, text: str) -> None:
        self._values[self._name(label)] = text

    def typed(self, label: str) -> str:
        return str(self._page.forms[0].fields[self._name(label)] or '').strip()

    def attach(self, label: str, name: str, content: bytes) -> None:
        self._values[self._name(label)] = (name, content, 'application/octet-stream')

    def choose(self, label: str, choice: str) -> None:
        name = self._name(label)
        options = {item.text_content(): item.get('value') for item in self._page.iter('option')}
        self._values[name] = options[choice]

    def panel(self) -> str:
        """Ask for the panel as the script of w.c.s. does, give its text."""
        address = self._page.xpath('string(//dt[text()="summary_url"]/following-sibling::dd)')
        parts = urlsplit(self._url)
        headers = {'Referer': f'{parts.scheme}://{parts.netloc}/', 'Sec-Fetch-Dest': 'script'}
        answer = self._session.get(f'{address}&callback=shown', headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text[:300]
        content = re.search(r'shown\((\{.*\})\);', answer.text)
        assert content is not None
        tree = html.fromstring(json.loads(content[1])['content'])
        etree.strip_elements(tree, 'script', 'style', with_tail=False)
        return ' '.join(tree.text_content().split())

    def address(self) -> str:
        return self._url

    def shoot(self, name: str) -> None:
        """There is nothing to see."""

    def _show(self, answer: requests.Response) -> None:
        self._url, self._values = answer.url, {}
        self._page = html.fromstring(answer.content)

    def _name(self, label: str) -> str:
        found = next(item for item in self._page.iter('label') if item.text_content().strip() == label)
        return str(found.get('for'))


class BrowserOffice:
    """A real w.c.s. in Debian's Chromium."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, url: str) -> None:
        self.page.goto(url)

    def text(self) -> str:
        return ' '.join(self.page.inner_text('body').split())

    def title(self) -> str:
        return self.page.inner_text('h2, h1').strip()

    def status(self) -> str:
        return self.page.inner_text('.current-status').partition(':')[2].strip()

    def buttons(self) -> list[str]:
        return [text.strip() for text in self.page.locator('form button').all_inner_texts()]

    def press(self, label: str) -> None:
        self.page.get_by_role('button', name=label, exact=True).click()
        self.page.wait_for_load_state()

    def fill(self, label: str, text: str) -> None:
        self._widget(label).locator('textarea, input[type=text]').first.fill(text)

    def typed(self, label: str) -> str:
        return self._widget(label).locator('textarea, input[type=text]').first.input_value().strip()

    def attach(self, label: str, name: str, content: bytes) -> None:
        widget = self._widget(label)
        chosen = {'name': name, 'mimeType': 'application/octet-stream', 'buffer': content}
        with self.page.expect_response(lambda answer: 'tmp-upload' in answer.url):
            widget.locator('input[type=file]').set_input_files(files=[chosen])  # type: ignore[list-item]
        widget.get_by_text(name).wait_for()

    def choose(self, label: str, choice: str) -> None:
        self._widget(label).locator('.select2-selection').click()
        self.page.locator('.select2-results__option', has_text=choice).first.click()

    def panel(self) -> str:
        self.page.wait_for_selector('[data-socialmedia-panel][data-started]')
        return ' '.join(self.page.inner_text('[data-socialmedia-panel]').split())

    def address(self) -> str:
        return self.page.url

    def shoot(self, name: str) -> None:
        if SHOTS:
            self.page.screenshot(path=Path(SHOTS) / f'{name}.png', full_page=True)

    def _widget(self, label: str) -> Locator:
        return self.page.locator('.widget', has_text=label).first


@contextmanager
def browser_office(url: str, agent: str, password: str) -> Iterator[BrowserOffice]:
    """The back office of a real w.c.s., agent logged in; skips where there is no Chromium."""
    chromium = shutil.which('chromium') or shutil.which('chromium-browser')
    if chromium is None:
        pytest.skip('no Chromium here: install the Debian package chromium')
    from playwright.sync_api import sync_playwright

    form = {'username': agent, 'password': password, 'submit': 'x', 'next': ''}
    login = requests.post(f'{url}login/', data=form, allow_redirects=False, timeout=60)
    name, _sign, value = login.headers['Set-Cookie'].partition(';')[0].partition('=')
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright runs an event loop in this thread, in which Django would refuse to read its database
        patch.setenv('DJANGO_ALLOW_ASYNC_UNSAFE', 'true')
        browser = playwright.chromium.launch(executable_path=chromium, args=['--no-sandbox'])
        context = browser.new_context(locale='fr-FR', viewport={'width': 1300, 'height': 1200})
        # a cookie without « Secure » for other sites: browsers take it over https only
        context.add_cookies([{'name': name, 'value': value, 'url': url}])
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on('dialog', lambda dialog: dialog.accept())
        yield BrowserOffice(page)
        browser.close()

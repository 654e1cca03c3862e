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

"""The panel in a real browser, deaf to what hostile texts would have it do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from publik_socialmedia.models import Attachment, Demand, Message, MessageVersion, Reaction
from tests.browser import backoffice
from tests.browser.conftest import Backoffice
from tests.browser.screen import LINES, requests_of, soon, texts
from tests.factory import make_account, write
from tests.wcs.panel_scene import answer, attach, bind, make_demand, picture, say

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

HOSTILE = [
    '<script>pwned()</script>',
    '<img src=x onerror=pwned()>',
    '"><svg onload=pwned()>',
    '\'"onmouseover=pwned() autofocus onfocus=pwned() x=',
    '</section></ol></li><iframe srcdoc="<script>parent.pwned()</script>">',
    '</script><script>pwned()</script>',
    '*/;pwned();/*',
    '\\u003cimg src=x onerror=pwned()\\u003e',
    '{{ "<script>pwned()</script>" }}{% debug %}${pwned()}',
    '&lt;img src=x onerror=pwned()&gt;',
    'javascript:pwned()',
    '<!--<script>',
    '\u2028pwned()\u2029//',
    '<a href="javascript:pwned()">x</a><base href="//pirate.example">',
    '<style>*{display:none}</style><link rel=stylesheet href=//pirate.example>',
    '<math><mi//xlink:href="data:x,<script>pwned()</script>">',
]


def hostile_conversation() -> Demand:
    """Everything that comes from outside is hostile."""
    account = make_account(name=HOSTILE[2])
    first = write(account, HOSTILE[0], user=HOSTILE[1])
    demand = bind(first, display_number=HOSTILE[3])
    demand.conversation.contact.name = HOSTILE[4]
    demand.conversation.contact.save()
    for number, text in enumerate(HOSTILE):
        said = say(demand.conversation, text, external_id=text, reply_to=HOSTILE[number - 1], edited=True)
        MessageVersion.objects.create(message=said, rank=0, text=text)
        MessageVersion.objects.create(message=said, rank=1, text=text)
        Reaction.objects.create(account=account, target=text, user=text, emoji=text[:64], at=timezone.now())
        attach(said, picture(), filename=text, alt=text)
        attach(said, picture(), filename=text, alt=text, storage='', state='given')
        for kind in ('location', 'contact', 'share', 'fallback', 'file'):
            Attachment.objects.create(
                message=said,
                position=said.attachments.count(),
                kind=kind,
                url=text,
                alt=text,
                details=dict.fromkeys(('name', 'title', 'address', 'phone', 'lat', 'long'), text),
                state='shown',
            )
        answer(demand, text, state='failed', failure=text[:64])
    return bind(say(demand.conversation, 'fin'))


def assert_inert(page: Page) -> None:
    page.locator(LINES).last.hover()
    assert page.evaluate('window.wasPwned') is None
    inside = page.locator('.socialmedia-panel')
    assert inside.locator('script, iframe, svg, object, embed, base, link, math, form, input').count() == 0
    assert inside.locator('style').count() == 1
    found = inside.evaluate(
        """(panel) => [...panel.querySelectorAll('*')].flatMap((element) => [...element.attributes].filter(
            ({ name, value }) => name.startsWith('on') || name !== 'alt' && /^\\s*javascript:/i.test(value)
        ).map(({ name, value }) => name + '=' + value))"""
    )
    assert found == []


def test_hostile_texts_names_and_files_are_only_read(wcs: Backoffice) -> None:
    demand = hostile_conversation()
    page = wcs.open(demand)
    page.wait_for_timeout(300)
    assert_inert(page)
    # older ones, put in the page by the script
    before = page.locator(LINES).count()
    page.get_by_role('button', name='Voir les messages précédents').click()
    soon(page, Message.objects.count())
    assert before < Message.objects.count()
    # as they were written: entities are not read, templates not run
    shown = texts(page)
    for text in HOSTILE:
        assert ' '.join(text.split()) in [' '.join(found.split()) for found in shown]
    # and those that come meanwhile
    for text in HOSTILE:
        say(demand.conversation, text)
    soon(page, Message.objects.count())
    for details in page.locator('.socialmedia-panel details').all():
        details.evaluate('(element) => { element.open = true; }')
    page.wait_for_timeout(300)
    assert_inert(page)


def test_another_site_gets_nothing(wcs: Backoffice) -> None:
    demand = make_demand(text='Mon secret')
    with backoffice.serve() as pirate:
        asked = requests_of(wcs.page)
        page = wcs.open(demand, site=pirate, shown=False)
        page.wait_for_load_state('networkidle')
        assert len(asked) == 1 and 'secret' not in page.content()
        assert page.locator('.socialmedia-panel').count() == 0
        # nor by reading it as the panel does
        read = page.evaluate(
            "(url) => fetch(url).then((got) => got.text()).catch((error) => 'refused')",
            page.locator('[data-content-url]').get_attribute('data-content-url'),
        )
        assert read == 'refused'

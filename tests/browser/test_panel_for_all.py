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

"""The panel in a real browser: for those who see little, hear the screen or have no mouse (R44)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from publik_socialmedia.conversations import messages
from publik_socialmedia.models import Attachment, Demand, Message, MessageVersion, Reaction
from tests.browser.conftest import Backoffice
from tests.browser.screen import soon, violations
from tests.factory import make_account, write
from tests.wcs.panel_scene import answer, attach, bind, make_demand, picture, say, talk

if TYPE_CHECKING:
    pass

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def lively() -> Demand:
    """A conversation with all that can be in one."""
    account = make_account(problem='auth')
    make_demand(account, 'L’an dernier')
    demand = bind(write(account, 'Bonjour, ma rue est dans le noir depuis mardi.'))
    first = say(demand.conversation, 'Voici une photo', demand=demand, edited=True)
    MessageVersion.objects.create(message=first, rank=0, text='Voila une foto', at=timezone.now())
    MessageVersion.objects.create(message=first, rank=1, text='Voici une photo', at=timezone.now())
    Reaction.objects.create(
        account=account, target=first.external_id, user='ville', emoji='👍', at=timezone.now()
    )
    attach(first, picture(), filename='rue.jpg', alt='Un lampadaire cassé')
    attach(first, b'%PDF-1.4\n%%EOF\n', filename='courrier.pdf')
    Attachment.objects.create(message=first, position=9, kind='image', state='wanted')
    messages.erase(say(demand.conversation, 'x', demand=demand))
    answer(demand, origin='automatic', state='delivered')
    answer(demand, 'Nous passons demain.', state='read', reply_to=first.external_id)
    answer(demand, origin='native')
    answer(demand, state='failed', failure='blocked')
    answer(demand, state='queued')
    talk(demand, 22)
    return demand


@pytest.mark.parametrize('width', [1280, 390, 320])
def test_panel_meets_wcag_in_its_page_R44(wcs: Backoffice, width: int) -> None:
    demand = lively()
    wcs.page.set_viewport_size({'width': width, 'height': 900})
    page = wcs.open(demand)
    page.locator('summary').first.click()
    assert violations(page) == []
    conversation = demand.conversation
    conversation.last_inbound_at = timezone.now() - timedelta(days=9)
    conversation.save()
    page.wait_for_function('document.querySelectorAll(".socialmedia-closed").length === 2')
    page.get_by_role('button', name='Voir les messages précédents').click()
    soon(page, Message.objects.count())
    assert violations(page) == []


def test_panel_meets_wcag_alone_R44(wcs: Backoffice) -> None:
    page = wcs.open(lively())
    page.evaluate(
        """() => {
            const main = document.querySelector('main');
            main.replaceChildren(document.querySelector('h2'), document.querySelector('.socialmedia-panel'));
        }"""
    )
    assert violations(page, include=['.socialmedia-panel']) == []


@pytest.mark.parametrize('width', [640, 280, 160])
def test_nothing_overflows_a_narrow_column_nor_a_page_zoomed_twice_R44(wcs: Backoffice, width: int) -> None:
    """A page of 1280 pixels zoomed twice has 640, and its side bar half of its 310."""
    demand = lively()
    say(demand.conversation, 'https://example.org/' + 120 * 'x' + ' ' + 80 * '🙂', demand=demand)
    page = wcs.open(demand)
    page.evaluate('(width) => { document.querySelector("aside").style.width = `${width}px`; }', width)
    over = page.evaluate(
        """() => [...document.querySelectorAll('.socialmedia-panel, .socialmedia-panel *')].filter(
            (element) => !element.closest('.socialmedia-unseen') && element.clientWidth > 0
            && element.scrollWidth > element.clientWidth + 1
        ).map((element) => element.outerHTML.slice(0, 80))"""
    )
    assert over == []


def test_panel_is_made_of_a_heading_a_region_and_a_list_R44(wcs: Backoffice) -> None:
    page = wcs.open(lively())
    panel = page.get_by_role('region', name='Conversation', exact=True)
    assert panel.get_by_role('heading', name='Conversation').count() == 1
    scroll = panel.get_by_role('region', name='Messages de la conversation')
    assert scroll.get_by_role('list').first.get_by_role('listitem').count() >= 30
    # by keyboard: the button, the messages, then what is in them
    page.get_by_role('button', name='Envoyer').focus()
    stops = []
    for _step in range(4):
        page.keyboard.press('Tab')
        stops.append(page.evaluate('document.activeElement.dataset.part || document.activeElement.tagName'))
    assert stops[:2] == ['older', 'scroll'] and set(stops[2:]) <= {'A', 'SUMMARY'}

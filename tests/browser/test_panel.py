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

"""The panel in a real browser: kept up to date while it is looked at, and then only."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from publik_socialmedia.conversations import messages
from publik_socialmedia.models import Demand, Message
from publik_socialmedia.networks.base import Kind
from tests.browser.conftest import Backoffice
from tests.browser.screen import LINES, heard, requests_of, soon, texts
from tests.factory import happens
from tests.wcs.panel_scene import answer, attach, make_demand, picture, say, talk

if TYPE_CHECKING:
    pass

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_new_messages_appear_and_are_announced_without_taking_the_focus_R35_R44(wcs: Backoffice) -> None:
    demand = make_demand()
    page = wcs.open(demand)
    page.locator('#reply').fill('Je vous réponds')
    page.locator('#reply').focus()
    say(demand.conversation, 'Encore un mot')
    soon(page, 2)
    assert texts(page) == ['Bonjour', 'Encore un mot']
    page.wait_for_function('document.querySelector("[data-part=news]").textContent !== ""')
    assert heard(page) == 'Nouveau message de l’usager'
    news = page.locator('[data-part="news"]')
    assert (news.get_attribute('role'), news.get_attribute('aria-live')) == ('status', 'polite')
    assert page.evaluate('document.activeElement.id') == 'reply'
    answer(demand, 'Réponse d’un collègue')
    soon(page, 3)


def test_what_changes_is_replaced_and_what_is_being_read_stays(wcs: Backoffice) -> None:
    demand = make_demand(text='Mardi')
    first = Message.objects.get()
    happens(demand.account, Kind.EDIT, first.external_id, text='Mercredi')
    second = say(demand.conversation, 'Un secret', demand=demand)
    sent = answer(demand, state='queued')
    page = wcs.open(demand)
    page.locator('summary').click()
    page.evaluate('document.querySelector("#reply").dataset.mark = 1')
    kept = page.locator(LINES).nth(1).element_handle()
    happens(demand.account, Kind.EDIT, first.external_id, text='Jeudi')
    Message.objects.filter(pk=sent.pk).update(state='read')
    page.wait_for_function('document.querySelector(".socialmedia-state").textContent.includes("Lu")')
    page.wait_for_function('document.querySelector("summary").textContent.includes("(2)")')
    assert page.locator('details[open]').count() == 1
    assert page.evaluate('document.activeElement.tagName') == 'SUMMARY'
    assert kept is not None and kept.evaluate('(node) => node.isConnected')
    messages.erase(second)
    page.wait_for_function('!document.body.innerText.includes("Un secret")')
    Message.objects.filter(pk=second.pk).delete()
    soon(page, 2)


def test_message_that_comes_late_takes_its_place_R25(wcs: Backoffice) -> None:
    demand = make_demand(text='Un')
    say(demand.conversation, 'Trois', sort_at=timezone.now() + timedelta(seconds=10))
    page = wcs.open(demand)
    say(demand.conversation, 'Deux', sort_at=timezone.now() - timedelta(seconds=10))
    soon(page, 3)
    assert texts(page) == ['Un', 'Deux', 'Trois']


def test_time_left_is_kept_up_to_date_R32(wcs: Backoffice) -> None:
    demand = make_demand()
    page = wcs.open(demand)
    assert 'Une réponse peut être envoyée' in page.locator('[data-part="head"]').inner_text()
    conversation = demand.conversation
    conversation.last_inbound_at = timezone.now() - timedelta(days=2)
    conversation.save()
    page.wait_for_selector('.socialmedia-closed')


def test_server_that_is_away_is_asked_less_and_less_then_found_again(wcs: Backoffice) -> None:
    demand = make_demand()
    page = wcs.open(demand)
    page.route('**/panel/?*', lambda route: route.abort())
    asked = requests_of(page)
    page.wait_for_selector('[data-part="notice"]:not([hidden])')
    assert 'le serveur ne répond pas' in page.locator('[data-part="notice"]').inner_text()
    page.wait_for_timeout(4000)
    # 0.3 s doubled each time: after 0.6, 1.2, 2.4 s; without waiting longer there would be over ten
    assert 1 <= len(asked) <= 5
    assert texts(page) == ['Bonjour']
    page.unroute('**/panel/?*')
    say(demand.conversation, 'Encore un mot')
    soon(page, 2)
    assert page.locator('[data-part="notice"]').is_hidden()


def test_revoked_panel_shows_nothing_more_and_stops_asking_R26(wcs: Backoffice) -> None:
    demand = make_demand(text='Mon secret')
    page = wcs.open(demand)
    Demand.objects.update(number='1', state='gone')
    page.wait_for_selector('[data-part="notice"]:not([hidden])')
    assert page.locator('[data-part="notice"]').inner_text() == 'Cette conversation n’est plus affichée ici.'
    assert 'secret' not in page.locator('.socialmedia-panel').inner_html()
    asked = requests_of(page)
    page.wait_for_timeout(1500)
    assert asked == []


def test_refused_panel_stops_too(wcs: Backoffice) -> None:
    demand = make_demand(text='Mon secret')
    page = wcs.open(demand)
    Demand.objects.update(token='changed')
    page.wait_for_selector('[data-part="notice"]:not([hidden])')
    assert 'secret' not in page.locator('.socialmedia-panel').inner_html()


def test_panel_already_over_says_so(wcs: Backoffice) -> None:
    demand = make_demand(text='Mon secret')
    Demand.objects.update(number='1', state='gone')
    page = wcs.open(demand, shown=False)
    page.wait_for_selector('.socialmedia-panel')
    assert page.locator('.socialmedia-panel').inner_text() == 'Cette conversation n’est plus affichée ici.'


def test_hidden_tab_asks_nothing_and_catches_up_when_seen_again(wcs: Backoffice) -> None:
    demand = make_demand()
    page = wcs.open(demand)
    see = """(hidden) => {
        Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
    }"""
    page.evaluate(see, True)
    page.wait_for_timeout(600)  # what was asked before is answered
    asked = requests_of(page)
    say(demand.conversation, 'Encore un mot')
    page.wait_for_timeout(1500)
    assert asked == []
    page.evaluate(see, False)
    soon(page, 2)


def test_panel_taken_out_of_the_page_asks_nothing(wcs: Backoffice) -> None:
    page = wcs.open(make_demand())
    page.evaluate('document.querySelector(".socialmedia-panel").remove()')
    page.wait_for_timeout(600)
    asked = requests_of(page)
    page.wait_for_timeout(1200)
    assert asked == []


def test_previous_messages_by_keyboard_R44(wcs: Backoffice) -> None:
    demand = make_demand(text='Le tout premier')
    talk(demand, 50)
    page = wcs.open(demand)
    # the last ones are in sight
    seen = page.locator(LINES).last.bounding_box()
    frame = page.locator('[data-part="scroll"]').bounding_box()
    assert seen and frame and seen['y'] + seen['height'] <= frame['y'] + frame['height'] + 20
    page.locator('[data-part="older"]').focus()
    page.keyboard.press('Enter')
    soon(page, 51)
    page.wait_for_function('document.querySelector("[data-part=news]").textContent !== ""')
    assert heard(page) == 'Messages précédents affichés'
    # there is no more: the button is gone, the focus is on what it brought
    assert page.locator('[data-part="older"]').is_hidden()
    assert 'Le tout premier' in page.evaluate('document.activeElement.textContent')
    # and they live as the others do
    Message.objects.filter(text='Message 3').update(text='Message changé')
    page.wait_for_function('document.body.innerText.includes("Message changé")')


def test_reader_of_older_messages_is_not_moved_but_told(wcs: Backoffice) -> None:
    demand = make_demand()
    talk(demand, 29)
    page = wcs.open(demand)
    scroll = page.locator('[data-part="scroll"]')
    scroll.hover()
    page.mouse.wheel(0, -5000)
    page.wait_for_function('document.querySelector("[data-part=scroll]").scrollTop === 0')
    say(demand.conversation, 'Me revoici')
    soon(page, 31)
    assert scroll.evaluate('(element) => element.scrollTop') == 0
    page.get_by_role('button', name='Voir le nouveau message').click()
    assert page.locator('[data-part="last"]').is_hidden()
    assert scroll.evaluate('(e) => e.scrollHeight - e.scrollTop - e.clientHeight') < 50


def test_thumbnail_is_seen_and_its_name_remains_when_it_is_not(wcs: Backoffice) -> None:
    demand = make_demand()
    attach(Message.objects.get(), picture(), filename='rue.jpg')
    broken = {'sha256': 64 * 'a', 'place': 'field'}
    attach(Message.objects.get(), picture(), filename='nuit.jpg', state='given', details=broken)
    Demand.objects.update(backoffice_url=f'{wcs.url}/backoffice/1/')
    page = wcs.open(demand)
    page.wait_for_function('document.querySelectorAll(".socialmedia-panel img").length === 1')
    page.wait_for_function('document.querySelector(".socialmedia-panel img").naturalWidth === 480')
    links = page.locator('.socialmedia-files a')
    assert [text.split('(')[0].strip() for text in links.all_inner_texts()] == ['rue.jpg', 'nuit.jpg']
    with page.expect_download() as download:
        links.first.click(button='left')
    assert download.value.suggested_filename == 'rue.jpg'

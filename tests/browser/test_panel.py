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

"""The panel in a real browser: alive, usable by all, and deaf to what hostile texts would have it do."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from publik_socialmedia.conversations import messages
from publik_socialmedia.models import Attachment, Demand, Message, MessageVersion, Reaction
from publik_socialmedia.networks.base import Kind
from tests.browser import backoffice
from tests.browser.conftest import Backoffice
from tests.factory import happens, make_account, write
from tests.wcs.panel_scene import answer, attach, bind, make_demand, picture, say, talk

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

LINES = '.socialmedia-panel ol[data-part="list"] > li'
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


def texts(page: Page) -> list[str]:
    """What is written in each message."""
    return page.locator(f'{LINES} .socialmedia-text').all_inner_texts()


def soon(page: Page, count: int) -> None:
    """Wait until there are that many messages."""
    page.wait_for_function(f'document.querySelectorAll(`{LINES}`).length === {count}')


def heard(page: Page) -> str:
    return page.locator('[data-part="news"]').inner_text()


# -- hostile content


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


# -- alive


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
    page.wait_for_function('document.querySelector("summary").textContent.includes("2 versions")')
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


def requests_of(page: Page) -> list[str]:
    found: list[str] = []
    page.on('request', lambda request: found.append(request.url) if '/panel/?' in request.url else None)
    return found


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


# -- long conversations, files


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


# -- for all


def violations(page: Page, **context: list[str]) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=context or None)
    return [
        f'{rule["id"]}: {node["html"][:120]}'
        for rule in found.response['violations']
        for node in rule['nodes']
    ]


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

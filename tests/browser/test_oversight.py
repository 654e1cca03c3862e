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

"""Queue, conversations, statistics, portal in a real browser: for all, at any width (R42, R44)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from publik_socialmedia.models import Conversation, Delivery, Journal
from tests.browser.town import Administrator
from tests.factory import make_account, write
from tests.oversight.march import month
from tests.oversight.scene import ago, block, blocked, body_of
from tests.wcs.panel_scene import answer, attach, bind, picture, talk

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
HOSTILE = '"><img src=x onerror=pwned()><script>pwned()</script>'


@pytest.fixture
def marie(page: Page, live_server: Any) -> Administrator:
    return Administrator(page, live_server.url)


@pytest.mark.parametrize('name', ['blocked', 'failing', 'unreadable', 'partial', 'unread', 'polls'])
def test_each_list_of_the_queue(marie: Administrator, name: str) -> None:
    account = make_account(name=f'Ville {HOSTILE}', poll_due_at=ago(minutes=10), poll_failures=2)
    block(bind(write(account, user='a')).messages.get(), error=HOSTILE)
    blocked(account, user='b', reason='wcs_right')
    late = write(account, user='c').deliveries.get()
    Delivery.objects.filter(pk=late.pk).update(due_at=ago(minutes=10), reason='wcs_away', attempts=3)
    body_of(account, error=f'KeyError {HOSTILE}')
    body_of(account, error='items', outcome={'failures': {'0': HOSTILE}, 'unknown_accounts': [HOSTILE]})
    body_of(account, state='pending', error='', received_at=ago(minutes=10))
    marie.page.goto(f'{marie.site}/socialmedia/manage/queue/?list={name}')
    assert 'Rien ici' not in marie.look(f'queue-{name}')


def test_an_empty_queue(marie: Administrator) -> None:
    marie.open('queue')
    assert 'tout va bien' in marie.look('queue-empty')


def test_one_is_started_again_by_the_keyboard_then_all_after_a_question(marie: Administrator) -> None:
    first, second = blocked(user='a'), blocked(user='b')
    marie.open('queue')
    marie.tab_to('item')
    marie.page.keyboard.press('Space')
    marie.enter('Relancer les éléments cochés')
    assert '1 élément a été relancé.' in marie.look('queue-started')
    states = [Delivery.objects.get(pk=delivery.pk).state for delivery in (first, second)]
    assert states == ['pending', 'blocked']
    marie.press('Relancer toute la liste')
    assert '1 élément sera relancé.' in marie.look('queue-ask')
    marie.press('Relancer')
    assert Delivery.objects.get(pk=second.pk).state == 'pending'


def test_late_work_is_tried_now_from_its_own_row(marie: Administrator) -> None:
    late = [write(make_account(), user=user).deliveries.get() for user in 'ab']
    soon = timezone.now() + timedelta(hours=1)
    Delivery.objects.update(due_at=soon, reason='wcs_away', attempts=3)
    marie.page.goto(f'{marie.site}/socialmedia/manage/queue/?list=failing')
    with marie.page.expect_navigation():
        marie.page.get_by_role('button', name=f'numéro {late[1].pk}').click()
    assert '1 élément a été relancé.' in marie.look('queue-tried')
    due = [Delivery.objects.get(pk=delivery.pk).due_at for delivery in late]
    assert due[0] == soon and due[1] <= timezone.now()


def test_the_journal(marie: Administrator) -> None:
    marie.open('history')
    marie.look('history-empty')
    message = write(make_account(name=f'Ville {HOSTILE}'), user='a')
    marie.open('conversation', message.conversation_id)
    Journal.objects.create(account=message.account, action='problem', details={'reason': 'auth'})
    Journal.objects.create(action='remove', details={'name': HOSTILE, 'erased': {'messages': 12, 'files': 3}})
    marie.open('history')
    assert 'Conversation lue' in marie.look('history')
    marie.page.get_by_label('Ce qui a été fait').select_option('read-conversation')
    marie.press('Afficher')
    assert 'Compte supprimé' not in marie.look('history-narrowed').split('Ce qui a été fait')[-1]
    with marie.page.expect_navigation():
        marie.page.get_by_role('link', name='conversation nº').click()
    assert 'Bonjour' in marie.said()


def test_a_body_is_shown_when_it_is_asked_for(marie: Administrator) -> None:
    outcome = {'failures': {'2': 'KeyError'}, 'counts': {'message': 3}, 'unknown_accounts': ['123']}
    raw = body_of(make_account(), f'{{"text": "{"mot " * 300}"}}'.encode(), error='items', outcome=outcome)
    marie.open('body', raw.pk)
    assert 'mot mot' not in marie.look('body')
    marie.press('Afficher ce que le réseau a envoyé')
    assert 'mot mot' in marie.look('body-shown')
    assert Journal.objects.filter(action='raw-body').count() == 1


def test_a_conversation_is_found_read_and_its_person_blocked(marie: Administrator) -> None:
    account = make_account()
    write(account, user='paul', name='Paul Autre')
    demand = bind(write(account, HOSTILE, user='jeanne', name=f'Jeanne {HOSTILE}'), status_name='En cours')
    attach(demand.messages.get(), picture(), alt=HOSTILE)
    answer(demand, 'Nous passons demain.', state='failed', failure='window')
    talk(demand, 60)
    Conversation.objects.filter(pk=demand.conversation_id).update(last_activity_at=ago(days=1))
    marie.open('conversations')
    assert 'Paul Autre' in marie.look('conversations')
    marie.type('person', 'jeanne')
    with marie.page.expect_navigation():
        marie.page.keyboard.press('Enter')
    assert 'Paul Autre' not in marie.look('conversations-found') and 'jeanne' not in marie.page.url
    with marie.page.expect_navigation():
        marie.page.get_by_role('link', name='Jeanne').click()
    assert 'Nous passons demain.' in marie.look('conversation')
    marie.press('Bloquer cette personne')
    marie.look('conversation-ask')
    marie.press('Bloquer')
    assert 'Cette personne est bloquée' in marie.look('conversation-blocked')
    marie.press('Débloquer cette personne')
    assert 'n’est plus bloquée' in marie.said()


def test_searches_that_find_nothing_or_are_wrong(marie: Administrator) -> None:
    marie.open('conversations')
    marie.look('conversations-empty')
    marie.fill(person='personne')
    marie.press('Rechercher')
    assert 'Rien n’a été trouvé' in marie.look('conversations-none')


def test_statistics(marie: Administrator) -> None:
    one, _two = month()
    one.name = f'Ville {HOSTILE}'
    one.save()
    marie.open('statistics')
    assert 'Rien dans cette période' in marie.look('statistics-empty')
    marie.fill(since='2026-03-01', until='2026-03-31')
    marie.press('Afficher')
    marie.look('statistics')
    for summary in marie.page.get_by_text('Le même en tableau').all():
        summary.click()
    assert '55 min' in marie.look('statistics-tables')
    marie.fill(since='2026-03-31', until='2026-03-01')
    marie.press('Afficher')
    assert 'avant le premier' in marie.look('statistics-wrong')
    with marie.page.expect_download() as download:
        marie.page.get_by_role('link', name='Télécharger (CSV)').click()
    assert download.value.suggested_filename.endswith('.csv')


def test_the_page_of_the_portal(marie: Administrator) -> None:
    make_account()
    marie.open('portal')
    marie.look('portal')
    marie.open('home')
    expect(marie.page.get_by_role('link', name='Portail des agents')).to_be_visible()

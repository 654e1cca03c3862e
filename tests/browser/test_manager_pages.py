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

"""Every page of an account, with all that it can say, in a real browser: for all, at any width (R43, R44)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from demo.wcs_standin import StandIn
from publik_socialmedia.app_settings import AppSettings
from publik_socialmedia.models import Journal
from tests.browser import town
from tests.browser.screen import violations
from tests.browser.town import Administrator
from tests.factory import write
from tests.manager.scene import begun, connected
from tests.wcs.conftest import Loopback
from tests.wcs.panel_scene import bind

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
HOSTILE = '"><img src=x onerror=pwned()><script>pwned()</script>'


@pytest.fixture
def marie(page: Page, live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(AppSettings, 'TRUSTED_HOSTS', Loopback())
    with town.wcs(settings, live_server.url) as standin:
        yield Administrator(page, live_server.url), standin


def test_home_with_all_states(marie: tuple[Administrator, StandIn]) -> None:
    now = timezone.now()
    bind(write(connected(name='Mairie')))
    connected(name=HOSTILE, problem='auth', state='broken')
    connected(name='Petite enfance', wcs_problem='wcs_form_disabled')
    connected(name='Police municipale', token_expires_at=now + timedelta(days=9))
    connected(name='Médiathèque', state='paused')
    begun('mastodon')
    marie[0].open('home')
    assert 'refusé par le réseau' in marie[0].look('home-states')


PAGES = (
    'account',
    'journal',
    'pause',
    'resume',
    'repair',
    'credentials',
    'test',
    'webhook',
    'form',
    'settings',
)


@pytest.mark.parametrize('name', [*PAGES, 'remove', 'guide'])
def test_each_page_of_an_account(marie: tuple[Administrator, StandIn], name: str) -> None:
    account = connected(name=f'Ville {HOSTILE}', problem='auth', problem_at=timezone.now())
    bind(write(account, 'Bonjour'))
    for _number in range(60):
        Journal.objects.create(account=account, action='problem', details={'reason': 'auth'})
    marie[0].open(name, account.pk)
    marie[0].look(f'page-{name}')


def test_forms_that_were_filled_wrongly(marie: tuple[Administrator, StandIn]) -> None:
    admin, account = marie[0], connected()
    admin.open('settings', account.pk)
    admin.fill(**{'text': 'Bonjour {prenom}', 'day-0': 'le matin', 'retention_months': '2'})
    admin.press('Enregistrer')
    assert 'prenom' in admin.look('settings-wrong')
    admin.fill(**{'text': 'Bonjour, votre numéro est {numero}.', 'day-0': '08:30-12:00'})
    admin.page.get_by_label('Envoyer un accusé').check()
    admin.press('Enregistrer')
    account.refresh_from_db()
    assert account.acknowledgement['hours'][0] == ['08:30-12:00'] and account.retention_months == 2
    assert account.acknowledgement['enabled'] and '{numero}' in account.acknowledgement['text']
    admin.open('remove', account.pk)
    admin.fill(name='autre')
    admin.press('Supprimer définitivement')
    assert 'pas le nom du compte' in admin.look('remove-wrong')


def test_whoever_is_no_staff_is_told_so(page: Page, live_server: Any) -> None:
    """R43: the page of a refusal is a page too."""
    client = Client()
    client.force_login(User.objects.create(username='agent'))
    cookie = client.cookies['sessionid'].value
    page.context.add_cookies([{'name': 'sessionid', 'value': cookie, 'url': live_server.url}])
    answer = page.goto(live_server.url + reverse('socialmedia-manage-home'))
    assert answer is not None and answer.status == 403
    assert 'réservées aux administrateurs' in page.inner_text('main, #main-content')
    assert violations(page) == []


def test_without_publiks_dress_the_pages_are_whole(
    marie: tuple[Administrator, StandIn], settings: Any
) -> None:
    """A brick without gadjo."""
    settings.INSTALLED_APPS = [name for name in settings.INSTALLED_APPS if name != 'gadjo']
    account = connected()
    for name in ('home', 'account'):
        marie[0].open(name, *([] if name == 'home' else [account.pk]))
        marie[0].look(f'plain-{name}')
        assert marie[0].page.locator('body.socialmedia-plain').count() == 1

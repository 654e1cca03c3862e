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

"""The screens of administrators as the documentation shows them (R40, R41, R42): a town without surprises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from demo.emulators.graph import APP_ID, APP_SECRET, PAGE_TOKEN, GraphEmulator
from demo.wcs_standin import StandIn
from publik_socialmedia.app_settings import AppSettings
from publik_socialmedia.models import Account, Endpoint
from tests.browser import pictures, town
from tests.browser.pictures import Camera
from tests.browser.town import Administrator
from tests.factory import make_account, write
from tests.manager.scene import begun, connected
from tests.oversight.march import month
from tests.oversight.scene import blocked
from tests.wcs.conftest import Loopback
from tests.wcs.panel_scene import answer, bind

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
camera = pictures.camera
SITE = 'https://ville.example.org'


@pytest.fixture
def marie(page: Page, live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(AppSettings, 'TRUSTED_HOSTS', Loopback())
    with town.wcs(settings, live_server.url) as standin:
        yield Administrator(page, live_server.url), standin, settings


@contextmanager
def as_a_town(admin: Administrator, settings: Any) -> Iterator[None]:
    """The page that is open says the address of a town, not that of a test."""
    here, settings.PUBLIK_SOCIALMEDIA_BASE_URL = settings.PUBLIK_SOCIALMEDIA_BASE_URL, SITE
    admin.page.reload()
    assert SITE in admin.page.content()
    yield
    settings.PUBLIK_SOCIALMEDIA_BASE_URL = here


def test_connecting(marie: tuple[Administrator, StandIn, Any], camera: Camera) -> None:
    admin, _wcs, settings = marie
    with GraphEmulator() as graph:
        settings.PUBLIK_SOCIALMEDIA_API_URLS = {
            **settings.PUBLIK_SOCIALMEDIA_API_URLS,
            'messenger': graph.url,
        }
        _credentials(admin, camera)
        account = _tested(admin, camera, graph)
        _received(admin, camera, graph, settings)
        admin.press('Vérifier et continuer')
        admin.open('form', account.pk)
        admin.page.get_by_role('button', name='Voir ce qui lui serait transmis').click()
        admin.page.get_by_role('heading', name='Ce qui serait transmis').wait_for()
        camera.take('connecter-formulaire')
        admin.press('Vérifier et continuer')
        admin.press('À partir de maintenant')
        admin.press('Continuer')
        admin.press('Démarrer')
        assert 'est connecté' in admin.said()
        camera.take('connecter-fini')


def _credentials(admin: Administrator, camera: Camera) -> None:
    admin.open('home')
    admin.follow('Connecter un compte')
    camera.take('connecter-reseau')
    admin.press('Messenger')
    admin.press('J’ai ce qu’il faut')
    camera.take('connecter-identifiants')
    admin.fill(
        app_id=APP_ID, app_secret=APP_SECRET, verify_token='un-mot-de-mon-choix', page_token='EAA-faux'
    )
    admin.press('Continuer')


def _tested(admin: Administrator, camera: Camera, graph: GraphEmulator) -> Account:
    admin.press('Tester')
    assert 'À corriger' in admin.said()
    camera.take('connecter-test')
    admin.follow('Changer les identifiants')
    admin.fill(page_token=PAGE_TOKEN)
    admin.press('Continuer')
    admin.press('Tester')
    return Account.objects.get()


def _received(admin: Administrator, camera: Camera, graph: GraphEmulator, settings: Any) -> None:
    graph.app.verify_token = 'un-mot-de-mon-choix'
    graph.webhooks.connect(Endpoint.objects.get().address)
    camille = graph.add_person('Camille Exemple')
    graph.citizen_writes(camille, 'Bonjour, un essai')
    graph.webhooks.wait()
    admin.page.get_by_text('test reçu').wait_for()
    with as_a_town(admin, settings):
        camera.take('connecter-reception')


def test_signing_in(marie: tuple[Administrator, StandIn, Any], camera: Camera) -> None:
    admin, account = marie[0], begun('mastodon', done=('guide',))
    admin.open('credentials', account.pk)
    assert admin.button('Se connecter à Mastodon').is_visible()
    camera.take('connecter-autorisation')


def test_watching(marie: tuple[Administrator, StandIn, Any], camera: Camera) -> None:
    admin, now = marie[0], timezone.now()
    bind(write(connected(name='Ville de Villexemple'), 'Bonjour, quand passe la balayeuse ?'))
    connected(name='Médiathèque', problem='auth', problem_at=now, state='broken')
    connected(name='Petite enfance', wcs_problem='wcs_form_disabled', wcs_problem_at=now)
    connected(name='Piscine', token_expires_at=now + timedelta(days=9))
    begun('mastodon')
    admin.open('home')
    camera.take('accueil')


def test_queue(marie: tuple[Administrator, StandIn, Any], camera: Camera) -> None:
    account = make_account(name='Ville de Villexemple')
    blocked(account, user='jeanne')
    blocked(account, user='paul')
    marie[0].open('queue')
    camera.take('file-attente')


def test_conversations(marie: tuple[Administrator, StandIn, Any], camera: Camera) -> None:
    account = make_account(name='Ville de Villexemple')
    for person, text in (('Jeanne Exemple', 'Le lampadaire clignote'), ('Paul Exemple', 'Merci !')):
        demand = bind(write(account, text, user=person[:4], name=person))
        answer(demand, 'Nous passons demain.')
    bind(write(account, 'Bonjour', user='lea', name='Léa Exemple'))
    marie[0].open('conversations')
    camera.take('conversations')


def test_statistics(marie: tuple[Administrator, StandIn, Any], camera: Camera) -> None:
    month()
    marie[0].open('statistics')
    marie[0].fill(since='2026-03-01', until='2026-03-31')
    marie[0].press('Afficher')
    camera.take('statistiques')


def test_personal_data(marie: tuple[Administrator, StandIn, Any], camera: Camera) -> None:
    admin = marie[0]
    message = write(
        make_account(name='Ville de Villexemple'), 'Bonjour', '33199000001', name='Jeanne Exemple'
    )
    bind(message, display_number='3-12', state='closed')
    admin.open('register')
    camera.take('registre')
    admin.open('person', message.conversation.contact_id)
    admin.follow('Effacer cette personne')
    admin.press('Effacer définitivement')
    camera.take('preuve-effacement')


def test_portal(marie: tuple[Administrator, StandIn, Any], camera: Camera) -> None:
    make_account(name='Ville de Villexemple')
    marie[0].open('portal')
    with as_a_town(marie[0], marie[2]):
        camera.take('portail')

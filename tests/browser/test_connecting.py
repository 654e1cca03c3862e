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

"""A new administrator connects accounts, with each mistake once, in a real browser (R40, R43, R44)."""

from __future__ import annotations

import pytest

from demo.emulators.graph import APP_ID, APP_SECRET, PAGE_TOKEN, GraphEmulator
from demo.emulators.mastodon import TOKEN, MastodonEmulator
from demo.emulators.telegram import TelegramEmulator
from demo.emulators.telegram_state import TOKEN as BOT_TOKEN
from publik_socialmedia.models import Account, Endpoint, Journal, Setup
from tests.browser.town import Scene, turns

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_messenger_from_zero_to_the_first_demand(scene: Scene) -> None:
    """R40: wrong token, missing permission, wrong verification token, wrong secret of w.c.s., form disabled:
    each is told, and mended by what the page says."""
    marie = scene.marie
    with GraphEmulator() as graph:
        scene.network('messenger', graph.url)
        graph.page.subscriptions.clear()
        marie.open('home')
        assert 'Aucun compte n’est encore connecté' in marie.look('home-empty')
        marie.follow('Connecter un compte')
        marie.look('new')
        marie.press('Messenger')
        assert 'Créer l’application' in marie.look('guide')
        marie.press('J’ai ce qu’il faut')

        # nothing typed, then a wrong token
        marie.page.locator('form').evaluate_all(
            '(forms) => forms.forEach((form) => { form.noValidate = true; })'
        )
        marie.press('Continuer')
        assert 'Des réponses sont à corriger' in marie.look('credentials-missing')
        marie.fill(app_id=APP_ID, app_secret=APP_SECRET, verify_token='mauvais-jeton', page_token='EAAfaux')
        marie.press('Continuer')
        marie.look('test')
        marie.press('Tester')
        assert 'À corriger' in marie.look('test-wrong-token')

        # she goes home, and comes back to where she was
        marie.open('home')
        assert 'en cours de connexion' in marie.look('home-begun')
        marie.page.get_by_role('link', name='Continuer').first.click()
        assert 'Tester' in marie.page.title()
        marie.page.get_by_role('link', name='Identifiants').click()
        assert 'Déjà saisi' in marie.look('credentials-again')
        assert marie.page.locator('[name="app_id"]').input_value() == APP_ID
        assert marie.page.locator('[name="app_secret"]').input_value() == ''
        marie.fill(page_token=PAGE_TOKEN)
        marie.press('Continuer')

        # a permission is missing
        graph.token.scopes, scopes = ('pages_manage_metadata',), graph.token.scopes
        marie.press('Tester')
        assert 'pages_messaging' in marie.look('test-missing-permission')
        graph.token.scopes = scopes
        marie.press('Tester de nouveau')

        # the webhook: another word on the other side
        assert 'adresse pas encore vérifiée' in marie.look('webhook')
        assert 'mauvais-jeton' not in marie.page.content()
        account = Account.objects.get()
        address = marie.page.get_by_label('Adresse du webhook').input_value()
        assert address == Endpoint.objects.get().address and account.name == 'Ville de Villexemple'
        assert not graph.webhooks.handshake(address)
        marie.page.get_by_text('saisissez le même des deux côtés').wait_for()
        marie.look('webhook-refused')
        marie.press('En créer un autre')
        graph.app.verify_token = marie.page.get_by_label('Jeton de vérification').input_value()
        marie.look('webhook-new-token')
        graph.webhooks.connect(address)
        marie.page.get_by_text('adresse vérifiée').wait_for()
        marie.press('Vérifier et continuer')
        assert 'n’appelle plus notre application' in marie.look('webhook-not-subscribed')
        marie.press('Abonner le compte')
        assert 'Tout va bien' in marie.said()
        camille = graph.add_person('Camille Exemple')
        graph.citizen_writes(camille, 'Bonjour, un essai')
        graph.webhooks.wait()
        marie.page.get_by_text('test reçu').wait_for()
        marie.look('webhook-received')

        # w.c.s. does not know our secret, then the form is disabled
        secret = scene.settings.KNOWN_SERVICES
        wrong = {**scene.wcs.settings, 'secret': 'autre'}
        scene.settings.KNOWN_SERVICES = {'wcs': {'default': wrong}}
        marie.press('Vérifier et continuer')
        assert 'w.c.s. refuse notre signature' in marie.look('form-wrong-secret')
        scene.settings.KNOWN_SERVICES = secret
        scene.wcs.disable()
        marie.follow('Regarder de nouveau')
        assert 'Aucun formulaire n’est actif' in marie.look('form-none')
        marie.press('Installer dans w.c.s.')
        assert 'désactivé' in marie.look('form-disabled')
        scene.wcs.disable(False)
        marie.open('form', account.pk)
        assert 'Ce qui serait transmis' in marie.look('form')
        marie.press('Vérifier et continuer')
        marie.look('import')
        marie.press('À partir de maintenant')
        marie.look('settings')
        marie.press('Continuer')
        marie.look('start')
        marie.press('Démarrer')
        assert 'est connecté' in marie.look('account')
    account.refresh_from_db()
    assert account.state == 'active' and not Setup.objects.exists()
    scene.demand('Bonjour, un essai')
    marie.open('home')
    marie.look('home')
    assert 'fonctionne' in marie.said()
    for content in marie.seen:
        assert not [word for word in (APP_SECRET, PAGE_TOKEN, 'EAAfaux', 'mauvais-jeton') if word in content]
    actions = set(
        Journal.objects.filter(account=account, actor__username='marie').values_list('action', flat=True)
    )
    assert {'setup', 'subscribe', 'verification-token', 'install', 'form', 'connect'} <= actions


def test_mastodon_by_keyboard_alone(scene: Scene) -> None:
    """R44: wrong address and wrong token are typed once too."""
    marie = scene.marie
    with MastodonEmulator('mastodon') as server:
        marie.open('home')
        marie.enter('Connecter un compte')
        marie.enter('Mastodon')
        marie.enter('J’ai ce qu’il faut')
        marie.type('instance', server.url)
        by_hand = 'Ou coller ce que vous avez obtenu vous-même'
        marie.tab_to(by_hand)
        marie.page.keyboard.press('Enter')
        marie.type('access_token', 'mauvais')
        marie.enter('Continuer')
        marie.enter('Tester')
        assert 'jeton' in marie.said()
        marie.enter('Changer les identifiants')
        marie.tab_to(by_hand)
        marie.page.keyboard.press('Enter')
        marie.type('access_token', TOKEN)
        marie.enter('Continuer')
        marie.enter('Tester')
        marie.enter('Vérifier et continuer')
        marie.type('days', '3')
        marie.enter('Compter')
        assert 'continue tout seul' in marie.look('import-counting')
        turns(1)
        marie.page.get_by_text('fil attend').or_(marie.page.get_by_text('fils attendent')).wait_for()
        marie.look('import-counted')
        marie.enter('À partir de maintenant')
        marie.enter('Continuer')
        marie.enter('Démarrer')
        assert 'est connecté' in marie.said()
        turns(1)
        server.state.write('jeanne@ailleurs.example', '@ville Bonjour')
        Account.objects.update(poll_due_at=None)
        marie.enter('Interroger maintenant')
        scene.demand('Bonjour')


def test_telegram_from_zero_to_the_first_demand(scene: Scene) -> None:
    """R40: a wrong token; the network is told our address by us."""
    marie = scene.marie
    with TelegramEmulator() as telegram:
        scene.network('telegram', telegram.url)
        scene.begin('Telegram')
        marie.press('J’ai ce qu’il faut')
        proposed = marie.page.locator('[name="webhook_secret"]').input_value()
        assert len(proposed) >= 16
        marie.fill(bot_token='123:faux')
        marie.press('Continuer')
        marie.press('Tester')
        assert 'À corriger' in marie.look('telegram-wrong-token')
        marie.follow('Changer les identifiants')
        marie.fill(bot_token=BOT_TOKEN)
        marie.press('Continuer')
        marie.press('Tester')
        assert proposed not in marie.page.content()  # nobody has to type it anywhere else
        marie.press('Abonner le compte')
        assert telegram.state.webhook is not None
        telegram.state.write(telegram.state.person('Léa', 'Exemple'), 'Bonjour le robot')
        marie.page.get_by_text('test reçu').wait_for()
        marie.press('Vérifier et continuer')
        marie.press('Vérifier et continuer')
        scene.finish()
    scene.demand('Bonjour le robot')

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

"""A new administrator connects accounts by signing in to their networks, in a browser (R40, R44, R50)."""

from __future__ import annotations

import pytest

from demo.emulators.authorization import Authorizations
from demo.emulators.graph import APP_ID, APP_SECRET
from demo.emulators.graph_instagram import IG_ID, LOGIN_APP_ID, LOGIN_SECRET, OTHER_ID, InstagramEmulator
from demo.emulators.mastodon import MastodonEmulator
from demo.emulators.x import XEmulator
from demo.emulators.x_access import BEARER, CLIENT_ID, CLIENT_SECRET, CONSUMER_SECRET
from demo.emulators.x_state import OTHER, US
from publik_socialmedia.models import Account, Journal, Setup
from tests.browser.town import Scene, turns

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


class Visit:
    """Marie, sent to a network and back."""

    def __init__(self, scene: Scene, label: str, pages: Authorizations) -> None:
        self.scene, self.label, self.pages = scene, label, pages
        self.marie, self.addresses = scene.marie, list[str]()
        self.marie.page.on('request', lambda request: self.addresses.append(request.url))

    def leave(self) -> None:
        self.marie.press(f'Se connecter à {self.label}')
        assert 'Autoriser Publik' in self.marie.page.title()

    def accept(self, account: str = '') -> None:
        if account:
            self.marie.page.locator(f'[name="account"][value="{account}"]').check()
        self.marie.press('Autoriser')
        assert self.marie.page.url.startswith(self.marie.site)

    def refuse(self) -> None:
        self.marie.press('Refuser')

    @property
    def last_return(self) -> str:
        """The address by which the network sent her back."""
        return [url for url in self.addresses if '/authorization/' in url and 'state=' in url][-1]

    def declare(self) -> None:
        """Copy the address of return into the settings of the application, on the other side."""
        shown = self.marie.page.get_by_label('Adresse de retour').input_value()
        for client in self.pages.clients.values():
            client.returns.append(shown)

    def see_secrets(self, *hidden: str) -> None:
        """None of them was on a page, nor in an address of ours."""
        account = Account.objects.get()
        tokens = [value for name, value in account.credentials.items() if name.endswith('token')]
        assert tokens
        for value in (*hidden, *tokens):
            assert not [page for page in self.marie.seen if value in page], value
            assert not [url for url in self.addresses if value in url], value
        # what is in the address bar in the end holds nothing of the return
        assert 'code=' not in self.marie.page.url and 'state=' not in self.marie.page.url

    def renew_with_another(self, other: str) -> None:
        """She is signed in to the network with an account of her own."""
        before = Account.objects.get().credentials
        self.marie.open('credentials', Account.objects.get().pk)
        self.leave()
        self.accept(other)
        slug = Account.objects.get().network
        assert 'ceux d’un autre compte' in self.marie.look(f'authorize-{slug}-other')
        account = Account.objects.get()
        assert account.credentials == before and account.state == 'active'

    def renew(self) -> None:
        self.leave()
        self.accept()
        assert 'fonctionnent' in self.marie.said() and Account.objects.count() == 1

    def play_again(self) -> None:
        """The same address, a second time."""
        before = Account.objects.get().credentials
        self.marie.page.goto(self.last_return)
        said = self.marie.look(f'authorize-{Account.objects.get().network}-lost')
        assert 'il a déjà servi' in said and Account.objects.get().credentials == before
        self.marie.follow('Revenir aux comptes')


def finished(scene: Scene, external_id: str) -> None:
    scene.finish()
    account = Account.objects.get()
    assert account.external_id == external_id and account.state == 'active' and not Setup.objects.exists()
    actions = set(Journal.objects.filter(actor__username='marie').values_list('action', flat=True))
    assert {'authorization', 'authorization-refused', 'credentials', 'connect'} <= actions


def test_x_by_signing_in(scene: Scene) -> None:
    """R40: refused first; an address of return that is not declared; then to the first demand."""
    marie = scene.marie
    with XEmulator() as server:
        server.webhooks.strict = False
        scene.network('x', server.url)
        visit = Visit(scene, 'X', server.access.pages)
        scene.begin('X')
        marie.press('J’ai ce qu’il faut')
        marie.fill(consumer_secret=CONSUMER_SECRET, client_id=CLIENT_ID, bearer_token=BEARER)
        marie.press('Se connecter à X')
        assert 'Secret du client' in marie.look('authorize-x-missing')
        assert marie.page.locator('[name="client_id"]').input_value() == CLIENT_ID
        marie.fill(client_secret=CLIENT_SECRET)
        marie.press('Se connecter à X')
        assert 'Something went wrong' in marie.page.title()  # and X sends nobody back
        marie.open('home')
        marie.page.get_by_role('link', name='Continuer').first.click()
        visit.declare()
        marie.look('authorize-x')
        visit.leave()
        visit.refuse()
        assert 'L’accès a été refusé' in marie.look('authorize-x-refused')
        visit.leave()
        visit.accept()
        assert 'Testez maintenant' in marie.look('authorize-x-test')
        marie.press('Tester')
        marie.press('Abonner le compte')
        jeanne = server.add_person('Jeanne Exemple')
        server.citizen_writes(jeanne, 'Bonjour par X')
        marie.page.get_by_text('test reçu').wait_for()
        marie.press('Vérifier et continuer')
        marie.press('Vérifier et continuer')
        finished(scene, US)
        scene.demand('Bonjour par X')
        visit.see_secrets(CLIENT_SECRET, CONSUMER_SECRET, BEARER)
        visit.renew_with_another(OTHER)
        visit.renew()
        visit.play_again()


def test_mastodon_by_signing_in_with_the_keyboard(scene: Scene) -> None:
    """R40, R44: nothing to prepare there but the address of the server."""
    marie = scene.marie
    with MastodonEmulator('mastodon') as server:
        visit = Visit(scene, 'Mastodon', server.access.pages)
        scene.begin('Mastodon')
        marie.press('J’ai ce qu’il faut')
        marie.look('authorize-mastodon')
        marie.type('instance', 'https://10.0.0.1')
        marie.enter('Se connecter à Mastodon')
        assert 'n’est pas publique' in marie.look('authorize-mastodon-private')
        marie.type('instance', server.url)
        marie.enter('Se connecter à Mastodon')
        marie.enter('Refuser')
        assert 'L’accès a été refusé' in marie.look('authorize-mastodon-refused')
        marie.page.reload()
        marie.enter('Se connecter à Mastodon')
        for scope in ('read:statuses', 'write:media'):
            marie.page.locator(f'[name="scope-{scope}"]').uncheck()
        marie.enter('Autoriser')
        assert 'read:statuses, write:media.' in marie.look('authorize-mastodon-scopes')
        visit.leave()
        visit.accept()
        marie.press('Tester')
        marie.press('Vérifier et continuer')
        finished(scene, 'ville')
        turns(1)
        server.state.write('jeanne@ailleurs.example', '@ville Bonjour par Mastodon')
        Account.objects.update(poll_due_at=None)
        marie.press('Interroger maintenant')
        scene.demand('Bonjour par Mastodon')
        visit.see_secrets()
        visit.renew_with_another('marie')
        visit.renew()
        visit.play_again()


def test_instagram_by_signing_in(scene: Scene) -> None:
    """R40: by Instagram Login, without a Page; a wrong secret of the Instagram application first."""
    marie = scene.marie
    with InstagramEmulator() as graph:
        scene.network('instagram', graph.url)
        graph.page.subscriptions.clear()
        visit = Visit(scene, 'Instagram', graph.api.pages)
        scene.begin('Instagram')
        marie.press('J’ai ce qu’il faut')
        marie.fill(app_id=APP_ID, app_secret=APP_SECRET, instagram_app_id=LOGIN_APP_ID)
        marie.fill(instagram_app_secret='mauvais-secret')
        graph.app.verify_token = marie.page.locator('[name="verify_token"]').input_value()
        visit.declare()
        marie.look('authorize-instagram')
        visit.leave()
        visit.accept()
        assert 'sans dire pourquoi' in marie.look('authorize-instagram-secret')
        marie.fill(instagram_app_secret=LOGIN_SECRET)
        visit.leave()
        visit.refuse()
        assert 'L’accès a été refusé' in marie.look('authorize-instagram-refused')
        visit.leave()
        visit.accept()
        marie.press('Tester')
        graph.webhooks.connect(marie.page.get_by_label('Adresse du webhook').input_value())
        marie.press('Abonner le compte')
        camille = graph.add_person('Camille Exemple')
        graph.citizen_writes(camille, 'Bonjour par Instagram')
        graph.webhooks.wait()
        marie.page.get_by_text('test reçu').wait_for()
        marie.press('Vérifier et continuer')
        marie.press('Vérifier et continuer')
        finished(scene, IG_ID)
        scene.demand('Bonjour par Instagram')
        visit.see_secrets(APP_SECRET, LOGIN_SECRET, 'mauvais-secret')
        visit.renew_with_another(OTHER_ID)
        visit.renew()
        visit.play_again()

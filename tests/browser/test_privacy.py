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


"""The pages about personal data in a real browser: axe, two widths, by keyboard, hostile names (R44, R51)."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from publik_socialmedia.models import Contact, Demand, Erasure
from tests.browser.screen import violations
from tests.browser.town import Administrator
from tests.factory import make_account, write

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

HOSTILE = '<img src=x onerror=pwned()>\u202eJeanne'


@pytest.fixture
def marie(page: Page, live_server: Any) -> Administrator:
    account = make_account(name=HOSTILE, retention_months=5)
    message = write(account, 'Le lampadaire clignote', '33199000001', name=HOSTILE)
    Demand.objects.create(
        account=account,
        conversation=message.conversation,
        form='message',
        number='12',
        display_number='3-12',
        state='closed',
        backoffice_url='https://demarches.example.org/backoffice/management/message/12/',
    )
    return Administrator(page, live_server.url)


def test_a_person_is_found_exported_and_erased_with_the_keyboard_alone(marie: Administrator) -> None:
    """R51."""
    marie.open('privacy')
    marie.look('privacy-empty')
    marie.type('identifier', '06')
    marie.enter('Rechercher')
    assert 'Personne n’est connu sous cet identifiant' in marie.look('privacy-nobody')
    marie.type('identifier', '+33 1 99 00 00 01')
    marie.enter('Rechercher')
    assert '1 personne trouvée' in marie.look('privacy-found')
    marie.page.locator('.socialmedia-persons a').focus()
    with marie.page.expect_navigation():
        marie.page.keyboard.press('Enter')
    assert '33199000001' not in marie.look('person')
    with marie.page.expect_download() as download:
        marie.tab_to('Tout exporter')
        marie.page.keyboard.press('Enter')
    with zipfile.ZipFile(download.value.path()) as archive:
        assert 'Le lampadaire clignote' in archive.read('donnees.json').decode()
    marie.enter('Effacer cette personne')
    assert 'Effacer cette personne' in marie.look('person-erase')
    marie.enter('Effacer définitivement')
    assert 'Cette personne est effacée' in marie.page.inner_text('body')
    assert '3-12' in marie.look('proof')
    assert Contact.objects.get().erased_at is not None
    marie.type('identifier', '01 99 00 00 01')
    marie.enter('Vérifier')
    assert 'Cette preuve concerne la personne' in marie.look('proof-checked')
    marie.open('privacy')
    assert Erasure.objects.get().reference in marie.look('privacy')


def test_the_register_sheet_and_an_erasure_that_goes_on(marie: Administrator) -> None:
    marie.open('register')
    assert 'À compléter' in marie.look('register')
    erasure = Erasure.objects.create(network='messenger', origin='network')
    marie.open('erasure', erasure.reference)
    assert 'Continuer maintenant' in marie.look('proof-pending')
    marie.page.goto(f'{marie.site}/socialmedia/effacement/{erasure.reference}/')
    assert violations(marie.page) == []
    assert 'en cours d’effacement' in marie.page.inner_text('body')

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

"""The whole life of a demand, from the citizen's telephone to the agent's screen and back (R20, R30–R35).

Against the stand-in by HTTP; against a real w.c.s., in a browser, if the environment names one (see
``target``, and WCS_AGENT and WCS_AGENT_PASSWORD). A real one must reach this machine by the loopback and sign
its calls to 127.0.0.1.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone
from PIL import Image

from demo.emulators.graph import APP_ID, APP_SECRET, PAGE_ID, PAGE_TOKEN, VERIFY_TOKEN, GraphEmulator, photo
from demo.wcs_standin.demands import File
from publik_socialmedia import health
from publik_socialmedia.models import Account, Attachment, Conversation, Demand, Endpoint, Message
from publik_socialmedia.wcs import installation
from tests.factory import deliver, later, make_account
from tests.wcs import elsewhere
from tests.wcs.office import HttpOffice, Office, browser_office
from tests.wcs.target import Target

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ANSWER, FILE = "Réponse à l'usager", 'Fichier à joindre'


def picture() -> bytes:
    content = io.BytesIO()
    Image.new('RGB', (60, 40), 'teal').save(content, 'PNG')
    return content.getvalue()


class Scene:
    """A Page on Messenger, Camille who writes to it, and an agent in the back office."""

    def __init__(self, wcs: Target, office: Office, graph: GraphEmulator, account: Account) -> None:
        self.wcs, self.office, self.graph, self.account = wcs, office, graph, account
        self.camille = graph.add_person('Camille Martin')

    def citizen_writes(self, text: str, *media: Any) -> str:
        """The network calls our webhook; what is due is done."""
        mid = self.graph.citizen_writes(self.camille, text, media)
        self.graph.webhooks.wait()
        self.work()
        return mid

    def work(self) -> None:
        deliver()

    def settle(self) -> None:
        """The worker sends, hears what the network says of it, then tells the demand."""
        for _ in range(3):
            later()
            deliver()
            self.graph.webhooks.wait()

    @property
    def demand(self) -> Demand:
        return Demand.objects.latest('pk')

    def look(self, demand: Demand | None = None) -> Office:
        self.office.open((demand or self.demand).backoffice_url)
        return self.office

    def sent(self) -> list[str]:
        """What Camille has received, in order: texts, and names of files."""
        messages = [item for item in self.graph.thread(self.camille).messages if item.from_page]
        return [item.text or f'({len(item.media)} file)' for item in messages]

    def sends(self) -> int:
        return sum(call.method == 'POST' and call.path.endswith('/messages') for call in self.graph.calls)

    def fields(self, demand: Demand | None = None) -> dict[str, Any]:
        row = self.wcs.row((demand or self.demand).number)
        return {**row['fields'], **row['workflow']['fields']}

    def age(self, **age: float) -> None:
        """Camille wrote that long ago, for the network and for us."""
        self.graph.age(self.camille, timedelta(**age))
        Conversation.objects.update(last_inbound_at=timezone.now() - timedelta(**age))


@pytest.fixture(scope='module')
def office(wcs: Target) -> Iterator[Office]:
    """One for all, from before there is a database: Playwright runs an event loop in this thread."""
    if wcs.standin is not None:
        with requests.Session() as session:
            yield HttpOffice(session)
        return
    agent, password = (os.environ.get(name, '') for name in ('WCS_AGENT', 'WCS_AGENT_PASSWORD'))
    if not agent:
        pytest.skip('WCS_AGENT is not set')
    with browser_office(wcs.url, agent, password) as found:
        yield found


@pytest.fixture
def scene(wcs: Target, office: Office, live_server: Any, settings: Any) -> Iterator[Scene]:
    secrets = {'app_id': [APP_ID], 'app_secret': [APP_SECRET], 'verify_token': [VERIFY_TOKEN]}
    endpoint = Endpoint.objects.create(network='messenger', secrets=secrets)
    settings.PUBLIK_SOCIALMEDIA_BASE_URL = live_server.url.replace('localhost', '127.0.0.1')
    with GraphEmulator(callback_url=endpoint.address) as graph:
        service = {'title': 'Démarches', 'url': wcs.url, 'orig': wcs.orig, 'secret': wcs.secret}
        settings.PUBLIK_SOCIALMEDIA_WCS = {'default': service}
        settings.PUBLIK_SOCIALMEDIA_API_URLS = {'messenger': graph.url}
        account = make_account(
            external_id=PAGE_ID,
            endpoint=endpoint,
            form=wcs.form,
            credentials={'page_token': PAGE_TOKEN, 'app_id': APP_ID, 'app_secret': APP_SECRET},
        )
        yield Scene(wcs, office, graph, account)


def test_the_life_of_a_demand(scene: Scene) -> None:
    installation.install(scene.wcs.client)
    _a_message_becomes_a_demand(scene)
    _the_agent_answers(scene)
    _the_citizen_writes_again(scene)
    _a_failure_is_shown_and_tried_again(scene)
    _the_window_closes(scene)
    _closed_then_written_again(scene)


def _a_message_becomes_a_demand(scene: Scene) -> None:
    scene.citizen_writes('Bonjour, un lampadaire est cassé rue des Lilas.', photo('teal'))
    office = scene.look()
    assert office.status() == 'Nouveau'
    office.shoot('1-nouveau')
    assert 'Réseau social' in office.text()
    assert 'un lampadaire est cassé' in office.panel()
    fields = scene.fields()
    assert fields['nom'] == 'Camille Martin'
    assert fields['message'].startswith('Bonjour, un lampadaire')
    assert fields['pieces_jointes']
    assert fields['date_accuse'] and fields['repondre_avant'] and fields['limite']


def _the_agent_answers(scene: Scene) -> None:
    office = scene.look()
    office.press('Prendre en charge')
    assert office.status() == 'En cours'
    assert 'jusqu' in office.text() and 'caractères' in office.text()
    office.fill(ANSWER, 'Merci, nous passons demain.')
    office.attach(FILE, 'plan.png', picture())
    office.press('Envoyer la réponse')
    assert office.status() == "Réponse en cours d'envoi"
    office.shoot('2-reponse')
    assert scene.sent() == []
    scene.settle()
    assert sorted(scene.sent()) == ['(1 file)', 'Merci, nous passons demain.']
    office = scene.look()
    assert office.status() == "En attente de l'usager"
    assert 'Merci, nous passons demain.' in office.panel()


def _the_citizen_writes_again(scene: Scene) -> None:
    """R35: an agent who was writing is told."""
    office = scene.look()
    office.fill(ANSWER, 'Au revoir')
    scene.citizen_writes('Merci beaucoup ! Et le banc ?')
    office.press('Envoyer la réponse')
    assert 'exécution parallèle' in office.text()
    assert office.typed(ANSWER) == 'Au revoir'
    office = scene.look()
    assert office.status() == "Nouveau message de l'usager"
    assert 'Et le banc ?' in office.panel()
    office.shoot('3-nouveau-message')
    assert len(scene.sent()) == 2


def _a_failure_is_shown_and_tried_again(scene: Scene) -> None:
    """R33: with its reason; sent once in the end."""
    person = scene.graph.thread(scene.camille).person
    person.blocked = True
    office = scene.look()
    office.fill(ANSWER, 'Le banc sera réparé lundi.')
    office.press('Envoyer la réponse')
    scene.settle()
    office = scene.look()
    assert office.status() == "Échec d'envoi"
    reason = scene.fields()['etat_envoi']
    assert (
        reason.startswith('non envoyée : ')
        and ' '.join(reason.removeprefix('non envoyée : ').split()) in office.text()
    )
    office.shoot('4-echec')
    person.blocked = False
    office.press('Réessayer')
    assert office.status() == "Réponse en cours d'envoi"
    scene.settle()
    assert scene.look().status() == "En attente de l'usager"
    assert scene.sent().count('Le banc sera réparé lundi.') == 1


def _the_window_closes(scene: Scene) -> None:
    """R32: said at once, with the other ways."""
    scene.citizen_writes('Une dernière question')
    scene.age(days=8)
    office = scene.look()
    office.fill(ANSWER, 'Trop tard')
    office.press('Envoyer la réponse')
    assert office.status() == 'Fenêtre de réponse fermée'
    assert 'téléphone' in office.text()
    office.shoot('5-fenetre')
    assert 'Trop tard' not in scene.sent()


def _closed_then_written_again(scene: Scene) -> None:
    """After some days, a new demand linked to the first."""
    first = scene.demand
    office = scene.look()
    office.press('Clore (réponse donnée autrement)')
    assert office.status() == 'Clos'
    scene.citizen_writes('Ah, encore un mot')
    assert scene.look(first).status() == "Nouveau message de l'usager"
    office.press('Clore sans réponse')
    Demand.objects.filter(pk=first.pk).update(closed_at=timezone.now() - timedelta(days=60), state='closed')
    scene.citizen_writes('Bonjour, autre chose')
    assert scene.demand.pk != first.pk
    office = scene.look()
    assert office.status() == 'Nouveau'
    assert "Formulaire d'origine" in office.text().replace('’', "'") or 'orig_formdata_id' in office.text()
    assert '(supprimé)' not in office.text()
    office.shoot('6-nouvelle-demande')


def test_an_answer_asked_twice_is_sent_once(scene: Scene) -> None:
    """R30: the call is lost after it was served; the agent tries again."""
    scene.citizen_writes('Bonjour')
    office = scene.look()
    office.press('Prendre en charge')
    office.fill(ANSWER, 'Bonjour Camille')
    office.press('Envoyer la réponse')
    scene.settle()
    assert scene.sent() == ['Bonjour Camille']
    row = scene.wcs.row(scene.demand.number)
    assert row['workflow']['fields']['envoi_cle'] == 'answer:1'
    assert Message.objects.filter(origin=Message.Origin.AGENT).count() == 1


def test_a_last_word_closes_once_it_is_sent(scene: Scene) -> None:
    scene.citizen_writes('Bonjour')
    office = scene.look()
    office.press('Clore avec un dernier mot')
    office.fill("Dernier mot à l'usager", 'Votre demande est traitée. Bonne journée !')
    office.press('Valider')
    assert office.status() == "Réponse en cours d'envoi"
    scene.settle()
    assert scene.look().status() == 'Clos'
    assert scene.sent() == ['Votre demande est traitée. Bonne journée !']


def test_a_refused_answer_says_why_and_can_be_changed(scene: Scene) -> None:
    """R31: before anything is sent."""
    scene.citizen_writes('Bonjour')
    office = scene.look()
    office.press('Prendre en charge')
    office.fill(ANSWER, 'Voici')
    office.attach(FILE, 'plans.zip', b'PK\x05\x06' + bytes(18))
    office.press('Envoyer la réponse')
    assert office.status() == "Échec d'envoi"
    assert ' '.join(scene.fields()['envoi_raison'].split()) in office.text()
    assert scene.sends() == 0
    office.press('Modifier la réponse')
    assert office.typed(ANSWER) == 'Voici'
    office.press('Envoyer la réponse')
    scene.settle()
    assert scene.sent() == ['Voici']


def test_handing_over_and_back(scene: Scene) -> None:
    scene.citizen_writes('Une question sur l’urbanisme')
    office = scene.look()
    office.press('Réorienter vers un service')
    office.choose('Service', 'Autre service')
    office.fill('Motif', 'Question d’urbanisme')
    office.press('Valider')
    row = scene.wcs.row(scene.demand.number)
    assert row['workflow']['status']['name'] == 'À qualifier'
    assert [role['slug'] for role in row['roles']['_receiver']] == ['autre-service']
    assert row['workflow']['fields']['service_precedent'] == 'agents-reseaux-sociaux'
    assert 'Question d’urbanisme' in ''.join(scene.wcs.comments(scene.demand.number))
    # this agent has nothing more to do with it
    assert 'Accès interdit' in scene.look().text()


def test_notes_spam_and_reopening(scene: Scene) -> None:
    scene.citizen_writes('Gagnez un téléphone')
    office = scene.look()
    office.press('Note interne')
    office.fill('Note interne', 'Déjà vu <hier>')
    office.press('Valider')
    assert 'Déjà vu <hier>' in office.text()
    office.press('Indésirable')
    assert office.status() == 'Indésirable'
    scene.citizen_writes('Répondez vite')
    assert scene.look().status() == 'Indésirable'
    assert 'Répondez vite' in scene.office.text()
    office.press("Ce message n'est pas indésirable")
    assert office.status() == 'En cours'
    assert scene.sends() == 0


def test_an_unknown_tracking_code_is_refused(scene: Scene) -> None:
    scene.citizen_writes('Bonjour, où en est ma demande ?')
    office = scene.look()
    office.press('Rattacher à une demande existante')
    office.fill('Code de suivi de la demande', 'ZZZZZZZZ')
    office.press('Valider')
    assert 'Rattachement impossible' in office.text()
    assert scene.fields()['demande_liee'] in (None, '')


def test_a_demand_is_found_by_its_tracking_code(scene: Scene) -> None:
    """Typed as a citizen writes it."""
    assert scene.wcs.client.import_bundle(elsewhere.bundle()).done
    earlier = scene.wcs.client.submit(elsewhere.SLUG, {'description': 'Un nid de poule'}, {})
    code = earlier.tracking_code
    assert code
    scene.citizen_writes('Bonjour, où en est ma demande ?')
    office = scene.look()
    office.press('Rattacher à une demande existante')
    office.fill('Code de suivi de la demande', f' {code.lower()} ')
    office.press('Valider')
    assert scene.fields()['demande_liee'] == earlier.backoffice_url
    assert earlier.backoffice_url in ''.join(scene.wcs.comments(scene.demand.number))


def test_a_message_becomes_another_form(scene: Scene) -> None:
    """With what is known; each of the two leads to the other."""
    assert scene.wcs.client.import_bundle(elsewhere.bundle()).done
    scene.citizen_writes('Un nid de poule rue Haute')
    office = scene.look()
    office.press('Transformer en démarche')
    office.choose('Démarche à ouvrir', elsewhere.TITLE)
    office.press('Valider')
    office.shoot('7-demarche')
    address = scene.fields()['demarche']
    assert f'/{elsewhere.SLUG}/' in address
    assert f'/{elsewhere.SLUG}/' in office.address()
    if scene.wcs.standin is None:
        assert office.typed('Description') == 'Un nid de poule rue Haute'
        assert 'Formulaire d’origine' in office.text() and '(supprimé)' not in office.text()
    office = scene.look()
    assert 'Démarche ouverte' in office.text()
    assert address in ''.join(scene.wcs.comments(scene.demand.number))


def test_the_photographs_of_a_message_become_those_of_another_form(scene: Scene) -> None:
    """As many as its field takes; the agent is told of the others, and never gets an agent's own file."""
    assert scene.wcs.client.import_bundle(elsewhere.bundle()).done
    scene.citizen_writes('Un nid de poule rue Haute', photo('teal'), photo('red'))
    assert Attachment.objects.filter(state='given').count() == 2
    office = scene.look()
    office.press('Transformer en démarche')
    office.choose('Démarche à ouvrir', elsewhere.TITLE)
    office.press('Valider')
    office.shoot('7-demarche-photo')
    if scene.wcs.standin is not None:
        store = scene.wcs.standin.wcs.others[elsewhere.SLUG].store
        carried = [v for v in store.all()[0].values.values() if isinstance(v, File)]
        assert [file.content_type for file in carried] == ['image/jpeg']
        ours = [scene.wcs.standin.value(one, 'pieces_jointes') for one in scene.wcs.standin.demands()]
        held = [file.content for rows in ours for row in rows or [] for file in row.values()]
        assert carried[0].content in held  # others' demands may be there too
    else:
        assert '.jpg' in office.text()
    office = scene.look()
    assert '1 fichier du message n’est pas dans ce formulaire' in office.text()


def test_r40_a_rehearsal_finds_nothing_when_all_is_well(scene: Scene) -> None:
    """Without a demand our own address is tried; with one, w.c.s. calls us itself. Nothing is sent."""
    assert health.rehearse(scene.account) == []
    scene.citizen_writes('Bonjour')
    before = scene.wcs.comments(scene.demand.number)
    scene.look()
    assert health.rehearse(scene.account) == []
    assert scene.wcs.comments(scene.demand.number) == before
    assert scene.sends() == 0


def test_r40_a_rehearsal_tells_what_is_wrong(scene: Scene, settings: Any) -> None:
    if scene.wcs.standin is None:
        pytest.skip('the settings of a real w.c.s. are not changed')
    scene.citizen_writes('Bonjour')
    scene.citizen_writes('Il y a quelqu’un ?')  # the demand is looked at: its identity is known
    secrets = scene.wcs.standin.wcs.site.secrets
    kept = dict(secrets)
    secrets.clear()
    try:
        assert [problem.reason for problem in health.rehearse(scene.account)] == ['wcs_wscall_secret']
        secrets |= kept
        assert health.rehearse(scene.account) == []
        settings.PUBLIK_SOCIALMEDIA_BASE_URL = 'http://127.0.0.1:9'
        assert [problem.reason for problem in health.rehearse(scene.account)] == ['reply_unreachable']
    finally:
        secrets |= kept

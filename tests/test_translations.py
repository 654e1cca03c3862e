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

"""The French catalogue: whole, well written, and in force wherever a person reads (R23, R33, R40, R44)."""

from __future__ import annotations

import ast
import gettext
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone, translation

import publik_socialmedia
from demo.emulators.graph import APP_SECRET
from demo.emulators.graph_state import photo
from demo.emulators.graph_webhooks import sign
from publik_socialmedia import health
from publik_socialmedia.delivery.service import Worker
from publik_socialmedia.models import Attachment, Message, RawEvent
from publik_socialmedia.networks import base, registry
from publik_socialmedia.reasons import CONTENTS, SENTENCES, lost, sentence
from publik_socialmedia.wcs import wording
from tests.delivery.desk import MessengerDesk, messenger, turns
from tests.factory import make_account, write

PACKAGE = Path(publik_socialmedia.__file__).parent
LOCALE = PACKAGE / 'locale' / 'fr' / 'LC_MESSAGES'
CATALOGUE = LOCALE / 'django.po'
UPDATE = 'run « make catalogue », then translate what is new in publik_socialmedia/locale'

PLACEHOLDER = re.compile(r'%\(\w+\)[sd]|%[sd%]|\{\w*\}')
# ordinary space, or none at all, where French has a non-breaking one; « https: » and scopes are no sentences
BAD_SPACE = re.compile(r'[ \u202f][;:!?»]|« |«\S|[^\s\u00a0][;!?»]|[^\s\u00a0]:(\s|$)')

# msgid (with its context, or its plural form's number) → text
Texts = dict[object, str]


def run(*command: str | Path, cwd: Path | None = None) -> str:
    environment = {name: value for name, value in os.environ.items() if name != 'DJANGO_SETTINGS_MODULE'}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def compiled(path: Path, folder: Path) -> Texts:
    """Texts of a catalogue, neither the fuzzy nor the empty ones, as programs have them."""
    target = folder / f'{path.stem}.mo'
    run('msgfmt', '--check', '-o', target, path)
    return read(target)


def read(path: Path) -> Texts:
    with path.open('rb') as file:
        return dict(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]


@pytest.fixture(scope='module')
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Texts:
    return compiled(CATALOGUE, tmp_path_factory.mktemp('catalogue'))


@pytest.fixture(scope='module')
def sources(tmp_path_factory: pytest.TempPathFactory) -> Texts:
    """What makemessages finds in a copy of the package."""
    folder = tmp_path_factory.mktemp('sources') / 'package'
    ignored = shutil.ignore_patterns('__pycache__', 'locale', 'payloads')
    shutil.copytree(PACKAGE, folder, ignore=ignored)
    (folder / 'locale').mkdir()
    run(sys.executable, '-m', 'django', 'makemessages', '-l', 'fr', '--keep-pot', cwd=folder)
    # each text translated by itself, so that it is compiled
    template = folder / 'locale' / 'django.pot'
    forms = template.read_text().replace(
        'nplurals=INTEGER; plural=EXPRESSION;', 'nplurals=2; plural=(n > 1);'
    )
    template.write_text(forms)
    run('msgen', '-o', folder / 'sources.po', template)
    return compiled(folder / 'sources.po', folder)


@pytest.fixture(params=registry())
def network(request: pytest.FixtureRequest) -> base.Network:
    return registry()[request.param]


def marked(folder: Path) -> set[str]:
    """Texts given to ``_`` in the modules of a folder, whoever defines it."""
    return {
        node.args[0].value
        for path in folder.rglob('*.py')
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == '_'
        if node.args and isinstance(node.args[0], ast.Constant)
    }


# -- the catalogue


def test_the_catalogue_is_complete(sources: Texts, catalogue: Texts) -> None:
    """R44: each text has its French, none of them waits for a review, none is there for nothing."""
    assert len(sources) > 150
    assert set(sources) - set(catalogue) == set(), UPDATE
    assert set(catalogue) - set(sources) == set(), UPDATE
    assert [msgid for msgid, text in catalogue.items() if not text.strip()] == []
    text = CATALOGUE.read_text()
    assert '#~' not in text and ', fuzzy' not in text, UPDATE


def test_makemessages_sees_the_texts_of_the_networks(sources: Texts, network: base.Network) -> None:
    """They know nothing of Django: they mark their texts with a function of their own."""
    texts = marked(PACKAGE / 'networks' / network.slug)
    assert len(texts) > 5 and texts <= set(sources)


def test_placeholders_agree(catalogue: Texts) -> None:
    """Also those of texts that gettext does not take for formats."""
    for msgid, text in catalogue.items():
        if msgid:
            source = msgid[0] if isinstance(msgid, tuple) else msgid
            assert Counter(PLACEHOLDER.findall(text)) == Counter(PLACEHOLDER.findall(str(source))), text


def test_the_french_is_well_typed(catalogue: Texts) -> None:
    """R44: typographic apostrophes, non-breaking spaces, accents as characters."""
    texts = [text for msgid, text in catalogue.items() if msgid]
    assert [text for text in texts if "'" in text or '"' in text or '...' in text] == []
    assert [text for text in texts if BAD_SPACE.search(text)] == []
    assert [text for text in texts if re.search('[\u0300-\u036f]', text)] == []


def test_the_head_of_the_catalogue(catalogue: Texts) -> None:
    head = dict(line.split(': ', 1) for line in catalogue[''].splitlines())
    assert head['Language'] == 'fr' and head['Content-Type'] == 'text/plain; charset=UTF-8'
    assert head['Plural-Forms'] == 'nplurals=2; plural=(n > 1);'
    assert not re.search(r'\w@\w', CATALOGUE.read_text())  # nobody's address


def test_what_is_compiled_is_the_catalogue(catalogue: Texts) -> None:
    """``make test`` and ``make demo`` compile it; the rest of this module needs it."""
    path = LOCALE / 'django.mo'
    assert path.exists() and read(path) == catalogue, 'run « make messages »'


# -- what people read of the rest of the package


def french(text: str) -> str:
    with translation.override('fr'):
        return translation.gettext(text)


@pytest.mark.parametrize('language', ['fr', 'fr-fr'])
@pytest.mark.parametrize('word', SENTENCES)
def test_each_reason_is_said_in_french(word: str, language: str) -> None:
    """R23, R33: « fr-fr » is the language of most sites."""
    with translation.override(None):
        msgid = sentence(word)
    with translation.override(language):
        assert sentence(word) != msgid


@pytest.mark.parametrize('word', CONTENTS)
def test_each_lost_content_is_named_in_french(word: str) -> None:
    """R9"""
    with translation.override(None):
        msgid = lost(word)
    assert french(msgid) != msgid


def test_credentials_are_explained_in_french(network: base.Network) -> None:
    """R40"""
    assert network.credentials
    for credential in network.credentials:
        assert french(credential.label) != credential.label
        assert credential.help_text and french(credential.help_text) != credential.help_text


def test_all_that_a_network_says_is_said_in_french(network: base.Network) -> None:
    """R40, R41: its problems most of all."""
    for text in marked(PACKAGE / 'networks' / network.slug):
        assert french(text) != text


@pytest.mark.django_db
def test_the_problems_of_an_account_are_told_in_french() -> None:
    """R41: those of the network, whose class knows only English, and those of w.c.s."""
    account = make_account(credentials={}, form='')
    problems = [problem.message for problem in health.examine(account)]
    assert problems == [
        'Le jeton d’accès de la Page manque.',
        'Aucun formulaire n’est choisi pour ce compte\u00a0: choisissez celui qui reçoit ses messages.',
    ]


# -- what people read of a demand


@pytest.mark.django_db
def test_what_is_not_a_file_is_told_in_french() -> None:
    """R9, R13, R14"""
    account = make_account()
    place = {'name': 'Mairie', 'lat': 43.6, 'long': 3.8}
    message = write(
        account,
        'Voyez',
        unreadable='unsupported',
        attachments=[
            base.Attachment('unreadable', reason='ephemeral'),
            base.Attachment('location', details=place),
            base.Attachment('contact', details={'name': 'Camille Martin', 'phone': '+33199000001'}),
            base.Attachment('share', url='https://example.org/', details={'title': 'Travaux'}),
            base.Attachment('image', url='https://example.org/a.jpg', alt='un trou'),
        ],
    )
    assert wording.describe(message, list(message.attachments.order_by('position'))).splitlines() == [
        'Voyez',
        '[contenu d’un type qui ne peut pas être affiché ici]',
        '[contenu éphémère, visible seulement dans l’application du réseau]',
        'Lieu\u00a0: Mairie 43.6, 3.8',
        'Fiche de contact\u00a0: Camille Martin +33199000001',
        'Partage\u00a0: Travaux https://example.org/',
        '[pièce jointe en cours de récupération]',
    ]
    image = Attachment.objects.get(kind='image')
    image.state = Attachment.State.STORED
    assert wording.describe(message, [image]).endswith('\n[Description de l’image\u00a0: un trou]')
    link = 'https://media.example.org/story?id=18'
    answer = write(account, 'À quelle heure ?', details={'story': '18', 'story_url': link})
    assert wording.describe(answer, []) == f'À quelle heure ?\nRépond à une story\u00a0: {link}'
    message.erased_at = timezone.now()
    assert wording.describe(message, []) == '[message effacé par son auteur]'
    assert wording.subject([(Message(), [])]) == 'Message sans texte'


@pytest.fixture
def page(transactional_db: None) -> Iterator[MessengerDesk]:
    with messenger() as desk:
        desk.graph.fail('answer', 'GET /cdn/', times=99, status=503, body=b'')
        yield desk


def by_cron(done: Callable[[], bool]) -> None:
    call_command('socialmedia_worker', once=True)


def in_threads(done: Callable[[], bool]) -> None:
    """As the systemd unit does; whoever starts it may read another language."""
    worker = Worker(senders=1)
    thread = threading.Thread(target=worker.run)
    with translation.override('en'):
        thread.start()
        end = time.monotonic() + 60
        while not done() and time.monotonic() < end:
            time.sleep(0.05)
        worker.stop()
        thread.join(60)
    assert not thread.is_alive()


@pytest.mark.parametrize('work', [by_cron, in_threads])
def test_a_demand_is_written_in_the_language_of_the_site(page: MessengerDesk, client, work) -> None:
    """R9, R20: by the webhook and the worker; the language of who calls the webhook changes nothing."""
    page.graph.citizen_writes(page.citizen, 'Voyez', attachments=[photo()])
    assert page.account.endpoint is not None
    url = reverse('socialmedia-webhook', args=['messenger', page.account.endpoint.token])
    for body in page.heard:
        headers = {**sign(APP_SECRET, body), 'Accept-Language': 'en'}
        assert client.post(url, body, content_type='application/json', headers=headers).status_code == 200
    assert RawEvent.objects.filter(state='pending').exists()
    work(lambda: bool(page.wcs.demands()))
    (demand,) = page.wcs.demands()
    assert page.wcs.value(demand, 'message') == 'Voyez\n[pièce jointe en cours de récupération]'
    assert demand.context['comments'] == 'Messenger, compte Ville de Villexemple'


def test_what_is_added_to_a_demand_is_in_french(page: MessengerDesk) -> None:
    """R9, R33: a file that never came, an answer that the network refuses."""
    page.citizen_writes('Voyez', attachments=[photo()])
    turns(8)
    page.graph.thread(page.citizen).person.blocked = True
    page.answer()
    turns(1)
    history = page.history()
    assert 'Pièces jointes du message du ' in history and '[pièce jointe indisponible]' in history
    (demand,) = page.wcs.demands()
    assert sentence('blocked').startswith('Cette personne ne peut pas')
    assert sentence('blocked') in str(demand.data)

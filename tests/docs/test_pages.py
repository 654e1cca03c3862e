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

"""The pages say what the software says: messages, remedies, logs, figures, addresses, words of screens."""

from __future__ import annotations

import ast
import html
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.urls import get_resolver
from django.utils import timezone
from lxml import etree

import publik_socialmedia
from docs import reference
from docs.commands import DOCS, ROOT
from docs.logged import logged
from docs.site import pages, pictures
from publik_socialmedia import checks, reasons
from publik_socialmedia.monitoring import metrics
from tests.browser.pictures import names as taken
from tests.factory import make_account

PACKAGE = Path(publik_socialmedia.__file__).parent
EXPLOITATION = DOCS / 'exploitation'
ROW = re.compile(r'^\| (.+) \|$', re.MULTILINE)
LEVELS = {'erreur': 'error', 'avertissement': 'warning', 'information': 'info'}
QUOTED = re.compile(r'«\s([^»]+?)\s»')
# pages whose « … » are words of the screens
FOR_SCREENS = sorted([*(DOCS / 'administrateur').glob('*.md'), *(DOCS / 'agent').glob('*.md')])


def rows(page: Path) -> list[list[str]]:
    """Cells of all the tables of a page, without their heads."""
    found = [[cell.strip() for cell in line.split(' | ')] for line in ROW.findall(page.read_text())]
    return [row for row in found if not set(''.join(row)) <= set('- ')]


# -- messages


def remedies() -> dict[str, dict[str, Any]]:
    return {name: part for name, part in reference.remedies().items() if 'titre' in part}


def test_each_reason_has_its_remedy() -> None:
    """R23, R33: whoever reads a message finds what to do, in ``docs/remedes.toml``."""
    known = {word for name, part in remedies().items() if name != 'contenu' for word in part} - {'titre'}
    # what stands in place of a content is in a part of its own
    assert known == {word for word in reasons.SENTENCES if word in known or word not in reasons.CONTENTS}
    assert set(remedies()['contenu']) - {'titre'} == set(reasons.CONTENTS)


def test_each_remedy_says_who_acts_and_how() -> None:
    for part in remedies().values():
        for word, remedy in part.items():
            if word != 'titre':
                assert remedy['qui'] in reference.ACTORS, word
                assert remedy['faire'].endswith(('.', '?')) and len(remedy['faire']) > 15, word


def test_the_page_of_messages_shows_each_sentence_in_french() -> None:
    page = reference.messages()
    for word in reasons.SENTENCES:
        assert f'`{word}`' in page, word
    assert 'Le jeton d’accès n’est plus valable' in page
    assert 'The access token' not in page


def test_each_system_check_is_explained() -> None:
    numbers = set(re.findall(r"publik_socialmedia\.([EW]\d{3})'", Path(checks.__file__).read_text()))
    assert set(reference.remedies()['controles']) == numbers


# -- reference


def test_each_setting_and_option_is_told_in_french() -> None:
    """Their English is in the code; add their French to « docs/traductions.toml »."""
    assert reference.untranslated() == []


def test_no_translation_is_of_a_text_that_is_gone() -> None:
    known = tomllib.loads(reference.TRANSLATIONS.read_text())['texte']
    assert {reference.plain(pair['en']) for pair in known} <= set(reference.texts())


def test_each_line_of_the_log_is_explained() -> None:
    """R50: what the page lists is what the code writes, at that level."""
    listed = {(LEVELS[row[0]], row[1].strip('`')) for row in rows(EXPLOITATION / 'journaux.md')[1:]}
    assert listed == logged()


def figures() -> set[str]:
    """Names that the code gives to its figures."""
    named = set()
    for node in ast.walk(ast.parse(Path(metrics.__file__).read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ('family', 'each'):
            named |= {node.args[0].value} if isinstance(node.args[0], ast.Constant) else set()
    return {f'publik_socialmedia_{name}' for name in named | {row[0] for row in metrics._MORE}}


@pytest.mark.django_db
def test_each_figure_is_explained() -> None:
    """R41."""
    listed = {row[0].strip('`') for row in rows(EXPLOITATION / 'metriques.md')[1:]}
    assert listed == figures()
    make_account(problem='auth')
    given = set(
        re.findall(r'^# TYPE (\w+) gauge$', ''.join(metrics.exposition(timezone.now())), re.MULTILINE)
    )
    assert given and given <= listed
    rules = EXPLOITATION.joinpath('metriques.md').read_text().split('## Exemple')[1]
    assert set(re.findall(r'publik_socialmedia_\w+', rules)) <= listed


def test_each_address_is_in_the_table_of_security() -> None:
    """Who may call it, and how they prove who they are (R1, R43)."""
    cells = [row[0] for row in rows(EXPLOITATION / 'securite.md') if row[0].startswith('`/')]
    listed = [address.split('…')[0] for cell in cells for address in re.findall(r'`(/[^`]+)`', cell)]
    endings = [ending for cell in cells for ending in re.findall(r'`(?:/[^`]*…/)?([a-z/]+/)(?:…)?`', cell)]
    found = [str(item.pattern) for item in get_resolver('publik_socialmedia.urls').url_patterns]
    for address in found:
        assert any(f'/{address}'.startswith(start) for start in listed), address
        if address.startswith('api/socialmedia/wcs/'):
            assert any(ending in address for ending in endings), address


# -- words of the screens


@cache
def words() -> frozenset[str]:
    """Everything that can be read on a screen, each as one line; %s and the like are « … »."""
    catalogue = PACKAGE / 'locale' / 'fr' / 'LC_MESSAGES' / 'django.po'
    found = list(_messages(catalogue.read_text()))
    for path in (PACKAGE / 'wcs' / 'bundle').rglob('*.xml'):
        found += _texts(path.read_bytes())
    # words of w.c.s. itself, and of the roles of Publik
    found += ['Réseau social', 'Appels d’API signés', 'Texte']
    whole = {_plain(text) for text in found}
    return frozenset(whole | {sentence for text in whole for sentence in re.split(r'(?<=[.?!]) ', text)})


def _messages(catalogue: str) -> Iterator[str]:
    for block in catalogue.split('\n\n'):
        for text in re.findall(r'^msgstr(?:\[\d\])? ((?:".*"\n?)+)', block, re.MULTILINE):
            yield ''.join(re.findall(r'"(.*)"', text)).replace('\\"', '"').replace('\\n', ' ')


def _texts(xml: bytes) -> Iterator[str]:
    for element in etree.fromstring(xml).iter(etree.Element):
        shown = (element.get(name) for name in ('name', 'label', 'confirm', 'hint'))
        yield from (text for text in (element.text, element.tail, *shown) if text)


def _plain(text: str) -> str:
    text = re.sub(r'%(\(\w+\))?[sd]|<[^>]+>', '…', html.unescape(text)).replace("'", '’')
    return ' '.join(text.replace('\u202f', ' ').replace('\u00a0', ' ').split()).replace(' …', '…')


def _known(quoted: str) -> bool:
    text = _plain(quoted)
    # a page may begin with it, or not, what a screen does not
    return bool({text, text[0].lower() + text[1:], text[0].upper() + text[1:], f'{text}.'} & words())


def _quotes() -> Iterator[tuple[str, str]]:
    for path in FOR_SCREENS:
        for text in QUOTED.findall(' '.join(path.read_text().split())):
            yield path.name, text
    for part in remedies().values():
        for word, remedy in part.items():
            for text in QUOTED.findall(remedy['faire']) if word != 'titre' else []:
                yield word, text


def test_each_word_of_a_screen_that_a_page_quotes_is_on_a_screen() -> None:
    """In the pages for administrators and agents, « » are around words that a screen shows, as they are."""
    unknown = [(where, text) for where, text in _quotes() if not _known(text)]
    assert unknown == []


# -- pictures


def test_each_picture_of_a_page_is_taken_by_a_test() -> None:
    """And each that is taken is shown: nobody looks after the others."""
    wanted = {name for path in pages() for name in pictures(path.read_text())}
    assert wanted == set(taken())
    assert len(wanted) > 10


def test_no_picture_is_kept_in_the_repository() -> None:
    """They would age."""
    kept = [path for path in ROOT.joinpath('docs').rglob('*') if path.suffix in ('.png', '.jpg', '.gif')]
    assert kept == []

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

"""The site of the documentation: made without a warning, whole, its links followed, nothing asked of others.

In a browser, if there is one, it is for all at any width (R44).
"""

from __future__ import annotations

import http.server
import re
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest
from lxml import html
from PIL import Image

from docs import reference, site
from docs.commands import DOCS, ROOT
from docs.finishing import finish
from publik_socialmedia.networks import registry
from tests.browser.conftest import browser as a_browser
from tests.browser.conftest import page as a_page
from tests.browser.screen import violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow
browser, page = a_browser, a_page
SPHINX = ROOT / '.venv-docs' / 'bin' / 'python'
WIDTHS = {1280: 900, 390: 844}
# one of each kind: text, pictures, tables, lists of definitions, commands, a network, the search
LOOKED_AT = (
    'index',
    'agent/index',
    'administrateur/connecter',
    'administrateur/messages',
    'administrateur/questions',
    'exploitation/installer',
    'exploitation/reglages',
    'exploitation/securite',
    'reseaux/index',
    'reseaux/whatsapp',
    'architecture',
    'search',
)


@pytest.fixture(scope='module')
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, with a picture in each place of a picture."""
    folder = tmp_path_factory.mktemp('site')
    shots = folder / 'shots'
    shots.mkdir()
    for path in site.pages():
        for name in site.pictures(path.read_text()):
            Image.new('RGB', (960, 500), 'teal').save(shots / f'{name}.png')
    assert list(site.stage(folder / 'source', shots)) == []
    assert make(folder / 'source', folder / 'html') == ''
    return folder / 'html'


def make(source: Path, target: Path) -> str:
    """What Sphinx says, warnings being errors."""
    if not SPHINX.exists():
        pytest.fail('no Sphinx here: run « make .venv-docs/.stamp »')
    command = [SPHINX, '-m', 'sphinx', '-q', '-W', '--keep-going', '-b', 'html', '-c', DOCS, source, target]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


def trees(built: Path) -> Iterator[tuple[Path, html.HtmlElement]]:
    for path in sorted(built.rglob('*.html')):
        yield path, html.fromstring(path.read_bytes())


def test_each_link_leads_somewhere(built: Path) -> None:
    """To a page of the site, and to a place in it; addresses elsewhere are whole and by https."""
    known = {path: set(tree.xpath('//@id')) for path, tree in trees(built)}
    for path, tree in trees(built):
        for link in tree.xpath('//a/@href | //img/@src | //link/@href | //script/@src'):
            parts = urlsplit(link)
            if parts.scheme or link.startswith('#'):
                assert parts.scheme in ('', 'https', 'mailto'), (path.name, link)
                continue
            wanted = (path.parent / unquote(parts.path)).resolve()
            assert wanted.exists(), (path.name, link)
            if parts.fragment and wanted in known:
                assert unquote(parts.fragment) in known[wanted], (path.name, link)


def test_the_site_asks_nothing_of_others(built: Path) -> None:
    """Neither letters, nor style, nor script, nor picture comes from elsewhere."""
    for path in [*built.rglob('*.html'), *built.rglob('*.css')]:
        text = path.read_text()
        assert not re.search(r'url\(\s*[\'"]?(https?:)?//', text), path
        if path.suffix == '.html':
            assert not re.search(r'<(script|img|link|iframe)[^>]+(src|href)="(https?:)?//', text), path


def test_it_is_in_french_and_searched_in_french(built: Path) -> None:
    for path, tree in trees(built):
        assert tree.get('lang') == 'fr', path
        shown = re.sub(r'<script.*?</script>', '', path.read_text(), flags=re.DOTALL)
        assert not re.search('Toggle|Skip to|Back to top|On this page|Made with', shown), path
    assert 'FrenchStemmer' in (built / '_static' / 'language_data.js').read_text()


def test_each_network_has_its_page_made_of_its_readme(built: Path) -> None:
    for slug, network in registry().items():
        readme = (site.NETWORKS / slug / 'README.md').read_text()
        shown = html.fromstring((built / 'reseaux' / f'{slug}.html').read_bytes()).text_content()
        assert network.label.split()[0] in shown
        for title in re.findall(r'^## (.+)$', readme, re.MULTILINE):
            assert ' '.join(re.sub(r'[*`\\]', '', title).split()) in ' '.join(
                shown.replace('\xa0', ' ').split()
            )
        assert f'href="{slug}.html"' in (built / 'reseaux' / 'index.html').read_text()


def test_no_list_runs_into_the_paragraph_before_it(built: Path) -> None:
    """As it does in Markdown without an empty line, where the pages of administrators show a list."""
    for path, tree in trees(built):
        for paragraph in tree.xpath('//article//p'):
            assert not re.search(r'\n\s*(\d+\.|[*-]) ', paragraph.text_content()), path


def test_without_a_browser_a_note_stands_in_place_of_each_picture(tmp_path: Path) -> None:
    missing = set(site.stage(tmp_path / 'source'))
    assert 'accueil' in missing and 'agent-conversation' in missing
    text = (tmp_path / 'source' / 'agent' / 'index.md').read_text()
    assert 'construite sans navigateur' in text.replace('\n', ' ') and '.png' not in text


def test_a_link_to_nowhere_is_refused(tmp_path: Path) -> None:
    sources = site.pages()
    page = DOCS / 'index.md'
    lead = site._leads(page, Path('index'), sources)
    with pytest.raises(site.BrokenLink, match='nowhere'):
        lead(re.fullmatch(site.LINK, '[here](nowhere.md)'))  # type: ignore[arg-type]
    # what the site has no page of loses its link, what is elsewhere keeps it
    assert lead(re.fullmatch(site.LINK, '[the code](../setup.py)')) == 'the code'  # type: ignore[arg-type]
    kept = '[Publik](https://publik.entrouvert.com/)'
    assert lead(re.fullmatch(site.LINK, kept)) == kept  # type: ignore[arg-type]


def test_each_part_that_a_page_asks_of_the_code_is_made() -> None:
    asked = {name for path in site.pages() for name in site.MADE.findall(path.read_text())}
    assert asked == set(reference.PARTS)


def test_what_the_theme_lacks_is_added() -> None:
    toggle = '<input aria-label="Toggle navigation of X">'
    assert finish(f'<aside class="sidebar-drawer"><th class="head"><p></p></th>{toggle}') == (
        '<aside class="sidebar-drawer" aria-label="Liste des pages"><td class="head"></td>'
        '<input aria-label="Pages sous : X">'
    )


@pytest.fixture
def address(built: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *values: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), partial(Quiet, directory=str(built))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f'http://127.0.0.1:{server.server_port}'
        server.shutdown()
        thread.join(10)


@pytest.mark.parametrize('name', LOOKED_AT)
def test_r44_each_page_is_for_all(page: Page, address: str, name: str) -> None:
    """axe finds nothing, nothing overflows, nothing is asked of anybody else."""
    asked: list[str] = []
    page.on('request', lambda request: asked.append(request.url))
    for width, height in WIDTHS.items():
        page.set_viewport_size({'width': width, 'height': height})
        page.goto(f'{address}/{name}.html')
        assert violations(page) == [], width
        assert page.evaluate('document.documentElement.scrollWidth <= innerWidth'), width
    assert all(url.startswith((address, 'data:')) for url in asked), asked


def test_the_search_finds_a_french_word_in_another_form(page: Page, address: str) -> None:
    page.goto(f'{address}/search.html?q=sauvegardes')
    page.wait_for_selector('#search-results li a')
    assert 'Sauvegarder et restaurer' in page.inner_text('#search-results')

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

"""Put together what the site of the documentation is made of, for Sphinx to read.

``python -m docs.site FOLDER [PICTURES]`` fills FOLDER with the pages of ``docs/``, those of each network (the
README of its folder) and the changes. Links between files of the repository become links between pages; what
a page asks of the code (a line ``<!-- produit : reglages -->``) comes from ``docs.reference``. Pictures come
from the folder PICTURES, where the browser tests put them; in place of one that was not taken stands a note.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from docs import reference
from publik_socialmedia.networks import registry

DOCS = Path(__file__).parent
ROOT = DOCS.parent
NETWORKS = ROOT / 'publik_socialmedia' / 'networks'
FENCED = re.compile(r'(^ *```.*?^ *```[^\S\n]*$)', re.MULTILINE | re.DOTALL)
LINK = re.compile(r'(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)')
PICTURE = re.compile(r'^!\[([^\]]+)\]\((?:\S*/)?images/([a-z0-9-]+)\.png\)$', re.MULTILINE)
MADE = re.compile(r'^<!-- produit : ([a-z-]+) -->$', re.MULTILINE)
# French has a space that does not break before some signs and inside « »
SPACES = (
    (re.compile(r'(?<=\S) ([:;?!»])(?=[\s,.)*|]|$)', re.MULTILINE), '\u00a0\\1'),
    (re.compile('« '), '«\u00a0'),
)
WORDS_OF_CODE = re.compile(r'(`[^`]*`|:::[^\n]*|<!--.*?-->)', re.DOTALL)
NOTE = """:::{{note}}
Ici, une image de l’écran : {alt} Les images sont prises par les tests dans un navigateur, et cette
documentation a été construite sans navigateur.
:::"""


class BrokenLink(Exception):
    """A page leads to a file that is not there."""


def pages() -> dict[Path, str]:
    """Files of the repository that are pages → their place in the site, without extension."""
    found = {path: str(path.relative_to(DOCS).with_suffix('')) for path in DOCS.rglob('*.md')}
    found[DOCS / 'reseaux.md'] = 'reseaux/index'
    found[ROOT / 'CHANGES.md'] = 'modifications'
    for slug in registry():
        found[NETWORKS / slug / 'README.md'] = f'reseaux/{slug}'
    return found


def pictures(text: str) -> list[str]:
    """Names of the pictures that a page shows."""
    return [name for _alt, name in PICTURE.findall(text)]


def staged(path: Path, sources: Mapping[Path, str], taken: set[str]) -> str:
    """The page as Sphinx reads it. BrokenLink; KeyError if it asks for something that nobody makes."""
    place = Path(sources[path])
    text = MADE.sub(lambda found: reference.PARTS[found[1]](), path.read_text())
    pieces = FENCED.split(text)
    pieces[::2] = [_prose(piece, path, place, sources, taken) for piece in pieces[::2]]
    text = ''.join(pieces)
    if path == DOCS / 'reseaux.md':
        text += '\n```{toctree}\n:hidden:\n\n' + '\n'.join(registry()) + '\n```\n'
    return text


def _prose(piece: str, path: Path, place: Path, sources: Mapping[Path, str], taken: set[str]) -> str:
    up = '../' * (len(place.parts) - 1)

    def picture(found: re.Match[str]) -> str:
        if found[2] not in taken:
            return NOTE.format(alt=found[1])
        return f'```{{image}} {up}images/{found[2]}.png\n:alt: {found[1]}\n:class: screen\n```'

    return _spaced(LINK.sub(_leads(path, place, sources), PICTURE.sub(picture, piece)))


def _spaced(text: str) -> str:
    pieces = WORDS_OF_CODE.split(text)
    for pattern, by in SPACES:
        pieces[::2] = [pattern.sub(by, piece) for piece in pieces[::2]]
    return ''.join(pieces)


def _leads(path: Path, place: Path, sources: Mapping[Path, str]) -> Callable[[re.Match[str]], str]:
    def link(found: re.Match[str]) -> str:
        words, target = found[1], found[2]
        if re.match(r'[a-z]+:|#', target):
            return found[0]
        file, sign, anchor = target.partition('#')
        wanted = Path(os.path.normpath(path.parent / file))
        if wanted in sources:
            return f'[{words}]({os.path.relpath(sources[wanted], place.parent)}.md{sign}{anchor})'
        if not wanted.exists():
            raise BrokenLink(f'{path.relative_to(ROOT)}: {target}')
        return words  # a file of the source: the site has no copy of it

    return link


def stage(folder: Path, shots: Path | None = None) -> Iterator[str]:
    """Fill the folder; give the names of the pictures that are wanted and were not taken."""
    shutil.rmtree(folder, ignore_errors=True)
    sources = pages()
    taken = {path.stem for path in shots.glob('*.png')} if shots else set()
    wanted: set[str] = set()
    for path, name in sorted(sources.items()):
        written = folder / f'{name}.md'
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_text(staged(path, sources, taken))
        wanted.update(pictures(path.read_text()))
    (folder / 'images').mkdir()
    for name in sorted(wanted & taken):
        assert shots is not None
        shutil.copy(shots / f'{name}.png', folder / 'images')
    yield from sorted(wanted - taken)


if __name__ == '__main__':
    reference.set_up()
    missing = list(stage(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
    if missing:
        sys.stderr.write(f'{len(missing)} pictures were not taken: {", ".join(missing)}\n')

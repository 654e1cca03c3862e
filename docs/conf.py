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

"""Configuration of Sphinx for the pages that ``docs.site`` puts together (``make docs-html``)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from docs.finishing import finish

project = 'Réseaux sociaux pour Publik'
copyright = '2026, les contributeurs de publik_socialmedia'  # noqa: A001
language = 'fr'
extensions = ['myst_parser']
source_suffix = {'.md': 'markdown'}
root_doc = 'index'
exclude_patterns: list[str] = []

myst_enable_extensions = ['colon_fence', 'deflist', 'attrs_block']
myst_heading_anchors = 4

html_theme = 'furo'
html_title = 'Réseaux sociaux pour Publik'
html_static_path = ['_static']
html_css_files = ['publik.css']
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
pygments_style = 'a11y-high-contrast-light'
pygments_dark_style = 'a11y-high-contrast-dark'
html_use_index = False


def setup(app: Any) -> None:
    app.connect('build-finished', _finish)


def _finish(app: Any, error: Exception | None) -> None:
    if error is None:
        for page in Path(app.outdir).rglob('*.html'):
            page.write_text(finish(page.read_text()))

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

"""Pictures of the documentation (``docs/``): taken here, in a browser, each time the site is built.

DOCS_PICTURES: the folder where they go; without it they are taken all the same, and thrown away. A page of
the documentation shows ``images/NAME.png`` only if some test says ``camera.take('NAME', …)``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

WIDTH, TALLEST = 800, 1000
# where the content ends
BOTTOM = 'Math.ceil(document.querySelector("#content, main").getBoundingClientRect().bottom + scrollY)'
TESTS = Path(__file__).parent.parent
TAKEN = re.compile(r"\.take\(\s*'([a-z0-9-]+)'")


class Camera:
    """Takes pictures of one page, or of a part of it, at a width that is readable in the documentation."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self.folder = page, folder

    def take(self, name: str, part: Locator | None = None) -> None:
        size = self.page.viewport_size
        self.page.set_viewport_size({'width': WIDTH, 'height': 700})
        path = self.folder / f'{name}.png'
        if part is not None:
            part.screenshot(path=path)
        else:
            height = min(self.page.evaluate(BOTTOM) + 24, TALLEST)
            clip = {'x': 0, 'y': 0, 'width': WIDTH, 'height': height}
            self.page.screenshot(path=path, full_page=True, clip=clip)  # type: ignore[arg-type]
        if size is not None:
            self.page.set_viewport_size(size)
        assert path.stat().st_size > 2000, f'{name} shows nothing'


def folder(tmp_path: Path) -> Path:
    """Where the pictures go."""
    found = Path(os.environ.get('DOCS_PICTURES', '') or tmp_path).absolute()
    found.mkdir(parents=True, exist_ok=True)
    return found


def names() -> Iterator[str]:
    """Of all the pictures that tests take."""
    for path in TESTS.rglob('test_*pictures.py'):
        yield from TAKEN.findall(path.read_text())


@pytest.fixture
def camera(page: Page, tmp_path: Path) -> Camera:
    return Camera(page, folder(tmp_path))

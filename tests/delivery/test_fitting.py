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

"""R31, R10: the pictures of an answer, before they leave."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from publik_socialmedia.delivery import fitting
from publik_socialmedia.networks.base import OutgoingFile
from tests.test_media import ROTATE_90, SECRET_NOTE, photograph, transparent_png

PICTURES = {'image/*': 10**6}


def sent(content: bytes, mimetype: str, accepted: dict[str, int]) -> OutgoingFile:
    return fitting.fit([OutgoingFile(content, 'photo.jpg', mimetype)], accepted)[0]


@pytest.mark.parametrize('kind', ['JPEG', 'PNG', 'WEBP'])
def test_r10_where_an_agent_took_a_photograph_is_not_sent(kind: str) -> None:
    content = photograph(kind, orientation=ROTATE_90)
    file = sent(content, f'image/{kind.lower()}', PICTURES)
    assert SECRET_NOTE in content
    assert SECRET_NOTE not in file.content
    with Image.open(io.BytesIO(file.content)) as image:
        assert not image.getexif()
        assert image.size == (20, 40)  # upright
    assert (file.filename, file.mimetype) == ('photo.jpg', f'image/{kind.lower()}')


def test_r31_a_picture_without_notes_leaves_as_it_is() -> None:
    content = transparent_png()
    assert sent(content, 'image/png', PICTURES).content == content


def test_r31_what_is_too_heavy_once_drawn_anew_is_made_lighter() -> None:
    content = photograph('JPEG', (4000, 2000))
    file = sent(content, 'image/jpeg', {'image/jpeg': 30_000})
    assert len(file.content) <= 30_000
    assert SECRET_NOTE not in file.content


def test_r31_a_broken_picture_is_left_to_be_refused() -> None:
    broken = photograph()[:120]
    assert sent(broken, 'image/jpeg', PICTURES).content == broken

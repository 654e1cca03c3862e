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

"""Attachments: type, cleaning, antivirus, private storage (R10)."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from publik_socialmedia import media
from publik_socialmedia.errors import ConfigurationError, PermanentError, TemporaryError

SECRET_NOTE = b'Jeanne Exemple, 12 rue des Tests'
ORIENTATION, GPS, DESCRIPTION = 0x0112, 0x8825, 0x010E
ROTATE_90 = 6
TEXT_PDF = b'%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n'


def photograph(kind: str = 'JPEG', size: tuple[int, int] = (40, 20), orientation: int = 1) -> bytes:
    """A picture, red on the left and blue on the right, with notes and a position as telephones write."""
    image = Image.new('RGB', size, 'red')
    image.paste('blue', (size[0] // 2, 0, size[0], size[1]))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[DESCRIPTION] = SECRET_NOTE.decode()
    exif[GPS] = {1: 'N', 2: (48.0, 51.0, 24.0), 3: 'E', 4: (2.0, 21.0, 7.0)}
    output = io.BytesIO()
    image.save(output, kind, exif=exif.tobytes(), comment=SECRET_NOTE, icc_profile=b'profile ' + SECRET_NOTE)
    return output.getvalue()


def animation(kind: str, frames: int = 3) -> bytes:
    images = [Image.new('RGB', (8, 8), colour) for colour in ('red', 'green', 'blue', 'white')[:frames]]
    output = io.BytesIO()
    images[0].save(
        output, kind, save_all=True, append_images=images[1:], duration=70, loop=0, comment=SECRET_NOTE
    )
    return output.getvalue()


def transparent_png() -> bytes:
    output = io.BytesIO()
    Image.new('RGBA', (960, 960), (255, 0, 0, 60)).save(output, 'PNG')
    return output.getvalue()


def office(folder: str) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, 'w') as archive:
        archive.writestr('docProps/app.xml', '<x/>')
        archive.writestr('[Content_Types].xml', '<Types/>')
        archive.writestr(f'{folder}/document.xml', '<x/>')
    return output.getvalue()


def plain_zip(name: str = 'virus.exe') -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, 'w') as archive:
        archive.writestr(name, 'MZ')
    return output.getvalue()


# -- type


@pytest.mark.parametrize(
    'data, mimetype',
    [
        (photograph('JPEG'), 'image/jpeg'),
        (photograph('PNG'), 'image/png'),
        (photograph('WEBP'), 'image/webp'),
        (animation('GIF'), 'image/gif'),
        (TEXT_PDF, 'application/pdf'),
        ('Bonjour, à bientôt'.encode(), 'text/plain'),
        (b'\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41' + bytes(64), 'video/mp4'),
        (b'OggS\x00\x02' + bytes(20) + b'\x01\x13OpusHead\x01\x01' + bytes(40), 'audio/ogg'),
        (b'ID3\x04\x00\x00\x00\x00\x00\x00\xff\xfb\x90\x64' + bytes(400), 'audio/mpeg'),
        (b'RIFF\x24\x00\x00\x00WAVEfmt ' + bytes(60), 'audio/wav'),
        (b'#!AMR\n' + bytes(40), 'audio/amr'),
        (b'BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Jeanne\r\nEND:VCARD\r\n', 'text/vcard'),
        (office('word'), 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'),
        (office('xl'), 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'),
    ],
)
def test_type_is_seen_in_the_content_R10(data: bytes, mimetype: str) -> None:
    assert media.sniff(data) == mimetype
    assert mimetype in media.SUFFIXES


@pytest.mark.parametrize(
    'data',
    [
        b'<!DOCTYPE html><html><script>alert(1)</script></html>',
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        b'#!/bin/sh\nrm -rf /\n',
        b'MZ' + bytes(200),
        b'\x7fELF\x02\x01\x01' + bytes(200),
        plain_zip(),
        plain_zip('words/document.xml'),
        bytes(range(256)) * 4,
    ],
    ids=['html', 'svg', 'shell', 'exe', 'elf', 'zip', 'zip like a document', 'noise'],
)
def test_type_not_on_the_list_is_refused_R10(data: bytes) -> None:
    with pytest.raises(PermanentError) as caught:
        media.sniff(data)
    assert caught.value.reason == 'unsupported'


def test_empty_file_is_an_error() -> None:
    with pytest.raises(PermanentError, match='media_error'):
        media.sniff(b'')


@given(st.binary(min_size=1, max_size=300))
def test_any_bytes_have_an_allowed_type_or_are_refused_R10(data: bytes) -> None:
    try:
        assert media.sniff(data) in media.SUFFIXES
    except PermanentError as error:
        assert error.reason == 'unsupported'


# -- cleaning


@pytest.mark.parametrize('kind', ['JPEG', 'PNG', 'WEBP'])
def test_picture_loses_notes_and_position_R10(kind: str) -> None:
    data = photograph(kind)
    assert SECRET_NOTE in data and Image.open(io.BytesIO(data)).getexif().get_ifd(GPS)
    clean, mimetype = media.safe_image(data)
    assert mimetype == f'image/{kind.lower()}'
    assert SECRET_NOTE not in clean and b'Exif' not in clean and b'profile' not in clean
    image = Image.open(io.BytesIO(clean))
    assert not image.getexif() and image.size == (40, 20)


@pytest.mark.parametrize('kind', ['JPEG', 'PNG', 'WEBP'])
def test_picture_is_put_upright_before_its_orientation_is_lost(kind: str) -> None:
    clean, _ = media.safe_image(photograph(kind, orientation=ROTATE_90))
    image = Image.open(io.BytesIO(clean)).convert('RGB')
    assert image.size == (20, 40)
    red, _, blue = image.getpixel((10, 5))
    assert red > 200 and blue < 60


@pytest.mark.parametrize('kind', ['GIF', 'WEBP'])
def test_animation_stays_one_and_loses_its_notes_R10(kind: str) -> None:
    clean, _ = media.safe_image(animation(kind))
    image = Image.open(io.BytesIO(clean))
    assert image.n_frames == 3
    assert SECRET_NOTE not in clean
    image.seek(2)
    red, _, blue = image.convert('RGB').getpixel((4, 4))
    assert blue > 200 and red < 60


@pytest.mark.parametrize('name', ['MAX_FRAMES', 'MAX_PIXELS'])
def test_huge_animation_becomes_its_first_picture(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, name, {'MAX_FRAMES': 2, 'MAX_PIXELS': 100}[name])
    clean, mimetype = media.safe_image(animation('GIF'))
    image = Image.open(io.BytesIO(clean))
    assert (image.n_frames, mimetype) == (1, 'image/gif')
    assert image.convert('RGB').getpixel((4, 4))[0] > 200


@pytest.mark.parametrize('mode', ['1', 'L', 'LA', 'P', 'RGBA', 'I;16', 'CMYK'])
def test_pictures_of_all_modes_are_taken(mode: str) -> None:
    kind = 'JPEG' if mode == 'CMYK' else 'PNG'
    output = io.BytesIO()
    Image.new(mode, (6, 6)).save(output, kind)
    clean, _ = media.safe_image(output.getvalue())
    assert Image.open(io.BytesIO(clean)).size == (6, 6)


def test_transparency_of_a_palette_is_kept() -> None:
    image = Image.new('P', (4, 4))
    output = io.BytesIO()
    image.save(output, 'PNG', transparency=0)
    clean, _ = media.safe_image(output.getvalue())
    assert Image.open(io.BytesIO(clean)).convert('RGBA').getpixel((0, 0))[3] == 0


@pytest.mark.parametrize(
    ('data', 'mimetype', 'size'),
    [
        (photograph('JPEG', (4000, 1000)), 'image/jpeg', (480, 120)),
        (photograph('JPEG', (1000, 500), ROTATE_90), 'image/jpeg', (240, 480)),
        (photograph('PNG', (20, 10)), 'image/jpeg', (20, 10)),
        (animation('GIF'), 'image/jpeg', (8, 8)),
        (transparent_png(), 'image/png', (480, 480)),
    ],
)
def test_thumbnail_is_small_upright_and_bare_R10(data: bytes, mimetype: str, size: tuple[int, int]) -> None:
    small, found = media.thumbnail(data)
    image = Image.open(io.BytesIO(small))
    assert (found, image.size, SECRET_NOTE in small) == (mimetype, size, False)
    assert media.sniff(small) == mimetype and len(image.getexif()) == 0


@pytest.mark.parametrize('data', [b'', b'<svg onload="alert(1)"/>', photograph()[:200]])
def test_thumbnail_of_what_is_no_picture_is_an_error_R10(data: bytes) -> None:
    with pytest.raises(PermanentError, match='media_error'):
        media.thumbnail(data)


def test_bomb_is_refused_before_it_is_unpacked_R10() -> None:
    output = io.BytesIO()
    Image.new('1', (9_000, 9_000)).save(output, 'PNG')
    assert len(output.getvalue()) < 300_000
    with pytest.raises(PermanentError, match='media_too_big'):
        media.safe_image(output.getvalue())


def test_bomb_beyond_the_limit_of_the_library_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 100)
    with pytest.raises(PermanentError) as caught:
        media.safe_image(photograph('PNG'))
    assert caught.value.reason == 'media_too_big'


@pytest.mark.parametrize('kind', ['JPEG', 'PNG', 'GIF', 'WEBP'])
def test_broken_picture_is_an_error_that_tells_nothing_R10(kind: str) -> None:
    data = photograph(kind) if kind != 'GIF' else animation('GIF')
    for length in (12, len(data) // 2):
        with pytest.raises(PermanentError) as caught:
            media.safe_image(data[:length])
        assert caught.value.reason == 'media_error'
        assert 'Jeanne' not in str(caught.value)


def test_picture_of_another_format_is_refused() -> None:
    output = io.BytesIO()
    Image.new('RGB', (4, 4)).save(output, 'TIFF')
    with pytest.raises(PermanentError, match='media_error'):
        media.safe_image(output.getvalue())


# -- antivirus


def fake_antivirus(folder: Path, status: int, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ``clamdscan`` that notes its arguments and ends with that status."""
    folder.mkdir()
    script = folder / 'clamdscan'
    script.write_text(f'#!/bin/sh\necho "$@" > {folder}/arguments\nexit {status}\n')
    script.chmod(0o755)
    monkeypatch.setenv('PATH', f'{folder}:{os.environ["PATH"]}')
    return folder / 'arguments'


def test_antivirus_is_not_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('PATH', str(tmp_path))
    media.scan(tmp_path / 'any')


def test_antivirus_sees_the_file_R10(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = fake_antivirus(tmp_path / 'bin', 0, monkeypatch)
    media.scan(tmp_path / 'photo.jpg')
    assert arguments.read_text().split()[-1] == str(tmp_path / 'photo.jpg')


def test_infected_file_is_refused_R10(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_antivirus(tmp_path / 'bin', 1, monkeypatch)
    with pytest.raises(PermanentError, match='infected'):
        media.scan(tmp_path / 'photo.jpg')


def test_antivirus_that_fails_makes_us_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_antivirus(tmp_path / 'bin', 2, monkeypatch)
    with pytest.raises(TemporaryError, match='antivirus'):
        media.scan(tmp_path / 'photo.jpg')


# -- private storage


def test_stored_bytes_come_back_and_only_we_can_read_them_R10(private_storage: Path) -> None:
    reference = media.store(b'content', '.jpg')
    file = media.path(reference)
    assert media.load(reference) == b'content'
    assert file.is_relative_to(private_storage) and file.suffix == '.jpg'
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (file.parent, private_storage)} == {0o700}
    assert media.store(b'content') != media.store(b'content')


def test_removed_bytes_are_gone_and_removing_again_is_harmless() -> None:
    reference = media.store(b'content')
    media.remove(reference)
    media.remove(reference)
    with pytest.raises(PermanentError, match='media_gone'):
        media.load(reference)


@pytest.mark.parametrize(
    'reference', ['', '/etc/passwd', '../x', 'ab/../../x', 'ab/' + 'a' * 32 + '/x', 'ab/a\0']
)
def test_nothing_outside_of_the_storage_can_be_reached(reference: str) -> None:
    with pytest.raises(PermanentError, match='media_gone'):
        media.load(reference)
    with pytest.raises(PermanentError, match='media_gone'):
        media.remove(reference)


@pytest.mark.parametrize('public', ['MEDIA_ROOT', 'STATIC_ROOT'])
def test_nothing_is_stored_where_the_web_server_shows_it_R10(public: str, settings, tmp_path: Path) -> None:
    setattr(settings, public, str(tmp_path / 'public'))
    settings.PUBLIK_SOCIALMEDIA_PRIVATE_STORAGE = str(tmp_path / 'public' / 'below')
    with pytest.raises(ConfigurationError, match='private_storage'):
        media.store(b'content')
    assert not (tmp_path / 'public').exists()


# -- made into what a network takes


def noise(kind: str, size: tuple[int, int]) -> bytes:
    output = io.BytesIO()
    Image.effect_noise(size, 90).convert('RGB').save(output, kind)
    return output.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize(
    'kind, accepted, expected',
    [
        ('WEBP', {'image/jpeg': 10**6, 'image/png': 10**6}, 'image/jpeg'),
        ('WEBP', {'image/png': 10**6}, 'image/png'),
        ('PNG', {'image/jpeg': 10**6}, 'image/jpeg'),
        ('PNG', {'image/jpeg': 10**6, 'image/png': 10**6}, 'image/png'),
        ('GIF', {'image/jpeg': 10**6, 'image/png': 10**6}, 'image/png'),
    ],
)
def test_a_picture_becomes_one_of_a_type_that_is_taken(kind, accepted, expected):
    """R31"""
    output = io.BytesIO()
    Image.new('RGB', (40, 20), 'red').save(output, kind)
    content, mimetype = media.converted(output.getvalue(), accepted)
    assert mimetype == expected == f'image/{(opened(content).format or "").lower()}'
    assert opened(content).size == (40, 20)


def test_a_converted_picture_is_upright_and_keeps_no_note():
    """R10, R31"""
    content, _mimetype = media.converted(photograph('JPEG', (40, 20), ROTATE_90), {'image/png': 10**6})
    assert opened(content).size == (20, 40)
    assert SECRET_NOTE not in content and not opened(content).getexif()


def test_a_picture_that_is_too_heavy_is_made_smaller():
    """R31: until it fits, in the type that is taken."""
    heavy = noise('PNG', (1800, 1400))
    content, mimetype = media.converted(heavy, {'image/jpeg': 500_000})
    assert mimetype == 'image/jpeg' and len(content) <= 500_000 < len(heavy)
    assert max(opened(content).size) in (1600, 1024)


def test_transparency_becomes_white_in_jpeg():
    """R31: a black text on nothing must not become black on black."""
    content, _mimetype = media.converted(transparent_png(), {'image/jpeg': 10**6})
    red, green, blue = opened(content).convert('RGB').getpixel((5, 5))  # type: ignore[misc]
    assert red > 245 and 180 < green < 210 and 180 < blue < 210


@pytest.mark.parametrize(
    'content, accepted, reason',
    [
        (animation('GIF'), {'image/jpeg': 10**6}, 'unsupported'),
        (animation('WEBP'), {'image/png': 10**6}, 'unsupported'),
        (noise('PNG', (300, 300)), {'image/jpeg': 100}, 'media_too_big'),
        (noise('PNG', (8, 8)), {'image/webp': 10**6}, 'unsupported'),
        (b'no picture', {'image/jpeg': 10**6}, 'media_error'),
    ],
)
def test_what_cannot_be_converted(content, accepted, reason):
    """R31: an animation would lose what it shows."""
    with pytest.raises(PermanentError) as caught:
        media.converted(content, accepted)
    assert caught.value.reason == reason

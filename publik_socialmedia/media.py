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

"""Attachments: their type, their cleaning, and the private folder where they wait for w.c.s. (R10)

Nothing here is ever under ``MEDIA_ROOT``, which the web server of Publik gives to everyone. Reasons of the
PermanentError raised: ``unsupported`` (a type that is not on the list), ``media_error`` (not what it says,
or broken), ``media_too_big``, ``media_gone`` (no longer in the folder), ``infected``.
"""

from __future__ import annotations

import io
import os
import re
import secrets
import shutil
import subprocess
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import magic
from django.conf import settings
from PIL import Image, ImageOps, ImageSequence

from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.errors import ConfigurationError, PermanentError, TemporaryError

# What a person may send us → suffix of the file's name. Nothing that a browser or a computer would run.
SUFFIXES = {
    'image/jpeg': '.jpg',
    'image/png': '.png',
    'image/gif': '.gif',
    'image/webp': '.webp',
    'audio/aac': '.aac',
    'audio/amr': '.amr',
    'audio/flac': '.flac',
    'audio/mp4': '.m4a',
    'audio/mpeg': '.mp3',
    'audio/ogg': '.ogg',
    'audio/wav': '.wav',
    'video/3gpp': '.3gp',
    'video/mp4': '.mp4',
    'video/mpeg': '.mpg',
    'video/ogg': '.ogv',
    'video/quicktime': '.mov',
    'video/webm': '.webm',
    'application/pdf': '.pdf',
    'application/msword': '.doc',
    'application/rtf': '.rtf',
    'application/vnd.ms-excel': '.xls',
    'application/vnd.ms-powerpoint': '.ppt',
    'application/vnd.oasis.opendocument.presentation': '.odp',
    'application/vnd.oasis.opendocument.spreadsheet': '.ods',
    'application/vnd.oasis.opendocument.text': '.odt',
    'application/vnd.openxmlformats-officedocument.presentationml.presentation': '.pptx',
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': '.xlsx',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document': '.docx',
    'text/csv': '.csv',
    'text/plain': '.txt',
    'text/vcard': '.vcf',
}
# libmagic's names → ours
ALIASES = {
    'application/ogg': 'audio/ogg',
    'audio/x-hx-aac-adts': 'audio/aac',
    'audio/x-m4a': 'audio/mp4',
    'audio/x-wav': 'audio/wav',
    'text/rtf': 'application/rtf',
    'text/x-vcard': 'text/vcard',
    'video/3gpp2': 'video/3gpp',
}
# first folder inside an Office document → its type: libmagic only sees a zip in those of some programs
OFFICE_FOLDERS = {
    'word/': 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    'xl/': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    'ppt/': 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
}
SNIFFED = 1024 * 1024
IMAGE_FORMATS = {'image/jpeg': 'JPEG', 'image/png': 'PNG', 'image/gif': 'GIF', 'image/webp': 'WEBP'}
# where Pillow keeps what a file says besides its pixels: EXIF, XMP (JPEG and WebP, PNG), IPTC
NOTES = frozenset({'exif', 'xmp', 'XML:com.adobe.xmp', 'photoshop', 'Raw profile type exif'})
# A telephone's largest photographs have 50 million pixels; all frames together for an animation.
MAX_PIXELS = 64_000_000
MAX_FRAMES = 300
SIDES = (8192, 4096, 2560, 1600, 1024)  # pixels: sizes tried in turn for a picture that is too heavy
SCAN_LIMIT = 120.0
ROOM = 4  # files of the largest size for which there must be room on the disk
_REFERENCE = re.compile(r'[0-9a-f]{2}/[0-9a-f]{32}(?:\.[a-z0-9]{1,5})?')


def sniff(data: bytes) -> str:
    """MIME type seen in the content; PermanentError('unsupported') if it is not one that we take."""
    if not data:
        raise PermanentError('media_error', detail='empty')
    found: str = magic.from_buffer(data[:SNIFFED], mime=True)
    mimetype = ALIASES.get(found, found)
    if mimetype in ('application/zip', 'application/octet-stream'):
        mimetype = _office_type(data) or mimetype
    if mimetype not in SUFFIXES:
        raise PermanentError('unsupported', detail=mimetype)
    return mimetype


def _office_type(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError):
        return ''
    if '[Content_Types].xml' not in names:
        return ''
    found = {
        mimetype for folder, mimetype in OFFICE_FOLDERS.items() if any(n.startswith(folder) for n in names)
    }
    return found.pop() if len(found) == 1 else ''


def safe_image(data: bytes) -> tuple[bytes, str]:
    """The picture drawn anew, upright, without EXIF nor any other note, and its MIME type.

    JPEG, PNG, GIF and WebP keep their format; an animation stays one unless it is huge.
    PermanentError('media_error') if it cannot be read, ('media_too_big') if it has too many pixels.
    """
    with _opened(data) as image:
        kind = image.format or ''
        frames, durations = _frames(image, kind)
        output = io.BytesIO()
        if len(frames) > 1:
            frames[0].save(
                output,
                kind,
                save_all=True,
                append_images=frames[1:],
                duration=durations,
                loop=image.info.get('loop', 0),
                **_options(kind),
            )
        else:
            frames[0].save(output, kind, **_options(kind))
    return output.getvalue(), {name: mimetype for mimetype, name in IMAGE_FORMATS.items()}[kind]


def has_notes(data: bytes) -> bool:
    """Whether a picture bears notes besides its pixels, such as place and time: EXIF, XMP or IPTC.

    PermanentError as for ``safe_image``.
    """
    with _opened(data) as image:
        image.load()  # PNG may keep them at its end
        return bool(image.getexif()) or not NOTES.isdisjoint(image.info)


def thumbnail(data: bytes, side: int = 480) -> tuple[bytes, str]:
    """A still picture of at most that many pixels on a side, drawn anew, and its MIME type.

    PermanentError as for ``safe_image``.
    """
    with _opened(data) as image:
        image.draft('RGB', (side, side))  # a big JPEG is not read at its full size
        small = ImageOps.exif_transpose(image) or image
        small.thumbnail((side, side))
        transparent = _is_transparent(small)
        kind = 'PNG' if transparent else 'JPEG'
        output = io.BytesIO()
        _bare(small.convert('RGBA' if transparent else 'RGB')).save(output, kind, **_options(kind))
    return output.getvalue(), f'image/{kind.lower()}'


def converted(data: bytes, accepted: Mapping[str, int]) -> tuple[bytes, str]:
    """A still picture drawn anew in one of the types accepted, and that type; made smaller if it has to be.

    ``accepted``: type → bytes at most; JPEG serves, or PNG where the picture is drawn sharp or transparent.
    PermanentError: ('unsupported') if neither will do or it moves, ('media_too_big'), ('media_error').
    """
    with _opened(data) as image:
        if getattr(image, 'n_frames', 1) > 1:
            raise PermanentError('unsupported', detail='an animation')
        upright = ImageOps.exif_transpose(image) or image
        transparent = _is_transparent(upright)
        # what is drawn, a screen or a plan, is blurred by JPEG; a photograph is heavy in PNG
        drawn = transparent or image.format in ('PNG', 'GIF')
        kinds = ('PNG', 'JPEG') if drawn else ('JPEG', 'PNG')
        limits = {kind: accepted.get(f'image/{kind.lower()}', 0) for kind in kinds}
        picture = _bare(upright.convert('RGBA' if transparent else 'RGB'))
        if not any(limits.values()):
            raise PermanentError('unsupported')
        for side in SIDES:
            picture.thumbnail((side, side))
            for kind, limit in limits.items():
                output = io.BytesIO()
                (_on_white(picture) if kind == 'JPEG' else picture).save(output, kind, **_options(kind))
                if output.tell() <= limit:
                    return output.getvalue(), f'image/{kind.lower()}'
    raise PermanentError('media_too_big')


def _is_transparent(image: Image.Image) -> bool:
    return image.mode in ('LA', 'PA', 'RGBA') or 'transparency' in image.info


def _on_white(image: Image.Image) -> Image.Image:
    """The same without transparency, which JPEG has not: black would hide a black text."""
    if image.mode != 'RGBA':
        return image
    paper = Image.new('RGB', image.size, 'white')
    paper.paste(image, mask=image.getchannel('A'))
    return paper


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """A picture to read; whatever goes wrong while it is worked on becomes one of our errors."""
    try:
        with Image.open(io.BytesIO(data), formats=tuple(IMAGE_FORMATS.values())) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise PermanentError('media_too_big', detail=f'{width}x{height} pixels')
            yield image
    except PermanentError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PermanentError('media_too_big', detail='too many pixels') from None
    except Exception as error:
        # Pillow's readers let out whatever a broken file makes them do: OSError, SyntaxError, struct.error…
        raise PermanentError('media_error', detail=type(error).__name__) from None


def _frames(image: Image.Image, kind: str) -> tuple[list[Image.Image], list[int]]:
    """Clean copies of the frames (one for a still picture) and their durations in milliseconds."""
    count = getattr(image, 'n_frames', 1)
    width, height = image.size
    if kind in ('GIF', 'WEBP') and 1 < count <= MAX_FRAMES and count * width * height <= MAX_PIXELS:
        frames, durations = [], []
        for frame in ImageSequence.Iterator(image):
            durations.append(int(frame.info.get('duration', 0)))
            frames.append(_bare(frame.convert('RGBA')))
        return frames, durations
    upright = ImageOps.exif_transpose(image) or image
    if kind == 'JPEG' and upright.mode not in ('L', 'RGB'):
        upright = upright.convert('RGB')
    return [_bare(upright)], []


def _bare(image: Image.Image) -> Image.Image:
    """The pixels alone: Pillow writes again some of what it finds in ``info`` (comments, EXIF, profiles)."""
    image.load()
    bare = image.copy()
    bare.info = {key: value for key, value in image.info.items() if key == 'transparency'}
    return bare


def _options(kind: str) -> dict[str, int]:
    return {'quality': 90} if kind in ('JPEG', 'WEBP') else {}


def scan(file: Path) -> None:
    """Have the antivirus look at a file, if there is one on this machine.

    PermanentError('infected'); TemporaryError('antivirus') if it is there and does not work.
    """
    if shutil.which('clamdscan') is None:
        return
    # the daemon is another user: it is handed the open file, which it could not open
    command = ['clamdscan', '--fdpass', '--no-summary', os.fspath(file)]
    try:
        status = subprocess.run(command, capture_output=True, timeout=SCAN_LIMIT, check=False).returncode
    except (subprocess.TimeoutExpired, OSError):
        raise TemporaryError('antivirus') from None
    if status == 1:
        raise PermanentError('infected')
    if status:
        raise TemporaryError('antivirus', code=status)


def is_public(folder: Path) -> bool:
    """Whether that folder is inside what the web server gives to everyone."""
    shown = [root for root in (settings.MEDIA_ROOT, settings.STATIC_ROOT) if root]
    return any(folder.resolve().is_relative_to(Path(root).resolve()) for root in shown)


def trouble() -> str:
    """Why nothing can be kept here: 'private_storage', 'storage_unwritable', 'storage_full'; '' if it can."""
    root = app_settings.PRIVATE_STORAGE
    if is_public(root):
        return 'private_storage'
    there = next((folder for folder in (root, *root.resolve().parents) if folder.exists()), Path('/'))
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return 'storage_unwritable'
    return 'storage_full' if shutil.disk_usage(there).free < ROOM * app_settings.MAX_MEDIA else ''


def store(data: bytes, suffix: str = '') -> str:
    """Keep these bytes, on the disk when it returns, and return the reference to find them by."""
    root = app_settings.PRIVATE_STORAGE
    if is_public(root):
        raise ConfigurationError('private_storage')
    name = secrets.token_hex(16)
    reference = f'{name[:2]}/{name}{suffix}'
    file_path = path(reference)
    for folder in (root, file_path.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, 'wb') as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return reference


def load(reference: str) -> bytes:
    """The bytes kept under that reference; PermanentError('media_gone') if they are no longer there."""
    try:
        return path(reference).read_bytes()
    except FileNotFoundError:
        raise PermanentError('media_gone') from None


def remove(reference: str) -> None:
    """Forget these bytes; nothing happens if it was done before."""
    path(reference).unlink(missing_ok=True)


def references() -> Iterator[tuple[str, float]]:
    """What is kept: reference, and time of writing (seconds since the epoch). Other files are not ours."""
    for file in app_settings.PRIVATE_STORAGE.glob('??/*'):
        reference = f'{file.parent.name}/{file.name}'
        if _REFERENCE.fullmatch(reference):
            try:
                yield reference, file.stat().st_mtime
            except FileNotFoundError:
                continue  # removed meanwhile


def remove_all(references: Iterable[str]) -> None:
    """The same for several; made for the end of a transaction."""
    for reference in references:
        remove(reference)


def path(reference: str) -> Path:
    """File kept under that reference, for ``scan``; PermanentError('media_gone') if it is no reference."""
    if not _REFERENCE.fullmatch(reference):
        raise PermanentError('media_gone', detail='not a reference')
    return app_settings.PRIVATE_STORAGE / reference

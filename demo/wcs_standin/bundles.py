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

"""Reads the bundle of an import request."""

from __future__ import annotations

import io
import json
import tarfile

from demo.wcs_standin.answers import Crash, Request
from demo.wcs_standin.definitions import FormDef, read_form
from demo.wcs_standin.posting import parts


def form_of_tar(request: Request) -> FormDef:
    """Return the form of the tar sent as ``bundle``. Raises ValueError or KeyError for an unreadable tar, and
    :class:`Crash` if no file was sent, as w.c.s. does."""
    sent = {name: content for name, _filename, _kind, content in parts(request)}
    if 'bundle' not in sent:
        raise Crash
    content = sent['bundle']
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            manifest = json.loads(_member(tar, 'manifest.json'))
            elements = [(item['type'], item['slug']) for item in manifest['elements']]
            return read_form((kind, slug, _member(tar, f'{kind}/{slug}')) for kind, slug in elements)
    except tarfile.TarError:
        raise ValueError('not a tar') from None


def _member(tar: tarfile.TarFile, name: str) -> bytes:
    member = tar.extractfile(name)
    if member is None:
        raise KeyError(name)
    return member.read()

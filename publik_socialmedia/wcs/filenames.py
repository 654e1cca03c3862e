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

"""Files in what w.c.s. is told, made safe for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_BAD_IN_NAME: Final = re.compile(r'[<>&"\'`\x00-\x1f\x7f/\\\u2028-\u202e\u2066-\u2069\ud800-\udfff]+')


def clean_files(value: Any) -> Any:
    """Return JSON data with its files made safe for w.c.s.

    A file is ``{'filename', 'content_type', 'content'}``, content in base64. In a hook w.c.s. keeps
    ``content`` as it is unless told that it is base64, and it shows the file name in the history without
    escaping it: a name is data from the network, so what could be markup is replaced.
    """
    if isinstance(value, Mapping):
        if 'filename' in value and 'content' in value:
            return {**value, 'filename': clean_filename(str(value['filename'])), 'content_is_base64': True}
        return {key: clean_files(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean_files(item) for item in value]
    return value


def clean_filename(name: str) -> str:
    """Return a name of at most 100 characters, without markup, folder or control character."""
    name = _BAD_IN_NAME.sub('_', name).strip(' .') or 'fichier'
    stem, dot, extension = name.rpartition('.')
    if not dot or len(extension) > 10:
        return name[:100]
    return f'{stem[: 99 - len(extension)]}.{extension}'

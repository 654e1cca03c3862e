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

"""Files of an answer, made into what its network takes (R31). What cannot be is left, to be refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from publik_socialmedia import errors, media, text
from publik_socialmedia.networks.base import OutgoingFile


def fit(files: Sequence[OutgoingFile], accepted: Mapping[str, int]) -> list[OutgoingFile]:
    """The same files, pictures without what cameras note in them, and converted where they would be refused.

    ``accepted``: pattern of mimetype ('image/*') → bytes, see ``Network.files_out``.
    """
    return [_fit(file, accepted) for file in files]


def _fit(file: OutgoingFile, accepted: Mapping[str, int]) -> OutgoingFile:
    if file.mimetype not in media.IMAGE_FORMATS:
        return file
    try:
        # where and when an agent's photograph was taken is not for the citizen
        content = media.safe_image(file.content)[0] if media.has_notes(file.content) else file.content
        if len(content) <= _limit(file.mimetype, accepted):
            return replace(file, content=content)
        targets = {mimetype: _limit(mimetype, accepted) for mimetype in media.IMAGE_FORMATS}
        content, mimetype = media.converted(content, {k: v for k, v in targets.items() if v})
    except errors.PermanentError:
        return file
    name = text.file_name(file.filename, media.SUFFIXES[mimetype])
    return replace(file, content=content, mimetype=mimetype, filename=name)


def _limit(mimetype: str, accepted: Mapping[str, int]) -> int:
    """Bytes of a file of that type, 0 if it is not taken."""
    return max((size for pattern, size in accepted.items() if fnmatchcase(mimetype, pattern)), default=0)

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

"""What all networks do to send: cutting an answer into messages, checked before anything is sent (R31), and
waiting until a lost request can no longer be carried out (R30)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from publik_socialmedia import errors, text
from publik_socialmedia.networks.base import Capabilities, Outgoing, OutgoingFile

SETTLED = timedelta(seconds=60)  # after which a lost request is no longer being carried out


def split(
    capabilities: Capabilities,
    outgoing: Outgoing,
    files: Sequence[OutgoingFile],
    *,
    text_limit: int = 0,
) -> list[Outgoing]:
    """The text cut at sentences, then the files, each alone; in order. The first file goes with the end of
    the text where the network allows it.

    ``text_limit``: that of the account's server, where it differs from the network's.
    PermanentError: 'empty', 'no_files', 'file_type', 'file_too_big'.
    """
    for file in files:
        check_file(capabilities.files_out, file)
    limit = text_limit or capabilities.text_limit
    words = text.clean(outgoing.text).strip()
    pieces = text.split(words, limit, capabilities.text_unit) if words else []
    if not pieces and not files:
        raise errors.PermanentError('empty')
    return messages(outgoing, pieces, files, together=capabilities.files_per_message > 0)


def messages(
    outgoing: Outgoing, pieces: Sequence[str], files: Sequence[OutgoingFile], *, together: bool
) -> list[Outgoing]:
    """A message for each text, then for each file; ``together``: the first file joins the last text."""
    found = [replace(outgoing, text=piece, file=None) for piece in pieces]
    if together and found and files:
        found[-1] = replace(found[-1], file=files[0])
        files = files[1:]
    return found + [replace(outgoing, text='', file=file) for file in files]


def check_file(accepted: Mapping[str, int], file: OutgoingFile) -> None:
    """Refuse what the network does not take. ``accepted``: pattern of mimetype ('image/*') → bytes."""
    if not accepted:
        raise errors.PermanentError('no_files')
    limits = [limit for pattern, limit in accepted.items() if fnmatchcase(file.mimetype, pattern)]
    if not limits:
        raise errors.PermanentError('file_type', detail=file.mimetype)
    if len(file.content) > max(limits):
        raise errors.PermanentError('file_too_big', detail=f'{len(file.content)} bytes')


def settle(outgoing: Outgoing) -> None:
    """Before saying that a message is not there: TemporaryError while its last try may not be over."""
    last = outgoing.last_tried_at or outgoing.first_tried_at
    left = (last + SETTLED - datetime.now(UTC)).total_seconds() if last is not None else 0.0
    if left > 0:
        raise errors.TemporaryError('temporary', retry_after=left, detail='the last try may not be over')

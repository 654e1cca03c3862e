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

"""What the class of a network declares of itself: its credentials and what it can do. Data, not code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from publik_socialmedia.networks.model import Status


@dataclass(frozen=True, slots=True)
class Credential:
    """A value that the administrator types. Texts are English msgids, translated by whoever shows them.

    ``typed``: False: ``renew`` puts it there (session, end of a token). ``proposed``: a random one will do.
    ``scope``: 'endpoint' if all accounts of one webhook share it. ``rotates``: two may be valid at once (R1).
    ``copied``: the administrator types it at the network too. ``obtained``: ``exchange`` gives it as well, it
    need not be typed.
    """

    name: str
    label: str
    help_text: str = ''
    secret: bool = True
    required: bool = True
    scope: str = 'account'
    rotates: bool = False
    typed: bool = True
    proposed: bool = False
    copied: bool = False
    obtained: bool = False


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a network can do: data, not code."""

    webhook: bool = False
    polling: bool = False
    history: bool = False  # ``history`` reads the past, for a first import and to repair gaps
    rereads: bool = False  # edits, deletions and native answers are found by ``reread`` only
    receipts: tuple[Status, ...] = ()
    edits: bool = False
    unsends: bool = False
    reactions: bool = False
    profiles: bool = False  # ``profile`` gives a name
    authorizes: bool = False  # the account is connected by a redirection: ``authorize``, ``exchange``
    declares_return: bool = False  # the address of return must be declared at the network beforehand
    text_limit: int = 0  # of one message, in ``text_unit``
    text_unit: str = 'characters'  # | 'utf8' | 'utf16' | 'graphemes'
    files_out: Mapping[str, int] = field(default_factory=dict)  # mimetype pattern ('image/*') → bytes
    files_per_message: int = 0  # 0 = files travel alone, one per message; n = with the text
    files_by_url: bool = False  # a file is not sent: the network fetches it at ``OutgoingFile.url``
    template: bool = False  # has models approved beforehand, which go past the window
    answer_window: timedelta | None = None  # after the citizen's last message; None = no limit
    human_window: timedelta | None = None  # longer, for a person's answer, where granted
    poll_interval: int = 60  # seconds
    reread_interval: int = 300  # seconds

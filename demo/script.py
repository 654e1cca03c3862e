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

"""What was played in the demonstration, and what must be found of it in w.c.s.

Each message bears a mark of its own, by which it is counted in w.c.s.: it must be there once.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Expected:
    """One message: who wrote it, on which network; ``wanted``: how many times it must be in w.c.s.

    ``withdrawn``: its author takes it back at once. It may be told before that is known, once, and the demand
    then says that it was withdrawn: what a history holds cannot be taken out of it.
    """

    mark: str
    network: str
    who: str
    text: str
    files: int = 0
    wanted: int = 1
    withdrawn: bool = False


@dataclass
class Script:
    """``expected``: the messages; ``conversations``: the demands that must come of them; ``run``: its name,
    in each mark."""

    expected: list[Expected] = field(default_factory=list)
    conversations: set[tuple[str, str]] = field(default_factory=set)
    run: str = field(default_factory=lambda: secrets.token_hex(3))

    def mark(self, network: str, who: str, text: str, *, opens: bool = True, **facts: Any) -> str:
        """The text with its mark, remembered. ``facts``: ``files``, ``wanted``, ``withdrawn`` of
        :class:`Expected`."""
        mark = f'réf. {self.run}-{len(self.expected) + 1:02d}'
        self.expected.append(Expected(mark, network, who, text, **facts))
        if opens:
            self.conversations.add((network, who))
        return f'{text} ({mark})'

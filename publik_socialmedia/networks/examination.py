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

"""What the test of an account finds while it goes on."""

from __future__ import annotations

from dataclasses import dataclass, field

from publik_socialmedia.networks.base import JSON, Account, Problem


@dataclass(slots=True)
class Examination:
    """The test of one account: what is wrong, and the facts to keep for later calls."""

    account: Account
    problems: list[Problem] = field(default_factory=list, kw_only=True)
    facts: dict[str, JSON] = field(default_factory=dict, kw_only=True)

    def problem(self, reason: str, message: str, severity: str = 'critical') -> None:
        self.problems.append(Problem(reason, message, severity))

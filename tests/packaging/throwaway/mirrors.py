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

"""The mirror of Debian that this machine uses, as its apt says; nothing here names one."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
# what apt may need to reach the mirror of this machine
ACQUIRE = ('Acquire::http', 'Acquire::https', 'Acquire::Check-', 'Acquire::Retries')
# Django 4.2, which the suite itself does not have
BACKPORTS = {'bookworm': 'bookworm-backports'}


class NoMirror(Exception):
    """apt knows no mirror of Debian."""


@dataclass(frozen=True, slots=True)
class Mirror:
    debian: str
    security: str = ''

    def sources(self, suite: str) -> list[str]:
        """Lines of ``sources.list`` for a suite and what Publik's hosts add to it."""
        suites = [suite, f'{suite}-updates', *filter(None, [BACKPORTS.get(suite)])]
        lines = [f'deb {self.debian} {name} main' for name in suites]
        if self.security:
            lines.append(f'deb {self.security} {suite}-security main')
        return lines


def mirror() -> Mirror:
    """From the sources of this machine. NoMirror if there are none."""
    command = [
        'apt-get',
        'indextargets',
        '--format',
        '$(SITE) $(RELEASE) $(COMPONENT)',
        'Created-By: Packages',
    ]
    found: dict[bool, str] = {}
    for line in _said(command).splitlines():
        site, release, component = line.split()
        if component == 'main' and '/debian' in site:
            found.setdefault(release.endswith(('-security', '/updates')), site)
    if False not in found:
        raise NoMirror('no mirror of Debian in the sources of apt: is this Debian, was "apt-get update" run?')
    return Mirror(found[False], found.get(True, ''))


def options() -> list[str]:
    """apt's settings of this machine about how to reach it, as they are written in ``apt.conf``."""
    lines = _said(['apt-config', 'dump', '--no-empty']).splitlines()
    return [line for line in lines if line.startswith(ACQUIRE)]


def _said(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout

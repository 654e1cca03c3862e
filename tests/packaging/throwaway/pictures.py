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

"""What is in a system, to be compared with what was: files, and nothing that changes by itself."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

# of apt, dpkg and PostgreSQL, that keep their own history; logs; what is nowhere
IGNORED = (
    'dev',
    'proc',
    'run/postgresql',
    'run/lock',
    'srv',
    'sys',
    'tmp',
    'var/cache',
    'var/lib/apt',
    'var/lib/dpkg',
    'var/lib/postgresql',
    'var/log',
    'etc/ld.so.cache',
    # ours
    'run/systemctl',
    'run/systemd',
    'usr/bin/journalctl',
    'usr/bin/systemctl',
)


def picture(root: Path) -> dict[str, str]:
    """Path → kind, rights, owner and content."""
    return {name: _facts(root / name) for name in _names(root, '')}


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """One line per path that came, went or changed."""
    lines = [f'left behind: {name}' for name in sorted(after.keys() - before.keys())]
    lines += [f'gone: {name}' for name in sorted(before.keys() - after.keys())]
    both = sorted(before.keys() & after.keys())
    return lines + [f'changed: {name}' for name in both if before[name] != after[name]]


def _names(root: Path, folder: str) -> Iterator[str]:
    for entry in os.scandir(root / folder):
        name = os.path.join(folder, entry.name)
        if name in IGNORED or entry.name == '__pycache__':
            continue
        yield name
        if entry.is_dir(follow_symlinks=False):
            yield from _names(root, name)


def _facts(path: Path) -> str:
    status = path.lstat()
    facts = f'{stat.filemode(status.st_mode)} {status.st_uid}:{status.st_gid}'
    if stat.S_ISLNK(status.st_mode):
        return f'{facts} {os.readlink(path)}'
    if stat.S_ISREG(status.st_mode):
        return f'{facts} {hashlib.sha256(path.read_bytes()).hexdigest()}'
    return facts

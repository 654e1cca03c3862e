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

"""``make deb-test``: the package built, installed, used, upgraded, removed and purged in throw-away Debians.

Exit status: 0, 1 if something is not as it must be, 77 if this machine cannot do it (said why).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.packaging.throwaway import building, documented, host, local_packages, mirrors, story, system

CANNOT = 77
TOOLS = {
    'mmdebstrap': 'mmdebstrap',
    'dpkg-scanpackages': 'dpkg-dev',
    'unshare': 'util-linux',
    'nsenter': 'util-linux',
    'setpriv': 'util-linux',
}


class Said:
    """What was verified, with the time that each took."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._since = time.monotonic()

    def __call__(self, text: str) -> None:
        now = time.monotonic()
        self.lines.append(text)
        sys.stdout.write(f'  [{now - self._since:4.0f} s] {text}\n')
        sys.stdout.flush()
        self._since = now


def main() -> int:
    parser = argparse.ArgumentParser(prog='make deb-test', description=__doc__)
    parser.add_argument('--suite', default='bookworm', help='bookworm or trixie (DEB_TEST_SUITE)')
    parser.add_argument('--keep', action='store_true', help='keep the systems, and say where they are')
    options = parser.parse_args()
    lacking = _lacking()
    if lacking:
        sys.stderr.write(f'deb-test is NOT DONE, this machine cannot: {lacking}\n')
        return CANNOT
    folder = Path(tempfile.mkdtemp(prefix='socialmedia-deb-'))
    # others than root, inside, must reach what is theirs
    folder.chmod(0o755)
    said = Said()
    begun = time.monotonic()
    try:
        _verify(folder, options.suite, said)
    except system.CannotBeDone as error:
        sys.stderr.write(f'deb-test is NOT DONE, this machine cannot: {error}\n')
        return CANNOT
    except Exception as error:
        sys.stderr.write(
            f'{host.failed(error)}\n\nmake deb-test, {options.suite}: FAILED after {len(said.lines)} points\n'
        )
        return 1
    finally:
        if options.keep:
            sys.stderr.write(f'kept: {folder}\n')
        else:
            shutil.rmtree(folder)
    sys.stdout.write(
        f'\nmake deb-test, Debian {options.suite}: verified in {time.monotonic() - begun:.0f} s\n'
    )
    sys.stdout.write(''.join(f'  - {line}\n' for line in said.lines))
    return 0


def _lacking() -> str:
    """Why it cannot be done here; '' if it can."""
    if os.geteuid() != 0:
        return 'it takes root (sudo make deb-test): for systems with files and processes of their own'
    packages = sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)})
    if packages:
        return f'missing, as root:  apt-get install --no-install-recommends {" ".join(packages)}'
    if subprocess.run(['unshare', '--mount', '--pid', '--fork', 'true'], check=False).returncode:
        return 'mounts and processes apart are refused here (a container without the privileges for it)'
    try:
        mirrors.mirror()
    except mirrors.NoMirror as error:
        return str(error)
    return ''


def _verify(folder: Path, suite: str, said: Said) -> None:
    archives = folder / 'archives'
    (archives / 'partial').mkdir(parents=True)
    base = folder / 'base'
    system.make(base, suite)
    try:
        repository = local_packages.make_repository(folder / 'repository')
    except local_packages.NotFetched as error:
        raise system.CannotBeDone(str(error)) from error
    said(f'a minimal Debian {suite}, from the mirror of this machine')
    with system.System(system.copied(base, folder / 'build'), archives) as builder:
        builder.copy(repository, '/srv/repository')
        builder.write('/etc/apt/sources.list.d/local.list', 'deb [trusted=yes] file:/srv/repository ./\n')
        builder.update()
        tree = building.source(folder / 'source', sys.executable)
        built = building.build(builder, tree, suite, said)
        package = Path(shutil.copy(built, folder))
    shutil.rmtree(folder / 'build')
    root = folder / 'host'
    with system.System(system.copied(base, root), archives) as prepared:
        host.prepare(prepared, repository, suite)
        prepared.run('pg_ctlcluster $(ls /etc/postgresql) main stop')
    said('a host of Publik: PostgreSQL, a brick with two tenants, migrated')
    with system.System(system.copied(root, folder / 'story'), archives) as lived:
        lived.run('pg_ctlcluster $(ls /etc/postgresql) main start')
        story.Story(lived, package, said).tell()
    with system.System(root, archives) as read:
        read.run('pg_ctlcluster $(ls /etc/postgresql) main start')
        documented.follow(read, package, said)


if __name__ == '__main__':
    sys.exit(main())

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

"""The package built in a throw-away system, with its tests, twice; what lintian and systemd say of it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.packaging.throwaway.system import CommandFailed, System

ROOT = Path(__file__).resolve().parents[3]
BACKPORTED = 'python3-django python3-django-webtest'
UNIT = 'publik-socialmedia-worker.service'
# of systemd-analyze security, in tenths: 0 is a unit that can do nothing, 96 one that can do all
EXPOSURE = 25


def source(folder: Path, python: str) -> Path:
    """The source of the last commit, unpacked beside its archive."""
    folder.mkdir()
    environment = {**os.environ, 'PYTHON': python}
    done = subprocess.run(
        [ROOT / '.ci' / 'deb', '--source', folder],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandFailed(done.stderr)
    (tree,) = (path for path in folder.iterdir() if path.is_dir())
    return tree


def build(system: System, tree: Path, suite: str, say: Callable[[str], None]) -> Path:
    """The package, as this machine sees it."""
    system.run('useradd --create-home builder')
    system.copy(tree, f'/home/builder/{tree.name}')
    for archive in tree.parent.glob('*.orig.tar.gz'):
        system.copy(archive, f'/home/builder/{archive.name}')
    if suite == 'bookworm':
        system.install(f'-t bookworm-backports {BACKPORTED}')
    system.run(f'apt-get build-dep --yes --no-install-recommends /home/builder/{tree.name}')
    system.install('fakeroot lintian systemd')
    system.run('chown -R builder:builder /home/builder')
    said = system.run(
        'dpkg-buildpackage --no-sign', user='builder', folder=f'/home/builder/{tree.name}', limit=900
    )
    counts = re.findall(r'(?m)^=*\s*(\d+ passed.*?)\s*=*$', said)
    if not counts:
        raise CommandFailed(f'no test was run by the build:\n{said[-3000:]}')
    say(f'built on {suite}, with its tests ({counts[-1]})')
    (package,) = system.path('/home/builder').glob('python3-publik-socialmedia_*_all.deb')
    _build_again(system, tree, package)
    say('built a second time elsewhere, later and without tests: the same package, byte for byte')
    _look(system, package, say)
    return package


def _build_again(system: System, tree: Path, package: Path) -> None:
    """In another folder, time zone, language and umask."""
    system.run(
        'mkdir /tmp/again && tar -C /home/builder -cf - --exclude=.pybuild . | tar -C /tmp/again -xf -'
    )
    system.run(f'rm -f /tmp/again/{package.name} && chown -R builder:builder /tmp/again')
    system.run(
        'umask 077 && TZ=Asia/Tokyo LC_ALL=C DEB_BUILD_PROFILES=nocheck DEB_BUILD_OPTIONS=nocheck '
        'dpkg-buildpackage --no-sign --build=binary',
        user='builder',
        folder=f'/tmp/again/{tree.name}',
    )
    if system.path(f'/tmp/again/{package.name}').read_bytes() != package.read_bytes():
        raise CommandFailed('the package built a second time is another one')


def _look(system: System, package: Path, say: Callable[[str], None]) -> None:
    said = system.run(
        'lintian --display-info --show-overrides *.changes',
        user='builder',
        folder='/home/builder',
        check=False,
    )
    wrong = [line for line in said.splitlines() if line[:3] in ('E: ', 'W: ')]
    if wrong:
        raise CommandFailed('lintian: ' + '; '.join(wrong))
    overridden = sum(line.startswith('O: ') for line in said.splitlines())
    say(f'lintian {_version(system, "lintian")}: no error, no warning; {overridden} explained in debian/')
    # the unit alone: unpacked over the system, the package would replace its links /lib and /bin by folders
    system.run(f'dpkg-deb --extract /home/builder/{package.name} /tmp/unpacked')
    system.run(f'cp $(find /tmp/unpacked -name {UNIT}) /etc/systemd/system/')
    # what systemd looks for beside it: the brick's command
    system.write('/usr/bin/combo-manage', '#!/bin/sh\n', 0o755)
    verified = system.run(f'systemd-analyze verify --man=no {UNIT}', check=False)
    if UNIT in verified:
        raise CommandFailed(f'systemd-analyze verify: {verified}')
    judged = system.run(
        f'systemd-analyze security --offline=yes --threshold={EXPOSURE} --no-pager /etc/systemd/system/{UNIT}'
    )
    level = re.search(r'Overall exposure level for \S+ ([\d.]+ \w+)', judged)
    say(f'unit verified by systemd {_version(system, "systemd")}; exposure {level[1] if level else "?"}')


def _version(system: System, name: str) -> str:
    return system.run(f"dpkg-query --show --showformat='${{Version}}' {name}").strip()

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

"""Packages that stand for those of Publik's own repository: gadjo, django-tenant-schemas, a brick.

The first two come from PyPI, as files: a repository in a folder, that apt reads.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2]
BRICK = TESTS / 'packaging' / 'brick'
HOBO = TESTS / 'tenants' / 'hobo'
LIBRARIES = 'usr/lib/python3/dist-packages'
# name of the Debian package: what PyPI has, what Debian has
WANTED = {
    'python3-gadjo': (
        [
            'gadjo',
            'XStatic',
            'XStatic-Font-Awesome',
            'XStatic-jQuery',
            'XStatic-jquery-ui',
            'XStatic-OpenSans',
        ],
        'python3-django',
    ),
    'python3-django-tenant-schemas': (
        ['django-tenant-schemas==2.0.0'],
        'python3-django, python3-ordered-set, python3-psycopg2',
    ),
}
CONTROL = """\
Package: {name}
Version: {version}
Architecture: all
Maintainer: publik_socialmedia contributors <publik-socialmedia@example.org>
Depends: {depends}
Description: {name} from PyPI, for the tests of a package
"""


class NotFetched(Exception):
    """PyPI did not give what stands for Publik's packages."""


def make_repository(folder: Path) -> Path:
    """The folder of a repository that apt can read: packages, and their list."""
    folder.mkdir(parents=True)
    for name, (projects, depends) in WANTED.items():
        tree = folder / f'{name}.tree'
        _fetch(projects, tree / LIBRARIES)
        _write_control(tree, CONTROL.format(name=name, version='0~test', depends=depends))
        build(tree, folder)
        shutil.rmtree(tree)
    tree = folder / 'combo.tree'
    shutil.copytree(BRICK, tree, ignore=shutil.ignore_patterns('__pycache__'))
    shutil.copytree(HOBO, tree / LIBRARIES / 'hobo', ignore=shutil.ignore_patterns('__pycache__'))
    build(tree, folder)
    shutil.rmtree(tree)
    listed = _said(['dpkg-scanpackages', '--multiversion', '.'], folder)
    (folder / 'Packages').write_text(listed)
    (folder / 'Packages.gz').write_bytes(gzip.compress(listed.encode()))
    return folder


def build(tree: Path, folder: Path) -> Path:
    """The package made of a tree; where it is."""
    said = _said(['dpkg-deb', '--root-owner-group', '--build', os.fspath(tree), os.fspath(folder)], folder)
    found = re.search(r"in '(.+)'", said)
    assert found, said
    return Path(found[1])


def newer(package: Path, folder: Path) -> Path:
    """The same package under a higher version, with another line at the end of its lines of cron."""
    tree = folder / 'newer.tree'
    _said(['dpkg-deb', '--raw-extract', os.fspath(package), os.fspath(tree)], folder)
    control = tree / 'DEBIAN' / 'control'
    control.write_text(re.sub(r'(?m)^(Version: .+)$', r'\1+newer', control.read_text()))
    with (tree / 'etc' / 'cron.d' / 'publik-socialmedia').open('a') as lines:
        lines.write('# a line of the newer version\n')
    made = build(tree, folder)
    shutil.rmtree(tree)
    return made


def _fetch(projects: list[str], folder: Path) -> None:
    """The projects at the versions of the tests, without what they depend on."""
    command = [sys.executable, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps']
    command += ['--no-compile', '--constraint', os.fspath(TESTS / 'frozen-django42.txt')]
    try:
        _said([*command, '--target', os.fspath(folder), *projects], TESTS)
    except RuntimeError as error:
        raise NotFetched(str(error)) from error


def _write_control(tree: Path, text: str) -> None:
    (tree / 'DEBIAN').mkdir()
    (tree / 'DEBIAN' / 'control').write_text(text)


def _said(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f'{" ".join(command)}: {done.stderr.strip()}')
    return done.stdout

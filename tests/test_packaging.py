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

"""What is shipped, and under which version."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

# once is enough: none of it depends on Django
pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent
SHIPPED = ('setup.py', 'MANIFEST.in', 'pyproject.toml', 'COPYING', 'publik_socialmedia')


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The sources of the package, as an archive holds them, without a git history."""
    folder = tmp_path / 'source'
    folder.mkdir()
    for name in SHIPPED:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns('__pycache__', '*.mo')
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, folder)
    return folder


def run(folder: Path, *command: str) -> str:
    # a variable of git's, set when a hook runs the tests, would lead it elsewhere
    environment = {name: value for name, value in os.environ.items() if not name.startswith('GIT_')}
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def version(folder: Path) -> str:
    return run(folder, sys.executable, 'setup.py', '--version').splitlines()[-1]


def test_wheel_holds_what_runs_and_nothing_of_the_tests(source: Path, tmp_path: Path) -> None:
    (source / 'VERSION').write_text('1.2.3\n')
    catalog = source / 'publik_socialmedia' / 'locale' / 'fr' / 'LC_MESSAGES' / 'django.po'
    catalog.parent.mkdir(parents=True, exist_ok=True)
    if not catalog.exists():
        catalog.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n')
    run(
        source, sys.executable, '-m', 'build', '--wheel', '--no-isolation', '--outdir', str(tmp_path / 'dist')
    )
    (wheel,) = (tmp_path / 'dist').iterdir()
    assert wheel.name == 'publik_socialmedia-1.2.3-py3-none-any.whl'
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    package = source / 'publik_socialmedia'
    wanted = {
        *package.rglob('*.py'),
        *package.glob('networks/*/README.md'),
        *package.glob('wcs/bundle/**/*.*'),
        *(path for folder in ('templates', 'static') for path in package.glob(f'{folder}/**/*.*')),
    }
    assert {str(path.relative_to(source)) for path in wanted} <= names
    assert 'publik_socialmedia/locale/fr/LC_MESSAGES/django.mo' in names
    top = {name.split('/')[0] for name in names}
    assert top == {'publik_socialmedia', 'publik_socialmedia-1.2.3.dist-info'}
    assert not [name for name in names if '/payloads/' in name]


def test_version_comes_from_the_archive_or_from_git(source: Path) -> None:
    assert version(source) == '0.0'

    def git(*args: str) -> None:
        run(source, 'git', '-c', 'user.name=x', '-c', 'user.email=x@example.org', *args)

    git('init', '-q')
    git('add', 'setup.py')
    git('commit', '-qm', 'one')
    assert version(source) == '0.0.post1'
    git('tag', '-am', 'two', 'v2.1')
    assert version(source) == '2.1'
    git('commit', '-qm', 'two', '--allow-empty')
    assert version(source).startswith('2.1.post1+g')
    (source / 'setup.py').write_text((source / 'setup.py').read_text() + '\n')
    assert version(source).endswith('.dirty')
    (source / 'VERSION').write_text('3.0\n')
    assert version(source) == '3.0'

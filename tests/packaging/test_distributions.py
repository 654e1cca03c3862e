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

"""What is shipped to PyPI and to pip, its version, its licence; and that it works where it is installed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.postgres import PrivatePostgres

# once is enough: none of it depends on Django
pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
PROJECT = Path(__file__).with_name('project')
SHIPPED = ('setup.py', 'MANIFEST.in', 'pyproject.toml', 'COPYING', 'README.md', 'publik_socialmedia')
VERSION = '1.2.3'
NAME = f'publik_socialmedia-{VERSION}'
# of Python and of the tools of whoever works here
CACHE = re.compile(r'/__pycache__/|/\.\w+_cache/')
# for those who build or test it from the repository only
NOT_IN_ARCHIVE = ('.ci/', 'debian/', '.gitignore')


def run(folder: Path, *command: str | Path, **surroundings: str) -> str:
    # a variable of git's, set when a hook runs the tests, would lead it elsewhere
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(('GIT_', 'PYTHON'))
    }
    environment.pop('DJANGO_SETTINGS_MODULE', None)
    result = subprocess.run(
        command, cwd=folder, env={**environment, **surroundings}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return result.stdout.strip()


def packaged(folder: Path) -> Path:
    """The sources of the package alone, without a git history."""
    folder.mkdir()
    for name in SHIPPED:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns('__pycache__', '*.mo')
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return packaged(tmp_path / 'source')


@pytest.fixture(scope='module')
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built once, from an archive: what is lost on the way from one to the other would be missing."""
    folder = tmp_path_factory.mktemp('wheel')
    source = packaged(folder / 'source')
    (source / 'VERSION').write_text(f'{VERSION}\n')
    run(source, sys.executable, '-m', 'build', '--no-isolation', '--outdir', folder / 'dist')
    assert (folder / 'dist' / f'{NAME}.tar.gz').exists()
    return folder / 'dist' / f'{NAME}-py3-none-any.whl'


def tracked() -> list[str]:
    """What git has, as it is in the working tree."""
    if not (ROOT / '.git').exists():
        pytest.skip('this is not a git checkout')
    names = run(ROOT, 'git', 'ls-files').splitlines()
    return [name for name in names if (ROOT / name).exists()]


def test_wheel_holds_the_package_and_nothing_else(wheel: Path):
    package = ROOT / 'publik_socialmedia'
    files = [path for path in package.rglob('*') if path.is_file() and not CACHE.search(str(path))]
    wanted = {
        str(path.relative_to(ROOT))
        for path in files
        # payloads are for the tests, catalogues for translators
        if 'payloads' not in path.parts and path.suffix not in ('.po', '.mo')
    }
    wanted |= {str(path.relative_to(ROOT).with_suffix('.mo')) for path in files if path.suffix == '.po'}
    wanted |= {
        f'{NAME}.dist-info/{name}'
        for name in ('METADATA', 'RECORD', 'WHEEL', 'top_level.txt', 'licenses/COPYING')
    }
    with zipfile.ZipFile(wheel) as archive:
        assert {name for name in archive.namelist() if not name.endswith('/')} == wanted
        facts = archive.read(f'{NAME}.dist-info/METADATA').decode().splitlines()
    assert 'License-Expression: AGPL-3.0-or-later' in facts  # PEP 639
    assert 'License-File: COPYING' in facts
    assert not [line for line in facts if line.startswith('Classifier: License')]
    assert 'Requires-Python: >=3.11' in facts


def test_archive_holds_what_git_has(tmp_path: Path):
    names = tracked()
    source = tmp_path / 'source'
    for name in names:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    (source / 'VERSION').write_text(f'{VERSION}\n')
    run(source, sys.executable, 'setup.py', '--quiet', 'sdist')
    with tarfile.open(
        source / 'dist' / f'{NAME.replace("_", "-")}.tar.gz'.replace('publik-', 'publik_')
    ) as archive:
        found = {member.name.partition('/')[2] for member in archive if member.isfile()}
    made = {name for name in found if name.startswith('publik_socialmedia.egg-info/')}
    made |= {'PKG-INFO', 'setup.cfg', 'VERSION'}
    assert found - made == {name for name in names if not name.startswith(NOT_IN_ARCHIVE)}


def version(folder: Path) -> str:
    return run(folder, sys.executable, 'setup.py', '--version').splitlines()[-1]


def test_version_comes_from_the_archive_or_from_git(source: Path):
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


@pytest.fixture
def database(tmp_path: Path) -> Iterator[str]:
    with PrivatePostgres(tmp_path / 'postgres', durable=False) as url:
        yield url


def test_installed_by_pip_in_a_project(wheel: Path, database: str, tmp_path: Path):
    """In an empty environment: what the wheel says it needs is enough."""
    environment, python = tmp_path / 'venv', tmp_path / 'venv' / 'bin' / 'python'
    run(tmp_path, sys.executable, '-m', 'venv', environment)
    pip = (python, '-m', 'pip', '--quiet', '--disable-pip-version-check')
    # PyPI has the source of psycopg2 only, to be compiled; Debian and the bricks have it compiled
    frozen = ROOT / 'tests' / 'frozen-django42.txt'
    needs = [name for name in wanted(wheel) if name != 'psycopg2']
    run(tmp_path, *pip, 'install', '--constraint', frozen, 'psycopg2-binary', *needs)
    run(tmp_path, *pip, 'install', '--no-deps', wheel)
    project = tmp_path / 'project'
    shutil.copytree(PROJECT, project)
    about = {
        'DATABASE_URL': database,
        'DJANGO_SETTINGS_MODULE': 'settings',
        'SNIPPETS': str(ROOT / 'docs' / 'settings.d'),
        'PYTHONPATH': str(project),
    }
    run(project, python, '-m', 'django', 'check', '--fail-level', 'WARNING', **about)
    run(project, python, '-m', 'django', 'migrate', '--verbosity', '0', **about)
    said = json.loads(run(project, python, 'installed.py', str(environment), **about))
    assert said['django'].startswith('4.2') and len(said['networks']) == 7
    run(project, python, '-m', 'django', 'socialmedia_worker', '--once', **about)
    assert run(project, python, '-m', 'django', 'socialmedia_check', **about)


def wanted(wheel: Path) -> list[str]:
    """What the wheel requires, by name."""
    with zipfile.ZipFile(wheel) as archive:
        facts = archive.read(f'{NAME}.dist-info/METADATA').decode().splitlines()
    required = [line.partition(': ')[2] for line in facts if line.startswith('Requires-Dist: ')]
    return [line.partition('<')[0].partition('>')[0].strip() for line in required]

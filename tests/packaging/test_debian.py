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

"""What the Debian package says is what the code does."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from docs import manpages

ROOT = Path(__file__).resolve().parents[2]
# an archive of the sources has neither debian/ nor what is made for it
pytestmark = pytest.mark.skipif(not (ROOT / 'debian').exists(), reason='not a checkout of the repository')
SNIPPET = ROOT / 'docs' / 'settings.d' / '50publik_socialmedia.py'


def test_manual_pages_are_those_of_the_commands():
    """``make docs`` writes them again."""
    assert sorted(path.stem for path in manpages.FOLDER.glob('*.8')) == manpages.names()
    for name in manpages.names():
        assert (manpages.FOLDER / f'{name}.8').read_text() == manpages.page(name), name


@pytest.mark.skipif(not shutil.which('man'), reason='man is not installed')
@pytest.mark.parametrize('name', manpages.names())
def test_manual_pages_are_well_formed(name: str):
    shown = subprocess.run(
        ['man', '--warnings', '--encoding=UTF-8', '--local-file', manpages.FOLDER / f'{name}.8'],
        env={'PATH': '/usr/bin:/bin', 'LC_ALL': 'C.UTF-8', 'MANROFFSEQ': '', 'MANWIDTH': '120'},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not shown.stderr
    assert name in shown.stdout


def read(**names: object) -> dict[str, object]:
    """The names of a brick's settings, once the snippet was executed in them."""
    exec(compile(SNIPPET.read_text(), SNIPPET, 'exec'), names)
    return names


@pytest.mark.parametrize('kind', [tuple, list])
def test_snippet_loads_the_application_once(kind: type):
    """R50: with tenants or without, tuples or lists, whatever number of times."""
    names = read(INSTALLED_APPS=kind(['gadjo']), TENANT_APPS=kind(['gadjo']))
    names = read(**names)
    assert names['INSTALLED_APPS'] == names['TENANT_APPS'] == kind(['gadjo', 'publik_socialmedia'])
    assert 'TENANT_APPS' not in read(INSTALLED_APPS=kind())


def test_snippet_does_nothing_once_the_package_is_gone(monkeypatch: pytest.MonkeyPatch):
    """A conffile stays when a package is removed: the brick must start all the same."""
    monkeypatch.setattr('importlib.util.find_spec', lambda name: None)
    assert read(INSTALLED_APPS=('gadjo',))['INSTALLED_APPS'] == ('gadjo',)


def test_cron_runs_commands_that_exist():
    """Each job of the lines is one of the script, and each of its commands takes those options."""
    from django.core.management import load_command_class

    script = (ROOT / 'debian' / 'cron').read_text()
    jobs = dict(re.findall(r'(?m)^    (\w+)\) +limit=\w+; +set -- (.+) ;;$', script))
    lines = (ROOT / 'debian' / 'python3-publik-socialmedia.publik-socialmedia.cron.d').read_text()
    assert set(re.findall(r'publik-socialmedia/cron (\w+)$', lines, re.M)) == set(jobs)
    for words in jobs.values():
        chosen = [word for word in words.split() if word not in ('tenant_command', '--all-tenants')]
        command = load_command_class('publik_socialmedia', chosen[0])
        command.create_parser('combo-manage', chosen[0]).parse_args(chosen[1:])


def test_debian_depends_on_what_the_wheel_requires():
    control = (ROOT / 'debian' / 'control').read_text()
    setup = (ROOT / 'setup.py').read_text()
    (block,) = re.findall(r'(?s)install_requires=\[(.*?)\]', setup)
    names = {'django': 'python3-django', 'Pillow': 'python3-pil', 'python-magic': 'python3-magic'}
    for requirement in re.findall(r"'([\w-]+)", block):
        package = names.get(requirement, f'python3-{requirement}')
        # needed by the tests that the build runs; what is installed is derived from the wheel
        assert re.search(rf'\b{package}\b.*<!nocheck>', control), requirement

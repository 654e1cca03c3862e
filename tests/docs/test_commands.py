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

"""Every command that a page tells to type is run: by continuous integration, in a throw-away Debian, or here.

What is run here is typed as a stranger would, in a copy of the sources, in order. Two things are given to it:
the libraries, which are those of the tests (``pip`` is not let onto the network), and a PostgreSQL.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from demo.postgres import programs
from docs import reference
from docs.commands import ROOT, RUNNERS, Block, Command, Written, blocks, commands, pages, steps

SHIPPED = ('setup.py', 'MANIFEST.in', 'pyproject.toml', 'COPYING', 'publik_socialmedia')
SHELLS = ('console', 'shell', 'shell-session', 'bash', 'sh', 'text')
PROMPT = re.compile(r'^\s*[#$] \S', re.MULTILINE)
ALL = [block for page in pages() for block in blocks(page)]


def test_each_block_of_commands_names_who_runs_it() -> None:
    typed = [
        block for block in ALL if PROMPT.search(block.text) and block.words[:1] in [(s,) for s in SHELLS]
    ]
    assert typed
    for block in typed:
        assert block.words[0] == 'console' and block.runner in RUNNERS, f'{block.page}:{block.line}'
        assert list(commands(block)), f'{block.page}:{block.line}'


def test_no_block_of_commands_hides_without_its_mark() -> None:
    """Neither an indented block nor a fence without a language holds commands."""
    for page in pages():
        for number, line in enumerate(page.read_text().splitlines(), 1):
            assert not re.match(r' {4,}(make|sudo|apt|pip|python3?|combo-manage|systemctl) ', line), (
                page,
                number,
            )
    for block in ALL:
        if not block.words or block.words[0] in ('bash', 'sh', 'shell', 'shell-session'):
            assert not PROMPT.search(block.text), f'{block.page}:{block.line}'


def test_what_is_left_to_continuous_integration_is_in_it() -> None:
    lines = (ROOT / '.ci' / 'run').read_text().splitlines()
    for step in steps('ci'):
        assert isinstance(step, Command) and not step.root
        assert step.command in lines, f'{step.page}:{step.line}'


def test_what_is_left_to_the_throw_away_debian_is_played_there() -> None:
    """By those who run ``python3 -m docs.commands deb``."""
    assert list(steps('deb')) and list(steps('deb-last'))
    played = [path for path in (ROOT / 'tests' / 'packaging').rglob('*') if path.is_file()]
    assert any(re.search(r'docs[./]commands', path.read_text(errors='replace')) for path in played)


def test_each_command_and_option_that_a_page_names_exists() -> None:
    """Also those told in a sentence: of ours, with their options, and the targets of make."""
    reference.set_up()
    options = {
        name: {word for action in parser._actions for word in action.option_strings} | {'-d', '--all-tenants'}
        for name, parser in reference.commands()
    }
    targets = set(re.findall(r'^([a-z0-9-]+):', (ROOT / 'Makefile').read_text(), re.MULTILINE))
    for page in pages():
        text = page.read_text().replace('\\\n', ' ')
        for name, rest in re.findall(r'(?<![\w-])(socialmedia_[a-z_]+)([^`\n|;&]*)', text):
            assert name in options, (page.name, name)
            assert set(re.findall(r'(?<=\s)--?[a-z][a-z-]*', rest)) <= options[name], (page.name, name, rest)
        for words in re.findall(r'`make ([^`]+)`|\$ make (.+)', text):
            for word in ''.join(words).split():
                assert word in targets or '=' in word or word.startswith('.'), (page.name, word)


def test_a_command_may_go_on_and_what_it_answers_is_no_command() -> None:
    text = '# apt install \\\n    ./x.deb\nReading package lists...\n$ true\n'
    found = list(commands(Block('page.md', 10, ('console', 'deb'), text)))
    assert found == [
        Command('page.md', 11, 'apt install ./x.deb', True),
        Command('page.md', 14, 'true', False),
    ]


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / 'sources'
    folder.mkdir()
    for name in SHIPPED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns('__pycache__', '*.mo'))
        else:
            shutil.copy(ROOT / name, folder)
    (folder / 'VERSION').write_text('1.0\n')
    return folder


def environment() -> dict[str, str]:
    server = connection.settings_dict
    libraries = next(path for path in sys.path if path.endswith('site-packages'))
    kept = {name: os.environ[name] for name in ('HOME', 'LANG', 'TMPDIR') if name in os.environ}
    return {
        **kept,
        'PATH': f'{Path(sys.executable).parent}:{programs(16)}:{os.environ["PATH"]}',
        'PYTHONPATH': libraries,
        'PIP_NO_INDEX': '1',
        'PIP_NO_DEPS': '1',
        'PGHOST': str(server['HOST']),
        'PGPORT': str(server['PORT']),
        'PGUSER': str(server['USER']),
        'PGPASSWORD': str(server['PASSWORD']),
    }


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_stranger_installs_with_pip_as_the_page_says(sources: Path, tmp_path: Path) -> None:
    """Each command ends well, and what runs in the end is what was installed."""
    script = ['set -euo pipefail']
    for step in steps('suite'):
        if isinstance(step, Written):
            written = sources / step.path
            script.append(f'install -D -m 644 {tmp_path / str(step.line)} {written}')
            (tmp_path / str(step.line)).write_text(step.content)
        else:
            assert not step.root, f'{step.page}:{step.line}: nobody is root here'
            script += [f'echo "{step.page}:{step.line}" >&2', step.command]
    script.append(
        '../environnement/bin/python -c "import publik_socialmedia; print(publik_socialmedia.__file__)"'
    )
    try:
        done = subprocess.run(
            ['bash', '-c', '\n'.join(script)],
            cwd=sources,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    finally:
        subprocess.run(['dropdb', '--if-exists', 'portail'], env=environment(), check=True, timeout=60)
    assert done.returncode == 0, f'{done.stdout[-3000:]}\n{done.stderr[-3000:]}'
    assert done.stdout.splitlines()[-1].startswith(f'{sources}/environnement/')
    assert (sources / 'portail' / 'formulaire.tar').stat().st_size > 1000

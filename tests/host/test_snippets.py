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

"""The snippets of settings.d: executed after the brick's settings, whatever these are, and more than once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SNIPPETS = sorted((ROOT / 'docs' / 'settings.d').glob('*.py'))


def chain(namespace: dict[str, Any], times: int = 1) -> dict[str, Any]:
    for _ in range(times):
        for snippet in SNIPPETS:
            exec(compile(snippet.read_text(), snippet.name, 'exec'), namespace)
    return namespace


@pytest.mark.parametrize('kind', [tuple, list])
@pytest.mark.parametrize('tenants', [True, False])
@pytest.mark.parametrize('cells', [{'meteo': {'name': 'Météo'}}, {}, None])
@pytest.mark.parametrize('times', [1, 3])
def test_the_brick_gets_the_application_once_and_keeps_what_it_had(kind, tenants, cells, times):
    namespace: dict[str, Any] = {'INSTALLED_APPS': kind(['combo.apps.one', 'gadjo'])}
    if tenants:
        namespace['TENANT_APPS'] = kind(['combo.apps.one'])
    if cells is not None:
        namespace['JSON_CELL_TYPES'] = dict(cells)
    chain(namespace, times)
    assert namespace['INSTALLED_APPS'] == kind(['combo.apps.one', 'gadjo', 'publik_socialmedia'])
    assert namespace.get('TENANT_APPS') == (
        kind(['combo.apps.one', 'publik_socialmedia']) if tenants else None
    )
    assert set(namespace['JSON_CELL_TYPES']) == {*(cells or {}), 'socialmedia'}
    assert set(namespace) <= {
        'INSTALLED_APPS',
        'TENANT_APPS',
        'JSON_CELL_TYPES',
        '__builtins__',
        'importlib',
    } | {name for name in namespace if name.startswith('_')}


def test_the_cell_has_what_combo_asks_of_one():
    cell = chain({'INSTALLED_APPS': ()})['JSON_CELL_TYPES']['socialmedia']
    assert {'name', 'url'} <= set(cell) <= {
        'name', 'url', 'cache_duration', 'force_async', 'log_errors', 'form', 'additional-data'
    }  # fmt: skip
    for field in cell['form']:
        assert set(field) == {'label', 'type', 'varname', 'required'}
    assert all(f'{{{{ {field["varname"]}' in cell['url'] for field in cell['form'])


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, 'DJANGO_SETTINGS_MODULE': 'tests.host.chained', **environment}
    return subprocess.run(
        [sys.executable, '-W', 'error', '-m', 'django', *command],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize('host', ['combo', 'plain'])
def test_the_checks_of_a_deployment_find_nothing_of_ours(db, host):
    """The host may have warnings of its own."""
    checked = run('check', '--deploy', '--database', 'default', HOST=host)
    assert checked.returncode == 0, checked.stderr
    told = checked.stdout + checked.stderr
    assert 'System check identified' in told
    assert 'publik_socialmedia' not in told


@pytest.mark.parametrize('host', ['combo', 'plain'])
def test_static_files_are_found_and_linked_once(db, host, tmp_path):
    """As the brick does at each start: ``collectstatic --noinput --link``."""
    collected = run('collectstatic', '--noinput', '--link', '-v2', HOST=host, STATIC_ROOT=str(tmp_path))
    assert collected.returncode == 0, collected.stderr
    ours = ROOT / 'publik_socialmedia' / 'static' / 'publik_socialmedia'
    files = [path.relative_to(ours.parent) for path in ours.rglob('*') if path.is_file()]
    assert len(files) > 3
    for file in files:
        assert (tmp_path / file).is_symlink()
        assert (tmp_path / file).resolve() == ours.parent / file
    clashes = [line for line in collected.stdout.splitlines() if 'another file with the destination' in line]
    assert [line for line in clashes if 'publik_socialmedia' in line] == []

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

"""The rules of the layout, kept by reading the imports and the names in the code (design §5)."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import publik_socialmedia
from publik_socialmedia.networks import registry

PACKAGE = Path(publik_socialmedia.__file__).parent
MODULES = sorted(path for path in PACKAGE.rglob('*.py'))
HTTP_LIBRARIES = {'requests', 'urllib3', 'httpx', 'http.client', 'urllib.request', 'socket', 'ssl', 'smtplib'}


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


def imports(path: Path) -> set[str]:
    """Modules that a file imports, anywhere in it; ``from a import b`` gives a and a.b."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = (
                name_of(path).split('.') if path.name == '__init__.py' else name_of(path).split('.')[:-1]
            )
            start = package[: len(package) + 1 - node.level] if node.level else []
            module = '.'.join([*start, *([node.module] if node.module else [])])
            found |= {module} | {f'{module}.{alias.name}' for alias in node.names}
    return found


def of(folder: str) -> list[Path]:
    return [path for path in MODULES if folder in path.relative_to(PACKAGE).parts[:-1]]


@pytest.mark.parametrize('path', of('networks'), ids=name_of)
def test_networks_know_neither_django_nor_the_rest(path):
    allowed = ('publik_socialmedia.networks', 'publik_socialmedia.errors', 'publik_socialmedia.text')
    for module in imports(path):
        assert not module.startswith('django'), module
        if module.startswith('publik_socialmedia.'):
            assert module.startswith(allowed), module


@pytest.mark.parametrize('path', of('networks'), ids=name_of)
def test_a_network_knows_no_other_network(path):
    folder = path.relative_to(PACKAGE / 'networks').parts[0]
    others = {network for network in registry() if network != folder}
    for module in imports(path):
        parts = module.split('.')
        if parts[:2] == ['publik_socialmedia', 'networks'] and len(parts) > 2:
            assert parts[2] not in others, module


@pytest.mark.parametrize('path', MODULES, ids=name_of)
def test_nothing_outside_networks_names_a_network(path):
    if 'networks' in path.relative_to(PACKAGE).parts:
        return
    slugs = '|'.join(sorted(registry(), key=len, reverse=True))
    nodes = list(ast.walk(ast.parse(path.read_text())))
    # « x » between two values is no name
    pieces = {piece for node in nodes if isinstance(node, ast.JoinedStr) for piece in node.values}
    named = [
        node.value
        for node in nodes
        if isinstance(node, ast.Constant)
        and node not in pieces
        and isinstance(node.value, str)
        and re.fullmatch(slugs, node.value, re.IGNORECASE)
    ]
    assert named == []


@pytest.mark.parametrize('path', MODULES, ids=name_of)
def test_only_http_opens_outside_connections(path):
    if name_of(path) in ('publik_socialmedia.http', 'publik_socialmedia.connections'):
        return
    # connections.py is the lower half of http.py, and of nothing else
    assert 'publik_socialmedia.connections' not in imports(path)
    assert not {m for m in imports(path) if m in HTTP_LIBRARIES or m.split('.')[0] in ('requests', 'urllib3')}


@pytest.mark.parametrize('path', of('conversations'), ids=name_of)
def test_conversations_open_no_connection(path):
    assert not {
        m for m in imports(path) if m.startswith(('publik_socialmedia.http', 'publik_socialmedia.wcs'))
    }


@pytest.mark.parametrize('path', MODULES, ids=name_of)
def test_the_host_platform_is_imported_under_a_guard_only(path):
    """combo and hobo may be absent: no import of them outside a try."""
    tree = ast.parse(path.read_text())
    guarded = {inner for node in ast.walk(tree) if isinstance(node, ast.Try) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and node not in guarded:
            names = [alias.name for alias in node.names] + [getattr(node, 'module', '') or '']
            assert not [name for name in names if name.split('.')[0] in ('combo', 'hobo')]


@pytest.mark.parametrize('path', MODULES, ids=name_of)
def test_each_module_bears_the_licence_and_is_of_a_readable_size(path):
    text = path.read_text()
    assert 'GNU Affero General Public License' in text[:1000]
    if 'migrations' not in path.parts:
        assert text.count('\n') <= 400


@pytest.mark.django_db
def test_migrations_are_up_to_date(capsys):
    from django.core.management import call_command

    call_command('makemigrations', 'publik_socialmedia', check=True, dry_run=True)


COPY = """
import sys
sys.path.insert(0, sys.argv[1])
from publik_socialmedia.networks import registry
network = registry()['ailleurs']
from publik_socialmedia.networks.base import Account, Raw, Source
import pathlib
body = pathlib.Path(sys.argv[2]).read_bytes()
events = network.parse(Raw(body, Source.STREAM, account=Account('mairie_villexemple_1124')))
print(sorted(registry()), [event.kind.value for event in events], [event.text for event in events])
"""


def test_a_new_network_is_one_new_folder_and_no_other_edit(tmp_path):
    """Copying a network's folder under another name, with another slug, gives a working network."""
    copy = tmp_path / 'publik_socialmedia'
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns('__pycache__'))
    folder = copy / 'networks' / 'ailleurs'
    shutil.copytree(copy / 'networks' / 'mastodon', folder)
    for path in folder.glob('*.py'):
        text = path.read_text().replace('networks.mastodon', 'networks.ailleurs')
        path.write_text(text.replace("slug = 'mastodon'", "slug = 'ailleurs'"))
    body = folder / 'payloads' / 'stream_notification_direct_reply.json'
    result = subprocess.run(
        [sys.executable, '-c', COPY, str(tmp_path), str(body)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    assert "'ailleurs'" in result.stdout and "'mastodon'" in result.stdout
    assert "['message'] ['il pleut !']" in result.stdout

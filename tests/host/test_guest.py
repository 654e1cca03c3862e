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

"""A guest in another's house: nothing of the host is taken for granted, and no name is taken from it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.staticfiles import finders
from django.core.management import get_commands
from django.template.loader import get_template
from django.urls import URLPattern, URLResolver, converters

import publik_socialmedia
from publik_socialmedia.urls import urlpatterns

PACKAGE = Path(publik_socialmedia.__file__).parent
#: Present in some hosts only.
HOSTS = {'combo', 'hobo', 'mellon', 'gadjo', 'tenant_schemas', 'rest_framework', 'uwsgi', 'uwsgidecorators'}
MODULES = sorted(PACKAGE.rglob('*.py'))


def unguarded(tree: ast.AST) -> list[str]:
    """Modules of hosts that are imported where their absence is not expected."""
    guarded = {
        id(node)
        for attempt in ast.walk(tree)
        if isinstance(attempt, ast.Try)
        and any('ImportError' in ast.unparse(h.type) for h in attempt.handlers if h.type)
        for statement in attempt.body
        for node in ast.walk(statement)
    }
    found = []
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or '']
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith('import_module') and node.args:
            names = [ast.unparse(node.args[0]).strip('\'"')]
        found += [name for name in names if name.split('.')[0] in HOSTS and id(node) not in guarded]
    return found


@pytest.mark.parametrize('path', MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_belongs_to_a_host_is_imported_under_a_guard(path):
    assert unguarded(ast.parse(path.read_text())) == []


def test_models_know_no_host_at_all():
    """A guard would make the tables differ from one host to the other."""
    for path in [*(PACKAGE / 'models').glob('*.py'), *(PACKAGE / 'migrations').glob('*.py')]:
        assert not any(f'{host}.' in path.read_text() for host in HOSTS - {'gadjo'}), path
        assert 'django.contrib.sites' not in path.read_text()


@pytest.mark.parametrize(
    'source',
    [
        'import combo.data.models',
        'from hobo.requests_wrapper import Requests',
        'def f():\n    from gadjo import x',
        'try:\n    pass\nexcept ImportError:\n    import hobo',
        'try:\n    import hobo\nexcept ValueError:\n    pass',
        "importlib.import_module('combo.utils')",
    ],
)
def test_an_import_without_guard_is_seen(source):
    assert len(unguarded(ast.parse(source))) == 1


def test_a_guarded_import_is_let_through():
    assert (
        unguarded(ast.parse('try:\n    import hobo\nexcept (ImportError, OSError):\n    hobo = None')) == []
    )


def named(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for item in patterns:
        if isinstance(item, URLResolver):
            yield from named(item.url_patterns)
        else:
            yield item


def test_our_names_are_not_those_of_others():
    """URLs, converters, commands, tables, indexes: all bear our name."""
    assert {
        str(pattern.name)
        for pattern in named(urlpatterns)
        if not str(pattern.name).startswith('socialmedia-')
    } == set()
    ours = {
        name
        for name, made in converters.get_converters().items()
        if type(made).__module__.startswith('publik_')
    }
    assert ours and all(name.startswith('socialmedia') for name in ours)
    commands = [name for name, app in get_commands().items() if app == 'publik_socialmedia']
    assert commands and all(name.startswith('socialmedia_') for name in commands)
    for model in apps.get_app_config('publik_socialmedia').get_models():
        assert model._meta.db_table.startswith('publik_socialmedia_')
        for item in [*model._meta.indexes, *model._meta.constraints]:
            assert item.name.startswith('socialmedia_')


def test_addresses_are_under_two_words():
    """Before the catch-all of the host: what is not ours must reach it."""
    for item in urlpatterns:
        assert str(item.pattern).startswith(('socialmedia/', 'api/socialmedia/')), item


def test_files_are_in_our_folders_and_hide_nothing():
    static = [path for path in (PACKAGE / 'static').rglob('*') if path.is_file()]
    listed = [item for finder in finders.get_finders() for item in finder.list([])]
    for path in static:
        name = path.relative_to(PACKAGE / 'static')
        assert name.parts[0] == 'publik_socialmedia'
        assert [path for path, _storage in listed if path == str(name)] == [str(name)]
    for path in (PACKAGE / 'templates').rglob('*.html'):
        name = str(path.relative_to(PACKAGE / 'templates'))
        # the one that Combo looks for under its own folder
        assert name.startswith('publik_socialmedia/') or name == 'combo/json/socialmedia.html'
        assert get_template(name).origin.name == str(path)
    assert not (PACKAGE / 'templatetags').exists()

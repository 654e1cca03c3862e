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

"""Fixtures of the whole suite, and its private PostgreSQL unless ``DATABASE_URL`` is given."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django_webtest
import pytest
from hypothesis import settings as hypothesis_settings

from demo.postgres import PrivatePostgres, django_database

# no example is late: the machine may be busy with something else
hypothesis_settings.register_profile('suite', hypothesis_settings(), deadline=None)
hypothesis_settings.load_profile('suite')

# title, pattern of the tests (network, case), what is counted
TABLES = (
    (
        'corpus through the intake: once, twice, split, permuted',
        r'intake/test_corpus\.py::\w+\[([a-z]+)-(.+\.json)\]$',
        'files',
    ),
    (
        'troubles provoked in the stand-ins: shown, told once, measured, over by themselves',
        r'oversight/test_troubles\.py::test_trouble\[([a-z.]+)-(.+)\]$',
        'troubles',
    ),
)

_server: PrivatePostgres | None = None


def pytest_configure(config: pytest.Config) -> None:
    """One server for the run: the processes of pytest-xdist inherit its URL."""
    from django.conf import settings

    global _server
    if 'DATABASE_URL' not in os.environ and not config.option.collectonly:
        folder = Path(tempfile.mkdtemp(prefix='socialmedia-tests-'))
        version = int(os.environ.get('TEST_POSTGRES', '16'))
        _server = PrivatePostgres(folder, version=version, durable=False)
        os.environ['DATABASE_URL'] = _server.start()
    if 'DATABASE_URL' in os.environ:
        # in place: Django's connections hold this same dictionary
        found = django_database(os.environ['DATABASE_URL'])
        found.pop('ENGINE')  # that of the settings: there may be tenants
        settings.DATABASES['default'].update(found)


def pytest_unconfigure(config: pytest.Config) -> None:
    global _server
    if _server is not None:
        _server.stop()
        shutil.rmtree(_server.folder, ignore_errors=True)
        os.environ.pop('DATABASE_URL', None)
        _server = None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tables network × files, network × troubles, from what the tests in this run found."""
    for title, pattern, what in TABLES:
        failed: dict[str, dict[str, bool]] = {}
        for outcome in ('passed', 'failed'):
            for report in terminalreporter.stats.get(outcome, []):
                found = re.search(pattern, report.nodeid)
                if found:
                    cases = failed.setdefault(found[1], {})
                    cases[found[2]] = cases.get(found[2], False) or outcome == 'failed'
        if failed:
            terminalreporter.section(title)
        for network, cases in sorted(failed.items()):
            passed = len(cases) - sum(cases.values())
            terminalreporter.line(f'{network:<12} {len(cases):>4} {what} {passed:>4} pass')


@pytest.fixture(autouse=True)
def private_storage(tmp_path: Path, settings) -> Path:
    """A private storage of its own for each test."""
    folder = tmp_path / 'private'
    settings.PUBLIK_SOCIALMEDIA_PRIVATE_STORAGE = str(folder)
    return folder


@pytest.fixture(autouse=True)
def no_network(settings) -> None:
    """The API of a network is nowhere, unless a test says where: no test leaves this machine."""
    from publik_socialmedia.networks import registry

    nowhere = {slug: 'https://127.0.0.1:9' for slug, network in registry().items() if network.api_url}
    settings.PUBLIK_SOCIALMEDIA_API_URLS = {**nowhere, **settings.PUBLIK_SOCIALMEDIA_API_URLS}


@pytest.fixture
def app(db) -> Iterator[django_webtest.DjangoTestApp]:
    """A browser without JavaScript on the brick of the tests."""
    mixin = django_webtest.WebTestMixin()
    mixin._patch_settings()
    try:
        yield django_webtest.DjangoTestApp(extra_environ={'HTTP_HOST': 'testserver'})
    finally:
        mixin._unpatch_settings()

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

"""A database with tenants for each test, copied from one that is migrated once.

These tests have other settings than the rest of the suite, so they are a run of their own:
``pytest tests/tenants --ds=tests.tenants.settings`` (``tests/test_tenants.py`` starts it).
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

TENANTS = 'hobo.multitenant' in settings.INSTALLED_APPS
if not TENANTS:
    collect_ignore_glob = ['test_*.py', 'hobo/*', 'brick.py']

_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def private_storage() -> None:
    """That of each tenant, in its folder."""


@pytest.fixture(autouse=True)
def no_network() -> None:
    """Each tenant says where the networks are."""


@pytest.fixture(scope='session')
def template(django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database with two tenants, and nothing in them."""
    from django.db import connection

    from tests.tenants import brick

    base = tmp_path_factory.mktemp('template')
    for domain in (brick.VILLE, brick.AGGLO):
        (base / domain).mkdir()
    name = f'{brick.TEMPLATE}_{os.getpid()}'
    brick.order(f'CREATE DATABASE {name}')
    with django_db_blocker.unblock():
        settings.TENANT_BASE = str(base)
        connection.settings_dict['NAME'] = name
        connection.close()
        brick.migrate()
        connection.close()
        yield name
        connection.close()
    brick.order(f'DROP DATABASE {name} WITH (FORCE)')


@pytest.fixture
def brick(template: str, tmp_path: Path) -> Iterator[Any]:
    """A brick with two tenants and no town yet."""
    from django.db import connection

    from publik_socialmedia.wcs import client
    from tests.tenants.brick import AGGLO, VILLE, Brick, order

    base = tmp_path / 'tenants'
    for domain in (VILLE, AGGLO):
        (base / domain).mkdir(parents=True)
    name = f'{template}_{next(_numbers)}'
    order(f'CREATE DATABASE {name} TEMPLATE {template}')
    settings.TENANT_BASE = str(base)
    connection.settings_dict['NAME'] = name
    connection.set_schema_to_public()
    with ExitStack() as stack:
        yield Brick(base, stack)
    connection.close()
    client._schemas.clear()
    connection.set_schema_to_public()
    order(f'DROP DATABASE {name} WITH (FORCE)')


@pytest.fixture
def ville(brick: Any) -> Any:
    from tests.tenants.brick import VILLE

    return brick.town(VILLE)


@pytest.fixture
def agglo(brick: Any) -> Any:
    from tests.tenants.brick import AGGLO

    return brick.town(AGGLO)

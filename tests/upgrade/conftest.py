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

"""A site of the first release, for each test that wants one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.upgrade import sites


@pytest.fixture(scope='session')
def template(django_db_blocker) -> Iterator[str]:
    """The database of a site of the first release, to be copied."""
    name = f'release_{uuid.uuid4().hex[:12]}'
    with django_db_blocker.unblock():
        sites.administer(f'CREATE DATABASE {name} TEMPLATE template0')
        with sites.speaking_to(name):
            sites.load_release()
    yield name
    sites.drop(name)


@pytest.fixture
def release(template: str, django_db_blocker) -> Iterator[str]:
    """A site of the first release, that Django's connection speaks to."""
    with django_db_blocker.unblock(), sites.database(template) as name:
        yield name


@pytest.fixture
def empty(django_db_blocker) -> Iterator[str]:
    """A database without any table."""
    with django_db_blocker.unblock(), sites.database() as name:
        yield name

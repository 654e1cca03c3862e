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

"""Fixtures of the tests of w.c.s."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from demo.wcs_standin import StandIn
from publik_socialmedia.app_settings import AppSettings
from tests.wcs.target import Target, real_target, standin_target


class Loopback(frozenset[str]):
    """All the ports of this machine."""

    def __contains__(self, host: object) -> bool:
        return str(host).startswith('127.0.0.1:')


@pytest.fixture(autouse=True)
def trusted_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the client call servers of this machine without TLS."""
    monkeypatch.setattr(AppSettings, 'TRUSTED_HOSTS', Loopback())


@pytest.fixture(scope='session')
def wcs() -> Iterator[Target]:
    """A real w.c.s. if the environment names one, else the stand-in."""
    real = real_target()
    if real:
        yield real
        return
    with StandIn() as standin:
        yield standin_target(standin)
        assert standin.errors == []


@pytest.fixture
def standin() -> Iterator[StandIn]:
    """A stand-in of its own."""
    with StandIn() as standin:
        yield standin
        assert standin.errors == []

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

"""The scenes of this folder: accounts of each family of servers, a Page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.delivery.desk import MastodonDesk, MessengerDesk, mastodon, messenger


@pytest.fixture(params=['mastodon', 'gotosocial', 'snac'])
def here(request: pytest.FixtureRequest, db: None) -> Iterator[MastodonDesk]:
    with mastodon(request.param) as desk:
        yield desk


@pytest.fixture
def one(db: None) -> Iterator[MastodonDesk]:
    with mastodon() as desk:
        yield desk


@pytest.fixture
def page(transactional_db: None) -> Iterator[MessengerDesk]:
    with messenger() as desk:
        yield desk

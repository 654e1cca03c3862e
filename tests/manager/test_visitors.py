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

"""Who gets what, on every URL that is no administrators' page: a session opens none of them (R43, R50)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests import visitors
from tests.manager.scene import staff
from tests.manager.test_access import agent, elsewhere, inactive, stranger

pytestmark = pytest.mark.django_db

WORDS = ('malade', 'Jeanne', 's3cret')
VISITORS = [stranger, elsewhere, inactive, agent, lambda _: staff()]


@pytest.fixture(autouse=True)
def site(settings: Any) -> None:
    settings.PUBLIK_SOCIALMEDIA_BASE_URL = 'https://combo.example.org'
    settings.PUBLIK_SOCIALMEDIA_METRICS_TOKEN = 'token-of-the-metrics'


def test_no_address_is_left_out_of_the_table_R43() -> None:
    assert visitors.names() == set(visitors.STATUS) | visitors.GIVEN


@pytest.mark.parametrize('who', VISITORS, ids=['stranger', 'elsewhere', 'inactive', 'agent', 'staff'])
@pytest.mark.parametrize('method', ['get', 'post'])
def test_without_its_own_proof_nobody_gets_anything_R43(method: str, who: Any) -> None:
    """Not even staff: these addresses are for programs, and for pages of w.c.s."""
    addresses = visitors.addresses()
    client: Client = who(None)
    wrong = {}
    for name, expected in visitors.STATUS.items():
        page = getattr(client, method)(addresses[name])
        if page.status_code != expected[method == 'post']:
            wrong[name] = page.status_code
        said = page.content.decode(errors='replace')
        assert not [word for word in WORDS if word in said], name
    assert not wrong


@pytest.mark.parametrize('who', VISITORS, ids=['stranger', 'elsewhere', 'inactive', 'agent', 'staff'])
def test_the_pages_that_are_given_to_one_person_say_nothing_of_another_R43(who: Any) -> None:
    addresses = visitors.addresses()
    client: Client = who(None)
    shown = client.get(addresses['socialmedia-erasure-status'])
    assert shown.status_code == 200 and 'paul' not in shown.content.decode()
    page = client.get(addresses['socialmedia-link'])
    # who is not known logs in first; who has no account of the portal cannot link anything
    assert page.status_code in (302, 403)
    assert not [word for word in WORDS if word in page.content.decode()]


def test_nothing_is_there_while_the_tenant_is_off_R43(settings: Any) -> None:
    addresses = visitors.addresses()
    settings.PUBLIK_SOCIALMEDIA_ENABLED = False
    # who was promised an erasure may still see what became of it
    del addresses['socialmedia-erasure-status']
    for name, address in addresses.items():
        for method in ('get', 'post'):
            page = getattr(staff(), method)(address)
            assert page.status_code in (401, 403, 404, 405), (name, method, page.status_code)

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

"""The test of a WhatsApp number, against the emulator (R40, R41)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import pytest

from demo.emulators.graph_whatsapp_state import Template
from publik_socialmedia.errors import ConfigurationError
from publik_socialmedia.networks.base import Health
from tests.networks import contract
from tests.networks.desks.whatsapp import Desk


@pytest.fixture
def here() -> Iterator[Desk]:
    with contract.desk('whatsapp') as found:
        assert isinstance(found, Desk)
        yield found


def check(here: Desk, **credentials: str) -> Health:
    account = dataclasses.replace(here.account, credentials={**here.account.credentials, **credentials})
    return here.network.check(account, here.http)


def problems(health: Health) -> list[tuple[str, str]]:
    return [(problem.reason, problem.severity) for problem in health.problems]


def test_a_healthy_number(here: Desk):
    health = check(here)
    assert health.ok and problems(health) == []
    assert (health.external_id, health.name) == ('106540000000001', 'Ville de Villexemple')
    assert health.token_expires is None  # of a system user
    assert health.facts['display_phone_number'] == '+33 1 99 00 00 00'
    assert health.facts['coexistence'] is False and health.facts['proof_required'] is False
    assert 900 < health.facts['template_room'] < 1024


def test_the_first_test_finds_the_number_by_its_typed_id(here: Desk):
    account = dataclasses.replace(here.account, external_id='')
    assert here.network.check(account, here.http).external_id == '106540000000001'


@pytest.mark.parametrize(
    'credentials, reason',
    [
        ({'access_token': ''}, 'config'),
        ({'waba_id': ''}, 'config'),
        ({'waba_id': '102290000000002'}, 'permission'),
        ({'phone_number_id': '33199000000'}, 'config'),
        ({'app_secret': 'wrong'}, 'config'),
        ({'app_id': '990000000000002'}, 'config'),
        ({'access_token': 'EAAunknown'}, 'auth'),
    ],
)
def test_what_was_typed_wrong(here: Desk, credentials: dict[str, str], reason: str):
    """R40: each says which."""
    health = check(here, **credentials)
    assert not health.ok and (reason, 'critical') in problems(health)


def test_the_number_itself_is_not_its_identifier(here: Desk):
    account = dataclasses.replace(
        here.account,
        external_id='',
        credentials={**here.account.credentials, 'phone_number_id': '+33 1 99 00 00 00'},
    )
    health = here.network.check(account, here.http)
    assert problems(health) == [('config', 'critical')] and not here.server.calls


@pytest.mark.parametrize('change, expected', [
    (lambda e: setattr(e.token, 'scopes', e.token.scopes[1:]), ('permission', 'critical')),
    (lambda e: setattr(e.token, 'kind', 'PAGE'), ('config', 'critical')),
    (lambda e: e.world.subscribed.clear(), ('subscription', 'critical')),
    (lambda e: setattr(e.app, 'active', False), ('subscription', 'critical')),
    (lambda e: setattr(e.app, 'fields', ('account_update',)), ('subscription', 'critical')),
    (lambda e: setattr(e.number, 'status', 'BANNED'), ('policy', 'critical')),
    (lambda e: setattr(e.number, 'status', 'PENDING'), ('config', 'critical')),
    (lambda e: setattr(e.number, 'status', 'FLAGGED'), ('policy', 'warning')),
    (lambda e: setattr(e.number, 'quality', 'RED'), ('policy', 'warning')),
    (lambda e: setattr(e.number, 'name_status', 'DECLINED'), ('config', 'warning')),
    (lambda e: e.world.templates.clear(), ('template', 'warning')),
    (lambda e: setattr(e.world.templates[0], 'status', 'PAUSED'), ('template', 'warning')),
    (lambda e: setattr(e.world.templates[0], 'language', 'en'), ('template', 'warning')),
    (lambda e: setattr(e.world.templates[0], 'text', 'Sans variable'), ('template', 'warning')),
    (lambda e: setattr(e.world.templates[0], 'text', '{{1}} et {{2}}'), ('template', 'warning')),
    (
        lambda e: setattr(e.world.templates[0], 'others', ({'type': 'HEADER', 'format': 'IMAGE'},)),
        ('template', 'warning'),
    ),
])  # fmt: skip
def test_what_is_wrong_is_said(here: Desk, change: Callable, expected: tuple[str, str]):
    """R41: what stops messages is critical, the rest a warning."""
    change(here.server)
    health = check(here)
    assert problems(health) == [expected]
    assert health.ok is (expected[1] == 'warning')


def test_a_template_of_another_name_is_not_taken(here: Desk):
    """Meta searches by a part of the name."""
    here.server.world.templates[0] = Template('reponse_mairie_2')
    assert problems(check(here)) == [('template', 'warning')]


def test_no_template_is_no_problem(here: Desk):
    health = check(here, template_name='')
    assert health.ok and problems(health) == [] and health.facts['template_room'] == 0


def test_coexistence_wants_the_answers_of_the_telephone(here: Desk):
    """R11"""
    here.server.number.platform = 'NOT_APPLICABLE'
    assert check(here).facts['coexistence'] is True
    here.server.app.fields = ('messages',)
    assert problems(check(here)) == [('subscription', 'warning')]


def test_subscribing(here: Desk):
    here.server.world.subscribed.clear()
    here.network.subscribe(here.account, here.http)
    assert check(here).ok
    bare = dataclasses.replace(here.account, credentials={'access_token': 'x'})
    with pytest.raises(ConfigurationError):
        here.network.subscribe(bare, here.http)


def test_a_proof_that_is_required_goes_with_the_calls(here: Desk):
    here.server.app.require_proof = True
    health = check(here)
    assert health.ok and health.facts['proof_required'] is True

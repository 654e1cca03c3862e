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

"""What happens to a demand in w.c.s. is known here, and ends what we offer of it (R26)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from demo.wcs_standin import StandIn
from publik_socialmedia import addresses
from publik_socialmedia.models import Account, Contact, Demand
from publik_socialmedia.wcs import upkeep
from publik_socialmedia.wcs.client import Client
from tests.factory import deliver, make_account, write
from tests.wcs.caller import Caller, signed_query

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(standin: StandIn, settings) -> Account:
    settings.PUBLIK_SOCIALMEDIA_WCS = {'default': standin.settings}
    # no name is asked of the network
    return make_account('mastodon')


def opened(account: Account, *users: str) -> list[Demand]:
    for user in users:
        write(account, f'Bonjour, ici {user}', user)
    deliver()
    return list(Demand.objects.order_by('pk'))


def silent(**values: Any) -> None:
    """Nobody has spoken of the demands for a day."""
    Demand.objects.filter(state='open').update(
        seen_at=timezone.now() - timedelta(days=1, minutes=1), **values
    )


def states() -> list[str]:
    return list(Demand.objects.order_by('pk').values_list('state', flat=True))


def test_what_agents_did_is_learnt_within_a_day(standin: StandIn, account: Account):
    """R26: closed, anonymised, deleted, or still open; one call for all that are found."""
    demands = opened(account, 'jeanne', 'paul', 'zoe', 'lea', 'noe')
    numbers = [int(demand.number) for demand in demands]
    standin.close(numbers[0])
    standin.close(numbers[1])
    standin.anonymise(numbers[1])
    standin.delete(numbers[2])
    assert upkeep.look_again() == 0 and states() == ['open'] * 5
    silent()
    standin.calls.clear()
    assert upkeep.look_again() == 5
    assert states() == ['closed', 'gone', 'gone', 'open', 'open']
    assert standin.calls['GET'] == 3  # one for all, one for each of the two that are not there
    assert upkeep.look_again() == 0


def test_the_addresses_of_a_demand_that_is_gone_are_dead(standin: StandIn, account: Account):
    """R26: they are not given to another one, and a message opens a new demand, which is not linked to it."""
    (demand,) = opened(account, 'jeanne')
    standin.anonymise(int(demand.number))
    silent()
    upkeep.look_again()
    gone = Demand.objects.get()
    assert gone.token != demand.token
    caller = Caller(demand, uuid=demand.uuid)
    assert caller.post(query=signed_query(orig='127.0.0.1', key=standin.secret)).status_code == 404
    write(account, 'Encore moi', 'jeanne')
    deliver()
    new = Demand.objects.latest('pk')
    assert (new.state, new.previous) == ('open', None) and new.token not in (demand.token, gone.token)


def test_the_same_when_a_message_finds_it(standin: StandIn, account: Account):
    """R26"""
    (demand,) = opened(account, 'jeanne')
    standin.delete(int(demand.number))
    write(account, 'Encore moi', 'jeanne')
    deliver()
    gone, new = Demand.objects.order_by('pk')
    assert gone.token != demand.token and (gone.state, new.state) == ('gone', 'open')


def test_w_c_s_away_concludes_nothing(standin: StandIn, account: Account, settings):
    """R23, R26: it is asked again in an hour."""
    opened(account, 'jeanne')
    silent()
    settings.PUBLIK_SOCIALMEDIA_WCS = {'default': {**standin.settings, 'url': 'http://127.0.0.1:9/'}}
    assert upkeep.look_again() == 1
    assert states() == ['open'] and upkeep.look_again() == 0
    silent(wcs_site='inconnu')
    assert upkeep.look_again() == 1
    assert states() == ['open'] and upkeep.look_again() == 0


def test_a_w_c_s_that_ignores_the_operator_loses_nothing(standin: StandIn, account: Account, monkeypatch):
    """R26: what is not among the answers is looked for by itself."""
    opened(account, 'jeanne', 'paul')
    silent()
    monkeypatch.setattr(Client, 'find_all', lambda *args: [])
    assert upkeep.look_again() == 2 and states() == ['open', 'open']


def test_what_a_worker_has_just_learnt_is_not_overwritten(standin: StandIn, account: Account, monkeypatch):
    """R22, R26: a message opened it again while we were looking."""
    (demand,) = opened(account, 'jeanne')
    standin.close(int(demand.number))
    silent()
    find_all = Client.find_all

    def meanwhile(self: Client, *arguments: Any) -> Any:
        found = find_all(self, *arguments)
        Demand.objects.update(seen_at=timezone.now())
        return found

    monkeypatch.setattr(Client, 'find_all', meanwhile)
    upkeep.look_again()
    assert states() == ['open']


def test_many_are_looked_at_in_batches(standin: StandIn, account: Account, monkeypatch):
    monkeypatch.setattr(upkeep, 'BATCH', 2)
    opened(account, 'jeanne', 'paul', 'zoe')
    silent()
    assert [upkeep.look_again() for _ in range(3)] == [2, 1, 0]


# -- what is learnt of a demand


def test_its_names_are_learnt(standin: StandIn, account: Account):
    """R30: w.c.s. signs its calls with them; people read the number."""
    (demand,) = opened(account, 'jeanne')
    silent()
    upkeep.look_again()
    demand.refresh_from_db()
    (stored,) = standin.demands()
    assert (demand.uuid, demand.display_number) == (stored.uuid, f'1-{stored.number}')


# -- the citizen's account


def test_a_proven_citizen_is_the_user_of_the_demand(standin: StandIn, account: Account):
    """R27: by the number of w.c.s.; nothing is sent of somebody who proved nothing, whatever the name."""
    write(account, 'Bonjour', 'jeanne', name='Paul Martin')
    deliver()
    assert standin.demands()[0].user_id is None
    write(account, 'Bonjour', 'paul')
    Contact.objects.filter(identifiers__value='paul').update(wcs_user_id='42')
    deliver()
    assert str(standin.demands()[1].user_id) == '42'


def test_a_demand_has_its_addresses_from_the_beginning(standin: StandIn, account: Account):
    """R21: given with the submission, and the same whatever becomes of the call."""
    standin.faults.plan('drop')
    write(account, 'Bonjour', 'jeanne')
    deliver()
    demand = Demand.objects.get()
    assert demand.state == 'opening'
    given = standin.value(standin.demands()[0], 'adresse_service')
    assert addresses.absolute('socialmedia-answer', token=demand.token) == f'{given}answer/'

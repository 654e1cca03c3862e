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

"""What a link proved by a citizen does to their next demands, and how they are sent it (R27)."""

from __future__ import annotations

from typing import Any

import pytest

from publik_socialmedia import errors
from publik_socialmedia.conversations import contacts
from publik_socialmedia.delivery import acknowledgement
from publik_socialmedia.models import Contact, Demand, Message
from publik_socialmedia.wcs import linking
from publik_socialmedia.wcs.client import Client as Wcs
from publik_socialmedia.wcs.client import Site
from tests.delivery.desk import messenger
from tests.factory import deliver, make_account, write
from tests.wcs.caller import Caller, make_demand
from tests.wcs.panel_scene import content
from tests.wcs.test_client_errors import Scripted
from tests.wcs.test_client_errors import answer as http_answer

pytestmark = pytest.mark.django_db
JEANNE, KARIM = 32 * 'a', 32 * 'b'


@pytest.fixture
def contact() -> Contact:
    contact = write(make_account(name='Ville <de> Villexemple')).conversation.contact
    contact.name = 'Jeanne Exemple'
    contact.save()
    return contact


# -- merging


@pytest.mark.parametrize(
    ('kept', 'other', 'after'),
    [('', JEANNE, JEANNE), (JEANNE, '', JEANNE), (JEANNE, JEANNE, JEANNE), (JEANNE, KARIM, '')],
)
def test_two_contacts_that_become_one_keep_what_is_proved_of_both_R27(
    kept: str, other: str, after: str
) -> None:
    account = make_account()
    first, second = (write(account, user=user).conversation for user in ('ancien', 'nouveau'))
    Contact.objects.filter(pk=first.contact_id).update(name_id=kept, wcs_user_id='1' if kept else '')
    Contact.objects.filter(pk=second.contact_id).update(name_id=other, wcs_user_id='2' if other else '')
    assert contacts.merge(first, second)
    (left,) = Contact.objects.all()
    assert left.name_id == after and left.wcs_user_id == ('1' if kept == after else '')


# -- at the next demand


class Known(Wcs):
    """A w.c.s. that knows some people, or fails."""

    def __init__(self, users: dict[str, str], failure: Exception | None = None) -> None:
        self.users, self.failure = users, failure

    def user_id(self, name_id: str) -> str:
        if self.failure:
            raise self.failure
        return self.users.get(name_id, '')


def test_number_of_a_linked_person_is_asked_before_each_demand_R27(contact: Contact) -> None:
    linking.recognise(contact, Known({'': '1'}))
    assert contact.wcs_user_id == ''  # nothing is guessed
    contact.name_id = JEANNE
    contact.save()
    for users in ({JEANNE: '7'}, {JEANNE: '8'}, {}):
        linking.recognise(contact, Known(users))
        assert contact.wcs_user_id == Contact.objects.get().wcs_user_id == users.get(JEANNE, '')


def test_link_undone_meanwhile_is_not_written_again(contact: Contact) -> None:
    contact.name_id = JEANNE
    contact.save()
    stale = Contact.objects.get()
    linking.unlink(contact, JEANNE)
    linking.recognise(stale, Known({JEANNE: '7'}))
    assert Contact.objects.get().wcs_user_id == ''


def test_failure_of_the_search_costs_no_demand(contact: Contact) -> None:
    contact.name_id, contact.wcs_user_id = JEANNE, '7'
    contact.save()
    linking.recognise(contact, Known({}, errors.ConfigurationError('wcs_refused')))
    assert contact.wcs_user_id == ''
    with pytest.raises(errors.TemporaryError):
        linking.recognise(contact, Known({}, errors.TemporaryError('wcs_away')))


def test_name_id_is_had_from_hobo_or_from_mellon(monkeypatch: pytest.MonkeyPatch) -> None:
    class Identifiers:
        def first(self) -> Any:
            return self

        name_id = JEANNE

    class Mellon:
        saml_identifiers = Identifiers()

    class Nobody:
        pass

    class Long:
        def get_name_id(self) -> str:
            return 65 * 'x'

    assert [linking.name_id_of(user) for user in (Mellon(), Nobody(), Long())] == [JEANNE, '', '']


# -- sending it


def test_agent_sends_the_link_without_seeing_it_R27() -> None:
    Caller(make_demand(make_account())).ask(text='Pour relier : {lien_compte}')
    sent = Message.objects.get(origin='agent')
    address = sent.text.removeprefix('Pour relier : ')
    person = linking.contact_of(address.split('/')[-2])
    assert address.startswith('http') and person == sent.conversation.contact
    shown = content(Demand.objects.get())
    assert address not in shown and 'Pour relier : [lien de rattachement au compte]' in shown


def test_agent_is_told_when_there_is_no_address_to_give(contact: Contact, settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_BASE_URL = ''
    assert linking.filled('Bonjour', contact) == 'Bonjour'
    with pytest.raises(errors.PermanentError, match='base_url'):
        linking.filled('Voici {lien_compte}', contact)


# -- what w.c.s. answers


def searched(*users: dict[str, Any]) -> Wcs:
    """The client of a w.c.s. whose search gives these people."""
    site = Site('default', 'Démarches', 'https://demarches.example.org/', 'combo.example.org', 'secret')
    return Wcs(site, Scripted(http_answer(200, {'data': list(users), 'err': 0})))


def user(number: int, *names: str, **values: Any) -> dict[str, Any]:
    """As a real w.c.s. writes it."""
    known = {f'user_name_identifier_{rank}': name for rank, name in enumerate(names)}
    return {'user_display_name': 'Jeanne Exemple', 'user_id': number, 'id': number, **known, **values}


def test_only_who_has_exactly_that_name_id_counts_R27() -> None:
    """w.c.s. also searches in names and e-mails."""
    namesake = user(3, KARIM, user_display_name=JEANNE, user_email=f'{JEANNE}@example.org')
    assert searched(namesake, user(4)).user_id(JEANNE) == ''
    assert searched(namesake, user(5, KARIM, JEANNE)).user_id(JEANNE) == '5'
    assert searched().user_id(JEANNE) == ''


# -- from one end to the other


def test_demands_carry_the_citizen_from_the_proof_to_its_end_R27(transactional_db: None) -> None:
    """Unknown, then proved: the next demand is in their account; then undone."""
    with messenger() as page:
        page.wcs.wcs.access.name_ids['claire@example.org'] = JEANNE
        number = list(page.wcs.wcs.access.users).index('claire@example.org') + 1

        def user_of_another_demand() -> Any:
            """The present one is deleted: a new message makes another."""
            Demand.objects.update(state='gone')
            page.citizen_writes('Bonjour')
            deliver()
            return page.wcs.demands()[-1].user_id

        assert user_of_another_demand() is None
        contact = Contact.objects.get()
        token = linking.address(contact).split('/')[-2]
        assert linking.link(token, contact, JEANNE) is linking.Standing.MINE
        assert user_of_another_demand() == str(number)
        assert linking.unlink(contact, JEANNE)
        assert user_of_another_demand() is None


def test_acknowledgement_offers_the_link_until_it_is_used_R27_R53(contact: Contact, settings) -> None:
    demand = Demand.objects.create(
        account=contact.account, conversation=contact.conversation, wcs_site='default', form='message'
    )
    (message,) = Message.objects.all()
    known = acknowledgement.read({'enabled': True, 'text': 'Bonjour\nVotre compte : {lien_compte}'})

    def said() -> str:
        demand.conversation.contact.refresh_from_db()
        return acknowledgement.render(known.text, acknowledgement.variables(known, demand, message))

    address = said().removeprefix('Bonjour\nVotre compte : ')
    assert linking.contact_of(address.split('/')[-2]) == contact
    assert linking.link(address.split('/')[-2], contact, JEANNE) is linking.Standing.MINE
    assert said() == 'Bonjour'
    linking.unlink(contact, JEANNE)
    settings.PUBLIK_SOCIALMEDIA_BASE_URL = ''
    assert said() == 'Bonjour'

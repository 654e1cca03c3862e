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

"""The pages of conversations: found, read, never written in; a person is blocked and unblocked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from publik_socialmedia.conversations import contacts
from publik_socialmedia.models import Contact, ContactIdentifier, Conversation, Demand, Journal, Message
from publik_socialmedia.networks.base import Kind
from publik_socialmedia.privacy import erasures
from tests.factory import happens, make_account, write
from tests.oversight.scene import ago, rows, staff, visitor, words
from tests.wcs.panel_scene import BACKOFFICE, answer, attach, bind, make_demand, picture, talk

pytestmark = pytest.mark.django_db

LIST = '/socialmedia/manage/conversations/'


def page_of(conversation: Conversation) -> str:
    return reverse('socialmedia-manage-conversation', args=[conversation.pk])


def block_of(conversation: Conversation) -> str:
    return reverse('socialmedia-manage-block', args=[conversation.pk])


def look(client: Client | None = None, **asked: Any) -> list[str]:
    """The lines of the list after a search."""
    return rows((client or staff()).post(LIST, asked, follow=True))


# -- who


@pytest.mark.parametrize(('who', 'status'), [('anonymous', 302), ('agent', 403), ('staff', 200)])
def test_conversations_are_for_staff_only_R43(who: str, status: int) -> None:
    conversation = write(make_account(), 'Je suis malade', name='Jeanne Exemple').conversation
    client = visitor(who)
    for address in (LIST, page_of(conversation)):
        page = client.get(address)
        assert page.status_code == status
        assert (b'Jeanne Exemple' in page.content) == (who == 'staff')
    assert client.post(LIST, {'person': 'x'}, follow=False).status_code == (302 if who != 'agent' else 403)


@pytest.mark.parametrize('who', ['anonymous', 'agent'])
def test_only_staff_blocks_a_person_R43(who: str) -> None:
    conversation = write(make_account()).conversation
    visitor(who).post(block_of(conversation), {'blocked': '1', 'confirmed': '1'})
    assert not Contact.objects.get().blocked


def test_conversations_are_absent_while_the_switch_is_off_R43(settings) -> None:
    conversation = write(make_account()).conversation
    settings.PUBLIK_SOCIALMEDIA_ENABLED = False
    for address in (LIST, page_of(conversation), block_of(conversation)):
        assert staff().get(address).status_code == staff().post(address).status_code == 404


def test_searching_and_blocking_need_the_csrf_token() -> None:
    conversation = write(make_account()).conversation
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = staff().cookies
    assert strict.post(LIST, {'person': 'x'}).status_code == 403
    assert strict.post(block_of(conversation), {'blocked': '1', 'confirmed': '1'}).status_code == 403
    assert not Contact.objects.get().blocked


# -- the list


def test_the_list_tells_person_account_and_last_demand_latest_first() -> None:
    account = make_account()
    old = write(account, user='old', name='Ancienne').conversation
    Conversation.objects.filter(pk=old.pk).update(last_activity_at=ago(days=3))
    message = write(account, user='new', name='Jeanne Exemple')
    bind(message, state='closed')
    bind(message, status_name='En cours')
    first, second = rows(staff().get(LIST))
    assert first.startswith('Jeanne Exemple Ville de Villexemple (Messenger)')
    assert first.endswith('12-2 En cours') and second.startswith('Ancienne')


def test_who_has_no_name_is_listed_by_identifier_and_hostile_names_hurt_nobody() -> None:
    account = make_account()
    write(account, user='jeanne-33')
    write(account, user='x', name='<script>alert(1)</script>\u202eelliV')
    page = staff().get(LIST)
    assert 'jeanne-33' in words(page)
    assert '<script>alert' not in page.content.decode() and '\u202e' not in page.content.decode()


@pytest.mark.parametrize(
    'asked', ['exemple', 'JEANNE', '@jeanne@mairie.example.org', 'jeanne@mairie.example.org', '12-1', 'CODE']
)
def test_a_person_is_found_by_name_identifier_or_demand(asked: str) -> None:
    account = make_account()
    message = write(account, user='jeanne@mairie.example.org', name='Jeanne Exemple')
    bind(message, tracking_code='CODE')
    write(account, user='paul', name='Paul Autre')
    (row,) = look(person=f' {asked} ')
    assert row.startswith('Jeanne Exemple')


@pytest.mark.parametrize('asked', ['nobody', '%', '_', '\\', "'", '"', 'é' * 250, '\0'])
def test_what_is_nobody_s_finds_nobody(asked: str) -> None:
    write(make_account(), user='jeanne')
    page = staff().post(LIST, {'person': asked}, follow=True)
    assert page.status_code == 200
    if asked != '\0':
        assert rows(page) == [] and 'Rien n’a été trouvé.' in words(page)


def test_what_is_searched_is_not_in_the_address_and_is_kept_until_it_is_cleared_R50() -> None:
    account = make_account()
    write(account, user='a', name='Jeanne Exemple')
    write(account, user='b', name='Paul Autre')
    client = staff()
    page = client.post(LIST, {'person': 'jeanne'})
    assert page.status_code == 302 and page['Location'] == LIST
    assert len(rows(client.get(LIST))) == 1  # also on the other pages of the list
    assert len(rows(client.post(LIST, {'clear': '1', 'person': 'jeanne'}, follow=True))) == 2


def test_conversations_are_found_by_day() -> None:
    account = make_account()
    for user, begun, last in (('old', 30, 20), ('long', 30, 1), ('new', 2, 1)):
        conversation = write(account, user=user).conversation
        Conversation.objects.filter(pk=conversation.pk).update(
            created_at=ago(days=begun), last_activity_at=ago(days=last)
        )

    def day(days: int) -> str:
        return (timezone.localdate() - timedelta(days=days)).isoformat()

    def who(**asked: str) -> set[str]:
        return {row.split()[0] for row in look(**asked)}

    assert who(since=day(5)) == {'long', 'new'}
    assert who(until=day(5)) == {'old', 'long'}
    assert who(since=day(10), until=day(5)) == {'long'}
    assert who(since=day(20), until=day(2)) == {'old', 'long', 'new'}


@pytest.mark.parametrize(
    'asked',
    [{'since': 'x'}, {'since': '0001-01-01'}, {'until': '9999-12-31'}, {'state': 'x'}, {'person': 'x' * 300}],
)
def test_odd_searches_are_no_error(asked: dict[str, str]) -> None:
    write(make_account())
    assert staff().post(LIST, asked, follow=True).status_code == 200


def test_a_day_that_is_none_is_said_R44() -> None:
    page = staff().post(LIST, {'since': 'x'}, follow=True)
    assert 'Saisissez une date valide.' in words(page)


def test_conversations_are_found_by_state() -> None:
    account = make_account()

    def demand(user: str, **values: Any) -> Demand:
        return bind(write(account, user=user, sent_at=ago(hours=1), received_at=ago(hours=1)), **values)

    demand('waiting')
    answer(demand('answered'))
    answer(demand('acknowledged'), origin='automatic')
    answer(demand('failing'), state='failed', failure='window')
    demand('closed', state='closed')
    write(account, user='none')
    Contact.objects.filter(identifiers__value='none').update(blocked=True)

    def who(state: str) -> set[str]:
        return {row.split()[0] for row in look(state=state)}

    assert who('waiting') == {'waiting', 'acknowledged', 'failing'}
    assert who('open') == {'waiting', 'answered', 'acknowledged', 'failing'}
    assert who('failed') == {'failing'}
    assert who('closed') == {'closed', 'none'}
    assert who('blocked') == {'none'}
    assert len(who('')) == 6


def test_erased_persons_are_not_there_R51() -> None:
    conversation = write(make_account(), user='jeanne', name='Jeanne Exemple').conversation
    bind(conversation.messages.get())
    conversation.deliveries.all().delete()
    erasures.run(erasures.ask([conversation.contact]))
    client = staff()
    assert rows(client.get(LIST)) == [] and client.get(page_of(conversation)).status_code == 404
    assert client.post(block_of(conversation), {'blocked': '1', 'confirmed': '1'}).status_code == 404


def test_the_list_is_cut_in_pages_and_costs_the_same_queries(settings) -> None:
    account = make_account()
    client = staff()

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(LIST).status_code == 200
        return len(seen)

    bind(write(account, user='first'))
    few = queries()
    for number in range(60):
        bind(write(make_account(), user=f'user-{number}'))
    # the key of the secrets is lost: the list reads none of them
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = ['another key, that opens nothing of it']
    assert queries() == few
    assert len(rows(client.get(LIST))) == 50 and len(rows(client.get(LIST, {'page': 2}))) == 11


# -- one conversation


def test_all_that_was_said_is_read_in_order_with_the_demands() -> None:
    demand = make_demand(text='Ma rue est dans le noir')
    answer(demand, 'Nous passons demain.')
    page = staff().get(page_of(demand.conversation))
    shown = words(page)
    assert shown.index('Ma rue est dans le noir') < shown.index('Nous passons demain.')
    assert f'href="{BACKOFFICE}/1/"' in page.content.decode() and 'Demande 12-1' in shown


def test_nothing_can_be_written_there() -> None:
    demand = make_demand()
    page = staff().get(page_of(demand.conversation)).content.decode()
    assert '<textarea' not in page and staff().post(page_of(demand.conversation)).status_code == 405


def test_a_conversation_without_any_demand_is_read_too() -> None:
    message = write(make_account(), 'Bonjour')
    attach(message, picture())
    page = staff().get(page_of(message.conversation))
    assert page.status_code == 200 and 'photo.jpg' in words(page)


def test_files_are_given_as_downloads_without_pictures_drawn() -> None:
    demand = make_demand()
    file = attach(demand.messages.get(), picture())
    client = staff()
    page = client.get(page_of(demand.conversation)).content.decode()
    assert '<img' not in page
    start = page.index(f'/file/{file.pk}/')
    link = page[page.rindex('"', 0, start) + 1 : page.index('"', start)].replace('&amp;', '&')
    given = client.get(link.removeprefix('https://combo.example.org'))
    assert given.status_code == 200 and given['Content-Disposition'].startswith('attachment')


def test_a_long_conversation_is_cut_in_pages_and_costs_the_same_queries() -> None:
    demand = make_demand()
    client = staff()

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(page_of(demand.conversation)).status_code == 200
        return len(seen)

    queries()  # the first reading is written in the journal
    few = queries()
    talk(demand, 60)
    assert queries() == few
    assert 'Message 59' in words(client.get(page_of(demand.conversation)))
    assert 'Message 9 ' not in words(client.get(page_of(demand.conversation)))
    assert 'Message 9 ' in words(client.get(page_of(demand.conversation), {'page': 2}))


def test_hostile_messages_hurt_nobody() -> None:
    message = write(make_account(), '<img src=x onerror=alert(1)>\u202e', name='"><script>alert(1)</script>')
    page = staff().get(page_of(message.conversation)).content.decode()
    assert '<img src=x' not in page and '<script>alert' not in page and '\u202e' not in page


def test_the_conversation_leads_to_the_personal_data_of_its_person_R51() -> None:
    conversation = write(make_account()).conversation
    page = staff().get(page_of(conversation)).content.decode()
    assert reverse('socialmedia-manage-person', args=[conversation.contact_id]) in page


# -- blocking


def set_blocked(conversation: Conversation, wanted: bool = True) -> Any:
    asked = {'blocked': '1', 'confirmed': '1'} if wanted else {'blocked': '0'}
    return staff().post(block_of(conversation), asked, follow=True)


def test_blocking_is_asked_about_then_done_and_journaled_R42() -> None:
    conversation = write(make_account()).conversation
    page = staff().post(block_of(conversation), {'blocked': '1'})
    assert 'n’ouvre aucune demande' in words(page) and not Contact.objects.get().blocked
    assert 'Cette personne est bloquée' in words(set_blocked(conversation))
    assert Contact.objects.get().blocked
    set_blocked(conversation)  # once more changes nothing
    assert 'n’est plus bloquée' in words(set_blocked(conversation, False))
    rows = Journal.objects.exclude(action='read-conversation').order_by('pk')
    assert [(row.action, row.actor.username, row.details) for row in rows] == [
        ('block-person', 'staff', {'contact': conversation.contact_id}),
        ('unblock-person', 'staff', {'contact': conversation.contact_id}),
    ]


def test_what_a_blocked_person_writes_is_kept_and_told_to_nobody() -> None:
    account = make_account()
    conversation = write(account).conversation
    conversation.deliveries.all().delete()
    Conversation.objects.update(due_at=None, window_at=None, last_activity_at=ago(days=2))
    set_blocked(conversation)
    message = write(account, 'Achetez mes pilules')
    conversation.refresh_from_db()
    assert message.text == 'Achetez mes pilules' and message.conversation == conversation
    assert not conversation.deliveries.exists() and conversation.due_at is conversation.window_at is None
    assert conversation.last_activity_at > ago(minutes=1) < conversation.last_inbound_at
    # what becomes of it is told to nobody either, and nothing fails
    assert happens(account, Kind.EDIT, message.external_id, text='Achetez tout') == 'edit'
    assert happens(account, Kind.UNSEND, message.external_id) == 'unsend'
    assert not conversation.deliveries.exists()
    assert Message.objects.get(pk=message.pk).erased_at is not None


def test_what_was_told_before_the_block_is_taken_back_after_it_R13() -> None:
    account = make_account()
    message = write(account)
    set_blocked(message.conversation)
    happens(account, Kind.UNSEND, message.external_id)
    assert message.deliveries.filter(kind='unsend').exists()


def test_an_unblocked_person_is_heard_again() -> None:
    account = make_account()
    conversation = write(account).conversation
    set_blocked(conversation)
    set_blocked(conversation, False)
    assert write(account).deliveries.filter(kind='message').exists()


def test_other_persons_are_still_heard() -> None:
    account = make_account()
    set_blocked(write(account, user='pest').conversation)
    assert write(account, user='jeanne').deliveries.exists()


def test_two_identifiers_of_one_person_stay_blocked_when_they_are_found_to_be_one() -> None:
    account = make_account()
    kept, other = write(account, user='a').conversation, write(account, user='b').conversation
    set_blocked(other)
    assert contacts.merge(kept, Conversation.objects.select_related('contact').get(pk=other.pk))
    contact = Contact.objects.get()
    assert contact.blocked and ContactIdentifier.objects.filter(contact=contact).count() == 2

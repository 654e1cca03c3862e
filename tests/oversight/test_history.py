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

"""The whole journal, and in it who read whose conversation (R42, R50)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from publik_socialmedia.jobs import removal, running
from publik_socialmedia.models import Conversation, Journal
from publik_socialmedia.privacy import register
from tests.factory import make_account, write
from tests.oversight.scene import rows, staff, visitor, words

pytestmark = pytest.mark.django_db

PAGE = '/socialmedia/manage/journal/'


def address(conversation: Conversation) -> str:
    return reverse('socialmedia-manage-conversation', args=[conversation.pk])


def readings() -> list[tuple[str, int]]:
    found = Journal.objects.filter(action='read-conversation').order_by('pk')
    return [(row.actor.username, row.details['conversation']) for row in found]


@pytest.mark.parametrize(('who', 'status'), [('anonymous', 302), ('agent', 403), ('staff', 200)])
def test_the_journal_is_for_staff_only_R43(who: str, status: int) -> None:
    assert visitor(who).get(PAGE).status_code == status


def test_who_reads_whose_conversation_is_written_once_an_hour_R42() -> None:
    one = write(make_account(), user='a').conversation
    other = write(one.account, user='b').conversation
    client = staff()
    for conversation in (one, one, other, one):
        assert client.get(address(conversation)).status_code == 200
    assert readings() == [('staff', one.pk), ('staff', other.pk)]
    Journal.objects.update(at=timezone.now() - timedelta(minutes=61))
    client.get(address(one))
    assert readings()[2:] == [('staff', one.pk)]


def test_another_person_who_reads_is_written_too_R42(django_user_model) -> None:
    conversation = write(make_account()).conversation
    staff().get(address(conversation))
    client = staff()
    client.force_login(django_user_model.objects.create(username='paul', is_staff=True))
    client.get(address(conversation))
    assert readings() == [('staff', conversation.pk), ('paul', conversation.pk)]


def test_who_may_not_read_is_not_written_to_have_read() -> None:
    conversation = write(make_account()).conversation
    for who in ('anonymous', 'agent'):
        visitor(who).get(address(conversation))
    staff().get(reverse('socialmedia-manage-conversation', args=[conversation.pk + 1]))
    assert not Journal.objects.exists()


def test_the_reading_is_seen_in_the_journal_with_its_conversation_R42() -> None:
    conversation = write(make_account(name='Mairie'), 'Je suis malade', name='Jeanne Exemple').conversation
    client = staff()
    client.get(address(conversation))
    page = client.get(PAGE)
    (row,) = rows(page)
    assert 'Conversation lue' in row and f'conversation nº {conversation.pk}' in row and 'Mairie' in row
    assert address(conversation) in page.content.decode()
    assert 'malade' not in words(page) and 'Jeanne' not in words(page)


def test_it_is_said_in_the_register() -> None:
    said = [line for section in register.sections() for line in section.lines]
    assert any('quel administrateur a lu quelle conversation' in line for line in said)


def test_what_an_account_that_is_gone_held_is_still_told_R40() -> None:
    account = make_account(name='Ancienne page')
    write(account)
    removal.ask(account)
    running.run_some()
    (last, first) = rows(staff().get(PAGE))
    assert 'Suppression du compte demandée' in first and 'Ancienne page' in first
    assert 'Compte supprimé' in last and 'messages : 1' in last and 'conversations : 1' in last


def test_the_journal_is_narrowed_by_account_and_by_what_was_done() -> None:
    one, other = make_account(name='Une'), make_account(name='Autre')
    for account, action in ((one, 'pause'), (one, 'resume'), (other, 'pause')):
        Journal.objects.create(account=account, action=action)
    client = staff()
    assert len(rows(client.get(PAGE, {'account': one.pk}))) == 2
    assert len(rows(client.get(PAGE, {'action': 'pause'}))) == 2
    assert len(rows(client.get(PAGE, {'account': one.pk, 'action': 'pause'}))) == 1
    for nonsense in ({'account': 'x'}, {'action': '<script>'}, {'page': '99999'}, {'account': '9' * 30}):
        assert len(rows(client.get(PAGE, nonsense))) == 3


def test_its_queries_do_not_grow_with_its_lines() -> None:
    def queries(client) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(PAGE).status_code == 200
        return len(seen)

    client = staff()
    Journal.objects.create(account=make_account(), action='pause')
    few = queries(client)
    for number in range(30):
        Journal.objects.create(
            account=make_account(), action='read-conversation', details={'conversation': number}
        )
    assert queries(client) == few

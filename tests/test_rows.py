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

"""Rows by plain SQL are what Django's own queries make and read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, models
from django.db.utils import IntegrityError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from publik_socialmedia import rows
from publik_socialmedia.models import (
    Account,
    Attachment,
    Contact,
    Conversation,
    Delivery,
    Demand,
    Endpoint,
    Message,
    RawEvent,
)
from tests.factory import make_account

pytestmark = pytest.mark.django_db


def values(instance: models.Model) -> dict[str, object]:
    return {field.attname: getattr(instance, field.attname) for field in instance._meta.concrete_fields}


@pytest.fixture
def account() -> Account:
    return make_account(endpoint=Endpoint.objects.create(network='messenger', secrets={'a': ['é']}))


@pytest.fixture
def message(account: Account) -> Message:
    contact = Contact(account=account, name='Jeanne d’Exemple')
    rows.insert(contact)
    conversation = Conversation(account=account, contact=contact)
    rows.insert(conversation)
    now = timezone.now()
    message = Message(
        account=account,
        conversation=conversation,
        origin='citizen',
        state='received',
        external_id="m_'%s\\",
        text='Bonjour « à tous » 🌳',
        details={'a': [1, None, '"']},
        sort_at=now,
        sent_at=now - timedelta(days=1),
    )
    rows.insert(message)
    return message


def test_a_row_inserted_is_the_one_that_django_reads(account: Account, message: Message):
    body = b'\x00\xff' * 2000
    new: list[models.Model] = [
        message,
        RawEvent(endpoint=account.endpoint, lane='x', network='messenger', source='webhook', body=body),
        Delivery(conversation=message.conversation, message=message, lane='wcs', kind='message', key='k',
                 rank_at=message.sort_at),
        Demand(account=account, conversation=message.conversation, wcs_site='default', form='f'),
        Attachment(message=message, position=0, kind='image', size=2**40, state='wanted', details={'x': 1}),
    ]  # fmt: skip
    for instance in new:
        if instance is not message:
            assert rows.insert(instance)
        model = type(instance)
        read = model._base_manager.get(pk=instance.pk)
        assert values(read) == values(instance)
        (selected,) = rows.select(model, 'id = %s', [instance.pk])
        assert values(selected) == values(read) and selected == read
        # it is a row like any other: saved again it is updated
        selected.save()
        assert model._base_manager.filter(pk=instance.pk).count() == 1


def test_a_unique_key_is_inserted_once(message: Message):
    def delivery() -> Delivery:
        return Delivery(
            conversation=message.conversation, message=message, lane='wcs', kind='message', key='k',
            rank_at=message.sort_at,
        )  # fmt: skip

    first, second = delivery(), delivery()
    assert rows.insert(first, once=True) is True
    assert rows.insert(second, once=True) is False and second.pk is None
    with pytest.raises(IntegrityError):
        rows.insert(delivery())


def test_changes_are_those_of_the_named_attributes(message: Message):
    before = values(message)
    now = timezone.now()
    assert rows.change(Message, message.pk, details={'b': 'é'}, demand_id=None, erased_at=now, text='') == 1
    message.refresh_from_db()
    assert values(message) == before | {'details': {'b': 'é'}, 'erased_at': now, 'text': ''}
    message.sequence, message.part = 7, 8
    rows.save(message, 'sequence')
    message.refresh_from_db()
    assert (message.sequence, message.part) == (7, 0)
    assert rows.change(Message, [], sequence=1) == rows.change(Message, 2**31, sequence=1) == 0
    message.refresh_from_db()
    assert message.sequence == 7


def test_what_is_left_out_is_read_when_it_is_asked_for(account: Account):
    part, other = rows.Part(Account, 'account', ('credentials', 'cursor')), rows.Part(Endpoint, 'endpoint')
    Account.objects.filter(pk=account.pk).update(credentials={'access_token': 'x'})
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT {part}, {other}, 'last' FROM publik_socialmedia_account AS account
                  JOIN publik_socialmedia_endpoint AS endpoint ON endpoint.id = account.endpoint_id"""
        )
        row = cursor.fetchone()
    found, endpoint = rows.parts(row, part, other)
    assert (endpoint.secrets, row[-1]) == ({'a': ['é']}, 'last')
    with CaptureQueriesContext(connection) as captured:
        assert (found.name, found.facts) == (account.name, account.facts)
    assert len(captured) == 0
    assert found.get_deferred_fields() == {'credentials', 'cursor'}
    assert found.credentials == {'access_token': 'x'}


def test_nothing_secret_is_shown_by_what_is_read(account: Account):
    (endpoint,) = rows.select(Endpoint, 'id = %s', [account.endpoint_id])
    assert 'é' not in repr(endpoint.secrets)


def test_whether_there_is_a_row(message: Message):
    known = 'publik_socialmedia_message WHERE external_id = %s'
    assert rows.exists(known, [message.external_id]) is True
    assert rows.exists(known, ['another']) is False

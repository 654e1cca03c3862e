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

"""Fields encrypted at rest, rotation of their keys, keyed hashes (R50, R52)."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core import serializers
from django.core.exceptions import FieldError
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from publik_socialmedia import fields
from publik_socialmedia.errors import ConfigurationError
from publik_socialmedia.models import Account, RawEvent

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
    max_leaves=10,
)


def account(**credentials: Any) -> Account:
    return Account.objects.create(network='exemple', credentials=credentials)


def stored(model: Any, name: str, pk: int) -> bytes:
    """What the database holds."""
    table, column = model._meta.db_table, model._meta.get_field(name).column
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{column}" FROM "{table}" WHERE id = %s', [pk])
        return bytes(cursor.fetchone()[0])


# -- values


@pytest.mark.django_db
def test_secrets_are_unreadable_in_the_database_R50() -> None:
    created = account(token='EAAB-secret', page='1')
    assert b'secret' not in stored(Account, 'credentials', created.pk)
    found = Account.objects.get(pk=created.pk)
    assert found.credentials == {'token': 'EAAB-secret', 'page': '1'}
    assert Account.objects.get(pk=account().pk).credentials == {}
    first, second = stored(Account, 'credentials', created.pk), stored(Account, 'credentials', account().pk)
    assert first != second


@pytest.mark.django_db
def test_raw_bodies_are_unreadable_in_the_database_and_come_back_byte_for_byte_R50() -> None:
    body = b'{"text": "\x00\\u0000 \xff bonjour"}' * 50
    created = RawEvent.objects.create(network='exemple', body=body)
    assert b'bonjour' not in stored(RawEvent, 'body', created.pk)
    assert RawEvent.objects.get(pk=created.pk).body == body


@given(json_values)
def test_any_json_survives(value: Any) -> None:
    field = fields.EncryptedJSONField()
    token = field.get_prep_value(value)
    expected = fields.json.loads(fields.json.dumps(value))
    assert (
        field.from_db_value(memoryview(token or b''), None, None) == expected
        if value is not None
        else token is None
    )


@given(st.binary())
def test_any_bytes_survive(value: bytes) -> None:
    field = fields.EncryptedBinaryField()
    assert field.from_db_value(memoryview(field.get_prep_value(value) or b''), None, None) == value


def test_secrets_are_not_shown_by_mistake_R50() -> None:
    field = fields.EncryptedJSONField()
    value = field.from_db_value(field.get_prep_value({'token': 'EAAB-secret'}), None, None)
    binary = fields.EncryptedBinaryField()
    body = binary.from_db_value(binary.get_prep_value(b'bonjour'), None, None)
    for shown in (
        repr(value),
        str(value),
        f'{value}',
        repr([value]),
        repr(body),
        str(body),
        f'{body}',
        repr([body]),
    ):
        assert 'EAAB' not in shown and 'bonjour' not in shown
    assert value['token'] == 'EAAB-secret' and bytes(body) == b'bonjour' and body.decode() == 'bonjour'


@pytest.mark.django_db
def test_dumped_data_stay_encrypted_and_can_be_loaded_R50() -> None:
    created = account(token='EAAB-secret')
    dumped = serializers.serialize('json', [created])
    assert 'EAAB' not in dumped
    Account.objects.all().delete()
    for loaded in serializers.deserialize('json', dumped):
        loaded.save()
    assert Account.objects.get().credentials == {'token': 'EAAB-secret'}


@pytest.mark.django_db
@pytest.mark.parametrize(
    'lookup', ['credentials', 'credentials__contains', 'credentials__token', 'credentials__gt']
)
def test_looking_for_an_encrypted_value_is_an_error(lookup: str) -> None:
    with pytest.raises(FieldError):
        list(Account.objects.filter(**{lookup: {}}))
    assert Account.objects.filter(credentials__isnull=True).count() == 0


# -- keys


@pytest.mark.django_db
def test_wrong_key_is_a_clear_error_R50(settings) -> None:
    created = account(token='EAAB-secret')
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = ['another-key-that-never-was-here']
    with pytest.raises(ConfigurationError) as caught:
        Account.objects.get(pk=created.pk)
    assert caught.value.reason == 'encryption_key'
    assert 'ENCRYPTION_KEYS' in str(caught.value) and 'another-key' not in str(caught.value)


@pytest.mark.django_db
def test_altered_value_is_an_error_not_garbage() -> None:
    created = account(token='EAAB-secret')
    token = bytearray(stored(Account, 'credentials', created.pk))
    token[40] ^= 1
    with connection.cursor() as cursor:
        table = Account._meta.db_table
        cursor.execute(f'UPDATE "{table}" SET credentials = %s WHERE id = %s', [bytes(token), created.pk])
    with pytest.raises(ConfigurationError, match='encryption_key'):
        Account.objects.get(pk=created.pk)


@pytest.mark.django_db
def test_key_is_changed_without_losing_anything_R50(settings) -> None:
    old, new = 'the-old-key-of-the-town-hall', 'the-new-key-of-the-town-hall'
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = [old]
    accounts = [account(token=f'secret-{number}') for number in range(5)]
    raw = RawEvent.objects.create(network='exemple', body=b'{}')
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = [new, old]
    assert Account.objects.get(pk=accounts[0].pk).credentials['token'] == 'secret-0'  # both open
    account(token='secret-new')

    output = io.StringIO()
    call_command('socialmedia_rotate_keys', batch=2, stdout=output)
    assert 'Account.credentials: 5 encrypted again' in output.getvalue()
    assert 'RawEvent.body: 1 encrypted again' in output.getvalue()
    before = stored(Account, 'credentials', accounts[0].pk)
    output = io.StringIO()
    call_command('socialmedia_rotate_keys', stdout=output)
    assert 'Account.credentials: 0 encrypted again' in output.getvalue()
    assert stored(Account, 'credentials', accounts[0].pk) == before

    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = [new]
    tokens = [found.credentials['token'] for found in Account.objects.order_by('pk')]
    assert tokens == [f'secret-{number}' for number in range(5)] + ['secret-new']
    assert RawEvent.objects.get(pk=raw.pk).body == b'{}'


@pytest.mark.django_db
def test_rotation_without_the_old_key_says_so_and_changes_nothing(settings) -> None:
    created = account(token='secret')
    before = stored(Account, 'credentials', created.pk)
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = ['the-new-key-of-the-town-hall']
    with pytest.raises(CommandError, match='encryption_key'):
        call_command('socialmedia_rotate_keys')
    assert stored(Account, 'credentials', created.pk) == before


def test_all_encrypted_columns_are_rotated() -> None:
    names = {f'{model.__name__}.{field.name}' for model, field in fields.encrypted_fields()}
    assert {'Account.credentials', 'Endpoint.secrets', 'RawEvent.body'} <= names


# -- keyed hashes


def test_hash_tells_an_id_again_and_hides_it_R52(settings) -> None:
    found = fields.keyed_hash('account', 'mid.1')
    assert found == fields.keyed_hash('account', 'mid.1') and len(found) == 64
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = ['a-key-that-has-just-been-rotated']
    assert fields.keyed_hash('account', 'mid.1') == found
    settings.SECRET_KEY = 'another'
    assert fields.keyed_hash('account', 'mid.1') != found


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters())), st.lists(st.text(st.characters())))
def test_hashes_of_different_parts_differ_R52(one: list[str], other: list[str]) -> None:
    assert (fields.keyed_hash(*one) == fields.keyed_hash(*other)) == (one == other)


@pytest.mark.parametrize('size', [0, 1, fields.COMPRESSED_OVER, fields.COMPRESSED_OVER + 1, 4 * 1024 * 1024])
def test_long_bodies_are_compressed_and_come_back_whole(size: int) -> None:
    """R2: a batch of a thousand items is quick to store; R50: encrypted all the same."""
    field = fields.EncryptedBinaryField()
    body = (b'{"mid": "m_1", "text": "\x00\xff bonjour"}' * (size // 30 + 1))[:size]
    stored = field.get_prep_value(body)
    assert bytes(field.from_db_value(stored, None, None)) == body
    assert b'bonjour' not in stored
    if size > fields.COMPRESSED_OVER:
        assert len(stored) < len(body)

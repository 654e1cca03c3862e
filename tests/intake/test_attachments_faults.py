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

"""Files that cannot be had, kept or given at once: their message never waits for them (R5, R9, R20–R23)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from demo.emulators.graph_state import document, photo
from publik_socialmedia import errors, media
from publik_socialmedia.models import Attachment, Delivery
from publik_socialmedia.reasons import sentence
from publik_socialmedia.wcs import mapping
from publik_socialmedia.wcs.client import Client
from tests.delivery.desk import (
    MessengerDesk,
    attachment_states,
    deliveries,
    demand_files,
    kept,
    shown,
    turns,
)
from tests.factory import deliver

pytestmark = pytest.mark.django_db(transaction=True)
CDN = 'GET /cdn/'


def test_media_wait_with_a_dead_token(page: MessengerDesk):
    """R5: a person must repair it: more tries than five, for three days at most."""
    original = photo()
    page.citizen_writes('Voyez', attachments=[original])
    attachment = Attachment.objects.get()
    attachment.url = page.graph.expired(attachment.url)  # a fresh link must be asked for, with the token
    attachment.save()
    page.kill_token()
    deliver()
    turns(9)
    assert attachment_states() == ['wanted'] and Attachment.objects.get().attempts > 5
    assert 'Voyez' in shown(page)
    page.kill_token(False)
    turns(1)
    assert attachment_states() == ['given'] and len(demand_files(page)) == 1


def test_media_do_not_wait_for_ever(page: MessengerDesk):
    """R5, R9: after three days the demand is told that it will not come."""
    page.citizen_writes('Voyez', attachments=[photo()])
    Attachment.objects.update(url=page.graph.expired(Attachment.objects.get().url))
    page.kill_token()
    deliver()
    Delivery.objects.filter(kind='media').update(created_at=timezone.now() - timedelta(days=3, minutes=1))
    turns(1)
    assert attachment_states() == ['unavailable'] and deliveries(kind='media') == [('media', 'done', '')]


@pytest.mark.parametrize('error', [OSError('No space left on device'), KeyError('x')], ids=['disk', 'fault'])
def test_a_fault_of_ours_does_not_keep_the_message(
    page: MessengerDesk, monkeypatch, error: Exception, caplog
):
    """R9: a full disk, a mistake of ours: the words go, the file follows."""
    store = media.store

    def falls(*args: object) -> str:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(media, 'store', falls)
        page.citizen_writes('Voyez', attachments=[photo()])
        deliver()
    assert shown(page).startswith('Voyez') and attachment_states() == ['wanted'] and media.store is store
    turns(1)
    assert attachment_states() == ['given'] and len(demand_files(page)) == 1


def test_an_infected_file(page: MessengerDesk, monkeypatch, private_storage: Path):
    """R10: removed at once."""

    def infected(_path: Path) -> None:
        raise errors.PermanentError('infected')

    monkeypatch.setattr(media, 'scan', infected)
    page.citizen_writes('Voyez', attachments=[photo()])
    deliver()
    assert Attachment.objects.get().reason == 'infected' and kept(private_storage) == []
    assert sentence('infected') in shown(page)


def test_a_slow_file_keeps_no_other_message(page: MessengerDesk):
    """R9, R25: those that come meanwhile are told in their order."""
    page.graph.fail('answer', CDN, times=2, status=503, body=b'')
    page.citizen_writes('un', attachments=[photo()])
    deliver()
    page.citizen_writes('deux')
    page.citizen_writes('trois')
    deliver()
    history = page.history()
    assert history.index('deux') < history.index('trois') and demand_files(page) == []
    turns(3)
    assert len(demand_files(page)) == 1


def test_a_hook_lost_with_its_file_is_made_once(page: MessengerDesk):
    """R21: the file is there once."""
    page.citizen_writes('Bonjour')
    deliver()
    page.wcs.faults.plan('drop')
    page.citizen_writes('', attachments=[document()])
    deliver()
    turns(2)
    assert len(demand_files(page)) == 1 and attachment_states() == ['given']


@pytest.mark.parametrize('first', [True, False], ids=['submit', 'hook'])
def test_w_c_s_refuses_files_that_are_too_big(page: MessengerDesk, monkeypatch, first: bool):
    """R23: the words go with the reason; the demand is not declared deleted."""
    if not first:
        page.citizen_writes('Bonjour')
        deliver()
    name = 'submit' if first else 'hook'
    original = getattr(Client, name)

    def too_large(self, *arguments: Any, **options: Any) -> Any:
        if '"content"' in json.dumps(arguments):
            raise errors.PermanentError('wcs_too_large', http_status=413)
        return original(self, *arguments, **options)

    monkeypatch.setattr(Client, name, too_large)
    page.citizen_writes('Voyez', attachments=[photo()])
    deliver()
    turns(2)
    assert len(page.wcs.demands()) == 1
    assert 'Voyez' in shown(page) and sentence('wcs_too_large')[:20] in shown(page).replace('&#x27;', "'")
    assert attachment_states() == ['unavailable']
    assert set(Delivery.objects.values_list('state', flat=True)) == {'done'}


@pytest.mark.parametrize('kind', ['none', 'file'])
def test_a_form_without_room_for_files(page: MessengerDesk, monkeypatch, kind: str):
    """R20: those that the form cannot hold follow by the hook: none is lost."""
    schema = Client.schema

    def other_form(self, form: str, **options: Any) -> Any:
        found = schema(self, form, **options)
        fields = dict(found.fields)
        block = fields.pop('pieces_jointes')
        if kind == 'file':
            fields['pieces_jointes'] = replace(block, type='file', subfields={})
        return replace(found, fields=fields)

    monkeypatch.setattr(Client, 'schema', other_form)
    page.citizen_writes('Voyez', attachments=[document(f'{number}.pdf') for number in range(3)])
    deliver()
    turns(3)
    followed = page.wcs.demands()[0].files
    assert len(followed) == (3 if kind == 'none' else 2)
    assert attachment_states() == ['given'] * 3


def test_a_burst_of_large_files_goes_in_several_calls(page: MessengerDesk, monkeypatch):
    """R7, R23: w.c.s. must answer in time; the sum of all messages counts."""
    monkeypatch.setattr(mapping, 'MAX_CALL', 700)
    page.account.grouping_delay = 60
    page.account.save()
    for number in range(4):
        page.citizen_writes(f'message {number}', attachments=[document(f'{number}.pdf')])
    turns(6)
    (demand,) = page.wcs.demands()
    held = page.wcs.value(demand, 'pieces_jointes')
    assert 1 <= len(held) < 4 and len(demand_files(page)) == 4
    assert attachment_states() == ['given'] * 4

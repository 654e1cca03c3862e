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


"""The pages about personal data: found, exported, erased, proved; nothing of a person in an address (R51)."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.urls import reverse

from publik_socialmedia.delivery import queue
from publik_socialmedia.models import Account, Contact, Demand, Erasure, Journal, Message
from publik_socialmedia.privacy.forms import RetentionForm
from tests.delivery.desk import messenger
from tests.factory import deliver, make_account, write
from tests.manager.scene import staff, text
from tests.privacy import traces
from tests.privacy.test_erasing import QUESTION

pytestmark = pytest.mark.django_db

HOME = reverse('socialmedia-manage-privacy')


@pytest.fixture
def jeanne() -> Contact:
    write(make_account(), QUESTION, '33199000001', name='Jeanne Exemple')
    return Contact.objects.get()


def page(name: str, *args: Any) -> str:
    return reverse(f'socialmedia-manage-{name}', args=args)


def test_a_person_is_found_exported_then_erased(jeanne, private_storage, caplog):
    client = staff()
    found = client.post(HOME, {'identifier': '+33 1 99 00 00 01'})
    assert page('person', jeanne.pk) in found.content.decode()
    held = client.get(page('person', jeanne.pk))
    # enough to tell two persons apart, not more
    assert 'J••••• E••••••' in text(held) and QUESTION not in text(held) and '33199000001' not in text(held)
    archive = client.post(page('person-export', jeanne.pk))
    assert archive['Content-Type'] == 'application/zip' and 'no-store' in archive['Cache-Control']
    with zipfile.ZipFile(io.BytesIO(b''.join(archive.streaming_content))) as file:
        assert QUESTION in file.read('donnees.json').decode()
    asked = client.get(page('person-erase', jeanne.pk))
    assert Message.objects.get().text == QUESTION  # a GET asks only
    assert 'name="confirmed"' in asked.content.decode()
    client.post(page('person-erase', jeanne.pk))
    assert Message.objects.get().text == QUESTION
    done = client.post(page('person-erase', jeanne.pk), {'confirmed': '1'})
    erasure = Erasure.objects.get()
    assert done['Location'] == page('erasure', erasure.reference)
    assert erasure.actor is not None and erasure.done_at is not None
    proof = client.get(done['Location'])
    assert erasure.reference in text(proof)
    lost = ['33199000001', 'Jeanne Exemple', QUESTION]
    assert traces.found(lost, folder=private_storage, log=caplog.text) == {}
    assert all(trace not in text(proof) for trace in lost)
    actions = Journal.objects.order_by('pk').values_list('action', 'actor__username')
    assert {action for action, actor in actions if actor} == {'export-person', 'erase-person'}
    assert client.get(page('person', jeanne.pk)).status_code == 404
    assert erasure.reference in text(client.get(HOME))


def test_a_proof_is_recognised_by_who_gives_the_identifier(jeanne):
    client = staff()
    client.post(page('person-erase', jeanne.pk), {'confirmed': '1'})
    address = page('erasure', Erasure.objects.get().reference)
    assert 'successnotice' in client.post(address, {'identifier': '01 99 00 00 01'}).content.decode()
    assert 'warningnotice' in client.post(address, {'identifier': '01 99 00 00 02'}).content.decode()
    assert 'errornotice' in client.post(address, {'identifier': ''}).content.decode()
    assert client.get(page('erasure', 'unknown')).status_code == 404


def test_what_does_not_end_at_once_is_gone_on_with(jeanne, monkeypatch):
    monkeypatch.setattr('publik_socialmedia.privacy.screens.RUN_FOR', 0)
    client = staff()
    claim = queue.claim_one(jeanne.conversation.pk)
    assert claim
    client.post(page('person-erase', jeanne.pk), {'confirmed': '1'})
    address = page('erasure', Erasure.objects.get().reference)
    assert 'name="resume"' in client.get(address).content.decode()
    client.post(address, {'resume': '1'})
    assert Message.objects.get().text == QUESTION
    queue.release(claim)
    client.post(address, {'resume': '1'})
    assert Message.objects.get().text == '' and 'name="resume"' not in client.get(address).content.decode()


def test_nobody_is_found_and_homonyms_are_told_apart(jeanne):
    client = staff()
    assert 'role="status"' in client.post(HOME, {'identifier': 'paul'}).content.decode()
    assert 'errornotice' in client.post(HOME, {'identifier': ' '}).content.decode()
    write(make_account('telegram'), user='33199000001')
    other = Contact.objects.exclude(pk=jeanne.pk).get()
    found = client.post(HOME, {'identifier': '33199000001'}).content.decode()
    assert page('person', jeanne.pk) in found and page('person', other.pk) in found
    client.post(page('person-erase', other.pk), {'confirmed': '1'})
    assert Contact.objects.get(pk=jeanne.pk).erased_at is None


def test_the_proof_follows_the_demands_in_w_c_s():
    """R51: its API cannot anonymise: agents do, and the proof says when they did."""
    client = staff()
    with messenger() as desk:
        desk.citizen_writes(QUESTION)
        deliver()
        url = Demand.objects.get().backoffice_url
        client.post(page('person-erase', Contact.objects.get().pk), {'confirmed': '1'})
        address = page('erasure', Erasure.objects.get().reference)
        assert url in client.get(address).content.decode()
        client.post(address, {'look': '1'})
        assert not Erasure.objects.get().demands[0]['gone']
        (demand,) = desk.wcs.demands()
        desk.wcs.anonymise(demand.number)
        client.post(address, {'look': '1'})
        assert Erasure.objects.get().demands[0]['gone']
        shown = client.get(address).content.decode()
        assert 'name="look"' not in shown and url not in shown


def test_w_c_s_that_does_not_answer_is_said(jeanne, settings):
    Demand.objects.create(
        account=jeanne.account,
        conversation=jeanne.conversation,
        form='f',
        number='1',
        state='closed',
        wcs_site='x',
    )
    client = staff()
    client.post(page('person-erase', jeanne.pk), {'confirmed': '1'})
    address = page('erasure', Erasure.objects.get().reference)
    answer = client.post(address, {'look': '1'}, follow=True)
    assert 'warning' in answer.content.decode()
    assert not Erasure.objects.get().demands[0]['gone']


def test_pages_say_how_long_things_are_kept(settings):
    settings.PUBLIK_SOCIALMEDIA_CONVERSATION_RETENTION_MONTHS = 17
    account = make_account(retention_months=5, raw_retention_days=3)
    Journal.objects.create(action='purge', details={'counts': {'bodies': 4321}})
    shown = text(staff().get(HOME))
    assert (
        '17' in shown and str(account) in shown and '4321' in shown.replace('\xa0', '').replace('\u202f', '')
    )


def test_the_register_sheet_is_written_from_the_real_settings(settings):
    settings.PUBLIK_SOCIALMEDIA_CONVERSATION_RETENTION_MONTHS = 17
    make_account(name='Mairie', retention_months=5), make_account('mastodon', name='Fediverse')
    shown = text(staff().get(page('register')))
    for said in ('Mairie', 'Fediverse', '17', '5', 'Démarches', 'https://demarches.example.org/'):
        assert said in shown, said
    before = shown
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = []
    settings.PUBLIK_SOCIALMEDIA_MEDIA_RETENTION_DAYS = 77
    Account.objects.filter(name='Fediverse').update(name='Autre nom')
    after = text(staff().get(page('register')))
    assert '77' in after and '77' not in before and 'Fediverse' not in after
    assert (
        'PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS' in after and 'PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS' not in before
    )


def test_retention_of_an_account_is_set_and_unset():
    account = make_account(retention_months=5)
    form = RetentionForm(account, {'retention_months': '', 'raw_retention_days': '7'})
    assert form.is_valid()
    form.save()
    account.refresh_from_db()
    assert (account.retention_months, account.raw_retention_days) == (None, 7)
    assert not RetentionForm(account, {'retention_months': '0', 'raw_retention_days': '0'}).is_valid()


def test_the_list_costs_the_same_whatever_its_length(jeanne, django_assert_max_num_queries):
    client = staff()
    for number in range(30):
        write(make_account(), user='33199000001')
        Erasure.objects.create(network='x', digests=[str(number)])
    with django_assert_max_num_queries(12):
        client.post(HOME, {'identifier': '33199000001'})

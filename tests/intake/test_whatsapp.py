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

"""WhatsApp through the whole software: people with several ids, lost answers, templates, files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from demo.emulators.graph_state import photo
from demo.emulators.graph_whatsapp_state import Person
from demo.wcs_standin import StandIn
from publik_socialmedia.delivery import sending
from publik_socialmedia.errors import PermanentError
from publik_socialmedia.intake import inbox
from publik_socialmedia.models import (
    Account,
    Attachment,
    Contact,
    ContactIdentifier,
    Conversation,
    Delivery,
    Endpoint,
    Message,
    RawEvent,
    Receipt,
)
from publik_socialmedia.networks.base import OutgoingFile
from tests.factory import deliver, later, make_account
from tests.networks import contract
from tests.networks.desks.whatsapp import CREDENTIALS, Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> Iterator[Desk]:
    with contract.desk('whatsapp') as found, StandIn() as wcs:
        assert isinstance(found, Desk)
        hosts = [found.server.url.removeprefix('http://'), wcs.url.split('/')[2]]
        with override_settings(
            PUBLIK_SOCIALMEDIA_WCS={'default': wcs.settings},
            PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS=hosts,
            PUBLIK_SOCIALMEDIA_API_URLS={'whatsapp': found.server.url},
            PUBLIK_SOCIALMEDIA_NETWORK_TIMEOUT=2,
            PUBLIK_SOCIALMEDIA_BASE_URL='https://combo.example.org',
        ):
            make_account(
                'whatsapp',
                external_id=found.account.external_id,
                endpoint=Endpoint.objects.create(
                    network='whatsapp', secrets={name: list(v) for name, v in found.secrets.items()}
                ),
                credentials=dict(CREDENTIALS),
                facts=dict(found.account.facts),
            )
            yield found


def hear(here: Desk) -> None:
    """What WhatsApp tells comes in and is read."""
    for request in here.heard():
        raw = RawEvent.objects.create(
            endpoint=Endpoint.objects.get(), network='whatsapp', source='webhook', body=request.body
        )
        inbox.read(raw.pk)
    deliver()


def write(here: Desk, text: str = 'Bonjour', person: Person | None = None) -> Conversation:
    here.server.citizen_writes(person or here.person, text)
    hear(here)
    return Message.objects.filter(text=text).latest('pk').conversation


def turn() -> None:
    later()
    deliver()


# -- who


def test_a_person_who_hides_their_number_stays_the_same(here: Desk):
    """R15: number and id, then the id alone: one thread; the answer still goes."""
    conversation = write(here, 'avec numéro')
    here.person.shows_number = False
    assert write(here, 'sans numéro', here.server.world.people[0]) == conversation
    assert Contact.objects.count() == 1
    sending.accept(conversation, 'Reçu.', answer_key='1')
    deliver()
    assert [m.text for m in here.server.said_to(here.server.world.people[0])] == ['Reçu.']


def test_somebody_of_before_the_ids_is_joined(here: Desk):
    """R15: kept by their number alone until March 2026, then known by both."""
    here.server.notifier.scoped = False
    conversation = write(here, 'avant')
    here.server.notifier.scoped = True
    assert write(here, 'après') == conversation
    values = list(ContactIdentifier.objects.values_list('value', flat=True))
    assert values == [here.person.number, here.person.user_id]


def test_a_new_number_is_the_one_written_to(here: Desk):
    """R15"""
    conversation = write(here)
    here.server.citizen_changes_number(here.person, '33639980055')
    hear(here)
    conversation.refresh_from_db()
    here.citizen = '33639980055'
    sending.accept(conversation, 'Reçu.', answer_key='1')
    deliver()
    assert here.on_screen() == ['Reçu.']
    assert here.server.calls[-1].params['to'] == '+33639980055'


def test_two_threads_of_one_person_are_joined(here: Desk):
    """R15: the new number wrote before its change was told."""
    write(here, 'ancien numéro')
    other = here.server.add_person('Camille Martin', '33639980055')
    write(here, 'nouveau numéro', other)
    assert Conversation.objects.count() == 2
    here.server.citizen_changes_number(here.person, '33639980055')
    hear(here)
    assert Conversation.objects.get().messages.count() == 2


def test_what_opens_no_demand(here: Desk):
    """R11, R14: a call, a reaction, an answer of the telephone, the past of a telephone."""
    here.server.citizen_calls(here.person)
    here.server.telephone_writes(here.person, 'Passez lundi')
    here.server.telephone_history(here.person, ['Ancien', 'Réponse'])
    hear(here)
    assert list(Message.objects.values_list('text', 'origin')) == [('Passez lundi', 'native')]
    assert not Delivery.objects.filter(kind=Delivery.Kind.MESSAGE).exists()


# -- files


def test_a_sticker_is_fetched_as_a_picture(here: Desk):
    """R9: people make them of their own photographs."""
    sticker = photo()
    sticker.kind = 'sticker'
    here.server.citizen_writes(here.person, '', sticker)
    hear(here)
    attachment = Attachment.objects.get()
    assert attachment.state == Attachment.State.STORED and attachment.size
    assert [call.path for call in here.server.calls if '/cdn/' in call.path]


def test_our_token_goes_to_the_media_host_only(here: Desk):
    """R10, R50"""
    here.server.citizen_writes(here.person, 'Voici', photo())
    hear(here)
    assert Attachment.objects.get().state == Attachment.State.STORED
    asked = [call for call in here.server.calls if '/cdn/lookaside.fbsbx.com/' in call.path]
    assert len(asked) == 1 and asked[0].headers['authorization'].startswith('Bearer ')
    assert not any('EAA' in f'{call.path}{call.query}' for call in here.server.calls)


# -- lost answers


def test_a_status_tells_what_a_lost_answer_became(here: Desk):
    """R30: the message is known by our key, and is not sent again."""
    conversation = write(here)
    here.fail('cut_after')
    (message,) = sending.accept(conversation, 'Votre dossier est prêt.', answer_key='1')
    deliver()
    hear(here)
    message.refresh_from_db()
    assert (message.state, message.external_id) == ('sent', here.server.said_to(here.person)[0].id)
    for _ in range(3):
        turn()
    assert here.on_screen() == ['Votre dossier est prêt.'] and here.sends() == 1


def test_an_answer_that_never_left_goes_once_we_know_it(here: Desk):
    """R30: something else came from WhatsApp since, and no status of it."""
    conversation = write(here)
    here.fail('cut_before')
    sending.accept(conversation, 'Votre dossier est prêt.', answer_key='1')
    deliver()
    turn()
    assert here.on_screen() == []  # silence proves nothing
    write(here, 'Vous êtes là ?')
    later()
    Account.objects.update(last_event_at=timezone.now())
    deliver()
    assert here.on_screen() == ['Votre dossier est prêt.']


def test_what_came_before_a_lost_answer_proves_nothing_though_it_is_read_after(here: Desk):
    """R30: the answer went, then our webhook was cut: its status cannot come."""
    conversation, now = write(here), timezone.now()
    here.server.citizen_writes(here.person, 'Merci d’avance')
    (request,) = here.heard()
    here.fail('cut_after')
    sending.accept(conversation, 'Votre dossier est prêt.', answer_key='1')
    deliver()
    later()
    Account.objects.update(last_event_at=now - timedelta(minutes=20))
    Delivery.objects.filter(kind='send').update(tried_at=now - timedelta(minutes=6))
    raw = RawEvent.objects.create(
        endpoint=Endpoint.objects.get(),
        network='whatsapp',
        source='webhook',
        body=request.body,
        received_at=now - timedelta(minutes=7),
    )
    inbox.read(raw.pk)
    deliver()
    assert Message.objects.filter(text='Merci d’avance').exists() and here.sends() == 1


def test_after_an_hour_of_silence_the_agent_is_asked(here: Desk):
    """R30, R33"""
    conversation = write(here)
    here.fail('cut_after')
    (message,) = sending.accept(conversation, 'Votre dossier est prêt.', answer_key='1')
    deliver()
    later()
    long_ago = timezone.now() - timedelta(hours=2)
    Delivery.objects.filter(kind='send').update(tried_at=long_ago)
    Account.objects.update(last_event_at=long_ago)
    deliver()
    message.refresh_from_db()
    assert (message.state, message.failure) == ('failed', 'perhaps_sent')
    hear(here)  # the webhook works again: what was sent is known to be
    message.refresh_from_db()
    assert message.external_id == here.server.said_to(here.person)[0].id
    assert here.sends() == 1
    here.server.citizen_has(message.external_id, 'delivered')
    hear(here)
    message.refresh_from_db()
    assert message.state == 'delivered'


@pytest.mark.parametrize('order', [1, -1])
def test_states_that_come_before_we_know_the_message(here: Desk, order: int):
    """R12: the highest one is remembered, in one row."""
    write(here)
    unknown = here.server.world.say(here.person, 'text', 'x', from_us=True)
    for status in ['sent', 'delivered', 'read'][::order]:
        here.server.citizen_has(unknown.id, status)
    hear(here)
    assert list(Receipt.objects.values_list('target', 'status')) == [(unknown.id, 'read')]


def test_a_failure_told_later_is_on_the_demand(here: Desk):
    """R33"""
    conversation = write(here)
    here.server.api.later = [131047]
    (message,) = sending.accept(conversation, 'Votre dossier est prêt.', answer_key='1')
    deliver()
    hear(here)
    message.refresh_from_db()
    assert (message.state, message.failure, message.failure_code) == ('failed', 'window', '131047')
    turn()
    told = Delivery.objects.filter(kind=Delivery.Kind.STATE, state='done')
    assert told.filter(key__endswith=':failed').count() == 1


# -- after 24 hours


def test_a_template_goes_past_the_window_through_the_whole_software(here: Desk):
    """R32"""
    conversation = write(here)
    here.age(timedelta(hours=30))
    Conversation.objects.update(last_inbound_at=timezone.now() - timedelta(hours=30))
    conversation.refresh_from_db()
    with pytest.raises(PermanentError) as caught:
        sending.accept(conversation, 'Bonjour', answer_key='1')
    assert caught.value.reason == 'window'
    file = OutgoingFile(photo().content, 'photo.jpg', 'image/jpeg')
    with pytest.raises(PermanentError) as caught:
        sending.accept(conversation, 'Bonjour', [file], answer_key='1', template=True)
    assert caught.value.reason == 'template_file'
    (message,) = sending.accept(conversation, 'Bonjour,\nc’est prêt.', answer_key='1', template=True)
    deliver()
    hear(here)
    message.refresh_from_db()
    assert message.template and message.state == 'sent'
    (sent,) = here.server.said_to(here.person)
    assert sent.template == 'reponse_mairie' and 'Bonjour, — c’est prêt.' in sent.text


def test_too_fast_to_one_person_holds_no_other_thread(here: Desk):
    """R33"""
    first = write(here)
    karim = here.server.add_person('Karim Exemple')
    second = write(here, 'Et moi ?', karim)
    here.person.allowance = 0
    sending.accept(first, 'Premier', answer_key='1')
    sending.accept(second, 'Second', answer_key='2')
    deliver()
    assert here.on_screen() == [] and len(here.server.said_to(karim)) == 1
    assert Account.objects.get().throttled_for == 0
    here.person.allowance = 45
    turn()
    assert here.on_screen() == ['Premier']

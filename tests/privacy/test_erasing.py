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


"""One person erased: no trace in database, files or logs; counts unchanged; nothing comes back (R51, R52)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from publik_socialmedia import media
from publik_socialmedia.delivery import queue
from publik_socialmedia.intake import inbox, polling
from publik_socialmedia.models import (
    Attachment,
    ChannelEvent,
    Contact,
    ContactIdentifier,
    Conversation,
    Delivery,
    Demand,
    Erasure,
    Journal,
    Message,
    RawEvent,
    Reaction,
    Receipt,
    Tombstone,
)
from publik_socialmedia.networks.base import Attachment as Sent
from publik_socialmedia.networks.base import Kind, Status
from publik_socialmedia.privacy import erasing, erasures, finding
from tests.delivery.desk import Desk, MessengerDesk, desk_of, hear, inbox_all, messenger, turns
from tests.factory import deliver, happens, make_account, write
from tests.privacy import traces

pytestmark = pytest.mark.django_db

PNG = bytes.fromhex(
    '89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000'
    '0500017a5e8dc70000000049454e44ae426082'
)
QUESTION = 'Le lampadaire devant chez moi clignote toute la nuit'
ANSWER = 'Un technicien passera mardi à votre domicile'


@pytest.fixture(params=['messenger', 'mastodon'])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with desk_of(request.param) as found:
        yield found


def live(desk: Desk) -> Contact:
    """Somebody writes, is answered, writes again; another person writes too."""
    desk.citizen_writes(QUESTION)
    deliver()
    desk.answer(ANSWER)
    turns()
    desk.citizen_writes('Merci bien, je laisserai le portail ouvert')
    turns()
    return Contact.objects.get(conversation__messages__text__contains='lampadaire')


def traces_of(contact: Contact) -> list[str]:
    """All that tells of that person: who, what, by which ids."""
    conversation = contact.conversation
    messages = list(conversation.messages.all())
    found = [contact.name, *contact.identifiers.values_list('value', flat=True)]
    found += [message.text for message in messages] + [message.external_id for message in messages]
    found += [message.key for message in messages]
    found += [demand.key for demand in conversation.demands.all()]
    return [trace for trace in found if trace]


def erase(contact: Contact, **values: Any) -> Erasure:
    erasure = erasures.ask([contact], **values)
    assert erasures.run(erasure, seconds=5)
    erasure.refresh_from_db()
    return erasure


def test_no_trace_is_left_and_the_counts_do_not_change(desk, private_storage, caplog):
    """R51: from end to end, with what the network and w.c.s. really say."""
    caplog.set_level(logging.DEBUG)
    contact = live(desk)
    looked_for, counted = traces_of(contact), traces.statistics()
    assert QUESTION in looked_for and ANSWER in looked_for
    # all of it was there: the test looks at the right places
    before = traces.found(looked_for, folder=private_storage, log='')
    assert set(before['database']) >= {QUESTION, ANSWER, contact.name, looked_for[1]} - {''}
    erase(contact)
    assert traces.found(looked_for, folder=private_storage, log=caplog.text) == {}
    assert traces.statistics() == counted


def test_a_redelivery_brings_nothing_back(page, private_storage, caplog):
    """R52: of messages, reactions, receipts, echoes; the bodies that bring them are emptied too."""
    page.citizen_writes(QUESTION)
    deliver()
    page.answer(ANSWER)
    turns()
    mid = Message.objects.get(text=QUESTION).external_id
    page.graph.citizen_edits(mid, f'{QUESTION}, depuis lundi')
    page.graph.citizen_reacts(mid)
    page.graph.citizen_follows_link(page.citizen, 'affiche-mairie')
    page.graph.citizen_reads(page.citizen)
    page.hear()
    bodies = [bytes(raw.body) for raw in RawEvent.objects.order_by('pk')]
    assert len(bodies) >= 5
    contact = Contact.objects.get()
    looked_for = [*traces_of(contact), 'affiche-mairie']
    assert traces.found(looked_for, folder=private_storage, log='')['database'] == looked_for
    counted = traces.statistics()
    erase(contact)
    for body in [*bodies, *reversed(bodies)]:
        raw = hear(page.account, body)
        assert raw.state == 'done' and raw.emptied_at is not None, json.loads(body)
    deliver()
    assert traces.found(looked_for, folder=private_storage, log=caplog.text) == {}
    assert traces.statistics() == counted
    assert Contact.objects.count() == 1 and Message.objects.filter(erased_at=None).count() == 0
    assert len(page.wcs.demands()) == 1


def test_reading_the_past_again_brings_nothing_back(desk, private_storage, caplog):
    """R52: a gap repair, a first import, an overlap: the network still has the messages and gives them."""
    contact = live(desk)
    looked_for, counted = traces_of(contact), traces.statistics()
    erase(contact)
    stored = sum(
        polling.repair(desk.account, timezone.now() - timedelta(days=2), pause=lambda _seconds: None)
    )
    assert stored > 0
    inbox_all()
    assert traces.found(looked_for, folder=private_storage, log=caplog.text) == {}
    assert traces.statistics() == counted


@pytest.fixture
def page() -> Iterator[MessengerDesk]:
    with messenger() as found:
        yield found


def test_who_writes_again_is_somebody_new(page):
    """R52: erased is not blocked."""
    page.citizen_writes(QUESTION)
    deliver()
    old = Contact.objects.get()
    erase(old)
    message = page.citizen_writes('Bonjour, une autre demande')
    assert message.conversation.contact_id != old.pk
    deliver()
    assert len(page.wcs.demands()) == 2
    # and is answered, receipts included
    page.answer('Bien reçu')
    turns()
    page.graph.citizen_reads(page.citizen)
    page.hear()
    assert Message.objects.get(text='Bien reçu').state == 'read'


def test_what_was_written_after_the_request_goes_on(db):
    """R21, R51: the words of who writes while being erased are not lost."""
    account = make_account()
    write(account, QUESTION)
    erasure = erasures.ask([Contact.objects.get()])
    late = write(account, 'Encore moi')
    assert erasures.run(erasure, seconds=5)
    late.refresh_from_db()
    assert late.text == 'Encore moi' and late.conversation.contact.erased_at is None
    assert [d.state for d in late.deliveries.all()] == ['pending']
    assert late.deliveries.get().conversation_id == late.conversation_id
    assert late.conversation.contact.identifiers.get().value == 'jeanne'
    assert Message.objects.exclude(pk=late.pk).get().text == ''


def test_files_go_with_their_rows(private_storage):
    """R51: also one that no row knows any more after a crash is left to the purge, never the contrary."""
    account = make_account()
    message = write(account, QUESTION, attachments=[Sent('image', url='https://cdn.example.org/jeanne.png')])
    attachment = message.attachments.get()
    Attachment.objects.filter(pk=attachment.pk).update(
        state='stored', storage=media.store(PNG, '.png'), filename='jeanne.png', alt='ma maison'
    )
    assert traces.files(private_storage)
    erase(Contact.objects.get())
    assert traces.files(private_storage) == b''
    assert 'jeanne' not in traces.database() and 'ma maison' not in traces.database()
    assert Attachment.objects.get().state == 'erased'


def test_everything_that_is_known_besides_messages_goes(private_storage):
    account = make_account(
        facts={'paid': {'month': '2026-11', 'count': 3, 'day': '2026-11-22', 'ids': ['jeanne', 'p']}}
    )
    message = write(account, QUESTION, name='Jeanne Exemple', aliases=('jeanne-bis',))
    write(account, 'Autre', 'paul', name='Paul')
    happens(account, Kind.EDIT, message.external_id, text=f'{QUESTION} !')
    happens(account, Kind.REACTION, message.external_id, emoji='❤')
    happens(account, Kind.REACTION, 'elsewhere', emoji='❤')
    happens(account, Kind.REACTION, 'elsewhere', user='paul', emoji='❤')
    happens(account, Kind.STATUS, '', status=Status.READ, up_to=timezone.now())
    happens(account, Kind.STATUS, 'unknown-to-us', user='', status=Status.READ)
    happens(account, Kind.CHANNEL, '', topic='referral', details={'ref': 'affiche'})
    happens(account, Kind.CHANNEL, '', user='', topic='thread_control', details={'of': ['jeanne-bis']})
    happens(account, Kind.CHANNEL, '', user='paul', topic='referral', details={'ref': 'affiche'})
    Contact.objects.filter(name='Jeanne Exemple').update(name_id='a' * 32, wcs_user_id='12', blocked=True)
    erasure = erase(Contact.objects.get(name='Jeanne Exemple'))
    rows = traces.database()
    for trace in ('jeanne', 'Jeanne', QUESTION, 'a' * 32, message.external_id):
        assert trace not in rows, trace
    assert 'Paul' in rows
    assert [r.user for r in Reaction.objects.all()] == ['paul']
    assert [r.target for r in Receipt.objects.all()] == ['unknown-to-us']
    assert [e.user for e in ChannelEvent.objects.all()] == ['paul']
    assert erasure.counts == {
        'persons': 1, 'messages': 1, 'versions': 2, 'reactions': 2, 'receipts': 1, 'events': 2,
        'identifiers': 2, 'deliveries': 2,
    }  # fmt: skip
    # told again, it is not kept again
    happens(account, Kind.CHANNEL, '', user='', topic='thread_control', details={'of': ['jeanne-bis']})
    assert 'jeanne' not in traces.database()
    account.refresh_from_db()
    assert account.facts['paid'] == {'month': '2026-11', 'count': 3, 'day': '2026-11-22', 'ids': ['p']}


def test_what_waited_is_not_told_nor_sent_any_more(page):
    page.citizen_writes(QUESTION)
    deliver()
    page.answer(ANSWER)
    contact = Contact.objects.get()
    erase(contact)
    turns()
    assert page.on_screen() == []
    assert set(Delivery.objects.values_list('state', flat=True)) <= {'done', 'cancelled'}


def test_one_person_on_all_accounts_of_the_network_and_no_homonym_elsewhere():
    """R51: everywhere; the same number on another network may be somebody else."""
    here, there = make_account(), make_account()
    other = make_account('telegram')
    for account in (here, there, other):
        write(account, QUESTION, '123456')
    write(here, 'Autre', '1234567')
    found = list(finding.contacts(' 123456 ', 'messenger'))
    assert [contact.account for contact in found] == [here, there]
    assert len(finding.contacts('123456')) == 3
    erase(found[0])
    left = ContactIdentifier.objects.order_by('pk').values_list('account', 'value')
    assert list(left) == [(other.pk, '123456'), (here.pk, '1234567')]
    with pytest.raises(ValueError):
        erasures.ask(Contact.objects.filter(erased_at=None))


@pytest.mark.parametrize(
    ('stored', 'typed'),
    [
        ('33199000001', '+33 1 99 00 00 01'),
        ('+33199000001', '0033 1 99 00 00 01'),
        ('33199000001', '01.99.00.00.01'),
        ('1234567890', '1234567890'),
        ('jeanne@ailleurs.example', '@Jeanne@ailleurs.example'),
        ('@jeanne', 'jeanne'),
    ],
)
def test_identifiers_are_found_as_people_write_them(stored, typed):
    write(make_account(), user=stored)
    assert [c.identifiers.get().value for c in finding.contacts(typed)] == [stored]


def test_somebody_who_is_being_worked_for_is_waited_for():
    """R22: no row changes under a worker's feet."""
    write(make_account(), QUESTION)
    conversation = Conversation.objects.get()
    claim = queue.claim_one(conversation.pk)
    assert claim
    erasure = erasures.ask([conversation.contact])
    assert not erasures.run(erasure, seconds=0)
    assert Message.objects.get().text == QUESTION
    queue.release(claim)
    assert erasures.resume() == 1
    assert Message.objects.get().text == ''


def test_an_unread_body_is_waited_for(page):
    """R52: what it brings is read once the messages are buried."""
    page.citizen_writes(QUESTION)
    contact = Contact.objects.get()
    body = bytes(RawEvent.objects.get().body)
    again = RawEvent.objects.create(
        endpoint=page.account.endpoint, network='messenger', source='webhook', body=body
    )
    erasure = erasures.ask([contact])
    assert not erasures.run(erasure, seconds=1)
    again.refresh_from_db()
    assert bytes(again.body) == body
    inbox.read(again.pk)
    assert erasures.run(erasure, seconds=5)
    assert QUESTION not in traces.database()


def test_a_body_in_quarantine_keeps_what_others_wrote(page):
    """R3, R51: only what speaks of the person is taken out of what nobody could read yet."""
    page.citizen_writes(QUESTION)
    contact = Contact.objects.get()
    body = json.loads(bytes(RawEvent.objects.get().body))
    stranger = json.loads(json.dumps(body['entry'][0]['messaging'][0]))
    stranger['sender']['id'], stranger['message'] = '998877665544', {'mid': 'm_other', 'text': 'De Paul'}
    body['entry'][0]['messaging'].append(stranger)
    raw = RawEvent.objects.create(
        endpoint=page.account.endpoint,
        network='messenger',
        source='webhook',
        body=json.dumps(body).encode(),
        state='quarantined',
    )
    erase(contact)
    raw.refresh_from_db()
    assert QUESTION not in traces.database()
    assert raw.state == 'quarantined' and raw.emptied_at is None
    inbox.replay([raw.pk])
    inbox.read(raw.pk)
    assert Message.objects.get(external_id='m_other').text == 'De Paul'


def test_an_emptied_body_is_not_read_again(page):
    page.citizen_writes(QUESTION)
    erase(Contact.objects.get())
    raw = RawEvent.objects.get()
    inbox.replay([raw.pk])
    inbox.read(raw.pk)
    raw.refresh_from_db()
    assert (raw.state, raw.error, bytes(raw.body)) == ('done', '', b'')


class Killed(BaseException):
    """Nothing catches it."""


@pytest.mark.parametrize('step', range(1, 12))
def test_killed_at_any_point_it_ends_at_the_next_run(step, monkeypatch, private_storage):
    """R51: the proof is whole too: every message counted once."""
    monkeypatch.setattr(erasing, 'BATCH', 2)
    account = make_account()
    for number in range(5):
        message = write(account, f'{QUESTION} {number}', name='Jeanne Exemple')
    Attachment.objects.create(
        message=message, position=0, kind='image', state='stored', storage=media.store(PNG, '.png')
    )
    RawEvent.objects.create(
        account=account, network='messenger', source='poll', body=b'{"of": "jeanne"}', state='done'
    )
    erasure = erasures.ask([Contact.objects.get()])
    saves = iter(range(1, 100))

    def dies(self: Any, *args: Any, **kwargs: Any) -> None:
        save(self, *args, **kwargs)
        if next(saves) == step:
            raise Killed

    save = Erasure.save
    monkeypatch.setattr(Erasure, 'save', dies)
    try:
        erasures.run(erasure, seconds=5)
    except Killed:
        Conversation.objects.update(lease_until=None, lease_token='')
    finally:
        monkeypatch.setattr(Erasure, 'save', save)
    assert erasures.run(Erasure.objects.get(), seconds=5)
    found = Erasure.objects.get()
    assert traces.found(['jeanne', 'Jeanne', QUESTION], folder=private_storage, log='') == {}
    assert traces.files(private_storage) == b''
    assert (found.counts['messages'], found.counts['persons'], found.counts['bodies']) == (5, 1, 1)
    assert found.state == 'done' and dict(found.subject) == {}


def test_the_proof_says_what_w_c_s_still_holds(page):
    page.citizen_writes(QUESTION)
    deliver()
    demand = Demand.objects.get()
    erasure = erase(Contact.objects.get())
    (left,) = erasure.demands
    assert left['url'] == demand.backoffice_url and left['number'] == demand.number and not left['gone']
    bone = Demand.objects.get()
    assert bone.state == 'gone' and bone.opened_at == demand.opened_at
    assert (bone.url, bone.backoffice_url, bone.tracking_code, bone.uuid) == ('', '', '', '')
    assert demand.token != bone.token and demand.key != bone.key
    assert Journal.objects.get(action='erase-person').details['reference'] == erasure.reference
    assert erasures.is_about(erasure, page.citizen) and not erasures.is_about(erasure, 'paul')


def test_tombstones_last_as_long_as_redeliveries(settings):
    settings.PUBLIK_SOCIALMEDIA_RAW_RETENTION_DAYS = 10
    write(make_account(), QUESTION)
    erase(Contact.objects.get())
    ends = set(Tombstone.objects.values_list('expires_at', flat=True))
    assert min(ends) > timezone.now() + timedelta(days=29)

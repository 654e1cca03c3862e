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

"""The answers of agents, brought by signed calls: taken once, checked at once, sent by the worker."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from PIL import Image

from publik_socialmedia.models import Account, Attachment, Conversation, Delivery, Demand, Message
from tests.factory import make_account
from tests.wcs.caller import TEXT, Caller, file, make_demand

pytestmark = pytest.mark.django_db

PDF = b'%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n'


def photo() -> bytes:
    output = io.BytesIO()
    Image.new('RGB', (30, 20), 'navy').save(output, 'JPEG')
    return output.getvalue()


@pytest.fixture
def workflow() -> Caller:
    return Caller(make_demand())


@pytest.fixture
def mastodon() -> Caller:
    return Caller(make_demand(make_account('mastodon')))


def answers() -> list[Message]:
    return list(Message.objects.filter(origin='agent').order_by('pk'))


# -- taken


def test_an_answer_is_taken_and_queued(workflow: Caller):
    """R30: nothing is sent in the call; w.c.s. learns that it will be, and until when it could."""
    told = workflow.ask()
    (message,) = answers()
    demand = workflow.demand
    assert (message.text, message.state, message.demand_id) == (TEXT, 'queued', demand.pk)
    assert (told['state'], told['parts']) == ('queued', 1)
    begun = Conversation.objects.get().last_inbound_at
    assert told['until'] == (begun + timedelta(hours=24)).isoformat()
    assert Delivery.objects.get().state == 'pending' and Conversation.objects.get().due_at
    assert 'display_id' not in told  # w.c.s. would take it as the number of the demand


def test_no_limit_of_time_is_told_as_such(mastodon: Caller):
    """R32"""
    assert mastodon.ask()['until'] is None


def test_taking_an_answer_asks_nobody_outside(workflow: Caller, monkeypatch):
    """R30: its time is that of a few queries, whatever the network and w.c.s. do."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError('a connection was opened')

    monkeypatch.setattr('publik_socialmedia.http.Client.request', refuse)
    monkeypatch.setattr('socket.create_connection', refuse)
    workflow.ask(file=file(PDF))
    assert len(answers()) == 2


@pytest.mark.parametrize('number', ['12', '3-12'])
def test_the_number_may_be_that_of_people(workflow: Caller, number: str):
    assert workflow.ask(number=number)['state'] == 'queued'


def test_the_first_call_tells_the_uuid(workflow: Caller):
    """R30: the answer to a submission does not tell it."""
    workflow.ask()
    assert Demand.objects.get().uuid == workflow.uuid
    workflow.ask(reply='2', uuid=workflow.uuid.upper())
    assert len(answers()) == 2


def test_a_closing_word_and_an_answer_of_the_same_rank_are_two(workflow: Caller):
    """R30"""
    workflow.ask()
    workflow.ask(kind='closing', text='Nous fermons votre demande.')
    assert [message.text for message in answers()] == [TEXT, 'Nous fermons votre demande.']


# -- once


def test_the_same_answer_twice_is_one(workflow: Caller):
    """R30: the agent tries again, with another text maybe: what was taken first is what leaves."""
    first = workflow.ask()
    assert workflow.ask(text='Autre texte') == first
    assert [message.text for message in answers()] == [TEXT]
    workflow.ask(reply='2')
    assert len(answers()) == 2


@pytest.mark.django_db(transaction=True)
def test_two_identical_calls_at_once_are_one_answer():
    """R30"""
    workflow = Caller(make_demand())
    start = threading.Barrier(6)

    def call(_rank: int) -> tuple[int, int]:
        try:
            start.wait(10)
            answer = Caller(workflow.demand, Client(), workflow.uuid).post(text='mot ' * 1500)
            return answer.status_code, answer.json()['data']['parts']
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(call, range(6)))
    assert set(told) == {(200, len(answers()))} and len(answers()) > 1


def test_another_demand_of_the_same_rank_is_another_answer(workflow: Caller):
    """R30"""
    workflow.ask()
    other = make_demand(workflow.demand.account, user='paul', number='13')
    Caller(other).ask()
    assert {message.demand_id for message in answers()} == {workflow.demand.pk, other.pk}


# -- checked at once


def test_a_closed_window_is_told_at_once(workflow: Caller):
    """R32: nothing is queued."""
    Conversation.objects.update(last_inbound_at=timezone.now() - timedelta(hours=25))
    assert workflow.refused() == 'window'
    assert answers() == []


@pytest.mark.parametrize('text', ['', '   \n', None, 12, ['a'], '\x00'])
def test_an_empty_answer_is_refused(workflow: Caller, text: object):
    """R31"""
    assert workflow.refused(text=text) == 'empty'


def test_a_text_too_long_even_in_parts_is_refused(mastodon: Caller):
    """R31: nobody reads a hundred messages on a telephone."""
    assert mastodon.refused(text='Une phrase de la réponse. ' * 1000) == 'too_long'
    assert answers() == []


def test_a_long_text_is_cut(workflow: Caller):
    """R31"""
    assert workflow.ask(text='Une phrase de la réponse. ' * 200)['parts'] == 3


def test_a_text_is_cleaned(workflow: Caller):
    """R24"""
    workflow.ask(text='a\x00b\ud800c\u202ed')
    assert answers()[0].text == 'abcd'


def test_a_paused_account_takes_no_answer(workflow: Caller):
    """R33: nothing leaves a paused account, and the agent is told at once."""
    Account.objects.update(state='paused')
    assert workflow.refused() == 'paused'
    assert answers() == []


def test_a_broken_account_takes_answers(workflow: Caller):
    """R33: its token may be repaired before the window ends."""
    Account.objects.update(state='broken', problem='auth')
    assert workflow.ask()['state'] == 'queued'


def test_a_demand_being_created_asks_to_wait(workflow: Caller):
    """R21: w.c.s. has it, and we do not know its number yet."""
    Demand.objects.update(state='opening', number='')
    assert workflow.refused() == 'opening'


def test_a_demand_that_we_know_closed_may_be_answered(workflow: Caller):
    """R30: w.c.s. is who knows; agents may have opened it again."""
    Demand.objects.update(state='closed', closed_at=timezone.now())
    assert workflow.ask()['state'] == 'queued'


# -- files


@pytest.mark.parametrize(
    'content, given, mimetype, name',
    [
        (PDF, 'plan de la ville.PDF', 'application/pdf', 'plan de la ville.pdf'),
        (photo(), 'photo é.png', 'image/jpeg', 'photo é.jpg'),
        (PDF, '../../etc/<b>x</b>.html', 'application/pdf', 'b.pdf'),
        (PDF, '', 'application/pdf', 'fichier.pdf'),
    ],
)
def test_a_file_is_known_by_its_content(workflow: Caller, content, given, mimetype, name):
    """R31: not by its name, nor by the type that w.c.s. guesses."""
    told = workflow.ask(file=file(content, given))
    assert told['parts'] == 2
    attachment = Attachment.objects.get(message__origin='agent')
    assert (attachment.mimetype, attachment.filename, attachment.size) == (mimetype, name, len(content))


def test_a_file_alone(workflow: Caller):
    """R31"""
    assert workflow.ask(text='', file=file(PDF))['parts'] == 1


@pytest.mark.parametrize(
    'value, reason',
    [
        (file(b'MZ\x90\x00' + b'\0' * 100, 'facture.pdf'), 'file_type'),
        (file(b'<html><script>alert(1)</script></html>', 'a.txt'), 'file_type'),
        (file(b'', 'vide.pdf'), 'file_unreadable'),
        ({'filename': 'a.pdf', 'content': 'pas du base64 !'}, 'file_unreadable'),
        ({'filename': 'a.pdf', 'content': 12}, 'file_unreadable'),
        ({'filename': 'a.pdf'}, 'file_unreadable'),
        ('a.pdf', 'file_unreadable'),
        ([file(PDF)], 'file_unreadable'),
    ],
)
def test_a_file_that_is_not_one_is_refused(workflow: Caller, value: object, reason: str):
    """R31: nothing is taken, the text neither."""
    assert workflow.refused(file=value) == reason
    assert answers() == []


def test_a_file_too_big_for_us_or_for_the_network(workflow: Caller, settings):
    """R31"""
    settings.PUBLIK_SOCIALMEDIA_MAX_MEDIA = 1000
    assert workflow.refused(file=file(PDF + b' ' * 1000)) == 'file_too_big'
    assert workflow.ask(file=file(PDF))['parts'] == 2


def test_a_type_that_the_network_does_not_take(mastodon: Caller):
    """R31"""
    assert mastodon.refused(file=file(PDF)) == 'file_type'


# -- trial


def test_a_dry_run_sends_nothing(workflow: Caller):
    """R40: all that a true call is checked for, and what an agent may write."""
    told = workflow.ask(kind='dry-run', reply='')
    assert (told['state'], told['limit'], told['unit']) == ('dry-run', 2000, 'utf16')
    assert answers() == []
    assert not Delivery.objects.exists()

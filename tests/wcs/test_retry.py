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

"""« Réessayer »: what failed of an answer goes again, once, and nothing else does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from publik_socialmedia.models import Account, Attachment, Conversation, Delivery, Demand, Message
from publik_socialmedia.networks.base import Kind, Status
from tests.delivery.desk import MessengerDesk, kept, messenger, turns
from tests.factory import deliver, happens
from tests.wcs.caller import Caller, file, signed_query
from tests.wcs.test_replies import photo

pytestmark = pytest.mark.django_db

REFUSED = {'error': {'message': '(#100)', 'code': 100, 'error_subcode': 2018001}}


class Desk:
    """A page whose citizen wrote, and the workflow of the demand."""

    def __init__(self, page: MessengerDesk) -> None:
        self.page = page
        # w.c.s. names the demand by the uuid that it tells us when we look at it
        self.workflow = Caller(Demand.objects.get(), uuid=page.wcs.demands()[0].uuid)

    def call(self, service: str = 'answer', **values: Any) -> dict[str, Any]:
        return self.workflow.ask(service, query=self._query(), **values)

    def refused(self, service: str = 'answer', **values: Any) -> str:
        return self.workflow.refused(service, query=self._query(), **values)

    def fail(self, **values: Any) -> None:
        """An answer that the network refuses for good."""
        self.page.graph.fail('answer', self.page.SENDS, status=400, body=REFUSED)
        self.call(**values)
        deliver()
        assert 'failed' in states()
        self.page.graph.faults.clear()

    @property
    def screen(self) -> list[str]:
        return self.page.on_screen()

    def _query(self) -> str:
        site = self.page.wcs
        return signed_query(orig='127.0.0.1', key=site.secret)


def states() -> list[str]:
    ours = Message.objects.filter(origin='agent').order_by('pk')
    return list(ours.values_list('state', flat=True))


@pytest.fixture
def desk() -> Iterator[Desk]:
    with messenger() as page:
        page.graph.sender.receipts = ()
        page.citizen_writes('Où en est mon dossier ?')
        deliver()
        yield Desk(page)


@pytest.mark.parametrize('service', ['answer', 'retry'])
def test_what_failed_goes_again(desk: Desk, service: str):
    """R33: by the same call, once; asked again while it waits or once it went, it changes nothing."""
    desk.fail()
    assert desk.screen == []
    for _ in range(2):
        assert desk.call(service) | {'until': ''} == {'state': 'queued', 'parts': 1, 'until': ''}
    deliver()
    assert desk.call(service)['state'] == 'sent'
    turns(2)
    assert desk.screen == ['Votre dossier est prêt.'] and states() == ['sent']


def test_without_naming_an_answer(desk: Desk):
    """R33"""
    desk.fail()
    assert desk.call('retry', reply='')['state'] == 'queued'
    deliver()
    assert desk.screen == ['Votre dossier est prêt.']


def test_a_retry_that_we_never_heard_of_is_an_answer(desk: Desk):
    """R30: the first call did not reach us."""
    assert desk.call('retry')['state'] == 'queued'
    deliver()
    assert desk.screen == ['Votre dossier est prêt.']


def test_what_failed_before_an_answer_that_went_stays_so(desk: Desk):
    """R33: an old answer would come too late; those that failed since go in their order."""
    desk.fail(text='un')
    desk.call(reply='2', text='deux')
    deliver()
    desk.fail(reply='3', text='trois')
    desk.fail(reply='4', text='quatre')
    assert desk.call('retry', reply='')['parts'] == 2
    deliver()
    assert desk.screen == ['deux', 'trois', 'quatre']


def test_nothing_to_retry(desk: Desk):
    """R33"""
    assert desk.refused('retry', reply='') == 'nothing_to_retry'
    desk.call()
    deliver()
    assert desk.refused('retry', reply='') == 'nothing_to_retry'


def test_only_the_parts_that_failed(desk: Desk):
    """R31, R33: what the citizen has is not sent again."""
    desk.page.graph.fail('slow', desk.page.SENDS, seconds=0)  # the first part goes
    desk.page.graph.fail('answer', desk.page.SENDS, status=400, body=REFUSED)
    desk.call(text='Une phrase de la réponse. ' * 200)
    deliver()
    assert states() == ['sent', 'failed', 'failed']
    desk.page.graph.faults.clear()
    assert desk.call('retry')['parts'] == 3
    deliver()
    assert states() == ['sent'] * 3 and len(desk.screen) == 3
    assert len(set(desk.screen)) >= 1 and ' '.join(desk.screen).count('réponse.') == 200


def test_another_demand_is_left_alone(desk: Desk):
    """R33: of that demand only."""
    desk.fail()
    first = Demand.objects.get()
    Demand.objects.update(state='closed')
    other = Demand.objects.create(
        account=first.account, conversation=first.conversation, wcs_site='default', form=first.form,
        number='99', state='open',
    )  # fmt: skip
    desk.workflow = Caller(other)
    assert desk.refused('retry', reply='') == 'nothing_to_retry'
    assert states() == ['failed']


def test_the_window_is_looked_at_again(desk: Desk):
    """R32, R33"""
    desk.fail()
    Conversation.objects.update(last_inbound_at=timezone.now() - timedelta(hours=25))
    assert desk.refused('retry') == 'window' and desk.refused() == 'window'
    assert states() == ['failed']


def test_a_paused_account_retries_nothing(desk: Desk):
    """R33"""
    desk.fail()
    Account.objects.update(state='paused')
    assert desk.refused('retry') == 'paused'


def test_what_was_blocked_after_three_days(desk: Desk):
    """R23, R33: what may have been sent is looked for first."""
    desk.page.fail('cut_after')
    desk.call()
    deliver()
    desk.page.graph.fail('answer', 'GET ', times=50, status=500, body={})
    Delivery.objects.filter(kind='send').update(created_at=timezone.now() - timedelta(days=3, minutes=1))
    Conversation.objects.update(last_inbound_at=timezone.now())
    turns(1)
    assert states() == ['failed'] and Delivery.objects.get(kind='send').state == 'blocked'
    desk.page.graph.faults.clear()
    desk.call('retry')
    turns(2)
    assert states() == ['sent'] and desk.screen == ['Votre dossier est prêt.']


def test_what_the_network_took_then_refused(desk: Desk):
    """R12, R33: it goes as another message; what is said of the first one changes nothing."""
    desk.call()
    deliver()
    (first,) = Message.objects.filter(origin='agent')
    happens(
        desk.page.account,
        Kind.STATUS,
        first.external_id,
        desk.page.citizen,
        status=Status.FAILED,
        error='blocked',
    )
    assert states() == ['failed']
    desk.call('retry')
    deliver()
    (again,) = Message.objects.filter(origin='agent')
    assert again.external_id not in ('', first.external_id) and again.key != first.key
    assert states() == ['sent'] and len(desk.screen) == 2
    happens(desk.page.account, Kind.STATUS, first.external_id, desk.page.citizen, status=Status.FAILED)
    assert states() == ['sent']


@pytest.mark.django_db(transaction=True)
def test_a_file_is_brought_again(private_storage: Path):
    """R33, R51: our copy is dropped with the failure; w.c.s. still has the file."""
    with messenger() as page:
        page.graph.sender.receipts = ()
        page.citizen_writes('Où en est mon dossier ?')
        deliver()
        desk = Desk(page)
        desk.fail(file=file(photo()))
        assert states() == ['failed', 'failed'] and kept(private_storage) == []
        assert desk.refused('retry', reply='') == 'file_gone'
        assert desk.refused('retry') == 'file_gone'
        assert states() == ['failed', 'failed']
        desk.call('retry', file=file(photo()))
        deliver()
        assert states() == ['sent', 'sent'] and kept(private_storage) == []
        sent = [m for m in page.graph.thread(page.citizen).messages if m.from_page]
        assert [bool(m.media) for m in sent] == [False, True]
        assert Attachment.objects.get(message__origin='agent').state == 'given'


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once():
    """R30, R33"""
    with messenger() as page:
        page.graph.sender.receipts = ()
        page.citizen_writes('Où en est mon dossier ?')
        deliver()
        desk = Desk(page)
        desk.fail()
        start = threading.Barrier(4)

        def click(_rank: int) -> str:
            try:
                start.wait(10)
                mine = Desk(page)
                mine.workflow = Caller(desk.workflow.demand, Client(), desk.workflow.uuid)
                return str(mine.call('retry')['state'])
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(click, range(4))) == {'queued'}
        deliver()
        turns(2)
        assert desk.screen == ['Votre dossier est prêt.']

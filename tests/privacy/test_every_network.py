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

"""One person erased on each network: no trace anywhere; nothing that the network has brings them back (R51,
R52)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from publik_socialmedia import networks
from publik_socialmedia.intake import polling
from publik_socialmedia.models import Account, Attachment, Contact, Message, RawEvent
from publik_socialmedia.networks.base import Request
from tests.delivery.desk import inbox_all
from tests.delivery.test_every_network import ALL, PHOTO, Town, town
from tests.privacy import traces
from tests.privacy.test_erasing import ANSWER, QUESTION, erase, traces_of

pytestmark = pytest.mark.django_db(transaction=True)

LATER = 'Le portail bleu sera ouvert'


class Recorder:
    """Keeps what the network calls, to call it again."""

    def __init__(self, here: Town) -> None:
        self.requests: list[Request] = []
        heard = here.desk.heard

        def keep() -> list[Request]:
            found = heard()
            self.requests += found
            return found

        here.desk.heard = keep  # type: ignore[method-assign]


@pytest.fixture(params=ALL)
def here(request: pytest.FixtureRequest) -> Iterator[Town]:
    fetches = networks.get(request.param).capabilities.files_by_url
    with town(request.param, request.getfixturevalue('live_server').url if fetches else '') as found:
        yield found


def live(here: Town) -> Contact:
    """Somebody writes with a photograph, is answered, reads it, edits, and sends another photograph while
    w.c.s. takes nothing, so that it waits here."""
    capabilities = here.desk.network.capabilities
    files = [PHOTO] if here.desk.sends_files else []
    first = here.desk.writes(QUESTION, *files)
    here.hear()
    (answer,) = here.answers(ANSWER)
    here.turn()
    answer.refresh_from_db()
    if 'read' in capabilities.receipts:
        here.desk.reads(answer.external_id)
    if capabilities.edits:
        here.desk.edits(first, f'{QUESTION}, depuis lundi')
    here.hear()
    here.wcs.faults.set_rates({'unavailable': 1})
    here.desk.writes(LATER, *files)
    here.hear()
    return Contact.objects.get()


def test_nothing_is_left_and_nothing_comes_back(here: Town, private_storage: Path, caplog) -> None:
    """R51, R52"""
    caplog.set_level(logging.DEBUG)
    recorder, cursor = Recorder(here), Account.objects.get().cursor
    contact = live(here)
    looked_for = [*traces_of(contact), QUESTION, LATER]
    if here.desk.sends_files:
        assert Attachment.objects.filter(state='stored').exists() and traces.files(private_storage)
    # all of it was there: the test looks at the right places
    before = traces.found(looked_for, folder=private_storage, log='')['database']
    assert {QUESTION, ANSWER, LATER, here.desk.citizen} <= set(before)
    counted = traces.statistics()

    erase(contact)
    assert traces.found(looked_for, folder=private_storage, log=caplog.text) == {}
    assert traces.files(private_storage) == b''
    assert traces.statistics() == counted

    again(here, recorder, cursor)
    # the mark of what was read is the id of the last events, whoever wrote them, until the next ones
    Account.objects.update(cursor={})
    assert traces.found(looked_for, folder=private_storage, log=caplog.text) == {}
    assert traces.files(private_storage) == b''
    assert traces.statistics() == counted
    assert Contact.objects.count() == 1 and Message.objects.filter(erased_at=None).count() == 0
    here.wcs.faults.set_rates({})
    here.turn()
    assert len(here.wcs.demands()) == 1 and here.shown().count(LATER) == 0


def again(here: Town, recorder: Recorder, cursor: dict[str, object]) -> None:
    """The network gives again all that it gave: calls, pages since the beginning, history."""
    known = RawEvent.objects.count()
    requests = list(recorder.requests)
    here.desk.heard = lambda: [*requests, *reversed(requests)]  # type: ignore[method-assign]
    here.hear()
    capabilities = here.desk.network.capabilities
    if capabilities.polling:
        Account.objects.update(cursor=cursor, poll_due_at=timezone.now(), reread_due_at=None)
        turn = polling.claim_one(here.account.pk)
        assert turn is not None
        polling.poll(turn)
    if capabilities.history:
        since = timezone.now() - timedelta(days=2)
        here.account.refresh_from_db()
        sum(polling.repair(here.account, since, pause=lambda _seconds: None))
    inbox_all()
    assert RawEvent.objects.count() > known or not here.desk.remembers

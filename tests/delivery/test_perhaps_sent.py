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

"""A network that cannot be asked what it was sent: the agent is, and nothing goes twice (R30, R33)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from publik_socialmedia.models import Delivery, Message
from publik_socialmedia.reasons import sentence
from tests.delivery.test_every_network import Town, town
from tests.factory import deliver

pytestmark = pytest.mark.django_db(transaction=True)

LONG = 'Votre dossier est complet. ' * 200  # two messages of 4096


@pytest.fixture
def here() -> Iterator[Town]:
    with town('telegram') as found:
        found.desk.writes()
        found.hear()
        yield found


def test_an_answer_that_was_perhaps_sent(here: Town):
    """Not before a minute, during which nobody can know; what was to follow does not go without it."""
    here.desk.fail('cut_after')
    here.answers(LONG)
    deliver()
    first, second = Message.objects.filter(origin='agent').order_by('part')
    assert (first.state, second.state) == ('queued', 'queued')
    head = Delivery.objects.get(message=first, kind=Delivery.Kind.SEND)
    assert head.unknown and head.state == Delivery.State.PENDING
    here.turn()
    first.refresh_from_db(), second.refresh_from_db()
    assert (first.state, first.failure) == ('failed', 'perhaps_sent')
    assert (second.state, second.failure) == ('failed', 'perhaps_sent')
    assert len(here.desk.on_screen()) == here.desk.sends() == 1
    assert sentence('perhaps_sent') in here.shown()
    for _ in range(3):
        here.turn()
    assert here.desk.sends() == 1
    # the agent decides
    (again,) = here.answers('Votre dossier est complet.', reply=2)
    here.turn()
    again.refresh_from_db()
    assert again.state == 'sent' and here.desk.sends() == 2


def test_an_answer_that_did_not_leave_goes_by_itself(here: Town):
    """Too many calls, or no connection: nothing to ask anybody."""
    here.desk.throttle(here.desk.SENDS)
    here.answers('Passez lundi.')
    here.turn()
    assert here.desk.on_screen() == ['Passez lundi.'] and here.desk.sends() == 2


def test_a_worker_that_died_while_sending_does_not_send_again(here: Town):
    """Its call may have left: the row says that it began."""
    (message,) = here.answers('Passez lundi.')
    Delivery.objects.filter(message=message, kind=Delivery.Kind.SEND).update(
        unknown=True, attempts=1, tried_at=message.received_at, first_tried_at=message.received_at
    )
    here.turn()
    message.refresh_from_db()
    assert (message.state, message.failure, here.desk.sends()) == ('failed', 'perhaps_sent', 0)


def test_the_echo_of_a_business_account_settles_it(here: Town):
    """The bot of a business account has its own messages back: said on the demand, though not linked."""
    state = here.desk.server.state  # type: ignore[attr-defined]
    connection = state.connect().id
    here.hear()
    state.write(here.desk.person, 'Et par le compte', connection=connection)  # type: ignore[attr-defined]
    here.hear()
    (message,) = here.answers('C’est noté.')
    here.turn()
    here.hear()
    message.refresh_from_db()
    assert message.state == 'sent' and message.external_id
    assert not Message.objects.filter(origin='native').exists()
    sent = [m for m in state.messages.values() if m.by == 'bot']
    assert [m.connection for m in sent] == [connection]

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

"""A message that its author takes back on its way to w.c.s.: whatever comes first, it is told once at most,
and then its withdrawal is (R13, R21). The demonstration counts so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from demo import board
from demo.script import Script
from publik_socialmedia.models import Message
from publik_socialmedia.wcs.demands import client_of
from tests.delivery.desk import MessengerDesk, messenger, turns
from tests.factory import deliver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk() -> Iterator[MessengerDesk]:
    with messenger() as found:
        yield found


def rows(desk: MessengerDesk, script: Script) -> list[board.Row]:
    return list(board.count(client_of(''), desk.wcs.form, script.run, script.expected, 1).rows)


def begun(desk: MessengerDesk) -> tuple[Script, str]:
    """A demand, and the text of a message that will be taken back."""
    script = Script()
    desk.citizen_writes(script.mark('Messenger', 'Camille', 'Bonjour'))
    deliver()
    return script, script.mark('Messenger', 'Camille', 'message retiré', wanted=0, withdrawn=True)


def test_taken_back_before_it_is_told(desk: MessengerDesk):
    script, text = begun(desk)
    message = desk.citizen_writes(text)
    desk.graph.citizen_unsends(message.external_id)
    desk.hear()
    turns()
    _first, row = rows(desk, script)
    assert (row.times, row.lost, row.doubled) == (0, False, False)


def test_taken_back_after_it_was_told(desk: MessengerDesk):
    """Its text stays in the history of w.c.s., which has no way to take it out; here it is erased."""
    script, text = begun(desk)
    message = desk.citizen_writes(text)
    turns()
    desk.graph.citizen_unsends(message.external_id)
    desk.hear()
    _first, row = rows(desk, script)
    assert row.lost  # its withdrawal is not told yet
    turns()
    _first, row = rows(desk, script)
    assert (row.times, row.lost, row.doubled) == (1, False, False)
    assert desk.history().count(board.WITHDRAWN) == 1
    assert Message.objects.get(pk=message.pk).text == ''


def test_taken_back_while_w_c_s_is_being_told(desk: MessengerDesk):
    """R22: the answer of the call that tells it is lost, and its withdrawal is read before the next try."""
    script, text = begun(desk)
    message = desk.citizen_writes(text)
    desk.wcs.faults.plan('drop')
    deliver()
    desk.graph.citizen_unsends(message.external_id)
    desk.hear()
    turns()
    _first, row = rows(desk, script)
    assert (row.times, row.lost, row.doubled) == (1, False, False)
    assert desk.history().count(board.WITHDRAWN) == 1


def test_what_opens_a_demand_and_is_taken_back(desk: MessengerDesk):
    script = Script()
    text = script.mark('Messenger', 'Camille', 'message retiré', wanted=0, withdrawn=True)
    message = desk.citizen_writes(text)
    deliver()
    desk.graph.citizen_unsends(message.external_id)
    desk.hear()
    turns()
    (row,) = rows(desk, script)
    assert (row.lost, row.doubled) == (False, False) and desk.history().count(board.WITHDRAWN) == 1


@pytest.mark.parametrize('times, said, lost, doubled', [
    (0, False, False, False), (1, True, False, False), (1, False, True, False), (2, True, False, True),
])  # fmt: skip
def test_the_count_sees_what_is_wrong(desk, times: int, said: bool, lost: bool, doubled: bool):
    """The demonstration would not be green all the same."""
    script, text = begun(desk)
    for _ in range(times):
        desk.citizen_writes(text)
    if said:
        desk.citizen_writes(board.WITHDRAWN)
    turns()
    _first, row = rows(desk, script)
    assert (row.lost, row.doubled) == (lost, doubled)

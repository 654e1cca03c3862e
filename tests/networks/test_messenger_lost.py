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

"""Sends to Messenger whose answer was lost: looked for before any second try (R30)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from demo.emulators.graph_state import document, photo
from publik_socialmedia import networks
from publik_socialmedia.errors import ConfigurationError, OutcomeUnknown, TemporaryError
from publik_socialmedia.networks.base import OutgoingFile
from tests.networks.graph import Scene, ago, scene

NETWORK = networks.get('messenger')
SENDS = 'POST .*/messages'


@pytest.fixture
def graph() -> Iterator[Scene]:
    with scene() as found:
        yield found


@pytest.mark.parametrize(
    'fault',
    [
        {'kind': 'cut_after'},
        {'kind': 'cut_before'},
        {'kind': 'after', 'status': 500, 'body': {'error': {'code': 2, 'message': 'x'}}},
        {'kind': 'after', 'status': 503, 'body': b'<html>'},
        {'kind': 'after', 'status': 400, 'body': {'error': {'code': 1200, 'message': 'x'}}},
        {'kind': 'after', 'status': 200, 'body': {}},
        {'kind': 'after', 'status': 200, 'body': b'not json'},
    ],
    ids=lambda fault: f'{fault["kind"]} {fault.get("status", "")} {fault.get("body", "")}'[:40],
)
def test_the_answer_of_a_send_is_lost(graph: Scene, fault: dict[str, object]):
    """R30: looked for before any second try, found if it is there."""
    message = graph.outgoing(first_tried_at=datetime.now(UTC), last_tried_at=datetime.now(UTC))
    graph.emulator.fail(str(fault.pop('kind')), SENDS, **fault)  # type: ignore[arg-type]
    with pytest.raises(OutcomeUnknown):
        graph.send(message)
    if graph.said():
        found = graph.find(message)
        assert found is not None
        assert [one.mid for one in graph.emulator.thread(graph.citizen).messages if one.from_page] == [
            found.external_id
        ]
        assert found.sent_at is not None
    else:
        with pytest.raises(OutcomeUnknown) as caught:
            graph.find(message)  # it may still be on its way
        assert 0 < (caught.value.retry_after or 0) <= NETWORK.settle.total_seconds()  # type: ignore[attr-defined]
        old = dataclasses.replace(message, last_tried_at=ago(minutes=1))
        assert graph.find(old) is None


def test_a_late_send_is_found_at_last(graph: Scene):
    """R30: carried out after we gave up."""
    message = graph.outgoing(first_tried_at=datetime.now(UTC), last_tried_at=datetime.now(UTC))
    graph.emulator.fail('cut_before', SENDS)
    with pytest.raises(OutcomeUnknown):
        graph.send(message)
    with pytest.raises(OutcomeUnknown):
        graph.find(message)
    NETWORK.send(
        graph.account, dataclasses.replace(message, key='the request that was on its way'), graph.http
    )
    assert graph.find(message) is not None


def test_an_older_answer_with_the_same_words_is_not_taken_for_ours(graph: Scene):
    """R30: « Merci » was said yesterday too."""
    earlier = graph.send(graph.outgoing('Merci'))
    message = graph.emulator.world.messages[earlier.external_id]
    message.created_at -= timedelta(minutes=5)
    now = datetime.now(UTC)
    later = graph.outgoing('Merci', first_tried_at=now, last_tried_at=now - timedelta(minutes=1))
    assert graph.find(later) is None


def test_what_the_citizen_says_is_not_taken_for_ours(graph: Scene):
    tried = ago(minutes=2)
    graph.emulator.citizen_writes(graph.citizen, 'Merci')
    graph.emulator.page_writes(graph.citizen, 'Bonne journée')
    assert graph.find(graph.outgoing('Merci', first_tried_at=tried, last_tried_at=tried)) is None


@pytest.mark.parametrize('media', [photo(), document()])
def test_a_lost_file_is_found(graph: Scene, media):
    """R30"""
    file = OutgoingFile(media.content, media.name, media.mimetype)
    message = graph.outgoing('', file=file, first_tried_at=datetime.now(UTC))
    graph.emulator.fail('cut_after', SENDS)
    with pytest.raises(OutcomeUnknown):
        graph.send(message)
    assert graph.find(message) is not None
    other = OutgoingFile(b'another', 'other.txt', 'text/plain')
    tried = ago(minutes=1)
    assert graph.find(graph.outgoing('', file=other, first_tried_at=tried, last_tried_at=tried)) is None


def test_the_look_survives_a_clock_that_is_ahead(graph: Scene, monkeypatch):
    """R30: times are the network's; how far ours is from it is read in its answer."""
    ahead = timedelta(minutes=3)
    message = graph.outgoing(first_tried_at=datetime.now(UTC) + ahead)
    graph.emulator.fail('cut_after', SENDS)
    with pytest.raises(OutcomeUnknown):
        graph.send(message)

    class Ahead(datetime):
        @classmethod
        def now(cls, tz=None):  # type: ignore[no-untyped-def, override]
            return datetime.now(tz) + ahead

    monkeypatch.setattr('publik_socialmedia.networks.meta_search.datetime', Ahead)
    assert graph.find(message) is not None


def test_a_long_thread_is_read_back_to_the_first_try(graph: Scene):
    """R30: the network promises 20 messages; when it tells no more, nothing is known."""
    message = graph.outgoing(first_tried_at=datetime.now(UTC), last_tried_at=ago(minutes=1))
    graph.emulator.fail('cut_after', SENDS)
    with pytest.raises(OutcomeUnknown):
        graph.send(message)
    graph.emulator.citizen_writes_burst(graph.citizen, [str(number) for number in range(30)])
    with pytest.raises(OutcomeUnknown):
        graph.find(message)
    graph.emulator.api.tells_old_messages = True
    assert graph.find(message) is not None


def test_a_look_that_is_refused_says_nothing(graph: Scene):
    """R30: neither there nor not there."""
    tried = ago(minutes=5)
    message = graph.outgoing(first_tried_at=tried, last_tried_at=tried)
    graph.emulator.limit_rate('GET .*/conversations')
    with pytest.raises(TemporaryError):
        graph.find(message)
    graph.emulator.token.dead = 467
    with pytest.raises(ConfigurationError):
        graph.find(message)

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

"""Reading Bluesky's log and past through its emulator (R16, R17, R18)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from demo.emulators.bluesky import JEANNE, KARIM
from publik_socialmedia import errors
from publik_socialmedia.networks.base import Event, Kind, Page
from publik_socialmedia.networks.bluesky import history, polling
from publik_socialmedia.networks.bluesky.api import CHAT
from tests.networks.desks.bluesky import Desk, desk

LOG, CONVO = 'GET /xrpc/chat.bsky.convo.getLog$', 'GET /xrpc/chat.bsky.convo.getConvo$'
ACCEPT = 'POST /xrpc/chat.bsky.convo.acceptConvo$'


@pytest.fixture
def here() -> Iterator[Desk]:
    with desk() as found:
        found.news()
        found.server.calls.clear()
        yield found


def asked(here: Desk, pattern: str = '') -> int:
    return len(here.server.asked(pattern))


def texts(events: list[Event]) -> list[str]:
    return [event.text for event in events if event.kind is Kind.MESSAGE]


def one_poll(here: Desk) -> Page:
    page = here.network.poll(here.account, here.cursor, here.http)
    here.cursor = page.cursor
    return page


def wait_until_idle(here: Desk) -> None:
    """Polls after which what was read is not asked for any more."""
    for _ in range(polling.OVERLAP + 1):
        here.news()


# -- the log


def test_an_idle_account_costs_one_request(here: Desk):
    """R17: before anything came, and once what came was read."""
    for _ in range(3):
        assert here.news() == []
    assert asked(here) == asked(here, LOG) == 3
    here.writes()
    here.news()
    wait_until_idle(here)
    here.server.calls.clear()
    for _ in range(3):
        assert not one_poll(here).more
    assert asked(here) == 3 and 'seen' not in here.cursor


def test_calls_go_to_the_account_s_own_server_and_through_it_to_the_chat(here: Desk):
    one_poll(here)
    (call,) = here.server.calls
    assert call.headers['atproto-proxy'] == CHAT == 'did:web:api.bsky.chat#bsky_chat'
    assert call.headers['authorization'].startswith('Bearer ')


def test_what_is_read_twice_is_kept_once(here: Desk):
    """R17: the log is asked again from before; what was seen brings neither row nor request."""
    here.writes('un')
    assert texts(here.news()) == ['un']
    here.server.calls.clear()
    assert here.news() == []
    assert asked(here, LOG) == 2 and asked(here, CONVO) == 0  # read again, and recognised
    here.writes('deux')
    assert texts(here.news()) == ['deux']


def test_an_entry_that_shows_late_is_not_lost(here: Desk):
    """R17: one with an earlier revision than what was read already."""
    late = here.writes('en retard')
    log = here.server.chat.logs[here.server.mairie.did]
    hidden = [entry for entry in log if entry.get('message', {}).get('id') == late]
    log.remove(hidden[0])
    here.writes('à l’heure')
    assert texts(here.news()) == ['à l’heure']
    log.insert(1, hidden[0])
    assert texts(here.news()) == ['en retard']


def test_many_entries_are_read_page_by_page(here: Desk):
    """R17"""
    here.server.log_page = 7
    for number in range(40):
        here.writes(str(number))
    assert one_poll(here).more and 'resume' in here.cursor
    here.cursor = {**here.cursor}
    rest = texts(here.news())
    assert rest[-1] == '39' and len(rest) == 40 - 6  # the first page held the beginning of the conversation
    wait_until_idle(here)
    assert here.news() == []


def test_at_first_nothing_is_imported_even_if_it_is_given(here: Desk):
    """R18: were the log given without a cursor some day."""
    here.writes()
    entry = here.server.chat.logs[here.server.mairie.did][-1]
    here.cursor = {}
    here.server.fail('answer', LOG, status=200, body={'logs': [entry], 'cursor': entry['rev']})
    assert here.news() == [] and here.cursor['marks'] == [entry['rev']]


def test_a_page_without_cursor_keeps_ours(here: Desk):
    """The lexicon does not promise one."""
    marks = here.cursor['marks']
    here.server.fail('answer', LOG, status=200, body={'logs': []})
    assert not one_poll(here).more
    assert here.cursor['marks'] == [*marks, marks[0]]


@pytest.mark.parametrize('body', [b'<html>', b'[]'])
def test_a_page_of_a_proxy_moves_nothing(here: Desk, body: bytes):
    before = dict(here.cursor)
    here.server.fail('answer', LOG, status=200, body=body)
    with pytest.raises(errors.TemporaryError):
        one_poll(here)
    assert dict(here.cursor) == before


def test_the_last_request_that_is_allowed_is_heeded(here: Desk):
    """R33: the others wait for the next window."""
    reset = str(int(datetime.now(UTC).timestamp()) + 120)
    headers = {'RateLimit-Remaining': '0', 'RateLimit-Reset': reset}
    here.server.fail('answer', LOG, status=200, body={'logs': [], 'cursor': 'x'}, headers=headers)
    assert 100 < (one_poll(here).wait or 0) <= 121


# -- conversations


def test_a_message_of_a_stranger_is_a_request_that_is_read(here: Desk):
    """R16: read without being accepted, unless the account is set so."""
    here.writes('Bonjour')
    (event,) = [event for event in here.news() if event.kind is Kind.MESSAGE]
    assert event.details['request'] is True and event.name == 'Jeanne Exemple'
    assert asked(here, ACCEPT) == 0
    convo = here.server.convo_with(JEANNE)
    assert convo is not None and convo.status[here.server.mairie.did] == 'request'


@pytest.mark.parametrize('chosen', ['oui', 'Yes', ' 1 '])
def test_requests_are_accepted_at_once_if_it_is_chosen(here: Desk, chosen: str):
    """R16"""
    credentials = {**here.account.credentials, 'accept_requests': chosen}
    here.account = dataclasses.replace(here.account, credentials=credentials)
    here.writes('Bonjour')
    assert texts(here.news()) == ['Bonjour']
    convo = here.server.convo_with(JEANNE)
    assert convo is not None and convo.status[here.server.mairie.did] == 'accepted'
    here.writes('encore')
    here.news()
    assert asked(here, ACCEPT) == 1


def test_an_acceptance_that_fails_costs_no_message(here: Desk):
    credentials = {**here.account.credentials, 'accept_requests': 'oui'}
    here.account = dataclasses.replace(here.account, credentials=credentials)
    here.server.fail('cut_before', ACCEPT)
    here.writes('Bonjour')
    assert texts(here.news()) == ['Bonjour']


def test_messages_of_groups_are_not_citizens(here: Desk):
    here.server.write_in_group(KARIM, 'Salut à tous')
    events = here.news()
    assert texts(events) == []
    assert 'group' in [event.reason for event in events]


def test_a_conversation_is_asked_for_once_a_page(here: Desk):
    for number in range(5):
        here.writes(str(number))
    here.server.write(KARIM, 'moi aussi')
    assert len(texts(here.news())) == 6
    assert asked(here, CONVO) == 2


def test_a_conversation_that_cannot_be_had_hides_no_message(here: Desk):
    """R3, R15: the name is optional."""
    here.writes('Bonjour')
    body = {'error': 'InvalidConvo', 'message': 'Conversation not found'}
    here.server.fail('answer', CONVO, status=400, body=body)
    (event,) = [event for event in here.news() if event.kind is Kind.MESSAGE]
    assert (event.text, event.user) == ('Bonjour', here.citizen)


def test_what_happens_to_messages(here: Desk):
    """R13, R14: reactions, what moderation withdraws, what a colleague deletes, what they read."""
    first, second = here.writes('un'), here.writes('deux')
    here.news()
    chat, us = here.server.chat, here.server.mairie.did
    chat.react(first, here.citizen, '🙏')
    chat.react(first, here.citizen, '🙏', removed=True)
    chat.hide(first, us)
    chat.take_back(second)
    events = here.news()
    reactions = [(e.external_id, e.emoji, e.removed) for e in events if e.kind is Kind.REACTION]
    assert reactions == [(first, '🙏', False), (first, '🙏', True)]
    assert [e.external_id for e in events if e.kind is Kind.UNSEND] == [first, second]
    convo = here.server.convo_with(JEANNE)
    assert convo is not None
    chat.tell(convo, 'logReadConvo', convo.messages[0], to=(us,))
    assert [event.reason for event in here.news()] == ['own']


# -- what the log has skipped


def test_a_cursor_that_the_service_does_not_know_any_more(here: Desk):
    """R17: the past is read again from where we were, and the log goes on; nothing is lost."""
    here.writes('avant la coupure')
    here.news()
    here.writes('pendant')
    here.server.chat.log_kept = here.server.chat.tid()
    found = texts(here.news())
    assert 'pendant' in found  # and what is known already, that is recognised by its id
    here.writes('après')
    assert texts(here.news()) == ['après']


def test_after_a_day_without_poll_the_past_is_read_again(here: Desk):
    """R17: nobody says how long the log is kept."""
    here.cursor = {**here.cursor, 'at': (datetime.now(UTC) - timedelta(days=2)).isoformat()}
    here.writes('oublié du journal')
    log = here.server.chat.logs[here.server.mairie.did]
    log.clear()
    assert texts(here.news()) == ['oublié du journal']
    here.server.calls.clear()
    assert here.news() == []
    assert asked(here) == 1


# -- history


def past(here: Desk, since: datetime) -> tuple[list[Event], int]:
    """Events of the past, oldest call first, and the number of calls."""
    events, cursor, count = list[Event](), dict[str, Any](), 0
    while True:
        page = here.network.history(here.account, cursor, since, here.http)
        count += 1
        assert count < 60, 'the past does not end'
        events += here.read(page)
        cursor = dict(page.cursor)
        if not page.more:
            return events, count


def test_the_past_of_all_conversations(here: Desk, monkeypatch):
    """R17, R18: accepted and requested ones, ours too, more than a page of each; no group."""
    monkeypatch.setattr(history, 'LONGEST_PAGE', 4)
    people = [here.server.add(f'usager{number}.example.org').handle for number in range(6)]
    for number in range(6):
        here.server.write(people[number], f'de {number}')
    for number in range(9):
        here.writes(f'jeanne {number}')
    here.answers_elsewhere('Passez lundi')
    here.server.write_in_group(KARIM, 'Salut à tous')
    events, _count = past(here, datetime.now(UTC) - timedelta(hours=1))
    found = {event.text for event in events if event.kind is Kind.MESSAGE}
    expected = {f'de {number}' for number in range(6)} | {f'jeanne {number}' for number in range(9)}
    assert found == expected | {'Passez lundi'}
    assert {event.user for event in events if event.from_us} == {here.citizen}


def test_the_past_stops_where_it_is_asked_to(here: Desk):
    """R18"""
    old = here.writes('vieux')
    _convo, stored = here.server.chat.message(old)
    stored['sentAt'] = '2026-01-01T09:00:00.000Z'
    here.server.write(KARIM, 'vieux aussi')
    for convo in here.server.chat.convos.values():
        for message in convo.messages:
            message['sentAt'] = '2026-01-01T09:00:00.000Z'
    here.writes('récent')
    events, count = past(here, datetime.now(UTC) - timedelta(hours=1))
    assert {event.text for event in events if event.kind is Kind.MESSAGE} == {'récent'}
    assert count <= 4
    assert past(here, datetime.now(UTC) + timedelta(hours=1))[0] == []


def test_a_conversation_left_meanwhile_does_not_end_the_past(here: Desk):
    here.writes('un')
    here.server.write(KARIM, 'deux')
    body = {'error': 'InvalidConvo', 'message': 'Conversation not found'}
    here.server.fail('answer', 'getMessages$', status=400, body=body)
    events, _count = past(here, datetime.now(UTC) - timedelta(hours=1))
    assert {'un'} <= set(texts(events))


def test_a_list_that_turns_in_circles_ends(here: Desk):
    """R17: the same cursor again, and again the same page."""
    here.writes('un')
    convo = here.server.convo_with(JEANNE)
    assert convo is not None
    view = here.server.chat.view(convo, here.server.mairie.did)
    body = {'convos': [view], 'cursor': 'again'}
    here.server.fail('answer', 'listConvos$', times=30, status=200, body=body)
    messages = {'messages': here.server.chat.seen_by(convo, here.server.mairie.did), 'cursor': 'again'}
    here.server.fail('answer', 'getMessages$', times=60, status=200, body=messages)
    events, _count = past(here, datetime.now(UTC) - timedelta(hours=1))
    assert set(texts(events)) == {'un'}


def test_a_name_is_asked_of_its_server(here: Desk):
    """R15: where no conversation has told it."""
    assert here.network.profile(here.account, here.citizen, here.http) == 'Jeanne Exemple'
    assert here.network.profile(here.account, here.server.known(KARIM).did, here.http) == KARIM
    assert here.network.profile(here.account, 'did:plc:gone', here.http) == ''


def test_requests_are_listed_apart_if_they_have_to_be(here: Desk):
    """R16: were the list without filter of accepted conversations only."""
    here.writes('une demande')
    here.server.fail('answer', 'listConvos$', status=200, body={'convos': []})
    events, _count = past(here, datetime.now(UTC) - timedelta(hours=1))
    assert texts(events) == ['une demande']
    here.server.calls.clear()
    assert texts(past(here, datetime.now(UTC) - timedelta(hours=1))[0]) == ['une demande']
    assert asked(here, 'listConvos$') == 1

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

"""Polling X: what is imported, in how many calls, for how much money (R17, R18, R33)."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from demo.emulators.x_state import US
from publik_socialmedia import errors
from publik_socialmedia.networks.base import Kind, Raw, Source
from publik_socialmedia.networks.x import budget, polling
from tests.networks.corpus import StoredAnswer
from tests.networks.x_scene import NETWORK, Scene, here, messages, read, scene, texts

__all__ = ['here']

PAGES = 'GET /2/dm_events$'


def write(scene: Scene, *words: str) -> list[str]:
    return [scene.server.citizen_writes(scene.citizen, text) for text in words]


# -- what is imported


def test_at_first_nothing_old_is_imported(here: Scene):
    """R18: one event is read, for its mark; nor is it imported later."""
    write(here, *(f'avant {number}' for number in range(30)))
    assert here.polled() == [] and len(here.server.billed) == 1
    assert here.polled() == [] and here.polled() == []
    write(here, 'après')
    assert texts(here.polled()) == ['après']


def test_an_account_without_any_message(here: Scene):
    """R17: a page without « data »."""
    assert here.polled() == [] and here.polled() == []
    write(here, 'le premier')
    assert texts(here.polled()) == ['le premier']


def test_what_is_read_again_is_not_stored_again(here: Scene):
    """R4, R17: the ten newest come each time, and only what is new of them is kept."""
    here.polled()
    write(here, 'un')
    assert texts(here.polled()) == ['un']
    write(here, 'deux')
    assert texts(here.polled()) == ['deux']
    assert here.poll().answers == ()


def test_both_sides_come(here: Scene):
    """R11: a colleague's answer is ours, for that citizen."""
    here.polled()
    write(here, 'Bonjour')
    here.server.we_write(here.citizen, 'Bonjour, passez lundi')
    found = {event.text: (event.from_us, event.user) for event in messages(here.polled())}
    assert found == {'Bonjour': (False, here.citizen), 'Bonjour, passez lundi': (True, here.citizen)}


def test_an_event_that_becomes_visible_late(here: Scene):
    """R17: older than the newest known, and new all the same."""
    here.polled()
    write(here, 'un', 'tardif', 'deux')
    late = here.server.state.messages.pop(1)
    assert texts(here.polled()) == ['un', 'deux']
    here.server.state.messages.insert(1, late)
    assert texts(here.polled()) == ['tardif']


def test_a_photograph_without_words(here: Scene):
    here.polled()
    here.server.citizen_writes(here.citizen, '', b'jpeg')
    (event,) = messages(here.polled())
    (attachment,) = event.attachments
    assert (event.text, attachment.kind, event.unreadable) == ('', 'image', '')


def test_links_are_those_that_were_written(here: Scene):
    here.polled()
    write(here, 'Voir https://example.org/plan?a=1&b=2 <ici>')
    assert texts(here.polled()) == ['Voir https://example.org/plan?a=1&b=2 <ici>']


# -- in how many calls


def test_an_idle_account_costs_one_call(here: Scene):
    """R17: and nothing to pay beyond the ten newest of the day."""
    write(here, *(str(number) for number in range(20)))
    here.polled()
    here.polled()
    here.server.calls.clear()
    here.polled()
    (call,) = here.server.calls
    assert call.params['max_results'] == '10' and call.params['event_types'] == 'MessageCreate'
    assert len(set(here.server.billed)) == 10


def test_after_an_outage_all_is_read(here: Scene):
    """R17: newest first, page after page, down to what is known."""
    write(here, 'connu')
    here.polled()
    write(here, *(f'{number:03}' for number in range(250)))
    found = messages(here.polled())
    assert sorted(event.text for event in found) == [f'{number:03}' for number in range(250)]
    assert found[-1].sent_at and found[-1].sent_at >= found[0].sent_at  # R25: the oldest page first
    assert [call.params['max_results'] for call in here.server.asked(PAGES)[1:]] == [
        '10',
        '100',
        '100',
        '100',
    ]
    assert here.polled() == []


def test_an_outage_longer_than_a_call(here: Scene, monkeypatch):
    """R17: read in turns; what comes meanwhile is not lost, nor is the middle."""
    monkeypatch.setattr(polling, 'PAGES', 2)
    monkeypatch.setattr(polling, 'PAGE', 20)
    here.polled()
    write(here, *(f'{number:03}' for number in range(70)))
    page = here.poll()
    assert page.more and 'next' in page.cursor
    found = read(page)
    found += here.polled()
    write(here, '070')
    found += here.polled()
    assert sorted(event.text for event in messages(found)) == [f'{number:03}' for number in range(71)]
    assert 'next' not in here.cursor and 'top' not in here.cursor
    assert here.polled() == []


def test_an_empty_page_that_is_not_the_last(here: Scene):
    """R17: gone on with; the same token twice is not."""
    here.polled()
    write(here, 'un')
    empty = {'meta': {'result_count': 0, 'next_token': '0'}}
    here.server.fail('answer', PAGES, status=200, body=empty)
    assert texts(here.polled()) == ['un']
    here.server.calls.clear()
    here.server.fail('answer', PAGES, times=9, status=200, body=empty)
    assert here.polled() == [] and len(here.server.calls) == 2


def test_a_page_whose_token_is_no_longer_known(here: Scene, monkeypatch):
    """R17: kept since the budget ended, for example: all is read again from the top, nothing is lost."""
    monkeypatch.setattr(polling, 'PAGES', 1)
    here.polled()
    write(here, *(f'{number:02}' for number in range(25)))
    first = texts(read(here.poll()))
    assert len(first) == 10 and 'next' in here.cursor
    here.server.fail('answer', PAGES, status=400, body={'title': 'Invalid Request', 'status': 400})
    assert here.polled() == []
    monkeypatch.setattr(polling, 'PAGES', 5)
    assert sorted([*first, *texts(here.polled())]) == [f'{number:02}' for number in range(25)]


def test_the_newest_mark_is_not_on_the_first_page(here: Scene):
    """R17, R18: the page is empty and not the last; what is old stays old."""
    write(here, 'avant')
    empty = {'meta': {'result_count': 0, 'next_token': '0'}}
    here.server.fail('answer', PAGES, status=200, body=empty)
    assert here.polled() == [] and here.polled() == []
    write(here, 'après')
    assert texts(here.polled()) == ['après']


def test_an_event_without_id_stops_no_catching_up(here: Scene):
    """R3, R17: taken for the newest, it would have all the pages after the first left out for ever."""
    here.polled()
    body = {'data': [{'event_type': 'MessageCreate', 'text': 'sans numéro', 'sender_id': here.citizen}]}
    here.server.fail('answer', PAGES, status=200, body=body)
    here.polled()
    write(here, *(f'{number:02}' for number in range(25)))
    assert len(texts(here.polled())) == 25


def test_the_calls_allowed_are_not_exceeded(here: Scene):
    """R33: once the last one is made, the wait that X tells; no sleep, no call."""
    for _ in range(14):
        assert here.poll().wait is None
    wait = here.poll().wait
    assert wait is not None and 0 < wait <= 900
    assert len(here.server.calls) == 15
    with pytest.raises(errors.TemporaryError) as caught:
        here.poll()
    assert caught.value.reason == 'rate' and 0 < (caught.value.retry_after or 0) <= 900


def test_the_wait_is_by_the_clock_of_x():
    """R33: ours may be wrong."""
    headers = {'x-rate-limit-remaining': '0', 'x-rate-limit-reset': '1700000090'}
    headers['date'] = 'Tue, 14 Nov 2023 22:13:20 GMT'  # 1700000000
    error = NETWORK.error(StoredAnswer(429, b'{}', headers))
    assert isinstance(error, errors.TemporaryError) and error.retry_after == 90


# -- the doubt on sender_id


def test_a_server_that_knows_sender_id_as_an_expansion_only():
    """X's playground: asked once, then remembered."""
    with scene(sender_field=False) as found:
        assert found.polled() == []
        found.server.calls.clear()
        write(found, 'Bonjour')
        (event,) = found.polled()
        assert (event.user, event.name, event.text) == (found.citizen, 'Jeanne Exemple', 'Bonjour')
        assert len(found.server.calls) == 1 and found.cursor['plain'] is True


def test_another_bad_request_is_not_taken_for_that_doubt(here: Scene):
    here.server.fail('answer', PAGES, status=400, body={'errors': [{'parameters': {'max_results': ['x']}}]})
    with pytest.raises(errors.PermanentError):
        here.poll()
    assert len(here.server.calls) == 1


# -- for how much money


def test_what_is_read_is_noted(here: Scene):
    """R41: each event, and each person where they are told."""
    write(here, 'un', 'deux')
    here.polled()
    here.polled()
    assert sorted(set(here.account.paid)) == sorted(set(here.server.billed))


def test_names_cost_a_read_and_are_asked_apart(here: Scene):
    """R15"""
    assert NETWORK.profile(here.account, here.citizen, here.http) == 'Jeanne Exemple'
    assert here.account.paid == [here.citizen]
    assert NETWORK.profile(here.account, '999', here.http) == ''
    here.paid(2000)
    here.server.calls.clear()
    assert NETWORK.profile(here.account, here.citizen, here.http) == '' and not here.server.calls


def test_polling_stops_when_the_budget_is_used_up(here: Scene):
    """R17: nothing is asked; it looks again within the hour, for the limit may be raised."""
    here.polled()
    write(here, 'un')
    here.paid(2000)
    here.server.calls.clear()
    page = here.poll()
    assert (page.answers, page.more, here.server.asked()) == ((), False, [])
    assert page.wait is not None and 0 < page.wait <= 3600
    here.given(monthly_reads='2001')
    assert texts(here.polled()) == ['un']
    here.given(monthly_reads='0')
    here.server.calls.clear()
    here.poll()
    assert not here.server.calls


def test_the_budget_ends_in_the_middle_of_an_outage(here: Scene):
    """R17: what remains is read when there is money again, and nothing of it is lost."""
    here.polled()
    write(here, *(f'{number:03}' for number in range(60)))
    here.given(monthly_reads='40')
    here.account.paid.clear()
    page = here.poll()
    found = read(page)
    assert not page.more and page.wait and 10 < len(messages(found)) <= 40
    assert len(set(here.server.billed)) <= 41
    here.paid(0)
    here.given(monthly_reads='')
    found += here.polled()
    assert sorted(event.text for event in messages(found)) == [f'{number:03}' for number in range(60)]


@pytest.mark.parametrize(
    'typed, limit', [('', 2000), ('50', 50), (' 7 ', 7), ('0', 0), ('-3', 2000), ('many', 2000)]
)
def test_the_budget_that_is_typed(here: Scene, typed: str, limit: int):
    here.given(monthly_reads=typed)
    assert budget.left(here.account) == limit


def test_a_new_month_is_a_new_budget(here: Scene):
    here.paid(2000)
    assert budget.left(here.account) == 0
    here.account.facts['paid']['month'] = '2001-01'  # type: ignore[index]
    assert budget.left(here.account) == 2000


# -- the past


def past(scene: Scene, since: datetime, cursor: Any = None) -> tuple[list[str], list[Source]]:
    found, sources, cursor = list[str](), list[Source](), cursor or {}
    for _ in range(20):
        page = NETWORK.history(scene.account, cursor, since, scene.http)
        found += texts(read(page))
        sources += [raw.source for raw in page.answers]
        if not page.more:
            return found, sources
        cursor = dict(page.cursor)
    raise AssertionError('history does not end')


def test_history_goes_back_to_that_time(here: Scene):
    """R17: page by page, with what was ours."""
    write(here, *(str(number) for number in range(130)))
    for dm in here.server.state.messages[:20]:
        dm.at = datetime.now(UTC) - timedelta(days=3)
    found, sources = past(here, datetime.now(UTC) - timedelta(days=1))
    assert sorted(found, key=int) == [str(number) for number in range(20, 130)]
    assert set(sources) == {Source.HISTORY} and len(here.server.asked(PAGES)) == 2


def test_history_within_the_budget(here: Scene):
    write(here, 'un', 'deux')
    here.paid(1999)
    since = datetime.now(UTC) - timedelta(days=1)
    page = NETWORK.history(here.account, {}, since, here.http)
    assert texts(read(page)) == ['deux'] and page.more
    with pytest.raises(errors.TemporaryError) as caught:
        NETWORK.history(here.account, page.cursor, since, here.http)
    assert caught.value.reason == 'reads_budget' and (caught.value.retry_after or 0) > 0


# -- odd pages


def test_an_account_that_was_never_tested_is_not_guessed(here: Scene):
    here.account = dataclasses.replace(here.account, external_id='')
    with pytest.raises(errors.ConfigurationError):
        here.poll()


@pytest.mark.parametrize('body', [b'', b'<html>', b'[]', b'null'])
def test_a_page_that_is_not_one(here: Scene, body: bytes):
    here.server.fail('answer', PAGES, status=200, body=body)
    with pytest.raises(errors.TemporaryError):
        here.poll()


def test_groups_and_notes_to_oneself(here: Scene):
    """R3: read, counted, and nobody's."""
    base = {'event_type': 'MessageCreate', 'text': 'a', 'sender_id': here.citizen}
    page = {
        'data': [
            {**base, 'id': '3', 'dm_conversation_id': '9910201096481091159'},
            {**base, 'id': '2', 'dm_conversation_id': f'{US}-{US}', 'sender_id': US},
            {**base, 'id': '1', 'dm_conversation_id': '398', 'participant_ids': [here.citizen, US]},
            {**base, 'id': '0', 'event_type': 'MessageBurn'},
        ]
    }
    events = NETWORK.parse(Raw(json.dumps(page).encode(), Source.POLL, account=here.account))
    assert [event.reason for event in events] == ['group', 'own', '', 'unknown']
    assert [event.sequence for event in events] == [3, 2, 1, 0]
    assert (events[2].kind, events[2].user) == (Kind.MESSAGE, here.citizen)

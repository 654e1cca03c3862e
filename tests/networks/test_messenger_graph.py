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

"""History, names and media of a Page, against the emulator of the Graph API."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from demo.emulators.graph_state import document, photo
from publik_socialmedia import networks
from publik_socialmedia.errors import ConfigurationError, PermanentError, TemporaryError
from publik_socialmedia.http import fetch_media
from publik_socialmedia.networks.base import JSON, Attachment, Event, Kind, Page, Source
from tests.networks.graph import Scene, scene

NETWORK = networks.get('messenger')
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def graph() -> Iterator[Scene]:
    with scene() as found:
        yield found


def read_all(graph: Scene, since: datetime) -> tuple[list[Event], list[Page]]:
    """The whole history, as the core reads it."""
    events: list[Event] = []
    pages: list[Page] = []
    cursor: Mapping[str, JSON] = {}
    for _ in range(200):
        page = NETWORK.history(graph.account, cursor, since, graph.http)
        pages.append(page)
        events.extend(event for raw in page.answers for event in NETWORK.parse(raw))
        cursor = page.cursor
        if not page.more:
            return events, pages
    raise AssertionError('the history never ends')


def texts(events: list[Event]) -> list[str]:
    return [event.text for event in events if event.kind is Kind.MESSAGE]


# -- history


def test_history_gives_back_what_was_missed(graph: Scene):
    """R17: an outage without webhooks; both sides of the exchange, files too."""
    graph.emulator.citizen_writes(graph.citizen, 'Voici', [photo(), document()])
    graph.emulator.page_writes(graph.citizen, 'Merci')
    events, pages = read_all(graph, LONG_AGO)
    assert [(event.text, event.from_us, event.user) for event in events] == [
        ('Bonjour', False, graph.citizen),
        ('Voici', False, graph.citizen),
        ('Merci', True, graph.citizen),
    ]
    mids = [message.mid for message in graph.emulator.thread(graph.citizen).messages]
    assert [event.external_id for event in events] == mids
    assert [item.kind for item in events[1].attachments] == ['image', 'file']
    assert {raw.source for page in pages for raw in page.answers} == {Source.HISTORY}


def test_history_keeps_nothing_older_than_asked(graph: Scene):
    """R18: old messages are neither imported nor stored, whatever else the thread says since."""
    messages = graph.emulator.thread(graph.citizen).messages
    messages[0].created_at -= timedelta(days=2)
    graph.emulator.citizen_writes(graph.citizen, 'nouveau')
    old = graph.emulator.add_person('Youssef')
    graph.emulator.citizen_writes(old, 'ancien')
    graph.emulator.thread(old).messages[0].created_at -= timedelta(days=3)
    events, pages = read_all(graph, datetime.now(UTC) - timedelta(days=1))
    assert texts(events) == ['nouveau']
    assert not any(b'Bonjour' in raw.body or b'ancien' in raw.body for page in pages for raw in page.answers)


def test_history_stops_at_the_instant_asked(graph: Scene):
    """R17: threads come newest first; those that did not move are not even listed."""
    for number in range(35):
        psid = graph.emulator.add_person(f'Personne {number}')
        graph.emulator.citizen_writes(psid, f'message {number}')
        graph.emulator.thread(psid).messages[0].created_at -= timedelta(days=number)
    _events, pages = read_all(graph, datetime.now(UTC) - timedelta(days=5, hours=1))
    assert len(pages) == 1
    events, pages = read_all(graph, LONG_AGO)
    assert len(pages) == 4
    assert sorted(texts(events)) == sorted([*(f'message {number}' for number in range(35)), 'Bonjour'])


def test_history_takes_more_than_twenty_messages_when_given(graph: Scene):
    """R17: the network promises 20; practice was that it tells the others too."""
    graph.emulator.citizen_writes_burst(graph.citizen, [f'{number}' for number in range(50)])
    events, _pages = read_all(graph, LONG_AGO)
    assert texts(events) == [f'{number}' for number in range(30, 50)]
    graph.emulator.api.tells_old_messages = True
    events, _pages = read_all(graph, LONG_AGO)
    assert sorted(texts(events)) == sorted(['Bonjour', *(f'{number}' for number in range(50))])


def test_history_survives_a_thread_that_stops_being_told(graph: Scene):
    """R17: « deleted », says the network of what is older; the other threads are still read."""
    graph.emulator.citizen_writes_burst(graph.citizen, [f'{number}' for number in range(30)])
    graph.emulator.api.tells_old_messages = True
    refused = {'error': {'code': 100, 'error_subcode': 33, 'message': 'deleted'}}
    graph.emulator.fail('answer', 'GET .*/t_.*/messages', status=400, body=refused)
    events, pages = read_all(graph, LONG_AGO)
    assert texts(events) == [f'{number}' for number in range(10, 30)]
    assert not pages[-1].more


def test_history_never_stores_our_token(graph: Scene):
    """R50: ``paging.next`` holds it."""
    graph.emulator.citizen_writes_burst(graph.citizen, [f'{number}' for number in range(30)])
    _events, pages = read_all(graph, LONG_AGO)
    assert not any(
        b'access_token' in raw.body or b'EAA' in raw.body for page in pages for raw in page.answers
    )


def test_history_slows_down_when_the_limits_are_near(graph: Scene):
    """R33"""
    usage = '{"call_count":85,"total_time":3,"total_cputime":1}'
    graph.emulator.fail('answer', 'GET', body={'data': []}, status=200, headers={'X-App-Usage': usage})
    page = NETWORK.history(graph.account, {}, LONG_AGO, graph.http)
    assert page.wait and not page.more
    graph.emulator.limit_rate('GET')
    with pytest.raises(TemporaryError) as caught:
        NETWORK.history(graph.account, {}, LONG_AGO, graph.http)
    assert caught.value.retry_after == 19 * 60


def test_history_of_a_page_without_threads():
    with scene() as graph:
        graph.emulator.page.threads.clear()
        events, pages = read_all(graph, LONG_AGO)
        assert (events, [page.answers for page in pages]) == ([], [()])


# -- names


@pytest.mark.parametrize('profile', ['full', 'empty', 'refused', 'phone'])
def test_the_name_comes_from_the_profile_or_from_the_thread(graph: Scene, profile: str):
    """R15: the profile needs a feature that is granted to few; the thread tells the name too."""
    graph.emulator.thread(graph.citizen).person.profile = profile
    assert NETWORK.profile(graph.account, graph.citizen, graph.http) == 'Camille Martin'


def test_a_name_that_nobody_tells(graph: Scene):
    """R15: never an exception that would stop the account."""
    stranger = graph.emulator.add_person('Inconnue', profile='refused')
    assert NETWORK.profile(graph.account, stranger, graph.http) == ''
    graph.emulator.token.scopes = ('pages_messaging',)
    assert NETWORK.profile(graph.account, stranger, graph.http) == ''
    graph.emulator.token.dead = 467
    with pytest.raises(ConfigurationError):
        NETWORK.profile(graph.account, stranger, graph.http)


# -- media


def _attachment(graph: Scene) -> Attachment:
    mid = graph.emulator.citizen_writes(graph.citizen, '', [document(), photo()])
    media = graph.emulator.world.messages[mid].media[1]
    return Attachment('image', url=media.url, details={'message': mid, 'rank': 1})


def test_a_link_is_fetched_as_it_is(graph: Scene):
    attachment = _attachment(graph)
    real = dataclasses.replace(graph.account, api_url='')
    fetch = NETWORK.open_attachment(real, attachment, graph.http)
    assert (fetch.url, dict(fetch.headers), fetch.hosts) == (attachment.url, {}, ())


def test_the_emulator_serves_the_media_of_the_network(graph: Scene):
    fetch = NETWORK.open_attachment(graph.account, _attachment(graph), graph.http)
    assert graph.http.request('GET', fetch.url).body == photo('teal').content
    assert fetch.hosts == ('127.0.0.1',)


def test_an_expired_link_is_asked_again(graph: Scene):
    """R9: links end after some days; the message tells a fresh one, of the same rank."""
    attachment = _attachment(graph)
    old = dataclasses.replace(attachment, url=graph.emulator.expired(attachment.url))
    refused = graph.http.request('GET', old.url.replace('https://', f'{graph.emulator.url}/cdn/'))
    assert refused.status == 403
    fetch = NETWORK.open_attachment(graph.account, old, graph.http)
    assert fetch_media(fetch.url, fetch.hosts).content == photo('teal').content


def test_an_expired_link_of_a_message_that_is_gone(graph: Scene):
    """R9"""
    attachment = _attachment(graph)
    graph.emulator.citizen_unsends(attachment.details['message'])
    old = dataclasses.replace(attachment, url=graph.emulator.expired(attachment.url))
    with pytest.raises(PermanentError) as caught:
        NETWORK.open_attachment(graph.account, old, graph.http)
    assert caught.value.reason == 'media_gone'


@pytest.mark.parametrize('url, reason', [('', 'no_url'), ('https://example.org/a.jpg', 'forbidden_url')])
def test_what_is_never_fetched(graph: Scene, url: str, reason: str):
    """R10"""
    with pytest.raises(PermanentError) as caught:
        NETWORK.open_attachment(graph.account, Attachment('image', url=url), graph.http)
    assert caught.value.reason == reason

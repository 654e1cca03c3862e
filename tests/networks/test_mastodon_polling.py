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

"""Polling and history, against the stand-in over real HTTP on the loopback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from publik_socialmedia.errors import ConfigurationError, PermanentError, TemporaryError
from publik_socialmedia.networks.base import Kind, Source
from tests.networks.mastodon_scene import FAMILIES, JEANNE, NETWORK, Scene, read, scene, texts

NOTIFICATIONS = 'GET /api/v1/notifications'


@pytest.fixture(params=FAMILIES)
def here(request: pytest.FixtureRequest) -> Iterator[Scene]:
    with scene(request.param) as found:
        yield found


@pytest.fixture
def mastodon() -> Iterator[Scene]:
    with scene('mastodon') as found:
        yield found


def test_the_first_call_imports_nothing(here: Scene):
    """R18: neither then nor later, even from a server that gives everything again."""
    for number in range(60):
        here.state.write(JEANNE, f'@ville avant {number}')
    assert here.poll() == []
    assert here.poll() == []
    here.state.write(JEANNE, '@ville après')
    assert texts(here.poll()) == ['après']


def test_each_message_once(here: Scene):
    """R4, R17: read again on purpose for a while, handed over once."""
    here.poll()
    for number in range(12):
        here.state.write(JEANNE, f'@ville {number}')
        assert texts(here.poll()) == [str(number)]
    assert [here.poll() for _ in range(10)] == [[]] * 10


def test_the_very_first_message_of_an_account(here: Scene):
    here.poll()
    assert here.cursor['marks'] == ['']
    here.state.write(JEANNE, '@ville premier')
    assert texts(here.poll()) == ['premier']
    assert here.poll() == []


def test_an_idle_account_costs_one_request(here: Scene):
    """R17"""
    here.state.write(JEANNE, '@ville avant')
    here.poll()
    here.state.write(JEANNE, '@ville après')
    here.poll()
    here.server.calls.clear()
    for _ in range(8):
        here.poll()
    assert len(here.server.calls) == 8
    assert {call.path for call in here.server.calls} == {'/api/v1/notifications'}


def test_when_idle_for_long_nothing_is_given_again(mastodon: Scene):
    """R17: the overlap is of some polls; then answers are empty, and cursors do not move."""
    mastodon.poll()
    mastodon.state.write(JEANNE, '@ville bonjour')
    for _ in range(7):
        mastodon.poll()
    before = mastodon.cursor
    page = NETWORK.poll(mastodon.account, before, mastodon.http)
    assert page.cursor == before and page.answers == () and not page.more


@pytest.mark.parametrize('count', [39, 40, 41, 170, 450])
def test_a_burst_is_read_whole(here: Scene, count: int):
    """R17: pages are followed up on Mastodon and GoToSocial, down on snac; nothing is left between."""
    here.state.write(JEANNE, '@ville avant')
    here.poll()
    for number in range(count):
        here.state.write(JEANNE, f'@ville {number}')
    found = texts(here.poll())
    assert sorted(found, key=int) == [str(number) for number in range(count)]
    here.state.write(JEANNE, '@ville encore')
    assert texts(here.poll()) == ['encore']
    assert here.poll() == []


def test_a_burst_on_an_account_that_had_nothing(here: Scene):
    here.poll()
    for number in range(130):
        here.state.write(JEANNE, f'@ville {number}')
    assert len(texts(here.poll())) == 130


def test_one_that_becomes_visible_late(mastodon: Scene):
    """R17: ids are given before they are visible; the overlap finds the late one."""
    mastodon.poll()
    mastodon.state.write(JEANNE, '@ville un')
    mastodon.poll()
    mastodon.state.write(JEANNE, '@ville en retard')
    late = mastodon.state.notifications.pop()
    mastodon.state.write(JEANNE, '@ville deux')
    assert texts(mastodon.poll()) == ['deux']
    mastodon.state.notifications.insert(1, late)
    assert texts(mastodon.poll()) == ['en retard']


def test_only_private_mentions_are_kept(here: Scene):
    """R50: what is public is not even stored."""
    here.poll()
    here.state.write(JEANNE, '@ville bravo !', 'public')
    assert NETWORK.poll(here.account, here.cursor, here.http).answers == ()
    here.state.write(JEANNE, '@ville en privé')
    page = NETWORK.poll(here.account, here.cursor, here.http)
    (raw,) = page.answers
    assert b'bravo' not in raw.body and raw.source is Source.POLL and raw.account == here.account
    assert texts(read(page)) == ['en privé']


def test_filtered_messages_are_read():
    """R16: those of strangers, that Mastodon sets aside by default."""
    with scene('mastodon', policy={'for_private_mentions': 'filter'}) as here:
        here.poll()
        here.state.write(JEANNE, '@ville inconnue au bataillon')
        (event,) = here.poll()
        assert (event.text, event.details['request']) == ('inconnue au bataillon', True)
        asked = here.server.asked(NOTIFICATIONS)
        assert all(call.params['include_filtered'] == 'true' for call in asked if 'requests' not in call.path)


def test_a_request_that_announces_more_is_read_whole():
    """R16: the five messages of one stranger, of which the list showed only the last."""
    with scene('mastodon', policy={'for_private_mentions': 'filter'}) as here:
        here.state.write(JEANNE, '@ville avant que le compte soit relié')
        here.poll()
        for number in range(5):
            here.state.write(JEANNE, f'@ville {number}')
        hidden = here.state.notifications[:-1]
        del here.state.notifications[:-1]
        here.state.notifications[:0] = hidden
        # a list that shows only the last of each thread
        shown = here.server.get_v1_notifications

        def collapsed(call):
            reply = shown(call)
            return reply if call.text('account_id') else type(reply)(200, reply.body[:1], reply.headers)

        here.server.get_v1_notifications = collapsed
        events = here.poll()
        assert sorted(texts(events)) == ['0', '1', '2', '3', '4']
        assert {event.details.get('request') for event in events} == {True}


def test_a_server_with_a_policy_that_does_not_know_include_filtered():
    """R16: then the requests are asked for at each poll."""
    with scene('mastodon', policy={'for_private_mentions': 'filter'}) as here:
        here.told(server='other')
        here.poll()
        here.state.write(JEANNE, '@ville bonjour')
        here.state.write(JEANNE, '@ville encore')
        shown = here.server.get_v1_notifications

        def ignorant(call):
            return shown(call) if call.text('account_id') else type(shown(call))(200, [])

        here.server.get_v1_notifications = ignorant
        assert sorted(texts(here.poll())) == ['bonjour', 'encore']
        assert here.poll() == []


@pytest.mark.parametrize('host', ['https://evil.example', 'http://127.0.0.1:1'])
def test_a_link_to_another_host_is_not_followed(mastodon: Scene, host: str):
    """R10: neither the token nor the request leave for it."""
    mastodon.state.write(JEANNE, '@ville avant')
    mastodon.poll()
    shown = mastodon.server.get_v1_notifications

    def elsewhere(call):
        reply = shown(call)
        links = {name: value.replace(mastodon.server.url, host) for name, value in reply.headers.items()}
        return type(reply)(reply.status, reply.body, links)

    mastodon.server.get_v1_notifications = elsewhere
    for number in range(90):
        mastodon.state.write(JEANNE, f'@ville {number}')
    found = mastodon.poll() + mastodon.poll() + mastodon.poll()
    assert sorted(texts(found), key=int) == [str(number) for number in range(90)]


def test_a_server_that_ignores_min_id(mastodon: Scene):
    """R17, R18: it gives the newest forty each time."""
    for number in range(50):
        mastodon.state.write(JEANNE, f'@ville avant {number}')
    shown = mastodon.server.get_v1_notifications

    def ignorant(call):
        params = {name: value for name, value in call.params.items() if name != 'min_id'}
        return shown(type(call)(call.method, call.path, call.headers, params, query=call.query))

    mastodon.server.get_v1_notifications = ignorant
    mastodon.poll()
    assert mastodon.poll() == []
    mastodon.state.write(JEANNE, '@ville un')
    mastodon.state.write(JEANNE, '@ville deux')
    assert sorted(texts(mastodon.poll())) == ['deux', 'un']
    assert mastodon.poll() == []


# -- errors


def test_too_many_requests(here: Scene):
    """R33: until the date that the server gives; the cursor is not lost."""
    here.poll()
    here.server.slow_down(NOTIFICATIONS, 180)
    with pytest.raises(TemporaryError) as caught:
        here.poll()
    assert caught.value.reason == 'rate'
    assert 170 < caught.value.retry_after < 190
    here.state.write(JEANNE, '@ville bonjour')
    assert texts(here.poll()) == ['bonjour']


def test_the_last_request_allowed(mastodon: Scene):
    """R33: the next poll waits, without an error before."""
    mastodon.poll()
    until = (datetime.now(UTC) + timedelta(seconds=100)).isoformat()
    headers = {'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': until}
    mastodon.server.fail('answer', NOTIFICATIONS, status=200, body=[], headers=headers)
    page = NETWORK.poll(mastodon.account, mastodon.cursor, mastodon.http)
    assert page.wait is not None and 90 < page.wait < 110


@pytest.mark.parametrize('status, body, expected', [
    (401, {'error': 'x'}, ConfigurationError), (403, {'error': 'x'}, ConfigurationError),
    (503, b'<html></html>', TemporaryError), (200, b'<html>captive portal</html>', TemporaryError),
    (200, {'a': 1}, None), (404, {'error': 'x'}, PermanentError),
])  # fmt: skip
def test_errors(mastodon: Scene, status: int, body: object, expected: type[Exception] | None):
    mastodon.poll()
    mastodon.server.fail('answer', NOTIFICATIONS, status=status, body=body)
    if expected is None:
        assert mastodon.poll() == []
    else:
        with pytest.raises(expected):
            mastodon.poll()


# -- history


def test_history_since_a_date(here: Scene):
    """R17, R18: what was written to us, filtered or not, and what we answered, in pages of 80."""
    for number in range(100):
        here.state.write(JEANNE, f'@ville vieux {number}')
    here.state.now += timedelta(days=3)
    since = here.state.now
    for number in range(90):
        here.state.write(JEANNE, f'@ville {number}')
    here.state.write('ville', f'@{JEANNE} réponse')
    here.state.write('ville', 'annonce', 'public')
    here.state.write(JEANNE, '@ville bravo', 'public')
    events, cursor, more, calls = [], {}, True, 0
    while more:
        page = NETWORK.history(here.account, cursor, since, here.http)
        cursor, more, calls = page.cursor, page.more, calls + 1
        events += read(page)
        assert calls < 12
        assert all(raw.source is Source.HISTORY for raw in page.answers)
    own = [event for event in events if event.from_us]
    assert texts(own) == ['réponse'] and own[0].user == JEANNE
    found = {event.text for event in events if event.kind is Kind.MESSAGE and not event.from_us}
    assert found == {str(number) for number in range(90)}


def test_history_reads_the_requests_too():
    """R16"""
    with scene('mastodon', policy={'for_private_mentions': 'filter'}) as here:
        here.state.write(JEANNE, '@ville un')
        page = NETWORK.history(
            here.account, {'phase': 'requests'}, datetime(2026, 1, 1, tzinfo=UTC), here.http
        )
        (event,) = read(page)
        assert (event.text, event.details['request']) == ('un', True)


def test_history_ends_on_a_server_that_ignores_max_id(mastodon: Scene):
    for number in range(100):
        mastodon.state.write(JEANNE, f'@ville {number}')
    shown = mastodon.server.get_v1_notifications

    def ignorant(call):
        params = {name: value for name, value in call.params.items() if name != 'max_id'}
        return shown(type(call)(call.method, call.path, call.headers, params, query=call.query))

    mastodon.server.get_v1_notifications = ignorant
    cursor, more, calls = {}, True, 0
    while more:
        page = NETWORK.history(mastodon.account, cursor, datetime(2026, 1, 1, tzinfo=UTC), mastodon.http)
        cursor, more, calls = page.cursor, page.more, calls + 1
        assert calls < 6

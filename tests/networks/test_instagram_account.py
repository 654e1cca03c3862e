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

"""Test, renewal, past, names and media of an Instagram account, by both ways in."""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from demo.emulators.graph_state import photo
from publik_socialmedia import networks
from publik_socialmedia.errors import ConfigurationError, PermanentError, TemporaryError
from publik_socialmedia.http import fetch_media
from publik_socialmedia.networks.base import JSON, Attachment, Event, Health, Kind, Page, Request
from publik_socialmedia.networks.instagram import health, renewal
from publik_socialmedia.networks.meta import sign
from tests.networks.instagram_scene import IG_ID, IG_LOGIN_TOKEN, IG_PAGE_ID, WAYS, Scene, known_token, scene

NETWORK = networks.get('instagram')
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
APP = '990000000000001'


@pytest.fixture(params=WAYS)
def graph(request: pytest.FixtureRequest) -> Iterator[Scene]:
    with scene(request.param) as found:
        yield found


@pytest.fixture
def login() -> Iterator[Scene]:
    with scene('login') as found:
        yield found


@pytest.fixture
def page() -> Iterator[Scene]:
    with scene('page') as found:
        yield found


def check(graph: Scene) -> Health:
    return NETWORK.check(graph.account, graph.http)


def reasons(found: Health) -> list[tuple[str, str]]:
    return [(problem.reason, problem.severity) for problem in found.problems]


# -- the test of the account


def test_a_healthy_account(graph: Scene):
    """R40, R41: known by the number of its webhooks, not by the one of the Page or of the application."""
    found = check(graph)
    assert (found.ok, found.problems) == (True, ())
    assert (found.external_id, found.name) == (IG_ID, 'villexemple')
    assert found.facts.get('page_id') == (IG_PAGE_ID if graph.way == 'page' else None)
    assert found.facts['human_agent'] is False


def test_a_first_check_learns_which_account_it_is(graph: Scene):
    graph.account = dataclasses.replace(graph.account, external_id='', facts={})
    assert (check(graph).ok, check(graph).external_id) == (True, IG_ID)


def test_the_longer_window(graph: Scene):
    """R32: found out by the Page; typed by the administrator where no call tells it."""
    graph.emulator.page.human_agent = graph.way == 'page'
    if graph.way == 'login':
        graph.set_credentials(human_agent='Oui')
    assert check(graph).facts['human_agent'] is True


Breaks = Callable[[Scene], object]
BOTH: dict[str, tuple[Breaks, str]] = {
    'unknown token': (
        lambda g: g.set_credentials(**{_token_name(g): 'EAAother'}),
        'auth',
    ),
    'password changed': (lambda g: setattr(g.token, 'dead', 460), 'auth'),
    'expired': (lambda g: setattr(g.token, 'expires_at', LONG_AGO), 'auth'),
    'no token': (lambda g: g.set_credentials(**{_token_name(g): ''}), 'config'),
    'other account': (
        lambda g: setattr(g, 'account', dataclasses.replace(g.account, external_id='17841499')),
        'config',
    ),
    'not subscribed': (lambda g: g.emulator.page.subscriptions.clear(), 'subscription'),
    'messages closed': (lambda g: setattr(g.emulator.api, 'closed', True), 'permission'),
}
BY_PAGE: dict[str, tuple[Breaks, str]] = {
    'no linked account': (lambda g: g.emulator.api.page_ids.clear(), 'config'),
    'user token': (lambda g: setattr(g.token, 'kind', 'USER'), 'config'),
    'no right': (lambda g: setattr(g.token, 'scopes', tuple(health.SCOPES)[1:]), 'permission'),
    'wrong secret': (lambda g: g.set_credentials(app_secret='wrong'), 'config'),
    'no field messages': (
        lambda g: (
            setattr(g.emulator.app, 'fields', ('messaging_seen',)),
            setattr(g.emulator.app, 'callback_url', 'https://ville.example.org/'),
        ),
        'subscription',
    ),
    'webhook off': (lambda g: setattr(g.emulator.app, 'active', False), 'subscription'),
}
BY_LOGIN: dict[str, tuple[Breaks, str]] = {
    'personal account': (lambda g: setattr(g.emulator.api, 'account_type', 'PERSONAL'), 'config'),
    'no right': (lambda g: setattr(g.token, 'scopes', ('instagram_business_basic',)), 'permission'),
    'no basic right': (lambda g: setattr(g.token, 'scopes', ()), 'permission'),
    'other fields': (
        lambda g: g.emulator.page.subscriptions.update({APP: ('messaging_seen',)}),
        'subscription',
    ),
}
BROKEN = [
    *(('page', name, *case) for name, case in {**BOTH, **BY_PAGE}.items()),
    *(('login', name, *case) for name, case in {**BOTH, **BY_LOGIN}.items()),
]


def _token_name(graph: Scene) -> str:
    return 'page_token' if graph.way == 'page' else 'instagram_token'


@pytest.mark.parametrize('way, name, breaks, reason', BROKEN, ids=lambda value: str(value)[:20])
def test_each_thing_wrong_is_said(way: str, name: str, breaks: Breaks, reason: str):
    """R40: what is wrong, precisely, and only that; no secret in it."""
    with scene(way) as graph:
        breaks(graph)
        found = check(graph)
    assert not found.ok
    assert {p.reason for p in found.problems if p.severity == 'critical'} == {reason}
    assert all(p.message.endswith('.') and len(p.message) > 30 for p in found.problems)
    assert 'EAA' not in repr(found) and 'IGAA' not in repr(found)


def test_the_holder_is_told_where_to_allow_access(graph: Scene):
    """R40: all seems well, and nothing is read."""
    graph.emulator.api.closed = True
    assert 'Connected tools' in check(graph).problems[0].message


def test_an_outage_is_not_a_problem_of_the_account(graph: Scene):
    """R40: only TemporaryError may come out."""
    calls = {
        'page': ('debug_token', 'me$', 'subscribed_apps', 'subscriptions', 'feature', 'conversations'),
        'login': ('me$', 'subscribed_apps', 'conversations'),
    }
    for pattern in calls[graph.way]:
        graph.emulator.fail('answer', f'GET .*{pattern}', status=503, body=b'')
        with pytest.raises(TemporaryError):
            check(graph)
        assert not graph.emulator.faults, pattern


def test_the_list_of_one_that_was_seen_for_an_account(login: Scene):
    """``/me`` gives an object, or a list of one."""
    body = {'data': [{'user_id': IG_ID, 'username': 'villexemple', 'account_type': 'BUSINESS'}]}
    login.emulator.fail('answer', 'GET .*/me$', status=200, body=body)
    assert check(login).external_id == IG_ID


@pytest.mark.parametrize('address, known', [('https://ville.example.org/x', True), ('', False)])
def test_a_site_where_files_could_not_be_fetched(login: Scene, monkeypatch, address: str, known: bool):
    """R40: told before an agent sends one. What stands in for the network may fetch anywhere."""
    login.account = dataclasses.replace(login.account, webhook_url=address)
    assert check(login).problems == ()
    stand_in = login.emulator.url
    monkeypatch.setattr(type(NETWORK), 'url', lambda _self, _account, path: _versioned(stand_in, path))
    login.account = dataclasses.replace(login.account, api_url='')
    assert reasons(check(login)) == ([] if known else [('base_url', 'warning')])


def _versioned(base: str, path: Sequence[str]) -> str:
    return '/'.join([base, 'graph.instagram.com', 'v26.0', *path])


# -- webhooks


def test_subscribe_repairs_what_check_found(graph: Scene):
    graph.emulator.page.subscriptions.clear()
    assert not check(graph).ok
    for _ in range(2):
        NETWORK.subscribe(graph.account, graph.http)
    assert check(graph).ok


def test_the_subscription_of_a_page_is_left_as_it_is(page: Scene):
    """What the same Page tells of its own inbox must go on."""
    page.emulator.page.subscriptions[APP] = ('messages', 'message_reads', 'standby')
    NETWORK.subscribe(page.account, page.http)
    assert page.emulator.page.subscriptions[APP] == ('messages', 'message_reads', 'standby')


@pytest.mark.parametrize('name', ['app_secret', 'instagram_app_secret'])
def test_either_secret_may_sign(name: str):
    """R1: which one does with Instagram Login is not clear."""
    secrets = {'app_secret': ['un'], 'instagram_app_secret': ['deux', 'ancien']}
    for secret in secrets[name]:
        headers = {'x-hub-signature-256': f'sha256={sign(secret, b"{}")}'}
        NETWORK.verify(Request('POST', headers, {}, b'{}'), secrets)


# -- the token of Instagram Login


def due(graph: Scene) -> bool:
    when = NETWORK.renewal_due(graph.account)
    return when is not None and when <= datetime.now(UTC)


def test_a_token_is_renewed_each_week(login: Scene):
    """R41: long before its end; the new one works, and is known to be young."""
    assert not due(login) and NETWORK.renew(login.account, login.http) is None
    login.set_credentials(**known_token(timedelta(days=7, minutes=1)))
    assert due(login)
    values = NETWORK.renew(login.account, login.http)
    assert values and values['instagram_token'] != IG_LOGIN_TOKEN
    login.set_credentials(**values)
    assert not due(login)
    expires = check(login).token_expires
    assert expires is not None and expires > datetime.now(UTC) + timedelta(days=59)
    login.send(login.outgoing())
    assert login.said() == ['Votre dossier est prêt.']


def test_the_token_that_is_renewed_is_in_no_log(login: Scene, caplog):
    """R50: that call alone takes it in its address."""
    caplog.set_level(logging.DEBUG)
    login.set_credentials(**known_token(timedelta(days=8)))
    assert NETWORK.renew(login.account, login.http)
    assert 'IGAA' not in caplog.text


def test_a_token_that_was_just_typed_is_looked_at_once(login: Scene):
    """Nothing says how old it is: too young, it is asked again tomorrow, and goes on serving."""
    login.set_credentials(**{renewal.STATE: ''})
    assert due(login)
    login.emulator.api.issued = datetime.now(UTC)
    values = NETWORK.renew(login.account, login.http)
    assert values and 'instagram_token' not in values
    login.set_credentials(**values)
    when = NETWORK.renewal_due(login.account)
    assert when is not None and when > datetime.now(UTC) + timedelta(hours=23)
    login.set_credentials(instagram_token='IGAAanother')
    assert due(login)  # what was known was of the former one
    login.set_credentials(**{renewal.STATE: 'not JSON'})
    assert due(login)


def test_a_dead_token_cannot_be_renewed(login: Scene):
    """R41: a person must log in again."""
    login.set_credentials(**known_token(timedelta(days=61)))
    login.token.dead = 463
    with pytest.raises(ConfigurationError) as caught:
        NETWORK.renew(login.account, login.http)
    assert caught.value.reason == 'auth' and 'IGAA' not in f'{caught.value!r}'


def test_an_outage_of_the_renewal(login: Scene):
    """It is early: what we have still serves."""
    login.set_credentials(**known_token(timedelta(days=8)))
    for reply in ({'status': 503, 'body': b''}, {'status': 200, 'body': {}}, {'status': 200, 'body': b'<'}):
        login.emulator.fail('answer', 'GET .*/refresh_access_token', **reply)
        with pytest.raises(TemporaryError):
            NETWORK.renew(login.account, login.http)


def test_the_token_of_a_page_has_nothing_to_renew(page: Scene):
    assert NETWORK.renewal_due(page.account) is None
    assert NETWORK.renew(page.account, page.http, refused=True) is None


# -- the past


def read_all(graph: Scene, since: datetime = LONG_AGO) -> tuple[list[Event], list[Page]]:
    events: list[Event] = []
    pages: list[Page] = []
    cursor: Mapping[str, JSON] = {}
    for _ in range(100):
        page = NETWORK.history(graph.account, cursor, since, graph.http)
        pages.append(page)
        events.extend(event for raw in page.answers for event in NETWORK.parse(raw))
        cursor = page.cursor
        if not page.more:
            return events, pages
    raise AssertionError('the history never ends')


def texts(events: list[Event]) -> list[str]:
    return [event.text for event in events if event.kind is Kind.MESSAGE]


def test_history_gives_back_what_was_missed(graph: Scene):
    """R17: both sides, files, under the ids of the webhook; no token is kept."""
    graph.emulator.citizen_writes(graph.citizen, 'Voici', [photo()])
    graph.emulator.page_writes(graph.citizen, 'Merci')
    events, pages = read_all(graph)
    assert [(event.text, event.from_us, event.user) for event in events] == [
        ('Bonjour', False, graph.citizen),
        ('Voici', False, graph.citizen),
        ('Merci', True, graph.citizen),
    ]
    assert events[0].name == 'camille.martin' and [a.kind for a in events[1].attachments] == ['image']
    assert not any(b'access_token' in raw.body for page in pages for raw in page.answers)


def test_history_tells_twenty_messages_at_the_pace_allowed(graph: Scene):
    """R17, R33: 2 calls a second, whoever calls."""
    graph.emulator.citizen_writes_burst(graph.citizen, [f'{number}' for number in range(30)])
    for number in range(11):
        psid = graph.emulator.add_person(f'Personne {number}')
        graph.emulator.citizen_writes(psid, f'bonjour {number}')
    events, pages = read_all(graph)
    assert [text for text in texts(events) if text.isdigit()] == [f'{n}' for n in range(10, 30)]
    assert sum('bonjour' in text for text in texts(events)) == 11
    assert len(pages) > 3 and all((page.wait or 0) >= 0.5 for page in pages if page.answers)


def test_requests_are_read_too(graph: Scene):
    """R16: unknown citizens land there; idle for 30 days, they are no longer told."""
    for name, days in (('Nouvelle', 1), ('Ancien', 31)):
        psid = graph.emulator.add_person(name)
        graph.emulator.citizen_writes(psid, f'demande {name}')
        graph.emulator.api.requests.add(psid)
        graph.emulator.thread(psid).messages[0].created_at -= timedelta(days=days)
    events, _pages = read_all(graph)
    assert [text for text in texts(events) if 'demande' in text] == ['demande Nouvelle']


def test_a_page_does_not_give_its_own_inbox(page: Scene):
    """Both inboxes are behind one address: the platform is said."""
    read_all(page)
    listed = [call for call in page.emulator.calls if call.path.endswith('/conversations')]
    assert {call.text('platform') for call in listed} == {'instagram'}


# -- names and media


def test_names(graph: Scene):
    """R15: the name, else the user name of the thread; never an exception."""
    assert NETWORK.profile(graph.account, graph.citizen, graph.http) == 'Camille Martin'
    graph.emulator.thread(graph.citizen).person.profile = 'refused'
    assert NETWORK.profile(graph.account, graph.citizen, graph.http) == 'camille.martin'
    assert NETWORK.profile(graph.account, '123', graph.http) == ''


def test_an_expired_link_is_asked_again(graph: Scene):
    """R9: the message tells a fresh one; what was taken back has none."""
    mid = graph.emulator.citizen_writes(graph.citizen, '', [photo()])
    url = graph.emulator.expired(graph.emulator.world.messages[mid].media[0].url)
    old = Attachment('image', url=url, details={'message': mid, 'rank': 0})
    fetch = NETWORK.open_attachment(graph.account, old, graph.http)
    assert fetch_media(fetch.url, fetch.hosts).content == photo().content
    graph.emulator.citizen_unsends(mid)
    with pytest.raises(PermanentError) as caught:
        NETWORK.open_attachment(graph.account, old, graph.http)
    assert caught.value.reason == 'media_gone'


def test_what_renew_keeps_holds_no_token():
    """R50: what is remembered of a token is a short hash of it."""
    state = json.loads(known_token()[renewal.STATE])
    assert IG_LOGIN_TOKEN not in json.dumps(state) and set(state) == {'of', 'after', 'expires'}

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

"""How updates come: polled without being lost, by webhook with an empty answer; the test of a bot."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from demo.emulators.telegram import TelegramEmulator
from demo.emulators.telegram_state import TOKEN, Webhook, now
from demo.emulators.telegram_webhook import HEADER
from publik_socialmedia import http, networks
from publik_socialmedia.errors import ConfigurationError, TemporaryError
from publik_socialmedia.models import Account, Endpoint, Message, RawEvent
from publik_socialmedia.networks.base import Health, Kind
from publik_socialmedia.networks.telegram.parsing import WANTED
from tests.delivery.desk import inbox_all, poll_now
from tests.factory import make_account
from tests.networks.desks.telegram import SECRET, Desk, desk

HOOK = 'https://combo.example.org/api/socialmedia/webhook/telegram/x/'


@pytest.fixture
def here() -> Iterator[Desk]:
    with desk() as found:
        yield found


def offsets(here: Desk) -> list[str]:
    return [call.text('offset') for call in here.server.calls if call.path.endswith('getUpdates')]


def polls(here: Desk) -> list[str]:
    """One poll; the texts that it brought."""
    page = here.network.poll(here.account, here.cursor, here.http)
    here.cursor = page.cursor
    return [event.text for event in here.read(page)]


# -- polling


def test_nothing_old_is_imported(here: Desk):
    """R18"""
    here.writes('hier')
    here.writes('ce matin')
    assert polls(here) == []
    here.writes('maintenant')
    assert polls(here) == ['maintenant']
    assert offsets(here)[0] == '-1'


def test_an_update_is_only_forgotten_by_the_call_that_follows_its_commit(here: Desk):
    """R17: a page whose commit fails is read again, as often as need be; then it is confirmed."""
    polls(here)
    here.writes('un')
    before = dict(here.cursor)
    for _ in range(3):
        here.cursor = before
        assert polls(here) == ['un'] and len(here.server.state.updates) == 1
    here.writes('deux')
    assert polls(here) == ['deux']
    assert [update['message']['text'] for update in here.server.state.updates] == ['deux']


def test_numbers_start_again_after_a_quiet_week(here: Desk):
    """Telegram numbers anew, from anywhere: below ours, they would be taken for confirmed and forgotten."""
    polls(here)
    here.writes('un')
    assert polls(here) == ['un']
    assert polls(here) == [] and here.cursor == {'offset': 0}
    here.server.state.update_numbers = iter(range(17, 99))
    here.writes('une semaine après')
    assert polls(here) == ['une semaine après'] and here.cursor == {'offset': 18}


def test_many_updates_are_read_page_by_page(here: Desk):
    """R17"""
    polls(here)
    for number in range(230):
        here.server.state.write(here.person, str(number))
    found, pages, more = list[str](), 0, True
    while more:
        page = here.network.poll(here.account, here.cursor, here.http)
        here.cursor, more, pages = page.cursor, page.more, pages + 1
        found += [event.text for event in here.read(page)]
    assert found == [str(number) for number in range(230)] and pages == 3


def test_an_account_with_a_webhook_is_not_polled(here: Desk):
    """Both at once is what Telegram refuses: no call, and the account is not broken by it."""
    account = dataclasses.replace(
        here.account, credentials={**here.account.credentials, 'webhook_secret': SECRET}
    )
    for cursor in ({}, {'offset': 5}):
        page = here.network.poll(account, cursor, here.http)
        assert page.answers == () and not here.server.calls
    # from webhook to polling: what waits is not taken for old
    here.writes('en attente')
    here.cursor = page.cursor
    assert polls(here) == ['en attente']


def test_a_bot_that_another_software_has_taken(here: Desk):
    """409: an administrator must choose; said by the test in words."""
    polls(here)
    here.server.state.webhook = Webhook('https://ailleurs.example/hook')
    with pytest.raises(ConfigurationError) as caught:
        polls(here)
    assert (caught.value.reason, caught.value.code) == ('config', '409')
    health = here.network.check(here.account, here.http)
    assert not health.ok and 'webhook' in health.problems[0].message
    here.network.subscribe(here.account, here.http)
    assert here.network.check(here.account, here.http).ok and polls(here) == []


@pytest.mark.django_db(transaction=True)
def test_what_could_not_be_committed_comes_again(here: Desk, settings, monkeypatch):
    """R17: the database fails at the commit of a page: nothing is lost, nothing comes twice."""
    settings.PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS = [here.server.url.removeprefix('http://')]
    settings.PUBLIK_SOCIALMEDIA_API_URLS = {'telegram': here.server.url}
    account = make_account('telegram', credentials={'bot_token': TOKEN}, poll_due_at=now())
    poll_now(account)
    here.writes('un')
    with monkeypatch.context() as broken:
        broken.setattr(type(RawEvent.objects), 'bulk_create', _fails)
        poll_now(account)
    assert not RawEvent.objects.exists()
    Account.objects.update(poll_due_at=now(), poll_lease_until=None)
    poll_now(account)
    inbox_all()
    assert [message.text for message in Message.objects.all()] == ['un']
    stored = RawEvent.objects.get()
    assert stored.call == 'getUpdates'


def _fails(*_: object, **__: object) -> None:
    raise RuntimeError('the disk is full')


# -- webhook


def post(body: bytes, secret: str | None = SECRET, endpoint: Endpoint | None = None) -> Any:
    endpoint = endpoint or Endpoint.objects.create(
        network='telegram', secrets={'webhook_secret': ['the-newest-of-two', SECRET]}
    )
    headers = {} if secret is None else {f'HTTP_{HEADER.upper().replace("-", "_")}': secret}
    address = reverse('socialmedia-webhook', args=['telegram', endpoint.token])
    return Client().post(address, body, content_type='application/json', **headers)


@pytest.mark.django_db
@pytest.mark.parametrize(
    'body', [b'{"update_id":1}', b'', b'{', b'\xff', b'[]', b'{"update_id":1,"message":{"text":"x"}}']
)
def test_the_answer_is_always_an_empty_200(body: bytes):
    """R1, R2: Telegram executes a « method » found in the answer; what cannot be read is kept."""
    for secret in (SECRET, 'the-newest-of-two'):
        answer = post(body, secret)
        assert (answer.status_code, answer.content) == (200, b'')
    assert [bytes(raw.body) for raw in RawEvent.objects.all()] == [body, body]


@pytest.mark.django_db
@pytest.mark.parametrize('secret', [None, '', 'x', SECRET[:-1], f'{SECRET}x', SECRET.upper(), 'é'])
def test_a_call_without_our_secret_is_refused(secret: str | None):
    """R1: 403 without a word; never 410, of which Telegram takes leave."""
    answer = post(b'{"update_id":1}', secret)
    assert (answer.status_code, answer.content) == (403, b'')
    assert not RawEvent.objects.exists()


@pytest.mark.django_db
def test_an_endpoint_without_a_secret_takes_nothing():
    """R1"""
    for secrets in ({}, {'webhook_secret': []}, {'webhook_secret': ['']}):
        endpoint = Endpoint.objects.create(network='telegram', secrets=secrets)
        for secret in (None, '', SECRET):
            assert post(b'{}', secret, endpoint).status_code == 403
    address = reverse('socialmedia-webhook', args=['telegram', endpoint.token])
    assert Client().get(address).status_code == 404  # Telegram never asks for it


@pytest.mark.django_db(transaction=True)
def test_telegram_calls_us(live_server, settings):
    """R2, R4, R7: subscribed by a call; a text and an album arrive, each update twice; no answer."""
    with TelegramEmulator() as telegram:
        settings.PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS = [telegram.url.removeprefix('http://')]
        settings.PUBLIK_SOCIALMEDIA_API_URLS = {'telegram': telegram.url}
        settings.PUBLIK_SOCIALMEDIA_BASE_URL = live_server.url
        endpoint = Endpoint.objects.create(network='telegram', secrets={'webhook_secret': [SECRET]})
        account = make_account('telegram', endpoint=endpoint, credentials={'bot_token': TOKEN})
        with contextlib.closing(http.Client()) as client:
            networks.get('telegram').subscribe(account.view(), client)
        telegram.webhooks.repeats = 1
        jeanne = telegram.state.person('Jeanne')
        telegram.state.write(jeanne, 'Bonjour')
        files = [telegram.state.upload(b'x', 'image/jpeg') for _ in range(2)]
        for file in files:
            telegram.state.write(jeanne, '', file, media_group_id='13579')
        assert telegram.webhooks.wait()
        assert not telegram.webhooks.executed and telegram.state.webhook.url == endpoint_url(
            live_server, endpoint
        )
    assert RawEvent.objects.count() == 6
    inbox_all()
    assert [message.text for message in Message.objects.order_by('sort_at', 'sequence')] == [
        'Bonjour',
        '',
        '',
    ]
    assert {message.conversation_id for message in Message.objects.all()} == {
        Message.objects.first().conversation_id
    }


def endpoint_url(live_server: Any, endpoint: Endpoint) -> str:
    return live_server.url + reverse('socialmedia-webhook', args=['telegram', endpoint.token])


# -- the test of a bot


def by_webhook(here: Desk, url: str = HOOK, secret: str = SECRET) -> None:
    here.account = dataclasses.replace(
        here.account,
        credentials={**here.account.credentials, 'webhook_secret': secret},
        webhook_url=url,
    )


def problems(here: Desk) -> list[tuple[str, str]]:
    health = here.network.check(here.account, here.http)
    assert health.ok == all(problem.severity != 'critical' for problem in health.problems)
    return [(problem.reason, problem.severity) for problem in health.problems]


def test_subscribing(here: Desk):
    """R40: what is asked for, with our secret; what waits is kept."""
    by_webhook(here)
    here.writes('en attente')
    assert problems(here) == [('subscription', 'critical')]
    here.network.subscribe(here.account, here.http)
    (call,) = [call for call in here.server.calls if call.path.endswith('setWebhook')]
    assert json.loads(call.body) == {
        'url': HOOK,
        'secret_token': SECRET,
        'allowed_updates': list(WANTED),
        'max_connections': 10,
        'drop_pending_updates': False,
    }
    assert len(here.server.state.updates) == 1
    here.server.state.updates.clear()
    assert problems(here) == []


def test_subscribing_needs_an_address_and_a_secret(here: Desk):
    """R40: what lacks is said, and nothing is asked of Telegram."""
    by_webhook(here, url='')
    with pytest.raises(ConfigurationError, match='base_url'):
        here.network.subscribe(here.account, here.http)
    by_webhook(here, secret='trop court')
    with pytest.raises(ConfigurationError, match='config'):
        here.network.subscribe(here.account, here.http)
    assert not here.server.calls
    by_webhook(here, url='http://combo.example.org/x')
    with pytest.raises(ConfigurationError, match='forbidden_url'):
        here.network.subscribe(here.account, here.http)


@pytest.mark.parametrize(
    'webhook, waiting, expected',
    [
        ({'url': 'https://ailleurs.example/'}, 0, [('subscription', 'critical')]),
        ({'allowed': ('message',)}, 0, [('subscription', 'critical')]),
        ({'allowed': WANTED, 'last_error_at': timedelta(minutes=5)}, 3, [('subscription', 'critical')]),
        ({'allowed': WANTED, 'last_error_at': timedelta(minutes=5)}, 0, []),
        ({'allowed': WANTED, 'last_error_at': timedelta(days=2)}, 3, []),
        ({'allowed': WANTED}, 21, [('subscription', 'warning')]),
        ({}, 0, []),
    ],
)
def test_what_is_wrong_with_a_webhook(here: Desk, webhook: Any, waiting: int, expected: Any):
    """R41: before messages are lost, after 24 hours."""
    by_webhook(here)
    if 'last_error_at' in webhook:
        webhook = {**webhook, 'last_error_at': now() - webhook['last_error_at']}
    here.server.state.webhook = Webhook(**{'url': HOOK, **webhook})
    here.server.state.updates[:] = [{'update_id': number} for number in range(waiting)]
    assert problems(here) == expected


def test_what_is_wrong_with_a_bot(here: Desk):
    """R40, R41"""
    here.server.state.can_join_groups = True
    assert problems(here) == [('config', 'info')]
    here.server.state.can_join_groups = False
    account = here.account
    here.account = dataclasses.replace(account, external_id='42')
    assert problems(here) == [('config', 'critical')]
    for token in ('', 'x', '123456789', 'AAE-demonstration-token-0123456789abc', '1:é' + 'a' * 40):
        here.account = dataclasses.replace(account, credentials={'bot_token': token})
        assert problems(here) == [('auth', 'critical')]
    here.account = dataclasses.replace(account, credentials={'bot_token': f' {TOKEN}\n'})
    assert problems(here) == []


def test_what_answers_is_not_telegram(here: Desk):
    """R40: another server at the address of the API."""
    for reply in ({'status': 302}, {'body': {'ok': True, 'result': {}}}, {'body': {'ok': True, 'result': 3}}):
        here.fail('answer', 'getMe', **{'status': 200, **reply})
        assert problems(here) == [('config', 'critical')]
    here.fail('answer', 'getMe', status=200, body=b'<html>')
    with pytest.raises(TemporaryError):
        here.network.check(here.account, here.http)


def test_what_a_test_learns(here: Desk):
    health: Health = here.network.check(here.account, here.http)
    assert (health.external_id, health.name) == ('123456789', 'Ville d’Exemple')
    assert health.facts == {'username': 'ville_exemple_bot', 'business': True}
    assert health.token_expires is None


def test_the_stand_in_forgets_what_it_was_not_asked_for(here: Desk):
    """``allowed_updates`` is kept by Telegram: all that we read is in our list."""
    polls(here)
    here.server.state.react(here.server.state.messages[here.writes()], '👍')
    here.server.state.happens('inline_query', {'id': '1'})
    assert [event.kind for event in here.news()] == [Kind.MESSAGE, Kind.REACTION]

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

"""Polling through the database: cursors, leases, gaps, errors, cost (R5, R17, R18, R33)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from demo.emulators.mastodon import TOKEN
from publik_socialmedia import networks
from publik_socialmedia.delivery import worker
from publik_socialmedia.errors import ConfigurationError
from publik_socialmedia.http import client
from publik_socialmedia.intake import polling
from publik_socialmedia.models import (
    Account,
    ContactIdentifier,
    Conversation,
    Journal,
    Message,
    RawEvent,
)
from publik_socialmedia.networks.base import Page, Raw, Source
from tests.delivery.desk import JEANNE, MastodonDesk, inbox_all, mastodon, poll_now
from tests.factory import deliver, make_account, write

pytestmark = pytest.mark.django_db
NOTIFICATIONS = 'GET /api/v1/notifications$'
NETWORK = networks.get('mastodon')


@pytest.fixture(params=['mastodon', 'gotosocial', 'snac'])
def here(request: pytest.FixtureRequest, db: None) -> Iterator[MastodonDesk]:
    with mastodon(request.param) as desk:
        yield desk


@pytest.fixture
def one(db: None) -> Iterator[MastodonDesk]:
    with mastodon() as desk:
        yield desk


def poll(desk: MastodonDesk) -> int:
    """Poll and read what came; gives the bodies stored. The account is read again."""
    stored = poll_now(desk.account)
    inbox_all()
    desk.account.refresh_from_db()
    return stored


def texts() -> list[str]:
    return list(Message.objects.order_by('sort_at', 'sequence').values_list('text', flat=True))


def due(*accounts: Account) -> None:
    """Their time has come, whatever the interval or the back-off."""
    past = timezone.now() - timedelta(seconds=1)
    Account.objects.filter(pk__in=[account.pk for account in accounts]).update(
        poll_due_at=past, poll_lease_until=None, poll_lease_token=''
    )


# -- what is imported


def test_at_first_nothing_old_is_imported(db: None):
    """R18: neither at the first poll nor later."""
    with mastodon() as desk:
        Account.objects.update(cursor={})
        for number in range(50):
            desk.server.state.write(JEANNE, f'@ville avant {number}')
        assert poll(desk) == 0 and desk.account.cursor
        assert poll(desk) == 0 and texts() == []
        desk.server.state.write(JEANNE, '@ville après')
        assert poll(desk) == 1 and texts() == ['après']


def test_a_private_mention_becomes_a_demand(here: MastodonDesk):
    """R20, R16: from the server to w.c.s., by the steps of the worker."""
    here.server.state.write(JEANNE, '@ville Le lampadaire est cassé')
    due(here.account)
    deliver()
    (demand,) = here.wcs.demands()
    assert here.wcs.value(demand, 'message') == 'Le lampadaire est cassé'
    assert demand.channel == 'social-network'


def test_reading_again_costs_no_row(here: MastodonDesk):
    """R4, R17: overlaps are on purpose."""
    for number in range(5):
        here.server.state.write(JEANNE, f'@ville {number}')
        poll(here)
    rows = RawEvent.objects.count()
    for _ in range(8):
        assert poll(here) == 0
    assert RawEvent.objects.count() == rows
    assert sorted(texts()) == ['0', '1', '2', '3', '4']


def test_a_cursor_set_back_stores_and_tells_nothing_twice(here: MastodonDesk):
    """R4, R17: as after a restored backup of the database."""
    before = here.account.cursor
    for number in range(5):
        here.server.state.write(JEANNE, f'@ville {number}')
    poll(here)
    deliver()
    rows, demands = RawEvent.objects.count(), len(here.wcs.demands())
    history = here.history()
    Account.objects.update(cursor=before)
    poll(here)
    deliver()
    assert (RawEvent.objects.count(), len(here.wcs.demands()), here.history()) == (rows, demands, history)


def test_a_gap_after_an_outage(here: MastodonDesk):
    """R17: what came meanwhile is read, newest-first lists included, in the order of the conversation."""
    poll(here)
    for _ in range(4):
        here.server.fail('answer', NOTIFICATIONS, status=503, body=b'<html>')
        poll(here)
    assert here.account.poll_failures == 4
    for number in range(90):
        here.server.state.write(JEANNE, f'@ville {number}')
    poll(here)
    assert texts() == [str(number) for number in range(90)]
    assert here.account.poll_failures == 0


def test_many_pages_are_read_in_turns(one: MastodonDesk, monkeypatch):
    """R17: an account with much to read does not keep the others waiting, and goes on at once."""
    monkeypatch.setattr(polling, 'MAX_PAGES', 1)
    one.server.state.write(JEANNE, '@ville avant')
    for _ in range(6):
        poll(one)
    for number in range(450):
        one.server.state.write(JEANNE, f'@ville {number}')
    poll(one)
    assert 0 < Message.objects.count() < 450
    assert one.account.poll_due_at <= timezone.now()
    deliver()
    assert Message.objects.count() == 451


# -- one transaction


def test_cursor_and_bodies_are_one_transaction(one: MastodonDesk, monkeypatch):
    """R17: killed between the two, neither is there; nothing is lost."""
    one.server.state.write(JEANNE, '@ville bonjour')
    before = one.account.cursor

    def dies(*args: object, **kwargs: object) -> None:
        raise SystemExit(137)

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(type(RawEvent.objects), 'bulk_create', dies)
        poll_now(one.account)
    one.account.refresh_from_db()
    assert one.account.cursor == before and not RawEvent.objects.exists()
    due(one.account)
    deliver()
    assert texts() == ['bonjour']


def test_a_lost_lease_stores_nothing(one: MastodonDesk):
    """R17: whoever has the account now reads it; the slow one changes nothing, not even the errors shown."""
    one.server.state.write(JEANNE, '@ville bonjour')
    slow = polling.claim_one(one.account.pk)
    Account.objects.update(poll_lease_until=timezone.now() - timedelta(seconds=1))
    current = polling.claim_one(one.account.pk)
    before = Account.objects.values('cursor', 'poll_lease_token', 'last_error', 'poll_failures').get()
    assert polling.poll(slow) == 0
    assert Account.objects.values('cursor', 'poll_lease_token', 'last_error', 'poll_failures').get() == before
    assert not RawEvent.objects.exists()
    assert polling.poll(current) == 1


def test_an_account_is_polled_by_one_worker(one: MastodonDesk):
    """R17"""
    due(one.account)
    assert len(polling.claim()) == 1
    assert polling.claim() == [] and polling.claim_one(one.account.pk) is None


def test_a_dead_worker_gives_its_account_back(one: MastodonDesk):
    due(one.account)
    polling.claim()
    Account.objects.update(poll_lease_until=timezone.now() - timedelta(seconds=1))
    assert len(polling.claim()) == 1


# -- errors


def test_too_many_requests(here: MastodonDesk):
    """R33: not asked again before the time that the server gives; no thread sleeps; others go on."""
    here.server.slow_down(NOTIFICATIONS, 180)
    poll(here)
    wait = (here.account.poll_due_at - timezone.now()).total_seconds()
    assert 165 < wait <= 300
    assert here.account.state == 'active'
    here.server.state.write(JEANNE, '@ville bonjour')
    due(here.account)
    deliver()
    assert texts() == ['bonjour']


def test_the_last_request_allowed(one: MastodonDesk):
    """R33: the wait that the network asks for without an error is honoured."""
    until = (timezone.now() + timedelta(seconds=170)).isoformat()
    headers = {'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': until}
    one.server.fail('answer', NOTIFICATIONS, status=200, body=[], headers=headers)
    poll(one)
    assert (one.account.poll_due_at - timezone.now()).total_seconds() > 150
    assert one.account.poll_failures == 0


def test_a_dead_token_breaks_the_account_then_it_recovers_by_itself(here: MastodonDesk):
    """R5, R33: said once; asked again with back-off; repaired without anybody's click."""
    here.kill_token()
    for _ in range(3):
        poll(here)
    assert (here.account.state, here.account.problem, here.account.poll_failures) == ('broken', 'auth', 3)
    assert here.account.last_error.startswith('auth')
    here.kill_token(False)
    here.server.state.write(JEANNE, '@ville bonjour')
    due(here.account)
    deliver()
    here.account.refresh_from_db()
    assert (here.account.state, here.account.problem, here.account.poll_failures) == ('active', '', 0)
    assert texts() == ['bonjour']
    assert list(Journal.objects.values_list('action', flat=True)) == ['problem', 'problem-over']


def test_the_back_off_grows_and_is_capped(one: MastodonDesk, settings):
    """R33"""
    settings.PUBLIK_SOCIALMEDIA_RETRY_CAP = 400
    one.server.fail('answer', '', times=50, status=500, body={})
    waits = []
    for _ in range(12):
        poll(one)
        waits.append((one.account.poll_due_at - timezone.now()).total_seconds())
    assert waits[0] < 61 and 300 < waits[-1] <= 480


def test_a_poll_that_works_does_not_hide_that_sending_is_refused(one: MastodonDesk):
    """R33, R41: a token that may read and not write; the account does not flicker."""
    one.account.refuse('permission')
    poll(one)
    assert (one.account.state, one.account.problem) == ('broken', 'permission')
    assert Journal.objects.count() == 1


def test_a_reread_that_fails_slows_no_poll(one: MastodonDesk):
    """R17: new messages matter more than edited ones."""
    one.citizen_writes('Bonjour')
    Account.objects.update(reread_due_at=None)
    one.server.fail('answer', 'GET /api/v1/statuses', times=40, status=500, body={})
    poll(one)
    assert one.account.poll_failures == 0 and one.account.last_error
    assert (one.account.poll_due_at - timezone.now()).total_seconds() < 61
    assert one.account.reread_due_at > timezone.now() + timedelta(seconds=200)
    assert one.account.cursor['marks']


@pytest.mark.parametrize(
    'error',
    [KeyError('x'), ValueError('odd'), RecursionError(), TypeError()],
    ids=lambda error: type(error).__name__,
)
def test_a_fault_of_a_network_class_stops_nothing(one: MastodonDesk, monkeypatch, caplog, error: Exception):
    """R3, R17: neither the other accounts nor the deliveries of the same run; it waits with back-off."""
    sick = make_account('mastodon', external_id='malade', poll_due_at=timezone.now() - timedelta(hours=1))
    original = type(NETWORK).poll

    def falls(self, account: Any, cursor: Any, http: Any) -> Page:
        if account.external_id == 'malade':
            raise error
        return original(self, account, cursor, http)

    monkeypatch.setattr(type(NETWORK), 'poll', falls)
    one.server.state.write(JEANNE, '@ville bonjour')
    due(one.account)
    worker.run_once()
    assert texts() == ['bonjour'] and len(one.wcs.demands()) == 1
    sick.refresh_from_db()
    assert sick.poll_failures == 1 and sick.poll_due_at > timezone.now()
    assert sick.last_error.startswith('internal') and not sick.poll_lease_token
    assert 'odd' not in caplog.text


def test_an_account_of_a_network_that_is_gone(one: MastodonDesk):
    """R3: uninstalled, or a mistake; it stops nothing."""
    gone = make_account('disparu', poll_due_at=timezone.now() - timedelta(hours=1))
    one.server.state.write(JEANNE, '@ville bonjour')
    due(one.account)
    worker.run_once()
    gone.refresh_from_db()
    assert texts() == ['bonjour'] and gone.poll_failures == 1


def test_secrets_that_cannot_be_decrypted(one: MastodonDesk, settings):
    """R50: a key was lost; the account says so, the others go on."""
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = ['another key']
    lost = one.account
    fine = make_account(
        'mastodon',
        external_id='ville2',
        credentials={'instance': 'https://social.example', 'access_token': TOKEN},
        facts=lost.facts,
        cursor=lost.cursor,
        poll_due_at=timezone.now(),
    )
    due(lost, fine)
    worker.run_once()
    found = Account.objects.values('state', 'problem', 'poll_failures').get(pk=lost.pk)
    assert found == {'state': 'broken', 'problem': 'encryption_key', 'poll_failures': 1}
    assert Account.objects.get(pk=fine.pk).poll_failures == 0


def test_paused_accounts_are_left_alone(one: MastodonDesk):
    """R40"""
    Account.objects.update(state='paused')
    due(one.account)
    deliver()
    assert not one.server.calls


def test_paused_while_it_is_polled(one: MastodonDesk, monkeypatch):
    """R42: whatever the end of that poll, it stays paused."""
    original = type(NETWORK).poll

    def paused_meanwhile(self, *arguments: Any) -> Page:
        Account.objects.update(state='paused')
        return original(self, *arguments)

    monkeypatch.setattr(type(NETWORK), 'poll', paused_meanwhile)
    one.kill_token()
    poll(one)
    assert one.account.state == 'paused'
    one.kill_token(False)
    poll(one)
    assert one.account.state == 'paused'


# -- edits, deletions, native answers


def test_edits_deletions_and_native_answers_reach_the_demand(here: MastodonDesk):
    """R11, R13: found by looking again, at a slower pace, told once."""
    message = here.citizen_writes('au 12')
    deliver()
    here.server.state.edit(message.external_id, '@ville au 14')
    here.server.state.write(
        'ville', f'@{JEANNE} Réponse depuis le téléphone', in_reply_to_id=message.external_id
    )
    Account.objects.update(reread_due_at=None)
    poll(here)
    deliver()
    message.refresh_from_db()
    assert (message.text, message.edited) == ('au 14', True)
    assert list(message.versions.values_list('text', flat=True)) == ['au 12', 'au 14']
    native = Message.objects.get(origin='native')
    assert native.text == 'Réponse depuis le téléphone'
    assert 'au 14' in here.history() and 'Réponse depuis le téléphone' in here.history()
    told = here.history()
    for _ in range(3):
        Account.objects.update(reread_due_at=None)
        poll(here)
        deliver()
    assert here.history() == told
    here.server.state.delete(message.external_id)
    Account.objects.update(reread_due_at=None)
    poll(here)
    deliver()
    message.refresh_from_db()
    assert message.erased_at and not message.text and not message.versions.exists()
    assert len(here.history()) > len(told)


def test_threads_are_looked_at_at_their_own_pace(one: MastodonDesk):
    """R17: not at each poll."""
    one.citizen_writes()
    Account.objects.update(reread_due_at=None)
    poll(one)
    one.server.calls.clear()
    for _ in range(5):
        poll(one)
    assert {call.path for call in one.server.calls} == {'/api/v1/notifications'}


def test_followed_threads_are_those_that_lived_lately(one: MastodonDesk, django_assert_num_queries):
    """R17: latest first, their newest messages first, in a fixed number of queries."""
    for number in range(12):
        for _ in range(3):
            write(one.account, f'message {number}', f'personne{number}@ailleurs.example')
    old = ContactIdentifier.objects.get(value='personne3@ailleurs.example').contact.conversation
    Conversation.objects.filter(pk=old.pk).update(last_activity_at=timezone.now() - timedelta(days=31))
    with django_assert_num_queries(3):
        threads = polling._threads(one.account, timezone.now())
    assert [thread.user for thread in threads] == [
        f'personne{number}@ailleurs.example' for number in range(11, -1, -1) if number != 3
    ]
    ids = Message.objects.filter(conversation__contact__identifiers__value=threads[0].user)
    newest = ids.order_by('-sort_at', '-sequence').values_list('external_id', flat=True)
    assert threads[0].messages == tuple(newest)


# -- cost


def test_an_idle_account_costs_one_request_per_interval(here: MastodonDesk):
    """R17: not one more between, however often the worker looks."""
    due(here.account)
    for _ in range(5):
        deliver()
    assert len(here.server.calls) == 1
    for _ in range(6):
        due(here.account)
        deliver()
    assert len(here.server.calls) == 7
    assert not RawEvent.objects.exists()


def test_a_thousand_idle_accounts(one: MastodonDesk):
    """R17: one request each, a handful of queries each, each polled once before any is polled again."""
    facts, cursor = one.account.facts, one.account.cursor
    credentials = {'instance': 'https://social.example', 'access_token': TOKEN}
    now = timezone.now()
    Account.objects.bulk_create(
        Account(
            network='mastodon',
            external_id=f'commune-{number}',
            credentials=credentials,
            facts=facts,
            cursor=cursor,
            poll_due_at=now - timedelta(seconds=number),
            reread_due_at=now + timedelta(hours=1),
        )
        for number in range(1000)
    )
    Account.objects.filter(pk=one.account.pk).update(poll_due_at=None)
    with CaptureQueriesContext(connection) as captured:
        steps = worker.run_once()
    assert steps == 1000 and len(one.server.calls) == 1000
    assert len(captured) / 1000 < 12
    assert not Account.objects.filter(poll_due_at__lte=timezone.now()).exists()
    assert not Account.objects.exclude(poll_lease_token='').exists()


def test_the_claim_reads_an_index(one: MastodonDesk):
    """R17: accounts that are not polled cost it nothing."""
    with connection.cursor() as cursor:
        cursor.execute('SET LOCAL enable_seqscan = off')
        cursor.execute(
            'EXPLAIN SELECT id FROM publik_socialmedia_account WHERE poll_due_at <= now() '
            "AND state <> 'paused' ORDER BY poll_due_at LIMIT 1"
        )
        plan = '\n'.join(row[0] for row in cursor.fetchall())
    assert 'socialmedia_account_poll' in plan


# -- the past


def test_repair_reads_the_past_again(here: MastodonDesk):
    """R17, R18: what was missed, ours included; what is known stays as it is; twice is once."""
    known = here.citizen_writes('connu')
    state = here.server.state
    here.account.refresh_from_db()
    cursor = here.account.cursor
    for number in range(100):
        state.write(JEANNE, f'@ville manqué {number}')
    state.write('ville', f'@{JEANNE} réponse native')
    since = timezone.now() - timedelta(days=1)
    counts = list(polling.repair(here.account, since))
    inbox_all()
    assert len(counts) > 1 and sum(counts) == RawEvent.objects.filter(source='history').count()
    assert Message.objects.filter(origin='citizen').count() == 101
    assert Message.objects.get(origin='native').text == 'réponse native'
    assert Message.objects.get(pk=known.pk).text == 'connu'
    here.account.refresh_from_db()
    assert here.account.cursor == cursor
    assert sum(polling.repair(here.account, since)) == 0
    deliver()
    assert len(here.wcs.demands()) == 1


def test_repair_counts_windows_from_the_past(one: MastodonDesk):
    """R32: a message of last week does not open a window that is closed."""
    one.server.state.now -= timedelta(days=6)
    one.server.state.write(JEANNE, '@ville vieux')
    list(polling.repair(one.account, timezone.now() - timedelta(days=8)))
    inbox_all()
    assert Conversation.objects.get().last_inbound_at < timezone.now() - timedelta(days=5)


def test_repair_ends_on_a_network_that_does_not_move_on(one: MastodonDesk, monkeypatch):
    answer = Raw(b'[]', Source.HISTORY, 'GET /api/v1/notifications')
    page = Page((answer,), {'phase': 'mentions'}, more=True)
    monkeypatch.setattr(type(NETWORK), 'history', lambda *_args: page)
    assert list(polling.repair(one.account, timezone.now())) == [1, 0]


def test_repair_lets_errors_out_and_keeps_what_was_read(one: MastodonDesk):
    """R17: the person who asked sees why it stopped."""
    for number in range(100):
        one.server.state.write(JEANNE, f'@ville {number}')
    steps = polling.repair(one.account, timezone.now() - timedelta(days=1))
    assert next(steps) == 1
    one.kill_token()
    with pytest.raises(ConfigurationError):
        next(steps)
    inbox_all()
    assert Message.objects.count() == 80


# -- logs


def test_nothing_secret_in_the_logs(here: MastodonDesk, caplog: pytest.LogCaptureFixture):
    """R50: at any level, through errors too."""
    caplog.set_level(logging.DEBUG)
    here.server.state.write(JEANNE, '@ville texte-confidentiel')
    poll(here)
    here.kill_token()
    poll(here)
    here.server.fail('cut_before', NOTIFICATIONS)
    poll(here)
    said = (
        caplog.text + ' '.join(repr(record.__dict__) for record in caplog.records) + here.account.last_error
    )
    for secret in ('confidentiel', TOKEN, 'jeanne'):
        assert secret not in said
    assert 'auth' in said


# -- against somebody else's Mastodon


def test_against_mastodon_mock(db: None, mock_url: str, settings):
    """R17, R18, R20: through the database, on mastodon_mock."""
    from demo.wcs_standin import StandIn
    from publik_socialmedia.networks.base import Account as View
    from tests.networks.test_mastodon_mock import Mock

    with StandIn() as wcs:
        settings.PUBLIK_SOCIALMEDIA_WCS = {'default': wcs.settings}
        settings.PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS = [url.split('/')[2] for url in (mock_url, wcs.url)]
        server = Mock(mock_url, client())
        credentials = {'instance': mock_url, 'access_token': 'ville-token'}
        health = NETWORK.check(View('', credentials), client())
        account = make_account(
            'mastodon', external_id=health.external_id, credentials=credentials, facts=dict(health.facts)
        )
        server.write('jeanne', '@ville Avant')
        due(account)
        deliver()
        assert texts() == []
        number = server.write('jeanne', '@ville Le lampadaire est cassé')
        server.write('marc', '@ville Bonjour de Marc')
        due(account)
        deliver()
        assert sorted(wcs.value(demand, 'message') for demand in wcs.demands()) == [
            'Bonjour de Marc',
            'Le lampadaire est cassé',
        ]
        server.call('jeanne', 'PUT', f'/api/v1/statuses/{number}', status='@ville Réparé')
        server.fail('/api/v1/notifications', status=401)
        due(account)
        deliver()
        account.refresh_from_db()
        assert account.poll_failures == 1
        Account.objects.update(reread_due_at=None)
        due(account)
        deliver()
        account.refresh_from_db()
        assert account.poll_failures == 0
        assert Message.objects.get(external_id=number).text == 'Réparé'


@pytest.fixture(scope='module')
def mock_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from tests.networks import test_mastodon_mock

    yield from test_mastodon_mock.url.__wrapped__(tmp_path_factory)

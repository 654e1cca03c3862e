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

"""Polling through the database: what is imported, cursors, leases, cost (R16–R18, R20)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from demo.emulators.mastodon import TOKEN
from publik_socialmedia import networks
from publik_socialmedia.delivery import worker
from publik_socialmedia.http import client
from publik_socialmedia.intake import polling
from publik_socialmedia.models import (
    Account,
    Message,
    RawEvent,
)
from tests.delivery.desk import JEANNE, MastodonDesk, due, mastodon, message_texts, poll, poll_now
from tests.factory import deliver, make_account

pytestmark = pytest.mark.django_db
NOTIFICATIONS = 'GET /api/v1/notifications$'
NETWORK = networks.get('mastodon')


# -- what is imported


def test_at_first_nothing_old_is_imported(db: None):
    """R18: neither at the first poll nor later."""
    with mastodon() as desk:
        Account.objects.update(cursor={})
        for number in range(50):
            desk.server.state.write(JEANNE, f'@ville avant {number}')
        assert poll(desk) == 0 and desk.account.cursor
        assert poll(desk) == 0 and message_texts() == []
        desk.server.state.write(JEANNE, '@ville après')
        assert poll(desk) == 1 and message_texts() == ['après']


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
    assert sorted(message_texts()) == ['0', '1', '2', '3', '4']


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
    assert message_texts() == [str(number) for number in range(90)]
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
    assert message_texts() == ['bonjour']


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
        steps = worker.run_once(1000)  # a machine that is busy may need more than their interval
    assert steps >= 1000 and len(one.server.calls) == 1000
    assert len(captured) / 1000 < 12
    assert not Account.objects.filter(poll_due_at__lte=now).exists()
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
        assert message_texts() == []
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

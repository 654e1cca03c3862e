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

"""Polls that fail, and accounts that are refused, paused or broken (R3, R5, R33, R50)."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from demo.emulators.mastodon import TOKEN
from publik_socialmedia import networks
from publik_socialmedia.delivery import worker
from publik_socialmedia.models import (
    Account,
    Journal,
)
from publik_socialmedia.networks.base import Page
from tests.delivery.desk import JEANNE, MastodonDesk, due, message_texts, poll
from tests.factory import deliver, make_account

pytestmark = pytest.mark.django_db
NOTIFICATIONS = 'GET /api/v1/notifications$'
NETWORK = networks.get('mastodon')


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
    assert message_texts() == ['bonjour']


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
    assert message_texts() == ['bonjour']
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
    assert message_texts() == ['bonjour'] and len(one.wcs.demands()) == 1
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
    assert message_texts() == ['bonjour'] and gone.poll_failures == 1


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

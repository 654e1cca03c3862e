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

"""Tokens that end are renewed once, whoever needs them, and what is got is not lost (R41)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from publik_socialmedia import errors, health, networks, tokens
from publik_socialmedia.models import Account
from publik_socialmedia.networks import base
from tests.factory import make_account

LIMIT = 30.0  # seconds, of what other threads do


class Mortal(type(networks.get('mastodon'))):  # type: ignore[misc]
    """A network whose token serves until ``ends``, and whose refresh token serves once."""

    partial = True

    def __init__(self) -> None:
        self.valid, self.next, self.renewals = 'access-0', 'refresh-0', 0
        self.refuses: errors.SocialMediaError | None = None
        self.during = threading.Event()  # set once a renewal has begun
        self.may_end = threading.Event()
        self.may_end.set()

    def renewal_due(self, account: base.Account) -> datetime | None:
        return datetime.fromisoformat(account.credentials['ends'])

    def renew(
        self, account: base.Account, http: base.Http, *, refused: bool = False
    ) -> Mapping[str, str] | None:
        due_at = self.renewal_due(account)
        assert refused or due_at is not None and due_at <= timezone.now()
        self.during.set()
        assert self.may_end.wait(LIMIT)
        if self.refuses is not None:
            raise self.refuses
        assert account.credentials['refresh'] == self.next, 'a refresh token serves once'
        self.renewals += 1
        self.valid, self.next = f'access-{self.renewals}', f'refresh-{self.renewals}'
        ends = (timezone.now() + timedelta(hours=2)).isoformat()
        return {'access': self.valid, 'refresh': self.next, 'ends': ends}

    def check(self, account: base.Account, http: base.Http) -> base.Health:
        right = account.credentials['access'] == self.valid
        return base.Health(() if right else (base.Problem('auth', 'The token is over.'),))


@pytest.fixture
def mortal(monkeypatch) -> Mortal:
    network = Mortal()
    registry = {**networks.registry(), 'mastodon': network}
    monkeypatch.setattr(networks, 'registry', lambda: registry)
    return network


def account_of(network: Mortal, ends: timedelta = timedelta(hours=1)) -> Account:
    """An account whose administrator typed a password, and whose token ends then."""
    credentials = {
        'password': 'typed',
        'access': network.valid,
        'refresh': network.next,
        'ends': (timezone.now() + ends).isoformat(),
    }
    return make_account('mastodon', credentials=credentials)


def reading(account: base.Account) -> str:
    """A step that needs no network: the token it was given."""
    return account.credentials['access']


class Call:
    """A step of the network that takes the valid token only."""

    def __init__(self, network: Mortal) -> None:
        self.network, self.calls = network, 0

    def __call__(self, account: base.Account) -> str:
        self.calls += 1
        if account.credentials['access'] != self.network.valid:
            raise errors.TemporaryError('auth_refresh')
        return 'done'


NO_HTTP: Any = None


@pytest.mark.django_db
def test_a_token_that_is_not_near_its_end_costs_nothing(mortal, django_assert_num_queries):
    account = account_of(mortal)
    with django_assert_num_queries(0):
        assert tokens.using(account, reading, NO_HTTP) == 'access-0'
    assert mortal.renewals == 0


@pytest.mark.django_db
def test_a_token_is_renewed_ahead_and_kept_with_what_was_typed(mortal):
    account = account_of(mortal, ends=timedelta(seconds=-1))
    assert tokens.using(account, reading, NO_HTTP) == 'access-1'
    stored = Account.objects.get(pk=account.pk).credentials
    assert stored == account.credentials
    assert stored['password'] == 'typed' and stored['refresh'] == 'refresh-1'


@pytest.mark.django_db
def test_a_token_refused_before_its_date_is_renewed_and_the_call_made_again(mortal):
    account = account_of(mortal)
    mortal.valid = 'another'
    call = Call(mortal)
    assert tokens.using(account, call, NO_HTTP) == 'done'
    assert (call.calls, mortal.renewals) == (2, 1)


@pytest.mark.django_db
def test_a_call_refused_again_is_not_made_for_ever(mortal):
    """R41: a new token that is refused at once is a matter for a person, not for another renewal."""
    account = account_of(mortal)
    calls = []

    def refused(view: base.Account) -> None:
        calls.append(view)
        raise errors.TemporaryError('auth_refresh')

    with pytest.raises(errors.ConfigurationError) as caught:
        tokens.using(account, refused, NO_HTTP)
    assert caught.value.reason == 'auth'
    assert (len(calls), mortal.renewals) == (2, 1)


@pytest.mark.django_db
def test_another_failure_is_no_matter_of_tokens(mortal):
    account = account_of(mortal)

    def failing(view: base.Account) -> None:
        raise errors.OutcomeUnknown()

    with pytest.raises(errors.OutcomeUnknown):
        tokens.using(account, failing, NO_HTTP)
    assert mortal.renewals == 0


@pytest.mark.django_db
def test_a_server_that_is_away_when_it_is_early_stops_nothing(mortal):
    """The token is renewed a margin before its end: what we have still serves."""
    account = account_of(mortal, ends=timedelta(seconds=-1))
    mortal.refuses = errors.TemporaryError('connection')
    assert tokens.using(account, reading, NO_HTTP) == 'access-0'


@pytest.mark.django_db
def test_a_server_that_is_away_is_asked_once(mortal):
    """Log-ins are few in a day: one that failed is not tried again at once because the call fails too."""
    account = account_of(mortal, ends=timedelta(seconds=-1))
    mortal.valid = 'another'
    mortal.refuses = errors.TemporaryError('rate', retry_after=300)
    call = Call(mortal)
    with pytest.raises(errors.TemporaryError) as caught:
        tokens.using(account, call, NO_HTTP)
    assert (caught.value.reason, caught.value.retry_after, call.calls) == ('rate', 300, 1)


@pytest.mark.django_db
def test_a_renewal_whose_answer_is_lost_says_nothing_of_the_call(mortal):
    """R30: the call was not made; an answer that waits for it is not looked for on the network."""
    account = account_of(mortal)
    mortal.valid = 'another'
    mortal.refuses = errors.OutcomeUnknown(code='timeout')
    with pytest.raises(errors.TemporaryError) as caught:
        tokens.using(account, Call(mortal), NO_HTTP)
    assert not isinstance(caught.value, errors.OutcomeUnknown) and caught.value.code == 'timeout'


@pytest.mark.django_db
def test_what_the_administrator_typed_meanwhile_is_used(mortal):
    account = account_of(mortal)
    mortal.valid = 'typed-again'
    typed = {**account.credentials, 'access': 'typed-again'}
    Account.objects.filter(pk=account.pk).update(credentials=typed)
    assert tokens.using(account, Call(mortal), NO_HTTP) == 'done'
    assert mortal.renewals == 0


@pytest.mark.django_db
def test_what_was_got_is_not_lost_with_a_transaction_of_somebody_else(mortal):
    account = account_of(mortal, ends=timedelta(seconds=-1))
    with transaction.atomic(), pytest.raises(RuntimeError, match='durable'):
        tokens.using(account, reading, NO_HTTP)
    assert mortal.renewals == 0


@pytest.mark.django_db
def test_the_test_of_an_account_renews_too_and_says_what_a_refusal_is(mortal):
    """R40, R41: an account that nobody writes to keeps its token; a dead one is explained by the test."""
    account = account_of(mortal, ends=timedelta(seconds=-1))
    assert 'auth' not in [problem.reason for problem in health.examine(account, NO_HTTP)]
    assert mortal.renewals == 1
    Account.objects.update(credentials={**account.credentials, 'ends': '2001-01-01T00:00:00+00:00'})
    account.refresh_from_db()
    mortal.refuses, mortal.valid = errors.ConfigurationError('auth'), 'another'
    (problem,) = [found for found in health.examine(account, NO_HTTP) if found.reason == 'auth']
    assert problem.severity == 'critical'


@pytest.mark.django_db
def test_a_renewal_that_is_refused_is_told_though_the_token_still_serves(mortal):
    """R41: the refresh token was used and its answer lost, or revoked: somebody must connect the account."""
    account = account_of(mortal, ends=timedelta(seconds=-1))
    mortal.refuses = errors.ConfigurationError('auth')
    (problem,) = [found for found in health.examine(account, NO_HTTP) if found.reason == 'auth']
    assert problem.severity == 'critical'
    assert Account.objects.values_list('state', 'problem').get() == ('broken', 'auth')


@pytest.fixture
def threads(transactional_db: None) -> Iterator[list[threading.Thread]]:
    started: list[threading.Thread] = []
    yield started
    for thread in started:
        thread.join(LIMIT)


def test_two_workers_at_once_renew_once(mortal, threads):
    """The refresh token serves once: whoever comes second waits, and uses what the first one got."""
    account = account_of(mortal, ends=timedelta(seconds=-1))
    found: list[str] = []

    def work() -> None:
        try:
            mine = Account.objects.get(pk=account.pk)
            found.append(tokens.using(mine, reading, NO_HTTP))
        finally:
            connection.close()

    mortal.may_end.clear()
    threads += [threading.Thread(target=work) for _ in range(3)]
    threads[0].start()
    assert mortal.during.wait(LIMIT)
    for thread in threads[1:]:
        thread.start()
    _until_blocked(len(threads) - 1)
    mortal.may_end.set()
    for thread in threads:
        thread.join(LIMIT)
    assert found == ['access-1'] * 3
    assert mortal.renewals == 1


def test_what_is_typed_while_a_token_is_renewed_stays(mortal, threads):
    """R40: an administrator connects the account again while a worker waits for the network."""
    account = account_of(mortal, ends=timedelta(seconds=-1))
    found: list[str] = []

    def work() -> None:
        try:
            found.append(tokens.using(Account.objects.get(pk=account.pk), reading, NO_HTTP))
        finally:
            connection.close()

    mortal.may_end.clear()
    threads.append(threading.Thread(target=work))
    threads[0].start()
    assert mortal.during.wait(LIMIT)
    ends = (timezone.now() + timedelta(hours=2)).isoformat()
    typed = {'password': 'other', 'access': 'typed', 'refresh': 'typed', 'ends': ends}
    Account.objects.filter(pk=account.pk).update(credentials=typed)
    mortal.may_end.set()
    threads[0].join(LIMIT)
    assert (found, Account.objects.get(pk=account.pk).credentials) == (['typed'], typed)


def _until_blocked(count: int) -> None:
    """Until that many of the others wait for the lock."""
    pause = threading.Event()
    for _ in range(int(LIMIT / 0.05)):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = "
                '(SELECT oid FROM pg_database WHERE datname = current_database())'
            )
            if cursor.fetchone()[0] >= count:
                return
        pause.wait(0.05)
    raise AssertionError('nobody waits')


def test_a_network_that_renews_says_when():
    """Else nothing would have it called in time."""
    with pytest.raises(TypeError, match='renewal_due'):

        class Forgetful(type(networks.get('mastodon'))):  # type: ignore[misc]
            def renew(self, account, http, *, refused=False):
                return None


def test_a_network_without_tokens_that_end_is_never_asked():
    view = base.Account('ville', {'access_token': 'x'})
    assert networks.get('mastodon').renewal_due(view) is None

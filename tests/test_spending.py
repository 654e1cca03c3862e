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

"""What networks bill is counted by month, once a day for each thing, whoever calls (R41)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from publik_socialmedia import errors, spending, tokens
from publik_socialmedia.models import Account
from publik_socialmedia.networks import base
from tests.factory import make_account


def at(monkeypatch: pytest.MonkeyPatch, *when: int) -> None:
    monkeypatch.setattr(timezone, 'now', lambda: datetime(*when, tzinfo=UTC))


def count(account: Account) -> int:
    return int(Account.objects.get(pk=account.pk).facts['paid']['count'])


@pytest.mark.django_db
def test_each_thing_counts_once_a_day(monkeypatch, django_assert_num_queries):
    account = make_account()
    at(monkeypatch, 2026, 11, 22, 9)
    spending.note(account, ['1', '2', '2'])
    assert count(account) == 2 and account.facts['paid']['month'] == '2026-11'
    with django_assert_num_queries(0):  # an idle poll reads the same again
        spending.note(account, ['2', '1'])
    spending.note(account, ['2', '3'])
    assert count(account) == 3
    at(monkeypatch, 2026, 11, 23, 0)
    spending.note(account, ['3'])
    assert count(account) == 4


@pytest.mark.django_db
def test_a_month_begins_with_nothing(monkeypatch):
    account = make_account(facts={'kept': True})
    at(monkeypatch, 2026, 11, 30, 23, 59)
    spending.note(account, ['1', '2'])
    at(monkeypatch, 2026, 12, 1, 0, 0, 1)
    spending.note(account, ['1'])
    (seen,) = account.facts['paid'].pop('ids')
    assert account.facts == {'kept': True, 'paid': {'month': '2026-12', 'count': 1, 'day': '2026-12-01'}}
    assert len(seen) == 16  # R52: not the id of a message that may be erased


@pytest.mark.django_db
def test_what_a_call_cost_is_counted_also_when_it_fails():
    account = make_account()
    no_http: Any = None

    def failing(view: base.Account) -> None:
        view.paid.append('read before the failure')
        raise errors.TemporaryError()

    with pytest.raises(errors.TemporaryError):
        tokens.using(account, failing, no_http)
    assert count(account) == 1
    assert account.view().facts['paid']['count'] == 1 and account.view().paid == []


@pytest.mark.django_db(transaction=True)
def test_workers_that_count_at_once_lose_nothing():
    account = make_account()

    def work(rank: int) -> None:
        try:
            mine = Account.objects.get(pk=account.pk)
            for number in range(5):
                spending.note(mine, [f'{rank}-{number}'])
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(rank,)) for rank in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert count(account) == 20

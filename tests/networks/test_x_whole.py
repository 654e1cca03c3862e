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

"""X through the whole software: encrypted messages, reads that are counted, polling that stops (R8, R17)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from publik_socialmedia import health
from publik_socialmedia.models import Account, Message
from publik_socialmedia.networks.base import Problem
from tests.delivery.desk import due, inbox_all, poll_now
from tests.delivery.test_every_network import Town, town
from tests.networks.desks.x import Desk

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here() -> Iterator[Town]:
    with town('x') as found:
        found.hear()
        yield found


def desk(here: Town) -> Desk:
    assert isinstance(here.desk, Desk)
    return here.desk


def polled(here: Town) -> Account:
    """The account after a poll; the webhook tells nothing."""
    desk(here).bodies.clear()
    poll_now(here.account)
    inbox_all()
    here.account.refresh_from_db()
    return here.account


def budget_problems(account: Account) -> list[Problem]:
    return [problem for problem in health.examine(account) if problem.reason == 'reads_budget']


def test_an_encrypted_message_is_on_the_demand(here: Town):
    """R8: that it waits, where it can be read; once, though X tells it twice."""
    server = desk(here).server
    server.citizen_chats(desk(here).citizen)
    server.webhooks.redeliver(1)
    here.hear()
    assert len(here.wcs.demands()) == 1 and Message.objects.count() == 1
    shown = here.shown()
    assert 'message chiffré, à lire dans l’application du réseau' in shown
    assert f'https://x.com/messages/{here.account.external_id}-{desk(here).citizen}' in shown


def test_webhook_and_polling_say_the_same_thing_once(here: Town):
    """R4: the ids are those of one space."""
    polled(here)
    desk(here).writes('Bonjour')
    here.hear()
    polled(here)
    here.turn()
    assert Message.objects.count() == 1 and here.shown().count('Bonjour') == 1


def test_what_polling_costs_is_counted(here: Town):
    """R17, R41: once for each event in a day, kept with the account."""
    polled(here)
    for number in range(3):
        desk(here).writes(str(number))
    assert polled(here).facts['paid']['count'] == 3
    assert polled(here).facts['paid']['count'] == 3
    assert len(desk(here).server.billed) > 3  # X gave them again, and bills a thing once a day


def test_polling_stops_with_the_budget_and_the_test_says_so(here: Town):
    """R17, R41: a warning in words; sending goes on; raised, it goes on too."""
    polled(here)
    Account.objects.update(credentials={**here.account.credentials, 'monthly_reads': '2'})
    for number in range(5):
        desk(here).writes(str(number))
    account = polled(here)
    assert Message.objects.count() == 2
    desk(here).server.calls.clear()
    due(account)
    account = polled(here)
    assert not desk(here).server.calls and account.poll_failures == 0
    (problem,) = budget_problems(account)
    assert problem.severity == 'warning' and 'budget' in problem.message
    account.refresh_from_db()
    assert (account.state, account.problem) == ('active', '')
    here.turn()
    (message,) = here.answers('Bien reçu.')
    here.turn()
    message.refresh_from_db()
    assert message.state == 'sent' and desk(here).on_screen() == ['Bien reçu.']
    Account.objects.update(credentials={**account.credentials, 'monthly_reads': '100'})
    polled(here)
    assert Message.objects.exclude(pk=message.pk).count() == 5
    assert budget_problems(Account.objects.get()) == []


def test_what_is_read_to_find_a_lost_answer_is_counted(here: Town):
    """R30: the look costs, and is part of the month."""
    desk(here).writes()
    here.hear()
    desk(here).fail('cut_after')
    here.answers('Passez lundi.')
    here.turn()
    assert desk(here).on_screen() == ['Passez lundi.']
    here.account.refresh_from_db()
    assert here.account.facts['paid']['count'] == len(set(desk(here).server.billed))


def test_credits_that_are_used_up_stop_sending_until_they_are_bought(here: Town):
    """R33: nothing is lost, the page says what to do; then what waited goes at once."""
    desk(here).writes()
    here.hear()
    desk(here).server.credits = 0
    (message,) = here.answers('Votre dossier est prêt.')
    here.turn()
    account = Account.objects.get()
    assert (account.state, account.problem) == ('broken', 'credits') and desk(here).on_screen() == []
    (problem,) = [problem for problem in health.examine(account) if problem.reason == 'credits']
    assert 'crédits' in problem.message
    desk(here).server.credits = None
    health.examine(Account.objects.get())
    here.turn()
    message.refresh_from_db()
    assert message.state == 'sent' and desk(here).on_screen() == ['Votre dossier est prêt.']

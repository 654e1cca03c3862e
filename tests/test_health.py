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

"""Is everything well? Each account examined against its network and w.c.s. (R23, R40, R41)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from publik_socialmedia import errors, health, networks
from publik_socialmedia.delivery import queue
from publik_socialmedia.models import Account, Conversation, Delivery, Journal, RawEvent
from publik_socialmedia.networks.base import Health, Problem
from publik_socialmedia.reasons import sentence
from publik_socialmedia.wcs import mapping
from publik_socialmedia.wcs.client import Client
from tests.delivery.desk import MastodonDesk, mastodon
from tests.factory import deliver, make_account, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: None) -> Iterator[MastodonDesk]:
    with mastodon() as found:
        yield found


def reasons(account: Account) -> list[tuple[str, str]]:
    return [(problem.reason, problem.severity) for problem in health.examine(account)]


def told(monkeypatch: pytest.MonkeyPatch, **facts: Any) -> None:
    """What the network's check finds."""
    monkeypatch.setattr(type(networks.get('mastodon')), 'check', lambda *_: Health(**facts))


def test_all_is_well(desk: MastodonDesk):
    """R41: and nothing is written in the journal."""
    assert health.examine(desk.account) == []
    assert not Journal.objects.exists()
    desk.account.refresh_from_db()
    assert (desk.account.state, desk.account.wcs_problem) == ('active', '')


# -- w.c.s.

REFUSALS: dict[str, Callable[[MastodonDesk, Any], object]] = {
    'wcs_form_missing': lambda desk, _: Account.objects.update(form=''),
    'wcs_form_unknown': lambda desk, _: Account.objects.update(form='inconnu'),
    'wcs_form_disabled': lambda desk, _: desk.wcs.disable(),
    'wcs_site_unknown': lambda desk, _: Account.objects.update(wcs_site='ailleurs'),
    'wcs_secret': lambda desk, settings: setattr(
        settings, 'PUBLIK_SOCIALMEDIA_WCS', {'default': {**desk.wcs.settings, 'secret': 'faux'}}
    ),
    'wcs_clock': lambda desk, _: setattr(desk.wcs.wcs.access, 'clock_offset', 60),
}


@pytest.mark.parametrize('reason', REFUSALS)
def test_each_refusal_of_w_c_s_is_explained(desk: MastodonDesk, settings, reason: str):
    """R23, R41: which one, in French, on the account; over as soon as it is repaired."""
    REFUSALS[reason](desk, settings)
    account = Account.objects.get()
    assert reasons(account) == [(reason, 'critical')]
    account.refresh_from_db()
    assert account.wcs_problem == reason and account.wcs_problem_at is not None
    assert account.state == 'active'  # the network is not concerned
    with translation.override('fr'):
        (problem,) = health.examine(account)
        assert problem.message == sentence(reason) and reason not in problem.message
    with translation.override('en'):
        assert sentence(reason) != problem.message
    assert Journal.objects.filter(action='wcs-problem').count() == 1  # said once
    Account.objects.update(form=desk.wcs.form, wcs_site='')
    desk.wcs.disable(False)
    desk.wcs.wcs.access.clock_offset = 0
    settings.PUBLIK_SOCIALMEDIA_WCS = {'default': desk.wcs.settings}
    account = Account.objects.get()
    assert reasons(account) == []
    assert Account.objects.get().wcs_problem == ''


@pytest.mark.parametrize(
    'lost, reason',
    [
        (mapping.KEY_FIELD, 'wcs_form_key'),
        ('hooks', 'wcs_workflow_unlinked'),
        ('message_recu', 'wcs_hook_unknown'),
    ],
)
def test_a_form_that_lacks_something(desk: MastodonDesk, monkeypatch, lost: str, reason: str):
    """R23: said before the first message comes."""
    from dataclasses import replace

    original = Client.schema

    def schema(self: Client, form: str, **options: Any) -> Any:
        found = original(self, form, **options)
        if lost == 'hooks':
            return replace(found, hooks=frozenset())
        if lost in found.hooks:
            return replace(found, hooks=found.hooks - {lost})
        return replace(found, fields={k: v for k, v in found.fields.items() if k != lost})

    monkeypatch.setattr(Client, 'schema', schema)
    assert reasons(desk.account) == [(reason, 'critical')]


def test_w_c_s_away_is_a_warning(desk: MastodonDesk):
    """R41: it comes back by itself; the account is not marked."""
    desk.wcs.faults.down_for(60)
    assert reasons(desk.account) == [('wcs_away', 'warning')]
    assert Account.objects.get().wcs_problem == ''


def test_what_waited_for_the_repair_goes_at_once(desk: MastodonDesk):
    """R23: not at the end of a back-off of an hour."""
    desk.wcs.disable()
    write(desk.account)
    deliver()
    Delivery.objects.update(due_at=timezone.now() + timedelta(minutes=50))
    Conversation.objects.update(due_at=timezone.now() + timedelta(minutes=50))
    desk.wcs.disable(False)
    health.examine(Account.objects.get())
    deliver()
    assert len(desk.wcs.demands()) == 1


def test_only_what_waited_for_that_is_woken(desk: MastodonDesk):
    """R22: not what waits for another reason, such as the end of a lost call."""
    write(desk.account)
    soon = timezone.now() + timedelta(minutes=5)
    Delivery.objects.update(reason='outcome_unknown', due_at=soon, unknown=True)
    Conversation.objects.update(due_at=soon)
    queue.resume(desk.account, 'wcs', 'wcs_form_disabled')
    queue.resume(desk.account, 'wcs', '')
    assert Delivery.objects.get().due_at == soon == Conversation.objects.get().due_at


# -- the network


def test_a_critical_problem_breaks_the_account(desk: MastodonDesk, monkeypatch):
    """R40, R41"""
    told(monkeypatch, problems=(Problem('permission', 'x'),))
    assert reasons(desk.account) == [('permission', 'critical')]
    assert Account.objects.values_list('state', 'problem').get() == ('broken', 'permission')


def test_a_warning_does_not(desk: MastodonDesk, monkeypatch):
    told(monkeypatch, problems=(Problem('rate', 'x', 'warning'),))
    assert reasons(desk.account) == [('rate', 'warning')]
    assert Account.objects.get().state == 'active'


def test_a_network_that_does_not_answer_is_a_warning(desk: MastodonDesk, monkeypatch):
    """R41: what is known of the account is kept."""
    Account.objects.update(problem='auth', state='broken')
    desk.server.fail('answer', '', times=9, status=503, body=b'')
    (problem,) = health.examine(Account.objects.get())
    assert problem.severity == 'warning'
    account = Account.objects.get()
    assert (account.state, account.problem, account.facts) == ('broken', 'auth', desk.account.facts)


@pytest.mark.parametrize(
    'days, expected',
    [
        (-1, ('auth', 'critical')),
        (1, ('token_expires', 'critical')),
        (2, ('token_expires', 'critical')),
        (6, ('token_expires', 'warning')),
        (13, ('token_expires', 'warning')),
        (16, None),
    ],
)
def test_the_end_of_a_token_is_announced(desk: MastodonDesk, monkeypatch, days: int, expected: object):
    """R41: at 14, 7 and 2 days."""
    told(monkeypatch, token_expires=timezone.now() + timedelta(days=days, hours=1))
    assert reasons(desk.account) == ([expected] if expected else [])
    assert Account.objects.get().token_expires_at is not None


def test_what_the_network_tells_is_kept(desk: MastodonDesk, monkeypatch):
    """R40: a name and an id that we lacked; not those that an administrator chose."""
    Account.objects.update(name='', external_id='')
    told(monkeypatch, name='Ville', external_id='ville', facts={'text_limit': 1000})
    health.examine(Account.objects.get())
    account = Account.objects.get()
    assert (account.name, account.external_id, account.facts['text_limit']) == ('Ville', 'ville', 1000)
    assert account.facts['server'] == 'mastodon'
    told(monkeypatch, name='Autre', external_id='autre')
    health.examine(account)
    account.refresh_from_db()
    assert (account.name, account.external_id) == ('Ville', 'ville')


def test_an_account_that_is_connected_twice(desk: MastodonDesk):
    """R40: said in words, not by an error page."""
    twin = make_account(
        'mastodon', external_id='', credentials=dict(desk.account.credentials), facts={}, form=desk.wcs.form
    )
    assert reasons(twin) == [('config', 'critical')]
    twin.refresh_from_db()
    assert twin.external_id == ''


def test_a_network_that_is_gone(desk: MastodonDesk):
    account = make_account('disparu', form=desk.wcs.form)
    (problem,) = health.examine(account)
    assert problem.reason == 'config' and 'disparu' in problem.message


def test_secrets_that_cannot_be_used(desk: MastodonDesk, monkeypatch):
    """R41: what fails is itself a problem, and hides no other."""

    def refuses(*_arguments: object) -> None:
        raise errors.ConfigurationError('encryption_key')

    monkeypatch.setattr(type(networks.get('mastodon')), 'check', refuses)
    desk.wcs.disable()
    assert reasons(desk.account) == [('encryption_key', 'critical'), ('wcs_form_disabled', 'critical')]


# -- queues


def test_queues_are_counted(desk: MastodonDesk):
    """R41: what waits, since when, what needs a person."""
    assert health.queues() == health.Queues(0, 0, 0, 0, None) and health.queues().late == 0
    first = write(desk.account, 'un', 'a')
    second = write(desk.account, 'deux', 'b')
    RawEvent.objects.create(network='mastodon', account=desk.account, body=b'')
    RawEvent.objects.create(network='mastodon', account=desk.account, body=b'', state='quarantined')
    Delivery.objects.filter(message=second).update(state='blocked')
    Conversation.objects.filter(pk=second.conversation_id).update(due_at=None)
    since = timezone.now() - timedelta(minutes=7)
    Conversation.objects.filter(pk=first.conversation_id).update(due_at=since)
    assert health.queues() == health.Queues(1, 1, 1, 1, since)
    assert 419 < health.queues().late < 500
    Conversation.objects.update(due_at=timezone.now() + timedelta(minutes=7))
    assert health.queues().late == 0


def test_queues_read_little(desk: MastodonDesk, django_assert_num_queries):
    with django_assert_num_queries(5):
        health.queues()

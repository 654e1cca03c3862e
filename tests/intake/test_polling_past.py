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

"""Looking again: edits, deletions, native answers, gaps and the past (R11, R13, R17, R18)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from publik_socialmedia import networks
from publik_socialmedia.errors import ConfigurationError
from publik_socialmedia.intake import polling
from publik_socialmedia.models import (
    Account,
    ContactIdentifier,
    Conversation,
    Message,
    RawEvent,
)
from publik_socialmedia.networks.base import Page, Raw, Source
from tests.delivery.desk import JEANNE, MastodonDesk, inbox_all, poll
from tests.factory import deliver, write

pytestmark = pytest.mark.django_db
NOTIFICATIONS = 'GET /api/v1/notifications$'
NETWORK = networks.get('mastodon')


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


def test_repair_waits_as_the_network_asks(one: MastodonDesk, monkeypatch):
    """R33: between two pages, by whoever runs the repair; not after the last one."""
    pages = iter(
        [Page((), {'n': 1}, more=True, wait=0.5), Page((), {'n': 2}, more=True), Page((), {}, wait=9)]
    )
    monkeypatch.setattr(type(NETWORK), 'history', lambda *_args: next(pages))
    waited: list[float] = []
    assert list(polling.repair(one.account, timezone.now(), pause=waited.append)) == [0, 0, 0]
    assert waited == [0.5]


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

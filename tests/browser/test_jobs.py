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

"""Long works as an administrator sees them, with JavaScript and without (R18, R40, R44)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from demo.emulators.mastodon import TOKEN, MastodonEmulator
from publik_socialmedia.app_settings import AppSettings
from publik_socialmedia.jobs import running
from publik_socialmedia.models import Account, Job, Message
from tests.browser.town import Administrator
from tests.delivery.desk import inbox_all
from tests.factory import make_account, write
from tests.wcs.conftest import Loopback

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def marie(page: Page, live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Administrator:
    monkeypatch.setattr(AppSettings, 'TRUSTED_HOSTS', Loopback())
    return Administrator(page, live_server.url)


@pytest.fixture
def missed() -> Iterator[Account]:
    """An account to which two persons wrote while it was not heard."""
    with MastodonEmulator('mastodon') as server:
        credentials = {'instance': server.url, 'access_token': TOKEN}
        account = make_account('mastodon', credentials=credentials, name='Mairie')
        for who in ('jeanne', 'karim'):
            server.state.write(f'{who}@ailleurs.example', f'@ville Bonjour de {who}')
        yield account


def test_a_gap_is_counted_then_repaired_by_itself(marie: Administrator, missed: Account) -> None:
    marie.open('test', missed.pk)
    marie.press('Tester')
    missed.refuse('auth')
    missed.accept()
    marie.open('repair', missed.pk)
    assert 'La dernière panne connue' in marie.look('repair')
    marie.press('Compter')
    assert 'en cours' in marie.look('repair-counting')
    running.run_some()
    # the page finds out by itself
    marie.page.get_by_text('Il manque ici').wait_for()
    assert '2 messages' in marie.look('repair-counted')
    marie.press('Récupérer ce qui manque')
    assert 'en cours' in marie.look('repair-reading')
    marie.open('account', missed.pk)
    assert 'Travail en cours' in marie.look('account-reading')
    running.run_some()
    marie.page.get_by_text('pages ont été relues').wait_for()
    marie.look('account-repaired')
    inbox_all()
    assert Message.objects.count() == 2


def test_without_javascript_the_page_is_looked_at_again(
    marie: Administrator, missed: Account, browser: Any
) -> None:
    marie.open('test', missed.pk)
    marie.press('Tester')
    context = browser.new_context(java_script_enabled=False)
    try:
        context.add_cookies(marie.page.context.cookies())
        plain = Administrator.__new__(Administrator)
        plain.page, plain.site, plain.seen = context.new_page(), marie.site, []
        plain.open('repair', missed.pk)
        plain.press('Compter')
        assert 'en cours' in plain.said()
        running.run_some()
        plain.follow('Regarder de nouveau')
        assert 'Il manque ici 2 messages' in plain.said()
    finally:
        context.close()


def test_a_work_is_stopped_by_the_keyboard(marie: Administrator, missed: Account) -> None:
    marie.open('repair', missed.pk)
    marie.enter('Compter')
    marie.enter('Arrêter')
    assert 'Le travail est arrêté' in marie.look('repair-stopped')
    assert not running.run_some()


@pytest.mark.parametrize(
    ('name', 'changes', 'said'),
    [
        ('late', {}, 'le worker fonctionne-t-il'),
        ('waits', {'reason': 'rate', 'attempts': 2}, 'reprendra de lui-même'),
        ('failed', {'state': 'failed', 'reason': 'auth'}, 'n’a pas abouti'),
    ],
)
def test_a_work_that_does_not_go_on_says_why(
    marie: Administrator, name: str, changes: dict[str, Any], said: str
) -> None:
    account = make_account('mastodon', name='Mairie')
    Job.objects.create(account=account, kind='repair', since=timezone.now(), progress={'pages': 1})
    at = timezone.now() + timedelta(minutes=10 if name == 'waits' else -10)
    Job.objects.update(due_at=at, updated_at=at, done_at=timezone.now(), **changes)
    marie.open('repair', account.pk)
    assert said in marie.look(f'repair-{name}')
    marie.open('account', account.pk)
    assert said in marie.look(f'account-{name}')


def test_an_account_is_removed_at_once_and_erased_afterwards(marie: Administrator) -> None:
    account = make_account(name='Ancienne page')
    make_account('mastodon', name='Mairie')
    for user in 'abc':
        write(account, user=user)
    marie.open('remove', account.pk)
    assert '3 conversations, 3 messages' in marie.look('removal')
    marie.fill(name='Ancienne page')
    marie.press('Supprimer définitivement')
    assert 'en cours de suppression' in marie.look('home-removing')
    assert marie.page.get_by_role('link', name='Ancienne page').count() == 0
    running.run_some()
    marie.follow('Regarder de nouveau')
    assert 'Ancienne page' not in marie.said() and not Message.objects.exists()

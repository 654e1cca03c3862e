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

"""What a monitoring plugin says: one line a problem, exit statuses 0 to 3, asking nobody (R41)."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.utils import OperationalError
from django.utils import timezone

from publik_socialmedia import health
from publik_socialmedia.models import Notice, Watch
from publik_socialmedia.monitoring import plugin
from publik_socialmedia.networks.base import Problem
from tests.factory import make_account
from tests.oversight.scene import ago, blocked, body_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, 'examine', lambda *_args, **_how: 1 / 0)


def run() -> tuple[int, list[str]]:
    out = StringIO()
    try:
        call_command('socialmedia_check', '--monitoring', stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue().splitlines()
    return 0, out.getvalue().splitlines()


def note(account: Any, *problems: Problem) -> None:
    Watch.note(account, list(problems), [])


def test_all_is_well() -> None:
    note(make_account())
    assert run() == (0, ['OK - tout va bien'])


def test_each_problem_has_its_line_the_gravest_first() -> None:
    one, other = make_account(name='Première'), make_account(name='Seconde\nOK - tout va bien')
    note(one, Problem('template', 'Modèle suspendu.', 'warning'))
    note(other, Problem('auth', 'Jeton révoqué.'))
    other.refuse('auth')
    status, lines = run()
    assert status == 2 and lines[0] == 'CRITICAL - 2 problèmes'
    assert lines[2] == 'WARNING: Première (Messenger): Modèle suspendu.'
    assert lines[1].startswith('CRITICAL: Seconde OK - tout va bien (Messenger): ') and len(lines) == 3


@pytest.mark.parametrize(
    'problem, status',
    [
        (Problem('policy', 'Bon à savoir.', 'info'), 0),
        (Problem('template', 'Modèle suspendu.', 'warning'), 1),
        (Problem('temporary', 'En panne.', 'warning', passing=True), 1),
        (Problem('wcs_function_unset', 'Personne ne voit.'), 2),
    ],
)
def test_the_status_is_the_one_of_the_gravest(problem: Problem, status: int) -> None:
    account = make_account()
    Watch.note(account, [], [problem])
    assert run()[0] == status


def test_queues_and_mails_are_looked_at() -> None:
    account = make_account()
    note(account)
    Notice.objects.create(recipient='gru@example.org', subject='x', body='x', created_at=ago(hours=2))
    status, lines = run()
    assert status == 1 and 'serveur de messagerie' in lines[1]
    blocked(account)
    body_of(account)
    status, lines = run()
    assert status == 2 and len(lines) == 4


def test_what_is_known_may_be_too_old_to_be_trusted() -> None:
    """A worker that is stopped must not be green for ever."""
    account = make_account()
    note(account)
    Watch.objects.update(checked_at=ago(hours=4))
    status, lines = run()
    assert status == plugin.UNKNOWN == 3 and 'worker' in lines[1] and lines[0] == 'UNKNOWN - 1 problème'
    account.refuse('auth')
    assert run()[0] == 2  # what a person must do matters more
    make_account(name='Nouvelle', created_at=timezone.now() - timedelta(minutes=5))
    assert 'Nouvelle' not in '\n'.join(run()[1])


def test_a_database_that_is_away_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_args: Any) -> None:
        raise OperationalError('password of jeanne')

    monkeypatch.setattr(plugin, 'lines', away)
    with pytest.raises(CommandError) as caught:
        call_command('socialmedia_check', '--monitoring')
    assert caught.value.returncode == 3 and 'jeanne' not in str(caught.value)


def test_paused_accounts_are_left_alone() -> None:
    account = make_account(state='paused')
    account.refuse('auth')
    assert run()[0] == 0

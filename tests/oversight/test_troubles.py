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

"""Each trouble, provoked in the stand-ins, is seen by the worker, shown, told once, clears by itself (R41).

One table, network × trouble (``troubles``), printed at the end of the run. Nobody opens a page or runs a
command for that: the worker looks by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from lxml import html

from demo.emulators.telegram_state import Webhook
from publik_socialmedia import networks
from publik_socialmedia.delivery import worker
from publik_socialmedia.models import Account, Setup, Watch
from publik_socialmedia.networks.telegram.parsing import WANTED
from tests.delivery.desk import answer_states
from tests.delivery.test_every_network import Town, town
from tests.factory import make_account
from tests.manager.scene import address, staff, text
from tests.networks.desks.telegram import SECRET
from tests.oversight.scene import ago
from tests.oversight.troubles import TABLE, Trouble

pytestmark = pytest.mark.django_db(transaction=True)

SIGNS = {'success': '✓', 'warning': '!', 'error': '✕'}

# -- what is seen


def ready(here: Town) -> None:
    """Have the network call the webhook of this account, as once it is connected."""
    server: Any = here.desk.server
    endpoint = here.account.endpoint
    if endpoint is not None and here.desk.slug == 'telegram':
        server.state.webhook = Webhook(endpoint.address, SECRET, tuple(WANTED))
    if endpoint is not None and here.desk.slug == 'x':
        for webhook in server.state.webhooks:
            webhook['url'] = endpoint.address


def turn(after: timedelta = timedelta()) -> list[str]:
    """The time of the next look comes, and that long passes; the worker runs. Gives the mails since the last
    turn."""
    for watch in Watch.objects.all():
        for finding in watch.findings:
            finding['since'] = (datetime.fromisoformat(finding['since']) - after).isoformat()
        watch.due_at = ago(seconds=1)
        watch.save()
    Account.objects.update(poll_due_at=None, throttled_until=None)
    worker.run_once()
    found = [plain(f'{m.subject} {m.body}') for m in mail.outbox]
    mail.outbox.clear()
    return found


def plain(words: str) -> str:
    return ' '.join(words.split())


def home() -> Any:
    return html.fromstring(text(staff().get(address('home'))))


def card() -> tuple[str, str]:
    """Level and words of the card of the account."""
    (found,) = home().find_class('socialmedia-card')
    return found.get('class').rpartition('-')[2], plain(found.text_content())


def page(account: Account) -> str:
    found = html.fromstring(text(staff().get(address('account', account.pk))))
    return plain(found.text_content())


def metric(labels: str) -> bool:
    """Whether a line of the metrics tells it."""
    answer = Client().get('/api/socialmedia/metrics/', headers={'Authorization': 'Bearer of-the-tests'})
    lines = [line for line in answer.content.decode().splitlines() if not line.startswith('#')]
    return any(labels in line and not line.endswith(' 0') for line in lines)


def status() -> int:
    """Exit status of the command of the monitoring."""
    try:
        call_command('socialmedia_check')
    except CommandError as error:
        return int(error.returncode)
    return 0


CASES = [(group, name) for group, found in TABLE.items() for name in found]


@pytest.fixture(autouse=True)
def told(settings: Any) -> Iterator[None]:
    settings.PUBLIK_SOCIALMEDIA_ALERT_RECIPIENTS = ['gru@example.org']
    settings.PUBLIK_SOCIALMEDIA_METRICS_TOKEN = 'of-the-tests'
    yield


@contextmanager
def sound(group: str) -> Iterator[Town]:
    """A town where all is well, as everybody sees."""
    with town(group if group in networks.registry() else 'messenger') as here:
        ready(here)
        assert turn() == []
        sees_nothing(here)
        yield here


def sees_nothing(here: Town) -> None:
    level, words = card()
    assert (level, status()) == ('success', 0), words
    assert f'{SIGNS[level]} fonctionne' in words and 'Rien à faire' in words


def sees(here: Town, trouble: Trouble) -> None:
    """On both pages, in the metrics and by the command; never by colour alone."""
    if trouble.of_all:
        assert card()[0] == 'success'
        assert trouble.words in plain(home().text_content()) or trouble.metric == 'queue="bodies"'
    else:
        level, words = card()
        assert level == trouble.level, words
        assert f'{SIGNS[level]} {trouble.label}' in words
        assert trouble.words in words
        assert trouble.label in page(here.account) and trouble.words in page(here.account)
    assert metric(trouble.metric)
    assert status() == (trouble.status or (1 if trouble.level == 'warning' else 2))


@pytest.mark.parametrize('group, name', CASES)
def test_trouble(group: str, name: str) -> None:
    trouble = TABLE[group][name]
    with sound(group) as here:
        with trouble.provoke(here):
            mails = turn()
            if trouble.passing:
                assert mails == []  # nobody is woken for a network that blinks
                mails = turn(after=timedelta(minutes=20))
            (words,) = mails
            assert 'Ceci demande une intervention' in words and trouble.words in words
            sees(here, trouble)
            assert turn() == [] and turn() == []  # once
        (words,) = turn()
        assert 'Ceci est terminé' in words and trouble.over in words
        sees_nothing(here)
        assert not metric(trouble.metric) and turn() == []


def test_a_thread_that_another_application_holds() -> None:
    """R16, R41: no trouble of the account: who answers there is told so, and the page counts such threads."""
    with sound('messenger') as here:
        here.desk.writes()
        here.hear()
        server: Any = here.desk.server
        server.take_thread(here.desk.citizen)
        here.hear()
        here.answers('Votre dossier est prêt.')
        here.turn()
        assert answer_states() == ['failed'] and 'une autre application' in here.shown()
        assert '1 fil est tenu par une autre application' in page(here.account)
        assert turn() == []
        sees_nothing(here)
        server.take_thread(here.desk.citizen, '')
        here.hear()
        assert 'tenu par une autre application' not in page(here.account)


def test_what_sending_alone_meets_is_not_over_because_a_look_finds_nothing() -> None:
    """R41: else its end, then its return, would be told each hour."""
    trouble = TABLE['whatsapp']['no payment method']
    with sound('whatsapp') as here, trouble.provoke(here):
        assert len(turn()) == 1
        for _ in range(3):
            assert turn() == [] and card()[0] == 'error'
    assert Watch.objects.get().findings == []


def test_an_error_has_the_account_looked_at_at_once() -> None:
    """R41: sending meets a dead token; the same turn of the worker says why, in the words of the network."""
    with sound('messenger') as here:
        here.desk.writes()
        here.hear()
        Watch.objects.update(checked_at=ago(minutes=20), due_at=timezone.now() + timedelta(minutes=40))
        here.desk.kill_token()
        here.answers('Votre dossier est prêt.')
        worker.run_once()
        assert 'a changé de mot de passe : créez un nouveau jeton' in plain(mail.outbox[-1].body)
        assert len(mail.outbox) == 1


def test_each_account_is_looked_at_once_an_hour_whatever_the_number_of_turns() -> None:
    """R41: evenly spread: not all at once after an upgrade."""
    with sound('mastodon') as here:
        here.desk.server.calls.clear()
        for _ in range(5):
            worker.run_once()
        assert not here.desk.server.calls
        assert timedelta(minutes=55) < Watch.objects.get().due_at - timezone.now() < timedelta(minutes=65)
        Watch.objects.all().delete()
        for _ in range(40):
            make_account('mastodon', poll_due_at=None)
        worker.run_once()
        due = sorted(Watch.objects.values_list('due_at', flat=True))
        assert len(due) == 41 and not here.desk.server.calls
        assert due[-1] - due[0] > timedelta(minutes=30)


def test_accounts_paused_or_being_connected_are_not_looked_at() -> None:
    with sound('mastodon') as here:
        here.desk.server.calls.clear()
        Account.objects.update(state='paused')
        turn()
        Account.objects.update(state='active')
        Setup.objects.create(account=here.account)
        turn()
        assert not here.desk.server.calls

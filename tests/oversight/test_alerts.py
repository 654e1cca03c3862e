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

"""Warnings by e-mail (R41): each thing once, once more when it is over, to whom it concerns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from publik_socialmedia import health
from publik_socialmedia.delivery import queue
from publik_socialmedia.models import Account, Conversation, Delivery, Journal, Message, RawEvent, Setup
from publik_socialmedia.monitoring import alerts, telling
from tests.factory import make_account, write
from tests.oversight.scene import ago, blocked, body_of, sentence

pytestmark = pytest.mark.django_db

MANAGER = 'gru@example.org'
OVER = 'Ce problème est terminé.'


@pytest.fixture(autouse=True)
def recipient(settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_ALERT_RECIPIENTS = [MANAGER]


def run(*options: str) -> list[str]:
    """One turn of the cron line; gives what was mailed."""
    mail.outbox.clear()
    call_command('socialmedia_alert', *options)
    return [' '.join(f'{m.subject} {m.body}'.split()) for m in mail.outbox]


def silence(account: Account) -> None:
    """It had a message a day for four weeks, then nothing for twelve days."""
    conversation = write(account).conversation
    conversation.deliveries.all().delete()
    last = ago(days=12)
    for day in range(28):
        Message.objects.create(
            account=account,
            conversation=conversation,
            origin='citizen',
            state='received',
            external_id=f'old-{conversation.messages.count()}',
            sort_at=last - timedelta(days=day),
            received_at=last - timedelta(days=day),
        )
    Message.objects.filter(received_at__gt=last).delete()
    Conversation.objects.update(last_inbound_at=last, due_at=None)


def late(account: Account) -> None:
    Conversation.objects.filter(pk=write(account).conversation_id).update(due_at=ago(minutes=20))


def expire(days: float) -> Callable[[Account], Any]:
    at = timezone.now() + timedelta(days=days, minutes=-1)
    return lambda account: Account.objects.filter(pk=account.pk).update(token_expires_at=at)


def update(**values: Any) -> Callable[[Account], Any]:
    return lambda account: Account.objects.filter(pk=account.pk).update(**values)


# what goes wrong → how, what is told, how it ends, what is told then
TROUBLES: dict[str, tuple[Callable[[Account], Any], str, Callable[[Account], Any], str]] = {
    'dead token': (
        lambda account: account.refuse('auth'),
        'Le jeton d’accès n’est plus valable',
        lambda account: account.accept(),
        OVER,
    ),
    'w.c.s. refuses': (
        lambda account: account.refuse_wcs('wcs_form_disabled'),
        'Le formulaire choisi pour ce compte est désactivé',
        lambda account: account.accept_wcs(),
        OVER,
    ),
    'token ends': (
        expire(10),
        'Le jeton d’accès prend fin dans 9 jours',
        expire(60),
        'Le jeton d’accès a été renouvelé.',
    ),
    'token over': (
        expire(-1),
        'Le jeton d’accès n’est plus valable',
        update(token_expires_at=None),
        'Le jeton d’accès a été renouvelé.',
    ),
    'silence': (
        silence,
        'Aucun message n’est arrivé depuis longtemps',
        lambda account: Conversation.objects.update(last_inbound_at=timezone.now()),
        'Des messages arrivent à nouveau.',
    ),
    'polls fail': (
        update(poll_failures=10),
        'Les dernières relèves de ce compte ont échoué',
        update(poll_failures=0),
        'Le compte peut être relevé à nouveau.',
    ),
    'blocked': (
        lambda account: blocked(account),
        '1 élément est bloqué.',
        lambda account: queue.replay(Delivery.objects.filter(state='blocked')),
        'Plus rien n’est bloqué.',
    ),
    'unreadable': (
        lambda account: body_of(account),
        '1 contenu reçu n’a pas pu être lu.',
        lambda account: RawEvent.objects.update(state='done'),
        'Il ne reste aucun contenu illisible.',
    ),
    'worker stopped': (
        late,
        'Le travail a 20 minutes de retard.',
        lambda account: Conversation.objects.update(due_at=None),
        'Le travail n’est plus en retard.',
    ),
}


@pytest.mark.parametrize('name', TROUBLES)
def test_each_trouble_is_told_once_and_once_when_it_is_over_R41(name: str) -> None:
    begin, said, end, over = TROUBLES[name]
    account = make_account()
    assert run() == []
    begin(account)
    (told,) = run()
    assert said in told, told
    assert run() == [] and run() == []
    end(account)
    (told,) = run()
    assert over in told, told
    assert run() == []
    account.refresh_from_db()
    begin(account)  # it comes back: it is told again
    assert len(run()) == 1


def test_a_token_that_ends_is_told_at_14_7_and_2_days_then_when_it_is_over_R41() -> None:
    account = make_account()
    told = []
    for days in (15, 14, 13, 8, 7, 6, 3, 2, 1, -1, -2):
        expire(days)(account)
        told += [(days, words) for words in run()]
    assert [days for days, _words in told] == [14, 7, 2, -1]
    assert 'dans 13 jours' in told[0][1] and 'dans 1 jour :' in told[2][1]
    assert not [words for _days, words in told if 'renouvelé' in words]


def test_another_reason_is_told_without_saying_that_the_first_is_over_R41() -> None:
    account = make_account()
    account.refuse('auth')
    run()
    account.refuse('permission')
    (told,) = run()
    assert sentence('permission') in told and OVER not in told
    account.accept()
    assert OVER in run()[0]


def test_one_mail_tells_all_of_one_turn_to_one_person_R41() -> None:
    one, other = make_account(name='Première'), make_account(name='Seconde')
    one.refuse('auth')
    other.refuse_wcs('wcs_right')
    (told,) = run()
    assert told.startswith('[Réseaux sociaux] 2 choses à voir')
    assert 'Première (Messenger)' in told and 'Seconde (Messenger)' in told
    assert f'https://combo.example.org/socialmedia/manage/account/{one.pk}/' in told


def test_the_mail_is_for_one_person_and_not_to_be_answered_by_machines(settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_ALERT_RECIPIENTS = 'a@example.org, b@example.org'
    make_account().refuse('auth')
    run()
    assert [m.to for m in mail.outbox] == [['a@example.org'], ['b@example.org']]
    assert mail.outbox[0].extra_headers['Auto-Submitted'] == 'auto-generated'


@pytest.mark.parametrize('name', ['Ville\nBcc: pirate@example.org', '\u202eelliV', ''])
def test_the_name_of_an_account_cannot_change_the_mail(name: str) -> None:
    make_account(name=name).refuse('auth')
    (told,) = run()
    assert '\n' not in mail.outbox[0].subject and '\u202e' not in told
    assert mail.outbox[0].recipients() == [MANAGER]


def test_no_word_of_a_citizen_nor_secret_is_mailed_R50() -> None:
    account = make_account(credentials={'page_token': 's3cret-token'})
    write(account, 'Je suis malade', name='Jeanne Exemple').deliveries.update(state='blocked')
    account.refuse('auth')
    body_of(account, b'Je suis malade')
    told = ' '.join(run() + run('--digest'))
    assert 'malade' not in told and 'Jeanne' not in told and 's3cret' not in told


# -- whom


def person(name: str, **values: Any) -> User:
    values = {'is_staff': True, 'email': f'{name}@example.org', **values}
    return User.objects.create(username=name, **values)


def to() -> dict[str, str]:
    run()
    return {m.to[0]: str(m.body) for m in mail.outbox}


def test_who_changed_an_account_is_warned_of_it_by_default_R41(settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_ALERT_RECIPIENTS = []
    one, other = make_account(name='Première'), make_account(name='Seconde')
    anne, paul = person('anne'), person('paul')
    for gone in (person('parti', is_active=False), person('agent', is_staff=False), person('muet', email='')):
        Journal.objects.create(account=one, actor=gone, action='connect')
    Journal.objects.create(account=one, actor=anne, action='connect')
    Journal.objects.create(account=other, actor=paul, action='settings')
    for account in (one, other):
        account.refuse('auth')
    found = to()
    assert set(found) == {'anne@example.org', 'paul@example.org'}
    assert 'Première' in found['anne@example.org'] and 'Seconde' not in found['anne@example.org']


def test_all_staff_are_warned_of_what_nobody_manages(settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_ALERT_RECIPIENTS = []
    person('anne'), person('paul'), person('agent', is_staff=False)
    make_account().refuse('auth')
    assert set(to()) == {'anne@example.org', 'paul@example.org'}


def test_nobody_to_warn_is_itself_told_and_forgets_nothing(settings, capsys) -> None:
    settings.PUBLIK_SOCIALMEDIA_ALERT_RECIPIENTS = []
    make_account().refuse('auth')
    with pytest.raises(CommandError) as stopped:
        run()
    assert stopped.value.returncode == 1 and 'ALERT_RECIPIENTS' in capsys.readouterr().err
    settings.PUBLIK_SOCIALMEDIA_ALERT_RECIPIENTS = [MANAGER]
    assert len(run()) == 1


def test_a_mail_that_cannot_leave_is_sent_at_the_next_turn(monkeypatch, caplog) -> None:
    account = make_account()
    account.refuse('auth')
    send = EmailBackend.send_messages

    def refuse(*_args: Any) -> int:
        raise ConnectionRefusedError('smtp.example.org gru@example.org')

    monkeypatch.setattr(EmailBackend, 'send_messages', refuse)
    with pytest.raises(CommandError):
        run()
    assert 'example.org' not in caplog.text
    monkeypatch.setattr(EmailBackend, 'send_messages', send)
    assert len(run()) == 1 and run() == []
    # the same of an end
    account.accept()
    monkeypatch.setattr(EmailBackend, 'send_messages', refuse)
    with pytest.raises(CommandError):
        run()
    monkeypatch.setattr(EmailBackend, 'send_messages', send)
    assert OVER in run()[0] and run() == []


# -- of what nobody is warned


@pytest.mark.parametrize('how', ['paused', 'being connected'])
def test_accounts_that_are_not_in_use_are_left_alone(how: str) -> None:
    account = make_account(problem='auth', state='paused' if how == 'paused' else 'active')
    if how == 'being connected':
        Setup.objects.create(account=account)
    blocked(account)
    assert run() == []


@pytest.mark.parametrize('how', ['paused', 'removed'])
def test_the_end_of_a_trouble_by_pausing_or_removing_is_no_news(how: str) -> None:
    account = make_account()
    account.refuse('auth')
    run()
    if how == 'paused':
        Account.objects.update(state='paused')
    else:
        account.delete()
    assert run() == [] and run() == []
    assert Journal.objects.filter(action='alert-over').count() == 1


def test_nothing_is_told_while_the_tenant_is_off_R43(settings) -> None:
    make_account().refuse('auth')
    settings.PUBLIK_SOCIALMEDIA_ENABLED = False
    assert run() == [] and run('--digest') == []


# -- the digest


def test_the_digest_reminds_of_all_that_is_still_wrong_with_the_figures_R41() -> None:
    account = make_account()
    account.refuse('auth')
    write(account)
    run()
    (told,) = run('--digest')
    assert told.startswith('[Réseaux sociaux] 1 chose à voir')
    assert sentence('auth') in told and 'messages reçus : 1 ; réponses : 0 ; demandes ouvertes : 0' in told
    assert len(run('--digest')) == 1  # each morning, until it is over
    account.accept()
    assert run('--digest') == []


def test_a_dry_run_shows_and_sends_nothing(capsys) -> None:
    make_account().refuse('auth')
    assert run('--dry-run') == [] and not Journal.objects.filter(action='alert').exists()
    assert ':network:auth: Ville de Villexemple (Messenger)' in capsys.readouterr().out


def test_check_asks_the_network_first(monkeypatch) -> None:
    seen: list[int] = []
    account, _paused = make_account(), make_account(state='paused')
    monkeypatch.setattr(health, 'examine', lambda found, **_how: seen.append(found.pk))
    run('--check')
    assert seen == [account.pk]


def test_the_cost_does_not_grow_with_the_accounts_R41() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            alerts.standing()
            telling.recipients()
        return len(seen)

    make_account().refuse('auth')
    few = queries()
    for number in range(10):
        account = make_account()
        account.refuse('auth')
        blocked(account, user=f'user-{number}')
    assert queries() == few

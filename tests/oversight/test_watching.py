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

"""Mails about what is wrong: each leaves once, whatever happens to the mail server and to processes (R41)."""

from __future__ import annotations

import smtplib
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction
from django.utils import timezone

from publik_socialmedia.models import Account, Journal, Notice, Trouble, Watch
from publik_socialmedia.monitoring import posting, telling, watching
from tests.factory import make_account
from tests.oversight.scene import ago

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def recipient(settings: Any) -> None:
    settings.PUBLIK_SOCIALMEDIA_ALERT_RECIPIENTS = ['gru@example.org']


def at_once(*steps: Callable[[], object]) -> None:
    """Threads with connections of their own, that begin together."""
    barrier = threading.Barrier(len(steps))
    wrong: list[BaseException] = []

    def run(step: Callable[[], object]) -> None:
        try:
            barrier.wait(10)
            step()
        except BaseException as error:
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[step]) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert wrong == []


def fails(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def refuse(*_args: Any) -> int:
        raise error

    monkeypatch.setattr(EmailBackend, 'send_messages', refuse)


def test_several_workers_tell_once() -> None:
    accounts = [make_account() for _ in range(3)]
    for account in accounts:
        account.refuse('auth')
    at_once(*[watching.tell_some] * 4)
    watching.tell_some()  # those who did not have the lock left it to the one who had
    assert len(mail.outbox) == 1 and Trouble.objects.count() == 3
    for account in accounts:
        account.accept()
    at_once(*[watching.tell_some] * 4)
    watching.tell_some()
    assert len(mail.outbox) == 2 and not Trouble.objects.exists()
    assert Journal.objects.filter(action='alert').count() == 3


def test_nothing_is_held_while_the_mail_server_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """R41: a slow mail server keeps no transaction open, and nobody waiting."""
    make_account().refuse('auth')
    seen: list[tuple[bool, int]] = []

    def slow(*_args: Any) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = ("
                           'SELECT oid FROM pg_database WHERE datname = current_database())')  # fmt: skip
            seen.append((transaction.get_connection().in_atomic_block, cursor.fetchone()[0]))
        return 1

    monkeypatch.setattr(EmailBackend, 'send_messages', slow)
    watching.tell_some()
    assert seen == [(False, 0)] and not Notice.objects.exists()


def test_a_mail_server_that_is_away_is_tried_again_with_back_off(monkeypatch, caplog) -> None:
    account = make_account()
    account.refuse('auth')
    with monkeypatch.context() as patch:
        fails(patch, ConnectionRefusedError('smtp.example.org gru@example.org'))
        assert watching.tell_some() == 0
        assert 'example.org' not in caplog.text  # R50
        account.accept()
        assert watching.tell_some() == 0  # its end is to be told too
        assert Notice.objects.count() == 2
    assert watching.tell_some() == 0  # not at once
    Notice.objects.update(due_at=ago(seconds=1))
    assert watching.tell_some() == 2 and watching.tell_some() == 0
    assert [m.to for m in mail.outbox] == [['gru@example.org']] * 2


def test_a_recipient_that_is_refused_keeps_no_other_from_being_told(monkeypatch, settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_ALERT_RECIPIENTS = ['parti@example.org', 'gru@example.org']
    make_account().refuse('auth')
    send = EmailBackend.send_messages

    def choose(self: EmailBackend, messages: Any) -> int:
        if messages[0].to == ['parti@example.org']:
            raise smtplib.SMTPRecipientsRefused({'parti@example.org': (550, b'gone')})
        return send(self, messages)

    monkeypatch.setattr(EmailBackend, 'send_messages', choose)
    assert watching.tell_some() == 1
    assert Notice.objects.get().recipient == 'parti@example.org'
    Notice.objects.update(created_at=ago(days=8), due_at=ago(seconds=1))
    watching.tell_some()
    assert not Notice.objects.exists() and Journal.objects.filter(action='mail-lost').count() == 1


def test_a_process_that_dies_while_it_sends_loses_no_mail(monkeypatch) -> None:
    """Its mail is sent again once its lease is over, under the same identifier."""

    class Killed(BaseException):
        pass

    make_account().refuse('auth')
    with monkeypatch.context() as patch:
        fails(patch, Killed())  # type: ignore[arg-type]
        with pytest.raises(Killed):
            watching.tell_some()
    key = Notice.objects.get().key
    assert watching.tell_some() == 0  # it may still be sending it
    Notice.objects.update(lease_until=ago(seconds=1))
    assert watching.tell_some() == 1
    assert key in mail.outbox[0].extra_headers['Message-ID']


def test_two_processes_never_send_the_same_mail() -> None:
    for number in range(5):
        Notice.objects.create(recipient=f'p{number}@example.org', subject='x', body='x')
    at_once(*[posting.post] * 4)
    assert sorted(m.to[0] for m in mail.outbox) == [f'p{number}@example.org' for number in range(5)]


def test_a_mail_is_decided_whole_or_not_at_all(monkeypatch) -> None:
    """What was told and the mail that tells it are committed together."""
    make_account().refuse('auth')
    monkeypatch.setattr(telling, '_keep', lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        telling.tell()
    assert not Notice.objects.exists() and not Trouble.objects.exists()


def test_one_account_is_looked_at_by_one_worker(monkeypatch) -> None:
    looked: list[int] = []
    accounts = [make_account() for _ in range(3)]
    for account in accounts:
        Watch.objects.create(account=account, due_at=ago(minutes=1))
    monkeypatch.setattr(watching.health, 'examine', lambda account, **_how: looked.append(account.pk))
    at_once(*[watching.check_some] * 6)
    assert sorted(looked) == [account.pk for account in accounts]
    # one that dies while it looks leaves the account to the next one
    assert Watch.objects.filter(due_at__lt=timezone.now() + timedelta(minutes=20)).count() == 3


def test_the_worker_does_nothing_of_it_while_the_tenant_is_off(settings) -> None:
    """R43"""
    make_account().refuse('auth')
    settings.PUBLIK_SOCIALMEDIA_ENABLED = False
    assert watching.check_some() == watching.tell_some() == 0
    assert not Watch.objects.exists() and not Notice.objects.exists()


def test_what_is_removed_meanwhile_is_not_looked_at(monkeypatch) -> None:
    account = make_account()
    Watch.objects.create(account=account, due_at=ago(minutes=1))
    claim = watching._claim

    def claimed() -> int | None:
        found = claim()
        Account.objects.all().delete()
        return found

    monkeypatch.setattr(watching, '_claim', claimed)
    assert watching.check_some() == 0

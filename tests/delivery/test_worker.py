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

"""The worker as it is run: a process that is woken, stopped, cut from its database (R3, R21, R23)."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.utils import DataError, OperationalError
from django.urls import reverse
from django.utils import timezone

from demo.emulators.graph_webhooks import sign
from demo.postgres import database_url
from publik_socialmedia import networks
from publik_socialmedia.delivery import sending, service, slots, worker
from publik_socialmedia.delivery.wakeup import wake
from publik_socialmedia.intake import inbox
from publik_socialmedia.models import Account, Conversation, Delivery, Message, RawEvent
from publik_socialmedia.networks.base import Page
from publik_socialmedia.wcs import demands
from publik_socialmedia.wcs.client import Client
from tests.delivery.desk import MessengerDesk, messenger
from tests.factory import deliver, later, make_account, write

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
LIMIT = 60.0  # seconds, of anything that is waited for
# looks by itself so seldom that only a notification explains what is done meanwhile
SELDOM = (
    'import django; django.setup()\n'
    'from django.core.management import call_command\n'
    'from publik_socialmedia.delivery import service\n'
    'service.IDLE = 600.0\n'
    'call_command("socialmedia_worker")\n'
)


@pytest.fixture
def page(transactional_db: None) -> Iterator[MessengerDesk]:
    with messenger() as desk:
        yield desk


def until(happened: Callable[[], object], process: subprocess.Popen[bytes] | None = None) -> None:
    """Wait for something that other threads or processes do."""
    end = time.monotonic() + LIMIT
    while not happened():
        assert time.monotonic() < end, 'it did not happen'
        assert process is None or process.poll() is None, 'the worker stopped'
        time.sleep(0.05)


def environment(desk: MessengerDesk) -> dict[str, str]:
    hosts = ','.join(url.split('/')[2] for url in (desk.graph.url, desk.wcs.url))
    return {
        **os.environ,
        'PYTHONPATH': str(ROOT),
        'DJANGO_SETTINGS_MODULE': 'tests.settings',
        'DATABASE_URL': database_url(connection.settings_dict),
        'SOCIALMEDIA_TRUSTED_HOSTS': hosts,
        'SOCIALMEDIA_API_URLS': f'messenger={desk.graph.url}',
        'SOCIALMEDIA_WCS_URL': desk.wcs.url,
        'SOCIALMEDIA_WCS_SECRET': desk.wcs.secret,
    }


@contextlib.contextmanager
def started(desk: MessengerDesk, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a process of its own, which listens."""
    words = words or ('-m', 'django', 'socialmedia_worker')
    process = subprocess.Popen(
        [sys.executable, *words], env=environment(desk), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        until(listens, process)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=LIMIT)


def sessions() -> list[tuple[int, str]]:
    """The connections of the worker: their number and last query."""
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT pid, query FROM pg_stat_activity WHERE datname = current_database() '
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return list(cursor.fetchall())


def listens() -> bool:
    return any(query.startswith('LISTEN') for _, query in sessions())


def webhook(client: Any, desk: MessengerDesk, text: str = 'Bonjour') -> None:
    """The network calls our webhook, over Django's whole stack."""
    desk.graph.citizen_writes(desk.citizen, text)
    endpoint = desk.account.endpoint
    assert endpoint is not None
    url = reverse('socialmedia-webhook', args=['messenger', endpoint.token])
    for body in desk.heard:
        headers = sign(desk.graph.app.secret, body)
        assert client.post(url, body, content_type='application/json', headers=headers).status_code == 200
    desk.heard.clear()


# -- a process


def test_woken_by_the_webhook(client, page: MessengerDesk):
    """R20: PostgreSQL tells it; by itself it would look ten minutes later."""
    with started(page, '-c', SELDOM) as process:
        for number in range(3):
            webhook(client, page, f'message {number}')
            until(lambda number=number: Message.objects.filter(text=f'message {number}').exists(), process)
            until(lambda: not Delivery.objects.filter(state='pending').exists(), process)
    (demand,) = page.wcs.demands()
    assert page.wcs.value(demand, 'message') == 'message 0' and len(demand.comments) == 2


def test_sigterm_lets_it_finish_what_is_under_way(client, page: MessengerDesk):
    """R21: the call to w.c.s. ends, its result is recorded, the lease is given back, exit status 0."""
    page.wcs.wcs.latency = 1.5
    with started(page) as process:
        webhook(client, page)
        until(lambda: page.wcs.calls['POST'], process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT) == 0
    assert Delivery.objects.get().state == 'done'
    assert Conversation.objects.values('lease_token', 'due_at').get() == {'lease_token': '', 'due_at': None}
    assert len(page.wcs.demands()) == 1


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_idle(page: MessengerDesk, number: signal.Signals):
    with started(page) as process:
        process.send_signal(number)
        assert process.wait(LIMIT) == 0
    assert not listens()


def test_its_connections_are_cut(client, page: MessengerDesk):
    """R2, R21: the database restarts; the worker does not, and loses nothing."""
    with started(page) as process:
        for turn in range(2):
            with connection.cursor() as cursor:
                for pid, _ in sessions():
                    cursor.execute('SELECT pg_terminate_backend(%s)', [pid])
            webhook(client, page, f'message {turn}')
            done = Delivery.objects.filter(state='done')
            until(lambda done=done, turn=turn: done.count() == turn + 1, process)
        until(listens, process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT) == 0
    assert len(page.wcs.demands()) == 1


def test_killed_and_started_again(client, page: MessengerDesk):
    """R21: killed in the middle of a call; another one takes over after the lease, w.c.s. has it once."""
    page.wcs.wcs.latency = 1.5
    with started(page) as process:
        webhook(client, page)
        until(lambda: page.wcs.calls['POST'], process)
        process.kill()
        process.wait(LIMIT)
    assert Conversation.objects.get().lease_token
    until(page.wcs.demands)
    page.wcs.wcs.latency = 0
    later()
    deliver()
    assert len(page.wcs.demands()) == 1 and Delivery.objects.get().state == 'done'


def test_once(client, page: MessengerDesk):
    """For a cron line: does what is due, both ways, then stops with status 0."""
    webhook(client, page)
    words = [sys.executable, '-m', 'django', 'socialmedia_worker', '--once', '-v', '2']
    done = subprocess.run(words, env=environment(page), capture_output=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.strip()[:1].isdigit() and b'Traceback' not in done.stderr
    assert len(page.wcs.demands()) == 1
    page.answer()
    subprocess.run(words, env=environment(page), capture_output=True, timeout=LIMIT, check=True)
    assert page.on_screen() == ['Votre dossier est prêt.']


@pytest.mark.parametrize('value', [False, 'false', ''])
def test_a_site_where_it_is_disabled(client, page: MessengerDesk, settings, capsys, value: object):
    """R43: off by default; the worker says so and touches nothing."""
    webhook(client, page)
    settings.PUBLIK_SOCIALMEDIA_ENABLED = value
    call_command('socialmedia_worker')
    call_command('socialmedia_worker', once=True)
    assert capsys.readouterr().out.count('\n') == 2
    assert RawEvent.objects.get().state == 'pending' and page.wcs.demands() == []


# -- in this process


@contextlib.contextmanager
def running(**options: int) -> Iterator[service.Worker]:
    here = service.Worker(**options)
    thread = threading.Thread(target=here.run, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        here.stop()
        thread.join(LIMIT)
        assert not thread.is_alive()


def test_a_notification_of_another_tenant_wakes_nobody(page: MessengerDesk):
    """R43: a worker hears the schemas that it serves."""
    with running() as here:
        until(listens)
        with connection.cursor() as cursor:
            for words in ('autre_commune', 'autre_commune deliver', '', ' deliver'):
                cursor.execute("SELECT pg_notify('publik_socialmedia', %s)", [words])
        wake()  # heard after them
        until(lambda: here.heard)
        assert here.heard == 1


def test_accounts_are_polled_together(page: MessengerDesk, monkeypatch):
    """R17: four servers that are far away; one thread would wait for them one after the other."""
    together = threading.Barrier(4)

    def slow(self: object, account: object, cursor: object, http: object) -> Page:
        together.wait(LIMIT / 2)
        return Page((), {'marks': ['1']})

    monkeypatch.setattr(type(networks.get('mastodon')), 'poll', slow)
    for _ in range(4):
        make_account('mastodon', poll_due_at=timezone.now())
    polled = Account.objects.filter(network='mastodon', poll_due_at__gt=timezone.now())
    with running():
        until(lambda: polled.count() == 4)
    assert not together.broken
    assert not Account.objects.exclude(last_error='').exists()


def test_a_slow_account_holds_up_no_other(page: MessengerDesk, monkeypatch):
    """R17"""
    go_on = threading.Event()
    slow = make_account('mastodon', external_id='lent', poll_due_at=timezone.now() - timedelta(minutes=1))

    def one_is_slow(self: object, account: Any, cursor: object, http: object) -> Page:
        if account.external_id == 'lent':
            assert go_on.wait(LIMIT)
        return Page((), {'marks': ['1']})

    monkeypatch.setattr(type(networks.get('mastodon')), 'poll', one_is_slow)
    for _ in range(30):
        make_account('mastodon', poll_due_at=timezone.now())
    polled = Account.objects.filter(network='mastodon', poll_due_at__gt=timezone.now())
    with running():
        until(lambda: polled.count() == 30)
        go_on.set()
        until(lambda: polled.count() == 31)
    slow.refresh_from_db()
    assert slow.poll_lease_token == ''


@pytest.mark.parametrize('error', [KeyError('x'), DataError('texte du citoyen'), RecursionError()], ids=type)
def test_a_poison_conversation_stops_no_other(page: MessengerDesk, monkeypatch, caplog, error: Exception):
    """R23, R3: it waits with back-off; the others, and the answers of the same one, go on; nothing leaks."""
    original = demands.Pusher.run
    sick = page.citizen_writes('poison').conversation_id
    before = sending.accept(page.conversation(), 'Réponse', answer_key='1')

    def falls(self: demands.Pusher, *arguments: Any) -> None:
        if self.conversation.pk == sick:
            raise error
        original(self, *arguments)

    monkeypatch.setattr(demands.Pusher, 'run', falls)
    for number in range(3):
        write(page.account, f'message {number}', f'usager-{number}')
    worker.run_once()
    assert len(page.wcs.demands()) == 3
    assert page.on_screen() == ['Réponse'] and len(before) == 1
    waiting = Delivery.objects.get(state='pending', kind='message')
    assert (waiting.conversation_id, waiting.attempts, waiting.reason) == (sick, 1, 'internal')
    assert waiting.due_at > timezone.now()
    assert Conversation.objects.get(pk=sick).lease_token == ''
    delays = []
    for _ in range(5):
        later()
        worker.run_once()
        waiting.refresh_from_db()
        delays.append((waiting.due_at - timezone.now()).total_seconds())
    assert delays[-1] > 4 * delays[0]
    assert 'texte du citoyen' not in caplog.text + waiting.error
    monkeypatch.setattr(demands.Pusher, 'run', original)
    later()
    worker.run_once()
    later()
    worker.run_once()
    assert len(page.wcs.demands()) == 4


def test_a_poison_answer_stops_no_message(page: MessengerDesk, monkeypatch):
    """R23: the other way round, in the running worker."""
    page.citizen_writes('Bonjour')
    deliver()

    def falls(*args: object) -> None:
        raise KeyError('x')

    monkeypatch.setattr(sending, '_send', falls)
    page.answer()
    with running():
        page.citizen_writes('Toujours là ?')
        wake()
        until(lambda: 'Toujours là ?' in page.history())
    waiting = Delivery.objects.get(kind='send')
    assert (waiting.state, waiting.reason) == ('pending', 'internal')


def test_a_poison_body_stops_no_other(client, page: MessengerDesk, monkeypatch):
    """R3: put aside at once; those behind it are read by the same worker."""
    original = inbox._parse

    def falls(stored: RawEvent, *known: Any) -> Any:
        if b'poison' in bytes(stored.body):
            raise AttributeError('x')
        return original(stored, *known)

    monkeypatch.setattr(inbox, '_parse', falls)
    with running():
        for text in ('un', 'poison', 'deux', 'trois'):
            webhook(client, page, text)
        until(lambda: Message.objects.count() == 3)
        until(lambda: not Delivery.objects.filter(state='pending').exists())
    assert sorted(RawEvent.objects.values_list('state', flat=True)) == ['done'] * 3 + ['quarantined']
    assert RawEvent.objects.get(state='quarantined').error == 'AttributeError'
    assert len(page.wcs.demands()) == 1


def test_the_database_goes_away_in_the_middle(page: MessengerDesk, monkeypatch):
    """R2, R21: neither counted as a fault of the conversation nor lost."""
    page.citizen_writes('Bonjour')
    original, calls = demands.Pusher.run, []

    def away_once(self: demands.Pusher, *arguments: Any) -> None:
        calls.append(self)
        if len(calls) == 1:
            raise OperationalError('the connection is closed')
        original(self, *arguments)

    monkeypatch.setattr(demands.Pusher, 'run', away_once)
    with pytest.raises(OperationalError):
        worker.run_once()
    later()
    worker.run_once()
    later()
    worker.run_once()
    assert len(page.wcs.demands()) == 1 and Delivery.objects.get().state == 'done'


def test_stopping_begins_nothing_new(page: MessengerDesk):
    """R21: what is due when it is told to stop is left to the next one."""
    here = service.Worker()
    here.stop()
    page.citizen_writes('Bonjour')
    here.run()
    assert page.wcs.demands() == [] and Delivery.objects.get().attempts == 0


def test_nothing_secret_in_the_logs(
    client, page: MessengerDesk, caplog: pytest.LogCaptureFixture, monkeypatch
):
    """R50: through faults of ours too, whose exceptions may quote anything."""
    caplog.set_level(logging.DEBUG)
    original = demands.Pusher.run

    def falls_once(self: demands.Pusher, *_arguments: Any) -> None:
        monkeypatch.setattr(demands.Pusher, 'run', original)
        raise ValueError(f'texte-confidentiel {self.account.credentials["page_token"]}')

    monkeypatch.setattr(demands.Pusher, 'run', falls_once)
    with running():
        webhook(client, page, 'texte-confidentiel')
        until(lambda: Delivery.objects.filter(reason='internal').exists())
        later()
        wake()
        until(page.wcs.demands)
        until(lambda: Delivery.objects.filter(state='done').exists())
    said = caplog.text + ' '.join(repr(record.__dict__) for record in caplog.records)
    for secret in ('confidentiel', page.citizen, page.graph.app.secret, page.wcs.secret, 'EAAemulated'):
        assert secret not in said, secret
    assert 'ValueError at' in said


def test_more_conversations_are_prepared_than_calls_are_made_at_once(page: MessengerDesk, monkeypatch):
    """R23: one sender is one call at a time; meanwhile what waits behind it is made ready."""
    at_once: list[int] = []
    calling, lock = [0], threading.Lock()
    ready, request = threading.Event(), Client.submit
    begun = slots.take

    @contextlib.contextmanager
    def take() -> Iterator[float]:
        if calling[0]:
            ready.set()  # somebody else has come as far as its own call
        with begun() as waited:
            yield waited

    def submit(self: Client, *args: Any, **kwargs: Any) -> Any:
        with lock:
            calling[0] += 1
            at_once.append(calling[0])
        try:
            assert ready.wait(LIMIT), 'nobody prepares anything meanwhile'
            return request(self, *args, **kwargs)
        finally:
            with lock:
                calling[0] -= 1

    monkeypatch.setattr(slots, 'take', take)
    monkeypatch.setattr(Client, 'submit', submit)
    for number in range(6):
        write(page.account, f'message {number}', f'usager-{number}')
    with running(senders=1):
        until(lambda: not Delivery.objects.filter(state='pending').exists())
    assert len(page.wcs.demands()) == 6
    assert at_once == [1] * 6

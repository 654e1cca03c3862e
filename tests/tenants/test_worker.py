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

"""One permanent worker for all the tenants of a brick (R17, R20, R21, R23): fair, woken, stopped by none."""

from __future__ import annotations

import contextlib
import re
import signal
import threading
import time
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from publik_socialmedia import locks, tenants
from publik_socialmedia.delivery import service, worker
from publik_socialmedia.delivery.rota import Rota
from publik_socialmedia.intake import polling
from publik_socialmedia.models import Account, Conversation, Delivery, RawEvent
from tests.factory import make_account, write
from tests.tenants.brick import AGGLO, LIMIT, VILLE, Town, listens, until
from tests.tenants.test_broken import drop_tables

# looks by itself so seldom that only a notification explains what is done meanwhile
SELDOM = (
    'import django; django.setup()\n'
    'from django.core.management import call_command\n'
    'from publik_socialmedia.delivery import service\n'
    'service.IDLE = 600.0\n'
    'call_command("socialmedia_worker")\n'
)


@contextlib.contextmanager
def running(**options: int) -> Iterator[service.Worker]:
    """The worker of all tenants, in threads of this process."""
    here = service.Worker(**options)
    thread = threading.Thread(target=here.run, daemon=True)
    thread.start()
    try:
        until(listens)
        yield here
    finally:
        here.stop()
        thread.join(LIMIT)
        assert not thread.is_alive()


def test_both_are_woken_by_their_webhooks(ville: Town, agglo: Town):
    """R20: by one process, which PostgreSQL tells; by itself it would look ten minutes later."""
    with ville.brick.worker('-c', SELDOM) as process:
        for number in range(2):
            for town in (ville, agglo):
                assert town.citizen_writes(f'message {number} à {town.domain}') == 200
                until(lambda town=town, number=number: len(town.texts()) == number + 1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT) == 0
    for town in (ville, agglo):
        assert town.texts()[0] == f'message 0 à {town.domain}' and len(town.wcs.demands()) == 1


def test_what_was_waiting_when_it_started(ville: Town, agglo: Town):
    """R21: nobody tells it; each tenant is looked at."""
    for town in (ville, agglo):
        town.citizen_writes()
    with running():
        until(lambda: ville.settled() and agglo.settled())
    assert len(ville.wcs.demands()) == len(agglo.wcs.demands()) == 1


def test_it_works_inside_one_tenant_too(ville: Town, agglo: Town):
    """``tenant_command socialmedia_worker -d DOMAIN``: that tenant, no other."""
    for town in (ville, agglo):
        town.citizen_writes()
    words = ('-m', 'django', 'tenant_command', 'socialmedia_worker', '-d', VILLE)
    with ville.brick.worker(*words):
        until(ville.settled)
        ville.citizen_writes('encore')
        until(lambda: len(ville.texts()) == 2)
    assert agglo.count(state='pending') == 1 and not agglo.wcs.demands()


def test_a_broken_tenant_stops_nobody(ville: Town, agglo: Town, caplog):
    """R23: told with its name, tried again later and later, served once it is repaired."""
    agglo.configure(PUBLIK_SOCIALMEDIA_LEASE='deux minutes')
    with running() as here:
        agglo.citizen_writes('à réparer')
        for number in range(3):
            ville.citizen_writes(f'message {number}')
            until(lambda number=number: len(ville.texts()) == number + 1)
        until(lambda: any(key[0] == agglo.tenant.schema for key in here._failing))
        assert not any(key[0] == ville.tenant.schema for key in here._failing)
        agglo.configure(PUBLIK_SOCIALMEDIA_LEASE=120)
        until(lambda: agglo.texts() == ['à réparer'])
        until(lambda: not any(key[1] == 'deliver' for key in here._failing))
    told = [record.getMessage() for record in caplog.records if AGGLO in record.getMessage()]
    assert any('failed, again in' in text and 'ValueError' in text for text in told)


def test_a_tenant_that_is_not_migrated_yet(ville: Town, agglo: Town, caplog):
    """R23: says what is to be done; the wait grows, so that the log does not."""
    drop_tables(agglo)
    with running() as here:
        until(lambda: (agglo.tenant.schema, 'look') in here._failing)
        until(lambda: here._failing[agglo.tenant.schema, 'look'].times >= 3)
        ville.citizen_writes()
        until(lambda: len(ville.texts()) == 1)
    told = [
        record.getMessage() for record in caplog.records if f'{AGGLO}: look failed' in record.getMessage()
    ]
    assert 'migrate_schemas' in told[0]
    assert ['again in 1 s' in told[0], 'again in 2 s' in told[1], 'again in 4 s' in told[2]] == [True] * 3


def test_a_tenant_added_while_it_runs(ville: Town, monkeypatch):
    """Its first message tells that it is there; without any, the list is read now and then."""
    monkeypatch.setattr(service, 'MEET_AGAIN', 0.2)
    with running() as here:
        new = ville.brick.add('nouvelle.example.org')
        assert new.citizen_writes('première') == 200
        until(lambda: new.texts() == ['première'])
        assert new.tenant.schema in here._known.by_schema


def test_a_tenant_deleted_while_it_runs(ville: Town, agglo: Town, monkeypatch):
    """R23: even in the middle of a call for it; it is forgotten, the other one is served."""
    monkeypatch.setattr(service, 'MEET_AGAIN', 0.2)
    schema = agglo.tenant.schema
    agglo.wcs.wcs.latency = 1.0
    with running() as here:
        agglo.citizen_writes()
        until(lambda: agglo.wcs.calls['POST'])
        ville.brick.remove(AGGLO)
        ville.citizen_writes()
        until(lambda: len(ville.texts()) == 1)
        until(lambda: schema not in here._known.by_schema)
        until(lambda: not any(key[0] == schema for key in here._failing))
        ville.citizen_writes('encore')
        until(lambda: len(ville.texts()) == 2)


def test_the_switch_is_seen_while_it_runs(ville: Town, agglo: Town):
    """R43: off: nothing is done any more; on: what waited is done."""
    agglo.citizen_writes('avant')
    agglo.configure(PUBLIK_SOCIALMEDIA_ENABLED=False)
    with running() as here:
        ville.citizen_writes()
        until(ville.settled)
        until(lambda: ville.tenant.schema in here._known.on)
        assert agglo.tenant.schema not in here._known.on and not agglo.wcs.demands()
        agglo.configure(PUBLIK_SOCIALMEDIA_ENABLED=True)
        until(lambda: agglo.texts() == ['avant'])
        agglo.configure(PUBLIK_SOCIALMEDIA_ENABLED=False)
        until(lambda: agglo.tenant.schema not in here._known.on)


def test_chores_are_done_for_each(ville: Town, agglo: Town, monkeypatch):
    """R32, R41: by whoever serves the tenant, in that tenant; one that falls there keeps no other from it."""
    done: list[str] = []

    def note() -> int:
        done.append(tenants.key())
        if tenants.key() == agglo.tenant.schema:
            raise RuntimeError('x')
        return 0

    chores = (
        service.Chore('note', note, 0.1),
        service.Chore('other', lambda: done.append('other') or 0, 0.1),
    )
    monkeypatch.setattr(service, 'CHORES', chores)
    with running():
        until(lambda: done.count(ville.tenant.schema) >= 3 and done.count('other') >= 4)
    assert 1 <= done.count(agglo.tenant.schema) <= done.count(ville.tenant.schema)


def test_accounts_of_each_tenant_are_polled(ville: Town, agglo: Town, monkeypatch):
    """R17: in the tenant that they are of, though their numbers are the same; when they are due."""
    polled: list[tuple[str, int]] = []

    def poll(turn: polling.Turn) -> int:
        polled.append((tenants.key(), turn.account_id))
        Account.objects.filter(pk=turn.account_id).update(poll_due_at=None, poll_lease_token='')
        return 0

    monkeypatch.setattr(polling, 'poll', poll)
    for town in (ville, agglo):
        with town.inside():
            make_account('mastodon', poll_due_at=timezone.now())
    with running():
        until(lambda: len(polled) >= 2)
    assert sorted(polled) == [('agglo_example_org', 2), ('ville_example_org', 2)]


def test_it_keeps_few_connections(ville: Town, agglo: Town):
    """One per thread at work, whatever the number of tenants; each serves nobody between two turns."""
    with running():
        for number in range(3):
            for town in (ville, agglo):
                town.citizen_writes(f'{number}')
        until(lambda: ville.settled() and agglo.settled())
        with connection.cursor() as cursor:
            cursor.execute('SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()')
            assert cursor.fetchone()[0] <= 1 + 1 + 2 + 4 + 2 + 1 + 4  # us, listener, readers, senders…


def test_the_connections_are_cut(ville: Town, agglo: Town, monkeypatch):
    """R2, R21: PostgreSQL restarts; the worker does not."""
    monkeypatch.setattr(service, 'AFTER_FAILURE', 0.2)
    for town in (ville, agglo):
        town.configure(PUBLIK_SOCIALMEDIA_LEASE=5)  # what was cut in the middle is taken again after it
    with running():
        for turn in range(2):
            with connection.cursor() as cursor:
                cursor.execute(
                    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity '
                    'WHERE datname = current_database() AND pid <> pg_backend_pid()'
                )
            for town in (ville, agglo):
                town.citizen_writes(f'message {turn}')
            until(lambda turn=turn: len(ville.texts()) == len(agglo.texts()) == turn + 1)


# -- fair sharing

FLOOD = 2000  # messages of as many persons


def flood(town: Town, count: int) -> None:
    """They are read already, and wait to be told to w.c.s."""
    with town.inside():
        account = Account.objects.get()
        for number in range(count):
            write(account, f'message {number}', f'usager-{number}')


class Turns:
    """Schemas that the senders served, in order; and how many turns there had been at each reading."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[str] = []
        self.read: list[tuple[str, int]] = []
        deliver, read = worker.deliver_some, worker.read_some

        def deliver_some() -> int:
            done = deliver()
            if done:
                self.seen.append(tenants.key())
            return done

        def read_some() -> int:
            done = read()
            if done:
                self.read.append((tenants.key(), len(self.seen)))
            return done

        monkeypatch.setattr(worker, 'deliver_some', deliver_some)
        monkeypatch.setattr(worker, 'read_some', read_some)

    def waited(self, schema: str) -> int:
        """Turns of others between the last reading for that tenant and the turn that delivered it."""
        begun = next(count for key, count in reversed(self.read) if key == schema)
        until(lambda: schema in self.seen[begun:])
        return self.seen[begun:].index(schema)


def latency(town: Town, turns: Turns) -> tuple[float, int]:
    """Seconds from the webhook to w.c.s., and turns of others between its reading and its delivery."""
    known, begun = len(town.texts()), time.monotonic()
    town.citizen_writes('et moi ?')
    until(lambda: len(town.texts()) > known)
    return time.monotonic() - begun, turns.waited(town.tenant.schema)


@pytest.mark.timeout(600)
def test_a_quiet_tenant_beside_a_flooded_one(ville: Town, agglo: Town, monkeypatch, capsys):
    """R20, R23: thousands of messages of the one do not come before the single one of the other.

    The bound is in turns of the flooded tenant: those under way (its share of the senders), and those that
    begin while the quiet one takes its place; no more, whatever waits.
    """
    flood(agglo, FLOOD)
    agglo.wcs.wcs.latency = ville.wcs.wcs.latency = 0.02
    turns = Turns(monkeypatch)
    with running(senders=2):
        until(lambda: len(turns.seen) > 10)
        beside = [latency(ville, turns) for _ in range(10)]
        waiting = agglo.count(Delivery, state='pending')
        assert waiting > FLOOD / 4, 'the flood was over: nothing was shown'
        with agglo.inside():
            Conversation.objects.update(due_at=None)  # the end of the flood
        until(lambda: not agglo.count(Conversation, lease_until__gt=timezone.now()))
        alone = [latency(ville, turns) for _ in range(10)]
    seconds = [sorted(found for found, _ in several) for several in (alone, beside)]
    between = sorted(count for _, count in beside)
    with capsys.disabled():
        print(  # noqa: T201
            f'\nquiet tenant, webhook to w.c.s., median of 10: alone {seconds[0][5]:.3f} s, beside {waiting} '
            f'waiting messages {seconds[1][5]:.3f} s; turns of the other between: median {between[5]}, '
            f'most {between[-1]}'
        )
    assert between[5] <= 4
    assert between[-1] <= 12


def test_one_turn_of_the_flood_between_two_of_the_others():
    """R20: the bound itself, without a clock: as many turns as the flooded one may have at a time."""
    rota = Rota[str](share=2)
    rota.call('flood')
    for _ in range(20):
        rota.give_back(str(rota.take()), 0.0, worked=True)
    under_way = [rota.take(), rota.take()]
    assert under_way == ['flood', 'flood']
    rota.call('quiet')
    rota.give_back('flood', 0.0, worked=True)
    assert rota.take() == 'quiet'


# -- cron


def test_two_rounds_at_once(ville: Town, agglo: Town):
    """R21: the line of the next minute comes while the former one works: it leaves at once, with status 0."""
    ville.citizen_writes()
    with locks.alone('once') as ours:
        assert ours
        done = ville.brick.manage('socialmedia_worker', '--once')
    assert done.returncode == 0 and 'déjà en cours' in done.stdout and not ville.wcs.demands()
    done = ville.brick.manage('socialmedia_worker', '--once', '-v2')
    assert done.returncode == 0 and len(ville.wcs.demands()) == 1


def test_rounds_in_spite_of_the_lock(ville: Town, monkeypatch):
    """R21: what makes it safe is the leases, not the lock: four at once, each message told once."""
    with ville.inside():
        for number in range(12):
            write(Account.objects.get(), f'message {number}', f'usager-{number % 4}')
    ville.wcs.wcs.latency = 0.05

    def work() -> None:
        worker.run_round(tenants.every(), 60)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert ville.settled()
    told = re.findall(r'message \d+', '\n'.join(ville.texts()))
    assert sorted(told) == sorted(f'message {number}' for number in range(12))
    assert len(ville.wcs.demands()) == 4


def test_the_hooks_of_combo(ville: Town, agglo: Town, monkeypatch):
    """R20, R51: harmless beside the cron lines, silent where the switch is off, never an error for Combo."""
    from django.apps import apps

    config = apps.get_app_config('publik_socialmedia')
    ville.citizen_writes()
    agglo.configure(PUBLIK_SOCIALMEDIA_ENABLED=False)
    for town in (ville, agglo):
        with town.inside():
            config.hourly()
            config.daily()
    assert ville.settled() and len(ville.texts()) == 1
    drop_tables(ville)
    with ville.inside():
        config.hourly()
        config.daily()


def test_the_worker_of_a_site_that_is_off(ville: Town, capsys):
    ville.configure(PUBLIK_SOCIALMEDIA_ENABLED=False)
    with ville.inside():
        call_command('socialmedia_worker')
    assert capsys.readouterr().out.count('\n') == 1
    assert not ville.count(RawEvent)

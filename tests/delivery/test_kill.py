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

"""The kill test: processes die all the time, w.c.s. lies, and every message is in w.c.s. once, in order.

R21, R22, R23, R25. Four workers and a web server that takes the webhooks; one of them, by lot, is killed with
SIGKILL every 100 ms, ten times in a row, again and again; the stand-in of w.c.s. drops answers, answers 500
after committing, answers too late, carries calls out late, refuses, cuts. The network (this test) repeats a
webhook until it is answered 200, as Meta does, and sends some of them twice.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import requests
from django.db import connection
from django.urls import reverse

from demo.postgres import database_url
from demo.wcs_standin import StandIn
from demo.wcs_standin.faults import Faults
from publik_socialmedia.models import Delivery, Endpoint, RawEvent
from tests.factory import make_account

ROOT = Path(__file__).resolve().parents[2]
SECRET = 'app-secret-for-tests'
CONVERSATIONS = int(os.environ.get('KILL_CONVERSATIONS', '400'))
ROUNDS = 5
MESSAGES = CONVERSATIONS * ROUNDS
KILLS = 30  # at least
KILL_EVERY = 0.1
VOLLEY = 10  # kills in a row, then some calm: a process needs time to start
CALM = 5.0
LIMIT = float(os.environ.get('KILL_LIMIT', '850'))  # seconds, so that a fault ends the test
RATES = {'drop': 0.02, 'error': 0.02, 'slow': 0.005, 'late': 0.01, 'unavailable': 0.02, 'reset': 0.02}
# seconds: a signature lives 2, so a lost call is surely carried out, or never, 2 + 1 s after it began
SETTINGS = {
    'LEASE': 3,
    'RETRY_BASE': 0.2,
    'RETRY_CAP': 2,
    'OUTCOME_WAIT': 4,
    'WCS_TIMEOUT': 1.5,
    'GROUPING_DELAY': 0,
}

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


class Nursery:
    """Starts processes and kills them, by their number."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, '-m', 'tests.delivery.nursery'],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self._line())
        self.alive: dict[int, str] = {}
        self.killed: Counter[str] = Counter()

    def _line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()

    def start(self, role: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f'{role}\n')
        self.process.stdin.flush()
        self.alive[int(self._line())] = role

    def kill_one(self) -> None:
        pid = random.choice(list(self.alive))
        role = self.alive.pop(pid)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.killed[role] += 1
        self.start(role)

    def stop(self) -> None:
        for pid in self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(10)
        assert self.process.stdout
        self.process.stdout.close()


class Sender(threading.Thread):
    """The network: webhooks of several items, repeated until they are taken, some of them sent twice."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.url = url
        self.posts = self.refusals = 0
        self.done = False
        self.stopped = False

    def run(self) -> None:
        number = 0
        for turn in range(ROUNDS):
            persons = random.sample(range(CONVERSATIONS), CONVERSATIONS)
            while persons:
                items = []
                for _ in range(min(random.randint(1, 6), len(persons))):
                    number += 1
                    items.append(self._item(persons.pop(), turn, number))
                self._post(items)
                if random.random() < 0.05:
                    self._post(items)
        self.done = True

    def _item(self, person: int, turn: int, number: int) -> dict[str, object]:
        return {
            'sender': {'id': f'psid-{person}'},
            'recipient': {'id': '1001'},
            'timestamp': 1_790_000_000_000 + number * 10,
            'message': {'mid': f'm_{person}_{turn}', 'text': f'[{person}:{turn}]'},
        }

    def _post(self, items: list[dict[str, object]]) -> None:
        body = json.dumps({'object': 'page', 'entry': [{'id': '1001', 'messaging': items}]}).encode()
        digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {'X-Hub-Signature-256': f'sha256={digest}', 'Content-Type': 'application/json'}
        while not self.stopped:
            self.posts += 1
            try:
                answer = requests.post(self.url, data=body, headers=headers, timeout=5)
            except requests.RequestException:
                self.refusals += 1
            else:
                if answer.status_code == 200:
                    return
                assert answer.status_code == 503, answer.status_code
            time.sleep(0.02)


@pytest.fixture
def stage(settings, tmp_path):
    faults = Faults(RATES, seed=random.randrange(10**6), reads=True, slow_for=2, late_for=1)
    with StandIn(signature_age=2, lock_age=5, race_window=0.002, faults=faults) as wcs:
        settings.PUBLIK_SOCIALMEDIA_ENABLED = True
        endpoint = Endpoint.objects.create(network='messenger', secrets={'app_secret': [SECRET]})
        make_account(endpoint=endpoint, external_id='1001')
        host = wcs.url.split('/')[2]
        values = {**SETTINGS, 'WCS': {'default': wcs.settings}, 'TRUSTED_HOSTS': [host]}
        nursery = Nursery(
            {
                'DJANGO_SETTINGS_MODULE': 'tests.delivery.kill_settings',
                'DATABASE_URL': database_url(connection.settings_dict),
                'KILL_SETTINGS': json.dumps(values),
                'KILL_LOG': str(tmp_path / 'errors.log'),
                'SOCIALMEDIA_STORAGE': str(tmp_path),
            }
        )
        path = reverse('socialmedia-webhook', args=['messenger', endpoint.token])
        try:
            yield wcs, nursery, Sender(f'http://127.0.0.1:{nursery.port}{path}')
        finally:
            nursery.stop()


def test_every_message_is_in_w_c_s_once_and_in_order(stage, capsys, tmp_path):
    wcs, nursery, sender = stage
    for role in ('server', 'worker', 'worker', 'worker', 'worker'):
        nursery.start(role)
    begun = time.monotonic()
    sender.start()
    while not (sender.done and _all_done()):
        for _ in range(VOLLEY):
            time.sleep(KILL_EVERY)
            nursery.kill_one()
        calm = time.monotonic() + CALM
        while time.monotonic() < calm and not (sender.done and _all_done()):
            time.sleep(0.1)
        assert time.monotonic() < begun + LIMIT, _left()
    time.sleep(3)  # calls that were still on their way
    sender.stopped = True
    _report(wcs, nursery, sender, capsys)
    shown = defaultdict(list)
    for demand in wcs.demands():
        said = '\n'.join([wcs.value(demand, 'message'), *demand.comments])
        for person, turn in re.findall(r'\[(\d+):(\d+)\]', said):
            shown[int(person)].append(int(turn))
    wrong = {person: shown[person] for person in range(CONVERSATIONS) if shown[person] != list(range(ROUNDS))}
    assert wrong == {}
    assert len(wcs.demands()) == CONVERSATIONS
    assert sum(nursery.killed.values()) >= KILLS
    assert not Delivery.objects.exclude(state='done').exists()
    assert wcs.errors == []


def _all_done() -> bool:
    waiting = Delivery.objects.filter(state='pending').exists()
    return not waiting and not RawEvent.objects.exclude(state='done').exists()


def _left() -> str:
    """What still waits, for whoever looks into a failure."""
    deliveries = Delivery.objects.filter(state='pending').values(
        'kind', 'state', 'attempts', 'reason', 'unknown', 'due_at', 'tried_at', 'conversation__due_at'
    )
    bodies = RawEvent.objects.exclude(state='done').values('state', 'attempts', 'error', 'outcome')
    done = Delivery.objects.filter(state='done').count()
    return f'{done} of {MESSAGES} done; left: {list(deliveries[:5])}, {list(bodies[:5])}'


def _report(wcs, nursery, sender, capsys) -> None:
    faults = ', '.join(f'{count} {name}' for name, count in wcs.faults.counts.items() if count)
    killed = ', '.join(f'{count} {role}s' for role, count in nursery.killed.items())
    with capsys.disabled():
        print(  # noqa: T201
            f'\nkill test: {MESSAGES} messages in {sender.posts} posts ({sender.refusals} cut), '
            f'killed: {killed}; w.c.s.: {sum(wcs.calls.values())} calls, faults: {faults}; '
            f'{len(wcs.demands())} demands'
        )

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

"""(e) The answers of agents: how soon w.c.s. is told that one is taken, and how soon it is sent (R30).

The brick takes the signed calls that a workflow makes; one worker sends them to an emulator of the network
that answers after a delay, and tells w.c.s. what became of each.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bench import bodies, stock
from bench.ack import BRICK_WORKERS
from bench.databases import Databases
from bench.load import closed_loop, open_loop
from bench.processes import StandIn, brick, wait_until, workers
from bench.report import Report, milliseconds, percentile

if TYPE_CHECKING:
    from publik_socialmedia.models import Demand

NAME = 'socialmedia_bench_answers'
LIMIT = 120.0
NO_LIMIT = 10**9
NETWORK = 0.3  # seconds after which the network answers
WCS = 0.045  # and w.c.s.
SENDERS = 2
WARM_UP = 3.0  # seconds


@dataclass(frozen=True)
class Plan:
    persons: int
    rate: float  # answers a second
    seconds: float  # less than the 30 s that a signature lives: the calls are made beforehand


FULL = Plan(persons=50, rate=2, seconds=25)
QUICK = Plan(persons=20, rate=2, seconds=8)


def measure(databases: Databases, standin: StandIn, report: Report, *, quick: bool) -> None:
    from demo.emulators.graph import GraphEmulator

    plan = QUICK if quick else FULL
    report.title('Answering')
    report.write(
        f'{plan.rate:.0f} answers a second, at random, to {plan.persons} persons; {BRICK_WORKERS} workers of '
        f'gunicorn; one worker with {SENDERS} senders. The network answers after {NETWORK * 1000:.0f} ms, '
        f'w.c.s. after {WCS * 1000:.0f}.\n'
    )
    url = databases.fresh(NAME)
    with contextlib.ExitStack() as stack:
        graph = stack.enter_context(GraphEmulator(callback_url='http://nowhere.example/'))
        graph.webhooks.post = lambda body: None  # type: ignore[method-assign]
        standin.order(latency=0)
        stack.enter_context(stock.using(NAME))
        demands = _open_demands(graph, plan.persons)
        standin.order(latency=WCS)
        graph.fail('slow', 'POST .*/messages$', times=NO_LIMIT, seconds=NETWORK)
        env = {'BENCH_API_URLS': f'messenger={graph.url}'}
        stack.enter_context(workers(databases, NAME, processes=1, senders=SENDERS, env=env))
        address = stack.enter_context(brick(url, workers=BRICK_WORKERS, keep=60))
        # processes that have answered nothing yet are still being loaded
        closed_loop(address, [bodies.http_request('/bare/', b'{}')], 2 * BRICK_WORKERS, WARM_UP)
        calls = [_call(demands[number % len(demands)], number) for number in range(_most(plan))]
        taken = open_loop(address, calls, plan.rate, plan.seconds)
        wait_until(lambda: not stock.waiting(databases, NAME), LIMIT, 'the answers are not sent')
        sent = _sent(databases)
    databases.drop(NAME)
    if len(sent) != len(taken.latencies):
        raise RuntimeError(f'{len(taken.latencies)} answers taken, {len(sent)} sent')
    if taken.failures:
        report.write(f'{taken.failures} calls were not answered 200.\n')
    shown = [
        [what, str(len(found)), *(milliseconds(percentile(found, rank)) for rank in (50, 95, 99, 100))]
        for what, found in (('taken (w.c.s. has its answer)', taken.latencies), ('sent, from then on', sent))
    ]
    report.table(['answers', 'number', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms'], shown)


def _most(plan: Plan) -> int:
    """More calls than the loop will make: none is made twice."""
    return int(2 * plan.rate * plan.seconds)


def _open_demands(graph: Any, count: int) -> list[Demand]:
    """Persons who have just written, whose demands are open."""
    from django.utils import timezone

    from demo.emulators import graph as emulated
    from publik_socialmedia.conversations.messages import Received
    from publik_socialmedia.conversations.record import record
    from publik_socialmedia.delivery import worker
    from publik_socialmedia.models import Account, Demand
    from publik_socialmedia.networks.base import Event, Kind
    from publik_socialmedia.wcs import reading
    from publik_socialmedia.wcs.demands import client_of
    from publik_socialmedia.wcs.mapping import KEY_FIELD

    account = Account.objects.get()
    account.external_id, account.problem = emulated.PAGE_ID, ''
    account.credentials = {
        'page_token': emulated.PAGE_TOKEN,
        'app_id': emulated.APP_ID,
        'app_secret': emulated.APP_SECRET,
    }
    account.save()
    for number in range(count):
        person = graph.add_person(f'Personne {number}')
        mid = graph.citizen_writes(person, 'Bonjour')
        event = Event(Kind.MESSAGE, external_id=mid, user=person, name=f'Personne {number}', text='Bonjour')
        record(Received(account, event, timezone.now()))
    worker.run_once()
    demands = list(Demand.objects.filter(state='open'))
    if len(demands) != count:
        raise RuntimeError(f'{len(demands)} demands for {count} persons')
    for demand in demands:
        (found,) = client_of('').find(demand.form, KEY_FIELD, demand.key)
        reading.note(demand, found)  # the workflow tells its uuid
    return demands


def _call(demand: Demand, number: int) -> bytes:
    """The whole signed request by which the workflow of that demand hands an answer over."""
    from django.urls import reverse

    from publik_socialmedia.wcs.signature import sign_query

    values = {
        'kind': 'answer',
        'reply': str(number + 1),
        'number': demand.number,
        'uuid': demand.uuid,
        'text': f'Bonjour, votre demande est prise en compte ({number}).',
        'file': None,
        'agent': 'Alice Agent',
    }
    body = json.dumps(values).encode()
    signer = str(urlsplit(os.environ['WCS_URL']).hostname)
    query = sign_query('', orig=signer, secret=os.environ['WCS_SECRET'])
    lines = [
        f'POST {reverse("socialmedia-answer", args=[demand.token])}?{query} HTTP/1.1',
        'Host: 127.0.0.1',
        'Content-Type: application/json',
        f'Content-Length: {len(body)}',
    ]
    return '\r\n'.join([*lines, '', '']).encode() + body


def _sent(databases: Databases) -> list[float]:
    """Seconds from the answer being taken to the network having it, of those that it has."""
    with databases.cursor(NAME) as cursor:
        cursor.execute(
            """SELECT extract(epoch FROM delivery.done_at - message.received_at)
                 FROM publik_socialmedia_message AS message
                 JOIN publik_socialmedia_delivery AS delivery ON delivery.message_id = message.id
                WHERE delivery.kind = 'send' AND delivery.state = 'done' AND message.state = 'sent'"""
        )
        return [float(row[0]) for row in cursor.fetchall()]

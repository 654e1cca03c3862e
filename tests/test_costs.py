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

"""What each step costs in queries: what was measured and a small margin, whatever is stored already.

A count that grows is a decision: measure with ``make bench`` before raising a bound.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bench import bodies
from bench.population import fill
from demo.emulators.graph_webhooks import sign
from demo.wcs_standin import StandIn
from publik_socialmedia.delivery import queue, worker
from publik_socialmedia.intake import polling
from publik_socialmedia.models import Account, Delivery, Demand, Endpoint, Message, RawEvent
from tests.delivery.desk import mastodon, poll_now
from tests.factory import make_account

pytestmark = pytest.mark.django_db

# BEGIN, COMMIT and savepoints are counted as queries
ACKNOWLEDGE = 2
READ_FIRST, READ_LATER = 18, 18
READ_BATCH = 15  # for each body of a batch of twenty; 13 unless it takes seconds: accounts are read again
OPEN, FOLLOW = 11, 14
LOOK_IN_VAIN = 1
POLL_IN_VAIN = 7

MANY = 2_000


@pytest.fixture(params=[0, MANY // 10, MANY], ids='{} conversations stored'.format)
def account(request: pytest.FixtureRequest, settings) -> Iterator[Account]:
    """An account of the bench, whose w.c.s. answers and which has that past."""
    with StandIn() as wcs:
        settings.PUBLIK_SOCIALMEDIA_WCS = {'default': wcs.settings}
        settings.PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS = [wcs.url.split('/')[2]]
        endpoint = Endpoint.objects.create(
            network='messenger', secrets={'app_secret': [bodies.SECRET.decode()], 'verify_token': ['word']}
        )
        # no name is asked of the network
        account = make_account(endpoint=endpoint, external_id=bodies.PAGE, problem='auth')
        with connection.cursor() as cursor:
            if request.param:
                fill(cursor, request.param)
            cursor.execute('ANALYZE')
        yield account
    assert wcs.errors == []


def queries(step: Callable[[], Any], expected: Any = None) -> list[str]:
    """The queries of a step, which must give ``expected``."""
    with CaptureQueriesContext(connection) as captured:
        given = step()
    if expected is not None:
        assert given == expected
    return [query['sql'] for query in captured]


def arrive(account: Account, *persons: str) -> None:
    for person in persons:
        RawEvent.objects.create(
            endpoint=account.endpoint,
            network='messenger',
            source='webhook',
            body=bodies.message_body(person),
        )


def warm_up(account: Account) -> None:
    """What is done once in a process or in a minute: the schema of the form, the time of the last event."""
    arrive(account, 'psid-warm')
    worker.run_once()


def plan(sql: str) -> str:
    """The indexes that PostgreSQL would read for this query, and the tables that it would read whole."""
    with connection.cursor() as cursor:
        cursor.execute(f'EXPLAIN (FORMAT JSON) {sql}')
        (answer,) = cursor.fetchone()
    nodes = [(json.loads(answer) if isinstance(answer, str) else answer)[0]['Plan']]
    names = []
    while nodes:
        node = nodes.pop()
        nodes += node.get('Plans', [])
        if node['Node Type'] == 'Seq Scan':
            names.append(f'whole {node["Relation Name"]}')
        names.append(node.get('Index Name', ''))
    return ' '.join(filter(None, names))


def test_acknowledging_a_webhook(client, account: Account):
    """R2: the body, the call to the workers; a batch costs the same."""
    path = reverse('socialmedia-webhook', args=['messenger', account.endpoint.token])
    first = bodies.message_body('psid-1')  # the endpoint is read once in a process
    for body, bound in (
        (first, ACKNOWLEDGE + 1),
        (first, ACKNOWLEDGE),
        (bodies.batch_body(1000), ACKNOWLEDGE),
    ):
        headers = sign(bodies.SECRET.decode(), body)
        with CaptureQueriesContext(connection) as captured:
            answer = client.post(path, body, content_type='application/json', headers=headers)
        assert answer.status_code == 200
        assert len(captured) <= bound


def test_a_first_and_a_later_message(account: Account):
    """R20, R25: read, open a demand; read, tell it."""
    warm_up(account)
    before = Demand.objects.count(), Message.objects.count()
    counts = []
    for _ in range(2):
        arrive(account, 'psid-1')
        counts += [len(queries(worker.read_some, 1)), len(queries(worker.deliver_some, 1))]
    assert not Delivery.objects.filter(state='pending').exists()
    assert (Demand.objects.count(), Message.objects.count()) == (before[0] + 1, before[1] + 2)
    for count, bound in zip(counts, (READ_FIRST, OPEN, READ_LATER, FOLLOW), strict=True):
        assert count <= bound, counts


def test_a_batch_of_bodies(account: Account):
    """R3: what is done once for a batch is not done for each body."""
    warm_up(account)
    arrive(account, *(f'psid-{number}' for number in range(20)))
    assert len(queries(worker.read_some, 20)) / 20 <= READ_BATCH


def test_looking_in_vain(account: Account):
    """R17: a worker that has nothing to do costs one query a second and thread."""
    warm_up(account)
    for look in (worker.read_some, worker.deliver_some, polling.claim):
        assert len(queries(look)) <= LOOK_IN_VAIN


def test_polling_an_idle_account(account: Account):
    """R17: beside its request to the network."""
    with mastodon() as desk:
        poll_now(desk.account)
        assert len(queries(lambda: poll_now(desk.account), 0)) <= POLL_IN_VAIN


@pytest.mark.parametrize('account', [MANY], indirect=True)
def test_what_waits_is_found_by_partial_indexes(account: Account):
    """R17, R21: the claims read what waits, however much was done before."""
    arrive(account, 'psid-1')
    (lanes,) = [sql for sql in queries(worker.read_some, 1) if 'waiting' in sql]
    assert 'socialmedia_raw_queue' in plan(lanes) and 'whole' not in plan(lanes)
    conversation, account_claim = queries(queue.claim)[0], queries(polling.claim)[0]
    assert 'socialmedia_conv_due' in plan(conversation)
    with connection.cursor() as cursor:
        cursor.execute('SET LOCAL enable_seqscan = off')  # a town has few accounts: they fit in one page
    assert 'socialmedia_account_poll' in plan(account_claim)


@pytest.mark.parametrize('account', [MANY], indirect=True)
def test_no_query_of_a_message_reads_a_table_that_grows(account: Account):
    """R2, R17: whole tables are read of accounts and endpoints only."""
    warm_up(account)
    asked = []
    for _ in range(2):
        arrive(account, 'psid-1')
        asked += queries(worker.read_some, 1) + queries(worker.deliver_some, 1)
    asked = [statement for sql in asked for statement in sql.split(';')]  # two may be asked in one exchange
    plans = {
        sql: plan(sql) for sql in asked if sql.lstrip().startswith(('SELECT', 'UPDATE', 'WITH', 'DELETE'))
    }
    assert len(plans) > 10
    whole = {found for text in plans.values() for found in re.findall(r'whole (\S+)', text)}
    assert whole <= {'publik_socialmedia_account', 'publik_socialmedia_endpoint'}, whole

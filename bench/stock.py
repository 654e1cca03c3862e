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

"""Messages put in the database as received, and the time that workers take to bring them to w.c.s."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from unittest import mock

from bench import bodies
from bench.databases import Databases
from bench.processes import cpu_seconds, wait_until, workers

LIMIT = 900.0


@dataclass(frozen=True)
class Drained:
    """What it took, in all: seconds, and seconds of processor of the workers."""

    count: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        return self.count / self.seconds

    @property
    def cpu_each(self) -> float:
        return self.cpu / self.count


@contextlib.contextmanager
def using(name: str) -> Iterator[None]:
    """Have Django's connection speak to that database of the same server."""
    from django.db import connection

    connection.close()
    connection.settings_dict['NAME'] = name
    try:
        yield
    finally:
        connection.close()


def store(persons: Sequence[str]) -> float:
    """Store one body of one message for each, as webhooks do; gives the time at which they are committed."""
    from publik_socialmedia.delivery.wakeup import wake
    from publik_socialmedia.models import Endpoint, RawEvent

    endpoint = Endpoint.objects.get()
    rows = [
        RawEvent(
            endpoint=endpoint,
            lane=RawEvent.lane_of(endpoint=endpoint.pk),  # bulk_create calls no save
            network='messenger',
            source='webhook',
            body=bodies.message_body(person),
        )
        for person in persons
    ]
    RawEvent.objects.bulk_create(rows, batch_size=10_000)
    begun = time.time()
    wake()
    return begun


def drain(
    databases: Databases, name: str, persons: Sequence[str], *, processes: int, senders: int
) -> Drained:
    """Start workers, store the messages once they wait for work, stop them once all is delivered."""
    with workers(databases, name, processes=processes, senders=senders) as pids, using(name):
        before = cpu_seconds(pids)
        begun = store(persons)
        wait_until(lambda: not waiting(databases, name), LIMIT, 'the messages are not delivered')
        cpu = cpu_seconds(pids) - before
        with databases.cursor(name) as cursor:
            cursor.execute(
                """SELECT count(*), extract(epoch FROM max(done_at)) FROM publik_socialmedia_delivery
                    WHERE state = 'done' AND done_at >= to_timestamp(%s)""",
                [begun],
            )
            done, ended = cursor.fetchone()
    if done != len(persons):
        raise RuntimeError(f'{len(persons)} messages, {done} delivered')
    return Drained(len(persons), float(ended) - begun, cpu)


def waiting(databases: Databases, name: str) -> Any:
    """Whether there is something to read or to deliver."""
    # both are answered by indexes of what waits
    return databases.value(
        """SELECT EXISTS (SELECT 1 FROM publik_socialmedia_rawevent WHERE state = 'pending')
               OR EXISTS (SELECT 1 FROM publik_socialmedia_conversation WHERE due_at IS NOT NULL)""",
        name,
    )


def sample_submission(databases: Databases, name: str) -> dict[str, Any]:
    """The JSON that our software submits for one message, taken from it on its way to w.c.s."""
    from publik_socialmedia.delivery import worker
    from publik_socialmedia.wcs.client import Client

    seen: list[dict[str, Any]] = []
    submit = Client.submit

    def recorder(self: Client, form: str, data: Any, context: Any, **options: Any) -> Any:
        seen.append({'data': data, 'context': context})
        return submit(self, form, data, context, **options)

    databases.fresh(name)
    with using(name), mock.patch.object(Client, 'submit', recorder):
        store(['psid-sample'])
        worker.run_once()
    databases.drop(name)
    (sample,) = seen
    return sample

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

"""Endpoints kept in memory, so that a webhook costs one statement and its notification.

What is remembered is never believed alone: a body is inserted only if the endpoint still is what was read,
and nothing is refused before it was read again. So a secret that was changed or revoked, an endpoint that was
disabled or deleted, by whatever process, counts at once; so does the schema of another tenant.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from publik_socialmedia import rows, tenants
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.models import Endpoint, RawEvent
from publik_socialmedia.networks.base import Source

KEPT = 1000  # the last ones that were read


@dataclass(frozen=True, slots=True)
class Known:
    """An endpoint that was enabled when it was read. ``sealed``: its secrets as the database holds them."""

    pk: int
    network: str
    token: str
    secrets: Any = field(repr=False)
    sealed: bytes = field(repr=False)


_known: OrderedDict[tuple[object, ...], Known] = OrderedDict()
_lock = threading.Lock()


def remembered(network: str, token: str) -> Known | None:
    """What was read of an endpoint before, None if it is not in memory."""
    return _known.get(_name(network, token))


def read(network: str, token: str) -> Known | None:
    """The endpoint as it is now, None if there is no such one or if it is disabled."""
    with connection.cursor() as cursor:
        # served by the unique index on tokens
        cursor.execute(
            """
            SELECT id, secrets FROM publik_socialmedia_endpoint WHERE token = %s AND network = %s AND enabled
            """,
            [token, network],
        )
        found = cursor.fetchone()
    if found is None:
        return None
    sealed = bytes(found[1])
    secrets = rows.converted(Endpoint, 'secrets', sealed)
    known = Known(found[0], network, token, secrets, sealed)
    with _lock:
        _known[_name(network, token)] = known
        while len(_known) > KEPT:
            _known.popitem(last=False)
    return known


def store(endpoint: Known, body: bytes) -> bool:
    """Insert a body that came there; False, and nothing is, if the endpoint is not what was read any more."""
    raw = RawEvent(
        endpoint_id=endpoint.pk,
        lane=RawEvent.lane_of(endpoint=endpoint.pk),
        network=endpoint.network,
        source=Source.WEBHOOK.value,
        body=body,
    )
    given = rows.values(raw)
    with connection.cursor() as cursor:
        # one row of the endpoints is looked at, by its number
        cursor.execute(
            f"""
            INSERT INTO publik_socialmedia_rawevent ({rows.columns(RawEvent, without=rows.KEY)})
            SELECT {rows.places(given)} FROM publik_socialmedia_endpoint
             WHERE id = %s AND token = %s AND network = %s AND enabled AND secrets = %s
            """,  # noqa: S608 - names and places only
            [*given, endpoint.pk, endpoint.token, endpoint.network, endpoint.sealed],
        )
        return bool(cursor.rowcount)


def _name(network: str, token: str) -> tuple[object, ...]:
    # secrets are in memory for as long as the keys that opened them are in the settings
    return tenants.key(), app_settings.ENCRYPTION_KEYS, network, token

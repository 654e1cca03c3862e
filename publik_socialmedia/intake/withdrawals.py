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

"""Calls by which a network tells that somebody took back the access to their account (R5, R41).

The account is marked at once, its managers are warned, and the worker looks at it: it may still work, by the
access of somebody else. An old call made again marks nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from publik_socialmedia import errors, incoming
from publik_socialmedia.conversations.events import record_channel_event
from publik_socialmedia.conversations.messages import Received
from publik_socialmedia.delivery.wakeup import wake
from publik_socialmedia.incoming import answering, called, read_call
from publik_socialmedia.models import Account, Endpoint
from publik_socialmedia.networks.base import Event, Kind, Network, Withdrawal

LATE = timedelta(days=1)  # networks try again what was not answered
EARLY = timedelta(minutes=5)  # clocks differ


def address(endpoint: Endpoint) -> str:
    """What the administrator types on the network's site; '' if it asks for no such address."""
    return incoming.address(endpoint, 'withdrawal', 'socialmedia-withdrawal')


@csrf_exempt
@transaction.non_atomic_requests
@require_POST
@answering
def withdrawal_callback(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """200: noted. 403 not proved, or an old call made again; 404 not an address of ours, 413 too big, 503
    database away."""
    network, endpoint = called(slug, token)
    told = network.withdrawal(read_call(request), endpoint.secrets)
    now = timezone.now()
    if told.at is None or not now - LATE < told.at < now + EARLY:
        raise errors.WebhookRejected('replayed')
    event = Event(
        Kind.CHANNEL, topic='account_disconnected', severity='critical', error='auth', sent_at=told.at
    )
    for account in _concerned(network, endpoint, told):
        with transaction.atomic():
            record_channel_event(Received(account, event, now))
    wake()
    return HttpResponse(status=200)


def _concerned(network: Network, endpoint: Endpoint, told: Withdrawal) -> Iterator[Account]:
    """The account named, else those that this person let us use, and those of which nobody knows who did."""
    for account in endpoint.accounts.select_related('endpoint').order_by('pk'):
        if told.account_id:
            if account.external_id == told.account_id:
                yield account
        elif network.granted_by(account.view()) in ('', told.person):
            yield account

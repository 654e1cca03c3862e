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

"""Webhooks: verify, store the raw body, answer. One insertion, whatever the content (R1, R2).

What the body means is found out later by ``inbox``, from the database. The endpoint may be one that is
remembered: the insertion makes sure that it has not changed (``endpoints``).
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from publik_socialmedia import errors, networks
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.delivery.wakeup import wake
from publik_socialmedia.incoming import answering, read_call
from publik_socialmedia.intake import endpoints
from publik_socialmedia.intake.endpoints import Known
from publik_socialmedia.models import Endpoint
from publik_socialmedia.networks.base import Network, Request

REFUSALS_EVERY = timedelta(seconds=5)


@csrf_exempt
@transaction.non_atomic_requests
@require_http_methods(['GET', 'POST'])
@answering
def webhook(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """200 means: committed. 403 not proved, 404 not an address of ours, 413 too big, 503 database away."""
    network = networks.registry().get(slug)
    if network is None or not network.capabilities.webhook or not app_settings.ENABLED:
        raise errors.WebhookRejected('unknown_endpoint', status=404)
    call = read_call(request)  # read before any query: a slow sender holds no connection of the database
    if call.method == 'POST' and _store_at_once(network, token, call):
        return HttpResponse()
    endpoint = endpoints.read(slug, token)
    if endpoint is None:
        raise errors.WebhookRejected('unknown_endpoint', status=404)
    try:
        if call.method == 'GET':
            return _prove(network, endpoint, call)
        _store(network, endpoint, call)
    except errors.WebhookRejected as rejection:
        _note_refusal(endpoint, rejection)
        raise
    return HttpResponse()


def _prove(network: Network, endpoint: Known, call: Request) -> HttpResponse:
    proof = network.handshake(call, endpoint.secrets)
    Endpoint.objects.filter(pk=endpoint.pk).update(verified_at=timezone.now())
    return HttpResponse(proof, content_type=network.handshake_type)


def _note_refusal(endpoint: Known, rejection: errors.WebhookRejected) -> None:
    """For whoever connects the account and wonders why nothing comes. Not at each call of a flood."""
    now = timezone.now()
    stale = Q(refused_at__isnull=True) | Q(refused_at__lt=now - REFUSALS_EVERY) | ~Q(refusal=rejection.reason)
    Endpoint.objects.filter(stale, pk=endpoint.pk).update(refused_at=now, refusal=rejection.reason)


def _store_at_once(network: Network, token: str, call: Request) -> bool:
    """Store what comes to an endpoint that we remember; False if only a new look at it can tell."""
    endpoint = endpoints.remembered(network.slug, token)
    if endpoint is None:
        return False
    try:
        _store(network, endpoint, call)
    except errors.WebhookRejected:
        return False
    return True


def _store(network: Network, endpoint: Known, call: Request) -> None:
    network.verify(call, endpoint.secrets)
    if not endpoints.store(endpoint, call.body):
        # it changed since it was read: if that was just now, the network will come again
        raise errors.WebhookRejected('unknown_endpoint', status=503)
    wake()

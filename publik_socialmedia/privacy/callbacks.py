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


"""Erasures that a network passes on to us, and the page on which the person follows theirs (R51).

The network calls an address of its application, proves it as for its webhooks, and is given a reference. The
one who is named there may be nobody to us: an agent who once connected the page, under an identifier of their
own. It is answered all the same.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from publik_socialmedia import addresses, incoming, portal
from publik_socialmedia.incoming import answering, called, read_call
from publik_socialmedia.models import Endpoint, Erasure
from publik_socialmedia.privacy import erasures

SAME = timedelta(days=1)  # asked again within that time, it is the same request
MARK = 'data-socialmedia-erasure'


def address(endpoint: Endpoint) -> str:
    """What the administrator types on the network's site; '' if it asks for no such address."""
    return incoming.address(endpoint, 'erasure_request', 'socialmedia-erasure')


@csrf_exempt
@transaction.non_atomic_requests
@require_POST
@answering
def erasure_callback(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """200: noted, and will be done. 403 not proved, 404 not an address of ours, 413 too big, 503 database
    away."""
    network, endpoint = called(slug, token)
    user = network.erasure_request(read_call(request), endpoint.secrets)
    erasure = _noted(slug, user) or erasures.ask_unknown(slug, user, origin=Erasure.Origin.NETWORK)
    page = addresses.absolute('socialmedia-erasure-status', reference=erasure.reference)
    return JsonResponse(network.erasure_answer(page, erasure.reference))


def _noted(network: str, user: str) -> Erasure | None:
    """The same request, if it was just made: networks repeat what they are not sure of."""
    lately = Erasure.objects.filter(
        origin=Erasure.Origin.NETWORK, network=network, requested_at__gt=timezone.now() - SAME
    )
    return lately.filter(digests__contains=[erasures.digest(network, user)]).order_by('-pk').first()


@require_safe
def erasure_status(request: HttpRequest, reference: str) -> HttpResponse:
    """What became of an erasure, for who holds its reference. It says nothing of who they are."""
    erasure = Erasure.objects.filter(reference=reference).first()
    if erasure is None:
        raise Http404
    values = {
        'erasure': erasure,
        'found': bool(erasure.counts),
        'demands': sum(not demand['gone'] for demand in erasure.demands),
    }
    return portal.page(request, 'publik_socialmedia/erasure.html', MARK, values)

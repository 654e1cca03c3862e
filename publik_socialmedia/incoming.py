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

"""Requests that networks make to us: read within limits, refused without detail."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable

from django.db.utils import InterfaceError, OperationalError, ProgrammingError
from django.http import HttpRequest, HttpResponse

from publik_socialmedia import addresses, networks
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.errors import WebhookRejected
from publik_socialmedia.models import Endpoint
from publik_socialmedia.networks.base import Network, Request

RETRY_AFTER = 30  # seconds, when the database is away

logger = logging.getLogger(__name__)

View = Callable[[HttpRequest, str, str], HttpResponse]


def answering(view: View) -> Callable[..., HttpResponse]:
    """A view of (request, slug of the network, token of the endpoint) that may raise WebhookRejected; 503
    while the database is away, or not as this version knows it."""

    @functools.wraps(view)
    def answered(request: HttpRequest, network: str, token: str) -> HttpResponse:
        try:
            return view(request, network, token)
        except WebhookRejected as rejection:
            logger.info('%s of %s refused: %s', view.__name__, network, rejection.reason)
            return HttpResponse(status=rejection.status)
        # the last one: our tables are not yet, or no more, those of this version (an upgrade is under way)
        except (OperationalError, InterfaceError, ProgrammingError):
            logger.exception('%s of %s not stored', view.__name__, network)
            return HttpResponse(status=503, headers={'Retry-After': str(RETRY_AFTER)})

    return answered


def called(slug: str, token: str) -> tuple[Network, Endpoint]:
    """Whom a call to an address of an endpoint is for; WebhookRejected (404) if it is nobody's."""
    network = networks.registry().get(slug)
    if network is None or not app_settings.ENABLED:
        raise WebhookRejected('unknown_endpoint', status=404)
    endpoint = Endpoint.objects.filter(token=token, network=slug, enabled=True).first()
    if endpoint is None:
        raise WebhookRejected('unknown_endpoint', status=404)
    return network, endpoint


def address(endpoint: Endpoint, method: str, name: str) -> str:
    """What the administrator types on the network's site so that it calls the URL of that name; '' if the
    network has no use for that method of its class."""
    network = networks.registry().get(endpoint.network)
    if network is None or getattr(type(network), method) is getattr(Network, method):
        return ''
    return addresses.absolute(name, network=endpoint.network, token=endpoint.token)


def read_call(request: HttpRequest) -> Request:
    """What a network's class is given of the request; WebhookRejected (413) if its body is too big."""
    return Request(
        method=request.method or '',
        headers={name.lower(): value for name, value in request.headers.items()},
        query={name: request.GET[name] for name in request.GET},
        body=read_body(request, app_settings.MAX_BODY),
    )


def read_body(request: HttpRequest, limit: int) -> bytes:
    """The body, at most ``limit`` bytes of it in memory; WebhookRejected (413) if there are more.

    Not ``request.body``, which is bound by DATA_UPLOAD_MAX_MEMORY_SIZE: it cannot be used afterwards.
    """
    try:
        announced = int(request.META.get('CONTENT_LENGTH') or 0)
    except ValueError:
        announced = 0
    if announced > limit:
        raise WebhookRejected('too_big', status=413)
    body = request.read(limit + 1)
    if len(body) > limit:
        raise WebhookRejected('too_big', status=413)
    return bytes(body)

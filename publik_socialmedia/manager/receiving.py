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

"""The step « Receiving »: the address that the network must call, and whether it does (R40, R41)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from publik_socialmedia import errors, health, tokens
from publik_socialmedia.http import client as http_client
from publik_socialmedia.intake import withdrawals
from publik_socialmedia.manager import journal
from publik_socialmedia.manager.fields import proposal
from publik_socialmedia.manager.offers import VALID_AT_ONCE
from publik_socialmedia.manager.steps import Frame, step
from publik_socialmedia.models import Endpoint, RawEvent
from publik_socialmedia.networks.base import Credential, Network, Problem
from publik_socialmedia.privacy import callbacks
from publik_socialmedia.reasons import sentence

# word of WebhookRejected → what to do; those that are not here are said in general
REFUSALS = {
    'handshake': gettext_lazy(
        'The network gave another verification token than ours: type the same one on both sides.'
    ),
    'signature': gettext_lazy(
        'The signature of the network is not the one of this application: check the application secret.'
    ),
    'secret': gettext_lazy('The network gave another secret than ours: subscribe again.'),
    'too_big': gettext_lazy('A body was too big to be taken.'),
}


@dataclass(frozen=True)
class Proofs:
    """What came to the address, since the account is being connected (or since ever)."""

    verified_at: datetime | None
    received_at: datetime | None
    refused_at: datetime | None
    refusal: str


def proofs(frame: Frame) -> Proofs:
    endpoint = frame.account.endpoint
    assert endpoint is not None
    since = frame.setup.created_at if frame.setup else endpoint.created_at
    last = RawEvent.objects.filter(endpoint=endpoint, received_at__gte=since).order_by('-pk')
    received_at = last.values_list('received_at', flat=True).first()
    good = max(filter(None, [endpoint.verified_at, received_at]), default=None)
    stale = endpoint.refused_at is None or (good is not None and good > endpoint.refused_at)
    return Proofs(
        verified_at=endpoint.verified_at,
        received_at=received_at,
        refused_at=None if stale else endpoint.refused_at,
        refusal='' if stale else str(REFUSALS.get(endpoint.refusal, _('A call was refused.'))),
    )


@step('webhook')
def webhook(frame: Frame) -> HttpResponse:
    """POST: « subscribe », « token » (a new proposed value, shown this once), « forget » (former values),
    « continue », « skip »."""
    request, endpoint = frame.request, frame.account.endpoint
    if endpoint is None or 'skip' in request.POST:
        return frame.finish()
    problems: list[Problem] = []
    shown = ''
    if 'token' in request.POST:
        shown = _renew_proposed(frame, endpoint)
    elif 'forget' in request.POST:
        _forget_former(frame, endpoint)
    elif request.method == 'POST':
        problems = subscribe(frame) if 'subscribe' in request.POST else []
        problems += health.network_problems(frame.account)
        if 'continue' in request.POST and not any(item.severity == 'critical' for item in problems):
            return frame.finish()
    return frame.show(
        'webhook.html',
        address=endpoint.address,
        deletion=callbacks.address(endpoint) if endpoint.address else '',
        withdrawal=withdrawals.address(endpoint) if endpoint.address else '',
        base_url='' if endpoint.address else sentence('base_url'),
        others=endpoint.accounts.exclude(pk=frame.account.pk).count(),
        proposed=[_(item.label) for item in _proposed(frame.network)],
        former=any(len(values) > 1 for values in endpoint.secrets.values()),
        new_value=shown,
        problems=problems,
        tried='subscribe' in request.POST,
        subscribes=can_subscribe(frame.network),
        proofs=proofs(frame),
    )


@require_GET
def webhook_status(request: HttpRequest, account: int) -> HttpResponse:
    """The same proofs, for the page that looks again by itself: {"html", "received"}."""
    frame = Frame(request, account, 'webhook')
    if frame.account.endpoint is None:
        return JsonResponse({'html': '', 'received': False})
    found = proofs(frame)
    page = render_to_string('publik_socialmedia/manager/proofs.html', {'proofs': found}, request)
    return JsonResponse({'html': page, 'received': found.received_at is not None})


def can_subscribe(network: Network) -> bool:
    return type(network).subscribe is not Network.subscribe


def subscribe(frame: Frame) -> list[Problem]:
    """Ask the network to send us everything; what is wrong with that."""
    http = http_client()
    try:
        tokens.using(frame.account, lambda view: frame.network.subscribe(view, http), http)
    except errors.SocialMediaError as error:
        return [Problem(error.reason, sentence(error.reason))]
    journal.record(frame.request, 'subscribe', frame.account)
    return []


def _proposed(network: Network) -> list[Credential]:
    """What is of our own choice, and has to be copied to the network."""
    return [
        item for item in network.credentials if item.proposed and item.copied and item.scope == 'endpoint'
    ]


def _renew_proposed(frame: Frame, endpoint: Endpoint) -> str:
    """Another value for what is of our own choice; the former one holds until it is forgotten."""
    value = proposal()
    for item in _proposed(frame.network):
        former = endpoint.secrets.get(item.name, [])
        endpoint.secrets = {**endpoint.secrets, item.name: [value, *former][:VALID_AT_ONCE]}
    endpoint.save(update_fields=['secrets'])
    journal.record(frame.request, 'verification-token', frame.account)
    return value


def _forget_former(frame: Frame, endpoint: Endpoint) -> None:
    endpoint.secrets = {name: values[:1] for name, values in endpoint.secrets.items()}
    endpoint.save(update_fields=['secrets'])
    journal.record(frame.request, 'old-secrets', frame.account)

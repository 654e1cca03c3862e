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

"""A rehearsal of an answer, without sending anything: are we reached, and is the secret shared both ways?

First we call our own endpoint, signed as w.c.s. would. Then, on a demand of the account if there is one, we
ask w.c.s. to make that call itself (global action ``verification``), and read what it was answered. It adds
an invisible entry to the demand: done when somebody asks, not by the monitoring.
"""

from __future__ import annotations

import secrets
from typing import Any

from publik_socialmedia import errors
from publik_socialmedia.addresses import absolute
from publik_socialmedia.delivery import queue
from publik_socialmedia.http import client as http_client
from publik_socialmedia.models import Account, Demand
from publik_socialmedia.wcs import calls, mapping, signature
from publik_socialmedia.wcs.client import Client, default_site, site_for
from publik_socialmedia.wcs.inspection import Finding

HOOK = 'verification'
_NOBODY = 'check'  # the name of no demand


def rehearse(account: Account) -> list[Finding]:
    """Return what would keep the answers of agents from us. Raises what the client raises."""
    site = site_for(account.wcs_site) if account.wcs_site else default_site()
    demand = _demand(account, site.slug)
    address = calls.service_address(demand) if demand else _address_of_nobody()
    found = _call_ourselves(address, demand, orig=(*site.callers, site.orig)[0], secret=site.secret)
    if demand is not None and not found:
        found = _have_us_called(Client(site), demand)
    return found


def _demand(account: Account, site: str) -> Demand | None:
    """The last demand that is still there and whose identity is known."""
    known = Demand.objects.filter(account=account, wcs_site=site).exclude(number='').exclude(uuid='')
    return known.filter(state__in=[Demand.State.OPEN, Demand.State.CLOSED]).order_by('-pk').first()


def _address_of_nobody() -> str:
    return absolute('socialmedia-answer', token=_NOBODY).removesuffix('answer/')


def _call_ourselves(address: str, demand: Demand | None, *, orig: str, secret: str) -> list[Finding]:
    body = {
        'kind': 'dry-run',
        'reply': 'check',
        'uuid': demand.uuid if demand else '',
        'number': demand.number if demand else '',
    }
    url = signature.sign_url(f'{address}answer/', orig=orig, secret=secret)
    try:
        answer = http_client().request('POST', url, headers={'Accept': 'application/json'}, json=body)
        content = answer.json()
    except (errors.SocialMediaError, ValueError):
        return [Finding('reply_unreachable')]
    word = content.get('err') if isinstance(content, dict) else None
    expected = 0 if demand else 'demand_unknown'
    return [] if word == expected else [Finding('reply_refused', str(word or answer.status))]


def _have_us_called(client: Client, demand: Demand) -> list[Finding]:
    """Have w.c.s. call us; nothing is found while a worker has the conversation: two calls at once on a
    demand lose one (R22)."""
    claim = queue.claim_one(demand.conversation_id)
    if claim is None:
        return []
    name = secrets.token_hex(8)
    try:
        if HOOK not in client.schema(demand.form).hooks:
            return []
        client.hook(demand.form, demand.number, HOOK, {'event_id': name})
        found = client.find(demand.form, mapping.KEY_FIELD, demand.key)
    finally:
        queue.release(claim)
    if not found:
        return []
    return _read(found[0].workflow_data, name)


def _read(data: Any, name: str) -> list[Finding]:
    """What w.c.s. was answered; it never clears what an earlier call left."""
    response = data.get(f'{HOOK}_response')
    inner = response.get('data') if isinstance(response, dict) else None
    if isinstance(inner, dict) and inner.get('reply') == name:
        return []
    if data.get(f'{HOOK}_status') == 403:
        return [Finding('wcs_wscall_secret')]
    return [Finding('wcs_cannot_call')]

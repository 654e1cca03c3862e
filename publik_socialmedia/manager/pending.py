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

"""What waits for somebody who went to a network to allow us to use an account (R40).

The state that they bring back is all that is known of them: it is random, it serves once, for ten minutes, to
the person and in the session that asked for it. It is kept as a keyed hash; what was typed before leaving,
and the secrets of the exchange, are encrypted in the session and never go to the browser.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from publik_socialmedia import errors
from publik_socialmedia.fields import decrypt, encrypt, keyed_hash
from publik_socialmedia.manager.offers import Offer
from publik_socialmedia.models import Nonce

# in the session: [{"state": hash, "until": ISO, "sealed": Fernet's token}]
KEY = 'socialmedia-authorizations'
LIFE = timedelta(minutes=10)
MOST = 5  # in one session: who begins again and again keeps the last ones


@dataclass(frozen=True)
class Pending:
    """``account``: its number here. ``keep``: see ``Authorization``."""

    account: int
    network: str
    redirect_uri: str
    offer: Offer = field(repr=False)
    keep: Mapping[str, str] = field(repr=False)


def new_state() -> str:
    return secrets.token_urlsafe(32)


def remember(request: HttpRequest, state: str, pending: Pending) -> None:
    """``state`` goes to the network, and comes back with the person."""
    facts = {
        'user': str(request.user.pk),
        'account': pending.account,
        'network': pending.network,
        'redirect_uri': pending.redirect_uri,
        'own': dict(pending.offer.own),
        'shared': dict(pending.offer.shared),
        'endpoint': pending.offer.endpoint,
        'keep': dict(pending.keep),
    }
    sealed = encrypt(json.dumps(facts).encode()).decode()
    row = {'state': _digest(state), 'until': (timezone.now() + LIFE).isoformat(), 'sealed': sealed}
    request.session[KEY] = [*_rows(request), row][-MOST:]


def take(request: HttpRequest, network: str) -> Pending | None:
    """What waits for the state of this request, which is used up by that; None if nothing does: it is
    unknown, was used, is too old, or is somebody else's or another network's."""
    # a fragment is no part of the address, though not all that is between leaves it out
    digest = _digest(request.GET.get('state', '').partition('#')[0])
    rows = _rows(request)
    found = [row for row in rows if hmac.compare_digest(row['state'], digest)]
    if not found:
        return None
    request.session[KEY] = [row for row in rows if row not in found]
    # of two calls at the same instant, both of which still see it in the session
    until = timezone.now() + 2 * LIFE
    _row, is_first = Nonce.objects.get_or_create(digest=digest, defaults={'expires_at': until})
    facts = _unsealed(found[0])
    if not is_first or facts.get('user') != str(request.user.pk) or facts.get('network') != network:
        return None
    offer = Offer(facts['own'], facts['shared'], facts['endpoint'])
    return Pending(facts['account'], network, facts['redirect_uri'], offer, facts['keep'])


def _rows(request: HttpRequest) -> list[dict[str, str]]:
    """Those that are not over."""
    now = timezone.now()
    return [row for row in request.session.get(KEY, []) if datetime.fromisoformat(row['until']) > now]


def _unsealed(row: Mapping[str, str]) -> dict[str, Any]:
    """{} if the key that encrypted it is gone."""
    try:
        return dict(json.loads(decrypt(row['sealed'].encode())))
    except errors.ConfigurationError:
        return {}


def _digest(state: str) -> str:
    return keyed_hash('authorization', state)

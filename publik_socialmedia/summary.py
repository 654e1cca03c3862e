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

"""What waits for agents, in figures: for the cell « Réseaux sociaux » of their portal. Nothing of citizens.

A cell of Combo asks from its server. A call of another brick is signed; a portal that asks itself cannot
sign, since hobo gives no service a secret for itself: it shows a key, which its administrator copies from our
page. The key opens these figures and nothing else.
"""

from __future__ import annotations

import hmac
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

from django.core.signing import Signer
from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from publik_socialmedia import text
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.conversations import standing
from publik_socialmedia.errors import ConfigurationError, WebhookRejected
from publik_socialmedia.models import Account, Conversation, Message
from publik_socialmedia.wcs import neighbours
from publik_socialmedia.wcs.sites import Site, default_site, site_for
from publik_socialmedia.wcs.wording import network_label

CHANNEL = 'social-network'  # of w.c.s.: wcs/formdata.py

logger = logging.getLogger(__name__)


def key() -> str:
    """What a portal shows to read the figures of this tenant: URL-safe, 43 characters; follows SECRET_KEY."""
    return Signer(salt='publik_socialmedia.summary').signature(_tenant())


@require_GET
def summary(request: HttpRequest) -> JsonResponse:
    """``{"err": 0, "data": {"new", "waiting", "failed", "lists": [{"title", "url"}], "accounts": [{"name",
    "network", "new", "waiting", "failed"}]}}``.

    ``waiting``: open demands that nobody has answered since the citizen's last message; ``new``: those of
    them that were never answered; ``failed``: open demands of which an answer could not be sent. ``lists``:
    the demands of social networks in the back office of each w.c.s. that has some. 403 without a proof.
    """
    try:
        _check(request)
    except WebhookRejected as rejection:
        logger.warning('call for the summary refused: %s', rejection.reason)
        refused = {'err': 1, 'err_class': 'forbidden', 'err_desc': _('This call is refused.')}
        return JsonResponse(refused, status=403, headers={'Cache-Control': 'no-store'})
    return JsonResponse({'err': 0, 'data': figures()}, headers={'Cache-Control': 'no-store'})


def figures() -> dict[str, Any]:
    """What ``summary`` gives; a fixed number of queries."""
    accounts = list(Account.objects.filter(setup__isnull=True).defer('credentials').order_by('network', 'pk'))
    counts = _counts()
    rows = [
        {
            'name': text.clean(str(account)),
            'network': network_label(account),
            **{name: found[account.pk] for name, found in counts.items()},
        }
        for account in accounts
    ]
    totals = {name: sum(found[account.pk] for account in accounts) for name, found in counts.items()}
    return {**totals, 'lists': list(_lists(accounts)), 'accounts': rows}


def _check(request: HttpRequest) -> None:
    if not app_settings.ENABLED:
        raise WebhookRejected('disabled')
    given = request.GET.get('key', '')
    if given:
        # compared as Django compares signatures: also with the keys of before, if SECRET_KEY was changed
        signer = Signer(salt='publik_socialmedia.summary')
        known = [signer.signature(_tenant(), used) for used in (signer.key, *signer.fallback_keys)]
        same = [hmac.compare_digest(given.encode(errors='replace'), word.encode()) for word in known]
        if not any(same):
            raise WebhookRejected('key_wrong')
        return
    neighbours.prove(request.META.get('QUERY_STRING', ''))


def _tenant() -> str:
    """Tenants may share a SECRET_KEY: the key of one opens nothing of another."""
    return f'{getattr(connection, "schema_name", "")} {app_settings.BASE_URL}'


def _counts() -> dict[str, Counter[int]]:
    open_demands = ('opening', 'open')
    answers = Message.objects.filter(
        conversation=OuterRef('pk'), origin__in=[Message.Origin.AGENT, Message.Origin.NATIVE]
    ).exclude(state=Message.State.FAILED)
    never = ~Q(Exists(answers.filter(demand__state__in=open_demands)))
    wanted = {
        'new': standing.awaits_answer() & never,
        'waiting': standing.awaits_answer(),
        'failed': Q(standing.has_failed_answer()),
    }
    return {name: _by_account(condition) for name, condition in wanted.items()}


def _by_account(condition: Q) -> Counter[int]:
    rows = Conversation.objects.filter(condition).values_list('account')
    return Counter(dict(rows.annotate(count=Count('pk'))))


def _lists(accounts: Iterable[Account]) -> Iterator[dict[str, str]]:
    """The lists of w.c.s. where these accounts have their demands."""
    sites: dict[str, Site] = {}
    for account in accounts:
        try:
            site = site_for(account.wcs_site) if account.wcs_site else default_site()
        except ConfigurationError:
            continue
        sites[site.slug] = site
    query = urlencode({'submission_channel': CHANNEL})
    for site in sites.values():
        yield {'title': site.title, 'url': f'{site.url}backoffice/management/listing?{query}'}

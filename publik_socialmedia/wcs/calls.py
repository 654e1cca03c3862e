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

"""Calls that w.c.s. makes to us: who signed them, for which demand.

A signature covers the query string only: neither the path nor the body. What limits what somebody could do
who changed the body of a call on its way: it must be a call of the last 30 seconds, by a service that shares
our secret, used once (the nonce is kept before all else); what is in the query must agree with
the body, and the workflow puts there the demand, the kind and the number of the answer. So a stolen call can
at most become another text of that very answer, and only if it is stolen before it reaches us.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.utils import InterfaceError, OperationalError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from publik_socialmedia import errors
from publik_socialmedia.addresses import absolute
from publik_socialmedia.app_settings import MEBIBYTE, app_settings
from publik_socialmedia.errors import PermanentError, SocialMediaError, WebhookRejected
from publik_socialmedia.incoming import read_body
from publik_socialmedia.models import Demand, Nonce
from publik_socialmedia.reasons import sentence
from publik_socialmedia.wcs import signature
from publik_socialmedia.wcs.sites import Site, sites

#: How long a nonce is remembered: a signature dated 30 s ahead lives for 60.
NONCE_AGE = timedelta(minutes=5)
#: What a call holds besides its file, in bytes.
REST = MEBIBYTE
_PROOF = {'orig', 'algo', 'timestamp', 'nonce', 'signature'}
_UUID = re.compile(r'[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}')

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Call:
    """A proven call about a demand of ours. ``values``: its JSON body, with what only the query has."""

    demand: Demand
    values: Mapping[str, Any] = field(repr=False)

    def word(self, name: str) -> str:
        """A value as text, '' if it is absent; lists and objects are none."""
        value = self.values.get(name)
        return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ''


Serve = Callable[[Call], Any]
View = Callable[[HttpRequest, str], JsonResponse]


def endpoint(serve: Serve, *, method: str = 'POST') -> View:
    """A view that gives proven calls to ``serve``, and w.c.s. the JSON that it understands.

    ``{"err": 0, "data": …}``; a SocialMediaError of ``serve`` is for the agent: 200, ``err`` its reason and
    ``err_desc`` its sentence. What is not proved is told nothing more than so, with a status that w.c.s.
    takes for a failure.
    """

    def view(request: HttpRequest, token: str) -> JsonResponse:
        try:
            return _answer(200, 0, data=serve(receive(request, token, method=method)))
        except WebhookRejected as rejection:
            logger.warning('call of w.c.s. refused: %s', rejection.reason)
            word = _TOLD.get(rejection.status, 'forbidden')
            return _answer(rejection.status, word, err_desc=_('This call is refused.'))
        except SocialMediaError as error:
            logger.info('call of w.c.s. not granted: %s', error)
            return _answer(200, error.reason, err_desc=sentence(error.reason))
        except (OperationalError, InterfaceError):
            logger.exception('call of w.c.s. not served')
            return _answer(503, 'temporary', err_desc=_('Our database does not answer: try again shortly.'))
        except Exception as error:  # the agent is told, and must not believe that it was sent
            logger.error('call of w.c.s. not served: %s', errors.where(error))
            return _answer(500, 'internal', err_desc=_('This software has met an error: try again shortly.'))

    return csrf_exempt(transaction.non_atomic_requests(view))


_TOLD = {400: 'bad_request', 404: 'demand_unknown', 405: 'method', 413: 'too_big'}


def _answer(status: int, err: int | str, **content: Any) -> JsonResponse:
    if err:
        content['err_class'] = err
    answer = JsonResponse({'err': err, **content}, status=status)
    answer['Cache-Control'] = 'no-store'
    return answer


def service_address(demand: Demand) -> str:
    """The address of what we offer about a demand, with its final slash: w.c.s. adds ``answer/``…"""
    return absolute('socialmedia-answer', token=demand.token).removesuffix('answer/')


def receive(request: HttpRequest, token: str, *, method: str = 'POST') -> Call:
    """Check a call from end to end: WebhookRejected if it is not to be served.

    403: nothing proves that w.c.s. made it; 404 ``demand_unknown``: w.c.s. did, and this is no demand that it
    may speak of; 405, 413, 400: not a call that w.c.s. makes. The identity of the demand (``uuid``,
    ``number``) is required of a POST.
    """
    if request.method != method:
        # w.c.s. follows redirections, which turn its POST into an unsigned GET and its answer into a success
        raise WebhookRejected('method', status=405)
    if not app_settings.ENABLED:
        raise WebhookRejected('disabled')
    signers = prove(request.META.get('QUERY_STRING', ''))
    values = _values(request) if method == 'POST' else request.GET.dict()
    known = Demand.objects.select_related('account', 'conversation').filter(account__removed_at=None)
    demand = known.filter(token=token).first()
    if demand is None or demand.wcs_site not in signers or demand.state == Demand.State.GONE:
        raise WebhookRejected('demand_unknown', status=404)
    call = Call(demand, values)
    if method == 'POST':
        _check_identity(call)
    return call


def prove(query: str, keyrings: Mapping[str, Mapping[str, str]] | None = None) -> frozenset[str]:
    """The slugs of the sites that may have signed this raw query string, now and for the first time.

    WebhookRejected (403) else. Several sites only if they share host and secret. ``keyrings``: other callers
    than w.c.s., each with the names under which it signs and their secrets.
    """
    nonces: set[str] = set()

    def keep(nonce: str) -> bool:
        nonces.add(nonce)
        return True

    found, reasons = set(), {'signature_wrong'}
    if keyrings is None:
        keyrings = {site.slug: _keys(site) for site in sites().values()}
    for slug, keys in keyrings.items():
        try:
            signature.verify(query, keys, first_use=keep)
        except WebhookRejected as rejection:
            reasons.add(rejection.reason)
        else:
            found.add(slug)
    if not found:
        raise WebhookRejected(min(reasons - {'signature_wrong'}, default='signature_wrong'))
    if not all(_first_use(nonce) for nonce in nonces):
        raise WebhookRejected('nonce_used')
    return frozenset(found)


def _keys(site: Site) -> dict[str, str]:
    return dict.fromkeys(site.callers, site.secret)


def _first_use(nonce: str) -> bool:
    """Keep that nonce; False if it was there. Of two calls at the same instant one only is the first."""
    now = timezone.now()
    Nonce.objects.filter(expires_at__lt=now).delete()
    digest = hashlib.sha256(nonce.encode(errors='replace')).hexdigest()
    # one statement decides: the second insertion waits for the end of the first one, then inserts nothing
    _row, created = Nonce.objects.get_or_create(digest=digest, defaults={'expires_at': now + NONCE_AGE})
    return created


def _values(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of the body, completed by the signed query, which it may not contradict."""
    if request.content_type != 'application/json':
        raise WebhookRejected('not_json', status=400)
    body = read_body(request, app_settings.MAX_MEDIA * 4 // 3 + REST)
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        raise WebhookRejected('not_json', status=400) from None
    if not isinstance(values, dict):
        raise WebhookRejected('not_json', status=400)
    for name in request.GET.keys() - _PROOF:
        signed = request.GET[name]
        if str(values.setdefault(name, signed)) != signed:
            raise WebhookRejected('body_altered')
    return values


def _check_identity(call: Call) -> None:
    """The demand that w.c.s. speaks of must be the one whose address it calls."""
    demand, uuid, number = call.demand, call.word('uuid').lower(), call.word('number')
    if not _UUID.fullmatch(uuid):
        raise WebhookRejected('demand_unknown', status=404)
    if demand.state == Demand.State.OPENING:
        raise PermanentError('opening')  # we are not told its number yet
    # « 12 », or « 3-12 » as people read it
    if number.rpartition('-')[2] != demand.number and number != (demand.display_number or demand.number):
        raise WebhookRejected('demand_unknown', status=404)
    if not demand.uuid:
        # the answer to a submission does not tell it: the first call that fits does
        Demand.objects.filter(pk=demand.pk, uuid='').update(uuid=uuid)
        demand.refresh_from_db(fields=['uuid'])
    if demand.uuid != uuid:
        raise WebhookRejected('demand_unknown', status=404)

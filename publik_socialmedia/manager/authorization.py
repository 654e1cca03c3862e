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

"""An account connected, or its credentials renewed, by a redirection to its network and back (OAuth 2, R40).

Who leaves has typed what the network needs to know us; who comes back brings a code, which is exchanged for
the credentials of the account. No token, secret nor verifier is ever in an address or in a page of ours.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from publik_socialmedia import errors, networks
from publik_socialmedia.addresses import absolute
from publik_socialmedia.http import Client
from publik_socialmedia.manager import journal, pages, pending, renewal
from publik_socialmedia.manager.access import secret_query
from publik_socialmedia.manager.offers import Offer
from publik_socialmedia.manager.pending import Pending
from publik_socialmedia.manager.steps import Frame
from publik_socialmedia.networks.base import Network, Problem, Return
from publik_socialmedia.reasons import sentence

TOLD = 'socialmedia-authorization-problems'  # in the session: {account: [[reason, message, severity]]}


def return_address(network: Network) -> str:
    """Where the network sends people back: one address for each network; '' while nothing says where we
    are."""
    try:
        return absolute('socialmedia-manage-authorization', network=network.slug)
    except errors.ConfigurationError:
        return ''


def leave(frame: Frame, offer: Offer) -> HttpResponse:
    """To the network, with what was typed kept until the return; SocialMediaError if it does not know us."""
    redirect_uri = return_address(frame.network)
    if not redirect_uri:
        raise errors.ConfigurationError('base_url')
    state = pending.new_state()
    with contextlib.closing(Client(public=True)) as http:
        asked = frame.network.authorize(offer.view(frame.account), redirect_uri, state, http)
    waiting = Pending(frame.account.pk, frame.network.slug, redirect_uri, offer, asked.keep)
    pending.remember(frame.request, state, waiting)
    journal.record(frame.request, 'authorization', frame.account)
    return HttpResponseRedirect(asked.url)


@secret_query
@require_GET
def returned(request: HttpRequest, network: str) -> HttpResponse:
    """Back from the network. What it brings serves once, whatever becomes of it; it always leads to another
    page, so that nothing of it stays in the address."""
    found = networks.registry().get(network)
    if found is None or not found.capabilities.authorizes:
        raise Http404
    waiting = pending.take(request, network)
    if waiting is None:
        crumbs = [(request.path, _('Connection not finished'))]
        return pages.show(request, 'authorization_lost.html', {'network': found}, crumbs=crumbs, status=400)
    frame = Frame(request, waiting.account, 'credentials')
    try:
        offer = waiting.offer.completed(_exchanged(frame, waiting))
    except errors.SocialMediaError as error:
        journal.record(request, 'authorization-refused', frame.account, reason=_reason(error))
        return _tell(frame, [Problem(_reason(error), said(found, error))])
    return _keep(frame, offer)


def _exchanged(frame: Frame, waiting: Pending) -> Mapping[str, str]:
    back = Return(
        {name: str(value) for name, value in frame.request.GET.items()}, waiting.redirect_uri, waiting.keep
    )
    with contextlib.closing(Client(public=True)) as http:
        return frame.network.exchange(waiting.offer.view(frame.account), back, http)


def _keep(frame: Frame, offer: Offer) -> HttpResponse:
    """What the network gave: of an account that is known, it must be its own; of a draft, the test tells."""
    account = frame.account
    if frame.setup is not None and not account.external_id:
        with transaction.atomic():
            offer.keep(account)
            journal.record(frame.request, 'credentials', account)
            frame.undo('test', 'webhook')
        return frame.finish(_('The network has let Publik in. Test the account now.'))
    problems = renewal.renew(account, offer)
    if problems:
        journal.record(frame.request, 'authorization-refused', account, reason=problems[0].reason)
        return _tell(frame, [*problems, *_ways_out(frame, problems)])
    journal.record(frame.request, 'credentials', account)
    frame.undo('test', 'webhook')
    return frame.finish(_('The new credentials work, and are kept.'))


# -- what is wrong


def _ways_out(frame: Frame, problems: list[Problem]) -> list[Problem]:
    """Browsers stay signed in: who comes with another account would come with it again."""
    if not any(item.reason == renewal.OTHER_ACCOUNT for item in problems):
        return []
    way = _('You are signed in to the network with that account: sign out of it there, then begin again.')
    if frame.setup is not None:
        other = _('To connect that account instead of « %s », abandon this connection and begin another one.')
        way = f'{way} {other % frame.account}'
    return [Problem(renewal.OTHER_ACCOUNT, way, 'warning')]


def said(network: Network, error: errors.SocialMediaError) -> str:
    """In French, with what lacks: credentials by the names that they have on the page, or rights."""
    reason = _reason(error)
    if reason == 'oauth_client_missing':
        labels = {item.name: _(item.label) for item in network.credentials}
        return f'{sentence(reason)} {", ".join(labels.get(name, name) for name in error.detail.split())}.'
    if reason == 'oauth_scopes':
        return f'{sentence(reason)} {error.detail.replace(" ", ", ") or "?"}.'
    return sentence(reason)


def _reason(error: errors.SocialMediaError) -> str:
    """Nothing is tried again by itself here, whatever the sentence of a passing failure says elsewhere."""
    return 'oauth_away' if isinstance(error, errors.TemporaryError) else error.reason


def _tell(frame: Frame, problems: list[Problem]) -> HttpResponse:
    """On the page from which they left."""
    rows = [[item.reason, item.message, item.severity] for item in problems]
    frame.request.session[TOLD] = {str(frame.account.pk): rows}
    return HttpResponseRedirect(frame.address('credentials'))


def told(frame: Frame) -> list[Problem]:
    """What is to be said on that page, once."""
    rows = frame.request.session.get(TOLD)
    if not isinstance(rows, dict) or str(frame.account.pk) not in rows:
        return []
    del frame.request.session[TOLD]
    return [Problem(*row) for row in rows[str(frame.account.pk)]]

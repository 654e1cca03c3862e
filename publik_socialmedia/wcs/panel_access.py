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

"""Who may read the conversation of a demand: the proof in its address, and what it is worth (R43).

The address of the panel (``context.summary_url``) is given to w.c.s. when the demand is submitted and can
never be changed there. w.c.s. writes it in the page of the demand, which it shows to the agents who may see
that demand and to nobody else; the browser of the agent then loads it as a script (JSONP). That browser has
the cookies of w.c.s., not ours, and an agent may never have opened our brick: no session can be asked for.
So:

* **the address is a capability**, and w.c.s. decides who gets it. It holds the demand's token (192 random
  bits) and a signature of it (``t``), which is checked before the database is asked. The token alone is no
  proof: it is also in the addresses that w.c.s. calls to answer, which are fields of the form, exported with
  it.
* **it ends** with what it shows: PANEL_CLOSED_DAYS after the demand is closed, at once when it is deleted or
  anonymised (its token is changed too), and in any case after PANEL_IDLE_DAYS without a word. It is refused
  while the channel is disabled. Changing SECRET_KEY without SECRET_KEY_FALLBACKS ends all of them.
* a short-lived token between this capability and the refreshing of the panel would protect nothing: who knows
  the first gets the second, and both are in the same page and the same logs. **Files** are another matter:
  the address of a picture is copied, opened apart, kept in histories. Theirs bears a signature of its own,
  for that file of that demand, that ends after FILE_AGE.
* **JSONP can be read by any site that knows the address.** As a second line we ask the browser where the page
  is from: Origin or Referer must be the very site of w.c.s. that has the demand; a page cannot forge them,
  though it can withhold the second, and then Sec-Fetch-Site must say that the page is of our own domain.
  Sec-Fetch-Dest must be a script or a fetch: the address opened in a tab, a frame or an object shows nothing.
  This stops other sites, not somebody who holds the address and writes headers by hand: only the first points
  do.
* **the answer runs in the page of w.c.s.**, so it holds no word that is not escaped twice (as HTML by the
  templates, as JSON in the script); the name of the function it calls is one plain identifier: no dot, so
  that no method of the page can be called.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.core.signing import BadSignature, Signer, TimestampSigner
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.errors import ConfigurationError
from publik_socialmedia.models import Demand, Message
from publik_socialmedia.wcs.sites import site_for

FILE_AGE = timedelta(hours=2)
CALLBACK = re.compile(r'[A-Za-z_$][A-Za-z0-9_$]{0,99}')
_PORTS = {'http': 80, 'https': 443}


def proof(demand_token: str) -> str:
    """What proves, in the address of the panel, that it was given by us: URL-safe, 43 characters."""
    return _signer().signature(demand_token)


def file_proof(demand: Demand, attachment_id: int) -> str:
    """The same for one file, for FILE_AGE from now."""
    value = f'{demand.token}/{attachment_id}'
    return _file_signer().sign(value).removeprefix(f'{value}:')


def demand_of(token: str, given: str) -> Demand | None:
    """The demand whose panel may be shown to the bearer of that proof, None if it is no proof."""
    try:
        _signer().unsign(f'{token}:{given}')
    except BadSignature:
        return None
    return _demand(token)


def demand_of_file(token: str, attachment_id: int, given: str) -> Demand | None:
    """The demand through which that file may be read, None if it is no proof, or no longer."""
    try:
        _file_signer().unsign(f'{token}/{attachment_id}:{given}', max_age=FILE_AGE)
    except BadSignature:
        return None
    return _demand(token)


def is_over(demand: Demand, now: datetime) -> bool:
    """Whether that demand no longer shows its conversation."""
    if not app_settings.ENABLED or demand.state == Demand.State.GONE:
        return True
    last = demand.conversation.last_activity_at
    closed_at = demand.closed_at or last
    if demand.state == Demand.State.CLOSED and now - closed_at > timedelta(app_settings.PANEL_CLOSED_DAYS):
        return True
    return now - last > timedelta(app_settings.PANEL_IDLE_DAYS)


def messages(demand: Demand) -> QuerySet[Message]:
    """The messages that may be read from this demand.

    Those of the person's earlier demands too, unless PANEL_EARLIER says no; never those of a demand that was
    deleted or anonymised, nor of a later one, which other agents may have.
    """
    own = Q(demand=demand) | Q(demand=None, sort_at__gte=demand.created_at)
    if app_settings.PANEL_EARLIER:
        own |= Q(demand=None) | Q(demand__lt=demand.pk)
    found = Message.objects.filter(own, conversation=demand.conversation_id)
    return found.exclude(demand__state=Demand.State.GONE)


def comes_from_wcs(request: HttpRequest, demand: Demand, *destinations: str) -> bool:
    """Whether a page of the w.c.s. that has this demand makes this request, as one of these destinations."""
    destination = request.headers.get('Sec-Fetch-Dest')
    if destination is not None and destination not in destinations:
        return False
    page = request.headers.get('Origin') or request.headers.get('Referer')
    if page:
        return origin(page) == wcs_origin(demand) != ''
    return request.headers.get('Sec-Fetch-Site') in ('same-origin', 'same-site')


def wcs_origin(demand: Demand) -> str:
    """Origin of the pages of the w.c.s. that has this demand, '' if it is no longer known here."""
    try:
        return origin(site_for(demand.wcs_site).url)
    except ConfigurationError:
        return ''


def origin(url: str) -> str:
    """``scheme://host[:port]`` of an address as browsers write it, '' if it has none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ''
    if parts.scheme not in _PORTS or not parts.hostname:
        return ''
    suffix = '' if port in (None, _PORTS[parts.scheme]) else f':{port}'
    return f'{parts.scheme}://{parts.hostname}{suffix}'


# made at each use: the key may differ from one tenant to another


def _signer() -> Signer:
    return Signer(salt='publik_socialmedia.panel')


def _file_signer() -> TimestampSigner:
    return TimestampSigner(salt='publik_socialmedia.panel.file')


def _demand(token: str) -> Demand | None:
    known = Demand.objects.select_related('conversation__contact', 'conversation__account')
    return known.filter(token=token, account__removed_at=None).first()

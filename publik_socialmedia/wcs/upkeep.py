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

"""Learning what agents did to demands of which nobody spoke since: closed, anonymised, deleted (R26).

w.c.s. tells nobody. A demand is looked at before anything is told to it; those that stay silent are looked at
once a day, many in one call, so that what we show of them ends with them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from publik_socialmedia import errors
from publik_socialmedia.models import Demand
from publik_socialmedia.wcs import reading
from publik_socialmedia.wcs.client import Client, Found, site_for
from publik_socialmedia.wcs.mapping import KEY_FIELD

EVERY = timedelta(days=1)
RETRY = timedelta(hours=1)  # w.c.s. was away
BATCH = 50  # demands of one form in one call: their keys make an address of some 2,000 characters

logger = logging.getLogger(__name__)


def look_again(clients: Callable[[str], Client] | None = None) -> int:
    """Look at the open demands of one form that were not seen for longest; gives how many."""
    batch = _unseen()
    if not batch:
        return 0
    first = batch[0]
    try:
        client = (clients or _client)(first.wcs_site)
        found = {item.fields.get(KEY_FIELD): item for item in _found(client, batch)}
        for demand in batch:
            _conclude(client, demand, found.get(demand.key))
    except errors.SocialMediaError as error:
        logger.warning('demands of form %s could not be looked at: %s', first.form, error)
        again = timezone.now() - EVERY + RETRY
        Demand.objects.filter(pk__in=[demand.pk for demand in batch]).update(seen_at=again)
    return len(batch)


def _unseen() -> list[Demand]:
    """Served by socialmedia_demand_unseen, whatever the number of demands that are over."""
    due = timezone.now() - EVERY
    unseen = Demand.objects.filter(Q(seen_at__isnull=True) | Q(seen_at__lte=due), state=Demand.State.OPEN)
    unseen = unseen.order_by('seen_at', 'pk')
    first = unseen.first()
    return list(unseen.filter(wcs_site=first.wcs_site, form=first.form)[:BATCH]) if first else []


def _found(client: Client, batch: Sequence[Demand]) -> list[Found]:
    return client.find_all(batch[0].form, KEY_FIELD, [demand.key for demand in batch])


def _conclude(client: Client, demand: Demand, found: Found | None) -> None:
    """Keep what w.c.s. says of one demand, unless a worker has learnt something of it since we read it."""
    if found is None:
        found = next(iter(client.find(demand.form, KEY_FIELD, demand.key, payloads=False)), None)
    known = Demand.objects.filter(pk=demand.pk, state=demand.state, seen_at=demand.seen_at)
    if not known.exists():
        return
    if found is None or found.anonymised:
        demand.leave()
    else:
        reading.note(demand, found)


def _client(site: str) -> Client:
    return Client(site_for(site))

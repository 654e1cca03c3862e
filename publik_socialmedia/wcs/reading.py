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

"""What a demand of w.c.s. shows of what we told it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from publik_socialmedia import rows
from publik_socialmedia.models import Delivery, Demand
from publik_socialmedia.wcs.mapping import HOOKS
from publik_socialmedia.wcs.model import Found

SEEN_EVERY = timedelta(hours=1)  # the time of a look is not written more often


def shows(found: Found, delivery: Delivery) -> bool:
    """Whether the demand shows this very event, in its history or as the last payload of its hook."""
    mark = f'"{delivery.key}"'
    if any(mark in comment for comment in found.comments):
        return True
    last = found.workflow_data.get(HOOKS[delivery.kind])
    told = isinstance(last, dict) and last.get('event_id') == delivery.key
    # after a crash of the workflow the payload is there and its actions were not run
    return told and delivery.reason != 'wcs_crashed'


def local(value: str) -> datetime | None:
    """A time of w.c.s.: naive, local to its site, which is ours."""
    parsed = parse_datetime(value) if value else None
    if parsed is not None and timezone.is_naive(parsed):
        parsed = timezone.make_aware(parsed)
    return parsed


def note(demand: Demand, found: Found) -> None:
    """Keep what w.c.s. says of a demand that is there: its state and its names."""
    now = timezone.now()
    news = {
        'state': Demand.State.CLOSED if found.closed else Demand.State.OPEN,
        'closed_at': (demand.closed_at or local(found.updated) or now) if found.closed else None,
        'status_id': found.status_id[:64],
        'status_name': found.status_name[:250],
        'uuid': found.uuid[:36],
        'display_number': found.display_number[:64],
    }
    changed = [name for name, value in news.items() if getattr(demand, name) != value]
    if not changed and demand.seen_at is not None and now - demand.seen_at < SEEN_EVERY:
        return
    for name, value in news.items():
        setattr(demand, name, value)
    demand.seen_at = now
    rows.save(demand, *news, 'seen_at')

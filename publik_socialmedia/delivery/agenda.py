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

"""When the site being served next has something to do: one query, however many messages it has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils import timezone


@dataclass(frozen=True, slots=True)
class Agenda:
    """Seconds until there is something to read, to deliver, to poll: 0 = now; None = nothing in sight."""

    read: float | None
    deliver: float | None
    poll: float | None


def look() -> Agenda:
    """What is being done by somebody (a lease) counts as due: it may have to be done again."""
    with connection.cursor() as cursor:
        # served by socialmedia_raw_queue, socialmedia_conv_due, socialmedia_account_poll
        cursor.execute(
            """
            SELECT EXISTS (SELECT 1 FROM publik_socialmedia_rawevent WHERE state = 'pending'),
                   (SELECT min(due_at) FROM publik_socialmedia_conversation WHERE due_at IS NOT NULL),
                   (SELECT min(poll_due_at) FROM publik_socialmedia_account
                     WHERE poll_due_at IS NOT NULL AND state <> 'paused')
            """
        )
        bodies, deliver_at, poll_at = cursor.fetchone()
    now = timezone.now()
    return Agenda(0.0 if bodies else None, _seconds(deliver_at, now), _seconds(poll_at, now))


def _seconds(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else max((at - now).total_seconds(), 0.0)

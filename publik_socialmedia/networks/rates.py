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

"""How long a network asks us to wait, read from the headers of its answers. Header names in lower case."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from publik_socialmedia.networks.base import Answer
from publik_socialmedia.networks.reading import moment

LONGEST_WAIT = 3600.0  # seconds


def server_time(answer: Answer) -> datetime:
    """Time of the server when it answered; ours if it does not say."""
    try:
        found = parsedate_to_datetime(answer.headers.get('date', ''))
    except (ValueError, TypeError, IndexError):
        return datetime.now(UTC)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def retry_after(answer: Answer, reset: str, longest: float = LONGEST_WAIT) -> float | None:
    """Seconds to wait: until the time of the header ``reset`` (seconds since 1970, or an ISO date) by the
    server's own clock, else ``Retry-After``. None if neither says. Between 1 and ``longest``.
    """
    until = moment(answer.headers.get(reset, ''))
    if until is not None:
        return min(max(1.0, (until - server_time(answer)).total_seconds()), longest)
    wait = answer.headers.get('retry-after', '')
    return min(max(1.0, float(wait)), longest) if wait.isdigit() and len(wait) < 12 else None

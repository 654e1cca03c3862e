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

"""The reads that X bills, and the limit that the administrator sets to them each month.

Each event or person read costs some $0.01, once in a UTC day (prices of February 2026, see the README). The
caller keeps the count, in ``facts['paid']``; what is sent, and what webhooks bring, is paid too and not
counted here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from publik_socialmedia.networks.base import Account
from publik_socialmedia.networks.reading import integer, mapping

READS = 2000  # a month, unless the account says otherwise: $20
LOOK_AGAIN = 3600.0  # seconds: the administrator may have raised the limit meanwhile


def limit(account: Account) -> int:
    """Reads allowed in a month. What is not a number is the default; 0: none."""
    typed = integer(account.credentials.get('monthly_reads'))
    return READS if typed is None or typed < 0 else typed


def left(account: Account) -> int:
    """Reads still allowed this month, 0 or less when there are none."""
    paid = mapping(account.facts.get('paid'))
    count = integer(paid.get('count')) if paid.get('month') == f'{datetime.now(UTC):%Y-%m}' else 0
    return limit(account) - (count or 0) - len(set(account.paid))


def wait() -> float:
    """Seconds before it is worth to look whether there are some again: at the end of the month, or soon."""
    now = datetime.now(UTC)
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = (first + timedelta(days=32)).replace(day=1)
    return max(1.0, min((following - now).total_seconds(), LOOK_AGAIN))

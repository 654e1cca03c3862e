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

"""When messages make one demand, when a demand is continued, re-opened, or followed by a new one."""

from __future__ import annotations

from datetime import datetime, timedelta

from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.models import Account


def grouping_delay(account: Account) -> timedelta:
    """How long the first message of a demand waits for others: a sentence, another, a photo (R7)."""
    seconds = account.grouping_delay
    return timedelta(seconds=app_settings.GROUPING_DELAY if seconds is None else seconds)


def continues(account: Account, closed_at: datetime | None, now: datetime) -> bool:
    """Whether a message that comes now re-opens a demand closed then; else it opens a new one.

    ``closed_at`` None: closed, nobody knows when: a new one.
    """
    days = account.reopen_days
    delay = timedelta(days=app_settings.REOPEN_DAYS if days is None else days)
    return closed_at is not None and now - closed_at < delay

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


"""How long things are kept: the settings, and those of an account over them (R51)."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.models import Account


@dataclass(frozen=True, slots=True)
class Retention:
    """``raw_days``: bodies that were read; ``unread_days``: those that were not, or not whole; ``months``:
    conversations, after their demand is closed."""

    raw_days: int
    unread_days: int
    months: int

    def bodies_before(self, now: datetime) -> datetime:
        return now - timedelta(days=self.raw_days)

    def unread_before(self, now: datetime) -> datetime:
        return now - timedelta(days=self.unread_days)

    def conversations_before(self, now: datetime) -> datetime:
        return months_before(now, self.months)


def of(account: Account | None = None) -> Retention:
    """How long the data of an account is kept; without account, what the settings say."""
    days = account.raw_retention_days if account else None
    months = account.retention_months if account else None
    raw_days = app_settings.RAW_RETENTION_DAYS if days is None else days
    return Retention(
        raw_days=raw_days,
        unread_days=max(app_settings.QUARANTINE_DAYS, raw_days),
        months=app_settings.CONVERSATION_RETENTION_MONTHS if months is None else months,
    )


def of_all(accounts: Iterable[Account]) -> Retention:
    """How long what several accounts share is kept: as the strictest of them wants."""
    found = [of(account) for account in accounts] or [of()]
    return min(found, key=lambda retention: retention.raw_days)


def months_before(now: datetime, months: int) -> datetime:
    """The same day so many months earlier, or the last one of that month."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, calendar.monthrange(year, month + 1)[1]))

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

"""The dates that the law attaches to a request received by electronic means (R53).

Code des relations entre le public et l'administration: R112-11-1 (registration notice: one working day;
acknowledgement of receipt: ten working days), L231-1 and L231-4 (silence: two months). The delays are
settings: some procedures have their own.
"""

from __future__ import annotations

import calendar
from datetime import date, datetime

from django.utils import timezone

from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.conversations import workdays


def dates(received_at: datetime) -> dict[str, date]:
    """Last day of each delay, by the name of its field in w.c.s., of a message received at that time.

    ``date_enregistrement``: to tell that it is registered; ``date_accuse``: to acknowledge it;
    ``date_silence``: silence kept until the end of that day is an answer. Days of the time zone of the site.
    """
    day = timezone.localtime(received_at).date()
    region = app_settings.HOLIDAYS
    return {
        'date_enregistrement': workdays.after(day, app_settings.REGISTRATION_WORKDAYS, region),
        'date_accuse': workdays.after(day, app_settings.RECEIPT_WORKDAYS, region),
        'date_silence': months_after(day, app_settings.SILENCE_MONTHS),
    }


def months_after(day: date, months: int) -> date:
    """The same day of another month, from date to date; the last one of a month too short for it."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))

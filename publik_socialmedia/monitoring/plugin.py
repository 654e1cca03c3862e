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

"""What is known to be wrong, as a monitoring plugin says it: asks nobody, one line a problem (R41).

https://www.monitoring-plugins.org/doc/guidelines.html : a first line that sums up, then details, and an exit
status: 0 well, 1 warning, 2 critical, 3 unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from publik_socialmedia.models import Notice
from publik_socialmedia.monitoring import alerts

OK, WARNING, CRITICAL, UNKNOWN = range(4)
NAMES = ('OK', 'WARNING', 'CRITICAL', 'UNKNOWN')
LEVELS = {'info': OK, 'warning': WARNING, 'critical': CRITICAL}
GRAVITY = (OK, UNKNOWN, WARNING, CRITICAL)  # what a person must do matters more than what cannot be told
STALE = timedelta(hours=3)  # accounts are looked at each hour while the worker runs
MAILS_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Line:
    level: int
    owner: str
    said: str

    def __str__(self) -> str:
        about = f'{self.owner}: ' if self.owner else ''
        return f'{NAMES[self.level]}: {about}{self.said}'


def lines(now: datetime | None = None) -> list[Line]:
    """All that is known to be wrong, the gravest first."""
    at = now or timezone.now()
    found = [Line(LEVELS[one.severity], one.owner, one.said) for one in alerts.standing(at, timedelta())]
    for account in alerts.watched():
        watch = getattr(account, 'watch', None)
        looked_at = watch.checked_at if watch and watch.checked_at else account.created_at
        if at - looked_at > STALE:
            said = _('not looked at for a long time: is the worker running?')
            found.append(Line(UNKNOWN, alerts.owner(account), said))
    if Notice.objects.filter(created_at__lt=at - MAILS_WAIT).exists():
        found.append(Line(WARNING, '', _('Mails to managers cannot leave: see the mail server.')))
    return sorted(found, key=lambda line: GRAVITY.index(line.level), reverse=True)


def level(found: list[Line]) -> int:
    return max((line.level for line in found), key=GRAVITY.index, default=OK)


def summary(found: list[Line]) -> str:
    said = ngettext('%s problem', '%s problems', len(found)) % len(found) if found else _('all is well')
    return f'{NAMES[level(found)]} - {said}'

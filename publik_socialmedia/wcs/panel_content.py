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

"""What the panel shows of a conversation: until when to answer, and one page or more of its messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.timesince import timeuntil
from django.utils.translation import gettext as _

from publik_socialmedia import networks, text
from publik_socialmedia.conversations.windows import window
from publik_socialmedia.models import Demand, Message
from publik_socialmedia.reasons import sentence
from publik_socialmedia.wcs import wording
from publik_socialmedia.wcs.panel_access import FILE_AGE, messages
from publik_socialmedia.wcs.panel_lines import Line, Reader, digest

PAGE = 30  # messages shown at first, and added by each « previous messages »
LIVE = 300  # newest messages that a refresh tells of; older ones stay on screen as they were read


@dataclass(frozen=True)
class Head:
    """What stands above the messages. ``open``: an answer can be sent now."""

    title: str
    open: bool
    window: str
    problem: str = ''


@dataclass(frozen=True)
class View:
    """``older``: there are messages before these ``lines``."""

    head: Head
    lines: Sequence[Line]
    older: bool

    @property
    def version(self) -> str:
        """Another one when there is something to show, or addresses of files to give before they end."""
        ends = any(file.renewed for line in self.lines for file in line.files)
        period = int(timezone.now().timestamp() / (FILE_AGE.total_seconds() / 2)) if ends else 0
        return digest([period, self.older, *((line.pk, line.version) for line in self.lines)])


def latest(demand: Demand, since: int = 0) -> View:
    """The last messages: PAGE of them, or all from the message ``since`` on, LIVE at most."""
    first = messages(demand).filter(pk=since).first() if since else None
    shown = _newest_first(demand)
    if first is None:
        return _view(demand, shown, PAGE)
    after = Q(sort_at=first.sort_at, sequence=first.sequence, pk__gte=first.pk)
    after |= Q(sort_at__gt=first.sort_at) | Q(sort_at=first.sort_at, sequence__gt=first.sequence)
    return _view(demand, shown.filter(after), LIVE, older=shown.exclude(after).exists())


def before(demand: Demand, message: int) -> View:
    """The PAGE messages that come before that one; none if it is not one that may be read."""
    last = messages(demand).filter(pk=message).first()
    if last is None:
        return _view(demand, Message.objects.none(), PAGE)
    earlier = Q(sort_at=last.sort_at, sequence=last.sequence, pk__lt=last.pk)
    earlier |= Q(sort_at__lt=last.sort_at) | Q(sort_at=last.sort_at, sequence__lt=last.sequence)
    return _view(demand, _newest_first(demand).filter(earlier), PAGE)


def head(demand: Demand) -> Head:
    """Network, account, until when an answer can be sent (R32), what keeps answers waiting."""
    conversation = demand.conversation
    account = conversation.account
    names = {'network': wording.network_label(account), 'account': text.clean(str(account))}
    title = _('%(network)s, account %(account)s') % names
    problem = sentence(account.problem) if account.problem else ''
    network = networks.registry().get(account.network)
    if network is None:
        return Head(title, False, '', problem)
    frame, now = window(account, conversation, network.capabilities), timezone.now()
    if not frame.limited:
        return Head(title, True, _('No time limit to answer.'), problem)
    end = frame.human_ends_at
    if end is None or not frame.allows(now, human=True):
        return Head(title, False, sentence('window'), problem)
    left = {'date': wording.moment(end), 'left': timeuntil(end, now, depth=1)}
    return Head(title, True, _('An answer can be sent until %(date)s (%(left)s left).') % left, problem)


def _newest_first(demand: Demand) -> QuerySet[Message]:
    return messages(demand).select_related('demand').order_by('-sort_at', '-sequence', '-pk')


def _view(demand: Demand, shown: QuerySet[Message], limit: int, *, older: bool = False) -> View:
    found = list(shown[: limit + 1])
    lines = Reader(demand.conversation, list(reversed(found[:limit])), demand).lines()
    return View(head(demand), lines, older or len(found) > limit)

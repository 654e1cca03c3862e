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

"""How conversations stand, many at once: which wait for us, which have an answer that failed.

For lists and counts. ``wcs.deadlines`` looks at one conversation closer: a mere « merci » waits for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Exists, OuterRef, Q

from publik_socialmedia.models import Demand, Message

_OPEN = (Demand.State.OPENING, Demand.State.OPEN)


def has_open_demand() -> Exists:
    return Exists(Demand.objects.filter(conversation=OuterRef('pk'), state__in=_OPEN))


def awaits_answer() -> Q:
    """An open demand, and nobody has answered since the citizen's last message."""
    answers = Message.objects.filter(
        conversation=OuterRef('pk'),
        origin__in=[Message.Origin.AGENT, Message.Origin.NATIVE],
        sort_at__gt=OuterRef('last_inbound_at'),
    ).exclude(state=Message.State.FAILED)
    return Q(has_open_demand(), last_inbound_at__isnull=False) & ~Q(Exists(answers))


def has_failed_answer() -> Exists:
    """An answer to a demand that is still open could not be sent."""
    failed = Message.objects.filter(conversation=OuterRef('pk'), state=Message.State.FAILED)
    return Exists(failed.filter(demand__state__in=_OPEN))


def states() -> Mapping[str, Q]:
    """What a list may be narrowed to."""
    return {
        'waiting': awaits_answer(),
        'open': Q(has_open_demand()),
        'failed': Q(has_failed_answer()),
        'closed': ~Q(has_open_demand()),
        'blocked': Q(contact__blocked=True),
    }

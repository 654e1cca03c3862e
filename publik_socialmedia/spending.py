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

"""What a network bills us for, counted by month: its class holds to the limit that the administrator set.

``Account.facts['paid']`` is ``{'month': '2026-11', 'count': 312, 'day': '2026-11-22', 'ids': […]}``: things
of the month, and keyed hashes of the ids of those of the day: what is paid once a day is counted once, and an
erased person's messages, read and paid again, are not named. Days are in UTC.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC
from typing import Any

from django.db import transaction
from django.utils import timezone

from publik_socialmedia.fields import keyed_hash
from publik_socialmedia.models import Account

HASH_LENGTH = 16  # of 64: some thousands a day


def note(account: Account, ids: Collection[str]) -> None:
    """Count these things, paid for by a call that was made just now. Safe when several are made at once."""
    things = {keyed_hash('paid', str(account.pk), value)[:HASH_LENGTH] for value in ids}
    if not things - _known(account.facts):
        return
    with transaction.atomic():
        row = Account.objects.select_for_update(no_key=True).only('facts').get(pk=account.pk)
        new = things - _known(row.facts)
        paid = row.facts.get('paid') or {}
        month, day = _today()
        count = paid.get('count', 0) if paid.get('month') == month else 0
        known = paid.get('ids', []) if paid.get('day') == day else []
        facts: dict[str, Any] = {'month': month, 'count': count + len(new), 'day': day}
        row.facts = {**row.facts, 'paid': {**facts, 'ids': [*known, *sorted(new)]}}
        row.save(update_fields=['facts'])
    account.facts = row.facts


def _known(facts: dict[str, Any]) -> set[str]:
    """Hashes of what was already counted today."""
    paid = facts.get('paid') or {}
    return set(paid.get('ids', ())) if paid.get('day') == _today()[1] else set()


def _today() -> tuple[str, str]:
    """Month and day, as the count names them."""
    day = timezone.now().astimezone(UTC).date().isoformat()
    return day[:7], day

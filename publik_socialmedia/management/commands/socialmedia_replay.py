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

"""Try again what is blocked or in quarantine."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from publik_socialmedia.delivery import queue
from publik_socialmedia.delivery.wakeup import wake
from publik_socialmedia.intake import inbox
from publik_socialmedia.management.site_command import SiteCommand
from publik_socialmedia.models import Account, Delivery, Journal, RawEvent

BATCH = 500


class Command(SiteCommand):
    everywhere = False
    help = 'Put blocked deliveries and quarantined bodies back in the queue. Exit status: 0.'

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument('--account', type=int, help='of this account only')
        parser.add_argument('--reason', help='blocked for this reason only')
        parser.add_argument('--raw', type=int, nargs='*', help='these raw events, whatever their state')
        parser.add_argument('--dry-run', action='store_true', help='count only')

    def handle(
        self, *, account: int | None, reason: str | None, raw: list[int] | None, dry_run: bool, **options: Any
    ) -> None:
        deliveries = Delivery.objects.filter(state=Delivery.State.BLOCKED).order_by('pk')
        bodies = RawEvent.objects.filter(state=RawEvent.State.QUARANTINED).order_by('pk')
        if account is not None:
            if not Account.objects.filter(pk=account).exists():
                raise CommandError(_('unknown account: %s') % account)
            deliveries = deliveries.filter(conversation__account_id=account)
            bodies = bodies.filter(account_id=account) | bodies.filter(endpoint__accounts=account)
        if reason:
            deliveries = deliveries.filter(reason=reason)
            bodies = bodies.none()
        if raw is not None:
            deliveries, bodies = deliveries.none(), RawEvent.objects.filter(pk__in=raw)
        counts = (deliveries.count(), bodies.count())
        if not dry_run:
            counts = (self._deliveries(deliveries), inbox.replay(bodies.values_list('pk', flat=True)))
            Journal.objects.create(
                account_id=account,
                action='replay',
                details={'deliveries': counts[0], 'bodies': counts[1], 'reason': reason or ''},
            )
            wake()
        self.stdout.write(_('%s deliveries and %s bodies put back') % counts)

    def _deliveries(self, deliveries: Any) -> int:
        total = 0
        while batch := list(deliveries[:BATCH]):
            total += queue.replay(batch)
            self.stdout.write(f'{total}…')
        return total

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

"""Poll accounts now, or read their past again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from publik_socialmedia import errors, networks
from publik_socialmedia.delivery.wakeup import wake
from publik_socialmedia.intake import polling
from publik_socialmedia.management.site_command import SiteCommand
from publik_socialmedia.models import Account
from publik_socialmedia.reasons import sentence


class Command(SiteCommand):
    everywhere = False
    help = 'Poll the accounts now. Exit status: 0, or 1 if one of them failed.'

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            'accounts', nargs='*', type=int, help='numbers of accounts; none: all polled ones'
        )
        parser.add_argument(
            '--since-days',
            type=int,
            default=0,
            help='read again what happened in the last N days (gap repair)',
        )

    def handle(self, *, accounts: list[int], since_days: int, **options: Any) -> None:
        active = Account.objects.exclude(state=Account.State.PAUSED).order_by('pk')
        chosen = active.filter(pk__in=accounts) if accounts else active.filter(poll_due_at__isnull=False)
        missing = set(accounts) - set(chosen.values_list('pk', flat=True))
        if missing:
            raise CommandError(_('unknown or paused accounts: %s') % sorted(missing))
        failed = 0
        for account in chosen:
            try:
                self._allow(account, since_days)
                stored = self._repair(account, since_days) if since_days else self._poll(account)
            except errors.SocialMediaError as error:
                failed += 1
                self.stderr.write(f'{account}: {sentence(error.reason)}')
            else:
                self.stdout.write(_('%(account)s: %(count)s') % {'account': account, 'count': stored})
        wake()
        if failed:
            raise CommandError(_('%s accounts failed') % failed)

    def _allow(self, account: Account, since_days: int) -> None:
        """ConfigurationError if the network cannot do that; the account itself is well."""
        network = networks.registry().get(account.network)
        if network is None:
            raise errors.ConfigurationError('config', detail='unknown network')
        capabilities = network.capabilities
        if not (capabilities.history if since_days else capabilities.polling):
            raise errors.ConfigurationError('no_history' if since_days else 'no_polling')

    def _poll(self, account: Account) -> int:
        turn = polling.claim_one(account.pk)
        if turn is None:
            self.stdout.write(_('%s: being polled by a worker') % account)
            return 0
        stored = polling.poll(turn)
        account.refresh_from_db()
        if account.poll_failures:
            raise errors.TemporaryError(account.problem or 'temporary', detail=account.last_error)
        return stored

    def _repair(self, account: Account, days: int) -> int:
        total = 0
        for stored in polling.repair(account, timezone.now() - timedelta(days=days)):
            total += stored
            self.stdout.write(f'{account}: {total}…')
        return total

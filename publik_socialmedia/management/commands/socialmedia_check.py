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

"""Say what is wrong, for people and for monitoring."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError
from django.utils.translation import gettext as _

from publik_socialmedia import errors, health
from publik_socialmedia.management.site_command import SiteCommand
from publik_socialmedia.models import Account
from publik_socialmedia.monitoring import alerts, plugin
from publik_socialmedia.networks.base import Problem
from publik_socialmedia.reasons import sentence

# alerts of which neither the test of an account nor the queues tell
OTHERS = frozenset({'silence', 'private_storage', 'storage_unwritable', 'storage_full'})
LATE = 300  # seconds by which a due delivery may be late before it is a warning


class Command(SiteCommand):
    help = (
        'Check accounts, w.c.s. and queues. Exit status as monitoring plugins: 0 all is well, 1 warning, '
        '2 a person must act, 3 it cannot be told.'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument('accounts', nargs='*', type=int, help='numbers of accounts; none: all')
        parser.add_argument('--json', action='store_true', help='for programs')
        parser.add_argument(
            '--monitoring',
            action='store_true',
            help='ask nobody: tell what the worker last found, one line a problem, as monitoring plugins do',
        )
        parser.add_argument(
            '--rehearse',
            action='store_true',
            help='also rehearse an answer from w.c.s., without sending anything (not for monitoring: each '
            'rehearsal leaves an invisible trace in a demand)',
        )

    def handle(self, *, accounts: list[int], **options: Any) -> None:
        try:
            if options['monitoring']:
                self._monitor()
            else:
                self._check(accounts, **options)
        except DatabaseError as error:
            raise CommandError(errors.where(error), returncode=plugin.UNKNOWN) from None

    def _monitor(self) -> None:
        found = plugin.lines()
        self.stdout.write('\n'.join([plugin.summary(found), *map(str, found)]))
        if found:
            raise CommandError(_('something is to be seen to'), returncode=plugin.level(found))

    def _check(self, accounts: list[int], **options: Any) -> None:
        chosen = Account.objects.order_by('pk')
        if accounts:
            chosen = chosen.filter(pk__in=accounts)
            unknown = set(accounts) - set(chosen.values_list('pk', flat=True))
            if unknown:
                raise CommandError(_('unknown accounts: %s') % sorted(unknown), returncode=plugin.UNKNOWN)
        else:
            chosen = chosen.exclude(state=Account.State.PAUSED)
        report = [
            self._account(account, quiet=options['json'], rehearse=options['rehearse']) for account in chosen
        ]
        queues = health.queues()
        problems = [problem for item in report for problem in item['problems']]
        problems += self._queues(queues)
        others = [alert for alert in alerts.standing() if alert.reason in OTHERS]
        status = max(
            [plugin.LEVELS[problem['severity']] for problem in problems]
            + [plugin.LEVELS[alert.severity] for alert in others],
            default=plugin.OK,
        )
        if options['json']:
            facts = {name: getattr(queues, name) for name in queues.__slots__ if name != 'oldest_due'}
            facts |= {'late': queues.late}
            self.stdout.write(
                json.dumps({'status': status, 'accounts': report, 'queues': facts}, ensure_ascii=False)
            )
        else:
            self._show_queues(queues)
            for alert in others:
                self.stdout.write(f'  [{alert.severity}] {alert.owner} {alert.said}')
        if status:
            raise CommandError(_('something is to be seen to'), returncode=status)

    def _account(self, account: Account, *, quiet: bool, rehearse: bool) -> dict[str, Any]:
        problems = health.examine(account, asked=False)
        # what only sending meets, or an event told: a look does not see it
        told = {problem.reason for problem in problems}
        problems += [
            Problem(reason, sentence(reason))
            for reason in (account.problem, account.wcs_problem)
            if reason and reason not in told
        ]
        if rehearse:
            problems += health.rehearse(account)
        found = [{'reason': p.reason, 'message': p.message, 'severity': p.severity} for p in problems]
        if not quiet:
            self.stdout.write(f'{account.network} {account}: ' + (_('to be seen to') if found else _('well')))
            for problem in found:
                self.stdout.write(f'  [{problem["severity"]}] {problem["message"]}')
        return {'account': account.pk, 'network': account.network, 'problems': found}

    def _queues(self, queues: health.Queues) -> list[dict[str, str]]:
        facts = []
        if queues.deliveries_blocked or queues.raw_quarantined:
            facts.append({'reason': 'blocked', 'message': '', 'severity': 'critical'})
        if queues.late > LATE:
            facts.append({'reason': 'late', 'message': '', 'severity': 'warning'})
        return facts

    def _show_queues(self, queues: health.Queues) -> None:
        self.stdout.write(
            _(
                'Queues: %(raw)s bodies to read, %(quarantined)s in quarantine, %(pending)s deliveries '
                'waiting, %(blocked)s blocked, oldest due work late by %(late)d s'
            )
            % {
                'raw': queues.raw_pending,
                'quarantined': queues.raw_quarantined,
                'pending': queues.deliveries_pending,
                'blocked': queues.deliveries_blocked,
                'late': queues.late,
            }
        )

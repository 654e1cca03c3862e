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

"""What is watched by itself (R41): what was last found of each account, what its managers were told, and the
mails that tell it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from publik_socialmedia.models.accounts import Account
from publik_socialmedia.models.common import new_key
from publik_socialmedia.networks.base import Problem

SOUND_FOR = timedelta(hours=1)  # between two looks at an account of which all is well
AILING_FOR = timedelta(minutes=10)  # at one of which something is wrong: its end is to be seen soon


class Watch(models.Model):
    """What the last look at an account found, and when the next one is due.

    ``findings``: ``[{'reason', 'message', 'severity', 'passing', 'side', 'refuses', 'since'}]``, the first
    four as ``networks.base.Problem``; ``side``: 'network' or 'wcs'; ``refuses``: it is what the account calls
    its problem on that side, and ends with it; ``since``: when that reason was first found, ISO. An account
    of which there is no row was not looked at yet.
    """

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name='watch')
    due_at = models.DateTimeField(default=timezone.now)
    checked_at = models.DateTimeField(null=True, blank=True)
    findings = models.JSONField(default=list, blank=True)

    class Meta:
        indexes = [models.Index(fields=['due_at'], name='socialmedia_watch_due')]

    def __str__(self) -> str:
        return f'watch of account {self.account_id}'

    @classmethod
    def note(cls, account: Account, network: Sequence[Problem], wcs: Sequence[Problem]) -> None:
        """Keep what a look has just found on each side; the account says already what refuses it."""
        now = timezone.now()
        known = cls.objects.filter(account=account).values_list('findings', flat=True).first() or []
        since = {finding['reason']: finding['since'] for finding in known}
        findings = [
            {
                **asdict(problem),
                'side': side,
                'refuses': problem.severity == 'critical' and problem.reason in refused,
                'since': since.get(problem.reason, now.isoformat()),
            }
            for side, problems, refused in (
                ('network', network, {problem.reason for problem in network} if account.problem else ()),
                ('wcs', wcs, (account.wcs_problem,)),
            )
            for problem in problems
        ]
        ailing = any(finding['severity'] != 'info' for finding in findings)
        due_at = max(now + (AILING_FOR if ailing else SOUND_FOR), account.throttled_until or now)
        values = {'findings': findings, 'checked_at': now, 'due_at': due_at}
        cls.objects.update_or_create(account=account, defaults=values)


def findings(account: Account) -> list[dict[str, Any]]:
    """What was last found and is not known to be over: a network or a w.c.s. that takes our calls again does
    not refuse us any more; one that is polled without failure is not away."""
    watch = getattr(account, 'watch', None)
    refused = {'network': account.problem, 'wcs': account.wcs_problem}
    polled = account.poll_due_at is not None and not account.poll_failures
    return [
        one
        for one in (watch.findings if watch is not None else [])
        if not (one['refuses'] and not refused[one['side']])
        and not (one['passing'] and polled and one['side'] == 'network')
    ]


def said(account: Account, reason: str) -> str:
    """What the last look said of that reason, more precise than the sentence of all networks; '': nothing."""
    return next((str(one['message']) for one in findings(account) if one['reason'] == reason), '')


class Trouble(models.Model):
    """What the managers were told of and is not over, see ``monitoring.alerts.Alert``. One row is one mail to
    each of them, whatever the number of processes; the journal keeps what is over."""

    key = models.CharField(max_length=250, unique=True)
    family = models.CharField(max_length=250)
    reason = models.CharField(max_length=64)
    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.SET_NULL)
    begun_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.key


class Notice(models.Model):
    """A mail that is to leave; the row goes when it has. No citizen's data in it.

    ``key`` is in its Message-ID, the same at each try. ``lease_until``: somebody is sending it.
    """

    key = models.CharField(max_length=32, unique=True, default=new_key)
    recipient = models.CharField(max_length=254)
    subject = models.CharField(max_length=250)
    body = models.TextField()
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f'notice {self.pk}'

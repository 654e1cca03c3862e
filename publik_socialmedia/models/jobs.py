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

"""Long work that an administrator asked for, done by the worker in slices, with its progress."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from publik_socialmedia.models.accounts import Account
from publik_socialmedia.models.common import check


class Job(models.Model):
    """One work on one account; at most one of them is pending.

    ``since``: from when the past is read. ``cursor``: where the network said to go on. ``threads``: what is
    known so far of each thread of the past, under a keyed hash of the person: ``[time of the last message,
    whether it is ours, messages of theirs that we do not have]``. ``progress``: figures for people.
    ``attempts``: failed slices since the last one that worked; ``reason``: why the last one failed (a word of
    ``reasons``). ``due_at``: the next slice.
    """

    class Kind(models.TextChoices):
        COUNT = 'count', _('count of what was written before')
        IMPORT = 'import', _('import of the threads that wait')
        REPAIR = 'repair', _('repair of a gap')
        REMOVAL = 'removal', _('removal of the account')

    class State(models.TextChoices):
        PENDING = 'pending', _('in progress')
        DONE = 'done', _('done')
        FAILED = 'failed', _('failed')
        STOPPED = 'stopped', _('stopped')

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name='jobs')
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    since = models.DateTimeField(null=True, blank=True)
    cursor = models.JSONField(default=dict, blank=True)
    threads = models.JSONField(default=dict, blank=True)
    progress = models.JSONField(default=dict, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=64, blank=True)
    due_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=['account'], condition=Q(state='pending'), name='socialmedia_job_one_pending'
            ),
            check('socialmedia_job_state', Q(state__in=['pending', 'done', 'failed', 'stopped'])),
        ]
        indexes = [
            models.Index(fields=['due_at'], condition=Q(state='pending'), name='socialmedia_job_due'),
        ]

    def __str__(self) -> str:
        return f'{self.kind} of account {self.account_id}'

    @property
    def is_pending(self) -> bool:
        return self.state == self.State.PENDING

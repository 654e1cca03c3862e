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

"""Sending the mails that were written to managers: each leaves once, and is tried until it does.

A mail is taken under a lease, sent without any lock or transaction, and its row goes once the mail server has
it. Only a process that dies between the two sends it again, under the same Message-ID.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.utils import DNS_NAME
from django.db.models import F, Q
from django.utils import timezone

from publik_socialmedia import errors
from publik_socialmedia.delivery import queue
from publik_socialmedia.models import Journal, Notice

BATCH = 20  # mails in one turn
TIMEOUT = 20  # seconds that the mail server is waited for, unless the settings say
PATIENCE = 3  # mails that cannot leave, in one turn
LEASE = timedelta(minutes=5)
GIVEN_UP = timedelta(days=7)  # an address that the mail server refuses all that time

logger = logging.getLogger(__name__)


@dataclass
class Posted:
    """``lost``: mails that could not leave this time."""

    sent: int = 0
    lost: int = 0


def post(*, at_once: bool = False) -> Posted:
    """Send what is to leave; ``at_once``: also what waits for its next try."""
    posted = Posted()
    tried: list[int] = []
    while len(tried) < BATCH and (notice := _claim(tried, at_once=at_once)):
        tried.append(notice.pk)
        try:
            _send(notice)
        except OSError as error:  # errors of SMTP are of this kind
            logger.error('an alert could not be sent: %s', errors.where(error))
            posted.lost += 1
            _put_back(notice)
            if posted.lost == PATIENCE:
                break  # the mail server is away: the others would not leave either
        else:
            notice.delete()
            posted.sent += 1
    return posted


def _claim(tried: list[int], *, at_once: bool) -> Notice | None:
    """The next one to send, for us alone."""
    now = timezone.now()
    free = Notice.objects.filter(Q(lease_until__isnull=True) | Q(lease_until__lt=now)).exclude(pk__in=tried)
    waiting = free if at_once else free.filter(due_at__lte=now)
    for notice in waiting.order_by('due_at', 'pk')[:BATCH]:
        if free.filter(pk=notice.pk).update(lease_until=now + LEASE, attempts=F('attempts') + 1):
            return notice
    return None


def _send(notice: Notice) -> None:
    mail = EmailMessage(
        subject=notice.subject,
        body=notice.body,
        to=[notice.recipient],
        headers={
            'Auto-Submitted': 'auto-generated',  # absences are not answered to it
            'Message-ID': f'<{notice.key}@{DNS_NAME}>',
        },
        connection=get_connection(timeout=settings.EMAIL_TIMEOUT or TIMEOUT),
    )
    mail.send()


def _put_back(notice: Notice) -> None:
    """Try again later, with back-off; after a week nobody reads there."""
    if timezone.now() - notice.created_at > GIVEN_UP:
        Journal.objects.create(action='mail-lost', details={'subject': notice.subject})
        notice.delete()
        return
    due_at = timezone.now() + queue.backoff(notice.attempts + 1)
    Notice.objects.filter(pk=notice.pk).update(due_at=due_at, lease_until=None)

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

"""Looking at each account now and then, and at once after an error; telling what is wrong (R41).

What the worker does by itself, see ``delivery.chores``. Both steps may run twice, and at the same time as
themselves.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.utils import timezone

from publik_socialmedia import health
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.models import Account
from publik_socialmedia.monitoring import posting, telling

LEASE = timedelta(minutes=15)  # longer than any look
AGAIN = timedelta(minutes=5)  # an error has the account looked at, but not sooner after the last look


def check_some() -> int:
    """Look at one account that is due; gives how many were."""
    if not app_settings.ENABLED:
        return 0
    _enlist()
    _hasten()
    pk = _claim()
    account = Account.objects.filter(pk=pk).first() if pk else None
    if account is None:
        return 0
    health.examine(account, asked=False)
    return 1


def tell_some() -> int:
    """Warn of what is new and of what is over; gives how many mails left."""
    if not app_settings.ENABLED:
        return 0
    telling.tell()
    return posting.post().sent


def _enlist() -> None:
    """Have each account watched. It has just been tested, or all of them come with an upgrade: their times
    are spread over an hour, and stay so."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO publik_socialmedia_watch (account_id, due_at, findings)
            SELECT id, now() + (0.1 + random()) * interval '1 hour', '[]' FROM publik_socialmedia_account
             WHERE id NOT IN (SELECT account_id FROM publik_socialmedia_watch)
            ON CONFLICT DO NOTHING
            """
        )


def _hasten() -> None:
    """What has met an error since its last look is due now, as what was found is perhaps over."""
    now = timezone.now()
    with connection.cursor() as cursor:
        # what waits is read once (socialmedia_delivery_queue holds nothing else), whatever the accounts
        cursor.execute(
            """
              WITH failing AS MATERIALIZED (
                SELECT conversation.account_id, max(delivery.tried_at) AS at
                  FROM publik_socialmedia_delivery AS delivery
                  JOIN publik_socialmedia_conversation AS conversation
                    ON conversation.id = delivery.conversation_id
                 WHERE delivery.state = 'pending' AND delivery.attempts > 0
                 GROUP BY conversation.account_id)
            UPDATE publik_socialmedia_watch AS watch SET due_at = %(now)s
              FROM publik_socialmedia_account AS account
              LEFT JOIN failing ON failing.account_id = account.id
             WHERE account.id = watch.account_id AND watch.due_at > %(now)s
               AND (watch.checked_at IS NULL OR watch.checked_at < %(before)s)
               AND (GREATEST(problem_at, wcs_problem_at, last_error_at, failing.at)
                       > COALESCE(checked_at, '-infinity')
                    OR (problem = '' AND wcs_problem = '' AND findings @> '[{"refuses": true}]'))
            """,
            {'now': now, 'before': now - AGAIN},
        )


def _claim() -> int | None:
    """Take the account that has been due for longest, for long enough to look at it."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE publik_socialmedia_watch SET due_at = %s
             WHERE id = (
                SELECT watch.id FROM publik_socialmedia_watch AS watch
                  JOIN publik_socialmedia_account AS account ON account.id = watch.account_id
                 WHERE watch.due_at <= %s AND account.state <> 'paused'
                   AND account.id NOT IN (SELECT account_id FROM publik_socialmedia_setup)
                 ORDER BY watch.due_at LIMIT 1 FOR UPDATE OF watch SKIP LOCKED)
            RETURNING account_id
            """,
            [now + LEASE, now],
        )
        row = cursor.fetchone()
        return row[0] if row else None

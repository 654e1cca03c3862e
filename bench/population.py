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

"""A brick that has served for a while: N conversations with all that they leave behind, made by PostgreSQL.

Each has two messages of the citizen and an answer that was read, all delivered, two bodies, and a demand: one
in four is open. One message in four has a file; as many messages were taken back as there are conversations.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bench.databases import Databases

# %(count)s conversations, one each %(step)s; %(body)s an encrypted body. Ids follow those of the rows
# already there: none.
_STATEMENTS = (
    """INSERT INTO publik_socialmedia_contact (id, account_id, name, blocked, name_id, wcs_user_id,
              created_at)
       SELECT n, %(account)s, 'Personne ' || n, false, '', '', now() - interval '60 days'
         FROM generate_series(1, %(count)s) AS n""",
    """INSERT INTO publik_socialmedia_contactidentifier (account_id, contact_id, value)
       SELECT %(account)s, n, 'psid-old-' || n FROM generate_series(1, %(count)s) AS n""",
    """INSERT INTO publik_socialmedia_conversation
              (id, account_id, contact_id, last_inbound_at, last_activity_at, lease_token, created_at)
       SELECT n, %(account)s, n, now() - n * %(step)s, now() - n * %(step)s, '',
              now() - interval '60 days'
         FROM generate_series(1, %(count)s) AS n""",
    """INSERT INTO publik_socialmedia_demand
              (id, account_id, conversation_id, key, token, wcs_site, form, number, display_number, uuid,
               tracking_code, url, backoffice_url, state, status_id, status_name, tried_at, created_at,
               opened_at, seen_at, closed_at)
       SELECT n, %(account)s, n, md5('demand ' || n), md5('token ' || n), 'demarches',
              'message-reseau-social', n, '1-' || n, md5('uuid ' || n), '',
              'https://demarches.example.org/message-reseau-social/' || n,
              'https://demarches.example.org/backoffice/management/message-reseau-social/' || n,
              CASE WHEN n %% 4 = 0 THEN 'open' ELSE 'closed' END, '1', 'Nouveau', now() - interval '60 days',
              now() - interval '60 days', now() - interval '60 days', now(),
              CASE WHEN n %% 4 = 0 THEN NULL ELSE now() - interval '40 days' END
         FROM generate_series(1, %(count)s) AS n""",
    """INSERT INTO publik_socialmedia_message
              (id, account_id, conversation_id, origin, state, external_id, key, text, unreadable, reply_to,
               details, sent_at, received_at, sort_at, sequence, edited, answer_key, part, template,
               failure, failure_code, demand_id)
       SELECT n * 3 + k - 2, %(account)s, n,
              CASE k WHEN 2 THEN 'agent' ELSE 'citizen' END, CASE k WHEN 2 THEN 'read' ELSE 'received' END,
              'm_old_' || md5(n || ' ' || k), CASE k WHEN 2 THEN md5('key ' || n) ELSE '' END,
              repeat('Un arbre est tombé rue des Lilas. ', 3), '', '', '{}',
              at, at, at, 0, false, CASE k WHEN 2 THEN 'answer ' || n ELSE '' END, 0, false,
              '', '', n
         FROM generate_series(1, %(count)s) AS n, generate_series(0, 2) AS k,
              LATERAL (SELECT now() - n * %(step)s - (2 - k) * interval '1 hour' AS at) AS t""",
    """INSERT INTO publik_socialmedia_attachment
              (message_id, position, kind, url, reference, mimetype, filename, size, alt, declared, details,
               state, reason, attempts, storage)
       SELECT id, 0, 'image', '', '', 'image/jpeg', 'image.jpg', 100000, '', '', '{}', 'given', '', 1, ''
         FROM publik_socialmedia_message WHERE id %% 4 = 0""",
    """INSERT INTO publik_socialmedia_receipt (account_id, target, "user", status, code, reason, received_at)
       SELECT account_id, external_id, '', 'read', '', '', sent_at
         FROM publik_socialmedia_message WHERE origin = 'agent'""",
    """INSERT INTO publik_socialmedia_tombstone (digest, expires_at)
       SELECT md5(n || ' 1') || md5(n || ' 2'), now() + interval '30 days'
         FROM generate_series(1, %(count)s) AS n""",
    """INSERT INTO publik_socialmedia_delivery
              (conversation_id, message_id, demand_id, lane, kind, key, state, rank_at, sequence, due_at,
               attempts, unknown, reason, error, created_at, first_tried_at, tried_at, done_at)
       SELECT conversation_id, id, demand_id,
              CASE origin WHEN 'agent' THEN 'network' ELSE 'wcs' END,
              CASE origin WHEN 'agent' THEN 'send' ELSE 'message' END,
              CASE origin WHEN 'agent' THEN 'send:' ELSE 'message:' END || id,
              'done', sort_at, 0, sort_at, 1, false, '', '', sort_at, sort_at, sort_at, sort_at
         FROM publik_socialmedia_message""",
    """INSERT INTO publik_socialmedia_rawevent
              (endpoint_id, lane, network, source, call, digest, body, received_at, state, attempts, error,
               outcome)
       SELECT %(endpoint)s, 'endpoint ' || %(endpoint)s, 'messenger', 'webhook', '', '', %(body)s, at, 'done',
              1, '', '{"counts": {"message": 1}}'
         FROM generate_series(1, 2 * %(count)s) AS n,
              LATERAL (SELECT now() - n * interval '10 seconds' AS at) AS t""",
)
_COUNTED = ('contact', 'conversation', 'demand', 'message')


def populate(databases: Databases, name: str, count: int) -> None:
    """Fill a fresh database; statistics and visibility are up to date afterwards, as autovacuum does."""
    with databases.cursor(name) as cursor:
        fill(cursor, count)
        cursor.execute('VACUUM ANALYZE')
        cursor.execute('CHECKPOINT')


def fill(cursor: Any, count: int, spacing: int = 20) -> None:
    """Make the rows, for the only account of the database, which has no conversation yet. ``spacing``:
    seconds between two conversations."""
    from bench.bodies import message_body
    from publik_socialmedia.fields import encrypt

    cursor.execute('SELECT id, endpoint_id FROM publik_socialmedia_account')
    ((account, endpoint),) = cursor.fetchall()
    values = {
        'account': account,
        'endpoint': endpoint,
        'count': count,
        'step': timedelta(seconds=spacing),
        'body': encrypt(message_body('psid-old', 0)),
    }
    for statement in _STATEMENTS:
        cursor.execute(statement, values)
    for table in _COUNTED:
        cursor.execute(
            f"""SELECT setval(pg_get_serial_sequence('publik_socialmedia_{table}', 'id'), max(id))
                  FROM publik_socialmedia_{table} HAVING max(id) IS NOT NULL"""
        )

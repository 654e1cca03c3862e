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

"""A town that has served for a year: fifty accounts, a hundred thousand messages, and what went wrong."""

from __future__ import annotations

from typing import Any

from bench.databases import Databases
from bench.population import fill

ACCOUNTS = 50
MESSAGES = 100_000  # three for each conversation
NETWORKS = ('messenger', 'instagram', 'whatsapp', 'x', 'mastodon', 'bluesky', 'telegram')
YEAR = 365 * 86400
TROUBLE = 600  # deliveries blocked, late, bodies unreadable: of each

_SHARED = ('contact', 'conversation', 'demand')  # whose id is the number of the conversation
# the busiest account has half of everything, as the first one of a town does; %(first)s its id
_OWNER = """CASE WHEN {number} %% 2 = 0 THEN %(first)s ELSE %(first)s + 1 + {number} %% %(others)s END"""
_SPREAD = (
    *(
        f'UPDATE publik_socialmedia_{table} AS row SET account_id = {_OWNER.format(number="row.id")}'
        for table in _SHARED
    ),
    f'UPDATE publik_socialmedia_contactidentifier SET account_id = {_OWNER.format(number="contact_id")}',
    f'UPDATE publik_socialmedia_message SET account_id = {_OWNER.format(number="conversation_id")}',
    """UPDATE publik_socialmedia_receipt SET account_id = message.account_id
         FROM publik_socialmedia_message AS message WHERE message.external_id = target""",
    # demands are as old as their conversation; those of the last month only are open
    """UPDATE publik_socialmedia_demand AS demand
          SET created_at = at, opened_at = at, seen_at = now(),
              state = CASE WHEN state = 'open' AND at > now() - interval '30 days'
                           THEN 'open' ELSE 'closed' END,
              closed_at = CASE WHEN state = 'open' AND at > now() - interval '30 days'
                               THEN NULL ELSE at + interval '5 days' END
         FROM (SELECT id, last_inbound_at - interval '2 hours' AS at
                 FROM publik_socialmedia_conversation) AS conversation
        WHERE conversation.id = demand.conversation_id""",
    # in three demands out of four the answer of the agent came from the network's application
    """UPDATE publik_socialmedia_message SET origin = 'native', answer_key = ''
        WHERE origin = 'agent' AND conversation_id %% 4 = 1""",
    """UPDATE publik_socialmedia_message SET state = 'failed', failure = 'window'
        WHERE origin = 'agent' AND conversation_id %% 50 = 2""",
    """UPDATE publik_socialmedia_delivery SET state = 'blocked', reason = 'wcs_unreachable', attempts = 12
        WHERE id IN (SELECT id FROM publik_socialmedia_delivery WHERE lane = 'wcs'
                      ORDER BY id LIMIT %(trouble)s)""",
    """UPDATE publik_socialmedia_delivery
          SET state = 'pending', reason = 'temporary', due_at = now() + interval '1 hour', attempts = 3
        WHERE id IN (SELECT id FROM publik_socialmedia_delivery WHERE lane = 'wcs' AND state = 'done'
                      ORDER BY id LIMIT %(trouble)s)""",
    """UPDATE publik_socialmedia_rawevent SET state = 'quarantined', error = 'unreadable'
        WHERE id IN (SELECT id FROM publik_socialmedia_rawevent ORDER BY id LIMIT %(trouble)s)""",
)


def build(databases: Databases, name: str) -> None:
    """Fill a fresh database; its statistics are up to date afterwards, as autovacuum does."""
    with databases.cursor(name) as cursor:
        cursor.execute('SELECT id FROM publik_socialmedia_account')
        ((first,),) = cursor.fetchall()
        fill(cursor, MESSAGES // 3 + 1, spacing=YEAR * 3 // MESSAGES)
        cursor.execute("UPDATE publik_socialmedia_account SET problem = '', last_event_at = now()")
        for number in range(1, ACCOUNTS):
            _copy(cursor, first, first + number, NETWORKS[number % len(NETWORKS)])
        values = {'first': first, 'others': ACCOUNTS - 1, 'trouble': TROUBLE}
        for statement in _SPREAD:
            cursor.execute(statement, values)
        # rewritten rows go back to the order in which they came: BRIN indexes read it
        cursor.execute('VACUUM FULL ANALYZE')
        cursor.execute('CHECKPOINT')


def _copy(cursor: Any, model: int, number: int, network: str) -> None:
    """Another account like that one, of another network."""
    cursor.execute(
        """SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
            WHERE table_name = 'publik_socialmedia_account'
              AND column_name NOT IN ('id', 'network', 'external_id', 'name')"""
    )
    ((columns,),) = cursor.fetchall()
    cursor.execute(
        f"""INSERT INTO publik_socialmedia_account (id, network, external_id, name, {columns})
            SELECT %(number)s, %(network)s, %(external)s, %(name)s, {columns}
              FROM publik_socialmedia_account WHERE id = %(model)s""",
        {
            'number': number,
            'network': network,
            'external': f'page-{number}',
            'name': f'Service {number}',
            'model': model,
        },
    )

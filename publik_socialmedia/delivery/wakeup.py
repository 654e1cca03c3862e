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

"""Wake the workers: a notification of PostgreSQL, which costs no write.

It is sent apart from the transaction that brought the work: a notification inside it would make all
committing transactions wait for each other. A lost one costs a second, the workers look by themselves (longer
where there are many tenants).
"""

from __future__ import annotations

import logging

from django.db import connection
from django.db.utils import Error

CHANNEL = 'publik_socialmedia'
DELIVER = 'deliver'

logger = logging.getLogger(__name__)


def wake(what: str = '') -> None:
    """Tell the workers that there is something to do in this schema; ``DELIVER``: to deliver, nothing else.
    Never fails."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, current_schema() || ' ' || %s)", [CHANNEL, what])
    except Error:
        logger.warning('the workers could not be woken, they will look by themselves')


def woken(payload: str) -> tuple[str, str]:
    """The schema where there is something to do, and what: '' or ``DELIVER``."""
    schema, _, what = payload.partition(' ')
    return schema, what

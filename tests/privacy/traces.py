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


"""Looking for every trace of a person: all columns of all tables, decrypted, and all files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db import connection

from publik_socialmedia.fields import encrypted_fields
from publik_socialmedia.models import Demand, Message


def database() -> str:
    """Every row of every table of the schema as text, and what encrypted columns hold in clear."""
    with connection.cursor() as cursor:
        cursor.execute('SELECT tablename FROM pg_tables WHERE schemaname = current_schema()')
        tables = [row[0] for row in cursor.fetchall()]
        rows = []
        for table in tables:
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" AS t')
            rows += [row[0] for row in cursor.fetchall()]
    for model, field in encrypted_fields():
        rows += [
            bytes(value).decode(errors='replace') if isinstance(value, bytes) else str(dict(value))
            for value in model._default_manager.values_list(field.attname, flat=True)
        ]
    return '\n'.join(rows)


def files(folder: Path) -> bytes:
    """Names and contents of all files."""
    return b'\n'.join(
        str(path).encode() + b'\n' + path.read_bytes() for path in folder.rglob('*') if path.is_file()
    )


def found(traces: Iterable[str], *, folder: Path, log: str) -> dict[str, list[str]]:
    """Where each trace is found: {'database': [...], 'files': [...], 'log': [...]}, {} if nowhere."""
    rows, content = database(), files(folder)
    # a text is written in JSON too: « é » may be \\u00e9 there
    places = {
        'database': [t for t in traces if t in rows or t.encode('unicode_escape').decode() in rows],
        'files': [t for t in traces if t.encode() in content],
        'log': [t for t in traces if t in log],
    }
    return {place: traces for place, traces in places.items() if traces}


def statistics() -> dict[str, Any]:
    """What the statistics count: messages by day, network, author and state; demands; delays of answers."""
    messages = list(
        Message.objects.order_by('pk').values_list(
            'account',
            'account__network',
            'origin',
            'state',
            'part',
            'received_at',
            'sent_at',
            'sort_at',
            'demand',
        )
    )
    demands = Demand.objects.order_by('pk').values_list('pk', 'account', 'form', 'opened_at', 'closed_at')
    by_day = Counter((row[1], row[2], row[3], row[5].date()) for row in messages)
    return {'messages': messages, 'by_day': by_day, 'demands': list(demands)}

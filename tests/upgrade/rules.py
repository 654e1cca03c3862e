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

"""What a migration may do once there is a site somewhere, so that nobody notices it.

Rules of our own rather than django-migration-linter: that one reads the SQL, which does not say how long a
lock is waited for, whether an interrupted operation can be done again, nor whether rows are changed in
batches. Here each operation is either one of ``publik_socialmedia.schema``, made and tested for that, or
does nothing to the database.
"""

from __future__ import annotations

from django.db import connection, migrations
from django.db.migrations.state import ProjectState

from publik_socialmedia import schema

SAFE = (
    schema.CreateTable,
    schema.AddColumn,
    schema.InBatches,
    schema.RequireColumn,
    schema.AddIndex,
    schema.AddCheck,
    schema.RemoveCheck,
)
# they say what to do instead, to who reads the failure
INSTEAD = {
    migrations.CreateModel: 'schema.CreateTable',
    migrations.AddField: 'schema.AddColumn',
    migrations.AddIndex: 'schema.AddIndex',
    migrations.AddConstraint: 'schema.AddCheck; unique ones are best born with their table',
    migrations.RemoveConstraint: 'schema.RemoveCheck',
    migrations.RunPython: 'schema.InBatches',
    migrations.RunSQL: 'schema.InBatches',
    migrations.RemoveField: 'leave the column to the older version, which still reads it',
    migrations.DeleteModel: 'leave the table to the older version, which still reads it',
    migrations.RenameField: 'a new column: the older version reads the old one',
    migrations.RenameModel: 'keep db_table: the older version reads it',
    migrations.AlterField: 'a new column of the new type, filled in batches',
}


def refusals(migration: migrations.Migration, state: ProjectState) -> list[str]:
    """What must not be in a migration that starts from that state; [] if it can be released."""
    found = [] if migration.atomic is False else ['atomic = False is missing: locks would be kept']
    for operation in migration.operations:
        if type(operation) not in SAFE and _changes_the_database(migration, operation, state):
            advice = INSTEAD.get(type(operation), 'an operation of publik_socialmedia.schema')
            found.append(f'{operation.describe()}: {advice}')
        operation.state_forwards(migration.app_label, state)
    return found


def _changes_the_database(
    migration: migrations.Migration, operation: migrations.operations.base.Operation, state: ProjectState
) -> bool:
    """Whether it has SQL; words for people and choices have none."""
    if not isinstance(operation, migrations.AlterField | migrations.AlterModelOptions):
        return True
    after = state.clone()
    operation.state_forwards(migration.app_label, after)
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        operation.database_forwards(migration.app_label, editor, state.clone(), after)
        return bool(editor.collected_sql)

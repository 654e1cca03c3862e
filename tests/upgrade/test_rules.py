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

"""Migrations to come keep to what traffic does not notice (``rules``)."""

from __future__ import annotations

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from publik_socialmedia import schema
from publik_socialmedia.models.common import check
from tests.upgrade import rules, sites

GRAPH = MigrationLoader(None)


def before(step: str) -> ProjectState:
    return GRAPH.project_state((sites.APP, sites.names()[sites.names().index(step) - 1]))


@pytest.mark.parametrize('step', sites.later())
def test_each_migration_keeps_the_rules(db, step):
    migration = GRAPH.get_migration(sites.APP, step)
    assert rules.refusals(migration, before(step)) == []


TEXT = models.CharField(max_length=10, default='')
REFUSED = {
    'default is dropped': migrations.AddField('message', 'word', TEXT),
    'index blocks writers': migrations.AddIndex('message', models.Index(fields=['state'], name='by_state')),
    'index cannot be made again': AddIndexConcurrently('message', models.Index(fields=['state'], name='by')),
    'check reads the table': migrations.AddConstraint('message', check('checked', models.Q(part__lt=9))),
    'unique reads the table': migrations.AddConstraint(
        'message', models.UniqueConstraint(fields=['sort_at'], name='once')
    ),
    'one transaction': migrations.RunPython(migrations.RunPython.noop),
    'anything': migrations.RunSQL('UPDATE publik_socialmedia_message SET part = 0'),
    'older version reads it': migrations.RemoveField('message', 'part'),
    'older version reads it too': migrations.RenameField('message', 'part', 'rank'),
    'older version reads it still': migrations.DeleteModel('Receipt'),
    'table is rewritten': migrations.AlterField('message', 'part', models.TextField()),
    'keys of other tables wait': migrations.CreateModel(
        'Word', [('id', models.BigAutoField(primary_key=True))]
    ),
}


@pytest.mark.parametrize('why', REFUSED)
def test_what_traffic_would_notice_is_refused(db, why):
    migration = migrations.Migration('0099_later', sites.APP)
    migration.atomic = False
    migration.operations = [REFUSED[why]]
    (refusal,) = rules.refusals(migration, GRAPH.project_state((sites.APP, sites.names()[-1])))
    assert refusal.partition(': ')[2]


def test_choices_and_labels_are_nothing_to_the_database(db):
    migration = migrations.Migration('0099_later', sites.APP)
    migration.atomic = False
    field = models.CharField('a label', max_length=16, choices=[('wcs', 'w.c.s.')])
    migration.operations = [migrations.AlterField('delivery', 'lane', field)]
    state = GRAPH.project_state((sites.APP, sites.names()[-1]))
    assert rules.refusals(migration, state) == []
    migration.atomic = True
    assert len(rules.refusals(migration, GRAPH.project_state((sites.APP, sites.names()[-1])))) == 1


@pytest.mark.parametrize(
    ('field', 'expression'),
    [
        (models.DateTimeField(), ''),  # no default
        (models.CharField(max_length=9, default=lambda: 'x'), ''),  # one value for all rows
        (models.CharField(max_length=9, default='x'), 'md5(random()::text)'),  # the table is rewritten
        (models.SlugField(null=True), ''),  # the table is read for its index
        (models.CharField(max_length=9, null=True, unique=True), ''),
        (models.ForeignKey('publik_socialmedia.Account', models.CASCADE, null=True), ''),
    ],
)
def test_a_column_that_others_would_wait_for_cannot_be_written(field, expression):
    with pytest.raises(TypeError):
        schema.AddColumn('message', 'word', field, default_sql=expression)


def test_a_change_of_rows_names_its_batch():
    with pytest.raises(TypeError):
        schema.InBatches('message', forwards='UPDATE {table} SET part = 0')

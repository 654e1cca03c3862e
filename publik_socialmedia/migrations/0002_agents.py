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

"""The agents' side: addresses that w.c.s. calls, acknowledgements, people linked to their Publik account."""

from django.db import migrations, models

import publik_socialmedia.models.common
from publik_socialmedia import schema
from publik_socialmedia.models.common import check

# 244 random bits, for demands that are there already or that the older version still inserts
NEW_TOKEN = "replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('publik_socialmedia', '0001_initial'),
    ]

    operations = [
        schema.CreateTable(
            name='Nonce',
            fields=[
                (
                    'id',
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
                    ),
                ),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('expires_at', models.DateTimeField(db_index=True)),
            ],
        ),
        schema.AddColumn(
            model_name='account',
            name='acknowledgement',
            field=models.JSONField(blank=True, default=dict, verbose_name='acknowledgement'),
        ),
        schema.AddColumn(
            model_name='contact',
            name='linked_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        schema.AddColumn(
            model_name='contact',
            name='name_id',
            field=models.CharField(blank=True, max_length=64),
        ),
        schema.AddColumn(
            model_name='contact',
            name='wcs_user_id',
            field=models.CharField(blank=True, max_length=32),
        ),
        schema.AddColumn(
            model_name='demand',
            name='display_number',
            field=models.CharField(blank=True, max_length=64),
        ),
        schema.AddColumn(
            model_name='demand',
            name='seen_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        schema.AddIndex(
            model_name='demand',
            index=models.Index(
                condition=models.Q(('state', 'open')), fields=['seen_at'], name='socialmedia_demand_unseen'
            ),
        ),
        schema.AddColumn(
            model_name='demand',
            name='tracking_code',
            field=models.CharField(blank=True, max_length=32),
        ),
        schema.AddColumn(
            model_name='demand',
            name='uuid',
            field=models.CharField(blank=True, max_length=36),
        ),
        # in three steps: the default of one column would be computed for the whole table at once
        schema.AddColumn(
            model_name='demand',
            name='token',
            field=models.CharField(editable=False, max_length=64, null=True),
            default_sql=NEW_TOKEN,
        ),
        schema.InBatches(
            'demand', forwards='UPDATE {table} SET token = DEFAULT WHERE token IS NULL AND {batch}'
        ),
        schema.RequireColumn(
            model_name='demand',
            name='token',
            field=models.CharField(
                default=publik_socialmedia.models.common.new_token,
                editable=False,
                max_length=64,
                unique=True,
            ),
        ),
        schema.AddColumn(
            model_name='message',
            name='template',
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='kind',
            field=models.CharField(
                choices=[
                    ('message', 'message of the citizen'),
                    ('native', 'answer written in the network’s own application'),
                    ('media', 'attachment that came late'),
                    ('edit', 'edited message'),
                    ('unsend', 'message taken back'),
                    ('state', 'state of an answer'),
                    ('window', 'end of the time to answer'),
                    ('send', 'answer to send'),
                ],
                max_length=16,
            ),
        ),
        schema.RemoveCheck(
            model_name='delivery',
            name='socialmedia_delivery_lane',
        ),
        # backwards: the older version knows nothing of them
        schema.InBatches('delivery', backwards="DELETE FROM {table} WHERE kind = 'window' AND {batch}"),
        schema.AddCheck(
            model_name='delivery',
            constraint=check(
                'socialmedia_delivery_lane',
                models.Q(
                    models.Q(('kind', 'send'), ('lane', 'network')),
                    models.Q(
                        ('kind__in', ['message', 'native', 'media', 'edit', 'unsend', 'state', 'window']),
                        ('lane', 'wcs'),
                    ),
                    _connector='OR',
                ),
            ),
        ),
    ]

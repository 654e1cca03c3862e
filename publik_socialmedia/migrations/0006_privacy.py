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

"""Retention of an account, persons erased and the proof of it, bodies without content."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import publik_socialmedia.fields
import publik_socialmedia.models.privacy
from publik_socialmedia import schema
from publik_socialmedia.models.common import check


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('publik_socialmedia', '0005_manager'),
    ]

    operations = [
        schema.CreateTable(
            name='Erasure',
            fields=[
                (
                    'id',
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
                    ),
                ),
                (
                    'reference',
                    models.CharField(
                        default=publik_socialmedia.models.privacy.new_reference,
                        editable=False,
                        max_length=32,
                        unique=True,
                    ),
                ),
                (
                    'origin',
                    models.CharField(
                        choices=[
                            ('request', 'request of the person'),
                            ('network', 'request passed on by the network'),
                        ],
                        default='request',
                        max_length=16,
                    ),
                ),
                ('network', models.SlugField(max_length=32, verbose_name='network')),
                ('subject', publik_socialmedia.fields.EncryptedJSONField(default=dict)),
                ('digests', models.JSONField(blank=True, default=list)),
                ('contacts', models.JSONField(blank=True, default=list)),
                (
                    'state',
                    models.CharField(
                        choices=[('pending', 'in progress'), ('done', 'done')],
                        default='pending',
                        max_length=16,
                    ),
                ),
                ('counts', models.JSONField(blank=True, default=dict)),
                ('demands', models.JSONField(blank=True, default=list)),
                ('requested_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                (
                    'actor',
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                'constraints': [
                    check(
                        'socialmedia_erasure_state',
                        models.Q(
                            ('state', 'pending'),
                            models.Q(('done_at__isnull', False), ('state', 'done')),
                            _connector='OR',
                        ),
                    ),
                ],
            },
        ),
        schema.AddColumn(
            model_name='account',
            name='raw_retention_days',
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name='days bodies are kept'),
        ),
        schema.AddColumn(
            model_name='account',
            name='retention_months',
            field=models.PositiveIntegerField(
                blank=True, null=True, verbose_name='months conversations are kept'
            ),
        ),
        schema.AddColumn(
            model_name='contact',
            name='erased_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        schema.AddColumn(
            model_name='rawevent',
            name='emptied_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        schema.AddIndex(
            model_name='rawevent',
            index=django.contrib.postgres.indexes.BrinIndex(
                fields=['received_at'], name='socialmedia_raw_age', pages_per_range=32
            ),
        ),
    ]

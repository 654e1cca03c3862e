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

"""What the administrators’ pages keep: accounts being connected, proofs of webhooks."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from publik_socialmedia import schema


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('publik_socialmedia', '0004_windows'),
    ]

    operations = [
        schema.CreateTable(
            name='Setup',
            fields=[
                (
                    'id',
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
                    ),
                ),
                ('done', models.JSONField(blank=True, default=list)),
                ('facts', models.JSONField(blank=True, default=dict)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                (
                    'account',
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='setup',
                        to='publik_socialmedia.account',
                    ),
                ),
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
        ),
        schema.AddColumn(
            model_name='endpoint',
            name='refusal',
            field=models.CharField(blank=True, max_length=32),
        ),
        schema.AddColumn(
            model_name='endpoint',
            name='refused_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        schema.AddColumn(
            model_name='endpoint',
            name='verified_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        schema.AddIndex(
            model_name='message',
            index=django.contrib.postgres.indexes.BrinIndex(
                fields=['received_at'], name='socialmedia_message_recent', pages_per_range=32
            ),
        ),
    ]

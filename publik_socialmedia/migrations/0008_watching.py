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

"""What was last found of each account, what its managers were told, and the mails that tell it."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import publik_socialmedia.models.common
from publik_socialmedia.schema import CreateTable

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')


class Migration(migrations.Migration):
    atomic = False

    dependencies = [('publik_socialmedia', '0007_jobs')]

    operations = [
        CreateTable(
            name='Watch',
            fields=[
                ('id', ID),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('checked_at', models.DateTimeField(blank=True, null=True)),
                ('findings', models.JSONField(blank=True, default=list)),
                (
                    'account',
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='watch',
                        to='publik_socialmedia.account',
                    ),
                ),
            ],
            options={'indexes': [models.Index(fields=['due_at'], name='socialmedia_watch_due')]},
        ),
        CreateTable(
            name='Trouble',
            fields=[
                ('id', ID),
                ('key', models.CharField(max_length=250, unique=True)),
                ('family', models.CharField(max_length=250)),
                ('reason', models.CharField(max_length=64)),
                ('begun_at', models.DateTimeField(default=django.utils.timezone.now)),
                (
                    'account',
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to='publik_socialmedia.account',
                    ),
                ),
            ],
        ),
        CreateTable(
            name='Notice',
            fields=[
                ('id', ID),
                (
                    'key',
                    models.CharField(
                        default=publik_socialmedia.models.common.new_key, max_length=32, unique=True
                    ),
                ),
                ('recipient', models.CharField(max_length=254)),
                ('subject', models.CharField(max_length=250)),
                ('body', models.TextField()),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
    ]

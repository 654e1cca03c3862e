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

"""Long work that an administrator asked for, and accounts that are being removed."""

from django.conf import settings
from django.db import migrations, models
import django.db.models.deletion
import django.utils.timezone
from publik_socialmedia.models.common import check
from publik_socialmedia.schema import AddColumn, CreateTable


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('publik_socialmedia', '0006_privacy'),
    ]

    operations = [
        AddColumn(
            model_name='account',
            name='removed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        CreateTable(
            name='Job',
            fields=[
                (
                    'id',
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
                    ),
                ),
                (
                    'kind',
                    models.CharField(
                        choices=[
                            ('count', 'count of what was written before'),
                            ('import', 'import of the threads that wait'),
                            ('repair', 'repair of a gap'),
                            ('removal', 'removal of the account'),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    'state',
                    models.CharField(
                        choices=[
                            ('pending', 'in progress'),
                            ('done', 'done'),
                            ('failed', 'failed'),
                            ('stopped', 'stopped'),
                        ],
                        default='pending',
                        max_length=16,
                    ),
                ),
                ('since', models.DateTimeField(blank=True, null=True)),
                ('cursor', models.JSONField(blank=True, default=dict)),
                ('threads', models.JSONField(blank=True, default=dict)),
                ('progress', models.JSONField(blank=True, default=dict)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('reason', models.CharField(blank=True, max_length=64)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                (
                    'account',
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='jobs',
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
            options={
                'indexes': [
                    models.Index(
                        condition=models.Q(('state', 'pending')),
                        fields=['due_at'],
                        name='socialmedia_job_due',
                    )
                ],
                'constraints': [
                    models.UniqueConstraint(
                        condition=models.Q(('state', 'pending')),
                        fields=('account',),
                        name='socialmedia_job_one_pending',
                    ),
                    check(
                        'socialmedia_job_state',
                        models.Q(('state__in', ['pending', 'done', 'failed', 'stopped'])),
                    ),
                ],
            },
        ),
    ]

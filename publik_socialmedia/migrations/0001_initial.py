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

"""Tables of the first release."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import publik_socialmedia.fields
import publik_socialmedia.models.common
from publik_socialmedia.models.common import check


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Account',
            fields=[
                (
                    'id',
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
                    ),
                ),
                ('network', models.SlugField(max_length=32, verbose_name='network')),
                ('external_id', models.CharField(blank=True, max_length=512)),
                ('name', models.CharField(blank=True, max_length=250, verbose_name='name')),
                ('credentials', publik_socialmedia.fields.EncryptedJSONField(default=dict)),
                ('facts', models.JSONField(blank=True, default=dict)),
                (
                    'state',
                    models.CharField(
                        choices=[('active', 'active'), ('paused', 'paused'), ('broken', 'to reconnect')],
                        default='active',
                        max_length=16,
                    ),
                ),
                ('problem', models.CharField(blank=True, max_length=64)),
                ('problem_at', models.DateTimeField(blank=True, null=True)),
                ('token_expires_at', models.DateTimeField(blank=True, null=True)),
                ('wcs_site', models.SlugField(blank=True, max_length=64, verbose_name='w.c.s. site')),
                ('form', models.SlugField(blank=True, max_length=250, verbose_name='form')),
                ('wcs_problem', models.CharField(blank=True, max_length=64)),
                ('wcs_problem_at', models.DateTimeField(blank=True, null=True)),
                (
                    'grouping_delay',
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name='grouping delay (seconds)'
                    ),
                ),
                (
                    'reopen_days',
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name='re-opening delay (days)'
                    ),
                ),
                ('cursor', models.JSONField(blank=True, default=dict)),
                ('poll_due_at', models.DateTimeField(blank=True, null=True)),
                ('poll_lease_until', models.DateTimeField(blank=True, null=True)),
                ('poll_lease_token', models.CharField(blank=True, max_length=32)),
                ('poll_failures', models.PositiveIntegerField(default=0)),
                ('reread_due_at', models.DateTimeField(blank=True, null=True)),
                ('last_event_at', models.DateTimeField(blank=True, null=True)),
                ('last_error', models.CharField(blank=True, max_length=250)),
                ('last_error_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='Contact',
            fields=[
                (
                    'id',
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
                    ),
                ),
                ('name', models.CharField(blank=True, max_length=250)),
                ('name_asked_at', models.DateTimeField(blank=True, null=True)),
                ('blocked', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                (
                    'account',
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='contacts',
                        to='publik_socialmedia.account',
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name='Conversation',
            fields=[
                (
                    'id',
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
                    ),
                ),
                ('last_inbound_at', models.DateTimeField(blank=True, null=True)),
                ('last_activity_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('lease_token', models.CharField(blank=True, max_length=32)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                (
                    'account',
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='conversations',
                        to='publik_socialmedia.account',
                    ),
                ),
                (
                    'contact',
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='conversation',
                        to='publik_socialmedia.contact',
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name='Demand',
            fields=[
                (
                    'id',
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
                    ),
                ),
                (
                    'key',
                    models.CharField(
                        default=publik_socialmedia.models.common.new_key, max_length=32, unique=True
                    ),
                ),
                ('wcs_site', models.SlugField(max_length=64)),
                ('form', models.SlugField(max_length=250)),
                ('number', models.CharField(blank=True, max_length=32)),
                ('url', models.URLField(blank=True, max_length=500)),
                ('backoffice_url', models.URLField(blank=True, max_length=500)),
                (
                    'state',
                    models.CharField(
                        choices=[
                            ('opening', 'being created'),
                            ('open', 'open'),
                            ('closed', 'closed'),
                            ('gone', 'deleted or anonymised'),
                        ],
                        default='opening',
                        max_length=16,
                    ),
                ),
                ('status_id', models.CharField(blank=True, max_length=64)),
                ('status_name', models.CharField(blank=True, max_length=250)),
                ('tried_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('opened_at', models.DateTimeField(blank=True, null=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                (
                    'account',
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='demands',
                        to='publik_socialmedia.account',
                    ),
                ),
                (
                    'conversation',
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='demands',
                        to='publik_socialmedia.conversation',
                    ),
                ),
                (
                    'previous',
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to='publik_socialmedia.demand',
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name='Endpoint',
            fields=[
                (
                    'id',
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
                    ),
                ),
                ('network', models.SlugField(max_length=32, verbose_name='network')),
                ('label', models.CharField(blank=True, max_length=250, verbose_name='label')),
                (
                    'token',
                    models.CharField(
                        default=publik_socialmedia.models.common.new_token,
                        editable=False,
                        max_length=64,
                        unique=True,
                    ),
                ),
                ('secrets', publik_socialmedia.fields.EncryptedJSONField(default=dict)),
                ('enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                (
                    'id',
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
                    ),
                ),
                (
                    'origin',
                    models.CharField(
                        choices=[
                            ('citizen', 'citizen'),
                            ('agent', 'agent'),
                            ('native', 'written in the network’s own application'),
                            ('automatic', 'automatic'),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    'state',
                    models.CharField(
                        choices=[
                            ('received', 'received'),
                            ('queued', 'being sent'),
                            ('sent', 'sent'),
                            ('delivered', 'delivered'),
                            ('read', 'read'),
                            ('failed', 'failed'),
                        ],
                        max_length=16,
                    ),
                ),
                ('external_id', models.CharField(blank=True, max_length=512)),
                ('key', models.CharField(blank=True, max_length=64)),
                ('text', models.TextField(blank=True)),
                ('unreadable', models.CharField(blank=True, max_length=32)),
                ('reply_to', models.CharField(blank=True, max_length=512)),
                ('details', models.JSONField(blank=True, default=dict)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('received_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('sort_at', models.DateTimeField()),
                ('sequence', models.PositiveIntegerField(default=0)),
                ('edited', models.BooleanField(default=False)),
                ('erased_at', models.DateTimeField(blank=True, null=True)),
                ('answer_key', models.CharField(blank=True, max_length=128)),
                ('part', models.PositiveSmallIntegerField(default=0)),
                ('failure', models.CharField(blank=True, max_length=64)),
                ('failure_code', models.CharField(blank=True, max_length=32)),
                (
                    'account',
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='+',
                        to='publik_socialmedia.account',
                    ),
                ),
                (
                    'conversation',
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='messages',
                        to='publik_socialmedia.conversation',
                    ),
                ),
                (
                    'demand',
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name='messages',
                        to='publik_socialmedia.demand',
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name='Tombstone',
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
        migrations.CreateModel(
            name='Reaction',
            fields=[
                (
                    'id',
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
                    ),
                ),
                ('target', models.CharField(max_length=512)),
                ('user', models.CharField(max_length=512)),
                ('emoji', models.CharField(blank=True, max_length=64)),
                ('removed', models.BooleanField(default=False)),
                ('at', models.DateTimeField()),
                (
                    'account',
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='+',
                        to='publik_socialmedia.account',
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name='RawEvent',
            fields=[
                (
                    'id',
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
                    ),
                ),
                ('lane', models.CharField(max_length=32)),
                ('network', models.SlugField(max_length=32)),
                ('source', models.CharField(max_length=16)),
                ('call', models.CharField(blank=True, max_length=250)),
                ('digest', models.CharField(blank=True, max_length=64)),
                ('body', publik_socialmedia.fields.EncryptedBinaryField()),
                ('received_at', models.DateTimeField(default=django.utils.timezone.now)),
                (
                    'state',
                    models.CharField(
                        choices=[('pending', 'to read'), ('done', 'read'), ('quarantined', 'in quarantine')],
                        default='pending',
                        max_length=16,
                    ),
                ),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('error', models.CharField(blank=True, max_length=250)),
                ('outcome', models.JSONField(blank=True, default=dict)),
                (
                    'account',
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to='publik_socialmedia.account',
                    ),
                ),
                (
                    'endpoint',
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to='publik_socialmedia.endpoint',
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name='MessageVersion',
            fields=[
                (
                    'id',
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
                    ),
                ),
                ('rank', models.BigIntegerField()),
                ('text', models.TextField(blank=True)),
                ('at', models.DateTimeField(blank=True, null=True)),
                (
                    'message',
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='versions',
                        to='publik_socialmedia.message',
                    ),
                ),
            ],
            options={
                'ordering': ['rank'],
            },
        ),
        migrations.CreateModel(
            name='Journal',
            fields=[
                (
                    'id',
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
                    ),
                ),
                ('action', models.CharField(max_length=64)),
                ('details', models.JSONField(blank=True, default=dict)),
                ('at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                (
                    'account',
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
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
        migrations.CreateModel(
            name='Delivery',
            fields=[
                (
                    'id',
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
                    ),
                ),
                (
                    'lane',
                    models.CharField(
                        choices=[('wcs', 'towards w.c.s.'), ('network', 'towards the network')], max_length=16
                    ),
                ),
                (
                    'kind',
                    models.CharField(
                        choices=[
                            ('message', 'message of the citizen'),
                            ('native', 'answer written in the network’s own application'),
                            ('media', 'attachment that came late'),
                            ('edit', 'edited message'),
                            ('unsend', 'message taken back'),
                            ('state', 'state of an answer'),
                            ('send', 'answer to send'),
                        ],
                        max_length=16,
                    ),
                ),
                ('key', models.CharField(max_length=128, unique=True)),
                (
                    'state',
                    models.CharField(
                        choices=[
                            ('pending', 'waiting'),
                            ('done', 'done'),
                            ('blocked', 'blocked'),
                            ('cancelled', 'not needed'),
                        ],
                        default='pending',
                        max_length=16,
                    ),
                ),
                ('rank_at', models.DateTimeField()),
                ('sequence', models.PositiveIntegerField(default=0)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('unknown', models.BooleanField(default=False)),
                ('reason', models.CharField(blank=True, max_length=64)),
                ('error', models.CharField(blank=True, max_length=250)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('first_tried_at', models.DateTimeField(blank=True, null=True)),
                ('tried_at', models.DateTimeField(blank=True, null=True)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                (
                    'conversation',
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='deliveries',
                        to='publik_socialmedia.conversation',
                    ),
                ),
                (
                    'demand',
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to='publik_socialmedia.demand',
                    ),
                ),
                (
                    'message',
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='deliveries',
                        to='publik_socialmedia.message',
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name='ContactIdentifier',
            fields=[
                (
                    'id',
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
                    ),
                ),
                ('value', models.CharField(max_length=512)),
                (
                    'account',
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='+',
                        to='publik_socialmedia.account',
                    ),
                ),
                (
                    'contact',
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='identifiers',
                        to='publik_socialmedia.contact',
                    ),
                ),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='ChannelEvent',
            fields=[
                (
                    'id',
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
                    ),
                ),
                ('topic', models.CharField(max_length=64)),
                ('severity', models.CharField(blank=True, max_length=16)),
                ('user', models.CharField(blank=True, max_length=512)),
                ('details', models.JSONField(blank=True, default=dict)),
                ('at', models.DateTimeField(blank=True, null=True)),
                ('received_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('key', models.CharField(max_length=64, unique=True)),
                (
                    'account',
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='channel_events',
                        to='publik_socialmedia.account',
                    ),
                ),
                (
                    'endpoint',
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to='publik_socialmedia.endpoint',
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                (
                    'id',
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
                    ),
                ),
                ('position', models.PositiveSmallIntegerField()),
                ('kind', models.CharField(max_length=16)),
                ('url', models.TextField(blank=True)),
                ('reference', models.CharField(blank=True, max_length=512)),
                ('mimetype', models.CharField(blank=True, max_length=250)),
                ('filename', models.CharField(blank=True, max_length=250)),
                ('size', models.PositiveBigIntegerField(blank=True, null=True)),
                ('alt', models.TextField(blank=True)),
                ('declared', models.CharField(blank=True, max_length=32)),
                ('details', models.JSONField(blank=True, default=dict)),
                (
                    'state',
                    models.CharField(
                        choices=[
                            ('shown', 'nothing to fetch'),
                            ('wanted', 'to fetch'),
                            ('stored', 'stored'),
                            ('given', 'given to w.c.s.'),
                            ('unavailable', 'media unavailable'),
                            ('erased', 'erased'),
                        ],
                        max_length=16,
                    ),
                ),
                ('reason', models.CharField(blank=True, max_length=64)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('storage', models.CharField(blank=True, max_length=250)),
                (
                    'message',
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='attachments',
                        to='publik_socialmedia.message',
                    ),
                ),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.AddField(
            model_name='account',
            name='endpoint',
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name='accounts',
                to='publik_socialmedia.endpoint',
            ),
        ),
        migrations.CreateModel(
            name='Receipt',
            fields=[
                (
                    'id',
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
                    ),
                ),
                ('target', models.CharField(blank=True, max_length=512)),
                ('user', models.CharField(blank=True, max_length=512)),
                ('status', models.CharField(max_length=16)),
                ('up_to', models.DateTimeField(blank=True, null=True)),
                ('code', models.CharField(blank=True, max_length=32)),
                ('reason', models.CharField(blank=True, max_length=64)),
                ('received_at', models.DateTimeField(default=django.utils.timezone.now)),
                (
                    'account',
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='+',
                        to='publik_socialmedia.account',
                    ),
                ),
            ],
            options={
                'indexes': [models.Index(fields=['account', 'user'], name='socialmedia_receipt_user')],
            },
        ),
        migrations.AddConstraint(
            model_name='receipt',
            constraint=models.UniqueConstraint(
                fields=('account', 'target', 'user', 'status'), name='socialmedia_receipt_once'
            ),
        ),
        migrations.AddConstraint(
            model_name='reaction',
            constraint=models.UniqueConstraint(
                fields=('account', 'target', 'user'), name='socialmedia_reaction_once'
            ),
        ),
        migrations.AddIndex(
            model_name='rawevent',
            index=models.Index(
                condition=models.Q(('state', 'pending')), fields=['lane', 'id'], name='socialmedia_raw_queue'
            ),
        ),
        migrations.AddIndex(
            model_name='rawevent',
            index=models.Index(
                condition=models.Q(('state', 'quarantined')),
                fields=['received_at'],
                name='socialmedia_raw_quarantine',
            ),
        ),
        migrations.AddIndex(
            model_name='rawevent',
            index=models.Index(
                condition=models.Q(('digest', ''), _negated=True),
                fields=['account', 'digest'],
                name='socialmedia_raw_digest',
            ),
        ),
        migrations.AddConstraint(
            model_name='rawevent',
            constraint=check(
                'socialmedia_raw_state', models.Q(('state__in', ['pending', 'done', 'quarantined']))
            ),
        ),
        migrations.AddConstraint(
            model_name='messageversion',
            constraint=models.UniqueConstraint(fields=('message', 'rank'), name='socialmedia_version_once'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(
                fields=['conversation', 'sort_at', 'sequence'], name='socialmedia_message_order'
            ),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(
                condition=models.Q(('external_id', ''), _negated=True),
                fields=('account', 'external_id'),
                name='socialmedia_message_once',
            ),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(
                condition=models.Q(('key', ''), _negated=True),
                fields=('account', 'key'),
                name='socialmedia_message_key_once',
            ),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(
                condition=models.Q(('answer_key', ''), _negated=True),
                fields=('conversation', 'answer_key', 'part'),
                name='socialmedia_answer_once',
            ),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=check(
                'socialmedia_message_identified',
                models.Q(
                    models.Q(('external_id', ''), _negated=True),
                    models.Q(('key', ''), _negated=True),
                    _connector='OR',
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=check(
                'socialmedia_message_erased',
                models.Q(('erased_at__isnull', True), ('text', ''), _connector='OR'),
            ),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=check(
                'socialmedia_message_state',
                models.Q(
                    models.Q(('origin', 'citizen'), ('state', 'received')),
                    models.Q(
                        ('origin__in', ['agent', 'native', 'automatic']),
                        ('state__in', ['queued', 'sent', 'delivered', 'read', 'failed']),
                    ),
                    _connector='OR',
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name='demand',
            constraint=models.UniqueConstraint(
                condition=models.Q(('state__in', ['opening', 'open'])),
                fields=('conversation',),
                name='socialmedia_demand_one_open',
            ),
        ),
        migrations.AddConstraint(
            model_name='demand',
            constraint=check(
                'socialmedia_demand_state', models.Q(('state__in', ['opening', 'open', 'closed', 'gone']))
            ),
        ),
        migrations.AddConstraint(
            model_name='demand',
            constraint=check(
                'socialmedia_demand_number',
                models.Q(('state', 'opening'), models.Q(('number', ''), _negated=True), _connector='OR'),
            ),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(
                condition=models.Q(('state', 'pending')),
                fields=['conversation', 'lane', 'rank_at', 'sequence', 'id'],
                name='socialmedia_delivery_queue',
            ),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(
                condition=models.Q(('state', 'blocked')),
                fields=['tried_at'],
                name='socialmedia_delivery_blocked',
            ),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=check(
                'socialmedia_delivery_state',
                models.Q(('state__in', ['pending', 'done', 'blocked', 'cancelled'])),
            ),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=check(
                'socialmedia_delivery_lane',
                models.Q(
                    models.Q(('kind', 'send'), ('lane', 'network')),
                    models.Q(
                        ('kind__in', ['message', 'native', 'media', 'edit', 'unsend', 'state']),
                        ('lane', 'wcs'),
                    ),
                    _connector='OR',
                ),
            ),
        ),
        migrations.AddIndex(
            model_name='conversation',
            index=models.Index(
                condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='socialmedia_conv_due'
            ),
        ),
        migrations.AddIndex(
            model_name='conversation',
            index=models.Index(fields=['account', '-last_activity_at'], name='socialmedia_conv_recent'),
        ),
        migrations.AddConstraint(
            model_name='contactidentifier',
            constraint=models.UniqueConstraint(
                fields=('account', 'value'), name='socialmedia_identifier_once'
            ),
        ),
        migrations.AddIndex(
            model_name='channelevent',
            index=models.Index(fields=['account', '-received_at'], name='socialmedia_channel_recent'),
        ),
        migrations.AddConstraint(
            model_name='attachment',
            constraint=models.UniqueConstraint(
                fields=('message', 'position'), name='socialmedia_attachment_once'
            ),
        ),
        migrations.AddConstraint(
            model_name='attachment',
            constraint=check(
                'socialmedia_attachment_state',
                models.Q(('state__in', ['shown', 'wanted', 'stored', 'given', 'unavailable', 'erased'])),
            ),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(
                condition=models.Q(('poll_due_at__isnull', False)),
                fields=['poll_due_at'],
                name='socialmedia_account_poll',
            ),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.UniqueConstraint(
                condition=models.Q(('external_id', ''), _negated=True),
                fields=('network', 'external_id'),
                name='socialmedia_account_once',
            ),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=check(
                'socialmedia_account_state', models.Q(('state__in', ['active', 'paused', 'broken']))
            ),
        ),
    ]

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

"""People, conversations and messages."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from publik_socialmedia.models.accounts import Account
from publik_socialmedia.models.common import ID_LENGTH, check
from publik_socialmedia.networks import base


class Contact(models.Model):
    """One person as one account sees them. The name is optional (R15).

    ``name_id`` and ``wcs_user_id``: the Publik account that this person proved to be theirs (R27), as the
    bricks and as w.c.s. call it; '' while nothing is proved. ``erased_at``: nothing is known of them since;
    the row remains for the counts, without name nor identifier.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name='contacts')
    name = models.CharField(max_length=250, blank=True)
    name_asked_at = models.DateTimeField(null=True, blank=True)  # last profile call, whatever it gave
    blocked = models.BooleanField(default=False)
    name_id = models.CharField(max_length=64, blank=True)
    wcs_user_id = models.CharField(max_length=32, blank=True)
    linked_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f'contact {self.pk}'

    @cached_property
    def address(self) -> str:
        """The oldest of their identifiers, to which we write; '' if they have none."""
        first = self.identifiers.first()
        return first.value if first else ''


class ContactIdentifier(models.Model):
    """One of the identifiers of a person. The oldest row is the one that we write to."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name='+')
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name='identifiers')
    value = models.CharField(max_length=ID_LENGTH)

    class Meta:
        ordering = ['id']
        constraints = [
            models.UniqueConstraint(fields=['account', 'value'], name='socialmedia_identifier_once'),
        ]

    def __str__(self) -> str:
        return f'identifier {self.pk}'


class Conversation(models.Model):
    """All that one account and one person say to each other: the unit of work and of order.

    ``due_at``: when the earliest pending delivery is due, None if there is none. ``lease_*``: the worker that
    has it. ``last_inbound_at``: reception of the citizen's last message, from which windows are counted.
    ``window_at``: when to look whether an answer is still awaited while the time for it ends, None: never.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name='conversations')
    contact = models.OneToOneField(Contact, on_delete=models.CASCADE, related_name='conversation')
    last_inbound_at = models.DateTimeField(null=True, blank=True)
    last_activity_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(null=True, blank=True)
    window_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            # the claim of the worker: earliest due first
            models.Index(fields=['due_at'], condition=Q(due_at__isnull=False), name='socialmedia_conv_due'),
            models.Index(
                fields=['window_at'], condition=Q(window_at__isnull=False), name='socialmedia_conv_window'
            ),
            # the threads that ``reread`` follows
            models.Index(fields=['account', '-last_activity_at'], name='socialmedia_conv_recent'),
        ]

    def __str__(self) -> str:
        return f'conversation {self.pk}'


class Message(models.Model):
    """One message of the network, in or out. A long answer makes several (``answer_key``, ``part``).

    ``external_id``: '' while the network gave none. ``key``: hash of the content of what has no id, or our
    own correlation key of what we send. ``sent_at``: the network's time, None if absurd; ``sort_at``: that
    time or else the reception, which orders the conversation with ``sequence``. An erased message keeps its
    row: a redelivery finds it. ``template``: goes out as a model that the network approved beforehand.
    """

    class Origin(models.TextChoices):
        CITIZEN = 'citizen', _('citizen')
        AGENT = 'agent', _('agent')
        NATIVE = 'native', _('written in the network’s own application')
        AUTOMATIC = 'automatic', _('automatic')

    class State(models.TextChoices):
        RECEIVED = 'received', _('received')
        QUEUED = 'queued', _('being sent')
        SENT = 'sent', _('sent')
        DELIVERED = 'delivered', _('delivered')
        READ = 'read', _('read')
        FAILED = 'failed', _('failed')

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name='+')
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name='messages')
    origin = models.CharField(max_length=16, choices=Origin.choices)
    state = models.CharField(max_length=16, choices=State.choices)
    external_id = models.CharField(max_length=ID_LENGTH, blank=True)
    key = models.CharField(max_length=64, blank=True)
    text = models.TextField(blank=True)
    unreadable = models.CharField(max_length=32, blank=True)
    reply_to = models.CharField(max_length=ID_LENGTH, blank=True)
    details = models.JSONField(default=dict, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(default=timezone.now)
    sort_at = models.DateTimeField()
    sequence = models.PositiveIntegerField(default=0)
    edited = models.BooleanField(default=False)
    erased_at = models.DateTimeField(null=True, blank=True)
    answer_key = models.CharField(max_length=128, blank=True)
    part = models.PositiveSmallIntegerField(default=0)
    template = models.BooleanField(default=False)
    failure = models.CharField(max_length=64, blank=True)  # reason, when failed
    failure_code = models.CharField(max_length=32, blank=True)
    demand = models.ForeignKey(
        'publik_socialmedia.Demand',
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name='messages',
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=['account', 'external_id'],
                condition=~Q(external_id=''),
                name='socialmedia_message_once',
            ),
            models.UniqueConstraint(
                fields=['account', 'key'], condition=~Q(key=''), name='socialmedia_message_key_once'
            ),
            models.UniqueConstraint(
                fields=['conversation', 'answer_key', 'part'],
                condition=~Q(answer_key=''),
                name='socialmedia_answer_once',
            ),
            check('socialmedia_message_identified', ~Q(external_id='') | ~Q(key='')),
            check('socialmedia_message_erased', Q(erased_at__isnull=True) | Q(text='')),
            check(
                'socialmedia_message_state',
                Q(origin='citizen', state='received')
                | Q(
                    origin__in=['agent', 'native', 'automatic'],
                    state__in=['queued', 'sent', 'delivered', 'read', 'failed'],
                ),
            ),
        ]
        indexes = [
            models.Index(fields=['conversation', 'sort_at', 'sequence'], name='socialmedia_message_order'),
            # what came lately, for the pages: rows are stored in that order, a few bytes are enough
            BrinIndex(fields=['received_at'], name='socialmedia_message_recent', pages_per_range=32),
        ]

    def __str__(self) -> str:
        return f'message {self.pk}'


class MessageVersion(models.Model):
    """A text that an edited message had or has. ``rank``: 0 = original; the highest is the current one."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name='versions')
    rank = models.BigIntegerField()
    text = models.TextField(blank=True)
    at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ['rank']
        constraints = [
            models.UniqueConstraint(fields=['message', 'rank'], name='socialmedia_version_once'),
        ]

    def __str__(self) -> str:
        return f'version {self.rank} of message {self.message_id}'


class Attachment(models.Model):
    """Something that came with a message, or goes with it.

    ``state``: ``shown`` (location, link, contact…: nothing to fetch), ``wanted`` (to fetch), ``stored`` (in
    our private storage under ``storage``), ``given`` (w.c.s. has it, ours is removed), ``unavailable``
    (``reason`` says why), ``erased``.
    """

    class State(models.TextChoices):
        SHOWN = 'shown', _('nothing to fetch')
        WANTED = 'wanted', _('to fetch')
        STORED = 'stored', _('stored')
        GIVEN = 'given', _('given to w.c.s.')
        UNAVAILABLE = 'unavailable', _('media unavailable')
        ERASED = 'erased', _('erased')

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name='attachments')
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=16)
    url = models.TextField(blank=True)
    reference = models.CharField(max_length=ID_LENGTH, blank=True)
    mimetype = models.CharField(max_length=250, blank=True)
    filename = models.CharField(max_length=250, blank=True)
    size = models.PositiveBigIntegerField(null=True, blank=True)
    alt = models.TextField(blank=True)
    declared = models.CharField(max_length=32, blank=True)
    details = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=16, choices=State.choices)
    reason = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    storage = models.CharField(max_length=250, blank=True)

    class Meta:
        ordering = ['position']
        constraints = [
            models.UniqueConstraint(fields=['message', 'position'], name='socialmedia_attachment_once'),
            check(
                'socialmedia_attachment_state',
                Q(state__in=['shown', 'wanted', 'stored', 'given', 'unavailable', 'erased']),
            ),
        ]

    def __str__(self) -> str:
        return f'attachment {self.pk}'

    def view(self) -> base.Attachment:
        """What the network's class is given to find the content."""
        return base.Attachment(
            kind=self.kind,
            url=self.url,
            reference=self.reference,
            mimetype=self.mimetype,
            filename=self.filename,
            size=self.size,
            details=self.details,
        )


class Reaction(models.Model):
    """The reaction of a person to a message, which may not have come yet; removed ones keep their row."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name='+')
    target = models.CharField(max_length=ID_LENGTH)  # external id of the message
    user = models.CharField(max_length=ID_LENGTH)
    emoji = models.CharField(max_length=64, blank=True)
    removed = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=['account', 'target', 'user'], name='socialmedia_reaction_once'),
        ]

    def __str__(self) -> str:
        return f'reaction {self.pk}'


class Receipt(models.Model):
    """What the network said of messages of ours, kept because it may come before we know the message.

    Either ``target`` (one message; if ``up_to`` is there, all those before it too) or ``user`` with ``up_to``
    (all that was sent to them until then).
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name='+')
    target = models.CharField(max_length=ID_LENGTH, blank=True)
    user = models.CharField(max_length=ID_LENGTH, blank=True)
    status = models.CharField(max_length=16)
    up_to = models.DateTimeField(null=True, blank=True)
    code = models.CharField(max_length=32, blank=True)
    reason = models.CharField(max_length=64, blank=True)
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=['account', 'target', 'user', 'status'], name='socialmedia_receipt_once'
            ),
        ]
        indexes = [models.Index(fields=['account', 'user'], name='socialmedia_receipt_user')]

    def __str__(self) -> str:
        return f'receipt {self.pk}'


class Tombstone(models.Model):
    """Keyed hash of an id that must not (come) back: of a message erased, or taken back before it came; of an
    erased person; of an event of theirs."""

    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f'tombstone {self.pk}'

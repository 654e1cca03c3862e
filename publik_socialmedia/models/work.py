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

"""The two queues, and the demands that they feed."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from publik_socialmedia.fields import EncryptedBinaryField
from publik_socialmedia.models.accounts import Account, Endpoint
from publik_socialmedia.models.common import check, new_key, new_token
from publik_socialmedia.models.conversations import Conversation, Message


class RawEvent(models.Model):
    """One body as received: committed before the network gets its answer, read later, maybe several times.

    The bodies of one ``lane`` (an endpoint, or a polled account) are read in the order of their numbers.
    ``outcome``: what its entries became, counted by kind, and ``unknown_accounts`` with their ids.
    ``emptied_at``: its content was erased because it spoke of an erased person; it cannot be read again.
    """

    class State(models.TextChoices):
        PENDING = 'pending', _('to read')
        DONE = 'done', _('read')
        # unreadable as a whole, or some of its items could not be recorded: kept, shown, replayable
        QUARANTINED = 'quarantined', _('in quarantine')

    endpoint = models.ForeignKey(Endpoint, null=True, blank=True, on_delete=models.CASCADE)
    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.CASCADE)
    lane = models.CharField(max_length=32)
    network = models.SlugField(max_length=32)
    source = models.CharField(max_length=16)
    call = models.CharField(max_length=250, blank=True)
    # of a polled body: the same page read again is not stored again
    digest = models.CharField(max_length=64, blank=True)
    body = EncryptedBinaryField()
    received_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=250, blank=True)
    outcome = models.JSONField(default=dict, blank=True)
    emptied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            check('socialmedia_raw_state', Q(state__in=['pending', 'done', 'quarantined'])),
        ]
        indexes = [
            models.Index(fields=['lane', 'id'], condition=Q(state='pending'), name='socialmedia_raw_queue'),
            models.Index(
                fields=['received_at'], condition=Q(state='quarantined'), name='socialmedia_raw_quarantine'
            ),
            models.Index(
                fields=['account', 'digest'], condition=~Q(digest=''), name='socialmedia_raw_digest'
            ),
            # the oldest first, for the end of their retention: rows are stored in that order
            BrinIndex(fields=['received_at'], name='socialmedia_raw_age', pages_per_range=32),
        ]

    def __str__(self) -> str:
        return f'raw event {self.pk}'

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.lane = self.lane_of(endpoint=self.endpoint_id, account=self.account_id)
        super().save(*args, **kwargs)

    @staticmethod
    def lane_of(*, endpoint: int | None = None, account: int | None = None) -> str:
        return f'account {account}' if account else f'endpoint {endpoint}'


class Demand(models.Model):
    """The w.c.s. formdata bound to a conversation for a time.

    ``key`` is written in the form: by it the demand is found again when the outcome of a submission is
    unknown. ``tried_at``: last time a submission was begun. ``state``: ``opening`` until w.c.s. gave its
    number; ``closed`` its status is an end; ``gone`` it was deleted or anonymised (R26).

    ``token``: its unguessable name in the addresses that w.c.s. calls; another one once it is gone.
    ``number``: its id in the API of w.c.s.; ``display_number``: what people read (« 12-34 »), known once we
    looked at it, as its ``uuid``. ``seen_at``: last time that w.c.s. told us its state.
    """

    class State(models.TextChoices):
        OPENING = 'opening', _('being created')
        OPEN = 'open', _('open')
        CLOSED = 'closed', _('closed')
        GONE = 'gone', _('deleted or anonymised')

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name='demands')
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name='demands')
    previous = models.ForeignKey('self', null=True, blank=True, on_delete=models.SET_NULL)
    key = models.CharField(max_length=32, unique=True, default=new_key)
    token = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    wcs_site = models.SlugField(max_length=64)
    form = models.SlugField(max_length=250)
    number = models.CharField(max_length=32, blank=True)
    display_number = models.CharField(max_length=64, blank=True)
    uuid = models.CharField(max_length=36, blank=True)
    tracking_code = models.CharField(max_length=32, blank=True)
    url = models.URLField(max_length=500, blank=True)
    backoffice_url = models.URLField(max_length=500, blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPENING)
    status_id = models.CharField(max_length=64, blank=True)
    status_name = models.CharField(max_length=250, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=['conversation'],
                condition=Q(state__in=['opening', 'open']),
                name='socialmedia_demand_one_open',
            ),
            check('socialmedia_demand_state', Q(state__in=['opening', 'open', 'closed', 'gone'])),
            check('socialmedia_demand_number', Q(state='opening') | ~Q(number='')),
        ]
        indexes = [
            # open ones that w.c.s. may have closed, anonymised or deleted without a word
            models.Index(fields=['seen_at'], condition=Q(state='open'), name='socialmedia_demand_unseen'),
        ]

    def __str__(self) -> str:
        return f'demand {self.number or self.pk}'

    def leave(self) -> None:
        """Deleted or anonymised in w.c.s.: nothing goes there any more, its addresses are dead (R26)."""
        self.state, self.token = self.State.GONE, new_token()
        Demand.objects.filter(pk=self.pk).update(state=self.state, token=self.token)


class Delivery(models.Model):
    """One thing that must reach w.c.s. or a network.

    Those of one conversation and lane go in the order of (``rank_at``, ``sequence``, ``id``), after those
    that are ``unknown``: the last try may have been carried out; look before repeating. ``tried_at``: start
    of the last try, or when its answer was given up.
    """

    class Lane(models.TextChoices):
        WCS = 'wcs', _('towards w.c.s.')
        NETWORK = 'network', _('towards the network')

    class Kind(models.TextChoices):
        MESSAGE = 'message', _('message of the citizen')
        NATIVE = 'native', _('answer written in the network’s own application')
        MEDIA = 'media', _('attachment that came late')
        EDIT = 'edit', _('edited message')
        UNSEND = 'unsend', _('message taken back')
        STATE = 'state', _('state of an answer')
        WINDOW = 'window', _('end of the time to answer')
        SEND = 'send', _('answer to send')

    class State(models.TextChoices):
        PENDING = 'pending', _('waiting')
        DONE = 'done', _('done')
        BLOCKED = 'blocked', _('blocked')
        CANCELLED = 'cancelled', _('not needed')

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name='deliveries')
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name='deliveries')
    demand = models.ForeignKey(Demand, null=True, blank=True, on_delete=models.SET_NULL)
    lane = models.CharField(max_length=16, choices=Lane.choices)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    key = models.CharField(max_length=128, unique=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    rank_at = models.DateTimeField()
    sequence = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveIntegerField(default=0)
    unknown = models.BooleanField(default=False)
    reason = models.CharField(max_length=64, blank=True)
    error = models.CharField(max_length=250, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    first_tried_at = models.DateTimeField(null=True, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            check('socialmedia_delivery_state', Q(state__in=['pending', 'done', 'blocked', 'cancelled'])),
            check(
                'socialmedia_delivery_lane',
                Q(lane='network', kind='send')
                | Q(lane='wcs', kind__in=['message', 'native', 'media', 'edit', 'unsend', 'state', 'window']),
            ),
        ]
        indexes = [
            models.Index(
                fields=['conversation', 'lane', 'rank_at', 'sequence', 'id'],
                condition=Q(state='pending'),
                name='socialmedia_delivery_queue',
            ),
            models.Index(
                fields=['tried_at'], condition=Q(state='blocked'), name='socialmedia_delivery_blocked'
            ),
        ]

    def __str__(self) -> str:
        return f'delivery {self.pk}'


class Nonce(models.Model):
    """Hash of the nonce of a signed call that was seen, so that the call is taken once."""

    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f'nonce {self.pk}'

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


"""What remains of a person who was erased: that it was done, when, and where something is left."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from publik_socialmedia.fields import EncryptedJSONField
from publik_socialmedia.models.common import check


def new_reference() -> str:
    """Unguessable (96 bits), and short enough to be dictated: it is shown to the person."""
    return secrets.token_hex(12)


class Erasure(models.Model):
    """One person to erase, then the proof that it was done (R51). Once done, it does not say who they were.

    ``subject``: their identifiers and the ids of their messages, encrypted, until it is done: what is needed
    to go on after an interruption. ``digests``: keyed hashes of the identifiers: who gives one can be told
    that this was about them. ``contacts``: numbers of the rows to empty.

    ``counts``: what was erased, by kind. ``demands``: what w.c.s. still holds, for agents to anonymise there:
    ``[{'site', 'form', 'number', 'name', 'url', 'gone'}]``, ``gone``: w.c.s. said that it holds it no more.
    """

    class Origin(models.TextChoices):
        REQUEST = 'request', _('request of the person')
        NETWORK = 'network', _('request passed on by the network')

    class State(models.TextChoices):
        PENDING = 'pending', _('in progress')
        DONE = 'done', _('done')

    reference = models.CharField(max_length=32, unique=True, default=new_reference, editable=False)
    origin = models.CharField(max_length=16, choices=Origin.choices, default=Origin.REQUEST)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    network = models.SlugField(_('network'), max_length=32)
    subject = EncryptedJSONField(default=dict)
    digests = models.JSONField(default=list, blank=True)
    contacts = models.JSONField(default=list, blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    counts = models.JSONField(default=dict, blank=True)
    demands = models.JSONField(default=list, blank=True)
    requested_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            check('socialmedia_erasure_state', Q(state='pending') | Q(state='done', done_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f'erasure {self.reference}'

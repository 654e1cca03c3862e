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

"""Endpoints, accounts, and what happened to them."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from publik_socialmedia import errors
from publik_socialmedia.addresses import absolute
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.fields import EncryptedJSONField
from publik_socialmedia.models.common import ID_LENGTH, check, new_token
from publik_socialmedia.networks import base


class Endpoint(models.Model):
    """A webhook address, shared by the accounts of one application of a network.

    ``secrets``: name of the credential → its valid values, newest first; two while one is changed (R1).
    ``verified_at``: last time that the network proved the address by its handshake; ``refused_at``: last call
    that we refused, for the reason ``refusal`` (a word of ``WebhookRejected``).
    """

    network = models.SlugField(_('network'), max_length=32)
    label = models.CharField(_('label'), max_length=250, blank=True)
    token = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    secrets = EncryptedJSONField(default=dict)
    enabled = models.BooleanField(_('enabled'), default=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)
    refusal = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.label or f'{self.network} {self.pk}'

    @property
    def address(self) -> str:
        """Where the network is to call us; '' while nothing says the address of this site."""
        try:
            return absolute('socialmedia-webhook', network=self.network, token=self.token)
        except errors.ConfigurationError:
            return ''


class Present(models.Manager['Account']):
    """The accounts but those that are being removed: these are gone for everything and everybody."""

    def get_queryset(self) -> models.QuerySet[Account]:
        return super().get_queryset().filter(removed_at__isnull=True)

    def listed(self) -> models.QuerySet[Account]:
        """All of them in the order of lists, without their secrets: what is to be seen, or to end in time,
        is so also when no key opens these any more."""
        return self.defer('credentials').order_by('network', 'name', 'pk')


class Account(models.Model):
    """The organisation's page, number, handle or bot on a network.

    ``problem``: why the network refuses us; ``wcs_problem``: why w.c.s. does (words of ``reasons``). What
    arrives is recorded in every state (R5): a broken account only cannot send nor fetch media.

    ``throttled_until``: the network wants nothing of this account before, whatever the conversation.
    ``acknowledgement``: settings of the automatic first answer, see ``delivery.acknowledgement``; {} = none.
    ``removed_at``: its removal was asked, and goes on in the background (``jobs.removal``): it has no
    identifier nor credentials any more, and ``objects`` does not know it.
    """

    class State(models.TextChoices):
        ACTIVE = 'active', _('active')
        PAUSED = 'paused', _('paused')
        BROKEN = 'broken', _('to reconnect')

    network = models.SlugField(_('network'), max_length=32)
    endpoint = models.ForeignKey(
        Endpoint, null=True, blank=True, on_delete=models.PROTECT, related_name='accounts'
    )
    external_id = models.CharField(max_length=ID_LENGTH, blank=True)
    name = models.CharField(_('name'), max_length=250, blank=True)
    credentials = EncryptedJSONField(default=dict)
    facts = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE)
    problem = models.CharField(max_length=64, blank=True)
    problem_at = models.DateTimeField(null=True, blank=True)
    token_expires_at = models.DateTimeField(null=True, blank=True)

    wcs_site = models.SlugField(_('w.c.s. site'), max_length=64, blank=True)  # '' = the default one
    form = models.SlugField(_('form'), max_length=250, blank=True)
    wcs_problem = models.CharField(max_length=64, blank=True)
    wcs_problem_at = models.DateTimeField(null=True, blank=True)
    # None = the value of the settings
    grouping_delay = models.PositiveIntegerField(_('grouping delay (seconds)'), null=True, blank=True)
    reopen_days = models.PositiveIntegerField(_('re-opening delay (days)'), null=True, blank=True)
    acknowledgement = models.JSONField(_('acknowledgement'), default=dict, blank=True)
    raw_retention_days = models.PositiveIntegerField(_('days bodies are kept'), null=True, blank=True)
    retention_months = models.PositiveIntegerField(_('months conversations are kept'), null=True, blank=True)

    cursor = models.JSONField(default=dict, blank=True)
    poll_due_at = models.DateTimeField(null=True, blank=True)
    poll_lease_until = models.DateTimeField(null=True, blank=True)
    poll_lease_token = models.CharField(max_length=32, blank=True)
    poll_failures = models.PositiveIntegerField(default=0)
    reread_due_at = models.DateTimeField(null=True, blank=True)

    throttled_until = models.DateTimeField(null=True, blank=True)
    last_event_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=250, blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = Present()
    all_rows = models.Manager['Account']()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=['network', 'external_id'],
                condition=~Q(external_id=''),
                name='socialmedia_account_once',
            ),
            check('socialmedia_account_state', Q(state__in=['active', 'paused', 'broken'])),
        ]
        indexes = [
            models.Index(
                fields=['poll_due_at'],
                condition=Q(poll_due_at__isnull=False),
                name='socialmedia_account_poll',
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.external_id or f'{self.network} {self.pk}'

    def view(self) -> base.Account:
        """What the network's class may know of this account: its credentials, and its endpoint's newest."""
        shared = self.endpoint.secrets if self.endpoint else {}
        newest = {name: values[0] for name, values in shared.items() if values}
        return base.Account(
            external_id=self.external_id,
            credentials={**newest, **self.credentials},
            facts={'graph_version': app_settings.GRAPH_VERSION, **self.facts},
            api_url=app_settings.API_URLS.get(self.network, ''),
            webhook_url=self.endpoint.address if self.endpoint else '',
        )

    @property
    def throttled_for(self) -> float:
        """Seconds during which the network is to be left alone, 0 if it may be called."""
        if self.throttled_until is None:
            return 0.0
        return max((self.throttled_until - timezone.now()).total_seconds(), 0.0)

    def throttle(self, seconds: float) -> None:
        """The network asks to be left alone for so long. Of two waits, the longer one."""
        until = timezone.now() + timedelta(seconds=seconds)
        Account.objects.filter(pk=self.pk).update(throttled_until=Greatest('throttled_until', until))
        self.refresh_from_db(fields=['throttled_until'])

    def refuse(self, reason: str) -> None:
        """The network refuses us: stop sending until a person changes something, say why (R5, R23)."""
        if self._problem('problem', reason):
            # an account that was paused stays so: who paused it decides
            self._become(self.State.BROKEN, among=[self.State.ACTIVE])

    def refuse_wcs(self, reason: str) -> None:
        """w.c.s. refuses us: say why on the account's page."""
        self._problem('wcs_problem', reason)

    def accept(self) -> str:
        """The network takes our calls again. Gives the problem that is over, '' if there was none."""
        over = self.problem
        if over and self._problem('problem', ''):
            self._become(self.State.ACTIVE, among=[self.State.BROKEN])
        return over

    def accept_wcs(self) -> str:
        """w.c.s. takes our calls again. Gives the problem that is over, '' if there was none."""
        over = self.wcs_problem
        if over:
            self._problem('wcs_problem', '')
        return over

    def _problem(self, field: str, reason: str) -> bool:
        """Note a problem, or its end; True if that is news for the database, whatever we had read of it."""
        setattr(self, field, reason)
        now = timezone.now() if reason else None
        news = Account.objects.filter(pk=self.pk).exclude(**{field: reason})
        changed = news.update(**{field: reason, f'{field}_at': now})
        if changed:
            action = field.replace('_', '-') + ('' if reason else '-over')
            Journal.objects.create(account=self, action=action, details={'reason': reason} if reason else {})
        return bool(changed)

    def _become(self, state: str, *, among: list[Account.State]) -> None:
        Account.objects.filter(pk=self.pk, state__in=among).update(state=state)
        self.refresh_from_db(fields=['state'])


class ChannelEvent(models.Model):
    """Something that happened to an account or a thread and is no message: thread control, referral, test…

    ``key``: hash of what it says, so that the same event coming twice is kept once.
    """

    endpoint = models.ForeignKey(Endpoint, null=True, blank=True, on_delete=models.CASCADE)
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.CASCADE, related_name='channel_events'
    )
    topic = models.CharField(max_length=64)
    severity = models.CharField(max_length=16, blank=True)
    user = models.CharField(max_length=ID_LENGTH, blank=True)
    details = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(null=True, blank=True)  # the network's time
    received_at = models.DateTimeField(default=timezone.now)
    key = models.CharField(max_length=64, unique=True)

    class Meta:
        indexes = [
            models.Index(fields=['account', '-received_at'], name='socialmedia_channel_recent'),
        ]

    def __str__(self) -> str:
        return self.topic


class Setup(models.Model):
    """An account that is being connected: its row is there, paused, until all steps are done (R40).

    ``done``: steps that are done, in order. ``facts``: what a step tells a later one.
    """

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name='setup')
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    done = models.JSONField(default=list, blank=True)
    facts = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f'setup of account {self.account_id}'


class Journal(models.Model):
    """What administrators and the software did, for people to read (R42). No citizen's data in it."""

    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.SET_NULL)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    action = models.CharField(max_length=64)
    details = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.action

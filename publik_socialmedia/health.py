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

"""Is everything well? What the pages, the command and the monitoring say of accounts and queues (R41)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min
from django.utils import timezone
from django.utils.translation import gettext as _

from publik_socialmedia import errors, networks
from publik_socialmedia.delivery import queue
from publik_socialmedia.http import client as http_client
from publik_socialmedia.models import Account, Conversation, Delivery, RawEvent
from publik_socialmedia.networks.base import Http, Problem
from publik_socialmedia.reasons import sentence
from publik_socialmedia.wcs import mapping
from publik_socialmedia.wcs.demands import client_of

EXPIRY_WARNINGS = (2, 7, 14)  # days before the end of a token


@dataclass(frozen=True, slots=True)
class Queues:
    """How much waits, since when, and what needs a person."""

    raw_pending: int
    raw_quarantined: int
    deliveries_pending: int
    deliveries_blocked: int
    oldest_due: datetime | None  # the delivery that has been due for longest

    @property
    def late(self) -> float:
        """Seconds by which the oldest due work is late."""
        if self.oldest_due is None:
            return 0.0
        return max((timezone.now() - self.oldest_due).total_seconds(), 0.0)


def queues() -> Queues:
    """Counted on the partial indexes: what is done costs nothing."""
    raw = RawEvent.objects
    deliveries = Delivery.objects
    return Queues(
        raw_pending=raw.filter(state=RawEvent.State.PENDING).count(),
        raw_quarantined=raw.filter(state=RawEvent.State.QUARANTINED).count(),
        deliveries_pending=deliveries.filter(state=Delivery.State.PENDING).count(),
        deliveries_blocked=deliveries.filter(state=Delivery.State.BLOCKED).count(),
        oldest_due=Conversation.objects.filter(due_at__lte=timezone.now()).aggregate(at=Min('due_at'))['at'],
    )


def examine(account: Account, http: Http | None = None) -> list[Problem]:
    """Ask the network and w.c.s. about an account, keep what the network tells, list what is wrong."""
    return [*_network(account, http or http_client()), *wcs_problems(account), *_expiry(account)]


def wcs_problems(account: Account) -> Iterator[Problem]:
    """Whether the form of the account can receive its messages (R23)."""
    try:
        if not account.form:
            raise errors.ConfigurationError('wcs_form_missing')
        client = client_of(account.wcs_site)
        client.forget(account.form)
        schema = client.schema(account.form)
        if schema.disabled:
            raise errors.ConfigurationError('wcs_form_disabled')
        if not schema.accepts(mapping.KEY_FIELD):
            raise errors.ConfigurationError('wcs_form_key')
        if set(mapping.HOOKS.values()) - schema.hooks:
            raise errors.ConfigurationError('wcs_hook_unknown')
    except errors.SocialMediaError as error:
        if isinstance(error, errors.ConfigurationError):
            account.refuse_wcs(error.reason)
        yield Problem(error.reason, sentence(error.reason))
    else:
        queue.resume(account, Delivery.Lane.WCS, account.accept_wcs())


def _network(account: Account, http: Http) -> Iterator[Problem]:
    network = networks.registry().get(account.network)
    if network is None:
        yield Problem('config', _('The network « %s » is not installed any more.') % account.network)
        return
    try:
        health = network.check(account.view(), http)
    except errors.TemporaryError as error:
        yield Problem(error.reason, sentence(error.reason), severity='warning')
        return
    account.facts = {**account.facts, **health.facts}
    account.name = account.name or health.name
    account.external_id = account.external_id or health.external_id
    account.token_expires_at = health.token_expires
    account.save(update_fields=['facts', 'name', 'external_id', 'token_expires_at'])
    critical = next((problem for problem in health.problems if problem.severity == 'critical'), None)
    if critical is not None:
        account.refuse(critical.reason)
    elif health.ok:
        queue.resume(account, Delivery.Lane.NETWORK, account.accept())
    for problem in health.problems:
        # the network's class gives msgids: it knows nothing of Django
        yield Problem(problem.reason, _(problem.message), problem.severity)


def _expiry(account: Account) -> Iterator[Problem]:
    if account.token_expires_at is None:
        return
    days = (account.token_expires_at - timezone.now()).days
    if days < 0:
        yield Problem('auth', sentence('auth'))
    elif days <= max(EXPIRY_WARNINGS):
        yield Problem(
            'token_expires',
            _('The access token ends in %s days: connect the account again before.') % days,
            severity='critical' if days <= min(EXPIRY_WARNINGS) else 'warning',
        )

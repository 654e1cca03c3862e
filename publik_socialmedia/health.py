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

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Min
from django.db.utils import IntegrityError, InterfaceError, OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _

from publik_socialmedia import errors, networks, tokens
from publik_socialmedia.delivery import queue
from publik_socialmedia.http import client as http_client
from publik_socialmedia.models import Account, Conversation, Delivery, RawEvent, Watch
from publik_socialmedia.models.watching import said
from publik_socialmedia.networks.base import Health, Http, Network, Problem
from publik_socialmedia.reasons import sentence
from publik_socialmedia.wcs import inspection, installation, mapping, rehearsal
from publik_socialmedia.wcs.demands import client_of

logger = logging.getLogger(__name__)

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


def examine(account: Account, http: Http | None = None, *, asked: bool = True) -> list[Problem]:
    """Ask the network and w.c.s. about an account, keep what they tell, list what is wrong.

    ``asked``: by a person, whom a test without fault must show an account without problem; else, see
    ``_is_over``. Lets only failures of the database out: what fails is itself a problem, and hides no other.
    """
    given = http or http_client()
    network = _looked(account, lambda: _network(account, given, asked=asked))
    wcs = _looked(account, lambda: wcs_problems(account))
    Watch.note(account, network, wcs)
    return [*network, *wcs, *_expiry(account)]


def network_problems(account: Account, http: Http | None = None) -> list[Problem]:
    """The same of the network only: no form is chosen yet."""
    found = _looked(account, lambda: _network(account, http or http_client(), asked=True))
    return [*found, *_expiry(account)]


def check(account: Account, http: Http | None = None) -> Health:
    """What the network says of the credentials of an account; nothing of it is kept. TemporaryError; KeyError
    if the network is not installed."""
    return _check(networks.get(account.network), account, http or http_client())


def _looked(account: Account, look: Callable[[], Iterable[Problem]]) -> list[Problem]:
    found: list[Problem] = []
    try:
        found += look()
    except errors.SocialMediaError as error:
        found.append(_problem(error))
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # a fault of a network's class: the other accounts are looked at too
        logger.error('check of account %s: %s', account.pk, errors.where(error))
        found.append(Problem('internal', sentence('internal'), passing=True))
    return found


def _problem(error: errors.SocialMediaError) -> Problem:
    """What passes by itself is a warning, what needs a person is critical."""
    passing = isinstance(error, errors.TemporaryError)
    return Problem(error.reason, sentence(error.reason), 'warning' if passing else 'critical', passing)


def wcs_problems(account: Account) -> Iterator[Problem]:
    """Whether the form of the account can receive its messages, and agents see them (R23)."""
    try:
        if not account.form:
            raise errors.ConfigurationError('wcs_form_missing')
        client = client_of(account.wcs_site)
        client.forget(account.form)
        found = inspection.inspect(client, account.form, hooks=sorted(mapping.NEEDED_HOOKS))
    except errors.SocialMediaError as error:
        if isinstance(error, errors.ConfigurationError):
            account.refuse_wcs(error.reason)
        yield _problem(error)
        return
    blocking = next((finding for finding in found if finding.reason in inspection.BLOCKING), None)
    if blocking is not None:
        account.refuse_wcs(blocking.reason)
    else:
        queue.resume(account, Delivery.Lane.WCS, account.accept_wcs())
    yield from map(wcs_problem, found)


def rehearse(account: Account) -> list[Problem]:
    """What would keep the answers of agents from us: asked of our own endpoint, then of w.c.s."""
    try:
        return [wcs_problem(finding) for finding in rehearsal.rehearse(account)]
    except errors.SocialMediaError as error:
        return [_problem(error)]


def wcs_problem(finding: inspection.Finding) -> Problem:
    return Problem(finding.reason, installation.describe(finding))


def _network(account: Account, http: Http, *, asked: bool) -> Iterator[Problem]:
    network = networks.registry().get(account.network)
    if network is None:
        yield Problem('config', _('The network « %s » is not installed any more.') % account.network)
        return
    try:
        health = _check(network, account, http)
    except errors.TemporaryError as error:
        yield _problem(error)
        return
    if not _keep(account, health):
        yield Problem('config', _('Another account here is already this one: keep only one of them.'))
    critical = next((problem for problem in health.problems if problem.severity == 'critical'), None)
    if critical is not None:
        account.refuse(critical.reason)
    elif asked or _is_over(account):
        queue.resume(account, Delivery.Lane.NETWORK, account.accept())
    for problem in health.problems:
        # the network's class gives msgids: it knows nothing of Django
        yield replace(problem, message=_(problem.message))


def _is_over(account: Account) -> bool:
    """Whether a look of ours, which found nothing, says that the account's problem is over.

    Not of what only sending meets, or the network told (a right that sending alone needs, a payment): the
    managers would be told again and again that it is over, then that it is back. A dead token is seen by any
    call; for the rest, looks can tell the end of what looks have seen.
    """
    return account.problem in ('', 'auth') or bool(said(account, account.problem))


def _check(network: Network, account: Account, http: Http) -> Health:
    try:
        return tokens.using(account, lambda view: network.check(view, http), http)
    except errors.ConfigurationError as error:  # of the renewal of a token: the test has better words for it
        try:
            health = network.check(account.view(), http)
        except errors.TemporaryError:
            health = Health(token_expires=account.token_expires_at)
        # what cannot be renewed is dead soon, though it may still serve for some minutes
        return replace(health, problems=(*health.problems, _problem(error))) if health.ok else health


def _keep(account: Account, health: Health) -> bool:
    """Keep what the network told; False if another of our accounts is this one already."""
    with transaction.atomic():  # other workers write facts too
        stored = Account.objects.select_for_update(no_key=True).only('facts').get(pk=account.pk)
        account.facts = {**stored.facts, **health.facts}
        account.name = account.name or health.name[:250]
        account.token_expires_at = health.token_expires
        account.save(update_fields=['facts', 'name', 'token_expires_at'])
    if account.external_id or not health.external_id:
        return True
    try:
        with transaction.atomic():
            Account.objects.filter(pk=account.pk).update(external_id=health.external_id)
    except IntegrityError:
        return False
    account.external_id = health.external_id
    return True


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

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

"""Other credentials for an account that works: tried beside it, kept only if they are its own (R1, R40).

A mistake changes nothing, and no second account is ever made of a renewal.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from publik_socialmedia import errors, health, media
from publik_socialmedia.manager.offers import Offer
from publik_socialmedia.models import Account, Attachment, Endpoint
from publik_socialmedia.networks.base import Health, Problem
from publik_socialmedia.reasons import sentence

# said before the network calls our address: that is mended by another step
LATER = frozenset({'subscription'})
OTHER_ACCOUNT = 'other_account'


def stops(problem: Problem) -> bool:
    """Whether nothing can go on with it."""
    return problem.severity == 'critical' and problem.reason not in LATER


def renew(account: Account, offer: Offer) -> list[Problem]:
    """Try what is offered, keep it if it works for this account; else what is wrong, nothing being
    changed."""
    try:
        if offer.own == account.credentials:
            problems = _try_secrets(account, offer)
        else:
            problems = _try_credentials(account, offer)
    except errors.TemporaryError:  # nobody tries it again
        return [Problem('oauth_away', sentence('oauth_away'))]
    except errors.SocialMediaError as error:
        return [Problem(error.reason, sentence(error.reason))]
    if not problems:
        account.refresh_from_db()
        health.examine(account)
    return problems


def _try_secrets(account: Account, offer: Offer) -> list[Problem]:
    """Only the application's secrets change. The account itself is asked: the token that renews its session
    may serve once, and must not be used beside it."""
    endpoint = account.endpoint
    if endpoint is None:
        offer.keep_endpoint(account)
        account.save(update_fields=['endpoint'])
        return []
    former = endpoint.secrets
    offer.keep_endpoint(account)
    problems = ['unknown']
    try:
        found = _wrong(account, health.check(account))
        problems = [problem.reason for problem in found]
        return found
    finally:
        if problems:
            Endpoint.objects.filter(pk=endpoint.pk).update(secrets=former)


def _try_credentials(account: Account, offer: Offer) -> list[Problem]:
    """On a row of its own, that nobody polls and to which nobody writes."""
    secrets = offer.secrets(account)
    aside = Endpoint.objects.create(network=account.network, secrets=secrets) if secrets else None
    trial = Account.objects.create(
        network=account.network,
        endpoint=aside,
        credentials=dict(offer.own),
        facts=account.facts,
        state=Account.State.PAUSED,
    )
    try:
        problems = _wrong(account, health.check(trial))
        trial.refresh_from_db(fields=['credentials'])  # a session may have been opened with them
    finally:
        trial.delete()
        if aside is not None:
            aside.delete()
    if not problems:
        offer.keep_endpoint(account)
        Account.objects.filter(pk=account.pk).update(credentials=trial.credentials, endpoint=account.endpoint)
    return problems


def _wrong(account: Account, found: Health) -> list[Problem]:
    """Why these credentials cannot be kept; [] if they can."""
    if account.external_id and found.external_id and found.external_id != account.external_id:
        other = _('These credentials are those of another account, « %s »: nothing was changed.')
        return [Problem(OTHER_ACCOUNT, other % (found.name or found.external_id))]
    if found.external_id and not any(map(stops, found.problems)):
        return []
    said = [Problem(item.reason, _(item.message), item.severity) for item in found.problems]
    return said or [Problem('config', sentence('config'))]


def remove(account: Account) -> None:
    """Delete an account with all that is its own, files too, and its endpoint if no other has it."""
    endpoint = account.endpoint
    kept = Attachment.objects.filter(message__account=account).exclude(storage='')
    files = list(kept.values_list('storage', flat=True))
    account.delete()
    if endpoint is not None and not endpoint.accounts.exists():
        endpoint.delete()
    transaction.on_commit(lambda: media.remove_all(files))

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


"""The erasure of one person, from the request to the proof (R51). Each step may be run again.

1. ``ask``: one committed row holds what is needed to go on, encrypted.
2. ``run``: conversation after conversation is emptied (``erasing``), then the raw bodies are looked through.
   An unread body that speaks of the person is waited for: read once its messages are buried, it brings
   nothing back.
3. The row forgets who it was about: it is the proof.

What does not end in the time given is ended by ``socialmedia_purge``.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from publik_socialmedia import errors
from publik_socialmedia.fields import keyed_hash
from publik_socialmedia.models import (
    Account,
    Attachment,
    Contact,
    ContactIdentifier,
    Demand,
    Erasure,
    Journal,
    Message,
    RawEvent,
)
from publik_socialmedia.privacy import bodies, erasing, finding
from publik_socialmedia.privacy.erasing import Counts
from publik_socialmedia.wcs.client import Client, site_for
from publik_socialmedia.wcs.mapping import KEY_FIELD

State = Erasure.State
PAGE = 200  # bodies looked through at a time
PAUSE = 0.2  # seconds before what is busy is asked for again

logger = logging.getLogger(__name__)


def ask(found: Iterable[Contact], *, actor: Any = None, origin: str = Erasure.Origin.REQUEST) -> Erasure:
    """Note that these persons, who are one, are to be erased on all accounts of their network.

    ValueError if they are none, or on several networks: who is one here may be two there.
    """
    persons = list(finding.same_persons(found))
    if len({person.account.network for person in persons}) != 1:
        raise ValueError('contacts of one network are needed')
    users = ContactIdentifier.objects.filter(contact__in=persons).values_list('value', flat=True)
    messages = Message.objects.filter(conversation__contact__in=persons).exclude(external_id='')
    return Erasure.objects.create(
        origin=origin,
        actor=actor,
        network=persons[0].account.network,
        subject={
            'users': sorted(set(users)),
            'messages': list(messages.values_list('external_id', flat=True)),
        },
        digests=sorted({digest(persons[0].account.network, user) for user in users}),
        contacts=[person.pk for person in persons],
    )


def ask_unknown(network: str, user: str, *, origin: str) -> Erasure:
    """The same for somebody of whom only the identifier is known: maybe nothing but raw bodies names them."""
    found = list(finding.contacts(user, network))
    if found:
        return ask(found, origin=origin)
    return Erasure.objects.create(
        origin=origin,
        network=network,
        subject={'users': [user], 'messages': []},
        digests=[digest(network, user)],
    )


def digest(network: str, user: str) -> str:
    """By what a proof tells again who it is about, when the identifier is given."""
    return keyed_hash('erasure', network, user)


def is_about(erasure: Erasure, identifier: str) -> bool:
    """Whether that proof is about the bearer of this identifier."""
    spelled = finding.spellings(identifier)
    return any(digest(erasure.network, value) in erasure.digests for value in spelled)


def held(found: Sequence[Contact]) -> Counts:
    """What is held on these persons, counted."""
    messages = Message.objects.filter(conversation__contact__in=found, erased_at__isnull=True)
    return Counter(
        persons=len(found),
        messages=messages.count(),
        files=Attachment.objects.filter(message__in=messages).exclude(storage='').count(),
        demands=Demand.objects.filter(conversation__contact__in=found).exclude(number='').count(),
    )


def run(erasure: Erasure, *, seconds: float = 60) -> bool:
    """Erase, for at most about so long; True once it is all done. Safe to repeat and to interrupt."""
    end = time.monotonic() + seconds
    while erasure.state != State.DONE:
        try:
            _run(erasure, end)
        except errors.TemporaryError:  # somebody works for this person at this moment
            if time.monotonic() + PAUSE > end:
                return False
            time.sleep(PAUSE)
    return True


def resume(*, seconds: float = 60) -> int:
    """Go on with those that are not done; gives how many are now."""
    pending = Erasure.objects.filter(state=State.PENDING).order_by('pk')
    return sum(run(erasure, seconds=seconds) for erasure in pending)


def look(erasure: Erasure) -> int:
    """Ask w.c.s. which of the demands it still holds; gives of how many it would not tell."""
    unknown = 0
    for demand in erasure.demands:
        if demand['gone']:
            continue
        try:
            client = Client(site_for(demand['site']))
            if demand['number']:
                found = client.get(demand['form'], demand['number'], payloads=False)
            else:  # the answer to its submission was lost: it is known by its key
                found = next(
                    iter(client.find(demand['form'], KEY_FIELD, demand['name'], payloads=False)), None
                )
        except errors.SocialMediaError as error:
            logger.info('demand of erasure %s: %s', erasure.pk, error)
            unknown += 1
        else:
            demand['gone'] = found is None or found.anonymised
    erasure.save(update_fields=['demands'])
    return unknown


def _run(erasure: Erasure, end: float) -> None:
    erasure.refresh_from_db()
    left = Contact.objects.filter(pk__in=erasure.contacts, erased_at__isnull=True)
    left = left.select_related('conversation__account').defer('conversation__account__credentials')
    for contact in left.order_by('pk'):
        _erase_contact(erasure, contact)
    _erase_bodies(erasure, end)
    with transaction.atomic():
        _forget_paid(erasure)
        erasure.state, erasure.done_at, erasure.subject = State.DONE, timezone.now(), {}
        erasure.save(update_fields=['state', 'done_at', 'subject'])
        Journal.objects.create(
            actor=erasure.actor,
            action='erase-person',
            details={'reference': erasure.reference, 'counts': erasure.counts},
        )


def _erase_contact(erasure: Erasure, contact: Contact) -> None:
    conversation = getattr(contact, 'conversation', None)
    if conversation is None:  # never recorded without: a row that somebody made by hand
        contact.delete()
        return
    with erasing.alone_with(conversation) as claim:
        before = Q(received_at__lte=erasure.requested_at)
        erasing.empty_messages(conversation, before, claim, lambda counts: _note(erasure, counts))
        with transaction.atomic():
            counts, demands = erasing.forget(conversation, erasure.requested_at)
            erasure.demands = [*erasure.demands, *demands]
            _note(erasure, counts)


def _erase_bodies(erasure: Erasure, end: float) -> None:
    """Look through the raw bodies of the network. TemporaryError if one is not read yet, or time is over."""
    ids = bodies.Ids(erasure.subject.get('users', ()), erasure.subject.get('messages', ()))
    waiting = RawEvent.objects.filter(network=erasure.network, emptied_at__isnull=True).order_by('pk')
    last = int(erasure.subject.get('scanned', 0))
    while page := list(waiting.filter(pk__gt=last)[:PAGE]):
        counts = Counter[str]()
        for raw in page:
            if bodies.mentions(bytes(raw.body), ids):
                if raw.state == RawEvent.State.PENDING:
                    raise errors.TemporaryError('busy')
                bodies.empty(raw, ids)
                counts['bodies'] += 1
        last = page[-1].pk
        # those that were not read yet may still be being written about: they are looked at again
        if all(raw.state != RawEvent.State.PENDING for raw in page):
            erasure.subject = {**erasure.subject, 'scanned': last}
        _note(erasure, counts)
        if time.monotonic() > end:
            raise errors.TemporaryError('busy')


def _note(erasure: Erasure, counts: Counts) -> None:
    """Keep what was erased, in the transaction that erases it."""
    erasure.counts = {**Counter(erasure.counts) + counts}
    erasure.save(update_fields=['counts', 'demands', 'subject'])


def _forget_paid(erasure: Erasure) -> None:
    """Ids that were noted because the network bills them: the count stays."""
    subject = {*erasure.subject.get('users', ()), *erasure.subject.get('messages', ())}
    accounts = Account.objects.filter(network=erasure.network, facts__has_key='paid')
    for account in accounts.select_for_update(no_key=True).only('facts'):
        paid = account.facts.get('paid') or {}
        kept = [value for value in paid.get('ids', ()) if value not in subject]
        if kept != paid.get('ids', []):
            account.facts = {**account.facts, 'paid': {**paid, 'ids': kept}}
            account.save(update_fields=['facts'])

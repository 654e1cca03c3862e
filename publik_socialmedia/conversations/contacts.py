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

"""Who writes to whom: contacts, their identifiers and their conversation.

Everything here runs inside the transaction of one event, after :func:`lock`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from django.db import connection
from django.db.models import F, Subquery
from django.db.models.functions import Least
from django.utils import timezone

from publik_socialmedia import errors, rows, tenants
from publik_socialmedia.models import (
    Account,
    Contact,
    ContactIdentifier,
    Conversation,
    Delivery,
    Demand,
    Journal,
    Message,
)

_PERSON, _THREAD = rows.Part(Contact, 'person'), rows.Part(Conversation, 'thread')


def lock(account: Account, *, users: Iterable[str] = (), messages: Iterable[str] = ()) -> None:
    """Have the rest of this transaction alone with these persons and message ids of the account.

    What one event writes, another one reads (a receipt and its message, an edit and its original): without
    this, two events recorded at the same instant would not see each other. The locks are taken in one order,
    so that two events never wait for each other.
    """
    # these locks are those of the whole database: an account of another tenant has the same number
    account_id = f'{tenants.key()} {account.pk}'.strip()
    names = {f'{account_id} user {user}' for user in users if user}
    names |= {f'{account_id} message {external_id}' for external_id in messages if external_id}
    numbers = sorted(
        int.from_bytes(hashlib.blake2b(name.encode(errors='replace'), digest_size=8).digest(), signed=True)
        for name in names
    )
    if numbers:
        with connection.cursor() as cursor:
            # unnest keeps the order of the array
            cursor.execute(
                'SELECT pg_advisory_xact_lock(number) FROM unnest(%s::bigint[]) AS number', [numbers]
            )


def find(account: Account, user: str, aliases: Sequence[str] = ()) -> list[Conversation]:
    """Conversations of the contacts that bear one of these identifiers, oldest contact first."""
    with connection.cursor() as cursor:
        # for each message that comes; served by the unique index of identifiers
        cursor.execute(
            f"""
            SELECT {_PERSON}, {_THREAD}
              FROM publik_socialmedia_contact AS person
              JOIN publik_socialmedia_conversation AS thread ON thread.contact_id = person.id
             WHERE thread.account_id = %s AND person.id IN (
                SELECT contact_id FROM publik_socialmedia_contactidentifier
                 WHERE account_id = %s AND value = ANY(%s))
             ORDER BY person.id
            """,  # noqa: S608 - names only
            [account.pk, account.pk, [user, *aliases]],
        )
        found = [rows.parts(row, _PERSON, _THREAD) for row in cursor.fetchall()]
    for contact, conversation in found:
        conversation.account, conversation.contact = account, contact
    return [conversation for _, conversation in found]


def conversation_with(
    account: Account, user: str, aliases: Sequence[str] = (), name: str = ''
) -> tuple[Conversation, bool]:
    """The conversation with that person, made if need be, and whether it was."""
    found = find(account, user, aliases)
    if not found:
        return _meet(account, [user, *aliases], name), True
    conversation = found[0]
    for other in found[1:]:
        merge(conversation, other)
    contact = conversation.contact
    if aliases:
        _identify(account, contact, [user, *aliases])
    if name and not contact.name:
        contact.name = name[:250]
        contact.save(update_fields=['name'])
    return conversation, False


def same_person(account: Account, user: str, new: str) -> None:
    """The network says that two identifiers are one person. Nobody is created of it.

    TemporaryError if they cannot be made one yet."""
    found = find(account, user, [new])
    for other in found[1:]:
        if not merge(found[0], other):
            raise errors.TemporaryError('busy', detail='demands being opened')
    if found:
        _identify(account, found[0].contact, [user, new])


def merge(kept: Conversation, other: Conversation) -> bool:
    """Make one conversation of two, because their contacts are one person. False if it must be later.

    If both have an open demand, the one of ``kept`` stays open for us; the other is left to the agents. If
    both are just being opened in w.c.s., nobody can tell yet which numbers they will have: they stay two
    until the next message.
    """
    unsettled = Demand.objects.filter(conversation__in=[kept, other], state='opening', tried_at__isnull=False)
    if len({demand.conversation_id for demand in unsettled}) == 2:
        return False
    if other.demands.filter(state='opening', tried_at__isnull=False).exists():
        # w.c.s. may have it: what is open on the other side gives way to it
        _leave(kept)
    elif kept.demands.filter(state__in=['opening', 'open']).exists():
        _leave(other)
    Demand.objects.filter(conversation=other).update(conversation=kept)
    Message.objects.filter(conversation=other).update(conversation=kept)
    Delivery.objects.filter(conversation=other).update(conversation=kept)
    ContactIdentifier.objects.filter(contact=other.contact).update(contact=kept.contact)
    times = [kept.last_inbound_at, other.last_inbound_at]
    Conversation.objects.filter(pk=kept.pk).update(
        last_inbound_at=max((at for at in times if at), default=None),
        last_activity_at=max(kept.last_activity_at, other.last_activity_at),
        # as they are now: a delivery may have been added since they were read
        **{
            name: Least(F(name), Subquery(Conversation.objects.filter(pk=other.pk).values(name)[:1]))
            for name in ('due_at', 'window_at')
        },
    )
    Journal.objects.create(
        account=kept.account,
        action='merge-contacts',
        details={'kept': kept.contact_id, 'other': other.contact_id},
    )
    if other.contact.name and not kept.contact.name:
        Contact.objects.filter(pk=kept.contact_id).update(name=other.contact.name)
    if other.contact.blocked and not kept.contact.blocked:
        Contact.objects.filter(pk=kept.contact_id).update(blocked=True)
    _keep_proof(kept.contact, other.contact)
    other.contact.delete()
    kept.refresh_from_db()
    return True


def _keep_proof(kept: Contact, other: Contact) -> None:
    """What either proved holds for both (R27); two different proofs contradict each other: neither holds."""
    if other.name_id in ('', kept.name_id):
        return
    name_id = '' if kept.name_id else other.name_id
    Contact.objects.filter(pk=kept.pk).update(name_id=name_id, wcs_user_id='', linked_at=timezone.now())


def _leave(conversation: Conversation) -> None:
    """Leave its open demand to the agents; one that w.c.s. never heard of is forgotten."""
    conversation.demands.filter(state='open').update(state=Demand.State.CLOSED)
    conversation.demands.filter(state='opening', tried_at__isnull=True).delete()


# A person gets identifiers. Their numbers are in that order: the first one is the one that we write to.
_NAME = """
    INSERT INTO publik_socialmedia_contactidentifier (account_id, contact_id, value)
    SELECT person.account_id, person.id, given.value
      FROM person, unnest(%s::text[]) WITH ORDINALITY AS given (value, rank)
     ORDER BY given.rank
    ON CONFLICT DO NOTHING
    """


def _meet(account: Account, identifiers: Sequence[str], name: str) -> Conversation:
    """Insert a person who was not known, and the conversation with them."""
    contact = Contact(account=account, name=name[:250])
    conversation = Conversation(account=account, contact=contact)
    rest = ('id', 'contact_id')
    person, thread = rows.values(contact), rows.values(conversation, without=rest)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH person AS (
                INSERT INTO publik_socialmedia_contact ({rows.columns(Contact, without=rows.KEY)})
                VALUES ({rows.places(person)}) RETURNING id, account_id),
            named AS ({_NAME})
            INSERT INTO publik_socialmedia_conversation
                   (contact_id, {rows.columns(Conversation, without=rest)})
            SELECT person.id, {rows.places(thread)} FROM person RETURNING contact_id, id
            """,  # noqa: S608 - names and places only
            [*person, _distinct(identifiers), *thread],
        )
        person_id, thread_id = cursor.fetchone()
    rows.inserted(contact, person_id)
    rows.inserted(conversation, thread_id)
    conversation.contact = contact
    return conversation


def _identify(account: Account, contact: Contact, identifiers: Sequence[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f'WITH person AS (SELECT %s AS account_id, %s AS id) {_NAME}',
            [account.pk, contact.pk, _distinct(identifiers)],
        )


def _distinct(identifiers: Sequence[str]) -> list[str]:
    return [value for value in dict.fromkeys(identifiers) if value]

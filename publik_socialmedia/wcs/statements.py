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

"""What is read and written for each conversation that is told to w.c.s., in as few exchanges as it takes."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.utils import timezone

from publik_socialmedia import rows
from publik_socialmedia.delivery import queue
from publik_socialmedia.models import Account, Contact, Conversation, Delivery, Demand, Message

_THREAD, _PERSON = rows.Part(Conversation, 'thread'), rows.Part(Contact, 'person')
# credentials are for the network only, and dear to decrypt; they are read if they are asked for
_ACCOUNT = rows.Part(Account, 'account', without=('credentials', 'cursor'))


def conversation(pk: int) -> Conversation:
    """The conversation with its account and its contact, whose address is known too.

    ``Conversation.DoesNotExist`` if it is no longer there.
    """
    with connection.cursor() as cursor:
        # served by primary keys, and by the index of the contact's identifiers
        cursor.execute(
            f"""
            SELECT {_THREAD}, {_PERSON}, {_ACCOUNT}, (
                SELECT value FROM publik_socialmedia_contactidentifier
                 WHERE contact_id = person.id ORDER BY id LIMIT 1)
              FROM publik_socialmedia_conversation AS thread
              JOIN publik_socialmedia_contact AS person ON person.id = thread.contact_id
              JOIN publik_socialmedia_account AS account ON account.id = thread.account_id
             WHERE thread.id = %s
            """,  # noqa: S608 - names only
            [pk],
        )
        row = cursor.fetchone()
    if row is None:
        raise Conversation.DoesNotExist
    found, contact, account = rows.parts(row, _THREAD, _PERSON, _ACCOUNT)
    found.contact, found.account = contact, account
    contact.account, contact.address = account, row[-1] or ''
    loaded: Conversation = found
    return loaded


def demands(conversation: Conversation) -> list[Demand]:
    """The demands of the conversation, the latest first."""
    found = rows.select(Demand, 'conversation_id = %s ORDER BY id DESC', [conversation.pk])
    for demand in found:
        demand.conversation, demand.account = conversation, conversation.account
    return found


def announce(demand: Demand, deliveries: Sequence[Delivery], messages: Sequence[Message]) -> None:
    """Insert a new demand, whose submission begins now with these messages: what was tried, and what it
    carries should its answer be lost."""
    demand.tried_at = timezone.now()
    given = rows.values(demand)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH begun AS ({queue.BEGIN}),
            opening AS (
                INSERT INTO publik_socialmedia_demand ({rows.columns(Demand, without=rows.KEY)})
                VALUES ({rows.places(given)}) RETURNING id),
            carried AS (
                UPDATE publik_socialmedia_message AS message SET demand_id = opening.id
                  FROM opening WHERE message.id = ANY(%s))
            SELECT id FROM opening
            """,  # noqa: S608 - names and places only
            [
                *queue.begun(deliveries, demand.tried_at),
                *given,
                [message.pk for message in messages],
            ],
        )
        rows.inserted(demand, cursor.fetchone()[0])


def note_opening(demand: Demand) -> None:
    """Write what w.c.s. said of a demand that it has just made."""
    said = ('number', 'display_number', 'tracking_code', 'url', 'backoffice_url')
    rows.save(demand, 'state', 'opened_at', 'seen_at', *said)

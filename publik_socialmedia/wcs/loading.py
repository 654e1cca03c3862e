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

"""What is read for each conversation that is told to w.c.s., by as few statements as it takes."""

from __future__ import annotations

from django.db import connection

from publik_socialmedia import rows
from publik_socialmedia.models import Account, Contact, Conversation, Demand

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

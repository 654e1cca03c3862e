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

"""What is stored. The rules of the heart are constraints of the database wherever it can carry them.

The words are those of ``docs/architecture.md``. Times are aware UTC. Ids of networks and of w.c.s. are opaque
strings.
"""

from publik_socialmedia.models.accounts import Account, ChannelEvent, Endpoint, Journal, Setup
from publik_socialmedia.models.conversations import (
    Attachment,
    Contact,
    ContactIdentifier,
    Conversation,
    Message,
    MessageVersion,
    Reaction,
    Receipt,
    Tombstone,
)
from publik_socialmedia.models.jobs import Job
from publik_socialmedia.models.privacy import Erasure
from publik_socialmedia.models.watching import Notice, Trouble, Watch
from publik_socialmedia.models.work import Delivery, Demand, Nonce, RawEvent

__all__ = [
    'Account',
    'Attachment',
    'ChannelEvent',
    'Contact',
    'ContactIdentifier',
    'Conversation',
    'Delivery',
    'Demand',
    'Endpoint',
    'Erasure',
    'Job',
    'Journal',
    'Message',
    'MessageVersion',
    'Nonce',
    'Notice',
    'RawEvent',
    'Reaction',
    'Receipt',
    'Setup',
    'Tombstone',
    'Trouble',
    'Watch',
]

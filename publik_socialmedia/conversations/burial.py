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


"""What was erased stays so: keyed hashes of ids that must not come back, while networks redeliver (R52).

Three kinds of hash: of a message that is not to be recorded; of a message to which nothing is to be attached
any more (a reaction, a receipt), because its person was erased; of a person who was erased, until they write
again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from publik_socialmedia import rows
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.fields import keyed_hash
from publik_socialmedia.models import Account, ContactIdentifier, Tombstone


def bury(account: Account, ids: Iterable[str]) -> None:
    """Have messages of these ids recorded no more. For one without id: the hash of its content."""
    bury_digests(_digest('message', account, value) for value in ids if value)


def bury_traces(account: Account, *, messages: Iterable[str] = (), users: Iterable[str] = ()) -> None:
    """The same for erased persons and their messages: not even what is said of them is recorded."""
    ids = [value for value in messages if value]
    bury(account, ids)
    bury_digests(_digest('target', account, value) for value in ids)
    bury_digests(_digest('person', account, value) for value in users if value)


def bury_digests(digests: Iterable[str]) -> None:
    """Remember these hashes, for as long as networks redeliver."""
    expires_at = timezone.now() + timedelta(days=app_settings.TOMBSTONE_DAYS)
    buried = [Tombstone(digest=digest, expires_at=expires_at) for digest in digests]
    Tombstone.objects.bulk_create(
        buried, update_conflicts=True, unique_fields=['digest'], update_fields=['expires_at']
    )


def is_buried(account: Account, *ids: str) -> bool:
    """Whether a message that bears one of these ids is not to be recorded."""
    return _known(_digest('message', account, value) for value in ids if value)


def is_digest_buried(digest: str) -> bool:
    return _known([digest])


def is_trace(account: Account, *, message: str = '', user: str = '') -> bool:
    """Whether what is said of that message, or by that person, is about somebody erased.

    Who wrote again since is a person like any other.
    """
    if message and _known([_digest('target', account, message)]):
        return True
    if not user or not _known([_digest('person', account, user)]):
        return False
    return not ContactIdentifier.objects.filter(account=account, value=user).exists()


def _known(digests: Iterable[str]) -> bool:
    # for each message that comes; served by the unique index
    return rows.exists('publik_socialmedia_tombstone WHERE digest = ANY(%s)', [list(digests)])


def _digest(kind: str, account: Account, value: str) -> str:
    return keyed_hash(kind, str(account.pk), value)

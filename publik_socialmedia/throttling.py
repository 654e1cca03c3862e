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

"""Networks that ask to be left alone: remembered for the whole account, not for one conversation (R33).

A limit is almost always one of the account, of its token or of its application: what another conversation, a
poll or a media would ask meanwhile is refused too, and often prolongs the wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from publik_socialmedia import errors
from publik_socialmedia.models import Account

# scope of a TemporaryError
ACCOUNT = 'account'
# seconds, for a network that does not say how long it is to be left alone
UNTOLD = 60.0
# seconds; longer is not believed: it would silence the account for good
LONGEST = 24 * 3600.0


@contextmanager
def heeding(account: Account) -> Iterator[None]:
    """Around a call to the network: not made while it is to be left alone; what it asks is remembered.

    TemporaryError('rate') if it is to be left alone.
    """
    left = account.throttled_for
    if left > 0:
        raise errors.TemporaryError('rate', retry_after=left, scope=ACCOUNT, detail='not asked')
    try:
        yield
    except errors.TemporaryError as error:
        if error.scope == ACCOUNT:
            account.throttle(min(error.retry_after or UNTOLD, LONGEST))
        raise

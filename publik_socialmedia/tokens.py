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

"""Access tokens that end: renewed by one worker at a time, shared by all (R41).

What a network keeps of a session is in ``Account.credentials``, beside what the administrator typed. Before
each call the network's class is asked, without any connection, whether it is time (``renewal_due``). If it
is, one worker asks for new ones (``renew``) under a lock of the database, and commits them at once: a token
that serves to get the next one often serves only once. The others wait for it, then use what it got.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TypeVar

from django.db import connection, transaction
from django.utils import timezone

from publik_socialmedia import errors, networks, spending, throttling
from publik_socialmedia.models import Account
from publik_socialmedia.networks import base

# of TemporaryError: the token is refused, another one may be had without anybody
REFUSED = 'auth_refresh'

logger = logging.getLogger(__name__)

_T = TypeVar('_T')


def using(account: Account, step: Callable[[base.Account], _T], http: base.Http) -> _T:
    """What ``step`` gives, called with what the network may know of the account.

    Called again with a new token if the network says that the one it had is over (TemporaryError of reason
    'auth_refresh': nothing was done); ConfigurationError('auth') if that one is refused too: a person must
    look, and trying for ever would spend the session. Errors of ``step`` and of ``renew`` come out.

    The network is not called while it asks to be left alone (TemporaryError of reason 'rate').
    """
    with throttling.heeding(account):
        return _using(account, step, http)


def _using(account: Account, step: Callable[[base.Account], _T], http: base.Http) -> _T:
    late: errors.TemporaryError | None = None
    try:
        renew_if_due(account, http)
    except errors.TemporaryError as error:  # it is early: what we have may still serve
        late = error
    seen = account.credentials
    try:
        return _call(account, step)
    except errors.TemporaryError as error:
        if error.reason != REFUSED:
            raise
        if late is not None:
            raise late from None
    _renew(account, http, refused=seen)
    try:
        return _call(account, step)
    except errors.TemporaryError as error:
        if error.reason != REFUSED:
            raise
        raise errors.ConfigurationError('auth', code=error.code, http_status=error.http_status) from None


def _call(account: Account, step: Callable[[base.Account], _T]) -> _T:
    """Do it, and count what the network bills for it, also if it fails."""
    view = account.view()
    try:
        return step(view)
    finally:
        if view.paid:
            spending.note(account, view.paid)


def renew_if_due(account: Account, http: base.Http) -> None:
    """Have the credentials of the account renewed if it is time; errors of ``renew`` come out."""
    if _is_due(account):
        _renew(account, http)


def _is_due(account: Account) -> bool:
    due_at = networks.get(account.network).renewal_due(account.view())
    return due_at is not None and due_at <= timezone.now()


def _renew(account: Account, http: base.Http, refused: dict[str, str] | None = None) -> None:
    """Put new credentials on the account; those that another worker got meanwhile, if there are.

    ``refused``: the credentials that the network did not want any more, whatever their date.
    """
    # durable: were this in a transaction of somebody else, its failure would lose the only good token
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            name = f' socialmedia tokens {account.pk}'
            cursor.execute(
                'SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || %s, 0))', [name]
            )
        account.credentials = Account.objects.values_list('credentials', flat=True).get(pk=account.pk)
        still_refused = account.credentials == refused
        if still_refused or _is_due(account):
            changed = _ask(account, http, refused=still_refused)
            if changed:
                _keep(account, changed)
                logger.info('the token of account %s was renewed', account.pk)


def _keep(account: Account, changed: Mapping[str, str]) -> None:
    """Save what was got. What an administrator typed since we asked stays: it is of another session."""
    asked = account.credentials
    row = Account.objects.select_for_update(no_key=True).only('credentials').get(pk=account.pk)
    got = {name: value for name, value in changed.items() if row.credentials.get(name) == asked.get(name)}
    account.credentials = {**row.credentials, **got}
    Account.objects.filter(pk=account.pk).update(credentials=account.credentials)


def _ask(account: Account, http: base.Http, *, refused: bool) -> Mapping[str, str] | None:
    """What ``renew`` gives. An answer that was lost says nothing of the call that wanted the token: that one
    was not made. Where a token serves once the next try is refused, and a person must connect the account."""
    try:
        return networks.get(account.network).renew(account.view(), http, refused=refused)
    except errors.OutcomeUnknown as error:
        raise errors.TemporaryError('connection', code=error.code, http_status=error.http_status) from error

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

"""What is wrong now and needs a person, as far as the database knows: asks nobody (R41).

Each alert has a ``key``, told once, and a ``family``: what is over when none of the family stands any more. A
token that ends in 14, then 7, then 2 days makes three keys and one family.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from publik_socialmedia import addresses, errors, media, text
from publik_socialmedia.health import EXPIRY_WARNINGS
from publik_socialmedia.models import Account, Conversation, Delivery, RawEvent
from publik_socialmedia.models.watching import findings, said
from publik_socialmedia.reasons import sentence
from publik_socialmedia.silence import silent
from publik_socialmedia.wcs.wording import network_label

LATE = timedelta(minutes=15)  # nobody is woken for a worker that starts again, nor for a network that blinks
POLLS = 10  # failed polls in a row: a quarter of an hour at least, with their back-off
QUEUE = 'socialmedia-manage-queue'


@dataclass(frozen=True, slots=True)
class Alert:
    """``reason``: a word of ``reasons``; ``account``: None if it is about all; ``address``: where to act, ''
    if nothing says where this site is; ``severity``: 'critical' or 'warning'."""

    key: str
    family: str
    reason: str
    said: str
    account: Account | None = None
    address: str = field(default='', compare=False)
    severity: str = field(default='critical', compare=False)

    @property
    def owner(self) -> str:
        """Which account it is about, for people; '' for all of them."""
        return owner(self.account) if self.account else ''


def owner(account: Account) -> str:
    """The account for people, on one line: it is put in subjects of mails."""
    return ' '.join(f'{text.clean(str(account))} ({network_label(account)})'.split())


def standing(now: datetime | None = None, patience: timedelta = LATE) -> list[Alert]:
    """All that is wrong now; a fixed number of queries. ``patience``: what may pass by itself has lasted as
    long."""
    at = now or timezone.now()
    accounts = list(watched())
    quiet = {account.pk for account in silent(at)}
    blocked = _blocked()
    found: list[Alert] = []
    for account in accounts:
        known = _Known(at, patience, quiet=account.pk in quiet, blocked=blocked.get(account.pk, 0))
        found += _of_account(account, known)
    return found + list(_of_all(at))


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of an account besides its row."""

    now: datetime
    patience: timedelta
    quiet: bool
    blocked: int


def watched() -> Iterator[Account]:
    """The accounts in use: neither paused nor being connected."""
    known = Account.objects.filter(setup__isnull=True).exclude(state=Account.State.PAUSED)
    yield from known.defer('credentials').select_related('watch').order_by('pk')


def _of_account(account: Account, known: _Known) -> Iterator[Alert]:
    def alert(family: str, reason: str, words: str = '', *, step: str = '', **more: str) -> Alert:
        base = f'account:{account.pk}:{family}'
        details = {'address': _address('socialmedia-manage-account', account=account.pk), **more}
        return Alert(f'{base}:{step or reason}', base, reason, words or sentence(reason), account, **details)

    for side, reason in (('network', account.problem), ('wcs', account.wcs_problem)):
        if reason:
            yield alert(side, reason, said(account, reason))
    step = expiry_step(account, known.now)
    if step is not None and not account.problem:
        severity = 'critical' if step <= min(EXPIRY_WARNINGS) else 'warning'
        yield alert('expiry', 'token_expires', expiry(account, known.now), step=str(step), severity=severity)
    lasting = notes(account, known.now, known.patience)
    for one in lasting:
        yield alert('note', str(one['reason']), str(one['message']), severity=str(one['severity']))
    if known.quiet:
        yield alert('silence', 'silence', severity='warning')
    if account.poll_failures >= POLLS and not account.problem and not lasting:
        yield alert('polling', 'poll_failing', severity='warning')
    if known.blocked:
        told = ngettext('%s item is blocked.', '%s items are blocked.', known.blocked) % known.blocked
        words = f'{told} {sentence("queue_blocked")}'
        yield alert('blocked', 'queue_blocked', words, address=_list(account=account.pk))


def notes(account: Account, now: datetime, patience: timedelta = timedelta()) -> list[Mapping[str, Any]]:
    """What the last look found besides what refuses the account, one of each reason, the gravest first; what
    may pass by itself once it has lasted. See ``Watch.findings``."""
    found: dict[str, Mapping[str, Any]] = {}
    for one in sorted(findings(account), key=lambda one: str(one['severity'])):
        refusing = one['refuses'] or one['reason'] in (account.problem, account.wcs_problem)
        since = parse_datetime(str(one['since'])) or now
        if one['severity'] != 'info' and not refusing and (not one['passing'] or now - since >= patience):
            found.setdefault(str(one['reason']), one)
    return list(found.values())


def expiry_step(account: Account, now: datetime) -> int | None:
    """Which of the warnings of the end of its token is due: 14, 7 or 2 days, 0 when it is over; None: no."""
    if account.token_expires_at is None:
        return None
    left = account.token_expires_at - now
    if left <= timedelta():
        return 0
    return next((days for days in sorted(EXPIRY_WARNINGS) if left <= timedelta(days=days)), None)


def expiry(account: Account, now: datetime) -> str:
    """What to say of a token that ends, or is over."""
    assert account.token_expires_at is not None
    days = (account.token_expires_at - now).days
    if days < 0:
        return sentence('auth')
    told = ngettext(
        'The access token ends in %s day: connect the account again before.',
        'The access token ends in %s days: connect the account again before.',
        days,
    )
    return told % days


def _of_all(now: datetime) -> Iterator[Alert]:
    put_aside = RawEvent.objects.filter(state=RawEvent.State.QUARANTINED).count()
    if put_aside:
        told = ngettext('%s body could not be read.', '%s bodies could not be read.', put_aside) % put_aside
        words = f'{told} {sentence("queue_unread")}'
        address = _list(list='unreadable')
        yield Alert('unread:queue_unread', 'unread', 'queue_unread', words, address=address)
    due = Conversation.objects.filter(due_at__lte=now).aggregate(at=Min('due_at'))['at']
    came = RawEvent.objects.filter(state=RawEvent.State.PENDING).aggregate(at=Min('received_at'))['at']
    oldest = min((at for at in (due, came) if at), default=None)
    if oldest is not None and now - oldest > LATE:
        minutes = int((now - oldest).total_seconds() // 60)
        told = _('Work has been late for %s minutes.') % minutes
        words = f'{told} {sentence("worker_late")}'
        address = _list(list='failing')
        yield Alert('worker:worker_late', 'worker', 'worker_late', words, address=address)
    reason = media.trouble()
    if reason:
        yield Alert(f'storage:{reason}', 'storage', reason, sentence(reason))


def _blocked() -> dict[int, int]:
    rows = Delivery.objects.filter(state=Delivery.State.BLOCKED).values_list('conversation__account')
    return dict(rows.annotate(count=Count('pk')))


def _list(**query: str | int) -> str:
    queue = _address(QUEUE)
    return f'{queue}?{urlencode(query)}' if queue else ''


def _address(name: str, **values: int) -> str:
    try:
        return addresses.absolute(name, **values)
    except errors.ConfigurationError:
        return ''

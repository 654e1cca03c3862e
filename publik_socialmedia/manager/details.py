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

"""What is known of the health of an account, line by line (R41)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from publik_socialmedia.models import Account, ChannelEvent, Conversation, Delivery, Message
from publik_socialmedia.reasons import sentence
from publik_socialmedia.wcs.sites import sites

LOOKED_AT = 200  # last events on who has the threads


@dataclass(frozen=True, slots=True)
class Detail:
    label: str
    value: str


def of(account: Account) -> list[Detail]:
    """Asks nobody: what the last tests and the last messages left here."""
    return [Detail(label, value) for label, value in _lines(account)]


def _lines(account: Account) -> Iterator[tuple[str, str]]:
    yield _('Identifier on the network'), account.external_id or _('not known yet')
    yield _('Last event'), _at(account.last_event_at)
    last = Conversation.objects.filter(account=account).aggregate(at=Max('last_inbound_at'))['at']
    yield _('Last message of a citizen'), _at(last)
    yield _('Last error'), _error(account)
    watch = getattr(account, 'watch', None)
    yield _('Last look at the account'), _at(watch.checked_at if watch else None)
    yield _('Access token'), _token(account)
    yield _('Thread control'), _control(account)
    fields = account.facts.get('subscribed_fields')
    if isinstance(fields, list) and fields:
        yield _('Subscribed fields'), ', '.join(map(str, fields))
    if account.throttled_for:
        yield _('Left alone until'), _at(account.throttled_until)
    yield _('Waiting'), _queue(account)
    yield _('Site and form of w.c.s.'), _form(account)
    yield _('Problem with w.c.s.'), sentence(account.wcs_problem) if account.wcs_problem else _('none')


def _at(at: datetime | None) -> str:
    return date_format(timezone.localtime(at), 'SHORT_DATETIME_FORMAT') if at else _('none')


def _error(account: Account) -> str:
    if account.problem:
        return f'{_at(account.problem_at)} : {sentence(account.problem)}'
    if account.last_error:
        reason = account.last_error.split(' ', 1)[0].rstrip(':')
        return f'{_at(account.last_error_at)} : {sentence(reason)}'
    return _('none')


def _token(account: Account) -> str:
    if account.token_expires_at is None:
        return _('no known end')
    days = (account.token_expires_at - timezone.now()).days
    if days < 0:
        return _('ended on %s') % _at(account.token_expires_at)
    left = ngettext('%s day left', '%s days left', days) % days
    return f'{_at(account.token_expires_at)} ({left})'


def _control(account: Account) -> str:
    """How many threads another application has, from what the network told of each lately."""
    events = ChannelEvent.objects.filter(account=account, topic='thread_control').order_by('-received_at')
    owners: dict[str, str] = {}
    for user, details in events.values_list('user', 'details')[:LOOKED_AT]:
        owners.setdefault(user, str(details.get('owner') or ''))
    ours = {str(account.facts.get('app_id') or ''), ''}
    elsewhere = sum(owner not in ours for owner in owners.values())
    if not elsewhere:
        return _('ours')
    return (
        ngettext(
            '%s thread is held by another application',
            '%s threads are held by another application',
            elsewhere,
        )
        % elsewhere
    )


def _queue(account: Account) -> str:
    rows = Delivery.objects.filter(conversation__account=account)
    waiting = rows.filter(state=Delivery.State.PENDING).count()
    blocked = rows.filter(state=Delivery.State.BLOCKED).count()
    failed = Message.objects.filter(
        conversation__account=account, state=Message.State.FAILED, received_at__gte=_week()
    ).count()
    return _('%(waiting)s to deliver, %(blocked)s blocked, %(failed)s answers failed in 7 days') % {
        'waiting': waiting,
        'blocked': blocked,
        'failed': failed,
    }


def _week() -> datetime:
    return timezone.now() - timedelta(days=7)


def _form(account: Account) -> str:
    if not account.form:
        return _('none')
    site = sites().get(account.wcs_site)
    return f'{site.title} : {account.form}' if site else account.form

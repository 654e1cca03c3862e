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

"""Warning the managers of accounts by e-mail: once of each thing, once more when it is over (R41).

What they were told is a row of ``Trouble`` and a line of the journal, committed together with the mails
that tell it: these leave afterwards (``posting``), so that nothing waits for the mail server, and a mail
that cannot leave is neither lost nor decided twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth import get_user_model
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from publik_socialmedia import addresses, errors
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.locks import alone_until_commit
from publik_socialmedia.manager import figures
from publik_socialmedia.manager.figures import Figures
from publik_socialmedia.models import Account, Journal, Notice, Trouble
from publik_socialmedia.monitoring import alerts
from publik_socialmedia.monitoring.alerts import Alert

TOLD, OVER = 'alert', 'alert-over'


@dataclass
class Told:
    """What one turn decided to tell. ``orphans``: alerts that nobody is to get."""

    begun: list[Alert] = field(default_factory=list)
    ended: list[Alert] = field(default_factory=list)
    orphans: int = 0


def tell(now: datetime | None = None) -> Told:
    """Write the mails about what is new and what is over. Nothing if another process is at it."""
    told = Told()
    with transaction.atomic():
        if alone_until_commit('alerts'):
            _tell(now or timezone.now(), told)
    return told


def digest(now: datetime | None = None) -> int:
    """Write a mail to each manager with all that is still wrong and the figures of the day; none if there is
    nothing but what can wait. Gives how many."""
    at = now or timezone.now()
    found = alerts.standing(at)
    if not any(alert.severity == 'critical' or not alert.family.endswith(':note') for alert in found):
        return 0
    known = figures.of_accounts(at)
    lines = [(account, known.get(account.pk, Figures())) for account in alerts.watched()]
    shared = _shared_out(found)
    for address, mine in shared.items():
        subject = ngettext('%s thing to see to', '%s things to see to', len(mine)) % len(mine)
        _write(address, subject, 'digest.txt', {'alerts': mine, 'figures': lines})
    return len(shared)


def _tell(now: datetime, told: Told) -> None:
    found = {alert.key: alert for alert in alerts.standing(now)}
    known = {trouble.key: trouble for trouble in Trouble.objects.select_related('account')}
    begun = [alert for key, alert in found.items() if key not in known]
    gone = [trouble for key, trouble in known.items() if key not in found]
    families = {alert.family for alert in found.values()}
    told.ended = [_ended(row) for row in gone if row.family not in families and _matters(row)]
    news: dict[str, tuple[list[Alert], list[Alert]]] = {}
    for address, mine in _shared_out(begun, told).items():
        news.setdefault(address, ([], []))[0].extend(mine)
    for address, mine in _shared_out(told.ended).items():
        news.setdefault(address, ([], []))[1].extend(mine)
    for address, (new, over) in news.items():
        _write(address, _subject(new, over), 'alerts.txt', {'begun': new, 'ended': over})
    reached = {alert.key for new, _over in news.values() for alert in new}
    told.begun = [alert for alert in begun if alert.key in reached]
    _keep(told.begun, gone)


def _keep(begun: Iterable[Alert], gone: Sequence[Trouble]) -> None:
    """Also what is over and told to nobody: an account was paused, a reason gave way to another."""
    new = [Trouble(key=a.key, family=a.family, reason=a.reason, account=a.account) for a in begun]
    Trouble.objects.bulk_create(new)
    Trouble.objects.filter(pk__in=[row.pk for row in gone]).delete()
    Journal.objects.bulk_create(
        Journal(
            account_id=row.account_id,
            action=action,
            details={'key': row.key, 'family': row.family, 'reason': row.reason},
        )
        for action, rows in ((TOLD, new), (OVER, gone))
        for row in rows
    )


def _matters(row: Trouble) -> bool:
    """Whether its end is news: nobody needs to hear that an account that they paused or removed is well."""
    of_account = row.family.startswith('account:')
    return not of_account or (row.account is not None and row.account.state != Account.State.PAUSED)


def _ended(row: Trouble) -> Alert:
    said = _over_words().get(row.reason) or _('This problem is over.')
    return Alert(row.key, row.family, row.reason, said, row.account)


def _over_words() -> Mapping[str, str]:
    return {
        'token_expires': _('The access token was renewed.'),
        'silence': _('Messages come again.'),
        'queue_blocked': _('Nothing is blocked any more.'),
        'queue_unread': _('No unreadable body is left.'),
        'worker_late': _('Work is no longer late.'),
        'poll_failing': _('The account can be polled again.'),
    }


# -- who, and how


def recipients() -> dict[int | None, list[str]]:
    """Addresses by account, those for all of them under None.

    The setting ALERT_RECIPIENTS if it is given. Else the staff who have changed something of the account (the
    journal says who); of an account that nobody has touched, and of all, all staff who have.
    """
    if app_settings.ALERT_RECIPIENTS:
        return {None: list(app_settings.ALERT_RECIPIENTS)}
    user_model = get_user_model()
    staff = user_model.objects.filter(is_staff=True, is_active=True).exclude(email='')
    mails = dict(staff.order_by('pk').values_list('pk', 'email'))
    acted = Journal.objects.filter(actor__in=mails, account__isnull=False)
    found: dict[int | None, list[str]] = {None: []}
    for account, actor in acted.order_by('actor').values_list('account', 'actor').distinct():
        for key in (account, None):
            if mails[actor] not in found.setdefault(key, []):
                found[key].append(mails[actor])
    found[None] = found[None] or list(dict.fromkeys(mails.values()))
    return found


def _shared_out(found: Iterable[Alert], told: Told | None = None) -> dict[str, list[Alert]]:
    """The alerts that each address is to get."""
    known = recipients()
    shared: dict[str, list[Alert]] = {}
    for alert in found:
        who = known.get(alert.account.pk if alert.account else None) or known[None]
        for address in who:
            shared.setdefault(address, []).append(alert)
        if told is not None and not who:
            told.orphans += 1
    return shared


def _subject(begun: Sequence[Alert], ended: Sequence[Alert]) -> str:
    if len(begun) == 1 and not ended:
        return begun[0].owner or _('Work in progress')
    if begun:
        return ngettext('%s thing to see to', '%s things to see to', len(begun)) % len(begun)
    return _('Back to normal')


def _write(address: str, subject: str, template: str, values: Mapping[str, object]) -> None:
    """Put one mail to one person among those that are to leave."""
    Notice.objects.create(
        recipient=address,
        subject=('[%s] %s' % (_('Social media'), subject))[:250],
        body=render_to_string(f'publik_socialmedia/mail/{template}', {**values, 'home': _home()}),
    )


def _home() -> str:
    try:
        return addresses.absolute('socialmedia-manage-home')
    except errors.ConfigurationError:
        return ''

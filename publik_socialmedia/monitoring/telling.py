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

What was told is in the journal (``alert``, ``alert-over``), where administrators read it too. It is written
after the mail has left: a mail may come twice after a breakdown, never not at all.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage, get_connection
from django.db.models.fields.json import KeyTextTransform
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from publik_socialmedia import addresses, errors
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.locks import alone
from publik_socialmedia.manager import figures
from publik_socialmedia.manager.figures import Figures
from publik_socialmedia.models import Account, Journal
from publik_socialmedia.monitoring import alerts
from publik_socialmedia.monitoring.alerts import Alert

TOLD, OVER = 'alert', 'alert-over'

logger = logging.getLogger(__name__)


@dataclass
class Told:
    """What one turn told. ``lost``: mails that could not leave; ``orphans``: alerts that nobody is to get."""

    begun: list[Alert] = field(default_factory=list)
    ended: list[Alert] = field(default_factory=list)
    mails: int = 0
    lost: int = 0
    orphans: int = 0


def tell(now: datetime | None = None) -> Told:
    """Warn of what is new and of what is over. Nothing if another process is at it."""
    told = Told()
    with alone('alerts') as ours:
        if ours:
            _tell(now or timezone.now(), told)
    return told


def digest(now: datetime | None = None) -> Told:
    """Remind of all that is still wrong, with the figures of the day; nobody is written to if all is well."""
    at = now or timezone.now()
    told = Told()
    found = alerts.standing(at)
    if not found:
        return told
    known = figures.of_accounts(at)
    lines = [(account, known.get(account.pk, Figures())) for account in alerts.watched()]
    for address, mine in _shared_out(found, told).items():
        values = {'alerts': mine, 'figures': lines, 'home': _home()}
        subject = ngettext('%s thing to see to', '%s things to see to', len(mine)) % len(mine)
        _send(address, subject, 'digest.txt', values, told)
    return told


def _tell(now: datetime, told: Told) -> None:
    found = {alert.key: alert for alert in alerts.standing(now)}
    known = _open()
    begun = [alert for key, alert in found.items() if key not in known]
    gone = [row for key, row in known.items() if key not in found]
    families = {alert.family for alert in found.values()}
    ended = [_ended(row) for row in gone if row.details.get('family') not in families and _matters(row)]
    news: dict[str, tuple[list[Alert], list[Alert]]] = {}
    for address, mine in _shared_out(begun, told).items():
        news.setdefault(address, ([], []))[0].extend(mine)
    for address, mine in _shared_out(ended).items():
        news.setdefault(address, ([], []))[1].extend(mine)
    reached: set[str] = set()
    for address, (new, over) in news.items():
        values = {'begun': new, 'ended': over, 'home': _home()}
        if _send(address, _subject(new, over), 'alerts.txt', values, told):
            reached |= {alert.key for alert in [*new, *over]}
    told.begun = [alert for alert in begun if alert.key in reached]
    told.ended = [alert for alert in ended if alert.key in reached]
    _keep(told, [row for row in gone if row.details['key'] in reached or not _is_awaited(row, ended)])


def _is_awaited(row: Journal, ended: Sequence[Alert]) -> bool:
    """Whether the end of it is still to be told: its mail did not leave."""
    return row.details['key'] in {alert.key for alert in ended}


def _keep(told: Told, gone: Iterable[Journal]) -> None:
    rows = [
        Journal(
            account=alert.account,
            action=TOLD,
            details={'key': alert.key, 'family': alert.family, 'reason': alert.reason},
        )
        for alert in told.begun
    ]
    # also what is over without being told: an account was paused or removed, a reason gave way to another
    rows += [Journal(account_id=row.account_id, action=OVER, details=row.details) for row in gone]
    Journal.objects.bulk_create(rows)


def _open() -> dict[str, Journal]:
    """By key, what was told and is not known to be over."""
    rows = Journal.objects.filter(action__in=[TOLD, OVER]).select_related('account')
    rows = rows.defer('account__credentials').annotate(key=KeyTextTransform('key', 'details'))
    last = rows.order_by('key', '-pk').distinct('key')
    return {row.details['key']: row for row in last if row.action == TOLD}


def _matters(row: Journal) -> bool:
    """Whether its end is news: nobody needs to hear that an account that they paused or removed is well."""
    of_account = str(row.details.get('family')).startswith('account:')
    return not of_account or (row.account is not None and row.account.state != Account.State.PAUSED)


def _ended(row: Journal) -> Alert:
    reason = str(row.details.get('reason'))
    said = _over_words().get(reason) or _('This problem is over.')
    return Alert(str(row.details['key']), str(row.details.get('family')), reason, said, row.account)


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


def _send(address: str, subject: str, template: str, values: Mapping[str, object], told: Told) -> bool:
    """Send one mail to one person; False, counted and logged, if it could not leave."""
    body = render_to_string(f'publik_socialmedia/mail/{template}', dict(values))
    mail = EmailMessage(
        subject='[%s] %s' % (_('Social media'), subject),
        body=body,
        to=[address],
        headers={'Auto-Submitted': 'auto-generated'},  # absences are not answered to it
        connection=get_connection(),
    )
    try:
        mail.send()
    except OSError as error:  # errors of SMTP are of this kind
        logger.error('an alert could not be sent: %s', errors.where(error))
        told.lost += 1
        return False
    told.mails += 1
    return True


def _home() -> str:
    try:
        return addresses.absolute('socialmedia-manage-home')
    except errors.ConfigurationError:
        return ''

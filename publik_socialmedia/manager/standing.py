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

"""How an account stands, in words and a sign, and what to do next: never by colour alone (R41, R44)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from publik_socialmedia.health import EXPIRY_WARNINGS
from publik_socialmedia.manager.figures import Figures
from publik_socialmedia.models import Account
from publik_socialmedia.models.watching import said
from publik_socialmedia.monitoring import alerts
from publik_socialmedia.reasons import sentence

SIGNS = {'success': '✓', 'warning': '!', 'error': '✕', 'disabled': '‖'}


@dataclass(frozen=True, slots=True)
class Standing:
    """``level``: one of SIGNS, also gadjo's class; ``advice``: what to do, '' if nothing, at ``address``."""

    level: str
    label: str
    advice: str = ''
    address: str = ''
    button: str = ''

    @property
    def sign(self) -> str:
        return SIGNS[self.level]


def of(account: Account, figures: Figures, now: datetime) -> Standing:
    """The first thing that a person must know of it. Asks nobody."""
    page = {name: reverse(f'socialmedia-manage-{name}', args=[account.pk]) for name in _PAGES}
    if getattr(account, 'setup', None) is not None:
        advice = _('Its connection is not finished: nothing you typed is lost.')
        return Standing('disabled', _('being connected'), advice, page['setup'], _('Go on'))
    if account.state == Account.State.PAUSED:
        advice = _('Messages are received, answers wait.')
        return Standing('disabled', _('paused'), advice, page['resume'], _('Start again'))
    if account.problem:
        advice = said(account, account.problem) or sentence(account.problem)
        return Standing('error', _('refused by the network'), advice, page['credentials'], _('Connect again'))
    if account.wcs_problem:
        advice = said(account, account.wcs_problem) or sentence(account.wcs_problem)
        return Standing('error', _('refused by w.c.s.'), advice, page['form'], _('See the form'))
    return _of_working(account, figures, now, page)


_PAGES = ('setup', 'resume', 'credentials', 'form', 'account')


def _of_working(account: Account, figures: Figures, now: datetime, page: dict[str, str]) -> Standing:
    step = alerts.expiry_step(account, now)
    if step is not None:
        level = 'error' if step <= min(EXPIRY_WARNINGS) else 'warning'
        advice = alerts.expiry(account, now)
        return Standing(level, _('token ending'), advice, page['credentials'], _('Connect again'))
    found = alerts.notes(account, now)
    if found:
        return _of_note(found[0], page['account'])
    if figures.blocked:
        advice = ngettext('%s item is blocked.', '%s items are blocked.', figures.blocked) % figures.blocked
        return Standing('warning', _('blocked work'), advice, page['account'], _('See the account'))
    if figures.heard.is_silent(now):
        advice = _('No message for long, compared with its habit: test the account.')
        return Standing('warning', _('silent'), advice, page['account'], _('See the account'))
    if account.poll_failures:
        advice = _('The last polls failed; they are tried again by themselves.')
        return Standing('warning', _('unreachable'), advice, page['account'], _('See the account'))
    return Standing('success', _('works'))


def _of_note(note: Mapping[str, Any], address: str) -> Standing:
    """What the last look found, though nothing refuses the account."""
    level, label = ('error' if note['severity'] == 'critical' else 'warning'), _('to be seen to')
    if note['reason'] == 'rate':
        label = _('slowed down by the network')
    elif note['passing']:
        label = _('unreachable') if note['side'] == 'network' else _('waits for w.c.s.')
    return Standing(level, label, str(note['message']), address, _('See the account'))

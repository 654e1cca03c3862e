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

"""The home page: the accounts as cards, what waits, what is blocked, and how to begin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from publik_socialmedia import health, media
from publik_socialmedia.manager import figures, jobs, pages, standing
from publik_socialmedia.manager.figures import Figures
from publik_socialmedia.manager.standing import Standing
from publik_socialmedia.models import Account, Job
from publik_socialmedia.reasons import sentence
from publik_socialmedia.wcs.wording import network_label

URGENT = {'error': 0, 'warning': 1}
MENU = (
    ('queue', _('Queue')),
    ('conversations', _('Conversations')),
    ('statistics', _('Statistics')),
    ('portal', _('Agents’ portal')),
    ('privacy', _('Personal data')),
    ('history', _('Journal')),
)


@dataclass(frozen=True)
class Card:
    account: Account
    network: str
    figures: Figures
    standing: Standing

    @property
    def name(self) -> str:
        """A new account has no name before its first test."""
        known = self.account.name or self.account.external_id
        return str(self.account) if known else str(_('New account'))


def cards() -> list[Card]:
    """One for each account, those that need a person first."""
    now = timezone.now()
    known = figures.of_accounts(now)
    found = []
    for account in Account.objects.listed().select_related('setup', 'watch'):
        told = known.get(account.pk, Figures())
        found.append(Card(account, network_label(account), told, standing.of(account, told, now)))
    return sorted(found, key=lambda card: URGENT.get(card.standing.level, len(URGENT)))


@dataclass(frozen=True)
class Removal:
    """An account that is being removed. ``erased``: messages, of ``total``."""

    name: str
    network: str
    erased: int
    total: int
    is_late: bool


def removals() -> Iterator[Removal]:
    """Those that go on in the background; one query."""
    late = timezone.now() - jobs.LATE
    asked = Job.objects.filter(kind=Job.Kind.REMOVAL).select_related('account').order_by('pk')
    for job in asked.defer('account__credentials'):
        told = job.progress
        is_late = max(job.updated_at, job.due_at) < late
        name, network = str(job.account), network_label(job.account)
        yield Removal(name, network, told.get('messages', 0), told.get('total', 0), is_late)


def _menu() -> Iterator[tuple[str, Any]]:
    """The other pages: address and words."""
    for name, words in MENU:
        yield reverse(f'socialmedia-manage-{name}'), words


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    found = cards()
    queues, storage = health.queues(), media.trouble()
    values = {
        'menu': list(_menu()),
        'cards': found,
        'queues': queues,
        'late': int(queues.late // 60),
        'storage': sentence(storage) if storage else '',
        'today': sum(card.figures.today for card in found),
        'answered': sum(card.figures.answered for card in found),
        'open': sum(card.figures.open for card in found),
        'removals': list(removals()),
    }
    return pages.show(request, 'home.html', values)

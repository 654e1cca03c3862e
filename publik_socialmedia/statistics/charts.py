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

"""The statistics that we give: what each is called, what may be asked of it, and its answer as series.

The same answers are drawn on our own page, written as CSV, and given to the statistics of Publik.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from publik_socialmedia import networks, text
from publik_socialmedia.models import Account, Message
from publik_socialmedia.statistics import steps
from publik_socialmedia.statistics.counting import Cell, Counts, Scope, Tally, Wait
from publik_socialmedia.statistics.steps import Step

INTERVALS: Mapping[str, Any] = {
    'day': gettext_lazy('Day'),
    'month': gettext_lazy('Month'),
    'year': gettext_lazy('Year'),
    'weekday': gettext_lazy('Day of the week'),
    'hour': gettext_lazy('Hour'),
    'none': gettext_lazy('None'),
}
GROUPS: Mapping[str, Any] = {
    'network': gettext_lazy('Network'),
    'account': gettext_lazy('Account'),
    'direction': gettext_lazy('Received or sent'),
    'origin': gettext_lazy('Who wrote'),
    'form': gettext_lazy('Form'),
}
DIRECTIONS: Mapping[str, Any] = {'in': gettext_lazy('Received'), 'out': gettext_lazy('Sent')}
_ORIGINS: Mapping[str, Any] = {
    Message.Origin.CITIZEN: gettext_lazy('Citizens'),
    Message.Origin.AGENT: gettext_lazy('From w.c.s.'),
    Message.Origin.NATIVE: gettext_lazy('In the network’s own application'),
    Message.Origin.AUTOMATIC: gettext_lazy('Automatic'),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a chart. ``tally``: shared by the charts of one page; ``group``: '' for none."""

    tally: Tally
    interval: str = 'month'
    group: str = ''

    @property
    def scope(self) -> Scope:
        return self.tally.scope


@dataclass(frozen=True, slots=True)
class Series:
    label: str
    data: tuple[float | None, ...]  # None: nothing to measure


@dataclass(frozen=True, slots=True)
class Answer:
    labels: tuple[str, ...]
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """``unit``: 'seconds', or '' for a count; ``groups``: by what it can be grouped, ``default`` among them;
    ``intervals``: '' if it has but one, of its own."""

    slug: str
    name: Any
    compute: Callable[[Question], Answer]
    unit: str = ''
    groups: tuple[str, ...] = ()
    default: str = ''
    intervals: tuple[str, ...] = tuple(INTERVALS)


def _messages(kept: Callable[[Cell], bool]) -> Callable[[Question], Answer]:
    def compute(asked: Question) -> Answer:
        counts = asked.tally.messages(asked.interval, asked.group, kept)
        return _of_counts(counts, asked, _('Messages'))

    return compute


def _arrivals(asked: Question) -> Answer:
    hours = Question(asked.tally, 'hour', asked.group)
    return _of_counts(asked.tally.arrivals(asked.group), hours, _('Messages'))


def _demands(asked: Question) -> Answer:
    return _of_counts(asked.tally.demands(asked.interval, asked.group), asked, _('Demands'))


def _delays(name: str) -> Callable[[Question], Answer]:
    """``name``: a delay of a ``Wait``."""

    def compute(asked: Question) -> Answer:
        waits: Mapping[Step, Wait] = asked.tally.waits(asked.interval)
        return _of_delays({step: getattr(wait, name) for step, wait in waits.items()}, asked)

    return compute


def _is_answer(cell: Cell) -> bool:
    """One answer may leave as several messages: its first part counts."""
    return cell.direction == 'out' and cell.first and cell.has_left


_BY_ACCOUNT = ('network', 'account')

CHARTS: Mapping[str, Chart] = {
    chart.slug: chart
    for chart in (
        Chart(
            'messages',
            gettext_lazy('Private messages received and sent'),
            _messages(lambda cell: True),
            groups=('direction', *_BY_ACCOUNT, 'origin'),
            default='direction',
        ),
        Chart(
            'received',
            gettext_lazy('Private messages received, by network'),
            _messages(lambda cell: cell.direction == 'in'),
            groups=_BY_ACCOUNT,
            default='network',
        ),
        Chart('demands', gettext_lazy('Demands opened'), _demands, groups=(*_BY_ACCOUNT, 'form')),
        Chart(
            'first-answer',
            gettext_lazy('Time to the first answer of a person'),
            _delays('answer'),
            unit='seconds',
        ),
        Chart(
            'answers',
            gettext_lazy('Answers, by where they were written'),
            _messages(_is_answer),
            groups=('origin', *_BY_ACCOUNT),
            default='origin',
        ),
        Chart(
            'failures',
            gettext_lazy('Answers that could not be sent'),
            _messages(lambda cell: cell.direction == 'out' and cell.state == Message.State.FAILED),
            groups=_BY_ACCOUNT,
        ),
        Chart(
            'arrivals',
            gettext_lazy('Hours at which citizens write'),
            _arrivals,
            groups=_BY_ACCOUNT,
            intervals=(),
        ),
        Chart(
            'acknowledgement',
            gettext_lazy('Time to the acknowledgement'),
            _delays('acknowledgement'),
            unit='seconds',
        ),
    )
}


def _of_counts(counts: Counts, asked: Question, name: str) -> Answer:
    found = (step for step, _group in counts)
    shown = steps.shown(asked.interval, found, asked.scope.begin, asked.scope.end)
    if not asked.group:
        data = tuple(counts.get((step, ''), 0) for step in shown)
        return Answer(_labels(asked.interval, shown), (Series(name, data),))
    named = _names(asked.group, {group for _step, group in counts})
    if asked.interval == 'none':
        # as w.c.s. does: the groups are the labels
        totals = tuple(counts.get((0, group), 0) for group, _label in named)
        return Answer(tuple(label for _group, label in named), (Series(name, totals),))
    series = (Series(label, tuple(counts.get((step, group), 0) for step in shown)) for group, label in named)
    return Answer(_labels(asked.interval, shown), tuple(series))


def _of_delays(delays: Mapping[Step, tuple[float, float] | None], asked: Question) -> Answer:
    measured = {step: found for step, found in delays.items() if found}
    shown = steps.shown(asked.interval, measured, asked.scope.begin, asked.scope.end)

    def each(rank: int) -> tuple[float | None, ...]:
        return tuple(round(measured[step][rank]) if step in measured else None for step in shown)

    series = (Series(_('Median'), each(0)), Series(_('Nine in ten are under'), each(1)))
    return Answer(_labels(asked.interval, shown), series)


def _labels(interval: str, shown: Sequence[Step]) -> tuple[str, ...]:
    return tuple(_label(interval, step) for step in shown)


def _label(interval: str, step: Step) -> str:
    if isinstance(step, date):
        return step.isoformat()[: {'day': 10, 'month': 7, 'year': 4}[interval]]
    if interval == 'weekday':
        return str(WEEKDAYS[step - 1])
    return f'{step:02}:00' if interval == 'hour' else ''


def _names(group: str, found: set[Any]) -> list[tuple[Any, str]]:
    """The groups found with what people call them, in a steady order."""
    if group == 'direction':
        return [(key, str(label)) for key, label in DIRECTIONS.items()]
    if group == 'origin':
        return [(key, str(label)) for key, label in _ORIGINS.items() if key in found]
    if group == 'account':
        accounts = Account.objects.filter(pk__in=found).only('network', 'name', 'external_id')
        labels = {account.pk: account_label(account) for account in accounts}
    elif group == 'network':
        registry = networks.registry()
        labels = {slug: registry[slug].label if slug in registry else slug for slug in found}
    else:
        labels = {key: str(key) for key in found}
    return sorted(labels.items(), key=lambda item: (item[1].casefold(), str(item[0])))


def account_label(account: Account) -> str:
    network = networks.registry().get(account.network)
    return f'{text.clean(str(account))} ({network.label if network else account.network})'

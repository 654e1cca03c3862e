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

"""Figures for Prometheus, in its text format 0.0.4, behind a token (R41).

https://prometheus.io/docs/instrumenting/exposition_formats/ . A fixed number of queries, whatever there is.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from publik_socialmedia import health, media
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.manager import figures
from publik_socialmedia.manager.figures import Figures
from publik_socialmedia.models import Account, Notice
from publik_socialmedia.monitoring import alerts

CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
Labels = Mapping[str, str]
Sample = tuple[Labels, float]


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """404 while the channel is off or no token is set; 401 without the token, in the header Authorization:
    an address is written in the logs of servers."""
    token = app_settings.METRICS_TOKEN
    if not app_settings.ENABLED or not token:
        raise Http404
    scheme, _space, given = request.headers.get('Authorization', '').partition(' ')
    same = hmac.compare_digest(given.strip().encode(errors='replace'), token.encode())
    if scheme.lower() != 'bearer' or not same:
        return HttpResponse(status=401, headers={'WWW-Authenticate': 'Bearer', 'Cache-Control': 'no-store'})
    return HttpResponse(
        ''.join(exposition(timezone.now())),
        content_type=CONTENT_TYPE,
        headers={'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff'},
    )


def exposition(now: datetime) -> Iterator[str]:
    """The whole text, line by line."""
    rows = Account.objects.filter(setup__isnull=True).defer('credentials').select_related('watch')
    accounts = list(rows.order_by('network', 'pk'))
    known = figures.of_accounts(now)
    yield from _of_accounts(accounts, {a.pk: known.get(a.pk, Figures()) for a in accounts}, now)
    yield from _of_queues()


def _of_accounts(accounts: Iterable[Account], known: Mapping[int, Figures], now: datetime) -> Iterator[str]:
    def each(name: str, text: str, value: Callable[[Account, Figures], float | None]) -> Iterator[str]:
        given = ((_labels(account), value(account, known[account.pk])) for account in accounts)
        yield from family(name, text, [(labels, number) for labels, number in given if number is not None])

    names = [({**_labels(a), 'name': str(a), 'state': a.state}, 1.0) for a in accounts]
    yield from family('account_info', 'Accounts and their state.', names)
    problems = [
        ({**_labels(a), 'side': side, 'reason': reason}, 1.0)
        for a in accounts
        for side, reason in (('network', a.problem), ('wcs', a.wcs_problem))
        if reason
    ]
    yield from family('account_problem', 'What refuses an account, and why.', problems)
    notes = [
        ({**_labels(a), **{name: str(one[name]) for name in ('side', 'reason', 'severity')}}, 1.0)
        for a in accounts
        for one in alerts.notes(a, now)
    ]
    yield from family('account_finding', 'What else the last look at an account found.', notes)
    quiet = 'No message for long, compared with its habit.'
    yield from each('account_silent', quiet, lambda a, f: f.heard.is_silent(now))
    yield from each('account_poll_failures', 'Polls that failed in a row.', lambda a, f: a.poll_failures)
    for name, text, value in _MORE:
        yield from each(name, text, value)


_MORE: tuple[tuple[str, str, Callable[[Account, Figures], float | None]], ...] = (
    ('last_look_timestamp_seconds', 'Last look at the account.', lambda a, f: _seconds(_looked_at(a))),
    ('last_event_timestamp_seconds', 'Last news of the network.', lambda a, f: _seconds(a.last_event_at)),
    ('last_message_timestamp_seconds', 'Last message of a citizen.', lambda a, f: _seconds(f.heard.last)),
    ('token_expiry_timestamp_seconds', 'End of the token.', lambda a, f: _seconds(a.token_expires_at)),
    ('messages_received_today', 'Messages of citizens since midnight.', lambda a, f: f.today),
    ('messages_sent_today', 'Messages to citizens since midnight.', lambda a, f: f.answered),
    ('open_demands', 'Demands that are open.', lambda a, f: f.open),
    ('blocked_deliveries', 'Deliveries that need a person.', lambda a, f: f.blocked),
)


def _of_queues() -> Iterator[str]:
    queues = health.queues()
    waiting = {'bodies': queues.raw_pending, 'deliveries': queues.deliveries_pending}
    stuck = {'bodies': queues.raw_quarantined, 'deliveries': queues.deliveries_blocked}
    yield from family('queue_waiting', 'What waits.', _by_queue(waiting))
    yield from family('queue_stuck', 'What needs a person.', _by_queue(stuck))
    yield from family(
        'mails_waiting', 'Mails to managers that have not left.', [({}, Notice.objects.count())]
    )
    trouble = media.trouble()
    yield from family(
        'storage_trouble', 'Why attachments cannot be kept.', [({'reason': trouble}, 1)] * bool(trouble)
    )
    yield from family('queue_late_seconds', 'By how much the oldest due work is late.', [({}, queues.late)])


def family(name: str, text: str, samples: Iterable[Sample]) -> Iterator[str]:
    """One gauge with all its samples; nothing if there is none."""
    found = list(samples)
    if not found:
        return
    full = f'publik_socialmedia_{name}'
    yield f'# HELP {full} {text}\n# TYPE {full} gauge\n'
    for labels, value in found:
        written = ','.join(f'{key}="{_escaped(label)}"' for key, label in labels.items())
        yield f'{full}{{{written}}} {_number(value)}\n' if written else f'{full} {_number(value)}\n'


def _escaped(label: str) -> str:
    return label.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n')


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _labels(account: Account) -> dict[str, str]:
    return {'account': str(account.pk), 'network': account.network}


def _looked_at(account: Account) -> datetime | None:
    watch = getattr(account, 'watch', None)
    return watch.checked_at if watch else None


def _seconds(at: datetime | None) -> float | None:
    return at.timestamp() if at else None


def _by_queue(counts: Mapping[str, int]) -> list[Sample]:
    return [({'queue': name}, count) for name, count in counts.items()]

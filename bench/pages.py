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

"""(e) The administrators' pages with fifty accounts and a hundred thousand messages, each through WSGI.

The application is called as a web server calls it, in this process, so that the queries of each page are
counted; a round loads every page once, in another order each time. Where others use the machine, the time of
processor (the mean of a load: this process and PostgreSQL) says what a calm one would take.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http.cookies import SimpleCookie
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

from bench import stock, town
from bench.databases import Databases
from bench.processes import cpu_seconds
from bench.report import Report, median, milliseconds, percentile

NAME = 'socialmedia_bench_pages'
ROUNDS, QUICK_ROUNDS = 30, 5
SECONDS = 0.2  # aim: nine loads in twenty are under it, and the tenth too
QUERIES = {'home': 14}  # aim: fewer than fifteen


@dataclass
class Page:
    """An address, and what was measured of it: seconds and queries of each load, bytes of the last one."""

    name: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    orig: str = ''  # signed for this service at each load
    seconds: list[float] = field(default_factory=list)
    cpu: float = 0.0  # seconds of processor, here and in PostgreSQL, of all these loads
    queries: set[int] = field(default_factory=set)
    size: int = 0


def measure(databases: Databases, report: Report, *, quick: bool) -> None:
    report.title('Pages of the administrators')
    begun = time.monotonic()
    databases.fresh(NAME)
    town.build(databases, NAME)
    report.write(
        f'{town.ACCOUNTS} accounts, {town.MESSAGES:,} messages over a year, half of them of one account; '
        f'made in {time.monotonic() - begun:.0f} s. Load average when it begins: {_load()}.\n'
    )
    with stock.using(NAME):
        pages = list(_pages())
        _visit(pages, QUICK_ROUNDS if quick else ROUNDS)
    report.write(f'Load average at the end: {_load()}.\n')
    _show(report, pages)
    databases.drop(NAME)


def _pages() -> Iterator[Page]:
    from django.urls import reverse
    from django.utils import timezone

    from publik_socialmedia import summary
    from publik_socialmedia.app_settings import app_settings
    from publik_socialmedia.models import Account, Conversation, RawEvent

    cookie, today = _staff(), timezone.localdate()
    account = Account.objects.order_by('pk')[0].pk
    thread = Conversation.objects.filter(account=account).order_by('-last_activity_at')[0]

    def page(label: str, name: str, *args: Any, session: str = cookie, **query: Any) -> Page:
        path = reverse(f'socialmedia-manage-{name}', args=args)
        return Page(label, f'{path}?{urlencode(query)}' if query else path, {'HTTP_COOKIE': session})

    yield page('home', 'home')
    yield page('choice of a network', 'new')
    for name in (
        'account',
        'journal',
        'guide',
        'credentials',
        'webhook',
        'settings',
        'repair',
        'pause',
        'remove',
    ):
        yield page(f'account: {name}' if name != 'account' else 'account', name, account)
    for name in ('blocked', 'failing', 'unreadable', 'partial', 'unread', 'polls'):
        yield page(f'queue: {name}', 'queue', list=name)
    yield page('queue: blocked, one account', 'queue', list='blocked', account=account)
    yield page('queue: one body', 'body', RawEvent.objects.order_by('-pk')[0].pk)
    yield page('conversations', 'conversations')
    yield page('conversations: page 300', 'conversations', page=300)
    searches: Mapping[str, Mapping[str, str]] = {
        'by name': {'person': 'Personne 2'},
        'by identifier': {'person': 'psid-old-777'},
        'by demand': {'person': '1-777'},
        'awaiting an answer': {'state': 'waiting'},
        'failed': {'state': 'failed'},
        'closed': {'state': 'closed'},
        'of a month': {'since': (today - timedelta(days=30)).isoformat()},
    }
    for label, asked in searches.items():
        yield page(f'conversations {label}', 'conversations', session=_staff(asked))
    yield page('one conversation', 'conversation', thread.pk)
    yield page('person: export and erasure', 'person', thread.contact_id)
    year = {'since': (today - timedelta(days=364)).isoformat(), 'until': today.isoformat()}
    yield page('statistics of a month', 'statistics')
    yield page('statistics of a year', 'statistics', **year)
    yield page('statistics of a year, one account', 'statistics', account=account, **year)
    yield page('statistics of a year, CSV', 'statistics-csv', **year)
    for name in ('portal', 'privacy', 'register', 'history'):
        yield page(name, name)
    yield Page(
        'portal: JSON summary', f'{reverse("socialmedia-summary")}?{urlencode({"key": summary.key()})}'
    )
    bearer = {'HTTP_AUTHORIZATION': f'Bearer {app_settings.METRICS_TOKEN}'}
    yield Page('metrics', reverse('socialmedia-metrics'), bearer)
    yield from _signed(year)


def _signed(year: Mapping[str, Any]) -> Iterator[Page]:
    """The statistics that other services of Publik ask for."""
    from django.urls import reverse

    from publik_socialmedia.statistics.charts import CHARTS

    yield Page('signed: list of statistics', reverse('socialmedia-statistics'), orig='bench')
    asked = urlencode({'start': year['since'], 'end': year['until'], 'time_interval': 'month'})
    for slug in CHARTS:
        path = reverse('socialmedia-statistics-series', args=[slug])
        yield Page(f'signed: {slug}', f'{path}?{asked}', orig='bench')


def _staff(asked: Mapping[str, str] | None = None) -> str:
    """A cookie of a staff user, who made that search."""
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client

    from publik_socialmedia.manager.conversations import KEY

    client = Client()
    client.force_login(User.objects.get_or_create(username='bench', is_staff=True)[0])
    if asked:
        session = client.session
        session[KEY] = dict(asked)
        session.save()
    cookies: SimpleCookie = client.cookies
    return f'{settings.SESSION_COOKIE_NAME}={cookies[settings.SESSION_COOKIE_NAME].value}'


def _visit(pages: list[Page], rounds: int) -> None:
    """Load every page, rounds times, once for nothing before."""
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    order = random.Random(5)
    for number in range(-1, rounds):
        for page in order.sample(pages, len(pages)):
            _load_page(application, page, kept=number >= 0)


def _load_page(application: Any, page: Page, *, kept: bool) -> None:
    from django.db import connection

    count = 0

    def counted(execute: Any, *args: Any) -> Any:
        nonlocal count
        count += 1
        return execute(*args)

    said: list[str] = []
    environ = _environ(page)
    pids = [os.getpid(), connection.connection.info.backend_pid] if connection.connection else []
    begun, spent = time.perf_counter(), cpu_seconds(pids)
    with connection.execute_wrapper(counted):
        answer = application(environ, lambda status, _headers, *_: said.append(status))
        body = b''.join(answer)
        answer.close()
    seconds = time.perf_counter() - begun
    if said != ['200 OK']:
        raise RuntimeError(f'{page.name}: {said}')
    page.size = len(body)
    if kept:
        page.seconds.append(seconds)
        page.cpu += cpu_seconds(pids) - spent
        page.queries.add(count)


def _environ(page: Page) -> dict[str, Any]:
    path, _separator, query = page.path.partition('?')
    if page.orig:
        from publik_socialmedia.app_settings import app_settings
        from publik_socialmedia.wcs.signature import sign_query

        query = sign_query(query, orig=page.orig, secret=app_settings.SERVICES[page.orig])
    return {
        'REQUEST_METHOD': 'GET',
        'SCRIPT_NAME': '',
        'PATH_INFO': path,
        'QUERY_STRING': query,
        'SERVER_NAME': '127.0.0.1',
        'SERVER_PORT': '80',
        'SERVER_PROTOCOL': 'HTTP/1.1',
        'REMOTE_ADDR': '127.0.0.1',
        'wsgi.url_scheme': 'http',
        'wsgi.input': BytesIO(),
        **page.headers,
    }


def _show(report: Report, pages: list[Page]) -> None:
    rows = []
    for page in sorted(pages, key=lambda one: -percentile(one.seconds, 95)):
        slow = percentile(page.seconds, 95)
        most = QUERIES.get(page.name)
        count = '–'.join(map(str, sorted({min(page.queries), max(page.queries)})))
        rows.append(
            [
                page.name,
                milliseconds(median(page.seconds)),
                milliseconds(slow),
                milliseconds(page.cpu / len(page.seconds)),
                count if most is None or max(page.queries) <= most else f'{count} (aim {most})',
                f'{page.size / 1000:.0f}',
                'yes' if slow <= SECONDS and (most is None or max(page.queries) <= most) else 'NO',
            ]
        )
    report.table(
        ['page', 'median ms', 'p95 ms', 'processor ms', 'queries', 'kB', f'≤ {SECONDS * 1000:.0f} ms'], rows
    )


def _load() -> str:
    return ' '.join(f'{value:.1f}' for value in os.getloadavg())

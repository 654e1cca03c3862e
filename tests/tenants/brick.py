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

"""A brick of Publik with tenants, for the tests: its database, its folders, its processes.

Towns have the same Page, the same w.c.s. secret and the same persons on purpose: nothing but the tenant tells
them apart.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from hobo.multitenant.middleware import TenantMiddleware

from demo.emulators.graph import APP_ID, APP_SECRET, PAGE_ID, PAGE_TOKEN, VERIFY_TOKEN, GraphEmulator
from demo.emulators.graph_webhooks import sign
from demo.postgres import database_url
from demo.wcs_standin import StandIn
from publik_socialmedia import tenants
from publik_socialmedia.models import Account, Delivery, Endpoint, RawEvent
from tests.factory import make_account

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 60.0  # seconds, of anything that is waited for
TEMPLATE = 'socialmedia_tenants'
VILLE, AGGLO = 'ville.example.org', 'agglo.example.org'


class Browser(Client):
    """What a request leaves behind in its thread is not for the test, which serves nobody."""

    def request(self, **request: Any) -> Any:
        try:
            return super().request(**request)
        finally:
            connection.set_schema_to_public()


@dataclass
class Town:
    """A tenant, with a w.c.s. and a Graph API of its own. ``heard``: bodies of the webhooks."""

    brick: Brick
    domain: str
    wcs: StandIn
    graph: GraphEmulator
    citizen: str = ''
    endpoint: str = ''  # token of its webhook
    heard: list[bytes] = field(default_factory=list)

    @property
    def tenant(self) -> tenants.Tenant:
        host = TenantMiddleware.get_tenant_by_hostname(self.domain)
        return tenants.Tenant(host.schema_name, self.domain, host)

    @property
    def folder(self) -> Path:
        return self.brick.base / self.domain

    def inside(self) -> contextlib.AbstractContextManager[None]:
        return tenants.serving(self.tenant)

    def configure(self, **values: Any) -> None:
        """Change settings of this tenant."""
        file = self.folder / 'settings.json'
        known = json.loads(file.read_text()) if file.exists() else {}
        known |= values
        _replace(file, json.dumps(known))

    def break_settings(self) -> None:
        _replace(self.folder / 'settings.json', '{')

    def client(self) -> Client:
        """A browser on its domain."""
        return Browser(HTTP_HOST=self.domain)

    def citizen_writes(self, text: str = 'Bonjour') -> int:
        """By the network, which calls our webhook; gives the status of the last answer."""
        self.graph.citizen_writes(self.citizen, text)
        status = 0
        for body in self.heard:
            status = self.webhook(body)
        self.heard.clear()
        return status

    def webhook(self, body: bytes, *, token: str = '') -> int:
        url = reverse('socialmedia-webhook', args=['messenger', token or self.endpoint])
        headers = sign(APP_SECRET, body)
        return self.client().post(url, body, content_type='application/json', headers=headers).status_code

    def texts(self) -> list[str]:
        """What its w.c.s. was told, in each demand: the message that opened it, then the history."""
        return [
            text
            for demand in self.wcs.demands()
            for text in (self.wcs.value(demand, 'message'), *demand.comments)
        ]

    def count(self, model: Any = RawEvent, **filters: Any) -> int:
        with self.inside():
            return int(model.objects.filter(**filters).count())

    def settled(self) -> bool:
        return not self.count(RawEvent, state='pending') and not self.count(Delivery, state='pending')

    def account(self) -> Account:
        with self.inside():
            return Account.objects.get()


@dataclass
class Brick:
    """``base``: the folder of the tenants' folders."""

    base: Path
    stack: ExitStack
    towns: dict[str, Town] = field(default_factory=dict)

    def town(self, domain: str) -> Town:
        """A tenant that is there already, and its surroundings."""
        wcs = self.stack.enter_context(StandIn(orig=domain))
        graph = self.stack.enter_context(GraphEmulator(callback_url='http://webhook.example/'))
        town = Town(self, domain, wcs, graph)
        hosts = [url.split('/')[2] for url in (wcs.url, graph.url)]
        town.configure(
            SECRET_KEY=f'secret of {domain}, only for tests',
            PUBLIK_SOCIALMEDIA_ENABLED=True,
            PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS=[f'key of {domain}, only for tests'],
            PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS=hosts,
            PUBLIK_SOCIALMEDIA_API_URLS={'messenger': graph.url},
            PUBLIK_SOCIALMEDIA_WCS={'default': wcs.settings},
            PUBLIK_SOCIALMEDIA_NETWORK_TIMEOUT=3,
            PUBLIK_SOCIALMEDIA_WCS_TIMEOUT=5,
        )
        with town.inside():
            secrets = {'app_id': [APP_ID], 'app_secret': [APP_SECRET], 'verify_token': [VERIFY_TOKEN]}
            endpoint = Endpoint.objects.create(network='messenger', secrets=secrets)
            make_account(
                external_id=PAGE_ID,
                name=domain,
                endpoint=endpoint,
                credentials={'page_token': PAGE_TOKEN, 'app_id': APP_ID, 'app_secret': APP_SECRET},
            )
            town.endpoint = endpoint.token
        town.citizen = graph.add_person('Camille Martin')
        graph.webhooks.post = town.heard.append  # type: ignore[method-assign]
        self.towns[domain] = town
        return town

    def add(self, domain: str) -> Town:
        """A new tenant, as hobo deploys one: its folder, its schema, its tables."""
        (self.base / domain).mkdir()
        migrate()
        return self.town(domain)

    def remove(self, domain: str) -> None:
        """As hobo does: the folder first, then the schema."""
        schema = self.towns[domain].tenant.schema
        (self.base / domain).rename(self.base.parent / f'{domain}.removed')
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA {schema} CASCADE')

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            'PYTHONPATH': str(ROOT),
            'DJANGO_SETTINGS_MODULE': 'tests.tenants.settings',
            'DATABASE_URL': database_url(connection.settings_dict),
            'TENANT_BASE': str(self.base),
        }

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """``combo-manage`` with these words."""
        command = [sys.executable, '-m', 'django', *words]
        return subprocess.run(
            command, env=self.environment(), capture_output=True, text=True, timeout=LIMIT, check=False
        )

    @contextlib.contextmanager
    def worker(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """The permanent worker in a process of its own, which listens."""
        words = words or ('-m', 'django', 'socialmedia_worker')
        command = [sys.executable, *words]
        process = subprocess.Popen(
            command, env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        try:
            until(lambda: listens() or process.poll() is not None)
            assert process.poll() is None, 'the worker stopped'
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            print(process.communicate(timeout=LIMIT)[0].decode())  # noqa: T201 - shown if the test fails


def until(happened: Callable[[], object], limit: float = LIMIT) -> None:
    """Wait for something that other threads or processes do."""
    end = time.monotonic() + limit
    while not happened():
        assert time.monotonic() < end, 'it did not happen'
        time.sleep(0.05)


def listens() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT count(*) FROM pg_stat_activity '
            "WHERE datname = current_database() AND query LIKE 'LISTEN %'"
        )
        return bool(cursor.fetchone()[0])


def migrate() -> None:
    call_command('migrate_schemas', verbosity=0, interactive=False)


def order(*commands: str) -> None:
    """On the server, beside the database of the test."""
    with contextlib.closing(psycopg2.connect(os.environ['DATABASE_URL'])) as raw:
        raw.autocommit = True
        with raw.cursor() as cursor:
            for command in commands:
                cursor.execute(command)


def _replace(file: Path, content: str) -> None:
    """At once, as hobo does: nobody reads half of it; and with another date, however fast this goes."""
    before = file.stat().st_mtime_ns if file.exists() else 0
    new = file.with_suffix('.new')
    new.write_text(content)
    if before:
        os.utime(new, ns=(before + 1_000_000_000, before + 1_000_000_000))
    new.replace(file)

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

"""What is on stage in the demonstration: servers, accounts, worker, live table."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from demo import board
from demo.scenes import Scene, scenes
from demo.script import Script
from demo.wcs_standin import StandIn

PASSWORD = 'demonstration'
WATCH_EVERY = 3.0  # seconds
POLL_EVERY = 2  # seconds, so that nobody waits in front of a demonstration


class Stage:
    """Starts everything on entry, stops it on exit. ``port`` 0: ports that are free."""

    def __init__(self, folder: Path, port: int, say: Callable[[str], None]) -> None:
        self.folder, self.port, self.say = folder, port, say
        self._stack = ExitStack()
        self.standin: StandIn | None = None
        self.script = Script()
        self.scenes: list[Scene] = []

    def __enter__(self) -> Self:
        try:
            self._start_servers()
            self._start_brick()
            self._make_accounts()
            self._start_worker()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *details: object) -> None:
        self._stack.close()

    # -- setting

    def _start_servers(self) -> None:
        if 'WCS_URL' in os.environ:
            self.form = os.environ.get('WCS_FORM', 'message-reseau-social')
            self.say(f'w.c.s. : {os.environ["WCS_URL"]}')
        else:
            self.say('Remplaçant de w.c.s.…')
            self.standin = self._stack.enter_context(StandIn(self._port(1), latency=0.045))
            self.form = self.standin.form
            os.environ |= {
                'WCS_URL': self.standin.url,
                'WCS_ORIG': self.standin.orig,
                'WCS_SECRET': self.standin.secret,
            }
        for rank, scene in enumerate(scenes()):
            self.say(f'{scene.label}…')
            self.scenes.append(self._stack.enter_context(scene(self.script, self._port(2 + rank))))

    def _start_brick(self) -> None:
        self.say('Brique Django et ses tables…')
        urls = [os.environ['WCS_URL'], *(scene.url for scene in self.scenes)]
        addresses = {scene.slug: scene.api_url for scene in self.scenes if scene.api_url}
        # the port is taken before Django reads its settings: our own address is one of them
        from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

        class Quiet(WSGIRequestHandler):
            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        server = ThreadedWSGIServer(('127.0.0.1', self._port(0)), Quiet, allow_reuse_address=True)
        self._stack.callback(server.server_close)
        self.site_url = f'http://127.0.0.1:{server.server_address[1]}'
        os.environ |= {
            'DJANGO_SETTINGS_MODULE': 'demo.site.settings',
            'DEMO_FOLDER': str(self.folder),
            'DEMO_BASE_URL': self.site_url,
            'DEMO_TRUSTED_HOSTS': ','.join(urlsplit(url).netloc for url in urls),
            'DEMO_API_URLS': ','.join(f'{slug}={url}' for slug, url in addresses.items()),
        }
        import django

        django.setup()
        from django.contrib.auth import get_user_model
        from django.contrib.staticfiles.handlers import StaticFilesHandler
        from django.core.management import call_command
        from django.core.wsgi import get_wsgi_application

        call_command('migrate', verbosity=0)
        get_user_model().objects.create_superuser('admin', 'admin@example.org', PASSWORD)
        server.set_app(StaticFilesHandler(get_wsgi_application()))
        threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
        self._stack.callback(server.shutdown)

    def _make_accounts(self) -> None:
        from publik_socialmedia import health

        for scene in self.scenes:
            account = self._account(scene)
            problems = health.examine(account)
            self.say(f'Compte {scene.label} « {account} » : {_told(problems)}')

    def _account(self, scene: Scene) -> Any:
        """Our account on that network, its webhook told to the network."""
        from django.urls import reverse
        from django.utils import timezone

        from publik_socialmedia import networks
        from publik_socialmedia.models import Account, Endpoint

        capabilities, endpoint = networks.get(scene.slug).capabilities, None
        if capabilities.webhook:
            secrets = {name: list(values) for name, values in scene.secrets.items()}
            endpoint = Endpoint.objects.create(
                network=scene.slug, label=f'Démonstration {scene.label}', secrets=secrets
            )
            scene.connect(self.site_url + reverse('socialmedia-webhook', args=[scene.slug, endpoint.token]))
        if capabilities.authorizes:
            scene.declare(self.site_url + reverse('socialmedia-manage-authorization', args=[scene.slug]))
        return Account.objects.create(
            network=scene.slug,
            endpoint=endpoint,
            external_id=scene.external_id,
            credentials=dict(scene.credentials),
            form=self.form,
            poll_due_at=timezone.now() if capabilities.polling else None,
        )

    def _start_worker(self) -> None:
        from publik_socialmedia.models import Account

        command = [sys.executable, '-m', 'django', 'socialmedia_worker']
        self._worker = subprocess.Popen(command)
        self._stack.callback(self._stop_worker)
        self._stop_polling = threading.Event()
        self._stack.callback(self._stop_polling.set)
        # the first poll takes the newest mark: nothing older is imported
        deadline = time.monotonic() + 30
        while Account.objects.filter(poll_due_at__isnull=False, cursor={}).exists():
            if time.monotonic() > deadline:
                raise RuntimeError('the worker does not poll')
            time.sleep(0.2)
        threading.Thread(target=self._poll_often, daemon=True).start()

    def _poll_often(self) -> None:
        """Have the polled accounts due more often than in production."""
        from django.db import connection
        from django.utils import timezone

        from publik_socialmedia.models import Account

        while not self._stop_polling.wait(POLL_EVERY):
            Account.objects.filter(poll_due_at__gt=timezone.now()).update(poll_due_at=timezone.now())
        connection.close()

    def _stop_worker(self) -> None:
        self._worker.terminate()
        try:
            self._worker.wait(20)
        except subprocess.TimeoutExpired:
            self._worker.kill()
            self._worker.wait()

    def _port(self, rank: int) -> int:
        return self.port + rank if self.port else 0

    # -- playing

    def play(self) -> None:
        self.say('Des usagers écrivent…')
        for scene in self.scenes:
            scene.play()
        self._wait(60)
        for scene in self.scenes:
            scene.play_later()

    def count(self) -> board.Count:
        from publik_socialmedia.wcs.demands import client_of

        return board.count(
            client_of(''),
            self.form,
            self.script.run,
            self.script.expected,
            len(self.script.conversations),
        )

    def wait_for_all(self, limit: float) -> board.Count:
        """Wait until all has arrived and nothing is left to do, so that what is doubled shows too."""
        self._wait(limit)
        time.sleep(2)
        return self.count()

    def _wait(self, limit: float) -> None:
        from publik_socialmedia.models import Delivery, RawEvent

        deadline, shown = time.monotonic() + limit, ''
        while time.monotonic() < deadline:
            count = self.count()
            line = f'  {count.summary()}'
            if line != shown:
                self.say(line)
                shown = line
            waiting = Delivery.objects.filter(state='pending').exists()
            if count.complete and not waiting and not RawEvent.objects.filter(state='pending').exists():
                return
            time.sleep(0.5)

    # -- showing

    def show(self, count: board.Count) -> None:
        """The table message → demand → status."""
        self.say(f'\n{"réseau":<10} {"de":<18} {"message":<44} {"demande":<9} statut')
        for row in count.rows:
            numbers = ', '.join(demand.id for demand in row.demands) or '—'
            names = ', '.join(demand.status_name for demand in row.demands)
            if not row.expected.wanted and not row.demands:
                names = 'rien à transmettre'
            flag = ' PERDU' if row.lost else ' DOUBLÉ' if row.doubled else ''
            item = row.expected
            self.say(f'{item.network:<10} {item.who:<18} {item.text[:43]:<44} {numbers:<9} {names}{flag}')
        self.say(f'Fichiers dans w.c.s. : {count.files} sur {count.files_wanted}\n')

    def watch(self, count: board.Count) -> None:
        """Show the table again each time that a demand changes: an agent acts, a citizen writes. For ever."""
        seen = _statuses(count)
        while True:
            time.sleep(WATCH_EVERY)
            count = self.count()
            if _statuses(count) != seen:
                seen = _statuses(count)
                self.show(count)

    def show_addresses(self) -> None:
        self.say(f'Brique       {self.site_url}/socialmedia/manage/   (admin / {PASSWORD})')
        self.say(f'w.c.s.       {os.environ["WCS_URL"]}')
        for scene in self.scenes:
            self.say(scene.about())
        self.say('Ctrl-C pour tout arrêter.')


def _statuses(count: board.Count) -> list[tuple[tuple[str, str], ...]]:
    return [tuple((demand.id, demand.status_id) for demand in row.demands) for row in count.rows]


def _told(problems: list[Any]) -> str:
    return '; '.join(problem.message for problem in problems) or 'en ordre'

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

"""A host of Publik in a throw-away system: what it is before the package, and how it is used and asked."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.packaging.throwaway.system import CommandFailed, System

INSIDE = Path(__file__).with_name('inside')
ROOT = Path(__file__).resolve().parents[3]
CRON = '/etc/cron.d/publik-socialmedia'
VILLE, AGGLO = 'ville.example.org', 'agglo.example.org'
SITE = 'http://{}:8880'
WCS, GRAPH = 'demarches.example.org:8881', 'graph.example.org:8882'
HOSTS = f'127.0.0.1 localhost {VILLE} {AGGLO} demarches.example.org graph.example.org'
LIMIT = 90.0  # seconds, of what is waited for


class NotSo(Exception):
    """What the story tells did not happen."""


def check(condition: object, what: str) -> None:
    if not condition:
        raise NotSo(what)


class Outside:
    """w.c.s. and Meta, inside the system, as ``inside/world.py`` has them."""

    def __init__(self, system: System) -> None:
        command = system.command('cd /srv/world && exec python3 -B world.py')
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._answer()

    def __call__(self, *order: Any) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + '\n')
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        check(line, 'the emulators stopped')
        return json.loads(line)

    def close(self) -> None:
        self._process.stdin and self._process.stdin.close()
        self._process.wait(LIMIT)


@contextmanager
def outside(system: System) -> Iterator[Outside]:
    world = Outside(system)
    try:
        yield world
    finally:
        world.close()


def prepare(system: System, repository: Path, suite: str) -> None:
    """PostgreSQL, a brick with two tenants that does not run; nothing of ours."""
    system.copy(repository, '/srv/repository')
    system.write('/etc/apt/sources.list.d/local.list', 'deb [trusted=yes] file:/srv/repository ./\n')
    system.write('/etc/hosts', f'{HOSTS}\n')
    # nothing is started by its installation: PostgreSQL would take a port of this machine
    system.write('/usr/sbin/policy-rc.d', '#!/bin/sh\nexit 101\n', 0o755)
    system.update()
    if suite == 'bookworm':
        system.install('-t bookworm-backports python3-django')
    system.install('combo cron curl procps sudo')
    system.path('/usr/sbin/policy-rc.d').unlink()
    (version,) = (path.name for path in system.path('/etc/postgresql').iterdir())
    system.write(
        f'/etc/postgresql/{version}/main/conf.d/no-port.conf', "listen_addresses = ''\nfsync = off\n"
    )
    system.run(f'pg_ctlcluster {version} main start')
    system.run('createuser combo && createdb --owner combo combo', user='postgres')
    for domain in (VILLE, AGGLO):
        system.run(f'install -d -o combo -g combo /var/lib/combo/tenants/{domain}')
        system.path(f'/var/lib/combo/tenants/{domain}/settings.json').write_text('{}\n')
    manage(system, 'migrate_schemas --noinput')
    manage(system, 'collectstatic --noinput --link')
    system.run('mkdir -m 1777 /tmp/mail')
    system.copy(ROOT / 'demo', '/srv/world/demo')
    system.copy(INSIDE / 'world.py', '/srv/world/world.py')


def manage(system: System, words: str, *, check: bool = True) -> str:
    return system.run(f'combo-manage {words}', user='combo', folder='/var/lib/combo', check=check)


def give_systemctl(system: System) -> None:
    """From here on the host has systemd, or seems to."""
    system.copy(INSIDE / 'systemctl', '/usr/bin/systemctl')
    system.path('/usr/bin/systemctl').chmod(0o755)
    system.copy(INSIDE / 'journalctl', '/usr/bin/journalctl')
    system.path('/usr/bin/journalctl').chmod(0o755)
    # the user of the brick asks too
    system.run('mkdir -p /run/systemd/system && install -m 666 /dev/null /var/log/systemctl')


def configure(system: System, domain: str, **values: Any) -> None:
    """Settings of a tenant, as hobo writes them."""
    path = system.path(f'/var/lib/combo/tenants/{domain}/settings.json')
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def switch_on(system: System) -> None:
    """What hobo writes for a tenant whose switch is on; the emulators are trusted."""
    wcs = {
        'title': 'Démarches',
        'url': f'http://{WCS}/',
        'orig': VILLE,
        'secret': 'secret-de-ville-et-de-wcs',
    }
    configure(
        system,
        VILLE,
        PUBLIK_SOCIALMEDIA_ENABLED='true',
        PUBLIK_SOCIALMEDIA_BASE_URL=SITE.format(VILLE),
        PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS=[WCS, GRAPH, f'{VILLE}:8880'],
        PUBLIK_SOCIALMEDIA_API_URLS={'messenger': f'http://{GRAPH}'},
        PUBLIK_SOCIALMEDIA_GROUPING_DELAY=0,
        PUBLIK_SOCIALMEDIA_ALERT_RECIPIENTS=['exploitation@example.org'],
        KNOWN_SERVICES={'wcs': {'default': wcs}},
    )


def is_installed(system: System) -> bool:
    return system.path('/usr/lib/python3/dist-packages/publik_socialmedia').exists()


def connect(system: System, world: Outside) -> str:
    """Form and workflow in w.c.s., an account in the brick, its webhook at Meta; gives its address."""
    words = f'tenant_command socialmedia_install_wcs -d {VILLE} --role agents-reseaux-sociaux'
    said = manage(system, words, check=False)
    check('installés' in said, said)
    system.copy(INSIDE / 'account.py', '/srv/world/account.py')
    script = "exec(open('/srv/world/account.py').read())"
    said = manage(system, f'tenant_command shell -d {VILLE} -c "{script}"')
    found = re.search(r'callback=(\S+)', said)
    # the exit status of a shell does not say that a script failed
    check(found, said)
    world('connect', found[1])
    return str(found[1])


def status(system: System, url: str) -> str:
    return system.run(f"curl --silent --output /dev/null --write-out '%{{http_code}}' {url}", check=False)


def until(happened: Callable[[], object], what: str) -> None:
    limit = time.monotonic() + LIMIT
    while not happened():
        check(time.monotonic() < limit, what)
        time.sleep(0.3)


def cron_line(system: System, job: str) -> tuple[str, str]:
    """User and command of a line, with the variables of the file before it."""
    text = system.path(CRON).read_text()
    variables = ' '.join(f"{name}='{value}'" for name, value in re.findall(r'(?m)^([A-Z]+)=(.*)$', text))
    (found,) = re.findall(rf'(?m)^(?:\S+\s+){{5}}(\w+)\s+(.* {job})$', text)
    return found[0], f'export {variables}; {found[1]}'


def cron(system: System, job: str) -> str:
    """What the line of that job says, when it is run as cron does."""
    user, command = cron_line(system, job)
    return system.run(command, user=user, folder='/tmp')


def failed(error: Exception) -> str:
    return str(error) if isinstance(error, (NotSo, CommandFailed)) else repr(error)

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

"""The life of the package in a brick with two tenants, from its installation to nothing left of it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

from tests.packaging.throwaway import local_packages
from tests.packaging.throwaway.host import (
    AGGLO,
    CRON,
    LIMIT,
    SITE,
    VILLE,
    Outside,
    check,
    connect,
    cron,
    cron_line,
    give_systemctl,
    is_installed,
    manage,
    outside,
    status,
    switch_on,
    until,
)
from tests.packaging.throwaway.pictures import differences, picture
from tests.packaging.throwaway.system import System

PACKAGE = 'python3-publik-socialmedia'
UNIT = 'publik-socialmedia-worker.service'
WANTED = f'/etc/systemd/system/multi-user.target.wants/{UNIT}'
PAGE = '/socialmedia/manage/'
WRONG = re.compile(r'Traceback|\bERROR\b|\bCRITICAL\b|[Ee]rror:|not found|No such file')


class Story:
    def __init__(self, system: System, package: Path, say: Callable[[str], None]) -> None:
        self.system, self.package, self.say = system, package, say
        self.callback = ''

    def tell(self) -> None:
        system = self.system
        system.copy(self.package, f'/srv/paquets/{self.package.name}')
        self.install_dependencies()
        before = picture(system.root)
        self.install_without_systemd()
        give_systemctl(system)
        self.start_brick()
        with outside(system) as world:
            self.callback = connect(system, world)
            self.carry_by_cron(world)
            self.carry_by_unit(world)
            self.run_other_lines()
            self.upgrade(world)
            check(not world('errors'), 'errors of the emulators')
        self.remove()
        self.purge(before)
        self.read_logs()

    def install_dependencies(self) -> None:
        """Of Debian, by hand, so that what is compared afterwards is ours. The documentation is followed in a
        system without them: there apt finds all that is needed by itself."""
        said = self.system.run(f'dpkg-deb --field /srv/paquets/{self.package.name} Depends')
        names = [re.split(r'[ (:|]', item.strip())[0] for item in said.split(',')]
        self.system.install(' '.join(names))

    def install_without_systemd(self) -> None:
        """As in a container: the brick does not run, systemd is not there."""
        system = self.system
        system.run(
            f'apt-get install --yes --no-install-recommends ./{self.package.name}', folder='/srv/paquets'
        )
        said = manage(system, 'migrate_schemas --noinput')
        tables = self.tables()
        check(tables[VILLE] and tables[VILLE] == tables[AGGLO], f'tables of the tenants: {tables} {said}')
        manage(system, 'collectstatic --noinput --link')
        check(system.path('/var/lib/combo/collectstatic/publik_socialmedia').is_dir(), 'static files')
        for job in ('worker', 'alert', 'digest', 'purge'):
            said = cron(system, job)
            check(not said, f'cron, {job}, where nothing is enabled: {said}')
        pages = system.run(f'dpkg -L {PACKAGE} | grep -c /man8/').strip()
        self.say(
            f'installed by apt where neither systemd nor the brick runs; {tables[VILLE]} tables in each of '
            f'two tenants; static files linked; {pages} manual pages; the four lines of cron are silent'
        )

    def tables(self) -> dict[str, int]:
        query = (
            "SELECT schemaname || ' ' || count(*) FROM pg_tables WHERE tablename LIKE 'publik_socialmedia_%' "
            'GROUP BY schemaname'
        )
        said = self.system.run(f'psql --tuples-only --no-align --command "{query}" combo', user='combo')
        found = dict(line.split() for line in said.splitlines())
        return {domain: int(found.get(re.sub(r'[.-]', '_', domain), 0)) for domain in (VILLE, AGGLO)}

    def start_brick(self) -> None:
        system = self.system
        # the keys, in a file of the administrator's: README.Debian, « Mettre en service »
        readme = system.path(f'/usr/share/doc/{PACKAGE}/README.Debian').read_text()
        (keys,) = re.findall(r'(?s)\n     (python3 -c .*?chmod 640 \S+)\n', readme)
        system.run(keys)
        switch_on(system)
        system.run('systemctl start combo')
        until(
            lambda: status(system, SITE.format(VILLE) + PAGE) == '302',
            'the page of the tenant asks to log in',
        )
        check(status(system, SITE.format(AGGLO) + PAGE) == '404', 'the other tenant has no page')
        check(status(system, SITE.format(AGGLO) + '/') == '200', 'the brick serves the other tenant')
        checks = manage(system, f'tenant_command check -d {VILLE}')
        check('publik_socialmedia.E' not in checks and 'W001' not in checks, checks)
        self.say('the brick serves both tenants; the pages are there for the one whose switch is on only')

    def carry_by_cron(self, world: Outside) -> None:
        world('write', 'Camille Exemple', 'Bonjour, le lampadaire du 12 est éteint')
        check(not world('demands'), 'a demand without a worker')
        said = cron(self.system, 'worker')
        check(not said, f'cron: {said}')
        check('lampadaire du 12' in ' '.join(world('demands')), 'the demand of the first message')
        other = self.callback.replace(VILLE, AGGLO)
        check(
            status(self.system, f'--request POST --data x {other}') == '404', 'a webhook of the other tenant'
        )
        self.say(
            'a signed webhook became a demand in w.c.s., carried by the line of cron; 404 at the other tenant'
        )

    def carry_by_unit(self, world: Outside) -> None:
        system = self.system
        check(
            not system.path(f'/etc/systemd/system/multi-user.target.wants/{UNIT}').exists(),
            'enabled by itself',
        )
        system.run(f'systemctl enable --now {UNIT}')
        world('write', 'Sacha Exemple', 'Un arbre est tombé rue des Lilas')
        until(lambda: 'rue des Lilas' in ' '.join(world('demands')), 'the demand carried by the unit')
        asked = system.path('/var/log/systemctl').read_text().count('is-active')
        said = cron(system, 'worker')
        check(not said, f'cron, beside the unit: {said}')
        check(
            system.path('/var/log/systemctl').read_text().count('is-active') == asked + 1, 'cron asks systemd'
        )
        self.say('the unit, once enabled, carries the next one; the line of cron then leaves it to it')

    def run_other_lines(self) -> None:
        for job in ('alert', 'digest', 'purge'):
            said = cron(self.system, job)
            check(not said, f'cron, {job}: {said}')
        # a job that still runs is not begun again
        lock = '/var/lib/combo/publik-socialmedia-purge.lock'
        user, command = cron_line(self.system, 'purge')
        took = time.monotonic()
        self.system.run(f'flock {lock} sh -c {json.dumps(command)}', user=user, folder='/tmp')
        check(time.monotonic() - took < LIMIT, 'the second purge waits')
        self.say(
            'the lines alert, digest and purge of cron: status 0, nothing to say; none runs beside itself'
        )

    def upgrade(self, world: Outside) -> None:
        """Over itself, then to a newer version whose conffile, and ours, have changed."""
        system = self.system
        pids = self.pids()
        system.run(f'apt-get install --yes --reinstall ./{self.package.name}', folder='/srv/paquets')
        first = self.pids()
        check(
            all(first.values()) and not set(pids.values()) & set(first.values()),
            'not restarted when installed again',
        )
        text = system.path(CRON).read_text().replace('38 7 * * *', '12 8 * * *')
        system.path(CRON).write_text(text)
        newer = local_packages.newer(self.package, self.package.parent)
        system.copy(newer, f'/srv/paquets/{newer.name}')
        said = system.run(
            f'apt-get install --yes -o Dpkg::Options::=--force-confold ./{newer.name}', folder='/srv/paquets'
        )
        check(system.path(CRON).read_text() == text, 'what the administrator changed in cron was lost')
        check(system.path(f'{CRON}.dpkg-dist').exists(), f'the newer lines of cron are not beside: {said}')
        second = self.pids()
        check(
            all(second.values()) and not set(first.values()) & set(second.values()),
            'not restarted by the upgrade',
        )
        until(lambda: status(system, SITE.format(VILLE) + PAGE) == '302', 'the brick after it')
        world('write', 'Noé Exemple', 'Faut-il réserver la cantine ?')
        until(lambda: 'la cantine' in ' '.join(world('demands')), 'the demand after the upgrade')
        check(len(world('demands')) == 3, f'demands: {world("demands")}')
        self.say(
            'installed again, then upgraded with changed lines of cron, which are kept: brick and worker '
            'restarted, the next message carried, three demands in all'
        )

    def pids(self) -> dict[str, int]:
        folder = self.system.path('/run/systemctl')
        return {unit: int((folder / unit).read_text()) for unit in ('combo.service', UNIT)}

    def remove(self) -> None:
        """The tables go first, as README.Debian tells; then the package, whose conffiles stay."""
        system = self.system
        readme = system.path(f'/usr/share/doc/{PACKAGE}/README.Debian').read_text()
        system.run(f'systemctl disable --now {UNIT}')
        (command,) = re.findall(r'(?m)^ +sudo -u combo (combo-manage .* zero)$', readme)
        manage(system, command.removeprefix('combo-manage '))
        check(not any(self.tables().values()), f'tables that stay: {self.tables()}')
        system.run(f'systemctl start {UNIT}')
        system.run(f'apt-get remove --yes {PACKAGE}')
        check(not is_installed(system), 'files after the removal')
        check(system.path('/etc/combo/settings.d/50publik_socialmedia.py').exists(), 'the conffile went')
        check(not system.path(f'/run/systemctl/{UNIT}').exists(), 'the worker still runs')
        until(lambda: status(system, SITE.format(VILLE) + '/') == '200', 'the brick without the application')
        check(status(system, SITE.format(VILLE) + PAGE) == '404', 'its pages are still there')
        for job in ('worker', 'alert', 'digest', 'purge'):
            said = cron(system, job)
            check(not said, f'cron, {job}, after the removal: {said}')
        self.say(
            'tables removed as README.Debian tells, then the package: worker stopped, brick restarted without'
        )

    def purge(self, before: dict[str, str]) -> None:
        system = self.system
        system.run(f'apt-get purge --yes {PACKAGE}')
        system.run('systemctl stop combo')
        # what the administrator wrote
        system.path('/etc/combo/settings.d/60socialmedia_keys.py').unlink()
        for domain in (VILLE, AGGLO):
            system.path(f'/var/lib/combo/tenants/{domain}/settings.json').write_text('{}\n')
        left = differences(before, picture(system.root))
        check(not left, 'after the purge:\n' + '\n'.join(left[:40]))
        self.say(f'purged: of {len(before)} files and folders none is left behind, gone or changed')

    def read_logs(self) -> None:
        wrong = []
        logs = [f'/var/log/{unit}.log' for unit in ('combo.service', UNIT)] + ['/var/log/apt/term.log']
        for name in logs:
            lines = self.system.path(name).read_text(errors='replace').splitlines()
            wrong += [f'{name}: {line}' for line in lines if WRONG.search(line)]
        check(not wrong, 'errors in the logs:\n' + '\n'.join(wrong[:40]))
        self.say('no error in the logs of the brick, the worker and apt')

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

"""The pages of the documentation, followed by somebody who types each of their commands, in their order."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.packaging.throwaway import host
from tests.packaging.throwaway.system import CommandFailed, System

FOLDER = '/srv/paquets'
READER = 'operateur'


def follow(system: System, package: Path, say: Callable[[str], None]) -> None:
    """All that is marked for a throw-away system; CommandFailed tells the page and the line."""
    host.give_systemctl(system)
    system.run(f'useradd --create-home {READER}')
    system.write(f'/etc/sudoers.d/{READER}', f'{READER} ALL=(ALL) NOPASSWD: ALL\n', 0o440)
    # somebody who answers yes
    system.write('/etc/apt/apt.conf.d/yes', 'APT::Get::Assume-Yes "true";\n')
    system.copy(package, f'{FOLDER}/{package.name}')
    system.run(f'chown {READER}: {FOLDER}')
    host.switch_on(system)
    system.run('systemctl start combo')
    count = 0
    with ExitStack() as stack:
        world: host.Outside | None = None
        for step in _steps('deb'):
            _do(system, step)
            count += 1
            if world is None and host.is_installed(system):
                # the stand-in of w.c.s. reads the form of the package
                world = stack.enter_context(host.outside(system))
        if not count or world is None:
            raise CommandFailed('the documentation installs nothing: no command is marked « deb »')
        host.connect(system, world)
        world('write', 'Camille Exemple', 'Bonjour, la fontaine de la place fuit')
        host.until(
            lambda: 'la fontaine' in ' '.join(world('demands')), 'the demand, as the documentation says'
        )
    for step in _steps('deb-last'):
        _do(system, step)
        count += 1
    say(
        f'{count} commands of the documentation, typed in their order: installed, connected, backed up and '
        'restored, removed; a message became a demand'
    )


def _steps(runner: str) -> Iterator[dict[str, Any]]:
    """``docs/commands.py`` says what they are."""
    command = [sys.executable, '-m', 'docs.commands', runner]
    said = subprocess.run(command, cwd=host.ROOT, capture_output=True, text=True, check=True).stdout
    yield from map(json.loads, said.splitlines())


def _do(system: System, step: dict[str, Any]) -> None:
    if 'path' in step:
        system.write(step['path'], step['content'])
        return
    try:
        system.run(step['command'], user='root' if step['root'] else READER, folder=FOLDER)
    except CommandFailed as error:
        raise CommandFailed(f'{step["page"]}, line {step["line"]}: {error}') from None

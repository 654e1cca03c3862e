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

"""A Debian in a folder, with processes of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Self

from tests.packaging.throwaway import mirrors

PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
LIMIT = 600.0  # seconds for any command
DEVICES = ('null', 'zero', 'full', 'random', 'urandom', 'tty')
# All that is mounted and started below ends with this process, the first of its own tree.
HOLDER = """
set -e
mount -t proc proc "$0/proc"
mount -t tmpfs -o mode=755 tmpfs "$0/dev"
for device in {devices}; do : > "$0/dev/$device"; mount --bind "/dev/$device" "$0/dev/$device"; done
mkdir "$0/dev/shm" "$0/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$0/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts "$0/dev/pts"
ln -s pts/ptmx "$0/dev/ptmx"
ln -s /proc/self/fd "$0/dev/fd"
if [ -d "$1" ]; then mount --bind "$1" "$0/var/cache/apt/archives"; fi
: > "$0/run/holder"
while :; do sleep 3600 & wait; done
"""


class CommandFailed(Exception):
    """What was run, its status, the end of what it said."""


class CannotBeDone(Exception):
    """It is this machine that lacks something, said in words; the package is not in question."""


def make(root: Path, suite: str) -> None:
    """A minimal Debian. CannotBeDone if the mirror is not reached, or has no such suite."""
    command = ['mmdebstrap', '--quiet', '--variant=minbase', f'--keyring={mirrors.KEYRING}']
    command += [f'--aptopt={option}' for option in mirrors.options()]
    # nothing in there outlives a failure of this machine
    command.append('--dpkgopt=force-unsafe-io')
    command += ['--aptopt=APT::Install-Recommends "false"', '--aptopt=Acquire::Languages "none"']
    command += [suite, os.fspath(root), *mirrors.mirror().sources(suite)]
    try:
        _run(command)
    except CommandFailed as error:
        raise CannotBeDone(f'no minimal Debian {suite} can be made: {error}') from error


class System:
    """Runs commands in the folder ``root`` of a Debian; a context manager. ``archives``: packages that apt
    has fetched, for several systems."""

    def __init__(self, root: Path, archives: Path | None = None) -> None:
        self.root, self.archives = root, archives
        self.log: list[str] = []
        self._holder: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        (self.root / 'run' / 'holder').unlink(missing_ok=True)
        # it goes when we go, even killed
        command = ['setpriv', '--pdeathsig', 'KILL', 'unshare', '--mount', '--pid', '--ipc', '--fork']
        command += ['--kill-child', '--propagation', 'private']
        command += ['bash', '-c', HOLDER.format(devices=' '.join(DEVICES)), os.fspath(self.root)]
        command.append(os.fspath(self.archives or ''))
        self._holder = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        limit = time.monotonic() + 30
        while not (self.root / 'run' / 'holder').exists():
            if self._holder.poll() is not None or time.monotonic() > limit:
                raise CannotBeDone('mounts and processes apart are refused here')
            time.sleep(0.05)
        (self.root / 'run' / 'holder').unlink()
        return self

    def __exit__(self, *details: object) -> None:
        assert self._holder is not None
        # unshare dies by this, and takes the whole tree with it
        self._holder.send_signal(signal.SIGKILL)
        self._holder.wait()

    def run(
        self, command: str, *, user: str = 'root', check: bool = True, folder: str = '/', limit: float = LIMIT
    ) -> str:
        """Output, both kinds, of a line of shell. CommandFailed if it fails and ``check`` is true."""
        self.log.append(f'{"#" if user == "root" else "$"} {command}')
        done = subprocess.run(
            self.command(command, user=user, folder=folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors='replace',
            timeout=limit,
            check=False,
        )
        self.log.append(done.stdout)
        if done.returncode and check:
            raise CommandFailed(f'{command}: status {done.returncode}\n{_end(done.stdout)}')
        return done.stdout

    def command(self, line: str, *, user: str = 'root', folder: str = '/') -> list[str]:
        """The words by which this machine runs a line of shell in there."""
        assert self._holder is not None
        (first,) = Path(f'/proc/{self._holder.pid}/task/{self._holder.pid}/children').read_text().split()
        home = '/root' if user == 'root' else '/tmp'
        words = ['nsenter', '--target', first, '--mount', '--pid', '--ipc', 'chroot', os.fspath(self.root)]
        words += [
            'env',
            '-i',
            f'PATH={PATH}',
            'LANG=C.UTF-8',
            'DEBIAN_FRONTEND=noninteractive',
            f'HOME={home}',
        ]
        if user != 'root':
            words += ['setpriv', '--reuid', user, '--regid', user, '--init-groups']
        return [*words, 'sh', '-c', f'cd {folder} && {line}']

    def path(self, name: str) -> Path:
        """Where this machine sees the file ``name`` of the system."""
        return self.root / name.lstrip('/')

    def write(self, name: str, text: str, mode: int = 0o644) -> None:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def copy(self, source: Path, name: str) -> None:
        """A file or a folder of this machine, for everybody to read."""
        target = self.path(name)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns('__pycache__', 'var'))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)

    def update(self) -> None:
        """The lists of apt. CannotBeDone if the mirror is not reached from there."""
        try:
            self.run('apt-get update --error-on=any')
        except CommandFailed as error:
            raise CannotBeDone(f'the mirror is not reached from inside: {error}') from error

    def install(self, words: str) -> str:
        return self.run(f'apt-get install --yes --no-install-recommends {words}')


def copied(base: Path, root: Path) -> Path:
    """A copy of a system that does not run."""
    _run(['cp', '--archive', '--reflink=auto', os.fspath(base), os.fspath(root)])
    return root


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    if done.returncode:
        raise CommandFailed(f'{" ".join(command)}: status {done.returncode}\n{_end(done.stderr)}')


def _end(text: str) -> str:
    return '\n'.join(text.splitlines()[-60:])

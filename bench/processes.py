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

"""Processes of the measures: the brick under gunicorn, workers, the stand-in of w.c.s."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from bench.databases import Databases
from bench.load import Address

ROOT = Path(__file__).resolve().parent.parent
START_LIMIT = 60.0


@contextlib.contextmanager
def running(*command: str, env: Mapping[str, str] | None = None, **options: Any) -> Iterator[Any]:
    """A process that is asked to stop at the end."""
    process = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env={**os.environ, **(env or {})}, **options
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def brick(url: str, *, workers: int, keep: int) -> Iterator[Address]:
    """The brick under gunicorn. ``keep``: seconds that its connections to the database live."""
    with socket.create_server(('127.0.0.1', 0), backlog=256) as server:
        number = server.fileno()
        env = {'DATABASE_URL': url, 'BENCH_CONN_MAX_AGE': str(keep)}
        command = ['-m', 'gunicorn', 'bench.wsgi', '-w', str(workers), '-b', f'fd://{number}']
        command += ['--log-level', 'error', '--no-control-socket']
        with running(*command, env=env, pass_fds=[number]):
            address: Address = server.getsockname()
            yield address


@contextlib.contextmanager
def workers(
    databases: Databases, name: str, *, processes: int, senders: int, env: Mapping[str, str] | None = None
) -> Iterator[list[int]]:
    """``socialmedia_worker`` processes on that database, once all of them listen. Gives their pids."""
    env = {**(env or {}), 'DATABASE_URL': databases.url_of(name)}
    command = ['-m', 'django', 'socialmedia_worker', '--senders', str(senders)]
    with contextlib.ExitStack() as stack:
        started = [stack.enter_context(running(*command, env=env)) for _ in range(processes)]
        listening = f"""
            SELECT count(*) = {processes} FROM pg_stat_activity
             WHERE datname = '{name}' AND query LIKE 'LISTEN %' AND state = 'idle'"""
        wait_until(lambda: bool(databases.value(listening)), START_LIMIT, 'the workers do not start')
        yield [process.pid for process in started]


class StandIn:
    """The stand-in of w.c.s. in a process of its own; :meth:`order` changes it while it runs."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        command = ['-m', 'demo.wcs_standin', '--port', '0']
        process = stack.enter_context(running(*command, stdout=subprocess.PIPE, text=True))
        self.pid: int = process.pid
        self.url: str = process.stdout.readline().split()[0]

    def order(self, **order: Any) -> None:
        request = Request(self.url + '__control__', json.dumps(order).encode(), method='POST')
        with urlopen(request, timeout=10):
            pass

    def demands(self) -> int:
        with urlopen(self.url + '__control__', timeout=30) as answer:
            count: int = json.load(answer)['demands']
            return count


def cpu_seconds(pids: list[int]) -> float:
    """Processor time that these processes have used so far; 0 where the system does not tell."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf('SC_CLK_TCK')


def postgres_seconds(postmaster: int) -> float:
    """Processor time that a server of PostgreSQL has used so far, connections that are over included."""
    total = 0
    with contextlib.suppress(OSError):
        children = Path(f'/proc/{postmaster}/task/{postmaster}/children').read_text().split()
        total = int(cpu_seconds([postmaster, *map(int, children)]) * os.sysconf('SC_CLK_TCK'))
        fields = Path(f'/proc/{postmaster}/stat').read_text().rpartition(')')[2].split()
        total += int(fields[13]) + int(fields[14])  # of children that are over
    return total / os.sysconf('SC_CLK_TCK')


def memory(pid: int) -> tuple[float, float]:
    """MiB of memory that a process holds now, and has held at most; (0, 0) where the system does not tell."""
    found = {'VmRSS': 0.0, 'VmHWM': 0.0}
    with contextlib.suppress(OSError):
        for line in Path(f'/proc/{pid}/status').read_text().splitlines():
            name, _, value = line.partition(':')
            if name in found:
                found[name] = int(value.split()[0]) / 1024
    return found['VmRSS'], found['VmHWM']


def wait_until(done: Any, limit: float, failure: str, pause: float = 0.05) -> None:
    end = time.monotonic() + limit
    while not done():
        if time.monotonic() > end:
            raise RuntimeError(failure)
        time.sleep(pause)

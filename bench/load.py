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

"""A light HTTP client, so that what is measured is the server: raw sockets, requests made beforehand."""

from __future__ import annotations

import itertools
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

TIMEOUT = 30.0
Address = tuple[str, int]


@dataclass
class Result:
    """``latencies`` in seconds, of the answers 200; ``failures``: all else; ``duration`` in seconds."""

    latencies: list[float] = field(default_factory=list)
    failures: int = 0
    duration: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.duration

    def add(self, other: Result) -> None:
        self.latencies += other.latencies
        self.failures += other.failures
        self.duration += other.duration


def post(address: Address, request: bytes) -> bool:
    """Send one request on a connection of its own; True if it is answered 200."""
    with socket.create_connection(address, TIMEOUT) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(request)
        answer = b''
        while chunk := sock.recv(4096):
            answer += chunk
    return answer.startswith(b'HTTP/1.1 200')


def closed_loop(address: Address, requests: Sequence[bytes], concurrency: int, seconds: float) -> Result:
    """Each of ``concurrency`` clients sends its next request as soon as it has its answer."""
    turns = itertools.cycle(requests)
    end = time.perf_counter() + seconds

    def client(result: Result) -> None:
        while (begun := time.perf_counter()) < end:
            _count(result, address, next(turns), begun)

    return _together(client, concurrency)


def open_loop(
    address: Address, requests: Sequence[bytes], rate: float, seconds: float, clients: int = 24
) -> Result:
    """Requests come at random, ``rate`` a second on average, whether or not the last ones were answered.

    The latency is counted from the moment at which the request should have left.
    """
    turns = itertools.cycle(requests)
    begin = time.perf_counter() + 0.1
    times = _arrivals(rate, seconds)
    lock = threading.Lock()

    def client(result: Result) -> None:
        while True:
            with lock:
                at = next(times, None)
                request = next(turns)
            if at is None:
                return
            wait = begin + at - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            _count(result, address, request, begin + at)

    return _together(client, clients)


def _arrivals(rate: float, seconds: float) -> Iterator[float]:
    """Times of a Poisson process, the same at each call."""
    numbers = random.Random(1)
    at = numbers.expovariate(rate)
    while at < seconds:
        yield at
        at += numbers.expovariate(rate)


def _count(result: Result, address: Address, request: bytes, begun: float) -> None:
    try:
        accepted = post(address, request)
    except OSError:
        accepted = False
    if accepted:
        result.latencies.append(time.perf_counter() - begun)
    else:
        result.failures += 1


def _together(client: Callable[[Result], None], count: int) -> Result:
    results = [Result() for _ in range(count)]
    threads = [threading.Thread(target=client, args=(result,)) for result in results]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = Result()
    for result in results:
        total.add(result)
    total.duration = time.perf_counter() - begun
    return total

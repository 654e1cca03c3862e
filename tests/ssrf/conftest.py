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

"""What leaves by a socket of Python, seen; a server that we may call."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.loopback import Loopback, loopback
from tests.ssrf.addresses import PUBLIC


@dataclass
class Wire:
    """``dialled``: (host, port) of each connection begun; ``resolved``: names asked for.

    ``names``: what names resolve to, one list after the other; the last one stays. Others: ``others``.
    """

    dialled: list[tuple[str, int]] = field(default_factory=list)
    resolved: list[str] = field(default_factory=list)
    names: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    others: Sequence[str] = (PUBLIC,)

    def addresses(self, host: str) -> Sequence[str]:
        waiting = self.names.get(host, [self.others])
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """What leaves by a socket of Python. Only the loopback is really dialled; names are told by the test."""
    found = Wire()
    found.names = {
        'interne.example': [['10.0.0.7']],
        'moitie.example': [[PUBLIC, '192.168.1.7']],
        'personne.example': [[]],
        'localhost': [['127.0.0.1']],
        'localhost.': [['127.0.0.1']],
    }
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def dial(self: socket.socket, address: Any) -> None:
        found.dialled.append(address[:2])
        if address[0] != '127.0.0.1':
            raise ConnectionRefusedError
        connect(self, address)

    def look_up(host: Any, port: Any, *args: Any, **options: Any) -> list[Any]:
        found.resolved.append(host)
        with contextlib.suppress(
            OSError, UnicodeError
        ):  # this machine's own reading of what looks like numbers
            return list(resolve(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST))
        str(host).encode('idna')  # raises what the real one does
        addresses = found.addresses(str(host))
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, 'Name or service not known')
        families = [socket.AF_INET6 if ':' in address else socket.AF_INET for address in addresses]
        return [
            (family, socket.SOCK_STREAM, 6, '', (address, port))
            for family, address in zip(families, addresses, strict=True)
        ]

    for name in ('connect', 'connect_ex'):
        monkeypatch.setattr(socket.socket, name, dial)
    monkeypatch.setattr(socket, 'getaddrinfo', look_up)
    return found


@pytest.fixture
def server(settings) -> Iterator[Loopback]:
    with loopback() as running:
        settings.PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS = [running.host]
        yield running

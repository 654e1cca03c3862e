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

"""The corpus: what the networks send, and what must come of it.

Each network's folder holds ``payloads/<case>.json`` (the body, byte for byte) and ``payloads/expected.json``
(one item per case: how it reaches us, whose account is ours, the effects that a right importer reaches). This
module loads them for any network and compares what a network understood with what is expected, at the level
of events: what the recording makes of the events in the database is another test's affair.

An *outcome* is what a network's class makes of a case: the events of ``parse``, the error of ``error``, or
the ``Sent`` of ``send``. ``python -m tests.networks.corpus`` prints the table of all networks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import getfile
from pathlib import Path
from typing import Any

from publik_socialmedia import errors
from publik_socialmedia.networks.base import Account, Event, Network, Raw, Sent, Source
from tests.networks.comparison import differences, without_repeats

__all__ = ['Case', 'StoredAnswer', 'cases', 'differences', 'folder', 'read', 'table', 'without_repeats']

Effect = Mapping[str, Any]
Outcome = Sequence[Event] | errors.SocialMediaError | Sent | None
Reader = Callable[['Case'], Outcome]

SOURCES = {'webhook': Source.WEBHOOK, 'poll': Source.POLL, 'stream': Source.STREAM, 'api_answer': Source.POLL}


@dataclass(frozen=True)
class StoredAnswer:
    """An HTTP answer made of a stored body."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str = ''

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Case:
    """One stored body and its item of expected.json."""

    network: str
    item: Mapping[str, Any]
    body: bytes

    @property
    def file(self) -> str:
        return str(self.item['file'])

    @property
    def kind(self) -> str:
        """'webhook' | 'poll' | 'stream' | 'api_answer' | 'api_error'"""
        return str(self.item['kind'])

    @property
    def expect(self) -> Sequence[Effect]:
        return tuple(self.item['expect'])

    @property
    def our_account(self) -> str:
        """External id of our account, '' if the body names none."""
        return str(self.item['our_account'] or '')

    def account(self) -> Account:
        """Our account, as a polling session has it. ``facts['id']``: its numeric id (Mastodon)."""
        facts = {'id': self.item['our_account_id']} if self.item.get('our_account_id') else {}
        return Account(self.our_account, facts=facts)

    def raw(self) -> Raw:
        """The body as the intake would hand it to ``parse``."""
        source = SOURCES[self.kind]
        account = None if source is Source.WEBHOOK else self.account()
        return Raw(self.body, source, call=str(self.item.get('request') or ''), account=account)

    def answer(self) -> StoredAnswer:
        """The body as the answer of a call; an error without a told status is a 400."""
        told = [effect['http_status'] for effect in self.expect if 'http_status' in effect]
        status = told[0] if told else (400 if self.kind == 'api_error' else 200)
        headers = {name.lower(): value for name, value in (self.item['headers'] or {}).items()}
        return StoredAnswer(status, self.body, headers)


def folder(network: Network) -> Path:
    return Path(getfile(type(network))).parent / 'payloads'


def cases(network: Network) -> list[Case]:
    """All the cases of a network; AssertionError if a body has no item or an item no body."""
    items = json.loads((folder(network) / 'expected.json').read_bytes())
    bodies = {path.name for path in folder(network).glob('*.json')} - {'expected.json'}
    named = [item['file'] for item in items]
    assert sorted(named) == sorted(bodies), sorted(set(named) ^ bodies)
    return [Case(network.slug, item, (folder(network) / item['file']).read_bytes()) for item in items]


def read(network: Network, case: Case, readers: Mapping[str, Reader] | None = None) -> Outcome:
    """What the network understands of a case.

    ``readers``: how a test reads some of the cases, by file; needed where the meaning is in what ``send``
    or another call makes of the answer.
    """
    if readers and case.file in readers:
        return readers[case.file](case)
    if case.kind == 'api_error':
        return network.error(case.answer())
    return network.parse(case.raw())


def table(rows: Iterable[tuple[str, str, str, Sequence[str]]]) -> str:
    """Rows (network, file, kind, differences) as a table, with the count of each network at its end."""
    lines, counts = [], dict[str, list[int]]()
    for network, file, kind, wrong in rows:
        lines.append(f'{network:<10} {file:<58} {kind:<10} {"FAIL" if wrong else "pass"}')
        lines.extend(f'{"":<10}   {difference}' for difference in wrong)
        count = counts.setdefault(network, [0, 0])
        count[0] += not wrong
        count[1] += 1
    lines.extend(f'{network}: {passed} of {total} files pass' for network, (passed, total) in counts.items())
    return '\n'.join(lines)


def main() -> int:
    from publik_socialmedia.networks import registry

    found = [(network, case) for network in registry().values() for case in cases(network)]
    rows = [
        (case.network, case.file, case.kind, differences(case, read(network, case)))
        for network, case in found
    ]
    print(table(rows))  # noqa: T201
    return int(any(wrong for *_, wrong in rows))


if __name__ == '__main__':
    raise SystemExit(main())

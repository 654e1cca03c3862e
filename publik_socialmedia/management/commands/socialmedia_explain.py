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

"""Print what a network's class understands of a payload, without touching the database."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from publik_socialmedia import errors, networks
from publik_socialmedia.networks.base import Account, Event, Raw, Source


class Command(BaseCommand):
    help = (
        'Print as JSON, one line per file, the events that a network’s class reads in bodies. '
        'Exit status: 0, or 1 if a file is unreadable.'
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument('network')
        parser.add_argument('files', nargs='+', type=Path, metavar='FILE')
        parser.add_argument('--source', choices=[source.value for source in Source], default='webhook')
        parser.add_argument('--call', default='', help='for an answer: the call it answers')
        parser.add_argument('--account', default='', help='external id of our account')
        parser.add_argument('--facts', type=json.loads, default={}, help='JSON facts of our account')

    def handle(self, *, network: str, files: list[Path], **options: Any) -> None:
        found = networks.registry().get(network)
        if found is None:
            known = ', '.join(networks.registry())
            raise CommandError(_('unknown network; known ones: %s') % known)
        account = None
        if options['account'] or options['facts']:
            account = Account(external_id=options['account'], facts=options['facts'])
        unreadable = 0
        for path in files:
            facts: dict[str, Any] = {'file': path.name}
            try:
                body = path.read_bytes()
            except OSError as error:
                raise CommandError(f'{path}: {error.strerror}') from None
            raw = Raw(body, Source(options['source']), options['call'], account)
            try:
                facts['events'] = [explain(event) for event in found.parse(raw)]
            except errors.UnreadablePayload as error:
                facts['unreadable'] = str(error)
                unreadable += 1
            self.stdout.write(json.dumps(facts, ensure_ascii=False, default=_plain))
        if unreadable:
            raise CommandError(_('%s unreadable files') % unreadable)


def explain(event: Event) -> dict[str, Any]:
    """The event as JSON, less what is empty."""
    facts = dataclasses.asdict(event)
    facts['attachments'] = [
        {name: value for name, value in attachment.items() if _says_something(value)}
        for attachment in facts['attachments']
    ]
    return {name: value for name, value in facts.items() if _says_something(value) or name == 'kind'}


def _plain(value: Any) -> Any:
    """What JSON does not know: times, and mappings that are no dict."""
    return dict(value) if isinstance(value, Mapping) else str(value)


def _says_something(value: Any) -> bool:
    return value is not None and value is not False and value not in ('', (), [], {})

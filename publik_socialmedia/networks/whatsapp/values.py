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

"""What the items of one ``value`` of a webhook have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from publik_socialmedia.errors import ConfigurationError
from publik_socialmedia.networks.base import JSON, Event, Kind
from publik_socialmedia.networks.meta import Item, ident, integer, mapping, moment, string
from publik_socialmedia.networks.whatsapp.meanings import failure
from publik_socialmedia.networks.whatsapp.people import NOBODY, People, Person, digits

Payload = Mapping[str, JSON]

ECHOES = 'smb_message_echoes'


@dataclass(frozen=True, slots=True)
class Value:
    """``account_id``: '' = the endpoint's. ``number``: ours, its digits. ``errors``: of the value itself.
    ``echoes``: all that is said there is ours. ``past``: its history is read too."""

    account_id: str
    number: str
    people: People
    errors: JSON
    echoes: bool
    fallback_at: datetime | None
    past: bool

    @classmethod
    def of(cls, item: Item, past: bool) -> Value:
        value = mapping(item.value)
        metadata = mapping(value.get('metadata'))
        return cls(
            account_id=ident(metadata.get('phone_number_id')),
            number=digits(ident(metadata.get('display_phone_number'))),
            people=People(value.get('contacts')),
            errors=value.get('errors'),
            echoes=item.field == ECHOES,
            fallback_at=item.entry_time,
            past=past,
        )

    def event(self, kind: Kind, item: Payload, person: Person = NOBODY, **values: Any) -> Event:
        facts = {'user': person.user, 'aliases': person.aliases, 'name': person.name, **values}
        return Event(
            kind,
            account_id=self.account_id,
            sent_at=moment(item.get('timestamp')),
            fallback_at=self.fallback_at,
            **facts,
        )

    def ignored(self, reason: str, **details: JSON) -> Event:
        return Event(
            Kind.IGNORED,
            account_id=self.account_id,
            reason=reason,
            fallback_at=self.fallback_at,
            details=details,
        )

    def error(self, error: Payload) -> Event:
        """Something that Meta could not do for our account."""
        code = integer(error.get('code'))
        kind, reason = failure(code)
        return Event(
            Kind.CHANNEL,
            account_id=self.account_id,
            topic='provider_error',
            severity='critical' if kind is ConfigurationError else 'warning',
            fallback_at=self.fallback_at,
            error=reason,
            details={
                'code': code if code is not None and abs(code) < 2**53 else None,
                'title': string(error.get('title') or error.get('message'))[:250],
            },
        )

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

"""Events of a webhook of WhatsApp.

A ``value`` holds lists (messages, echoes, statuses, calls, a history); each is read whatever its field says,
but that the field ``smb_message_echoes`` makes all of it ours. Fields of the account: ``account``.
https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from publik_socialmedia.errors import ConfigurationError
from publik_socialmedia.networks.base import JSON, Event, Kind, Status
from publik_socialmedia.networks.meta import (
    Item,
    dicts,
    ident,
    integer,
    items,
    load,
    mapping,
    ranks,
    string,
)
from publik_socialmedia.networks.whatsapp import account, messages
from publik_socialmedia.networks.whatsapp.meanings import failure
from publik_socialmedia.networks.whatsapp.values import Payload, Value

OBJECT = 'whatsapp_business_account'
LISTS = ('messages', 'message_echoes', 'statuses', 'calls')
STATUSES = {
    'sent': Status.SENT,
    'delivered': Status.DELIVERED,
    'read': Status.READ,
    'played': Status.READ,  # a voice message was listened to
    'failed': Status.FAILED,
}
QUIET_STATUSES = frozenset({'deleted', 'warning'})
RISING = (
    Status.SENT,
    Status.FAILED,
    Status.DELIVERED,
    Status.READ,
)  # a failure is final if nothing higher came

Timed = tuple[JSON, list[Event]]  # time of a thing as it is written, and its events


def parse(body: bytes, past: bool = False) -> list[Event]:
    """Events of a webhook body, in its order; ``sequence`` is their rank. UnreadablePayload if not JSON.

    ``past``: read too what a history holds, see ``messages.history``.
    """
    found = [timed for item in items(load(body)) for timed in _read(item, past)]
    order = sorted(range(len(found)), key=ranks([at for at, _events in found]).__getitem__)
    sequence = 0
    for index in order:
        events = found[index][1]
        for place, event in enumerate(events):
            events[place] = replace(event, sequence=sequence)
            sequence += 1
    return _highest([event for _at, events in found for event in events])


def _highest(events: list[Event]) -> list[Event]:
    """The same, but that of the statuses of one message the lower ones say nothing any more."""
    highest: dict[tuple[str, str], int] = {}
    for event in events:
        if event.status is not None:
            target = (event.account_id, event.external_id)
            highest[target] = max(highest.get(target, 0), RISING.index(event.status))
    return [_unless_surpassed(event, highest) for event in events]


def _unless_surpassed(event: Event, highest: Mapping[tuple[str, str], int]) -> Event:
    if event.status is None or RISING.index(event.status) == highest[event.account_id, event.external_id]:
        return event
    details = {'status': str(event.status)}
    return Event(Kind.IGNORED, event.account_id, reason='noise', sequence=event.sequence, details=details)


def _read(item: Item, past: bool) -> Iterator[Timed]:
    if item.object != OBJECT:
        nothing = item.value is None and not item.entry_id and not item.object
        yield None, [_ignored(item, 'empty' if nothing else 'unknown')]
    elif not isinstance(item.value, Mapping) or not item.value:
        yield None, [_ignored(item, 'unknown' if item.value else 'empty')]
    elif item.field in account.FIELDS:
        yield None, [account.read(item)]
    elif item.field in account.NOISE:
        yield None, [_ignored(item, 'noise')]
    elif item.field.startswith('group_'):
        yield None, [_ignored(item, 'group')]
    else:
        value = Value.of(item, past)
        yield from list(_lists(item.value, value)) or [(None, _bare(item, value))]


def _ignored(item: Item, reason: str) -> Event:
    details = {'field': item.field[:64]} if item.field else {}
    return Event(Kind.IGNORED, reason=reason, fallback_at=item.entry_time, details=details)


def _lists(given: Payload, value: Value) -> Iterator[Timed]:
    for name in LISTS:
        listed = given.get(name)
        for one in listed if isinstance(listed, list) else [listed]:
            if isinstance(one, Mapping):
                yield one.get('timestamp'), _one(value, name, one)
            elif one is not None:
                yield None, [value.ignored('unknown', key=name)]
    if 'history' in given:
        for chunk in dicts(given['history']) or [{}]:
            yield from messages.history(value, chunk)


def _bare(item: Item, value: Value) -> list[Event]:
    """A value without anything in its lists: errors, which speak of the account; or nothing but for whom."""
    errors = [value.error(error) for error in dicts(value.errors)]
    if errors:
        return errors
    if value.account_id and not item.value.keys() - {'messaging_product', 'metadata', 'contacts'}:
        # only whoever knows our accounts can tell whether it matters
        return [value.ignored('unknown_account')]
    return [value.ignored('unknown', field=item.field[:64])]


def _one(value: Value, name: str, one: Payload) -> list[Event]:
    if name == 'statuses':
        return _status(value, one)
    if name == 'calls':
        return [_call(value, one)]
    return [messages.read(value, one, ours=value.echoes or name == 'message_echoes')]


def _status(value: Value, status: Payload) -> list[Event]:
    """What became of a message of ours. A failure that concerns all that we send is told apart too."""
    if status.get('recipient_type') == 'group':
        return [value.ignored('group')]
    word, target = string(status.get('status')), ident(status.get('id'))
    if word in QUIET_STATUSES or status.get('type') == 'call':
        return [value.ignored('noise', status=word[:64])]
    if word not in STATUSES or not target:
        return [value.ignored('unknown', status=word[:64])]
    failed = STATUSES[word] is Status.FAILED
    error = next(iter(dicts(status.get('errors'))), {}) if failed else {}
    code = integer(error.get('code'))
    kind, reason = failure(code)
    event = value.event(
        Kind.STATUS,
        status,
        replace(value.people.person(status.get('recipient_id'), status.get('recipient_user_id')), name=''),
        external_id=target,
        status=STATUSES[word],
        key=string(status.get('biz_opaque_callback_data')),
        code='' if code is None else str(code),
        error=reason if failed else '',
        details=_pricing(mapping(status.get('pricing'))),
    )
    return [event, value.error(error)] if failed and kind is ConfigurationError else [event]


def _pricing(pricing: Payload) -> dict[str, JSON]:
    """What Meta counts: the category, and whether it is charged."""
    category = string(pricing.get('category'))[:64]
    return {'category': category, 'billable': pricing.get('billable') is True} if category else {}


def _call(value: Value, call: Payload) -> Event:
    """Nobody answers calls here: one that comes is one that was missed."""
    person = messages.author(value, call)
    if string(call.get('event')) != 'connect' or call.get('direction') == 'BUSINESS_INITIATED':
        return value.ignored('noise', key='calls')
    if not person.user:
        return value.ignored('unknown', key='calls')
    details: dict[str, JSON] = {'call': ident(call.get('id'))}
    return value.event(Kind.CHANNEL, call, person, topic='missed_call', details=details)

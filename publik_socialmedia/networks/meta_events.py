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

"""Events of a webhook of an inbox of Meta's: its envelopes. Their items: ``meta_readers``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from publik_socialmedia.networks.base import JSON, Event, Kind
from publik_socialmedia.networks.meta import Item, ident, items, load, mapping, moment, ranks, string
from publik_socialmedia.networks.meta_readers import READERS, Context, Dialect, Payload

# Keys of an item that bring nothing from a citizen. Some hold codes, tokens, mails: nothing of them is kept.
NOISE = frozenset(
    {
        'account_linking',
        'app_roles',  # of the former Handover Protocol
        'checkout_update',
        'game_play',
        'messaging_customer_information',
        'messaging_feedback',
        'optin',
        'order',
        'payment',
        'pre_checkout',
        'response_feedback',
    }
)
BESIDE = frozenset({'sender', 'recipient', 'timestamp', 'prior_message'})
TEST_SENDER, TEST_RECIPIENT, TEST_MID = '12334', '23245', 'random_mid'  # the « Test » button of the dashboard


def parse(body: bytes, dialect: Dialect) -> list[Event]:
    """Events of a webhook body, in its order; ``sequence`` is their rank. UnreadablePayload if not JSON."""
    found = list(items(load(body)))
    events = [_read(item, dialect) for item in found]
    times = [mapping(item.value).get('timestamp') for item in found]
    order = sorted(range(len(found)), key=ranks(times).__getitem__)
    sequence = 0
    for index in order:
        for place, event in enumerate(events[index]):
            events[index][place] = replace(event, sequence=sequence)
            sequence += 1
    return [event for of_item in events for event in of_item]


def _read(item: Item, dialect: Dialect) -> list[Event]:
    if item.object != dialect.object:
        known = item.value is None and not item.entry_id and not item.object
        return [_nothing(item, 'empty' if known else 'unknown')]
    if item.entry_id == '0':
        return [Event(Kind.CHANNEL, topic='test', fallback_at=item.entry_time)]
    if item.part == '':
        return [_nothing(item, 'empty' if item.value is None else 'unknown')]
    value = mapping(item.value)
    if item.part == 'changes' and not value.get('recipient'):
        if item.field in dialect.public:
            return [_nothing(item, 'public')]
        return [_nothing(item, 'noise' if item.field in dialect.noise else 'unknown')]
    return _read_value(item, value, dialect)


def _nothing(item: Item, reason: str) -> Event:
    details = {'field': item.field[:64]} if item.field else {}
    return Event(
        Kind.IGNORED,
        account_id=item.entry_id,
        reason=reason,
        fallback_at=item.entry_time,
        details=details,
    )


def _read_value(item: Item, value: Payload, dialect: Dialect) -> list[Event]:
    sender, recipient = _side(value, 'sender'), _side(value, 'recipient')
    message = mapping(value.get('message'))
    if (sender, recipient, message.get('mid')) == (TEST_SENDER, TEST_RECIPIENT, TEST_MID):
        return [Event(Kind.CHANNEL, topic='test', fallback_at=item.entry_time)]
    account_id = item.entry_id or (sender if message.get('is_echo') else recipient)
    # Our account is one side. Which side is not an account of ours cannot be told from the body.
    if recipient and account_id not in (sender, recipient):
        accounts = [recipient]
        return [replace(_nothing(item, 'unknown_account'), details={'accounts': accounts})]
    context = Context(
        dialect,
        account_id,
        user=next((side for side in (sender, recipient) if side != account_id), ''),
        ours=sender == account_id,
        sent_at=moment(value.get('timestamp')),
        fallback_at=item.entry_time,
        standby=item.part == 'standby',
    )
    found = [event for key in value if key not in BESIDE for event in _read_key(context, key, value[key])]
    return found or [context.ignored('empty' if context.standby else 'unknown')]


def _side(value: Payload, name: str) -> str:
    return ident(mapping(value.get(name)).get('id'))


def _read_key(item: Context, key: str, value: JSON) -> list[Event]:
    if key in NOISE:
        return [item.ignored('noise', key=key)]
    reader = item.dialect.readers.get(key) or READERS.get(key)
    if reader is None:
        return [item.ignored('unknown', key=string(key)[:64])]
    if not isinstance(value, Mapping):
        return [item.ignored('unknown', key=key)]
    return reader(item, value)

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

"""What a message of WhatsApp holds: text, files, places, cards, choices; one function per type.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from publik_socialmedia.errors import UnreadablePayload
from publik_socialmedia.networks.base import JSON, Attachment
from publik_socialmedia.networks.meta import dicts, ident, integer, load, mapping, string

Payload = Mapping[str, JSON]

# codes of the errors of a message → why its content did not come
LOST = {
    131051: 'unsupported',
    131052: 'provider_error',  # Meta could not have the file: too big, or gone
    131060: 'on_phone_only',  # coexistence: written on a companion device that is not mirrored
}
_SHOWN = {'document': 'file'}
_MAX_FIELDS = 50  # of the form of a flow


@dataclass(frozen=True, slots=True)
class Content:
    """``unreadable``: why the content did not come, '' if it did; ``details``: as in ``base.Event``."""

    text: str = ''
    attachments: tuple[Attachment, ...] = ()
    unreadable: str = ''
    details: Mapping[str, JSON] = field(default_factory=dict)


def read(message: Payload, errors: JSON = None) -> Content:
    """The content of a message. ``errors``: those of the ``value`` around it, which may speak of it."""
    kind = string(message.get('type'))
    if kind not in READERS and kind not in ('unsupported', 'unknown'):
        # a type that is not told, or not known: what is there all the same
        kind = next((name for name in READERS if name in message), kind)
    reader = READERS.get(kind)
    found = reader(mapping(message.get(kind)), message) if reader else _unsupported(message)
    codes = _codes(message.get('errors'))
    if codes and not found.attachments and not found.unreadable:
        return replace(found, unreadable=_lost(codes, 'provider_error'))
    if found.unreadable == 'empty' and (codes or _codes(errors)):
        return replace(found, unreadable=_lost(codes, 'provider_error'))
    if found.unreadable == 'unsupported':
        return replace(found, unreadable=_lost(codes, 'unsupported'))
    return found


def _lost(codes: Sequence[int], otherwise: str) -> str:
    return next((LOST[code] for code in codes if code in LOST), otherwise)


def _codes(errors: JSON) -> list[int]:
    """Codes of a list of errors; -1 for one without a code."""
    codes = (integer(error.get('code')) for error in dicts(errors))
    return [-1 if code is None else code for code in codes]


# -- text and choices


def _text(value: Payload, message: Payload) -> Content:
    text = string(value.get('body'))
    return Content(text, unreadable='' if text else 'empty')


def _ephemeral(value: Payload, message: Payload) -> Content:
    """A message that disappears after a while: dropped, the citizen would have no answer."""
    text = string(mapping(message.get('text')).get('body'))
    return Content(text, unreadable='' if text else 'ephemeral', details={'ephemeral': True})


def _button(value: Payload, message: Payload) -> Content:
    return _choice('button', value.get('text'), value.get('payload'))


def _choice(via: str, label: JSON, payload: JSON) -> Content:
    text, machine = string(label), string(payload)
    details: dict[str, JSON] = {'via': via, 'payload': machine} if machine else {'via': via}
    return Content(text or machine, unreadable='' if text or machine else 'empty', details=details)


def _interactive(value: Payload, message: Payload) -> Content:
    """A choice among those offered, a form that was filled; or what we offered, in an echo."""
    kind = string(value.get('type'))
    reply = mapping(value.get(kind))
    if kind in ('button_reply', 'list_reply'):
        return _choice(kind, reply.get('title'), reply.get('id'))
    if kind == 'nfm_reply':
        return _flow(reply)
    text = string(mapping(value.get('body')).get('text'))
    if text:
        return Content(text)
    return Content(unreadable='unsupported' if kind else 'empty')


def _flow(reply: Payload) -> Content:
    """Answers of a form; its token is for machines only."""
    try:
        answers = mapping(load(string(reply.get('response_json')).encode()))
    except UnreadablePayload:
        answers = {}
    fields = {
        string(name)[:64]: string(value)[:1000]
        for name, value in list(answers.items())[:_MAX_FIELDS]
        if name != 'flow_token' and string(value)
    }
    details: dict[str, JSON] = {'via': 'flow', 'fields': fields} if fields else {'via': 'flow'}
    text = string(reply.get('body')) or string(reply.get('name'))
    return Content(text, unreadable='' if text or fields else 'empty', details=details)


# -- files


def _media(kind: str, value: Payload, message: Payload) -> Content:
    """A file: its id, which is asked for later. An address that may come with it is never followed."""
    shown = 'voice' if kind == 'audio' and value.get('voice') is True else _SHOWN.get(kind, kind)
    reference = ident(value.get('id'))
    reason = _lost_media(message) or ('' if reference else 'no_url')
    file = Attachment(
        'unreadable' if reason else shown,
        reference=reference,
        mimetype=string(value.get('mime_type')).partition(';')[0].strip().lower(),
        filename=string(value.get('filename')),
        reason=reason,
        declared=shown if reason else '',
    )
    return Content(string(value.get('caption')), (file,))


def _lost_media(message: Payload) -> str:
    """Why Meta does not have the file; a failure of its own is worth another try."""
    codes = _codes(message.get('errors'))
    return _lost(codes, 'media_error') if codes else ''


def _placeholder(value: Payload, message: Payload) -> Content:
    """In a history: a file that is too old to be given."""
    return Content(unreadable='not_transmitted')


# -- places, cards, the rest


def _location(value: Payload, message: Payload) -> Content:
    latitude, longitude = value.get('latitude'), value.get('longitude')
    if not (_is_coordinate(latitude) and _is_coordinate(longitude)):
        return Content(attachments=(Attachment('unreadable', reason='not_transmitted', declared='location'),))
    words = {name: string(value.get(name)) for name in ('name', 'address', 'url')}
    details = {'lat': latitude, 'long': longitude, **{name: word for name, word in words.items() if word}}
    return Content(attachments=(Attachment('location', details=details),))


def _is_coordinate(value: JSON) -> bool:
    """0 is one."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -180 <= value <= 180


def _contacts(value: Payload, message: Payload) -> Content:
    """Cards of other people: shown, never made persons of ours."""
    cards = tuple(_card(card) for card in dicts(message.get('contacts')))
    return Content(attachments=cards, unreadable='' if cards else 'empty')


def _card(card: Payload) -> Attachment:
    names = mapping(card.get('name'))
    parts = (string(names.get('first_name')), string(names.get('last_name')))
    name = string(names.get('formatted_name')) or ' '.join(filter(None, parts))
    name = name or string(mapping(card.get('org')).get('company'))
    phones = [string(one.get('phone') or one.get('wa_id')) for one in dicts(card.get('phones'))]
    emails = [string(one.get('email')) for one in dicts(card.get('emails'))]
    words = {'name': [name], 'phone': phones, 'email': emails}
    details = {key: ', '.join(filter(None, found)) for key, found in words.items() if any(found)}
    return Attachment('contact', details=details)


def _order(value: Payload, message: Payload) -> Content:
    """A purchase in a catalogue, which a town has not."""
    return Content(string(value.get('text')), unreadable='unsupported', details={'unsupported': 'order'})


def _unsupported(message: Payload) -> Content:
    kind = string(mapping(message.get('unsupported')).get('type')) or string(message.get('type'))
    text = string(mapping(message.get('text')).get('body'))
    return Content(text, unreadable='unsupported', details={'unsupported': kind[:64]} if kind else {})


MEDIA = ('image', 'video', 'audio', 'voice', 'document', 'sticker')
READERS: Mapping[str, Callable[[Payload, Payload], Content]] = {
    'text': _text,
    'ephemeral': _ephemeral,
    **{kind: partial(_media, kind) for kind in MEDIA},
    'media_placeholder': _placeholder,
    'location': _location,
    'contacts': _contacts,
    'interactive': _interactive,
    'button': _button,
    'order': _order,
}


def context(message: Payload) -> tuple[str, dict[str, JSON]]:
    """The message answered, '' if none, and what is said of the way by which this one came."""
    around = mapping(message.get('context'))
    details: dict[str, JSON] = {}
    if around.get('forwarded') or around.get('frequently_forwarded'):
        details['forwarded'] = True
    product = ident(mapping(around.get('referred_product')).get('product_retailer_id'))
    if product:
        details['product'] = product
    return ident(around.get('id')), details | _referral(mapping(message.get('referral')))


def _referral(referral: Payload) -> dict[str, JSON]:
    """The advertisement or publication from which the person came."""
    names = {
        'ref': 'source_id',
        'referral_source': 'source_type',
        'referral_url': 'source_url',
        'referral_title': 'headline',
    }
    found = {ours: string(referral.get(theirs))[:1000] for ours, theirs in names.items()}
    return {name: value for name, value in found.items() if value}

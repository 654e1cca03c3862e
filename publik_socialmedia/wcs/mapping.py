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

"""What a demand says: values by varname for any form, payloads of the hooks.

The varnames are those of the form that comes with this software; of another form only those that its schema
has are sent. Files are ``{'filename', 'content_type', 'content'}``, content in base64.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from publik_socialmedia import errors, media, networks, rows
from publik_socialmedia.conversations import legal
from publik_socialmedia.conversations.windows import window
from publik_socialmedia.delivery import answers
from publik_socialmedia.models import Account, Attachment, Conversation, Delivery, Demand, Message
from publik_socialmedia.reasons import lost, sentence
from publik_socialmedia.text import clean
from publik_socialmedia.wcs import calls, deadlines, wording
from publik_socialmedia.wcs.client import Field, Schema
from publik_socialmedia.wcs.model import Content

KEY_FIELD = 'cle'  # the field by which a demand is found again
# bytes of files in one call: w.c.s. needs about a second for each MiB of a hook, and answers within 28 s
MAX_CALL = 10 * 1024 * 1024

# kind of delivery → identifier of the global action that is told of it
HOOKS: Mapping[str, str] = {
    Delivery.Kind.MESSAGE: 'message_recu',
    Delivery.Kind.MEDIA: 'piece_jointe_recue',
    Delivery.Kind.NATIVE: 'reponse_native',
    Delivery.Kind.EDIT: 'message_modifie',
    Delivery.Kind.UNSEND: 'message_efface',
    Delivery.Kind.STATE: 'etat_envoi',
    Delivery.Kind.WINDOW: 'fenetre_fermee',
}
# without the others a demand cannot follow its conversation
NEEDED_HOOKS = frozenset(HOOKS.values()) - {HOOKS[Delivery.Kind.WINDOW]}
# what is known of a demand when another form is opened from it
_KNOWN = frozenset(
    ('reseau', 'compte', 'nom', 'identifiant', 'objet', 'message', 'recu_le', 'langue', 'pieces_jointes')
)
# usual varnames of other forms → ours
_ALIASES = {'description': 'message', 'demande': 'message', 'sujet': 'objet', 'nom_famille': 'nom'}
# usual varnames of the field of another form that takes files
_FILE_FIELDS = ('pieces_jointes', 'piece_jointe', 'photos', 'photo', 'documents', 'document', 'fichier')
# those that bring the files of their message; what we send ourselves has its own, not for w.c.s.
WITH_FILES = (Delivery.Kind.MESSAGE, Delivery.Kind.MEDIA, Delivery.Kind.NATIVE, Delivery.Kind.EDIT)


@dataclass(frozen=True)
class Told:
    """A message with its attachments, loaded once."""

    message: Message
    attachments: Sequence[Attachment]

    @property
    def stored(self) -> list[Attachment]:
        return [a for a in self.attachments if a.state == Attachment.State.STORED]

    def carried(self) -> list[Attachment]:
        """Stored files that one call can carry; the others follow by calls of their own."""
        return _within_a_call(self.stored)


def _within_a_call(stored: Iterable[Attachment]) -> list[Attachment]:
    found: list[Attachment] = []
    total = 0
    for attachment in stored:
        total += attachment.size or 0
        if found and total > MAX_CALL:
            break
        found.append(attachment)
    return found


def form_files(schema: Schema, told: Sequence[Told]) -> list[Attachment]:
    """Stored files that the submission carries: the form may have a block for them, one field, or none."""
    field = schema.fields.get('pieces_jointes')
    if field is None or (field.type == 'block' and not _file_names(field)):
        return []
    found = _within_a_call(attachment for item in told for attachment in item.stored)
    return found if field.type == 'block' else found[:1]


def load(messages: Iterable[Message]) -> list[Told]:
    """Messages with their attachments, in the order of the conversation."""
    ordered = sorted(messages, key=lambda message: (message.sort_at, message.sequence, message.pk))
    found: dict[int, list[Attachment]] = {message.pk: [] for message in ordered}
    # for each message that is told; served by the unique index of their places
    for attachment in rows.select(Attachment, 'message_id = ANY(%s) ORDER BY position', [list(found)]):
        found[attachment.message_id].append(attachment)
    return [Told(message, found[message.pk]) for message in ordered]


def form_values(
    demand: Demand,
    conversation: Conversation,
    told: Sequence[Told],
    schema: Schema,
    keep: Collection[str] = (),
) -> dict[str, Any]:
    """Values of the submission that opens a demand, those that the form has (and ``keep`` names, if any)."""
    account = conversation.account
    last = told[-1]
    values: dict[str, Any] = {
        KEY_FIELD: demand.key,
        'reseau': wording.network_label(account),
        'compte': str(account),
        **_words(conversation, told),
        **_of_person(conversation, last.message),
        'recu_le': wording.moment(told[0].message.received_at),
        'dernier_message': wording.describe(last.message, last.attachments),
        'dernier_message_id': last.message.external_id or last.message.key,
        'dernier_message_le': wording.moment(last.message.sort_at),
        'nombre_messages': str(len(told)),
        **_answering(demand, conversation),
    }
    values |= {name: day.isoformat() for name, day in legal.dates(told[0].message.received_at).items()}
    values |= _files(schema, files(form_files(schema, told)))
    if keep:
        values = {name: value for name, value in values.items() if name in keep}
    return {varname: value for varname, value in values.items() if schema.accepts(varname)}


def _words(conversation: Conversation, told: Sequence[Told]) -> dict[str, str]:
    """Who writes, and what."""
    pairs = [(item.message, item.attachments) for item in told]
    return {
        'nom': person(conversation),
        'identifiant': identifier(conversation),
        'objet': wording.subject(pairs),
        'message': wording.describe_burst(pairs),
    }


def _of_person(conversation: Conversation, message: Message) -> dict[str, str]:
    """What some networks tell of who writes; '' where they do not."""
    account = conversation.account
    network = networks.registry().get(account.network)
    user = conversation.contact.address
    link = network.profile_url(account.facts, user, message.details) if network and user else ''
    return {'lien': link, 'langue': clean(str(message.details.get('language') or ''))}


def _answering(demand: Demand, conversation: Conversation) -> dict[str, str]:
    """What an agent must know to answer, by varname."""
    network = networks.registry().get(conversation.account.network)
    capabilities = network.capabilities if network else None
    return {
        'adresse_service': _service(demand),
        'repondre_avant': reply_before(conversation.account, conversation),
        'limite': wording.length_limit(capabilities) if capabilities else '',
        'modele': 'oui' if capabilities and capabilities.template else '',
    }


def _service(demand: Demand) -> str:
    """Where the workflow calls us for this demand; '' while nothing says where we are."""
    try:
        return calls.service_address(demand)
    except errors.ConfigurationError:
        # a message must not wait for that; the next hook tells it
        return ''


def known_values(demand: Demand, told: Sequence[Told], schema: Schema) -> dict[str, Any]:
    """What is known of the citizen and of the matter, for another form: by its varnames."""
    if not told:
        return {}
    values = form_values(demand, demand.conversation, told, schema, keep=_KNOWN)
    known = _words(demand.conversation, told)
    for name, source in _ALIASES.items():
        if schema.accepts(name):
            values.setdefault(name, known[source])
    return values


def known_files(told: Sequence[Told], schema: Schema, found: Iterable[Content]) -> tuple[dict[str, Any], int]:
    """Value of the field of another form that takes the citizen's files, of those that w.c.s. holds for the
    demand (agents' are among them); and how many it does not take."""
    given = [a for item in told for a in item.attachments if a.state == Attachment.State.GIVEN]
    wanted = dict.fromkeys(str(a.details.get('sha256') or '') for a in given)
    held = {hashlib.sha256(item.content).hexdigest(): item for item in found}
    contents, total = [], 0
    for item in (held[digest] for digest in wanted if digest in held):
        total += len(item.content)
        if total <= MAX_CALL:
            contents.append(_as_value(item))
    for name in _FILE_FIELDS:
        value = _files(schema, contents, name)
        if value:
            taken = len(contents) if isinstance(value[name], list) else 1
            return value, len(given) - taken
    return {}, len(given)


def _as_value(item: Content) -> dict[str, str]:
    return {
        'filename': item.filename,
        'content_type': item.content_type,
        'content': base64.b64encode(item.content).decode(),
    }


def payload(delivery: Delivery, told: Told, conversation: Conversation, demand: Demand) -> dict[str, Any]:
    """What a hook is given; ``event_id`` is the same at each try of the same delivery."""
    message = told.message
    facts: dict[str, Any] = {
        'event_id': delivery.key,
        'message_id': message.external_id or message.key,
        'date': wording.moment(message.sort_at),
        **_situation(demand, conversation),
    }
    if delivery.kind == Delivery.Kind.STATE:
        facts |= _state(message) | {'date': _now()}
    elif delivery.kind == Delivery.Kind.WINDOW:
        facts |= {
            'state': deadlines.stage_of(delivery),
            'date': _now(),
        }
    elif delivery.kind == Delivery.Kind.UNSEND:
        facts |= {'date': _now()}
    elif delivery.kind == Delivery.Kind.MEDIA:
        facts |= {'text': _late_media(told), 'author': person(conversation), 'files': files(told.carried())}
    else:
        inbound = message.origin == Message.Origin.CITIZEN
        facts |= {
            'text': wording.describe(message, told.attachments),
            'author': person(conversation) if inbound else '',
            'files': files(told.carried()),
        }
        if delivery.kind == Delivery.Kind.EDIT:
            facts['date'] = _now()
    return facts


def _situation(demand: Demand, conversation: Conversation) -> dict[str, Any]:
    """Where the conversation is now: the workflow keeps it with each thing that it is told."""
    now = _answering(demand, conversation)
    return {
        'count': conversation.messages.filter(demand=demand).count(),
        'reply_before': now['repondre_avant'],
        'limit': now['limite'],
        'template': bool(now['modele']),
        'service': now['adresse_service'],
    }


def files(attachments: Iterable[Attachment]) -> list[dict[str, str]]:
    """Contents from the private storage; one that is no longer there is left out, its message is not."""
    found = []
    for attachment in attachments:
        try:
            content = media.load(attachment.storage)
        except errors.PermanentError:
            continue
        found.append(
            {
                'filename': attachment.filename,
                'content_type': attachment.mimetype,
                'content': base64.b64encode(content).decode('ascii'),
            }
        )
    return found


def person(conversation: Conversation) -> str:
    return clean(conversation.contact.name) or identifier(conversation)


def identifier(conversation: Conversation) -> str:
    return clean(conversation.contact.address)


def reply_before(account: Account, conversation: Conversation) -> str:
    """Until when an answer can be sent, for people; '' if there is no limit (R32)."""
    network = networks.registry().get(account.network)
    if network is None:
        return ''
    ends_at = window(account, conversation, network.capabilities).human_ends_at
    return wording.moment(ends_at) if ends_at else ''


def _files(
    schema: Schema, contents: Sequence[dict[str, str]], name: str = 'pieces_jointes'
) -> dict[str, Any]:
    """Files in the field that the form has for them: a block of files, or a single file."""
    field = schema.fields.get(name)
    if field is None or not contents:
        return {}
    if field.type == 'file':
        return {name: contents[0]}
    cells = _file_names(field)
    return {name: [{cells[0]: content} for content in contents]} if cells else {}


def _file_names(block: Field) -> list[str]:
    return [name for name, subfield in block.subfields.items() if subfield.type == 'file']


def _late_media(told: Told) -> str:
    when = wording.moment(told.message.sort_at)
    missing = [a for a in told.attachments if a.state == Attachment.State.UNAVAILABLE]
    lines = [_('Attachments of the message of %s') % when]
    return '\n'.join(lines + ['[%s]' % lost(a.reason) for a in missing])


def _state(message: Message) -> dict[str, str]:
    """What became of an answer, whatever the parts that it made."""
    found = answers.report(message)
    return {
        'state': found.state,
        'reason': sentence(found.reason) if found.reason else '',
        'reason_code': found.reason,
        'kind': found.kind,
        'reply': found.reply,
        'text': found.text,
    }


def _now() -> str:
    return wording.moment(timezone.now())

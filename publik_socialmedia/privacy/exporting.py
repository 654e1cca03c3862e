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


"""All that is held here on one person, for them: a ZIP with a JSON and their files (R51; GDPR, article 15).

The raw bodies are not in it: they hold the same words among those of others, and end by themselves. What
w.c.s. holds is named by its address. Names inside the ZIP are ours: what a network calls a file may be
anything.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator
from typing import IO, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.translation import gettext as _

from publik_socialmedia import errors, media, text
from publik_socialmedia.models import Attachment, ChannelEvent, Contact, Conversation, Message, Reaction
from publik_socialmedia.wcs import linking

MESSAGE = (
    'origin', 'state', 'external_id', 'text', 'reply_to', 'details', 'sent_at', 'received_at', 'edited',
    'erased_at', 'unreadable', 'failure',
)  # fmt: skip
ATTACHMENT = ('kind', 'filename', 'mimetype', 'size', 'alt', 'url', 'reference', 'details', 'state', 'reason')
DEMAND = (
    'form', 'display_number', 'number', 'tracking_code', 'state', 'status_name', 'opened_at', 'closed_at',
    'url',
)  # fmt: skip
CONTACT = ('name', 'name_id', 'wcs_user_id', 'linked_at', 'blocked', 'created_at')


def write(contacts: Iterable[Contact], file: IO[bytes]) -> None:
    """Write the ZIP of what is held on these contacts, who are one person, into a binary file."""
    found = list(contacts)
    with zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED) as archive:
        persons = [_person(contact, archive) for contact in found]
        content = {'exported_at': timezone.now(), 'accounts': persons}
        archive.writestr(
            'donnees.json', json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
        )
        archive.writestr('LISEZMOI.txt', _explanation())


def _person(contact: Contact, archive: zipfile.ZipFile) -> dict[str, Any]:
    """What one account holds; its files go into the archive."""
    account = contact.account
    identifiers = list(contact.identifiers.values_list('value', flat=True))
    conversation = Conversation.objects.get(contact=contact)
    reactions = Reaction.objects.filter(account=account, user__in=identifiers)
    events = ChannelEvent.objects.filter(account=account, user__in=identifiers)
    return {
        'network': account.network,
        'account': str(account),
        'person': {**_values(contact, CONTACT), 'identifiers': identifiers},
        'messages': list(_messages(conversation, archive)),
        'reactions': list(reactions.order_by('at').values('target', 'emoji', 'removed', 'at')),
        'events': list(events.order_by('received_at').values('topic', 'details', 'at', 'received_at')),
        'demands': [_values(demand, DEMAND) for demand in conversation.demands.order_by('pk')],
    }


def _messages(conversation: Conversation, archive: zipfile.ZipFile) -> Iterator[dict[str, Any]]:
    known = conversation.messages.prefetch_related('versions', 'attachments')
    for message in known.order_by('sort_at', 'sequence', 'pk').iterator(chunk_size=200):
        found = _values(message, MESSAGE)
        # the link by which they prove who they are still serves: it is for them, not for whoever opens this
        found['text'] = linking.hidden(message.text)
        found['versions'] = [_values(version, ('text', 'at')) for version in message.versions.all()]
        found['attachments'] = [_attachment(item, message, archive) for item in message.attachments.all()]
        yield found


def _attachment(item: Attachment, message: Message, archive: zipfile.ZipFile) -> dict[str, Any]:
    found = _values(item, ATTACHMENT)
    if item.storage:
        try:
            content = media.load(item.storage)
        except errors.PermanentError:
            return found  # given to w.c.s. at this moment
        suffix = media.SUFFIXES.get(item.mimetype, '')
        name = text.file_name(item.filename, suffix, default=item.kind)
        found['file'] = f'fichiers/{message.pk}-{item.position}-{name}'
        archive.writestr(found['file'], content)
    return found


def _values(row: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _explanation() -> str:
    return _(
        'This file holds what this service keeps about you: who you are on the network, the messages that '
        'you exchanged with us, their attachments that are still here, and the demands that they opened.\n'
        '\n'
        'donnees.json: everything, in a format that programs read too.\n'
        'fichiers/: the attachments that are still kept here.\n'
        '\n'
        'The demands themselves (address « url » of each one), and the attachments given with them, are in '
        'the service of demands, which can give them to you separately.\n'
    )

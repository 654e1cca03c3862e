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

"""The lines of the panel: messages with all that hangs on them, each kind read by one query for all of them.

Texts are as people wrote them, cleaned of what would deceive the eye; escaping is the templates' work.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from publik_socialmedia import text
from publik_socialmedia.models import (
    Attachment,
    Conversation,
    Delivery,
    Demand,
    Message,
    MessageVersion,
    Reaction,
)
from publik_socialmedia.reasons import sentence
from publik_socialmedia.wcs import linking, mapping, panel_access, panel_files, wording
from publik_socialmedia.wcs.panel_files import File

EXCERPT = 80  # characters shown of a message that another one answers
_FILES = (Attachment.State.STORED, Attachment.State.GIVEN)


@dataclass(frozen=True)
class Version:
    text: str
    at: datetime | None


@dataclass(frozen=True)
class Line:
    """A message as it is read. ``side``: 'in' or 'out'. ``version``: changes with what is shown."""

    pk: int
    side: str
    author: str
    how: str
    at: datetime
    text: str
    notes: tuple[str, ...] = ()  # what stands in place of things that cannot be shown
    files: tuple[File, ...] = ()
    earlier: tuple[Version, ...] = ()
    edited: bool = False
    erased_at: datetime | None = None
    quotes: str = ''  # first words of the message that this one answers
    reactions: str = ''
    state: str = ''
    failure: str = ''
    waiting: str = ''
    demand: str = ''  # number of the earlier demand that has this message
    demand_url: str = ''
    version: str = ''


def digest(values: Sequence[object]) -> str:
    return hashlib.sha256(repr(values).encode(errors='replace')).hexdigest()[:16]


class Reader:
    """Reads the lines of some messages: for the panel of a demand, or of the whole conversation for staff."""

    def __init__(
        self, conversation: Conversation, found: Sequence[Message], demand: Demand | None = None
    ) -> None:
        self.demand, self.found = demand, found
        self.readable = panel_access.messages(demand) if demand else conversation.messages.all()
        self.account = conversation.account
        self.network = wording.network_label(self.account)
        self.person = mapping.person(conversation)
        self.attachments = self._attachments()
        self.versions = self._versions()
        self.reactions = self._reactions()
        self.quoted = self._quoted()
        self.waiting = self._waiting()

    def lines(self) -> list[Line]:
        return [self._line(message) for message in self.found]

    def _line(self, message: Message) -> Line:
        inbound = message.origin == Message.Origin.CITIZEN
        line = Line(
            pk=message.pk,
            side='in' if inbound else 'out',
            author=self.person if inbound else text.clean(str(self.account)),
            how=self._how(message),
            at=message.sort_at,
            text=linking.hidden(text.clean(message.text)),
            edited=message.edited,
            erased_at=message.erased_at,
            **({} if message.erased_at else self._content(message)),
            **self._state(message),
            **self._of_another(message),
        )
        # the address of a file that ends soon is another one each time: that is nothing new to read
        steady = tuple(replace(file, link='', thumbnail='') if file.renewed else file for file in line.files)
        return replace(line, version=digest([replace(line, files=steady)]))

    def _how(self, message: Message) -> str:
        if message.origin == Message.Origin.NATIVE:
            return _('answer written in %s') % self.network
        if message.origin == Message.Origin.AUTOMATIC:
            return _('automatic answer')
        if message.origin != Message.Origin.AGENT:
            return ''
        agent = text.clean(str(message.details.get('agent') or ''))
        return _('answer of %s') % agent if agent else _('answer of an agent')

    def _content(self, message: Message) -> dict[str, Any]:
        attached = self.attachments[message.pk]
        files = [a for a in attached if a.state in _FILES]
        notes = wording.notes(message)
        notes += filter(None, (wording.describe_attachment(a) for a in attached if a not in files))
        return {
            'notes': tuple(notes),
            'files': tuple(self._file(attachment, message) for attachment in files),
            'earlier': tuple(self.versions[message.pk][:-1]),
            'quotes': self.quoted.get(message.reply_to, ''),
            'reactions': ' '.join(self.reactions[message.external_id]),
        }

    def _file(self, attachment: Attachment, message: Message) -> File:
        """Pictures are shown in the pages of w.c.s. only: it, and our files, know where a page is from."""
        file = panel_files.shown(attachment, message, self.demand or message.demand)
        return file if self.demand else replace(file, thumbnail='')

    def _state(self, message: Message) -> dict[str, Any]:
        if message.state == Message.State.RECEIVED:
            return {}
        failed = message.state == Message.State.FAILED
        return {
            'state': str(message.get_state_display()),
            'failure': sentence(message.failure or 'permanent') if failed else '',
            'waiting': sentence(self.waiting[message.pk]) if message.pk in self.waiting else '',
        }

    def _of_another(self, message: Message) -> dict[str, Any]:
        other = message.demand
        if other is None or (self.demand and other.pk == self.demand.pk) or other.state == Demand.State.GONE:
            return {}
        url = panel_files.page_of(other)
        return {'demand': other.display_number or other.number, 'demand_url': url}

    # -- one query each

    def _attachments(self) -> dict[int, list[Attachment]]:
        rows: dict[int, list[Attachment]] = defaultdict(list)
        for attachment in Attachment.objects.filter(message__in=self.found):
            rows[attachment.message_id].append(attachment)
        return rows

    def _versions(self) -> dict[int, list[Version]]:
        rows: dict[int, list[Version]] = defaultdict(list)
        for version in MessageVersion.objects.filter(message__in=self.found):
            rows[version.message_id].append(Version(text.clean(version.text), version.at))
        return rows

    def _reactions(self) -> dict[str, list[str]]:
        rows: dict[str, list[str]] = defaultdict(list)
        targets = [message.external_id for message in self.found if message.external_id]
        known = Reaction.objects.filter(account=self.account, target__in=targets, removed=False)
        for reaction in known.order_by('at', 'pk'):
            rows[reaction.target].append(text.clean(reaction.emoji) or '♥')
        return rows

    def _quoted(self) -> dict[str, str]:
        ids = {message.reply_to for message in self.found if message.reply_to}
        known = self.readable.filter(external_id__in=ids, erased_at=None)
        pairs = known.values_list('external_id', 'text')
        return {key: text.first_words(text.clean(said), EXCERPT) for key, said in pairs if said}

    def _waiting(self) -> dict[int, str]:
        """Why an answer has not left yet, if a try failed."""
        held = Delivery.objects.filter(
            message__in=self._outgoing(), kind=Delivery.Kind.SEND, state=Delivery.State.PENDING
        ).exclude(reason='')
        return dict(held.values_list('message_id', 'reason'))

    def _outgoing(self) -> Iterator[int]:
        return (message.pk for message in self.found if message.state == Message.State.QUEUED)

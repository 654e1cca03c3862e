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

"""What people read of a message, in w.c.s. and elsewhere: plain text, never HTML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from publik_socialmedia import networks, text
from publik_socialmedia.models import Account, Attachment, Message
from publik_socialmedia.networks.base import Capabilities
from publik_socialmedia.reasons import lost

SUBJECT_LENGTH = 80


def moment(at: datetime) -> str:
    """A time for people: « 22/11/2026 08:15 », in the time zone of the site."""
    return date_format(timezone.localtime(at), 'd/m/Y H:i')


def network_label(account: Account) -> str:
    network = networks.registry().get(account.network)
    return network.label if network else account.network


def length_limit(capabilities: Capabilities) -> str:
    """How long a message may be, for people; '' if there is no limit. Longer ones are sent in parts (R31)."""
    if not capabilities.text_limit:
        return ''
    if capabilities.text_unit == 'utf8':
        text = _('%s bytes per message (an accented letter counts for two)')
    else:
        text = _('%s characters per message')
    return text % number_format(capabilities.text_limit, use_l10n=True, force_grouping=True)


def describe(message: Message, attachments: Sequence[Attachment]) -> str:
    """All that a message says, in words: its text, then one line for each thing that is not a file."""
    if message.erased_at:
        return _('[message taken back by its author]')
    lines = [text.clean(message.text)] if message.text else []
    lines += notes(message)
    lines += [line for line in map(describe_attachment, attachments) if line]
    return '\n'.join(lines)


def notes(message: Message) -> list[str]:
    """What must be known of a message besides its text: what did not come, what of ours it answers."""
    found = ['[%s]' % lost(message.unreadable)] if message.unreadable else []
    if message.details.get('story'):
        # its content is the network's to show, for a day
        link = text.clean(str(message.details.get('story_url') or ''))
        found.append(_('Answers a story: %s') % link if link else _('Answers a story'))
    return found


def describe_burst(messages: Sequence[tuple[Message, Sequence[Attachment]]]) -> str:
    """The messages that open a demand: one alone as it is, several each under its time (R7)."""
    if len(messages) == 1:
        return describe(*messages[0])
    return '\n\n'.join(f'[{moment(m.sort_at)}]\n{describe(m, attachments)}' for m, attachments in messages)


def subject(messages: Sequence[tuple[Message, Sequence[Attachment]]]) -> str:
    """First words of what was written, or what was sent if nothing was."""
    for message, _attachments in messages:
        if message.text.strip():
            return text.first_words(text.clean(message.text), SUBJECT_LENGTH)
    return text.first_words(describe_burst(messages), SUBJECT_LENGTH) or _('Message without text')


def describe_attachment(attachment: Attachment) -> str:
    """What stands for an attachment that is not a file in hand; '' if it needs no words."""
    details = attachment.details
    if attachment.state == Attachment.State.UNAVAILABLE:
        return '[%s]' % lost(attachment.reason)
    if attachment.state == Attachment.State.WANTED:
        return '[%s]' % _('attachment being fetched')
    if attachment.kind == 'location':
        place = ' '.join(str(details[key]) for key in ('name', 'address') if details.get(key))
        return _('Location: %(place)s %(lat)s, %(long)s') % {
            'place': place,
            'lat': details.get('lat', ''),
            'long': details.get('long', ''),
        }
    if attachment.kind == 'contact':
        return _('Contact card: %s') % ' '.join(
            str(details[key]) for key in ('name', 'phone') if details.get(key)
        )
    if attachment.kind in ('share', 'fallback'):
        return _('Shared: %s') % ' '.join(filter(None, [str(details.get('title') or ''), attachment.url]))
    if attachment.alt:
        return _('[Description of the image: %s]') % text.clean(attachment.alt)
    return ''

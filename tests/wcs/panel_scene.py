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

"""A conversation with its demand, as the panel finds them, and a browser's calls."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.test import Client
from django.utils import timezone
from PIL import Image

from publik_socialmedia import media
from publik_socialmedia.models import Account, Attachment, Conversation, Demand, Message
from publik_socialmedia.wcs import panel
from tests.factory import make_account, write

WCS = 'https://demarches.example.org'
BACKOFFICE = f'{WCS}/backoffice/management/message-reseau-social'
#: what a browser says when jQuery loads the panel in a page of w.c.s., and when the panel refreshes itself
AS_SCRIPT = {'Referer': f'{WCS}/', 'Sec-Fetch-Dest': 'script', 'Sec-Fetch-Site': 'same-site'}
AS_FETCH = {'Origin': WCS, 'Sec-Fetch-Dest': 'empty', 'Sec-Fetch-Site': 'same-site'}
AS_IMAGE = {'Referer': f'{WCS}/', 'Sec-Fetch-Dest': 'image', 'Sec-Fetch-Site': 'same-site'}


def make_demand(account: Account | None = None, text: str = 'Bonjour', **values: Any) -> Demand:
    """A citizen wrote yesterday, w.c.s. has the demand."""
    message = write(account or make_account(), text, sent_at=timezone.now() - timedelta(days=1))
    return bind(message, **values)


def bind(message: Message, **values: Any) -> Demand:
    """A demand of w.c.s. that begins with this message."""
    count = Demand.objects.count() + 1
    # of one conversation, one is open
    Demand.objects.filter(conversation=message.conversation, state='open').update(
        state='closed', closed_at=timezone.now()
    )
    demand = Demand.objects.create(
        **{
            'account': message.account,
            'conversation': message.conversation,
            'wcs_site': 'default',
            'form': 'message-reseau-social',
            'number': str(count),
            'display_number': f'12-{count}',
            'backoffice_url': f'{BACKOFFICE}/{count}/',
            'state': Demand.State.OPEN,
            **values,
        }
    )
    Message.objects.filter(pk=message.pk).update(demand=demand)
    return demand


def answer(demand: Demand, text: str = 'Votre dossier est prêt.', **values: Any) -> Message:
    """A message of ours, as it stands after some time."""
    conversation = demand.conversation
    return say(
        conversation,
        text,
        **{'origin': Message.Origin.AGENT, 'state': Message.State.SENT, 'demand': demand, **values},
    )


def say(conversation: Conversation, text: str, **values: Any) -> Message:
    count = Message.objects.count()
    return Message.objects.create(
        **{
            'account': conversation.account,
            'conversation': conversation,
            'origin': Message.Origin.CITIZEN,
            'state': Message.State.RECEIVED,
            'external_id': f'scene-{count}',
            'text': text,
            'sort_at': timezone.now() + timedelta(milliseconds=count),
            **values,
        }
    )


def talk(demand: Demand, count: int) -> list[Message]:
    """That many more messages, one a minute, until now."""
    begun = timezone.now() - timedelta(minutes=count)
    return [
        say(
            demand.conversation, f'Message {number}', demand=demand, sort_at=begun + timedelta(minutes=number)
        )
        for number in range(count)
    ]


def attach(message: Message, content: bytes, **values: Any) -> Attachment:
    """A file that waits in our private storage."""
    mimetype = values.pop('mimetype', None) or media.sniff(content)
    return Attachment.objects.create(
        **{
            'message': message,
            'position': message.attachments.count(),
            'kind': 'image' if mimetype.startswith('image/') else 'file',
            'mimetype': mimetype,
            'filename': f'photo{media.SUFFIXES.get(mimetype, "")}',
            'size': len(content),
            'state': Attachment.State.STORED,
            'storage': media.store(content),
            **values,
        }
    )


def picture(colour: str = 'red', size: tuple[int, int] = (1200, 600)) -> bytes:
    output = io.BytesIO()
    Image.new('RGB', size, colour).save(output, 'JPEG')
    return output.getvalue()


def local(url: str) -> str:
    """Path and query of one of our addresses."""
    parts = urlsplit(url)
    return f'{parts.path}?{parts.query}'


def jsonp(demand: Demand, callback: str = 'jQuery351_1', **headers: str) -> Any:
    path = local(panel.address(demand))
    return Client().get(f'{path}&callback={callback}&_=1', headers=AS_SCRIPT | headers)


def refreshed(demand: Demand, query: str = '', **headers: str) -> Any:
    return Client().get(local(panel.address(demand)) + query, headers=AS_FETCH | headers)


def content(demand: Demand) -> str:
    """HTML of the panel, taken out of its script."""
    answer = jsonp(demand)
    assert answer.status_code == 200, answer.status_code
    text = answer.content.decode()
    start = '/**/jQuery351_1('
    assert text.startswith(start)
    data, _end = json.JSONDecoder().raw_decode(text[len(start) :])
    html: str = data['content']
    return html

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

"""Sending to a person: what the Send API accepts and refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from demo.emulators.graph_access import GraphError, require, unknown_object
from demo.emulators.graph_state import Media, PageState, Thread, Token, World, now
from demo.emulators.graph_webhooks import Notifier, milliseconds_of
from demo.emulators.server import Call, Part, Reply

TEXT_LIMIT, METADATA_LIMIT = 2000, 1000
IMAGE_LIMIT, FILE_LIMIT = 8_000_000, 25_000_000
REMOVED_TAGS = ('CONFIRMED_EVENT_UPDATE', 'ACCOUNT_UPDATE', 'POST_PURCHASE_UPDATE')  # since 27 April 2026
HUMAN_WINDOW, WINDOW = timedelta(days=7), timedelta(hours=24)
SENDER_ACTIONS = ('mark_seen', 'typing_on', 'typing_off', 'react', 'unreact')


class Sender:
    """``receipts``: what follows each send ('delivered', 'read'). ``outside``, ``unknown``: code and subcode
    of what is too late, or for nobody that is known. ``type_required``: ``messaging_type`` must be said."""

    scopes: tuple[str, ...] = ('pages_messaging',)
    outside, unknown = (10, 2018278), (100, 2018001)
    type_required = True

    def __init__(self, world: World, notifier: Notifier) -> None:
        self.world = world
        self.notifier = notifier
        self.receipts: tuple[str, ...] = ('delivered',)

    def send(self, call: Call, token: Token, page: PageState) -> Reply:
        require(token, *self.scopes)
        if page.barred:
            raise GraphError(10, 1893063, '(#10) This Page is temporarily barred from sending messages.')
        thread = self._thread(page, as_object(call.params.get('recipient'), 'recipient'))
        if 'sender_action' in call.params:
            if call.text('sender_action') not in SENDER_ACTIONS or 'message' in call.params:
                raise GraphError(100, 0, '(#100) Invalid sender_action')
            return Reply(200, {'recipient_id': thread.person.psid})
        content = as_object(call.params.get('message'), 'message')
        text, media = self.content(content, call.files)
        self._check_window(call, page, thread)
        if thread.owner not in ('', token.app_id):
            message = '(#10) Message failed to send because another app is controlling this thread now.'
            raise GraphError(10, 2018300, message)
        metadata = str(content.get('metadata', ''))
        sent = self.world.add_message(
            thread, text, media, from_page=True, app_id=token.app_id, metadata=metadata
        )
        self.notifier.message(page, thread, sent)
        self.receive(page, thread)
        return Reply(200, {'recipient_id': thread.person.psid, 'message_id': sent.mid})

    def receive(self, page: PageState, thread: Thread) -> None:
        """Receipts of the last message of the Page."""
        message = next(one for one in reversed(thread.messages) if one.from_page)
        watermark = milliseconds_of(message)
        if 'delivered' in self.receipts:
            self.notifier.item(page, thread, delivery={'mids': [message.mid], 'watermark': watermark})
        if 'read' in self.receipts:
            self.notifier.item(page, thread, read={'watermark': watermark})

    def content(self, message: Mapping[str, Any], files: Mapping[str, Part]) -> tuple[str, list[Media]]:
        """Text and files of what is sent; GraphError if it is not one of them."""
        return _content(message, files)

    def _thread(self, page: PageState, recipient: Mapping[str, Any]) -> Thread:
        thread = page.threads.get(str(recipient.get('id', '')))
        if thread is None or thread.last_action_at is None:
            raise GraphError(*self.unknown, '(#100) No matching user found')
        if thread.person.blocked:
            raise GraphError(551, 1545041, "(#551) This person isn't available right now.")
        return thread

    def _check_window(self, call: Call, page: PageState, thread: Thread) -> None:
        kind, tag = call.text('messaging_type'), call.text('tag')
        assert thread.last_action_at is not None
        age = now() - thread.last_action_at
        outside = GraphError(*self.outside, '(#10) This message is sent outside of allowed window.')
        if kind == 'MESSAGE_TAG':
            if tag in REMOVED_TAGS or tag != 'HUMAN_AGENT':
                raise GraphError(100, 0, '(#100) Deprecated message tag')
            if not page.human_agent:
                # the code of an application without the feature is not documented: a former one
                raise GraphError(10, 2018065, '(#10) The Human Agent feature is not approved for this app.')
            if age >= HUMAN_WINDOW:
                raise outside
        elif kind in ('RESPONSE', 'UPDATE') or not (kind or self.type_required):
            if age >= WINDOW:
                raise outside
        else:
            raise GraphError(
                100, 0, '(#100) Param messaging_type must be one of RESPONSE, UPDATE, MESSAGE_TAG'
            )


def as_object(value: Any, name: str) -> Mapping[str, Any]:
    """An argument that is an object, or the JSON of one in a form."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, Mapping):
        raise GraphError(100, 0, f'(#100) The parameter {name} is required')
    return value


def _content(message: Mapping[str, Any], files: Mapping[str, Part]) -> tuple[str, list[Media]]:
    text, attachment = message.get('text', ''), message.get('attachment')
    if len(str(message.get('metadata', ''))) > METADATA_LIMIT:
        raise GraphError(
            100, 0, '(#100) Length of param message[metadata] must be less than or equal to 1000'
        )
    if bool(text) == bool(attachment):
        raise GraphError(100, 0, '(#100) Must specify exactly one of text, attachment')
    if not attachment:
        if not isinstance(text, str) or len(text.encode('utf-16-le')) // 2 > TEXT_LIMIT:
            raise GraphError(
                100, 0, '(#100) Length of param message[text] must be less than or equal to 2000'
            )
        return text, []
    return '', [_uploaded(as_object(attachment, 'attachment'), files.get('filedata'))]


def _uploaded(attachment: Mapping[str, Any], file: Part | None) -> Media:
    kind = str(attachment.get('type'))
    if kind not in ('image', 'audio', 'video', 'file'):
        raise GraphError(
            100, 0, '(#100) Param message[attachment][type] must be one of image, audio, video, file'
        )
    if file is None:
        raise GraphError(100, 2018008, '(#100) Failed to fetch the file from the url')
    if kind == 'image' and len(file.content) > IMAGE_LIMIT:
        raise GraphError(36000, 0, 'The image size is too large.', status=200)
    if len(file.content) > FILE_LIMIT:
        raise GraphError(100, 2018109, '(#100) Attachment size exceeds allowable limit')
    family = file.mimetype.partition('/')[0]
    if kind != 'file' and (family != kind or (kind == 'image' and not _is_image(file.content))):
        raise GraphError(100, 2018047, '(#100) Upload attachment failure: type mismatch')
    return Media(kind, file.content, file.mimetype, file.filename)


def _is_image(content: bytes) -> bool:
    return content.startswith((b'\xff\xd8', b'\x89PNG', b'GIF8'))


def control(call: Call, token: Token, page: PageState, what: str) -> Reply:
    """Take, pass or release the control of a thread."""
    thread = page.threads.get(str(as_object(call.params.get('recipient'), 'recipient').get('id', '')))
    if thread is None:
        raise unknown_object('recipient')
    targets = {
        'take_thread_control': token.app_id,
        'pass_thread_control': call.text('target_app_id'),
        'release_thread_control': '',
    }
    thread.owner = targets[what]
    return Reply(200, {'success': True})

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

"""The calls of the Graph API that a Page's inbox needs, and Meta's media hosts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from demo.emulators.graph_access import (
    DEAD_TOKENS,
    Fields,
    GraphError,
    page_of,
    read_fields,
    require,
    select,
    token_of,
    unknown_object,
)
from demo.emulators.graph_messages import Sender, control
from demo.emulators.graph_state import Media, Message, PageState, Thread, Token, World, now
from demo.emulators.graph_webhooks import Webhooks
from demo.emulators.server import Call, Reply

READABLE = 20  # messages of a thread whose details are told
USAGE = {'X-App-Usage': '{"call_count":1,"total_time":1,"total_cputime":1}', 'facebook-api-version': 'v26.0'}


class GraphApi:
    """``answer`` is the whole API. ``tells_old_messages``: also those beyond the 20 that Meta promises.

    ``reading``, ``subscribing``: scopes for what is read, and for subscriptions. ``platforms``: its words.
    """

    reading: tuple[str, ...] = ('pages_read_engagement', 'pages_messaging')
    subscribing: tuple[str, ...] = ('pages_manage_metadata',)
    platforms: tuple[str, ...] = ('', 'messenger')

    def __init__(self, world: World, sender: Sender, webhooks: Webhooks) -> None:
        self.world = world
        self.sender = sender
        self.webhooks = webhooks
        self.tells_old_messages = False
        self._routes: list[tuple[str, str, Callable[..., Reply]]] = [
            ('GET', r'debug_token', self._debug_token),
            ('GET|POST', r'(\d+)/subscriptions', self._subscriptions),
            ('POST', r'(\w+)/messages', self._send),
            ('GET', r'(t_\w+)/messages', self._thread_messages),
            ('GET', r'(\w+)/conversations', self._conversations),
            ('GET|POST|DELETE', r'(\w+)/subscribed_apps', self._subscribed_apps),
            ('GET', r'(\w+)/thread_owner', self._thread_owner),
            ('POST', r'(\w+)/((?:take|pass|release)_thread_control)', self._control),
            ('GET', r'me/messaging_feature_review', self._features),
            ('GET', r'me/messenger_profile', self._messenger_profile),
            ('GET', r'(m_[\w-]+)', self._message),
            ('GET', r'(\w+)', self._node),
        ]

    def answer(self, call: Call) -> Reply:
        if call.path.startswith('/cdn/'):
            return self._media(call.path.removeprefix('/cdn/'), call)
        path = unquote(re.sub(r'^/(v\d+\.\d+/)?', '', call.path)).strip('/')
        try:
            with self.world.lock:
                reply = self._route(call, path)
        except GraphError as error:
            reply = error.reply
        return Reply(reply.status, reply.body, {**USAGE, **reply.headers}, reply.mimetype)

    def _route(self, call: Call, path: str) -> Reply:
        for methods, pattern, handler in self._routes:
            found = re.fullmatch(pattern, path)
            if found and call.method in methods.split('|'):
                return handler(call, *found.groups())
        raise GraphError(2500, 0, f'Unknown path components: /{path}')

    def page(self, token: Token, name: str) -> PageState:
        return page_of(self.world, token, name)

    def person(self, thread: Thread) -> dict[str, str]:
        """Somebody as threads tell them."""
        person = thread.person
        return {'name': person.name, 'email': f'{person.psid}@facebook.com', 'id': person.psid}

    def ours(self, page: PageState) -> dict[str, str]:
        return {'name': page.name, 'email': f'{page.id}@facebook.com', 'id': page.id}

    def threads(self, page: PageState) -> list[Thread]:
        """Those that are listed."""
        return [thread for thread in page.threads.values() if thread.messages]

    def attachment(self, media: Media) -> dict[str, Any]:
        """A file of a message."""
        return _attachment(media)

    def gone(self, mid: str) -> GraphError:
        """« Deleted », says the documentation of what is too old as well."""
        return unknown_object(mid)

    def _token(self, call: Call) -> Token:
        token = token_of(self.world, call)
        if token is None:
            raise GraphError(190, 0, 'A page access token is required to request this resource.')
        return token

    # -- tokens, application, subscriptions

    def _debug_token(self, call: Call) -> Reply:
        caller = token_of(self.world, call)
        token = self.world.tokens.get(call.text('input_token'))
        if token is None:
            error = {'code': 190, 'message': 'Malformed access token'}
            return Reply(200, {'data': {'error': error, 'is_valid': False, 'scopes': []}})
        if (caller.app_id if caller else self.world.app.id) != token.app_id:
            raise GraphError(100, 0, '(#100) The App_id in the input_token did not match the Viewing App')
        subcode = token.dead or (463 if token.expires_at and token.expires_at <= now() else 0)
        facts: dict[str, Any] = {
            'app_id': token.app_id,
            'type': token.kind,
            'application': self.world.app.name,
            'expires_at': int(token.expires_at.timestamp()) if token.expires_at else 0,
            'is_valid': not subcode,
            'scopes': [] if subcode else list(token.scopes),
        }
        if subcode:
            facts['error'] = {'code': 190, 'message': DEAD_TOKENS.get(subcode, ''), 'subcode': subcode}
        else:
            facts['profile_id'] = token.page_id
        return Reply(200, {'data': facts})

    def _subscriptions(self, call: Call, app_id: str) -> Reply:
        app = self.world.app
        if token_of(self.world, call) is not None or app_id != app.id:
            raise GraphError(15, 0, '(#15) This method must be called with an app access_token')
        if call.method == 'POST':
            if not self.webhooks.handshake(call.text('callback_url')):
                raise GraphError(2200, 0, '(#2200) Callback verification failed')
            app.callback_url, app.fields = call.text('callback_url'), tuple(call.text('fields').split(','))
            return Reply(200, {'success': True})
        fields = [{'name': name, 'version': 'v26.0'} for name in app.fields]
        page = {
            'object': app.object,
            'callback_url': app.callback_url,
            'active': app.active,
            'fields': fields,
        }
        return Reply(200, {'data': [page] if app.callback_url or app.fields else []})

    def _subscribed_apps(self, call: Call, name: str) -> Reply:
        token = self._token(call)
        page = self.page(token, name)
        require(token, *self.subscribing)
        if call.method == 'POST':
            page.subscriptions[token.app_id] = tuple(filter(None, call.text('subscribed_fields').split(',')))
        elif call.method == 'DELETE':
            page.subscriptions.pop(token.app_id, None)
        else:
            listed = [
                {'name': self.world.app.name, 'id': app_id, 'subscribed_fields': list(fields)}
                for app_id, fields in page.subscriptions.items()
            ]
            return Reply(200, {'data': listed})
        return Reply(200, {'success': True})

    def _features(self, call: Call) -> Reply:
        page = self.page(self._token(call), 'me')
        status = 'approved' if page.human_agent else 'not_submitted'
        return Reply(200, {'data': [{'feature': 'human_agent', 'status': status}]})

    def _messenger_profile(self, call: Call) -> Reply:
        page = self.page(self._token(call), 'me')
        return Reply(200, {'data': [{'subject_to_new_eu_privacy_rules': page.european}]})

    # -- the Page and its people

    def _node(self, call: Call, name: str) -> Reply:
        """The Page itself, or the profile of somebody who wrote to it."""
        token = self._token(call)
        fields = read_fields(call.text('fields'))
        page = self.world.pages[token.page_id]
        if name in ('me', page.id):
            return Reply(200, select({'id': page.id, 'name': page.name}, fields, ('name',)))
        if name not in page.threads:
            raise unknown_object(name)
        person = page.threads[name].person
        if person.profile == 'phone':
            raise GraphError(100, 2018218, 'No profile available for this user.')
        if person.profile == 'refused' or 'pages_messaging' not in token.scopes:
            raise GraphError(
                10, 0, '(#10) This endpoint requires the Business Asset User Profile Access feature'
            )
        if person.profile == 'empty':
            return Reply(200, {})
        first, _, last = person.name.partition(' ')
        facts = {'id': person.psid, 'first_name': first, 'last_name': last, 'name': person.name}
        return Reply(200, select(facts, fields, ('first_name', 'last_name')))

    def _thread_owner(self, call: Call, name: str) -> Reply:
        page = self.page(self._token(call), name)
        thread = page.threads.get(call.text('recipient'))
        if thread is None:
            raise unknown_object('recipient')
        return Reply(200, {'data': [{'thread_owner': {'app_id': thread.owner}}] if thread.owner else []})

    def _control(self, call: Call, name: str, what: str) -> Reply:
        token = self._token(call)
        return control(call, token, self.page(token, name), what)

    def _send(self, call: Call, name: str) -> Reply:
        token = self._token(call)
        return self.sender.send(call, token, self.page(token, name))

    # -- threads and messages

    def _conversations(self, call: Call, name: str) -> Reply:
        token = self._token(call)
        page = self.page(token, name)
        require(token, *self.reading, *self.subscribing)
        if call.text('platform') not in self.platforms:
            raise GraphError(100, 0, '(#100) platform')
        fields = read_fields(call.text('fields') or 'id,updated_time')
        threads = self.threads(page)
        if call.text('user_id'):
            threads = [thread for thread in threads if thread.person.psid == call.text('user_id')]
        threads.sort(key=lambda thread: thread.updated_at, reverse=True)
        return _paged(call, threads, 25, lambda thread: self._thread_facts(page, thread, fields))

    def _thread_facts(self, page: PageState, thread: Thread, fields: Fields) -> dict[str, Any]:
        facts = {
            'id': thread.id,
            'updated_time': _iso(thread.updated_at),
            'participants': {'data': [self.person(thread), self.ours(page)]},
            'message_count': len(thread.messages),
            'is_owner': thread.owner in ('', self.world.app.id),
        }
        if 'messages' in fields.inner:
            asked = fields.inner['messages']
            limit = asked.limit or 25
            newest = thread.messages[::-1]
            listed = [self._message_facts(page, thread, one, asked) for one in newest[:limit]]
            facts['messages'] = _page_of(listed, limit if len(newest) > limit else None, thread.id)
        return select(facts, fields, ('id', 'updated_time'))

    def _thread_messages(self, call: Call, name: str) -> Reply:
        page, thread = self._find_thread(call, name)
        fields = read_fields(call.text('fields') or 'id,created_time')
        newest = thread.messages[::-1]
        return _paged(call, newest, 25, lambda message: self._message_facts(page, thread, message, fields))

    def _find_thread(self, call: Call, name: str) -> tuple[PageState, Thread]:
        token = self._token(call)
        require(token, *self.reading)
        page = self.world.pages[token.page_id]
        for thread in page.threads.values():
            if thread.id == name:
                return page, thread
        raise unknown_object(name)

    def _message(self, call: Call, mid: str) -> Reply:
        try:
            page, thread, message = self.world.find(mid)
        except KeyError:
            raise unknown_object(mid) from None
        self._find_thread(call, thread.id)
        if message.unsent or self._is_too_old(thread, message):
            raise self.gone(mid)
        fields = read_fields(call.text('fields') or 'id,created_time')
        return Reply(200, self._message_facts(page, thread, message, fields))

    def _is_too_old(self, thread: Thread, message: Message) -> bool:
        return not self.tells_old_messages and message not in thread.messages[-READABLE:]

    def _message_facts(
        self, page: PageState, thread: Thread, message: Message, fields: Fields
    ) -> dict[str, Any]:
        facts: dict[str, Any] = {'id': message.mid, 'created_time': _iso(message.created_at)}
        if not self._is_too_old(thread, message) and not message.unsent:
            sides = [self.ours(page), self.person(thread)]
            author, reader = sides if message.from_page else reversed(sides)
            facts |= {'from': author, 'to': {'data': [reader]}, 'message': message.text}
            if message.media:
                facts['attachments'] = {'data': [self.attachment(one) for one in message.media]}
        return select(facts, fields, ('id', 'created_time'))

    # -- media

    def _media(self, path: str, call: Call) -> Reply:
        """What Meta's media hosts give; an expired link is refused."""
        media = self.world.media.get(path)
        if media is None:
            return Reply(404, b'Not found', mimetype='text/plain')
        if int(call.text('oe') or '0', 16) < now().timestamp():
            return Reply(403, b'URL signature expired', mimetype='text/plain')
        return Reply(200, media.content, mimetype=media.mimetype)


def _paged(call: Call, items: Sequence[Any], default: int, facts: Callable[[Any], dict[str, Any]]) -> Reply:
    """One page, whose cursor is the rank of its last item."""
    limit = min(int(call.text('limit') or default), 100)
    try:
        start = int(call.text('after') or 'c0', 16) - 0xC0
        chosen = items[start : start + limit]
    except ValueError:
        raise GraphError(100, 0, '(#100) Invalid cursor') from None
    rest = start + limit if start + limit < len(items) else None
    return Reply(200, _page_of([facts(item) for item in chosen], rest, call.path.strip('/')))


def _page_of(listed: list[dict[str, Any]], rest: int | None, path: str) -> dict[str, Any]:
    if not listed:
        return {'data': []}
    paging: dict[str, Any] = {'cursors': {'before': 'c0', 'after': f'{0xC0 + (rest or len(listed)):x}'}}
    if rest is not None:
        after = paging['cursors']['after']
        # the real one holds the token of the caller too
        paging['next'] = f'https://graph.facebook.com/{path}?access_token=EAAsecret&after={after}'
    return {'data': listed, 'paging': paging}


def _iso(at: datetime) -> str:
    return at.strftime('%Y-%m-%dT%H:%M:%S+0000')


def _attachment(media: Media) -> dict[str, Any]:
    facts: dict[str, Any] = {'id': media.id, 'mime_type': media.mimetype, 'size': len(media.content)}
    if media.kind == 'image':
        return {
            **facts,
            'name': f'image-{media.id}',
            'image_data': {'url': media.url, 'preview_url': media.url},
        }
    if media.kind == 'video':
        return {**facts, 'name': f'video-{media.id}', 'video_data': {'url': media.url}}
    return {**facts, 'name': media.name, 'file_url': media.url}

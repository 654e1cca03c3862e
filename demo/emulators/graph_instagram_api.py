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

"""The calls that Instagram has otherwise than a Page: two hosts, accounts, files, refusals."""

from __future__ import annotations

import http.client
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from demo.emulators.authorization import Authorizations, Code, Refused
from demo.emulators.graph_access import GraphError, read_fields, require, select, unknown_object
from demo.emulators.graph_api import GraphApi
from demo.emulators.graph_messages import FILE_LIMIT, IMAGE_LIMIT, Sender, as_object
from demo.emulators.graph_state import Media, PageState, Person, Thread, Token, World, now
from demo.emulators.graph_webhooks import Webhooks
from demo.emulators.server import Call, Part, Reply

LOGIN_HOST, PAGE_HOST, CODE_HOST = 'graph.instagram.com', 'www.instagram.com', 'api.instagram.com'
TEXT_LIMIT = 1000  # bytes
FETCH_TIMEOUT = 10.0
TYPES = {
    'image': ('image/jpeg', 'image/png'),
    'audio': ('audio/aac', 'audio/mp4', 'audio/wav', 'audio/x-m4a'),
    'video': ('video/mp4', 'video/ogg', 'video/quicktime', 'video/webm', 'video/x-msvideo'),
    'file': ('application/pdf',),
}
YOUNGEST, LIFE = timedelta(hours=24), 5_183_944  # of a token that is renewed; seconds of the new one
IDLE_REQUEST = timedelta(days=30)


def username(person: Person) -> str:
    bare = unicodedata.normalize('NFKD', person.name).encode('ascii', 'ignore').decode()
    return '.'.join(bare.lower().split())


class InstagramSender(Sender):
    """Texts by bytes, files by their address only."""

    scopes = ()
    outside, unknown = (10, 2534022), (100, 2534014)
    type_required = False

    def send(self, call: Call, token: Token, page: PageState) -> Reply:
        require(token, *InstagramApi.sending[token.kind])
        if page.barred:
            raise GraphError(100, 2534122, 'The Instagram account is restricted.')
        return super().send(call, token, page)

    def content(self, message: Mapping[str, Any], files: Mapping[str, Part]) -> tuple[str, list[Media]]:
        text, attachment = message.get('text', ''), message.get('attachment')
        if message.keys() - {'text', 'attachment'}:
            raise GraphError(100, 2534015, '(#100) Invalid message data')
        if bool(text) == bool(attachment):
            raise GraphError(100, 2534015, '(#100) Must specify exactly one of text, attachment')
        if attachment:
            return '', [self._fetched(as_object(attachment, 'attachment'))]
        if not isinstance(text, str) or len(text.encode()) > TEXT_LIMIT:
            raise GraphError(100, 2534015, '(#100) Message text must be UTF-8 of 1000 bytes at most')
        return text, []

    def receive(self, page: PageState, thread: Thread) -> None:
        """There is no receipt of delivery."""

    def _fetched(self, attachment: Mapping[str, Any]) -> Media:
        kind = str(attachment.get('type'))
        url = str(as_object(attachment.get('payload'), 'payload').get('url', ''))
        if kind not in TYPES:
            raise GraphError(100, 0, '(#100) Param message[attachment][type] is not one of those known')
        status, mimetype, content = fetch(url)
        if status != 200:
            raise GraphError(100, 2018008, '(#100) Failed to fetch the file from the url')
        if mimetype not in TYPES[kind]:
            raise GraphError(100, 2018047, '(#100) Upload attachment failure: type mismatch')
        if len(content) > (IMAGE_LIMIT if kind == 'image' else FILE_LIMIT):
            raise GraphError(100, 2018109, '(#100) Attachment size exceeds allowable limit')
        return Media(kind, content, mimetype)


def fetch(url: str) -> tuple[int, str, bytes]:
    """Status, type and content of what is at an address, as Meta's own fetcher does; 0 if nothing is."""
    parts = urlsplit(url)
    if parts.scheme not in ('http', 'https') or not parts.netloc:
        return 0, '', b''
    kind = http.client.HTTPSConnection if parts.scheme == 'https' else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=FETCH_TIMEOUT)
    try:
        target = f'{parts.path}?{parts.query}' if parts.query else parts.path
        connection.request('GET', target, headers={'User-Agent': 'facebookexternalhit/1.1'})
        answer = connection.getresponse()
        content = answer.read(FILE_LIMIT + 1)
        return answer.status, answer.headers.get_content_type(), content
    except (OSError, http.client.HTTPException):
        return 0, '', b''
    finally:
        connection.close()


class InstagramApi(GraphApi):
    """``page_ids``: number of the Page behind which each account is. ``closed``: their holder does not let
    tools read messages. ``requests``: people whose thread is in the requests folder. ``issued``: when the
    token of Instagram Login was made."""

    platforms = ('', 'instagram')
    reading, subscribing = (), ()
    sending = {
        'PAGE': ('instagram_manage_messages', 'pages_messaging'),
        'INSTAGRAM': ('instagram_business_manage_messages',),
    }

    def __init__(self, world: World, sender: Sender, webhooks: Webhooks) -> None:
        super().__init__(world, sender, webhooks)
        self.page_ids: dict[str, str] = {}
        self.closed = False
        self.account_type = 'BUSINESS'
        self.requests: set[str] = set()
        self.issued = now() - timedelta(days=30)
        self.pages = Authorizations({}, life=3600, pkce=False, separator=',', ending='#_')
        self.short: dict[str, Code] = {}  # tokens of an hour
        self._routes.insert(0, ('GET', 'refresh_access_token', self._refresh))
        self._routes.insert(0, ('GET', 'access_token', self._lengthen))

    def answer(self, call: Call) -> Reply:
        if call.path == f'/{PAGE_HOST}/oauth/authorize':
            return self.pages.page(call)
        if call.path == f'/{CODE_HOST}/oauth/access_token':
            return self._for_code(call)
        prefix = f'/{LOGIN_HOST}'
        if call.path.startswith(f'{prefix}/'):
            headers = {**call.headers, 'x-emulated-host': LOGIN_HOST}
            call = replace(call, path=call.path.removeprefix(prefix), headers=headers)
        return super().answer(call)

    def _token(self, call: Call) -> Token:
        """Each host knows its own tokens only."""
        token = super()._token(call)
        if (token.kind == 'INSTAGRAM') != (call.headers.get('x-emulated-host') == LOGIN_HOST):
            raise GraphError(190, 0, 'Invalid OAuth access token - Cannot parse access token')
        return token

    def page(self, token: Token, name: str) -> PageState:
        known = ('me', self.page_ids.get(token.page_id) if token.kind == 'PAGE' else token.page_id)
        if name not in known or token.kind not in self.sending:
            raise unknown_object(name)
        return self.world.pages[token.page_id]

    def person(self, thread: Thread) -> dict[str, str]:
        return {'username': username(thread.person), 'id': thread.person.psid}

    def ours(self, page: PageState) -> dict[str, str]:
        return {'username': page.name, 'id': page.id}

    def threads(self, page: PageState) -> list[Thread]:
        """Requests that nobody touched for 30 days are not told."""
        return [
            thread
            for thread in super().threads(page)
            if thread.person.psid not in self.requests or now() - thread.updated_at < IDLE_REQUEST
        ]

    def attachment(self, media: Media) -> dict[str, Any]:
        """Neither name nor size are documented."""
        facts = super().attachment(media)
        return {name: value for name, value in facts.items() if name not in ('name', 'size')}

    def gone(self, mid: str) -> GraphError:
        message = 'This Message has been deleted by the user or the business.'
        return GraphError(9000001, 0, message, type='IGApiException')

    def _conversations(self, call: Call, name: str) -> Reply:
        token = self._token(call)
        require(token, self.sending[token.kind][0])
        if token.kind == 'PAGE':
            require(token, 'pages_read_engagement')
            if call.text('platform') != 'instagram':
                return Reply(200, {'data': []})  # those of the Page itself
        if self.closed:
            raise GraphError(200, 2534041, '(#200) The account does not allow access to its messages')
        return super()._conversations(call, name)

    def _subscribed_apps(self, call: Call, name: str) -> Reply:
        token = self._token(call)
        require(token, 'pages_manage_metadata' if token.kind == 'PAGE' else self.sending[token.kind][0])
        return super()._subscribed_apps(call, name)

    def _node(self, call: Call, name: str) -> Reply:
        """The account, its Page, or the profile of somebody who wrote."""
        token = self._token(call)
        fields = read_fields(call.text('fields'))
        page = self.world.pages[token.page_id]
        page_id = self.page_ids.get(page.id, '')
        if token.kind == 'INSTAGRAM' and name in ('me', page.id):
            require(token, 'instagram_business_basic')
            facts = {'id': '24300000000000009', 'user_id': page.id, 'username': page.name}
            return Reply(200, select({**facts, 'account_type': self.account_type}, fields, ('id',)))
        if token.kind == 'PAGE' and name in ('me', page_id):
            linked = {'instagram_business_account': {'id': page.id, 'username': page.name}} if page_id else {}
            facts = {'id': page_id or '104400000000009', 'name': 'Ville de Villexemple'}
            return Reply(200, select({**facts, **linked}, fields, ('name',)))
        if name not in page.threads:
            raise GraphError(9010, 0, 'No matching Instagram user', type='IGApiException')
        thread = page.threads[name]
        if thread.person.profile != 'full' or thread.last_action_at is None:
            raise GraphError(230, 0, 'User consent is required to access user profile')
        person = {'id': name, 'name': thread.person.name, 'username': username(thread.person)}
        return Reply(200, select(person, fields, ('id',)))

    def _refresh(self, call: Call) -> Reply:
        """Another token for 60 days; the former one goes on until its own end."""
        value = call.text('access_token')
        bearer = {**call.headers, 'authorization': f'Bearer {value}'}
        token = self._token(replace(call, headers=bearer))
        if call.text('grant_type') != 'ig_refresh_token':
            raise GraphError(100, 0, 'Unsupported grant_type')
        if now() - self.issued < YOUNGEST:
            raise GraphError(100, 0, 'The token is too young to be refreshed')
        fresh = replace(token, value=f'{value}R', expires_at=now() + timedelta(seconds=LIFE))
        self.world.tokens[fresh.value] = fresh
        self.issued = now()
        return Reply(200, {'access_token': fresh.value, 'token_type': 'bearer', 'expires_in': LIFE})

    # -- Instagram Login by a redirection

    def _for_code(self, call: Call) -> Reply:
        """One code, 400, for all that is wrong."""
        try:
            if call.method != 'POST':
                raise Refused('invalid_request')
            code = self.pages.redeem(call.text('client_id'), call.text('client_secret'), call)
        except Refused:
            said = 'Matching code was not found or was already used'
            return Reply(400, {'error_type': 'OAuthException', 'code': 400, 'error_message': said})
        token = f'IGQVshort{secrets.token_hex(8)}'
        self.short[token] = code
        given = {'access_token': token, 'user_id': code.account, 'permissions': ','.join(code.scopes)}
        return Reply(200, {'data': [given]})

    def _lengthen(self, call: Call) -> Reply:
        """A token of an hour for one of 60 days, to who knows the secret of the application."""
        code = self.short.get(call.text('access_token'))
        if call.text('grant_type') != 'ig_exchange_token' or code is None:
            raise GraphError(190, 0, 'Invalid OAuth access token - Cannot parse access token')
        if call.text('client_secret') != self.pages.clients[code.client].secret:
            raise GraphError(101, 0, 'Error validating client secret.')
        ends = now() + timedelta(seconds=LIFE)
        value = f'IGAAlong{secrets.token_hex(8)}'
        self.world.tokens[value] = Token(
            value, code.account, self.world.app.id, 'INSTAGRAM', code.scopes, expires_at=ends
        )
        return Reply(200, {'access_token': value, 'token_type': 'bearer', 'expires_in': LIFE})

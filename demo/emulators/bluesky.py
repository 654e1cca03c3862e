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

"""A strict stand-in of Bluesky: a server of accounts (PDS) and, behind it, the chat service.

Answers, errors and headers of the first are those recorded on PDS 0.4.217 and 0.5.35. The chat service is not
published: its answers follow the lexicons and what its own application expects.

    with BlueskyEmulator() as server:
        server.write('jeanne.example.org', 'Bonjour')
        server.fail('cut_after', 'POST /xrpc/chat.bsky.convo.sendMessage')
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import regex

from demo.emulators.bluesky_access import PLAIN, UNPRIVILEGED, Access, Person, Token, did_for, refusal
from demo.emulators.bluesky_state import Chat, Convo, Refused, profile
from demo.emulators.server import Call, EmulatorServer, Reply

CHAT = 'did:web:api.bsky.chat#bsky_chat'
APP_PASSWORD, PLAIN_PASSWORD = 'demo-demo-demo-demo', 'demo-sans-mess-ages'
MAIRIE, JEANNE, KARIM = 'mairie.villexemple.example.org', 'jeanne.example.org', 'karim.example.org'
TID = re.compile('[2-7a-z]{13}')
URI = re.compile(r'\w+:(?://)?[^\s/]\S*')
GRAPHEMES, BYTES = 1000, 10_000
LOG_PAGE, LONGEST = 100, 100

Item = dict[str, Any]


class BlueskyEmulator(EmulatorServer):
    """``mairie``: our account; ``log_page``: entries of a page of the log."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(self.reply, port)
        self.lock = threading.RLock()
        self.access = Access()
        self.chat = Chat(self.access)
        self.log_page = LOG_PAGE
        self.mairie = self.add(MAIRIE, 'Ville de Villexemple', password='le mot de passe du compte')
        self.mairie.passwords = {APP_PASSWORD: True, PLAIN_PASSWORD: False}
        self.add(JEANNE, 'Jeanne Exemple')
        self.add(KARIM)

    # -- what people do

    def add(self, handle: str, name: str = '', **more: Any) -> Person:
        person = Person(did_for(handle), handle, name, **more)
        self.access.people[person.did] = person
        return person

    def known(self, handle: str) -> Person:
        found = self.access.person(handle)
        assert found is not None, handle
        return found

    def write(self, handle: str, text: str, to: str = MAIRIE, **more: Any) -> str:
        """A message of that person; its id. ``more``: facets, embed… Refused if it is not taken."""
        with self.lock:
            author, reader = self.known(handle).did, self.known(to).did
            self.chat.admit(author, reader)
            convo = self.chat.open(author, reader)
            return str(self.chat.post(convo, author, {'text': text, **more})['id'])

    def write_in_group(self, handle: str, text: str) -> str:
        with self.lock:
            members = [person.did for person in self.access.people.values()]
            author = self.known(handle).did
            return str(self.chat.post(self.chat.group(*members), author, {'text': text})['id'])

    def convo_with(self, handle: str) -> Convo | None:
        return self.chat.between(self.known(handle).did, self.mairie.did)

    def received(self, handle: str) -> list[str]:
        """The texts that this person has from us, oldest first."""
        convo = self.convo_with(handle)
        messages = convo.messages if convo else []
        return [m['text'] for m in messages if m['sender']['did'] == self.mairie.did and 'text' in m]

    def slow_down(self, pattern: str = '', seconds: int = 120) -> None:
        """Refuse the next call, as the service does: a time in seconds since 1970."""
        headers = {'RateLimit-Remaining': '0', 'RateLimit-Reset': str(int(self.access.clock) + seconds)}
        body = {'error': 'RateLimitExceeded', 'message': 'Rate Limit Exceeded'}
        self.fail('answer', pattern, status=429, body=body, headers=headers)

    def asked(self, pattern: str = '') -> list[Call]:
        return [call for call in self.calls if re.search(pattern, f'{call.method} {call.path}')]

    # -- which answer

    def reply(self, call: Call) -> Reply:
        with self.lock:
            limited = self.access.limit('all', '')
            return self.access.told(limited or self._answer(call))

    def _answer(self, call: Call) -> Reply:
        method = call.path.removeprefix('/xrpc/')
        sessions: dict[str, Callable[[Call, str], Reply]] = {
            'POST com.atproto.server.createSession': self.access.create_session,
            'POST com.atproto.server.refreshSession': self.access.refresh_session,
            'POST com.atproto.server.deleteSession': self.access.delete_session,
        }
        if found := sessions.get(f'{call.method} {method}'):
            return found(call, self.url)
        token = self.access.bearer(call)
        if isinstance(token, Reply):
            return token
        if method.startswith('chat.bsky.'):
            refused = self._not_proxied(call, token)
            if refused is not None:
                return refused
        named = getattr(self, f'{call.method}_{method.rpartition(".")[2]}'.lower(), None)
        if named is None:
            return refusal(501, 'MethodNotImplemented', 'Method Not Implemented')
        try:
            found_reply: Reply = named(call, token.did)
        except Refused as error:
            return refusal(400, error.name, error.message)
        return found_reply

    def _not_proxied(self, call: Call, token: Token) -> Reply | None:
        """How the PDS refuses to pass a call to the chat service, as recorded."""
        service = call.headers.get('atproto-proxy')
        if service is None:
            return refusal(502, 'UpstreamFailure', 'Upstream service unreachable')
        if '#' not in service:
            return refusal(400, 'InvalidRequest', 'no service id specified in proxy header')
        if service != CHAT:
            return refusal(500, 'InternalServerError', 'Internal Server Error')
        return UNPRIVILEGED if token.scope == PLAIN else None

    # -- the account

    def get_getsession(self, call: Call, did: str) -> Reply:
        return Reply(200, self.access.shown(self.access.people[did], self.url))

    def get_getprofile(self, call: Call, did: str) -> Reply:
        person = self.access.person(call.text('actor'))
        return Reply(200, profile(person)) if person else refusal(400, 'InvalidRequest', 'Profile not found')

    def get_getrecord(self, call: Call, did: str) -> Reply:
        collection, person = call.text('collection'), self.access.person(call.text('repo'))
        records = dict(person.records) if person else {}
        if person and person.allows is not None:
            own = {'$type': collection, 'allowIncoming': person.allows}
            records.setdefault('chat.bsky.actor.declaration', own)
        if person is None or call.text('rkey') != 'self' or collection not in records:
            return refusal(400, 'RecordNotFound', f'Could not locate record: {collection}')
        uri = f'at://{person.did}/{collection}/self'
        return Reply(200, {'uri': uri, 'cid': 'bafyreiexample', 'value': records[collection]})

    def post_putrecord(self, call: Call, did: str) -> Reply:
        person, record = self.access.people[did], call.params.get('record')
        collection = call.text('collection')
        if call.text('repo') != did or call.text('rkey') != 'self' or not isinstance(record, dict):
            return refusal(400, 'InvalidRequest', 'Input/record must be an object')
        if record.get('$type') != collection or record.get('allowIncoming') not in (
            'all',
            'none',
            'following',
        ):
            return refusal(400, 'InvalidRequest', f'Invalid {collection} record')
        person.records[collection], person.allows = record, record['allowIncoming']
        return Reply(200, {'uri': f'at://{did}/{collection}/self', 'cid': 'bafyreiexample'})

    def get_getstatus(self, call: Call, did: str) -> Reply:
        disabled = self.access.people[did].chat_disabled
        return Reply(200, {'chatDisabled': disabled, 'canCreateGroups': True})

    # -- reading

    def get_getlog(self, call: Call, did: str) -> Reply:
        entries, cursor = self.chat.logs.get(did, []), call.text('cursor')
        if not cursor:
            newest = entries[-1]['rev'] if entries else self.chat.tid()
            return Reply(200, {'logs': [], 'cursor': max(newest, self.chat.log_kept)})
        if not TID.fullmatch(cursor) or cursor < self.chat.log_kept:
            return refusal(400, 'InvalidRequest', 'Invalid cursor')
        page = [entry for entry in entries if entry['rev'] > cursor][: self.log_page]
        return Reply(200, {'logs': page, 'cursor': page[-1]['rev'] if page else cursor})

    def get_listconvos(self, call: Call, did: str) -> Reply:
        mine = [convo for convo in self.chat.convos.values() if did in convo.status]
        if wanted := call.text('status'):
            mine = [convo for convo in mine if convo.status[did] == wanted]
        mine.sort(key=lambda convo: convo.rev, reverse=True)
        before = call.text('cursor').partition('::')[0]
        left = [convo for convo in mine if not before or convo.rev < before]
        page = left[: self._limit(call)]
        found: Item = {'convos': [self.chat.view(convo, did) for convo in page]}
        if len(left) > len(page):
            found['cursor'] = f'{page[-1].rev}::{len(page)}'
        return Reply(200, found)

    def _limit(self, call: Call) -> int:
        asked = call.text('limit') or '50'
        if not asked.isdigit() or not 1 <= int(asked) <= LONGEST:
            raise Refused('InvalidRequest', f'Params/limit can not be greater than {LONGEST}')
        return int(asked)

    def get_getmessages(self, call: Call, did: str) -> Reply:
        convo = self._convo(call.text('convoId'), did)
        before = call.text('cursor')
        newest = self.chat.seen_by(convo, did)[::-1]
        left = [message for message in newest if not before or message['rev'] < before]
        page = left[: self._limit(call)]
        found: Item = {'messages': page}
        return Reply(200, {**found, 'cursor': page[-1]['rev']} if len(left) > len(page) else found)

    def get_getconvo(self, call: Call, did: str) -> Reply:
        return Reply(200, {'convo': self.chat.view(self._convo(call.text('convoId'), did), did)})

    def _convo(self, number: str, did: str) -> Convo:
        found = self.chat.convos.get(number)
        if found is None or did not in found.status:
            raise Refused('InvalidConvo', 'Conversation not found')
        return found

    def get_getconvoformembers(self, call: Call, did: str) -> Reply:
        return Reply(200, {'convo': self.chat.view(self.chat.open(did, self._member(call)), did)})

    def get_getconvoavailability(self, call: Call, did: str) -> Reply:
        other = self._member(call)
        try:
            self.chat.admit(did, other)
            found: Item = {'canChat': True}
        except Refused:
            found = {'canChat': False}
        convo = self.chat.between(did, other)
        return Reply(200, {**found, 'convo': self.chat.view(convo, did)} if convo else found)

    def _member(self, call: Call) -> str:
        members = [value for name, value in call.query if name == 'members']
        if len(members) != 1 or not members[0].startswith('did:'):
            raise Refused('InvalidRequest', 'Params/members must be a valid did')
        return members[0]

    # -- writing

    def post_acceptconvo(self, call: Call, did: str) -> Reply:
        rev = self.chat.accept(self._convo(call.text('convoId'), did), did)
        return Reply(200, {'rev': rev} if rev else {})

    def post_sendmessage(self, call: Call, did: str) -> Reply:
        convo = self._convo(call.text('convoId'), did)
        message = call.params.get('message')
        message = message if isinstance(message, dict) else {}
        text = message.get('text')
        if not isinstance(text, str):
            raise Refused('InvalidRequest', 'Input/message must have the property "text"')
        if len(text.encode()) > BYTES:
            raise Refused('InvalidRequest', f'Input/message/text must not be longer than {BYTES} characters')
        if len(regex.findall(r'\X', text)) > GRAPHEMES:
            raise Refused(
                'InvalidRequest', f'Input/message/text must not be longer than {GRAPHEMES} graphemes'
            )
        if not text.strip() and 'embed' not in message:
            raise Refused('InvalidRequest', 'message cannot be empty')
        _check_facets(message, text)
        if convo.status[did] != 'accepted':
            raise Refused('InvalidRequest', 'Convo must be accepted first')
        for other in set(convo.status) - {did}:
            self.chat.admit(did, other)
        return Reply(200, self.chat.post(convo, did, message))

    def post_updateread(self, call: Call, did: str) -> Reply:
        convo = self._convo(call.text('convoId'), did)
        if convo.messages:
            self.chat.tell(convo, 'logReadConvo', convo.messages[-1], to=(did,))
        return Reply(200, {'convo': self.chat.view(convo, did)})


def _check_facets(message: Item, text: str) -> None:
    """Places in bytes, of whole characters, inside the text."""
    for facet in message.get('facets', []):
        start, end = facet['index']['byteStart'], facet['index']['byteEnd']
        try:
            label = text.encode()[start:end].decode()
        except UnicodeDecodeError:
            raise Refused('InvalidRequest', 'Input/message/facets cut a character') from None
        if not 0 <= start < end <= len(text.encode()) or not label.startswith('http'):
            raise Refused('InvalidRequest', 'Input/message/facets are out of the text')
        for feature in facet['features']:
            if not URI.fullmatch(feature.get('uri', 'x:x')):
                raise Refused('InvalidRequest', 'Input/message/facets/0/features/0/uri must be a uri')

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

"""A strict stand-in of X's API for direct messages: what it refuses matters as much as what it gives.

    with XEmulator() as server:
        jeanne = server.add_person('Jeanne Exemple')
        server.citizen_writes(jeanne, 'Bonjour')
        server.fail('cut_after', 'POST .*/messages$')

Tokens of two hours and refresh tokens that serve once, scopes, 15 calls in 15 minutes with their headers,
credits, fields that must be asked for, lengths, media, webhooks that are tested.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from demo.emulators import x_views
from demo.emulators.server import Call, EmulatorServer, Reply
from demo.emulators.x_access import Access, Caller, problem
from demo.emulators.x_state import SCOPES, TEXT_LIMIT, US, Dm, Item, Media, State
from demo.emulators.x_uploads import Uploads
from demo.emulators.x_webhooks import Webhooks

DM_ROUTES = r'/2/dm_(events|conversations)'
EVENT_TYPES = {'MessageCreate', 'ParticipantsJoin', 'ParticipantsLeave'}
EXPANSIONS = {'attachments.media_keys', 'participant_ids', 'referenced_tweets.id', 'sender_id'}
EVENTS = ('dm.received', 'dm.sent', 'dm.read', 'chat.received', 'chat.sent', 'oauth.revoke')
CALLBACK = 'https://ville.example/webhook/x/jeton'


class XEmulator(EmulatorServer):
    """``rate``: calls allowed in 15 minutes for each route of messages. ``credits``: calls that can be paid
    for, None: no end. ``sender_field``: whether ``sender_id`` is a field, or an expansion only. ``billed``:
    ids of the events and people read, as often as they were."""

    def __init__(self, port: int = 0, *, rate: int = 15, sender_field: bool = True) -> None:
        super().__init__(self.reply, port)
        self.state = State()
        self.access, self.uploads = Access(self.state), Uploads(self.state)
        self.webhooks = Webhooks(self.state)
        self.rate, self.sender_field = rate, sender_field
        self.credits: int | None = None
        self.billed: list[str] = []

    # -- what happens on X

    def add_person(self, name: str) -> str:
        with self.state.lock:
            return self.state.add_person(name)

    def citizen_writes(
        self, person: str, text: str = '', content: bytes = b'', mimetype: str = 'image/jpeg'
    ) -> str:
        media = Media(self.state.new_id(), mimetype, content) if content else None
        return self._said(person, US, text, media)

    def we_write(self, person: str, text: str) -> str:
        """A colleague, in X's own application."""
        return self._said(US, person, text, None)

    def _said(self, sender: str, recipient: str, text: str, media: Media | None) -> str:
        with self.state.lock:
            dm = self.state.write(sender, recipient, text, media)
        self.webhooks.message(dm)
        return dm.id

    def citizen_reads(self, person: str) -> None:
        """All of the thread, up to now."""
        last = self.state.thread(person)[-1]
        self.webhooks.tell('dm.read', x_views.read_by(person, last, datetime.now(UTC)))

    def citizen_chats(self, person: str) -> None:
        """An encrypted message."""
        payload = x_views.chat(person, self.state.new_id(), datetime.now(UTC))
        self.webhooks.tell('chat.received', payload)

    def connect(self, callback: str = CALLBACK, *, known: bool = True) -> None:
        """Our webhook is registered and subscribed; ``known``: without its test."""
        if not known and not self.webhooks.answers(callback):
            raise RuntimeError('the webhook was not verified')
        webhook = {'id': self.state.new_id(), 'url': callback, 'valid': True}
        self.state.webhooks.append(webhook)
        for kind in EVENTS:
            self.webhooks.add(kind, str(webhook['id']))

    def on_screen(self, person: str) -> list[Dm]:
        """What that person has received from us."""
        return [dm for dm in self.state.thread(person) if dm.sender == US]

    def slow_down(self, pattern: str = '', seconds: int = 120) -> None:
        """The next call is one too many, until then."""
        headers = {'x-rate-limit-limit': '15', 'x-rate-limit-remaining': '0'}
        headers['x-rate-limit-reset'] = str(int(datetime.now(UTC).timestamp()) + seconds)
        body = {
            'title': 'Too Many Requests',
            'detail': 'Too Many Requests',
            'type': 'about:blank',
            'status': 429,
        }
        self.fail('answer', pattern, status=429, body=body, headers=headers)

    def asked(self, pattern: str = '') -> list[Call]:
        """The calls so far whose « METHOD /path » matches."""
        return [call for call in self.calls if re.search(pattern, f'{call.method} {call.path}')]

    # -- answering

    def reply(self, call: Call) -> Reply:
        with self.state.lock:
            if call.path == '/2/oauth2/token':
                return self.access.token(call)
            if call.path == '/i/oauth2/authorize':
                return self.access.pages.page(call)
            if call.path.startswith('/cdn/'):
                return self._cdn(call)
            caller = self.access.caller(call, self.url)
            if isinstance(caller, Reply):
                return caller
            return self._within_rate(call, caller)

    def _cdn(self, call: Call) -> Reply:
        """Pictures of messages are given to signed calls only."""
        _cdn, host, path = call.path.removeprefix('/').split('/', 2)
        if host == 'ton.twitter.com':
            caller = self.access.caller(call, self.url)
            if isinstance(caller, Reply) or caller.kind != 'signed':
                return Reply(401, b'')
        return self.uploads.cdn(f'/{path}')

    def _within_rate(self, call: Call, caller: Caller) -> Reply:
        route = f'{call.method} ' + re.sub(r'\d{6,}', ':id', call.path)
        limit = self.rate if re.match(DM_ROUTES, call.path) and '/media/' not in call.path else 450
        left, reset = self.state.count(route, limit)
        headers = {
            'x-rate-limit-limit': limit,
            'x-rate-limit-remaining': max(left, 0),
            'x-rate-limit-reset': reset,
        }
        shown = {name: str(value) for name, value in headers.items()}
        if caller.kind == 'signed':
            shown['x-access-level'] = self.access.rights
        if left < 0:
            answer = problem(429, 'Too Many Requests')
        elif self.credits is not None and self.credits <= 0:
            answer = problem(402, 'CreditsDepleted', kind='credits')
        else:
            self.credits = None if self.credits is None else self.credits - 1
            answer = self._refused(call, caller) or self._found(call, caller)
        return Reply(answer.status, answer.body, {**answer.headers, **shown}, answer.mimetype)

    def _refused(self, call: Call, caller: Caller) -> Reply | None:
        """Who may not do that, whatever it says."""
        private = re.match(DM_ROUTES, call.path) or call.path.startswith(('/2/media', '/2/users/me'))
        if caller.kind == 'app' and private:
            return problem(403, 'Unsupported Authentication', kind='unsupported-authentication')
        if re.match(DM_ROUTES, call.path) and caller.kind == 'signed' and 'direct' not in self.access.rights:
            return Reply(403, {'errors': [{'code': 93, 'message': 'This application is not allowed'}]})
        needed = {'tweet.read', 'users.read'} if private else set()
        if re.match(DM_ROUTES, call.path):
            needed |= {'dm.read', 'dm.write'} if call.method == 'POST' else {'dm.read'}
        if call.path.startswith('/2/media'):
            needed = {'media.write'}
        return (
            problem(403, 'Forbidden') if caller.kind == 'user' and not needed <= set(caller.scopes) else None
        )

    def _found(self, call: Call, caller: Caller) -> Reply:
        for pattern, name in ROUTES:
            match = re.fullmatch(pattern, f'{call.method} {call.path}')
            if match:
                answer: Reply = getattr(self, name)(call, caller, *match.groups())
                return answer
        return problem(404, 'Not Found Error', kind='resource-not-found')

    # -- people

    def _me(self, call: Call, caller: Caller) -> Reply:
        return self._person(call, caller, caller.person)

    def _person(self, call: Call, caller: Caller, number: str) -> Reply:
        person = self.state.people.get(number)
        if person is None:
            missing = {'title': 'Not Found Error', 'type': 'https://api.x.com/2/problems/resource-not-found'}
            return Reply(200, {'errors': [{**missing, 'resource_id': number}]})
        self.billed.append(number)
        return Reply(200, {'data': person.shown()})

    # -- messages

    def _events(self, call: Call, caller: Caller) -> Reply:
        return self._page(call, self.state.messages)

    def _events_with(self, call: Call, caller: Caller, person: str) -> Reply:
        return self._page(call, self.state.thread(person))

    def _event(self, call: Call, caller: Caller, number: str) -> Reply:
        found = [dm for dm in self.state.messages if dm.id == number]
        if not found:
            return problem(404, 'Not Found Error', kind='resource-not-found')
        answer = x_views.page(found, *self._asked_for(call), self.state)
        self.billed.append(number)
        return Reply(200, {**answer, 'data': answer['data'][0]})

    def _asked_for(self, call: Call) -> tuple[set[str], set[str]]:
        names = ('dm_event.fields', 'expansions')
        fields, expansions = (set(filter(None, call.text(name).split(','))) for name in names)
        return fields, expansions

    def _page(self, call: Call, listed: list[Dm]) -> Reply:
        wrong = self._wrong_query(call)
        if wrong:
            return _invalid(*wrong)
        fields, expansions = self._asked_for(call)
        newest = listed[::-1]
        start, count = int(call.text('pagination_token') or '0', 36), int(call.text('max_results') or 100)
        found = newest[start : start + count]
        answer = x_views.page(found, fields, expansions, self.state)
        if start + count < len(newest):
            answer['meta']['next_token'] = _base36(start + count)
        people = {dm.sender for dm in found} if 'sender_id' in expansions else set()
        self.billed += [*(dm.id for dm in found), *people]
        return Reply(200, answer)

    def _wrong_query(self, call: Call) -> tuple[str, str] | None:
        """Name and value of the first parameter that X refuses."""
        fields, expansions = self._asked_for(call)
        known = x_views.KNOWN_FIELDS if self.sender_field else x_views.KNOWN_FIELDS - {'sender_id'}
        names = {'dm_event.fields', 'event_types', 'expansions', 'max_results', 'media.fields', 'user.fields'}
        unknown = next((name for name, _value in call.query if name not in names | {'pagination_token'}), '')
        if unknown:
            return unknown, call.text(unknown)
        if fields - known:
            return 'dm_event.fields', call.text('dm_event.fields')
        if expansions - EXPANSIONS:
            return 'expansions', call.text('expansions')
        if set(call.text('event_types').split(',')) - EVENT_TYPES - {''}:
            return 'event_types', call.text('event_types')
        count = call.text('max_results') or '100'
        return None if count.isdigit() and 1 <= int(count) <= 100 else ('max_results', count)

    def _send(self, call: Call, caller: Caller, person: str) -> Reply:
        text, attachments = call.params.get('text', ''), call.params.get('attachments', [])
        to = self.state.people.get(person)
        if not text and not attachments or len(text) > TEXT_LIMIT or len(attachments) > 1:
            return _invalid('text', text[:20])
        if to is None or to.blocked or to.id == US:
            return problem(403, 'Forbidden', 'You do not have permission to DM one or more participants.')
        media = self.state.media.get(attachments[0].get('media_id', '')) if attachments else None
        if attachments and (media is None or not media.ready or media.state != 'succeeded'):
            return _invalid('attachments', '')
        dm = self.state.write(US, person, text, media)
        self.webhooks.message(dm)
        return Reply(201, {'data': {'dm_conversation_id': dm.thread, 'dm_event_id': dm.id}})

    # -- the rest is in the modules beside

    def _begin(self, call: Call, caller: Caller) -> Reply:
        return self.uploads.begin(call)

    def _append(self, call: Call, caller: Caller, number: str) -> Reply:
        return self.uploads.append(number, call)

    def _finish(self, call: Call, caller: Caller, number: str) -> Reply:
        return self.uploads.finish(number)

    def _status(self, call: Call, caller: Caller) -> Reply:
        return self.uploads.status(call)

    def _download(self, call: Call, caller: Caller, message: str, media: str, name: str) -> Reply:
        return self.uploads.download(caller, message, media, name)

    def _webhooks(self, call: Call, caller: Caller) -> Reply:
        return self.webhooks.list(call, caller)

    def _new_webhook(self, call: Call, caller: Caller) -> Reply:
        return self.webhooks.create(call, caller)

    def _validate(self, call: Call, caller: Caller, number: str) -> Reply:
        return self.webhooks.validate(number)

    def _subscriptions(self, call: Call, caller: Caller) -> Reply:
        return self.webhooks.subscriptions(call, caller)

    def _subscribe(self, call: Call, caller: Caller) -> Reply:
        return self.webhooks.subscribe(call, caller)


ROUTES = (
    (r'GET /2/users/me', '_me'),
    (r'GET /2/users/(\d+)', '_person'),
    (r'GET /2/dm_events', '_events'),
    (r'GET /2/dm_events/(\d+)', '_event'),
    (r'GET /2/dm_conversations/with/(\d+)/dm_events', '_events_with'),
    (r'POST /2/dm_conversations/with/(\d+)/messages', '_send'),
    (r'GET /2/dm_conversations/media/(\d+)/(\d+)/([\w.-]+)', '_download'),
    (r'POST /2/media/upload/initialize', '_begin'),
    (r'POST /2/media/upload/(\d+)/append', '_append'),
    (r'POST /2/media/upload/(\d+)/finalize', '_finish'),
    (r'GET /2/media/upload', '_status'),
    (r'GET /2/webhooks', '_webhooks'),
    (r'POST /2/webhooks', '_new_webhook'),
    (r'PUT /2/webhooks/(\d+)', '_validate'),
    (r'GET /2/activity/subscriptions', '_subscriptions'),
    (r'POST /2/activity/subscriptions', '_subscribe'),
)


def _invalid(name: str, value: str) -> Reply:
    told: Item = {'parameters': {name: [value]}, 'message': f'invalid value of {name}'}
    return problem(400, 'Invalid Request', kind='invalid-request', errors=[told])


def _base36(number: int) -> str:
    digits = ''
    while number:
        number, rest = divmod(number, 36)
        digits = '0123456789abcdefghijklmnopqrstuvwxyz'[rest] + digits
    return digits or '0'


def credentials(server: XEmulator, scopes: tuple[str, ...] = SCOPES) -> Mapping[str, Any]:
    """What an administrator pastes after having connected the account with OAuth 2."""
    access, refresh = server.state.grant(scopes)
    return {'access_token': access, 'refresh_token': refresh}

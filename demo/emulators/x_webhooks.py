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

"""The webhooks of X: registered, tested (CRC), subscribed event by event, called with a signature."""

from __future__ import annotations

import hmac
import json
import secrets
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

from demo.emulators import x_views
from demo.emulators.server import Call, Reply
from demo.emulators.x_access import CONSUMER_SECRET, Caller, body_signature, problem
from demo.emulators.x_state import US, Dm, Item, State, is_trusted_url

TIMEOUT = 10.0
PRIVATE = ('dm.', 'chat.')


class Webhooks:
    """``strict``: addresses as X wants them; off for the demonstration, whose brick is on the loopback.

    ``style``: 'activity' (2026) or 'account' (before). ``told``: bodies sent so far.
    """

    def __init__(self, state: State) -> None:
        self.state, self.strict, self.style = state, True, 'activity'
        self.told: list[bytes] = []

    # -- their management

    def list(self, call: Call, caller: Caller) -> Reply:
        if caller.kind != 'app':
            return problem(403, 'Unsupported Authentication', kind='unsupported-authentication')
        found = self.state.webhooks
        return Reply(200, {'data': found, 'meta': {'result_count': len(found)}} if found else {'meta': {}})

    def create(self, call: Call, caller: Caller) -> Reply:
        url = call.text('url')
        if caller.kind != 'app':
            return problem(403, 'Unsupported Authentication', kind='unsupported-authentication')
        if not is_trusted_url(url, self.strict) or any(one['url'] == url for one in self.state.webhooks):
            return problem(400, 'Invalid Request', kind='invalid-request', errors=[{'message': 'url'}])
        if not self.answers(url):
            return Reply(400, {'errors': [{'code': 214, 'message': 'CRC GET request did not succeed.'}]})
        webhook = {'id': self.state.new_id(), 'url': url, 'valid': True}
        self.state.webhooks.append(webhook)
        return Reply(200, {'data': webhook})

    def validate(self, number: str) -> Reply:
        found = next((one for one in self.state.webhooks if one['id'] == number), None)
        if found is None:
            return problem(404, 'Not Found Error', kind='resource-not-found')
        found['valid'] = self.answers(found['url'])
        return Reply(200, {'data': {'valid': found['valid']}})

    def subscriptions(self, call: Call, caller: Caller) -> Reply:
        found = self.state.subscriptions
        return Reply(200, {'data': found, 'meta': {'total_subscriptions': len(found)}})

    def subscribe(self, call: Call, caller: Caller) -> Reply:
        kind, number = call.text('event_type'), call.text('webhook_id')
        if kind.startswith(PRIVATE) and (caller.kind != 'user' or 'dm.read' not in caller.scopes):
            return problem(403, 'Forbidden')
        if call.params.get('filter') != {'user_id': US} or not self._webhook(number):
            return problem(400, 'Invalid Request', kind='invalid-request')
        if any((one['event_type'], one['webhook_id']) == (kind, number) for one in self.state.subscriptions):
            return problem(409, 'DuplicateSubscription', kind='duplicate')
        self.add(kind, number)
        return Reply(201, {'data': self.state.subscriptions[-1]})

    def add(self, kind: str, webhook: str) -> None:
        one = {'subscription_id': self.state.new_id(), 'event_type': kind, 'webhook_id': webhook}
        self.state.subscriptions.append({**one, 'filter': {'user_id': US}, 'tag': 'publik'})

    def _webhook(self, number: str) -> Item | None:
        return next((one for one in self.state.webhooks if one['id'] == number), None)

    def answers(self, url: str) -> bool:
        """The test that X makes of a webhook."""
        token = secrets.token_urlsafe(24)
        expected = body_signature(CONSUMER_SECRET, token.encode())['x-twitter-webhooks-signature']
        try:
            with urllib.request.urlopen(f'{url}?crc_token={quote(token)}', timeout=TIMEOUT) as answer:
                told = json.loads(answer.read())
        except (OSError, ValueError):
            return False
        return hmac.compare_digest(str(told.get('response_token')), expected)

    # -- calling them

    def message(self, dm: Dm) -> None:
        kind = 'dm.sent' if dm.sender == US else 'dm.received'
        payload = {'direct_message_events': [x_views.legacy(dm)], 'users': x_views.people(dm, self.state)}
        self.tell(kind, payload)

    def tell(self, kind: str, payload: Item) -> None:
        """To each valid webhook that wants to know."""
        body = x_views.envelope(kind, payload, self.state.new_id())
        if self.style == 'account':
            body = {'for_user_id': US, **payload}
        for one in self.state.subscriptions:
            webhook = self._webhook(one['webhook_id'])
            if one['event_type'] == kind and webhook and webhook['valid']:
                self.told.append(json.dumps(body).encode())
                self.post(webhook['url'], self.told[-1])

    def redeliver(self, last: int = 1) -> None:
        """The last calls again, the newest first, as when X believes that they were lost."""
        for body in reversed(self.told[-last:]):
            for webhook in self.state.webhooks:
                self.post(webhook['url'], body)

    def post(self, url: str, body: bytes) -> Any:
        """Replaced in tests that hear by themselves."""
        headers = {'Content-Type': 'application/json', **body_signature(CONSUMER_SECRET, body)}
        request = urllib.request.Request(url, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

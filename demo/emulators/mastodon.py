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

"""A strict stand-in of a server of Mastodon's API, for what mastodon_mock cannot do.

One of three families ('mastodon', 'gotosocial', 'snac'), each with the behaviour seen on the real one: ids,
HTML, visibility words, Link headers, idempotency, batches, deletions, what it takes for a mention.

    with MastodonEmulator('mastodon') as server:
        server.state.write('jeanne@ailleurs.example', '@ville Bonjour')
        server.fail('cut_after', 'POST /api/v1/statuses')
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from demo.emulators.mastodon_access import Access
from demo.emulators.mastodon_state import LIMITS, State
from demo.emulators.server import Call, EmulatorServer, Reply

TOKEN = 'demonstration-token'
TYPES = ['image/png', 'image/jpeg', 'video/mp4', 'audio/mpeg']
PAGE, LONGEST_PAGE, BATCH, OWN = 40, 80, 20, 40

Item = dict[str, Any]


class MastodonEmulator(EmulatorServer):
    """``scopes``: of the application; ``processing``: looks at a film before it is ready."""

    def __init__(self, family: str = 'mastodon', port: int = 0, **state: Any) -> None:
        super().__init__(self.reply, port)
        self.state = State(family, **state)
        self.access = Access(self.state)
        self.token, self.scopes, self.processing = TOKEN, ['read', 'write'], 2
        self.keys: dict[str, str] = {}
        self.media: dict[str, Item] = {}
        self.contents: dict[str, bytes] = {}  # of the files, by their numbers

    def slow_down(self, pattern: str, seconds: int = 180, times: int = 1) -> None:
        """Answer 429 to the next calls, until then: a date in ISO 8601."""
        until = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat().replace('+00:00', 'Z')
        headers = {'X-RateLimit-Limit': '300', 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': until}
        body = {'error': 'Too many requests'}
        self.fail('answer', pattern, times=times, status=429, body=body, headers=headers)

    def attach(self, content: bytes, mimetype: str, description: str = '') -> Item:
        """A file on the server, to be put in a status."""
        number, kind = str(9001 + len(self.media)), mimetype.partition('/')[0]
        url = f'{self.url}/files/{number}'
        self.contents[number] = content
        self.media[number] = {'id': number, 'type': kind, 'url': url, 'description': description or None}
        return self.media[number]

    def asked(self, pattern: str = '') -> list[Call]:
        """The calls so far whose « METHOD /path » matches."""
        return [call for call in self.calls if re.search(pattern, f'{call.method} {call.path}')]

    # -- which answer

    def reply(self, call: Call) -> Reply:
        with self.state.lock:
            return self._file(call) or self.access.answer(call) or self._refused(call) or self._found(call)

    def _file(self, call: Call) -> Reply | None:
        """A file, which asks for no token."""
        match = re.fullmatch(r'/files/(\d+)', call.path)
        if not match:
            return None
        content = self.contents.get(match[1])
        return Reply(200, content, mimetype='image/jpeg') if content is not None else self.missing()

    def _refused(self, call: Call) -> Reply | None:
        if self.state.is_a('gotosocial') and not call.headers.get('user-agent'):
            return Reply(418, {'error': 'I am a teapot'})
        if self._holder(call):
            return None
        if self.state.is_a('snac') and call.path.endswith('/verify_credentials'):
            return Reply(422, b'', mimetype='text/html; charset=utf-8')
        return Reply(401, {'error': 'The access token is invalid'})

    def _holder(self, call: Call) -> str:
        """Whose token the call has, '' if it is not one."""
        token = call.headers.get('authorization', '').removeprefix('Bearer ')
        return self.state.us if token == self.token else self.access.tokens.get(token, '')

    def _found(self, call: Call) -> Reply:
        if re.fullmatch(r'/api/v1/accounts/[^/]+/statuses', call.path):
            return self.get_accounts_statuses(call)
        match = re.fullmatch(r'/api/v1/(statuses|media)/([^/]+)(?:/(\w+))?', call.path)
        if match:
            found = getattr(self, f'{call.method}_{match[1]}_{match[3] or "one"}'.lower(), None)
            return found(match[2]) if found else self.missing()
        name = f'{call.method}_{call.path.removeprefix("/api/")}'.replace('/', '_').lower()
        found = getattr(self, name, None)
        return found(call) if found else self.missing()

    def missing(self) -> Reply:
        if self.state.is_a('snac'):
            return Reply(404, b'<h1>404 Not Found (snac/2.75)</h1>', mimetype='text/html; charset=utf-8')
        return Reply(404, {'error': 'Record not found'})

    # -- account and server

    def get_v1_accounts_verify_credentials(self, call: Call) -> Reply:
        holder = self._holder(call)
        return Reply(200, {**self.state.account(holder), 'acct': holder})

    def get_v1_apps_verify_credentials(self, call: Call) -> Reply:
        known = self.state.is_a('mastodon')
        return Reply(200, {'name': 'Publik', 'scopes': self.scopes}) if known else self.missing()

    def get_v2_instance(self, call: Call) -> Reply:
        if self.state.is_a('snac'):
            return self.missing()
        domain = self.state.domain
        about: Item = {'domain': domain, 'version': '4.6.0', 'api_versions': {'mastodon': 10}}
        if self.state.is_a('gotosocial'):
            about = {'account_domain': domain, 'domain': f'www.{domain}', 'version': '0.20.0'}
            about['source_url'] = 'https://codeberg.org/superseriousbusiness/gotosocial'
        return Reply(200, about | {'configuration': self._configuration()})

    def get_v1_instance(self, call: Call) -> Reply:
        about = {'uri': self.state.domain, 'title': 'snac', 'version': '4.0.0 (not true; really snac/2.75)'}
        return Reply(200, about | {'configuration': self._configuration()})

    def _configuration(self) -> Item:
        statuses = {'max_characters': LIMITS[self.state.family], 'characters_reserved_per_url': 23}
        media = {'supported_mime_types': TYPES, 'image_size_limit': 10_000, 'video_size_limit': 50_000}
        return {'statuses': statuses, 'media_attachments': media}

    def get_v2_notifications_policy(self, call: Call) -> Reply:
        return Reply(200, self.state.policy) if self.state.is_a('mastodon') else self.missing()

    def patch_v2_notifications_policy(self, call: Call) -> Reply:
        self.state.policy |= dict(call.params)
        return Reply(200, self.state.policy)

    # -- notifications

    def get_v1_notifications(self, call: Call) -> Reply:
        state, types = self.state, {value for name, value in call.query if name == 'types[]'}
        found = [item for item in state.notifications if item['status'] in state.statuses]
        if state.is_a('mastodon') and call.text('include_filtered') != 'true' and not call.text('account_id'):
            found = [item for item in found if not item['filtered']]
        if call.text('account_id'):
            found = [item for item in found if state.account(item['by'])['id'] == call.text('account_id')]
        if types and not state.is_a('snac'):
            found = [item for item in found if item['type'] in types]
        page = self._page(found, call)
        return Reply(200, [state.notification(item) for item in page], self._links(page, types, call))

    def _page(self, found: list[Item], call: Call) -> list[Item]:
        """``found``: oldest first; newest first comes out. snac keeps the newest of those after min_id."""
        limit = min(int(call.text('limit') or PAGE), LONGEST_PAGE)
        if call.text('max_id'):
            found = [item for item in found if item['id'] < call.text('max_id')]
        if call.text('min_id'):
            found = [item for item in found if item['id'] > call.text('min_id')]
            if not self.state.is_a('snac'):
                return found[:limit][::-1]
        return found[-limit:][::-1]

    def _links(self, page: list[Item], types: set[str], call: Call) -> Mapping[str, str]:
        if not page or self.state.is_a('snac'):
            return {}
        base, kept = f'{self.url}/api/v1/notifications?limit={call.text("limit") or PAGE}', ''
        if self.state.is_a('gotosocial'):
            kept = ''.join(f'&types%5B%5D={quote(name)}' for name in types)
        newer = f'<{base}&min_id={page[0]["id"]}{kept}>; rel="prev"'
        return {'Link': f'<{base}&max_id={page[-1]["id"]}{kept}>; rel="next", {newer}'}

    def get_v1_notifications_requests(self, call: Call) -> Reply:
        state, found = self.state, []
        if not state.is_a('mastodon'):
            return self.missing()
        for acct, account in state.accounts.items():
            theirs = [item for item in state.notifications if item['by'] == acct and item['filtered']]
            if theirs:
                shown = {'account': account, 'last_status': state.shown(theirs[-1]['status'])}
                found.append({'id': '5', 'notifications_count': str(len(theirs)), **shown})
        return Reply(200, found)

    # -- statuses

    def get_v1_statuses(self, call: Call) -> Reply:
        ids = [value for name, value in call.query if name == 'id[]']
        if not self.state.is_a('mastodon'):
            return self.missing()
        if len(ids) > BATCH:
            return Reply(422, {'error': 'Validation failed'})
        return Reply(200, [self.state.shown(number) for number in ids if number in self.state.statuses])

    def get_statuses_one(self, number: str) -> Reply:
        known = number in self.state.statuses
        return Reply(200, self.state.shown(number)) if known else self.missing()

    def get_statuses_history(self, number: str) -> Reply:
        known = number in self.state.statuses and not self.state.is_a('snac')
        return Reply(200, self.state.history[number]) if known else self.missing()

    def get_statuses_context(self, number: str) -> Reply:
        if number not in self.state.statuses:
            return self.missing()
        around: dict[str, list[Item]] = {'ancestors': [], 'descendants': []}
        for other, status in self.state.statuses.items():
            if status['in_reply_to_id'] == number:
                around['descendants'].append(self.state.shown(other))
            if self.state.statuses[number]['in_reply_to_id'] == other:
                around['ancestors'].append(self.state.shown(other))
        return Reply(200, around)

    def delete_statuses_one(self, number: str) -> Reply:
        if number not in self.state.statuses or self.state.is_a('snac'):
            return self.missing()
        shown = self.state.shown(number)
        self.state.delete(number)
        return Reply(200, shown)

    def get_accounts_statuses(self, call: Call) -> Reply:
        return self._own(call, public=self.state.is_a('snac'))

    def get_v1_timelines_home(self, call: Call) -> Reply:
        return self._own(call, public=not self.state.is_a('snac'))

    def _own(self, call: Call, public: bool) -> Reply:
        found = [
            self.state.shown(number)
            for number, status in self.state.statuses.items()
            if status['_author'] == self.state.us and (not public or status['visibility'] == 'public')
        ]
        before = call.text('max_id') or '~'
        return Reply(200, [status for status in found[::-1] if status['id'] < before][:OWN])

    def post_v1_statuses(self, call: Call) -> Reply:
        form, key = call.params, call.headers.get('idempotency-key', '')
        if self.state.is_a('mastodon') and self.keys.get(key) in self.state.statuses:
            return Reply(200, self.state.shown(self.keys[key]))
        refusal = self._refusal(form)
        if refusal:
            return refusal
        media = [self.media[number] for number in form.get('media_ids', [])]
        more = {'in_reply_to_id': form.get('in_reply_to_id'), 'media_attachments': media}
        posted = self.state.new(self.state.us, form['status'], form.get('visibility', 'public'), **more)
        if key:
            self.keys[key] = posted['id']
        return Reply(200, self.state.shown(posted['id']))

    def _refusal(self, form: Mapping[str, Any]) -> Reply | None:
        text, mastodon = form['status'], self.state.is_a('mastodon')
        counted = text
        if mastodon:
            counted = re.sub(r'(@\w+)@[\w.-]+', r'\1', re.sub(r'https?://[!-~]+', 'u' * 23, text))
        if not text.strip() or len(counted) > LIMITS[self.state.family]:
            return Reply(422 if mastodon else 400, {'error': 'Validation failed: Text'})
        answered = form.get('in_reply_to_id')
        if answered and answered not in self.state.statuses and not self.state.is_a('snac'):
            return Reply(404, {'error': 'Record not found'})
        known = [acct for acct in map(self.state.known, self.state.mentions(text)) if acct]
        people = [self.state.account(acct) for acct in known]
        unexpected = [person for person in people if person['id'] not in form.get('allowed_mentions', ())]
        if mastodon and 'allowed_mentions' in form and unexpected:
            return Reply(422, {'error': 'Unexpected', 'unexpected_accounts': unexpected})
        return None

    # -- media

    def post_v2_media(self, call: Call) -> Reply:
        file = call.files.get('file')
        if file is None or file.mimetype not in TYPES:
            return Reply(422, {'error': 'Unprocessable Entity: error processing media'})
        media = self.attach(file.content, file.mimetype, call.text('description'))
        return Reply(200, media) if media['type'] == 'image' else Reply(202, {**media, 'url': None})

    def get_media_one(self, number: str) -> Reply:
        self.processing -= 1
        return Reply(206, {'id': number}) if self.processing >= 0 else Reply(200, self.media[number])

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

"""The w.c.s. that the contract is checked against: the stand-in, or a real one.

A real one is used when WCS_URL, WCS_ORIG, WCS_SECRET and WCS_FORM are set, its form being that of our bundle
with its function given to a role. WCS_API_USER and WCS_API_KEY: an API access with that role. WCS_MANAGE: a
command that is given ``close N``, ``anonymise N``, ``delete N``, ``unlock N``, ``disable``, ``enable``,
``customise`` (another title, another label) or ``uncustomise``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import os
import secrets
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import requests

from demo.wcs_standin import StandIn
from publik_socialmedia.wcs.client import Client, Site

PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
_run = secrets.token_hex(4)
_count = itertools.count(1)


@dataclass
class Target:
    """How to reach a w.c.s.; ``standin`` is None for a real one."""

    url: str
    orig: str
    secret: str
    form: str
    api_user: str
    api_key: str
    manage_command: str = ''
    standin: StandIn | None = None

    @property
    def client(self) -> Client:
        return Client(Site('default', 'w.c.s.', self.url, self.orig, self.secret), timeout=60)

    def sign(self, path: str, params: dict[str, str] | None = None, **how: Any) -> str:
        """Return a signed URL, made without the package's own module; ``how`` makes it wrong on purpose."""
        moment = datetime.now(UTC) + timedelta(seconds=how.get('age', 0))
        proof = {
            **(params or {}),
            'orig': how.get('orig', self.orig),
            'algo': how.get('algo', 'sha256'),
            'timestamp': how.get('timestamp') or moment.strftime('%Y-%m-%dT%H:%M:%SZ'),
            'nonce': how.get('nonce', secrets.token_hex(16)),
        }
        query = urlencode({key: value for key, value in proof.items() if value or key in (params or {})})
        digest = getattr(hashlib, how.get('digest', proof['algo']))
        mac = hmac.new(how.get('key', self.secret).encode(), query.encode(), digest)
        signature = quote(base64.b64encode(mac.digest()).decode(), safe='')
        return f'{self.url}{path}?{query}&signature={signature}'

    def get(self, path: str, params: dict[str, str] | None = None, **how: Any) -> requests.Response:
        return requests.get(self.sign(path, params, **how), timeout=60, allow_redirects=False)

    def post(self, path: str, content: Any = None, **how: Any) -> requests.Response:
        return requests.post(self.sign(path, **how), json=content, timeout=60, allow_redirects=False)

    @property
    def submit_path(self) -> str:
        return f'api/formdefs/{self.form}/submit'

    @property
    def list_path(self) -> str:
        return f'api/forms/{self.form}/list'

    def hook_path(self, number: str, identifier: str) -> str:
        return f'api/forms/{self.form}/{number}/hooks/{identifier}/'

    def key(self) -> str:
        """Return a demand key that no other test has."""
        return f'{_run}/{next(_count)}'

    def create(self, **values: Any) -> str:
        """Submit a demand, return its number."""
        values = {'reseau': 'Messenger', 'nom': 'Zoé Martin', 'message': 'Bonjour', **values}
        answer = self.post(self.submit_path, {'data': values, 'context': {'channel': 'social-network'}})
        assert answer.status_code == 200, answer.text
        return str(answer.json()['data']['id'])

    def rows(self, **params: str) -> list[dict[str, Any]]:
        answer = self.get(self.list_path, {name.replace('_', '-'): value for name, value in params.items()})
        assert answer.status_code == 200, answer.text
        return list(answer.json())

    def row(self, number: str) -> dict[str, Any]:
        """Return all that the list says of a demand."""
        (found,) = self.rows(filter_identifier=number, full='on', include_anonymised='on')
        return found

    def comments(self, number: str) -> list[str]:
        return [
            part['content']
            for entry in self.row(number)['evolution']
            for part in entry.get('parts') or ()
            if part['type'] == 'workflow-comment'
        ]

    def file_names(self, number: str) -> list[tuple[str, bytes]]:
        """Return the files of the history with their contents, which only an API access may read."""
        path = f'api/forms/{self.form}/{number}/'
        answer = self.get(path, orig=self.api_user, key=self.api_key)
        assert answer.status_code == 200, answer.text
        return [
            (part['filename'], base64.b64decode(part['content']))
            for entry in answer.json()['evolution']
            for part in entry.get('parts') or ()
            if part['type'] == 'workflow-attachment'
        ]

    def manage(self, action: str, number: str = '') -> None:
        """Do what only an agent or an administrator can."""
        if self.standin is None:
            if not self.manage_command:
                pytest.skip('WCS_MANAGE is not set')
            words = [*self.manage_command.split(), action, *([number] if number else [])]
            subprocess.run(words, check=True, timeout=60)
        elif action in ('disable', 'enable'):
            self.standin.disable(action == 'disable')
        elif action in ('customise', 'uncustomise'):
            self.standin.customise(action == 'customise')
        else:
            getattr(self.standin, action)(int(number))


def real_target() -> Target | None:
    names = ('WCS_URL', 'WCS_ORIG', 'WCS_SECRET', 'WCS_FORM')
    if not all(os.environ.get(name) for name in names):
        return None
    return Target(
        url=os.environ['WCS_URL'].rstrip('/') + '/',
        orig=os.environ['WCS_ORIG'],
        secret=os.environ['WCS_SECRET'],
        form=os.environ['WCS_FORM'],
        api_user=os.environ.get('WCS_API_USER', ''),
        api_key=os.environ.get('WCS_API_KEY', ''),
        manage_command=os.environ.get('WCS_MANAGE', ''),
    )


def standin_target(standin: StandIn) -> Target:
    return Target(
        url=standin.url,
        orig=standin.orig,
        secret=standin.secret,
        form=standin.form,
        api_user='social-dm',
        api_key='social-dm-key',
        standin=standin,
    )

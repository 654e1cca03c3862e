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

"""Calls signed as w.c.s. signs them, made without the package's own module; ``how`` makes them wrong."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django.test import Client
from django.utils import timezone

from publik_socialmedia.models import Account, Conversation, Demand
from tests.factory import make_account, write

HOST = 'demarches.example.org'
SECRET = 'wcs-secret-only-for-tests'
TEXT = 'Votre dossier est prêt.'


def make_demand(account: Account | None = None, user: str = 'jeanne', **values: Any) -> Demand:
    """An open demand of a person who has just written, for which nothing waits."""
    account = account or make_account()
    conversation = write(account, user=user).conversation
    conversation.deliveries.all().delete()
    Conversation.objects.filter(pk=conversation.pk).update(due_at=None)
    conversation.refresh_from_db()
    known = {
        'wcs_site': 'default',
        'form': 'message',
        'number': '12',
        'state': 'open',
        'seen_at': timezone.now(),
    }
    return Demand.objects.create(account=account, conversation=conversation, **{**known, **values})


def signed_query(params: Mapping[str, str] | None = None, **how: Any) -> str:
    """The query of a signed call. ``how``: orig, key, algo, age (seconds), timestamp, nonce ('' = none)."""
    moment = datetime.now(UTC) + timedelta(seconds=how.get('age', 0))
    proof = {
        'orig': how.get('orig', HOST),
        'algo': how.get('algo', 'sha256'),
        'timestamp': how.get('timestamp', moment.strftime('%Y-%m-%dT%H:%M:%SZ')),
        'nonce': how.get('nonce', secrets.token_hex(16)),
    }
    query = urlencode({**(params or {}), **{name: value for name, value in proof.items() if value}})
    mac = hmac.new(how.get('key', SECRET).encode(), query.encode(), how.get('digest', proof['algo']))
    return f'{query}&signature={quote(base64.b64encode(mac.digest()).decode(), safe="")}'


def file(content: bytes, name: str = 'plan.pdf', **values: Any) -> dict[str, Any]:
    """A file as w.c.s. puts it in a call; it guesses the type by the name."""
    encoded = base64.b64encode(content).decode()
    return {
        'filename': name,
        'content_type': 'text/plain',
        'content': encoded,
        'content_is_base64': True,
        **values,
    }


@dataclass
class Caller:
    """The workflow of one demand."""

    demand: Demand
    client: Client = field(default_factory=Client)
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))

    def path(self, service: str = 'answer', token: str = '') -> str:
        return f'/api/socialmedia/wcs/{token or self.demand.token}/{service}/'

    def body(self, **values: Any) -> dict[str, Any]:
        known = {'kind': 'answer', 'reply': '1', 'uuid': self.uuid, 'number': self.demand.number}
        return {**known, 'text': TEXT, 'file': None, 'agent': 'Alice Agent', **values}

    def post(
        self, service: str = 'answer', *, query: str = '', raw: bytes | None = None, **values: Any
    ) -> Any:
        """Call a service of the demand; gives the answer."""
        content = json.dumps(self.body(**values)).encode() if raw is None else raw
        path = f'{self.path(service)}?{query or signed_query()}'
        return self.client.post(path, content, content_type='application/json')

    def ask(self, service: str = 'answer', **values: Any) -> dict[str, Any]:
        """Call a service with success; gives its data."""
        answer = self.post(service, **values)
        assert (answer.status_code, answer.json()['err']) == (200, 0), answer.content
        return dict(answer.json()['data'])

    def refused(self, service: str = 'answer', **values: Any) -> str:
        """Call a service that refuses, with a sentence for the agent; gives the word."""
        answer = self.post(service, **values)
        told = answer.json()
        assert answer.status_code == 200 and told['err'] == told['err_class'] and told['err_desc'], told
        assert '(' not in told['err_desc'] or 'inconnue' not in told['err_desc']
        return str(told['err'])

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

"""Accounts and bodies for the tests of the Mastodon network."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from publik_socialmedia import networks
from publik_socialmedia.networks.base import (
    Account,
    Event,
    Raw,
    Source,
)

NETWORK = networks.get('mastodon')

GOTOSOCIAL = Account(
    'ville',
    {'instance': 'http://localhost:8110'},
    {'id': '01X4NYBTCMTQ1WFTNQM0SH5YNC', 'server': 'gotosocial', 'domain': 'localhost:8110'},
)
SNAC = Account(
    'mairie',
    {'instance': 'http://mairie.test'},
    {'id': '2e113b565151dc313cdb4731ee06423a', 'server': 'snac', 'domain': 'mairie.test'},
)
MOCK = Account('mairie', {'instance': 'http://localhost:3000'}, {'id': '1795326722754', 'server': 'mastodon'})

INSTANCE = 'https://social.example'
JEANNE = {'id': '77', 'username': 'jeanne', 'acct': 'jeanne@ailleurs.example'}


def status(**changes: Any) -> dict[str, Any]:
    """A private mention of jeanne to ville, on another server than ours."""
    found: dict[str, Any] = {
        'id': '115200000000000101',
        'created_at': '2026-09-14T07:30:05.000Z',
        'edited_at': None,
        'in_reply_to_id': None,
        'in_reply_to_account_id': None,
        'sensitive': False,
        'spoiler_text': '',
        'visibility': 'direct',
        'content': '<p>@ville Bonjour</p>',
        'account': {**JEANNE, 'display_name': 'Jeanne'},
        'mentions': [{'id': '1', 'username': 'ville', 'acct': 'ville', 'url': f'{INSTANCE}/@ville'}],
        'media_attachments': [],
    }
    return {**found, **changes}


def account_of(server: str = 'mastodon') -> Account:
    return Account('ville', {'instance': INSTANCE}, {'id': '1', 'server': server})


def message(server: str = 'mastodon', **changes: Any) -> Event:
    notification = {'id': '9', 'type': 'mention', 'account': {}, 'created_at': ''}
    (event,) = parse([{**notification, 'status': status(**changes)}], account=account_of(server))
    return event


def parse(body: object, source: Source = Source.POLL, account: Account | None = None) -> list[Event]:
    raw = Raw(json.dumps(body).encode('utf-8', 'surrogatepass'), source, account=account)
    return NETWORK.parse(raw)


def bare(events: list[Event]) -> list[Event]:
    return [dataclasses.replace(event, sequence=0) for event in events]

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

"""The whole path, for each network: what is stored and what its API says are hostile (R10)."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from dataclasses import dataclass
from typing import Any

import pytest

from publik_socialmedia import http, networks
from publik_socialmedia.errors import SocialMediaError
from publik_socialmedia.intake import attachments
from publik_socialmedia.models import Account, Attachment
from publik_socialmedia.networks import base
from tests.networks import contract
from tests.ssrf.addresses import HOSTILE, LISTED, PUBLIC, UNLISTED, table
from tests.ssrf.conftest import Wire

ALL = list(networks.registry())


class Evil:
    """The API of a network that gives the hostile address wherever an address can be."""

    def __init__(self, url: str) -> None:
        place = {'url': url, 'file_url': url, 'image_data': {'url': url}, 'video_data': {'url': url}}
        item = {'id': '1', 'type': 'image', 'remote_url': url, 'preview_url': url, 'media_url': url, **place}
        self.body = {
            **item,
            'ok': True,
            'visibility': 'direct',
            'file_path': url,
            'result': {'file_path': url, **place},
            'attachments': {'data': [item] * 2},
            'media_attachments': [item],
            'data': [item],
            'includes': {'media': [item]},
            'didDoc': {'service': [{'id': '#atproto_pds', 'serviceEndpoint': url}]},
            'service': [{'id': '#atproto_pds', 'type': 'AtprotoPersonalDataServer', 'serviceEndpoint': url}],
        }
        self.asked = 0

    def request(self, method: str, url: str, **options: Any) -> http.Answer:
        self.asked += 1
        return http.Answer(200, {}, json.dumps(self.body).encode(), url)


@dataclass
class Connected:
    """An account as the database has it, whose network is the real one, not an emulator."""

    account: Account
    view: base.Account


@pytest.fixture(autouse=True)
def no_renewal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The session of these accounts is open: what their API would say of it is no affair of these tests."""
    monkeypatch.setattr(attachments.tokens, 'renew_if_due', lambda account, http: None)


@pytest.fixture(scope='module', params=ALL)
def connected(request: pytest.FixtureRequest) -> Connected:
    with contract.desk(request.param) as here:
        view = dataclasses.replace(here.account, api_url='')
    account = Account(
        network=request.param,
        external_id=view.external_id,
        credentials=dict(view.credentials),
        facts=dict(view.facts),
    )
    return Connected(account, view)


def stored(url: str, slug: str) -> list[Attachment]:
    """A picture that came with that address, one that its network is to be asked for, and both at once."""
    expired = {'message': 'm_1', 'rank': 0}
    found = [
        Attachment(kind='image', url=url),
        Attachment(kind='image', reference='1/1'),
        Attachment(kind='image', url=url, reference='1/1', details=expired),
        Attachment(kind='unreadable', url=url, reference='1/1', reason='not_cached'),
        Attachment(kind='unreadable', reference='1/1', reason='not_cached', details=expired),
        Attachment(kind='file', url=url, reference='1', filename=url, mimetype='text/html'),
    ]
    if networks.get(slug).media_hosts:  # else that one may be fetched
        good = f'https://{LISTED}/x?oe=1'  # its time is over: a fresh one is asked for
        found.append(Attachment(kind='image', url=good, reference='1/1', details=expired))
    return found


@table(HOSTILE)
def test_no_network_leads_there(url: str, connected: Connected, wire: Wire, settings):
    """The path of ``intake.attachments``, with the class of each network."""
    settings.PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS = []
    settings.PUBLIK_SOCIALMEDIA_API_URLS = {}
    for attachment in stored(url, connected.account.network):
        with pytest.raises(SocialMediaError):
            attachments._fetch(connected.account, attachment, Evil(url))
    assert wire.dialled == []


@table(UNLISTED)
def test_no_token_leads_there(url: str, connected: Connected, wire: Wire, settings):
    """A public host that is not the network's: refused where there is a list; never given our token."""
    settings.PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS = []
    settings.PUBLIK_SOCIALMEDIA_API_URLS = {}
    network, tokens = networks.get(connected.account.network), list(connected.view.credentials.values())
    for attachment in stored(url, connected.account.network):
        with contextlib.suppress(SocialMediaError):
            fetch = network.open_attachment(connected.view, attachment.view(), Evil(url))
            assert not fetch.headers and not any(token in fetch.url for token in tokens if token)
        with pytest.raises(SocialMediaError):
            attachments._fetch(connected.account, attachment, Evil(url))
    if network.media_hosts:
        assert wire.dialled == []
    assert {host for host, _port in wire.dialled} <= {PUBLIC}


def test_the_network_is_asked_where_it_must_be(connected: Connected, wire: Wire, settings):
    """Else the hostile answers above are never read."""
    settings.PUBLIK_SOCIALMEDIA_API_URLS = {}
    asked = 0
    for attachment in stored('https://127.0.0.1/x', connected.account.network):
        evil = Evil('https://127.0.0.1/x')
        with contextlib.suppress(SocialMediaError):
            attachments._fetch(connected.account, attachment, evil)
        asked += evil.asked
    by_address = {'x'} | {slug for slug in ALL if not networks.get(slug).media_hosts} - {'mastodon'}
    assert asked or connected.account.network in by_address
    assert wire.dialled == []

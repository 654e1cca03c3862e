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

"""One hostile address, whatever the list of hosts (R10)."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from publik_socialmedia import connections, http, networks
from publik_socialmedia.errors import TemporaryError
from tests.ssrf.addresses import (
    EVERYTHING,
    HOSTILE,
    LISTED,
    OTHER_PUBLIC,
    PRIVATE,
    PUBLIC,
    UNLISTED,
    refused,
    table,
)
from tests.ssrf.conftest import Wire

# -- the spy itself


def test_the_spy_sees_what_is_dialled(wire: Wire):
    """Else nothing below proves anything."""
    with pytest.raises(TemporaryError):
        http.fetch_media(f'https://{LISTED}/x', [LISTED])
    assert wire.dialled == [(PUBLIC, 443)] and wire.resolved == [LISTED]


@pytest.mark.parametrize(
    'slug', [slug for slug, network in networks.registry().items() if network.media_hosts]
)
def test_the_hosts_of_each_network_can_be_reached(slug: str, wire: Wire):
    """Else its refusals below would be of everything."""
    for pattern in networks.get(slug).media_hosts:
        host = pattern.replace('*.', 'a.b.')
        with pytest.raises(TemporaryError, match='connection'):
            http.fetch_media(f'https://{host}/x', networks.get(slug).media_hosts)
        assert wire.dialled.pop() == (PUBLIC, 443) and wire.resolved.pop() == host


# -- one address


def _host(url: str) -> str:
    """As a network would read it, whose media are anywhere."""
    try:
        return urlsplit(url).hostname or ''
    except ValueError:
        return ''


@table(HOSTILE)
def test_a_hostile_address(url: str, wire: Wire):
    """Whatever the list of hosts."""
    for hosts in ([LISTED, '*.fbcdn.net'], EVERYTHING, [_host(url)]):
        refused(url, hosts)
    assert wire.dialled == []


@table(UNLISTED)
def test_an_address_that_is_not_on_the_list(url: str, wire: Wire):
    assert refused(url, ['*.fbcdn.net', LISTED]).reason == 'forbidden_url'
    assert wire.dialled == [] and wire.resolved == []


@table(PRIVATE)
def test_a_listed_name_with_a_private_address(url: str, wire: Wire):
    """Alone, before or after a public one: every address must be public."""
    assert not connections.is_public(url)
    for addresses in ([url], [PUBLIC, url], [url, PUBLIC], [OTHER_PUBLIC, url]):
        wire.others = addresses
        assert refused(f'https://{LISTED}/x', [LISTED]).reason == 'forbidden_url'
    assert wire.dialled == []


def test_a_name_that_changes_its_mind(wire: Wire):
    """DNS rebinding: public when it is checked, private when it would be asked for again."""
    wire.names[LISTED] = [[PUBLIC], ['127.0.0.1']]
    with pytest.raises(TemporaryError):
        http.fetch_media(f'https://{LISTED}/x', [LISTED])
    assert wire.dialled == [(PUBLIC, 443)] and wire.resolved == [LISTED]
    assert refused(f'https://{LISTED}/x', [LISTED]).reason == 'forbidden_url'
    assert len(wire.dialled) == 1


def test_an_address_dialled_in_vain_does_not_lead_to_another(wire: Wire):
    """The next of the name's addresses is one that was checked."""
    wire.names[LISTED] = [[PUBLIC, OTHER_PUBLIC], ['127.0.0.1']]
    with pytest.raises(TemporaryError):
        http.fetch_media(f'https://{LISTED}/x', [LISTED])
    assert [host for host, _port in wire.dialled] == [PUBLIC, OTHER_PUBLIC]

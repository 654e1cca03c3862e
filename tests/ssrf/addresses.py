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

"""The table of hostile addresses, and what is expected of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from publik_socialmedia import http
from publik_socialmedia.errors import PermanentError, SocialMediaError, TemporaryError

PUBLIC, OTHER_PUBLIC = '93.184.216.34', '2606:2800:220:1::1'
LISTED = 'scontent.fbcdn.net'

# addresses that are not of the public Internet, by the names that they have
PRIVATE: Mapping[str, str] = {
    'loopback': '127.0.0.1',
    'end of the loopback': '127.255.255.254',
    'this network': '0.0.0.0',
    'private 10': '10.1.2.3',
    'private 172': '172.16.0.1',
    'private 192': '192.168.1.1',
    'link-local, metadata of clouds': '169.254.169.254',
    'carrier-grade NAT': '100.64.0.1',
    'end of the carrier-grade NAT': '100.127.255.254',
    'protocol assignments': '192.0.0.8',
    'benchmarks': '198.18.0.1',
    'documentation': '203.0.113.5',
    'multicast': '224.0.0.1',
    'reserved': '240.0.0.1',
    'broadcast': '255.255.255.255',
    'IPv6 unspecified': '::',
    'IPv6 loopback': '::1',
    'IPv4-mapped loopback': '::ffff:127.0.0.1',
    'IPv4-mapped private': '::ffff:10.0.0.1',
    'IPv4-mapped metadata': '::ffff:169.254.169.254',
    'IPv4-compatible': '::127.0.0.1',
    'IPv6 link-local': 'fe80::1%lo',
    'unique local': 'fc00::1',
    'unique local, random': 'fd12:3456:789a::1',
    'site-local': 'fec0::1',
    'IPv6 multicast': 'ff02::1',
    'NAT64 of the loopback': '64:ff9b::7f00:1',
    'NAT64 of metadata': '64:ff9b::a9fe:a9fe',
    'local NAT64': '64:ff9b:1::1',
    'Teredo': '2001:0:5ef5:79fd::1',
    'IPv6 documentation': '2001:db8::1',
    '6to4 of the loopback': '2002:7f00:1::1',
    '6to4 of a public address': '2002:5db8:d822::1',
}

# addresses that no list of hosts makes acceptable: a federated network may send us to any public host
HOSTILE: Mapping[str, str] = {
    'loopback': 'https://127.0.0.1/x',
    'loopback by name': 'https://localhost/x',
    'loopback by name, final dot': 'https://localhost./x',
    'loopback, short': 'https://127.1/x',
    'decimal': 'https://2130706433/x',
    'octal': 'https://0177.0.0.1/x',
    'octal, whole': 'https://017700000001/x',
    'hexadecimal': 'https://0x7f000001/x',
    'hexadecimal parts': 'https://0x7f.0x0.0x0.0x1/x',
    'mixed bases': 'https://0x7f.0.1/x',
    'zero': 'https://0/x',
    'zeros': 'https://0.0.0.0/x',
    'full-width digits': 'https://１２７.0.0.1/x',
    'ideographic dots': 'https://127。0。0。1/x',
    'circled digits': 'https://①②⑦.⓪.⓪.①/x',
    'private 10': 'https://10.0.0.1/x',
    'private 172': 'https://172.31.255.1/x',
    'private 192': 'https://192.168.0.1/x',
    'metadata of clouds': 'https://169.254.169.254/latest/meta-data/',
    'metadata, decimal': 'https://2852039166/latest/meta-data/',
    'carrier-grade NAT': 'https://100.64.1.1/x',
    'multicast': 'https://224.0.0.1/x',
    'broadcast': 'https://255.255.255.255/x',
    'IPv6 loopback': 'https://[::1]/x',
    'IPv6 unspecified': 'https://[::]/x',
    'IPv4-mapped': 'https://[::ffff:127.0.0.1]/x',
    'IPv4-mapped, hexadecimal': 'https://[::ffff:7f00:1]/x',
    'IPv4-compatible': 'https://[::127.0.0.1]/x',
    'NAT64': 'https://[64:ff9b::7f00:1]/x',
    '6to4': 'https://[2002:7f00:1::1]/x',
    'unique local': 'https://[fd00::1]/x',
    'link-local with a zone': 'https://[fe80::1%25lo]/x',
    'not closed': 'https://[::1/x',
    'a name that is private': 'https://interne.example/x',
    'a name with a private address among others': 'https://moitie.example/x',
    'a name without an address': 'https://personne.example/x',
    'user': f'https://{LISTED}@127.0.0.1/x',
    'user and password': f'https://jeanne:secret@{LISTED}/x',
    'empty user': f'https://@{LISTED}/x',
    'two users': f'https://{LISTED}@{LISTED}@127.0.0.1/x',
    'backslash': f'https://127.0.0.1\\@{LISTED}/x',
    'backslash after': f'https://{LISTED}\\@127.0.0.1/x',
    'http': f'http://{LISTED}/x',
    'http on the port of https': f'http://{LISTED}:443/x',
    'http loopback': 'http://127.0.0.1/x',
    'file': 'file:///etc/passwd',
    'file with a host': 'file://localhost/etc/passwd',
    'data': 'data:text/plain;base64,eA==',
    'ftp': f'ftp://{LISTED}/x',
    'gopher': 'gopher://127.0.0.1:6379/_FLUSHALL',
    'dict': 'dict://127.0.0.1:11211/stats',
    'ldap': 'ldap://127.0.0.1/x',
    'javascript': 'javascript:alert(1)',
    'jar': f'jar:https://{LISTED}!/x',
    'view-source': f'view-source:https://{LISTED}/x',
    'no scheme': f'//{LISTED}/x',
    'a path': '/media/1',
    'nothing': '',
    'no host': 'https:///x',
    'only a port': 'https://:443/x',
    'port 22': f'https://{LISTED}:22/x',
    'port 80': f'https://{LISTED}:80/x',
    'port 8443': f'https://{LISTED}:8443/x',
    'port 0': f'https://{LISTED}:0/x',
    'port too large': f'https://{LISTED}:65536/x',
    'port in letters': f'https://{LISTED}:https/x',
    'NUL': 'https://127.0.0.1\x00/x',
    'line end': f'https://127.0.0.1\r\nHost: {LISTED}/x',
    'tab': 'https://127.0\t.0.1/x',
    'space': f'https://127.0.0.1 .{LISTED}/x',
    'percent in the host': f'https://127.0.0.1%2f.{LISTED}/x',
    'percent NUL in the host': f'https://127.0.0.1%00.{LISTED}/x',
    'lone surrogate': 'https://\ud800.example/x',
    'a long host': f'https://{"a" * 300}.example/x',
    'an empty label': 'https://a..example/x',
    'IDNA that is none': 'https://xn--/x',
}

# what a list of hosts refuses besides, where a network has one
UNLISTED: Mapping[str, str] = {
    'another host': 'https://attaquant.example/x',
    'the parent of a listed one': 'https://fbcdn.net/x',
    'ends like a listed one': 'https://notfbcdn.net/x',
    'begins like a listed one': f'https://{LISTED}.attaquant.example/x',
    'listed in the path': f'https://attaquant.example/{LISTED}',
    'listed in the query': f'https://attaquant.example?.{LISTED}',
    'listed in the fragment': f'https://attaquant.example#.{LISTED}',
    'an empty label before': 'https://.fbcdn.net/x',
    'final dot': f'https://{LISTED}./x',
    'look-alike': 'https://ｓcontent.attaquant.example。fbcdn.net.example/x',
    'public address': f'https://{PUBLIC}/x',
}


# a list by which a careless network would allow nearly all of them
EVERYTHING = [
    LISTED,
    '*.fbcdn.net',
    '*.example',
    '*.0.0.1',
    '*.1',
    'localhost',
    '127.0.0.1',
    '[::1]',
    '2130706433',
]


def table(cases: Mapping[str, str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize('url', cases.values(), ids=cases.keys())


def refused(url: str, hosts: Sequence[str], **options: Any) -> SocialMediaError:
    """What is raised; it quotes nothing of the address. A name that is nobody's may be somebody's later."""
    with pytest.raises((PermanentError, TemporaryError)) as caught:
        http.fetch_media(url, hosts, **options)
    error = caught.value
    assert isinstance(error, PermanentError) or error.code == 'dns', error
    assert not url or url not in repr(error)
    return error

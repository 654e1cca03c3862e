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

"""What Meta's networks share: handshake and signature of the webhooks, ids, addresses of media."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from publik_socialmedia import networks
from publik_socialmedia.errors import WebhookRejected
from publik_socialmedia.networks import meta
from publik_socialmedia.networks.base import Request

NETWORK = networks.get('messenger')
SECRET = '0123456789abcdef0123456789abcdef'
# the vector of Meta's documentation for accents and slashes, signed as it is sent
SIGNED_BODY = (
    rb'{"object":"page","entry":[{"id":"104400000000001","time":1790856000200,"messaging":[{"sender":{"id":'
    rb'"7300000000000011"},"recipient":{"id":"104400000000001"},"timestamp":1790856000123,"message":{"mid":'
    rb'"m_exempleAccents","text":"Bonjour, horaires d' + b"'" + rb'\u00e9t\u00e9 \u00e0 la mairie ? '
    rb'http:\/\/exemple.fr"}}]}]}'
)
SIGNATURE = 'sha256=4626e255f76c3da90512d8d0acf1024b7865323df8a6de02b1557a7ad6971583'


# -- handshake and signature


def _request(body: bytes = b'', signature: str | None = None, **query: str) -> Request:
    headers = {} if signature is None else {'x-hub-signature-256': signature}
    return Request('POST' if body else 'GET', headers, {f'hub.{k}': v for k, v in query.items()}, body)


def test_handshake_answers_the_challenge_and_nothing_else():
    """R1: the verification token is really compared, and may be one of two."""
    secrets = {'verify_token': ['nouveau', 'ancien']}
    for token in secrets['verify_token']:
        request = _request(mode='subscribe', challenge='1748203991', verify_token=token)
        assert NETWORK.handshake(request, secrets) == b'1748203991'


@pytest.mark.parametrize(
    'query',
    [
        {'mode': 'subscribe', 'challenge': '1', 'verify_token': 'faux'},
        {'mode': 'subscribe', 'challenge': '1', 'verify_token': ''},
        {'mode': 'subscribe', 'challenge': '1'},
        {'mode': 'unsubscribe', 'challenge': '1', 'verify_token': 'jeton'},
        {'challenge': '1', 'verify_token': 'jeton'},
        {'mode': 'subscribe', 'verify_token': 'jeton'},
        {'mode': 'subscribe', 'challenge': '<script>', 'verify_token': 'jeton'},
        {'mode': 'subscribe', 'challenge': '1', 'verify_token': 'jeton\ud800é'},
        {},
    ],
)
def test_handshake_refuses(query: dict[str, str]):
    """R1"""
    for secrets in ({'verify_token': ['jeton', '']}, {'verify_token': []}, {}):
        with pytest.raises(WebhookRejected) as caught:
            NETWORK.handshake(_request(**query), secrets)
        assert caught.value.status == 403


def test_signature_of_the_raw_bytes():
    """R1: on the bytes, with accents and slashes escaped as Meta sends them; two secrets during a change."""
    for secrets in ([SECRET], ['autre', SECRET], [SECRET, 'autre']):
        NETWORK.verify(_request(SIGNED_BODY, SIGNATURE), {'app_secret': secrets})
    again = json.dumps(json.loads(SIGNED_BODY), ensure_ascii=False).encode()
    with pytest.raises(WebhookRejected):
        NETWORK.verify(_request(again, SIGNATURE), {'app_secret': [SECRET]})


@pytest.mark.parametrize(
    'signature',
    [
        None,
        '',
        'sha256=',
        SIGNATURE[:-1],
        SIGNATURE + '0',
        SIGNATURE.upper(),
        SIGNATURE[7:],
        'sha256=é',
        'sha1=2d72',
    ],
)
def test_signature_refused(signature: str | None):
    """R1: wrong or missing → 403 without detail."""
    with pytest.raises(WebhookRejected) as caught:
        NETWORK.verify(_request(SIGNED_BODY, signature), {'app_secret': [SECRET]})
    assert caught.value.status == 403 and not caught.value.detail


@pytest.mark.parametrize('secrets', [{}, {'app_secret': []}, {'app_secret': ['']}, {'app_secret': ['autre']}])
def test_no_secret_accepts_nothing(secrets: dict[str, list[str]]):
    """R1: an endpoint whose secret is not filled in trusts nobody, not even a body signed with ''."""
    empty = 'sha256=' + hmac.new(b'', SIGNED_BODY, hashlib.sha256).hexdigest()
    for signature in (SIGNATURE, empty):
        with pytest.raises(WebhookRejected):
            NETWORK.verify(_request(SIGNED_BODY, signature), secrets)


# -- addresses and ids


@pytest.mark.parametrize(
    'url',
    [
        'http://scontent.xx.fbcdn.net/a.jpg',
        'https://scontent.xx.fbcdn.net.evil.example/a.jpg',
        'https://evilfbcdn.net/a.jpg',
        'https://fbcdn.net/a.jpg',
        'https://user@scontent.xx.fbcdn.net/a.jpg',
        'https://scontent.xx.fbcdn.net:8443/a.jpg',
        'https://scontent.xx.fbcdn.net:port/a.jpg',
        'https://[::1]/a.jpg',
        'https://[oops/a.jpg',
        '//scontent.xx.fbcdn.net/a.jpg',
        'file:///etc/passwd',
        '',
    ],
)
def test_addresses_that_are_not_the_networks(url: str):
    """R10: https only, on the host's own list, whatever it looks like."""
    assert not meta.is_media_url(url, NETWORK.media_hosts)


def test_addresses_of_the_network():
    """R10"""
    for url in ('https://scontent.xx.fbcdn.net/a.jpg', 'https://CDN.fbsbx.com:443/a?b=c#d'):
        assert meta.is_media_url(url, NETWORK.media_hosts)
    assert meta.is_media_url('https://graph.facebook.com/x', ['graph.facebook.com'])


@pytest.mark.parametrize(
    'given, expected',
    [
        ('m_AbC', 'm_AbC'),
        (369239263222822, '369239263222822'),
        (2**63, str(2**63)),
        (12.0, '12'),
        (1e17, ''),  # a float that lost its digits is nobody's id
        (12.5, ''),
        (float('nan'), ''),
        (True, ''),
        (None, ''),
        (['a'], ''),
        ('a\x00b\ud800', 'ab'),
        ('x' * 513, ''),
        (10**400, ''),
    ],
)
def test_ids_are_opaque_strings(given: object, expected: str):
    """R15, R24"""
    assert meta.ident(given) == expected

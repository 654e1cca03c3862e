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

"""What Meta's networks share: handshake and signature, ids, addresses, errors and limits of the Graph API."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from publik_socialmedia import networks
from publik_socialmedia.errors import (
    ConfigurationError,
    PermanentError,
    SocialMediaError,
    TemporaryError,
    WebhookRejected,
)
from publik_socialmedia.networks import media_urls, meta
from publik_socialmedia.networks.base import Account, Request
from publik_socialmedia.networks.meta_errors import usage
from publik_socialmedia.networks.meta_graph import next_cursor
from tests.networks.corpus import StoredAnswer

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
    assert not media_urls.is_media_url(url, NETWORK.media_hosts)


def test_addresses_of_the_network():
    """R10"""
    for url in ('https://scontent.xx.fbcdn.net/a.jpg', 'https://CDN.fbsbx.com:443/a?b=c#d'):
        assert media_urls.is_media_url(url, NETWORK.media_hosts)
    assert media_urls.is_media_url('https://graph.facebook.com/x', ['graph.facebook.com'])


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


# -- errors of the Graph API


def _answer(error: object, status: int = 400, **headers: str) -> StoredAnswer:
    return StoredAnswer(status, json.dumps({'error': error}).encode(), headers)


@pytest.mark.parametrize(
    'code, subcode, kind, reason',
    [
        (190, 463, ConfigurationError, 'auth'),
        (190, 999999, ConfigurationError, 'auth'),
        (102, None, ConfigurationError, 'auth'),
        (0, None, ConfigurationError, 'auth'),
        (10, None, ConfigurationError, 'permission'),
        (3, None, ConfigurationError, 'permission'),
        (200, None, ConfigurationError, 'permission'),
        (299, None, ConfigurationError, 'permission'),
        (1, 99, ConfigurationError, 'permission'),
        (200, 2018028, ConfigurationError, 'permission'),
        (368, None, ConfigurationError, 'policy'),
        (10, 1893063, ConfigurationError, 'policy'),
        (1, None, TemporaryError, 'temporary'),
        (2, None, TemporaryError, 'temporary'),
        (1200, None, TemporaryError, 'temporary'),
        (4, None, TemporaryError, 'rate'),
        (17, None, TemporaryError, 'rate'),
        (32, None, TemporaryError, 'rate'),
        (341, None, TemporaryError, 'rate'),
        (613, 1996, TemporaryError, 'rate'),
        (80001, None, TemporaryError, 'rate'),
        (80006, 2446079, TemporaryError, 'rate'),
        (10, 2018065, PermanentError, 'window'),
        (10, 2018278, PermanentError, 'window'),
        (10, 2018108, PermanentError, 'blocked'),
        (551, 1545041, PermanentError, 'blocked'),
        (200, 1545041, PermanentError, 'blocked'),
        (100, 2018001, PermanentError, 'blocked'),
        (10, 2018300, PermanentError, 'other_app'),
        (100, 2018109, PermanentError, 'file_too_big'),
        (100, 2018047, PermanentError, 'file_type'),
        (100, 33, PermanentError, 'permanent'),
        (10, 2018336, PermanentError, 'permanent'),
        (77777, None, PermanentError, 'permanent'),
    ],
)
def test_errors_are_read_by_code_and_subcode(
    code: int, subcode: int | None, kind: type[SocialMediaError], reason: str
):
    """R33: never by the text, nor by the status; a code in a string is the same."""
    for error in ({'code': code, 'error_subcode': subcode}, {'code': str(code), 'error_subcode': subcode}):
        for status in (200, 400, 500):
            found = NETWORK.error(_answer({**error, 'message': 'whatever'}, status))
            expected = (kind, reason) if code != 77777 or status < 500 else (TemporaryError, 'temporary')
            assert (type(found), found and found.reason) == expected
            assert found is not None and found.code == str(code)


def test_errors_without_a_known_code():
    assert NETWORK.error(StoredAnswer(200, b'{"data": []}')) is None
    assert NETWORK.error(StoredAnswer(200, b'not json')) is None
    transient = NETWORK.error(_answer({'is_transient': True, 'code': 100}))
    assert isinstance(transient, TemporaryError)
    for status, reason in ((502, 'temporary'), (429, 'rate'), (403, 'temporary')):
        found = NETWORK.error(StoredAnswer(status, b'<html>'))
        assert isinstance(found, TemporaryError) and (found.reason, found.http_status) == (reason, status)
    assert isinstance(NETWORK.error(_answer({'message': 'no code'})), PermanentError)


@pytest.mark.parametrize(
    'headers, seconds, share',
    [
        ({}, None, 0),
        ({'retry-after': '30'}, 30, 0),
        ({'x-app-usage': '{"call_count":28,"total_time":95}'}, None, 95),
        (
            {'x-business-use-case-usage': '{"1":[{"call_count":100,"estimated_time_to_regain_access":19}]}'},
            1140,
            100,
        ),
        ({'x-business-use-case-usage': 'not json', 'x-app-usage': '[]', 'retry-after': 'soon'}, None, 0),
    ],
)
def test_headers_of_the_limits(headers: dict[str, str], seconds: float | None, share: int):
    """R33: Meta counts in minutes, and in percent of an hour."""
    answer = StoredAnswer(400, b'{"error": {"code": 4}}', headers)
    found = NETWORK.error(answer)
    assert isinstance(found, TemporaryError) and found.retry_after == seconds
    assert usage(answer) == share


@pytest.mark.parametrize(
    'paging, cursor',
    [
        ({}, ''),
        ({'cursors': {'after': 'a'}}, ''),  # no « next »: the end
        ({'cursors': {'after': 'a'}, 'next': 'https://x'}, 'a'),
        ({'next': 'https://elsewhere.example/?after=b&access_token=EAA'}, 'b'),
        ({'next': 'https://x/'}, ''),
        ({'next': 'https://[oops'}, ''),
        ('nonsense', ''),
    ],
)
def test_paging(paging: object, cursor: str):
    assert next_cursor({'data': [], 'paging': paging}) == cursor


def test_version_of_the_api():
    for given, expected in ((None, 'v26.0'), ('v27.0', 'v27.0'), ('../x', 'v26.0')):
        account = Account('1', facts={'graph_version': given} if given else {})
        assert NETWORK.url(account, ('1', 'messages')) == f'https://graph.facebook.com/{expected}/1/messages'

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

"""R1, R30: signed URLs, both ways."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publik_socialmedia.errors import WebhookRejected
from publik_socialmedia.wcs.signature import sign_query, sign_url, verify

NOW = datetime(2026, 11, 22, 5, 35, 42, tzinfo=UTC)
KEYS = {'demarches.example.org': 'secret-of-wcs', 'other.example.org': 'other-secret'}
#: HMAC computed with openssl: echo -n "$QUERY" | openssl dgst -sha256 -hmac secret-of-wcs -binary | base64
QUERY = (
    'path=ok&orig=demarches.example.org&algo=sha256&timestamp=2026-11-22T05%3A35%3A42Z'
    '&nonce=0123456789abcdef0123456789abcdef'
)
SIGNATURE = 'u48UbgTW11E8oepa3AvUlO3A+hz+ojKfuXSji73VIlw='


def by_hand(query: str, secret: str = 'secret-of-wcs', digest: str = 'sha256') -> str:
    mac = hmac.new(secret.encode(), query.encode(), digest)
    return f'{query}&signature={quote(base64.b64encode(mac.digest()).decode(), safe="")}'


def check(query: str, now: datetime = NOW) -> str:
    return verify(query, KEYS, first_use=lambda nonce: True, now=now)


def reason(query: str, now: datetime = NOW) -> str:
    with pytest.raises(WebhookRejected) as rejected:
        check(query, now)
    assert rejected.value.status == 403
    assert not any(secret in str(rejected.value) for secret in KEYS.values())
    return rejected.value.reason


def test_the_vector_both_ways() -> None:
    signed = sign_query(
        'path=ok',
        orig='demarches.example.org',
        secret='secret-of-wcs',
        now=NOW,
        nonce='0123456789abcdef0123456789abcdef',
    )
    assert signed == f'{QUERY}&signature={quote(SIGNATURE, safe="")}'
    assert check(signed) == 'demarches.example.org'


def test_a_url_keeps_its_parts_and_each_signature_is_new() -> None:
    urls = {sign_url('https://example.org/a/?b=c%20d#e', orig='me', secret='x', now=NOW) for _ in range(50)}
    assert len(urls) == 50
    assert all(url.startswith('https://example.org/a/?b=c%20d&orig=me&algo=sha256&') for url in urls)
    nonces = {parse_qs(url.partition('?')[2])['nonce'][0] for url in urls}
    assert len(nonces) == 50
    assert {len(nonce) for nonce in nonces} == {32}


def test_another_time_zone_is_written_in_utc() -> None:
    paris = NOW.astimezone(datetime.now().astimezone().tzinfo)
    assert 'timestamp=2026-11-22T05%3A35%3A42Z' in sign_query('', orig='me', secret='x', now=paris)


@pytest.mark.parametrize(
    ('query', 'expected'),
    [
        (QUERY, 'signature_missing'),
        ('', 'signature_missing'),
        ('signature=abc', 'signature_missing'),
        (by_hand(QUERY) + '&email=agent@example.org', 'signature_not_last'),
        (by_hand(QUERY) + ';email=agent@example.org', 'signature_not_last'),
        (by_hand(QUERY) + '&', 'signature_not_last'),
        (by_hand(QUERY) + '&signature=x', 'signature_not_last'),
        (by_hand(QUERY, 'wrong'), 'signature_wrong'),
        (by_hand(QUERY, 'other-secret'), 'signature_wrong'),
        (by_hand(QUERY).replace('path=ok', 'path=ko'), 'signature_wrong'),
        (f'{QUERY}&signature=', 'signature_wrong'),
        (f'{QUERY}&signature=é', 'signature_wrong'),
        (by_hand(QUERY.replace('demarches', 'unknown')), 'signature_wrong'),
        (by_hand(QUERY.replace('orig=demarches.example.org&', '')), 'signature_wrong'),
        (by_hand(QUERY.replace('orig=demarches.example.org', 'orig='), ''), 'signature_wrong'),
        (by_hand(QUERY.replace('sha256', 'sha1'), digest='sha1'), 'signature_algorithm'),
        (by_hand(QUERY.replace('sha256', 'md5'), digest='md5'), 'signature_algorithm'),
        (by_hand(QUERY.replace('algo=sha256&', '')), 'signature_algorithm'),
        (by_hand('path=ko&' + QUERY), 'parameter_repeated'),
        (by_hand('nonce=a&' + QUERY), 'parameter_repeated'),
        (by_hand('broken&' + QUERY), 'query_unreadable'),
        (by_hand(QUERY.partition('&nonce')[0]), 'nonce_missing'),
        (by_hand(QUERY.partition('&nonce')[0] + '&nonce='), 'nonce_missing'),
        (by_hand(QUERY.replace('42Z', '42%2B00%3A00')), 'timestamp_unreadable'),
        (by_hand(QUERY.replace('&timestamp=2026-11-22T05%3A35%3A42Z', '')), 'timestamp_unreadable'),
    ],
)
def test_what_w_c_s_would_accept_is_refused(query: str, expected: str) -> None:
    assert reason(query) == expected


@pytest.mark.parametrize('seconds', [-31, 31, 3600, -86400])
def test_a_stale_call_is_refused(seconds: int) -> None:
    assert reason(by_hand(QUERY), NOW + timedelta(seconds=seconds)) == 'timestamp_stale'


@pytest.mark.parametrize('seconds', [-30, 0, 30])
def test_a_call_within_thirty_seconds_passes(seconds: int) -> None:
    assert check(by_hand(QUERY), NOW + timedelta(seconds=seconds)) == 'demarches.example.org'


@pytest.mark.parametrize('digest', ['sha384', 'sha512'])
def test_stronger_digests_and_another_case_of_orig_pass(digest: str) -> None:
    query = QUERY.replace('sha256', digest).replace('demarches.example.org', 'Demarches.Example.ORG')
    assert check(by_hand(query, digest=digest)) == 'Demarches.Example.ORG'


def test_a_nonce_serves_once_and_a_forged_call_does_not_use_it() -> None:
    seen: set[str] = set()

    def first_use(nonce: str) -> bool:
        new = nonce not in seen
        seen.add(nonce)
        return new

    with pytest.raises(WebhookRejected):
        verify(by_hand(QUERY, 'wrong'), KEYS, first_use=first_use, now=NOW)
    assert seen == set()
    verify(by_hand(QUERY), KEYS, first_use=first_use, now=NOW)
    with pytest.raises(WebhookRejected) as rejected:
        verify(by_hand(QUERY), KEYS, first_use=first_use, now=NOW)
    assert rejected.value.reason == 'nonce_used'


def test_an_empty_secret_never_matches() -> None:
    with pytest.raises(WebhookRejected):
        verify(by_hand(QUERY, ''), {'demarches.example.org': ''}, first_use=lambda nonce: True, now=NOW)


@given(st.dictionaries(st.text('abcé &=+%/', min_size=1), st.text(st.characters(codec='utf-8'))))
def test_what_is_signed_verifies(params: dict[str, str]) -> None:
    signed = sign_query(urlencode(params), orig='demarches.example.org', secret='secret-of-wcs', now=NOW)
    assert check(signed) == 'demarches.example.org'


@given(st.text())
def test_any_text_is_refused_properly(query: str) -> None:
    with pytest.raises(WebhookRejected):
        check(query)


def test_the_length_of_the_hmac_is_that_of_its_digest() -> None:
    assert len(base64.b64decode(SIGNATURE)) == hashlib.sha256().digest_size

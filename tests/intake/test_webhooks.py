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

"""Webhooks over Django's whole stack (R1, R2)."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from django.db.utils import OperationalError
from django.test import override_settings
from django.urls import reverse

from publik_socialmedia.errors import ConfigurationError
from publik_socialmedia.intake import endpoints, inbox
from publik_socialmedia.models import Endpoint, Message, RawEvent
from tests.factory import make_account

pytestmark = pytest.mark.django_db
SECRET, OLD_SECRET, VERIFY = 'app-secret-for-tests', 'old-app-secret', 'verify-token-for-tests'


@pytest.fixture
def endpoint(settings) -> Endpoint:
    settings.PUBLIK_SOCIALMEDIA_ENABLED = True
    endpoint = Endpoint.objects.create(
        network='messenger',
        secrets={'app_id': ['1'], 'app_secret': [SECRET, OLD_SECRET], 'verify_token': [VERIFY]},
    )
    make_account(endpoint=endpoint, external_id='1001')
    return endpoint


def url_of(endpoint: Endpoint, network: str = 'messenger') -> str:
    return reverse('socialmedia-webhook', args=[network, endpoint.token])


def body_of(text: str = 'Bonjour', count: int = 1) -> bytes:
    entries = [
        {
            'id': '1001',
            'time': 1790000000000,
            'messaging': [
                {
                    'sender': {'id': f'psid-{number}'},
                    'recipient': {'id': '1001'},
                    'timestamp': 1790000000000 + number,
                    'message': {'mid': f'm_{number}', 'text': text},
                }
            ],
        }
        for number in range(count)
    ]
    return json.dumps({'object': 'page', 'entry': entries}).encode()


def sign(body: bytes, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {'X-Hub-Signature-256': f'sha256={digest}'}


def post(client, endpoint, body=None, headers=None, **options):
    body = body_of() if body is None else body
    headers = sign(body) if headers is None else headers
    return client.post(
        options.pop('url', url_of(endpoint)),
        body,
        content_type='application/json',
        headers=headers,
        **options,
    )


def test_a_signed_webhook_is_stored_and_answered(client, endpoint):
    """R1, R2: 200 and nothing else; the body as it came; read later."""
    response = post(client, endpoint)
    assert (response.status_code, response.content) == (200, b'')
    raw = RawEvent.objects.get()
    assert (bytes(raw.body), raw.state, raw.endpoint) == (body_of(), 'pending', endpoint)
    assert not Message.objects.exists()


def test_the_answer_costs_an_insertion_and_a_notification(client, endpoint, django_assert_num_queries):
    """R2: whatever the content; the first call reads the endpoint too."""
    body = body_of(count=1000)
    for count in (3, 2, 2):
        with django_assert_num_queries(count):
            assert post(client, endpoint, body).status_code == 200


@pytest.mark.parametrize(
    'path',
    [
        'api/socialmedia/webhook/messenger/{}/',
        'api/socialmedia/erasure/messenger/{}/',
        'api/socialmedia/files/{}/image.png',
        'api/socialmedia/wcs/{}/answer/',
        'api/socialmedia/wcs/{}/panel/',
        'socialmedia/effacement/{}/',
        'socialmedia/relier/{}/',
    ],
)
@pytest.mark.parametrize('token', ['a%00b', '%00', '%EF%BF%BF', 'a' * 3000])
def test_an_address_that_no_database_could_hold(client, endpoint, path, token):
    """R1: it is unknown, like any other; nothing fails."""
    client.raise_request_exception = False
    assert client.post('/' + path.format(token), b'{}', content_type='application/json').status_code < 500
    assert client.get('/' + path.format(token)).status_code < 500


@pytest.mark.parametrize(
    'headers',
    [
        {},
        {'X-Hub-Signature-256': ''},
        {'X-Hub-Signature-256': 'sha256='},
        {'X-Hub-Signature-256': 'sha256=' + '0' * 64},
        {'X-Hub-Signature-256': 'sha1=' + '0' * 40},
        {'X-Hub-Signature-256': 'sha256=é'},
        {'X-Hub-Signature': 'sha1=' + hmac.new(SECRET.encode(), body_of(), 'sha1').hexdigest()},
        sign(body_of() + b' '),
        sign(body_of(), 'another secret'),
        sign(body_of(), ''),
    ],
    ids=str,
)
def test_a_wrong_or_missing_signature_stores_nothing(client, endpoint, headers):
    """R1: 403 without detail."""
    response = post(client, endpoint, headers=headers)
    assert (response.status_code, response.content) == (403, b'')
    assert not RawEvent.objects.exists()


def test_two_secrets_are_valid_during_a_change(client, endpoint):
    """R1."""
    assert post(client, endpoint, headers=sign(body_of(), OLD_SECRET)).status_code == 200
    endpoint.secrets = {**endpoint.secrets, 'app_secret': [SECRET]}
    endpoint.save()
    assert post(client, endpoint, headers=sign(body_of(), OLD_SECRET)).status_code == 403
    assert post(client, endpoint).status_code == 200


def test_a_remembered_endpoint_is_what_it_has_become(client, endpoint):
    """R1: secrets that were changed or revoked, an endpoint disabled or deleted elsewhere count at once."""
    known = Endpoint.objects.filter(pk=endpoint.pk)

    def become(**changes):
        # by no way that this process could notice
        assert known.update(**changes) == 1
        return [
            post(client, endpoint, headers=sign(body_of(), secret)).status_code
            for secret in (SECRET, OLD_SECRET, 'new')
        ]

    assert become(label='the same') == [200, 200, 403]
    assert become(secrets={'app_secret': ['new', SECRET]}) == [200, 403, 200]
    assert become(secrets={'app_secret': ['new']}) == [403, 403, 200]
    assert become(enabled=False) == [404, 404, 404]
    assert become(enabled=True) == [403, 403, 200]
    assert become(network='whatsapp') == [404, 404, 404]
    assert become(network='messenger', token='elsewhere') == [404, 404, 404]
    assert become(token=endpoint.token) == [403, 403, 200]
    stored = RawEvent.objects.count()
    # our memory does not keep open what no key opens any more
    without_key = override_settings(PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS=['another one'])
    with without_key, pytest.raises(ConfigurationError):
        post(client, endpoint, headers=sign(body_of(), 'new'))
    assert RawEvent.objects.count() == stored == 2 + 2 + 1 + 1 + 1
    known.get().accounts.all().delete()
    RawEvent.objects.all().delete()
    known.delete()
    assert post(client, endpoint, headers=sign(body_of(), 'new')).status_code == 404
    assert not RawEvent.objects.exists()


def test_an_endpoint_that_changes_at_this_instant(client, endpoint, monkeypatch):
    """R1, R2: nothing is stored on what was read before the change; the network is asked to come again."""
    read = endpoints.read

    def then_changes(network, token):
        found = read(network, token)
        Endpoint.objects.filter(pk=endpoint.pk).update(secrets={'app_secret': ['new']})
        return found

    monkeypatch.setattr(endpoints, 'read', then_changes)
    assert post(client, endpoint).status_code == 503
    assert not RawEvent.objects.exists()


def test_few_endpoints_are_remembered(client, endpoint, monkeypatch):
    """R2: memory does not grow with what is asked of us; one that was forgotten is read again."""
    monkeypatch.setattr(endpoints, 'KEPT', 2)
    others = [Endpoint.objects.create(network='messenger', secrets=endpoint.secrets) for _ in range(3)]
    for _ in range(2):
        for each in (endpoint, *others):
            assert post(client, each).status_code == 200
    for token in ('unknown', 'unknown-too'):
        assert post(client, endpoint, url=url_of(endpoint).replace(endpoint.token, token)).status_code == 404
    assert len(endpoints._known) == 2


def test_an_endpoint_without_secret_trusts_nobody(client, endpoint):
    endpoint.secrets = {}
    endpoint.save()
    assert post(client, endpoint, headers=sign(body_of(), '')).status_code == 403


def test_too_big_a_body_is_refused(client, endpoint):
    """R1: 413 over 4 MiB, though signed; 4 MiB exactly is taken."""
    limit = 4 * 1024 * 1024
    assert post(client, endpoint, b'x' * (limit + 1)).status_code == 413
    assert post(client, endpoint, b'x' * (5 * 1024 * 1024)).status_code == 413
    assert not RawEvent.objects.exists()
    assert post(client, endpoint, b'x' * limit).status_code == 200


def test_an_unknown_address_is_a_404(client, endpoint, settings):
    """R1: wrong token, wrong network, disabled endpoint, disabled site."""
    for url in (
        reverse('socialmedia-webhook', args=['messenger', 'nobody']),
        reverse('socialmedia-webhook', args=['nothing', endpoint.token]),
        reverse('socialmedia-webhook', args=['mastodon', endpoint.token]),
    ):
        assert post(client, endpoint, url=url).status_code == 404
        assert client.get(url).status_code == 404
    Endpoint.objects.update(enabled=False)
    assert post(client, endpoint).status_code == 404
    Endpoint.objects.update(enabled=True)
    settings.PUBLIK_SOCIALMEDIA_ENABLED = False
    assert post(client, endpoint).status_code == 404
    assert not RawEvent.objects.exists()


def test_other_methods(client, endpoint):
    assert client.put(url_of(endpoint)).status_code == 405
    assert client.delete(url_of(endpoint)).status_code == 405


def handshake(client, endpoint, **values):
    query = {'hub.mode': 'subscribe', 'hub.challenge': '1158201444', 'hub.verify_token': VERIFY, **values}
    return client.get(url_of(endpoint), {name: value for name, value in query.items() if value is not None})


def test_the_handshake_gives_the_bare_challenge(client, endpoint):
    response = handshake(client, endpoint)
    assert (response.status_code, response.content) == (200, b'1158201444')
    assert response['Content-Type'].startswith('text/plain')


@pytest.mark.parametrize('token', ['', 'wrong', VERIFY + 'x', VERIFY.upper(), None])
def test_the_verification_token_is_really_compared(client, endpoint, token):
    """R1."""
    response = handshake(client, endpoint, **{'hub.verify_token': token})
    assert (response.status_code, response.content) == (403, b'')


def test_an_empty_verification_token_opens_nothing(client, endpoint):
    endpoint.secrets = {**endpoint.secrets, 'verify_token': ['']}
    endpoint.save()
    assert handshake(client, endpoint, **{'hub.verify_token': ''}).status_code == 403


def test_without_database_it_is_a_503(client, endpoint, monkeypatch):
    """R2: never a 200 that is not committed."""

    def away(*args, **kwargs):
        raise OperationalError('the connection is lost')

    monkeypatch.setattr(endpoints, 'store', away)
    response = post(client, endpoint)
    assert response.status_code == 503
    assert int(response['Retry-After']) > 0


def test_a_batch_of_a_thousand_items(client, endpoint):
    """R3: each one is read."""
    assert post(client, endpoint, body_of(count=1000)).status_code == 200
    outcome = inbox.read(RawEvent.objects.get().pk)
    assert outcome.counts == {'message': 1000}
    assert Message.objects.count() == 1000


@pytest.mark.parametrize(
    'body', [b'', b'{', b'\xff\xfe', b'[' * 5000, b'"\\ud800"', b'null', b'{"entry": 1}']
)
def test_what_cannot_be_read_is_answered_200_and_kept(client, endpoint, body):
    """A 500 would cost the Page its subscription within the hour."""
    assert post(client, endpoint, body).status_code == 200
    raw = RawEvent.objects.get()
    inbox.read(raw.pk)
    raw.refresh_from_db()
    assert raw.state in ('done', 'quarantined')
    assert bytes(raw.body) == body


def test_bodies_are_encrypted_at_rest(client, endpoint):
    """R50."""
    from django.db import connection

    body = body_of('Mon adresse est 3 rue des Lilas')
    post(client, endpoint, body)
    with connection.cursor() as cursor:
        cursor.execute('SELECT body FROM publik_socialmedia_rawevent')
        assert b'Lilas' not in bytes(cursor.fetchone()[0])
        cursor.execute('SELECT secrets FROM publik_socialmedia_endpoint')
        assert SECRET.encode() not in bytes(cursor.fetchone()[0])


def test_nothing_of_a_body_is_logged(client, endpoint, caplog):
    """R50: neither text nor token, whatever goes wrong."""
    caplog.set_level('DEBUG')
    post(client, endpoint, body_of('phrase du citoyen'), headers=sign(b''))
    post(client, endpoint, body_of('phrase du citoyen\\u0000'))
    inbox.read(RawEvent.objects.get().pk)
    assert 'phrase du citoyen' not in caplog.text
    assert endpoint.token not in caplog.text.replace(f'/webhook/messenger/{endpoint.token}/', '')

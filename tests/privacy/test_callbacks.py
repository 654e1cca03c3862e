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


"""Erasures that a network passes on: proved, noted, done, followed by the person (R51)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db.utils import OperationalError
from django.utils import timezone

from publik_socialmedia.models import Contact, Endpoint, Erasure, Message
from publik_socialmedia.privacy import callbacks
from tests.factory import make_account, write
from tests.privacy import traces
from tests.privacy.test_erasing import QUESTION

pytestmark = pytest.mark.django_db

SECRET = '0123456789abcdef0123456789abcdef'
# the example of the documentation of Meta's callback, with an invented user
SAMPLE = (
    '4TqG4jQx8hI443RjJwg2KnfKeCa77fdYTS0CHlnEshg.eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsImV4cGlyZXMiOjE3OTA4NTk2MDAs'
    'Imlzc3VlZF9hdCI6MTc5MDg1NjAwMCwidXNlcl9pZCI6IjEwMjIwMDAwMDAwMDAwNzc3In0'
)
USER = '10220000000000777'


def signed(facts: Any, secret: str = SECRET) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(facts).encode()).rstrip(b'=')
    digest = hmac.new(secret.encode(), payload, hashlib.sha256).digest()
    return f'{base64.urlsafe_b64encode(digest).rstrip(b"=").decode()}.{payload.decode()}'


def facts(user: Any = USER, **more: Any) -> dict[str, Any]:
    return {'algorithm': 'HMAC-SHA256', 'issued_at': 1790856000, 'user_id': user, **more}


@pytest.fixture(params=['messenger', 'instagram', 'whatsapp'])
def endpoint(request: pytest.FixtureRequest) -> Endpoint:
    return Endpoint.objects.create(network=request.param, secrets={'app_secret': ['a-newer-one', SECRET]})


@pytest.fixture
def one() -> Endpoint:
    return Endpoint.objects.create(network='messenger', secrets={'app_secret': [SECRET]})


def call(app: Any, endpoint: Endpoint, request: str = SAMPLE, status: int = 200) -> Any:
    path = callbacks.address(endpoint).removeprefix('https://combo.example.org')
    return app.post(path, {'signed_request': request}, status=status)


def test_the_documented_request_is_understood_and_answered(app, endpoint):
    answer = call(app, endpoint).json
    erasure = Erasure.objects.get()
    assert answer == {
        'url': f'https://combo.example.org/socialmedia/effacement/{erasure.reference}/',
        'confirmation_code': erasure.reference,
    }
    assert erasure.reference.isalnum() and erasure.origin == 'network'
    assert dict(erasure.subject) == {'users': [USER], 'messages': []}


def test_the_person_is_erased_and_follows_it(app, endpoint, private_storage, caplog):
    account = make_account(endpoint.network, endpoint=endpoint)
    write(account, QUESTION, USER, name='Jeanne Exemple')
    write(account, 'Autre', 'paul')
    page = call(app, endpoint).json['url']
    waiting = app.get(page)
    assert 'noindex' in waiting.headers['X-Robots-Tag'] and USER not in waiting.text
    call_command('socialmedia_purge', '--only', 'erasures')
    lost = [USER, 'Jeanne Exemple', QUESTION]
    assert traces.found(lost, folder=private_storage, log=caplog.text) == {}
    assert Message.objects.get(text='Autre')
    done = app.get(page)
    assert done.text != waiting.text and timezone.localtime().strftime('%d/%m/%Y') in done.text


def test_who_is_nobody_here_is_answered_too(app, one):
    """It is an agent who connected the page, known by another identifier."""
    page = call(app, one).json['url']
    call_command('socialmedia_purge', '--only', 'erasures')
    erasure = Erasure.objects.get()
    assert erasure.state == 'done' and dict(erasure.subject) == {} and erasure.counts == {}
    app.get(page, status=200)


def test_the_same_request_again_is_the_same_one(app, one):
    first, second = call(app, one).json, call(app, one, signed(facts(issued_at=1790856060))).json
    assert first == second and Erasure.objects.count() == 1
    call(app, one, signed(facts('another')))
    Erasure.objects.update(requested_at=timezone.now() - timedelta(days=2))
    assert call(app, one).json != first
    assert Erasure.objects.count() == 3


@pytest.mark.parametrize(
    'request_',
    [
        '',
        'x',
        '.',
        SAMPLE[:-1],
        SAMPLE.replace('4TqG', '4TqH'),
        SAMPLE.partition('.')[2],
        signed(facts(), 'another-secret'),
        signed(facts(), ''),
        signed({'algorithm': 'HMAC-SHA256'}),
        signed(facts(algorithm='none')),
        signed(facts(user=None)),
        signed(facts(user={'a': 1})),
        signed([]),
        signed('jeanne'),
        'é.è',
    ],
)
def test_what_is_not_proved_is_refused_and_nothing_is_noted(app, one, request_):
    """R1."""
    write(make_account(endpoint=one), QUESTION, USER)
    assert call(app, one, request_, status=403).body == b''
    assert not Erasure.objects.exists() and Contact.objects.get().erased_at is None


def test_bodies_that_are_no_form(app, one):
    path = callbacks.address(one).removeprefix('https://combo.example.org')
    for body in (b'', b'\xff\x00', b'{"signed_request": 1}', b'&'.join([b'a=b'] * 50)):
        app.post(path, body, status=403)
    app.post(path, b'a' * (4 * 1024 * 1024 + 1), status=413)
    app.get(path, status=405)


def test_addresses_that_are_not_ours(app, one, settings):
    path = callbacks.address(one).removeprefix('https://combo.example.org')
    app.post(path.replace(one.token, 'a' * 32), {'signed_request': SAMPLE}, status=404)
    app.post(path.replace('messenger', 'telegram'), {'signed_request': SAMPLE}, status=404)
    app.get('/socialmedia/effacement/0123/', status=404)
    other = Endpoint.objects.create(network='telegram', secrets={'app_secret': [SECRET]})
    assert callbacks.address(other) == ''
    app.post(path.replace('messenger', 'telegram').replace(one.token, other.token), {}, status=404)
    settings.PUBLIK_SOCIALMEDIA_ENABLED = False
    app.post(path, {'signed_request': SAMPLE}, status=404)


def test_the_database_away(app, one, monkeypatch):
    """R2: asked again later."""
    path = callbacks.address(one).removeprefix('https://combo.example.org')

    def away(*args: Any, **values: Any) -> None:
        raise OperationalError

    monkeypatch.setattr('publik_socialmedia.privacy.erasures.ask_unknown', away)
    answer = app.post(path, {'signed_request': SAMPLE}, status=503)
    assert answer.headers['Retry-After'] == '30'

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

"""What nobody proved to come from w.c.s., for that very demand, is not served and learns nothing."""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.utils import OperationalError
from django.test import Client
from django.utils import timezone

from publik_socialmedia.models import Demand, Message, Nonce
from tests.factory import make_account
from tests.wcs.caller import HOST, SECRET, TEXT, Caller, make_demand, signed_query

pytestmark = pytest.mark.django_db

OTHER = {
    'title': 'Autre ville',
    'url': 'https://autre.example.org/',
    'orig': 'combo',
    'secret': 'autre-secret',
}
MEBIBYTE = 1024 * 1024


@pytest.fixture
def workflow() -> Caller:
    return Caller(make_demand())


def nothing_taken() -> bool:
    return not Message.objects.filter(origin='agent').exists()


# -- the signature


def _without(name: str) -> Callable[[], str]:
    return lambda: '&'.join(p for p in signed_query().split('&') if not p.startswith(f'{name}='))


BAD_QUERIES: dict[str, Callable[[], str]] = {
    'none': lambda: 'a=b',
    'no signature': lambda: signed_query().partition('&signature=')[0],
    'empty signature': lambda: signed_query().partition('&signature=')[0] + '&signature=',
    'forged': lambda: signed_query(key='another secret'),
    'empty key': lambda: signed_query(key=''),
    'unknown orig': lambda: signed_query(orig='pirate.example.org'),
    'no orig': lambda: signed_query(orig=''),
    'our own name': lambda: signed_query(orig='combo.example.org'),
    'sha1': lambda: signed_query(algo='sha1'),
    'md5': lambda: signed_query(algo='md5'),
    'no algo': lambda: signed_query(algo='', digest='sha256'),
    'sha1 said sha256': lambda: signed_query(digest='sha1'),
    'no nonce': lambda: signed_query(nonce=''),
    'no timestamp': lambda: signed_query(timestamp=''),
    'old': lambda: signed_query(age=-32),
    'ahead': lambda: signed_query(age=32),
    'odd time': lambda: signed_query(timestamp='2026-11-22 05:42:20'),
    'appended': lambda: signed_query() + '&kind=closing',
    'appended twice': lambda: signed_query() + '&signature=x',
    'prepended': lambda: 'kind=closing&' + signed_query(),
    'repeated': lambda: signed_query({'a': '1'}).replace('a=1', 'a=1&a=1', 1),
    'without orig': _without('orig'),
    'not utf-8': lambda: 'a=%ff&' + signed_query(),
}


@pytest.mark.parametrize('name', BAD_QUERIES)
@pytest.mark.parametrize('service', ['answer', 'retry'])
def test_what_is_not_signed_is_refused_without_a_word(workflow: Caller, name: str, service: str):
    """R1: the same answer to all, and to what speaks of no demand."""
    answer = workflow.post(service, query=BAD_QUERIES[name]())
    assert answer.status_code == 403 and nothing_taken()
    workflow.demand.token = 'nothing'
    again = workflow.post(service, query=BAD_QUERIES[name]())
    assert (again.status_code, again.content) == (403, answer.content)
    assert set(answer.json()) == {'err', 'err_class', 'err_desc'} and answer.json()['err'] == 'forbidden'
    assert not Nonce.objects.exists()  # a forged call costs us no row


@pytest.mark.parametrize('how', [{'algo': 'sha512'}, {'age': -28}, {'age': 28}, {'orig': HOST.upper()}])
def test_what_is_rightly_signed_is_served(workflow: Caller, how: dict[str, Any]):
    """R1"""
    workflow.ask(query=signed_query(**how))


def test_a_call_is_served_once(workflow: Caller):
    """R1, R30: the same signed address again, with the same body or another one."""
    query = signed_query()
    workflow.ask(query=query)
    for reply in ('1', '2'):
        assert workflow.post(query=query, reply=reply).status_code == 403
    assert workflow.post('retry', query=query).status_code == 403
    assert Message.objects.filter(origin='agent').count() == 1


def test_a_call_that_was_refused_cannot_be_used_again(workflow: Caller):
    """R1: the nonce is kept before anything else is looked at."""
    for raw in (b'{', b'x' * 50):
        query = signed_query()
        assert workflow.post(query=query, raw=raw).status_code == 400
        assert workflow.post(query=query).status_code == 403
    assert nothing_taken()


@pytest.mark.django_db(transaction=True)
def test_a_call_replayed_at_the_same_instant_is_served_once():
    """R1, R30: w.c.s. itself lets three of forty through."""
    workflow = Caller(make_demand())
    for _ in range(5):
        query, start = signed_query(), threading.Barrier(5)

        def call(rank: int, query: str = query, start: threading.Barrier = start) -> int:
            try:
                start.wait(10)
                sent = Caller(workflow.demand, Client(), workflow.uuid).post(query=query, reply=str(rank))
                return int(sent.status_code)
            finally:
                connection.close()

        with ThreadPoolExecutor(5) as pool:
            assert sorted(pool.map(call, range(5))) == [200, 403, 403, 403, 403]


def test_nonces_are_forgotten_once_no_clock_would_take_them(workflow: Caller):
    """R1"""
    workflow.ask()
    Nonce.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    workflow.ask(reply='2')
    assert Nonce.objects.count() == 1
    assert Nonce.objects.get().expires_at > timezone.now() + timedelta(seconds=60)


def test_no_secret_no_service(workflow: Caller, settings):
    """R1: a site that shares no secret with us cannot call."""
    settings.KNOWN_SERVICES = {'wcs': {'default': {'url': f'https://{HOST}/', 'orig': 'x', 'secret': ''}}}
    assert workflow.post(query=signed_query(key='')).status_code == 403


def test_the_name_that_hobo_gives_is_known_too(workflow: Caller, settings):
    wcs = {'url': 'https://public.example.org/', 'orig': 'x', 'secret': SECRET, 'verif_orig': 'interne'}
    settings.KNOWN_SERVICES = {'wcs': {'default': wcs}}
    workflow.ask(query=signed_query(orig='interne'))
    workflow.ask(query=signed_query(orig='public.example.org'))


# -- the demand


def test_what_is_signed_cannot_be_contradicted_by_the_body(workflow: Caller):
    """R1: the signature does not cover the body; what the workflow puts in the query, it does."""
    signed = {'uuid': workflow.uuid, 'number': '12', 'kind': 'answer', 'reply': '1'}
    for change in ({'reply': '2'}, {'kind': 'closing'}, {'uuid': str(uuid.uuid4())}, {'number': '13'}):
        assert workflow.post(query=signed_query(signed), **change).status_code == 403
    assert nothing_taken()
    workflow.ask(query=signed_query(signed))
    body = json.dumps({'text': TEXT}).encode()
    workflow.ask(query=signed_query({**signed, 'reply': '2'}), raw=body)  # the query may say it all


@pytest.mark.parametrize(
    'change',
    [
        {'uuid': ''},
        {'uuid': None},
        {'uuid': 'x' * 36},
        {'number': ''},
        {'number': None},
        {'number': '13'},
        {'number': ['12']},
        {'number': '12-'},
        {'number': True},
    ],
)
def test_the_demand_must_be_named(workflow: Caller, change: dict[str, Any]):
    """R1"""
    assert workflow.post(**change).status_code == 404 and nothing_taken()


def test_the_address_of_another_demand(workflow: Caller):
    """R1: its own number and uuid do not open it, even before we know its uuid."""
    other = make_demand(workflow.demand.account, user='paul', number='13', uuid=str(uuid.uuid4()))
    workflow.ask()
    path = workflow.path(token=other.token)
    for number in ('12', '13'):
        body = json.dumps(workflow.body(number=number, reply='9'))
        answer = Client().post(f'{path}?{signed_query()}', body, content_type='application/json')
        assert answer.status_code == 404
    assert not other.messages.filter(origin='agent').exists()


def test_the_demand_of_another_site(workflow: Caller, settings):
    """R1: each w.c.s. speaks of its own demands, the answer does not tell that the other one exists."""
    settings.PUBLIK_SOCIALMEDIA_WCS = {'autre': OTHER}
    query = lambda: signed_query(orig='autre.example.org', key=OTHER['secret'])  # noqa: E731
    refused = workflow.post(query=query())
    assert refused.status_code == 404
    workflow.demand.token = 'nothing'
    assert workflow.post(query=query()).content == refused.content
    theirs = Caller(make_demand(make_account(), user='paul', wcs_site='autre'))
    theirs.ask(query=query())
    assert theirs.post(reply='2').status_code == 404  # signed by the first one


def test_a_demand_that_is_gone(workflow: Caller):
    """R26: anonymised or deleted; its address is no more, the former one neither."""
    Demand.objects.update(state='gone')
    assert workflow.post().status_code == 404 and nothing_taken()


def test_a_tenant_that_does_not_use_the_channel(workflow: Caller, settings):
    """R43"""
    settings.PUBLIK_SOCIALMEDIA_ENABLED = False
    assert workflow.post().status_code == 403


# -- the request


@pytest.mark.parametrize('method', ['get', 'put', 'patch', 'delete', 'head', 'options'])
def test_a_redirection_is_no_answer(workflow: Caller, method: str):
    """R1: w.c.s. follows it as an unsigned GET, and takes a 200 for a success."""
    for query in ('', signed_query()):
        assert getattr(Client(), method)(f'{workflow.path()}?{query}').status_code == 405
    assert nothing_taken()


def test_an_address_without_its_slash_is_no_success(workflow: Caller):
    """R1: Django redirects it, w.c.s. follows with a GET."""
    path = f'{workflow.path().rstrip("/")}?{signed_query()}'
    answer = Client().post(path, workflow.body(), content_type='application/json')
    assert Client().get(answer['Location']).status_code == 405
    assert nothing_taken()


@pytest.mark.parametrize(
    'content_type',
    ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', ''],
)
def test_only_json_is_read(workflow: Caller, content_type: str):
    path = f'{workflow.path()}?{signed_query()}'
    body = json.dumps(workflow.body()).encode()
    assert Client().generic('POST', path, body, content_type).status_code == 400


@pytest.mark.parametrize(
    'raw', [b'', b'{', b'[]', b'"text"', b'null', b'12', b'\xff\xfe', b'[' * 100_000, b'{"a":1}x']
)
def test_only_an_object_is_read(workflow: Caller, raw: bytes):
    assert workflow.post(raw=raw).status_code == 400


@pytest.mark.parametrize(
    'change',
    [
        {'kind': 'other'},
        {'kind': None},
        {'kind': ['answer']},
        {'reply': ''},
        {'reply': 'x' * 33},
        {'reply': '1:2'},
        {'reply': {'a': 1}},
        {'reply': True},
    ],
)
def test_a_call_that_no_workflow_makes(workflow: Caller, change: dict[str, Any]):
    assert workflow.post(**change).status_code == 400 and nothing_taken()


def test_a_huge_body_is_not_read(workflow: Caller, settings):
    """R1: neither announced nor streamed; a forged one is refused before it is read at all."""
    settings.PUBLIK_SOCIALMEDIA_MAX_MEDIA = 100_000
    huge = b'{"text": "' + b'x' * (2 * MEBIBYTE) + b'"}'
    assert workflow.post(raw=huge).status_code == 413
    assert workflow.post(raw=huge, query=signed_query(key='x')).status_code == 403
    assert workflow.post(text='é' * 100_000).json()['err'] == 'too_long'  # big, and what w.c.s. can send


class Unread:
    """A body that must not be touched."""

    def read(self, *args: object) -> bytes:
        raise AssertionError('the body was read')


def test_the_body_of_a_forged_call_is_left_alone(workflow: Caller):
    """R1: nobody makes us read 30 MB without the secret."""
    from django.test import RequestFactory

    from publik_socialmedia.wcs import replies

    request = RequestFactory().post(f'/x?{signed_query(key="x")}', b'', content_type='application/json')
    request._stream = Unread()  # type: ignore[attr-defined]
    assert replies.answer(request, workflow.demand.token).status_code == 403


# -- what is told


def test_no_cookie_no_session_is_needed(workflow: Caller):
    """The workflow has none; the check of Django's forms would refuse it."""
    strict = Caller(workflow.demand, Client(enforce_csrf_checks=True), workflow.uuid)
    answer = strict.post()
    assert answer.status_code == 200 and not answer.cookies
    assert answer['Cache-Control'] == 'no-store' and answer['Content-Type'] == 'application/json'


def test_the_database_away(workflow: Caller, monkeypatch):
    """R2: w.c.s. hears a failure, never a success."""

    def away(*args: object, **kwargs: object) -> None:
        raise OperationalError('server closed the connection')

    monkeypatch.setattr('publik_socialmedia.delivery.sending.accept', away)
    answer = workflow.post()
    assert answer.status_code == 503 and answer.json()['err'] == 'temporary'
    assert 'server closed' not in answer.content.decode()


def test_a_fault_of_ours_is_no_success(workflow: Caller, monkeypatch, caplog: pytest.LogCaptureFixture):
    """R30, R50: the agent knows that it was not taken; the log says where, and quotes nobody."""

    def fault(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError(f'about {args}')

    monkeypatch.setattr('publik_socialmedia.delivery.sending.accept', fault)
    answer = workflow.post(text='texte-confidentiel')
    assert answer.status_code == 500 and answer.json()['err'] == 'internal'
    said = answer.content.decode() + caplog.text
    assert 'ZeroDivisionError' in caplog.text and 'texte-confidentiel' not in said


def test_nothing_leaks_in_the_logs(workflow: Caller, caplog: pytest.LogCaptureFixture):
    """R50: neither texts, tokens, signatures nor secrets, at any level."""
    caplog.set_level(logging.DEBUG)
    query = signed_query()
    workflow.ask(query=query, text='texte-confidentiel')
    workflow.post(query=query, text='texte-confidentiel')
    workflow.post(text='')
    said = caplog.text + ' '.join(
        repr(record.__dict__.get('args')) for record in caplog.records if 'publik' in record.name
    )
    for secret in ('texte-confidentiel', SECRET, query.partition('signature=')[2]):
        assert secret not in said
    ours = ' '.join(record.getMessage() for record in caplog.records if record.name.startswith('publik'))
    assert workflow.demand.token not in ours and 'nonce_used' in ours

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

"""Access that somebody took back, told by the network: proved, marked, warned of, once (R1, R5, R41)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.core import mail
from django.db.utils import OperationalError
from django.urls import reverse

from publik_socialmedia.delivery import worker
from publik_socialmedia.intake import withdrawals
from publik_socialmedia.models import Account, ChannelEvent, Endpoint, RawEvent, Watch
from tests.delivery.desk import MessengerDesk, messenger
from tests.factory import make_account
from tests.manager.scene import address, staff, text
from tests.privacy.test_callbacks import SECRET, facts, signed

pytestmark = pytest.mark.django_db

WHO = '10220000000000777'
HOST = 'https://combo.example.org'


@pytest.fixture(params=['messenger', 'instagram', 'whatsapp'])
def account(request: pytest.FixtureRequest) -> Account:
    endpoint = Endpoint.objects.create(network=request.param, secrets={'app_secret': ['newer', SECRET]})
    return make_account(request.param, endpoint=endpoint, facts={'token_user': WHO})


@pytest.fixture
def one() -> Account:
    endpoint = Endpoint.objects.create(network='messenger', secrets={'app_secret': [SECRET]})
    return make_account('messenger', endpoint=endpoint, facts={'token_user': WHO})


def request_of(user: Any = WHO, *, ago: float = 0, **more: Any) -> str:
    return signed(facts(user, **{'issued_at': int(time.time() - ago), **more}))


def path_of(account: Account) -> str:
    assert account.endpoint is not None
    return withdrawals.address(account.endpoint).removeprefix(HOST)


def call(app: Any, account: Account, request: str, status: int = 200) -> Any:
    return app.post(path_of(account), {'signed_request': request}, status=status)


def problem(account: Account) -> tuple[str, str]:
    return Account.objects.values_list('state', 'problem').get(pk=account.pk)


def test_the_account_is_marked_and_its_managers_are_warned(app, account, settings):
    settings.PUBLIK_SOCIALMEDIA_ALERT_RECIPIENTS = ['gru@example.org']
    Watch.objects.create(account=account, due_at='2100-01-01T00:00Z', checked_at='2026-01-01T00:00Z')
    answer = call(app, account, request_of())
    assert answer.body == b'' and problem(account) == ('broken', 'auth')
    worker.run_once()
    assert len(mail.outbox) == 1 and account.name in mail.outbox[0].body
    assert Watch.objects.get().checked_at.year > 2000  # looked at, at once
    event = ChannelEvent.objects.get()
    assert (event.topic, event.severity, event.user) == ('account_disconnected', 'critical', '')
    assert WHO not in str(event.details)


def test_only_the_accounts_of_that_person_are_concerned(app, one):
    other = make_account('messenger', endpoint=one.endpoint, facts={'token_user': '42'})
    unknown = make_account('messenger', endpoint=one.endpoint)
    elsewhere = make_account('messenger', facts={'token_user': WHO})
    call(app, one, request_of())
    marked = {a.pk for a in (one, other, unknown, elsewhere) if problem(a)[1]}
    assert marked == {one.pk, unknown.pk}


def test_the_page_that_is_named_is_the_one(app, one):
    other = make_account('messenger', endpoint=one.endpoint, facts={'token_user': WHO})
    call(app, one, request_of(0, profile_id=other.external_id))
    assert (problem(one)[1], problem(other)[1]) == ('', 'auth')


def test_an_access_that_still_works_is_found_to_by_the_next_look(app):
    """R41: somebody else had given another one."""
    with messenger() as desk:
        assert isinstance(desk, MessengerDesk)
        account = desk.account
        account.endpoint.secrets = {**account.endpoint.secrets, 'app_secret': [SECRET]}
        account.endpoint.save()
        account.credentials = {'page_token': account.credentials['page_token']}
        account.save()
        call(app, account, request_of())
        assert problem(account) == ('broken', 'auth')
        worker.run_once()  # has it watched
        Watch.objects.update(due_at='2026-01-01T00:00Z')
        worker.run_once()
        assert problem(account) == ('active', '')


def test_the_same_call_again_marks_nothing(app, one):
    """R4: neither at once, nor after the account was connected again."""
    request = request_of(ago=60)
    call(app, one, request)
    Account.objects.get().accept()
    call(app, one, request)
    assert problem(one) == ('active', '') and ChannelEvent.objects.count() == 1


@pytest.mark.parametrize(
    'request_',
    [
        '',
        '.',
        signed({**facts(WHO), 'issued_at': 1}, 'another-secret'),
        request_of()[:-1],
        '4TqH' + request_of()[4:],
        request_of(algorithm='none'),
        request_of(None),
        request_of(ago=2 * 24 * 3600),
        request_of(ago=-3600),
        request_of(issued_at=None),
        request_of(issued_at='tomorrow'),
        signed([]),
    ],
)
def test_what_is_forged_altered_or_old_is_refused(app, one, request_):
    """R1"""
    assert call(app, one, request_, status=403).body == b''
    assert problem(one) == ('active', '') and not ChannelEvent.objects.exists()


def test_addresses_that_are_not_ours(app, one, settings):
    path, request = path_of(one), {'signed_request': request_of()}
    app.post(path.replace(one.endpoint.token, 'a' * 32), request, status=404)
    app.post(path.replace('messenger', 'whatsapp'), request, status=404)
    app.get(path, status=405)
    app.post(path, b'a' * (4 * 1024 * 1024 + 1), status=413)
    polled = Endpoint.objects.create(network='telegram', secrets={'app_secret': [SECRET]})
    assert withdrawals.address(polled) == ''
    app.post(reverse('socialmedia-withdrawal', args=['telegram', polled.token]), request, status=404)
    Endpoint.objects.filter(pk=one.endpoint_id).update(enabled=False)
    app.post(path, request, status=404)
    Endpoint.objects.update(enabled=True)
    settings.PUBLIK_SOCIALMEDIA_ENABLED = False
    app.post(path, request, status=404)
    assert problem(one) == ('active', '') and not RawEvent.objects.exists()


def test_the_database_away(app, one, monkeypatch):
    """R2: asked again later."""

    def away(*args: Any, **values: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(withdrawals, 'record_channel_event', away)
    answer = app.post(path_of(one), {'signed_request': request_of()}, status=503)
    assert answer.headers['Retry-After'] == '30'


def test_the_address_is_shown_where_the_webhook_is_set(one):
    """R40"""
    assert withdrawals.address(one.endpoint) in text(staff().get(address('webhook', one.pk)))

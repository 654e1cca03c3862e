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

"""What the first release had stored serves the version of today; between the two, nothing is lost."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from demo.emulators.graph import APP_SECRET, PAGE_ID, PAGE_TOKEN
from demo.emulators.graph_webhooks import sign, write
from demo.wcs_standin import StandIn
from publik_socialmedia.errors import ConfigurationError
from publik_socialmedia.models import Account, Delivery, Demand, Endpoint, Message, RawEvent
from tests.factory import deliver
from tests.upgrade import sites

MESSAGE = {
    'sender': {'id': '7000000000000001'},
    'recipient': {'id': PAGE_ID},
    'timestamp': 1795350000000,
    'message': {'mid': 'm_during_the_upgrade', 'text': 'Bonjour, pendant la mise à jour'},
}
BODY = write({'object': 'page', 'entry': [{'id': PAGE_ID, 'time': 1795350000000, 'messaging': [MESSAGE]}]})


@pytest.fixture
def wcs(settings) -> Iterator[StandIn]:
    with StandIn() as standin:
        settings.PUBLIK_SOCIALMEDIA_WCS = {'default': standin.settings}
        settings.PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS = [standin.url.split('/')[2]]
        yield standin
        assert standin.errors == []


def webhook_address() -> str:
    """As it was given to the network when the account was connected."""
    with connection.cursor() as cursor:
        cursor.execute('SELECT token FROM publik_socialmedia_endpoint')
        (token,) = cursor.fetchone()
    return f'/api/socialmedia/webhook/messenger/{token}/'


def post(address: str) -> Any:
    headers = {
        f'HTTP_{name.upper().replace("-", "_")}': value for name, value in sign(APP_SECRET, BODY).items()
    }
    return Client(raise_request_exception=False).post(
        address, BODY, content_type='application/json', **headers
    )


@pytest.mark.parametrize('step', [sites.RELEASE, *sites.later()])
def test_before_the_tables_follow_a_webhook_is_stored_or_asked_to_come_again(release, step):
    """R2: this version beside tables that were not all migrated yet; never a 200 that stores nothing."""
    sites.migrate(step)
    address = webhook_address()
    before = sites.rows({'publik_socialmedia_rawevent': ['id']})
    answer = post(address)
    stored = sites.rows({'publik_socialmedia_rawevent': ['id']}) != before
    assert (answer.status_code, stored) in [(200, True), (503, False)]
    assert stored or int(answer['Retry-After']) > 0
    sites.migrate()
    assert post(address).status_code == 200


def test_what_waited_goes_on(release, wcs):
    """A message for w.c.s., a body that nobody had read, one that the first release could not read (R3)."""
    sites.migrate()
    assert RawEvent.objects.filter(state='pending').count() == 1
    assert Delivery.objects.filter(state='pending').count() == 1
    deliver()
    assert sorted(wcs.value(demand, 'message') for demand in wcs.demands()) == [
        'Bonjour, la mairie est-elle ouverte ?',
        'Où en est mon dossier ?',
    ]
    call_command('socialmedia_replay', reason='', verbosity=0)
    deliver()
    assert 'Un message que la version ne savait pas lire' in [
        wcs.value(demand, 'message') for demand in wcs.demands()
    ]
    assert not RawEvent.objects.exclude(state='done').exists()


def test_a_message_of_a_known_person_joins_what_was_there(release, wcs):
    """Nothing is doubled: the same body again, and the network's older ones, change nothing (R4)."""
    sites.migrate()
    deliver()
    messages = Message.objects.count()
    RawEvent.objects.filter(state='done').update(state='pending')
    deliver()
    assert Message.objects.count() == messages
    assert post(webhook_address()).status_code == 200
    deliver()
    assert Message.objects.count() == messages + 1


def test_secrets_are_read_and_encrypted_again_with_a_new_key(release, settings):
    """Keys of the time of the first release open what it stored, until they are rotated out."""
    sites.migrate()
    old = settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = ['a-new-key-that-came-with-the-upgrade', *old]
    assert Account.objects.get(network='messenger').credentials['page_token'] == PAGE_TOKEN
    assert Endpoint.objects.get().secrets['app_secret'] == [APP_SECRET]
    assert all(len(raw.body) for raw in RawEvent.objects.all())
    call_command('socialmedia_rotate_keys', verbosity=0)
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = ['a-new-key-that-came-with-the-upgrade']
    assert Account.objects.get(network='messenger').credentials['page_token'] == PAGE_TOKEN
    assert all(len(raw.body) for raw in RawEvent.objects.all())
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = old
    with pytest.raises(ConfigurationError):
        Endpoint.objects.get()


def test_accounts_of_the_first_release_are_shown_and_their_demands_answered(release, settings):
    """Stored facts and demands without what later versions note of them."""
    sites.migrate()
    for account in Account.objects.all():
        view = account.view()
        assert view.external_id and view.credentials
    assert all(demand.token and not demand.display_number for demand in Demand.objects.all())
    call_command('socialmedia_purge', dry_run=True, verbosity=0, stdout=io.StringIO())

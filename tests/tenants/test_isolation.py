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

"""What belongs to one tenant never reaches another one (R1, R43, R50), though all of it looks the same."""

from __future__ import annotations

import copy
import json
import threading
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.urls import reverse

from demo.emulators.graph import VERIFY_TOKEN
from publik_socialmedia import locks, media, tenants
from publik_socialmedia.conversations import contacts
from publik_socialmedia.delivery import worker
from publik_socialmedia.errors import ConfigurationError, PermanentError
from publik_socialmedia.fields import decrypt, encrypt
from publik_socialmedia.models import Account, Demand, Message
from publik_socialmedia.wcs import panel
from publik_socialmedia.wcs.client import Client as WcsClient
from publik_socialmedia.wcs.client import default_site
from tests.delivery.test_publishing import attachment, path_of
from tests.factory import write
from tests.manager.test_access import PATTERNS, address
from tests.tenants.brick import AGGLO, LIMIT, VILLE, Brick, Town
from tests.visitors import GIVEN, addresses
from tests.wcs.caller import SECRET, make_demand, signed_query


def staff(town: Town, name: str = 'paul') -> Any:
    """A browser logged in as a person of the staff of that tenant."""
    browser = town.client()
    with town.inside():
        user = User.objects.create_user(name, is_staff=True)
        browser.force_login(user)
    connection.set_schema_to_public()
    return browser


def elsewhere(browser: Any, town: Town) -> Any:
    """The same browser, with all its cookies, on another domain."""
    other = town.client()
    other.cookies = copy.deepcopy(browser.cookies)
    return other


# -- webhooks


def test_the_webhook_of_another_tenant_is_unknown(ville: Town, agglo: Town):
    """R1: neither its messages nor its handshake."""
    agglo.graph.citizen_writes(agglo.citizen, 'pour une autre')
    (body,) = agglo.heard
    assert agglo.webhook(body, token=ville.endpoint) == 404
    query = {'hub.mode': 'subscribe', 'hub.challenge': '1', 'hub.verify_token': VERIFY_TOKEN}
    for town, token, status in ((ville, ville.endpoint, 200), (agglo, ville.endpoint, 404)):
        url = reverse('socialmedia-webhook', args=['messenger', token])
        assert town.client().get(url, query).status_code == status
    assert not ville.count() and not agglo.count()


def test_the_same_body_comes_to_two_tenants(ville: Town, agglo: Town):
    """R4: each has it once; neither is the double of the other."""
    ville.graph.citizen_writes(ville.citizen, 'à tous')
    (body,) = ville.heard
    for town in (ville, agglo):
        assert town.webhook(body) == 200
    worker.run_round(tenants.every(), 60)
    assert (ville.count(Message), agglo.count(Message)) == (1, 1)
    assert len(ville.wcs.demands()) == len(agglo.wcs.demands()) == 1


def test_the_erasure_of_a_person_is_that_of_one_tenant(ville: Town, agglo: Town):
    """R51: the person wrote to both."""
    for town in (ville, agglo):
        town.citizen_writes()
    worker.run_round(tenants.every(), 60)
    done = ville.brick.manage('tenant_command', 'socialmedia_person', 'erase', ville.citizen, '-d', VILLE)
    assert done.returncode == 0, done.stderr
    assert ville.count(Message, erased_at__isnull=False) == 1
    assert agglo.count(Message, erased_at__isnull=True) == 1


# -- pages


def test_staff_of_another_tenant_is_nobody_here(ville: Town, agglo: Town):
    """R43: on every page of administrators, with all its cookies."""
    browser = staff(ville)
    for name in PATTERNS:
        path = address(name, 1)  # the number that the first account of both has
        answer = elsewhere(browser, agglo).get(path)
        assert answer.status_code == 302 and answer['Location'].startswith('/login/'), path
    assert browser.get(reverse('socialmedia-manage-home')).status_code == 200


def test_no_address_of_a_tenant_leads_anywhere_in_another_one(ville: Town, agglo: Town):
    """R1, R43: every other address, real and proved as far as it goes, opened by staff of its own tenant."""
    browser = staff(ville)
    with ville.inside():
        found = addresses()
    assert len(found) > 15
    for name, path in found.items():
        for method in ('get', 'post'):
            answer = getattr(elsewhere(browser, agglo), method)(path)
            assert answer.status_code in (401, 403, 404, 405), (name, method, answer.status_code)
    given = {name: browser.get(found[name]).status_code for name in GIVEN}
    assert 404 not in given.values()  # there, they lead somewhere


def test_no_page_shows_what_is_of_another_tenant(ville: Town, agglo: Town):
    """R43, R50: the lists, and the pages of things that have the same number."""
    for town in (ville, agglo):
        with town.inside():
            Account.objects.update(name=f'Compte de {town.domain}')
            message = write(Account.objects.get(), f'secret de {town.domain}', 'jeanne')
    browser = staff(ville)
    pages = [
        reverse('socialmedia-manage-home'),
        reverse('socialmedia-manage-account', args=[1]),
        reverse('socialmedia-manage-conversations'),
        reverse('socialmedia-manage-conversation', args=[message.conversation_id]),
    ]
    seen = ''.join(browser.get(page).content.decode() for page in pages)
    assert f'Compte de {VILLE}' in seen and f'secret de {VILLE}' in seen
    assert f'Compte de {AGGLO}' not in seen and f'secret de {AGGLO}' not in seen


# -- what w.c.s. calls


def test_the_token_of_a_demand_is_unknown_elsewhere(ville: Town, agglo: Town):
    """R43: though both w.c.s. have the same name and the same secret: here it is a demand, there nothing."""
    same = {'title': 'Démarches', 'url': 'https://demarches.example.org/', 'secret': SECRET}
    for town in (ville, agglo):
        town.configure(PUBLIK_SOCIALMEDIA_WCS={'default': {**same, 'orig': town.domain}})
    with ville.inside():
        token = make_demand(Account.objects.get()).token
    path = reverse('socialmedia-services', args=[token])
    found = [town.client().get(f'{path}?{signed_query()}').status_code for town in (ville, agglo)]
    assert found == [200, 404]
    for name in ('socialmedia-answer', 'socialmedia-retry'):
        path = reverse(name, args=[token])
        body = json.dumps({'id': 'message/12'})
        how = {'content_type': 'application/json'}
        assert agglo.client().post(f'{path}?{signed_query()}', body, **how).status_code == 404
    with ville.inside():
        parts = urlsplit(panel.address(Demand.objects.get()))
    shown = f'{parts.path}?{parts.query}&callback=f'
    headers = {'Referer': 'https://demarches.example.org/', 'Sec-Fetch-Dest': 'script'}
    contents = [town.client().get(shown, headers=headers).content for town in (ville, agglo)]
    assert b'Bonjour' in contents[0] and b'Bonjour' not in contents[1]
    assert agglo.count(Message) == 0


def test_a_nonce_of_one_tenant_says_nothing_of_another(ville: Town, agglo: Town):
    """R1: kept as rows of the tenant: one cannot use up those of the other."""
    same = {'title': 'Démarches', 'url': 'https://demarches.example.org/', 'secret': SECRET}
    tokens = {}
    for town in (ville, agglo):
        town.configure(PUBLIK_SOCIALMEDIA_WCS={'default': {**same, 'orig': town.domain}})
        with town.inside():
            tokens[town.domain] = make_demand(Account.objects.get()).token
    query = signed_query(nonce='0123456789abcdef')
    found = [
        town.client()
        .get(f'{reverse("socialmedia-services", args=[tokens[town.domain]])}?{query}')
        .status_code
        for town in (ville, agglo, ville)
    ]
    assert found == [200, 200, 403]


def test_what_is_known_of_a_form_is_known_of_one_tenant(ville: Town, agglo: Town):
    """Two tenants of one w.c.s.: the right that one has to read a form is not that of the other."""
    host = agglo.wcs.url.split('/')[2]
    ville.configure(
        PUBLIK_SOCIALMEDIA_WCS={'default': agglo.wcs.settings}, PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS=[host]
    )
    for town, again in ((agglo, 1), (ville, 1), (ville, 0)):
        before = agglo.wcs.calls['GET']
        with town.inside():
            WcsClient(default_site()).schema('message-reseau-social')
        assert agglo.wcs.calls['GET'] - before == again


# -- files, figures, keys


def test_a_file_is_in_one_tenant(ville: Town, agglo: Town):
    """R10: its name leads nowhere elsewhere."""
    with ville.inside():
        reference = media.store(b'%PDF-1.4 plan', '.pdf')
        assert media.load(reference) == b'%PDF-1.4 plan'
    assert len(list((ville.folder / 'socialmedia').glob('??/*'))) == 1
    with agglo.inside(), pytest.raises(PermanentError, match='media_gone'):
        media.load(reference)
    with agglo.inside():
        media.remove(reference)
        assert not list(media.references())
    with ville.inside():
        assert media.load(reference)


def test_the_public_address_of_a_file_is_of_one_tenant(ville: Town, agglo: Town):
    """R10: while it is being sent; the key that signs it may be that of the whole brick."""
    paths = {}
    for town in (ville, agglo):
        town.configure(SECRET_KEY='the same everywhere, only for tests')
        with town.inside():
            paths[town.domain] = path_of(attachment())
    assert ville.client().get(paths[VILLE]).status_code == 200
    assert agglo.client().get(paths[VILLE]).status_code == 404
    assert agglo.client().get(paths[AGGLO]).status_code == 200


def test_metrics_are_those_of_the_tenant(ville: Town, agglo: Town):
    """R41: another token, other figures."""
    for town in (ville, agglo):
        town.configure(PUBLIK_SOCIALMEDIA_METRICS_TOKEN=f'token of {town.domain}')
    with ville.inside():
        write(Account.objects.get())
    path = reverse('socialmedia-metrics')

    def read(town: Town, token: str) -> Any:
        return town.client().get(path, headers={'Authorization': f'Bearer {token}'})

    assert read(ville, f'token of {VILLE}').status_code == 200
    assert read(agglo, f'token of {VILLE}').status_code == 401
    assert VILLE not in read(agglo, f'token of {AGGLO}').content.decode()


def test_statistics_are_those_of_the_tenant(ville: Town, agglo: Town):
    """R41: a service of one tenant is not one of the other."""
    secret = 'of the statistics, only for tests'
    ville.configure(PUBLIK_SOCIALMEDIA_SERVICES={'portail.example.org': secret})
    path = reverse('socialmedia-statistics')
    query = signed_query({}, orig='portail.example.org', key=secret)
    assert ville.client().get(f'{path}?{query}').status_code == 200
    query = signed_query({}, orig='portail.example.org', key=secret)
    assert agglo.client().get(f'{path}?{query}').status_code == 403


def test_one_key_opens_one_tenant(ville: Town, agglo: Town):
    """R50: though what encrypts is remembered in the process."""
    with ville.inside():
        token = encrypt(b'jeton')
        assert decrypt(token) == b'jeton'
    with agglo.inside(), pytest.raises(ConfigurationError):
        decrypt(token)


# -- locks


def test_a_lock_is_that_of_one_tenant(ville: Town, agglo: Town):
    """R22: the lanes of two tenants are read at the same time; those of one, one after the other."""
    found: dict[str, bool] = {}

    def try_it(town: Town) -> None:
        with town.inside(), locks.alone('1') as ours:
            found[town.domain] = ours
        connection.close()

    with ville.inside(), locks.alone('1') as ours:
        assert ours
        for town in (ville, agglo):
            thread = threading.Thread(target=try_it, args=(town,))
            thread.start()
            thread.join(LIMIT)
    assert found == {VILLE: False, AGGLO: True}


def test_the_locks_of_a_person_are_those_of_one_tenant(ville: Town, agglo: Town):
    """R7: an account of another tenant has the same number, its citizens may have the same id."""
    done = threading.Event()

    def lock_elsewhere() -> None:
        with agglo.inside(), transaction.atomic():
            contacts.lock(Account.objects.get(), users=['jeanne'], messages=['m_1'])
            done.set()
        connection.close()

    with ville.inside(), transaction.atomic():
        contacts.lock(Account.objects.get(), users=['jeanne'], messages=['m_1'])
        thread = threading.Thread(target=lock_elsewhere)
        thread.start()
        assert done.wait(10)
    thread.join(LIMIT)


def test_what_one_tenant_says_wakes_that_one(brick: Brick, ville: Town, agglo: Town):
    """R20: the notification bears the schema."""
    from publik_socialmedia.delivery.wakeup import CHANNEL, DELIVER, wake, woken

    with connection.cursor() as cursor:
        cursor.execute(f'LISTEN {CHANNEL}')
    raw = connection.connection
    with ville.inside():
        wake()
        wake(DELIVER)
    connection.ensure_connection()
    raw.poll()
    assert [woken(notice.payload) for notice in raw.notifies] == [
        ('ville_example_org', ''),
        ('ville_example_org', 'deliver'),
    ]

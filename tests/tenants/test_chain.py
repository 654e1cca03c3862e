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

"""Settings chained as Publik does, migrations, URLs by host, the switch of each tenant."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import connection
from django.urls import reverse
from hobo.multitenant.models import Tenant

from publik_socialmedia import checks, tenants
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.delivery import worker
from publik_socialmedia.models import Message
from tests.tenants.brick import AGGLO, VILLE, Brick, Town, migrate


def test_the_snippet_may_be_run_twice():
    assert settings.INSTALLED_APPS.count('publik_socialmedia') == 1
    assert settings.TENANT_APPS.count('publik_socialmedia') == 1
    assert isinstance(settings.TENANT_APPS, tuple) and not settings.SHARED_APPS


def test_tables_are_in_each_tenant_and_nowhere_else(brick: Brick):
    """Migrating again changes nothing."""
    migrate()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT schemaname FROM pg_tables WHERE tablename LIKE 'publik_socialmedia_%'"
        )
        assert sorted(row[0] for row in cursor.fetchall()) == ['agglo_example_org', 'ville_example_org']


def test_who_is_served(brick: Brick):
    assert tenants.outside() and tenants.key() == 'public'
    assert [tenant.name for tenant in tenants.every()] == [AGGLO, VILLE]
    (_, ville) = tenants.every()
    with tenants.serving(ville):
        assert not tenants.outside() and tenants.key() == 'ville_example_org'
        assert [tenant.name for tenant in tenants.every()] == [VILLE]
        assert f'https://{VILLE}' == app_settings.BASE_URL
        assert brick.base / VILLE / 'socialmedia' == app_settings.PRIVATE_STORAGE
        with pytest.raises(ZeroDivisionError), tenants.serving(tenants.every()[0]):
            raise ZeroDivisionError
        assert tenants.key() == 'ville_example_org'
    assert tenants.outside() and app_settings.BASE_URL == ''


def test_each_host_has_its_own_town(ville: Town, agglo: Town):
    """R20: the same Page, the same person, the same words: two demands, in two w.c.s."""
    assert ville.citizen_writes('à la ville') == 200
    assert agglo.citizen_writes("à l'agglo") == 200
    done = worker.run_round(tenants.every(), 60)
    assert not done.failed and not done.cut
    assert ville.texts() == ['à la ville'] and agglo.texts() == ["à l'agglo"]
    with ville.inside():
        assert list(Message.objects.values_list('text', flat=True)) == ['à la ville']


def test_an_unknown_host(ville: Town):
    url = reverse('socialmedia-webhook', args=['messenger', ville.endpoint])
    assert ville.client().get('/', HTTP_HOST='ailleurs.example.org').status_code == 404
    assert ville.client().post(url, HTTP_HOST='ailleurs.example.org').status_code == 404


@pytest.mark.parametrize('switch', [False, 'false', ''])
def test_the_switch_is_that_of_the_tenant(ville: Town, agglo: Town, switch: object):
    """R43: off at one, on at the other."""
    ville.configure(PUBLIK_SOCIALMEDIA_ENABLED=switch)
    home = reverse('socialmedia-manage-home')
    assert ville.client().get(home).status_code == 404
    assert agglo.client().get(home).status_code == 302
    assert ville.citizen_writes() == 404
    assert agglo.citizen_writes() == 200
    assert not ville.count() and agglo.count() == 1


def test_attachments_are_in_the_folder_of_the_tenant(ville: Town, agglo: Town):
    """R10, R51: nobody's files are beside another's."""
    ville.graph.fail('answer', 'GET /nothing/', times=1, status=404)
    with ville.inside():
        first = app_settings.PRIVATE_STORAGE
    with agglo.inside():
        second = app_settings.PRIVATE_STORAGE
    assert first == ville.folder / 'socialmedia' and second == agglo.folder / 'socialmedia'
    assert not os.path.commonpath([first, second]).endswith('socialmedia')


@pytest.mark.parametrize(
    ('setting', 'value', 'found'),
    [
        ('SHARED_APPS', ('publik_socialmedia',), ['publik_socialmedia.E004']),
        ('TENANT_APPS', ('gadjo',), ['publik_socialmedia.E004']),
        ('TENANT_MODEL', 'multitenant.Tenant', []),
    ],
)
def test_the_tables_must_be_those_of_the_tenants(monkeypatch, setting: str, value: object, found: list[str]):
    """R50: in the common schema, they would be those of each tenant that is not migrated."""
    monkeypatch.setattr(settings._wrapped._default, setting, value)
    assert [message.id for message in checks.check_tenants()] == found


def test_without_hobo_tenants_are_the_rows_of_their_table(monkeypatch):
    """django-tenant-schemas alone; the common schema may have a row of its own."""

    class Rows:
        def order_by(self, *fields: str) -> list[Tenant]:
            return [
                Tenant(schema_name='public', domain_url='www.example.org'),
                Tenant(schema_name='ville', domain_url=VILLE),
            ]

    monkeypatch.setitem(sys.modules, 'hobo.multitenant.middleware', None)
    model = SimpleNamespace(_default_manager=Rows())
    monkeypatch.setattr(tenants.apps, 'get_model', lambda name: model)
    assert tenants.every() == [tenants.Tenant('ville', VILLE)]

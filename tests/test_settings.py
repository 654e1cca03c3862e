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

"""Settings of the plugin, and the system checks on them."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core import checks
from django.db import connection, connections

from publik_socialmedia.addresses import absolute
from publik_socialmedia.app_settings import AppSettings, app_settings
from publik_socialmedia.errors import ConfigurationError

NAMES = [name for name, value in vars(AppSettings).items() if isinstance(value, property)]


@pytest.fixture(autouse=True)
def as_in_production(settings, no_network) -> None:
    """What the other tests set to stay on this machine is itself a mistake that the checks tell."""
    settings.PUBLIK_SOCIALMEDIA_API_URLS = {}


def found() -> set[str]:
    return {message.id.rpartition('.')[2] for message in checks.run_checks(tags=['publik_socialmedia'])}


@pytest.mark.parametrize(
    'value, expected',
    [(True, True), (False, False), (None, False), ('true', True), ('True', True), (' OUI ', True),
     ('1', True), ('on', True), ('false', False), ('0', False), ('', False), ('non', False), (1, True)],
)  # fmt: skip
def test_enabled_understands_variables_of_hobo(value: object, expected: bool, settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_ENABLED = value
    assert app_settings.ENABLED is expected


def test_disabled_by_default_R43(settings) -> None:
    del settings.PUBLIK_SOCIALMEDIA_ENABLED
    assert app_settings.ENABLED is False


@pytest.mark.parametrize('name', NAMES)
def test_each_setting_is_explained_and_has_a_default(name: str, settings) -> None:
    if hasattr(settings, f'PUBLIK_SOCIALMEDIA_{name}'):
        delattr(settings, f'PUBLIK_SOCIALMEDIA_{name}')
    assert getattr(app_settings, name) is not None
    assert len(getattr(AppSettings, name).__doc__ or '') > 20


@pytest.mark.parametrize('name', ['GROUPING_DELAY', 'LEASE', 'MAX_BODY', 'RETRY_BASE', 'WCS_TIMEOUT'])
def test_numbers_may_be_texts_and_are_read_at_each_use(name: str, settings) -> None:
    setattr(settings, f'PUBLIK_SOCIALMEDIA_{name}', '7')
    assert getattr(app_settings, name) == 7
    setattr(settings, f'PUBLIK_SOCIALMEDIA_{name}', 0)
    assert getattr(app_settings, name) == 0


def test_keys_default_to_the_secret_key(settings) -> None:
    for empty in ([], [''], None):
        settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = empty or []
        assert app_settings.ENCRYPTION_KEYS == (settings.SECRET_KEY,)
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = 'alone'
    assert app_settings.ENCRYPTION_KEYS == ('alone',)


def test_storage_is_in_the_folder_of_the_tenant(
    settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    del settings.PUBLIK_SOCIALMEDIA_PRIVATE_STORAGE
    settings.BASE_DIR = tmp_path / 'base'
    assert str(app_settings.PRIVATE_STORAGE) == f'{tmp_path}/base/socialmedia'
    tenant = SimpleNamespace(get_directory=lambda: str(tmp_path / 'combo.example.org'))
    monkeypatch.setattr(connection, 'tenant', tenant, raising=False)
    assert str(app_settings.PRIVATE_STORAGE) == f'{tmp_path}/combo.example.org/socialmedia'


def test_base_url_is_the_one_that_the_platform_gives(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PUBLIK_SOCIALMEDIA_BASE_URL = ''
    assert app_settings.BASE_URL == ''
    tenant = SimpleNamespace(domain_url='agents.example.org')
    monkeypatch.setattr(connection, 'tenant', tenant, raising=False)
    assert app_settings.BASE_URL == 'https://agents.example.org'
    settings.SITE_BASE_URL = 'https://portail.example.org/'
    assert app_settings.BASE_URL == 'https://portail.example.org'
    settings.PUBLIK_SOCIALMEDIA_BASE_URL = 'https://combo.example.org/'
    assert app_settings.BASE_URL == 'https://combo.example.org'


def test_addresses_are_absolute_or_refused(settings) -> None:
    url = absolute('socialmedia-webhook', network='exemple', token='secret')
    assert url == 'https://combo.example.org/api/socialmedia/webhook/exemple/secret/'
    settings.PUBLIK_SOCIALMEDIA_BASE_URL = ''
    with pytest.raises(ConfigurationError, match='base_url'):
        absolute('socialmedia-webhook', network='exemple', token='secret')


def test_without_a_tenant_the_address_of_the_shared_process_is_no_mistake(
    settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PUBLIK_SOCIALMEDIA_BASE_URL = ''
    monkeypatch.setattr(connection, 'tenant', None, raising=False)
    assert 'W004' not in found()


# -- checks


def test_settings_of_the_tests_are_clean(settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS = []
    settings.PUBLIK_SOCIALMEDIA_API_URLS = {}
    assert found() == set()


@pytest.mark.parametrize(
    'changed, expected',
    [
        ({'PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS': []}, 'W001'),
        ({'PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS': ['short']}, 'W003'),
        ({'PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS': [b'bytes' * 10]}, 'E003'),
        ({'PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS': ['127.0.0.1:8000']}, 'W002'),
        ({'PUBLIK_SOCIALMEDIA_API_URLS': {'exemple': 'http://127.0.0.1:8000'}}, 'W002'),
        ({'MEDIA_ROOT': '/srv/media', 'PUBLIK_SOCIALMEDIA_PRIVATE_STORAGE': '/srv/media/x'}, 'E001'),
        ({'MEDIA_ROOT': '/srv/media', 'PUBLIK_SOCIALMEDIA_PRIVATE_STORAGE': '/srv/other/../media'}, 'E001'),
        ({'PUBLIK_SOCIALMEDIA_BASE_URL': ''}, 'W004'),
        ({'PUBLIK_SOCIALMEDIA_HOLIDAYS': 'bretagne'}, 'W006'),
        ({'PUBLIK_SOCIALMEDIA_BASE_URL': 'http://combo.example.org'}, 'W005'),
        ({'STATIC_ROOT': '/srv/static', 'PUBLIK_SOCIALMEDIA_PRIVATE_STORAGE': '/srv/static/x'}, 'E001'),
    ],
)
def test_mistakes_are_told(changed: dict[str, object], expected: str, settings) -> None:
    for name, value in changed.items():
        setattr(settings, name, value)
    assert found() == {expected}


def test_other_databases_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections['default'], 'vendor', 'sqlite')
    assert found() == {'E002'}


def test_folder_beside_the_public_one_is_fine(settings) -> None:
    settings.MEDIA_ROOT = '/srv/media'
    settings.PUBLIK_SOCIALMEDIA_PRIVATE_STORAGE = '/srv/media-private'
    assert 'E001' not in found()


def test_trusted_hosts_are_fine_while_debugging(settings) -> None:
    settings.DEBUG = True
    settings.PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS = ['127.0.0.1:8000']
    assert 'W002' not in found()


def test_no_message_of_the_checks_shows_a_key(settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = ['tiny']
    assert not [m for m in checks.run_checks(tags=['publik_socialmedia']) if re.search('tiny', str(m))]

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

"""Who gets what, on every URL of the administrators' pages (R43)."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from publik_socialmedia.apps import AppConfig
from publik_socialmedia.manager import urls
from publik_socialmedia.models import Journal
from tests.manager.scene import begun, connected, staff, text

pytestmark = pytest.mark.django_db


def named(patterns: Any) -> Iterator[URLPattern]:
    for item in patterns:
        if isinstance(item, URLResolver):
            yield from named(item.url_patterns)
        else:
            yield item


PATTERNS = {str(item.name): item for item in named(urls.urlpatterns)}
# those that only take a POST: a GET of staff is refused by its method
POSTED = {'merge', 'poll', 'export', 'job-stop'}
# those to which one only comes back: a GET that nobody waits for is refused
EXPECTED = {'authorization'}


def address(name: str, account: int) -> str:
    """With an account for whatever has a number: what is not there is 404, for staff only."""
    known = {'account': account, 'network': 'mastodon'}
    return reverse(name, kwargs={key: known.get(key, 1) for key in PATTERNS[name].pattern.converters})


def stranger(_: Any) -> Client:
    return Client()


def agent(_: Any) -> Client:
    client = Client()
    client.force_login(User.objects.create(username='agent'))
    return client


def elsewhere(_: Any) -> Client:
    """A user of another tenant: their session is in the tables of that one, and is unknown here."""
    client = Client()
    store = import_module(django_settings.SESSION_ENGINE).SessionStore
    client.cookies[django_settings.SESSION_COOKIE_NAME] = store()._get_new_session_key()
    return client


def inactive(_: Any) -> Client:
    client = staff()
    User.objects.update(is_active=False)
    return client


@pytest.mark.parametrize('name', PATTERNS)
@pytest.mark.parametrize('method', ['get', 'post'])
@pytest.mark.parametrize(
    ('who', 'status'), [(stranger, 302), (elsewhere, 302), (inactive, 302), (agent, 403)]
)
def test_nobody_but_staff_reads_or_changes_anything(name: str, method: str, who: Any, status: int) -> None:
    """R43: and who is refused is not even told whether the account is there."""
    account = connected()
    Journal.objects.all().delete()
    client = who(None)
    found = [getattr(client, method)(address(name, number)) for number in (account.pk, 999_999)]
    for page in found:
        assert page.status_code == status
        if status == 302:
            assert page['Location'].startswith('/login/?next=/socialmedia/manage/')
        else:
            assert 'big-msg-sorry' in text(page) and str(account) not in text(page)
        assert 'no-store' in page['Cache-Control']
    assert not Journal.objects.exists()


@pytest.mark.parametrize('name', PATTERNS)
def test_staff_get_every_page(name: str) -> None:
    account = connected()
    page = staff().get(address(name, account.pk))
    end = name.removeprefix('socialmedia-manage-')
    if end in POSTED:
        assert page.status_code == 405
    elif end in EXPECTED:
        assert page.status_code == 400
    elif 'account' in PATTERNS[name].pattern.converters and end != 'abandon':
        assert page.status_code in (200, 302)
    else:
        assert page.status_code in (200, 302, 404, 405)
    if page.status_code != 404:
        assert 'no-store' in page['Cache-Control'] and page['X-Frame-Options'] == 'DENY'


@pytest.mark.parametrize('name', PATTERNS)
@pytest.mark.parametrize('value', [False, 'false', ''])
def test_nothing_is_there_while_the_tenant_is_off(name: str, value: Any, settings: Any) -> None:
    """R43: off by default, also for staff."""
    account = connected()
    settings.PUBLIK_SOCIALMEDIA_ENABLED = value
    assert staff().get(address(name, account.pk)).status_code == 404
    assert Client().get(address(name, account.pk)).status_code == 404
    assert (
        AppConfig('publik_socialmedia', import_module('publik_socialmedia')).get_extra_manager_actions() == []
    )


@pytest.mark.parametrize('name', PATTERNS)
def test_each_change_needs_the_token_of_the_page(name: str) -> None:
    """CSRF, also where the brick has no middleware for it."""
    account = connected(state='paused')
    Journal.objects.all().delete()
    for found in (account, begun(done=('guide', 'credentials', 'test', 'form', 'import', 'settings'))):
        client = staff(enforce_csrf_checks=True)
        page = client.post(address(name, found.pk), {'confirmed': '1', 'network': 'mastodon'})
        assert page.status_code in (403, 405)
    assert not Journal.objects.exists()


def test_the_menu_of_the_host_leads_to_the_pages() -> None:
    (action,) = AppConfig(
        'publik_socialmedia', import_module('publik_socialmedia')
    ).get_extra_manager_actions()
    assert staff().get(action['href']).status_code == 200


@pytest.mark.parametrize('name', PATTERNS)
def test_secrets_never_come_back(name: str) -> None:
    """R40: not in the page, nor among the values of its fields."""
    account = connected()
    draft = begun(done=('guide', 'credentials', 'test', 'webhook', 'form', 'import', 'settings'))
    type(draft).objects.filter(pk=draft.pk).update(endpoint=account.endpoint, credentials=account.credentials)
    for pk in (account.pk, draft.pk):
        page = staff().get(address(name, pk))
        assert 's3cret' not in (text(page) if not page.streaming else '')

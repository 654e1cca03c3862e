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

"""The same application in Combo, and in any Django project under a prefix."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.template.loader import get_template
from django.test import Client, modify_settings, override_settings
from django.urls import clear_url_caches, resolve, reverse
from django.utils import timezone

from publik_socialmedia.models import Account, Demand, Message, Nonce
from tests.delivery.desk import messenger
from tests.factory import deliver
from tests.host.crawling import HOST, crawl

COMBO, PLAIN = 'tests.host.combo_urls', 'tests.host.plain_urls'
PREFIX = '/mairie/messages/'

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[(PLAIN, True), (PLAIN, False), (COMBO, True), (COMBO, False)])
def host(request: pytest.FixtureRequest) -> Iterator[str]:
    """What our addresses begin with, at each host, with and without gadjo."""
    urls, gadjo = request.param
    installed = {} if gadjo else {'remove': ['gadjo']}
    finders = {} if gadjo else {'remove': ['gadjo.finders.XStaticFinder']}
    with (
        override_settings(ROOT_URLCONF=urls),
        modify_settings(INSTALLED_APPS=installed, STATICFILES_FINDERS=finders),
    ):
        clear_url_caches()
        yield PREFIX if urls == PLAIN else '/'
    clear_url_caches()


def test_a_message_makes_its_way_and_every_address_is_of_this_host(host):
    """Webhook, services of the workflow, panel, files: made from the names of the URLs, never by hand."""
    with messenger() as desk:
        desk.citizen_writes('Bonjour')
        deliver()
        shown, demand = desk.wcs.demands()[0], Demand.objects.get()
        given = [str(value) for value in (desk.account.endpoint.address, shown.context, shown.values)]
        addresses = set(re.findall(r'https://combo\.example\.org[^\s\'"]*', ' '.join(given)))
        assert len(addresses) >= 3
        assert all(address.startswith(f'https://{HOST}{host}') for address in addresses)
        # to the address of a demand, the workflow adds the name of the service
        paths = [address.removeprefix(f'https://{HOST}').partition('?')[0] for address in addresses]
        paths = [f'{path}answer/' if path.endswith(f'{demand.token}/') else path for path in paths]
        reached = {str(resolve(path).url_name) for path in paths}
        assert reached >= {'socialmedia-webhook', 'socialmedia-answer', 'socialmedia-panel'}
        assert all(name.startswith('socialmedia-') for name in reached)


def test_staff_never_leave_our_addresses(host):
    """Each link, form, script of each page that can be reached: under the prefix, and there."""
    with messenger() as desk:
        desk.citizen_writes('Bonjour')
        deliver()
        found = crawl(reverse('socialmedia-manage-home'))
    theirs = (f'{host}socialmedia/', f'{host}api/socialmedia/')
    known = {path: status for path, (status, _text) in found.items() if not path.startswith('/static/')}
    assert [path for path in known if 'socialmedia' in path and not path.startswith(theirs)] == []
    ours = {path: status for path, status in known.items() if path.startswith(theirs)}
    assert len([path for path, status in ours.items() if status == 200]) > 15
    broken = {path: status for path, status in ours.items() if status not in (200, 302, 405)}
    assert broken == {}


def test_who_is_not_logged_in_goes_to_the_login_page_of_the_host(host):
    login = '/comptes/connexion/' if host == PREFIX else '/accounts/mellon/login/'
    name = 'login' if host == PREFIX else 'mellon_login'
    for value in (name, login):
        with override_settings(LOGIN_URL=value):
            answer = Client(HTTP_HOST=HOST).get(reverse('socialmedia-manage-home'), secure=True)
        assert answer.status_code == 302
        assert answer['Location'].startswith(f'{login}?next={host}socialmedia/')


@override_settings(ROOT_URLCONF=COMBO)
def test_combo_shows_its_pages_at_all_other_addresses():
    client = Client(HTTP_HOST=HOST)
    for path in (
        '/',
        '/demarches/',
        '/socialmedia/',
        '/socialmedia/autre-page/',
        '/api/',
        '/socialmedias/manage/',
    ):
        assert client.get(path).content.decode() == f'page of the portal: {path}'
    assert client.get('/socialmedia/manage/').status_code == 302


@override_settings(ROOT_URLCONF=COMBO)
@pytest.mark.parametrize(('enabled', 'lines'), [(True, 1), (False, 0), ('false', 0), ('true', 1)])
def test_the_menu_of_combo_leads_to_ours_where_the_channel_is_used(enabled, lines):
    with override_settings(PUBLIK_SOCIALMEDIA_ENABLED=enabled):
        shown = Client(HTTP_HOST=HOST).get('/manage/').content.decode()
    assert shown.count('href="/socialmedia/manage/"') == lines


def test_the_daily_round_of_the_host_purges_and_never_stops(monkeypatch, caplog, capsys):
    """R51: offered to whoever calls it; the host's own work goes on whatever happens to ours."""
    ours = apps.get_app_config('publik_socialmedia')
    old, new = timezone.now() - timedelta(days=1), timezone.now() + timedelta(days=1)
    for number, at in enumerate((old, new)):
        Nonce.objects.create(digest=str(number), expires_at=at)
    ours.daily()
    assert [nonce.digest for nonce in Nonce.objects.all()] == ['1']

    def fails(*args: object, **options: object) -> None:
        raise ValueError('a secret')

    monkeypatch.setattr('django.core.management.call_command', fails)
    ours.daily()
    assert 'socialmedia_purge' in caplog.text and 'a secret' not in caplog.text
    assert capsys.readouterr() == ('', '')


@override_settings(ROOT_URLCONF=PLAIN)
def test_addresses_of_others_stay_theirs():
    client = Client(HTTP_HOST=HOST)
    assert client.get('/socialmedia/manage/').content == b'not ours: '
    assert client.get('/api/socialmedia/webhook/abc/').content == b'not ours: abc'


def test_the_cell_shows_what_the_summary_gives():
    """As Combo renders it: ``json`` is the answer of the address, and nothing if there is none."""
    lists = [{'title': 'Démarches', 'url': 'https://demarches.example.org/backoffice/?a=1&b=<2>'}]
    template = get_template('combo/json/socialmedia.html')
    data = {'new': 3, 'waiting': 1, 'failed': 2, 'lists': lists}
    shown = template.render({'json': {'err': 0, 'data': data}, 'key': 'abc'})
    assert re.findall(r'<strong>(\d)</strong>', shown) == ['3', '1', '2']
    assert 'a=1&amp;b=&lt;2&gt;' in shown
    for nothing in ({}, {'json': None}, {'json': {'err': 1}}, {'json': ''}):
        assert template.render(nothing).strip() == ''


def test_no_row_is_made_by_looking(host):
    """Nothing of ours happens to a host whose switch is off."""
    with override_settings(PUBLIK_SOCIALMEDIA_ENABLED=False):
        client = Client(HTTP_HOST=HOST)
        client.force_login(User.objects.create(username='admin', is_staff=True))
        assert client.get(reverse('socialmedia-manage-home')).status_code == 404
    assert not Account.objects.exists() and not Message.objects.exists()

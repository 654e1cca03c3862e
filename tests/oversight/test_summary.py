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

"""The figures for the portal of agents: who may read them, what they count, what its cell shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import html

from publik_socialmedia import summary
from publik_socialmedia.models import Setup
from tests.factory import make_account, write
from tests.oversight import march
from tests.oversight.scene import ago, staff, visitor, words
from tests.wcs.caller import signed_query
from tests.wcs.panel_scene import answer, bind

pytestmark = pytest.mark.django_db

URL, PORTAL = '/api/socialmedia/summary/', '/socialmedia/manage/portal/'
SNIPPET = Path(__file__).parent.parent.parent / 'docs' / 'settings.d' / '50publik_socialmedia_cell.py'


def read(**params: str) -> Any:
    return Client().get(URL, params)


def demand(account: Any, user: str, **values: Any) -> Any:
    return bind(
        write(account, 'Je suis malade', user=user, sent_at=ago(hours=1), received_at=ago(hours=1)), **values
    )


def scene() -> Any:
    """Of one account: one new, one answered, one that wrote again, one whose answer failed, one closed."""
    account = make_account(name='Ville')
    demand(account, 'new')
    answer(demand(account, 'answered'))
    again = demand(account, 'again')
    answer(again, sort_at=ago(hours=2))
    answer(demand(account, 'failing'), state='failed', failure='window')
    demand(account, 'closed', state='closed')
    return account


# -- who


@pytest.mark.parametrize('key', ['', 'x', 'é', '\ud800'.encode('utf-8', 'replace').decode()])
def test_without_a_proof_nothing_is_told_R43(key: str) -> None:
    scene()
    for client in (Client(), visitor('agent'), staff()):
        refused = client.get(URL, {'key': key})
        assert refused.status_code == 403 and 'data' not in refused.json()


def test_the_key_of_the_page_opens_the_figures() -> None:
    assert read(key=summary.key()).status_code == 200
    assert read(key=summary.key() + 'x').status_code == read(key=summary.key()[:-1]).status_code == 403


def test_the_key_of_another_tenant_or_another_secret_opens_nothing(settings) -> None:
    mine = summary.key()
    settings.PUBLIK_SOCIALMEDIA_BASE_URL = 'https://other.example.org'
    assert summary.key() != mine and read(key=mine).status_code == 403
    settings.PUBLIK_SOCIALMEDIA_BASE_URL = 'https://combo.example.org'
    settings.SECRET_KEY = 'another'
    assert read(key=mine).status_code == 403
    settings.SECRET_KEY_FALLBACKS = ['only-for-tests']
    assert read(key=mine).status_code == 200


def test_a_service_of_publik_may_read_them_by_a_signed_call(settings) -> None:
    settings.KNOWN_SERVICES = {**settings.KNOWN_SERVICES, **march.SERVICES}

    def call(**how: Any) -> int:
        return (
            Client()
            .get(f'{URL}?{signed_query({}, **{"orig": march.ORIG, "key": march.SECRET, **how})}')
            .status_code
        )

    assert call() == 200
    assert call(key='another') == call(nonce='') == call(age=-40) == 403


def test_a_wrong_key_is_not_made_good_by_a_signature(settings) -> None:
    settings.KNOWN_SERVICES = {**settings.KNOWN_SERVICES, **march.SERVICES}
    query = signed_query({'key': 'x'}, orig=march.ORIG, key=march.SECRET)
    assert Client().get(f'{URL}?{query}').status_code == 403


def test_while_the_tenant_is_off_nothing_is_told_R43(settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_ENABLED = False
    assert read(key=summary.key()).status_code == 403 and staff().get(PORTAL).status_code == 404


def test_only_reading_is_allowed() -> None:
    assert Client().post(f'{URL}?key={summary.key()}').status_code == 405


@pytest.mark.parametrize(('who', 'status'), [('anonymous', 302), ('agent', 403), ('staff', 200)])
def test_the_page_with_the_key_is_for_staff_only_R43(who: str, status: int) -> None:
    page = visitor(who).get(PORTAL)
    assert page.status_code == status and (summary.key() in page.content.decode()) == (who == 'staff')


# -- what


def test_what_is_new_waits_or_failed_is_counted_for_each_account() -> None:
    account = scene()
    other = make_account('mastodon', name='Mairie')
    demand(other, 'x')
    Setup.objects.create(account=make_account(name='En cours'))
    data = read(key=summary.key()).json()['data']
    assert (data['new'], data['waiting'], data['failed']) == (3, 4, 1)
    assert data['accounts'] == [
        {'name': 'Mairie', 'network': 'Mastodon', 'new': 1, 'waiting': 1, 'failed': 0},
        {'name': str(account), 'network': 'Messenger', 'new': 2, 'waiting': 3, 'failed': 1},
    ]


def test_an_acknowledgement_is_no_answer() -> None:
    answer(demand(make_account(), 'a'), origin='automatic')
    assert read(key=summary.key()).json()['data']['new'] == 1


def test_an_answer_to_an_earlier_demand_does_not_make_the_next_one_old() -> None:
    account = make_account()
    first = demand(account, 'a', state='closed')
    answer(first, sort_at=ago(hours=3))
    bind(write(account, user='a', sent_at=ago(minutes=5), received_at=ago(minutes=5)))
    assert read(key=summary.key()).json()['data']['new'] == 1


def test_the_lists_are_those_of_wcs(settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_WCS = {
        'other': {
            'title': 'Agglo',
            'url': 'https://agglo.example.org',
            'orig': 'x',
            'secret': 'y',
            'secondary': True,
        }
    }
    make_account()
    make_account(wcs_site='other')
    make_account(wcs_site='gone')
    lists = read(key=summary.key()).json()['data']['lists']
    end = 'backoffice/management/listing?submission_channel=social-network'
    assert lists == [
        {'title': 'Démarches', 'url': f'https://demarches.example.org/{end}'},
        {'title': 'Agglo', 'url': f'https://agglo.example.org/{end}'},
    ]


def test_no_word_of_a_citizen_nor_secret_is_told_R50() -> None:
    account = make_account(credentials={'page_token': 's3cret-token'})
    bind(write(account, 'Je suis malade', user='jeanne-33', name='Jeanne Exemple'))
    told = read(key=summary.key()).content.decode()
    assert not [word for word in ('malade', 'Jeanne', 'jeanne-33', 's3cret') if word in told]


def test_the_cost_does_not_grow(settings) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert read(key=summary.key()).status_code == 200
        return len(seen)

    demand(make_account(), 'a')
    few = queries()
    for number in range(10):
        demand(make_account(), f'user-{number}')
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = ['another key, that opens nothing of it']
    assert queries() == few <= 5


# -- the cell


def cell(json: dict[str, Any]) -> str:
    return render_to_string('combo/json/socialmedia.html', {'json': json, 'title': ''})


def test_the_cell_shows_the_figures_and_leads_to_wcs() -> None:
    scene()
    shown = html.fromstring(cell(read(key=summary.key()).json()))
    told = ' '.join(shown.text_content().split())
    assert (
        '2 nouvelles demandes 3 demandes en attente de réponse 1 réponse qui n’a pas pu être envoyée' in told
    )
    (link,) = shown.xpath('//a/@href')
    assert link.startswith('https://demarches.example.org/backoffice/management/listing?')


@pytest.mark.parametrize('json', [{}, {'err': 1}, {'err': 1, 'err_desc': '<script>'}])
def test_the_cell_shows_nothing_when_it_is_refused(json: dict[str, Any]) -> None:
    assert cell(json).strip() == ''


@pytest.mark.parametrize('known', [{}, {'JSON_CELL_TYPES': {'other': {'name': 'Autre'}}}])
def test_the_snippet_adds_the_cell_to_those_of_the_brick(known: dict[str, Any]) -> None:
    """As settings.d does: executed in the namespace of the settings, maybe twice."""
    for _time in range(2):
        exec(compile(SNIPPET.read_text(), SNIPPET, 'exec'), known)
    cells = known['JSON_CELL_TYPES']
    assert set(cells) == {'socialmedia', *(['other'] if 'other' in cells else [])}
    template = Template(cells['socialmedia']['url'])
    key = summary.key()
    url = template.render(Context({'portal_agent_url': 'https://combo.example.org/', 'key': key}))
    assert Client().get(url.removeprefix('https://combo.example.org')).status_code == 200
    assert [field['varname'] for field in cells['socialmedia']['form']] == ['key']


def test_the_page_tells_what_to_copy(settings) -> None:
    page = words(staff().get(PORTAL))
    assert 'https://combo.example.org/api/socialmedia/statistics/' in page
    assert 'PUBLIK_SOCIALMEDIA_METRICS_TOKEN' in page
    settings.PUBLIK_SOCIALMEDIA_METRICS_TOKEN = 'token-of-the-monitoring'
    page = words(staff().get(PORTAL))
    assert 'https://combo.example.org/api/socialmedia/metrics/' in page and 'token-of-the' not in page

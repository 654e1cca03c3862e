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

"""Who may read the panel, from where, and for how long (R43)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from publik_socialmedia.errors import ConfigurationError
from publik_socialmedia.models import Demand
from publik_socialmedia.wcs import panel, panel_access
from tests.wcs.panel_scene import AS_FETCH, AS_SCRIPT, WCS, content, jsonp, local, make_demand, refreshed

pytestmark = pytest.mark.django_db
SECRET = 'Mon adresse est 3 rue des Tests'


@pytest.fixture
def demand() -> Demand:
    return make_demand(text=SECRET)


def refused(answer: Any, status: int = 403) -> bool:
    """Refused without a word of the conversation."""
    return answer.status_code == status and SECRET not in answer.content.decode()


# -- the address


def test_address_is_absolute_stays_the_same_and_proves_itself(demand: Demand) -> None:
    address = panel.address(demand)
    assert address == panel.address(Demand.objects.get())
    assert address.startswith('http') and f'/wcs/{demand.token}/panel/?t=' in address
    # w.c.s. puts it in an attribute without escaping it
    assert not set('"\'<>&') & set(address)
    assert SECRET in content(demand)


def test_address_needs_to_know_where_we_are(demand: Demand, settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_BASE_URL = ''
    with pytest.raises(ConfigurationError, match='base_url'):
        panel.address(demand)


def altered(demand: Demand) -> dict[str, str]:
    right = panel_access.proof(demand.token)
    other = panel_access.proof(make_demand().token)
    return {
        'no proof': '',
        'empty': 't=',
        'altered': 't=' + ('B' if right[0] == 'A' else 'A') + right[1:],
        'cut': f't={right[:-1]}',
        'longer': f't={right}A',
        'of another demand': f't={other}',
        'the token itself': f't={demand.token}',
        'two of them': f't={right}&t=x',
        'proof of a file': f't={panel_access.file_proof(demand, 1)}',
        'not ASCII': 't=%C3%A9%00%FF',
    }


def test_no_content_without_the_right_proof_R43(demand: Demand) -> None:
    path = urlsplit(panel.address(demand)).path
    for name, query in altered(demand).items():
        assert refused(Client().get(f'{path}?{query}&callback=f', headers=AS_SCRIPT)), name
        assert refused(Client().get(f'{path}?{query}', headers=AS_FETCH)), name


def test_proof_is_checked_before_the_database_is_asked(demand: Demand) -> None:
    path = urlsplit(panel.address(demand)).path
    with CaptureQueriesContext(connection) as queries:
        Client().get(f'{path}?t=x&callback=f', headers=AS_SCRIPT)
        Client().get(f'/api/socialmedia/wcs/x%00/panel/?t={panel_access.proof("x")}', headers=AS_SCRIPT)
    assert len(queries) == 0


def test_right_proof_of_a_demand_that_is_not_here_is_refused(demand: Demand) -> None:
    """Another tenant, with the same keys, has it."""
    address = local(panel.address(demand))
    Demand.objects.all().delete()
    assert refused(Client().get(f'{address}&callback=f', headers=AS_SCRIPT))


def test_keys_can_be_changed_and_old_ones_forgotten(demand: Demand, settings) -> None:
    address = local(panel.address(demand))
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], 'another-only-for-tests'
    assert Client().get(f'{address}&callback=f', headers=AS_SCRIPT).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert refused(Client().get(f'{address}&callback=f', headers=AS_SCRIPT))


@pytest.mark.parametrize('method', ['post', 'put', 'delete', 'head', 'options'])
def test_panel_is_only_read(demand: Demand, method: str) -> None:
    answer = getattr(Client(), method)(local(panel.address(demand)), headers=AS_FETCH)
    assert refused(answer, 405)


# -- the end of it


def days_ago(days: float) -> Any:
    return timezone.now() - timedelta(days)


@pytest.mark.parametrize(
    ('values', 'shown'),
    [
        ({'state': 'opening'}, True),
        ({'state': 'open'}, True),
        ({'state': 'closed', 'closed_at': 29}, True),
        ({'state': 'closed', 'closed_at': 31}, False),
        ({'state': 'closed', 'closed_at': None}, True),
        ({'state': 'gone'}, False),
    ],
)
def test_panel_ends_with_its_demand_R26(demand: Demand, values: dict[str, Any], shown: bool) -> None:
    if values.get('closed_at'):
        values = {**values, 'closed_at': days_ago(values['closed_at'])}
    number = '' if values['state'] == 'opening' else '1'
    Demand.objects.filter(pk=demand.pk).update(**{'number': number, **values})
    assert (SECRET in content(demand)) is shown
    answer = refreshed(demand)
    assert answer.status_code == 200 if shown else refused(answer, 410)
    if not shown:
        assert answer.json() == {'over': 'Cette conversation n’est plus affichée ici.'}
        assert 'Cette conversation n’est plus affichée ici.' in content(demand)


def test_panel_of_a_silent_demand_ends_R43(demand: Demand, settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_PANEL_IDLE_DAYS = 100
    demand.conversation.last_activity_at = days_ago(101)
    demand.conversation.save()
    assert refused(refreshed(demand), 410) and SECRET not in content(demand)


def test_demand_closed_nobody_knows_when_counts_from_the_last_word(demand: Demand) -> None:
    Demand.objects.filter(pk=demand.pk).update(state='closed', closed_at=None)
    demand.conversation.last_activity_at = days_ago(31)
    demand.conversation.save()
    assert refused(refreshed(demand), 410)


def test_panel_is_closed_with_the_channel_R43(demand: Demand, settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_ENABLED = False
    assert refused(refreshed(demand), 410) and SECRET not in content(demand)


def test_new_token_of_a_gone_demand_ends_the_old_address_R26(demand: Demand) -> None:
    address = local(panel.address(demand))
    Demand.objects.update(token='another')
    assert refused(Client().get(address, headers=AS_FETCH))


# -- the page that asks

SAME = 'same-site'


@pytest.mark.parametrize(
    ('headers', 'taken'),
    [
        ({'Referer': f'{WCS}/', 'Sec-Fetch-Dest': 'script', 'Sec-Fetch-Site': SAME}, True),
        ({'Referer': f'{WCS}/backoffice/management/x/1/', 'Sec-Fetch-Dest': 'script'}, True),
        ({'Referer': 'HTTPS://DEMARCHES.example.org:443/'}, True),  # an older browser
        ({'Sec-Fetch-Dest': 'script', 'Sec-Fetch-Site': SAME}, True),  # who hides where they come from
        ({}, False),
        ({'Sec-Fetch-Dest': 'script', 'Sec-Fetch-Site': 'cross-site'}, False),
        ({'Sec-Fetch-Dest': 'script', 'Sec-Fetch-Site': 'none'}, False),
        ({'Referer': 'https://pirate.example/', 'Sec-Fetch-Dest': 'script', 'Sec-Fetch-Site': SAME}, False),
        ({'Referer': f'{WCS}.pirate.example/', 'Sec-Fetch-Dest': 'script'}, False),
        ({'Referer': f'https://pirate.example/{WCS}/', 'Sec-Fetch-Dest': 'script'}, False),
        ({'Referer': 'https://demarches.example.org@pirate.example/'}, False),
        ({'Referer': 'http://demarches.example.org/'}, False),
        ({'Referer': 'https://demarches.example.org:8443/'}, False),
        ({'Referer': 'https://demarches.example.org:x/'}, False),
        ({'Referer': 'https://[/'}, False),
        ({'Origin': 'null', 'Referer': f'{WCS}/'}, False),
        # opened in a tab, a frame, an object, a picture
        *[
            ({'Referer': f'{WCS}/', 'Sec-Fetch-Dest': kind}, False)
            for kind in ('document', 'iframe', 'object', 'embed', 'image', 'style', 'empty', 'serviceworker')
        ],
    ],
)
def test_only_a_page_of_wcs_is_answered(demand: Demand, headers: dict[str, str], taken: bool) -> None:
    answer = Client().get(f'{local(panel.address(demand))}&callback=f', headers=headers)
    assert answer.status_code == 200 if taken else refused(answer)


def test_only_the_wcs_that_has_the_demand_is_answered(demand: Demand, settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_WCS = {
        'autre': {'title': 'x', 'url': 'https://autre.example.org/', 'orig': 'x', 'secret': 'x'}
    }
    other = 'https://autre.example.org'
    assert refused(jsonp(demand, Referer=f'{other}/'))
    assert refused(refreshed(demand, Origin=other))
    Demand.objects.update(wcs_site='autre')
    assert jsonp(demand, Referer=f'{other}/').status_code == 200
    assert refused(jsonp(demand))
    Demand.objects.update(wcs_site='parti')
    assert refused(jsonp(demand)) and refused(jsonp(demand, Referer=f'{other}/'))


def test_refresh_is_read_by_that_page_only(demand: Demand) -> None:
    answer = refreshed(demand)
    assert answer['Access-Control-Allow-Origin'] == WCS and 'Origin' in answer['Vary']
    assert 'Access-Control-Allow-Credentials' not in answer
    for hostile in ('https://pirate.example', 'null', f'{WCS}.pirate.example', f'{WCS}/'):
        answer = refreshed(demand, Origin=hostile)
        assert refused(answer) or hostile == f'{WCS}/'
        assert 'Access-Control-Allow-Origin' not in answer
    # a page of w.c.s. can read that it is refused, and stops asking
    assert refreshed(demand, '&t=x')['Access-Control-Allow-Origin'] == WCS


# -- the callback


@pytest.mark.parametrize('callback', ['f', '_', '$', 'jQuery351020028463402394436_1795345588410', 'a' * 100])
def test_callback_is_called(demand: Demand, callback: str) -> None:
    answer = jsonp(demand, callback)
    assert answer.content.decode().startswith(f'/**/{callback}({{')


@pytest.mark.parametrize(
    'callback',
    [
        '',
        'alert(1)//',
        'alert%281%29;f',
        'a.b',
        'document.forms.0.submit',
        'window[0]',
        '1a',
        'a-b',
        'a%20b',
        'f%0A',
        'f%00',
        '%3Cscript%3E',
        'caf%C3%A9',
        '%EF%BC%A1',
        'a' * 101,
    ],
)
def test_hostile_callback_is_refused(demand: Demand, callback: str) -> None:
    answer = jsonp(demand, callback)
    assert refused(answer, 400) and answer.content == b''


# -- headers


def test_nothing_is_kept_guessed_framed_or_told_on(demand: Demand) -> None:
    answers = [
        jsonp(demand),
        refreshed(demand),
        jsonp(demand, 'a.b'),
        jsonp(demand, Referer='https://pirate.example/'),
        Client().get('/api/socialmedia/wcs/x/panel/file/1/?t=x'),
    ]
    for answer in answers:
        assert 'no-store' in answer['Cache-Control']
        assert answer['X-Content-Type-Options'] == 'nosniff'
        assert answer['Referrer-Policy'] == 'no-referrer'
        assert answer['X-Frame-Options'] == 'DENY'
        assert "default-src 'none'" in answer['Content-Security-Policy']
        assert not answer.cookies
    assert answers[0]['Content-Type'].startswith('application/javascript')
    assert answers[1]['Content-Type'] == 'application/json'


def test_logs_tell_nothing(demand: Demand, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level('DEBUG')
    jsonp(demand)
    refreshed(demand, '&before=x')
    jsonp(demand, 'a.b')
    proof = parse_qs(urlsplit(panel.address(demand)).query)['t'][0]
    ours = [record for record in caplog.records if record.name.startswith('publik_socialmedia')]
    assert ours == [] and SECRET not in caplog.text and proof not in caplog.text

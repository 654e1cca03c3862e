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

"""The statistics API of Publik: signed, true, unchanged by an erasure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from publik_socialmedia.models import Contact, Nonce
from publik_socialmedia.privacy import erasures
from publik_socialmedia.statistics import charts, counting
from tests.factory import make_account
from tests.oversight import march
from tests.oversight.march import API, MONDAY, answered, ask, asked, came, figures, month, opened
from tests.oversight.scene import staff
from tests.wcs.caller import signed_query

pytestmark = pytest.mark.django_db

MARCH = {'start': '2026-03-01', 'end': '2026-04-01'}


@pytest.fixture(autouse=True)
def services(settings) -> None:
    settings.KNOWN_SERVICES = {**settings.KNOWN_SERVICES, **march.SERVICES}


# -- who


def unsigned(path: str) -> list[str]:
    good = signed_query({}, orig=march.ORIG, key=march.SECRET)
    return [
        path,
        f'{path}?{good.partition("&signature=")[0]}',
        f'{path}?{signed_query({}, orig=march.ORIG, key="another")}',
        f'{path}?{signed_query({}, orig="pirate.example.org", key=march.SECRET)}',
        f'{path}?{signed_query({}, orig=march.ORIG, key="")}',
        f'{path}?{signed_query({}, orig=march.ORIG, key=march.SECRET, age=-40)}',
        f'{path}?{signed_query({}, orig=march.ORIG, key=march.SECRET, nonce="")}',
        f'{path}?{signed_query({}, orig=march.ORIG, key=march.SECRET, algo="sha1")}',
        f'{path}?{good}&account=1',
        # the name under which they know us is no name of theirs
        f'{path}?{signed_query({}, orig="here", key=march.SECRET)}',
    ]


@pytest.mark.parametrize('rank', range(10))
@pytest.mark.parametrize('slug', ['', 'messages/', 'unknown/'])
def test_what_is_not_signed_by_a_service_learns_nothing_R43(slug: str, rank: int) -> None:
    month()
    for client in (Client(), staff()):
        answer = client.get(unsigned(f'{API}{slug}')[rank])
        assert answer.status_code == 403
        assert answer.json() == {'err': 1, 'err_class': 'forbidden', 'err_desc': 'Cet appel est refusé.'}
    assert not Nonce.objects.exists()


def test_a_call_serves_once() -> None:
    query = signed_query({}, orig=march.ORIG, key=march.SECRET)
    assert [Client().get(f'{API}?{query}').status_code for _time in range(2)] == [200, 403]


def test_services_of_the_settings_and_of_hobo_may_ask(settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_SERVICES = {'bi.example.org': 'another secret', 'empty.example.org': ''}
    settings.KNOWN_SERVICES = {
        **settings.KNOWN_SERVICES,
        'chrono': {'x': {'url': 'https://chrono.example.org/', 'secret': 'c', 'verif_orig': 'chrono-1'}},
        'broken': {'x': {'url': '', 'secret': 's'}, 'y': {'url': 'https://y.example.org/', 'secret': ''}},
    }
    assert ask(orig='bi.example.org', key='another secret').status_code == 200
    assert ask(orig='chrono-1', key='c').status_code == 200
    assert ask(orig='demarches.example.org', key='wcs-secret-only-for-tests').status_code == 200
    assert ask(orig='empty.example.org', key='').status_code == 403
    assert ask(orig='y.example.org', key='').status_code == 403


def test_while_the_tenant_is_off_nothing_is_told_R43(settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_ENABLED = False
    assert ask().status_code == ask('messages/').status_code == 403


def test_only_reading_is_allowed() -> None:
    query = signed_query({}, orig=march.ORIG, key=march.SECRET)
    assert Client().post(f'{API}?{query}').status_code == 405


# -- what can be asked


def test_the_index_has_the_shape_of_publik() -> None:
    account = make_account(name='Ville')
    content = ask().json()
    assert content['err'] == 0 and len(content['data']) == len(charts.CHARTS)
    for item in content['data']:
        assert set(item) - {'data_type'} == {'name', 'id', 'url', 'filters'}
        assert item['url'].startswith(f'https://combo.example.org{API}')
        for choice in item['filters']:
            assert set(choice) == {'id', 'label', 'options', 'required', 'default'}
            assert choice['default'] in [option['id'] for option in choice['options']]
    by_id = {item['id']: item for item in content['data']}
    assert by_id['socialmedia_first_answer']['data_type'] == 'seconds'
    assert 'data_type' not in by_id['socialmedia_messages']
    options = {choice['id']: choice['options'] for choice in by_id['socialmedia_messages']['filters']}
    assert {'id': str(account.pk), 'label': 'Ville (Messenger)'} in options['account']
    assert [option['label'] for option in options['time_interval']][:2] == ['Jour', 'Mois']


def test_each_choice_of_the_index_is_answered() -> None:
    month()
    for item in ask().json()['data']:
        slug = item['url'].removeprefix(f'https://combo.example.org{API}').strip('/')
        for choice in item['filters']:
            for option in choice['options']:
                asked(slug, **{choice['id'].replace('-', '_'): option['id']}, **MARCH)


def test_an_unknown_statistics_is_404() -> None:
    assert ask('unknown/').status_code == 404


@pytest.mark.parametrize(
    'params',
    [
        {'time_interval': 'second'},
        {'group-by': 'text'},
        {'group-by': 'form'},
        {'account': 'x'},
        {'account': '²'},
        {'account': '9' * 30},
        {'network': 'minitel'},
        {'start': 'yesterday'},
        {'start': '2026-02-30'},
        {'end': '9999-12-31'},
        {'start': '0001-01-01'},
    ],
)
def test_a_question_that_is_not_understood_is_refused(params: dict[str, str]) -> None:
    answer = ask('messages/', params)
    assert answer.status_code == 400 and answer.json()['err'] == 1


def test_choices_of_another_chart_do_not_matter_where_there_is_none() -> None:
    month()
    assert asked('first-answer', group_by='network') == asked('first-answer')
    assert asked('arrivals', time_interval='day') == asked('arrivals')


# -- what is counted


def test_messages_received_and_sent() -> None:
    month()
    assert figures('messages', **MARCH) == {'': ['2026-03'], 'Reçus': [5], 'Envoyés': [6]}
    by_network = figures('messages', group_by='network', **MARCH)
    assert by_network == {'': ['2026-03'], 'Mastodon': [2], 'Messenger': [9]}


def test_groups_are_the_labels_when_there_is_no_interval_as_in_wcs() -> None:
    month()
    found = figures('received', time_interval='none', **MARCH)
    assert found == {'': ['Mastodon', 'Messenger'], 'Messages': [2, 3]}
    assert figures('received', time_interval='none', group_by='none', **MARCH) == {'': [''], 'Messages': [5]}


def test_days_without_anything_are_shown_too() -> None:
    month()
    found = figures('received', time_interval='day', group_by='none', start='2026-03-01', end='2026-03-06')
    assert found[''] == [f'2026-03-0{day}' for day in range(1, 6)]
    assert found['Messages'] == [0, 3, 0, 1, 0]


def test_days_are_those_of_the_site() -> None:
    """23:30 on the 2nd in Paris is 22:30 UTC; 0:30 on the 3rd is 23:30 UTC on the 2nd."""
    account = make_account()
    came(account, MONDAY.replace(hour=23, minute=30), user='a')
    found = figures('received', time_interval='day', group_by='none', start='2026-03-02', end='2026-03-05')
    assert found['Messages'] == [0, 1, 0]
    assert figures('received', start='2026-03-02', end='2026-03-03') == {'': ['2026-03']}


def test_the_period_ends_before_its_last_day() -> None:
    account = make_account()
    came(account, MONDAY)
    assert figures('received', start='2026-03-01', end='2026-03-02', group_by='none')['Messages'] == [0]
    assert figures('received', start='2026-03-02', end='2026-03-03', group_by='none')['Messages'] == [1]
    assert figures('received', start='2026-03-02T00:00:00', group_by='none')['Messages'] == [1]


def test_weekdays_and_hours() -> None:
    month()
    weekdays = figures('received', time_interval='weekday', group_by='none', **MARCH)
    assert dict(zip(weekdays[''], weekdays['Messages'], strict=True)) == {
        'lundi': 3, 'mardi': 0, 'mercredi': 1, 'jeudi': 0, 'vendredi': 1, 'samedi': 0, 'dimanche': 0,
    }  # fmt: skip
    hours = figures('arrivals', **MARCH)
    told = {label: count for label, count in zip(hours[''], hours['Messages'], strict=True) if count}
    assert told == {'09:00': 3, '10:00': 1, '23:00': 1} and len(hours['']) == 24


def test_a_message_polled_late_arrives_at_its_own_hour() -> None:
    account = make_account()
    message = came(account, MONDAY)
    type(message).objects.update(received_at=MONDAY + timedelta(hours=5))
    hours = figures('arrivals', **MARCH)
    assert hours['Messages'][9] == 1 and sum(hours['Messages']) == 1


def test_demands_opened() -> None:
    month()
    assert figures('demands', **MARCH) == {'': ['2026-03'], 'Demandes': [4]}
    assert figures('demands', group_by='form', **MARCH) == {'': ['2026-03'], 'message': [3], 'other': [1]}


def test_filters_of_account_and_network() -> None:
    one, two = month()
    assert figures('demands', account=str(one.pk), **MARCH)['Demandes'] == [3]
    assert figures('demands', network='mastodon', **MARCH)['Demandes'] == [1]
    assert figures('demands', network='mastodon', account=str(one.pk), **MARCH)['Demandes'] == [0]
    assert figures('received', account=str(two.pk), group_by='none', **MARCH)['Messages'] == [2]


def test_the_first_answer_of_a_person_is_timed_without_acknowledgements_nor_failures() -> None:
    """10 minutes and 1 hour; the third demand has none."""
    month()
    found = figures('first-answer', **MARCH)
    assert found['Médiane'] == [35 * 60] and found['Neuf sur dix sont en dessous de'] == [55 * 60]


def test_the_acknowledgement_is_timed_apart() -> None:
    month()
    assert figures('acknowledgement', **MARCH)['Médiane'] == [5]


def test_where_nothing_was_answered_nothing_is_measured() -> None:
    month()
    found = figures('first-answer', time_interval='day', start='2026-03-02', end='2026-03-05')
    assert found['Médiane'] == [35 * 60, None, None]


@pytest.mark.parametrize(
    ('delays', 'median', 'ninth'),
    [([7.0], 7, 7), ([1.0, 3.0], 2, 3), (list(map(float, range(1, 101))), 50, 90), ([-4.0], 0, 0)],
)
def test_median_and_ninth_decile(delays: list[float], median: float, ninth: float) -> None:
    """Those of the definition that Python calls inclusive; clocks that differ make no negative delay."""
    account = make_account()
    for number, seconds in enumerate(delays):
        demand = opened(came(account, MONDAY + timedelta(minutes=number), user=f'user-{number}'))
        answered(demand, timedelta(seconds=seconds))
    found = figures('first-answer', **MARCH)
    assert found['Médiane'] == [median] and found['Neuf sur dix sont en dessous de'] == [ninth]


def test_answers_are_counted_once_whatever_their_parts_by_where_they_were_written() -> None:
    month()
    found = figures('answers', **MARCH)
    assert found == {
        '': ['2026-03'],
        'Depuis w.c.s.': [1],
        'Dans l’application du réseau': [1],
        'Automatiques': [1],
    }


def test_failures() -> None:
    month()
    assert figures('failures', **MARCH)['Messages'] == [1]


def test_without_any_data_charts_are_empty_and_no_error() -> None:
    for slug in charts.CHARTS:
        asked(slug)
        asked(slug, **MARCH)


def test_a_century_of_days_does_not_make_as_many_labels() -> None:
    month()
    found = asked('received', time_interval='day', start='1990-01-01', end='2100-01-01')
    assert len(found['x_labels']) == 19  # from the first message to the last one


# -- an erasure


def test_an_erasure_changes_no_figure_R51() -> None:
    month()

    def all_figures() -> dict[str, Any]:
        found: dict[str, Any] = {slug: asked(slug, time_interval='day', **MARCH) for slug in charts.CHARTS}
        for group in ('network', 'account', 'origin'):
            found[group] = asked('messages', group_by=group, **MARCH)
        return found

    before = all_figures()
    for contact in Contact.objects.all():
        erasure = erasures.ask([contact])
        erasures.run(erasure)
    assert not Contact.objects.filter(erased_at=None).exists()
    assert all_figures() == before


# -- cost


def test_each_chart_costs_the_same_queries_however_much_there_is() -> None:
    month()

    def queries() -> list[int]:
        counts = []
        for slug, chart in charts.CHARTS.items():
            with CaptureQueriesContext(connection) as seen:
                tally = counting.Tally(counting.Scope())
                chart.compute(charts.Question(tally, 'day', chart.default))
            assert len(seen) <= 4, slug
            counts.append(len(seen))
        return counts

    few = queries()
    for number in range(20):
        came(make_account(), MONDAY, user=f'user-{number}')
    assert queries() == few

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

"""The page « statistics »: drawn here, told as tables too, and given as CSV."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from lxml import etree, html

from publik_socialmedia.manager import statistics
from publik_socialmedia.statistics import drawing
from publik_socialmedia.statistics.charts import CHARTS, Answer, Series
from tests.factory import make_account
from tests.oversight.march import MONDAY, came, month
from tests.oversight.scene import staff, visitor, words

pytestmark = pytest.mark.django_db

PAGE, CSV = '/socialmedia/manage/statistics/', '/socialmedia/manage/statistics/csv/'
MARCH = {'since': '2026-03-01', 'until': '2026-03-31'}


@pytest.mark.parametrize('address', [PAGE, CSV])
@pytest.mark.parametrize(('who', 'status'), [('anonymous', 302), ('agent', 403), ('staff', 200)])
def test_statistics_are_for_staff_only_R43(address: str, who: str, status: int) -> None:
    answer = visitor(who).get(address)
    assert answer.status_code == status
    assert (b'Statisti' in answer.content) == (who == 'staff')


@pytest.mark.parametrize('address', [PAGE, CSV])
def test_statistics_are_absent_while_the_switch_is_off_R43(address: str, settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_ENABLED = False
    assert staff().get(address).status_code == 404


def tables(**asked: str) -> dict[str, list[list[str]]]:
    """Of each chart, by its title, the lines of its table that are not all zeros."""
    page = html.fromstring(staff().get(PAGE, {**MARCH, **asked}).content.decode())
    found = {}
    for section in page.xpath('//section'):
        rows = [
            [cell.text_content().strip() for cell in row.xpath('./th|./td')] for row in section.xpath('.//tr')
        ]
        told = [row for row in rows if set(row[1:]) - {'0', '–'}]
        found[section.xpath('./h3')[0].text] = told
    return found


def test_each_chart_has_its_figures_as_a_table() -> None:
    one, _two = month()
    found = tables()
    assert found['Messages privés reçus et envoyés'] == [
        ['Quand', 'Reçus', 'Envoyés'],
        ['2 mars 2026', '3', '5'],
        ['3 mars 2026', '0', '1'],
        ['4 mars 2026', '1', '0'],
        ['20 mars 2026', '1', '0'],
    ]
    assert found['Délai de la première réponse d’une personne'] == [
        ['Quand', 'Médiane', 'Neuf sur dix sont en dessous de'],
        ['2 mars 2026', '35 min', '55 min'],
    ]
    assert tables(account=str(one.pk))['Demandes ouvertes'] == [['Quand', 'Demandes'], ['2 mars 2026', '3']]


def test_each_chart_is_a_drawing_that_says_what_it_is_R44() -> None:
    month()
    page = html.fromstring(staff().get(PAGE, MARCH).content.decode())
    drawings = page.xpath('//*[local-name()="svg"]')
    assert len(drawings) == len(CHARTS)
    ids = {element.get('id') for element in page.xpath('//*[@id]')}
    for svg in drawings:
        assert svg.get('role') == 'img' and svg.get('aria-labelledby') in ids
        assert svg.get('aria-describedby') in ids
        assert svg.xpath('.//*[local-name()="rect"]')


def test_bars_are_inside_and_as_high_as_their_figures() -> None:
    answer = Answer(('a', 'b', 'c'), (Series('x', (1, 4, None)), Series('y', (3, 0, 0))))
    drawn = drawing.draw(CHARTS['messages'], answer)
    assert [bar.title for bar in drawn.bars] == ['a – x : 1', 'a – y : 3', 'b – x : 4']
    low, high, whole = (bar.height for bar in drawn.bars)
    assert high == pytest.approx(3 * low, abs=0.1) and whole == pytest.approx(4 * low, abs=0.1)
    first, second, _third = drawn.bars
    assert second.y + second.height == pytest.approx(first.y, abs=0.1)  # stacked
    for bar in drawn.bars:
        assert bar.x >= drawing.LEFT and bar.x + bar.width <= drawing.WIDTH - drawing.RIGHT
        assert bar.y >= drawing.TOP and bar.y + bar.height <= drawn.base + 0.1


@pytest.mark.parametrize('highest', [1, 3, 7, 10, 99, 100, 101, 12345, 0.5])
@pytest.mark.parametrize('chart', ['messages', 'first-answer'])
def test_scales_hold_what_they_measure(highest: float, chart: str) -> None:
    drawn = drawing.draw(CHARTS[chart], Answer(('a',), (Series('x', (highest,)),)))
    (bar,) = drawn.bars
    assert bar.y >= drawing.TOP and bar.height > 0
    assert 2 <= len(drawn.lines) <= 7


def test_many_labels_do_not_touch() -> None:
    labels = tuple(f'2026-03-{day:02}' for day in range(92))
    drawn = drawing.draw(CHARTS['messages'], Answer(labels, (Series('x', (1,) * 92),)))
    assert len(drawn.marks) <= drawing.LABELS and len(drawn.bars) == 92


def test_more_series_than_colours_are_drawn() -> None:
    series = tuple(Series(f's{number}', (1,)) for number in range(20))
    drawn = drawing.draw(CHARTS['messages'], Answer(('a',), series))
    assert len(drawn.bars) == 20 and {bar.colour for bar in drawn.bars} == set(range(drawing.COLOURS))


@pytest.mark.parametrize(
    ('seconds', 'said'),
    [(0, '0 s'), (59, '59 s'), (60, '1 min'), (3599, '1 h 00 min'), (7500, '2 h 05 min'), (90000, '1 j 1 h')],
)
def test_durations_are_said_for_people(seconds: float, said: str) -> None:
    assert drawing.duration(seconds).replace('\u00a0', ' ') == said


def test_a_hostile_name_of_account_is_only_a_name() -> None:
    account = make_account(name='<script>alert(1)</script>\u202e=cmd|x')
    came(account, MONDAY)
    page = staff().get(PAGE, MARCH).content.decode()
    assert '<script>alert' not in page and '\u202e' not in page


@pytest.mark.parametrize(
    'asked',
    [
        {'since': 'x'},
        {'since': '2026-03-31', 'until': '2026-03-01'},
        {'since': '0001-01-01', 'until': '9999-12-31'},
        {'since': '9999-12-31', 'until': '9999-12-31'},
        {'account': 'x'},
        {'account': '999999'},
        {'until': ''},
    ],
)
@pytest.mark.parametrize('address', [PAGE, CSV])
def test_a_period_that_makes_no_sense_is_no_error(address: str, asked: dict[str, str]) -> None:
    month()
    assert staff().get(address, {**MARCH, **asked}).status_code == 200


def test_what_is_wrong_of_the_period_is_said_R44() -> None:
    page = words(staff().get(PAGE, {'since': '2026-03-31', 'until': '2026-03-01'}))
    assert 'Le dernier jour vient avant le premier.' in page


def test_long_periods_are_shown_by_month() -> None:
    month()
    found = tables(since='2025-09-01', until='2026-08-31')
    assert found['Demandes ouvertes'][1:] == [['mars 2026', '4']]


def test_csv_has_all_the_figures() -> None:
    month()
    answer = staff().get(CSV, MARCH)
    assert answer['Content-Type'] == 'text/csv; charset=utf-8'
    assert answer['Content-Disposition'].startswith('attachment; filename="reseaux-sociaux-2026-03-01')
    text = answer.content.decode('utf-8-sig')
    rows = list(csv.reader(io.StringIO(text), delimiter=';'))
    assert rows[0] == ['Statistique', 'Série', 'Quand', 'Valeur', 'Unité']
    assert ['Messages privés reçus et envoyés', 'Reçus', '2026-03-02', '3', 'nombre'] in rows
    name = 'Délai de la première réponse d’une personne'
    assert [name, 'Médiane', '2026-03-02', '2100', 'secondes'] in rows
    assert [name, 'Médiane', '2026-03-04', '', 'secondes'] in rows
    assert {row[0] for row in rows[1:]} == {str(chart.name) for chart in CHARTS.values()}


def test_csv_holds_no_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = Answer(('=1+1',), tuple(Series(f'{sign}cmd|x', (1,)) for sign in '=+-@'))
    monkeypatch.setattr(statistics, '_answers', lambda scope: [(CHARTS['messages'], hostile)])
    rows = list(csv.reader(io.StringIO(staff().get(CSV).content.decode('utf-8-sig')), delimiter=';'))
    assert all(row[1][0] == row[2][0] == "'" for row in rows[1:]) and len(rows) == 5


def test_the_page_costs_the_same_queries_however_much_there_is() -> None:
    client = staff()

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(PAGE, MARCH).status_code == 200
        return len(seen)

    month()
    few = queries()
    for number in range(20):
        came(make_account(), MONDAY, user=f'user-{number}')
    assert queries() == few <= 15


def test_drawings_are_well_formed() -> None:
    month()
    source = staff().get(PAGE, MARCH).content.decode()
    start = source.index('<svg')
    etree.fromstring(source[start : source.index('</svg>') + 6])


@pytest.mark.parametrize(
    ('label', 'long', 'short'),
    [
        ('2026-03-02', '2 mars 2026', '2 mars'),
        ('2026-12', 'décembre 2026', 'déc. 2026'),
        ('2026', '2026', '2026'),
        ('09:00', '09:00', '09:00'),
        ('2026-02-30', '2026-02-30', '2026-02-30'),
    ],
)
def test_days_and_months_are_said_for_people_R44(label: str, long: str, short: str) -> None:
    assert drawing.dated(label) == long and drawing.dated(label, short=True) == short

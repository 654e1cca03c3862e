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

"""The figures for Prometheus (R41): behind a token, in its own format."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import checks
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from publik_socialmedia.models import Account, Conversation, Notice, Setup, Watch
from publik_socialmedia.monitoring import metrics as exposition
from publik_socialmedia.networks.base import Problem
from tests.factory import make_account, write
from tests.oversight.scene import blocked, body_of, staff

pytestmark = pytest.mark.django_db

URL = '/api/socialmedia/metrics/'
TOKEN = 'token-of-the-monitoring'
# https://prometheus.io/docs/instrumenting/exposition_formats/
LABEL = r'[a-z_]+="(?:[^"\\\n]|\\\\|\\"|\\n)*"'
SAMPLE = re.compile(rf'[a-z_]+(?:\{{{LABEL}(?:,{LABEL})*\}})? -?[0-9.e+]+')


@pytest.fixture(autouse=True)
def token(settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_METRICS_TOKEN = TOKEN


def read(given: str = f'Bearer {TOKEN}', client: Client | None = None):
    return (client or Client()).get(URL, headers={'Authorization': given} if given else {})


def figures() -> dict[str, str]:
    """Value of each sample, by its name with its labels."""
    text = read().content.decode()
    return dict(line.rsplit(' ', 1) for line in text.splitlines() if not line.startswith('#'))


@pytest.mark.parametrize(
    'given',
    [
        '',
        'Bearer',
        'Bearer ',
        'Bearer wrong',
        f'Basic {TOKEN}',
        TOKEN,
        f'Bearer {TOKEN}x',
        'Bearer é',
        'Bearer \ud800',
    ],
)
def test_without_the_token_nothing_is_told_R43(given: str) -> None:
    make_account()
    answer = read(given.encode('latin-1', 'replace').decode('latin-1'))
    assert answer.status_code == 401 and answer.content == b'' and answer['WWW-Authenticate'] == 'Bearer'


def test_staff_without_the_token_and_the_token_in_the_address_are_refused() -> None:
    assert read('', staff()).status_code == 401
    assert Client().get(URL, {'token': TOKEN}).status_code == 401


def test_without_a_token_in_the_settings_there_is_nothing(settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_METRICS_TOKEN = ''
    for given in ('', 'Bearer ', 'Bearer x'):
        assert read(given).status_code == 404


def test_while_the_tenant_is_off_there_is_nothing_R43(settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_ENABLED = False
    assert read().status_code == 404


def test_only_reading_is_allowed() -> None:
    answer = Client(headers={'Authorization': f'Bearer {TOKEN}'}).post(URL)
    assert answer.status_code == 405


def test_a_short_token_is_told_by_the_system_checks(settings) -> None:
    def found() -> set[str]:
        return {message.id for message in checks.run_checks(tags=['publik_socialmedia'])}

    assert 'publik_socialmedia.W007' not in found()
    settings.PUBLIK_SOCIALMEDIA_METRICS_TOKEN = 'short'
    assert 'publik_socialmedia.W007' in found()


def test_the_text_is_what_prometheus_reads_R41() -> None:
    account = make_account(name='Ville "de" \\ Villexemple\nsuite', problem='auth')
    write(account)
    answer = read()
    assert answer['Content-Type'] == 'text/plain; version=0.0.4; charset=utf-8'
    text = answer.content.decode()
    assert text.endswith('\n')
    seen: set[str] = set()
    for line in text.splitlines():
        if line.startswith('# HELP '):
            name = line.split()[2]
            assert name not in seen  # all the samples of a name are together
            seen.add(name)
        elif not line.startswith('# TYPE '):
            assert SAMPLE.fullmatch(line), line
            assert line.startswith(name)
    assert f'publik_socialmedia_account_info{{account="{account.pk}",network="messenger",' in text
    assert r'name="Ville \"de\" \\ Villexemple\nsuite"' in text


def parsed() -> dict[str, Metric]:
    return {metric.name: metric for metric in text_string_to_metric_families(read().content.decode())}


def everything(settings) -> None:
    """Something in each family."""
    settings.PUBLIK_SOCIALMEDIA_PRIVATE_STORAGE = str(Path(__file__) / 'folder')
    account = make_account(token_expires_at=timezone.now(), last_event_at=timezone.now())
    account.refuse('auth')
    write(account)
    blocked(account, user='b')
    body_of(account)
    Watch.note(account, [Problem('rate', 'Lent.', 'warning', passing=True)], [])
    Notice.objects.create(recipient='gru@example.org', subject='x', body='x')


def test_prometheus_reads_it_and_the_names_follow_its_rules_R41(settings) -> None:
    """https://prometheus.io/docs/practices/naming/ , as « promtool check metrics » looks at them."""
    everything(settings)
    found = parsed()
    declared = set(re.findall(r"'([a-z_]+)', '[A-Z]", Path(exposition.__file__).read_text()))
    assert {name.removeprefix('publik_socialmedia_') for name in found} >= declared and declared
    for name, metric in found.items():
        assert metric.type == 'gauge' and metric.documentation.endswith('.'), name
        assert re.fullmatch(r'publik_socialmedia_[a-z]+(_[a-z]+)*', name), name
        # of a counter, of a histogram, or the kind said twice; units are base units, at the end
        assert not re.search(r'_(total|count|sum|bucket|gauge|ms|milliseconds|minutes|hours|days)$', name), (
            name
        )
        assert 'seconds' not in name or name.endswith('_seconds'), name
        labels = [tuple(sorted(sample.labels.items())) for sample in metric.samples]
        assert len(set(labels)) == len(labels) and len({tuple(map(first, one)) for one in labels}) == 1, name
        assert not {'le', 'quantile', 'job', 'instance'} & {key for one in labels for key, _value in one}


def first(pair: tuple[str, str]) -> str:
    return pair[0]


def test_what_the_last_look_found_is_counted_R41(settings) -> None:
    everything(settings)
    (sample,) = parsed()['publik_socialmedia_account_finding'].samples
    assert (sample.labels['reason'], sample.labels['severity'], sample.value) == ('rate', 'warning', 1)
    assert parsed()['publik_socialmedia_mails_waiting'].samples[0].value == 1
    (sample,) = parsed()['publik_socialmedia_storage_trouble'].samples
    assert sample.labels == {'reason': 'storage_unwritable'}


def test_each_figure_is_the_true_one_R41() -> None:
    end = timezone.now() + timedelta(days=3)
    account = make_account(token_expires_at=end, poll_failures=2)
    account.refuse('auth')
    account.refuse_wcs('wcs_right')
    write(account, user='a')
    blocked(account, user='b')
    body_of(account)
    body_of(account, state='pending', error='')
    Conversation.objects.update(due_at=timezone.now() - timedelta(minutes=10))
    found = figures()
    of = f'account="{account.pk}",network="messenger"'

    def figure(name: str, labels: str = of) -> float:
        return float(found[f'publik_socialmedia_{name}{{{labels}}}'])

    assert figure('account_problem', f'{of},side="network",reason="auth"') == 1
    assert figure('account_problem', f'{of},side="wcs",reason="wcs_right"') == 1
    assert figure('account_poll_failures') == 2 and figure('account_silent') == 0
    assert figure('messages_received_today') == 2 and figure('messages_sent_today') == 0
    assert figure('blocked_deliveries') == 1 and figure('open_demands') == 0
    assert figure('token_expiry_timestamp_seconds') == pytest.approx(end.timestamp())
    assert figure('queue_stuck', 'queue="deliveries"') == 1 and figure('queue_stuck', 'queue="bodies"') == 1
    assert (
        figure('queue_waiting', 'queue="deliveries"') == 1 and figure('queue_waiting', 'queue="bodies"') == 1
    )
    assert float(found['publik_socialmedia_queue_late_seconds']) >= 600


def test_what_is_not_known_is_left_out() -> None:
    make_account()
    text = read().content.decode()
    assert 'token_expiry' not in text and 'last_message' not in text and 'account_problem' not in text


def test_accounts_being_connected_are_left_out() -> None:
    Setup.objects.create(account=make_account())
    assert 'account_info' not in read().content.decode()


def test_no_word_of_a_citizen_nor_secret_is_in_the_figures_R50() -> None:
    account = make_account(credentials={'page_token': 's3cret-token'})
    write(account, 'Je suis malade', user='jeanne-33', name='Jeanne Exemple')
    text = read().content.decode()
    assert not [word for word in ('malade', 'Jeanne', 'jeanne-33', 's3cret') if word in text]


def test_the_cost_does_not_grow_R41(settings) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert read().status_code == 200
        return len(seen)

    write(make_account())
    few = queries()
    for number in range(10):
        write(make_account(), user=f'user-{number}')
    # the key of the secrets is lost: the figures are still there to say that something is wrong
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = ['another key, that opens nothing of it']
    assert queries() == few
    assert Account.objects.count() == 11

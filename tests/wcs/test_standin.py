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

"""The stand-in itself: its faults, shortened times and pages."""

from __future__ import annotations

import base64
import threading
import time

import pytest
import requests

from demo.wcs_standin import Fault, Faults, StandIn
from publik_socialmedia.errors import OutcomeUnknown, TemporaryError
from publik_socialmedia.wcs.client import Client, Site
from tests.wcs.target import PNG, Target, standin_target


@pytest.fixture
def target(standin: StandIn) -> Target:
    return standin_target(standin)


def quick_client(standin: StandIn, timeout: float) -> Client:
    site = Site('default', '', standin.url, standin.orig, standin.secret)
    return Client(site, timeout=timeout)


@pytest.mark.parametrize('fault', ['drop', 'error'])
def test_r21_done_but_not_said(target: Target, standin: StandIn, fault: str) -> None:
    number = target.create()
    standin.faults.plan(fault, fault)
    with pytest.raises(OutcomeUnknown):
        target.client.submit(standin.form, {'cle': 'k'}, {})
    (found,) = target.client.find(standin.form, 'cle', 'k')
    with pytest.raises(OutcomeUnknown):
        target.client.hook(standin.form, number, 'message_recu', {'event_id': 'e', 'text': 'x'})
    assert len(target.comments(number)) == 1
    assert not standin.is_locked(int(number)) and not standin.is_locked(int(found.id))
    assert standin.faults.counts[Fault(fault)] == 2


@pytest.mark.parametrize('fault', ['slow', 'late'])
def test_r21_done_after_the_client_gave_up(fault: str) -> None:
    with StandIn(faults=Faults(slow_for=1.5, late_for=1.5)) as standin:
        standin.faults.plan(fault)
        with pytest.raises(OutcomeUnknown):
            quick_client(standin, 0.1).submit(standin.form, {'cle': 'k'}, {})
        if fault == 'late':
            assert standin.demands() == []
        for _ in range(100):
            if standin.demands():
                break
            time.sleep(0.05)
        assert [standin.value(demand, 'cle') for demand in standin.demands()] == ['k']


def test_r21_a_late_start_is_refused_once_the_signature_is_too_old() -> None:
    """This bounds how long a lost call may still be carried out."""
    with StandIn(signature_age=1, faults=Faults(late_for=2.5)) as standin:
        standin.faults.plan('late')
        client = quick_client(standin, 0.1)
        with pytest.raises(OutcomeUnknown):
            client.submit(standin.form, {'cle': 'k'}, {})
        time.sleep(3)
        assert standin.demands() == []
        assert standin.calls['POST'] == 1


@pytest.mark.parametrize(('fault', 'error'), [('unavailable', TemporaryError), ('reset', OutcomeUnknown)])
def test_not_done(target: Target, standin: StandIn, fault: str, error: type[Exception]) -> None:
    standin.faults.plan(fault, None)
    with pytest.raises(error):
        target.client.submit(standin.form, {'cle': 'k'}, {})
    assert standin.demands() == []
    target.client.submit(standin.form, {'cle': 'k'}, {})
    assert len(standin.demands()) == 1


def test_r21_a_crash_leaves_the_row_and_the_lock() -> None:
    with StandIn(lock_age=1.5) as standin:
        target = standin_target(standin)
        standin.faults.plan('crash')
        with pytest.raises(OutcomeUnknown):
            target.client.submit(standin.form, {'cle': 'k'}, {})
        (found,) = target.client.find(standin.form, 'cle', 'k')
        with pytest.raises(TemporaryError) as busy:
            target.client.hook(standin.form, found.id, 'message_recu', {'event_id': 'e', 'text': 'x'})
        assert busy.value.reason == 'wcs_busy'
        time.sleep(1.6)
        target.client.hook(standin.form, found.id, 'message_recu', {'event_id': 'e', 'text': 'x'})
        assert len(target.comments(found.id)) == 1


def test_r21_a_crash_in_a_hook_stops_between_two_actions(target: Target, standin: StandIn) -> None:
    done = set()
    for place in range(8):
        number = target.create()
        standin.faults.plan('crash')
        with pytest.raises(OutcomeUnknown):
            target.client.hook(standin.form, number, 'message_recu', {'event_id': 'e', 'text': 'x'})
        assert standin.is_locked(int(number)), place
        fields = target.row(number)['workflow']['fields']
        done.add((fields['evenement_recu'], len(target.comments(number)), fields['nouvelle_vue']))
        standin.unlock(int(number))
        if not target.comments(number):  # what we look at before a second call
            target.client.hook(standin.form, number, 'message_recu', {'event_id': 'e', 'text': 'x'})
        assert [event for event in target.comments(number) if '"e"' in event] == target.comments(number)[:1]
        assert target.row(number)['workflow']['status']['id'] == 'new_message'
    # nothing done; the event kept; written in the history; all done
    assert done == {(None, 0, None), ('e', 0, None), ('e', 1, None), ('e', 1, 'e')}


def test_down_and_maintenance(target: Target, standin: StandIn) -> None:
    standin.faults.down_for(60)
    for call in (lambda: target.client.find(standin.form, 'cle', 'x'), target.client.forms):
        with pytest.raises(TemporaryError) as away:
            call()
        assert away.value.reason == 'wcs_away'
    standin.faults.down_for(0)
    assert target.client.find(standin.form, 'cle', 'x') == []
    standin.maintenance = True
    with pytest.raises(TemporaryError):
        target.client.submit(standin.form, {}, {})


def test_random_faults_follow_their_seed_and_their_rates() -> None:
    def draws(seed: int) -> list[Fault | None]:
        faults = Faults({'drop': 0.2, 'error': 0.1}, seed=seed)
        return [faults.draw(writing=True) for _ in range(2000)]

    assert draws(1) == draws(1) != draws(2)
    drawn = draws(1)
    assert 0.15 < drawn.count(Fault.DROP) / 2000 < 0.25
    assert 0.06 < drawn.count(Fault.ERROR) / 2000 < 0.14
    faults = Faults({'drop': 1.0})
    assert faults.draw(writing=False) is None


def test_the_clock_of_the_other_side_can_be_wrong() -> None:
    with StandIn(clock_offset=60) as standin:
        answer = standin_target(standin).get('api/formdefs/')
        assert answer.status_code == 403
        assert 'seconds in the past' in answer.json()['err_desc']


def test_the_number_of_calls_at_once_is_bounded() -> None:
    with StandIn(latency=0.1, workers=1) as standin:
        target = standin_target(standin)
        begin = time.monotonic()
        threads = [threading.Thread(target=target.create) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - begin >= 0.4
        assert len(standin.demands()) == 4


def test_the_control_address(standin: StandIn) -> None:
    control = standin.url + '__control__'
    order = {
        'rates': {'drop': 0.5},
        'plan': ['error', None],
        'latency': 0.2,
        'disabled': True,
        'maintenance': True,
    }
    state = requests.post(control, json=order, timeout=10).json()
    assert state == {'demands': 0, 'calls': {}, 'faults': {}, 'errors': []}
    assert standin.faults.rates == {Fault.DROP: 0.5}
    assert list(standin.faults.planned()) == [Fault.ERROR, None]
    assert (standin.wcs.latency, standin.wcs.disabled, standin.maintenance) == (0.2, True, True)
    assert requests.get(control, timeout=10).json() == state


def test_counts_for_tests(target: Target, standin: StandIn) -> None:
    number = target.create(cle='k')
    for event in ('e1', 'e2', 'e2'):
        target.client.hook(standin.form, number, 'message_recu', {'event_id': event, 'text': event})
    (demand,) = standin.demands()
    assert standin.value(demand, 'cle') == 'k'
    assert demand.events == ['e1', 'e2', 'e2']
    assert len(demand.comments) == 2
    assert demand.channel == 'social-network'
    assert standin.settings['secret'] == standin.secret


HOSTILE = '<script>alert(1)</script>"\'{{ form_number }}'


@pytest.fixture
def hostile_demand(target: Target, standin: StandIn) -> str:
    """Address of a demand whose every value tries to be markup."""
    file = {'filename': f'{HOSTILE}.png', 'content_type': 'image/png', 'content': PNG}
    page = {**file, 'filename': 'page.html', 'content_type': 'text/html'}
    data = {
        'reseau': 'Mastodon',
        'nom': HOSTILE,
        'message': HOSTILE,
        'pieces_jointes': [{'fichier': file}, {'fichier': page}],
    }
    context = {'channel': 'social-network', 'comments': HOSTILE}
    target.post(target.submit_path, {'data': data, 'context': context})
    payload = {
        'event_id': HOSTILE,
        'text': HOSTILE,
        'author': HOSTILE,
        'files': [{**file, 'content_is_base64': True}],
    }
    assert target.post(target.hook_path('1', 'message_recu'), payload).status_code == 200
    return f'{standin.url}backoffice/management/{standin.form}/1/'


def test_the_pages_show_everything_and_escape_it(standin: StandIn, hostile_demand: str) -> None:
    listing = requests.get(standin.url, timeout=10)
    demand = requests.get(hostile_demand, timeout=10)
    for answer in (listing, demand):
        assert answer.status_code == 200
        assert '<script' not in answer.text
        assert 'Réseau social' in answer.text
        assert 'Nouveau message de l&#x27;usager' in answer.text
        assert "default-src 'none'" in answer.headers['Content-Security-Policy']
    assert 'Mastodon' in listing.text
    assert requests.get(standin.url + f'{standin.form}/99/', timeout=10).status_code == 404


def test_the_files_of_a_page_can_be_opened_without_danger(hostile_demand: str) -> None:
    page = requests.get(hostile_demand, timeout=10).text
    links = [part.partition('"')[0] for part in page.split('<a href="')[2:]]
    files = [requests.get(hostile_demand + link, timeout=10) for link in links]
    types = [file.headers['Content-Type'] for file in files]
    assert types == ['image/png', 'application/octet-stream', 'image/png']
    assert files[0].content == files[2].content == base64.b64decode(PNG)
    assert files[1].headers['Content-Disposition'].startswith('attachment')
    assert {file.headers['X-Content-Type-Options'] for file in files} == {'nosniff'}
    assert requests.get(hostile_demand + 'download?f=zzz', timeout=10).status_code == 404


def test_a_button_does_what_an_agent_does(target: Target, standin: StandIn) -> None:
    number = target.create()
    page = f'{standin.url}backoffice/management/{standin.form}/{number}/'
    assert 'Prendre en charge' in requests.get(page, timeout=10).text
    answer = requests.post(page + 'action', data={'button': 'clore', '_ts': 'old'}, timeout=10)
    assert 'exécution parallèle' in answer.text
    stamp = answer.text.partition('name="_ts" value="')[2].partition('"')[0]
    answer = requests.post(page + 'action', data={'button': 'clore', '_ts': stamp}, timeout=10)
    assert answer.url == page
    assert target.row(number)['workflow']['status']['name'] == 'Clos'
    stamp = answer.text.partition('name="_ts" value="')[2].partition('"')[0]
    requests.post(page + 'action', data={'button': 'clore', '_ts': stamp}, timeout=10)
    assert target.row(number)['workflow']['status']['name'] == 'Clos'

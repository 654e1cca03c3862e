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

"""R20-R26: what w.c.s. makes of a submission, how its list finds it. Held by the stand-in and a real one."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.wcs.target import PNG, Target


def submit(wcs: Target, data: dict[str, Any], **more: Any) -> requests.Response:
    return wcs.post(wcs.submit_path, {'data': data, 'context': {'channel': 'social-network'}, **more})


def test_r20_a_submission_is_answered_with_its_addresses(wcs: Target) -> None:
    answer = submit(wcs, {'reseau': 'Messenger', 'cle': wcs.key()})
    assert answer.status_code == 200
    number = answer.json()['data']['id']
    assert answer.json() == {
        'err': 0,
        'data': {
            'id': number,
            'url': f'{wcs.url}{wcs.form}/{number}/',
            'backoffice_url': f'{wcs.url}backoffice/management/{wcs.form}/{number}/',
            'api_url': f'{wcs.url}api/forms/{wcs.form}/{number}/',
        },
    }
    row = wcs.row(number)
    assert row['submission'] == {'backoffice': False, 'channel': 'social-network'}
    assert row['workflow']['status']['id'] == 'new'
    assert [entry['status'] for entry in row['evolution']] == ['new']


def test_r21_nothing_is_idempotent(wcs: Target) -> None:
    key = wcs.key()
    assert submit(wcs, {'cle': key}).json()['data']['id'] != submit(wcs, {'cle': key}).json()['data']['id']
    assert len(wcs.rows(filter_cle=key)) == 2


@pytest.mark.parametrize(
    ('content', 'sentence'),
    [([1], 'Contenu de la requête invalide.'), ({'data': [1]}, 'Paramètre « data » invalide.')],
)
def test_content_of_a_wrong_shape_is_refused(wcs: Target, content: Any, sentence: str) -> None:
    answer = wcs.post(wcs.submit_path, content)
    assert answer.status_code == 400
    assert answer.json()['err_desc'].replace('\u00a0', ' ') == sentence


@pytest.mark.parametrize('content', [{}, {'data': {}}, {'context': {'channel': 'social-network'}}])
def test_an_empty_submission_makes_an_empty_demand(wcs: Target, content: Any) -> None:
    assert wcs.post(wcs.submit_path, content).status_code == 200


def test_only_json_is_taken_and_only_at_the_exact_address(wcs: Target) -> None:
    expected = 'JSON attendu mais pas de content-type approprié.'
    answer = requests.post(
        wcs.sign(wcs.submit_path), data='x', headers={'Content-Type': 'text/plain'}, timeout=60
    )
    assert (answer.status_code, answer.json()['err_desc']) == (400, expected)
    assert wcs.get(wcs.submit_path).status_code == 400
    assert wcs.post(wcs.submit_path + '/', {'data': {}}).status_code == 404
    assert requests.patch(wcs.sign(wcs.submit_path), json={}, timeout=60).status_code == 405


@pytest.mark.parametrize('more', [{'context': 'x'}, {'meta': ['x']}])
def test_some_wrong_shapes_crash(wcs: Target, more: dict[str, Any]) -> None:
    answer = submit(wcs, {'cle': wcs.key()}, **more)
    assert (answer.status_code, answer.json()) == (500, {'err': 1})


@pytest.mark.parametrize(
    'bad',
    [
        'a\x00b',
        'a\ud83db',
        {'filename': 'a', 'content': 12},
        {'filename': 'a', 'content_type': None, 'content': ''},
    ],
)
def test_r24_values_that_crash_leave_nothing(wcs: Target, bad: Any) -> None:
    key = wcs.key()
    data = {'message': bad} if isinstance(bad, str) else {'pieces_jointes': [{'fichier': bad}]}
    answer = submit(wcs, {'cle': key, **data})
    assert (answer.status_code, answer.json()) == (500, {'err': 1})
    assert wcs.rows(filter_cle=key) == []


def test_r24_a_block_row_that_is_not_an_object_crashes(wcs: Target) -> None:
    assert submit(wcs, {'pieces_jointes': ['abc']}).status_code == 500


@pytest.mark.parametrize(
    ('sent', 'kept'),
    [
        ({'inconnu': 'x', 'nom': 'Zoé'}, {'nom': 'Zoé'}),
        ({'3': 'par identifiant'}, {'nom': 'par identifiant'}),
        ({'nom': 12}, {'nom': '12'}),
        ({'nom': ['a', 'b']}, {'nom': "['a', 'b']"}),
        ({'nom': None}, {'nom': None}),
        ({'message': '{{ 7|add:7 }} [x] <script>'}, {'message': '{{ 7|add:7 }} [x] <script>'}),
        ({'message': 'a\x01\x1f\u202e\U0001f642'}, {'message': 'a\x01\x1f\u202e\U0001f642'}),
        ({'pieces_jointes': 'abc'}, {'pieces_jointes': None}),
    ],
)
def test_values_are_kept_without_any_check(wcs: Target, sent: dict[str, Any], kept: dict[str, Any]) -> None:
    key = wcs.key()
    assert submit(wcs, {**sent, 'cle': key}).status_code == 200
    (row,) = wcs.rows(filter_cle=key, include_fields='on')
    assert {name: row['fields'][name] or None for name in kept} == kept


def test_backoffice_fields_can_be_set_at_submission(wcs: Target) -> None:
    key = wcs.key()
    submit(wcs, {'cle': key, 'nombre_messages': '3', 'repondre_avant': 'demain'})
    (row,) = wcs.rows(filter_cle=key, include_workflow='on')
    fields = row['workflow']['fields']
    assert (fields['nombre_messages'], fields['repondre_avant']) == ('3', 'demain')


def test_r20_files_are_stored_and_those_that_cannot_be_read_are_dropped_in_silence(wcs: Target) -> None:
    key = wcs.key()
    files = [
        {'filename': 'a.png', 'content_type': 'image/png', 'content': PNG},
        {'filename': '../../etc/<b>x</b>.html', 'content_type': 'text/html', 'content': 'YQ=='},
        {'filename': 'b.txt', 'content_type': 'text/plain', 'content': 'abcde'},
        'abc',
    ]
    assert (
        submit(wcs, {'cle': key, 'pieces_jointes': [{'fichier': file} for file in files]}).status_code == 200
    )
    (row,) = wcs.rows(filter_cle=key, include_fields='on')
    found = [cell['fichier'] for cell in row['fields']['pieces_jointes_raw']]
    assert [cell and cell['filename'] for cell in found] == ['a.png', 'b_.html', None, None]
    assert found[0]['content_type'] == 'image/png'
    assert 'content' not in found[0]


def test_a_draft_is_not_listed(wcs: Target) -> None:
    key = wcs.key()
    assert submit(wcs, {'cle': key}, meta={'draft': True}).status_code == 200
    assert wcs.rows(filter_cle=key) == []


def test_r23_a_disabled_form_refuses_submissions_but_takes_hooks(wcs: Target) -> None:
    number = wcs.create()
    wcs.manage('disable')
    try:
        answer = submit(wcs, {})
        assert (answer.status_code, answer.json()['err_desc']) == (403, 'Formulaire désactivé.')
        assert wcs.post(wcs.submit_path, {}, key='wrong').json()['err_desc'] == 'Formulaire désactivé.'
        assert wcs.get(f'api/formdefs/{wcs.form}/schema').json()['disabled'] is True
        assert wcs.post(wcs.hook_path(number, 'message_recu'), {'event_id': 'a'}).status_code == 200
    finally:
        wcs.manage('enable')
    assert submit(wcs, {}).status_code == 200


def test_r21_a_demand_is_found_by_its_key_at_once(wcs: Target) -> None:
    key = f'{wcs.key()} é&<"+ %/\u202f|:007'
    number = wcs.create(cle=key)
    (row,) = wcs.rows(filter_cle=key)
    assert row['id'] == row['internal_id'] == number
    assert {'uuid', 'display_id', 'text', 'url', 'receipt_time', 'last_update_time'} <= set(row)
    assert 'fields' not in row


def test_the_filters_of_the_list(wcs: Target) -> None:
    one, two = wcs.key(), wcs.key()
    first, second = wcs.create(cle=one), wcs.create(cle=two)
    assert [row['id'] for row in wcs.rows(limit='2')] == [second, first]
    assert [row['id'] for row in wcs.rows(limit='1', offset='1')] == [first]
    assert [row['id'] for row in wcs.rows(filter_identifier=first)] == [first]
    both = wcs.rows(filter_cle=f'{one}|{two}', filter_cle_operator='in')
    assert {row['id'] for row in both} == {first, second}
    assert wcs.rows(filter_cle='') == []
    assert wcs.rows(filter_cle=one + 'x') == wcs.rows(filter_cle=one[1:]) == []
    assert [row['id'] for row in wcs.rows(filter_cle=one, filter='new')] == [first]
    assert [row['id'] for row in wcs.rows(filter_cle=one, filter='pending')] == [first]
    assert wcs.rows(filter_cle=one, filter='done') == wcs.rows(filter_cle=one, filter='zzz') == []


@pytest.mark.parametrize('name', ['inconnu', 'pieces_jointes', 'uuid', 'submission_channel'])
def test_a_filter_that_cannot_be_is_refused(wcs: Target, name: str) -> None:
    answer = wcs.get(wcs.list_path, {f'filter-{name}': 'x'})
    assert answer.status_code == 400
    assert answer.json()['err_desc'].replace('\u00a0', ' ') == f'Filtre invalide « {name} ».'


def test_a_limit_that_is_no_number_is_refused(wcs: Target) -> None:
    assert wcs.get(wcs.list_path, {'limit': 'abc'}).json()['err_code'] == 'invalid-request'


def test_r26_an_anonymised_demand_loses_its_key_and_leaves_the_list(wcs: Target) -> None:
    key = wcs.key()
    number = wcs.create(cle=key, recu_le='22/11/2026 14:32')
    wcs.post(wcs.hook_path(number, 'message_recu'), {'event_id': 'e', 'text': 'secret'})
    wcs.manage('anonymise', number)
    assert wcs.rows(filter_cle=key, include_anonymised='on') == []
    assert wcs.rows(filter_identifier=number) == []
    row = wcs.row(number)
    assert (row['fields']['nom'], row['fields']['message'], row['fields']['cle']) == (None, None, None)
    assert row['fields']['reseau'] == 'Messenger'
    assert row['workflow']['fields']['dernier_message'] is None
    assert 'data' not in row['workflow']
    assert wcs.comments(number) == []


def test_the_schema_says_all_that_a_client_needs(wcs: Target) -> None:
    schema = wcs.get(f'api/formdefs/{wcs.form}/schema').json()
    assert schema['disabled'] is False
    fields = {field.get('varname'): field for field in schema['fields']}
    assert fields['message']['type'] == 'text'
    (file,) = fields['pieces_jointes']['schema']['fields']
    assert (file['type'], file['varname']) == ('file', 'fichier')
    assert 'global-action:message_recu' in schema['workflow']['actions']
    closed = {status['id'] for status in schema['workflow']['statuses'] if status['endpoint']}
    assert closed == {'closed', 'spam'}


def test_the_list_of_forms_says_who_has_the_function(wcs: Target) -> None:
    content = wcs.get('api/formdefs/').json()
    (form,) = [form for form in content['data'] if form['slug'] == wcs.form]
    assert form['functions']['_receiver']['role']['name']

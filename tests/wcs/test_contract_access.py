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

"""R20-R26: who may call w.c.s., as a real one decides it. Held by the stand-in and by a real w.c.s."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
import requests

from tests.wcs.target import Target


def refusal(answer: requests.Response) -> str:
    """Return the sentence of a 403."""
    assert answer.status_code == 403, answer.text
    content = answer.json()
    assert content['err'] == 1
    assert content['err_code'] == 'access-denied'
    return str(content['err_desc']).replace('\u00a0', ' ')


@pytest.mark.parametrize('path', ['submit', 'list', 'schema', 'hook', 'forms'])
@pytest.mark.parametrize(
    ('how', 'sentence'),
    [
        ({'key': 'wrong'}, 'Signature invalide.'),
        ({'orig': 'nobody.example.net'}, 'Paramètre « orig » invalide.'),
        ({'orig': ''}, 'Paramètre « orig » absent ou répété.'),
        ({'algo': 'crc', 'digest': 'sha256'}, 'Valeur invalide pour « algo ».'),
        ({'algo': '', 'digest': 'sha256'}, 'Paramètre « algo » absent ou répété.'),
        ({'age': -60}, 'timestamp is more than 30 seconds in the past'),
        ({'age': 60}, 'timestamp is more than 30 seconds in the future'),
        ({'timestamp': '2026-11-22T05:35:17+00:00'}, 'Valeur invalide pour « timestamp »'),
    ],
)
def test_r23_bad_signatures_are_refused_alike_everywhere(
    wcs: Target, path: str, how: dict[str, Any], sentence: str
) -> None:
    if path in ('submit', 'hook'):
        url = wcs.submit_path if path == 'submit' else wcs.hook_path(wcs.create(), 'message_recu')
        answer = wcs.post(url, {'data': {}}, **how)
    else:
        schema = f'api/formdefs/{wcs.form}/schema'
        answer = wcs.get({'list': wcs.list_path, 'schema': schema, 'forms': 'api/formdefs/'}[path], **how)
    assert refusal(answer).startswith(sentence)


@pytest.mark.parametrize('how', [{'age': -28}, {'age': 28}, {'algo': 'sha1'}, {'algo': 'md5'}, {'nonce': ''}])
def test_weak_or_late_signatures_still_pass(wcs: Target, how: dict[str, Any]) -> None:
    assert wcs.get(wcs.list_path, {'limit': '1'}, **how).status_code == 200


def test_the_case_of_orig_does_not_count(wcs: Target) -> None:
    assert wcs.get(wcs.list_path, {'limit': '1'}, orig=wcs.orig.upper()).status_code == 200


def test_a_nonce_serves_once(wcs: Target) -> None:
    url = wcs.sign(wcs.list_path, {'limit': '1'})
    assert requests.get(url, timeout=60).status_code == 200
    assert refusal(requests.get(url, timeout=60)) == 'Nonce déjà utilisé.'


def test_without_nonce_a_url_can_be_replayed(wcs: Target) -> None:
    url = wcs.sign(wcs.list_path, {'limit': '1'}, nonce='')
    assert [requests.get(url, timeout=60).status_code for _ in range(2)] == [200, 200]


def test_what_follows_the_signature_is_used_though_not_signed(wcs: Target) -> None:
    url = wcs.sign(wcs.list_path, {'limit': '1'}) + '&email=nobody@example.org'
    assert refusal(requests.get(url, timeout=60)) == 'Valeur inconnue pour « email ».'


def test_an_unknown_form_is_404_before_the_signature_is_looked_at(wcs: Target) -> None:
    for path in ('api/formdefs/nexistepas/submit', 'api/forms/nexistepas/1/hooks/message_recu/'):
        answer = wcs.post(path, {'data': {}}, key='wrong')
        assert answer.status_code == 404
        assert answer.json()['err_code'] == 'not-found'
        assert answer.json()['err_desc'] is None


def test_bad_json_is_400_before_the_signature_and_keeps_the_nonce(wcs: Target) -> None:
    url = wcs.sign(wcs.submit_path, nonce=secrets.token_hex(8))
    json = {'Content-Type': 'application/json'}
    answer = requests.post(url, data=b'{bad', headers=json, timeout=60)
    assert answer.status_code == 400
    assert answer.json()['err_code'] == 'invalid-request'
    assert answer.json()['err_desc'].startswith('Contenu JSON invalide')
    assert requests.post(url, data=b'{"data": {}}', headers=json, timeout=60).status_code == 200


def test_unsigned_calls_are_refused(wcs: Target) -> None:
    number = wcs.create()
    submit = requests.post(wcs.url + wcs.submit_path, json={'data': {}}, timeout=60)
    assert refusal(submit) == 'Appel d’API non signé.'
    hook = requests.post(wcs.url + wcs.hook_path(number, 'message_recu'), json={}, timeout=60)
    assert refusal(hook) == 'Rôles insuffisants.'
    listing = requests.get(wcs.url + wcs.list_path, timeout=60)
    assert (listing.status_code, listing.json()['err_code']) == (401, 'access-unauthorized')


def test_a_secret_alone_lists_but_may_not_get_one_demand(wcs: Target) -> None:
    path = f'api/forms/{wcs.form}/{wcs.create()}/'
    assert refusal(wcs.get(path)) == 'Utilisateur non authentifié.'


def test_an_api_access_with_the_role_may_do_all_but_the_hooks_by_password(wcs: Target) -> None:
    if not wcs.api_user:
        pytest.skip('WCS_API_USER is not set')
    number = wcs.create()
    how: dict[str, Any] = {'orig': wcs.api_user, 'key': wcs.api_key}
    assert wcs.get(f'api/forms/{wcs.form}/{number}/', **how).json()['id'] == number
    assert wcs.post(wcs.submit_path, {'data': {}}, **how).status_code == 200
    assert wcs.post(wcs.hook_path(number, 'message_recu'), {'event_id': 'a'}, **how).status_code == 200
    password = (wcs.api_user, wcs.api_key)
    assert requests.get(wcs.url + wcs.list_path, auth=password, params={'limit': '1'}, timeout=60).ok
    hook = requests.post(wcs.url + wcs.hook_path(number, 'message_recu'), json={}, auth=password, timeout=60)
    assert refusal(hook) == 'Rôles insuffisants.'
    assert requests.post(wcs.url + wcs.submit_path, json={'data': {}}, auth=password, timeout=60).ok


def test_backoffice_submission_needs_a_user(wcs: Target) -> None:
    answer = wcs.post(wcs.submit_path, {'data': {}, 'meta': {'backoffice-submission': True}})
    assert refusal(answer) == 'Utilisateur non authentifié.'

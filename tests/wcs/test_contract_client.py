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

"""R20-R26: our client against the contract. Held by the stand-in and a real w.c.s."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publik_socialmedia.errors import ConfigurationError, OutcomeUnknown, PermanentError, TemporaryError
from publik_socialmedia.wcs import bundle, signature
from publik_socialmedia.wcs.client import Client
from publik_socialmedia.wcs.inspection import inspect
from tests.wcs.target import PNG, Target

FILE = {'filename': 'a<img src=x>"é".png', 'content_type': 'image/png', 'content': PNG}
CONTEXT = {'channel': 'social-network', 'comments': 'Messenger'}


def test_r20_submit_find_and_follow(wcs: Target) -> None:
    client, key = wcs.client, wcs.key()
    data = {'reseau': 'Messenger', 'nom': 'Zoé', 'cle': key, 'pieces_jointes': [{'fichier': FILE}]}
    created = client.submit(wcs.form, data, CONTEXT)
    assert created.url == f'{wcs.url}{wcs.form}/{created.id}/'
    (found,) = client.find(wcs.form, 'cle', key)
    assert (found.id, found.status_id, found.status_name) == (created.id, 'new', 'Nouveau')
    assert (found.api_url, found.backoffice_url) == (created.api_url, created.backoffice_url)
    assert (found.closed, found.anonymised, found.comments) == (False, False, ())
    assert found.fields['nom'] == 'Zoé'
    assert found.fields['pieces_jointes'] == 'a_img src=x_é_.png'
    payload = {'event_id': 'e1', 'message_id': 'm2', 'text': 'suite', 'files': [FILE, FILE]}
    client.hook(wcs.form, created.id, 'message_recu', payload)
    (found,) = client.find(wcs.form, 'cle', key)
    assert (found.status_id, found.workflow_fields['dernier_message']) == ('new_message', 'suite')
    assert found.workflow_fields['evenement_recu'] == 'e1'
    assert 'data-evenement="e1"' in found.comments[0]
    assert found.workflow_data['message_recu']['event_id'] == 'e1'
    (light,) = client.find(wcs.form, 'cle', key, payloads=False)
    assert (light.workflow_data, light.comments) == ({}, found.comments)
    if wcs.api_user:
        assert [name for name, _ in wcs.file_names(created.id)] == ['a_img src=x_é_.png'] * 2


def test_find_returns_the_newest_first_and_nothing_for_an_unknown_value(wcs: Target) -> None:
    key = wcs.key()
    numbers = [wcs.create(cle=key), wcs.create(cle=key)]
    assert [found.id for found in wcs.client.find(wcs.form, 'cle', key)] == numbers[::-1]
    assert wcs.client.find(wcs.form, 'cle', 'inconnu') == wcs.client.find(wcs.form, 'cle', '') == []


def test_r26_get_tells_closed_anonymised_and_deleted(wcs: Target) -> None:
    number = wcs.create(nom='Zoé')
    found = wcs.client.get(wcs.form, number)
    assert found is not None
    assert (found.closed, found.anonymised, found.fields['nom']) == (False, False, 'Zoé')
    wcs.manage('close', number)
    found = wcs.client.get(wcs.form, number)
    assert found is not None
    assert (found.closed, found.anonymised, found.status_id) == (True, False, 'closed')
    wcs.manage('anonymise', number)
    found = wcs.client.get(wcs.form, number)
    assert found is not None
    assert (found.closed, found.anonymised, found.fields['nom']) == (True, True, None)
    wcs.manage('delete', number)
    assert wcs.client.get(wcs.form, number) is None


def test_r26_a_hook_tells_a_deleted_demand_from_an_unknown_action(wcs: Target) -> None:
    number = wcs.create()
    with pytest.raises(ConfigurationError) as unknown:
        wcs.client.hook(wcs.form, number, 'nexistepas', {})
    assert unknown.value.reason == 'wcs_hook_unknown'
    wcs.manage('delete', number)
    with pytest.raises(PermanentError) as gone:
        wcs.client.hook(wcs.form, number, 'message_recu', {'event_id': 'e'})
    assert gone.value.reason == 'wcs_demand_gone'


def calls(client: Client, form: str, number: str) -> dict[str, Callable[[], Any]]:
    return {
        'submit': lambda: client.submit(form, {}, {}),
        'hook': lambda: client.hook(form, number, 'message_recu', {}),
        'find': lambda: client.find(form, 'cle', 'x'),
        'schema': lambda: client.schema(form, fresh=True),
        'forms': client.forms,
    }


@pytest.mark.parametrize('call', ['submit', 'hook', 'find', 'schema', 'forms'])
@pytest.mark.parametrize('wrong', [{'secret': 'wrong'}, {'orig': 'nobody.example.net'}])
def test_r23_a_wrong_secret_is_named(wcs: Target, call: str, wrong: dict[str, Any]) -> None:
    number = wcs.create()
    client = Client(replace(wcs.client.site, **wrong), timeout=60)
    with pytest.raises(ConfigurationError) as refused:
        calls(client, wcs.form, number)[call]()
    assert refused.value.reason == 'wcs_secret'
    assert 'wrong' not in str(refused.value)


@pytest.mark.parametrize('call', ['submit', 'hook', 'find', 'schema', 'forms'])
@pytest.mark.parametrize('offset', [-60, 60])
def test_r23_a_clock_off_by_a_minute_is_named(
    wcs: Target, call: str, offset: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, sign = wcs.create(), signature.sign_query
    moment = datetime.now(UTC) + timedelta(seconds=offset)
    monkeypatch.setattr(signature, 'sign_query', lambda query, **keys: sign(query, **{**keys, 'now': moment}))
    with pytest.raises(ConfigurationError) as refused:
        calls(wcs.client, wcs.form, number)[call]()
    assert refused.value.reason == 'wcs_clock'


@pytest.mark.parametrize('call', ['submit', 'hook', 'find', 'schema'])
def test_r23_an_unknown_form_is_named(wcs: Target, call: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        calls(wcs.client, 'nexistepas', '1')[call]()
    assert refused.value.reason == 'wcs_form_unknown'


def test_r23_a_disabled_form_is_named(wcs: Target) -> None:
    wcs.manage('disable')
    try:
        with pytest.raises(ConfigurationError) as refused:
            wcs.client.submit(wcs.form, {}, {})
        assert refused.value.reason == 'wcs_form_disabled'
        assert [finding.reason for finding in inspect(wcs.client, wcs.form)] == ['wcs_form_disabled']
    finally:
        wcs.manage('enable')


def test_r23_a_form_without_the_key_is_named(wcs: Target) -> None:
    with pytest.raises(ConfigurationError) as refused:
        wcs.client.find(wcs.form, 'nexistepas', 'x')
    assert refused.value.reason == 'wcs_form_key'


def test_r22_a_demand_being_processed_is_busy_and_a_crash_of_unknown_outcome(wcs: Target) -> None:
    number = wcs.create()
    with pytest.raises(OutcomeUnknown) as crashed:
        wcs.client.hook(wcs.form, number, 'message_recu', {'event_id': 'e', 'text': 'a\x00b'})
    assert crashed.value.reason == 'wcs_crashed'
    with pytest.raises(TemporaryError) as busy:
        wcs.client.hook(wcs.form, number, 'message_recu', {'event_id': 'e', 'text': 'ab'})
    assert (busy.value.reason, busy.value.retry_after) == ('wcs_busy', 5)
    assert not isinstance(busy.value, OutcomeUnknown)


def test_the_bundle_imports_and_the_site_then_passes_inspection(wcs: Target) -> None:
    job = wcs.client.import_bundle(bundle.build('1.0'))
    assert (job.done, job.status, job.failure) == (True, 'completed', '')
    schema = wcs.client.schema(wcs.form, fresh=True)
    assert set(bundle.HOOKS) <= schema.hooks
    assert schema.fields['pieces_jointes'].subfields['fichier'].type == 'file'
    assert schema.accepts('dernier_message') and not schema.accepts('nexistepas')
    assert inspect(wcs.client, wcs.form) == []


def test_a_broken_bundle_is_a_failed_job(wcs: Target) -> None:
    job = wcs.client.import_bundle(b'this is not a tar')
    assert (job.done, job.status) == (False, 'failed')
    assert job.failure


def test_the_schema_is_remembered_and_read_again_after_a_refusal(wcs: Target) -> None:
    client = wcs.client
    first = client.schema(wcs.form, fresh=True)
    assert client.schema(wcs.form) is first
    wcs.manage('disable')
    try:
        assert client.schema(wcs.form).disabled is False
        with pytest.raises(ConfigurationError):
            client.submit(wcs.form, {}, {})
        assert client.schema(wcs.form).disabled is True
    finally:
        wcs.manage('enable')
        client.forget(wcs.form)

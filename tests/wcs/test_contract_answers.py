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

"""R9, R32, R33: what the workflow does of late files, of the fate of answers and of the end of the time to
answer. Held by the stand-in and by a real w.c.s.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.wcs.target import Target
from tests.wcs.test_contract_hooks import FILES, hook, put_in, state

ANSWERED = {'message_id': 'a', 'date': 'hier', 'reason': '', 'reason_code': ''}


@pytest.mark.parametrize('status', ['new', 'waiting', 'closed'])
@pytest.mark.parametrize('identifier', ['piece_jointe_recue', 'message_modifie'])
def test_r9_late_files_are_shown_and_reopen_nothing(wcs: Target, identifier: str, status: str) -> None:
    number = wcs.create()
    put_in(wcs, number, status)
    hook(wcs, number, identifier, 'e2', text='photos', author='Zoé', date='hier', files=FILES)
    assert state(wcs, number)[0] == status
    assert 'photos' in state(wcs, number)[2][-1]
    if wcs.api_user:
        assert [name for name, _ in wcs.file_names(number)] == ['un.png', 'deux.png', 'trois.png']
    # the files of one event are not those of the next
    hook(wcs, number, 'message_efface', 'e3', message_id='m1')
    if wcs.api_user:
        assert len(wcs.file_names(number)) == 3


@pytest.mark.parametrize(
    ('payload', 'expected'),
    [
        ({'state': 'failed', 'kind': 'answer', 'reason': 'refus', 'reason_code': 'blocked'}, 'failed'),
        ({'state': 'failed', 'kind': 'answer', 'reason': 'délai', 'reason_code': 'window'}, 'window_closed'),
        ({'state': 'failed', 'kind': 'acknowledgement', 'reason': 'refus', 'reason_code': 'blocked'}, 'new'),
        ({'state': 'failed', 'kind': '', 'reason': 'refus', 'reason_code': 'blocked'}, 'new'),
        ({'state': 'queued', 'kind': 'answer', 'reason': 'compte en pause'}, 'new'),
        ({'state': 'sent', 'kind': 'answer', 'reply': '1'}, 'new'),
    ],
)
def test_r33_where_the_state_of_an_answer_leads(wcs: Target, payload: dict[str, Any], expected: str) -> None:
    number = wcs.create()
    hook(wcs, number, 'etat_envoi', 'e1', **{**ANSWERED, **payload})
    assert state(wcs, number)[0] == expected


def test_r33_an_acknowledgement_is_not_the_answer_of_an_agent(wcs: Target) -> None:
    number = wcs.create()
    hook(wcs, number, 'etat_envoi', 'e1', state='sent', kind='acknowledgement', text='Bien reçu', date='hier')
    _, fields, comments = state(wcs, number)
    assert not fields['etat_envoi']
    assert 'Accusé de réception envoyé, le hier' in comments[-1] and 'Bien reçu' in comments[-1]


@pytest.mark.parametrize(
    ('status', 'stage', 'expected'),
    [
        ('new', 'closing', 'new'),
        ('new', 'closed', 'window_closed'),
        ('new_message', 'closed', 'window_closed'),
        ('waiting', 'closed', 'waiting'),
        ('closed', 'closed', 'closed'),
    ],
)
def test_r32_the_end_of_the_time_to_answer(wcs: Target, status: str, stage: str, expected: str) -> None:
    number = wcs.create()
    put_in(wcs, number, status)
    hook(wcs, number, 'fenetre_fermee', 'e9', state=stage, reply_before='demain', template=True)
    found, fields, comments = state(wcs, number)
    assert (found, fields['repondre_avant'], fields['modele']) == (expected, 'demain', 'oui')
    assert 'répondre' in comments[-1]
    # a message opens it again, from wherever it was
    hook(wcs, number, 'message_recu', 'e10', text='x', reply_before='')
    found, fields, _ = state(wcs, number)
    assert (found, fields['repondre_avant'] or '') == ('new_message', '')

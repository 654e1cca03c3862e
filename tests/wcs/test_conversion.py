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

"""The citizen's files, given again to another form that a message becomes."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from publik_socialmedia.errors import PermanentError
from publik_socialmedia.models import Attachment
from publik_socialmedia.wcs import choices, mapping, model
from publik_socialmedia.wcs.client import Client, Field, Schema
from tests.factory import make_account, write
from tests.wcs.panel_scene import attach, bind

pytestmark = pytest.mark.django_db

ONE, TWO, AGENTS = b'first photograph', b'second photograph', b'the letter of an agent'


def schema(**fields: Field) -> Schema:
    return Schema('f', 'F', False, fields, '', {}, frozenset(), {})


def held(*contents: bytes) -> list[model.Content]:
    return [model.Content(f'{place}.jpg', 'image/jpeg', content) for place, content in enumerate(contents)]


def told(*contents: bytes) -> list[mapping.Told]:
    """A message whose files w.c.s. has."""
    message = write(make_account())
    for content in contents:
        digest = hashlib.sha256(content).hexdigest()
        attach(message, content, mimetype='image/jpeg', details={'sha256': digest})
    Attachment.objects.update(state='given', storage='')
    return mapping.load([message])


FILE = Field('photo', 'file', 'Photo', False)
BLOCK = Field(
    'pieces_jointes', 'block', 'Pièces', False, subfields={'f': Field('f', 'file', 'Fichier', False)}
)


def test_a_block_takes_all_of_them_in_their_order():
    value, left = mapping.known_files(told(ONE, TWO), schema(pieces_jointes=BLOCK), held(TWO, AGENTS, ONE))
    (rows,) = value.values()
    assert [base64.b64decode(row['f']['content']) for row in rows] == [ONE, TWO] and left == 0


def test_a_field_takes_one_and_the_other_is_told():
    value, left = mapping.known_files(told(ONE, TWO), schema(photo=FILE), held(ONE, TWO))
    assert base64.b64decode(value['photo']['content']) == ONE and left == 1


@pytest.mark.parametrize('fields', [{}, {'photo': Field('photo', 'string', 'Photo', False)}, {'autre': FILE}])
def test_a_form_that_has_no_such_field(fields: dict[str, Field]):
    assert mapping.known_files(told(ONE, TWO), schema(**fields), held(ONE, TWO)) == ({}, 2)


def test_what_agents_attached_is_never_taken():
    assert mapping.known_files(told(ONE), schema(photo=FILE), held(AGENTS)) == ({}, 1)
    assert mapping.known_files(told(), schema(photo=FILE), held(AGENTS)) == ({}, 0)


def test_no_more_than_a_call_holds(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mapping, 'MAX_CALL', len(ONE))
    value, left = mapping.known_files(told(ONE, TWO), schema(pieces_jointes=BLOCK), held(ONE, TWO))
    assert len(value['pieces_jointes']) == 1 and left == 1


def test_files_that_cannot_be_read_do_not_keep_the_form_from_being_opened(monkeypatch: pytest.MonkeyPatch):
    def refuses(*_args: Any, **_how: Any) -> None:
        raise PermanentError('wcs_right')

    monkeypatch.setattr(Client, 'files', refuses)
    found = told(ONE)
    demand = bind(found[0].message)
    assert choices._contents(Client.__new__(Client), demand, 'agent@example.org', found) == []


def test_what_w_c_s_gives_is_read_whatever_its_shape():
    text = base64.encodebytes(ONE).decode()
    data = {
        'fields': {
            'a': {'filename': 'a.jpg', 'content_type': 'image/jpeg', 'content': text},
            'b_raw': [{'nom': 'x', 'f': {'filename': 'b.jpg', 'content': text}}, {'f': None}],
            'c': 'text', 'd': None, 'e': {'filename': 'e.jpg'}, 'g': {'filename': 'g', 'content': '='},
        },
        'evolution': [{'parts': [{'type': 'workflow-comment', 'content': 'x'}]}, {},
                      {'parts': [{'filename': 'h.pdf', 'content': text}]}],
    }  # fmt: skip
    found = [item.filename for item in model.read_contents(data) if item.content == ONE]
    assert found == ['a.jpg', 'b.jpg', 'h.pdf']

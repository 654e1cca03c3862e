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

"""R20, R50: the bundle is well formed, names no role, and opens nothing to the unsigned."""

from __future__ import annotations

import io
import json
import tarfile

import pytest
from django.template import Engine
from lxml import etree

from publik_socialmedia.wcs import bundle

FORM_FIELDS = {
    'reseau': 'string',
    'compte': 'string',
    'nom': 'string',
    'identifiant': 'string',
    'lien': 'string',
    'objet': 'string',
    'message': 'text',
    'pieces_jointes': 'block',
    'recu_le': 'string',
    'cle': 'string',
}
PERSONAL = {'nom', 'identifiant', 'lien', 'objet', 'message', 'pieces_jointes', 'cle', 'fichier'}
PERSONAL |= {'dernier_message', 'dernier_message_id', 'etat_envoi'}
STATUSES = ['Nouveau', 'En cours', "Nouveau message de l'usager", "En attente de l'usager", 'Clos']


@pytest.fixture(scope='module')
def trees() -> dict[str, etree._Element]:
    return {item.type: etree.fromstring(item.xml) for item in bundle.elements()}


def test_the_elements_come_after_those_they_refer_to(trees: dict[str, etree._Element]) -> None:
    assert [(item.type, item.slug) for item in bundle.elements()] == [
        ('forms-categories', 'relation-usagers'),
        ('workflows-categories', 'reseaux-sociaux'),
        ('blocks', 'piece_jointe_message'),
        ('workflows', bundle.WORKFLOW),
        ('forms', bundle.FORM),
    ]
    roots = {kind: tree.tag for kind, tree in trees.items()}
    assert roots == {
        'forms-categories': 'category',
        'workflows-categories': 'workflow_category',
        'blocks': 'block',
        'workflows': 'workflow',
        'forms': 'formdef',
    }


def test_slugs_and_references_agree(trees: dict[str, etree._Element]) -> None:
    form, workflow = trees['forms'], trees['workflows']
    assert form.findtext('url_name') == bundle.FORM
    assert workflow.findtext('slug') == form.find('workflow').get('slug') == bundle.WORKFLOW
    assert form.find('workflow').text == workflow.findtext('name') == 'Message reçu sur un réseau social'
    assert form.find('category').get('slug') == trees['forms-categories'].findtext('url_name')
    assert workflow.find('category').get('slug') == trees['workflows-categories'].findtext('url_name')
    assert form.findtext('.//block_slug') == trees['blocks'].findtext('slug')


def test_the_tar_holds_the_manifest_and_the_elements() -> None:
    with tarfile.open(fileobj=io.BytesIO(bundle.build('2.1'))) as tar:
        manifest = json.loads(tar.extractfile('manifest.json').read())
        names = tar.getnames()
    assert manifest['version_number'] == '2.1'
    assert manifest['slug'] == bundle.SLUG
    listed = [f'{item["type"]}/{item["slug"]}' for item in manifest['elements']]
    assert names == ['manifest.json', *listed]
    assert all(item['name'] for item in manifest['elements'])
    assert bundle.build('2.1') == bundle.build('2.1')


def test_the_form_has_the_fields_that_we_fill(trees: dict[str, etree._Element]) -> None:
    fields = {
        item.findtext('varname'): item.findtext('type') for item in trees['forms'].findall('fields/field')
    }
    assert fields == FORM_FIELDS
    workflow_fields = {
        item.findtext('varname') for item in trees['workflows'].findall('backoffice-fields//field')
    }
    assert workflow_fields >= {
        'dernier_message',
        'dernier_message_id',
        'dernier_message_le',
        'nombre_messages',
        'etat_envoi',
        'repondre_avant',
    }


def test_r51_personal_fields_are_anonymised(trees: dict[str, etree._Element]) -> None:
    modes = {
        item.findtext('varname'): item.findtext('anonymise')
        for tree in trees.values()
        for item in tree.iter('field')
        if item.find('varname') is not None
    }
    assert {name for name in PERSONAL if modes[name] != 'final'} == set()
    assert {name for name, mode in modes.items() if mode == 'no'} == {
        'reseau',
        'compte',
        'recu_le',
        'dernier_message_le',
        'nombre_messages',
        'repondre_avant',
    }


def test_only_functions_are_named_never_roles(trees: dict[str, etree._Element]) -> None:
    roles = {item.get('role_id') for item in trees['workflows'].iter('item') if item.get('role_id')}
    assert roles == {'_receiver', '_signed_calls'}
    assert [item.get('id') for item in trees['workflows'].findall('roles/role')] == ['_receiver']
    for name in ('roles', 'user-roles', 'backoffice-submission-roles'):
        assert len(trees['forms'].find(name)) == 0
    assert 'roles' not in {item.type for item in bundle.elements()}


def test_r1_each_hook_takes_signed_calls_only(trees: dict[str, etree._Element]) -> None:
    triggers = trees['workflows'].findall('global_actions/action/triggers/trigger')
    assert tuple(item.findtext('identifier') for item in triggers) == bundle.HOOKS
    for trigger in triggers:
        assert trigger.get('type') == 'webservice'
        assert [item.get('role_id') for item in trigger.findall('roles/item')] == ['_signed_calls']


def test_the_statuses_are_there_and_only_the_last_one_ends(trees: dict[str, etree._Element]) -> None:
    statuses = trees['workflows'].findall('possible_status/status')
    assert [item.findtext('name') for item in statuses] == STATUSES
    assert [item.findtext('forced_endpoint') for item in statuses] == [None] * 4 + ['true']


def test_every_jump_leads_somewhere_and_conditions_name_real_statuses(
    trees: dict[str, etree._Element],
) -> None:
    workflow = trees['workflows']
    known = {item.findtext('id') for item in workflow.findall('possible_status/status')}
    assert {item.text for item in workflow.iterfind('.//item/status')} <= known
    named = {
        value.text.partition('form_status == ')[2].strip('"')
        for value in workflow.iterfind('.//condition/value')
        if 'form_status ==' in value.text
    }
    assert named == set(STATUSES)


def test_an_action_that_writes_is_conditional_on_a_new_event(trees: dict[str, etree._Element]) -> None:
    """R21: a call repeated writes nothing."""
    writing = ('register-comment', 'set-backoffice-fields')
    items = [item for item in trees['workflows'].iter('item') if item.get('type') in writing]
    assert len(items) == 14
    for item in items:
        assert '_event_id != form_var_evenement_' in item.findtext('condition/value')


def test_ids_are_unique_and_texts_compile(trees: dict[str, etree._Element]) -> None:
    for tree in trees.values():
        for fields in tree.iter('fields'):
            ids = [item.findtext('id') for item in fields.findall('field') if item.find('id') is not None]
            assert len(ids) == len(set(ids))
    engine = Engine()
    for tag in ('comment', 'value', 'attachment', 'template'):
        for element in trees['workflows'].iter(tag):
            text = element.text
            if element.getparent().tag == 'condition':
                text = '{% if ' + text + ' %}x{% endif %}'
            engine.from_string(text)


def test_texts_never_switch_escaping_off() -> None:
    for item in bundle.elements():
        text = item.xml.decode()
        assert '|safe' not in text
        assert 'autoescape' not in text

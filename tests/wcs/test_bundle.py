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
import re
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
#: Those that hold nothing of a person; all others are emptied by an anonymisation.
IMPERSONAL = {'reseau', 'compte', 'recu_le', 'dernier_message_le', 'nombre_messages', 'repondre_avant'}
IMPERSONAL |= {'limite', 'langue', 'date_enregistrement', 'date_accuse', 'date_silence', 'modele'}
IMPERSONAL |= {'nouvelle_type', 'envoi_type', 'envoi_numero', 'envoi_cle', 'envoi_transmis', 'envoi_affiche'}
IMPERSONAL |= {'envoi_repris', 'reponses_vues', 'modeles_vus'}
IMPERSONAL |= {'service_precedent', 'service_precedent_nom', 'service_suivant'}
STATUSES = {
    'new': 'Nouveau',
    'to_qualify': 'À qualifier',
    'in_progress': 'En cours',
    'sending': "Réponse en cours d'envoi",
    'refused': 'Réponse refusée',
    'unreached': "Service d'envoi injoignable",
    'returning': 'Retour au service précédent',
    'waiting': "En attente de l'usager",
    'new_message': "Nouveau message de l'usager",
    'failed': "Échec d'envoi",
    'window_closed': 'Fenêtre de réponse fermée',
    'spam': 'Indésirable',
    'closed': 'Clos',
}
HIDDEN = {'refused', 'unreached', 'returning'}
#: Where each button of an agent leads, by status.
BUTTONS = {
    'new': {'Prendre en charge', 'Indésirable', 'Clore sans réponse'},
    'in_progress': {
        'Envoyer la réponse',
        "Mettre en attente de l'usager",
        'Indésirable',
        'Clore sans réponse',
    },
    'failed': {'Réessayer', 'Modifier la réponse', 'Clore sans réponse'},
    'closed': {'Réouvrir'},
}
GLOBAL_BUTTONS = [
    'Note interne',
    'Réorienter vers un service',
    'Transformer en démarche',
    'Rattacher à une demande existante',
    'Clore avec un dernier mot',
]
#: What w.c.s. itself gives to the texts of a demand, besides its fields, forms, payloads and answers.
GIVEN = {'form_number_raw', 'form_uuid', 'form_status', 'form_backoffice_url', 'session_user_email'}
GIVEN |= {'session_user_display_name', 'form_role_receiver_name', 'form_role_receiver_role_slugs'}


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
        item.findtext('varname'): item.findtext('type')
        for item in trees['forms'].findall('fields/field')
        if item.findtext('type') != 'page'
    }
    assert fields == FORM_FIELDS
    workflow_fields = {
        item.findtext('varname') for item in trees['workflows'].findall('backoffice-fields//field')
    }
    shown = {'dernier_message', 'dernier_message_id', 'dernier_message_le', 'nombre_messages', 'etat_envoi'}
    shown |= {'repondre_avant', 'limite', 'langue', 'date_enregistrement', 'date_accuse', 'date_silence'}
    assert workflow_fields >= shown | {'adresse_service', 'modele', 'demarche', 'demande_liee', 'motif'}


def test_nobody_fills_the_form_by_hand(trees: dict[str, etree._Element]) -> None:
    """Who could set the address of our service would be sent the answers of agents."""
    page = trees['forms'].find('fields/field')
    assert page.findtext('type') == 'page'
    assert page.findtext('post_conditions/post_condition/condition/value') == 'False'
    assert 'adresse_service' not in FORM_FIELDS


def test_r51_personal_fields_are_anonymised(trees: dict[str, etree._Element]) -> None:
    modes = {
        item.findtext('varname'): item.findtext('anonymise')
        for tree in trees.values()
        for item in tree.iter('field')
        if item.find('varname') is not None
    }
    assert {name for name, mode in modes.items() if mode == 'no'} == IMPERSONAL
    assert {mode for name, mode in modes.items() if name not in IMPERSONAL} == {'final'}


def test_only_functions_are_named_never_roles(trees: dict[str, etree._Element]) -> None:
    """w.c.s. takes a name without « _ » for a role: it would make one, or refuse the whole bundle."""
    named = {item.get('role_id') for item in trees['workflows'].iter('item') if item.get('role_id')}
    functions = {item.get('id') for item in trees['workflows'].findall('roles/role')}
    assert functions == {'_receiver', '_community_manager'}
    assert named == functions | {'_signed_calls'}
    keys = {item.text for item in trees['workflows'].iter('role_key')}
    assert keys == {'_receiver'}
    for name in ('roles', 'user-roles', 'backoffice-submission-roles'):
        assert len(trees['forms'].find(name)) == 0
    assert 'roles' not in {item.type for item in bundle.elements()}


def test_r1_each_hook_takes_signed_calls_only(trees: dict[str, etree._Element]) -> None:
    triggers = trees['workflows'].findall("global_actions/action/triggers/trigger[@type='webservice']")
    assert tuple(item.findtext('identifier') for item in triggers) == bundle.HOOKS
    for trigger in triggers:
        assert [item.get('role_id') for item in trigger.findall('roles/item')] == ['_signed_calls']


def test_the_buttons_are_for_agents(trees: dict[str, etree._Element]) -> None:
    triggers = trees['workflows'].findall("global_actions/action/triggers/trigger[@type='manual']")
    names = [trigger.getparent().getparent().findtext('name') for trigger in triggers]
    assert names == GLOBAL_BUTTONS
    agents = ['_receiver', '_community_manager']
    for place in [*triggers, *trees['workflows'].iterfind(".//item[@type='choice']")]:
        roles = place.find('roles') if place.tag == 'trigger' else place.find('by')
        assert [item.get('role_id') for item in roles] == agents
    for status, expected in BUTTONS.items():
        found = trees['workflows'].find(f"possible_status/status[id='{status}']")
        assert {item.text for item in found.iterfind("items/item[@type='choice']/label")} == expected


def test_the_statuses_are_there_and_two_end(trees: dict[str, etree._Element]) -> None:
    statuses = trees['workflows'].findall('possible_status/status')
    assert {item.findtext('id'): item.findtext('name') for item in statuses} == STATUSES
    ends = {item.findtext('id') for item in statuses if item.findtext('forced_endpoint') == 'true'}
    assert ends == {'spam', 'closed'}
    hidden = {item.findtext('id') for item in statuses if item.findtext('visibility/role') == '__hidden__'}
    assert hidden == HIDDEN
    for item in statuses:
        # nobody must be left in a status that shows nothing to do
        last = item.findall('items/item')[-1]
        assert last.get('type') == ('jump' if item.findtext('id') in HIDDEN else 'choice')


def test_every_jump_leads_somewhere_and_conditions_name_real_statuses(
    trees: dict[str, etree._Element],
) -> None:
    workflow = trees['workflows']
    assert {item.text for item in workflow.iterfind('.//item/status')} <= set(STATUSES)
    errors = {item.text for item in workflow.iter() if str(item.tag).startswith('action_on_')}
    assert errors == {':pass', 'refused', 'unreached'}
    assert {item.text for item in workflow.iter('statuse')} <= set(STATUSES)
    named: set[str] = set()
    for value in workflow.iterfind('.//condition/value'):
        for words in re.findall(r'form_status (?:==|!=|in) "([^"]+)"', value.text):
            named |= set(words.split('|'))
    assert named == {name for key, name in STATUSES.items() if key not in HIDDEN}


def test_r21_what_a_hook_does_is_conditional_on_a_new_event(trees: dict[str, etree._Element]) -> None:
    """A call repeated writes nothing and moves nothing."""
    for action in trees['workflows'].findall('global_actions/action'):
        trigger = action.find('triggers/trigger')
        if trigger.get('type') != 'webservice' or trigger.findtext('identifier') == 'verification':
            continue
        items = action.findall('items/item')
        assert {item.get('type') for item in items} == {'set-backoffice-fields', 'jump'}
        for item in items:
            condition = item.findtext('condition/value')
            assert re.search('_event_id != form_var_evenement_|nouvelle_id [!=]= ', condition), condition


def test_r25_each_status_that_is_seen_writes_the_news(trees: dict[str, etree._Element]) -> None:
    for status in trees['workflows'].findall('possible_status/status'):
        news = [
            item
            for item in status.findall("items/item[@type='register-comment']")
            if 'nouvelle_id != form_var_nouvelle_vue' in item.findtext('condition/value')
        ]
        assert len(news) == (0 if status.findtext('id') in HIDDEN else 5)


def test_r50_what_is_internal_is_for_agents_only(trees: dict[str, etree._Element]) -> None:
    for kind in ('register-comment', 'displaymsg'):
        for item in trees['workflows'].iterfind(f".//item[@type='{kind}']"):
            assert [role.get('role_id') for role in item.findall('to/item')] == [
                '_receiver',
                '_community_manager',
            ]


def test_every_variable_exists(trees: dict[str, etree._Element]) -> None:
    workflow = trees['workflows']
    fields = {f'form_var_{name}' for name in workflow_names(trees)}
    fields |= {f'{name}_raw' for name in fields}
    forms = {}
    for item in workflow.iterfind(".//item[@type='form']"):
        names = {name.text for name in item.iterfind('formdef/fields/field/varname')}
        forms[f'form_workflow_form_{item.findtext("varname")}'] = names
    calls = {item.findtext('varname') for item in workflow.iterfind(".//item[@type='webservice_call']")}
    payloads = tuple(f'form_workflow_data_{name}_' for name in (*bundle.HOOKS, *calls))
    known = fields | GIVEN | set(forms)
    for form, names in forms.items():
        known |= {f'{form}_var_{name}' for name in names} | {f'{form}_var_{name}_raw' for name in names}
    texts = [element.text or '' for tree in trees.values() for element in tree.iter() if element.text]
    used = set(re.findall(r'\b(?:form|session)_[a-z_0-9]+\b', ' '.join(t for t in texts if 'form_' in t)))
    unknown = {name for name in used - known if not name.startswith(payloads)}
    assert unknown == set()


def workflow_names(trees: dict[str, etree._Element]) -> set[str]:
    return {
        item.text
        for tree in (trees['forms'], trees['workflows'].find('backoffice-fields'))
        for item in tree.iterfind('.//field/varname')
    }


def test_r31_what_the_signature_must_cover_is_in_the_query(trees: dict[str, etree._Element]) -> None:
    for item in trees['workflows'].iterfind(".//item[@type='webservice_call']"):
        query = {name.text for name in item.iterfind('qs_data/item/name')}
        body = {name.text for name in item.iterfind('post_data/item/name')}
        assert {'uuid', 'number', 'reply'} <= query <= body


def test_sources_survive_a_round_trip() -> None:
    for item in bundle.elements():
        tree = etree.fromstring(item.xml)
        again = etree.tostring(tree, xml_declaration=True, encoding='utf-8') + b'\n'
        assert again == item.xml


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

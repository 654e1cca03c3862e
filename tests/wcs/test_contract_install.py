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

"""R40: installing and upgrading the form and the workflow. Held by the stand-in and by a real w.c.s."""

from __future__ import annotations

from collections import Counter

import pytest
from lxml import etree

from publik_socialmedia.wcs import bundle, installation
from publik_socialmedia.wcs.client import Client
from tests.wcs.target import Target

NAMES = {'forms': bundle.FORM, 'workflows': bundle.WORKFLOW, 'blocks': 'piece_jointe_message'}
#: What w.c.s. says where it is not said, and what is of this site only.
_LOCAL = {'user-roles', 'backoffice-submission-roles', 'roles', 'disabled'}


def facts(tree: etree._Element, path: str = '') -> Counter[tuple[str, str]]:
    """Return the path and text of each element, without what is local to a site."""
    found: Counter[tuple[str, str]] = Counter()
    kind = tree.get('type', '') if tree.tag in ('item', 'trigger') else ''
    here = f'{path}/{tree.tag}{kind}'
    if tree.tag in _LOCAL and path == '/formdef':
        return found
    text = (tree.text or '').strip()
    if text or len(tree) == 0:
        found[here, text] += 1
    for child in tree:
        found += facts(child, here)
    return found


@pytest.mark.parametrize('kind', sorted(NAMES))
def test_nothing_is_dropped_by_an_import(wcs: Target, kind: str) -> None:
    """Each role, status, field, condition and text that we give is there when w.c.s. gives it back."""
    installation.install(wcs.client)
    ours = next(item.xml for item in bundle.elements() if item.type == kind)
    given = facts(etree.fromstring(ours))
    kept = facts(etree.fromstring(wcs.client.read_element(kind, NAMES[kind])))
    assert given - kept == Counter()


def test_references_keep_their_targets(wcs: Target) -> None:
    form = etree.fromstring(wcs.client.read_element('forms', bundle.FORM))
    assert form.find('workflow').get('slug') == bundle.WORKFLOW
    assert form.findtext('.//block_slug') == 'piece_jointe_message'
    workflow = etree.fromstring(wcs.client.read_element('workflows', bundle.WORKFLOW))
    statuses = {item.findtext('id') for item in workflow.findall('possible_status/status')}
    assert {item.text for item in workflow.iterfind('.//item/status')} <= statuses
    functions = {item.get('id') for item in workflow.findall('roles/role')}
    named = {item.get('role_id') for item in workflow.iter('item') if item.get('role_id')}
    assert named == functions | {'_signed_calls'}


def test_no_role_is_made(wcs: Target) -> None:
    before = wcs.client.roles()
    installation.install(wcs.client)
    assert wcs.client.roles() == before


def test_an_upgrade_keeps_what_was_changed_there(wcs: Target) -> None:
    installation.install(wcs.client)
    wcs.manage('customise')
    wcs.manage('disable')
    try:
        installed = installation.install(wcs.client)
        assert [finding.reason for finding in installed.findings] == ['wcs_form_disabled']
        form = etree.fromstring(wcs.client.read_element('forms', bundle.FORM))
        assert form.findtext('name') == 'Messages à nous'
        labels = {item.findtext('varname'): item.findtext('label') for item in form.iter('field')}
        assert labels['nom'] == 'Nom du citoyen'
        assert labels['objet'] == 'Objet'
        receiver = form.find("roles/role[@role_key='_receiver']")
        assert receiver.text == 'Agents réseaux sociaux'
    finally:
        wcs.manage('enable')
        wcs.manage('uncustomise')
    assert installation.install(wcs.client).findings == []


def test_a_second_import_changes_nothing(wcs: Target) -> None:
    def exported(client: Client) -> list[Counter[tuple[str, str]]]:
        return [facts(etree.fromstring(client.read_element(kind, name))) for kind, name in NAMES.items()]

    installation.install(wcs.client)
    once = exported(wcs.client)
    number = wcs.create(nom='Zoé')
    assert installation.install(wcs.client).findings == []
    assert exported(wcs.client) == once
    assert wcs.row(number)['fields']['nom'] == 'Zoé'


def test_a_role_that_is_not_there_is_named(wcs: Target) -> None:
    with pytest.raises(installation.InstallationFailed, match=r'nexistepas.*agents-reseaux-sociaux'):
        installation.install(wcs.client, 'nexistepas')


def test_r40_the_installation_needs_no_named_role(wcs: Target) -> None:
    assert installation.install(wcs.client, 'agents-reseaux-sociaux').findings == []

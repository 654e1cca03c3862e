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

"""The application bundle for w.c.s.: category, block, workflow and form, ready for its ``bundle-import``.

The sources are the XML files of the ``bundle/`` folder beside this module, one folder per type of element as
w.c.s. names it; ``assembly`` says what they may hold. They name functions (``_receiver``), never roles:
w.c.s. refuses a workflow that names a role it does not know, and drops such a role silently from a form.
After an import the administrator gives the function a role, unless the import named one.
"""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from lxml import etree

from publik_socialmedia.wcs import assembly

SLUG: Final = 'publik-socialmedia'
FORM: Final = 'message-reseau-social'
WORKFLOW: Final = 'message-recu-sur-un-reseau-social'
#: Identifiers of the global actions that we call.
HOOKS: Final = (
    'message_recu',
    'piece_jointe_recue',
    'reponse_native',
    'message_modifie',
    'message_efface',
    'etat_envoi',
    'fenetre_fermee',
    'verification',
)

_FOLDER = Path(__file__).parent / 'bundle'
#: Order of import: each type after those it refers to.
_TYPES = ('forms-categories', 'workflows-categories', 'blocks', 'workflows', 'forms')


@dataclass(frozen=True)
class Element:
    """One object of w.c.s.; ``type`` and ``slug`` make its name in the tar."""

    type: str
    slug: str
    name: str
    xml: bytes


def elements(role: str = '') -> list[Element]:
    """Return the elements in order of import.

    ``role``: slug of the role that receives the demands: given to the function, and allowed to submit by
    hand. w.c.s. looks at it at the first import only.
    """
    found = []
    for kind in _TYPES:
        for path in sorted((_FOLDER / kind).glob('*.xml')):
            xml = assembly.expand(path.read_bytes())
            if role and kind == 'forms':
                xml = _with_role(xml, role)
            name = etree.fromstring(xml).findtext('name') or ''
            found.append(Element(type=kind, slug=path.stem, name=name, xml=xml))
    return found


def _with_role(xml: bytes, role: str) -> bytes:
    form = etree.fromstring(xml)
    for path, attributes in (('roles', {'role_key': '_receiver'}), ('backoffice-submission-roles', {})):
        place = form.find(path)
        assert place is not None
        etree.SubElement(place, 'role', {**attributes, 'slug': role}).text = role
    whole: bytes = etree.tostring(form, xml_declaration=True, encoding='utf-8')
    return whole


@cache
def statuses() -> dict[str, str]:
    """Id → name of the statuses of the workflow."""
    return {
        item.findtext('id', ''): item.findtext('name', '')
        for item in _workflow().findall('possible_status/status')
    }


def shape(workflow: etree._Element) -> dict[str, list[str]]:
    """Name of each status and global action of a workflow → types of what it does, in order."""
    return {
        part.findtext('name', ''): [item.get('type', '') for item in part.iterfind('items/item')]
        for path in ('possible_status/status', 'global_actions/action')
        for part in workflow.iterfind(path)
    }


@cache
def own_shape() -> dict[str, list[str]]:
    """That of the workflow that comes with this version."""
    return shape(_workflow())


def workflow_name() -> str:
    return str(_workflow().findtext('name'))


@cache
def _workflow() -> etree._Element:
    return etree.fromstring(next(item.xml for item in elements() if item.type == 'workflows'))


def manifest(version: str) -> dict[str, object]:
    """Return what w.c.s. reads first of a bundle."""
    return {
        'application': 'Messages privés des réseaux sociaux',
        'slug': SLUG,
        'description': 'Formulaire et workflow des messages privés reçus sur les réseaux sociaux.',
        'documentation_url': '',
        'icon': None,
        'visible': True,
        'version_number': version,
        'version_notes': '',
        'elements': [
            {'type': item.type, 'slug': item.slug, 'name': item.name, 'auto-dependency': False}
            for item in elements()
        ],
    }


def build(version: str, role: str = '') -> bytes:
    """Return the tar; the same version gives the same bytes. ``role``: as in :func:`elements`."""
    buffer = io.BytesIO()
    with tarfile.open(mode='w', fileobj=buffer) as tar:
        _add(tar, 'manifest.json', json.dumps(manifest(version), ensure_ascii=False, indent=2).encode())
        for item in elements(role):
            _add(tar, f'{item.type}/{item.slug}', item.xml)
    return buffer.getvalue()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))

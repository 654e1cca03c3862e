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

"""Another form of the town, with a workflow of its own: what a message can become."""

from __future__ import annotations

import io
import json
import tarfile

SLUG, TITLE = 'signalement-voirie', 'Signaler un problème sur la voirie'
_WORKFLOW = """<workflow><name>Voirie</name><slug>voirie</slug>
<roles><role id="_receiver">Destinataire</role></roles>
<possible_status><status><id>new</id><name>Nouveau</name><items>
<item type="choice" id="1"><label>Terminer</label><by><item role_id="_receiver">_receiver</item></by>
<status>new</status></item></items></status></possible_status></workflow>"""
_FIELD = """<field><type>{type}</type><label type="str">{label}</label>
<required type="str">optional</required>
<varname type="str">{varname}</varname><anonymise type="str">final</anonymise>
<display_locations><item>summary</item></display_locations><id type="str">{id}</id></field>"""


def bundle() -> bytes:
    """Return an application with this form, that the agents of the tests may fill in the back office."""
    rows = [('string', 'Nom', 'nom'), ('text', 'Description', 'description'), ('string', 'Lieu', 'lieu')]
    rows += [('file', 'Photo', 'photo')]
    fields = ''.join(
        _FIELD.format(type=kind, label=label, varname=varname, id=place)
        for place, (kind, label, varname) in enumerate(rows, 1)
    )
    role = '<role slug="agents-reseaux-sociaux">Agents réseaux sociaux</role>'
    receiver = role.replace(' slug', ' role_key="_receiver" slug')
    form = (
        f'<formdef><name>{TITLE}</name><url_name>{SLUG}</url_name><workflow slug="voirie">Voirie</workflow>'
        f'<fields>{fields}</fields><backoffice-submission-roles>{role}</backoffice-submission-roles>'
        f'<roles>{receiver}</roles>'
        '<enable_tracking_codes>true</enable_tracking_codes>'
        '<digest_templates><template key="default">{{ form_var_lieu }}</template></digest_templates>'
        '</formdef>'
    )
    elements = [('workflows', 'voirie', _WORKFLOW, 'Voirie'), ('forms', SLUG, form, TITLE)]
    manifest = {
        'application': 'Voirie',
        'slug': 'voirie',
        'description': '',
        'documentation_url': '',
        'icon': None,
        'visible': True,
        'version_number': '1',
        'version_notes': '',
        'elements': [
            {'type': kind, 'slug': slug, 'name': name, 'auto-dependency': False}
            for kind, slug, _xml, name in elements
        ],
    }
    buffer = io.BytesIO()
    with tarfile.open(mode='w', fileobj=buffer) as tar:
        members = [('manifest.json', json.dumps(manifest))]
        members += [(f'{kind}/{slug}', xml) for kind, slug, xml, _name in elements]
        for name, text in members:
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()

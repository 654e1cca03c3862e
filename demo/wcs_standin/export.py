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

"""The JSON and XML that w.c.s. gives of its form and demands."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

from django.template import Context

from demo.wcs_standin.actions import FieldDef
from demo.wcs_standin.definitions import StatusDef
from demo.wcs_standin.demands import Demand, Entry, File, Part

if TYPE_CHECKING:
    from demo.wcs_standin.api import Wcs

PARIS = ZoneInfo('Europe/Paris')
EVERYTHING = frozenset(
    ('fields', 'evolution', 'workflow', 'workflow-data', 'actions', 'roles', 'submission', 'user')
)


def local(moment: datetime) -> str:
    """Return a time as w.c.s. writes those of a demand: naive, in the time of the site."""
    return moment.astimezone(PARIS).strftime('%Y-%m-%dT%H:%M:%S')


def form_summary(wcs: Wcs) -> dict[str, Any]:
    functions = {key: {'label': name, 'role': _role(wcs, key)} for key, name in wcs.form.functions.items()}
    return {
        'title': wcs.form.name,
        'slug': wcs.form.slug,
        'url': f'{wcs.url}{wcs.form.slug}/',
        'description': '',
        'keywords': [],
        'functions': functions,
        'category': wcs.form.category,
        'category_slug': 'relation-usagers',
    }


def _role(wcs: Wcs, function: str) -> dict[str, str] | None:
    slug = wcs.site.functions.get(function)
    name = wcs.site.roles.get(slug or '', '')
    return {'name': name, 'text': name, 'slug': str(slug), 'id': '1'} if name else None


def schema(wcs: Wcs) -> dict[str, Any]:
    form = wcs.form
    return {
        'name': form.name,
        'url_name': form.slug,
        'category': form.category,
        'disabled': wcs.disabled,
        'fields': [_field(item) for item in form.fields],
        'workflow': {
            'name': form.workflow,
            'fields': [_field(item) for item in form.workflow_fields],
            'functions': form.functions,
            'statuses': [
                {
                    'id': item.id,
                    'name': item.name,
                    'endpoint': item.endpoint,
                    'forced_endpoint': item.forced,
                    'waitpoint': item.waits,
                }
                for item in form.statuses.values()
            ],
            'actions': {
                f'global-action:{item.id}': {'label': f'{item.name} ({item.id})'}
                for item in form.hooks.values()
            },
        },
    }


def _field(item: FieldDef) -> dict[str, Any]:
    data: dict[str, Any] = {
        'label': item.label,
        'type': item.type,
        'varname': item.varname,
        'required': 'required' if item.required else 'optional',
        'anonymise': 'final' if item.anonymise else 'no',
    }
    if item.type == 'block':
        rows = {'slug': item.block, 'fields': [_field(sub) for sub in item.subfields]}
        data |= {'block_slug': item.block, 'max_items': str(item.max_items), 'schema': rows}
    return data


def created(wcs: Wcs, demand: Demand) -> dict[str, str]:
    return {
        'id': str(demand.number),
        'url': wcs.url_of(demand),
        'backoffice_url': wcs.url_of(demand, kind='backoffice/management/'),
        'api_url': wcs.url_of(demand, kind='api/forms/'),
    }


def digest(wcs: Wcs, demand: Demand) -> str:
    """Return the one-line description of a demand."""
    names = {f'form_var_{item.varname}': demand.values.get(item.id) for item in wcs.form.all_fields}
    return '' if demand.anonymised else wcs.form.digest.render(Context(names, autoescape=False)) + ''


def summary(wcs: Wcs, demand: Demand) -> dict[str, Any]:
    """Return a row of the list."""
    name = f'{wcs.form.name} - n°1-{demand.number}'
    return {
        'id': str(demand.number),
        'internal_id': str(demand.number),
        'display_id': f'1-{demand.number}',
        'display_name': name,
        'digest': digest(wcs, demand),
        'text': f'{name} ({digest(wcs, demand)})',
        'url': wcs.url_of(demand),
        'receipt_time': local(demand.received),
        'last_update_time': local(demand.updated),
        'uuid': demand.uuid,
    }


def demand(wcs: Wcs, item: Demand, parts: frozenset[str], *, contents: bool = False) -> dict[str, Any]:
    """Return the parts of a demand that were asked for; ``contents``: with those of its files."""
    data = summary(wcs, item)
    if 'fields' in parts:
        data['api_url'] = wcs.url_of(item, kind='api/forms/')
        data['backoffice_url'] = wcs.url_of(item, kind='backoffice/management/')
        data['fields'] = _values(wcs, item, wcs.form.fields, contents)
    if 'workflow' in parts:
        status = _status(wcs.form.statuses[item.status])
        fields = _values(wcs, item, wcs.form.workflow_fields, contents)
        data['workflow'] = {'status': status, 'real_status': status, 'fields': fields}
    if 'workflow-data' in parts and item.data:
        data.setdefault('workflow', {})['data'] = item.data
    if 'actions' in parts:
        api = wcs.url_of(item, kind='api/forms/')
        data['actions'] = {f'global-action:{name}': f'{api}hooks/{name}/' for name in wcs.form.hooks}
    if 'submission' in parts:
        data['submission'] = {'backoffice': item.backoffice, 'channel': item.channel}
    if 'roles' in parts:
        found = wcs.site.roles_of(item)
        data['roles'] = {
            key: [{'slug': slug, 'name': wcs.site.roles[slug]}] for key, slug in found.items() if slug
        }
    if 'evolution' in parts:
        data['evolution'] = [_entry(entry, contents) for entry in item.evolution]
    return data


def _status(status: StatusDef) -> dict[str, Any]:
    return {'id': status.id, 'name': status.name, 'endpoint': status.endpoint}


def _values(wcs: Wcs, item: Demand, fields: tuple[FieldDef, ...], contents: bool) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in fields:
        value = item.values.get(field.id)
        if field.type == 'block':
            rows = [
                {sub.varname: _value(wcs, item, row.get(sub.id), contents, f'{field.id}${place}${sub.id}')}
                for place, row in enumerate(value or [])
                for sub in field.subfields
            ]
            names = [cell.get('filename', '') for row in rows for cell in row.values() if cell]
            values[f'{field.varname}_raw'] = rows or None
            values[field.varname] = ', '.join(names) or None
        else:
            values[field.varname] = _value(wcs, item, value, contents, field.id)
    return values


def _value(wcs: Wcs, item: Demand, value: Any, contents: bool, key: str) -> Any:
    if not isinstance(value, File):
        return value
    data = {
        'filename': value.base_filename,
        'content_type': value.content_type,
        'url': f'{wcs.url_of(item)}download?f={key}',
        'field_id': key.rpartition('$')[2],
    }
    if contents:
        data['content'] = base64.b64encode(value.content).decode()
    return data


def _entry(entry: Entry, contents: bool) -> dict[str, Any]:
    data = {
        'time': entry.time.isoformat(),
        'last_jump_datetime': None,
        'who_id': entry.who,
        'status': entry.status or None,
    }
    parts = [_part(part) for part in entry.parts if part.comment or contents]
    return {**data, 'parts': parts} if parts else data


def _part(part: Part) -> dict[str, Any]:
    to = ['_receiver'] if part.receivers_only else []
    if part.file:
        return {
            'type': 'workflow-attachment',
            'content_type': part.file.content_type,
            'filename': part.file.base_filename,
            'to': to,
            'content': base64.encodebytes(part.file.content).decode(),
        }
    return {'type': 'workflow-comment', 'to': to, 'content': part.comment}


def element(wcs: Wcs, kind: str, xml: bytes) -> bytes:
    """Return the XML of an element as it is on this site: the form with its function's role and its state."""
    if kind != 'forms':
        return xml
    tree = ElementTree.fromstring(xml)
    tree.set('id', '1')
    roles, disabled = tree.find('roles'), tree.find('disabled')
    for function, slug in wcs.site.functions.items():
        if roles is not None and slug:
            role = ElementTree.SubElement(roles, 'role', {'role_key': function, 'slug': slug, 'role_id': '1'})
            role.text = wcs.site.roles[slug]
    if disabled is not None:
        disabled.text = str(wcs.disabled).lower()
    return ElementTree.tostring(tree)

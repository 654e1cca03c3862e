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

"""The variables of the texts and conditions of a demand; what is not there is empty, as in w.c.s."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from demo.wcs_standin.actions import FieldDef
from demo.wcs_standin.definitions import FormDef
from demo.wcs_standin.demands import Demand, File


@dataclass(frozen=True)
class User:
    """An agent; ``roles``: slugs."""

    name: str
    email: str
    roles: tuple[str, ...] = ()


@dataclass
class Site:
    """What a workflow knows of the w.c.s. it runs on. ``secrets``: what is shared with each host it calls.

    ``roles``: slug → name. ``functions``: function of the form → slug of its role.
    """

    url: str
    orig: str
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    roles: dict[str, str] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)

    def roles_of(self, demand: Demand) -> dict[str, str]:
        """Return the role of each function for a demand."""
        return {**self.functions, **demand.roles}


def variables(form: FormDef, demand: Demand, site: Site, user: User | None) -> dict[str, Any]:
    status = form.statuses[demand.status]
    names: dict[str, Any] = {
        'form_number': f'1-{demand.number}',
        'form_number_raw': str(demand.number),
        'form_uuid': demand.uuid,
        'form_status': status.name,
        'form_status_is_endpoint': status.endpoint,
        'form_submission_channel': demand.channel,
        'form_backoffice_url': f'{site.url}backoffice/management/{form.slug}/{demand.number}/',
        'session_user_display_name': user.name if user else '',
        'session_user_email': user.email if user else '',
    }
    for item in form.all_fields:
        _add_value(names, f'form_var_{item.varname}', item, demand.values.get(item.id))
    _add_tree(names, 'form_workflow_data', demand.data)
    for key, value in demand.context.items():
        names[f'form_submission_context_{key}'] = value
    for varname, filled in demand.forms.items():
        names[f'form_workflow_form_{varname}'] = filled
        for key, value in filled[-1].items():
            names[f'form_workflow_form_{varname}_var_{key}'] = value
    for function, slug in site.roles_of(demand).items():
        prefix = f'form_role_{function.strip("_")}'
        names[f'{prefix}_name'] = site.roles.get(slug, '')
        names[f'{prefix}_role_slugs'] = [slug] if slug else []
    return names


def _add_tree(names: dict[str, Any], prefix: str, values: dict[str, Any]) -> None:
    for key, value in values.items():
        names[f'{prefix}_{key}'] = value
        if isinstance(value, dict):
            _add_tree(names, f'{prefix}_{key}', value)


def _add_value(names: dict[str, Any], name: str, item: FieldDef, value: Any) -> None:
    names[name] = _shown(value)
    if item.type in ('file', 'block', 'item', 'date'):
        names[f'{name}_raw'] = value


def _shown(value: Any) -> Any:
    """Return a value as the texts of w.c.s. show it."""
    if isinstance(value, File):
        return value.base_filename
    if isinstance(value, list):
        return ', '.join(_shown(cell) or '' for row in value for cell in row.values())
    return value

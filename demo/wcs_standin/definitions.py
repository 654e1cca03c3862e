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

"""The form and its workflow, read from the XML of our bundle: what is imported in w.c.s. is what runs here.

Understood: string, text, date, bool, numeric, item, file and block fields; the actions of ``actions``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from xml.etree import ElementTree

from django.template import Template

from demo.wcs_standin.actions import Action, FieldDef, read_actions, read_fields, template, text_of


@dataclass(frozen=True)
class StatusDef:
    id: str
    name: str
    colour: str
    endpoint: bool
    forced: bool
    waits: bool
    hidden: bool
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class Hook:
    """A global action that is called by its identifier."""

    id: str
    name: str
    open: bool
    signed_calls: bool
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class Button:
    """A global action that agents have, in some statuses or, if none is named, in all."""

    id: str
    name: str
    statuses: tuple[str, ...]
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class FormDef:
    slug: str
    name: str
    category: str
    digest: Template
    fields: tuple[FieldDef, ...]
    workflow: str
    workflow_fields: tuple[FieldDef, ...]
    functions: dict[str, str]
    statuses: dict[str, StatusDef]
    hooks: dict[str, Hook]
    buttons: dict[str, Button]
    tracking_codes: bool = False  # each demand has one
    xml: dict[str, bytes] = field(default_factory=dict, repr=False)  # « type/slug » → XML

    @property
    def all_fields(self) -> tuple[FieldDef, ...]:
        return self.fields + self.workflow_fields

    def by_varname(self, varname: str) -> FieldDef | None:
        return next((item for item in self.all_fields if item.varname == varname), None)


def read_form(elements: Iterable[tuple[str, str, bytes]]) -> FormDef:
    """Read the elements ``(type, slug, XML)`` of a bundle that holds one form."""
    xml = {f'{kind}/{slug}': content for kind, slug, content in elements}
    trees = {name: ElementTree.fromstring(content) for name, content in xml.items()}
    blocks = {name.partition('/')[2]: tree for name, tree in trees.items() if name.startswith('blocks/')}
    form = next(tree for name, tree in trees.items() if name.startswith('forms/'))
    workflow = trees['workflows/' + _attribute(form.find('workflow'), 'slug')]
    actions = workflow.findall('global_actions/action')
    hooks = [_hook(item, trigger) for item in actions for trigger in _triggers(item, 'webservice')]
    buttons = [_button(item, trigger) for item in actions for trigger in _triggers(item, 'manual')]
    return FormDef(
        slug=text_of(form, 'url_name'),
        name=text_of(form, 'name'),
        category=text_of(form, 'category'),
        digest=template(text_of(form, 'digest_templates/template')),
        fields=read_fields(form.find('fields'), blocks),
        workflow=text_of(workflow, 'name'),
        workflow_fields=read_fields(workflow.find('backoffice-fields/formdef/fields'), blocks),
        functions={item.get('id', ''): item.text or '' for item in workflow.findall('roles/role')},
        statuses={item.id: item for item in map(_status, workflow.findall('possible_status/status'))},
        hooks={item.id: item for item in hooks},
        buttons={item.id: item for item in buttons},
        tracking_codes=text_of(form, 'enable_tracking_codes') == 'true',
        xml=xml,
    )


def customised(form: FormDef, title: str, labels: dict[str, str]) -> FormDef:
    """Return the form with another title and other labels, by varname."""
    fields = tuple(replace(item, label=labels.get(item.varname, item.label)) for item in form.fields)
    tree = ElementTree.fromstring(form.xml[f'forms/{form.slug}'])
    for place, text in _texts(tree, title, labels):
        if place is not None:
            place.text = text
    xml = {**form.xml, f'forms/{form.slug}': ElementTree.tostring(tree)}
    return replace(form, name=title or form.name, fields=fields, xml=xml)


def _texts(
    tree: ElementTree.Element, title: str, labels: dict[str, str]
) -> list[tuple[ElementTree.Element | None, str]]:
    found = [(tree.find('name'), title)] if title else []
    for item in tree.findall('fields/field'):
        if text_of(item, 'varname') in labels:
            found.append((item.find('label'), labels[text_of(item, 'varname')]))
    return found


def _attribute(tree: ElementTree.Element | None, name: str) -> str:
    return '' if tree is None else tree.get(name, '')


def _triggers(action: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return action.findall(f"triggers/trigger[@type='{kind}']")


def _status(item: ElementTree.Element) -> StatusDef:
    actions = read_actions(item)
    forced = text_of(item, 'forced_endpoint') == 'true'
    waits = any(action.type in ('choice', 'commentable', 'form') for action in actions)
    return StatusDef(
        id=text_of(item, 'id'),
        name=text_of(item, 'name'),
        colour=text_of(item, 'colour', '#FFFFFF'),
        # w.c.s. says that a status with nothing left to do in it is an end
        endpoint=forced or not (waits or any(action.type == 'jump' for action in actions)),
        forced=forced,
        waits=waits or forced,
        hidden='__hidden__' in [role.text for role in item.findall('visibility/role')],
        actions=actions,
    )


def _hook(item: ElementTree.Element, trigger: ElementTree.Element) -> Hook:
    roles = [role.get('role_id') for role in trigger.findall('roles/item')]
    return Hook(
        id=text_of(trigger, 'identifier'),
        name=text_of(item, 'name'),
        open=not roles,
        signed_calls='_signed_calls' in roles,
        actions=read_actions(item),
    )


def _button(item: ElementTree.Element, trigger: ElementTree.Element) -> Button:
    return Button(
        id=text_of(item, 'id'),
        name=text_of(item, 'name'),
        statuses=tuple(status.text or '' for status in trigger.findall('statuses/statuse')),
        actions=read_actions(item),
    )

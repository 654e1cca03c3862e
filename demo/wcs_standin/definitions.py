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

Understood: string, text, date, bool, numeric, item, file and block fields; history messages with attachments,
back-office values, jumps and buttons, with conditions and texts in Django's template language.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from xml.etree import ElementTree

from django.template import Context, Engine, Template
from django.template.base import VariableNode


@dataclass(frozen=True)
class FieldDef:
    id: str
    type: str
    label: str
    varname: str
    required: bool
    anonymise: bool
    in_listings: bool
    subfields: tuple[FieldDef, ...] = ()
    block: str = ''
    max_items: int = 1


@dataclass(frozen=True)
class Action:
    """One action of a status or of a global action; only what its type needs is filled."""

    type: str
    condition: Template | None = None
    text: Template | None = None
    attachments: tuple[Template, ...] = ()
    values: tuple[tuple[str, Template], ...] = ()
    status: str = ''
    label: str = ''
    receivers_only: bool = False

    def applies(self, context: Context) -> bool:
        return self.condition is None or self.condition.render(context) == 'OK'


@dataclass(frozen=True)
class StatusDef:
    id: str
    name: str
    colour: str
    endpoint: bool
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
class FormDef:
    slug: str
    name: str
    category: str
    digest: Template
    fields: tuple[FieldDef, ...]
    workflow: str
    workflow_fields: tuple[FieldDef, ...]
    statuses: dict[str, StatusDef]
    hooks: dict[str, Hook]
    xml: dict[str, bytes] = field(default_factory=dict, repr=False)  # « type/slug » → XML

    @property
    def all_fields(self) -> tuple[FieldDef, ...]:
        return self.fields + self.workflow_fields

    def by_varname(self, varname: str) -> FieldDef | None:
        return next((item for item in self.all_fields if item.varname == varname), None)


@cache
def _engine() -> Engine:
    return Engine()


def template(source: str) -> Template:
    return _engine().from_string(source)


def resolve(source: Template, context: Context) -> Any:
    """Return the value, of any type, of a text made of one variable; None if it has none."""
    node = source.nodelist[0]
    assert isinstance(node, VariableNode)
    with context.bind_template(source):
        return node.filter_expression.resolve(context, ignore_failures=True)


def read_form(elements: Iterable[tuple[str, str, bytes]]) -> FormDef:
    """Read the elements ``(type, slug, XML)`` of a bundle that holds one form."""
    xml = {f'{kind}/{slug}': content for kind, slug, content in elements}
    trees = {name: ElementTree.fromstring(content) for name, content in xml.items()}
    blocks = {name.partition('/')[2]: tree for name, tree in trees.items() if name.startswith('blocks/')}
    form = next(tree for name, tree in trees.items() if name.startswith('forms/'))
    workflow = trees['workflows/' + _attribute(form.find('workflow'), 'slug')]
    return FormDef(
        slug=_text(form, 'url_name'),
        name=_text(form, 'name'),
        category=_text(form, 'category'),
        digest=template(_text(form, 'digest_templates/template')),
        fields=_fields(form.find('fields'), blocks),
        workflow=_text(workflow, 'name'),
        workflow_fields=_fields(workflow.find('backoffice-fields/formdef/fields'), blocks),
        statuses={item.id: item for item in map(_status, workflow.findall('possible_status/status'))},
        hooks={item.id: item for item in map(_hook, workflow.findall('global_actions/action')) if item.id},
        xml=xml,
    )


def _text(tree: ElementTree.Element, path: str, default: str = '') -> str:
    return (tree.findtext(path) or default).strip()


def _attribute(tree: ElementTree.Element | None, name: str) -> str:
    return '' if tree is None else tree.get(name, '')


def _fields(tree: ElementTree.Element | None, blocks: dict[str, ElementTree.Element]) -> tuple[FieldDef, ...]:
    return tuple(_field(item, blocks) for item in (tree if tree is not None else ()))


def _field(item: ElementTree.Element, blocks: dict[str, ElementTree.Element]) -> FieldDef:
    block = _text(item, 'block_slug')
    return FieldDef(
        id=_text(item, 'id'),
        type=_text(item, 'type'),
        label=_text(item, 'label'),
        varname=_text(item, 'varname'),
        required=_text(item, 'required') == 'required',
        anonymise=_text(item, 'anonymise', 'final') != 'no',
        in_listings='listings' in [place.text for place in item.findall('display_locations/item')],
        subfields=_fields(blocks[block].find('fields'), blocks) if block else (),
        block=block,
        max_items=int(_text(item, 'max_items', '1')),
    )


def _status(item: ElementTree.Element) -> StatusDef:
    actions = tuple(_action(action) for action in item.findall('items/item'))
    closed = _text(item, 'forced_endpoint') == 'true'
    # w.c.s. says that a status with nothing left to do in it is an end
    waits = any(action.type in ('choice', 'commentable', 'jump', 'form') for action in actions)
    return StatusDef(
        id=_text(item, 'id'),
        name=_text(item, 'name'),
        colour=_text(item, 'colour', '#FFFFFF'),
        endpoint=closed or not waits,
        actions=actions,
    )


def _hook(item: ElementTree.Element) -> Hook:
    trigger = item.find("triggers/trigger[@type='webservice']")
    roles = [] if trigger is None else [role.get('role_id') for role in trigger.findall('roles/item')]
    return Hook(
        id='' if trigger is None else _text(trigger, 'identifier'),
        name=_text(item, 'name'),
        open=not roles,
        signed_calls='_signed_calls' in roles,
        actions=tuple(_action(action) for action in item.findall('items/item')),
    )


def _action(item: ElementTree.Element) -> Action:
    condition = _text(item, 'condition/value')
    comment = _text(item, 'comment')
    return Action(
        type=item.get('type', ''),
        condition=template('{% if ' + condition + ' %}OK{% endif %}') if condition else None,
        text=template(comment) if comment else None,
        attachments=tuple(template(file.text or '') for file in item.findall('attachments/attachment')),
        values=tuple(
            (_text(value, 'field_id'), template(_text(value, 'value')))
            for value in item.findall('fields/field')
        ),
        status=_text(item, 'status'),
        label=_text(item, 'label'),
        receivers_only=item.find('to') is not None,
    )

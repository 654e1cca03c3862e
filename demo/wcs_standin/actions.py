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

"""The actions of a workflow, read from its XML.

Understood: history messages with attachments, back-office values, jumps, buttons, forms, alerts, calls of web
services, functions given to a role, redirections; with conditions and texts in Django's template language.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any
from xml.etree import ElementTree

from django.template import Context, Engine, Template
from django.template.base import VariableNode

_FAILURES = ('app_error', '4xx', '5xx', 'bad_data', 'network_errors')
Values = tuple[tuple[str, Template], ...]


@dataclass(frozen=True)
class FieldDef:
    id: str
    type: str
    label: str
    varname: str
    required: bool
    anonymise: bool
    in_listings: bool
    shown: bool
    subfields: tuple[FieldDef, ...] = ()
    block: str = ''
    max_items: int = 1
    hint: str = ''
    prefill: Template | None = None
    source: Template | None = None  # URL of the list of an « item » field


@dataclass(frozen=True)
class Action:
    """One action of a status or of a global action; only what its type needs is filled."""

    type: str
    id: str = ''
    condition: Template | None = None
    text: Template | None = None
    attachments: tuple[Template, ...] = ()
    values: Values = ()
    status: str = ''
    label: str = ''
    level: str = ''
    receivers_only: bool = False
    #: Of a form, and of a call, whose answer it names.
    varname: str = ''
    fields: tuple[FieldDef, ...] = ()
    ignore_form: bool = True
    function: str = ''
    role: Template | None = None
    url: Template | None = None
    query: Values = ()
    post: Values = ()
    failures: dict[str, str] = field(default_factory=dict)

    def applies(self, context: Context) -> bool:
        return self.condition is None or self.condition.render(context) == 'OK'


@cache
def _engine() -> Engine:
    return Engine()


def template(source: str) -> Template:
    return _engine().from_string(source)


def resolve(source: Template, context: Context) -> Any:
    """Return the value of a text: of any type if it is made of one variable (None if that has none)."""
    nodes = list(source.nodelist)
    if len(nodes) == 1 and isinstance(nodes[0], VariableNode):
        with context.bind_template(source):
            return nodes[0].filter_expression.resolve(context, ignore_failures=True)
    # an addition makes a plain text of what Django takes for safe HTML
    return source.render(context) + ''


def read_actions(tree: ElementTree.Element) -> tuple[Action, ...]:
    return tuple(_action(item) for item in tree.findall('items/item'))


def read_fields(
    tree: ElementTree.Element | None, blocks: dict[str, ElementTree.Element]
) -> tuple[FieldDef, ...]:
    """Return the fields that hold values."""
    items = tree if tree is not None else ()
    return tuple(
        _field(item, blocks) for item in items if text_of(item, 'type') not in ('page', 'title', 'comment')
    )


def text_of(tree: ElementTree.Element, path: str, default: str = '') -> str:
    return (tree.findtext(path) or default).strip()


def _template_of(tree: ElementTree.Element, path: str) -> Template | None:
    source = text_of(tree, path)
    return template(source) if source else None


def _field(item: ElementTree.Element, blocks: dict[str, ElementTree.Element]) -> FieldDef:
    block = text_of(item, 'block_slug')
    places = [place.text for place in item.findall('display_locations/item')]
    return FieldDef(
        id=text_of(item, 'id'),
        type=text_of(item, 'type'),
        label=text_of(item, 'label'),
        varname=text_of(item, 'varname'),
        required=text_of(item, 'required') == 'required',
        anonymise=text_of(item, 'anonymise', 'final') != 'no',
        in_listings='listings' in places,
        shown='summary' in places,
        subfields=read_fields(blocks[block].find('fields'), blocks) if block else (),
        block=block,
        max_items=int(text_of(item, 'max_items', '1')),
        hint=text_of(item, 'hint'),
        prefill=_template_of(item, 'prefill/value'),
        source=_template_of(item, 'data_source/value'),
    )


def _action(item: ElementTree.Element) -> Action:
    condition = text_of(item, 'condition/value')
    text = _template_of(item, 'comment') or _template_of(item, 'message')
    return Action(
        type=item.get('type', ''),
        id=item.get('id', ''),
        condition=template('{% if ' + condition + ' %}OK{% endif %}') if condition else None,
        text=text,
        attachments=tuple(template(file.text or '') for file in item.findall('attachments/attachment')),
        values=_values(item, 'fields/field', 'field_id'),
        status=text_of(item, 'status'),
        label=text_of(item, 'label'),
        level=text_of(item, 'level'),
        receivers_only=item.find('to') is not None,
        varname=text_of(item, 'varname'),
        fields=read_fields(item.find('formdef/fields'), {}),
        ignore_form=text_of(item, 'ignore_form_errors') == 'True',
        function=text_of(item, 'role_key'),
        role=_template_of(item, 'role_id'),
        url=_template_of(item, 'url'),
        query=_values(item, 'qs_data/item', 'name'),
        post=_values(item, 'post_data/item', 'name'),
        failures={name: text_of(item, f'action_on_{name}', ':stop') for name in _FAILURES},
    )


def _values(item: ElementTree.Element, path: str, name: str) -> Values:
    return tuple((text_of(value, name), template(text_of(value, 'value'))) for value in item.findall(path))

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

"""The XML of the fields and of the small things that the elements of w.c.s. are made of."""

from __future__ import annotations

from copy import deepcopy
from typing import Final

from lxml import etree

Element = etree._Element
_SUMMARY: Final = ('validation', 'summary')


def whole_field(short: Element) -> Element:
    """The field of a short form; what the short form holds is kept as it is."""
    kind = short.get('type', '')
    field = etree.Element('field')
    add(field, 'type', kind)
    add_text(field, 'label', short.get('label', ''))
    if short.get('hint'):
        add_text(field, 'hint', short.get('hint', ''))
    if kind in ('title', 'comment', 'page'):
        if kind == 'title':
            _display(field, _SUMMARY)
    else:
        add_text(field, 'required', 'required' if short.get('required') == 'yes' else 'optional')
        add_text(field, 'varname', short.get('varname', ''))
        shown = () if short.get('shown') == 'no' else _SUMMARY
        _display(field, (*shown, 'listings') if short.get('listing') == 'yes' else shown)
        add_text(field, 'anonymise', 'no' if short.get('personal') == 'no' else 'final')
    _details(field, short, kind)
    field.extend(deepcopy(child) for child in short)
    add_text(field, 'id', short.get('id', ''))
    return field


def _details(field: Element, short: Element, kind: str) -> None:
    """Add what only this type of field, or this field, has."""
    if short.get('prefill'):
        prefill = add(field, 'prefill')
        add(prefill, 'type', 'string')
        add(prefill, 'value', short.get('prefill'))
    if kind == 'text':
        add_text(field, 'display_mode', 'plain')
    elif kind == 'file':
        add_text(field, 'automatic_image_resize', 'False', 'bool')
        add_text(field, 'storage', 'default')
    elif kind == 'item':
        choices = add(field, 'data_source')
        add(choices, 'type', 'json')
        add(choices, 'value', short.get('source'))
        add_text(field, 'display_mode', 'autocomplete')
    elif kind == 'block':
        for name, value in (('default_items_count', '1'), ('max_items', short.get('max', '1'))):
            add_text(field, name, value)
        add_text(field, 'add_element_label', 'Ajouter un fichier')
        add_text(field, 'label_display', 'normal')
        add_text(field, 'remove_button', 'True', 'bool')
        add_text(field, 'block_slug', short.get('block', ''))


def _display(field: Element, places: tuple[str, ...]) -> None:
    target = add(field, 'display_locations')
    for place in places:
        add(target, 'item', place)


def new_item(kind: str) -> Element:
    return etree.Element('item', type=kind)


def add(parent: Element, tag: str, text: str | None = None, **attributes: str) -> Element:
    element = etree.SubElement(parent, tag, attributes)
    element.text = text or None
    return element


def add_text(parent: Element, tag: str, text: str, kind: str = 'str') -> None:
    add(parent, tag, text, type=kind)


def add_roles(parent: Element, *roles: str) -> None:
    for role in roles:
        add(parent, 'item', role, role_id=role)


def add_condition(item: Element, expression: str) -> None:
    condition = add(item, 'condition')
    add(condition, 'type', 'django')
    add(condition, 'value', ' '.join(expression.split()))

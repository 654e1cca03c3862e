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

"""Makes the XML that w.c.s. imports from the sources of ``bundle/``, which say each thing once.

A source is the XML of w.c.s. with these short forms, expanded here:

* ``<field type varname label id>``, and if needed ``personal="no"`` (kept by anonymisation),
  ``listing="yes"``, ``shown="no"``, ``required="yes"``, ``hint``, ``block``, ``max``, ``prefill``, ``source``
  (URL of a list);
* ``<status id name colour>``, ``end="yes"``, ``hidden="yes"``; ``<hook id name>``, a global action that we
  call; ``<button id name statuses>``, one that agents have;
* in these three, the items ``<choice to>``, ``<jump to>``, ``<stay>`` (to the present status, whatever it
  is), ``<comment>``, ``<message level>``, ``<set>``, ``<form varname>``, ``<dispatch function role>``,
  ``<call varname url>``, ``<redirect url>``, each with an optional condition ``when``;
* ``<use fragment>``: the items of ``<fragment id>``; ``${name}`` there is an attribute of ``<use>``.

Comments and messages hold XHTML; the texts are templates of w.c.s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from string import Template
from typing import Final

from lxml import etree

_Element = etree._Element
#: Functions whose holders do the work: they see what is internal and have the buttons.
AGENTS: Final = ('_receiver', '_community_manager')
_SUMMARY = ('validation', 'summary')
#: What a failing call of a web service leads to, unless the source says so.
_FAILURES = ('app_error', '4xx', '5xx', 'bad_data', 'network_errors')


class SourceError(ValueError):
    """A source of the bundle says something that cannot be expanded."""


def expand(source: bytes) -> bytes:
    """Return the XML for w.c.s., with its declaration. Raises :class:`SourceError`."""
    parser = etree.XMLParser(remove_comments=True, resolve_entities=False, no_network=True)
    root = etree.fromstring(source, parser)
    _insert_fragments(root)
    if root.tag == 'workflow':
        _Workflow(root).expand()
    for field in list(root.iter('field')):
        if field.get('varname') or field.get('label'):
            _replace(field, _field(field))
    etree.indent(root)
    xml: bytes = etree.tostring(root, xml_declaration=True, encoding='utf-8')
    return xml + b'\n'


# -- fragments


def _insert_fragments(root: _Element) -> None:
    fragments = {item.get('id'): item for item in root.findall('fragment')}
    for fragment in fragments.values():
        root.remove(fragment)
    while (use := root.find('.//use')) is not None:
        source = fragments.get(use.get('fragment'))
        parent = use.getparent()
        if source is None or parent is None:
            raise SourceError(f'unknown fragment {use.get("fragment")!r}')
        place = parent.index(use)
        values = {str(name): str(value) for name, value in use.attrib.items()}
        items = [_filled(deepcopy(item), values) for item in source]
        parent.remove(use)
        parent[place:place] = items


def _filled(tree: _Element, values: dict[str, str]) -> _Element:
    for element in tree.iter():
        for name, value in element.attrib.items():
            element.set(name, Template(str(value)).safe_substitute(values))
        element.text = element.text and Template(element.text).safe_substitute(values)
        element.tail = element.tail and Template(element.tail).safe_substitute(values)
    tree.tail = None
    return tree


# -- workflow


class _Workflow:
    """The expansion of one workflow; knows its statuses and the ids of its back-office fields."""

    def __init__(self, root: _Element) -> None:
        self.root = root
        self.statuses = {item.get('id', ''): item.get('name', '') for item in root.iter('status')}
        self.visible = {
            item.get('id', ''): item.get('name', '')
            for item in root.iter('status')
            if item.get('hidden') != 'yes'
        }
        fields = root.findall('backoffice-fields//field')
        self.fields = {item.get('varname', ''): item.get('id', '') for item in fields}
        self.makers: dict[str, Callable[[_Element], Iterator[_Element]]] = {
            'choice': self._choice,
            'jump': self._jump,
            'stay': self._stay,
            'comment': self._comment,
            'message': self._message,
            'set': self._set,
            'form': self._form,
            'dispatch': self._dispatch,
            'call': self._call,
            'redirect': self._redirect,
        }

    def expand(self) -> None:
        for status in list(self.root.iter('status')):
            _replace(status, self._status(status))
        for action in [*self.root.iter('hook'), *self.root.iter('button')]:
            _replace(action, self._action(action))

    def _status(self, source: _Element) -> _Element:
        status = etree.Element('status')
        _add(status, 'id', source.get('id'))
        _add(status, 'name', source.get('name'))
        _add(status, 'colour', source.get('colour', '#FFFFFF'))
        if source.get('end') == 'yes':
            _add(status, 'forced_endpoint', 'true')
        visibility = _add(status, 'visibility')
        if source.get('hidden') == 'yes':
            _add(visibility, 'role', '__hidden__')
        self._items(source, _add(status, 'items'))
        return status

    def _action(self, source: _Element) -> _Element:
        action = etree.Element('action')
        _add(action, 'id', source.get('id'))
        _add(action, 'name', source.get('name'))
        self._items(source, _add(action, 'items'))
        triggers = _add(action, 'triggers')
        if source.tag == 'hook':
            trigger = _add(triggers, 'trigger', type='webservice', id=source.get('id', ''))
            _add(trigger, 'identifier', source.get('id'))
            _roles(_add(trigger, 'roles'), '_signed_calls')
            return action
        trigger = _add(triggers, 'trigger', type='manual', id=source.get('id', ''))
        _roles(_add(trigger, 'roles'), *AGENTS)
        chosen = source.get('statuses', '').split()
        statuses = _add(trigger, 'statuses') if chosen else trigger
        for status in chosen:
            _add(statuses, 'statuse', self._known(status))
        _add(trigger, 'allow_as_mass_action', 'False')
        _add(trigger, 'require_confirmation', 'False')
        return action

    def _items(self, source: _Element, target: _Element) -> None:
        for short in source:
            if short.tag not in self.makers:
                raise SourceError(f'unknown item {short.tag!r}')
            for item in self.makers[short.tag](short):
                item.set('id', short.get('id') or str(len(target) + 1))
                if short.get('when') and item.find('condition') is None:
                    _condition(item, short.get('when', ''))
                target.append(item)

    def _known(self, status: str) -> str:
        if status not in self.statuses and status not in ('_endpoint_status', '_waitpoint_status'):
            raise SourceError(f'unknown status {status!r}')
        return status

    def _choice(self, short: _Element) -> Iterator[_Element]:
        item = _item('choice')
        _add(item, 'label', short.text)
        _roles(_add(item, 'by'), *AGENTS)
        _add(item, 'status', self._known(short.get('to', '')))
        _add(item, 'require_confirmation', str('confirm' in short.attrib))
        if 'confirm' in short.attrib:
            _add(item, 'confirmation_text', short.get('confirm'))
        _add(item, 'ignore_form_errors', str(short.get('form') != 'sent'))
        _add(item, 'set_marker_on_status', 'False')
        yield item

    def _jump(self, short: _Element) -> Iterator[_Element]:
        item = _item('jump')
        _add(item, 'status', self._known(short.get('to', '')))
        _add(item, 'set_marker_on_status', 'False')
        yield item

    def _stay(self, short: _Element) -> Iterator[_Element]:
        """One jump per status that can be seen: w.c.s. has no « to the same one »."""
        when = short.get('when')
        for status, name in self.visible.items():
            item = _item('jump')
            _add(item, 'status', status)
            _add(item, 'set_marker_on_status', 'False')
            same = f'form_status == "{name}"'
            _condition(item, f'{when} and {same}' if when else same)
            yield item

    def _comment(self, short: _Element) -> Iterator[_Element]:
        item = _item('register-comment')
        if short.get('to') != 'everybody':
            _roles(_add(item, 'to'), *AGENTS)
        text = _inner(short)
        if text:
            _add(item, 'comment', text)
        if short.get('level'):
            _add(item, 'level', short.get('level'))
        files = short.get('files', '').split()
        if files:
            attachments = _add(item, 'attachments')
            for file in files:
                _add(attachments, 'attachment', '{{ %s }}' % file)
        if short.get('hook-files'):
            attachments = _add(item, 'attachments')
            for place in range(int(short.get('max', '20'))):
                name = f'form_workflow_data_{short.get("hook-files")}_files.{place}'
                _add(attachments, 'attachment', '{{ %s }}' % name)
        yield item

    def _message(self, short: _Element) -> Iterator[_Element]:
        item = _item('displaymsg')
        _roles(_add(item, 'to'), *AGENTS)
        _add(item, 'message', _inner(short))
        _add(item, 'level', short.get('level', 'info'))
        _add(item, 'position', short.get('position', 'top'))
        yield item

    def _set(self, short: _Element) -> Iterator[_Element]:
        item = _item('set-backoffice-fields')
        fields = _add(item, 'fields')
        for value in short:
            if value.get('field') not in self.fields:
                raise SourceError(f'unknown field {value.get("field")!r}')
            field = _add(fields, 'field')
            _add(field, 'field_id', self.fields[value.get('field', '')])
            _add(field, 'value', (value.text or '').strip())
        yield item

    def _form(self, short: _Element) -> Iterator[_Element]:
        item = _item('form')
        _roles(_add(item, 'by'), *AGENTS)
        _add(item, 'varname', short.get('varname'))
        _add(item, 'hide_submit_button', str(short.get('submit') != 'yes'))
        _add(item, 'include_in_form_history', 'False')
        formdef = _add(item, 'formdef')
        _add(formdef, 'name', '-')
        fields = _add(formdef, 'fields')
        for field in short:
            fields.append(deepcopy(field))
        yield item

    def _dispatch(self, short: _Element) -> Iterator[_Element]:
        item = _item('dispatch')
        role = short.get('role', '')
        _add(item, 'role_key', short.get('function'))
        _add(item, 'dispatch_type', 'manual')
        _add(item, 'role_id', role, slug=role)
        _add(item, 'operation_mode', 'set')
        yield item

    def _call(self, short: _Element) -> Iterator[_Element]:
        item = _item('webservice_call')
        _add(item, 'label', short.get('label'))
        _add(item, 'method', 'POST')
        _add(item, 'url', short.get('url'))
        # what the signature must cover goes into the query: it does not cover the body
        signed = [value for value in short if value.get('signed') == 'yes']
        for part, values in (('qs_data', signed), ('post_data', list(short))):
            data = _add(item, part)
            for value in values:
                entry = _add(data, 'item')
                _add(entry, 'name', value.get('name'))
                _add(entry, 'value', (value.text or '').strip())
        _add(item, 'post', 'False')
        _add(item, 'response_type', 'json')
        _add(item, 'varname', short.get('varname'))
        _add(item, 'store_all_responses', 'False')
        _add(item, 'attach_file_to_history', 'True')
        for failure in _FAILURES:
            target = short.get('refused', ':pass') if failure == 'app_error' else short.get('failed', ':pass')
            _add(item, f'action_on_{failure}', target if target == ':pass' else self._known(target))
        for name, value in (('record_errors', 'False'), ('record_on_errors', 'True')):
            _add(item, name, value)
        _add(item, 'notify_on_errors', 'False')
        _add(item, 'set_marker_on_status', 'False')
        yield item

    def _redirect(self, short: _Element) -> Iterator[_Element]:
        item = _item('redirect_to_url')
        _add(item, 'url', short.get('url'))
        yield item


# -- fields


def _field(short: _Element) -> _Element:
    kind = short.get('type', '')
    field = etree.Element('field')
    _add(field, 'type', kind)
    _text(field, 'label', short.get('label', ''))
    if short.get('hint'):
        _text(field, 'hint', short.get('hint', ''))
    if kind in ('title', 'comment', 'page'):
        _display(field, _SUMMARY if kind == 'title' else ())
    else:
        _text(field, 'required', 'required' if short.get('required') == 'yes' else 'optional')
        _text(field, 'varname', short.get('varname', ''))
        shown = () if short.get('shown') == 'no' else _SUMMARY
        _display(field, (*shown, 'listings') if short.get('listing') == 'yes' else shown)
        _text(field, 'anonymise', 'no' if short.get('personal') == 'no' else 'final')
    _details(field, short, kind)
    _text(field, 'id', short.get('id', ''))
    return field


def _details(field: _Element, short: _Element, kind: str) -> None:
    """Add what only this type of field, or this field, has."""
    if short.get('prefill'):
        prefill = _add(field, 'prefill')
        _add(prefill, 'type', 'string')
        _add(prefill, 'value', short.get('prefill'))
    if kind == 'text':
        _text(field, 'display_mode', 'plain')
    elif kind == 'file':
        _text(field, 'automatic_image_resize', 'False', 'bool')
        _text(field, 'storage', 'default')
    elif kind == 'item':
        choices = _add(field, 'data_source')
        _add(choices, 'type', 'json')
        _add(choices, 'value', short.get('source'))
        _text(field, 'display_mode', 'autocomplete')
    elif kind == 'block':
        for name, value in (('default_items_count', '1'), ('max_items', short.get('max', '1'))):
            _text(field, name, value)
        _text(field, 'add_element_label', 'Ajouter un fichier')
        _text(field, 'label_display', 'normal')
        _text(field, 'remove_button', 'True', 'bool')
        _text(field, 'block_slug', short.get('block', ''))


def _display(field: _Element, places: tuple[str, ...]) -> None:
    target = _add(field, 'display_locations')
    for place in places:
        _add(target, 'item', place)


# -- small pieces


def _item(kind: str) -> _Element:
    return etree.Element('item', type=kind)


def _add(parent: _Element, tag: str, text: str | None = None, **attributes: str) -> _Element:
    element = etree.SubElement(parent, tag, attributes)
    element.text = text or None
    return element


def _text(parent: _Element, tag: str, text: str, kind: str = 'str') -> None:
    _add(parent, tag, text, type=kind)


def _roles(parent: _Element, *roles: str) -> None:
    for role in roles:
        _add(parent, 'item', role, role_id=role)


def _condition(item: _Element, expression: str) -> None:
    condition = _add(item, 'condition')
    _add(condition, 'type', 'django')
    _add(condition, 'value', ' '.join(expression.split()))


def _replace(old: _Element, new: _Element) -> None:
    parent = old.getparent()
    if parent is None:
        raise SourceError(f'{old.tag} cannot be alone')
    parent.replace(old, new)


def _inner(element: _Element) -> str:
    """Return the content of an element as markup, without the indentation of the source."""
    parts = [_escaped(element.text)]
    for child in element:
        parts.append(etree.tostring(child, encoding='unicode', with_tail=False))
        parts.append(_escaped(child.tail))
    text = re.sub(r'>\s*\n\s*', '>', ''.join(parts).strip())
    return re.sub(r'\s*\n\s*', ' ', re.sub(r'\s*\n\s*<', '<', text))


def _escaped(text: str | None) -> str:
    return (text or '').replace('&', '&amp;').replace('<', '&lt;')

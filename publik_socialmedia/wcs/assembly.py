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

from publik_socialmedia.wcs.elements import add, add_condition, add_roles, new_item, whole_field

_Element = etree._Element
#: Functions whose holders do the work: they see what is internal and have the buttons.
AGENTS: Final = ('_receiver', '_community_manager')
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
            _replace(field, whole_field(field))
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
        add(status, 'id', source.get('id'))
        add(status, 'name', source.get('name'))
        add(status, 'colour', source.get('colour', '#FFFFFF'))
        if source.get('end') == 'yes':
            add(status, 'forced_endpoint', 'true')
        visibility = add(status, 'visibility')
        if source.get('hidden') == 'yes':
            add(visibility, 'role', '__hidden__')
        self._items(source, add(status, 'items'))
        return status

    def _action(self, source: _Element) -> _Element:
        action = etree.Element('action')
        add(action, 'id', source.get('id'))
        add(action, 'name', source.get('name'))
        self._items(source, add(action, 'items'))
        triggers = add(action, 'triggers')
        if source.tag == 'hook':
            trigger = add(triggers, 'trigger', type='webservice', id=source.get('id', ''))
            add(trigger, 'identifier', source.get('id'))
            add_roles(add(trigger, 'roles'), '_signed_calls')
            return action
        trigger = add(triggers, 'trigger', type='manual', id=source.get('id', ''))
        add_roles(add(trigger, 'roles'), *AGENTS)
        chosen = source.get('statuses', '').split()
        statuses = add(trigger, 'statuses') if chosen else trigger
        for status in chosen:
            add(statuses, 'statuse', self._known(status))
        add(trigger, 'allow_as_mass_action', 'False')
        add(trigger, 'require_confirmation', 'False')
        return action

    def _items(self, source: _Element, target: _Element) -> None:
        for short in source:
            if short.tag not in self.makers:
                raise SourceError(f'unknown item {short.tag!r}')
            for item in self.makers[short.tag](short):
                item.set('id', short.get('id') or str(len(target) + 1))
                if short.get('when') and item.find('condition') is None:
                    add_condition(item, short.get('when', ''))
                target.append(item)

    def _known(self, status: str) -> str:
        if status not in self.statuses and status not in ('_endpoint_status', '_waitpoint_status'):
            raise SourceError(f'unknown status {status!r}')
        return status

    def _choice(self, short: _Element) -> Iterator[_Element]:
        item = new_item('choice')
        add(item, 'label', short.text)
        add_roles(add(item, 'by'), *AGENTS)
        add(item, 'status', self._known(short.get('to', '')))
        add(item, 'require_confirmation', str('confirm' in short.attrib))
        if 'confirm' in short.attrib:
            add(item, 'confirmation_text', short.get('confirm'))
        add(item, 'ignore_form_errors', str(short.get('form') != 'sent'))
        add(item, 'set_marker_on_status', 'False')
        yield item

    def _jump(self, short: _Element) -> Iterator[_Element]:
        item = new_item('jump')
        add(item, 'status', self._known(short.get('to', '')))
        add(item, 'set_marker_on_status', 'False')
        yield item

    def _stay(self, short: _Element) -> Iterator[_Element]:
        """One jump per status that can be seen: w.c.s. has no « to the same one »."""
        when = short.get('when')
        for status, name in self.visible.items():
            item = new_item('jump')
            add(item, 'status', status)
            add(item, 'set_marker_on_status', 'False')
            same = f'form_status == "{name}"'
            add_condition(item, f'{when} and {same}' if when else same)
            yield item

    def _comment(self, short: _Element) -> Iterator[_Element]:
        item = new_item('register-comment')
        if short.get('to') != 'everybody':
            add_roles(add(item, 'to'), *AGENTS)
        text = _inner(short)
        if text:
            add(item, 'comment', text)
        if short.get('level'):
            add(item, 'level', short.get('level'))
        files = short.get('files', '').split()
        if files:
            attachments = add(item, 'attachments')
            for file in files:
                add(attachments, 'attachment', '{{ %s }}' % file)
        if short.get('hook-files'):
            attachments = add(item, 'attachments')
            for place in range(int(short.get('max', '20'))):
                name = f'form_workflow_data_{short.get("hook-files")}_files.{place}'
                add(attachments, 'attachment', '{{ %s }}' % name)
        yield item

    def _message(self, short: _Element) -> Iterator[_Element]:
        item = new_item('displaymsg')
        add_roles(add(item, 'to'), *AGENTS)
        add(item, 'message', _inner(short))
        add(item, 'level', short.get('level', 'info'))
        add(item, 'position', short.get('position', 'top'))
        yield item

    def _set(self, short: _Element) -> Iterator[_Element]:
        item = new_item('set-backoffice-fields')
        fields = add(item, 'fields')
        for value in short:
            if value.get('field') not in self.fields:
                raise SourceError(f'unknown field {value.get("field")!r}')
            field = add(fields, 'field')
            add(field, 'field_id', self.fields[value.get('field', '')])
            add(field, 'value', (value.text or '').strip())
        yield item

    def _form(self, short: _Element) -> Iterator[_Element]:
        item = new_item('form')
        add_roles(add(item, 'by'), *AGENTS)
        add(item, 'varname', short.get('varname'))
        add(item, 'hide_submit_button', str(short.get('submit') != 'yes'))
        add(item, 'include_in_form_history', 'False')
        formdef = add(item, 'formdef')
        add(formdef, 'name', '-')
        fields = add(formdef, 'fields')
        for field in short:
            fields.append(deepcopy(field))
        yield item

    def _dispatch(self, short: _Element) -> Iterator[_Element]:
        item = new_item('dispatch')
        role = short.get('role', '')
        add(item, 'role_key', short.get('function'))
        add(item, 'dispatch_type', 'manual')
        add(item, 'role_id', role, slug=role)
        add(item, 'operation_mode', 'set')
        yield item

    def _call(self, short: _Element) -> Iterator[_Element]:
        item = new_item('webservice_call')
        add(item, 'label', short.get('label'))
        add(item, 'method', 'POST')
        add(item, 'url', short.get('url'))
        # what the signature must cover goes into the query: it does not cover the body
        signed = [value for value in short if value.get('signed') == 'yes']
        for part, values in (('qs_data', signed), ('post_data', list(short))):
            data = add(item, part)
            for value in values:
                entry = add(data, 'item')
                add(entry, 'name', value.get('name'))
                add(entry, 'value', (value.text or '').strip())
        add(item, 'post', 'False')
        add(item, 'response_type', 'json')
        add(item, 'varname', short.get('varname'))
        add(item, 'store_all_responses', 'False')
        add(item, 'attach_file_to_history', 'True')
        for failure in _FAILURES:
            target = short.get('refused', ':pass') if failure == 'app_error' else short.get('failed', ':pass')
            add(item, f'action_on_{failure}', target if target == ':pass' else self._known(target))
        add(item, 'record_errors', 'False')
        add(item, 'record_on_errors', 'True')
        add(item, 'notify_on_errors', 'False')
        add(item, 'set_marker_on_status', 'False')
        yield item

    def _redirect(self, short: _Element) -> Iterator[_Element]:
        item = new_item('redirect_to_url')
        add(item, 'url', short.get('url'))
        yield item


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

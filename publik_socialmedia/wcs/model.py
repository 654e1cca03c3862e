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

"""What w.c.s. tells us of its forms and demands, in frozen dataclasses."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Form:
    """A form as the list of forms gives it."""

    slug: str
    title: str
    url: str
    category: str
    #: Function → name of the role it was given, empty if none: then no agent sees the demands.
    functions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Role:
    slug: str
    name: str
    backoffice: bool  # its holders may enter the back office


@dataclass(frozen=True)
class Field:
    """A field that can be filled, found by its varname."""

    varname: str
    type: str  # string, text, file, date, block, item…
    label: str
    required: bool
    max_length: int | None = None
    max_items: int | None = None
    subfields: Mapping[str, Field] = field(default_factory=dict)


@dataclass(frozen=True)
class Status:
    id: str
    name: str
    closed: bool


@dataclass(frozen=True)
class Schema:
    """A form and its workflow."""

    form: str
    title: str
    disabled: bool
    fields: Mapping[str, Field]
    workflow: str
    workflow_fields: Mapping[str, Field]
    #: Identifiers of the global actions that can be called.
    hooks: frozenset[str]
    statuses: Mapping[str, Status]

    def accepts(self, varname: str) -> bool:
        """Say if a value by this name is kept by w.c.s., which ignores the others without a word."""
        return varname in self.fields or varname in self.workflow_fields


@dataclass(frozen=True)
class Created:
    """The answer to a submission; ``id`` is the number used in hooks."""

    id: str
    url: str
    backoffice_url: str
    api_url: str
    tracking_code: str = ''


@dataclass(frozen=True)
class Found:
    """A demand as it is now.

    ``comments``: the HTML of the history, oldest first. ``workflow_data``: among others the last payload of
    each hook, files included. Times are naive, in the local time of the w.c.s. site.
    """

    id: str
    internal_id: str
    uuid: str
    url: str
    api_url: str
    backoffice_url: str
    status_id: str
    status_name: str
    closed: bool
    anonymised: bool
    received: str
    updated: str
    fields: Mapping[str, Any]
    workflow_fields: Mapping[str, Any]
    workflow_data: Mapping[str, Any]
    comments: tuple[str, ...]
    #: What people read: « 3-12 ».
    display_number: str = ''


@dataclass(frozen=True)
class Content:
    """A file that a demand holds."""

    filename: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Job:
    """The end of a job of w.c.s."""

    done: bool
    status: str
    progress: str
    failure: str


def read_form(data: Mapping[str, Any]) -> Form:
    functions = {}
    for name, value in (data.get('functions') or {}).items():
        functions[str(name)] = str((value.get('role') or {}).get('name') or '')
    return Form(
        slug=str(data['slug']),
        title=str(data.get('title') or data['slug']),
        url=str(data.get('url') or ''),
        category=str(data.get('category') or ''),
        functions=functions,
    )


def read_role(data: Mapping[str, Any]) -> Role:
    return Role(
        slug=str(data['slug']),
        name=str(data.get('name') or data['slug']),
        backoffice=bool(data.get('allows_backoffice_access')),
    )


def read_fields(data: Any) -> dict[str, Field]:
    """Read the fields of a schema; those without varname (titles, pages) cannot be filled."""
    return {str(item['varname']): _read_field(item) for item in data or () if item.get('varname')}


def _read_field(item: Mapping[str, Any]) -> Field:
    return Field(
        varname=str(item['varname']),
        type=str(item.get('type') or ''),
        label=str(item.get('label') or ''),
        # before 2024 w.c.s. had a boolean here
        required=item.get('required') in (True, 'required'),
        max_length=_integer(item.get('maxlength')),
        max_items=_integer(item.get('max_items')),
        subfields=read_fields((item.get('schema') or {}).get('fields')),
    )


def _integer(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def read_schema(form: str, data: Mapping[str, Any]) -> Schema:
    workflow = data.get('workflow') or {}
    prefix = 'global-action:'
    return Schema(
        form=form,
        title=str(data.get('name') or form),
        disabled=bool(data.get('disabled')),
        fields=read_fields(data.get('fields')),
        workflow=str(workflow.get('name') or ''),
        workflow_fields=read_fields(workflow.get('fields')),
        hooks=frozenset(
            key.removeprefix(prefix) for key in workflow.get('actions') or () if key.startswith(prefix)
        ),
        statuses={
            item['id']: Status(str(item['id']), str(item.get('name') or ''), bool(item.get('endpoint')))
            for item in workflow.get('statuses') or ()
        },
    )


def read_created(data: Mapping[str, Any]) -> Created:
    inner = data['data']
    return Created(
        id=str(inner['id']),
        url=str(inner.get('url') or ''),
        backoffice_url=str(inner.get('backoffice_url') or ''),
        api_url=str(inner.get('api_url') or ''),
        tracking_code=str(data.get('tracking_code') or ''),
    )


def read_found(data: Mapping[str, Any], *, anonymised: bool = False) -> Found:
    workflow = data.get('workflow') or {}
    status = workflow.get('real_status') or workflow.get('status') or {}
    return Found(
        id=str(data['id']),
        internal_id=str(data.get('internal_id') or data['id']),
        uuid=str(data.get('uuid') or ''),
        url=str(data.get('url') or ''),
        api_url=str(data.get('api_url') or ''),
        backoffice_url=str(data.get('backoffice_url') or ''),
        status_id=str(status.get('id') or ''),
        status_name=str(status.get('name') or ''),
        closed=bool(status.get('endpoint')),
        anonymised=anonymised,
        received=str(data.get('receipt_time') or ''),
        updated=str(data.get('last_update_time') or ''),
        fields=data.get('fields') or {},
        workflow_fields=workflow.get('fields') or {},
        workflow_data=workflow.get('data') or {},
        comments=tuple(_comments(data.get('evolution') or ())),
        display_number=str(data.get('display_id') or ''),
    )


def _comments(evolution: Any) -> list[str]:
    found = []
    for entry in evolution:
        if entry.get('comment'):
            found.append(str(entry['comment']))
        found += [str(part['content']) for part in entry.get('parts') or () if _is_comment(part)]
    return found


def _is_comment(part: Mapping[str, Any]) -> bool:
    return part.get('type') == 'workflow-comment' and bool(part.get('content'))


def read_contents(data: Mapping[str, Any]) -> Iterator[Content]:
    """Files of a whole demand: values of its fields, cells of its blocks, attachments of its history."""
    values: list[Any] = []
    for value in (data.get('fields') or {}).values():
        rows = value if isinstance(value, list) else [value]
        values += [cell for row in rows for cell in (row.values() if _is_row(row) else [row])]
    values += [part for entry in data.get('evolution') or () for part in entry.get('parts') or ()]
    for value in values:
        if isinstance(value, dict) and value.get('filename') and isinstance(value.get('content'), str):
            try:
                content = base64.b64decode(value['content'])
            except ValueError:
                continue
            yield Content(str(value['filename']), str(value.get('content_type') or ''), content)


def _is_row(value: Any) -> bool:
    """Whether it is a row of a block: its cells by name; a file has a name itself."""
    return isinstance(value, dict) and 'filename' not in value

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

"""What an administrator must still do in w.c.s. after an import, or undid since.

w.c.s. drops in silence what it cannot resolve (workflow, roles, most of all), makes roles that open nothing,
and lets anyone call a global action whose list of roles is empty: this looks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from lxml.etree import _Element

from publik_socialmedia.errors import ConfigurationError
from publik_socialmedia.wcs import bundle
from publik_socialmedia.wcs.client import Client, Schema, parse_element

#: Findings that keep messages from reaching w.c.s. or from being followed there; with the others they are
#: received, and something else is wrong.
BLOCKING: Final = frozenset(
    ('wcs_form_disabled', 'wcs_form_key', 'wcs_workflow_unlinked', 'wcs_hook_unknown', 'wcs_right')
)
#: The function whose role sees the demands.
RECEIVER: Final = '_receiver'


@dataclass(frozen=True)
class Finding:
    """One thing to mend: a machine word and the varname, identifier, function or role concerned."""

    reason: str
    detail: str = ''


def inspect(
    client: Client,
    form: str,
    *,
    fields: Collection[str] = ('cle',),
    hooks: Collection[str] = bundle.HOOKS,
) -> list[Finding]:
    """Return what is wrong with a form, most urgent first; empty if it can receive messages and show them.

    ``hooks``: those that it must have. Raises what the client raises when w.c.s. cannot be asked: wrong
    secret, clock, unknown form…
    """
    schema = client.schema(form, fresh=True)
    if schema.disabled:
        return [Finding('wcs_form_disabled')]
    found = [Finding('wcs_form_key', name) for name in fields if not schema.accepts(name)]
    found += _missing(schema, hooks)
    try:
        client.check_submission(form)
    except ConfigurationError as error:
        found.append(Finding(error.reason))
    workflow = _workflow(client, form)
    found += [Finding('wcs_hook_open', name) for name in _open_hooks(workflow) if name in hooks]
    found += _roles(client, form)
    if form == bundle.FORM:
        found += _renamed(schema)
        if not found and schema.workflow == bundle.workflow_name():
            found += _differs(workflow)
    return found


def _missing(schema: Schema, hooks: Collection[str]) -> list[Finding]:
    if not schema.hooks:
        return [Finding('wcs_workflow_unlinked', schema.workflow)]
    return [Finding('wcs_hook_unknown', name) for name in hooks if name not in schema.hooks]


def _roles(client: Client, form: str) -> Iterator[Finding]:
    """The function must be given to a role whose holders may enter the back office."""
    listed = next((item for item in client.forms() if item.slug == form), None)
    if listed is None or RECEIVER not in listed.functions:
        return
    name = listed.functions[RECEIVER]
    if not name:
        yield Finding('wcs_function_unset', RECEIVER)
        return
    if any(role.name == name and not role.backoffice for role in client.roles()):
        yield Finding('wcs_role_outside', name)


def _renamed(schema: Schema) -> Iterator[Finding]:
    """The conditions of the workflow that comes with this software name its statuses."""
    if schema.workflow != bundle.workflow_name():
        return
    for key, name in bundle.statuses().items():
        if key not in schema.statuses or schema.statuses[key].name != name:
            yield Finding('wcs_status_renamed', name)


def _differs(workflow: _Element | None) -> Iterator[Finding]:
    """It came with an older version of this software, or was changed there: one of its parts tells."""
    there = bundle.shape(workflow) if workflow is not None else {}
    other = next((name for name, does in bundle.own_shape().items() if there.get(name) != does), None)
    if there and other is not None:
        yield Finding('wcs_workflow_differs', other)


def _workflow(client: Client, form: str) -> _Element | None:
    """The workflow of a form as w.c.s. exports it; None if it has none of its own."""
    named = parse_element(client.read_element('forms', form)).find('workflow')
    slug = named.get('slug') if named is not None else None
    if not slug or slug.startswith('_'):
        return None
    return parse_element(client.read_element('workflows', slug))


def _open_hooks(workflow: _Element | None) -> list[str]:
    """Return the identifiers of the global actions that anyone may call without a signature."""
    if workflow is None:
        return []
    triggers = workflow.iterfind("global_actions/action/triggers/trigger[@type='webservice']")
    return [item.findtext('identifier') or '' for item in triggers if item.find('roles/item') is None]

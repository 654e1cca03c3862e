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

w.c.s. drops in silence what it cannot resolve (roles, most of all), and opens to anyone a global action whose
list of roles is empty: this looks.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from publik_socialmedia.wcs.bundle import HOOKS
from publik_socialmedia.wcs.client import Client, parse_element


@dataclass(frozen=True)
class Finding:
    """One thing to mend: a machine word and the varname, identifier or function concerned."""

    reason: str
    detail: str = ''


def inspect(
    client: Client, form: str, *, fields: Collection[str] = ('cle',), hooks: Collection[str] = HOOKS
) -> list[Finding]:
    """Return what is wrong with a form, most urgent first; empty if it can receive messages and show them.

    Raises what the client raises when w.c.s. cannot be asked: wrong secret, clock, unknown form…
    """
    schema = client.schema(form, fresh=True)
    found = [Finding('wcs_form_disabled')] if schema.disabled else []
    found += [Finding('wcs_form_key', name) for name in fields if not schema.accepts(name)]
    found += [Finding('wcs_hook_unknown', name) for name in hooks if name not in schema.hooks]
    found += [Finding('wcs_hook_open', name) for name in _open_hooks(client, form) if name in hooks]
    listed = next((item for item in client.forms() if item.slug == form), None)
    if listed is not None:
        if not listed.functions.get('_receiver', 'none'):
            found.append(Finding('wcs_function_unset', '_receiver'))
    return found


def _open_hooks(client: Client, form: str) -> list[str]:
    """Return the identifiers of the global actions that anyone may call without a signature."""
    workflow = parse_element(client.read_element('forms', form)).find('workflow')
    slug = workflow.get('slug') if workflow is not None else None
    if not slug:
        return []
    triggers = parse_element(client.read_element('workflows', slug)).iterfind(
        "global_actions/action/triggers/trigger[@type='webservice']"
    )
    return [item.findtext('identifier') or '' for item in triggers if item.find('roles/item') is None]

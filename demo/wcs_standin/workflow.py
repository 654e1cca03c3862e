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

"""Runs the workflow as w.c.s. does: one action after the other, each stored as soon as it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from django.template import Context

from demo.wcs_standin.answers import Crash
from demo.wcs_standin.definitions import Action, FormDef, resolve
from demo.wcs_standin.demands import Demand, Entry, File, Part
from demo.wcs_standin.values import read_hook_file, storable

#: Jumps from status to status before w.c.s. thinks that it is a loop.
_MAX_JUMPS = 20


class Runner:
    """Runs actions on a copy of a demand; ``store`` is called after each action."""

    def __init__(self, form: FormDef, demand: Demand, store: Callable[[Demand], None]) -> None:
        self.form = form
        self.demand = demand
        self._store = store
        #: Number of actions to do before a crash that is wanted; none if negative.
        self.crash_after = -1
        self._names: dict[str, Any] | None = None

    def created(self) -> None:
        """Run the first status."""
        first = next(iter(self.form.statuses))
        self.demand.status = first
        self.demand.evolution.append(Entry(datetime.now(UTC), first, who='_submitter'))
        self._store(self.demand)
        self.run(self.form.statuses[first].actions)

    def run(self, actions: Iterable[Action], *, from_hook: bool = False, depth: int = _MAX_JUMPS) -> None:
        """Run actions until one changes the status, then those of the new status.

        A jump in a global action makes a new entry of the history even when the status stays the same.
        """
        if depth == 0:
            return
        before, jumped = self.demand.status, False
        for action in actions:
            if not action.applies(self.context()):
                continue
            jumped |= action.type == 'jump'
            self._perform(action)
            if self.demand.status != before:
                break
        if self.demand.status != before or from_hook and jumped:
            self.demand.evolution.append(Entry(datetime.now(UTC), self.demand.status))
            self._store(self.demand)
            self.run(self.form.statuses[self.demand.status].actions, depth=depth - 1)

    def context(self, *, autoescape: bool = True) -> Context:
        """Return the variables of the texts and conditions, made again only after a change."""
        if self._names is None:
            self._names = self._variables()
        return Context(self._names, autoescape=autoescape)

    def _variables(self) -> dict[str, Any]:
        """Return the variables; what is not there is empty, as in w.c.s."""
        demand, status = self.demand, self.form.statuses[self.demand.status]
        names: dict[str, Any] = {
            'form_number': f'1-{demand.number}',
            'form_uuid': demand.uuid,
            'form_status': status.name,
            'form_status_is_endpoint': status.endpoint,
            'form_submission_channel': demand.channel,
        }
        for item in self.form.all_fields:
            names[f'form_var_{item.varname}'] = _shown(demand.values.get(item.id))
        for identifier, payload in demand.data.items():
            for key, value in payload.items() if isinstance(payload, dict) else ():
                names[f'form_workflow_data_{identifier}_{key}'] = value
        for key, value in demand.context.items():
            names[f'form_submission_context_{key}'] = value
        return names

    def _perform(self, action: Action) -> None:
        if action.type not in ('register-comment', 'set-backoffice-fields', 'jump'):
            return
        if self.crash_after == 0:
            raise Crash
        self.crash_after -= 1
        match action.type:
            case 'register-comment':
                self._comment(action)
            case 'set-backoffice-fields':
                self._set(action)
            case 'jump':
                self.demand.status = action.status
        self._names = None
        self._store(self.demand)

    def _comment(self, action: Action) -> None:
        entry = self.demand.evolution[-1]
        context = self.context()
        for source in action.attachments:
            file = read_hook_file(resolve(source, context))
            if file:
                entry.parts.append(Part(file=file, receivers_only=action.receivers_only))
        text = action.text.render(context) if action.text else ''
        if text:
            entry.parts.append(Part(comment=text, receivers_only=action.receivers_only))

    def _set(self, action: Action) -> None:
        # a value is data: escaped where it is shown, not where it is stored
        context = self.context(autoescape=False)
        # … and an addition makes a plain text of what Django takes for safe HTML
        values = {field_id: source.render(context) + '' for field_id, source in action.values}
        for value in values.values():
            storable(value)
        self.demand.values.update(values)


def _shown(value: Any) -> Any:
    """Return a value as the texts of w.c.s. show it."""
    if isinstance(value, File):
        return value.base_filename
    if isinstance(value, list):
        return ', '.join(_shown(cell) or '' for row in value for cell in row.values())
    return value

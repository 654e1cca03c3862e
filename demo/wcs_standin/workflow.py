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

from demo.wcs_standin import calling
from demo.wcs_standin.actions import Action, resolve
from demo.wcs_standin.answers import Crash
from demo.wcs_standin.definitions import FormDef
from demo.wcs_standin.demands import Demand, Entry, File, Part
from demo.wcs_standin.values import read_hook_file, storable
from demo.wcs_standin.variables import Site, User, variables

#: Jumps from status to status before w.c.s. thinks that it is a loop.
_MAX_JUMPS = 20


class Runner:
    """Runs actions on a copy of a demand; ``store`` is called after each action. ``user``: who acts."""

    def __init__(
        self,
        form: FormDef,
        demand: Demand,
        store: Callable[[Demand], None],
        site: Site,
        user: User | None = None,
    ) -> None:
        self.form = form
        self.demand = demand
        self.site = site
        self.user = user
        self._store = store
        #: Where the browser of the agent is sent; '' to the demand.
        self.url = ''
        #: Number of actions to do before a crash that is wanted; none if negative.
        self.crash_after = -1
        self._names: dict[str, Any] | None = None
        self._does: dict[str, Callable[[Action], bool]] = {
            'register-comment': self._comment,
            'set-backoffice-fields': self._set,
            'jump': self._jump,
            'dispatch': self._dispatch,
            'redirect_to_url': self._redirect,
            'webservice_call': self._call,
        }

    def forget(self) -> None:
        """Make the variables again: the demand was changed by somebody else than an action."""
        self._names = None

    def created(self) -> None:
        """Run the first status."""
        first = next(iter(self.form.statuses))
        self.demand.status = first
        self.demand.evolution.append(Entry(datetime.now(UTC), first, who='_submitter'))
        self._store(self.demand)
        self.run(self.form.statuses[first].actions)

    def run(self, actions: Iterable[Action], *, global_action: bool = False, depth: int = _MAX_JUMPS) -> None:
        """Run actions until one changes the status, then those of the new status.

        A jump in a global action makes a new entry of the history even when the status stays the same.
        """
        if depth == 0:
            return
        before, jumped = self.demand.status, False
        for action in actions:
            if action.type not in self._does or not action.applies(self.context()):
                continue
            jumped |= action.type == 'jump'
            if not self._perform(action) or self.demand.status != before:
                break
        if self.demand.status != before or global_action and jumped:
            self.demand.evolution.append(Entry(datetime.now(UTC), self.demand.status))
            self._store(self.demand)
            self.run(self.form.statuses[self.demand.status].actions, depth=depth - 1)

    def context(self, *, autoescape: bool = True) -> Context:
        """Return the variables of the texts and conditions, made again only after a change."""
        if self._names is None:
            self._names = variables(self.form, self.demand, self.site, self.user)
        return Context(self._names, autoescape=autoescape)

    def _perform(self, action: Action) -> bool:
        """Do one action and store; False if those that follow are not to be run."""
        if self.crash_after == 0:
            raise Crash
        self.crash_after -= 1
        goes_on = self._does[action.type](action)
        self.forget()
        self._store(self.demand)
        return goes_on

    def _comment(self, action: Action) -> bool:
        entry = self.demand.evolution[-1]
        context = self.context()
        for source in action.attachments:
            value = resolve(source, context)
            file = value if isinstance(value, File) else read_hook_file(value)
            if file:
                entry.parts.append(Part(file=file, receivers_only=action.receivers_only))
        text = action.text.render(context) if action.text else ''
        if text:
            text = f'<div class="{action.level}notice">{text}</div>' if action.level else text
            entry.parts.append(Part(comment=text, receivers_only=action.receivers_only))
        return True

    def _set(self, action: Action) -> bool:
        # a value is data: escaped where it is shown, not where it is stored
        context = self.context(autoescape=False)
        types = {item.id: item.type for item in self.form.all_fields}
        values: dict[str, Any] = {}
        for field_id, source in action.values:
            if types.get(field_id) == 'file':
                value = resolve(source, context)
                values[field_id] = value if isinstance(value, File) else None
            else:
                # … and an addition makes a plain text of what Django takes for safe HTML
                values[field_id] = storable(source.render(context) + '')
        self.demand.values.update(values)
        return True

    def _jump(self, action: Action) -> bool:
        self.demand.status = action.status
        return True

    def _dispatch(self, action: Action) -> bool:
        slug = str(resolve(action.role, self.context(autoescape=False))) if action.role else ''
        if slug in self.site.roles:
            self.demand.roles[action.function] = slug
        return True

    def _redirect(self, action: Action) -> bool:
        self.url = str(resolve(action.url, self.context(autoescape=False))) if action.url else ''
        return True

    def _call(self, action: Action) -> bool:
        step = calling.call(action, self.demand, self.context(autoescape=False), self.site)
        if step and step != ':stop':
            self.demand.status = step
        return not step

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

"""What an agent does in the back office: the buttons and forms of a status, and the global actions.

Of w.c.s. are kept: who may see a demand, the fields that must be filled, the refusal of what was begun before
something else happened (« exécution parallèle »), and that what was typed is shown again then.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from demo.wcs_standin import calling
from demo.wcs_standin.actions import Action, FieldDef
from demo.wcs_standin.definitions import Button
from demo.wcs_standin.demands import Demand, Entry, File
from demo.wcs_standin.posting import Posted
from demo.wcs_standin.variables import User
from demo.wcs_standin.workflow import Runner

if TYPE_CHECKING:
    from demo.wcs_standin.api import Wcs

AGENT = User('Alice Agent', 'agent@example.org', ('agents-reseaux-sociaux',))
PARALLEL = 'Erreur : exécution parallèle.'
RUNNING = 'Erreur : des actions sont en cours d’exécution.'


@dataclass
class Input:
    """A field on the screen. ``name``: of the HTML field."""

    name: str
    item: FieldDef
    value: str = ''
    choices: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Screen:
    """What can be done: ``buttons`` are (name, label); ``messages`` (level, HTML)."""

    stamp: str
    inputs: list[Input] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    messages: list[tuple[str, str]] = field(default_factory=list)
    error: str = ''


def may_see(wcs: Wcs, demand: Demand, user: User = AGENT) -> bool:
    """Say if the user holds one of the functions."""
    return bool(set(wcs.site.roles_of(demand).values()) & set(user.roles))


def stamp_of(demand: Demand) -> str:
    return str(demand.updated.timestamp())


def status_screen(wcs: Wcs, demand: Demand, posted: Posted | None = None) -> Screen:
    """Return what the status and the global actions offer; ``posted``: what was typed before."""
    screen = Screen(stamp_of(demand))
    if demand.anonymised:
        return screen
    status = wcs.form.statuses[demand.status]
    _fill(wcs, demand, status.actions, screen, posted)
    for button in wcs.form.buttons.values():
        if not button.statuses or demand.status in button.statuses:
            screen.buttons.append((f'global:{button.id}', button.name))
    return screen


def button_screen(wcs: Wcs, demand: Demand, button: Button, posted: Posted | None = None) -> Screen:
    """Return the page of a global action."""
    screen = Screen(stamp_of(demand))
    _fill(wcs, demand, button.actions, screen, posted)
    screen.buttons.append(('submit', 'Valider'))
    return screen


def _fill(
    wcs: Wcs, demand: Demand, actions: tuple[Action, ...], screen: Screen, posted: Posted | None
) -> None:
    runner = Runner(wcs.form, demand, wcs.store.commit, wcs.site, AGENT)
    for action in actions:
        if not action.applies(runner.context()):
            continue
        if action.type == 'choice':
            screen.buttons.append((action.id, action.label))
        elif action.type == 'displaymsg' and action.text:
            screen.messages.append((action.level, action.text.render(runner.context())))
        elif action.type == 'form':
            screen.inputs += [_input(wcs, runner, action, item, posted) for item in action.fields]


def _input(wcs: Wcs, runner: Runner, action: Action, item: FieldDef, posted: Posted | None) -> Input:
    name = f'{action.varname}_{action.id}_{item.id}'
    context = runner.context(autoescape=False)
    value = item.prefill.render(context) + '' if item.prefill else ''
    if posted is not None and isinstance(posted.get(name), str):
        value = str(posted[name])
    choices = calling.fetch_choices(item.source.render(context) + '', wcs.site) if item.source else []
    return Input(name, item, value, choices)


def submit_status(wcs: Wcs, demand: Demand, posted: Posted) -> Screen | str:
    """Do what a button of a status does. Return the URL to go to, or the screen again with its error."""
    if wcs.store.is_processing(demand.number):
        return _again(status_screen(wcs, demand, posted), RUNNING)
    if posted.get('_ts') != stamp_of(demand):
        return _again(status_screen(wcs, demand, posted), PARALLEL)
    runner = Runner(wcs.form, demand, wcs.store.commit, wcs.site, AGENT)
    actions = [
        action for action in wcs.form.statuses[demand.status].actions if action.applies(runner.context())
    ]
    choice = next((a for a in actions if a.type == 'choice' and a.id == posted.get('button')), None)
    if choice is None:
        return _again(status_screen(wcs, demand, posted), 'Aucune action.')
    if not choice.ignore_form:
        forms = [action for action in actions if action.type == 'form']
        if _missing(forms, posted):
            return _again(status_screen(wcs, demand, posted), 'Champ obligatoire')
        _keep(demand, forms, posted)
    demand.status = choice.status
    demand.evolution.append(Entry(datetime.now(UTC), choice.status, who='2'))
    return _run(wcs, runner, wcs.form.statuses[choice.status].actions, global_action=False)


def submit_button(wcs: Wcs, demand: Demand, button: Button, posted: Posted) -> Screen | str:
    """Do what a global action does, once its form is filled."""
    runner = Runner(wcs.form, demand, wcs.store.commit, wcs.site, AGENT)
    forms = [action for action in button.actions if action.type == 'form']
    if _missing(forms, posted):
        return _again(button_screen(wcs, demand, button, posted), 'Champ obligatoire')
    labels = _keep(demand, forms, posted)
    if labels:
        _name_choices(wcs, demand, button, labels)
    demand.evolution.append(Entry(datetime.now(UTC), '', who='2'))
    return _run(wcs, runner, button.actions, global_action=True)


def _run(wcs: Wcs, runner: Runner, actions: tuple[Action, ...], *, global_action: bool) -> str:
    number = runner.demand.number
    runner.forget()
    wcs.store.set_processing(number, True)
    wcs.store.commit(runner.demand)
    runner.run(actions, global_action=global_action)
    wcs.store.set_processing(number, False)
    return runner.url or wcs.url_of(runner.demand, kind='backoffice/management/')


def _missing(forms: list[Action], posted: Posted) -> bool:
    names = [
        f'{action.varname}_{action.id}_{item.id}'
        for action in forms
        for item in action.fields
        if item.required
    ]
    return any(not posted.get(name) for name in names)


def _keep(demand: Demand, forms: list[Action], posted: Posted) -> list[tuple[str, str]]:
    """Keep what was filled in; return (form, field) of the lists, whose labels are to be found."""
    chosen = []
    for action in forms:
        filled: dict[str, Any] = {}
        for item in action.fields:
            value = posted.get(f'{action.varname}_{action.id}_{item.id}')
            filled[item.varname] = value.base_filename if isinstance(value, File) else value
            if item.type in ('file', 'item'):
                filled[f'{item.varname}_raw'] = value
            if item.type == 'item':
                chosen.append((action.varname, item.varname))
        demand.forms.setdefault(action.varname, []).append(filled)
    return chosen


def _name_choices(wcs: Wcs, demand: Demand, button: Button, chosen: list[tuple[str, str]]) -> None:
    screen = button_screen(wcs, demand, button)
    for varname, field_name in chosen:
        filled = demand.forms[varname][-1]
        shown = next(item for item in screen.inputs if item.item.varname == field_name)
        labels = dict(shown.choices)
        filled[field_name] = labels.get(str(filled[f'{field_name}_raw']), '')


def _again(screen: Screen, error: str) -> Screen:
    screen.error = error
    return screen

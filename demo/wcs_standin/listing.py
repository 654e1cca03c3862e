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

"""The list of demands and its filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from demo.wcs_standin import export
from demo.wcs_standin.actions import FieldDef
from demo.wcs_standin.answers import Request, invalid
from demo.wcs_standin.demands import Demand

if TYPE_CHECKING:
    from demo.wcs_standin.api import Wcs

_ORDERS: dict[str, Callable[[Demand], Any]] = {
    'id': lambda demand: demand.number,
    'receipt_time': lambda demand: demand.received,
    'last_update_time': lambda demand: demand.updated,
}


def rows(wcs: Wcs, request: Request) -> list[dict[str, Any]]:
    """Return the demands asked for: a bare list, newest first, all of them unless limited."""
    found = _filtered(wcs, request)
    if not request.flag('include-anonymised'):
        found = [demand for demand in found if not demand.anonymised]
    found = [demand for demand in found if not demand.draft and demand.status]
    order = request.get('order_by') or ''
    if order.lstrip('-') in _ORDERS:
        found = sorted(found, key=_ORDERS[order.lstrip('-')], reverse=order.startswith('-'))
    offset, limit = _number(request, 'offset'), _number(request, 'limit')
    found = found[offset or 0 :]
    found = found if limit is None else found[:limit]
    parts = _parts(request)
    return [export.demand(wcs, item, parts) if parts else export.summary(wcs, item) for item in found]


def _parts(request: Request) -> frozenset[str]:
    if request.flag('full'):
        return export.EVERYTHING
    return frozenset(part for part in export.EVERYTHING if request.flag(f'include-{part}'))


def _number(request: Request, name: str) -> int | None:
    text = request.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise invalid(None)
    return int(text)


def _filtered(wcs: Wcs, request: Request) -> list[Demand]:
    found: list[Demand] | None = None
    for name in request.parameters:
        if not name.startswith('filter-') or name.endswith('-operator') or name == 'filter-operator':
            continue
        key = name.removeprefix('filter-')
        value, operator = request.get(name) or '', request.get(f'{name}-operator') or 'eq'
        matching = _matching(wcs, key, value, operator)
        found = matching if found is None else [item for item in found if item in matching]
    found = wcs.store.all() if found is None else found
    return [item for item in found if _has_status(wcs, request, item)]


def _matching(wcs: Wcs, key: str, value: str, operator: str) -> list[Demand]:
    if key in ('identifier', 'internal-id', 'number'):
        wanted = value.removeprefix('1-') if key == 'number' else value
        return [item for item in wcs.store.all() if str(item.number) == wanted]
    item = wcs.form.by_varname(key)
    if item is None or item.type in ('file', 'block'):
        raise invalid(f'Filtre invalide « {key} ».')
    if operator == 'eq':
        return wcs.store.with_value(item.id, value) if value else []
    return [demand for demand in wcs.store.all() if _passes(item, demand, value, operator)]


def _passes(item: FieldDef, demand: Demand, value: str, operator: str) -> bool:
    own = demand.values.get(item.id)
    match operator:
        case 'in':
            return own in value.split('|')
        case 'ne':
            return own != value
        case 'absent':
            return own is None
    raise invalid(f'Opérateur invalide « {operator} ».')


def _has_status(wcs: Wcs, request: Request, demand: Demand) -> bool:
    wanted = request.get('filter') or 'all'
    if wanted == 'all':
        return True
    status = wcs.form.statuses.get(demand.status)
    if status is None:
        return False
    if wanted in ('pending', 'done'):
        same = status.endpoint == (wanted == 'done')
    else:
        same = wanted in (status.id, status.name)
    return not same if request.get('filter-operator') == 'ne' else same

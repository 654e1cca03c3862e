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

"""The pages of the stand-in: the list of demands, and one demand with its history and files, as an agent
would see them. Everything comes from the network: all is escaped, no script runs, files are only shown
if they are images.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.template import Context, Template

from demo.wcs_standin import agents
from demo.wcs_standin.actions import FieldDef, template
from demo.wcs_standin.answers import Answer, Request
from demo.wcs_standin.demands import Demand, Entry, File
from demo.wcs_standin.export import PARIS
from demo.wcs_standin.posting import read_post
from demo.wcs_standin.templates import BUTTON, DEMAND, DENIED, LIST

if TYPE_CHECKING:
    from demo.wcs_standin.api import Wcs

_HEADERS = {
    'Content-Security-Policy': (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'self'"
    ),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
}
_IMAGES = ('image/png', 'image/jpeg', 'image/gif', 'image/webp')
CHANNELS = {'social-network': 'Réseau social', 'mail': 'Courrier', 'phone': 'Téléphone', 'email': 'Courriel'}
#: Number of demands on the page of the list.
_SHOWN = 200


def answer(wcs: Wcs, request: Request) -> Answer | None:
    """Answer a page, None if the path is not one."""
    if request.path in ('/', f'/{wcs.form.slug}/', f'/backoffice/management/{wcs.form.slug}/'):
        return _page(LIST, _list(wcs))
    found = re.fullmatch(
        rf'(/backoffice/management)?/{re.escape(wcs.form.slug)}/(\d+)/'
        r'(download|attachment|action|actions/(\w+)/)?',
        request.path,
    )
    demand = wcs.store.get(int(found[2])) if found else None
    if found is None or demand is None:
        return None
    if not agents.may_see(wcs, demand):
        return _page(DENIED, {}, status=403)
    if found[4]:
        return _act_globally(wcs, request, demand, found[4])
    if found[3] == 'action':
        return _act(wcs, request, demand)
    if found[3]:
        return _file(demand, request.get('f') or request.get('hash') or '')
    return _page(DEMAND, _demand(wcs, demand, agents.status_screen(wcs, demand)))


def _page(page: str, values: dict[str, Any], *, status: int = 200) -> Answer:
    text = _compiled(page).render(Context(values))
    return Answer(status, text.encode(), 'text/html; charset=utf-8', _HEADERS)


_templates: dict[str, Template] = {}


def _compiled(page: str) -> Template:
    if page not in _templates:
        _templates[page] = template(page)
    return _templates[page]


def _time(moment: datetime) -> str:
    return moment.astimezone(PARIS).strftime('%d/%m/%Y %H:%M:%S')


def _list(wcs: Wcs) -> dict[str, Any]:
    demands = [demand for demand in wcs.store.all() if demand.status and not demand.draft]
    columns = [item for item in wcs.form.all_fields if item.in_listings]
    rows = [
        {
            'number': demand.number,
            'channel': CHANNELS.get(str(demand.channel), 'Web'),
            'received': _time(demand.received),
            'updated': _time(demand.updated),
            'status': wcs.form.statuses[demand.status],
            'locked': wcs.store.is_processing(demand.number),
            'values': [demand.values.get(item.id) or '' for item in columns],
        }
        for demand in sorted(demands, key=lambda demand: demand.updated, reverse=True)[:_SHOWN]
    ]
    labels = [item.label for item in columns]
    return {'form': wcs.form, 'rows': rows, 'labels': labels, 'total': len(demands)}


def _demand(wcs: Wcs, demand: Demand, screen: agents.Screen) -> dict[str, Any]:
    status = wcs.form.statuses[demand.status]
    return {
        'form': wcs.form,
        'demand': demand,
        'status': status,
        'channel': CHANNELS.get(str(demand.channel), 'Web'),
        'received': _time(demand.received),
        'locked': wcs.store.is_processing(demand.number),
        'fields': _fields(wcs.form.fields, demand),
        'workflow_fields': _fields(wcs.form.workflow_fields, demand),
        'context': [(key, value) for key, value in demand.context.items() if isinstance(value, str)],
        'history': _history(wcs, demand.evolution),
        'screen': screen,
        'target': f'{wcs.url_of(demand, kind="backoffice/management/")}action',
    }


def _fields(fields: tuple[FieldDef, ...], demand: Demand) -> list[dict[str, Any]]:
    return [_field(item.label, item.id, demand.values.get(item.id)) for item in fields if item.shown]


def _field(label: str, key: str, value: Any) -> dict[str, Any]:
    cells = [(key, value)] if isinstance(value, File) else []
    if isinstance(value, list):
        cells = [(f'{key}${i}${sub}', cell) for i, row in enumerate(value) for sub, cell in row.items()]
    links = [_link(f'download?f={path}', cell) for path, cell in cells if isinstance(cell, File)]
    return {'label': label, 'value': value if isinstance(value, str) else '', 'files': links}


def _link(url: str, file: File) -> dict[str, Any]:
    return {'url': url, 'name': file.base_filename, 'image': file.content_type in _IMAGES}


def _history(wcs: Wcs, evolution: list[Entry]) -> list[dict[str, Any]]:
    """Return the entries that show something: w.c.s. hides one that changes nothing to see."""
    shown, last = [], ''
    for entry in evolution:
        status = entry.status or last
        if wcs.form.statuses[status].hidden or status == last and not entry.parts:
            continue
        last = status
        shown.append(
            {
                'time': _time(entry.time),
                'status': wcs.form.statuses[status],
                # a comment is HTML made by the workflow's texts, which escape what they insert
                'comments': [part.comment for part in entry.parts if part.comment],
                'files': [
                    _link(f'attachment?f={part.file.digest}', part.file) for part in entry.parts if part.file
                ],
            }
        )
    return shown


def _act(wcs: Wcs, request: Request, demand: Demand) -> Answer | None:
    """Do what a button of the demand's page does."""
    if request.method != 'POST':
        return None
    posted = read_post(request)
    button = str(posted.get('button', ''))
    if button.startswith('global:'):
        url = wcs.url_of(demand, kind='backoffice/management/')
        return _redirect(f'{url}actions/{button.removeprefix("global:")}/')
    done = agents.submit_status(wcs, demand, posted)
    return _redirect(done) if isinstance(done, str) else _page(DEMAND, _demand(wcs, demand, done))


def _act_globally(wcs: Wcs, request: Request, demand: Demand, name: str) -> Answer | None:
    """Show the page of a global action, or do it."""
    button = wcs.form.buttons.get(name)
    if button is None:
        return None
    done: agents.Screen | str
    if request.method == 'POST':
        done = agents.submit_button(wcs, demand, button, read_post(request))
    else:
        done = agents.button_screen(wcs, demand, button)
    if isinstance(done, str):
        return _redirect(done)
    return _page(BUTTON, {'name': button.name, 'demand': demand, 'screen': done, 'target': request.path})


def _redirect(url: str) -> Answer:
    return Answer(303, b'', 'text/plain', {'Location': url})


def _file(demand: Demand, key: str) -> Answer | None:
    """A file by its place among the fields, or by the SHA-256 of its content."""
    rows = [row for value in demand.values.values() if isinstance(value, list) for row in value]
    held = [item for row in rows if isinstance(row, dict) for item in row.values() if isinstance(item, File)]
    file = next((item for item in [*demand.files, *held] if item.digest == key), None)
    parts = key.split('$')
    value = demand.values.get(parts[0])
    if isinstance(value, list) and len(parts) == 3 and parts[1].isdigit() and int(parts[1]) < len(value):
        value = value[int(parts[1])].get(parts[2])
    file = value if isinstance(value, File) else file
    if file is None:
        return None
    image = file.content_type in _IMAGES
    name = re.sub(r'[^\w.-]', '_', file.base_filename, flags=re.ASCII)
    disposition = f'{"inline" if image else "attachment"}; filename="{name}"'
    content_type = file.content_type if image else 'application/octet-stream'
    return Answer(200, file.content, content_type, {**_HEADERS, 'Content-Disposition': disposition})

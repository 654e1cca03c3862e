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

"""The stand-in as tests and the demonstration use it.

with StandIn() as wcs:
    … wcs.url, wcs.orig, wcs.secret, wcs.form …
    assert len(wcs.demands()) == 1
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from demo.wcs_standin.access import Access, ApiAccess
from demo.wcs_standin.answers import Answer, json_answer
from demo.wcs_standin.api import Wcs
from demo.wcs_standin.definitions import customised, read_form
from demo.wcs_standin.demands import Demand, Entry, Store
from demo.wcs_standin.faults import Faults
from demo.wcs_standin.server import Server
from demo.wcs_standin.variables import Site
from publik_socialmedia.wcs import bundle

ORIG = 'combo.example.org'
SECRET = 'wcs-secret-only-for-tests'
#: Roles of the site: slug → name.
ROLES = {'agents-reseaux-sociaux': 'Agents réseaux sociaux', 'autre-service': 'Autre service'}


def _access(orig: str, secret: str, max_age: float, clock_offset: float) -> Access:
    """Return who may call: our service, three API accesses and two users, as on the site of the contract."""
    return Access(
        {orig.lower(): secret},
        {
            'social-dm': ApiAccess('social-dm-key', 'agents'),
            'norole': ApiAccess('norole-key'),
            'autre': ApiAccess('autre-key', 'other'),
        },
        {'agent@example.org': 'agents', 'claire@example.org': ''},
        max_age=max_age,
        clock_offset=clock_offset,
    )


class StandIn:
    """A w.c.s. in threads of this process, on the loopback, in memory, with one form.

    ``latency``: seconds that a submission or a hook takes (a real one: 0.045). ``workers``: how many calls
    run at once, 0 for no limit. ``signature_age`` and ``lock_age`` shorten the 30 seconds of a signature and
    the hour after which the lock left by a crash is lifted. ``clock_offset``: seconds that its clock is ahead
    of ours.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        orig: str = ORIG,
        secret: str = SECRET,
        latency: float = 0,
        race_window: float = 0.003,
        workers: int = 0,
        signature_age: float = 30,
        lock_age: float = 3600,
        clock_offset: float = 0,
        keep_alive: bool = False,
        faults: Faults | None = None,
    ) -> None:
        self.orig, self.secret = orig, secret
        self.workers, self.keep_alive = workers, keep_alive
        self.faults = faults or Faults()
        self.maintenance = False
        #: Exceptions of the stand-in itself: none is expected.
        self.errors: list[Exception] = []
        #: Number of calls received, by method.
        self.calls: Counter[str] = Counter()
        self._calls_lock = threading.Lock()
        self._server = Server(self, port)
        self._thread: threading.Thread | None = None
        self.url = f'http://127.0.0.1:{self._server.server_address[1]}/'
        self.wcs = Wcs(
            url=self.url,
            form=read_form((item.type, item.slug, item.xml) for item in bundle.elements()),
            access=_access(orig, secret, signature_age, clock_offset),
            store=Store(lock_age),
            site=Site(
                self.url,
                orig='127.0.0.1',
                secrets={'127.0.0.1': secret, 'localhost': secret},
                roles=dict(ROLES),
                functions={'_receiver': 'agents-reseaux-sociaux'},
            ),
            latency=latency,
            race_window=race_window,
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        if self._thread:
            self._thread.join()

    @property
    def form(self) -> str:
        """Slug of the form."""
        return self.wcs.form.slug

    @property
    def settings(self) -> dict[str, Any]:
        """Return the entry of ``KNOWN_SERVICES['wcs']`` for this w.c.s."""
        return {'title': 'Démarches', 'url': self.url, 'orig': self.orig, 'secret': self.secret}

    def demands(self) -> list[Demand]:
        """Return the demands, oldest first; copies."""
        return [demand.copy() for demand in reversed(self.wcs.store.all())]

    def value(self, demand: Demand, varname: str) -> Any:
        """Return the value of a field of a demand."""
        item = self.wcs.form.by_varname(varname)
        return demand.values.get(item.id) if item else None

    def is_locked(self, number: int) -> bool:
        return self.wcs.store.is_processing(number)

    def unlock(self, number: int) -> None:
        """Lift the lock of a crash, as the hourly job of w.c.s. does."""
        self.wcs.store.set_processing(number, False)

    def disable(self, value: bool = True) -> None:
        self.wcs.disabled = value

    def customise(self, value: bool = True) -> None:
        """Change the title and a label, as an administrator may; an import keeps them."""
        self.wcs.title = 'Messages à nous' if value else 'Message privé reçu sur un réseau social'
        self.wcs.labels = {'nom': 'Nom du citoyen' if value else "Nom de l'usager"}
        self.wcs.form = customised(self.wcs.form, self.wcs.title, self.wcs.labels)

    def set_status(self, number: int, status: str) -> None:
        """Do as an agent who clicks on a button."""
        demand = self._stored(number)
        demand.status = status
        demand.evolution.append(Entry(demand.updated, status, who='2'))
        self.wcs.store.commit(demand)

    def close(self, number: int) -> None:
        self.set_status(number, 'closed')

    def anonymise(self, number: int) -> None:
        """Empty the personal fields, the history and the context, as w.c.s. does some time after the end."""
        demand = self._stored(number)
        kept = {item.id for item in self.wcs.form.all_fields if not item.anonymise}
        demand.values = {key: value for key, value in demand.values.items() if key in kept}
        demand.evolution = [replace(entry, who=None, parts=[]) for entry in demand.evolution]
        demand.data, demand.forms, demand.context = {}, {}, {}
        demand.user_id, demand.anonymised = None, True
        self.wcs.store.commit(demand)

    def delete(self, number: int) -> None:
        self.wcs.store.delete(number)

    def count_call(self, method: str) -> None:
        with self._calls_lock:
            self.calls[method] += 1

    def control(self, method: str, body: bytes) -> Answer:
        """Answer the control address, for a demonstration in another process.

        POST ``{"rates": {…}, "plan": […], "down_for": s, "latency": s, "disabled": b, "maintenance": b}``,
        keys as needed; GET: how many demands, calls and faults.
        """
        if method == 'POST':
            self._apply(json.loads(body))
        return json_answer(
            {
                'demands': len(self.wcs.store.all()),
                'calls': dict(self.calls),
                'faults': {str(fault): count for fault, count in self.faults.counts.items() if count},
                'errors': [type(error).__name__ for error in self.errors],
            }
        )

    def _apply(self, order: dict[str, Any]) -> None:
        if 'rates' in order:
            self.faults.set_rates(order['rates'])
        self.faults.plan(*order.get('plan', ()))
        if 'down_for' in order:
            self.faults.down_for(order['down_for'])
        self.wcs.latency = order.get('latency', self.wcs.latency)
        self.wcs.disabled = order.get('disabled', self.wcs.disabled)
        self.maintenance = order.get('maintenance', self.maintenance)

    def _stored(self, number: int) -> Demand:
        demand = self.wcs.store.get(number)
        if demand is None:
            raise KeyError(number)
        return demand

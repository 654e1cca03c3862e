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

"""The API of w.c.s. that a service uses: forms, submission, list, hooks, import of bundles."""

from __future__ import annotations

import re
import secrets
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from demo.wcs_standin import export, listing
from demo.wcs_standin.access import Access, Caller, unauthorized
from demo.wcs_standin.answers import (
    Answer,
    Crash,
    Nothing,
    Refused,
    Request,
    crashed,
    denied,
    invalid,
    json_answer,
    not_found,
)
from demo.wcs_standin.bundles import form_of_tar
from demo.wcs_standin.definitions import FormDef, Hook, customised
from demo.wcs_standin.demands import Demand, Store
from demo.wcs_standin.faults import Fault
from demo.wcs_standin.values import read_values, storable
from demo.wcs_standin.variables import Site
from demo.wcs_standin.workflow import Runner

#: Part of the service time of a hook before the mark « being processed » is written: two hooks that both
#: start within it are both accepted, and one is lost.
_UNMARKED = 0.3


@dataclass
class Wcs:
    """A w.c.s. with one form; ``others``: its other forms, by slug, as so many of them."""

    url: str
    form: FormDef
    access: Access
    store: Store
    site: Site
    latency: float = 0
    race_window: float = 0.003
    disabled: bool = False
    #: What an administrator changed here, and an import keeps: title of the form, label by varname.
    title: str = ''
    labels: dict[str, str] = field(default_factory=dict)
    #: Slugs of the roles that do not open the back office.
    outside: set[str] = field(default_factory=set)
    #: Why imports of bundles fail, if they are to.
    import_failure: str = ''
    #: Tracking code → number of a demand.
    tracking_codes: dict[str, tuple[str, int]] = field(default_factory=dict)  # code → form, number
    others: dict[str, Wcs] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)
    _importing: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request, fault: Fault | None) -> Answer | None:
        """Answer a call of the API, None if the path is not one of the API's."""
        for pattern, methods, endpoint in _ROUTES:
            found = re.fullmatch(pattern, request.path)
            if found is None:
                continue
            try:
                if request.method in ('PATCH', 'DELETE'):
                    raise Refused(405, 'method-not-allowed', None)
                if request.method not in methods and methods != '*':
                    raise not_found()
                wcs = self.others.get(found.groupdict().get('slug', ''), self)
                return endpoint(wcs, request, fault, **found.groupdict())
            except Refused as refused:
                return refused.answer()
            except Crash:
                return crashed()
        return None

    def url_of(self, demand: Demand, *, kind: str = '') -> str:
        """Return the front URL of a demand, or its ``api/forms/`` or ``backoffice/management/`` one."""
        return f'{self.url}{kind}{self.form.slug}/{demand.number}/'

    def take(self, form: FormDef) -> None:
        """Keep an imported form: ours again, or another one."""
        if form.slug == self.form.slug:
            self.form = customised(form, self.title, self.labels)
        else:
            self.others[form.slug] = replace(
                self, form=form, store=Store(3600), others={}, title='', labels={}
            )

    def check_slug(self, slug: str) -> None:
        if slug != self.form.slug:
            raise not_found()

    def wait(self, share: float = 1) -> None:
        if self.latency:
            time.sleep(self.latency * share)


def forms(wcs: Wcs, request: Request, fault: Fault | None) -> Answer:
    caller = wcs.access.caller(request)
    if not caller.signed and not caller.is_api_user:
        raise denied('Appel d’API non signé.')
    wcs.wait(0.5)
    # those that may be filled in the back office: by whom? Nobody, for a service alone
    shown = not wcs.disabled and (not request.flag('backoffice-submission') or caller.role == 'agents')
    listed = [wcs, *wcs.others.values()] if shown else []
    return json_answer({'err': 0, 'data': [export.form_summary(item) for item in listed]})


def roles(wcs: Wcs, request: Request, fault: Fault | None) -> Answer:
    if not wcs.access.caller(request).signed:
        raise denied('Requête non signée ou utilisateur sans accès au backoffice.')
    rows = [
        {
            'id': str(place),
            'slug': slug,
            'name': name,
            'text': name,
            'allows_backoffice_access': slug not in wcs.outside,
        }
        for place, (slug, name) in enumerate(wcs.site.roles.items(), 1)
    ]
    return json_answer({'err': 0, 'data': rows})


def users(wcs: Wcs, request: Request, fault: Fault | None) -> Answer:
    """Those in whose e-mail or name the words are found, and who has them as name id."""
    if not wcs.access.caller(request).signed:
        raise denied('Requête non signée ou utilisateur sans accès au backoffice.')
    query = (request.get('q') or '').lower()
    rows: list[dict[str, Any]] = []
    for number, email in enumerate(wcs.access.users, 1):
        name_id = wcs.access.name_ids.get(email, '')
        if query in email or query == name_id:
            names = {'user_nameid': name_id, 'user_name_identifier_0': name_id} if name_id else {}
            known = {'user_display_name': email, 'user_email': email, 'user_id': number, 'id': number}
            rows.append({**known, 'text': email, **names})
    return json_answer({'data': rows, 'err': 0})


def tracking_code(wcs: Wcs, request: Request, fault: Fault | None, code: str) -> Answer:
    if not wcs.access.caller(request).signed:
        raise denied('Signature absente.')
    slug, number = wcs.tracking_codes.get(code, ('', 0))
    form = wcs.others.get(slug, wcs)
    demand = form.store.get(number)
    if demand is None:
        raise not_found()
    url = form.url_of(demand, kind='backoffice/management/' if request.flag('backoffice') else '')
    return json_answer({'err': 0, 'url': url, 'load_url': url})


def schema(wcs: Wcs, request: Request, fault: Fault | None, slug: str) -> Answer:
    wcs.check_slug(slug)
    if not wcs.access.caller(request).signed:
        raise denied(None)
    wcs.wait(0.5)
    return json_answer(export.schema(wcs))


def submit(wcs: Wcs, request: Request, fault: Fault | None, slug: str) -> Answer:
    """Create a demand: the row is committed first, then its workflow runs."""
    wcs.check_slug(slug)
    if wcs.disabled:
        raise denied('Formulaire désactivé.')
    caller = wcs.access.caller(request)
    if not caller.signed and not caller.is_api_user:
        raise denied('Appel d’API non signé.')
    if isinstance(request.json, Nothing):
        raise invalid('JSON attendu mais pas de content-type approprié.')
    wcs.wait(0.5)
    demand = _demand_of(wcs, request.json, caller)
    wcs.store.commit(demand)
    if not demand.draft:
        wcs.store.set_processing(demand.number, True)
        runner = Runner(wcs.form, demand, wcs.store.commit, wcs.site)
        demand.data['_source_ip'] = '127.0.0.1'
        runner.created()
        if fault is Fault.CRASH:
            raise Crash
        wcs.wait(0.5)
        wcs.store.set_processing(demand.number, False)
    answer = {'err': 0, 'data': export.created(wcs, demand)}
    if wcs.form.tracking_codes and not demand.draft:
        code = ''.join(secrets.choice('BCDFGHJKLMNPQRSTVWXZ') for _ in range(8))
        wcs.tracking_codes[code] = (wcs.form.slug, demand.number)
        answer['tracking_code'] = code
    return json_answer(answer)


def _demand_of(wcs: Wcs, content: Any, caller: Caller) -> Demand:
    if not isinstance(content, dict):
        raise invalid('Contenu de la requête invalide.')
    data = content.get('data', content.get('fields', {}))
    if not isinstance(data, dict):
        raise invalid('Paramètre « data » invalide.')
    meta = content.get('meta') or {}
    if not isinstance(meta, dict):
        raise Crash
    demand = wcs.store.create()
    demand.values = read_values(wcs.form.all_fields, {**data, **(content.get('extra') or {})})
    backoffice = bool(meta.get('backoffice-submission'))
    if backoffice or caller.is_api_user:
        if not caller.is_user:
            raise denied('Utilisateur non authentifié.')
        if caller.role != 'agents':
            sentence = 'L’utilisateur n’est pas autorisé à faire une saisie backoffice.'
            raise Refused(403, 'user-not-allowed-backoffice-submission', sentence)
        demand.backoffice = True
        demand.agent = caller.user if backoffice else ''
    if not backoffice and 'user' in content and not isinstance(content['user'], dict):
        raise invalid('Paramètre « user » invalide.')
    demand.user_id = caller.user or None
    demand.draft = bool(meta.get('draft'))
    _set_context(demand, content.get('context'))
    return demand


def _set_context(demand: Demand, context: Any) -> None:
    """Take the context, which erases the user unless it holds a ``user_id``, whatever that is."""
    if not context:
        return
    if not isinstance(context, dict):
        raise Crash
    demand.context = dict(context)
    demand.channel = demand.context.pop('channel', None)
    demand.user_id = demand.context.pop('user_id', None)
    if demand.channel is not None:
        storable(str(demand.channel))


def list_demands(wcs: Wcs, request: Request, fault: Fault | None, slug: str) -> Answer:
    wcs.check_slug(slug)
    caller = wcs.access.caller(request)
    if not caller.signed and not caller.is_api_user:
        basic = request.headers.get('authorization', '').startswith('Basic ')
        raise unauthorized('invalid authorization' if basic else 'unhandled authorization header')
    if caller.is_user and caller.role != 'agents':
        raise denied('Rôles insuffisants.')
    wcs.wait(0.7)
    return json_answer(listing.rows(wcs, request))


def get_demand(wcs: Wcs, request: Request, fault: Fault | None, slug: str, number: str) -> Answer:
    wcs.check_slug(slug)
    caller = wcs.access.caller(request)
    if not caller.is_user:
        raise denied('Utilisateur non authentifié.')
    if caller.role != 'agents':
        raise denied('Rôles insuffisants.')
    demand = _stored(wcs, number)
    wcs.wait(0.5)
    contents = request.get('include-files-content') not in ('off', 'false', '0')
    return json_answer(export.demand(wcs, demand, export.EVERYTHING, contents=contents))


def hook(wcs: Wcs, request: Request, fault: Fault | None, slug: str, number: str, identifier: str) -> Answer:
    """Run a global action. Also accepted on a disabled form, a closed demand and an anonymised one."""
    wcs.check_slug(slug)
    demand = _stored(wcs, number)
    found = wcs.form.hooks.get(identifier)
    if found is None:
        raise not_found()
    if request.method not in ('POST', 'PUT'):
        raise denied('Méthode HTTP invalide (doit être POST ou PUT).')
    _check_hook_access(wcs, request, found)
    if wcs.store.is_processing(demand.number) and not request.flag('bypass-processing-check'):
        raise denied('Actions en cours de traitement sur ce formulaire.')
    # what follows works on the copy read above: whatever another call stores meanwhile is overwritten
    time.sleep(max(wcs.latency * _UNMARKED, wcs.race_window))
    if not isinstance(request.json, Nothing):
        demand.data[identifier] = request.json
    wcs.store.set_processing(demand.number, True)
    wcs.wait(1 - _UNMARKED)
    runner = Runner(wcs.form, demand, wcs.store.commit, wcs.site)
    if fault is Fault.CRASH:
        runner.crash_after = demand.number % 7
    wcs.store.commit(demand)
    runner.run(found.actions, global_action=True)
    if fault is Fault.CRASH:
        raise Crash
    demand.events.append(_event_of(request.json))
    wcs.store.commit(demand)
    wcs.store.set_processing(demand.number, False)
    return json_answer({'err': 0})


def _check_hook_access(wcs: Wcs, request: Request, found: Hook) -> None:
    caller = wcs.access.caller(request)
    allowed = caller.signed if found.signed_calls else caller.role == 'agents'
    if not allowed and not found.open:
        raise denied('Rôles insuffisants.')


def _event_of(content: Any) -> str:
    return str(content.get('event_id', '')) if isinstance(content, dict) else ''


def trigger(wcs: Wcs, request: Request, fault: Fault | None, slug: str, number: str, name: str) -> Answer:
    """Refuse a jump trigger: the workflow of the bundle has none."""
    wcs.check_slug(slug)
    demand = _stored(wcs, number)
    if wcs.store.is_processing(demand.number):
        raise denied('Actions en cours de traitement sur ce formulaire.')
    wcs.access.caller(request)
    raise not_found()


def _stored(wcs: Wcs, number: str) -> Demand:
    demand = wcs.store.get(int(number)) if number.isascii() and number.isdigit() else None
    if demand is None:
        raise not_found()
    return demand


def import_bundle(wcs: Wcs, request: Request, fault: Fault | None) -> Answer:
    """Import a bundle; a broken one is answered 200 too, its job says that it failed."""
    _check_signed(wcs, request)
    job = str(uuid.uuid4())
    with wcs._importing:
        try:
            form = form_of_tar(request)
            wcs.jobs[job] = wcs.import_failure
            if not wcs.import_failure:
                wcs.take(form)
        except (ValueError, KeyError, StopIteration) as error:
            wcs.jobs[job] = f'Archive invalide ({type(error).__name__})'
    return json_answer({'err': 0, 'url': f'{wcs.url}api/jobs/{job}/'})


def job(wcs: Wcs, request: Request, fault: Fault | None, job: str) -> Answer:
    _check_signed(wcs, request)
    if job not in wcs.jobs:
        raise not_found()
    failure = wcs.jobs[job]
    data = {'status': 'failed' if failure else 'completed', 'completion_status': '13/13 (100%)'}
    return json_answer({'err': 0, 'data': {**data, 'failure_label': failure} if failure else data})


def element(wcs: Wcs, request: Request, fault: Fault | None, kind: str, slug: str) -> Answer:
    _check_signed(wcs, request)
    wcs = wcs.others.get(slug, wcs)
    xml = wcs.form.xml.get(f'{kind}/{slug}')
    if xml is None:
        raise not_found()
    return Answer(200, export.element(wcs, kind, xml), 'text/xml')


def _check_signed(wcs: Wcs, request: Request) -> None:
    if not wcs.access.caller(request).signed:
        raise denied(None)


_SLUG = '(?P<slug>[^/]+)'
_NUMBER = '(?P<number>[^/]+)'
_ROUTES: list[tuple[str, str | tuple[str, ...], Callable[..., Answer]]] = [
    (r'/api/formdefs/?', ('GET',), forms),
    (r'/api/roles/?', ('GET',), roles),
    (r'/api/users/?', ('GET',), users),
    (r'/api/code/(?P<code>[^/]+)/?', ('GET',), tracking_code),
    (rf'/api/formdefs/{_SLUG}/schema', ('GET',), schema),
    (rf'/api/formdefs/{_SLUG}/submit', '*', submit),
    (rf'/api/forms/{_SLUG}/list/?', ('GET',), list_demands),
    (rf'(/api/forms)?/{_SLUG}/{_NUMBER}/hooks/(?P<identifier>[^/]+)/?', '*', hook),
    (rf'(/api/forms)?/{_SLUG}/{_NUMBER}/jump/trigger/(?P<name>[^/]+)/?', '*', trigger),
    (rf'/api/forms/{_SLUG}/{_NUMBER}/?', ('GET',), get_demand),
    (r'/api/export-import/bundle-import/?', ('POST', 'PUT'), import_bundle),
    (r'/api/export-import/(?P<kind>[^/]+)/(?P<slug>[^/]+)/?', ('GET',), element),
    (r'/api/jobs/(?P<job>[^/]+)/?', ('GET',), job),
]

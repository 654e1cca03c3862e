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

"""The HTTP API of w.c.s.

Facts measured on a real one, on which this rests:
* ``submit`` has no idempotency of any kind, and the row is committed before the workflow runs: only
  :class:`TemporaryError` that is not :class:`OutcomeUnknown` means that nothing was done. Look with
  :meth:`Client.find` before a second try.
* two hooks on a demand at the same instant are both answered 200 and one is lost: one call at a time per
  demand.
* an api-secret alone may submit, call hooks of ``_signed_calls``, list, and read schemas; it may not GET a
  demand.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol
from urllib.parse import quote, urlencode

from lxml import etree

from publik_socialmedia import tenants
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.delivery import slots
from publik_socialmedia.errors import ConfigurationError, PermanentError, SocialMediaError, TemporaryError
from publik_socialmedia.http import client as http_client
from publik_socialmedia.wcs import model, refusals, signature
from publik_socialmedia.wcs.filenames import clean_files
from publik_socialmedia.wcs.model import Created, Field, Form, Found, Job, Role, Schema, Status
from publik_socialmedia.wcs.sites import Site, default_site, site_for, sites

__all__ = [
    'Client',
    'Created',
    'Field',
    'Form',
    'Found',
    'Job',
    'Role',
    'Schema',
    'Site',
    'Status',
    'default_site',
    'site_for',
    'sites',
]

#: Seconds a schema is believed; a refusal makes it be read again.
SCHEMA_AGE: Final = 300
#: Seconds an import may take.
IMPORT_WAIT: Final = 120
_PARTS: Final = ('fields', 'evolution', 'workflow')

_schemas: dict[tuple[str, ...], tuple[float, Schema]] = {}
_form_ids: dict[tuple[str, ...], str] = {}
_schemas_lock = threading.Lock()


class Http(Protocol):
    """What :class:`publik_socialmedia.http.Client` offers; errors are those of its ``request``."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        files: Any = None,
        timeout: float | None = None,
    ) -> refusals.Answer: ...


class Client:
    """One w.c.s. site; cheap to make."""

    def __init__(self, site: Site, http: Http | None = None, timeout: float | None = None) -> None:
        self.site = site
        self._place = (tenants.key(), site.url, site.orig)  # what was learnt is of this tenant only
        self._http = http or http_client()
        self._timeout = timeout

    def forms(self, *, fillable_by: str = '') -> list[Form]:
        """Return the enabled forms. It takes the right secret, clock and URL: a way to check these three.

        ``fillable_by``: e-mail of a user; only the forms that this one may fill in the back office.
        """
        query = {'backoffice-submission': 'on', 'email': fillable_by} if fillable_by else None
        content = self._read('api/formdefs/', query)
        return [model.read_form(item) for item in content['data']]

    def roles(self) -> list[Role]:
        """Return the roles of the site."""
        return [model.read_role(item) for item in self._read('api/roles')['data']]

    def form_id(self, form: str) -> str:
        """Return the number that w.c.s. gave a form: links between demands name it, not the slug."""
        with _schemas_lock:
            known = _form_ids.get((*self._place, form), '')
        if not known:
            known = str(parse_element(self.read_element('forms', form)).get('id') or '')
            with _schemas_lock:
                _form_ids[*self._place, form] = known
        return known

    def url_of_code(self, code: str) -> str:
        """Return the address, for agents, of the demand of a tracking code; '' if there is none."""
        answer = self._call('GET', f'api/code/{_segment(code)}', {'backoffice': 'on'})
        if _not_found(answer):
            return ''
        content = refusals.payload(answer)
        if answer.status != 200 or not isinstance(content, dict) or content.get('err'):
            raise self._error(answer, writing=False)
        return str(content.get('url') or '')

    def user_id(self, name_id: str) -> str:
        """Return the number of the user of exactly that name id, '' if none: names are searched too."""
        for user in self._read('api/users/', {'q': name_id, 'limit': '20'})['data']:
            if any(key.startswith('user_name_identifier_') and user[key] == name_id for key in user):
                return str(user['user_id'])
        return ''

    def schema(self, form: str, *, fresh: bool = False) -> Schema:
        """Return what a form takes, from memory if it was read less than :data:`SCHEMA_AGE` seconds ago."""
        with _schemas_lock:
            then, known = _schemas.get((*self._place, form), (0.0, None))
        if known is not None and not fresh and time.monotonic() - then < SCHEMA_AGE:
            return known
        schema = model.read_schema(form, self._read(f'api/formdefs/{_segment(form)}/schema'))
        with _schemas_lock:
            _schemas[*self._place, form] = (time.monotonic(), schema)
        return schema

    def submit(
        self,
        form: str,
        data: Mapping[str, Any],
        context: Mapping[str, Any],
        *,
        at: datetime | None = None,
        draft_of: str = '',
    ) -> Created:
        """Create a demand. Values go by varname; w.c.s. ignores those it does not know and checks none.

        ``at``: time to sign with (now): w.c.s. refuses the call 30 s later, however late it leaves.
        ``draft_of``: e-mail of an agent, who finds it as a draft to go on with in the back office.
        """
        content: dict[str, Any] = {'data': clean_files(data), 'context': context}
        if draft_of:
            content['meta'] = {'draft': True, 'backoffice-submission': True}
        answer = self._call(
            'POST',
            f'api/formdefs/{_segment(form)}/submit',
            {'email': draft_of} if draft_of else None,
            json=content,
            at=at,
        )
        if answer.status == 200:
            content = refusals.payload(answer)
            if isinstance(content, dict) and isinstance(content.get('data'), dict) and not content.get('err'):
                return model.read_created(content)
        self.forget(form)
        if _not_found(answer):
            raise ConfigurationError('wcs_form_unknown', http_status=404, detail=form)
        raise self._error(answer, writing=True, otherwise=lambda: self._unknown_refusal(form))

    def check_submission(self, form: str) -> None:
        """Raise ``ConfigurationError`` if we may not submit: w.c.s. looks at rights before it looks at the
        user that a submission names, which here is none; it keeps nothing of this."""
        path = f'api/formdefs/{_segment(form)}/submit'
        answer = self._call('POST', path, json={'data': {}, 'user': 'nobody'})
        if answer.status in (401, 403):
            raise self._error(answer, writing=False, otherwise=lambda: self._unknown_refusal(form))

    def hook(
        self,
        form: str,
        number: str,
        identifier: str,
        payload: Mapping[str, Any],
        *,
        at: datetime | None = None,
    ) -> None:
        """Call a global action of a demand. Never two calls at once on the same demand. ``at``: as above."""
        path = f'api/forms/{_segment(form)}/{_segment(number)}/hooks/{_segment(identifier)}/'
        answer = self._call('POST', path, json=clean_files(payload), at=at)
        if answer.status == 200 and refusals.payload(answer) == {'err': 0}:
            return
        if _not_found(answer):
            raise self._hook_not_found(form, number, identifier)
        raise self._error(answer, writing=True, otherwise=self._unknown_hook_refusal)

    def find(self, form: str, varname: str, value: str, *, payloads: bool = True) -> list[Found]:
        """Return the demands whose field holds exactly this value, newest first, not the anonymised ones.

        A demand is found as soon as its row is committed, while its submission is still running.
        ``payloads=False`` leaves ``workflow_data`` empty; so does an answer too big to be read, as it holds
        the files of the last hook.
        """
        return self._list(form, {f'filter-{varname}': value}, payloads=payloads)

    def find_all(self, form: str, varname: str, values: Iterable[str]) -> list[Found]:
        """The same for several values at once, without payloads. What is not among them is to be looked for
        by itself before anything is concluded: an old w.c.s. may not know the operator."""
        query = {f'filter-{varname}': '|'.join(values), f'filter-{varname}-operator': 'in'}
        return self._list(form, query, payloads=False)

    def get(self, form: str, number: str, *, payloads: bool = True) -> Found | None:
        """Return one demand by its number, None if it was deleted. Anonymised ones say so."""
        query = {'filter-identifier': number}
        found = self._list(form, query, payloads=payloads)
        if not found:
            found = self._list(
                form, {**query, 'include-anonymised': 'on'}, payloads=payloads, anonymised=True
            )
        return next((item for item in found if item.id == number), None)

    def files(self, form: str, number: str, *, reader: str) -> list[model.Content]:
        """Return the files of a demand, of its form then of its history. ``reader``: e-mail of a user who may
        see it: w.c.s. shows them to nobody else."""
        useless = ('roles', 'submission', 'user', 'workflow', 'workflow-data')
        query = {'email': reader, **{f'include-{part}': 'off' for part in useless}}
        return list(model.read_contents(self._read(f'api/forms/{_segment(form)}/{_segment(number)}/', query)))

    def import_bundle(self, tar: bytes) -> Job:
        """Import a bundle and wait for the end of the job: one that fails is first answered 200 too."""
        files = {'bundle': ('bundle.tar', tar, 'application/x-tar')}
        answer = self._call('POST', 'api/export-import/bundle-import/', files=files)
        content = refusals.payload(answer)
        if answer.status != 200 or not isinstance(content, dict) or not content.get('url'):
            raise self._error(answer, writing=True, otherwise=lambda: ConfigurationError('wcs_refused'))
        path = str(content['url']).partition('/api/jobs/')[2]
        end = time.monotonic() + IMPORT_WAIT
        while True:
            data = self._read(f'api/jobs/{path}')['data']
            status = str(data.get('status') or '')
            if status in ('completed', 'failed') or time.monotonic() > end:
                return Job(
                    done=status == 'completed',
                    status=status,
                    progress=str(data.get('completion_status') or ''),
                    failure=str(data.get('failure_label') or ''),
                )
            time.sleep(0.5)

    def read_element(self, kind: str, slug: str) -> bytes:
        """Return the XML of an element (``forms``, ``workflows``…) as w.c.s. exports it."""
        answer = self._call('GET', f'api/export-import/{_segment(kind)}/{_segment(slug)}/')
        if answer.status != 200:
            raise self._error(answer, writing=False)
        return answer.body

    def forget(self, form: str) -> None:
        """Drop what is remembered of a form."""
        with _schemas_lock:
            _schemas.pop((*self._place, form), None), _form_ids.pop((*self._place, form), None)

    def _list(
        self, form: str, query: Mapping[str, str], *, payloads: bool, anonymised: bool = False
    ) -> list[Found]:
        path = f'api/forms/{_segment(form)}/list'
        flags = (*_PARTS, 'workflow-data') if payloads else _PARTS
        wanted = {**query, **{f'include-{flag}': 'on' for flag in flags}}
        try:
            content = self._read(path, wanted, invalid='wcs_form_key')
        except TemporaryError as error:
            if error.code == 'too_big' and payloads:
                return self._list(form, query, payloads=False, anonymised=anonymised)
            raise
        return [model.read_found(item, anonymised=anonymised) for item in content]

    def _read(self, path: str, query: Mapping[str, str] | None = None, *, invalid: str = '') -> Any:
        """GET a JSON; ``invalid``: reason of the configuration error that a 400 means here."""
        answer = self._call('GET', path, query)
        if answer.status == 200:
            content = refusals.payload(answer)
            if content is not None:
                return content
        if invalid and answer.status == 400:
            raise ConfigurationError(invalid, http_status=400)
        if _not_found(answer):
            raise ConfigurationError('wcs_form_unknown', http_status=404)
        raise self._error(answer, writing=False)

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        json: Any = None,
        files: Any = None,
        at: datetime | None = None,
    ) -> refusals.Answer:
        """Make one call, signed for itself."""
        with slots.take():
            signed = signature.sign_query(
                urlencode(query or {}), orig=self.site.orig, secret=self.site.secret, now=at
            )
            return self._http.request(
                method,
                f'{self.site.url}{path}?{signed}',
                headers={'Accept': 'application/json'},
                json=json,
                files=files,
                timeout=self._timeout or app_settings.WCS_TIMEOUT,
            )

    def _error(
        self,
        answer: refusals.Answer,
        *,
        writing: bool,
        otherwise: Callable[[], SocialMediaError] = lambda: ConfigurationError('wcs_refused'),
    ) -> SocialMediaError:
        """Return the error for an answer; ``otherwise`` finds out about a refusal in an unknown language."""
        if answer.status not in (401, 403):
            return refusals.failure(answer, writing=writing)
        word = refusals.known_refusal(answer)
        return refusals.refusal_error(word, answer.status) if word else otherwise()

    def _unknown_refusal(self, form: str) -> SocialMediaError:
        """Tell what a refusal of submission was by reading the schema, which only needs a good signature."""
        try:
            schema = self.schema(form, fresh=True)
        except SocialMediaError as error:
            return error
        return ConfigurationError('wcs_form_disabled' if schema.disabled else 'wcs_refused', http_status=403)

    def _unknown_hook_refusal(self) -> SocialMediaError:
        """Tell what a refusal of a hook was: the signature, else most likely a demand being processed."""
        try:
            self.forms()
        except SocialMediaError as error:
            return error
        return TemporaryError('wcs_busy', retry_after=60, http_status=403)

    def _hook_not_found(self, form: str, number: str, identifier: str) -> SocialMediaError:
        """Tell a demand that was deleted from a workflow without this action: w.c.s. says 404 to both."""
        try:
            exists = self.get(form, number, payloads=False)
        except SocialMediaError as error:
            return error
        if exists is None:
            return PermanentError('wcs_demand_gone', http_status=404)
        return ConfigurationError('wcs_hook_unknown', http_status=404, detail=identifier)


def parse_element(xml: bytes) -> etree._Element:
    """Return the tree of an element; ConfigurationError if this is no export of w.c.s."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        return etree.fromstring(xml, parser)
    except etree.XMLSyntaxError:
        raise ConfigurationError('wcs_url', detail='not an export of w.c.s.') from None


def _segment(text: str) -> str:
    return quote(text, safe='')


def _not_found(answer: refusals.Answer) -> bool:
    content = refusals.payload(answer) if answer.status == 404 else None
    return isinstance(content, dict) and content.get('err_code') == 'not-found'

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

"""The calls of web services that a workflow makes, as w.c.s. makes them (observed on a real one).

The query is signed with the secret shared with the host, without its port; no secret for the host: sent
unsigned, without a word. Redirections are followed: a 302 makes a GET without body, whose 200 is a success.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import requests
from django.template import Context

from demo.wcs_standin.actions import Action, resolve
from demo.wcs_standin.demands import Demand, File
from demo.wcs_standin.export import PARIS
from demo.wcs_standin.variables import Site

#: Seconds that w.c.s. waits for an answer.
TIMEOUT = 28


def call(action: Action, demand: Demand, context: Context, site: Site) -> str:
    """Make a call, keep its answer in the data of the demand.

    Return what to do next: '' to go on, ':stop', or a status. As in w.c.s. nothing that an earlier call left
    is ever cleared.
    """
    facts: dict[str, Any] = {f'{action.varname}_time': datetime.now(PARIS).replace(tzinfo=None).isoformat()}
    try:
        answer = requests.post(
            _url(action, context, site),
            json={name: _plain(resolve(source, context)) for name, source in sorted(action.post)},
            headers={'Accept': 'application/json'},
            timeout=TIMEOUT,
        )
    except requests.RequestException as error:
        demand.data.update(facts, **{f'{action.varname}_connection_error': type(error).__name__})
        return _next(action, 'network_errors')
    content, readable = _json(answer)
    word = _error_of(answer, content)
    facts |= {f'{action.varname}_status': answer.status_code, f'{action.varname}_app_error_code': word}
    good = answer.status_code // 100 == 2 and word == 0
    if readable:
        facts[f'{action.varname}_{"response" if good else "error_response"}'] = content
    demand.data.update(facts)
    if good:
        return '' if readable or answer.status_code == 204 else _next(action, 'bad_data')
    failures = ['app_error'] if word != 0 else []
    if answer.status_code // 100 in (4, 5):
        failures.append(f'{answer.status_code // 100}xx')
    return next((step for name in failures if (step := _next(action, name))), '')


def fetch_choices(url: str, site: Site) -> list[tuple[str, str]]:
    """Return the choices of a list found at a URL, none if it cannot be read."""
    try:
        answer = requests.get(_signed(url, site), timeout=TIMEOUT)
        return [(str(item['id']), str(item['text'])) for item in answer.json()['data']]
    except (requests.RequestException, ValueError, KeyError, TypeError):
        return []


def _url(action: Action, context: Context, site: Site) -> str:
    url = str(resolve(action.url, context)) if action.url else ''
    query = urlencode({name: resolve(source, context) or '' for name, source in action.query})
    if query:
        url += ('&' if '?' in url else '?') + query
    return _signed(url, site)


def _signed(url: str, site: Site) -> str:
    secret = site.secrets.get(urlsplit(url).hostname or '')
    if not secret:
        return url
    proof = {
        'orig': site.orig,
        'algo': 'sha256',
        'timestamp': datetime.now(UTC).strftime('%Y-%m-%dT%H:%M:%SZ'),
        'nonce': secrets.token_hex(16),
    }
    base, _, query = url.partition('?')
    query = f'{query}&{urlencode(proof)}' if query else urlencode(proof)
    digest = hmac.new(secret.encode(), query.encode(), hashlib.sha256).digest()
    return f'{base}?{query}&signature={quote(base64.b64encode(digest).decode(), safe="")}'


def _plain(value: Any) -> Any:
    """Return a value as JSON holds it."""
    if isinstance(value, File):
        return {
            'filename': value.base_filename,
            'content_type': value.content_type,
            'content': base64.b64encode(value.content).decode(),
            'content_is_base64': True,
        }
    return value + '' if isinstance(value, str) else value


def _json(answer: requests.Response) -> tuple[Any, bool]:
    try:
        return answer.json(), True
    except ValueError:
        return None, False


def _error_of(answer: requests.Response, content: Any) -> int | str:
    """Return the error that the service tells of, 0 if it tells of none."""
    word = answer.headers.get('X-Error-Code') or (content.get('err') if isinstance(content, dict) else 0)
    try:
        return int(word or 0)
    except ValueError:
        return str(word)


def _next(action: Action, failure: str) -> str:
    step = action.failures.get(failure, ':stop')
    return '' if step == ':pass' else step

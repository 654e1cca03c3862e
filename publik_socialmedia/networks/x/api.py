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

"""Calls of X's API: address, proof, what an answer means, rate, what was paid for.

https://docs.x.com/x-api/fundamentals/response-codes-and-errors and, for the numbers that v2 still gives at
times, https://developer.x.com/en/support/x-api/error-troubleshooting (November 2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from publik_socialmedia import errors
from publik_socialmedia.networks import rates
from publik_socialmedia.networks.base import JSON, Account, Answer, Http
from publik_socialmedia.networks.reading import decoded, dicts, ident, integer, mapping, string

from .oauth import API, Params, Proof

Meaning = tuple[type[errors.SocialMediaError], str]

AUTH: Meaning = (errors.ConfigurationError, 'auth')
PERMISSION: Meaning = (errors.ConfigurationError, 'permission')
POLICY: Meaning = (errors.ConfigurationError, 'policy')
CREDITS: Meaning = (errors.ConfigurationError, 'credits')
CLOCK: Meaning = (errors.ConfigurationError, 'clock')
CONFIG: Meaning = (errors.ConfigurationError, 'config')
TEMPORARY: Meaning = (errors.TemporaryError, 'temporary')
RATE: Meaning = (errors.TemporaryError, 'rate')
BLOCKED: Meaning = (errors.PermanentError, 'blocked')
GONE: Meaning = (errors.PermanentError, 'gone')
PERMANENT: Meaning = (errors.PermanentError, 'permanent')

# the numbers of ``errors[].code``
CODES: Mapping[int, Meaning] = {
    32: AUTH,  # could not authenticate
    63: POLICY,  # the account is suspended
    64: POLICY,
    88: RATE,
    89: AUTH,  # invalid or expired token
    93: PERMISSION,  # this application may not touch direct messages
    99: AUTH,
    130: TEMPORARY,  # over capacity
    131: TEMPORARY,  # internal error
    135: CLOCK,  # timestamp out of bounds
    150: BLOCKED,  # the person does not follow us, and takes messages of nobody else
    151: PERMANENT,  # there was an error sending your message: no reason is given
    215: AUTH,  # bad authentication data
    220: PERMISSION,
    226: POLICY,  # looks automated
    261: PERMISSION,  # the application may not write
    326: POLICY,  # the account is locked until somebody signs in
    349: BLOCKED,  # cannot send messages to this person
    416: PERMISSION,  # the application is suspended
    453: PERMISSION,  # the access level of the application does not cover this
}

# the last word of ``type``, an address
PROBLEMS: Mapping[str, Meaning] = {
    'client-forbidden': PERMISSION,  # the application is in no project, or its plan does not cover this
    'credits': CREDITS,
    'not-authorized-for-resource': PERMISSION,
    'oauth1-permissions': PERMISSION,  # the application may not touch direct messages
    'resource-not-found': GONE,
    'unsupported-authentication': PERMISSION,  # the application's token in place of the account's
    'usage-capped': CREDITS,  # comes with a status of 429, and lasts until the month ends
}

# by status, when nothing in the body says more
STATUSES: Mapping[int, Meaning] = {
    401: AUTH,
    402: CREDITS,
    403: PERMISSION,
    404: GONE,
    408: TEMPORARY,
    409: TEMPORARY,
    410: GONE,
    413: (errors.PermanentError, 'file_too_big'),
    425: TEMPORARY,
    429: RATE,
}

USER_AGENT = 'publik-socialmedia'
WINDOW = 15 * 60.0  # seconds in which calls are counted
DAY = 24 * 3600.0  # the same for posting


def meaning(answer: Answer, *, renewable: bool = False) -> errors.SocialMediaError | None:
    """What an answer means, None if it is not an error. Texts of errors are never read.

    ``renewable``: the token refused may be one of two hours that is over: X says no more than 401.
    A status of 200 may hold ``errors`` beside ``data``: what lacks of what was asked, not an error.
    """
    status = answer.status
    if status < 300:
        return None
    code, problem = _said(answer)
    found = CODES.get(code) or PROBLEMS.get(problem) or STATUSES.get(status)
    if found is None:  # a redirection is not of the API
        found = TEMPORARY if status >= 500 else PERMANENT if status >= 400 else CONFIG
    kind, reason = found
    facts: dict[str, Any] = {'code': code or problem, 'http_status': status}
    if found is AUTH and renewable:
        return errors.TemporaryError('auth_refresh', **facts)
    if kind is errors.TemporaryError:
        wait = retry_after(answer) if found is RATE else None
        return errors.TemporaryError(reason, retry_after=wait, **facts)
    return kind(reason, **facts)


def _said(answer: Answer) -> tuple[int, str]:
    """Number and problem's name that a refusal gives, 0 and '' in place of what it does not."""
    body = mapping(decoded(answer))
    said = [body, *dicts(body.get('errors'))]
    code = next((number for one in said if (number := integer(one.get('code')))), 0)
    names = (string(one.get('type')).rpartition('/')[2] for one in said)
    return code, next((name for name in names if name in PROBLEMS), '')


def is_unexplained(answer: Answer) -> bool:
    """Whether a 403 says nothing of its cause. What an application lacks has a number or a problem's name."""
    return answer.status == 403 and _said(answer) == (0, '')


# -- rate: 15 calls in 15 minutes for messages; each answer says what is left


def retry_after(answer: Answer) -> float | None:
    """Seconds to wait before another call of the same kind, by X's clock; None if it does not say."""
    for kind in ('user', 'app'):
        name = f'x-{kind}-limit-24hour'
        if answer.headers.get(f'{name}-remaining') == '0':
            return rates.retry_after(answer, f'{name}-reset', DAY)
    return rates.retry_after(answer, 'x-rate-limit-reset', WINDOW)


def exhausted(answer: Answer) -> float | None:
    """Seconds not to call before, if this answer was the last one that we were allowed."""
    return retry_after(answer) if answer.headers.get('x-rate-limit-remaining') == '0' else None


# -- calls


class Api:
    """The API of one account."""

    def __init__(self, account: Account, http: Http) -> None:
        self.base = (account.api_url or API).rstrip('/')
        self.account, self.http = account, http
        self.proof = Proof.of(account)

    def call(self, method: str, path: str, params: Params = (), **more: Any) -> Answer:
        """Any answer, errors too."""
        url = self.base + path
        headers = {'Authorization': self.proof.header(method, url, params), 'User-Agent': USER_AGENT}
        if params:
            more['params'] = list(params)
        return self.http.request(method, url, headers=headers, **more)

    def meaning(self, answer: Answer) -> errors.SocialMediaError | None:
        return meaning(answer, renewable=self.proof.renewable)

    def checked(self, answer: Answer) -> Answer:
        """That answer, if it is not an error; else what it means is raised."""
        error = self.meaning(answer)
        if error is not None:
            raise error
        return answer

    def get(self, path: str, params: Params = ()) -> Mapping[str, JSON]:
        """What a GET brings, once noted what is paid for."""
        return self.paid(self.checked(self.call('GET', path, params)))

    def paid(self, answer: Answer) -> Mapping[str, JSON]:
        """The body of an answer, once noted what X bills of it: each event, each person.

        TemporaryError if it is not JSON (a proxy's page).
        """
        body = decoded(answer)
        if not isinstance(body, dict):
            raise errors.TemporaryError('temporary', http_status=answer.status)
        read = [*dicts(body.get('data')), *dicts(mapping(body.get('includes')).get('users'))]
        self.account.paid.extend(name for one in read if (name := ident(one.get('id'))))
        return body

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

"""The calls of the networks of Meta: the Graph API and its tokens."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote, urlsplit

from publik_socialmedia.errors import (
    ConfigurationError,
    OutcomeUnknown,
    PermanentError,
    SocialMediaError,
    TemporaryError,
)
from publik_socialmedia.networks.base import (
    JSON,
    Account,
    Answer,
    Credential,
    Http,
    Network,
    Request,
    Withdrawal,
)
from publik_socialmedia.networks.meta import (
    handshake,
    ident,
    mapping,
    moment,
    sign,
    signed_request,
    string,
    verify,
)
from publik_socialmedia.networks.meta_errors import Meaning, read_error

# Out on 29 July 2026. Meta serves a dead version by the oldest live one, so an old one only ages.
API_VERSION = 'v26.0'
UPLOAD_TIMEOUT = 60.0  # seconds, for files of up to 25 MB


def _(msgid: str) -> str:
    """Marks a text to translate."""
    return msgid


# what the administrator types once for all the accounts of one application
APPLICATION = (
    Credential(
        'app_id',
        _('Application identifier'),
        _('Meta for Developers, your application, Settings, Basic: « App ID ».'),
        secret=False,
        scope='endpoint',
    ),
    Credential(
        'app_secret',
        _('Application secret'),
        _('Same page: « App secret ». It signs what Meta sends us.'),
        scope='endpoint',
        rotates=True,
    ),
    Credential(
        'verify_token',
        _('Verification token'),
        _('A word of your choice, to be typed also in the webhook settings of the application.'),
        scope='endpoint',
        rotates=True,
        proposed=True,
        copied=True,
    ),
)

# -- calls


class GraphNetwork(Network):
    """A network reached through the Graph API.

    Credentials: ``page_token`` of the account; ``app_id``, ``app_secret``, ``verify_token`` of the endpoint.
    """

    partial = True
    api_url = 'https://graph.facebook.com'
    error_table: ClassVar[Mapping[tuple[int, int | None], Meaning]] = {}
    not_sent: ClassVar[frozenset[str]] = frozenset()  # codes of passing failures that come before any sending

    def handshake(self, request: Request, secrets: Mapping[str, Sequence[str]]) -> bytes:
        return handshake(request, secrets.get('verify_token', ()))

    def verify(self, request: Request, secrets: Mapping[str, Sequence[str]]) -> None:
        verify(request, self.signing_secrets(secrets))

    def signing_secrets(self, secrets: Mapping[str, Sequence[str]]) -> Sequence[str]:
        """By which Meta may sign what it sends us."""
        return secrets.get('app_secret', ())

    def withdrawal(self, request: Request, secrets: Mapping[str, Sequence[str]]) -> Withdrawal:
        """``profile_id``: of a Page, where Meta names it (from memory); ``user_id`` may then be 0."""
        facts = signed_request(request.body, self.signing_secrets(secrets))
        issued = moment(facts.get('issued_at'))
        return Withdrawal(ident(facts.get('profile_id')), ident(facts.get('user_id')), issued)

    def granted_by(self, account: Account) -> str:
        return str(account.facts.get('token_user') or '')

    def erasure_request(self, request: Request, secrets: Mapping[str, Sequence[str]]) -> str:
        return ident(signed_request(request.body, self.signing_secrets(secrets)).get('user_id'))

    def erasure_answer(self, address: str, reference: str) -> JSON:
        return {'url': address, 'confirmation_code': reference}

    def error(self, answer: Answer) -> SocialMediaError | None:
        return read_error(answer, self.error_table)

    def token(self, account: Account) -> str:
        """The token of the account, '' if there is none or it cannot be one (two words pasted…)."""
        return valid_token(account, 'page_token')

    def page(self, account: Account) -> str:
        """How a call names our account."""
        return account.external_id or 'me'

    def url(self, account: Account, path: Sequence[str]) -> str:
        """URL of a call. ``account.facts['graph_version']``: another version of the API than ours."""
        version = str(account.facts.get('graph_version', ''))
        version = version if re.fullmatch(r'v\d{1,3}\.\d{1,2}', version) else API_VERSION
        if any(segment in ('', '.', '..') for segment in path):  # an id is whatever we were given
            raise PermanentError('permanent', detail='not an object of the API')
        base = (account.api_url or self.api_url).rstrip('/')
        return '/'.join([base, version, *(quote(segment, safe='') for segment in path)])

    def call(
        self,
        http: Http,
        account: Account,
        method: str,
        path: Sequence[str],
        *,
        token: str = '',
        params: Mapping[str, JSON] | None = None,
        json: JSON = None,
        data: Mapping[str, JSON] | None = None,
        files: Mapping[str, JSON] | None = None,
    ) -> Answer:
        """One call; what the network refuses is raised.

        ``path``: its segments, without the version. ``token``: another than the account's.
        """
        token = token or self.token(account)
        if not token:
            raise ConfigurationError('auth', detail='no token')
        secret = account.credentials.get('app_secret', '') if _takes_proof(account, token) else ''
        proof = {'appsecret_proof': appsecret_proof(token, secret)} if secret else {}
        answer = http.request(
            method,
            self.url(account, path),
            headers={'Authorization': f'Bearer {token}'},  # in a header: URLs end up in logs
            params={**(params or {}), **proof},
            json=json,
            data=data,
            files=files,
            timeout=UPLOAD_TIMEOUT if files else None,
        )
        error = self.error(answer)
        if error:
            raise error
        return answer

    def read(
        self,
        http: Http,
        account: Account,
        path: Sequence[str],
        params: Mapping[str, JSON] | None = None,
        *,
        token: str = '',
    ) -> tuple[Mapping[str, JSON], Answer]:
        """The object that a GET gives; TemporaryError if it is not one."""
        answer = self.call(http, account, 'GET', path, params=params, token=token)
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, Mapping):
            raise TemporaryError('temporary', http_status=answer.status, detail='not a JSON object')
        return found, answer

    def post_message(
        self, http: Http, account: Account, path: Sequence[str], **content: Any
    ) -> Mapping[str, JSON]:
        """A POST that makes a message, and the object that it gives, {} if it is not one.

        OutcomeUnknown too after a failure inside Meta: it may come once the message has left, and there is no
        idempotency key. ``content``: ``json``, ``data``, ``files``…
        """
        try:
            answer = self.call(http, account, 'POST', path, **content)
        except OutcomeUnknown:
            raise
        except TemporaryError as error:
            if error.reason != 'temporary' or not error.http_status or error.code in self.not_sent:
                raise
            raise OutcomeUnknown(
                error.reason,
                retry_after=error.retry_after,
                code=error.code,
                subcode=error.subcode,
                http_status=error.http_status,
                detail=error.detail,
            ) from error
        return _object(answer)

    def ask(
        self, http: Http, account: Account, path: Sequence[str], params: Mapping[str, JSON] | None = None
    ) -> None:
        """A POST that says no more than that it was done; TemporaryError if it does not say so."""
        answer = self.call(http, account, 'POST', path, params=params)
        if _object(answer).get('success') not in (True, 'true'):
            raise TemporaryError('temporary', http_status=answer.status, detail='not done')


def _object(answer: Answer) -> Mapping[str, JSON]:
    try:
        return mapping(answer.json())
    except ValueError:
        return {}


def valid_token(account: Account, name: str) -> str:
    """That credential, '' if it is not there or cannot be a token (two words pasted…)."""
    token = account.credentials.get(name, '').strip()
    return token if re.fullmatch('[!-~]+', token) else ''


def _takes_proof(account: Account, token: str) -> bool:
    """Not where ``check`` saw that it is not asked for: a secret being changed would have all refused."""
    return '|' not in token and account.facts.get('proof_required') is not False


def appsecret_proof(token: str, secret: str) -> str:
    """Extra parameter of each call, mandatory when the application asks for it.

    https://developers.facebook.com/docs/graph-api/guides/secure-requests
    """
    return sign(secret, token.encode())


def next_cursor(page: Mapping[str, JSON]) -> str:
    """Where to go on, '' at the end. A page is the last when it has no ``next``, not when it is short.

    Only the cursor is taken: the URL of ``next`` is built again by us, never followed.
    """
    paging = mapping(page.get('paging'))
    if not paging.get('next'):
        return ''
    after = string(mapping(paging.get('cursors')).get('after'))
    if after:
        return after
    try:
        return parse_qs(urlsplit(string(paging['next'])).query).get('after', [''])[0]
    except ValueError:
        return ''

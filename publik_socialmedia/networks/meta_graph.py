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

"""The calls of the networks of Meta: the Graph API, its errors, its limits, its tokens."""

from __future__ import annotations

import json
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
    dicts,
    handshake,
    ident,
    integer,
    mapping,
    moment,
    sign,
    signed_request,
    string,
    verify,
)

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

# -- errors

Meaning = tuple[type[SocialMediaError], str]
AUTH: Meaning = (ConfigurationError, 'auth')
PERMISSION: Meaning = (ConfigurationError, 'permission')
POLICY: Meaning = (ConfigurationError, 'policy')
RATE: Meaning = (TemporaryError, 'rate')
TEMPORARY: Meaning = (TemporaryError, 'temporary')
PERMANENT: Meaning = (PermanentError, 'permanent')

# (code, subcode), subcode None = any. https://developers.facebook.com/docs/graph-api/guides/error-handling
# and /docs/graph-api/overview/rate-limiting
ERRORS: Mapping[tuple[int, int | None], Meaning] = {
    (0, None): AUTH,  # WhatsApp's word for a dead token
    (1, None): TEMPORARY,
    (1, 99): PERMISSION,  # missing permission, access level or verification
    (2, None): TEMPORARY,
    (3, None): PERMISSION,
    (4, None): RATE,  # limit of the application
    (10, None): PERMISSION,
    (17, None): RATE,  # of the user
    (32, None): RATE,  # of the Page
    (100, None): PERMANENT,  # bad parameter
    (101, None): (ConfigurationError, 'config'),  # unknown application
    (102, None): AUTH,
    (104, None): AUTH,  # no token, or one that is not well signed
    (190, None): AUTH,  # subcodes: DEAD_TOKEN
    (341, None): RATE,
    (368, None): POLICY,  # blocked for policy reasons
    (613, None): RATE,
    (80001, None): RATE,  # business use case limits: Pages, Instagram, Messenger, WhatsApp
    (80002, None): RATE,
    (80006, None): RATE,
    (80007, None): RATE,
    (80008, None): RATE,
    **{(code, None): PERMISSION for code in range(200, 300)},
}


def read_error(answer: Answer, table: Mapping[tuple[int, int | None], Meaning]) -> SocialMediaError | None:
    """What an answer means by its code and subcode, never by its text; it may have a status of 200.

    ``table``: what a network adds to ERRORS, and which wins.
    """
    try:
        error = mapping(answer.json()).get('error')
    except ValueError:
        error = None
    if not isinstance(error, Mapping):
        if answer.status < 400:
            return None
        # not Meta's words: a proxy, an outage
        if answer.status == 429:
            wait = retry_after(answer)
            return TemporaryError('rate', retry_after=wait, scope='account', http_status=answer.status)
        return TemporaryError('temporary', retry_after=retry_after(answer), http_status=answer.status)
    code, subcode = integer(error.get('code')), integer(error.get('error_subcode'))
    kind, reason = _meaning(
        code, subcode, bool(error.get('is_transient')), answer.status, {**ERRORS, **table}
    )
    made = kind(
        reason,
        code='' if code is None else code,
        subcode='' if subcode is None else subcode,
        http_status=answer.status,
        detail=f'fbtrace_id {ident(error["fbtrace_id"])}' if error.get('fbtrace_id') else '',
    )
    if isinstance(made, TemporaryError):
        made.retry_after = retry_after(answer)
        made.scope = 'account' if reason == 'rate' else ''
    return made


def _meaning(
    code: int | None,
    subcode: int | None,
    transient: bool,
    status: int,
    table: Mapping[tuple[int, int | None], Meaning],
) -> Meaning:
    if code is not None:
        if subcode is not None and (code, subcode) in table:
            return table[code, subcode]
        if transient:
            return TEMPORARY
        if (code, None) in table:
            return table[code, None]
    return TEMPORARY if transient or status >= 500 or status == 429 else PERMANENT


def retry_after(answer: Answer) -> float | None:
    """Seconds to wait, None if the answer does not say. Calls made while blocked prolong the block.

    https://developers.facebook.com/docs/graph-api/overview/rate-limiting#headers
    """
    minutes = [integer(use.get('estimated_time_to_regain_access')) or 0 for use in _business_uses(answer)]
    if any(minutes):
        return max(minutes) * 60.0
    seconds = integer(answer.headers.get('retry-after', ''))
    return float(seconds) if seconds is not None and seconds >= 0 else None


def usage(answer: Answer) -> int:
    """Share of the limits already used, in percent, the highest of all that the answer tells."""
    uses = [*_business_uses(answer), mapping(_header(answer, 'x-app-usage'))]
    names = ('call_count', 'total_time', 'total_cputime')
    return max((integer(use.get(name)) or 0 for use in uses for name in names), default=0)


def _business_uses(answer: Answer) -> list[Mapping[str, JSON]]:
    found = mapping(_header(answer, 'x-business-use-case-usage'))
    return [use for uses in found.values() for use in dicts(uses)]


def _header(answer: Answer, name: str) -> JSON:
    try:
        return json.loads(answer.headers.get(name, 'null'))
    except (ValueError, RecursionError):
        return None


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

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

"""Calls of the API: address, token, what an answer means, pages, rate."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from publik_socialmedia import errors
from publik_socialmedia.networks import rates
from publik_socialmedia.networks.base import JSON, Account, Answer, Http, Raw, Source
from publik_socialmedia.networks.reading import decoded

from .identity import host_of, word

Params = Sequence[tuple[str, str]]

# GoToSocial answers 418 to a request without User-Agent.
USER_AGENT = 'publik-socialmedia'
STATUSES = '/api/v1/statuses'
VERIFY = '/api/v1/accounts/verify_credentials'

_BASE = re.compile(r'https?://\w[\w.-]*(?::\d{1,5})?(?:/[\w.~/-]*)?')
_LINK = re.compile(r'<([^<>]*)>\s*;\s*rel="?(\w+)"?')


def meaning(answer: Answer) -> errors.SocialMediaError | None:
    """What an answer means, None if it is not an error. Texts of errors are never read: they are translated.

    Sources: the servers' API documentation; GoToSocial 0.20 (400 for a text too long or empty) and snac 2.75
    (422 without a body for a dead token).
    """
    status = answer.status
    if status < 300:
        return _not_private(answer)
    known: dict[str, Any] = {'http_status': status}
    if status == 429:
        # uploads have a limit of their own; any other one is that of the token, whatever is asked for
        scope = '' if urlsplit(answer.url).path.endswith('/media') else 'account'
        return errors.TemporaryError('rate', retry_after=retry_after(answer), scope=scope, **known)
    if status == 401 or status == 422 and urlsplit(answer.url).path.endswith(VERIFY):
        return errors.ConfigurationError('auth', **known)
    if status == 403 and isinstance(decoded(answer), dict):  # without JSON: a firewall in front of the server
        return errors.ConfigurationError('permission', **known)
    if status in (403, 408, 425) or status >= 500:
        return errors.TemporaryError('temporary', **known)
    if status < 400:  # the Http follows no redirect: the address is not that of the server
        return errors.ConfigurationError('config', **known)
    if status in (404, 410):
        return errors.PermanentError('gone', **known)
    if status == 413:
        return errors.PermanentError('media_too_big', **known)
    return errors.PermanentError('permanent', **known)


def _not_private(answer: Answer) -> errors.SocialMediaError | None:
    """R34: the answer of our own POST, the only one of this path which is an object."""
    path = urlsplit(answer.url).path
    if path and not path.endswith(STATUSES):
        return None
    status = decoded(answer)
    if not isinstance(status, dict) or 'visibility' not in status or 'content' not in status:
        return None
    if status['visibility'] in ('direct', 'private'):  # ``send`` knows what this server means by 'private'
        return None
    return errors.PermanentError('not_private', code=word(status.get('id')), http_status=answer.status)


def content(answer: Answer) -> JSON:
    """The same of an answer that must be JSON; TemporaryError for a proxy's page."""
    found = decoded(answer)
    if not isinstance(found, dict | list):
        raise errors.TemporaryError('temporary', http_status=answer.status)
    return found


# -- rate: 300 requests in 5 minutes for a token


def retry_after(answer: Answer) -> float | None:
    """Seconds to wait: until ``X-RateLimit-Reset`` (an ISO date; seconds since 1970 on some servers), else
    ``Retry-After``. None if it does not say. An hour at most: the longest window of Mastodon is half an hour.
    """
    return rates.retry_after(answer, 'x-ratelimit-reset')


def exhausted(answer: Answer) -> float | None:
    """Seconds not to call before, if this answer was the last one that we were allowed."""
    return retry_after(answer) if answer.headers.get('x-ratelimit-remaining') == '0' else None


# -- calls


def base_of(account: Account) -> str:
    """Root of the server, without a final slash; ConfigurationError if it is not an address."""
    base = (account.api_url or account.credentials.get('instance', '')).strip()
    if '://' not in base:
        base = f'https://{base}'
    if not _BASE.fullmatch(base):
        raise errors.ConfigurationError('config', detail='instance')
    return base.rstrip('/')


def path_of(pattern: str, *ids: str) -> str:
    """``path_of('/api/v1/statuses/{}', id)``: ids are opaque, and quoted."""
    return pattern.format(*(quote(value, safe='') for value in ids))


class Api:
    """The API of one account."""

    def __init__(self, account: Account, http: Http) -> None:
        self.base = base_of(account)
        self.http = http
        token = account.credentials.get('access_token', '').strip()
        if not token or not token.isascii() or not token.isprintable():
            raise errors.ConfigurationError('auth', detail='access_token')
        self.headers = {
            'Authorization': f'Bearer {token}',
            'User-Agent': USER_AGENT,
            'Accept': 'application/json',
        }

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Answer:
        """Any answer, errors too."""
        return self.http.request(
            method, self.base + path, headers={**self.headers, **(headers or {})}, **more
        )

    def get(self, path: str, params: Params = ()) -> Answer:
        """An answer that is not an error; else what ``meaning`` says is raised."""
        answer = self.call('GET', path, params=list(params))
        error = meaning(answer)
        if error is not None:
            raise error
        return answer

    def read(self, path: str, params: Params = ()) -> JSON:
        return content(self.get(path, params))

    def page(self, answer: Answer, rel: str) -> dict[str, str]:
        """Parameters of the page ``rel`` ('prev': newer, 'next': older) of the Link header, {} if none.

        Only those: the request goes to our own server whatever the header says, and a link to another host is
        not for us.
        """
        for target, name in _LINK.findall(answer.headers.get('link', '')[:4000]):
            if name == rel and host_of(target) in ('', host_of(self.base)):
                return dict(parse_qsl(urlsplit(target).query))
        return {}


def raw(body: JSON | bytes, call: str, account: Account, source: Source = Source.POLL) -> Raw:
    """What was read, for ``parse``: the bytes as received, or what is left of them without what we know."""
    if not isinstance(body, bytes):
        body = json.dumps(body, ensure_ascii=False).encode('utf-8', 'backslashreplace')
    return Raw(body, source, call=call, account=account)

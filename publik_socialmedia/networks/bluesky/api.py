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

"""Calls of the API: addresses, token, what an answer means.

Three servers: the one where the account signs in (``bsky.social`` for most, see ``signing``), the account's
own (its PDS, named by its DID document), and the chat service, which is reached through the PDS by a header.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from publik_socialmedia import errors
from publik_socialmedia.networks import rates
from publik_socialmedia.networks.base import JSON, Account, Answer, Http, Raw, Source
from publik_socialmedia.networks.reading import decoded, ident, mapping

from .session import Session

CHAT = 'did:web:api.bsky.chat#bsky_chat'
HEADERS = {'User-Agent': 'publik-socialmedia', 'Accept': 'application/json'}

Meaning = tuple[type[errors.SocialMediaError], str]

# By the name of the error. https://github.com/bluesky-social/atproto: lexicons com.atproto.server.*,
# chat.bsky.convo.*; recorded on PDS 0.4.217 and 0.5.35 (statuses are not to be trusted: 400 ExpiredToken).
NAMES: Mapping[str, Meaning] = {
    **dict.fromkeys(('ExpiredToken', 'InvalidToken', 'AuthMissing'), (errors.TemporaryError, 'auth_refresh')),
    **dict.fromkeys(
        ('AuthenticationRequired', 'AuthFactorTokenRequired'), (errors.ConfigurationError, 'auth')
    ),
    **dict.fromkeys(('AccountTakedown', 'AccountDeactivated'), (errors.ConfigurationError, 'policy')),
    **dict.fromkeys(
        (
            'MessagesDisabled',
            'NotFollowedBySender',
            'BlockedActor',
            'BlockedSubject',
            'RecipientNotFound',
            'AccountSuspended',
            'ConvoLocked',
        ),
        (errors.PermanentError, 'blocked'),
    ),
    **dict.fromkeys(('InvalidConvo', 'ReplyTargetNotFound'), (errors.PermanentError, 'permanent')),
    **dict.fromkeys(
        ('UpstreamFailure', 'UpstreamTimeout', 'NotEnoughResources', 'InternalServerError'),
        (errors.TemporaryError, 'temporary'),
    ),
}
# One name says several things, that only its exact sentence tells apart: the official application compares
# these too (social-app, src/state/messages/convo/agent.ts). Another sentence has the meaning of its name.
SENTENCES: Mapping[tuple[str, str], Meaning] = {
    **dict.fromkeys(
        (('InvalidToken', 'Bad token scope'), ('InvalidToken', 'Bad token method')),
        (errors.ConfigurationError, 'permission'),
    ),
    **dict.fromkeys(
        (
            ('InvalidRequest', 'recipient has disabled incoming messages'),
            ('InvalidRequest', 'recipient requires incoming messages to come from someone they follow'),
            ('InvalidRequest', 'block between recipient and sender'),
            ('InvalidRequest', 'recipient does not exist'),
            ('InvalidRequest', 'Account does not exist'),
        ),
        (errors.PermanentError, 'blocked'),
    ),
    ('InvalidRequest', 'Account is disabled'): (errors.ConfigurationError, 'policy'),
}


def meaning(answer: Answer) -> errors.SocialMediaError | None:
    """What an answer means, None if it is not an error."""
    status = answer.status
    if status < 300:
        return None
    said = mapping(decoded(answer))
    name, sentence = ident(said.get('error')), ident(said.get('message'))
    code = name if re.fullmatch('[A-Za-z]{1,60}', name) else ''
    known: dict[str, Any] = {'http_status': status, 'code': code}
    if status == 429 or name == 'RateLimitExceeded':
        # sending has a limit of its own, which is not published: reading goes on meanwhile
        scope = '' if urlsplit(answer.url).path.endswith('.sendMessage') else 'account'
        return errors.TemporaryError('rate', retry_after=retry_after(answer), scope=scope, **known)
    kind, reason = SENTENCES.get((name, sentence)) or NAMES.get(name) or _by_status(status, said)
    return kind(reason, **known)


def _by_status(status: int, said: Mapping[str, JSON]) -> Meaning:
    if status >= 500 or status in (408, 425) or status == 403 and not said:  # 403: a firewall in front of it
        return errors.TemporaryError, 'temporary'
    if status == 401:
        return errors.ConfigurationError, 'auth'
    if status == 403:
        return errors.ConfigurationError, 'permission'
    if status < 400 or status == 404:  # no redirect is followed: the address is not that of the server
        return errors.ConfigurationError, 'config'
    return errors.PermanentError, 'permanent'


def retry_after(answer: Answer) -> float | None:
    """Seconds to wait: ``RateLimit-Reset`` is in seconds since 1970; a window is of 5 minutes or a day."""
    return rates.retry_after(answer, 'ratelimit-reset')


def exhausted(answer: Answer) -> float | None:
    """Seconds not to call before, if this answer was the last one that we were allowed."""
    return retry_after(answer) if answer.headers.get('ratelimit-remaining') == '0' else None


def content(answer: Answer) -> Mapping[str, JSON]:
    """The object that an answer must be; TemporaryError for a proxy's page."""
    found = decoded(answer)
    if not isinstance(found, dict):
        raise errors.TemporaryError('temporary', http_status=answer.status)
    return found


def checked(answer: Answer) -> Answer:
    """The same answer if it is no error; else what ``meaning`` says is raised."""
    error = meaning(answer)
    if error is not None:
        raise error
    return answer


def path_of(method: str) -> str:
    """Where a method of the API is: ``path_of('chat.bsky.convo.getLog')``."""
    return f'/xrpc/{method}'


class Api:
    """The API of one account, on its own server. TemporaryError('auth_refresh') while it has no session."""

    def __init__(self, account: Account, http: Http, session: Session | None = None) -> None:
        self.session = session or Session.of(account)
        self.http = http

    def call(self, verb: str, method: str, **more: Any) -> Answer:
        """Any answer, errors too. The chat service is asked where the method is one of its own."""
        headers = {**HEADERS, 'Authorization': f'Bearer {self.session.access}'}
        if method.startswith('chat.bsky.'):
            headers['atproto-proxy'] = CHAT
        return self.http.request(verb, self.session.server + path_of(method), headers=headers, **more)

    def get(self, method: str, *params: tuple[str, str]) -> Answer:
        """An answer that is not an error; else what it means is raised."""
        return checked(self.call('GET', method, params=list(params)))

    def read(self, method: str, *params: tuple[str, str]) -> Mapping[str, JSON]:
        return content(self.get(method, *params))

    def repeat(self, method: str, body: JSON) -> Answer:
        """The answer of a POST that changes nothing when it is made twice."""
        return repeatable(lambda: self.call('POST', method, json=body))


def repeatable(post: Callable[[], Answer]) -> Answer:
    """The answer of a POST that may be made again: losing its answer is a failure like another."""
    try:
        return post()
    except errors.OutcomeUnknown as error:
        raise errors.TemporaryError('connection', code=error.code) from error


def raw(body: Mapping[str, JSON], method: str, account: Account, source: Source = Source.POLL) -> Raw:
    """What was read, for ``parse``."""
    encoded = json.dumps(body, ensure_ascii=False).encode('utf-8', 'backslashreplace')
    return Raw(encoded, source, call=f'GET {path_of(method)}', account=account)


def is_address(value: str) -> bool:
    """Whether that is the root of a server; ``Http`` decides whether it may be called."""
    try:
        parts = urlsplit(value)
        return parts.scheme in ('http', 'https') and bool(parts.hostname) and not parts.query
    except ValueError:
        return False

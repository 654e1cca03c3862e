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

"""Calls of the Bot API: addresses that hide their token, what an answer means.

https://core.telegram.org/bots/api#making-requests (Bot API 10.1, June 2026); the words of errors are those of
the API's own server, https://github.com/tdlib/telegram-bot-api (10.0, May 2026).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from publik_socialmedia import errors
from publik_socialmedia.errors import ConfigurationError, Hidden, PermanentError, TemporaryError
from publik_socialmedia.networks import reading
from publik_socialmedia.networks.base import JSON, Account, Answer, Http
from publik_socialmedia.networks.reading import integer, mapping, string

API = 'https://api.telegram.org'
BOT_KEY = 'bot_token'
WEBHOOK_KEY = 'webhook_secret'
LONGEST_WAIT = 24 * 3600.0  # seconds; longer is not believed

_TOKEN = re.compile(r'\d{1,20}:[A-Za-z0-9_-]{30,100}')
_FILE_PATH = re.compile(r'\w[\w.-]*(?:/\w[\w.-]*)*', re.ASCII)

Meaning = tuple[type[errors.SocialMediaError], str]

# Telegram has no subcode: the words after « Bad Request: » are what tells its errors apart. Only these are
# known by their words, in lower case; a text that is not here is what its code says.
WORDS: Mapping[tuple[int, str], Meaning] = {
    (400, 'chat not found'): (PermanentError, 'blocked'),
    (400, 'private chat not found'): (PermanentError, 'blocked'),
    (400, 'user not found'): (PermanentError, 'blocked'),
    (400, 'peer_id_invalid'): (PermanentError, 'blocked'),
    (400, 'chat_write_forbidden'): (PermanentError, 'blocked'),
    (400, 'message is too long'): (PermanentError, 'too_long'),
    (400, 'message caption is too long'): (PermanentError, 'too_long'),
    (400, 'message text is empty'): (PermanentError, 'empty'),
    (400, 'message_empty'): (PermanentError, 'empty'),
    (400, 'file is too big'): (PermanentError, 'media_too_big'),
    (400, 'wrong file_id or the file is temporarily unavailable'): (TemporaryError, 'not_cached'),
    (400, 'photo_invalid_dimensions'): (PermanentError, 'file_type'),
    (400, 'photo_save_file_invalid'): (PermanentError, 'file_type'),
    (400, 'photo_ext_invalid'): (PermanentError, 'file_type'),
    (400, 'photo_content_type_invalid'): (PermanentError, 'file_type'),
    (400, 'image_process_failed'): (PermanentError, 'file_type'),
    (400, 'file must be non-empty'): (PermanentError, 'file_type'),
    # the connection of a business account: gone, without the right to answer, or nobody wrote for 24 hours
    (400, 'business_connection_invalid'): (PermanentError, 'permission'),
    (400, 'business_connection_not_allowed'): (PermanentError, 'permission'),
    (400, 'business_peer_invalid'): (PermanentError, 'permission'),
    (400, 'business_peer_usage_missing'): (PermanentError, 'window'),
    (400, 'logged out'): (ConfigurationError, 'auth'),
}
# a group that became another chat (``migrate_to_chat_id``) falls in 400: a private answer never follows it
CODES: Mapping[int, Meaning] = {
    400: (PermanentError, 'permanent'),
    401: (ConfigurationError, 'auth'),
    403: (PermanentError, 'blocked'),  # blocked by the person, deactivated, or who never wrote
    404: (ConfigurationError, 'auth'),  # a token that is none; the methods that we call exist
    409: (ConfigurationError, 'config'),  # getUpdates while a webhook is set, or two who poll
    413: (PermanentError, 'file_too_big'),
}


def meaning(answer: Answer) -> errors.SocialMediaError | None:
    """What an answer means, None if it is not an error."""
    found = decoded(answer)
    if found.get('ok') is True and answer.status < 300:
        return None
    code = integer(found.get('error_code')) if 'ok' in found else None
    if code is None:
        return _not_telegram(answer)
    known: dict[str, Any] = {'code': code, 'http_status': answer.status}
    if code == 429:
        return TemporaryError('rate', retry_after=_retry_after(found, answer), **known)
    if code >= 500:
        return TemporaryError('temporary', **known)
    words = string(found.get('description')).partition(': ')[2].strip().lower()
    kind, reason = WORDS.get((code, words)) or CODES.get(code) or CODES[400]
    return kind(reason, **known)


def _not_telegram(answer: Answer) -> errors.SocialMediaError:
    """A proxy's page, or the server of something else."""
    if 300 <= answer.status < 400:  # no redirection is followed: the address is not that of the API
        return ConfigurationError('config', http_status=answer.status)
    reason = 'rate' if answer.status == 429 else 'temporary'
    return TemporaryError(reason, retry_after=_retry_after({}, answer), http_status=answer.status)


def _retry_after(found: Mapping[str, JSON], answer: Answer) -> float | None:
    """Seconds to wait, None if the answer does not say."""
    seconds = integer(mapping(found.get('parameters')).get('retry_after'))
    if seconds is None:
        seconds = integer(answer.headers.get('retry-after', ''))
    return min(max(1.0, float(seconds)), LONGEST_WAIT) if seconds is not None else None


def decoded(answer: Answer) -> Mapping[str, JSON]:
    """The object of an answer, {} if it is something else."""
    return mapping(reading.decoded(answer))


class Api:
    """The API of one bot, whose token is in each address. ConfigurationError('auth') if it cannot be one."""

    def __init__(self, account: Account, http: Http) -> None:
        self._token = Hidden(account.credentials.get(BOT_KEY, '').strip())
        if not _TOKEN.fullmatch(self._token):
            raise ConfigurationError('auth', detail='bot_token')
        self._base = (account.api_url or API).rstrip('/')
        self._http = http

    @property
    def bot_id(self) -> str:
        """The first half of a token is the identifier of its bot, and no secret."""
        return self._token.partition(':')[0]

    def get(self, method: str, **params: JSON) -> Answer:
        """An answer that is not an error; else what ``meaning`` says is raised."""
        return self._checked(self._http.request('GET', self._address(method), params=params or None))

    def post(self, method: str, **arguments: Any) -> Answer:
        """Any answer, errors too. ``arguments``: those of ``Http.request``."""
        return self._http.request('POST', self._address(method), **arguments)

    def change(self, method: str, **body: JSON) -> None:
        """A call that may be made again; what it refuses is raised."""
        self._checked(self.post(method, json=body))

    def file(self, path: str) -> tuple[Hidden, str]:
        """Address of a file and its host; PermanentError('forbidden_url') if that is no path of the API."""
        if not _FILE_PATH.fullmatch(path):
            raise PermanentError('forbidden_url', detail='not a path')
        host = urlsplit(self._base).hostname or ''
        return Hidden(f'{self._base}/file/bot{self._token}/{quote(path)}'), host

    def _address(self, method: str) -> Hidden:
        return Hidden(f'{self._base}/bot{self._token}/{method}')

    @staticmethod
    def _checked(answer: Answer) -> Answer:
        error = meaning(answer)
        if error is not None:
            raise error
        return answer


def result(answer: Answer) -> JSON:
    """What a call gave, None if it is not there."""
    return decoded(answer).get('result')

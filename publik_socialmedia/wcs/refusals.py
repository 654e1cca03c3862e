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

"""What an answer of w.c.s. that is not a success means for us.

Nearly all refusals of w.c.s. have the same machine code, ``access-denied``: only a sentence, in the language
of the site, tells them apart. The sentences known here are those of its French catalog and its English
sources; for any other the client looks for the cause with a harmless call (:meth:`Client._unknown_refusal`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Protocol

from publik_socialmedia.errors import (
    ConfigurationError,
    OutcomeUnknown,
    PermanentError,
    SocialMediaError,
    TemporaryError,
)

#: Seconds before a demand « being processed » is worth another call.
BUSY_WAIT: Final = 5

#: Beginnings of ``err_desc``, lower case, apostrophes straight.
_SENTENCES: Final[tuple[tuple[str, str], ...]] = (
    ('signature invalide', 'secret'),
    ('invalid signature', 'secret'),
    ('paramètre « orig »', 'secret'),
    ('invalid orig', 'secret'),
    ('missing/multiple orig', 'secret'),
    ("appel d'api non signé", 'secret'),
    ('unsigned api call', 'secret'),
    # this one is not translated
    ('timestamp is more than', 'clock'),
    ('valeur invalide pour « timestamp »', 'clock'),
    ('invalid timestamp', 'clock'),
    ('nonce déjà utilisé', 'nonce'),
    ('nonce already used', 'nonce'),
    ('formulaire désactivé', 'form_disabled'),
    ('disabled form', 'form_disabled'),
    ('actions en cours de traitement', 'busy'),
    ('formdata currently processing', 'busy'),
    ('rôles insuffisants', 'right'),
    ('insufficient roles', 'right'),
    ('unsufficient roles', 'right'),
    ('utilisateur non authentifié', 'right'),
    ('user not authenticated', 'right'),
    ("l'utilisateur n'est pas autorisé", 'right'),
    ('user is not allowed', 'right'),
    ('pas de rôles de saisie', 'right'),
    ('no backoffice submission roles', 'right'),
    # an option of the form that makes no sense for us: one demand per person
    ('un seul formulaire par utilisateur', 'refused'),
    ('only one formdata by user', 'refused'),
)
_CODES: Final = {
    'no-backoffice-submission-role': 'right',
    'user-not-allowed-backoffice-submission': 'right',
}


class Answer(Protocol):
    """What an HTTP call gave; ``headers`` are read without regard to case."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...


def payload(answer: Answer) -> Any:
    """Return the JSON of an answer, None if it holds none."""
    try:
        return json.loads(answer.body)
    except ValueError:
        return None


def known_refusal(answer: Answer) -> str:
    """Return the short word of a 401 or 403: ``secret``, ``clock``, ``busy``…, empty if not recognised."""
    content = payload(answer)
    if not isinstance(content, dict):
        return ''
    word = _CODES.get(str(content.get('err_code')), '')
    sentence = str(content.get('err_desc') or '').lower().replace('\u2019', "'").replace('\u00a0', ' ')
    return word or next((word for start, word in _SENTENCES if sentence.startswith(start)), '')


def refusal_error(word: str, status: int) -> SocialMediaError:
    """Return the error to raise for a word of :func:`known_refusal`."""
    if word == 'busy':
        return TemporaryError('wcs_busy', retry_after=BUSY_WAIT, http_status=status)
    if word == 'nonce':
        # We never sign the same URL twice: something on the way sent it again, the first one counted.
        return OutcomeUnknown('outcome_unknown', http_status=status)
    return ConfigurationError(f'wcs_{word}', http_status=status)


def failure(answer: Answer, *, writing: bool) -> SocialMediaError:
    """Return the error to raise for any other answer than a success, a 401, a 403 or a 404 in JSON.

    ``writing``: the call was a POST, so an answer that comes from after the start of the work leaves its
    outcome unknown: w.c.s. commits the row of a demand before it runs its workflow.
    """
    status = answer.status
    if status in (502, 504) or status >= 500 and status != 503:
        kind = OutcomeUnknown if writing else TemporaryError
        return kind('wcs_crashed' if status == 500 else 'wcs_away', http_status=status)
    if status in (408, 429, 503):
        return TemporaryError('wcs_away', retry_after=_retry_after(answer), http_status=status)
    if status == 413:
        return PermanentError('wcs_too_large', http_status=status)
    if status in (400, 405, 415, 422):
        return PermanentError('wcs_refused', http_status=status)
    if 200 <= status < 300:
        kind = OutcomeUnknown if writing else TemporaryError
        return kind('wcs_crashed', http_status=status)
    # a redirection, an HTML 404 of an unknown host: this is not the w.c.s. we were told of
    return ConfigurationError('wcs_url', http_status=status)


def _retry_after(answer: Answer) -> float | None:
    value = next((v for k, v in answer.headers.items() if k.lower() == 'retry-after'), '')
    return float(value) if value.isdigit() else None

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

"""What an answer of the Graph API means, by its codes, and how much of our limits it says is used."""

from __future__ import annotations

import json
from collections.abc import Mapping

from publik_socialmedia.errors import ConfigurationError, PermanentError, SocialMediaError, TemporaryError
from publik_socialmedia.networks.base import JSON, Answer
from publik_socialmedia.networks.meta import dicts, ident, integer, mapping

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

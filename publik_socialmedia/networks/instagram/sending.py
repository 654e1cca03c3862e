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

"""What is sent to Instagram, and what its refusals mean.

https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api and,
for an account behind a Page, /docs/messenger-platform/instagram/features/send-message
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from publik_socialmedia.errors import ConfigurationError, PermanentError
from publik_socialmedia.networks.base import JSON, Outgoing
from publik_socialmedia.networks.meta_errors import PERMANENT, PERMISSION, POLICY, RATE, TEMPORARY, Meaning
from publik_socialmedia.networks.meta_sending import (
    BLOCKED,
    CLOSED,
    FILE_TOO_BIG,
    FILE_TYPE,
    OTHER_APP,
    PROFILE,
)

MEGABYTE = 1_000_000
# Meta fetches a file while it answers, within 10 seconds, 75 for a video; we may have given up before
SETTLED = timedelta(seconds=90)

# Known from public code for the most part: Meta lists few of them.
# /documentation/business-messaging/messenger-platform/error-codes (18 March 2026)
ERRORS: Mapping[tuple[int, int | None], Meaning] = {
    (10, 1893063): POLICY,  # the account is barred from sending for a time
    (10, 2018278): CLOSED,
    (10, 2018300): OTHER_APP,  # another application controls this thread
    (10, 2534022): CLOSED,
    (100, 2018001): BLOCKED,  # no matching user
    (100, 2018008): TEMPORARY,  # Meta could not fetch the file
    (100, 2018047): FILE_TYPE,
    (100, 2018109): FILE_TOO_BIG,
    (100, 2018294): FILE_TYPE,  # broken video
    (100, 2534014): BLOCKED,  # unknown person; or too late, say others: see ``InboxNetwork.doubtful``
    (100, 2534015): PERMANENT,  # the message is not valid
    (200, 1545041): BLOCKED,  # or too late
    (200, 2534041): PERMISSION,  # the account does not let tools read its messages
    (230, None): PROFILE,  # consent is required
    (400, None): POLICY,  # the account is restricted
    (551, None): BLOCKED,
    (613, 2534040): RATE,
    (1200, None): TEMPORARY,
    (9010, None): PROFILE,  # no matching Instagram user
    (36000, None): FILE_TOO_BIG,  # comes with a status of 200
    (1609005, None): (PermanentError, 'media_gone'),  # a story that is over
    (9000001, None): (PermanentError, 'gone'),  # taken back, or older than the 20 that are told
    # the account is restricted, whatever the code
    **{(code, subcode): POLICY for code in (4, 10, 100, 200, 368) for subcode in (2534029, 2534122)},
}

# Type and size of what may be sent; PDF since 19 December 2025
FILES = {
    'image/jpeg': 8 * MEGABYTE,
    'image/png': 8 * MEGABYTE,
    'audio/aac': 25 * MEGABYTE,
    'audio/mp4': 25 * MEGABYTE,
    'audio/wav': 25 * MEGABYTE,
    'video/mp4': 25 * MEGABYTE,
    'video/ogg': 25 * MEGABYTE,
    'video/quicktime': 25 * MEGABYTE,
    'video/webm': 25 * MEGABYTE,
    'application/pdf': 25 * MEGABYTE,
}
SHOWN_TYPES = {
    name: name.partition('/')[0] for name in FILES if name.partition('/')[0] in ('image', 'audio', 'video')
}


def body(outgoing: Outgoing, declared: Mapping[str, str], shown_type: str) -> dict[str, JSON]:
    """Arguments of the call. A file is fetched by Meta, within 10 seconds (75 for a video)."""
    recipient = {'id': outgoing.recipient}
    if outgoing.file is None:
        message: JSON = {'text': outgoing.text}
    elif outgoing.file.url:
        message = {'attachment': {'type': shown_type, 'payload': {'url': outgoing.file.url}}}
    else:
        raise ConfigurationError('base_url')
    return {'json': {'recipient': recipient, **declared, 'message': message}}

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

"""What is sent to Messenger, and what its refusals mean.

https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from publik_socialmedia.networks.base import JSON, Outgoing
from publik_socialmedia.networks.meta_errors import (
    PERMANENT,
    PERMISSION,
    POLICY,
    TEMPORARY,
    Meaning,
)
from publik_socialmedia.networks.meta_sending import (
    BLOCKED,
    CLOSED,
    FILE_TOO_BIG,
    FILE_TYPE,
    OTHER_APP,
    PROFILE,
)

KEY_LIMIT = 1000  # characters of ``metadata``

# /documentation/business-messaging/messenger-platform/error-codes (18 March 2026)
ERRORS: Mapping[tuple[int, int | None], Meaning] = {
    (10, 1893063): POLICY,  # the Page is barred from sending for a time (June 2026)
    (10, 2018065): CLOSED,  # former code of the same
    (10, 2018108): BLOCKED,
    (10, 2018278): CLOSED,
    (10, 2018300): OTHER_APP,  # another application controls this thread
    (10, 2018336): PERMANENT,  # European privacy rules
    (100, 2018001): BLOCKED,  # no matching user
    (100, 2018008): TEMPORARY,  # Meta could not fetch a link
    (100, 2018047): FILE_TYPE,
    (100, 2018074): PERMANENT,  # unknown attachment id
    (100, 2018109): FILE_TOO_BIG,
    (100, 2018218): PROFILE,  # registered with a telephone only
    (100, 2018294): FILE_TYPE,  # broken video
    (200, 1545041): BLOCKED,  # two pages of Meta's disagree on 1545041, see ``InboxNetwork.doubtful``
    (200, 2018028): PERMISSION,  # not a tester, and pages_messaging not granted
    (230, None): PROFILE,  # consent is required
    (551, None): BLOCKED,
    (1200, None): TEMPORARY,
    (36000, None): FILE_TOO_BIG,  # comes with a status of 200
}

# Meta refuses a file whose type is not what we say: those that it is known to show, else « file »
SHOWN_TYPES = {
    'image/gif': 'image',
    'image/jpeg': 'image',
    'image/png': 'image',
    'audio/aac': 'audio',
    'audio/mp4': 'audio',
    'audio/mpeg': 'audio',
    'audio/wav': 'audio',
    'video/mp4': 'video',
    'video/quicktime': 'video',
}


def body(outgoing: Outgoing, declared: Mapping[str, str], shown_type: str) -> dict[str, JSON]:
    """Arguments of the call: ``json`` for a text, ``data`` and ``files`` for a file (multipart)."""
    message: dict[str, JSON] = {'metadata': outgoing.key[:KEY_LIMIT]}  # comes back in the echo
    recipient = {'id': outgoing.recipient}
    if outgoing.file is None:
        message['text'] = outgoing.text
        return {'json': {'recipient': recipient, **declared, 'message': message}}
    message['attachment'] = {'type': shown_type, 'payload': {'is_reusable': False}}
    file = outgoing.file
    return {
        'data': {'recipient': json.dumps(recipient), **declared, 'message': json.dumps(message)},
        'files': {'filedata': (file.filename, file.content, file.mimetype)},
    }

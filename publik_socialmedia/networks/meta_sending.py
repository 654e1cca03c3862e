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

"""When the inboxes of Meta take an answer, and what their refusals mean.

https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from publik_socialmedia.errors import PermanentError, SocialMediaError
from publik_socialmedia.networks.base import Outgoing
from publik_socialmedia.networks.meta_errors import Meaning

WINDOW = timedelta(hours=24)  # after the citizen's last action
HUMAN_WINDOW = timedelta(days=7)  # for a person's answer, with the feature « Human Agent »
RESPONSE = {'messaging_type': 'RESPONSE'}
HUMAN_AGENT = {'messaging_type': 'MESSAGE_TAG', 'tag': 'HUMAN_AGENT'}

CLOSED: Meaning = (PermanentError, 'window')
BLOCKED: Meaning = (PermanentError, 'blocked')
FILE_TYPE: Meaning = (PermanentError, 'file_type')
FILE_TOO_BIG: Meaning = (PermanentError, 'file_too_big')
OTHER_APP: Meaning = (PermanentError, 'other_app')
PROFILE: Meaning = (PermanentError, 'profile')


def messaging_type(outgoing: Outgoing, now: datetime, human_agent: bool) -> Mapping[str, str]:
    """How the message is declared; PermanentError('window') if it is too late for any way.

    Without a known last message, Meta decides.
    """
    age = now - outgoing.last_inbound_at if outgoing.last_inbound_at else timedelta(0)
    if age < WINDOW:
        return RESPONSE
    if human_agent and outgoing.human and age < HUMAN_WINDOW:
        return HUMAN_AGENT
    raise PermanentError('window')


def refusal_by_age(
    error: SocialMediaError, outgoing: Outgoing, now: datetime, subcodes: Collection[str]
) -> SocialMediaError:
    """The same error, or its other meaning: those subcodes say « window closed » or « cannot receive »."""
    too_old = outgoing.last_inbound_at is not None and now - outgoing.last_inbound_at >= WINDOW
    if error.subcode not in subcodes or not too_old:
        return error
    return PermanentError(
        'window', code=error.code, subcode=error.subcode, http_status=error.http_status, detail=error.detail
    )

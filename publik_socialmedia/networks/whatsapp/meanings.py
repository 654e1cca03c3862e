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

"""What the error codes of WhatsApp mean: in the answers of the API, in failed statuses, in webhooks.

``error_subcode`` is no longer given since v16; texts are never read.
https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
"""

from __future__ import annotations

from collections.abc import Mapping

from publik_socialmedia.errors import ConfigurationError, PermanentError, SocialMediaError, TemporaryError
from publik_socialmedia.networks import meta_errors
from publik_socialmedia.networks.meta_errors import PERMANENT, PERMISSION, POLICY, RATE, TEMPORARY, Meaning

CONFIG: Meaning = (ConfigurationError, 'config')
BLOCKED: Meaning = (PermanentError, 'blocked')
TEMPLATE: Meaning = (PermanentError, 'template')

PAIR_RATE = 131056  # too fast to that person: the only limit that is not one of the whole account

ERRORS: Mapping[tuple[int, int | None], Meaning] = {
    (33, None): CONFIG,  # the number was deleted
    (100, 33): PERMISSION,  # an object unknown, or not for us
    (130429, None): RATE,  # messages per second of the number
    (130472, None): PERMANENT,  # an experiment of Meta's: no marketing for that person
    (130497, None): POLICY,  # country not allowed
    (131000, None): TEMPORARY,  # « something went wrong »
    (131005, None): PERMISSION,
    (131008, None): PERMANENT,  # parameter missing
    (131009, None): PERMANENT,  # parameter wrong
    (131014, None): PERMANENT,  # of the former API: a link could not be fetched
    (131016, None): TEMPORARY,  # service unavailable
    (131021, None): PERMANENT,  # our own number
    (131026, None): BLOCKED,  # not on WhatsApp, old application, conditions not accepted, or blocked
    (131030, None): BLOCKED,  # not one of the five numbers to which a test number may write
    (131031, None): POLICY,  # account locked
    (131037, None): CONFIG,  # display name not approved
    (131042, None): (ConfigurationError, 'billing'),
    (131045, None): CONFIG,  # number not registered rightly
    (131047, None): (PermanentError, 'window'),
    (131048, None): POLICY,  # too many messages blocked or flagged as spam
    (131049, None): PERMANENT,  # Meta keeps that marketing from that person
    (131050, None): BLOCKED,  # the person stopped marketing
    (131051, None): PERMANENT,  # type not supported
    (131052, None): PERMANENT,  # their media
    (131053, None): (PermanentError, 'file_type'),  # our media
    (PAIR_RATE, None): RATE,
    (131057, None): TEMPORARY,  # maintenance
    (131062, None): BLOCKED,  # not to a business-scoped id, and there is no number
    (132000, None): TEMPLATE,  # number of parameters
    (132001, None): TEMPLATE,  # does not exist in that language
    (132005, None): (PermanentError, 'too_long'),  # once its parameters are in it
    (132007, None): TEMPLATE,  # content against the rules
    (132012, None): TEMPLATE,  # form of the parameters
    (132015, None): TEMPLATE,  # paused
    (132016, None): TEMPLATE,  # disabled
    (132018, None): TEMPLATE,  # a parameter with a new line
    (133004, None): TEMPORARY,
    (133005, None): CONFIG,  # the PIN of two-step verification
    (133006, None): CONFIG,
    (133010, None): CONFIG,  # number not registered
}
# passing failures said before anything is done
NOT_SENT = frozenset({'131057', '133004'})


def failure(code: int | None) -> tuple[type[SocialMediaError], str]:
    """What a code means where nothing is to be tried again: class of the error, and what the agent is told.

    A passing failure that a status tells of is over for that message: it was accepted, then lost.
    """
    table = {**meta_errors.ERRORS, **ERRORS}
    kind, reason = table.get((-1 if code is None else code, None), PERMANENT)
    if issubclass(kind, TemporaryError):
        return PermanentError, 'undelivered'
    return kind, reason

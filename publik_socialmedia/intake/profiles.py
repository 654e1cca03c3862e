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

"""Names of people, where the network gives them by a call of its own (R15)."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.utils import timezone

from publik_socialmedia import errors, networks, tokens
from publik_socialmedia.http import client
from publik_socialmedia.models import Account, Contact, Conversation
from publik_socialmedia.networks.base import Http
from publik_socialmedia.text import clean

ASK_AGAIN = timedelta(days=7)

logger = logging.getLogger(__name__)


def ask_name(account: Account, conversation: Conversation, http: Http | None = None) -> bool:
    """Ask the name of a person that has none, once a week at most; True if the network was asked.

    A name is optional: whatever goes wrong is logged and costs no message.
    """
    contact, now = conversation.contact, timezone.now()
    network = networks.get(account.network)
    if contact.name or account.problem or account.throttled_for or not network.capabilities.profiles:
        return False
    if contact.name_asked_at is not None and contact.name_asked_at > now - ASK_AGAIN:
        return False
    identifier = contact.identifiers.first()
    if identifier is None:
        return False
    contact.name_asked_at = now
    try:
        contact.name = clean(_asked(account, identifier.value, http or client()))[:250]
    except errors.SocialMediaError as error:
        logger.info('no name for contact %s: %s', contact.pk, error)
    Contact.objects.filter(pk=contact.pk).update(name=contact.name, name_asked_at=now)
    return True


def _asked(account: Account, user: str, http: Http) -> str:
    network = networks.get(account.network)
    return tokens.using(account, lambda view: network.profile(view, user, http), http)

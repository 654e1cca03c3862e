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

"""A citizen proves that a conversation is theirs (R27): from then on its demands are in their Publik account.

The proof has two halves: the link is sent in the private conversation, so who holds it reads that account of
the network; it is confirmed by somebody logged in on the portal, so that is their Publik account. Nothing is
ever guessed from a name or an e-mail.

* The link is signed, for one person of one account of ours, ends after LINK_DAYS, and serves once: it bears a
  mark of the present state of the link (``name_id``, ``linked_at``), which using it changes. Looking at it
  changes nothing: networks open the links that they carry. It is confirmed by a POST, against forgery.
* Somebody could send their own link to another person and have them confirm it. They would gain nothing in
  Publik, whose account stays the other person's, but agents would take one for the other. So the page says
  whose conversation it is, since when, and what not to do; and **agents must not take the link as a proof of
  identity** in the conversation itself: it says where demands are filed.
* Who is linked can undo it from the same address, even when it has ended.

w.c.s. knows people by a number of its own, asked when a demand is submitted: it does not check the one it is
given, and another w.c.s. has others.
"""

from __future__ import annotations

import enum
import logging
import re
from datetime import timedelta
from typing import Any

from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from publik_socialmedia import addresses, errors
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.fields import keyed_hash
from publik_socialmedia.models import Contact, Journal
from publik_socialmedia.text import clean
from publik_socialmedia.wcs.client import Client

PLACE = '{lien_compte}'  # what agents and administrators write where the link is to be
_ADDRESS = re.compile(r'https?://\S+/socialmedia/relier/\S+')
_VALUE = re.compile(r'([0-9]{1,18})-([0-9a-f]{16})')

logger = logging.getLogger(__name__)


class Standing(enum.Enum):
    """What a link is to the person who opens it."""

    OFFERED = 'offered'  # may be confirmed
    MINE = 'mine'  # this person confirmed it
    TAKEN = 'taken'  # somebody else did
    OVER = 'over'  # used, replaced or too old


def address(contact: Contact) -> str:
    """The link to send to this person, in the private conversation only.

    ConfigurationError('base_url') if nothing says where we are.
    """
    token = _signer().sign(f'{contact.pk}-{_mark(contact)}')
    return addresses.absolute('socialmedia-link', token=token)


def offered(contact: Contact) -> str:
    """The link, for an automatic message; '' if they are linked already, or nothing says where we are."""
    try:
        return '' if contact.name_id else address(contact)
    except errors.ConfigurationError:
        return ''


def filled(text: str, contact: Contact) -> str:
    """An answer in which PLACE becomes the link: w.c.s. keeps what the agent wrote, never the link itself.

    PermanentError('base_url') if nothing says where we are.
    """
    if PLACE not in text:
        return text
    try:
        return text.replace(PLACE, address(contact))
    except errors.ConfigurationError as error:
        raise errors.PermanentError(error.reason) from None


def hidden(text: str) -> str:
    """A text to be read by others than the person: without the link, that would still serve."""
    return _ADDRESS.sub('[%s]' % gettext('link to the citizen’s account'), text)


def contact_of(token: str) -> Contact | None:
    """The person a link was made for, whatever became of it since; None if it is not one of ours."""
    try:
        found = _VALUE.fullmatch(_signer().unsign(token))
    except BadSignature:
        return None
    if found is None:
        return None
    known = Contact.objects.select_related('account', 'conversation').exclude(conversation=None)
    known = known.filter(account__removed_at=None)
    return known.filter(pk=int(found[1])).first()


def standing(token: str, contact: Contact, name_id: str) -> Standing:
    """What that link is to the bearer of that name id. ``contact``: as it is now."""
    if contact.name_id:
        return Standing.MINE if contact.name_id == name_id else Standing.TAKEN
    try:
        value = _signer().unsign(token, max_age=timedelta(days=app_settings.LINK_DAYS))
    except SignatureExpired:
        return Standing.OVER
    return Standing.OFFERED if value == f'{contact.pk}-{_mark(contact)}' else Standing.OVER


def link(token: str, contact: Contact, name_id: str) -> Standing:
    """Confirm. Of two persons who do it at once, one succeeds."""
    with transaction.atomic():
        current = Contact.objects.select_for_update().get(pk=contact.pk)
        found = standing(token, current, name_id)
        if found is Standing.OFFERED:
            _write(current, name_id, 'link-citizen')
            return Standing.MINE
    return found


def unlink(contact: Contact, name_id: str) -> bool:
    """Undo the link of that person; False if it is not theirs."""
    with transaction.atomic():
        current = Contact.objects.select_for_update().get(pk=contact.pk)
        if not name_id or current.name_id != name_id:
            return False
        _write(current, '', 'unlink-citizen')
    return True


def name_id_of(user: Any) -> str:
    """The name id of a logged-in user, as all bricks of Publik know them; '' of a local account."""
    if hasattr(user, 'get_name_id'):
        found = user.get_name_id()
    else:
        identifiers = getattr(user, 'saml_identifiers', None)
        first = identifiers.first() if identifiers is not None else None
        found = first.name_id if first is not None else ''
    found = str(found or '')
    return found if len(found) <= 64 else ''


def recognise(contact: Contact, client: Client) -> None:
    """Learn by what number that w.c.s. knows a linked person (``wcs_user_id``), '' if it does not.

    To be called before each demand. A failure that is not a passing one costs the link, never the demand.
    TemporaryError comes out.
    """
    if not contact.name_id:
        return
    try:
        found = client.user_id(contact.name_id)
    except errors.TemporaryError:
        raise
    except errors.SocialMediaError as error:
        logger.warning('contact %s: %s', contact.pk, error)
        found = ''
    if found != contact.wcs_user_id:
        contact.wcs_user_id = found
        # not if they undid the link meanwhile
        Contact.objects.filter(pk=contact.pk, name_id=contact.name_id).update(wcs_user_id=found)


def masked(contact: Contact) -> str:
    """Whose conversation it is, for who knows it already: « J••••• E••••••» (R50)."""
    name = clean(contact.name).split()
    if name:
        return ' '.join(word[0] + '•' * min(len(word) - 1, 8) for word in name)
    value = clean(contact.address)
    return f'{value[:2]}••••{value[-2:]}' if len(value) > 6 else '••••'


def _write(contact: Contact, name_id: str, action: str) -> None:
    contact.name_id, contact.wcs_user_id, contact.linked_at = name_id, '', timezone.now()
    contact.save(update_fields=['name_id', 'wcs_user_id', 'linked_at'])
    Journal.objects.create(account_id=contact.account_id, action=action, details={'contact': contact.pk})


def _mark(contact: Contact) -> str:
    """Changes each time that person is linked or unlinked."""
    at = contact.linked_at.isoformat() if contact.linked_at else ''
    return keyed_hash('link', str(contact.pk), contact.name_id, at)[:16]


def _signer() -> TimestampSigner:
    # ':' would be where a network ends the link that it shows
    return TimestampSigner(sep='.', salt='publik_socialmedia.link')

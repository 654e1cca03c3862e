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

"""Contents of attachments: fetched safely, kept in private storage until w.c.s. has them (R9, R10)."""

from __future__ import annotations

import hashlib
import logging
from urllib.parse import urlsplit

from django.db.utils import DatabaseError, InterfaceError

from publik_socialmedia import errors, media, networks, text, tokens
from publik_socialmedia.http import client, fetch_media
from publik_socialmedia.models import Account, Attachment
from publik_socialmedia.networks.base import Http

MAX_ATTEMPTS = 5

State = Attachment.State
logger = logging.getLogger(__name__)


def fetch(account: Account, attachment: Attachment, http: Http | None = None, *, last: bool = False) -> bool:
    """Try once to get the content of an attachment; True once it needs no other try.

    What cannot be had ends ``unavailable`` with its reason, at once or after five tries (``last``: after this
    one): the message is kept in any case.
    """
    if attachment.state != State.WANTED:
        return True
    attachment.attempts += 1
    over = last or attachment.attempts >= MAX_ATTEMPTS
    try:
        _fetch(account, attachment, http or client())
    except errors.SocialMediaError as error:
        logger.info('attachment %s: %s', attachment.pk, error)
        attachment.reason = error.reason
        if isinstance(error, errors.ConfigurationError) or error.reason in ('auth', 'rate'):
            # repaired by a person (R5), or to be asked for later (R33): the media waits with the account
            over = last
        if over or isinstance(error, errors.PermanentError):
            attachment.state = State.UNAVAILABLE
    except (DatabaseError, InterfaceError):
        raise
    except Exception as error:  # a full disk, a fault of ours: it must not keep the message
        logger.error('attachment %s: %s', attachment.pk, errors.where(error))
        attachment.reason = 'media_error'
        if over:
            attachment.state = State.UNAVAILABLE
    _keep(attachment)
    return attachment.state != State.WANTED


def give(attachments: list[Attachment], place: str = '') -> None:
    """w.c.s. has these contents: ours are removed. What is left tells where agents find them there.

    ``place``: 'field' (of the form), 'history' (added by the workflow), '' if we do not know.
    """
    for attachment in attachments:
        found = whereabouts(attachment, place)
        media.remove(attachment.storage)
        # not what was erased meanwhile
        Attachment.objects.filter(pk=attachment.pk, state=State.STORED).update(
            state=State.GIVEN, storage='', url='', details={**attachment.details, **found}
        )


def whereabouts(attachment: Attachment, place: str) -> dict[str, str]:
    """What w.c.s. calls a file of a demand: it names it by the SHA-256 of its content (R51)."""
    try:
        content = media.load(attachment.storage)
    except errors.PermanentError:  # no longer there: it was not given either
        return {}
    return {'sha256': hashlib.sha256(content).hexdigest(), 'place': place} if place else {}


def give_up(attachments: list[Attachment], reason: str) -> None:
    """w.c.s. will never take these contents: they are removed, and shown as unavailable."""
    for attachment in attachments:
        media.remove(attachment.storage)
        Attachment.objects.filter(pk=attachment.pk, state=State.STORED).update(
            state=State.UNAVAILABLE, reason=reason, storage='', url=''
        )


def _keep(attachment: Attachment) -> None:
    """Save what a try gave, unless its message was erased meanwhile: its content must not stay here then."""
    names = ('attempts', 'state', 'reason', 'storage', 'mimetype', 'filename', 'size')
    values = {name: getattr(attachment, name) for name in names}
    if not Attachment.objects.filter(pk=attachment.pk, state=State.WANTED).update(**values):
        if attachment.storage:
            media.remove(attachment.storage)
        attachment.state, attachment.storage = State.ERASED, ''


def _fetch(account: Account, attachment: Attachment, http: Http) -> None:
    network = networks.get(account.network)
    named = attachment.view()
    wanted = tokens.using(account, lambda view: network.open_attachment(view, named, http), http)
    found = fetch_media(
        wanted.url,
        wanted.hosts or network.media_hosts,
        headers=wanted.headers,
        # a network gives headers for an address of its API only; they do not follow a redirection
        api_host=urlsplit(wanted.url).netloc if wanted.headers else '',
    )
    content, mimetype = found.content, media.sniff(found.content)
    if mimetype in media.IMAGE_FORMATS:
        content, mimetype = media.safe_image(content)
    suffix = media.SUFFIXES[mimetype]
    reference = media.store(content, suffix)
    try:
        media.scan(media.path(reference))
    except errors.SocialMediaError:
        media.remove(reference)
        raise
    attachment.storage, attachment.mimetype, attachment.size = reference, mimetype, len(content)
    attachment.filename = text.file_name(attachment.filename, suffix, default=attachment.kind)
    attachment.state, attachment.reason = State.STORED, ''

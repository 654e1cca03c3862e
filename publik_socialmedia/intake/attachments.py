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

import logging
from urllib.parse import urlsplit

from publik_socialmedia import errors, media, networks, text
from publik_socialmedia.http import client, fetch_media
from publik_socialmedia.models import Account, Attachment
from publik_socialmedia.networks.base import Http

MAX_ATTEMPTS = 5

State = Attachment.State
logger = logging.getLogger(__name__)


def fetch(account: Account, attachment: Attachment, http: Http | None = None) -> bool:
    """Try once to get the content of an attachment; True once it needs no other try.

    What cannot be had ends ``unavailable`` with its reason, at once or after five tries: the message is kept
    in any case.
    """
    if attachment.state != State.WANTED:
        return True
    attachment.attempts += 1
    try:
        _fetch(account, attachment, http or client())
    except (errors.PermanentError, errors.ConfigurationError) as error:
        logger.info('attachment %s: %s', attachment.pk, error)
        attachment.reason = error.reason
        # a dead token is repaired by a person: the media waits with the account (R5)
        if isinstance(error, errors.PermanentError) or attachment.attempts >= MAX_ATTEMPTS:
            attachment.state = State.UNAVAILABLE
    except errors.TemporaryError as error:
        logger.info('attachment %s: %s', attachment.pk, error)
        attachment.reason = error.reason
        if attachment.attempts >= MAX_ATTEMPTS:
            attachment.state = State.UNAVAILABLE
    attachment.save(update_fields=['attempts', 'state', 'reason', 'storage', 'mimetype', 'filename', 'size'])
    return attachment.state != State.WANTED


def give(attachments: list[Attachment]) -> None:
    """w.c.s. has these contents: ours are removed."""
    for attachment in attachments:
        media.remove(attachment.storage)
        attachment.state, attachment.storage, attachment.url = State.GIVEN, '', ''
        attachment.save(update_fields=['state', 'storage', 'url'])


def _fetch(account: Account, attachment: Attachment, http: Http) -> None:
    network = networks.get(account.network)
    wanted = network.open_attachment(account.view(), attachment.view(), http)
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

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

"""Files that a network fetches by their address: shown to whoever has it, for a few minutes (R31, R51).

Some networks take no upload. While such a file is being sent, and only then, it has an address that nobody
can guess: the number of the attachment, and a proof over where it is stored, which is random, and the time.
"""

from __future__ import annotations

from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from publik_socialmedia import errors, media
from publik_socialmedia.addresses import absolute
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.fields import keyed_hash
from publik_socialmedia.models import Attachment, Delivery

LIFE = 600  # seconds: networks fetch within 75, some try again
SALT = 'publik_socialmedia.published-file'


def address(attachment: Attachment) -> str:
    """Absolute address of a stored attachment that is being sent; ConfigurationError('base_url').

    Its end is a neutral name with the right suffix, which some networks show or believe: the real one may
    hold somebody's, and addresses are logged.
    """
    token = signing.dumps([attachment.pk, _digest(attachment)], salt=SALT)
    return absolute('socialmedia-file', token=token, filename=_name(attachment))


def _name(attachment: Attachment) -> str:
    return f'{attachment.kind}{media.SUFFIXES.get(attachment.mimetype, "")}'


def _digest(attachment: Attachment) -> str:
    """Two tenants may have the same numbers and the same key: what is stored has a name of its own."""
    return keyed_hash('published', attachment.storage)[:32]


@require_safe
@transaction.non_atomic_requests
def published_file(request: HttpRequest, token: str, filename: str) -> HttpResponse:
    """The content; 404 without any detail if the address is forged or over, or the file sent or gone."""
    attachment = _attachment(token)
    try:
        if attachment is None or filename != _name(attachment) or not app_settings.ENABLED:
            raise errors.PermanentError('media_gone')
        content = media.load(attachment.storage)
    except errors.PermanentError:
        return HttpResponse(status=404)
    known = attachment.mimetype in media.SUFFIXES
    response = HttpResponse(content_type=attachment.mimetype if known else 'application/octet-stream')
    response['Content-Length'] = str(len(content))
    if request.method != 'HEAD':
        response.content = content
    response['Content-Disposition'] = content_disposition_header(True, attachment.filename) or 'attachment'
    response['Cache-Control'] = 'no-store, private'
    response['Content-Security-Policy'] = "default-src 'none'; sandbox"
    response['X-Content-Type-Options'] = 'nosniff'
    response['X-Robots-Tag'] = 'noindex'
    return response


def _attachment(token: str) -> Attachment | None:
    """The attachment of that address, if it is still to be sent."""
    try:
        pk, digest = signing.loads(token, salt=SALT, max_age=LIFE)
    except (signing.BadSignature, ValueError):
        return None
    waiting = Attachment.objects.filter(
        pk=pk,
        state=Attachment.State.STORED,
        message__erased_at__isnull=True,
        message__deliveries__kind=Delivery.Kind.SEND,
        message__deliveries__state=Delivery.State.PENDING,
    )
    found = waiting.first()
    return found if found is not None and _digest(found) == digest else None

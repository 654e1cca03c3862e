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

"""Files of a conversation, for the panel: where an agent reads them.

What w.c.s. has is read there, through a link that we can make without asking: w.c.s. finds a file of a demand
by the SHA-256 of its content. So w.c.s. decides who may read it and for how long, and nothing of it is kept
here (R51). What still waits in our private storage (for w.c.s., or to be sent) is given by us: pictures as
thumbnails drawn anew, all as downloads.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from publik_socialmedia import addresses, errors, media, text
from publik_socialmedia.models import Attachment, Demand, Message
from publik_socialmedia.wcs import panel_access

KINDS = {
    'image': _('picture'),
    'sticker': _('sticker'),
    'audio': _('sound'),
    'voice': _('voice message'),
    'video': _('video'),
}
MAX_PICTURE = 5 * 1024 * 1024  # bytes of a picture shown whole
State = Attachment.State


@dataclass(frozen=True)
class File:
    """A file as the panel shows it. ``link``, ``thumbnail``: '' if none; ``renewed``: they end soon."""

    pk: int
    name: str
    facts: str  # « picture, 120 KB »
    alt: str
    link: str = ''
    thumbnail: str = ''
    renewed: bool = False


def shown(attachment: Attachment, message: Message, demand: Demand | None) -> File:
    """A stored or given file of a message, for the panel of ``demand``; without one, it has no address."""
    name = text.clean(attachment.filename) or gettext('file')
    facts = [str(KINDS.get(attachment.kind, ''))]
    facts += [filesizeformat(attachment.size)] if attachment.size else []
    file = File(
        pk=attachment.pk, name=name, facts=', '.join(filter(None, facts)), alt=text.clean(attachment.alt)
    )
    picture = attachment.mimetype in media.IMAGE_FORMATS
    if attachment.state == State.STORED:
        if demand is None:
            return file
        try:
            address = addresses.absolute(
                'socialmedia-panel-file', token=demand.token, attachment=attachment.pk
            )
        except errors.ConfigurationError:  # nothing says any more where we are
            return file
        link = f'{address}?{urlencode({"t": panel_access.file_proof(demand, attachment.pk)})}'
        return replace(file, link=link, thumbnail=f'{link}&thumbnail=1' if picture else '', renewed=True)
    link, thumbnail = _in_wcs(attachment, message)
    return replace(file, link=link, thumbnail=thumbnail if picture else '')


def _in_wcs(attachment: Attachment, message: Message) -> tuple[str, str]:
    """Addresses, in the back office, of a file that w.c.s. has and of its thumbnail; '' if we cannot tell.

    w.c.s. (wcs/forms/common.py): ``download?hash=`` looks among fields and forms of the workflow,
    ``attachment?f=`` among what the workflow put in the history. Both are named by the SHA-256.
    """
    base = page_of(message.demand) if message.demand else ''
    digest = str(attachment.details.get('sha256') or '')
    if not base or not digest:
        return '', ''
    if attachment.details.get('place') == 'history':
        # of these it makes no thumbnail but errors 500: the picture itself, if it is light
        link = f'{base}attachment?f={digest}'
        return link, link if (attachment.size or 0) <= MAX_PICTURE else ''
    return f'{base}download?hash={digest}', f'{base}download?hash={digest}&thumbnail=1'


def page_of(demand: Demand) -> str:
    """Address of a demand in the back office, with its final slash; '' if w.c.s. did not give one."""
    url = demand.backoffice_url
    return url.rstrip('/') + '/' if panel_access.origin(url) else ''


@require_GET
def panel_file(request: HttpRequest, token: str, attachment: int) -> HttpResponse:
    """A file that waits in our private storage: its thumbnail for the page of w.c.s., or a download."""
    demand = panel_access.demand_of_file(token, attachment, request.GET.get('t', ''))
    thumbnail = 'thumbnail' in request.GET
    if demand is None or panel_access.is_over(demand, timezone.now()):
        return protect(HttpResponse(status=403))
    if thumbnail and not panel_access.comes_from_wcs(request, demand, 'image'):
        return protect(HttpResponse(status=403))
    known = Attachment.objects.filter(message__in=panel_access.messages(demand), state=State.STORED)
    try:
        return protect(_file(known.get(pk=attachment), thumbnail))
    except (Attachment.DoesNotExist, errors.PermanentError):
        return protect(HttpResponse(status=404))


def _file(attachment: Attachment, thumbnail: bool) -> HttpResponse:
    """PermanentError if its content is no longer there, or is not of a type that we give."""
    content = media.load(attachment.storage)
    mimetype = media.sniff(content)
    if thumbnail:
        content, mimetype = media.thumbnail(content)
    response = HttpResponse(content, content_type=mimetype)
    name = text.file_name(attachment.filename, media.SUFFIXES[mimetype])
    response['Content-Disposition'] = content_disposition_header(not thumbnail, name) or 'inline'
    return response


def protect(response: HttpResponse) -> HttpResponse:
    """Headers of all that the panel answers: nothing is kept, guessed, framed, run or told on."""
    response['Cache-Control'] = 'no-store, private'
    response['X-Content-Type-Options'] = 'nosniff'
    response['Referrer-Policy'] = 'no-referrer'
    response['Content-Security-Policy'] = "default-src 'none'; frame-ancestors 'none'; sandbox"
    response['X-Frame-Options'] = 'DENY'
    # a page of w.c.s. is of another origin
    response['Cross-Origin-Resource-Policy'] = 'cross-origin'
    return response

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

"""Bodies of the requests that others make to us."""

from __future__ import annotations

from django.http import HttpRequest

from publik_socialmedia.errors import WebhookRejected


def read_body(request: HttpRequest, limit: int) -> bytes:
    """The body, at most ``limit`` bytes of it in memory; WebhookRejected (413) if there are more.

    Not ``request.body``, which is bound by DATA_UPLOAD_MAX_MEMORY_SIZE: it cannot be used afterwards.
    """
    try:
        announced = int(request.META.get('CONTENT_LENGTH') or 0)
    except ValueError:
        announced = 0
    if announced > limit:
        raise WebhookRejected('too_big', status=413)
    body = request.read(limit + 1)
    if len(body) > limit:
        raise WebhookRejected('too_big', status=413)
    return bytes(body)

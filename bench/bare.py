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

"""The least that a webhook can do: check the HMAC, insert one row, answer.

Nothing is encrypted, no endpoint is looked up, nobody is told, and the table has its primary key only.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import ClassVar

from django.db import connection, models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from bench.bodies import SECRET


class BareEvent(models.Model):
    """A body as received."""

    network = models.CharField(max_length=32)
    body = models.BinaryField()
    received_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=16, default='pending')

    objects: ClassVar[models.Manager[BareEvent]] = models.Manager()

    class Meta:
        app_label = 'bench'

    def __str__(self) -> str:
        return f'bare event {self.pk}'


def make_table() -> None:
    """Make the table, in the database of the default connection."""
    with connection.schema_editor() as editor:
        editor.create_model(BareEvent)


@csrf_exempt
def bare_webhook(request: HttpRequest) -> HttpResponse:
    body = request.read()
    expected = 'sha256=' + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get('X-Hub-Signature-256', '')):
        return HttpResponse(status=403)
    BareEvent.objects.create(network='messenger', body=body)
    return HttpResponse()

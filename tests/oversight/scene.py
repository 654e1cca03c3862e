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

"""Visitors of the administrators' pages, and work that has gone wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from lxml import html

from publik_socialmedia.models import Account, Delivery, Endpoint, Message, RawEvent
from publik_socialmedia.reasons import sentence as written
from tests.factory import make_account, write


def visitor(kind: str) -> Client:
    """A browser of an 'anonymous' visitor, of an 'agent' (known, no staff) or of 'staff'."""
    client = Client()
    if kind != 'anonymous':
        user, _new = User.objects.get_or_create(
            username=kind, defaults={'is_staff': kind == 'staff', 'email': f'{kind}@example.org'}
        )
        client.force_login(user)
    return client


def staff() -> Client:
    return visitor('staff')


def block(message: Message, reason: str = 'wcs_form_disabled', **values: Any) -> Delivery:
    """The delivery of that message, blocked after three days."""
    delivery = message.deliveries.get()
    for name, value in {'state': 'blocked', 'reason': reason, 'attempts': 80, **values}.items():
        setattr(delivery, name, value)
    delivery.tried_at = timezone.now()
    delivery.save()
    return delivery


def blocked(account: Account | None = None, **values: Any) -> Delivery:
    return block(write(account or make_account(), user=values.pop('user', 'jeanne')), **values)


def body_of(account: Account, content: bytes = b'{"object": "page"}', **values: Any) -> RawEvent:
    """A body that could not be read."""
    endpoint = account.endpoint or Endpoint.objects.create(network=account.network)
    if account.endpoint is None:
        account.endpoint = endpoint
        account.save()
    return RawEvent.objects.create(
        **{
            'endpoint': endpoint,
            'network': account.network,
            'source': 'webhook',
            'body': content,
            'state': 'quarantined',
            'error': 'not_json',
            'attempts': 1,
            **values,
        }
    )


def ago(**values: float) -> Any:
    return timezone.now() - timedelta(**values)


def words(response: Any) -> str:
    """What is read of a page, on one line."""
    return ' '.join(html.fromstring(response.content.decode()).text_content().split())


def rows(response: Any) -> list[str]:
    """What is read of each line of its table."""
    found = html.fromstring(response.content.decode()).xpath('//tbody/tr')
    return [' '.join(row.text_content().split()) for row in found]


def sentence(reason: str) -> str:
    """What a page says of a reason, as ``words`` reads it."""
    return ' '.join(written(reason).split())

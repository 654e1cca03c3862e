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

"""What the tests of the administrators' pages say and do."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from publik_socialmedia.models import Account, Endpoint, Setup
from tests.factory import make_account

SECRETS = {
    'app_id': ['990000000000001'],
    'app_secret': ['s3cret-of-the-app'],
    'verify_token': ['s3cret-word'],
}


def staff(**how: Any) -> Client:
    client = Client(**how)
    client.force_login(User.objects.get_or_create(username='admin', is_staff=True)[0])
    return client


def address(name: str, *args: Any) -> str:
    return reverse(f'socialmedia-manage-{name}', args=args)


def connected(network: str = 'messenger', **values: Any) -> Account:
    """An account with its webhook and its secrets."""
    endpoint = Endpoint.objects.create(network=network, label='Application', secrets=SECRETS)
    credentials = {'page_token': 's3cret-token'}
    return make_account(network, endpoint=endpoint, credentials=credentials, **values)


def begun(network: str = 'messenger', done: tuple[str, ...] = (), **values: Any) -> Account:
    """An account that is being connected."""
    account = make_account(
        network, **{'state': 'paused', 'form': '', 'external_id': '', 'name': '', **values}
    )
    Setup.objects.create(account=account, done=list(done))
    return account


def text(page: Any) -> str:
    return str(page.content.decode())

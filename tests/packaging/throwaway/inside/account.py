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

"""Connects the Page of the emulator, from the shell of a tenant: writes the address of its webhook.

What a person does in the pages; the browser tests of the suite do it there.
"""

import sys

from django.urls import reverse

from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.models import Account, Endpoint

endpoint = Endpoint.objects.create(
    network='messenger',
    label='Essai du paquet',
    secrets={
        'app_id': ['990000000000001'],
        'app_secret': ['0123456789abcdef0123456789abcdef'],
        'verify_token': ['jeton-de-verification'],
    },
)
Account.objects.create(
    network='messenger',
    endpoint=endpoint,
    external_id='104400000000001',
    credentials={'page_token': 'EAAemulatedPageToken'},
    form='message-reseau-social',
)
path = reverse('socialmedia-webhook', args=['messenger', endpoint.token])
sys.stdout.write(f'callback={app_settings.BASE_URL}{path}\n')

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

"""The form of credentials: what is proposed, what need not be typed, what others share (R1, R40)."""

from __future__ import annotations

import re

import pytest

from publik_socialmedia.models import Account, Endpoint
from publik_socialmedia.networks.telegram.network import Telegram
from tests.manager.scene import address, begun, connected, staff, text

pytestmark = pytest.mark.django_db


def proposed(page: str) -> str:
    found = re.search(r'name="webhook_secret" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def test_the_secret_of_a_webhook_is_proposed() -> None:
    """R40: a random one, another each time, that Telegram takes (16 to 256 of these characters)."""
    client, account = staff(), begun('telegram', done=('guide',))
    found = {proposed(text(client.get(address('credentials', account.pk)))) for _ in range(3)}
    assert len(found) == 3 and all(re.fullmatch(r'[A-Za-z0-9_-]{16,256}', value) for value in found)
    (credential,) = [item for item in Telegram.credentials if item.proposed]
    assert not credential.copied  # we tell it to Telegram ourselves
    value = found.pop()
    client.post(address('credentials', account.pk), {'bot_token': '1:a', 'webhook_secret': value})
    assert Endpoint.objects.get().secrets == {'webhook_secret': [value]}
    page = text(client.get(address('credentials', account.pk)))
    assert value not in page and 'Déjà saisi' in page


def test_who_erases_it_is_polled() -> None:
    client, account = staff(), begun('telegram', done=('guide',))
    client.post(address('credentials', account.pk), {'bot_token': '1:a', 'webhook_secret': ''})
    assert not Endpoint.objects.exists() and Account.objects.get().credentials == {'bot_token': '1:a'}


def test_only_what_is_typed_on_both_sides_is_made_again_on_the_page_of_the_webhook() -> None:
    """R1: the word of Meta's dashboard; not the secret that we tell Telegram."""
    done = ('guide', 'credentials', 'test')
    for network, offered in (('messenger', True), ('telegram', False)):
        account = begun(network, done=done, endpoint=Endpoint.objects.create(network=network))
        page = text(staff().get(address('webhook', account.pk)))
        assert ('name="token"' in page) == offered, network


def test_an_account_of_a_known_application_shares_its_webhook_and_changes_nothing_of_it() -> None:
    """R1: whatever the draft holds in its other fields."""
    first, client = connected(), staff()
    assert first.endpoint is not None
    before = dict(first.endpoint.secrets)
    account = begun('messenger', done=('guide',))
    typed = {
        'endpoint': str(first.endpoint.pk),
        'page_token': 'p',
        'app_secret': 'autre',
        'verify_token': 'x',
    }
    client.post(address('credentials', account.pk), typed)
    account.refresh_from_db()
    first.endpoint.refresh_from_db()
    assert account.endpoint == first.endpoint and first.endpoint.secrets == before
    assert Endpoint.objects.count() == 1

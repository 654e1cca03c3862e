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

"""Each trouble shows by itself on the pages, and leaves them by itself (R41)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from publik_socialmedia.models import Delivery
from tests.delivery.desk import MastodonDesk, MessengerDesk, mastodon, messenger, turns
from tests.manager.scene import address, staff, text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def polled() -> Iterator[MastodonDesk]:
    with mastodon() as desk:
        yield desk


def card() -> str:
    page = text(staff().get(address('home')))
    return page[page.index('socialmedia-cards') :].replace('\u00a0', ' ')


def poll(desk: MastodonDesk) -> None:
    type(desk.account).objects.update(poll_due_at=desk.account.created_at)
    turns(1)


def test_a_dead_token_shows_and_clears(polled: MastodonDesk) -> None:
    poll(polled)
    assert 'fonctionne' in card()
    polled.kill_token()
    poll(polled)
    assert 'refusé par le réseau' in card() and 'copiez son jeton' in card()
    polled.kill_token(False)
    poll(polled)
    assert 'fonctionne' in card() and 'Rien à faire' in card()


def test_a_network_that_is_away_shows_and_clears(polled: MastodonDesk) -> None:
    polled.server.fail('answer', '', times=50, status=503, body={'error': 'away'})
    poll(polled)
    assert 'injoignable' in card()
    polled.server.faults.clear()
    poll(polled)
    assert 'fonctionne' in card()


WCS: dict[str, tuple[Callable[[MessengerDesk], object], Callable[[MessengerDesk], object], str]] = {
    'form disabled': (
        lambda desk: desk.wcs.disable(),
        lambda desk: desk.wcs.disable(False),
        'est désactivé dans w.c.s.',
    ),
    'wrong secret': (
        lambda desk: desk.wcs.wcs.access.secrets.update({desk.wcs.orig: 'autre'}),
        lambda desk: desk.wcs.wcs.access.secrets.update({desk.wcs.orig: desk.wcs.secret}),
        'w.c.s. refuse notre signature',
    ),
}


@pytest.mark.parametrize('trouble', WCS)
def test_a_refusal_of_wcs_shows_and_clears(trouble: str) -> None:
    """R23"""
    break_, mend, words = WCS[trouble]
    with messenger() as desk:
        break_(desk)
        desk.citizen_writes('Bonjour')
        turns(1)
        assert words in card() and 'refusé par w.c.s.' in card()
        assert words in text(staff().get(address('account', desk.account.pk))).replace('\u00a0', ' ')
        mend(desk)
        turns(2)
        assert 'fonctionne' in card() and len(desk.wcs.demands()) == 1


def test_blocked_work_shows_and_clears() -> None:
    with messenger() as desk:
        desk.citizen_writes('Bonjour')
        Delivery.objects.update(state='blocked')
        assert '1 élément est bloqué' in card()
        Delivery.objects.update(state='pending')
        turns(2)
        assert 'fonctionne' in card()

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

"""Files that citizens send on X: where they are, and what proves that we may have them (R9, R10)."""

from __future__ import annotations

import dataclasses

import pytest

from demo.emulators.graph_state import photo
from demo.emulators.x_state import Media
from publik_socialmedia import errors
from publik_socialmedia.http import fetch_media
from publik_socialmedia.networks.base import Attachment, Fetch
from publik_socialmedia.networks.x import media
from tests.networks.x_scene import NETWORK, Scene, here, messages, scene

__all__ = ['here']

JPEG = photo().content


def received(here: Scene, mimetype: str = 'image/jpeg') -> Attachment:
    here.polled()
    here.server.citizen_writes(here.citizen, 'Voici', JPEG, mimetype)
    (event,) = messages(here.polled())
    assert event.text == 'Voici'
    (attachment,) = event.attachments
    return attachment


def got(here: Scene, fetch: Fetch) -> bytes:
    """As the core fetches it."""
    host = fetch.url.split('/')[2] if fetch.headers else ''
    return fetch_media(fetch.url, fetch.hosts, headers=fetch.headers, api_host=host).content


@pytest.mark.parametrize('signed', [False, True])
def test_a_private_picture(signed: bool):
    """R10: by the API with OAuth 2, by its own address with a signed call."""
    with scene(signed=signed) as found:
        fetch = NETWORK.open_attachment(found.account, received(found), found.http)
        assert got(found, fetch) == JPEG
        assert ('/2/dm_conversations/media/' in fetch.url) is not signed
        assert set(media.HOSTS) < set(fetch.hosts)


def test_a_film_has_a_public_address(here: Scene):
    """R10: nothing of ours is told there."""
    fetch = NETWORK.open_attachment(here.account, received(here, 'video/mp4'), here.http)
    assert fetch.headers == {} and got(here, fetch) == JPEG


@pytest.mark.parametrize(
    'url',
    [
        'http://ton.twitter.com/i/ton/data/dm/1/2/a.jpg',
        'https://ton.twitter.com.example.org/dm/1/2/a.jpg',
        'https://pbs.twimg.com:8443/a.jpg',
        'https://user@pbs.twimg.com/a.jpg',
        'https://127.0.0.1/a.jpg',
        'file:///etc/passwd',
        'https://[',
        'https://pbs.twimg.com:port/a',
    ],
)
def test_addresses_that_are_not_of_x(here: Scene, url: str):
    """R10: refused, and nothing is dialled."""
    with pytest.raises(errors.PermanentError) as caught:
        NETWORK.open_attachment(here.account, Attachment('image', url=url), here.http)
    assert caught.value.reason == 'forbidden_url' and not here.server.calls


def test_a_media_that_the_page_left_out_is_asked_again(here: Scene):
    """R9: by its message; a read that is counted."""
    known = received(here)
    here.account.paid.clear()
    lost = dataclasses.replace(known, url='')
    fetch = NETWORK.open_attachment(here.account, lost, here.http)
    assert got(here, fetch) == JPEG and len(here.account.paid) == 1
    here.server.state.messages[-1].media = Media(id='77', mimetype='image/png')
    with pytest.raises(errors.TemporaryError) as caught:
        NETWORK.open_attachment(here.account, lost, here.http)
    assert caught.value.reason == 'not_cached'
    here.server.state.messages.clear()
    with pytest.raises(errors.PermanentError) as gone:
        NETWORK.open_attachment(here.account, lost, here.http)
    assert gone.value.reason == 'media_gone'


def test_a_media_of_no_message(here: Scene):
    with pytest.raises(errors.PermanentError) as caught:
        NETWORK.open_attachment(here.account, Attachment('image', details={'message': 'a/b'}), here.http)
    assert caught.value.reason == 'no_url' and not here.server.calls


def test_a_dead_token_keeps_the_media_waiting(here: Scene):
    """R5, R9"""
    known = dataclasses.replace(received(here), url='')
    here.server.state.revoke()
    with pytest.raises(errors.TemporaryError) as caught:
        NETWORK.open_attachment(here.account, known, here.http)
    assert caught.value.reason == 'auth_refresh'

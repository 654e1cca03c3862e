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

"""Looking again at followed threads, against the stand-in over real HTTP."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta

import pytest

from publik_socialmedia.errors import ConfigurationError, TemporaryError
from publik_socialmedia.networks.base import Kind, Thread
from publik_socialmedia.networks.mastodon import rereading
from tests.networks.mastodon_scene import FAMILIES, JEANNE, NETWORK, Scene, scene, texts


@pytest.fixture(params=FAMILIES)
def here(request: pytest.FixtureRequest) -> Iterator[Scene]:
    with scene(request.param) as found:
        yield found


@pytest.fixture
def mastodon() -> Iterator[Scene]:
    with scene('mastodon') as found:
        yield found


def thread(here: Scene, *messages: str, user: str = JEANNE) -> Thread:
    return Thread(user, tuple(reversed(messages)))


def test_an_unchanged_thread_gives_nothing_to_store(here: Scene):
    """R17"""
    asked = here.state.write(JEANNE, '@ville Bonjour')
    own = here.state.write('ville', f'@{JEANNE} Merci', in_reply_to_id=asked)
    page = NETWORK.reread(here.account, [thread(here, asked, own)], here.http)
    assert page.answers == ()


def test_no_thread_costs_nothing(here: Scene):
    assert NETWORK.reread(here.account, [], here.http).answers == ()
    assert not here.server.calls


def test_an_edit_and_its_versions(here: Scene):
    """R13: nobody is told of an edit."""
    asked = here.state.write(JEANNE, '@ville la fuite rue des Lilas')
    other = here.state.write(JEANNE, '@ville merci')
    here.state.edit(asked, '@ville la fuite rue des Roses')
    here.state.edit(asked, '@ville la fuite au 14 rue des Roses')
    events = here.reread(thread(here, asked, other))
    assert {(event.kind, event.external_id, event.from_us) for event in events} == {(Kind.EDIT, asked, False)}
    assert set(texts(events)) == {'la fuite au 14 rue des Roses'}
    versions = [[text for text, _ in event.versions] for event in events if event.versions]
    known = ['la fuite rue des Lilas', 'la fuite rue des Roses', 'la fuite au 14 rue des Roses']
    assert versions == ([] if here.state.is_a('snac') else [known])


def test_an_old_edit_is_given_without_asking_for_its_versions_again(mastodon: Scene):
    """The same edit is seen at each call: R33, 300 requests in five minutes."""
    asked = mastodon.state.write(JEANNE, '@ville un')
    mastodon.state.now -= timedelta(hours=3)
    mastodon.state.edit(asked, '@ville deux')
    assert texts(mastodon.reread(thread(mastodon, asked))) == ['deux']
    assert mastodon.server.asked('history') == []


def test_an_edit_of_our_own_answer_elsewhere(mastodon: Scene):
    """R13"""
    asked = mastodon.state.write(JEANNE, '@ville un')
    own = mastodon.state.write('ville', f'@{JEANNE} demain', in_reply_to_id=asked)
    mastodon.state.edit(own, f'@{JEANNE} après-demain')
    events = mastodon.reread(thread(mastodon, asked, own))
    assert {(event.kind, event.external_id, event.from_us) for event in events} == {(Kind.EDIT, own, True)}


def test_a_deletion(here: Scene):
    """R13"""
    asked = here.state.write(JEANNE, '@ville mon numéro est le +33 1 99 00 12 34')
    other = here.state.write(JEANNE, '@ville merci')
    here.state.delete(asked)
    events = here.reread(thread(here, asked, other))
    assert [(event.kind, event.external_id) for event in events] == [(Kind.UNSEND, asked)]


@pytest.mark.parametrize('status, body', [(404, b'<html>nginx</html>'), (404, {'x': 1}), (410, b'')])
def test_the_page_of_a_proxy_erases_nothing(here: Scene, status: int, body: object):
    """R13: only the server itself says that a message was withdrawn."""
    asked = here.state.write(JEANNE, '@ville Bonjour')
    here.state.delete(asked)
    here.server.fail('answer', 'GET /api/v1/statuses/[^/]+$', status=status, body=body)
    assert here.reread(thread(here, asked)) == []


def test_the_token_of_another_account_erases_nothing(here: Scene):
    """R13: for another account of the same server none of these messages exists."""
    asked = here.state.write(JEANNE, '@ville Bonjour')
    here.state.delete(asked)
    here.state.us = 'marc'
    assert here.reread(thread(here, asked)) == []


def test_an_answer_typed_elsewhere(here: Scene):
    """R11, R35: in the thread, or written to that person apart."""
    asked = here.state.write(JEANNE, '@ville Bonjour')
    here.state.write('ville', f'@{JEANNE} Nous regardons.', in_reply_to_id=asked)
    here.state.write('ville', f'@{JEANNE} C’est réparé.')
    here.state.write('ville', 'annonce', 'public')
    here.state.write('ville', '@marc autre fil')
    here.state.write('ville', 'note à nous-mêmes')
    events = here.reread(thread(here, asked))
    assert {event.text: (event.kind, event.from_us, event.user) for event in events} == {
        'Nous regardons.': (Kind.MESSAGE, True, JEANNE),
        'C’est réparé.': (Kind.MESSAGE, True, JEANNE),
    }
    assert len(events) == 2


def test_a_message_that_polling_missed(here: Scene):
    """R17: seen around the newest message of the thread."""
    asked = here.state.write(JEANNE, '@ville Bonjour')
    own = here.state.write('ville', f'@{JEANNE} Où donc ?', in_reply_to_id=asked)
    here.state.write(JEANNE, '@ville Rue des Lilas', in_reply_to_id=own)
    (event,) = here.reread(thread(here, asked, own))
    assert (event.text, event.from_us, event.user) == ('Rue des Lilas', False, JEANNE)


def test_what_is_older_than_the_thread_stays_out(here: Scene):
    """R18"""
    here.state.write('ville', f'@{JEANNE} L’an dernier.')
    old = here.state.write(JEANNE, '@ville l’an dernier')
    here.state.now += timedelta(days=300)
    asked = here.state.write(JEANNE, '@ville Bonjour', in_reply_to_id=old)
    assert here.reread(thread(here, asked)) == []


def test_what_another_person_says_in_the_thread_stays_out(mastodon: Scene):
    """Two people in one conversation are two demands, each with their own messages."""
    asked = mastodon.state.write(JEANNE, '@ville @marc Bonjour')
    mastodon.state.write('marc', f'@{JEANNE} @ville moi aussi', in_reply_to_id=asked)
    assert mastodon.reread(thread(mastodon, asked)) == []


def test_batches_of_twenty(mastodon: Scene):
    """R33: Mastodon refuses more; 45 messages cost three requests, and one for each that is missing."""
    asked = [mastodon.state.write(JEANNE, f'@ville {number}') for number in range(45)]
    mastodon.state.delete(asked[3])
    events = mastodon.reread(thread(mastodon, *asked))
    assert [event.external_id for event in events] == [asked[3]]
    assert len(mastodon.server.asked('GET /api/v1/statuses$')) == 3
    assert len(mastodon.server.asked('GET /api/v1/statuses/[^/]+$')) == 1


def test_a_server_that_knows_no_batch(mastodon: Scene):
    """Before Mastodon 4.3: one by one."""
    mastodon.server.get_v1_statuses = lambda call: mastodon.server.missing()
    asked = [mastodon.state.write(JEANNE, f'@ville {number}') for number in range(30)]
    mastodon.state.edit(asked[9], '@ville neuf')
    mastodon.state.delete(asked[5])
    events = mastodon.reread(thread(mastodon, *asked))
    assert {(event.kind, event.external_id) for event in events} == {
        (Kind.EDIT, asked[9]),
        (Kind.UNSEND, asked[5]),
    }
    assert len(mastodon.server.asked('GET /api/v1/statuses$')) == 1


def test_one_by_one_each_has_its_turn(monkeypatch: pytest.MonkeyPatch):
    """R33: 60 at most in one call, others in the following ones."""
    with scene('gotosocial') as here:
        asked = [here.state.write(JEANNE, f'@ville {number}') for number in range(150)]
        followed = thread(here, *asked)
        here.server.calls.clear()
        for turn in range(5):
            monkeypatch.setattr(rereading.time, 'time', lambda turn=turn: turn * 300.0)
            here.reread(followed)
        read = [call.path.rpartition('/')[2] for call in here.server.asked('GET /api/v1/statuses/[^/]+$')]
        assert len(read) == 5 * 60 and set(read) == set(asked)


@pytest.mark.parametrize('pattern', ['GET /api/v1/statuses', 'GET /api/v1/(accounts|timelines)', 'context$'])
def test_errors_come_out(here: Scene, pattern: str):
    """R33"""
    asked = here.state.write(JEANNE, '@ville Bonjour')
    for status, kind in ((503, TemporaryError), (429, TemporaryError), (401, ConfigurationError)):
        here.server.fail('answer', pattern, status=status, body={'error': 'x'})
        with pytest.raises(kind):
            here.reread(thread(here, asked))
    assert here.reread(thread(here, asked)) == []


def test_a_server_without_the_list_of_our_statuses(mastodon: Scene):
    """Our answers are then found around what they answer."""
    asked = mastodon.state.write(JEANNE, '@ville Bonjour')
    mastodon.state.write('ville', f'@{JEANNE} Merci', in_reply_to_id=asked)
    mastodon.server.get_accounts_statuses = lambda call: mastodon.server.missing()
    assert texts(mastodon.reread(thread(mastodon, asked))) == ['Merci']
    since = mastodon.state.now - timedelta(days=1)
    assert NETWORK.history(mastodon.account, {'phase': 'own'}, since, mastodon.http).more is False


# -- media: what was not there yet


def attachment(here: Scene, **media: object):
    found = {'id': '5', 'type': 'image', 'url': None, 'remote_url': 'https://m.example/a.png', **media}
    here.poll()
    number = here.state.write(JEANNE, '@ville photo', media_attachments=[found])
    ((received,),) = [event.attachments for event in here.poll()]
    return number, received


def test_a_picture_on_the_media_host_of_the_server(mastodon: Scene):
    """R10: its host alone is allowed, and no token goes there."""
    _, received = attachment(mastodon, url='https://files.social.example/a.png')
    fetch = NETWORK.open_attachment(mastodon.account, received, mastodon.http)
    assert (fetch.url, fetch.hosts) == ('https://files.social.example/a.png', ('files.social.example',))
    assert fetch.headers == {}


def test_a_picture_that_the_server_had_not_copied_yet(mastodon: Scene):
    """R9"""
    number, received = attachment(mastodon)
    assert (received.kind, received.reason) == ('unreadable', 'not_cached')
    with pytest.raises(TemporaryError) as caught:
        NETWORK.open_attachment(mastodon.account, received, mastodon.http)
    assert caught.value.reason == 'not_cached'
    mastodon.state.statuses[number]['media_attachments'][0]['url'] = 'https://files.social.example/a.png'
    fetch = NETWORK.open_attachment(mastodon.account, received, mastodon.http)
    assert fetch.url == 'https://files.social.example/a.png'


def test_a_file_that_the_server_never_copies(mastodon: Scene):
    """R9: where it was published, as a last resort."""
    _, received = attachment(mastodon, type='unknown', remote_url='https://m.example/devis.pdf')
    fetch = NETWORK.open_attachment(mastodon.account, received, mastodon.http)
    assert (fetch.url, fetch.hosts) == ('https://m.example/devis.pdf', ('m.example',))


def test_media_that_cannot_be_had(mastodon: Scene):
    """R8, R9"""
    number, received = attachment(mastodon)
    forbidden = dataclasses.replace(received, reason='forbidden_url')
    nowhere = dataclasses.replace(received, reference='')
    other = dataclasses.replace(received, reference=f'{number}/6')
    for wrong, reason in ((forbidden, 'forbidden_url'), (nowhere, 'no_url'), (other, 'media_gone')):
        with pytest.raises(Exception, match=reason):
            NETWORK.open_attachment(mastodon.account, wrong, mastodon.http)
    mastodon.state.delete(number)
    with pytest.raises(Exception, match='media_gone'):
        NETWORK.open_attachment(mastodon.account, received, mastodon.http)

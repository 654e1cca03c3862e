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

"""Answering on X: texts, files, refusals, and what may have been sent (R30–R33)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from demo.emulators.graph_state import photo
from demo.emulators.x_state import SCOPES
from publik_socialmedia import errors
from publik_socialmedia.networks.base import OutgoingFile
from publik_socialmedia.networks.x import media
from tests.networks.corpus import StoredAnswer
from tests.networks.x_scene import NETWORK, Scene, here, scene

__all__ = ['here']

SENDS = 'POST .*/messages$'
JPEG = photo().content
PHOTO = OutgoingFile(JPEG, 'photo.jpg', 'image/jpeg')
FILM = OutgoingFile(b'film' * 10, 'film.mp4', 'video/mp4')


@pytest.fixture(autouse=True)
def no_pause(monkeypatch) -> Iterator[list[float]]:
    """How long a film's processing was waited for."""
    waits: list[float] = []
    monkeypatch.setattr(media, 'pause', waits.append)
    yield waits


def contents(here: Scene) -> list[tuple[str, bytes]]:
    return [(dm.text, dm.media.content if dm.media else b'') for dm in here.server.on_screen(here.citizen)]


# -- what is sent


def test_a_text_and_a_file_are_one_message(here: Scene):
    """R31: one message is one price; the second file follows alone."""
    parts = NETWORK.split(here.account, here.outgoing('Voici le plan.'), [PHOTO, FILM])
    for part in parts:
        NETWORK.send(here.account, part, here.http)
    assert contents(here) == [('Voici le plan.', JPEG), ('', FILM.content)]


def test_a_file_in_pieces(here: Scene):
    """Pieces of 4 MiB, in their order, byte for byte."""
    film = OutgoingFile(bytes(range(256)) * 36_000, 'film.mp4', 'video/mp4')
    here.send('', file=film)
    assert contents(here) == [('', film.content)]
    assert len(here.server.asked('/append$')) == 3
    (begun,) = here.server.asked('/initialize$')
    assert begun.params['media_category'] == 'dm_video' and begun.params['total_bytes'] == len(film.content)


def test_a_film_is_waited_for(here: Scene, no_pause: list[float]):
    here.server.uploads.looks = 3
    here.send('', file=FILM)
    assert len(no_pause) == 3 and max(no_pause) <= 5
    assert len(contents(here)) == 1


def test_a_film_that_takes_too_long_is_tried_later(here: Scene):
    """R33: no worker is held up, nothing is sent."""
    here.server.uploads.looks = 1000
    with pytest.raises(errors.TemporaryError) as caught:
        here.send('', file=FILM)
    assert not isinstance(caught.value, errors.OutcomeUnknown) and caught.value.retry_after == 60
    assert contents(here) == []


def test_a_film_that_x_cannot_read(here: Scene):
    here.server.uploads.fails = True
    with pytest.raises(errors.PermanentError) as caught:
        here.send('', file=FILM)
    assert (caught.value.reason, caught.value.code) == ('file_type', 'InvalidMedia')


@pytest.mark.parametrize('step', ['/initialize$', '/append$', '/finalize$'])
def test_an_upload_that_is_cut_is_simply_tried_again(here: Scene, step: str):
    """R30: nothing is visible before the message; its outcome is known."""
    here.server.fail('cut_after', step)
    with pytest.raises(errors.TemporaryError) as caught:
        here.send('Voici', file=PHOTO)
    assert not isinstance(caught.value, errors.OutcomeUnknown) and contents(here) == []
    here.send('Voici', file=PHOTO)
    assert contents(here) == [('Voici', JPEG)]


@pytest.mark.parametrize(
    'status, reason', [(413, 'file_too_big'), (400, 'file_type'), (415, 'file_type'), (404, 'file_type')]
)
def test_uploads_that_are_refused(here: Scene, status: int, reason: str):
    here.server.fail('answer', '/initialize$', status=status, body={'title': 'no'})
    with pytest.raises(errors.PermanentError) as caught:
        here.send('Voici', file=PHOTO)
    assert caught.value.reason == reason and contents(here) == []


@pytest.mark.parametrize('body', [b'<html>', b'{}', b'{"data": {"id": "../.."}}'])
def test_an_upload_without_a_usable_id(here: Scene, body: bytes):
    here.server.fail('answer', '/initialize$', status=200, body=body)
    with pytest.raises(errors.TemporaryError):
        here.send('Voici', file=PHOTO)
    assert contents(here) == []


@pytest.mark.parametrize('mimetype', ['application/pdf', 'image/heic', 'audio/mpeg', 'text/plain'])
def test_files_that_x_does_not_take(here: Scene, mimetype: str):
    """R31: before anything is sent."""
    with pytest.raises(errors.PermanentError) as caught:
        NETWORK.split(here.account, here.outgoing('Voici'), [OutgoingFile(b'%PDF', 'a', mimetype)])
    assert caught.value.reason == 'file_type' and not here.server.calls
    with pytest.raises(errors.PermanentError):
        here.send('Voici', file=OutgoingFile(b'%PDF', 'a', mimetype))
    assert not here.server.calls


def test_the_playground_names_the_id_otherwise(here: Scene):
    answer = {'data': {'id': '399', 'dm_conversation_id': '398', 'sender_id': '0'}}
    here.server.fail('answer', SENDS, status=201, body=answer)
    assert here.send().external_id == '399'


# -- what is refused


def refusal(here: Scene, status: int, body: Any, **headers: str) -> errors.SocialMediaError:
    here.server.fail('answer', SENDS, status=status, body=body, headers=headers)
    with pytest.raises(errors.SocialMediaError) as caught:
        here.send()
    return caught.value


@pytest.mark.parametrize(
    'status, body, kind, reason',
    [
        (401, {'title': 'Unauthorized', 'status': 401}, errors.TemporaryError, 'auth_refresh'),
        (401, {'errors': [{'code': 89}]}, errors.TemporaryError, 'auth_refresh'),
        (402, {'title': 'CreditsDepleted'}, errors.ConfigurationError, 'credits'),
        (403, {'title': 'Forbidden', 'type': 'about:blank'}, errors.PermanentError, 'blocked'),
        (403, {'errors': [{'code': 349}]}, errors.PermanentError, 'blocked'),
        (403, {'errors': [{'code': 150}]}, errors.PermanentError, 'blocked'),
        (403, {'errors': [{'code': 453}]}, errors.ConfigurationError, 'permission'),
        (403, {'errors': [{'code': 93}]}, errors.ConfigurationError, 'permission'),
        (403, {'errors': [{'code': 326}]}, errors.ConfigurationError, 'policy'),
        (403, {'errors': [{'code': 226}]}, errors.ConfigurationError, 'policy'),
        (
            403,
            {'type': 'https://api.x.com/2/problems/client-forbidden', 'reason': 'client-not-enrolled'},
            errors.ConfigurationError,
            'permission',
        ),
        (
            429,
            {'title': 'UsageCapExceeded', 'type': 'https://api.twitter.com/2/problems/usage-capped'},
            errors.ConfigurationError,
            'credits',
        ),
        (400, {'title': 'Invalid Request'}, errors.PermanentError, 'permanent'),
        (404, b'', errors.PermanentError, 'gone'),
        (500, b'<html>', errors.OutcomeUnknown, 'outcome_unknown'),
        (503, {'errors': [{'code': 130}]}, errors.OutcomeUnknown, 'outcome_unknown'),
        (408, b'', errors.OutcomeUnknown, 'outcome_unknown'),
        (302, b'', errors.ConfigurationError, 'config'),
        (200, {'data': {}}, errors.OutcomeUnknown, 'outcome_unknown'),
        (201, b'not json', errors.OutcomeUnknown, 'outcome_unknown'),
    ],
)
def test_refusals(here: Scene, status: int, body: Any, kind: type[errors.SocialMediaError], reason: str):
    """R33: by status, number or problem's name, never by the text."""
    error = refusal(here, status, body)
    assert type(error) is kind and error.reason == reason
    assert here.texts() == []


def test_a_missing_scope_is_not_blamed_on_the_person():
    """R33: X says the same of both; the scopes that came with the token tell."""
    without = tuple(scope for scope in SCOPES if scope != 'dm.write')
    with scene(scopes=without) as found:
        found.given(scope=' '.join(without))
        with pytest.raises(errors.ConfigurationError) as caught:
            found.send()
        assert caught.value.reason == 'permission'


def test_the_daily_limit_is_waited_for(here: Scene):
    """R33: longer than the 15 minutes of the other one."""
    reset = str(int(datetime.now(UTC).timestamp()) + 7200)
    error = refusal(
        here,
        429,
        {'title': 'Too Many Requests'},
        **{
            'x-rate-limit-remaining': '12',
            'x-rate-limit-reset': str(int(reset) - 7000),
            'x-user-limit-24hour-remaining': '0',
            'x-user-limit-24hour-reset': reset,
        },
    )
    assert isinstance(error, errors.TemporaryError) and 7100 < (error.retry_after or 0) <= 7200


@pytest.mark.parametrize(
    'headers, wait', [({}, None), ({'x-rate-limit-reset': 'soon'}, None), ({'retry-after': '7'}, 7)]
)
def test_a_wait_that_is_not_told(headers: dict[str, str], wait: float | None):
    error = NETWORK.error(StoredAnswer(429, b'', headers))
    assert isinstance(error, errors.TemporaryError) and error.retry_after == wait


@pytest.mark.parametrize('reset, wait', [('1', None), ('1000000001', 1.0), ('4000000000', 900.0)])
def test_a_wait_that_is_absurd(reset: str, wait: float | None):
    """R33: at least a second, at most the window."""
    error = NETWORK.error(StoredAnswer(429, b'', {'x-rate-limit-reset': reset}))
    assert isinstance(error, errors.TemporaryError) and error.retry_after == wait


def test_somebody_who_is_nobody_of_x(here: Scene):
    """An identifier that could change the address called is never put in it."""
    with pytest.raises(errors.PermanentError) as caught:
        here.send(recipient='1/../../users')
    assert caught.value.reason == 'blocked' and not here.server.calls


def test_nothing_to_say(here: Scene):
    with pytest.raises(errors.PermanentError) as caught:
        here.send('')
    assert caught.value.reason == 'empty' and not here.server.calls


# -- what may have been sent


def test_it_is_found_with_its_links(here: Scene):
    """R30: X shortens them, and makes links of what looks like one."""
    said = 'Voir https://example.org/a?b=1&c=2, et <là> : www.example.org/d'
    here.send(said)
    found = here.find(said)
    assert found is not None and found.external_id == here.server.on_screen(here.citizen)[0].id
    dm = here.server.on_screen(here.citizen)[0]
    dm.written = dm.written.replace('www.example.org/d', 'https://t.co/zz')
    dm.urls.append({'url': 'https://t.co/zz', 'expanded_url': 'http://www.example.org/d'})
    assert here.find(said) == found
    assert here.find(said.replace('et', 'ou')) is None
    assert here.find('Voir https://autre.example, et <là> : bonjour') is None


def test_it_is_found_with_its_file(here: Scene):
    here.send('Voici', file=PHOTO)
    assert here.find('Voici', file=PHOTO) is not None
    assert here.find('Voici') is None  # another answer, without file
    assert here.find('', file=PHOTO) is None


def test_what_others_said_is_not_ours(here: Scene):
    """The citizen with the same words, an older answer, one that is known."""
    here.server.citizen_writes(here.citizen, 'Merci')
    assert here.find('Merci') is None
    sent = here.send('Merci')
    assert here.find('Merci', others=(sent.external_id,)) is None
    here.server.on_screen(here.citizen)[0].at -= timedelta(hours=1)
    assert here.find('Merci') is None


def test_a_no_is_said_only_once_it_is_sure(here: Scene):
    """R30: a request that was lost may still be on its way."""
    with pytest.raises(errors.TemporaryError) as caught:
        here.find(ago=10)
    assert 40 < (caught.value.retry_after or 0) <= 50
    assert here.find(ago=61) is None


def test_it_is_looked_for_down_to_the_first_try(here: Scene):
    """R30: behind what was said since; not in all the past."""
    for number in range(30):
        here.server.we_write(here.citizen, f'avant {number}')
    for dm in here.server.state.messages:
        dm.at -= timedelta(hours=2)
    here.send('Réponse')
    for number in range(25):
        here.server.citizen_writes(here.citizen, f'après {number}')
    here.server.calls.clear()
    assert here.find('Réponse') is not None
    assert len(here.server.asked('dm_events$')) == 2
    assert len(here.account.paid) == 40  # what is looked at is counted


def test_it_is_looked_for_beyond_the_budget(here: Scene):
    """R30: to answer twice, or to wait for the next month, is worse than some cents."""
    here.send('Bonjour')
    here.paid(5000)
    assert here.find('Bonjour') is not None and here.account.paid


def test_the_first_of_two_is_the_one(here: Scene):
    here.send('Bonjour')
    here.send('Bonjour')
    found = here.find('Bonjour')
    assert found is not None and found.external_id == here.server.on_screen(here.citizen)[0].id


def test_where_sender_id_is_an_expansion_only():
    with scene(sender_field=False) as found:
        found.send('Bonjour')
        assert found.find('Bonjour') is not None

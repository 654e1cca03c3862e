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

"""Answers sent, and looked for when their fate is unknown, against the stand-in over real HTTP."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from publik_socialmedia.errors import ConfigurationError, OutcomeUnknown, PermanentError, TemporaryError
from publik_socialmedia.http import Answer, Client
from publik_socialmedia.networks.base import Outgoing, OutgoingFile, Sent
from publik_socialmedia.networks.mastodon import sending
from tests.networks.mastodon_scene import FAMILIES, JEANNE, Scene, scene
from tests.networks.test_mastodon_composing import WRITTEN

POST = 'POST /api/v1/statuses'
PNG = OutgoingFile(b'not really a picture', 'plan.png', 'image/png', 'Plan du parc')
FILM = OutgoingFile(b'not really a film', 'film.mp4', 'video/mp4')


@pytest.fixture(params=FAMILIES)
def here(request: pytest.FixtureRequest) -> Iterator[Scene]:
    with scene(request.param) as found:
        yield found


@pytest.fixture
def mastodon() -> Iterator[Scene]:
    with scene('mastodon') as found:
        yield found


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(sending, 'pause', slept.append)
    return slept


def answer(text: str = 'Votre dossier est prêt.', **changes: Any) -> Outgoing:
    return Outgoing(**{'key': 'publik:reply:1', 'recipient': JEANNE, 'text': text, **changes})


def tried(outgoing: Outgoing, seconds: float = 0) -> Outgoing:
    """The same answer, whose first try began that long ago."""
    at = datetime.now(UTC) - timedelta(seconds=seconds)
    return dataclasses.replace(outgoing, first_tried_at=at, last_tried_at=at)


# -- what goes


def test_an_answer_is_private_and_mentions_one_person(here: Scene):
    """R34, R30"""
    asked = here.state.write(JEANNE, '@ville Bonjour')
    sent = here.send(answer(reply_to=asked))
    (status,) = here.posted()
    assert sent.external_id == status['id'] and sent.sent_at is not None
    assert status['_text'] == f'@{JEANNE} Votre dossier est prêt.'
    assert status['_to'] == [JEANNE]
    assert status['visibility'] == ('private' if here.state.is_a('snac') else 'direct')
    assert status['in_reply_to_id'] == asked
    (call,) = here.server.asked(POST)
    assert call.params['visibility'] == 'direct' and call.params['language'] == 'fr'
    assert call.headers['idempotency-key'] == 'publik:reply:1'
    assert call.headers['user-agent']


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(written=WRITTEN.filter(lambda text: text.strip()))
def test_whatever_the_agent_writes_one_person_receives_it(here: Scene, written: str):
    """R34: as the server itself understands what was posted."""
    for acct in ('marie', 'x', 'x_', 'b', 'jean', 'marie@ailleurs.example', 'jean.fr', 'b.fr'):
        here.state.account(acct)
    here.state.statuses.clear()
    here.send(answer(written, key=''))
    assert [status['_to'] for status in here.posted()] == [[JEANNE]]


def test_the_server_itself_is_asked_to_refuse_other_mentions(mastodon: Scene):
    """R34: ``allowed_mentions`` of Mastodon."""
    number = mastodon.state.account(JEANNE)['id']
    assert mastodon.send(answer(recipient_aliases=(number,))).external_id
    (call,) = mastodon.server.asked(POST)
    assert call.params['allowed_mentions'] == [number]
    refusal = {'error': 'x', 'unexpected_accounts': [mastodon.state.account('marc')]}
    mastodon.server.fail('answer', POST, status=422, body=refusal)
    with pytest.raises(PermanentError):
        mastodon.send(answer(recipient_aliases=(number,), key='2'))
    assert len(mastodon.posted()) == 1


def test_an_account_that_has_another_id_now(mastodon: Scene):
    """Mastodon forgets remote accounts, and numbers them again."""
    sent = mastodon.send(answer(recipient_aliases=('99',)))
    assert sent.external_id == mastodon.posted()[0]['id']
    first, second = mastodon.server.asked(POST)
    assert 'allowed_mentions' in first.params and 'allowed_mentions' not in second.params


def test_the_message_answered_is_gone(here: Scene):
    """The mention is enough."""
    asked = here.state.write(JEANNE, '@ville Bonjour')
    here.state.delete(asked)
    assert here.send(answer(reply_to=asked)).external_id == here.posted()[0]['id']


def test_two_messages_with_the_same_text_are_two(here: Scene):
    first = here.send(answer('Merci.', key='k1'))
    second = here.send(answer('Merci.', key='k2'))
    assert first.external_id != second.external_id and len(here.posted()) == 2


def test_the_idempotency_key_is_honoured_by_mastodon_only(here: Scene):
    """Which is why ``find_sent`` looks first."""
    here.send(answer())
    here.send(answer())
    assert len(here.posted()) == (1 if here.state.is_a('mastodon') else 2)


# -- what came out otherwise


@pytest.mark.parametrize('visibility', ['public', 'unlisted', 'private'])
def test_an_answer_that_came_out_public_is_deleted_at_once(visibility: str):
    """R34: followers would see it as well."""
    for family in ('mastodon', 'gotosocial'):
        with scene(family) as here:
            here.state.came_out = visibility
            with pytest.raises(PermanentError) as caught:
                here.send(answer())
            assert (caught.value.reason, caught.value.detail) == ('not_private', 'deleted')
            assert here.posted() == []
            assert caught.value.code and 'dossier' not in str(caught.value)


def test_a_public_answer_that_snac_cannot_delete():
    """R34: snac has no deletion; the alert says that it is still there."""
    with scene('snac') as here:
        here.state.came_out = 'public'
        with pytest.raises(PermanentError) as caught:
            here.send(answer())
        assert (caught.value.reason, caught.value.detail) == ('not_private', 'STILL THERE')


def test_the_deletion_is_tried_again(mastodon: Scene):
    """R34"""
    mastodon.state.came_out = 'public'
    mastodon.server.fail('cut_before', 'DELETE ')
    mastodon.server.fail('answer', 'DELETE ', status=503, body=b'<html></html>')
    with pytest.raises(PermanentError) as caught:
        mastodon.send(answer())
    assert caught.value.detail == 'deleted' and mastodon.posted() == []


def test_an_answer_that_mentions_somebody_else_is_deleted(mastodon: Scene):
    """R34"""
    mastodon.state.mentioned_too = 'marc'
    with pytest.raises(PermanentError) as caught:
        mastodon.send(answer())
    assert caught.value.reason == 'not_private' and mastodon.posted() == []


def test_somebody_whom_the_server_does_not_know(mastodon: Scene):
    """A private status that mentions nobody is a note to ourselves: nobody received it."""
    with pytest.raises(PermanentError) as caught:
        mastodon.send(answer(recipient='inconnue@nulle-part.example'))
    assert caught.value.reason == 'blocked' and mastodon.posted() == []


# -- errors


@pytest.mark.parametrize('status, body, kind, reason', [
    (401, {'error': 'x'}, ConfigurationError, 'auth'),
    (403, {'error': 'x'}, ConfigurationError, 'permission'),
    (422, {'error': 'x'}, PermanentError, 'permanent'),
    (404, {'error': 'x'}, PermanentError, 'gone'),
    (500, {'error': 'x'}, OutcomeUnknown, 'outcome_unknown'),
    (503, b'<html></html>', OutcomeUnknown, 'outcome_unknown'),
    (200, b'<html></html>', OutcomeUnknown, 'outcome_unknown'),
    (200, {}, OutcomeUnknown, 'outcome_unknown'),
    (202, [], OutcomeUnknown, 'outcome_unknown'),
])  # fmt: skip
def test_errors(mastodon: Scene, status: int, body: object, kind: type[Exception], reason: str):
    """R30, R33: a gateway's error does not say that nothing was posted."""
    mastodon.server.fail('answer', POST, status=status, body=body)
    with pytest.raises(kind) as caught:
        mastodon.send(answer())
    assert caught.value.reason == reason
    assert len(mastodon.server.asked(POST)) == 1


def test_too_many_requests(mastodon: Scene):
    """R33"""
    mastodon.server.slow_down(POST, 200)
    with pytest.raises(TemporaryError) as caught:
        mastodon.send(answer())
    assert not isinstance(caught.value, OutcomeUnknown) and 190 < caught.value.retry_after < 205


def test_too_long_for_the_server(here: Scene):
    limit = here.account.facts['max_characters']
    with pytest.raises(PermanentError) as caught:
        here.send(answer('x' * (limit + 1)))
    assert caught.value.reason == 'permanent' and here.posted() == []


# -- files


def test_a_picture_with_its_text_alternative(here: Scene):
    here.send(answer(file=PNG))
    (status,) = here.posted()
    (media,) = status['media_attachments']
    assert media['description'] == 'Plan du parc' and status['_to'] == [JEANNE]


def test_a_picture_without_text(mastodon: Scene):
    mastodon.send(answer('', file=PNG))
    (status,) = mastodon.posted()
    assert status['_text'] == f'@{JEANNE}' and len(status['media_attachments']) == 1


def test_a_film_is_waited_for(mastodon: Scene, no_pause: list[float]):
    """202, then 206 until it is processed."""
    mastodon.send(answer(file=FILM))
    assert len(mastodon.server.asked('GET /api/v1/media/')) == 3 and len(no_pause) == 3
    assert mastodon.posted()[0]['media_attachments'][0]['type'] == 'video'


def test_a_film_that_takes_too_long(mastodon: Scene, no_pause: list[float]):
    """Nothing was posted: tried again later, without holding the worker."""
    mastodon.server.processing = 100
    with pytest.raises(TemporaryError) as caught:
        mastodon.send(answer(file=FILM))
    assert not isinstance(caught.value, OutcomeUnknown)
    assert sum(no_pause) < 20 and mastodon.posted() == []


@pytest.mark.parametrize('status, body, reason', [
    (422, {'error': 'x'}, 'file_type'), (413, b'<html></html>', 'file_too_big'),
    (404, {'error': 'x'}, 'file_type'),
])  # fmt: skip
def test_a_file_that_the_server_refuses(mastodon: Scene, status: int, body: object, reason: str):
    """R31"""
    mastodon.server.fail('answer', 'POST /api/v2/media', status=status, body=body)
    with pytest.raises(PermanentError) as caught:
        mastodon.send(answer(file=PNG))
    assert caught.value.reason == reason and mastodon.posted() == []


@pytest.mark.parametrize('fault', ['cut_before', 'cut_after', 'after'])
def test_an_upload_whose_answer_is_lost(mastodon: Scene, fault: str):
    """An uploaded file that is not posted is seen by nobody: it may be uploaded again at once."""
    mastodon.server.fail(fault, 'POST /api/v2/media')
    with pytest.raises(TemporaryError) as caught:
        mastodon.send(answer(file=PNG))
    assert not isinstance(caught.value, OutcomeUnknown)


# -- after an unknown outcome


def lost(here: Scene, outgoing: Outgoing, fault: str = 'cut_after') -> Outgoing:
    """A try whose answer was lost."""
    attempt = tried(outgoing)
    here.server.fail(fault, POST)
    with pytest.raises(OutcomeUnknown):
        here.send(attempt)
    return attempt


@pytest.mark.parametrize('fault', ['cut_after', 'after'])
def test_an_answer_that_was_posted_is_found(here: Scene, fault: str):
    """R30: on the servers that would post it twice, as on Mastodon."""
    asked = here.state.write(JEANNE, '@ville Bonjour')
    written = (
        'Votre @dossier est <prêt> & complet : https://www.ville.example/@suivi?a=1\n\nÀ bientôt,\nla mairie'
    )
    attempt = lost(here, answer(written, reply_to=asked), fault)
    found = here.find(attempt)
    assert found is not None and found.external_id == here.posted()[0]['id']
    assert len(here.posted()) == 1


def test_an_answer_without_message_answered_is_found(here: Scene):
    attempt = lost(here, answer())
    found = here.find(attempt)
    assert found == Sent(here.posted()[0]['id'], found.sent_at)


def test_an_answer_that_was_not_posted(here: Scene):
    """R30: said only once the lost request can no longer be carried out."""
    here.state.write('ville', f'@{JEANNE} Autre chose.')
    here.state.write('ville', '@marc Votre dossier est prêt.')
    here.state.write('ville', f'@{JEANNE} Votre dossier est prêt.', 'public')
    here.state.delete(here.posted()[-1]['id'])
    attempt = lost(here, answer(), 'cut_before')
    with pytest.raises(TemporaryError) as caught:
        here.find(attempt)
    assert not isinstance(caught.value, OutcomeUnknown) and 50 < caught.value.retry_after <= 60
    assert here.find(tried(attempt, 61)) is None


def test_an_answer_that_is_carried_out_late(here: Scene):
    """R30: the connection is cut, the server posts it half a second later."""
    attempt = tried(answer())
    here.server.fail('late', POST, seconds=0.5)
    with pytest.raises(OutcomeUnknown):
        here.send(attempt)
    with pytest.raises(TemporaryError):
        here.find(attempt)
    for _ in range(100):
        if here.posted():
            break
        sending.time.sleep(0.05)
    found = here.find(attempt)
    assert found is not None and found.external_id == here.posted()[0]['id']


def test_the_same_text_sent_earlier_is_another_message(here: Scene):
    """R30: « Merci. » is said every day."""
    here.state.now -= timedelta(minutes=10)
    here.state.write('ville', f'@{JEANNE} Votre dossier est prêt.')
    here.state.now = datetime.now(UTC)
    assert here.find(tried(answer(), 61)) is None
    attempt = lost(here, answer())
    found = here.find(attempt)
    assert found is not None and found.external_id == here.posted()[1]['id']


class LateHttp(Client):
    """A server whose clock is two hours late."""

    def request(self, method: str, url: str, **options: Any) -> Answer:
        answer = super().request(method, url, **options)
        late = datetime.now(UTC) - timedelta(hours=2)
        headers = {**answer.headers, 'date': late.strftime('%a, %d %b %Y %H:%M:%S GMT')}
        return dataclasses.replace(answer, headers=headers)


def test_the_clock_of_the_server_may_be_wrong(mastodon: Scene):
    """R30: its own clock is compared, by the Date header of its answers."""
    mastodon.state.now -= timedelta(hours=2)
    with contextlib.closing(LateHttp()) as mastodon.http:
        attempt = lost(mastodon, answer())
        found = mastodon.find(attempt)
    assert found is not None and found.external_id == mastodon.posted()[0]['id']


def test_a_file_tells_two_messages_apart(here: Scene):
    here.state.write('ville', f'@{JEANNE} Voici le plan.')
    assert here.find(tried(answer('Voici le plan.', file=PNG), 61)) is None
    attempt = lost(here, answer('Voici le plan.', file=PNG))
    found = here.find(attempt)
    assert found is not None and found.external_id == here.posted()[-1]['id']


def test_a_lost_answer_that_came_out_public(mastodon: Scene):
    """R34, even then: found, deleted, told."""
    mastodon.state.came_out = 'public'
    attempt = lost(mastodon, answer())
    with pytest.raises(PermanentError) as caught:
        mastodon.find(attempt)
    assert caught.value.reason == 'not_private' and mastodon.posted() == []


@pytest.mark.parametrize('family', ['mastodon', 'gotosocial'])
def test_looking_among_many(family: str):
    """R30: the account publishes a lot meanwhile."""
    with scene(family) as here:
        attempt = lost(here, answer())
        for number in range(100):
            here.state.write('ville', f'Annonce {number}', 'public')
        found = here.find(attempt)
        assert found is not None and found.external_id == here.posted()[0]['id']


def test_when_looking_fails(here: Scene):
    """R30: nothing is concluded; but Mastodon itself refuses a second message of the same key for an hour."""
    attempt = tried(lost(here, answer()), 61)
    here.server.fail('answer', 'GET /api/v1/(accounts|timelines)', status=503, body=b'<html></html>')
    with pytest.raises(TemporaryError):
        here.find(attempt)
    here.server.fail('answer', 'GET /api/v1/(accounts|timelines)', status=403, body={'error': 'x'})
    if here.state.is_a('mastodon'):
        assert here.find(attempt) is None
        here.send(attempt)
        assert len(here.posted()) == 1
    else:
        with pytest.raises(ConfigurationError):
            here.find(attempt)

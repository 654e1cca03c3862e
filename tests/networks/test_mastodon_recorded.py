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

"""What real servers answered: GoToSocial 0.20, snac 2.75, mastodon_mock 0.6.1."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from publik_socialmedia.errors import UnreadablePayload
from publik_socialmedia.networks.base import (
    Account,
    Event,
    Kind,
    Raw,
    Source,
)
from tests.networks import corpus
from tests.networks.mastodon_bodies import (
    GOTOSOCIAL,
    MOCK,
    NETWORK,
    SNAC,
    parse,
)

RECORDED = Path(__file__).parent / 'recorded' / 'mastodon'


# -- recorded answers


def recorded(name: str) -> Any:
    return json.loads((RECORDED / f'{name}.json').read_bytes())


def read(name: str, account: Account) -> list[Event]:
    """Events of a recorded answer, as ``poll`` would hand it over."""
    stored = recorded(name)
    call = f'{stored["request"]["method"]} {stored["request"]["path"]}'
    body = stored['body'] if isinstance(stored['body'], str) else json.dumps(stored['body'])
    return NETWORK.parse(Raw(body.encode(), Source.POLL, call, account))


LAMP = (
    'Bonjour, le lampadaire de la rue des Lilas est en panne.\n\n'
    'Merci & à bientôt <3 https://example.org/plan?x=1&y=2 #voirie'
)
CANTEEN = 'Bonjour @ville, une question sur la cantine'
LAMP_ON_THE_MOCK = (
    'Bonjour, le lampadaire est en panne.\n\nMerci & à bientôt <3 https://example.org/plan?x=1&y=2 #voirie'
)
FROM_AFAR = 'Bonjour, je vous écris depuis une autre instance.\n\nJean & Marie ❤️'
TWO_ON_SNAC = [('alice', 'Bonjour, question locale'), ('bob@ailleurs.test', FROM_AFAR)]
G, S, M = 'gotosocial-0.20/', 'snac2-2.75/', 'mastodon_mock-0.6.1/'

MESSAGES = [
    # what was recorded, our account, (author, text) of each message
    (f'{G}m04-notifications', GOTOSOCIAL, [('claire', '[Photo]\nvoici la photo')]),
    (f'{G}m05-conversations', GOTOSOCIAL, [('claire', '[Photo]\nvoici la photo')]),
    (f'{G}p10-notifications-mention', GOTOSOCIAL, [('denis', CANTEEN)]),
    (f'{G}p11-notifications-all', GOTOSOCIAL, [('denis', CANTEEN), ('claire', LAMP), ('claire', LAMP)]),
    (f'{G}p12-conversations', GOTOSOCIAL, [('denis', CANTEEN)]),
    (f'{G}p13-conversations-all', GOTOSOCIAL, [('denis', CANTEEN), ('claire', LAMP), ('claire', LAMP)]),
    (
        f'{G}p23-notifications-after-delete',
        GOTOSOCIAL,
        [('denis', f'{CANTEEN} du lundi'), ('claire', LAMP)],
    ),
    (f'{S}fed-m-05-notifications', SNAC, TWO_ON_SNAC),
    (f'{S}fed-m-08-notifications-since', SNAC, TWO_ON_SNAC),
    (f'{S}fed-m-09-notifications-limit', SNAC, [('alice', 'Bonjour, question locale')]),
    (f'{S}fed-m-10-status-after-delete', SNAC, [('bob@ailleurs.test', FROM_AFAR)]),
    (f'{M}06-notifications', MOCK, [('jeanne', LAMP_ON_THE_MOCK)]),
    (f'{M}07-notifications-filtered', MOCK, [('jeanne', LAMP_ON_THE_MOCK)]),
    (f'{M}08-conversations', MOCK, [('jeanne', LAMP_ON_THE_MOCK)]),
    (f'{M}09-notifications-v2', MOCK, [('jeanne', LAMP_ON_THE_MOCK)]),
    (f'{M}13-statuses-batch', MOCK, [('jeanne', LAMP_ON_THE_MOCK)]),
]


@pytest.mark.parametrize('name, account, expected', MESSAGES, ids=[row[0] for row in MESSAGES])
def test_messages_of_real_servers(name: str, account: Account, expected: list[tuple[str, str]]):
    """R16: direct on Mastodon and GoToSocial, private on snac; HTML of each, own domain cut."""
    events = read(name, account)
    messages = [event for event in events if event.kind is not Kind.IGNORED]
    assert [(event.kind, event.from_us) for event in messages] == [(Kind.MESSAGE, False)] * len(expected)
    assert [(event.user, event.text) for event in messages] == expected
    for event in messages:
        assert event.external_id and event.sent_at and event.sent_at.date() == date(2026, 11, 22)
    assert {event.reason for event in events if event.kind is Kind.IGNORED} <= {'public'}


REGISTERED = 'Bonjour, votre demande est enregistrée sous le numéro 12-1.'
NUMBERED = 'Bonjour, votre demande porte le numéro 12-1.'
NATIVE = [
    (f'{G}p24-conversations-after-delete', GOTOSOCIAL, 'claire', REGISTERED),
    (f'{S}fed-r-03-notifications-bob', SNAC, 'bob@ailleurs.test', NUMBERED),
    (f'{M}12-context', MOCK, 'jeanne', 'bonjour'),
]


@pytest.mark.parametrize('name, account, user, written', NATIVE, ids=[row[0] for row in NATIVE])
def test_answers_typed_elsewhere_on_real_servers(name: str, account: Account, user: str, written: str):
    """R11; snac forgets ``mentions`` of a status which is read again."""
    own = [event for event in read(name, account) if event.from_us]
    assert [(event.kind, event.user, event.text) for event in own] == [(Kind.MESSAGE, user, written)]
    assert own[0].reply_to


@pytest.mark.parametrize('name, account, written', [
    (f'{G}p19-status-after-edit', GOTOSOCIAL, f'{CANTEEN} du lundi'),
    (f'{M}15-after-edit', MOCK, 'Bonjour corrigé'),
])  # fmt: skip
def test_edits_of_real_servers(name: str, account: Account, written: str):
    """R13"""
    (event,) = read(name, account)
    assert (event.kind, event.text, event.from_us) == (Kind.EDIT, written, False)


def test_versions_of_gotosocial():
    """R13"""
    (event,) = read(f'{G}p20-status-history', GOTOSOCIAL)
    assert (event.kind, event.external_id) == (Kind.EDIT, '01M80WHXJ04MXCCAHCGK28AVJ9')
    assert [text for text, _ in event.versions] == [CANTEEN, f'{CANTEEN} du lundi']
    assert [at.microsecond for _, at in event.versions if at] == [184000, 253000]


def test_stream_of_gotosocial():
    """The same message comes by two streams, then its deletion, whose payload is a bare id."""
    frames = [item['frame'] for item in recorded(f'{G}stream-websocket')]
    events = [event for frame in frames for event in parse(frame, Source.STREAM, GOTOSOCIAL)]
    assert [(event.kind, event.external_id) for event in events] == [
        (Kind.MESSAGE, '01M80X9YR6WJ260GRA94BPXH5Z'),
        (Kind.MESSAGE, '01M80X9YR6WJ260GRA94BPXH5Z'),
        (Kind.UNSEND, '01M80X9YR6WJ260GRA94BPXH5Z'),
    ]
    assert {event.text for event in events[:2]} == {'en direct'} and events[0].user == 'denis'


def test_group_and_media_of_gotosocial():
    """The other person of the conversation is told, and is not to be answered."""
    (event,) = read(f'{G}m04-notifications', GOTOSOCIAL)
    assert event.details == {'cc': ['denis'], 'answer_to': ['claire'], 'content_warning': 'Photo'}
    (photo,) = event.attachments
    assert (photo.kind, photo.alt) == ('image', 'Photo du lampadaire éteint')
    assert photo.details['sensitive'] and photo.url.startswith('http://localhost:8110/fileserver/')


# a page of HTML, or nothing, instead of an answer
HTML = [
    f'{G}02-authorize',
    f'{S}a02-authorize',
    f'{S}a05-instance_v2',
    f'{S}a06-bad-token',
    f'{S}a12-notifications-v2',
    f'{S}a13-unread_count',
    f'{S}fed-m-02-authorize',
    f'{S}fed-r-04-delete',
]
EDITS = [f'{G}p19-status-after-edit', f'{M}15-after-edit', f'{G}p20-status-history']
SOMETHING = {
    *(row[0] for row in MESSAGES),
    *(row[0] for row in NATIVE),
    *EDITS,
    f'{G}stream-websocket',
    *HTML,
}
NOTHING = sorted({f'{path.parent.name}/{path.stem}' for path in RECORDED.glob('*/*.json')} - SOMETHING)


@pytest.mark.parametrize('name', NOTHING)
def test_answers_that_change_nothing(name: str):
    events = read(name, MOCK if name.startswith(M) else SNAC if name.startswith(S) else GOTOSOCIAL)
    assert events and {event.kind for event in events} == {Kind.IGNORED}


@pytest.mark.parametrize('name', HTML)
def test_pages_are_unreadable(name: str):
    with pytest.raises(UnreadablePayload):
        read(name, SNAC)


def test_every_recorded_answer_is_read():
    assert (len(SOMETHING), len(NOTHING)) == (31, 63)


ERRORS = [
    (f'{G}p03-bad-token', 'ConfigurationError', 'auth'),
    (f'{G}p04-no-token', 'ConfigurationError', 'auth'),
    (f'{G}p22-status-gone', 'PermanentError', 'gone'),
    (f'{G}p25-too-long', 'PermanentError', 'permanent'),
    (f'{G}p26-empty', 'PermanentError', 'permanent'),
    (f'{G}p27-bad-media', 'PermanentError', 'permanent'),
    (f'{G}p28-reply-to-missing', 'PermanentError', 'gone'),
    (f'{G}p07-media-v2', 'PermanentError', 'permanent'),
    (f'{S}a05-instance_v2', 'PermanentError', 'gone'),
    (f'{S}a06-bad-token', 'ConfigurationError', 'auth'),
    (f'{S}fed-r-04-delete', 'PermanentError', 'gone'),
    (f'{M}17-gone', 'PermanentError', 'gone'),
    (f'{M}18-too-long', 'PermanentError', 'permanent'),
    (f'{M}19-empty', 'PermanentError', 'permanent'),
    (f'{M}20-bad-token', 'ConfigurationError', 'auth'),
    (f'{M}22-fault-hit', 'TemporaryError', 'rate'),
]


@pytest.mark.parametrize('name, kind, reason', ERRORS, ids=[row[0] for row in ERRORS])
def test_errors_of_real_servers(name: str, kind: str, reason: str):
    """R33: by the status, never by the text."""
    error = NETWORK.error(stored_answer(name))
    assert error is not None and (type(error).__name__, error.reason) == (kind, reason)


def test_no_recorded_success_is_an_error():
    for path in RECORDED.glob('*/*.json'):
        name = f'{path.parent.name}/{path.stem}'
        stored = recorded(name)
        if isinstance(stored, dict) and stored['status'] == 200 and 'public' not in name:
            assert NETWORK.error(stored_answer(name)) is None, name


def test_a_public_answer_of_gotosocial_is_an_error():
    """R34"""
    error = NETWORK.error(stored_answer(f'{G}p09-post-public-mention'))
    assert error is not None and error.reason == 'not_private'


def stored_answer(name: str) -> corpus.StoredAnswer:
    stored = recorded(name)
    body = stored['body'] if isinstance(stored['body'], str) else json.dumps(stored['body'])
    headers = {key.lower(): value for key, value in stored['headers'].items()}
    url = 'http://server.test' + stored['request']['path']
    return corpus.StoredAnswer(stored['status'], body.encode(), headers, url)


@pytest.mark.parametrize('status, body, kind, reason', [
    (401, b'', 'ConfigurationError', 'auth'),
    (403, b'{"error": "x"}', 'ConfigurationError', 'permission'),
    (403, b'<html>firewall</html>', 'TemporaryError', 'temporary'),
    (404, b'{"error": "x"}', 'PermanentError', 'gone'),
    (408, b'', 'TemporaryError', 'temporary'),
    (410, b'', 'PermanentError', 'gone'),
    (413, b'', 'PermanentError', 'media_too_big'),
    (418, b'{"error": "I am a teapot"}', 'PermanentError', 'permanent'),
    (422, b'{"error": "x"}', 'PermanentError', 'permanent'),
    (301, b'', 'ConfigurationError', 'config'),
    (500, b'{"error": "x"}', 'TemporaryError', 'temporary'),
    (503, b'<html></html>', 'TemporaryError', 'temporary'),
])  # fmt: skip
def test_meaning_of_each_status(status: int, body: bytes, kind: str, reason: str):
    error = NETWORK.error(corpus.StoredAnswer(status, body, {}, 'https://s.example/api/v1/statuses/1'))
    assert error is not None and (type(error).__name__, error.reason) == (kind, reason)
    assert error.http_status == status

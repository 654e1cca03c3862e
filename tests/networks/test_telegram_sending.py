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

"""Answers of a bot, against the stand-in of the Bot API over real HTTP."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PIL import Image

from publik_socialmedia.errors import (
    ConfigurationError,
    OutcomeUnknown,
    PermanentError,
    SocialMediaError,
    TemporaryError,
)
from publik_socialmedia.networks.base import OutgoingFile
from publik_socialmedia.networks.telegram.sending import CAPTION, FILE, PICTURE, TEXT
from publik_socialmedia.text import length
from tests.networks.corpus import StoredAnswer
from tests.networks.desks.telegram import Desk, desk

PDF = OutgoingFile(b'%PDF-1.4 not really one', 'reçu.pdf', 'application/pdf')


def picture(width: int = 4, height: int = 3, more: int = 0) -> OutgoingFile:
    """A PNG of that size, followed by that many bytes."""
    output = io.BytesIO()
    Image.new('1', (width, height)).save(output, 'PNG')
    return OutgoingFile(output.getvalue() + bytes(more), 'plan.png', 'image/png')


@pytest.fixture
def here() -> Iterator[Desk]:
    with desk() as found:
        found.writes()
        yield found


def refusal(here: Desk, **changes: Any) -> SocialMediaError:
    with pytest.raises(SocialMediaError) as caught:
        here.send(here.answer(**changes))
    return caught.value


# -- what goes


def test_what_is_asked_of_telegram(here: Desk):
    """R30: plain text, no preview, the message answered is quoted if it is still there."""
    asked = here.writes('Bonjour')
    sent = here.send(here.answer('1 < 2 & *gras* _x_ [y](z)', reply_to=asked))
    (call,) = [call for call in here.server.calls if call.method == 'POST']
    number = int(asked.partition(':')[2])
    assert json.loads(call.body) == {
        'chat_id': int(here.citizen),
        'text': '1 < 2 & *gras* _x_ [y](z)',
        'reply_parameters': {'message_id': number, 'allow_sending_without_reply': True},
        'link_preview_options': {'is_disabled': True},
    }
    assert here.on_screen() == ['1 < 2 & *gras* _x_ [y](z)']
    message = here.server.state.messages[sent.external_id]
    assert message.reply_to == number and sent.sent_at is not None


def test_a_message_that_is_gone_or_elsewhere_is_not_quoted(here: Desk):
    here.send(here.answer(reply_to=f'{here.citizen}:999'))
    here.send(here.answer(reply_to='55:2'))
    here.send(here.answer(reply_to='x'))
    calls = [call for call in here.server.calls if call.method == 'POST']
    assert ['reply_parameters' in call.params for call in calls] == [True, False, False]
    assert len(here.on_screen()) == 3


def test_a_short_text_is_the_caption_of_the_first_file(here: Desk):
    """R31: one message instead of two; in UTF-16 units, of which an emoji takes two."""
    parts = here.network.split(here.account, here.answer('🙂' * (CAPTION // 2)), [picture(), PDF])
    assert [(bool(part.text), part.file and part.file.filename) for part in parts] == [
        (True, 'plan.png'),
        (False, 'reçu.pdf'),
    ]
    for part in parts:
        here.send(part)
    assert here.on_screen() == ['🙂' * (CAPTION // 2), '']
    assert here.files_on_screen() == [picture().content, PDF.content]
    parts = here.network.split(here.account, here.answer('🙂' * (CAPTION // 2) + 'x'), [PDF])
    assert [part.file is None for part in parts] == [True, False]


def test_the_limit_is_of_utf_16_units(here: Desk):
    """R31"""
    here.send(here.answer('🙂' * (TEXT // 2)))
    assert refusal(here, text='🙂' * (TEXT // 2) + 'x').reason == 'too_long'
    parts = here.network.split(here.account, here.answer('é🙂 ' * 3000), [])
    assert len(parts) > 1 and all(length(part.text, 'utf16') <= TEXT for part in parts)


@pytest.mark.parametrize(
    'file, method',
    [
        (picture(), 'sendPhoto'),
        (PDF, 'sendDocument'),
        (OutgoingFile(b'GIF89a', 'a.gif', 'image/gif'), 'sendDocument'),
        (picture(more=PICTURE), 'sendDocument'),
    ],
    ids=['picture', 'document', 'animation', 'large picture'],
)
def test_how_a_file_goes(here: Desk, file: OutgoingFile, method: str):
    """R31"""
    here.send_all(here.answer('Voici'), file)
    (call,) = [call for call in here.server.calls if call.method == 'POST']
    assert call.path.endswith(method) and call.params['caption'] == 'Voici'
    (part,) = call.files.values()
    assert (part.filename, part.mimetype) == (file.filename, file.mimetype)
    assert here.files_on_screen() == [file.content]


@pytest.mark.parametrize('file', [picture(2000, 20), OutgoingFile(b'no', 'x.jpg', 'image/jpeg')])
def test_a_picture_that_telegram_cannot_show_is_a_document(here: Desk, file: OutgoingFile):
    """R31: too long, or not read: it was refused, so nothing is doubled."""
    here.send_all(here.answer('Voici'), file)
    assert [c.path.rpartition('/')[2] for c in here.server.calls] == ['sendPhoto', 'sendDocument']
    assert here.files_on_screen() == [file.content] and here.on_screen() == ['Voici']


def test_the_largest_file(here: Desk):
    """R31: 50 MB; one byte more is refused before anything is sent."""
    big = OutgoingFile(bytes(FILE + 1), 'film.mp4', 'video/mp4')
    with pytest.raises(PermanentError) as caught:
        here.network.split(here.account, here.answer(), [big])
    assert caught.value.reason == 'file_too_big'
    (part,) = here.network.split(
        here.account, here.answer(), [dataclasses.replace(big, content=big.content[1:])]
    )
    assert part.file is not None


@pytest.mark.parametrize('recipient', ['-100123', '0', '', 'ville', '12 ', '1' * 30, '７'])
def test_only_a_person_is_written_to(here: Desk, recipient: str):
    """R34: a group's identifier is negative."""
    assert refusal(here, recipient=recipient).reason == 'blocked'
    assert not here.server.calls


def test_a_group_that_moved_is_never_followed(here: Desk):
    """R34: ``migrate_to_chat_id`` leads a private answer to a group."""
    body = {'ok': False, 'error_code': 400, 'description': 'Bad Request: group chat was upgraded'}
    here.fail('answer', status=400, body=body | {'parameters': {'migrate_to_chat_id': -1001}})
    assert isinstance(refusal(here), PermanentError)
    assert here.sends() == 1


def test_an_empty_message(here: Desk):
    assert refusal(here, text='').reason == 'empty' and here.sends() == 0
    assert refusal(here, text='\u200b \n'.strip('\u200b')).reason == 'empty'


# -- business account


def connected(here: Desk, **rights: bool) -> dict[str, Any]:
    """The citizen wrote to the town's business account; what the core tells of that message."""
    connection = here.server.state.connect(**rights).id
    here.server.state.write(here.person, 'Bonjour', connection=connection)
    (event, *_) = [e for e in here.news() if e.details.get('business_connection')]
    return dict(event.details)


def test_an_answer_goes_by_the_account_to_which_they_wrote(here: Desk):
    """R11: and comes back as ours, under the same id."""
    here.news()
    sent = here.send(here.answer(reply_details=connected(here)))
    (message,) = [m for m in here.server.state.messages.values() if m.by == 'bot']
    assert message.connection == 'bizconn-Ab12'
    (echo,) = [event for event in here.news() if event.from_us]
    assert (echo.external_id, echo.user) == (sent.external_id, here.citizen)
    here.send_all(here.answer(reply_details=connected(here)), PDF)
    assert [m.connection for m in here.server.state.messages.values() if m.file] == ['bizconn-Ab12']


def test_the_window_of_a_business_account(here: Desk):
    """R32: by our clock without a call, by Telegram's words else; the chat of the bot has none."""
    details = connected(here)
    late = datetime.now(UTC) - timedelta(hours=24, minutes=1)
    assert refusal(here, reply_details=details, last_inbound_at=late).reason == 'window'
    assert here.sends() == 0
    here.age(timedelta(days=2))
    assert refusal(here, reply_details=details).reason == 'window'
    assert here.send(here.answer(last_inbound_at=late)).external_id


def test_a_business_account_that_does_not_want_us(here: Desk):
    """R33: the agent is told; the account, which has other chats, is not stopped."""
    details = connected(here, can_reply=False)
    assert refusal(here, reply_details=details).reason == 'permission'
    assert isinstance(refusal(here, reply_details={'business_connection': 'gone'}), PermanentError)
    assert not isinstance(refusal(here, reply_details=details), ConfigurationError)


# -- what refusals mean


@pytest.mark.parametrize(
    'code, words, kind, reason',
    [
        (400, 'Bad Request: chat not found', PermanentError, 'blocked'),
        (400, 'Bad Request: message text is empty', PermanentError, 'empty'),
        (400, 'Bad Request: message is too long', PermanentError, 'too_long'),
        (400, "Bad Request: can't parse entities: texte", PermanentError, 'permanent'),
        (400, 'Bad Request', PermanentError, 'permanent'),
        (400, 'Logged out', PermanentError, 'permanent'),
        (400, 'Bad Request: Logged out', ConfigurationError, 'auth'),
        (401, 'Unauthorized', ConfigurationError, 'auth'),
        (403, 'Forbidden: bot was blocked by the user', PermanentError, 'blocked'),
        (403, 'Forbidden: user is deactivated', PermanentError, 'blocked'),
        (403, "Forbidden: bot can't initiate conversation with a user", PermanentError, 'blocked'),
        (403, '', PermanentError, 'blocked'),
        (404, 'Not Found', ConfigurationError, 'auth'),
        (406, 'whatever', PermanentError, 'permanent'),
        (409, 'Conflict: terminated by other getUpdates request', ConfigurationError, 'config'),
        (413, 'Request Entity Too Large', PermanentError, 'file_too_big'),
        (429, 'Too Many Requests: retry after 5', TemporaryError, 'rate'),
        (500, 'Internal Server Error', TemporaryError, 'temporary'),
        (502, 'Bad Gateway', TemporaryError, 'temporary'),
    ],
)
def test_codes(here: Desk, code: int, words: str, kind: type[SocialMediaError], reason: str):
    """R33: by code, and by the few words that Telegram's own server fixes; they are not repeated."""
    body = {'ok': False, 'error_code': code, 'description': words}
    error = here.network.error(StoredAnswer(code, json.dumps(body).encode()))
    assert isinstance(error, kind) and (error.reason, error.code) == (reason, str(code))
    assert 'texte' not in str(error)


@pytest.mark.parametrize(
    'parameters, headers, wait',
    [
        ({'retry_after': 30}, {}, 30),
        ({'retry_after': 0}, {}, 1),
        ({'retry_after': 10**9}, {}, 86400),
        ({'retry_after': 'x'}, {'retry-after': '12'}, 12),
        (None, {}, None),
    ],
)
def test_when_to_come_back(here: Desk, parameters: Any, headers: dict[str, str], wait: float | None):
    """R33: what the network says, within reason."""
    body = {'ok': False, 'error_code': 429, 'description': 'x', 'parameters': parameters}
    error = here.network.error(StoredAnswer(429, json.dumps(body).encode(), headers))
    assert isinstance(error, TemporaryError) and error.retry_after == wait


@pytest.mark.parametrize(
    'status, kind',
    [(200, TemporaryError), (302, ConfigurationError), (403, TemporaryError), (503, TemporaryError)],
)
def test_a_page_of_something_else(here: Desk, status: int, kind: type[SocialMediaError]):
    """A proxy's page says nothing of the bot."""
    for body in (b'<html>', b'[]', b'{"ok": false}', b'{}', b'[' * 100_000):
        assert isinstance(here.network.error(StoredAnswer(status, body)), kind)


# -- an answer whose outcome is lost


@pytest.mark.parametrize('fault', ['cut_after', 'after'])
def test_it_is_never_sent_again_by_ourselves(here: Desk, fault: str):
    """R30: nothing tells whether it is there: « not there » is never said; in the end the agent is asked."""
    message = here.tried(here.answer())
    here.fail(fault)
    with pytest.raises(OutcomeUnknown):
        here.send(message)
    with pytest.raises(TemporaryError) as early:
        here.find(message)
    assert 0 < (early.value.retry_after or 0) <= 60
    for ago in (timedelta(seconds=61), timedelta(days=2)):
        with pytest.raises(PermanentError) as late:
            here.find(here.tried(message, ago))
        assert late.value.reason == 'perhaps_sent'
    assert here.on_screen() == ['Votre dossier est prêt.'] and here.sends() == 1


def test_an_answer_that_cannot_be_read_may_be_a_yes(here: Desk):
    """R30: a proxy's page in place of Telegram's answer."""
    here.fail('after', status=200, body=b'<html>', mimetype='text/html')
    with pytest.raises(OutcomeUnknown):
        here.send(here.answer())
    assert len(here.on_screen()) == 1


def test_what_did_not_leave_is_sent_again(here: Desk):
    """R33: a refused connection and « too many » are no unknown outcome."""
    here.throttle(here.SENDS)
    error = refusal(here)
    assert isinstance(error, TemporaryError) and not isinstance(error, OutcomeUnknown)
    nowhere = dataclasses.replace(here.account, api_url='https://127.0.0.1:9')
    with pytest.raises(TemporaryError) as caught:
        here.network.send(nowhere, here.answer(), here.http)
    assert not isinstance(caught.value, OutcomeUnknown)


# -- files of citizens


def test_a_file_that_a_bot_cannot_have(here: Desk):
    """R9, R10: 20 MB; known from the message without a call, or by Telegram's refusal."""
    state = here.server.state
    state.write(here.person, '', state.upload(b'%PDF', 'application/pdf', 'gros.pdf', size=20_000_001))
    (attachment,) = here.news()[-1].attachments
    for known in (attachment, dataclasses.replace(attachment, size=None)):
        with pytest.raises(PermanentError) as caught:
            here.network.open_attachment(here.account, known, here.http)
        assert caught.value.reason == 'media_too_big'
    assert len(here.server.calls) == 1


def test_a_file_that_is_no_longer_there(here: Desk):
    """R9: tried again, as the words of Telegram do not say which of the two it is."""
    here.writes('', PDF)
    (attachment,) = here.news()[-1].attachments
    here.server.state.files.clear()
    with pytest.raises(TemporaryError) as caught:
        here.network.open_attachment(here.account, attachment, here.http)
    assert caught.value.reason == 'not_cached'
    here.fail('answer', 'getFile', status=400, body={'ok': False, 'error_code': 400, 'description': 'x: y'})
    with pytest.raises(PermanentError) as gone:
        here.network.open_attachment(here.account, attachment, here.http)
    assert gone.value.reason == 'media_gone'
    with pytest.raises(PermanentError) as none:
        here.network.open_attachment(here.account, dataclasses.replace(attachment, reference=''), here.http)
    assert none.value.reason == 'no_url'


@pytest.mark.parametrize(
    'path',
    [
        '../../bot1:x/logOut',
        '/var/lib/file',
        'a//b',
        'a/../b',
        'https://x.example/a',
        'a?b',
        'a#b',
        'a b',
        'é',
        '.a',
    ],
)
def test_a_path_that_leads_elsewhere(here: Desk, path: str):
    """R10"""
    here.writes('', PDF)
    (attachment,) = here.news()[-1].attachments
    here.fail('answer', 'getFile', status=200, body={'ok': True, 'result': {'file_path': path}})
    with pytest.raises(PermanentError) as caught:
        here.network.open_attachment(here.account, attachment, here.http)
    assert caught.value.reason == 'forbidden_url'

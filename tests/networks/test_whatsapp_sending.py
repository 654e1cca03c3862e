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

"""Answers sent to WhatsApp, against the emulator of the Cloud API over real HTTP on the loopback."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from demo.emulators.graph_state import Media, document, photo
from demo.emulators.graph_whatsapp_state import Message, Template
from publik_socialmedia.errors import ConfigurationError, OutcomeUnknown, PermanentError, TemporaryError
from publik_socialmedia.networks.base import Attachment, Outgoing, OutgoingFile
from tests.networks import contract
from tests.networks.desks.whatsapp import Desk

JPEG = OutgoingFile(photo().content, 'photo.jpg', 'image/jpeg')
PDF = OutgoingFile(document().content, 'recepisse.pdf', 'application/pdf')
OGG = OutgoingFile(b'OggS', 'son.ogg', 'audio/ogg')
SENDS = Desk.SENDS


@pytest.fixture
def here() -> Iterator[Desk]:
    with contract.desk('whatsapp') as found:
        assert isinstance(found, Desk)
        found.writes()
        found.news()
        yield found


def ago(**age: float) -> datetime:
    return datetime.now(UTC) - timedelta(**age)


def received(here: Desk) -> list[Message]:
    return here.server.said_to(here.person)


def last_call(here: Desk) -> dict:
    return dict(here.server.calls[-1].params)


# -- to whom


@pytest.mark.parametrize(
    'recipient, aliases, expected',
    [
        ('33639980042', (), {'to': '+33639980042'}),
        ('33639980042', ('FR.42',), {'to': '+33639980042'}),
        ('FR.42', ('33639980042',), {'to': '+33639980042'}),
        ('33639980042', ('FR.42', '33639980055'), {'to': '+33639980055'}),  # the number changed
        ('FR.42', (), {'recipient': 'FR.42'}),
        ('FR.42', ('FR.55',), {'recipient': 'FR.55'}),
    ],
)
def test_to_whom(recipient: str, aliases: tuple[str, ...], expected: dict[str, str]):
    """R15: the last number, with its +; else the last id."""
    from publik_socialmedia.networks.whatsapp import sending

    assert sending.recipient(Outgoing('k', recipient, recipient_aliases=aliases)) == expected


def test_a_person_without_a_number_is_answered(here: Desk):
    """R15"""
    noe = here.server.add_person('Noé Exemple', shows_number=False)
    here.server.citizen_writes(noe, 'Et moi ?')
    (event,) = here.news()
    assert event.user == noe.user_id
    sent = here.send(here.answer(recipient=event.user))
    assert [message.id for message in here.server.said_to(noe)] == [sent.external_id]


# -- as few messages as possible


def test_a_short_answer_goes_as_the_caption_of_its_file(here: Desk):
    """R31: one message instead of two: each is charged."""
    (part,) = here.network.split(here.account, here.answer('Voici votre récépissé.'), [PDF])
    here.send(part)
    (message,) = received(here)
    assert (message.kind, message.text) == ('document', 'Voici votre récépissé.')
    assert message.media is not None and message.media.content == PDF.content
    assert last_call(here)['document']['filename'] == 'recepisse.pdf'


@pytest.mark.parametrize(
    'text, files, expected',
    [
        ('Bonjour', [JPEG, PDF], [('Bonjour', 'photo.jpg'), ('', 'recepisse.pdf')]),
        ('Bonjour', [OGG], [('Bonjour', ''), ('', 'son.ogg')]),  # a sound has no caption
        ('x' * 1025, [JPEG], [('x' * 1025, ''), ('', 'photo.jpg')]),
        ('', [JPEG], [('', 'photo.jpg')]),
        ('x' * 4000 + '. Fin', [JPEG], [('x' * 4000 + '. Fin', ''), ('', 'photo.jpg')]),
        ('x' * 4095 + '. Fin', [JPEG], [('x' * 4095 + '.', ''), ('Fin', 'photo.jpg')]),
        ('x' * 4096, [], [('x' * 4096, '')]),
    ],
)
def test_never_cut_without_need(here: Desk, text: str, files: list, expected: list):
    """R31"""
    parts = here.network.split(here.account, here.answer(text), files)
    assert [(part.text, part.file.filename if part.file else '') for part in parts] == expected
    here.send_all(here.answer(text), *files)
    assert [message.text for message in received(here)] == [text for text, _file in expected]


@pytest.mark.parametrize('mimetype, name', [('text/csv', 'liste.csv'), ('text/plain', 'note.txt')])
def test_texts_are_uploaded_as_plain(here: Desk, mimetype: str, name: str):
    here.send_all(here.answer(''), OutgoingFile(b'a;b', name, mimetype))
    (message,) = received(here)
    assert message.kind == 'document' and message.media is not None and message.media.name == name


@pytest.mark.parametrize('mimetype', ['image/gif', 'image/webp', 'application/vnd.oasis.opendocument.text'])
def test_what_whatsapp_does_not_take(here: Desk, mimetype: str):
    """R31: before anything is sent."""
    with pytest.raises(PermanentError) as caught:
        here.send_all(here.answer(), OutgoingFile(b'x', 'a', mimetype))
    assert caught.value.reason == 'file_type' and not here.server.calls


def test_an_upload_whose_answer_is_lost_is_done_again(here: Desk):
    """R30: nobody sees an upload, so its outcome does not matter."""
    here.fail('cut_after', 'POST .*/media')
    with pytest.raises(TemporaryError) as caught:
        here.send(here.answer('', file=JPEG))
    assert not isinstance(caught.value, OutcomeUnknown) and not received(here)
    here.send(here.answer('', file=JPEG))
    assert here.files_on_screen() == [JPEG.content]


def test_the_key_comes_back_in_the_statuses(here: Desk):
    """R30"""
    here.fail('cut_after')
    with pytest.raises(OutcomeUnknown):
        here.send(here.answer())
    (status,) = here.news()
    assert (status.key, status.external_id) == ('publik:reply:8412', received(here)[0].id)


# -- after 24 hours: the template


@pytest.fixture
def late(here: Desk) -> Desk:
    here.age(timedelta(hours=30))
    return here


def templated(here: Desk, text: str, *files: OutgoingFile) -> list[Outgoing]:
    outgoing = here.answer(text, template=True, last_inbound_at=ago(hours=30))
    return here.network.split(here.account, outgoing, files)


def test_a_template_goes_after_the_window(late: Desk):
    """R32: on one line, as Meta wants it."""
    (part,) = templated(late, 'Bonjour,\n\n\tvotre   dossier      est prêt.\nCordialement')
    late.send(part)
    (message,) = received(late)
    assert message.template == 'reponse_mairie'
    assert 'Bonjour, — votre dossier est prêt. — Cordialement Vous pouvez répondre' in message.text
    assert last_call(late)['template']['language'] == {'code': 'fr'}
    assert last_call(late)['biz_opaque_callback_data'] == 'publik:reply:8412'


def test_without_a_template_nothing_goes_after_the_window(late: Desk):
    """R32: told while the agent is there."""
    credentials = {**late.account.credentials, 'template_name': ' '}
    late.account = dataclasses.replace(late.account, credentials=credentials)
    with pytest.raises(PermanentError) as caught:
        templated(late, 'Bonjour')
    assert caught.value.reason == 'no_template'
    with pytest.raises(PermanentError) as caught:
        late.send(late.answer(template=True))
    assert caught.value.reason == 'no_template' and late.sends() == 0


@pytest.mark.parametrize(
    'text, files, reason',
    [('x' * 1000, (), 'too_long'), (' \n ', (), 'empty'), ('Voici', (PDF,), 'template_file')],
)
def test_what_a_template_cannot_carry(late: Desk, text: str, files: tuple, reason: str):
    """R31: the room that the approved text leaves was read by the test of the account."""
    assert 900 < late.account.facts['template_room'] < 1000
    with pytest.raises(PermanentError) as caught:
        templated(late, text, *files)
    assert caught.value.reason == reason


@pytest.mark.parametrize('status', ['PAUSED', 'DISABLED', 'REJECTED'])
def test_a_template_that_meta_withdrew(late: Desk, status: str):
    """R33: the account is not broken for that."""
    late.server.world.templates[0].status = status
    with pytest.raises(PermanentError) as caught:
        late.send(templated(late, 'Bonjour')[0])
    assert caught.value.reason == 'template'


def test_a_template_that_changed(late: Desk):
    late.server.world.templates[0] = Template('reponse_mairie', text='Bonjour {{1}}, voici {{2}} !')
    with pytest.raises(PermanentError) as caught:
        late.send(templated(late, 'Bonjour')[0])
    assert caught.value.reason == 'template'


# -- limits


def test_too_fast_to_one_person_concerns_nobody_else(here: Desk):
    """R33: 4^n seconds, and the others are answered meanwhile."""
    here.person.allowance = 0
    with pytest.raises(TemporaryError) as caught:
        here.send(here.answer())
    error = caught.value
    assert not isinstance(error, OutcomeUnknown)
    assert (error.reason, error.scope, error.code) == ('rate', '', '131056')
    assert error.retry_after == 6
    with pytest.raises(TemporaryError) as caught:
        here.send(here.answer(first_tried_at=ago(seconds=20)))
    assert 58 < (caught.value.retry_after or 0) < 70
    karim = here.server.add_person('Karim Exemple')
    here.server.citizen_writes(karim, 'Et moi ?')
    here.send(here.answer(recipient=karim.number))


@pytest.mark.parametrize('code', [4, 80007, 130429])
def test_limits_of_the_account(here: Desk, code: int):
    """R33: the whole account rests."""
    here.server.limit_rate(SENDS, minutes=0 if code == 130429 else 5, code=code)
    with pytest.raises(TemporaryError) as caught:
        here.send(here.answer())
    assert (caught.value.reason, caught.value.scope) == ('rate', 'account')
    assert caught.value.retry_after == (None if code == 130429 else 300)


@pytest.mark.parametrize(
    'code, status, unknown', [(131000, 500, True), (131016, 500, True), (131057, 500, False), (2, 503, True)]
)
def test_failures_of_meta(here: Desk, code: int, status: int, unknown: bool):
    """R30: only maintenance says that nothing was done."""
    here.fail('answer', status=status, body={'error': {'message': 'x', 'code': code}})
    with pytest.raises(TemporaryError) as caught:
        here.send(here.answer())
    assert isinstance(caught.value, OutcomeUnknown) is unknown


@pytest.mark.parametrize(
    'code, reason',
    [
        (131042, 'billing'),
        (131031, 'policy'),
        (368, 'policy'),
        (131005, 'permission'),
        (133010, 'config'),
        (0, 'auth'),
    ],
)
def test_what_an_administrator_must_repair(here: Desk, code: int, reason: str):
    """R33"""
    here.fail('answer', status=400, body={'error': {'message': 'x', 'code': code}})
    with pytest.raises(ConfigurationError) as caught:
        here.send(here.answer())
    assert caught.value.reason == reason


def test_a_number_that_was_never_registered(here: Desk):
    here.server.number.status = 'PENDING'
    with pytest.raises(ConfigurationError) as caught:
        here.send(here.answer())
    assert (caught.value.reason, caught.value.code) == ('config', '133010')


# -- read marks


def test_no_blue_ticks_unless_they_are_wanted(here: Desk):
    asked = here.writes('Et alors ?')
    here.send(here.answer(reply_to=asked))
    assert here.server.world.marked_read == []
    credentials = {**here.account.credentials, 'mark_read': 'Oui'}
    here.account = dataclasses.replace(here.account, credentials=credentials)
    here.send(here.answer(reply_to=asked, human=False))  # nobody has read it
    assert here.server.world.marked_read == []
    here.send(here.answer(reply_to=asked))
    assert here.server.world.marked_read == [asked]


def test_a_mark_that_fails_costs_no_answer(here: Desk):
    credentials = {**here.account.credentials, 'mark_read': 'oui'}
    here.account = dataclasses.replace(here.account, credentials=credentials)
    here.send(here.answer(reply_to='wamid.unknown'))
    here.fail('cut_before', SENDS)
    here.send(here.answer(reply_to='wamid.unknown', key='another'))
    assert len(received(here)) == 2
    here.server.limit_rate(SENDS)
    with pytest.raises(TemporaryError) as caught:
        here.send(here.answer(reply_to='wamid.unknown'))
    assert caught.value.scope == 'account' and len(received(here)) == 2


# -- lost answers


@pytest.mark.parametrize(
    'tried, heard, expected',
    [
        ({'minutes': 1}, {'seconds': 5}, OutcomeUnknown),  # its status may still come
        ({'minutes': 10}, {'minutes': 2}, None),  # something else came: it would have come
        ({'minutes': 10}, {'minutes': 30}, OutcomeUnknown),  # nothing comes
        ({'minutes': 10}, None, OutcomeUnknown),
        ({'minutes': 61}, None, 'perhaps_sent'),
        ({'minutes': 61}, {'minutes': 3}, None),
    ],
)
def test_what_the_absence_of_a_status_means(here: Desk, tried: dict, heard: dict | None, expected):
    """R30: « not there » only once it is sure; a defined end, at which the agent is asked."""
    message = here.tried(here.answer(), timedelta(**tried))
    message = dataclasses.replace(message, heard_at=ago(**heard) if heard else None)
    if expected is None:
        assert here.find(message) is None
        return
    with pytest.raises((OutcomeUnknown, PermanentError)) as caught:
        here.find(message)
    if isinstance(expected, str):
        assert caught.value.reason == expected
    else:
        assert isinstance(caught.value, expected) and (caught.value.retry_after or 0) > 0


# -- files that come


def test_a_file_is_asked_for_by_its_id_each_time(here: Desk):
    """R10: the address lives five minutes; an expired one is not used again."""
    here.server.citizen_writes(here.person, 'Voici', photo())
    (event,) = here.news()
    file = event.attachments[0]
    first = here.network.open_attachment(here.account, file, here.http)
    second = here.network.open_attachment(here.account, file, here.http)
    assert first.url != second.url


@pytest.mark.parametrize('reference', ['1002000000099999', '12', '../me'])
def test_a_file_that_is_gone(here: Desk, reference: str):
    """R9"""
    with pytest.raises(PermanentError) as caught:
        here.network.open_attachment(here.account, Attachment('image', reference=reference), here.http)
    assert caught.value.reason in ('media_gone', 'permanent')


def test_a_file_without_id(here: Desk):
    with pytest.raises(PermanentError) as caught:
        here.network.open_attachment(here.account, Attachment('image'), here.http)
    assert caught.value.reason == 'no_url'


def test_a_dead_token_does_not_lose_a_file(here: Desk):
    """R5: it waits with the account."""
    here.server.citizen_writes(here.person, '', Media('audio', b'OggS', 'audio/ogg', 'voix.ogg'))
    (event,) = here.news()
    here.kill_token()
    with pytest.raises(ConfigurationError) as caught:
        here.network.open_attachment(here.account, event.attachments[0], here.http)
    assert caught.value.reason == 'auth'

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

"""Events of Messenger that the corpus has no file for, and threads read back."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from publik_socialmedia import networks
from publik_socialmedia.networks.base import Account, Event, Kind, Raw, Source, Status

NETWORK = networks.get('messenger')


def _parse(body: object, source: Source = Source.WEBHOOK, account: Account | None = None) -> list[Event]:
    return NETWORK.parse(Raw(json.dumps(body).encode(), source, account=account))


def _item(**values: object) -> dict[str, object]:
    item = {'sender': {'id': 'citizen'}, 'recipient': {'id': 'page'}, 'timestamp': 1790856000123, **values}
    return {'object': 'page', 'entry': [{'id': 'page', 'time': 1790856000203, 'messaging': [item]}]}


def test_the_page_itself_edits_and_reacts():
    """R11: what our account does elsewhere is never the citizen's."""
    ours = {'sender': {'id': 'page'}, 'recipient': {'id': 'citizen'}}
    (edit,) = _parse(_item(**ours, message_edit={'mid': 'm_1', 'text': 'Corrigé', 'num_edit': 1}))
    (reaction,) = _parse(_item(**ours, reaction={'mid': 'm_1', 'action': 'react', 'emoji': '❤'}))
    assert (edit.kind, edit.user, edit.from_us, edit.number) == (Kind.EDIT, 'citizen', True, 1)
    assert (reaction.kind, reaction.user, reaction.from_us) == (Kind.REACTION, 'citizen', True)


def test_a_page_message_without_the_echo_mark_is_still_ours():
    """R11: the sender says it."""
    body = _item(
        sender={'id': 'page'}, recipient={'id': 'citizen'}, message={'mid': 'm_1', 'text': 'Bonjour'}
    )
    (event,) = _parse(body)
    assert (event.from_us, event.user) == (True, 'citizen')


def test_a_sticker_sent_twice_counts_once():
    """Until 30 August 2026 a sticker came as an image and as a sticker."""
    payload = {'url': 'https://scontent.xx.fbcdn.net/v/s.png', 'sticker_id': 555}
    both = [{'type': 'image', 'payload': payload}, {'type': 'sticker', 'payload': payload}]
    (event,) = _parse(_item(message={'mid': 'm_1', 'attachments': both}))
    assert [(item.kind, item.reference, item.url) for item in event.attachments] == [
        ('sticker', '555', payload['url'])
    ]


def test_an_unknown_attachment_is_shown_with_its_type():
    """R8"""
    given = [
        {'type': 'hologram', 'payload': {'x': 1}},
        'words',
        {'type': 'appointment_booking', 'payload': {}},
    ]
    (event,) = _parse(_item(message={'mid': 'm_1', 'attachments': given}))
    assert [(item.kind, item.reason, item.declared) for item in event.attachments] == [
        ('unreadable', 'unsupported', 'hologram'),
        ('unreadable', 'unsupported', ''),
        ('unreadable', 'unsupported', 'appointment_booking'),
    ]


@pytest.mark.parametrize(
    'attachment, kind, shown',
    [
        ({'type': 'template', 'title': 'Choix', 'payload': {'template_type': 'button'}}, 'fallback', 'Choix'),
        (
            {'type': 'template', 'payload': {'elements': [{'title': 'Un'}, {'title': 'Deux'}]}},
            'fallback',
            'Un',
        ),
        (
            {'type': 'template', 'payload': {'product': {'elements': [{'title': 'Carte'}]}}},
            'fallback',
            'Carte',
        ),
        ({'type': 'template', 'payload': {'text': 'Que voulez-vous ?'}}, 'fallback', 'Que voulez-vous ?'),
        ({'type': 'template', 'payload': {}}, 'unreadable', None),
        (
            {'type': 'post', 'payload': {'url': 'https://www.facebook.com/1', 'title': 'Fête'}},
            'share',
            'Fête',
        ),
        ({'type': 'reel', 'payload': {}}, 'unreadable', None),
        ({'type': 'location', 'payload': {'coordinates': {'lat': 'x', 'long': 1}}}, 'unreadable', None),
        ({'type': 'image', 'payload': {}}, 'unreadable', None),
    ],
)
def test_kinds_of_attachments(attachment: dict[str, object], kind: str, shown: str | None):
    """R8: something is always shown."""
    (event,) = _parse(_item(message={'mid': 'm_1', 'attachments': [attachment]}))
    (found,) = event.attachments
    assert (found.kind, found.details.get('title')) == (kind, shown)


def test_a_sticker_told_beside_the_attachments():
    (event,) = _parse(_item(message={'mid': 'm_1', 'sticker_id': 369239343222814}))
    assert (event.text, [(item.kind, item.alt, item.url) for item in event.attachments]) == (
        '👍',
        [('sticker', '👍', '')],
    )


def test_what_has_no_target_changes_nothing():
    """R14"""
    for what in (
        {'reaction': {'action': 'react'}},
        {'reaction': {'mid': 'm_1', 'action': 'juggle'}},
        {'message_edit': {'text': 'sans identifiant'}},
        {'message': {'is_deleted': True}},
        {'postback': {'mid': 'm_1'}},
        {'read': {'watermark': 'hier'}},
        {'message': 'not an object'},
        {'something_new': {'x': 1}},
        {
            'sender': {'id': 'page'},
            'recipient': {'id': 'page'},
            'message': {'mid': 'm_1', 'text': 'à soi-même'},
        },
    ):
        (event,) = _parse(_item(**what))
        assert event.kind is Kind.IGNORED, what


def test_a_message_without_content_has_a_reason():
    """R8"""
    (empty,) = _parse(_item(message={'mid': 'm_1'}))
    (unsupported,) = _parse(_item(message={'mid': 'm_2', 'is_unsupported': True}))
    assert (empty.unreadable, unsupported.unreadable) == ('empty', 'unsupported')


def test_an_unsend_keeps_the_author():
    """R13: documented for Instagram; a Page that would send it is understood."""
    (event,) = _parse(_item(message={'mid': 'm_1', 'is_deleted': True}))
    assert (event.kind, event.external_id, event.user) == (Kind.UNSEND, 'm_1', 'citizen')


def test_a_message_from_nobody_is_kept_without_a_guess():
    """R8: a plugin gives ``user_ref`` in place of an id."""
    (event,) = _parse(_item(sender={'user_ref': 'abc'}, message={'mid': 'm_1', 'text': 'Bonjour'}))
    assert (event.kind, event.user, event.text, event.account_id) == (Kind.MESSAGE, '', 'Bonjour', 'page')


def test_standby_is_read_like_the_rest():
    """R16: a colleague who answers in Meta's inbox diverts what follows."""
    body = _item(message={'mid': 'm_1', 'text': 'Bonjour'})
    (entry,) = body['entry']
    entry['standby'] = entry.pop('messaging')
    (event,) = _parse(body)
    assert (event.kind, event.text, event.details['standby']) == (Kind.MESSAGE, 'Bonjour', True)


def test_policy_enforcement_has_degrees():
    found = {}
    for action in ('block', 'warning', 'unblock', 'something new'):
        (event,) = _parse(_item(sender=None, policy_enforcement={'action': action, 'reason': 'motif'}))
        found[action] = (event.topic, event.severity, event.user)
    assert found == {
        'block': ('policy_block', 'critical', ''),
        'warning': ('policy_block', 'warning', ''),
        'unblock': ('policy_block', 'info', ''),
        'something new': ('policy_block', 'warning', ''),
    }


def test_an_ice_breaker_is_what_the_citizen_says():
    """Its payload may be the same as that of « Démarrer »: its title is a question."""
    (event,) = _parse(_item(postback={'mid': 'm_1', 'title': 'Où est la mairie ?', 'payload': 'GET_STARTED'}))
    assert (event.kind, event.text, event.details['via']) == (Kind.MESSAGE, 'Où est la mairie ?', 'postback')


def test_receipts_of_several_messages():
    """R12"""
    events = _parse(_item(delivery={'mids': ['m_1', 'm_2'], 'watermark': 1790856000123}))
    assert [(event.status, event.external_id) for event in events] == [
        (Status.DELIVERED, 'm_1'),
        (Status.DELIVERED, 'm_2'),
    ]


@pytest.mark.parametrize(
    'time, expected',
    [
        (1790856000123, '2026-10-01T12:00:00.123+00:00'),
        ('1790856000123', '2026-10-01T12:00:00.123+00:00'),
        (1790856000, '2026-10-01T12:00:00+00:00'),
        ('2026-10-01T12:00:00+0000', '2026-10-01T12:00:00+00:00'),
        ('2026-10-01T14:00:00+02:00', '2026-10-01T12:00:00+00:00'),
        (1790856000123.0, '2026-10-01T12:00:00.123+00:00'),
        (30, None),
        (-1, None),
        (10**30, None),
        (True, None),
        ('hier', None),
        (None, None),
        ({'s': 1}, None),
    ],
)
def test_times(time: object, expected: str | None):
    """R6: an absurd or missing time never loses a message, and the entry's time stands in."""
    (event,) = _parse(_item(timestamp=time, message={'mid': 'm_1', 'text': 'Bonjour'}))
    assert event.text == 'Bonjour'
    assert event.fallback_at == datetime(2026, 10, 1, 12, 0, 0, 203000, UTC)
    found = event.sent_at.isoformat(timespec='auto') if event.sent_at else None
    assert found == (expected and datetime.fromisoformat(expected).isoformat(timespec='auto'))


def test_absurd_times_keep_their_order():
    """R6: among themselves; the others keep the rank of the body."""
    body = _item()
    items = [
        {
            'sender': {'id': 'citizen'},
            'recipient': {'id': 'page'},
            'timestamp': time,
            'message': {'mid': f'm_{time}'},
        }
        for time in (1790856000123, 30, 1790856000999, 10)
    ]
    body['entry'][0]['messaging'] = items
    events = sorted(_parse(body), key=lambda event: event.sequence)
    assert [event.external_id for event in events] == ['m_1790856000123', 'm_10', 'm_1790856000999', 'm_30']


# -- threads read back


def _thread(*messages: dict[str, object]) -> dict[str, object]:
    people = [{'id': 'citizen', 'name': 'Camille'}, {'id': 'page', 'name': 'Ville'}]
    return {'data': [{'id': 't_1', 'participants': {'data': people}, 'messages': {'data': list(messages)}}]}


def test_thread_is_read_oldest_first_and_never_guesses():
    """R17: newest first on the network; R11: without our own id, nobody is taken for the author."""
    answer = _thread(
        {'id': 'm_2', 'created_time': '2026-10-01T12:00:00+0000', 'from': {'id': 'page'}, 'message': 'deux'},
        {'id': 'm_1', 'created_time': '2026-10-01T12:00:00+0000', 'from': {'id': 'citizen'}, 'message': 'un'},
    )
    first, second = _parse(answer, Source.HISTORY, Account('page'))
    assert (first.text, first.from_us, first.user, first.name) == ('un', False, 'citizen', 'Camille')
    assert (second.text, second.from_us, second.user) == ('deux', True, 'citizen')
    assert first.sequence < second.sequence
    assert [event.user for event in _parse(answer, Source.HISTORY, Account(''))] == ['', '']


def test_thread_messages_too_old_to_be_told():
    """R8: only the id of a message older than the 20 that Meta tells; nothing can be shown of it."""
    answer = _thread({'id': 'm_1', 'created_time': '2026-01-01T12:00:00+0000'})
    (event,) = _parse(answer, Source.HISTORY, Account('page'))
    assert (event.kind, event.reason, event.external_id) == (Kind.IGNORED, 'empty', 'm_1')


def test_thread_message_of_unknown_content_is_shown():
    """R8"""
    answer = _thread({'id': 'm_1', 'created_time': '2026-10-01T12:00:00+0000', 'from': {'id': 'citizen'}})
    (event,) = _parse(answer, Source.HISTORY, Account('page'))
    assert (event.kind, event.unreadable, event.user) == (Kind.MESSAGE, 'not_transmitted', 'citizen')


def test_thread_files_and_shares():
    files = [
        {'mime_type': 'video/mp4', 'video_data': {'url': 'https://video.xx.fbcdn.net/v'}, 'size': 12},
        {'mime_type': 'application/pdf', 'name': 'a.pdf', 'file_url': 'https://cdn.fbsbx.com/a.pdf'},
        {'mime_type': 'audio/mpeg', 'file_url': 'http://cdn.fbsbx.com/a.mp3'},
    ]
    message = {'id': 'm_1', 'from': {'id': 'citizen'}, 'attachments': {'data': files}}
    message['shares'] = {'data': [{'link': 'https://www.example.org/', 'name': 'Mairie'}]}
    (event,) = _parse(_thread(message), Source.HISTORY, Account('page'))
    assert [(item.kind, item.mimetype, item.reason) for item in event.attachments] == [
        ('video', 'video/mp4', ''),
        ('file', 'application/pdf', ''),
        ('unreadable', '', 'forbidden_url'),
        ('share', '', ''),
    ]

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

"""What Telegram sends us: the corpus, then what it does not show."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from publik_socialmedia import networks
from publik_socialmedia.errors import UnreadablePayload
from publik_socialmedia.http import Answer
from publik_socialmedia.networks.base import Account, Event, Kind, Outgoing, Raw, Source, Status
from publik_socialmedia.networks.telegram.entities import written
from tests.networks import corpus

NETWORK = networks.get('telegram')
CASES = corpus.cases(NETWORK)
BOT = Account('123456789', {'bot_token': '123456789:AAE-demonstration-token-0123456789abc'})
JEANNE = {'id': 7012345678, 'first_name': 'Jeanne', 'type': 'private'}


def parse(*updates: object, source: Source = Source.WEBHOOK) -> list[Event]:
    body: object = updates[0] if source is Source.WEBHOOK else {'ok': True, 'result': list(updates)}
    return NETWORK.parse(Raw(json.dumps(body).encode(), source, account=BOT))


def message(key: str = 'message', **content: Any) -> dict[str, Any]:
    head = {'message_id': 41, 'from': {'id': JEANNE['id'], 'is_bot': False}, 'chat': JEANNE}
    return {'update_id': 1, key: {**head, 'date': 1789371005, **content}}


# -- the corpus


class Saying:
    """An Http that gives one answer to whatever is asked."""

    def __init__(self, body: bytes) -> None:
        self.answer = Answer(200, {}, body, '')

    def request(self, *_: object, **__: object) -> Answer:
        return self.answer


def sent(case: corpus.Case) -> corpus.Outcome:
    """What ``send`` makes of an answer; the corpus wants the number that is in it, without the person's."""
    found = NETWORK.send(BOT, Outgoing('key', '7012345678', 'Bonjour'), Saying(case.body))
    assert found.external_id in ('', f'7012345678:{case.item["answer"]["mid"]}')
    return type(found)(found.external_id.partition(':')[2])


READERS = {'send_ok.json': sent, 'send_ok_without_message_id.json': sent}


@pytest.mark.parametrize('case', CASES, ids=lambda case: case.file)
def test_corpus(case: corpus.Case):
    """R3, R4, R6, R7, R8, R11, R13, R14: each file gives its expected effects, and nothing else."""
    assert corpus.differences(case, corpus.read(NETWORK, case)) == []
    assert corpus.differences(case, corpus.read(NETWORK, case, READERS)) == []


def test_corpus_is_whole():
    """None of the 51 files is skipped; the table is printed, see it with ``pytest -rP``."""
    rows = [(c.network, c.file, c.kind, corpus.differences(c, corpus.read(NETWORK, c))) for c in CASES]
    print(corpus.table(rows))  # noqa: T201
    assert corpus.table(rows).endswith('telegram: 51 of 51 files pass')


# -- messages


def test_one_bad_update_never_hides_a_good_one():
    """R3"""
    good = message(text='Bonjour')
    strange = (None, 7, 'x', [], {}, {'message': 3}, message(chat=None), message(message_id='x'))
    for bad in strange:
        events = parse(bad, good, bad, source=Source.POLL)
        assert [event.text for event in events if event.kind is Kind.MESSAGE] == ['Bonjour']
        assert len(events) == 3


@pytest.mark.parametrize('body', [b'', b'null', b'7', b'"x"', b'{', b'[' * 100_000])
def test_what_is_no_update_is_unreadable(body: bytes):
    with pytest.raises(UnreadablePayload):
        NETWORK.parse(Raw(body))


def test_messages_of_one_second_are_in_the_order_of_their_numbers():
    """R25: the time is cut to the second, and two webhooks may pass each other."""
    (second,), (first,) = parse(message(message_id=12, text='b')), parse(message(message_id=9, text='a'))
    assert second.sent_at == first.sent_at
    assert [e.text for e in sorted([second, first], key=lambda e: (e.sent_at, e.sequence))] == ['a', 'b']
    for number in (0, -5, 2**31, 10**30):
        assert 0 <= parse(message(message_id=number, text='a'))[0].sequence < 2**31


@pytest.mark.parametrize(
    'text, ref',
    [('/start', None), ('/start lampadaire-12', 'lampadaire-12'), ('/start@ville_exemple_bot abc', 'abc')],
)
def test_start_is_an_event(text: str, ref: str | None):
    """No demand is opened by who only opens the chat; the word of a link is kept."""
    (event,) = parse(message(text=text))
    assert (event.kind, event.topic, event.user) == (Kind.CHANNEL, 'conversation_started', '7012345678')
    assert event.details.get('ref') == ref


@pytest.mark.parametrize(
    'text', ['/start Bonjour, il y a un trou', '/start é', '/starting', '/stop', '/help', 'bonjour /start']
)
def test_words_after_a_command_are_a_message(text: str):
    """R8: nothing that somebody wrote is dropped."""
    (event,) = parse(message(text=text))
    assert (event.kind, event.text) == (Kind.MESSAGE, text)


def test_only_private_chats_concern_us():
    chats: list[tuple[dict[str, Any], str]] = [
        ({'id': -100123, 'type': 'supergroup'}, 'group'),
        ({'id': -5, 'type': 'private'}, 'group'),
        ({'id': -5}, 'group'),
        ({'id': 5, 'type': 'group'}, 'group'),
        ({'id': -100, 'type': 'channel'}, 'group'),
        ({'id': 5, 'type': 'channel'}, 'public'),
        ({'id': 5, 'type': 'sender'}, 'unknown'),
        ({'type': 'private'}, 'unknown'),
    ]
    for chat, reason in chats:
        for key in ('message', 'edited_message', 'business_message', 'edited_business_message'):
            (event,) = parse(message(key, chat=chat, text='x'))
            assert (event.kind, event.reason) == (Kind.IGNORED, reason), chat
        (event,) = parse(
            {'update_id': 1, 'my_chat_member': {'chat': chat, 'new_chat_member': {'status': 'kicked'}}}
        )
        assert event.kind is Kind.IGNORED
    assert parse(message(chat={'id': 5}, text='x'))[0].kind is Kind.MESSAGE


def test_bots_are_ignored_and_the_town_is_not_a_citizen():
    """R11: also what our own bot has just sent in the name of the town."""
    (event,) = parse(message(text='pub', **{'from': {'id': 7, 'is_bot': True}}))
    assert (event.kind, event.reason) == (Kind.IGNORED, 'bot')
    business = {'business_connection_id': 'c', 'text': 'oui'}
    (native,) = parse(message('business_message', **business, **{'from': {'id': 5550001}}))
    (echo,) = parse(
        message(
            'business_message', **business, sender_business_bot={'id': 123456789}, **{'from': {'id': 5550001}}
        )
    )
    bot = {'id': 123456789}
    (unsigned,) = parse(message('business_message', **business, sender_business_bot=bot, **{'from': None}))
    for event in (native, echo, unsigned):
        assert (event.from_us, event.user, event.external_id) == (True, '7012345678', '7012345678:41')
        assert event.details['business_connection'] == 'c'
    (edited,) = parse(message('edited_business_message', **business, **{'from': {'id': 5550001}}))
    assert edited.kind is Kind.EDIT and edited.from_us


def test_an_edit_that_says_nothing_takes_no_word_away():
    """R13: only the buttons under the message have changed, or there is nothing that can be read."""
    for content in ({'reply_markup': {}}, {'tomorrow': {}}, {}):
        (event,) = parse(message('edited_message', edit_date=1789371009, **content))
        assert (event.kind, event.reason) == (Kind.IGNORED, 'empty')


@pytest.mark.parametrize(
    'content, text',
    [
        ({'dice': {'emoji': '🎲', 'value': 4}}, '🎲'),
        (
            {'poll': {'question': 'Quel jour ?', 'options': [{'text': 'lundi'}, {'text': 'mardi'}]}},
            'Quel jour ?\n- lundi\n- mardi',
        ),
        ({'checklist': {'title': 'À faire', 'tasks': [{'id': 1, 'text': 'signer'}]}}, 'À faire\n- signer'),
        ({'game': {'title': 'Échecs'}}, 'Échecs'),
        (
            {
                'rich_message': {
                    'blocks': [
                        {'type': 'heading', 'text': 'Travaux'},
                        {'type': 'paragraph', 'text': ['rue ', {'type': 'bold', 'text': 'des Lilas'}]},
                    ]
                }
            },
            'Travaux\nrue  des Lilas',
        ),
    ],
)
def test_contents_in_words(content: dict[str, Any], text: str):
    """R8"""
    (event,) = parse(message(**content))
    assert (event.kind, event.text, event.unreadable) == (Kind.MESSAGE, text, '')


@pytest.mark.parametrize('key', ['story', 'paid_media', 'invoice', 'giveaway', 'live_photo'])
def test_what_cannot_be_shown_is_said(key: str):
    """R8: never dropped."""
    (event,) = parse(message(**{key: {'id': 1}}))
    (attachment,) = event.attachments
    assert (attachment.kind, attachment.reason, attachment.declared) == ('unreadable', 'unsupported', key)


def test_a_content_of_tomorrow_is_said():
    """R8"""
    (event,) = parse(message(hologram={'id': 1}))
    assert (event.kind, event.unreadable) == (Kind.MESSAGE, 'unsupported')
    (event,) = parse(message(effect_id='5', has_protected_content=True))
    assert (event.kind, event.unreadable) == (Kind.MESSAGE, 'empty')


@pytest.mark.parametrize(
    'key', ['pinned_message', 'write_access_allowed', 'chat_background_set', 'gift', 'video_chat_started']
)
def test_service_messages_are_noise(key: str):
    (event,) = parse(message(**{key: {'x': 1}}))
    assert (event.kind, event.reason) == (Kind.IGNORED, 'noise')


def test_a_file_is_taken_once():
    """An animation also fills « document », a live photo also fills « photo »."""
    animation = {'file_id': 'A', 'mime_type': 'video/mp4; codecs=x', 'file_name': 'a.mp4', 'file_size': '12'}
    (event,) = parse(message(animation=animation, document=animation))
    (attachment,) = event.attachments
    assert (attachment.kind, attachment.reference, attachment.mimetype) == ('video', 'A', 'video/mp4')
    assert (attachment.filename, attachment.size, attachment.url) == ('a.mp4', 12, '')
    sizes = [{'file_id': 'S', 'width': 90, 'height': 67}, {'file_id': 'L', 'width': 1280, 'height': 960}]
    (event,) = parse(message(photo=sizes[::-1], live_photo={'video': {}}))
    assert [a.reference for a in event.attachments] == ['L']
    (event,) = parse(message(photo=[], document={'file_name': 'x'}))
    assert [a.reason for a in event.attachments] == ['not_transmitted', 'not_transmitted']


@pytest.mark.parametrize(
    'place', [{'latitude': 91, 'longitude': 1}, {'latitude': True, 'longitude': 1}, {}, 'x']
)
def test_a_place_that_is_none(place: object):
    (event,) = parse(message(location=place))
    assert [a.kind for a in event.attachments] == ['unreadable']


def test_a_live_position_is_noted_once():
    """It is edited at each step of who walks."""
    place = {'latitude': 47.2, 'longitude': -1.5, 'live_period': 900}
    assert parse(message(location=place))[0].kind is Kind.MESSAGE
    (event,) = parse(message('edited_message', location=place, edit_date=1789371009))
    assert (event.kind, event.reason) == (Kind.IGNORED, 'noise')


def test_an_edit_brings_its_files():
    """R13: the message that it edits may be unknown."""
    (event,) = parse(message('edited_message', caption='b', photo=[{'file_id': 'P'}], edit_date=1789371400))
    assert (event.kind, event.text, event.external_id) == (Kind.EDIT, 'b', '7012345678:41')
    assert event.sent_at == datetime.fromtimestamp(1789371400, UTC)
    assert [a.reference for a in event.attachments] == ['P']


def test_reactions():
    """R14"""

    def reacts(new: list[Any], old: list[Any]) -> Event:
        about = {'chat': JEANNE, 'message_id': 41, 'user': {'id': JEANNE['id']}, 'date': 1789371005}
        (event,) = parse({'message_reaction': {**about, 'new_reaction': new, 'old_reaction': old}})
        return event

    heart, thumb = ({'type': 'emoji', 'emoji': emoji} for emoji in '❤👍')
    event = reacts([thumb, heart], [thumb])
    assert (event.emoji, event.removed, event.external_id) == ('❤', False, '7012345678:41')
    event = reacts([], [heart])
    assert (event.emoji, event.removed) == ('❤', True)
    assert reacts([{'type': 'custom_emoji', 'custom_emoji_id': '5'}], []).emoji == ''


def test_blocking_and_back():
    for status, topic in (('kicked', 'blocked_by_user'), ('member', 'unblocked_by_user')):
        change = {'chat': JEANNE, 'date': 1789380000, 'new_chat_member': {'status': status}}
        (event,) = parse({'update_id': 1, 'my_chat_member': change})
        assert (event.kind, event.topic, event.user) == (Kind.CHANNEL, topic, '7012345678')
    (event,) = parse({'my_chat_member': {'chat': JEANNE, 'new_chat_member': {'status': 'restricted'}}})
    assert event.kind is Kind.IGNORED


@pytest.mark.parametrize(
    'enabled, can_reply, severity', [(True, True, ''), (True, False, 'warning'), (False, True, 'critical')]
)
def test_a_business_connection_that_ends_is_an_alert(enabled: bool, can_reply: bool, severity: str):
    rights = {'can_reply': can_reply}
    (event,) = parse({'business_connection': {'id': 'c', 'is_enabled': enabled, 'rights': rights}})
    assert (event.topic, event.severity) == ('business_connection', severity)
    assert (event.details['enabled'], event.details['can_reply']) == (enabled, can_reply)


def test_answers_of_our_own_calls_change_nothing():
    for body in (
        {'ok': False, 'error_code': 400},
        {'ok': True, 'result': True},
        {'ok': True, 'result': {'id': 1}},
    ):
        (event,) = NETWORK.parse(Raw(json.dumps(body).encode(), Source.POLL, account=BOT))
        assert (event.kind, event.reason) == (Kind.IGNORED, 'answer')
    answer = {'ok': True, 'result': {'message_id': 5, 'chat': JEANNE}}
    (event,) = NETWORK.parse(Raw(json.dumps(answer).encode(), Source.POLL, account=BOT))
    assert (event.kind, event.external_id, event.status) == (Kind.STATUS, '7012345678:5', Status.SENT)


# -- links behind words: offsets in UTF-16 units


def link(
    text: str, words: str, url: str = 'https://example.org/plan?rue=lilas', **changes: Any
) -> dict[str, Any]:
    before = text[: text.index(words)]
    offset, length = (len(part.encode('utf-16-le')) // 2 for part in (before, words))
    return {'type': 'text_link', 'offset': offset, 'length': length, 'url': url, **changes}


def test_the_address_follows_the_words():
    """R8: also after characters of two UTF-16 units, before others, twice, and at the very end."""
    text = '👩🏽‍🚒 voir le plan 🙂 ou le site'
    entities = [link(text, 'le site', 'http://b.example'), link(text, 'le plan')]
    assert written(text, entities) == (
        '👩🏽‍🚒 voir le plan (https://example.org/plan?rue=lilas) 🙂 ou le site (http://b.example)'
    )
    (event,) = parse(message(text=text, entities=entities))
    assert 'le plan (https://example.org/plan?rue=lilas)' in event.text
    (event,) = parse(message(caption=text, caption_entities=entities, photo=[{'file_id': 'P'}]))
    assert 'ou le site (http://b.example)' in event.text


def test_the_sample_of_the_documentation():
    text = 'Bonjour 💡 le lampadaire est en panne, voir le plan'
    entity = {'type': 'text_link', 'offset': 44, 'length': 7, 'url': 'https://example.org/plan'}
    assert written(text, [entity]) == f'{text} (https://example.org/plan)'


def test_a_link_that_shows_where_it_leads_is_not_said_twice():
    for shown in ('https://example.org/plan?rue=lilas', 'example.org/plan', 'example.org'):
        assert written(f'voir {shown}', [link(f'voir {shown}', shown)]) == (
            'voir https://example.org/plan?rue=lilas'
        )


def test_entities_that_make_no_sense_change_nothing():
    text = 'voir 🙂 le plan'
    strange: list[Any] = [
        link(text, 'le plan', url='javascript:alert(1)'),
        link(text, 'le plan', url=3),
        link(text, 'le plan', offset=-1),
        link(text, 'le plan', offset=10**30),
        link(text, 'le plan', length=0),
        link(text, 'le plan', length=99),
        link(text, 'le plan', type='bold'),
        {'type': 'text_link'},
        None,
        7,
    ]
    assert written(text, strange) == text
    assert written(text, 'x') == written(text, None) == text
    assert written(None, strange) == written(3, []) == ''
    # one that overlaps another, or begins inside a character: nothing is lost, nothing unpaired comes out
    assert written('abcdef', [link('abcdef', 'bcd'), link('abcdef', 'cde')]).count('(https') == 1
    half = written(text, [link(text, 'le plan', offset=6, length=3)])
    assert half.replace(' (https://example.org/plan?rue=lilas)', '').encode()


def test_white_space_stays_outside_of_a_link():
    assert written('un plan \nsuite', [link('un plan \nsuite', 'plan \n')]) == (
        'un plan (https://example.org/plan?rue=lilas) \nsuite'
    )

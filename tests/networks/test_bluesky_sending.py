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

"""Answers on Bluesky, and what becomes of them, through its emulator (R30, R31, R33)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from demo.emulators.bluesky import JEANNE, KARIM, URI
from publik_socialmedia import errors, networks
from publik_socialmedia.networks import rates
from publik_socialmedia.networks.base import Account, Outgoing, OutgoingFile
from publik_socialmedia.networks.bluesky import sending
from publik_socialmedia.networks.bluesky.sending import facets
from tests.networks.desks.bluesky import Desk, desk

NETWORK = networks.get('bluesky')
ACCEPT, SEND = 'POST /xrpc/chat.bsky.convo.acceptConvo$', 'POST /xrpc/chat.bsky.convo.sendMessage$'
FAMILY = '👩‍👩‍👧‍👦'  # one grapheme, 25 bytes


@pytest.fixture
def here() -> Iterator[Desk]:
    with desk() as found:
        found.writes()
        found.server.calls.clear()
        yield found


def split(text: str, *files: OutgoingFile) -> list[str]:
    parts = NETWORK.split(Account(''), Outgoing('k', 'did:plc:x', text), files)
    return [part.text for part in parts]


# -- parts


@pytest.mark.parametrize(
    'text',
    [
        'é' * 1000,
        'e\u0301' * 1000,  # two characters, one grapheme
        '🇫🇷' * 1000,
        FAMILY * 400,
        '한국어 ' * 250,
    ],
)
def test_a_thousand_graphemes_are_one_message(text: str):
    """R31: counted as a reader counts, within 10,000 bytes."""
    assert split(text) == [text.strip()]


@pytest.mark.parametrize(
    'text', ['é' * 1001, FAMILY * 401, FAMILY * 1000, 'mot ' * 600, 'Une phrase. ' * 300, 'क्षि' * 1200]
)
def test_longer_texts_are_cut_within_both_limits(text: str):
    """R31: as the service itself counts."""
    parts = split(text)
    assert len(parts) > 1
    for part in parts:
        assert len(regex.findall(r'\X', part)) <= 1000 and len(part.encode()) <= 10_000
    assert ''.join(''.join(parts).split()) == ''.join(text.split())


@given(
    st.text(
        st.sampled_from(['a', ' ', 'é', '\u0301', '\u200d', '👩', '🏽', '🇫', '한', '\n', '.']), max_size=400
    )
)
def test_our_count_is_never_below_the_one_of_the_service(text: str):
    """R31: else it would refuse a part. 40 times that text is about where the limit is."""
    for part in split(text * 40) if text.strip() else []:
        assert len(regex.findall(r'\X', part)) <= 1000


def test_files_are_refused_before_anything_is_sent():
    """R31: with the reason, which is not the type of the file."""
    for mimetype in ('image/png', 'application/pdf'):
        with pytest.raises(errors.PermanentError) as caught:
            split('Voici', OutgoingFile(b'x', 'x', mimetype))
        assert caught.value.reason == 'no_files'


# -- links


@pytest.mark.parametrize(
    'text, found',
    [
        ('Été : https://example.org/é.', ['https://example.org/é']),
        (
            '(voir https://example.org/a_(b)) ou https://b.example!',
            ['https://example.org/a_(b)', 'https://b.example'],
        ),
        ('👩🏽‍🚒 « https://example.org/x?a=1&b=2 »', ['https://example.org/x?a=1&b=2']),
        ('jeanne@example.org, example.org', []),
    ],
)
def test_addresses_become_links(text: str, found: list[str]):
    """Places are in bytes."""
    made = facets(text)
    assert [facet['features'][0]['uri'] for facet in made] == found
    for facet, address in zip(made, found, strict=True):
        place = facet['index']
        assert text.encode()[place['byteStart'] : place['byteEnd']].decode() == address


PIECES = ('http://', 'https://', 'é', '.', ')', '(', ' ', 'a', '/', '👩', '"')


@given(st.lists(st.sampled_from(PIECES)).map(''.join))
def test_any_text_makes_links_that_the_service_takes(text: str):
    """A facet that is refused would cost the whole message."""
    for facet in facets(text):
        start, end = facet['index']['byteStart'], facet['index']['byteEnd']
        address = facet['features'][0]['uri']
        assert text.encode()[start:end].decode() == address
        assert URI.fullmatch(address)


def test_links_are_sent(here: Desk):
    here.send(here.answer('Suivi : https://example.org/12-1.'))
    convo = here.server.convo_with(JEANNE)
    assert convo is not None
    assert convo.messages[-1]['facets'][0]['features'][0]['uri'] == 'https://example.org/12-1'


# -- sending


def test_a_request_is_accepted_by_the_answer(here: Desk):
    """R16: once."""
    here.send(here.answer('un'))
    here.send(here.answer('deux'))
    assert here.on_screen() == ['un', 'deux']
    assert len(here.server.asked(ACCEPT)) == 1


def test_an_acceptance_that_is_lost_sends_nothing(here: Desk):
    """R30: what was not sent has a known outcome."""
    here.server.fail('cut_after', ACCEPT)
    with pytest.raises(errors.TemporaryError) as caught:
        here.send(here.answer())
    assert not isinstance(caught.value, errors.OutcomeUnknown) and here.on_screen() == []
    here.send(here.answer())
    assert len(here.on_screen()) == 1


def test_people_who_do_not_take_our_messages(here: Desk):
    """R33: blocked by them or by us, gone, closed, of those whom they follow only."""
    town, jeanne = here.server.mairie, here.server.known(JEANNE)
    other = dataclasses.replace(here.answer(), recipient=here.server.known(KARIM).did)
    for message, change in (
        (here.answer(), lambda: jeanne.blocks.add(town.did)),
        (here.answer(), lambda: (jeanne.blocks.clear(), town.blocks.add(jeanne.did))),
        (here.answer(), lambda: (town.blocks.clear(), setattr(jeanne, 'allows', 'none'))),
        (here.answer(), lambda: (setattr(jeanne, 'allows', 'all'), setattr(jeanne, 'chat_disabled', True))),
        (other, lambda: setattr(here.server.known(KARIM), 'allows', None)),
        (dataclasses.replace(other, recipient='did:plc:gone'), lambda: None),
    ):
        change()
        with pytest.raises(errors.PermanentError) as caught:
            here.send(message)
        assert caught.value.reason == 'blocked', message
    assert here.on_screen() == []


def test_our_own_chat_switched_off_is_for_the_administrator(here: Desk):
    """R33"""
    here.server.mairie.chat_disabled = True
    with pytest.raises(errors.ConfigurationError) as caught:
        here.send(here.answer())
    assert caught.value.reason == 'policy'


@pytest.mark.parametrize('body', [b'<html>', b'[]', b'{}', b'{"id": 3.5}'])
def test_an_answer_that_is_no_message_has_an_unknown_outcome(here: Desk, body: bytes):
    """R30"""
    here.server.fail('after', SEND, status=200, body=body)
    with pytest.raises(errors.OutcomeUnknown):
        here.send(here.answer())
    assert len(here.on_screen()) == 1


@pytest.mark.parametrize('status', [408, 500, 502, 503])
def test_a_gateway_that_lost_the_answer(here: Desk, status: int):
    """R30: whatever its status, the service behind it may have done it."""
    here.server.fail('after', SEND, status=status, body=b'<html>')
    with pytest.raises(errors.OutcomeUnknown):
        here.send(here.answer())
    assert len(here.on_screen()) == 1


# -- looking for it


def test_found_though_the_person_has_closed_their_door_since(here: Desk):
    """R30: else it would be told as failed."""
    message = here.tried(here.answer())
    here.fail('cut_after')
    with pytest.raises(errors.OutcomeUnknown):
        here.send(message)
    here.blocks()
    found = here.find(message)
    assert found is not None and found.sent_at is not None


def test_found_among_many_pages(here: Desk, monkeypatch):
    """R30: the oldest one since the first try."""
    monkeypatch.setattr(sending, 'LONGEST_PAGE', 3)
    message = here.tried(here.answer('Merci'))
    first = here.send(message)
    here.send(here.answer('Merci'))
    for number in range(6):
        here.writes(str(number))
    found = here.find(message)
    assert found is not None and found.external_id == first.external_id


def test_not_found_before_the_first_try_nor_in_another_s_words(here: Desk):
    """R30"""
    convo = here.server.convo_with(JEANNE)
    assert convo is not None
    here.send(here.answer('Merci'))
    convo.messages[-1]['sentAt'] = '2026-01-01T00:00:00.000Z'
    here.writes('Merci')
    assert here.find(here.tried(here.answer('Merci'), timedelta(minutes=10))) is None


def test_not_sent_is_only_said_when_it_can_no_longer_come(here: Desk):
    """R30"""
    with pytest.raises(errors.TemporaryError) as caught:
        here.find(here.tried(here.answer(), timedelta(seconds=20)))
    assert 30 < (caught.value.retry_after or 0) <= 41


def test_without_any_conversation_nothing_was_sent(here: Desk):
    to_karim = dataclasses.replace(here.answer(), recipient=here.server.known(KARIM).did)
    assert here.find(here.tried(to_karim, timedelta(minutes=10))) is None


def test_the_clocks_may_differ(here: Desk, monkeypatch):
    """R30: the time of the first try is ours, that of the message the service's."""
    message = here.tried(here.answer())
    sent = here.send(message)
    convo = here.server.convo_with(JEANNE)
    assert convo is not None
    late = datetime.now(UTC) - timedelta(minutes=10)
    convo.messages[-1]['sentAt'] = late.isoformat()
    with pytest.raises(errors.TemporaryError):
        here.find(message)
    monkeypatch.setattr(rates, 'server_time', lambda answer: late)
    found = here.find(message)
    assert found is not None and found.external_id == sent.external_id

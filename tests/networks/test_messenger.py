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

"""What Messenger sends us: the corpus, then arbitrary and altered bodies."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from publik_socialmedia import networks
from publik_socialmedia.errors import UnreadablePayload
from publik_socialmedia.networks.base import (
    IGNORED_REASONS,
    TOPICS,
    UNREADABLE_REASONS,
    Account,
    Event,
    Kind,
    Raw,
    Source,
)
from publik_socialmedia.text import clean
from tests.networks import corpus

NETWORK = networks.get('messenger')
CASES = corpus.cases(NETWORK)
WEBHOOKS = [case for case in CASES if case.kind == 'webhook']
SOURCES = [Source.WEBHOOK, Source.POLL, Source.HISTORY, Source.STREAM]


# -- the corpus


@pytest.mark.parametrize('case', CASES, ids=lambda case: case.file)
def test_corpus(case: corpus.Case):
    """R3, R4, R6, R8, R11–R16: each file gives its expected effects, and nothing else."""
    assert corpus.differences(case, corpus.read(NETWORK, case)) == []


def test_corpus_is_whole():
    """None of the 84 files is skipped; the table is printed, see it with ``pytest -rP``."""
    rows = [(c.network, c.file, c.kind, corpus.differences(c, corpus.read(NETWORK, c))) for c in CASES]
    print(corpus.table(rows))  # noqa: T201
    assert len(rows) == 84
    assert corpus.table(rows).endswith('messenger: 84 of 84 files pass')


@pytest.mark.parametrize('case', WEBHOOKS, ids=lambda case: case.file)
def test_entries_permuted_or_split_mean_the_same(case: corpus.Case):
    """R3, R4: batches are re-made at will by Meta."""
    body = json.loads(case.body)
    if not isinstance(body, dict) or len(body['entry']) < 2:
        return
    whole = _bare(NETWORK.parse(case.raw()))
    reverse = _parse({**body, 'entry': body['entry'][::-1]})
    split = [event for entry in body['entry'] for event in _parse({**body, 'entry': [entry]})]
    assert sorted(whole, key=repr) == sorted(_bare(reverse), key=repr) == sorted(_bare(split), key=repr)


def _parse(body: object, source: Source = Source.WEBHOOK, account: Account | None = None) -> list[Event]:
    return NETWORK.parse(Raw(json.dumps(body).encode(), source, account=account))


def _bare(events: list[Event]) -> list[Event]:
    return [dataclasses.replace(event, sequence=0) for event in events]


def test_poll_page_is_followed_by_its_cursor_only():
    """The URL of ``next`` is never followed; its cursor is read where there is no other."""
    from publik_socialmedia.networks.meta_graph import next_cursor

    case = next(case for case in CASES if case.file == 'poll_conversations_page.json')
    assert case.item['answer']['next'].endswith('after=cursor')
    assert next_cursor(json.loads(case.body)) == 'cursor'


# -- parse is total


def _check_events(events: list[Event]) -> None:
    """What every event owes to the contract, whatever was read."""
    assert events
    assert sorted(event.sequence for event in events) == list(range(len(events)))
    for event in events:
        for text in (event.text, event.user, event.external_id, event.account_id, event.name, event.key):
            assert isinstance(text, str) and clean(text) == text
        assert all(len(text) <= 512 for text in (event.user, event.external_id, event.account_id))
        for moment in (event.sent_at, event.fallback_at, event.up_to):
            assert moment is None or moment.utcoffset() == datetime.now(UTC).utcoffset()
        json.dumps(dict(event.details), allow_nan=False)
        assert event.kind is not Kind.IGNORED or event.reason in IGNORED_REASONS
        assert event.kind is not Kind.CHANNEL or event.topic in TOPICS
        assert event.kind is not Kind.STATUS or event.external_id or event.up_to
        assert event.unreadable in ('', *UNREADABLE_REASONS)
        for attachment in event.attachments:
            assert (attachment.kind == 'unreadable') == bool(attachment.reason)
            json.dumps(dict(attachment.details), allow_nan=False)


def _parse_or_refuse(body: bytes, source: Source) -> None:
    account = None if source is Source.WEBHOOK else Account('104400000000001')
    try:
        events = NETWORK.parse(Raw(body, source, account=account))
    except UnreadablePayload:
        return
    _check_events(events)


@given(st.binary(max_size=300), st.sampled_from(SOURCES))
@example(b'', Source.WEBHOOK)
@example(b'[' * 200_000, Source.WEBHOOK)
@example(b'{"entry":' + b'9' * 5000 + b'}', Source.WEBHOOK)
@example(b'\xff\xfe{}', Source.POLL)
@example(b'{"data":[{"from":{"id":NaN},"message":Infinity}]}', Source.POLL)
@settings(deadline=None, max_examples=200)
def test_arbitrary_bytes(body: bytes, source: Source):
    """R3: only UnreadablePayload may come out, whatever the bytes."""
    _parse_or_refuse(body, source)


KEYS = sorted(
    {
        'object',
        'entry',
        'messaging',
        'standby',
        'changes',
        'field',
        'value',
        'sender',
        'recipient',
        'id',
        'time',
    }
    | {'timestamp', 'message', 'mid', 'text', 'attachments', 'type', 'payload', 'url', 'title', 'is_echo'}
    | {'message_edit', 'num_edit', 'reaction', 'action', 'emoji', 'postback', 'referral', 'ref', 'delivery'}
    | {'read', 'mids', 'watermark', 'policy_enforcement', 'take_thread_control', 'new_owner_app_id', 'data'}
    | {'from', 'to', 'created_time', 'messages', 'participants', 'coordinates', 'lat', 'long', 'sticker_id'}
    | {'quick_reply', 'tags', 'source', 'reply_to', 'metadata', 'elements', 'shares', 'sticker', 'message_id'}
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None), max_size=20)
    | st.sampled_from(
        ['page', 'react', 'image', 'fallback', '104400000000001', '1790856000123', '2026-10-01', '0']
    )
    | st.sampled_from(
        [1790856000123, 1790856000, 4, '\u0000\ud800', 'https://scontent.xx.fbcdn.net/a', 'x' * 600]
    )
)
JSON_VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=30,
)


@given(JSON_VALUES, st.sampled_from(SOURCES))
@settings(deadline=None, max_examples=300)
def test_arbitrary_json(value: object, source: Source):
    """R3, R8"""
    _parse_or_refuse(json.dumps(value).encode(), source)


@given(JSON_VALUES)
@settings(deadline=None, max_examples=300)
def test_arbitrary_item(value: object):
    """R3: a good item survives any neighbour, and is understood alone."""
    good = {
        'sender': {'id': 'citizen'},
        'recipient': {'id': 'page'},
        'timestamp': 1790856000123,
        'message': {'mid': 'm_good', 'text': 'Bonjour'},
    }
    body = {'object': 'page', 'entry': [{'id': 'page', 'messaging': [value, good, value]}, value]}
    events = _parse(body)
    _check_events(events)
    assert [event.text for event in events if event.external_id == 'm_good' and event.user == 'citizen'] == [
        'Bonjour'
    ]

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

"""What Mastodon sends us: the corpus, then arbitrary and altered bodies."""

from __future__ import annotations

import copy
import json
from datetime import UTC
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publik_socialmedia.errors import UnreadablePayload
from publik_socialmedia.networks.base import (
    ATTACHMENT_KINDS,
    IGNORED_REASONS,
    TOPICS,
    UNREADABLE_REASONS,
    Account,
    Kind,
    Raw,
    Source,
)
from publik_socialmedia.text import clean
from tests.networks import corpus
from tests.networks.mastodon_bodies import (
    GOTOSOCIAL,
    MOCK,
    NETWORK,
    SNAC,
    bare,
    parse,
)

CASES = corpus.cases(NETWORK)


def outcome(case: corpus.Case) -> corpus.Outcome:
    """Answers of our own POST mean something to ``send``, through ``error``."""
    if any(effect.get('class') == 'not_private' for effect in case.expect):
        return NETWORK.error(case.answer())
    return corpus.read(NETWORK, case)


# -- the corpus


@pytest.mark.parametrize('case', CASES, ids=lambda case: case.file)
def test_corpus(case: corpus.Case):
    """R6, R8, R11, R13, R16: each file gives its expected effects, and nothing else."""
    assert corpus.differences(case, outcome(case)) == []


def test_corpus_is_whole():
    """None of the 32 files is skipped; the table is printed, see it with ``pytest -rP``."""
    rows = [(c.network, c.file, c.kind, corpus.differences(c, outcome(c))) for c in CASES]
    print(corpus.table(rows))  # noqa: T201
    assert corpus.table(rows).endswith('mastodon: 32 of 32 files pass')


LISTS = [case for case in CASES if case.body[:1] == b'[' and 'history' not in str(case.item.get('request'))]


@pytest.mark.parametrize('case', LISTS, ids=lambda case: case.file)
def test_a_list_permuted_or_split_means_the_same(case: corpus.Case):
    """R3, R4"""
    items = json.loads(case.body)
    whole = bare(NETWORK.parse(case.raw()))
    reverse = parse(items[::-1], account=case.account())
    split = [event for item in items for event in parse([item], account=case.account())]
    assert sorted(whole, key=repr) == sorted(bare(reverse), key=repr) == sorted(bare(split), key=repr)


def test_one_bad_item_never_hides_a_good_one():
    """R3"""
    case = next(case for case in CASES if case.file == 'direct_group_conversation.json')
    good = json.loads(case.body)[0]
    strange = ({'last_status': [], 'accounts': 3}, {**good, 'last_status': {'id': '1'}})
    for bad in (None, 7, 'x', [], {}, *strange):
        events = parse([bad, good, bad], account=case.account())
        assert [event.kind for event in events] == [Kind.IGNORED, Kind.MESSAGE, Kind.IGNORED]


def test_the_answer_that_came_out_public_is_named():
    """R34"""
    for name, posted in (
        ('status_two_images', '117020576664373107'),
        ('status_with_poll_no_content_noise', '117020582690234381'),
    ):
        case = next(case for case in CASES if case.file == f'{name}.json')
        error = NETWORK.error(case.answer())
        assert error is not None and error.code == case.expect[0]['mid'] == posted


def test_the_reset_of_the_rate_is_an_iso_date():
    """R33: by the server's clock, which may be ours or not."""
    case = next(case for case in CASES if case.file == 'error_429.json')
    answer = case.answer()
    dated = corpus.StoredAnswer(
        429, answer.body, {**answer.headers, 'date': 'Sun, 02 Aug 2026 05:20:00 GMT'}, answer.url
    )
    assert NETWORK.error(dated).retry_after == 300
    later = corpus.StoredAnswer(429, b'', {**dated.headers, 'date': 'Sun, 02 Aug 2026 06:00:00 GMT'})
    assert NETWORK.error(later).retry_after == 1
    absurd = corpus.StoredAnswer(429, b'', {'x-ratelimit-reset': '2099-01-01T00:00:00Z'})
    assert NETWORK.error(absurd).retry_after == 3600


# -- arbitrary bodies: only UnreadablePayload may come out


CALLS = (
    '',
    'GET /api/v1/statuses/1',
    'GET /api/v1/statuses/1/history',
    'GET /api/v1/statuses?id[]=1',
    'GET /api/v1/statuses/1 404',
    'POST /api/v1/statuses',
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
ACCOUNTS = st.sampled_from([None, GOTOSOCIAL, SNAC, MOCK])
SOURCES = st.sampled_from(list(Source))


def check(raw: Raw) -> None:
    try:
        events = NETWORK.parse(raw)
    except UnreadablePayload:
        return
    assert events, 'nothing is silently dropped'
    for event in events:
        json.dumps(dict(event.details))
        assert clean(event.text) == event.text and clean(event.user) == event.user
        assert len(event.external_id) <= 255 and clean(event.external_id) == event.external_id
        assert event.kind is not Kind.IGNORED or event.reason in IGNORED_REASONS
        assert event.kind is not Kind.CHANNEL or event.topic in TOPICS
        assert not event.unreadable or event.unreadable in UNREADABLE_REASONS
        assert all(attachment.kind in ATTACHMENT_KINDS for attachment in event.attachments)
        assert event.sent_at is None or event.sent_at.tzinfo is UTC


@given(body=st.binary(max_size=200), source=SOURCES, account=ACCOUNTS, call=st.sampled_from(CALLS))
def test_any_bytes(body: bytes, source: Source, account: Account | None, call: str):
    """R3"""
    check(Raw(body, source, call, account))


@given(body=JSON, source=SOURCES, account=ACCOUNTS, call=st.sampled_from(CALLS))
def test_any_json(body: object, source: Source, account: Account | None, call: str):
    """R3"""
    check(Raw(json.dumps(body).encode('utf-8', 'surrogatepass'), source, call, account))


@pytest.mark.parametrize('body', [
    b'[' * 100000, b'{"a":' * 100000, b'1' * 5000, b'{"id": ' + b'9' * 6000 + b'}', b'NaN', b'"text"',
    b'null',
    b'\xff\xfe[\x00]\x00', b'', b'{"event": "notification", "payload": "' + b'[' * 50000 + b'"}',
])  # fmt: skip
def test_hostile_bodies(body: bytes):
    """R3"""
    check(Raw(body, Source.STREAM, '', MOCK))


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        found += _paths(inner, (*path, key))
    return found


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(case=st.sampled_from([case for case in CASES if case.kind != 'api_error']), data=st.data())
def test_altered_corpus(case: corpus.Case, data: st.DataObject):
    """R3: any value of a real body replaced by anything, or removed."""
    body = copy.deepcopy(json.loads(case.body))
    inside = isinstance(body, dict) and isinstance(body.get('payload'), str) and body['payload'][:1] == '{'
    target = json.loads(body['payload']) if inside else body
    paths = _paths(target)
    if paths:
        *way, last = data.draw(st.sampled_from(paths))
        owner = target
        for key in way:
            owner = owner[key]
        if data.draw(st.booleans()):
            owner[last] = data.draw(JSON)
        else:
            del owner[last]
    if inside:
        body['payload'] = json.dumps(target)
    source = Source.STREAM if case.kind == 'stream' else Source.POLL
    check(Raw(json.dumps(body).encode('utf-8', 'surrogatepass'), source, case.raw().call, case.account()))

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

"""``parse`` is total for every network: whatever the bytes, events or UnreadablePayload (R3, R8).

Keys and values are drawn from each network's own corpus, so that what is arbitrary goes deep.
"""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from publik_socialmedia import networks
from publik_socialmedia.errors import UnreadablePayload
from publik_socialmedia.networks import model
from publik_socialmedia.networks.base import Event, Kind, Raw, Source
from publik_socialmedia.text import clean
from tests.networks import corpus

ALL = list(networks.registry())
SOURCES = list(Source)
EXTREMES = ['\u0000\ud800', 'x' * 600, 1790856000, 2**40, 10**400, -1, '-1', 1e300]
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)


@cache
def cases(slug: str) -> list[corpus.Case]:
    return [case for case in corpus.cases(networks.get(slug)) if case.kind != 'api_error']


@cache
def words(slug: str) -> tuple[list[str], list[Any]]:
    """Keys, and values that are no containers, of a network's corpus."""
    keys, leaves = set[str](), dict[str, Any]()
    waiting = [json.loads(case.body) for case in cases(slug)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            keys |= set(value)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        else:
            leaves[repr(value)] = value
    return sorted(keys), [leaves[name] for name in sorted(leaves)]


@cache
def values(slug: str) -> st.SearchStrategy[Any]:
    """Any JSON, often made of what the network really says."""
    keys, known = words(slug)
    leaves = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(st.characters(codec=None), max_size=20)
        | st.sampled_from(known)
        | st.sampled_from(EXTREMES)
    )
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(keys) | st.text(max_size=5), inner, max_size=6)
        ),
        max_leaves=25,
    )


def parse_or_refuse(slug: str, body: bytes, source: Source, call: str = '') -> None:
    network = networks.get(slug)
    account = None if source is Source.WEBHOOK else cases(slug)[0].account()
    try:
        events = network.parse(Raw(body, source, call=call, account=account))
    except UnreadablePayload:
        return
    assert events  # nothing is silently dropped
    for event in events:
        check(event)


def check(event: Event) -> None:
    """What every event owes to the rest of the software."""
    texts = (event.text, event.user, event.external_id, event.account_id, event.name, event.key, event.emoji)
    for text in (*texts, *event.aliases, event.reply_to, event.code, event.error):
        assert isinstance(text, str) and clean(text) == text
    assert all(len(text) <= 512 for text in (event.user, event.external_id, event.account_id))
    for moment in (event.sent_at, event.fallback_at, event.up_to):
        assert moment is None or moment.utcoffset() == datetime.now(UTC).utcoffset()
    assert 0 <= event.sequence < 2**31
    json.dumps(dict(event.details), allow_nan=False)
    assert event.kind is not Kind.IGNORED or event.reason in model.IGNORED_REASONS
    assert event.kind is not Kind.CHANNEL or event.topic in model.TOPICS
    assert event.severity in ('', 'info', 'warning', 'critical')
    assert event.unreadable in ('', *model.UNREADABLE_REASONS)
    for attachment in event.attachments:
        assert attachment.kind in model.ATTACHMENT_KINDS
        assert (attachment.kind == 'unreadable') == bool(attachment.reason)
        assert attachment.reason in ('', *model.UNREADABLE_REASONS)
        for text in (attachment.url, attachment.reference, attachment.filename, attachment.alt):
            assert isinstance(text, str) and clean(text) == text
        json.dumps(dict(attachment.details), allow_nan=False)


@pytest.mark.parametrize('slug', ALL)
@given(body=st.binary(max_size=300), source=st.sampled_from(SOURCES))
@example(body=b'', source=Source.WEBHOOK)
@example(body=b'[' * 200_000, source=Source.WEBHOOK)
@example(body=b'{"entry":' + b'9' * 5000 + b'}', source=Source.WEBHOOK)
@example(body=b'\xff\xfe{}', source=Source.POLL)
@example(body=b'{"data":[{"from":{"id":NaN},"message":Infinity}]}', source=Source.POLL)
@example(body=b'{"update_id":1,"message":{"message_id":NaN,"chat":{"id":Infinity}}}', source=Source.WEBHOOK)
@settings(max_examples=100)
def test_arbitrary_bytes(slug: str, body: bytes, source: Source):
    parse_or_refuse(slug, body, source)


@pytest.mark.parametrize('slug', ALL)
@given(data=st.data(), source=st.sampled_from(SOURCES))
@settings(max_examples=150, suppress_health_check=SLOW)
def test_arbitrary_json(slug: str, data: st.DataObject, source: Source):
    parse_or_refuse(slug, json.dumps(data.draw(values(slug))).encode(), source)


def paths(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, inner in pairs for found in paths(inner, (*path, key)))]


@pytest.mark.parametrize('slug', ALL)
@given(data=st.data())
@settings(max_examples=500, suppress_health_check=SLOW)
def test_mutated_corpus(slug: str, data: st.DataObject):
    """Real bodies with values replaced, removed or repeated."""
    case = data.draw(st.sampled_from(cases(slug)))
    body = json.loads(case.body)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(paths(body)))
        if not path:
            continue
        parent = body
        for key in path[:-1]:
            parent = parent[key]
        what = data.draw(st.sampled_from(['replace', 'remove', 'repeat']))
        if what == 'remove':
            del parent[path[-1]]
        elif what == 'repeat':
            parent[path[-1]] = [copy.deepcopy(parent[path[-1]])] * 2
        else:
            parent[path[-1]] = data.draw(st.sampled_from(EXTREMES) | values(slug))
    parse_or_refuse(slug, json.dumps(body).encode(), case.raw().source, case.raw().call)

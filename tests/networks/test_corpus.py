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

"""The comparison with the corpus sees what is wrong: else no test that uses it proves anything."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from publik_socialmedia import errors, networks
from publik_socialmedia.networks.base import Attachment, Event, Kind, Sent
from tests.networks import corpus

MESSENGER = networks.get('messenger')
BODIES = [case for case in corpus.cases(MESSENGER) if case.kind in ('webhook', 'poll')]
ERRORS = [case for case in corpus.cases(MESSENGER) if case.kind == 'api_error']


def named(name: str) -> corpus.Case:
    return next(case for case in corpus.cases(MESSENGER) if case.file == f'{name}.json')


@pytest.mark.parametrize('case', BODIES, ids=lambda case: case.file)
def test_any_expected_value_that_is_altered_is_seen(case: corpus.Case):
    events = MESSENGER.parse(case.raw())
    assert corpus.differences(case, events) == []
    for rank, effect in enumerate(case.expect):
        for key in effect:
            if key in ('effect', 'transformed', 'detail', 'counted', 'sent_at_fallback'):
                continue
            altered = [dict(other) for other in case.expect]
            altered[rank][key] = _altered(effect[key])
            wrong = dataclasses.replace(case, item={**case.item, 'expect': altered})
            assert corpus.differences(wrong, events), (case.file, key)


def _altered(value: object) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, list):
        return [*value, {'type': 'image'}]
    if isinstance(value, str) and value[4:5] == '-' and value[10:11] == 'T':
        return '2001-02-03T04:05:06Z'
    return 'read' if value == 'delivered' else f'{value} altered'


@pytest.mark.parametrize('case', BODIES, ids=lambda case: case.file)
def test_any_missing_or_unexpected_event_is_seen(case: corpus.Case):
    events = corpus.without_repeats(MESSENGER.parse(case.raw()))
    for event in events:
        others = [other for other in events if other is not event]
        expected = [effect for effect in case.expect if effect['effect'] == 'ignored']
        if event.kind is not Kind.IGNORED or len(expected) == len(case.expect) == 1:
            assert corpus.differences(case, others), (case.file, event.kind)
    more = Event(Kind.MESSAGE, external_id='one too many', user='somebody', text='x')
    assert corpus.differences(case, [*events, more])


@pytest.mark.parametrize('case', ERRORS, ids=lambda case: case.file)
def test_another_error_is_seen(case: corpus.Case):
    error = MESSENGER.error(case.answer())
    assert error is not None and corpus.differences(case, error) == []
    assert corpus.differences(case, errors.TemporaryError('temporary', code=error.code))
    assert corpus.differences(case, type(error)('rate', code=error.code, subcode=error.subcode))
    assert corpus.differences(case, type(error)(error.reason, code='77'))
    assert corpus.differences(case, None)


def test_a_precise_reason_is_allowed_where_the_corpus_says_permanent():
    case = named('error_200_image_too_large_36000')
    precise = errors.PermanentError('file_too_big', code=36000, http_status=200)
    assert corpus.differences(case, precise) == []
    assert corpus.differences(case, errors.PermanentError('window', code=36000, http_status=200))


def test_the_order_of_a_conversation_is_compared():
    case = named('two_messages_out_of_order')
    first, second = MESSENGER.parse(case.raw())
    swapped = [
        dataclasses.replace(first, sequence=second.sequence),
        dataclasses.replace(second, sequence=first.sequence),
    ]
    assert any('order' in difference for difference in corpus.differences(case, swapped))


def test_the_unknown_account_is_the_first_that_is_not_ours():
    """R3: whichever side of the item is not connected."""
    for name in ('recipient_is_another_page', 'batch_two_entries_two_pages'):
        case = named(name)
        assert corpus.differences(case, MESSENGER.parse(case.raw())) == []


def test_what_is_for_an_account_that_is_not_connected_is_compared():
    """R3: the body cannot tell; the message of another account than the one named is still one too many."""
    instagram = networks.get('instagram')
    case = next(c for c in corpus.cases(instagram) if c.file == 'batch_1000_limit_mixed.json')
    events = instagram.parse(case.raw())
    assert corpus.differences(case, events) == []
    stranger = dataclasses.replace(events[-1], account_id='another', external_id='m_another')
    assert corpus.differences(case, [*events, stranger])
    assert corpus.differences(case, events[:-1])


def test_a_sent_message_is_compared_with_the_answer():
    case = named('send_ok')
    assert corpus.differences(case, Sent('m_1PcIJ0CA12gJZwt7')) == []
    assert corpus.differences(case, Sent('m_another'))


def test_time_and_attachments_are_compared():
    case = named('file_doc')
    (event,) = MESSENGER.parse(case.raw())
    assert event.sent_at is not None
    later = dataclasses.replace(event, sent_at=event.sent_at + timedelta(seconds=1))
    assert corpus.differences(case, [later])
    assert corpus.differences(case, [dataclasses.replace(event, attachments=())])
    other = Attachment('file', url='https://cdn.fbsbx.com/other')
    assert corpus.differences(case, [dataclasses.replace(event, attachments=(other,))])
    elsewhere = dataclasses.replace(event, account_id='another page')
    assert corpus.differences(case, [elsewhere])


def test_repeats_are_those_that_the_database_would_refuse():
    """R4"""
    at = datetime(2026, 10, 1, tzinfo=UTC)
    same = Event(Kind.MESSAGE, account_id='1', external_id='m', user='u', text='a', sent_at=at)
    assert corpus.without_repeats([same, dataclasses.replace(same, sequence=7)]) == [same]
    other_kind = dataclasses.replace(same, kind=Kind.EDIT)
    other_account = dataclasses.replace(same, account_id='2')
    assert len(corpus.without_repeats([same, other_kind, other_account])) == 3
    without_id = dataclasses.replace(same, external_id='')
    assert len(corpus.without_repeats([without_id, dataclasses.replace(without_id, text='b')])) == 2


def test_the_table_counts():
    rows = [('messenger', 'a.json', 'webhook', []), ('messenger', 'b.json', 'poll', ['text: wrong'])]
    table = corpus.table(rows)
    assert 'messenger: 1 of 2 files pass' in table
    assert 'FAIL' in table and 'text: wrong' in table

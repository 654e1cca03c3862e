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

"""What Bluesky sends us: the corpus, then texts, quotes, people, errors, altered bodies."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publik_socialmedia import errors, networks
from publik_socialmedia.networks.base import Account, Event, Kind, Raw, Source
from publik_socialmedia.networks.bluesky.messages import page_of, text_of
from publik_socialmedia.reasons import sentence
from tests.networks import corpus

NETWORK = networks.get('bluesky')
CASES = corpus.cases(NETWORK)
US, JEANNE, KARIM = 'did:plc:mairie', 'did:plc:jeanne', 'did:plc:karim'
DEFS = 'chat.bsky.convo.defs'


def parse(body: Any, ours: str = US) -> list[Event]:
    return NETWORK.parse(Raw(json.dumps(body).encode(), Source.POLL, account=Account(ours)))


def message(text: str = 'Bonjour', sender: str = JEANNE, **more: Any) -> dict[str, Any]:
    values = {'id': '3lmessage', 'rev': '22rev', 'text': text, 'sender': {'did': sender}}
    return {'$type': f'{DEFS}#messageView', **values, 'sentAt': '2026-11-22T09:00:00.000Z', **more}


def created(said: dict[str, Any], convo: str = 'c1', **more: Any) -> dict[str, Any]:
    return {
        '$type': f'{DEFS}#logCreateMessage',
        'rev': said['rev'],
        'convoId': convo,
        'message': said,
        **more,
    }


def convo(
    *members: dict[str, Any], key: str = 'c1', kind: str = 'directConvo', **more: Any
) -> dict[str, Any]:
    return {'id': key, 'kind': {'$type': f'{DEFS}#{kind}'}, 'members': [{'did': US}, *members], **more}


def facet(start: int, end: int, uri: str) -> dict[str, Any]:
    feature = {'$type': 'app.bsky.richtext.facet#link', 'uri': uri}
    return {'index': {'byteStart': start, 'byteEnd': end}, 'features': [feature]}


# -- the corpus


@pytest.mark.parametrize('case', CASES, ids=lambda case: case.file)
def test_corpus(case: corpus.Case):
    """R3, R6, R8, R11, R13, R14, R16: each file gives its expected effects, and nothing else."""
    assert corpus.differences(case, corpus.read(NETWORK, case)) == []


def test_corpus_is_whole():
    """None of the 19 files is skipped; the table is printed, see it with ``pytest -rP``."""
    rows = [(c.network, c.file, c.kind, corpus.differences(c, corpus.read(NETWORK, c))) for c in CASES]
    print(corpus.table(rows))  # noqa: T201
    assert corpus.table(rows).endswith('bluesky: 19 of 19 files pass')


# -- texts


@pytest.mark.parametrize(
    'text, label, uri, shown',
    [
        (
            'Été : example.org/pl...',
            'example.org/pl...',
            'https://example.org/plan',
            'Été : https://example.org/plan',
        ),
        (
            '👩🏽‍🚒 voir ici merci',
            'ici',
            'https://example.org/a',
            '👩🏽‍🚒 voir ici (https://example.org/a) merci',
        ),
        (
            'ma-banque.example',
            'ma-banque.example',
            'https://vol.example/',
            'ma-banque.example (https://vol.example/)',
        ),
        ('clic', 'clic', 'javascript:alert(1)', 'clic'),
        ('clic', 'clic', 'https://a b.example', 'clic'),
    ],
)
def test_a_link_says_where_it_leads(text: str, label: str, uri: str, shown: str):
    """Places are counted in bytes of UTF-8, whatever comes before; a hidden address is shown."""
    start = len(text[: text.index(label)].encode())
    assert text_of({'text': text, 'facets': [facet(start, start + len(label.encode()), uri)]}) == shown


@pytest.mark.parametrize(
    'facets',
    [
        [facet(0, 1, 'https://example.org')],  # inside É
        [facet(-1, 4, 'https://example.org')],
        [facet(3, 400, 'https://example.org')],
        [facet(3, 3, 'https://example.org')],
        [{'index': {'byteStart': 'x'}, 'features': None}],
        [{'index': {}, 'features': [{'$type': 'app.bsky.richtext.facet#link'}]}],
        'x',
    ],
)
def test_facets_that_are_wrong_leave_the_text_as_it_is(facets: Any):
    assert text_of({'text': 'Été gâché', 'facets': facets}) == 'Été gâché'


def test_of_two_facets_on_one_place_the_first_counts():
    both = [
        facet(0, 3, 'https://a.example'),
        facet(0, 2, 'https://b.example'),
        facet(2, 4, 'https://c.example'),
    ]
    assert text_of({'text': 'abcd', 'facets': both}) == 'ab (https://b.example)cd (https://c.example)'


@given(st.text(), st.lists(st.tuples(st.integers(-5, 60), st.integers(-5, 60)), max_size=4))
def test_no_facet_breaks_a_text(text: str, places: list[tuple[int, int]]):
    """R8, R24: any places in any text, lone surrogates included."""
    found = text_of({'text': text, 'facets': [facet(*place, 'https://example.org') for place in places]})
    found.encode()
    if not places:
        assert len(found) <= len(text)


# -- quotes


@pytest.mark.parametrize(
    'uri, page',
    [
        ('at://did:plc:a/app.bsky.feed.post/3k', 'https://bsky.app/profile/did:plc:a/post/3k'),
        ('at://did:plc:a/app.bsky.feed.generator/x', 'https://bsky.app/profile/did:plc:a/feed/x'),
        ('at://did:plc:a/app.bsky.graph.list/3k', 'https://bsky.app/profile/did:plc:a/lists/3k'),
        ('at://did:plc:a/app.bsky.graph.starterpack/3k', 'https://bsky.app/starter-pack/did:plc:a/3k'),
        ('at://did:plc:a/app.bsky.labeler.service/self', 'https://bsky.app/profile/did:plc:a'),
        ('https://example.org', ''),
        ('at://a b/c/d', ''),
    ],
)
def test_where_a_record_is_shown(uri: str, page: str):
    assert page_of(uri) == page


@pytest.mark.parametrize('kind', ['viewRecord', 'viewNotFound', 'viewBlocked', 'viewDetached'])
def test_a_quoted_post_is_a_link_even_when_it_cannot_be_seen(kind: str):
    """R8"""
    record = {'$type': f'app.bsky.embed.record#{kind}', 'uri': 'at://did:plc:a/app.bsky.feed.post/3k'}
    record |= {'value': {'text': 'Encore éteint'}} if kind == 'viewRecord' else {}
    embed = {'$type': 'app.bsky.embed.record#view', 'record': record}
    (event,) = parse({'logs': [created(message('', embed=embed))]})
    (attachment,) = event.attachments
    assert (attachment.kind, event.unreadable) == ('share', '')
    assert attachment.url == 'https://bsky.app/profile/did:plc:a/post/3k'
    assert attachment.details == ({'title': 'Encore éteint'} if kind == 'viewRecord' else {})


def test_what_is_embedded_and_not_known_is_shown_as_such():
    """R8"""
    (event,) = parse({'logs': [created(message('', embed={'$type': 'chat.bsky.embed.joinLink#view'}))]})
    (attachment,) = event.attachments
    assert (attachment.kind, attachment.reason) == ('unreadable', 'unsupported')
    assert attachment.declared == 'chat.bsky.embed.joinLink'
    (empty,) = parse({'logs': [created(message('  '))]})
    assert empty.unreadable == 'empty'


# -- people


def test_whom_our_own_message_is_for():
    """R11: the log does not say; the conversation that was asked for does."""
    ours = created(message('Passez lundi', sender=US))
    (event,) = parse({'logs': [ours], 'convos': [convo({'did': JEANNE, 'displayName': 'Jeanne'})]})
    assert (event.from_us, event.user, event.name) == (True, JEANNE, 'Jeanne')
    (event,) = parse(
        {'logs': [{**ours, 'relatedProfiles': [{'did': US}, {'did': KARIM, 'handle': 'karim.example'}]}]}
    )
    assert (event.user, event.name) == (KARIM, 'karim.example')
    (event,) = parse({'logs': [ours]})
    assert (event.from_us, event.user) == (True, '')


def test_who_writes_in_a_group_is_not_answered_in_private():
    """Also in reading the past."""
    group = convo({'did': JEANNE}, {'did': KARIM}, kind='groupConvo')
    said = message('Salut à tous')
    for body in ({'logs': [created(said)], 'convos': [group]}, {'messages': [said], 'convos': [group]}):
        (event,) = parse(body)
        assert (event.kind, event.reason) == (Kind.IGNORED, 'group')
    (event,) = parse({'convos': [{**group, 'lastMessage': said}]})
    assert event.reason == 'group'


def test_names():
    """R15: displayed name, handle, DID of a broken handle; a name may lack."""
    for profile, name in (
        ({'displayName': ' Jeanne ', 'handle': 'jeanne.example'}, 'Jeanne'),
        ({'displayName': '', 'handle': 'jeanne.example'}, 'jeanne.example'),
        ({'handle': 'handle.invalid'}, JEANNE),
        ({}, ''),
    ):
        (event,) = parse({'logs': [created(message())], 'convos': [convo({'did': JEANNE, **profile})]})
        assert (event.user, event.name) == (JEANNE, name)


def test_a_handle_is_no_identifier():
    """R15: it may pass to somebody else."""
    (event,) = parse(
        {'logs': [created(message(), relatedProfiles=[{'did': JEANNE, 'handle': 'jeanne.example'}])]}
    )
    assert event.aliases == () and event.details['handle'] == 'jeanne.example'


@pytest.mark.parametrize('answered', [{'messageId': '3lfirst'}, message(id='3lfirst')])
def test_the_message_answered(answered: dict[str, Any]):
    (event,) = parse({'logs': [created(message(replyTo=answered))]})
    assert event.reply_to == '3lfirst'


def test_messages_come_newest_first_and_are_ordered():
    """R25"""
    said = [message(str(number), id=f'3l{number}') for number in (3, 2, 1)]
    assert [(event.text, event.sequence) for event in parse({'messages': said})] == [
        ('1', 0),
        ('2', 1),
        ('3', 2),
    ]


def test_one_bad_item_never_hides_a_good_one():
    """R3"""
    good = created(message())
    for bad in (
        None,
        7,
        'x',
        [],
        {},
        {**good, 'message': None},
        {**good, 'message': {'id': '', 'sender': 3}},
    ):
        events = parse({'logs': [bad, good, bad]})
        assert [event.kind for event in events] == [Kind.IGNORED, Kind.MESSAGE, Kind.IGNORED]


@pytest.mark.parametrize('body', [b'', b'[]', b'"x"', b'<html>', b'[' * 100_000, b'\xff'])
def test_what_is_no_object_is_kept_as_unreadable(body: bytes):
    """R3"""
    with pytest.raises(errors.UnreadablePayload):
        NETWORK.parse(Raw(body, Source.POLL))


# -- errors


def answer(status: int, name: str = '', text: str = '', **headers: str) -> corpus.StoredAnswer:
    body = json.dumps({'error': name, 'message': text}).encode()
    return corpus.StoredAnswer(status, body if name else b'<html></html>', headers)


@pytest.mark.parametrize(
    'status, name, text, kind, reason',
    [
        (400, 'ExpiredToken', 'Token has expired', errors.TemporaryError, 'auth_refresh'),
        (400, 'InvalidToken', 'Token could not be verified', errors.TemporaryError, 'auth_refresh'),
        (400, 'InvalidToken', 'Bad token scope', errors.ConfigurationError, 'permission'),
        (401, 'AuthenticationRequired', '', errors.ConfigurationError, 'auth'),
        (401, 'AuthFactorTokenRequired', '', errors.ConfigurationError, 'auth'),
        (403, 'AccountTakedown', '', errors.ConfigurationError, 'policy'),
        (400, 'InvalidRequest', 'Account is disabled', errors.ConfigurationError, 'policy'),
        (400, 'MessagesDisabled', 'a new wording', errors.PermanentError, 'blocked'),
        (400, 'NotFollowedBySender', '', errors.PermanentError, 'blocked'),
        (400, 'InvalidRequest', 'block between recipient and sender', errors.PermanentError, 'blocked'),
        (400, 'InvalidRequest', 'Input/message/text must not be longer', errors.PermanentError, 'permanent'),
        (400, 'InvalidConvo', '', errors.PermanentError, 'permanent'),
        (429, '', '', errors.TemporaryError, 'rate'),
        (400, 'RateLimitExceeded', '', errors.TemporaryError, 'rate'),
        (502, 'UpstreamFailure', '', errors.TemporaryError, 'temporary'),
        (400, 'UpstreamTimeout', '', errors.TemporaryError, 'temporary'),
        (503, '', '', errors.TemporaryError, 'temporary'),
        (403, '', '', errors.TemporaryError, 'temporary'),
        (403, 'Forbidden', '', errors.ConfigurationError, 'permission'),
        (401, '', '', errors.ConfigurationError, 'auth'),
        (404, '', '', errors.ConfigurationError, 'config'),
        (302, '', '', errors.ConfigurationError, 'config'),
        (418, 'SomethingNew', '', errors.PermanentError, 'permanent'),
    ],
)
def test_what_an_error_means(status: int, name: str, text: str, kind: type, reason: str):
    """R33: by its name, not by its status; each has a sentence."""
    found = NETWORK.error(answer(status, name, text))
    assert found is not None and type(found) is kind
    assert (found.reason, found.code, found.http_status) == (reason, name, status)
    assert sentence(reason)


def test_when_to_come_back():
    """R33: ``RateLimit-Reset`` is in seconds since 1970, by the server's own clock."""
    headers = {'ratelimit-reset': '1795328368', 'date': 'Sun, 22 Nov 2026 06:17:28 GMT'}
    found = NETWORK.error(answer(429, 'RateLimitExceeded', **headers))
    assert isinstance(found, errors.TemporaryError) and found.retry_after == 1795328368 - 1795328248
    assert NETWORK.error(answer(429, **{'retry-after': '290'})).retry_after == 290


def test_a_limit_of_sending_does_not_stop_reading():
    """R33: any other one is of the account and its address: nothing is asked meanwhile."""
    url = 'https://pds.example/xrpc/chat.bsky.convo.{}'
    for method, scope in (('sendMessage', ''), ('getLog', 'account'), ('getConvoForMembers', 'account')):
        refused = corpus.StoredAnswer(429, b'{}', {}, url.format(method))
        found = NETWORK.error(refused)
        assert isinstance(found, errors.TemporaryError) and found.scope == scope


def test_nothing_of_an_answer_is_in_the_error():
    """R50: errors are logged; their code is a word of the API."""
    found = NETWORK.error(answer(400, 'Bonjour Jeanne, 06 39 98', 'Bonjour Jeanne'))
    assert found is not None and 'Jeanne' not in f'{found} {found!r}'

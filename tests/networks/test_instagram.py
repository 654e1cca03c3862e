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

"""What Instagram sends us: the corpus, and what the emulator says of each thing that people do."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

import pytest

from demo.emulators.graph_state import photo
from publik_socialmedia import networks
from publik_socialmedia.networks.base import Account, Event, Kind, Raw, Source, Status
from tests.networks import corpus
from tests.networks.instagram_scene import Scene, scene

NETWORK = networks.get('instagram')
CASES = corpus.cases(NETWORK)
WEBHOOKS = [case for case in CASES if case.kind == 'webhook']
OURS, THEIRS = '17841400000000001', '1250000000000021'
STORY = 'https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1&signature=AY'


@pytest.fixture
def graph() -> Iterator[Scene]:
    with scene('page') as found:
        yield found


# -- the corpus


@pytest.mark.parametrize('case', CASES, ids=lambda case: case.file)
def test_corpus(case: corpus.Case):
    """R3, R4, R6, R8, R11–R16: each file gives its expected effects, and nothing else."""
    assert corpus.differences(case, corpus.read(NETWORK, case)) == []


def test_corpus_is_whole():
    """None of the 58 files is skipped."""
    rows = [(c.network, c.file, c.kind, corpus.differences(c, corpus.read(NETWORK, c))) for c in CASES]
    assert corpus.table(rows).endswith('instagram: 58 of 58 files pass')


@pytest.mark.parametrize('case', WEBHOOKS, ids=lambda case: case.file)
def test_entries_permuted_or_split_mean_the_same(case: corpus.Case):
    """R3, R4: batches are re-made at will by Meta."""
    body = json.loads(case.body)
    whole = _bare(NETWORK.parse(case.raw()))
    reverse = _bare(_parse({**body, 'entry': body['entry'][::-1]}))
    split = [event for entry in body['entry'] for event in _parse({**body, 'entry': [entry]})]
    if body['entry']:
        assert sorted(whole, key=repr) == sorted(reverse, key=repr) == sorted(_bare(split), key=repr)


def _parse(body: object, source: Source = Source.WEBHOOK, account: Account | None = None) -> list[Event]:
    return NETWORK.parse(Raw(json.dumps(body).encode(), source, account=account))


def _bare(events: list[Event]) -> list[Event]:
    return [dataclasses.replace(event, sequence=0) for event in events]


def webhook(part: str = 'messaging', ours: bool = False, **what: object) -> list[Event]:
    """Events of one item, by which our account or somebody says ``what``."""
    sender, recipient = (OURS, THEIRS) if ours else (THEIRS, OURS)
    sides = {'sender': {'id': sender}, 'recipient': {'id': recipient}}
    item = {**sides, 'timestamp': 1790856000123, **what}
    value = {'field': 'messages', 'value': item} if part == 'changes' else item
    return _parse({'object': 'instagram', 'entry': [{'id': OURS, 'time': 1790856000203, part: [value]}]})


def test_a_message_of_which_only_the_id_came():
    """R8: somebody wrote; what they wrote must be read in the application."""
    (event,) = webhook(message={'mid': 'aWdf_1'})
    assert (event.kind, event.external_id, event.unreadable) == (Kind.MESSAGE, 'aWdf_1', 'empty')
    (event,) = webhook(message={'mid': 'aWdf_2', 'referral': {'product': {'id': '1'}}})
    assert (event.kind, event.reason) == (Kind.IGNORED, 'noise')


# -- envelopes


@pytest.mark.parametrize('part', ['messaging', 'changes', 'standby'])
def test_all_envelopes_are_read(part: str):
    """R3, R16: a real message may stand under ``changes``, as the tests of the dashboard do."""
    (event,) = webhook(part, message={'mid': 'aWdf_1', 'text': 'Bonjour'})
    assert (event.kind, event.text, event.user, event.account_id) == (
        Kind.MESSAGE,
        'Bonjour',
        THEIRS,
        OURS,
    )
    assert bool(event.details.get('standby')) is (part == 'standby')


def test_the_test_button_is_no_message(graph: Scene):
    graph.emulator.test_button()
    assert [(event.kind, event.topic) for event in graph.news()] == [(Kind.CHANNEL, 'test')]


# -- stories, posts, signs


def test_an_answer_to_a_story_is_a_text_and_a_link(graph: Scene):
    """Its media must not be kept: no attachment, so nothing is fetched."""
    graph.emulator.citizen_answers_story(graph.citizen, 'À quelle heure ?')
    (event,) = graph.news()
    assert (event.kind, event.text, event.attachments) == (Kind.MESSAGE, 'À quelle heure ?', ())
    assert event.details['story'] and str(event.details['story_url']).startswith(
        'https://lookaside.fbsbx.com'
    )


def test_a_mention_in_a_story_is_ignored(graph: Scene):
    """Nothing of it is kept, not even its address; ours neither."""
    graph.emulator.citizen_mentions_us(graph.citizen)
    (event,) = graph.news()
    assert (event.kind, event.reason) == (Kind.IGNORED, 'story_mention')
    assert 'lookaside' not in repr(event)
    mention = {'mid': 'm', 'attachments': [{'type': 'story_mention', 'payload': {'url': STORY}}]}
    (own,) = webhook(ours=True, message={**mention, 'is_echo': True})
    assert (own.kind, own.reason) == (Kind.IGNORED, 'own')


def test_a_post_that_comes_under_two_names_is_shown_once(graph: Scene):
    """From November 2025 « share » and « ig_post » came together, then « ig_post » alone."""
    graph.emulator.citizen_shares(graph.citizen, 'Marché de Noël')
    (event,) = graph.news()
    (shared,) = event.attachments
    assert (shared.kind, shared.details['title'], shared.reference) == (
        'share',
        'Marché de Noël',
        '18000000000000041',
    )


def test_a_heart_is_a_text(graph: Scene):
    graph.emulator.citizen_hearts(graph.citizen)
    (event,) = graph.news()
    assert (event.text, event.attachments) == ('❤️', ())


@pytest.mark.parametrize(
    'attachment, kind, reason',
    [
        ({'type': 'media', 'payload': {'url': STORY}}, 'file', ''),
        ({'type': 'sticker', 'payload': {'url': STORY}}, 'sticker', ''),
        ({'type': 'image', 'payload': {'url': 'https://example.org/a.jpg'}}, 'unreadable', 'forbidden_url'),
        ({'type': 'reel', 'payload': {}}, 'unreadable', 'not_transmitted'),
        ({'type': 'ephemeral'}, 'unreadable', 'ephemeral'),
        ({'type': 'something_new'}, 'unreadable', 'unsupported'),
    ],
)
def test_attachments(attachment: dict[str, object], kind: str, reason: str):
    """R8, R10: what is not on Meta's own hosts is never fetched."""
    (event,) = webhook(message={'mid': 'm', 'attachments': [attachment]})
    (found,) = event.attachments
    assert (found.kind, found.reason) == (kind, reason)


# -- what happens to messages


def test_an_edit_and_the_first_version(graph: Scene):
    """R13: rank 0 is a message; the rank may come as a string."""
    mid = graph.emulator.citizen_writes(graph.citizen, 'Rue des Lila')
    graph.emulator.citizen_edits(mid, 'Rue des Lilas')
    message, edit = graph.news()
    assert (edit.kind, edit.external_id, edit.text, edit.number) == (Kind.EDIT, mid, 'Rue des Lilas', 1)
    for rank in (0, '0'):
        (first,) = webhook(message_edit={'mid': 'm', 'text': 'Bonjour', 'num_edit': rank})
        assert (first.kind, first.text, first.number) == (Kind.MESSAGE, 'Bonjour', None)
    assert message.kind is Kind.MESSAGE


def test_taken_back_reacted_read(graph: Scene):
    """R12, R13, R14: read is told of one message, and means all those before."""
    mid = graph.emulator.citizen_writes(graph.citizen, 'Oups')
    sent = graph.send(graph.outgoing())
    graph.news()
    graph.emulator.citizen_unsends(mid)
    graph.emulator.citizen_reacts(sent.external_id)
    graph.emulator.citizen_reads(graph.citizen)
    unsend, reaction, read = graph.news()
    assert (unsend.kind, unsend.external_id, unsend.from_us) == (Kind.UNSEND, mid, False)
    assert (reaction.kind, reaction.external_id, reaction.emoji) == (Kind.REACTION, sent.external_id, '❤')
    assert (read.status, read.external_id, read.cumulative) == (Status.READ, sent.external_id, True)
    assert webhook(read={})[0].kind is Kind.IGNORED


def test_echoes(graph: Scene):
    """R11: ours and those of a colleague look the same; nothing tells them apart but their id."""
    sent = graph.send(graph.outgoing())
    other = graph.emulator.page_writes(graph.citizen, 'Passez lundi.')
    first, second = graph.news()
    assert [(e.external_id, e.from_us, e.user) for e in (first, second)] == [
        (sent.external_id, True, graph.citizen),
        (other, True, graph.citizen),
    ]
    assert not first.key and 'app_id' not in first.details


def test_what_we_say_and_cannot_be_read_is_an_answer_all_the_same():
    """R11: the clock stops, though nobody sees what was said."""
    (event,) = webhook(ours=True, message={'mid': 'm', 'is_echo': True, 'is_unsupported': True})
    assert (event.kind, event.from_us, event.unreadable) == (Kind.MESSAGE, True, 'unsupported')


def test_a_test_to_oneself_is_nobodys():
    message = {'mid': 'm', 'is_echo': True, 'is_self': True, 'text': 'test'}
    item = {'sender': {'id': OURS}, 'recipient': {'id': OURS}, 'timestamp': 1790856000123, 'message': message}
    (event,) = _parse({'object': 'instagram', 'entry': [{'id': OURS, 'messaging': [item]}]})
    assert (event.kind, event.reason) == (Kind.IGNORED, 'own')


def test_the_thread_is_taken_by_the_inbox(graph: Scene):
    """R16: from then on messages come as ``standby``, and are read the same way."""
    graph.emulator.page_writes(graph.citizen, 'Je m’en occupe', takes_thread=True)
    graph.emulator.citizen_writes(graph.citizen, 'Merci', [photo()])
    control, _answer, message = graph.news()
    assert (control.kind, control.topic) == (Kind.CHANNEL, 'thread_control')
    assert message.details['standby'] and [a.kind for a in message.attachments] == ['image']


# -- read back


def told(**message: object) -> Event:
    """What a message of the Graph API means."""
    facts = {'id': 'aWdf_1', 'created_time': '2026-10-01T12:00:00+0000', 'from': {'id': THEIRS}}
    (event,) = _parse({'data': [{**facts, **message}]}, Source.POLL, Account(OURS))
    return event


def test_messages_that_are_told_again():
    """R17: as by the webhook, stories and what cannot be shown included."""
    answer = told(message='Ouvert ?', story={'reply_to': {'link': STORY, 'id': '18'}})
    assert (answer.text, answer.details['story'], answer.details['story_url']) == ('Ouvert ?', '18', STORY)
    mention = told(message='', story={'mention': {'link': STORY, 'id': '18'}})
    assert (mention.kind, mention.reason, mention.user) == (Kind.IGNORED, 'story_mention', THEIRS)
    assert 'lookaside' not in repr(mention)
    assert told(message='', is_unsupported=True).unreadable == 'unsupported'
    shared = told(message='', shares={'data': [{'link': 'https://www.instagram.com/p/x'}]})
    assert [a.kind for a in shared.attachments] == ['share']
    named = told(message='Bonjour', **{'from': {'id': THEIRS, 'username': 'camille.m'}})
    assert named.name == 'camille.m'

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

"""Every body of the corpus through the whole intake into the database (R3, R4, R6, R8, R11–R16).

Each one alone, twice, split and permuted: what is held at the end is always the same.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Mapping
from typing import Any

import pytest
from django.utils import timezone

from publik_socialmedia.intake import inbox
from publik_socialmedia.models import Account, Conversation, Delivery, Demand, Endpoint, Message, RawEvent
from publik_socialmedia.networks import registry
from publik_socialmedia.networks.base import Kind
from tests.intake import database
from tests.networks.corpus import SOURCES, Case, cases, differences

CASES = [
    pytest.param(network, case, id=f'{network.slug}-{case.file}')
    for network in registry().values()
    for case in cases(network)
    if case.kind in SOURCES
]
_LISTS = ('entry', 'messaging', 'standby', 'changes', 'messages', 'statuses', 'data')


def receive(case: Case, bodies: list[bytes]) -> None:
    """Store these bodies as they would come, and read them, in that order."""
    now = timezone.now()
    account = case.account()
    source = SOURCES[case.kind]
    webhook = source.value == 'webhook'
    endpoint, _ = Endpoint.objects.get_or_create(network=case.network)
    ours, _ = Account.objects.get_or_create(
        network=case.network,
        external_id=case.our_account or 'nobody',
        defaults={'endpoint': endpoint, 'facts': dict(account.facts)},
    )
    for body in bodies:
        raw = RawEvent.objects.create(
            network=case.network,
            endpoint=endpoint if webhook else None,
            account=None if webhook else ours,
            source=source.value,
            call=str(case.item.get('request') or ''),
            body=body,
            received_at=now,
        )
        outcome = inbox.read(raw.pk)
        lost = unroutable(case)
        assert list(outcome.failures.values()) == ['unroutable'] * lost
        raw.refresh_from_db()
        assert raw.state == (RawEvent.State.QUARANTINED if lost else RawEvent.State.DONE), raw.error


def split(value: Any) -> list[Any]:
    """The same value in pieces that hold one item each, as a network may batch them otherwise."""
    if isinstance(value, list):
        return [piece for item in value for piece in split(item)] or [value]
    if not isinstance(value, dict):
        return [value]
    for name in _LISTS:
        inner = value.get(name)
        if isinstance(inner, list) and inner and all(isinstance(item, dict) for item in inner):
            pieces = [piece for item in inner for piece in split(item)]
            rest = {key: other for key, other in value.items() if key not in _LISTS}
            others = [name for name in _LISTS if name in value and value[name] is not inner]
            found = [{**rest, name: [piece]} for piece in pieces]
            if others:
                found += split({**rest, **{other: value[other] for other in others}})
            return found
    return [value]


def bodies_of(case: Case) -> list[bytes]:
    """Pieces of a body: webhooks in envelopes of one item, polled lists in lists of one."""
    value = json.loads(case.body)
    pieces = split(value)
    if isinstance(value, list) and case.kind != 'webhook':
        if 'history' in str(case.item.get('request')):
            return [case.body]
        pieces = [[piece] for piece in value]
    elif case.kind != 'webhook':
        return [case.body]
    return [json.dumps(piece).encode() for piece in pieces]


def targets(case: Case) -> list[str]:
    return [effect['mid'] for effect in case.expect if effect['effect'] == 'unsend']


def unroutable(case: Case) -> int:
    """Messages whose author the body does not tell: they are kept and shown apart (R3, R8)."""
    return sum(len(effect.get('mids', [''])) for effect in case.expect if effect.get('class') == 'unroutable')


def expected(case: Case) -> bool:
    """Whether the meaning of the case is in what comes of the body, not in what a call makes of it."""
    return all(effect['effect'] != 'error' or effect['class'] == 'unroutable' for effect in case.expect)


@pytest.mark.django_db
@pytest.mark.parametrize('network, case', CASES)
def test_corpus_reaches_the_database(network, case):
    receive(case, [case.body])
    if case.kind == 'api_answer' and (not expected(case) or case.item.get('answer')):
        return  # its meaning is in the answer to a call: tests/networks
    found = [*database.held(targets(case)), *database.ignored()]
    assert differences(_as_stored(case), found) == []


@pytest.mark.django_db
@pytest.mark.parametrize('network, case', CASES)
def test_nothing_more_is_recorded_than_expected(network, case):
    """R11: no demand is opened by what is not a citizen's message; R14: nobody is created of a reaction."""
    receive(case, [case.body])
    told = [e for e in case.expect if e['effect'] in ('citizen_message', 'native_reply', 'edit')]
    # a message and its edit are one
    wanted = list({e.get('mid') or (e['user'], e['text']): e for e in reversed(told)}.values())
    assert Message.objects.count() == len(wanted)
    opening = [e for e in wanted if e['effect'] != 'native_reply' and e.get('by') != 'account']
    assert Delivery.objects.filter(kind=Delivery.Kind.MESSAGE).count() == len(opening)
    assert Conversation.objects.count() == len({e['user'] for e in wanted})
    assert not Demand.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize('network, case', CASES)
def test_twice_split_and_permuted_give_the_same_state(network, case):
    """R4: the same body twice, cut in pieces, the pieces in another order, all at once."""
    receive(case, [case.body])
    once = database.snapshot(targets(case))
    receive(case, [case.body])
    assert database.snapshot(targets(case)) == once
    pieces = bodies_of(case)
    receive(case, pieces)
    assert database.snapshot(targets(case)) == once
    for permutation in itertools.islice(itertools.permutations(pieces), 1, 6):
        _empty()
        receive(case, list(permutation))
        assert database.snapshot(targets(case)) == once


@pytest.mark.django_db
def test_no_network_is_without_corpus():
    """The table network × files × pass is printed at the end of the run, from the results of this module."""
    assert all(cases(network) for network in registry().values())


def _as_stored(case: Case) -> Case:
    """Without what only the event says: where the time was taken, once it is taken; of whom was a message
    that we do not hold, of which its hash or its state alone is remembered; a message before its edit, which
    is then one of its versions, or before it was taken back; what was ignored, or belongs to nobody, of which
    the number alone is; that two identifiers are one person, when we know neither."""
    replaced = {effect['mid'] for effect in case.expect if effect['effect'] in ('edit', 'unsend')}
    effects = [
        {
            key: value
            for key, value in effect.items()
            if key != 'sent_at_fallback' and not _forgotten(effect, key)
        }
        for effect in case.expect
        if effect.get('class') != 'unroutable'
        and effect['effect'] != 'identity_change'
        and (effect['effect'] != 'citizen_message' or effect['mid'] not in replaced)
    ]
    return dataclasses.replace(case, item={**case.item, 'expect': effects})


def _forgotten(effect: Mapping[str, Any], key: str) -> bool:
    if effect['effect'] == 'ignored':
        return key in ('mid', 'user')
    told_of = effect['effect'] in ('unsend', 'status') and effect.get('mid')
    unknown = told_of and not Message.objects.filter(external_id=effect['mid']).exists()
    return bool(unknown) and key in ('user', 'cumulative', 'tracker')


def _empty() -> None:
    from publik_socialmedia.models import ChannelEvent, Contact, Reaction, Receipt, Tombstone

    for model in (Contact, ChannelEvent, Reaction, Receipt, Tombstone, RawEvent):
        model.objects.all().delete()


def test_kinds_of_the_corpus_are_known():
    assert {case.values[1].kind for case in CASES} <= set(SOURCES)
    assert Kind.MESSAGE

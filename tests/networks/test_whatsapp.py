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

"""What WhatsApp sends us: the corpus, the samples of the documentation, and what it has no example of."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from publik_socialmedia import networks
from publik_socialmedia.errors import PermanentError
from publik_socialmedia.networks.base import Account, Event, Kind, Raw, Source, Status
from publik_socialmedia.networks.whatsapp import meanings
from publik_socialmedia.reasons import SENTENCES
from tests.networks import corpus

NETWORK = networks.get('whatsapp')
CASES = corpus.cases(NETWORK)
WEBHOOKS = [case for case in CASES if case.kind == 'webhook']
PHONE_ID, TOWN = '106540000000001', '33199000001'
CITIZEN, SCOPED = '33639980042', 'FR.10000000000000000042'
CARD = {'profile': {'name': 'Camille Martin'}, 'wa_id': CITIZEN, 'user_id': SCOPED}


def body(field: str = 'messages', **lists: Any) -> dict[str, Any]:
    metadata = {'display_phone_number': '+33 1 99 00 00 01', 'phone_number_id': PHONE_ID}
    value = {'messaging_product': 'whatsapp', 'metadata': metadata, **lists}
    change = {'value': value, 'field': field}
    return {'object': 'whatsapp_business_account', 'entry': [{'id': '102290000000001', 'changes': [change]}]}


def parse(what: object, source: Source = Source.WEBHOOK) -> list[Event]:
    return NETWORK.parse(Raw(json.dumps(what).encode(), source))


def said(**message: Any) -> Event:
    """The event of one message of Camille's."""
    sides = {'from': CITIZEN, 'from_user_id': SCOPED, 'id': 'wamid.1', 'timestamp': '1790856000'}
    (event,) = parse(body(contacts=[CARD], messages=[{**sides, **message}]))
    return event


# -- the corpus


@pytest.mark.parametrize('case', CASES, ids=lambda case: case.file)
def test_corpus(case: corpus.Case):
    """R3, R4, R6, R8, R11–R16: each file gives its expected effects, and nothing else."""
    assert corpus.differences(case, corpus.read(NETWORK, case)) == []


def test_corpus_is_whole():
    """None of the 98 files is skipped."""
    rows = [(c.network, c.file, c.kind, corpus.differences(c, corpus.read(NETWORK, c))) for c in CASES]
    assert corpus.table(rows).endswith('whatsapp: 98 of 98 files pass')


@pytest.mark.parametrize('case', WEBHOOKS, ids=lambda case: case.file)
def test_entries_permuted_or_split_mean_the_same(case: corpus.Case):
    """R3, R4: batches are re-made at will by Meta."""
    whole = json.loads(case.body)
    entries = whole['entry'] if isinstance(whole['entry'], list) else [whole['entry']]
    reverse = _bare(parse({**whole, 'entry': entries[::-1]}))
    split = _bare([event for entry in entries for event in parse({**whole, 'entry': [entry]})])
    assert sorted(_bare(parse(whole)), key=repr) == sorted(reverse, key=repr) == sorted(split, key=repr)


def _bare(events: list[Event]) -> list[Event]:
    return [dataclasses.replace(event, sequence=0) for event in events]


# -- who


def test_names_go_by_ids_not_by_rank():
    """R15"""
    cards = [{'profile': {'name': 'Karim'}, 'wa_id': '33639980001'}, CARD]
    messages = [
        {'from': CITIZEN, 'id': 'a', 'type': 'text', 'text': {'body': 'un'}},
        {'from': '33639980001', 'id': 'b', 'type': 'text', 'text': {'body': 'deux'}},
        {'from': '33639980002', 'id': 'c', 'type': 'text', 'text': {'body': 'trois'}},
    ]
    events = parse(body(contacts=cards, messages=messages))
    assert [(e.user, e.name) for e in events] == [
        (CITIZEN, 'Camille Martin'),
        ('33639980001', 'Karim'),
        ('33639980002', ''),
    ]
    assert events[0].aliases == (SCOPED,)


def test_a_person_without_a_number():
    """R15: those who chose a user name; the name is theirs, else the user name."""
    card = {'profile': {'username': 'camille'}, 'user_id': SCOPED}
    message = {'from_user_id': SCOPED, 'id': 'a', 'type': 'text', 'text': {'body': 'un'}}
    (event,) = parse(body(contacts=[card], messages=[message]))
    assert (event.user, event.aliases, event.name) == (SCOPED, (), 'camille')
    # the card tells the number all the same: it comes first, it can be written to
    (event,) = parse(body(contacts=[CARD], messages=[message]))
    assert (event.user, event.aliases) == (CITIZEN, (SCOPED,))


@pytest.mark.parametrize(
    'system, new',
    [
        ({'type': 'user_changed_number', 'wa_id': '33639980055'}, ('33639980055',)),
        ({'type': 'customer_changed_number', 'new_wa_id': '33639980055'}, ('33639980055',)),
        ({'type': 'user_changed_user_id', 'user_id': 'FR.55'}, ('FR.55',)),
        ({'wa_id': '33639980055', 'user_id': 'FR.55'}, ('33639980055', 'FR.55')),
    ],
)
def test_a_person_changes_number_or_id(system: dict[str, str], new: tuple[str, ...]):
    message = {'from': CITIZEN, 'id': 'a', 'timestamp': '1790856300', 'type': 'system', 'system': system}
    (event,) = parse(body(messages=[message]))
    assert (event.kind, event.user, event.aliases) == (Kind.IDENTITY, CITIZEN, new)


def test_our_own_number_is_never_a_citizen():
    """R11: whatever the field says."""
    message = {'from': TOWN, 'to': CITIZEN, 'id': 'a', 'type': 'text', 'text': {'body': 'Bonjour'}}
    (event,) = parse(body(messages=[message]))
    assert (event.from_us, event.user) == (True, CITIZEN)
    (event,) = parse(body(messages=[{**message, 'to': TOWN}]))
    assert (event.kind, event.reason) == (Kind.IGNORED, 'own')


# -- what


@pytest.mark.parametrize(
    'message, text, unreadable, details',
    [
        ({'text': {'body': 'sans type'}}, 'sans type', '', {}),
        ({'type': 'text', 'text': {}}, '', 'empty', {}),
        ({'type': 'ephemeral'}, '', 'ephemeral', {'ephemeral': True}),
        ({'type': 'order', 'order': {'text': 'deux entrées'}}, 'deux entrées', 'unsupported', {}),
        (
            {'type': 'unsupported', 'unsupported': {'type': 'poll'}},
            '',
            'unsupported',
            {'unsupported': 'poll'},
        ),
        ({'type': 'of_tomorrow', 'of_tomorrow': {'x': 1}}, '', 'unsupported', {'unsupported': 'of_tomorrow'}),
        ({'type': 'of_tomorrow', 'text': {'body': 'lisible'}}, 'lisible', '', {}),
        (
            {'type': 'interactive', 'interactive': {'type': 'list_reply', 'list_reply': {'id': 'r1'}}},
            'r1',
            '',
            {'via': 'list_reply', 'payload': 'r1'},
        ),
        ({'type': 'interactive', 'interactive': {'type': 'of_tomorrow'}}, '', 'unsupported', {}),
        ({'type': 'media_placeholder'}, '', 'not_transmitted', {}),
    ],
)
def test_every_message_can_be_read(message: dict, text: str, unreadable: str, details: dict):
    """R8: text, or the reason why there is none; never nothing."""
    event = said(**message)
    assert (event.kind, event.text, event.unreadable) == (Kind.MESSAGE, text, unreadable)
    assert details.items() <= event.details.items()


def test_the_token_of_a_form_is_not_kept():
    answers = {'flow_token': 'secret', 'rue': 'Lilas', 'n°': 12, 'liste': ['x'], 'rien': ''}
    reply = {'name': 'flow', 'body': 'Envoyé', 'response_json': json.dumps(answers)}
    event = said(type='interactive', interactive={'type': 'nfm_reply', 'nfm_reply': reply})
    assert event.details == {'via': 'flow', 'fields': {'rue': 'Lilas', 'n°': '12'}}


@pytest.mark.parametrize(
    'code, reason', [(131052, 'provider_error'), (400, 'media_error'), (None, 'media_error')]
)
def test_a_file_that_meta_does_not_have(code: int | None, reason: str):
    """R9: what Meta will never have is not asked for again; a failure of its own is."""
    media = {'id': '1002000000000006', 'mime_type': 'image/jpeg', 'caption': 'Voici'}
    event = said(type='image', image=media, errors=[{'code': code, 'title': 'x'}])
    (file,) = event.attachments
    assert (event.text, event.unreadable) == ('Voici', '')
    assert (file.kind, file.reason, file.declared) == ('unreadable', reason, 'image')
    assert file.reference == '1002000000000006'


def test_a_file_without_id_and_a_place_without_coordinates():
    assert [a.reason for a in said(type='image', image={}).attachments] == ['no_url']
    place = said(type='location', location={'latitude': 'x', 'longitude': 300})
    assert [a.reason for a in place.attachments] == ['not_transmitted']


def test_the_address_of_a_file_is_never_kept():
    """R10: what is fetched is asked for by id."""
    media = {'id': '1', 'mime_type': 'image/jpeg', 'url': 'https://lookaside.fbsbx.com/x?hash=secret'}
    assert 'lookaside' not in repr(said(type='image', image=media))


def test_an_edit_of_a_message_that_we_have_not_brings_its_file():
    new = {'type': 'image', 'image': {'id': '1', 'mime_type': 'image/jpeg', 'caption': 'Rue Pasteur'}}
    event = said(type='edit', edit={'original_message_id': 'wamid.0', 'message': new})
    assert (event.kind, event.external_id, event.text) == (Kind.EDIT, 'wamid.0', 'Rue Pasteur')
    assert [a.reference for a in event.attachments] == ['1']


@pytest.mark.parametrize('kind', ['edit', 'revoke', 'system', 'reaction'])
def test_what_lacks_its_target_is_counted(kind: str):
    """R3"""
    event = said(type=kind, **{kind: {}})
    assert (event.kind, event.reason) == (
        Kind.IGNORED,
        'no_target' if kind == 'reaction' else 'unknown',
    )


def test_every_list_of_a_value_is_read():
    """R3: messages and statuses together, and one that is no list."""
    message = {'from': CITIZEN, 'id': 'a', 'type': 'text', 'text': {'body': 'un'}}
    status = {'id': 'ours', 'status': 'read', 'timestamp': '1790856000'}
    events = parse(body(messages=[message, 'rubbish'], statuses=status))
    assert [event.kind for event in events] == [Kind.MESSAGE, Kind.IGNORED, Kind.STATUS]
    assert [event.sequence for event in events] == [0, 1, 2]


# -- states


def test_a_state_bears_our_key():
    """R30: by it a lost answer is found again."""
    pricing = {'billable': True, 'pricing_model': 'PMP', 'type': 'regular', 'category': 'service'}
    status = {'id': 'wamid.9', 'status': 'sent', 'timestamp': '1790856061', 'recipient_user_id': SCOPED}
    status |= {'biz_opaque_callback_data': 'publik:reply:8412', 'pricing': pricing}
    (event,) = parse(body(contacts=[CARD], statuses=[status]))
    assert (event.status, event.key, event.user) == (Status.SENT, 'publik:reply:8412', CITIZEN)
    assert event.details == {'category': 'service', 'billable': True}
    assert event.sent_at == datetime(2026, 10, 1, 12, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize('order', [1, -1])
def test_the_highest_state_of_a_body_is_told(order: int):
    """R12: whatever the order in which they stand."""
    statuses = [{'id': 'ours', 'status': word} for word in ('sent', 'failed', 'delivered', 'read')]
    events = parse(body(statuses=statuses[::order]))
    told = [event.status for event in events if event.kind is Kind.STATUS]
    assert told == [Status.READ] and len(events) == 4


@pytest.mark.parametrize(
    'code, reason, alerts',
    [
        (131047, 'window', False),
        (131026, 'blocked', False),
        (131056, 'undelivered', False),  # too late to wait: it was accepted, then lost
        (131042, 'billing', True),
        (131031, 'policy', True),
        (131009, 'permanent', False),
        (4242, 'permanent', False),
    ],
)
def test_why_a_message_was_not_delivered(code: int, reason: str, alerts: bool):
    """R33: a reason that an agent understands; what concerns the account is told to its administrator."""
    status = {'id': 'ours', 'status': 'failed', 'errors': [{'code': code, 'title': 'x'}]}
    event, *others = parse(body(statuses=[status]))
    assert (event.status, event.code, event.error) == (Status.FAILED, str(code), reason)
    assert [(e.topic, e.severity) for e in others] == ([('provider_error', 'critical')] if alerts else [])


@pytest.mark.parametrize('code', [code for code, _ in meanings.ERRORS])
def test_each_failure_has_its_sentence(code: int):
    kind, reason = meanings.failure(code)
    assert reason in SENTENCES and issubclass(kind, Exception)


# -- the account


@pytest.mark.parametrize(
    'field, value, topic, severity',
    [
        ('account_update', {'event': 'DISABLED_UPDATE'}, 'account_restricted', 'critical'),
        (
            'message_template_status_update',
            {'event': 'PAUSED', 'message_template_name': 'reponse'},
            'template_rejected',
            'warning',
        ),
        ('message_template_status_update', {'event': 'APPROVED'}, 'account_update', 'info'),
        ('phone_number_quality_update', {'event': 'FLAGGED'}, 'account_update', 'warning'),
        ('account_alerts', {'alert_severity': 'CRITICAL'}, 'account_update', 'critical'),
        ('security', {'event': 'PIN_CHANGED'}, 'account_update', 'warning'),
        (
            'business_capability_update',
            {'max_daily_conversations_per_business': 250},
            'account_update',
            'info',
        ),
    ],
)
def test_what_happens_to_the_account(field: str, value: dict, topic: str, severity: str):
    """R41: it names no number, and opens no demand."""
    change = {'field': field, 'value': value}
    entry = {'id': '102290000000001', 'time': 1790856000, 'changes': [change]}
    (event,) = parse({'object': 'whatsapp_business_account', 'entry': [entry]})
    assert (event.kind, event.topic, event.severity, event.account_id) == (Kind.CHANNEL, topic, severity, '')
    assert event.details['waba'] == '102290000000001'


@pytest.mark.parametrize('field', ['smb_app_state_sync', 'user_preferences', 'group_lifecycle_update'])
def test_fields_of_no_interest(field: str):
    """The address book of a telephone is other people's."""
    (event,) = parse(body(field, state_sync=[{'contact': {'full_name': 'Paul', 'phone_number': '33'}}]))
    assert event.kind is Kind.IGNORED and 'Paul' not in repr(event)
    assert event.reason == ('group' if field.startswith('group') else 'noise')


def test_a_missed_call_is_told_once():
    calls = [
        {'id': 'wacid.1', 'from': CITIZEN, 'event': 'connect', 'direction': 'USER_INITIATED'},
        {'id': 'wacid.1', 'from': CITIZEN, 'event': 'terminate', 'direction': 'USER_INITIATED'},
        {'id': 'wacid.2', 'from': TOWN, 'event': 'connect', 'direction': 'BUSINESS_INITIATED'},
    ]
    events = parse(body('calls', calls=calls))
    assert [(e.topic or e.reason, e.user) for e in events] == [
        ('missed_call', CITIZEN),
        ('noise', ''),
        ('noise', ''),
    ]


# -- the past of a telephone

ASKED = {'from': CITIZEN, 'id': 'p1', 'timestamp': '1790000000', 'type': 'text', 'text': {'body': 'Ancien'}}
ANSWERED = {'from': TOWN, 'to': CITIZEN, 'id': 'p2', 'timestamp': '1790000100', 'type': 'media_placeholder'}
PAST = [
    {
        'metadata': {'phase': 0, 'chunk_order': 1, 'progress': 55},
        'threads': [{'id': CITIZEN, 'messages': [ASKED, ANSWERED]}],
    }
]


def test_the_past_of_a_telephone_is_not_imported_by_itself():
    """R18: 180 days of threads would each open a demand."""
    (event,) = parse(body('history', history=PAST))
    assert (event.kind, event.reason, event.details['threads']) == (Kind.IGNORED, 'noise', 1)


def test_the_past_of_a_telephone_is_read_on_purpose():
    """R18: the same body, given as a history."""
    asked, answered = parse(body('history', history=PAST), Source.HISTORY)
    assert (asked.text, asked.user, asked.from_us) == ('Ancien', CITIZEN, False)
    assert (answered.user, answered.from_us, answered.unreadable) == (CITIZEN, True, 'not_transmitted')


def test_the_past_of_somebody_whose_number_is_not_told():
    """R11: what they wrote is not ours."""
    known = {name: value for name, value in ASKED.items() if name != 'from'} | {'from_user_id': 'FR.1x2y3z'}
    past = [{**PAST[0], 'threads': [{'id': 'FR.1x2y3z', 'messages': [known, {**known, 'id': 'p3'}]}]}]
    asked, _again = parse(body('history', history=past), Source.HISTORY)
    assert (asked.text, asked.user, asked.from_us) == ('Ancien', 'FR.1x2y3z', False)


# -- files


class Answers:
    """An API that gives one stored answer."""

    def __init__(self, answer: corpus.StoredAnswer) -> None:
        self.answer, self.asked = answer, list[str]()

    def request(self, method: str, url: str, **more: Any) -> corpus.StoredAnswer:
        self.asked.append(f'{method} {url}')
        return self.answer


def test_the_lookup_of_a_file_as_meta_answers_it():
    """R10: the address of the corpus, our token for it, and not for another host."""
    case = next(case for case in CASES if case.file == 'media_lookup_answer.json')
    account = Account(PHONE_ID, {'access_token': 'EAAtoken'})
    file = said(type='image', image={'id': case.item['answer']['media_id']}).attachments[0]
    http = Answers(case.answer())
    fetch = NETWORK.open_attachment(account, file, http)
    assert fetch.url == case.item['answer']['url']
    assert fetch.headers == {'Authorization': 'Bearer EAAtoken'} and not fetch.hosts
    assert 'EAAtoken' not in repr(fetch)
    elsewhere = {**json.loads(case.body), 'url': 'https://lookaside.fbsbx.com.example.org/x'}
    http.answer = corpus.StoredAnswer(200, json.dumps(elsewhere).encode())
    with pytest.raises(PermanentError) as caught:
        NETWORK.open_attachment(account, file, http)
    assert caught.value.reason == 'forbidden_url'

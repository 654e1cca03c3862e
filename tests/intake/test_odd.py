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

"""Odd data from networks, through the whole intake: kept, or put aside, never in the way (R3, R8)."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publik_socialmedia import networks
from publik_socialmedia.intake import inbox
from publik_socialmedia.models import Account, Delivery, Endpoint, Message, RawEvent
from publik_socialmedia.networks.base import Event, Kind
from tests.factory import deliver, happens, make_account, said, write

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

MESSENGER = {
    'object': 'page',
    'entry': [
        {
            'id': '1001',
            'time': 1790000000000,
            'messaging': [
                {
                    'sender': {'id': 'psid-1'},
                    'recipient': {'id': '1001'},
                    'timestamp': 1790000000000,
                    'message': {
                        'mid': 'm_1',
                        'text': 'Bonjour',
                        'quick_reply': {'payload': 'choix'},
                        'reply_to': {'mid': 'm_0'},
                        'referral': {'ref': 'affiche', 'source': 'SHORTLINK', 'type': 'OPEN_THREAD'},
                        'attachments': [
                            {'type': 'image', 'payload': {'url': 'https://scontent.xx.fbcdn.net/v/1.jpg'}},
                            {'type': 'fallback', 'title': 'Un titre', 'url': 'https://example.org/'},
                            {'type': 'nouveau', 'payload': {'title': 'x', 'sticker_id': 12}},
                        ],
                    },
                }
            ],
        }
    ],
}
MASTODON = [
    {
        'id': '7000001',
        'type': 'mention',
        'created_at': '2026-11-20T09:00:00.000Z',
        'account': {
            'id': '5',
            'acct': 'jeanne@ailleurs.example',
            'display_name': 'Jeanne',
            'username': 'jeanne',
        },
        'status': {
            'id': '1170001',
            'created_at': '2026-11-20T09:00:00.000Z',
            'edited_at': None,
            'in_reply_to_id': '1160001',
            'visibility': 'direct',
            'spoiler_text': 'attention',
            'language': 'fr',
            'content': '<p>Bonjour</p>',
            'account': {'id': '5', 'acct': 'jeanne@ailleurs.example', 'display_name': 'Jeanne'},
            'mentions': [
                {'id': '1', 'acct': 'ville', 'username': 'ville', 'url': 'https://social.example/@ville'}
            ],
            'media_attachments': [
                {
                    'id': '9',
                    'type': 'image',
                    'url': 'https://files.social.example/9.png',
                    'description': 'un trou',
                    'meta': {'original': {'width': 1, 'height': 1}},
                }
            ],
        },
    }
]
ODD = {
    'nul': 'a\x00b',
    'surrogate': 'a\ud800b',
    'long': 'é' * 5000,
    'empty': '',
    'none': None,
    'number': -3,
    'huge': 10**30,
    'list': ['x', None],
    'object': {'a': {'b': []}},
    'true': True,
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where there is a leaf."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for rank, item in enumerate(value):
            yield from places(item, (*path, rank))
    else:
        yield path


def changed(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    found = copy.deepcopy(value)
    inside = found
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = odd
    return found


def accounts() -> dict[str, Account]:
    endpoint = Endpoint.objects.create(network='messenger', secrets={})
    page = make_account(endpoint=endpoint, external_id='1001', form='')
    facts = {'id': '1', 'server': 'mastodon', 'domain': 'social.example', 'acct': 'ville'}
    ville = make_account('mastodon', external_id='ville', facts=facts, form='')
    return {'messenger': page, 'mastodon': ville}


def read(account: Account, body: object) -> RawEvent:
    values = {'source': 'poll', 'call': 'GET /api/v1/notifications', 'account': account}
    if account.network == 'messenger':
        values = {'source': 'webhook', 'endpoint': account.endpoint}
    raw = RawEvent.objects.create(network=account.network, body=json.dumps(body).encode(), **values)
    inbox.read(raw.pk)
    raw.refresh_from_db()
    return raw


@pytest.mark.parametrize('odd', ODD)
@pytest.mark.parametrize('network, body', [('messenger', MESSENGER), ('mastodon', MASTODON)], ids=['m', 'f'])
def test_an_odd_value_anywhere(network: str, body: Any, odd: str):
    """R3, R8, R6: whatever one value is, the body is read to its end and nothing is left in the queue.

    Where it is neither an id nor what says what the thing is, the message is recorded.
    """
    account = accounts()[network]
    assert read(account, body).state == 'done' and Message.objects.count() == 1
    decisive = {'id', 'mid', 'acct', 'object', 'type', 'visibility', 'username', 'url'}
    for path in places(body):
        Message.objects.all().delete()
        raw = read(account, changed(body, path, ODD[odd]))
        assert raw.state in ('done', 'quarantined'), path
        if path[-1] not in decisive:
            assert Message.objects.count() == 1, (path, raw.error, raw.outcome)


def test_a_bad_item_among_good_ones(monkeypatch):
    """R3: an id that no column holds is put aside with its error, the others are recorded, replay is safe."""
    account = accounts()['messenger']
    found = [
        said(external_id=f'm_{number}' if number != 2 else 'x' * 600, account_id='1001', sequence=number)
        for number in range(5)
    ]
    monkeypatch.setattr(type(networks.get('messenger')), 'parse', lambda self, raw: found)
    raw = read(account, MESSENGER)
    assert (raw.state, raw.error) == ('quarantined', 'items')
    assert Message.objects.count() == 4
    assert raw.outcome == {'counts': {'message': 4, 'quarantined': 1}, 'failures': {'2': 'DataError'}}
    inbox.replay([raw.pk])
    inbox.read_some()
    assert Message.objects.count() == 4


def test_an_unknown_account_with_an_odd_name():
    """R3: PostgreSQL takes no NUL in a jsonb; the body is closed all the same, and its lane goes on."""
    account = accounts()['messenger']
    raw = RawEvent.objects.create(network='messenger', endpoint=account.endpoint, source='webhook', body=b'')
    outcome = inbox.Outcome(unknown_accounts={'10\x0001', '10\ud80001'})
    inbox._close(raw.pk, outcome, '')
    raw.refresh_from_db()
    assert (raw.state, raw.outcome['unknown_accounts']) == ('done', ['1001', '1001'])


def test_a_body_that_cannot_be_decrypted_stops_nobody(settings):
    """R3, R50: its key was lost; it is put aside, those behind it are read, it can be replayed."""
    account = accounts()['messenger']
    lost = RawEvent.objects.create(
        network='messenger', endpoint=account.endpoint, source='webhook', body=json.dumps(MESSENGER).encode()
    )
    keys = settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = ['another key']
    Endpoint.objects.update(secrets={})
    Account.objects.update(credentials={})
    later_one = changed(MESSENGER, ('entry', 0, 'messaging', 0, 'message', 'mid'), 'm_2')
    RawEvent.objects.create(
        network='messenger', endpoint=account.endpoint, source='webhook', body=json.dumps(later_one).encode()
    )
    while inbox.read_some():
        pass
    found = RawEvent.objects.defer('body').get(pk=lost.pk)
    assert (found.state, found.error.split(':')[0]) == ('quarantined', 'encryption_key')
    assert Message.objects.get().external_id == 'm_2'
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = ['another key', *keys]
    inbox.replay([lost.pk])
    inbox.read_some()
    assert Message.objects.count() == 2


def test_a_fault_of_ours_while_recording(monkeypatch, caplog):
    """R3, R50: put aside with the class of the error; the text of the citizen is in no log."""
    account = accounts()['messenger']
    from publik_socialmedia.conversations import messages

    def falls(*args: object) -> None:
        raise LookupError('Bonjour, texte du citoyen')

    with monkeypatch.context() as patch:
        patch.setattr(messages, '_attach', falls)
        raw = read(account, MESSENGER)
    assert (raw.state, raw.outcome['failures']) == ('quarantined', {'0': 'LookupError'})
    assert not Message.objects.exists() and 'texte du citoyen' not in caplog.text
    inbox.replay([raw.pk])
    inbox.read_some()
    assert Message.objects.get().text == 'Bonjour'


# -- versions


def test_several_edits_read_at_once():
    """R13: a list of versions keeps each of them; the last one is the text."""
    account = make_account(form='')
    message = write(account, 'un', external_id='s_1', sent_at=AT)
    versions = tuple(
        (text, AT + timedelta(minutes=rank)) for rank, text in enumerate(['un', 'deux', 'trois'])
    )
    happens(account, Kind.EDIT, 's_1', text='trois', number=2, versions=versions, sent_at=versions[-1][1])
    message.refresh_from_db()
    assert message.text == 'trois'
    assert list(message.versions.values_list('text', flat=True)) == ['un', 'deux', 'trois']


def test_the_same_edit_told_in_two_ways_then_another():
    """R13: the last one written is the text, not the one that came with the greater number."""
    account = make_account(form='')
    message = write(account, 'un', external_id='s_1', sent_at=AT)
    versions = [(text, AT + timedelta(minutes=rank)) for rank, text in enumerate(['un', 'deux', 'trois'])]
    for count in (2, 3):
        text, at = versions[count - 1]
        happens(account, Kind.EDIT, 's_1', text=text, sent_at=at)
        happens(
            account,
            Kind.EDIT,
            's_1',
            text=text,
            number=count - 1,
            sent_at=at,
            versions=tuple(versions[:count]),
        )
    message.refresh_from_db()
    assert message.text == 'trois'
    assert list(message.versions.values_list('text', flat=True)) == ['un', 'deux', 'trois']
    assert Delivery.objects.filter(kind='edit').count() == 2


def test_an_earlier_version_that_comes_late_is_not_told():
    """R13: the agents were told of the current text already."""
    account = make_account(form='')
    write(account, 'un', external_id='m_1', sent_at=AT)
    happens(account, Kind.EDIT, 'm_1', text='trois', number=2)
    assert happens(account, Kind.EDIT, 'm_1', text='deux', number=1) == 'known'
    assert Message.objects.get().text == 'trois' and Delivery.objects.filter(kind='edit').count() == 1


@pytest.mark.parametrize('name', ['', ' ', 'x' * 1000, '\u202e', '🧑‍🚒'])
def test_odd_names(name: str):
    """R15: a name is optional."""
    account = make_account(form='')
    message = write(account, 'Bonjour', name=name)
    assert message.conversation.contact.name == name[:250]


def test_a_message_without_anything():
    """R8: kept and shown."""
    account = make_account(form='')
    assert write(account, '', unreadable='empty').unreadable == 'empty'
    deliver()
    assert said('').kind is Kind.MESSAGE and Event(Kind.MESSAGE).text == ''

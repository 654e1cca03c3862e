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

"""The commands, as people and monitoring run them: what they print, their exit status (R41, R42, R17)."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from demo.emulators.mastodon import TOKEN
from publik_socialmedia import networks
from publik_socialmedia.management.commands import socialmedia_replay
from publik_socialmedia.models import Account, Conversation, Delivery, Endpoint, Journal, Message, RawEvent
from tests.delivery.desk import JEANNE, MastodonDesk, MessengerDesk, inbox_all, mastodon, messenger
from tests.factory import deliver, later, make_account, states, write

PAYLOADS = Path(networks.__file__).parent


def run(name: str, *words: str | int) -> tuple[int, str, str]:
    """Exit status and what was written, as a shell sees them."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(name, *map(str, words), stdout=out, stderr=err)
    except CommandError as error:
        return error.returncode, out.getvalue(), err.getvalue() + str(error)
    except SystemExit as stop:
        return int(stop.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


@pytest.fixture
def fediverse(db: None) -> Iterator[MastodonDesk]:
    with mastodon() as desk:
        yield desk


@pytest.fixture
def page(db: None) -> Iterator[MessengerDesk]:
    with messenger() as desk:
        yield desk


# -- poll


def test_poll(fediverse: MastodonDesk):
    """R17: now, whenever it is due; what came is counted."""
    fediverse.server.state.write(JEANNE, '@ville bonjour')
    status, out, err = run('socialmedia_poll')
    assert (status, out, err) == (0, 'Ville de Villexemple\xa0: 1\n', '')
    inbox_all()
    assert Message.objects.get().text == 'bonjour'
    assert run('socialmedia_poll', fediverse.account.pk)[1].endswith(': 0\n')


def test_poll_says_in_french_what_is_wrong(fediverse: MastodonDesk):
    """R40, R41: status 1, and the other accounts are polled all the same."""
    other = make_account(
        'mastodon',
        name='Autre commune',
        credentials={'instance': 'https://social.example', 'access_token': 'perime'},
        facts=fediverse.account.facts,
        poll_due_at=timezone.now(),
    )
    status, out, err = run('socialmedia_poll')
    assert status == 1 and 'Ville de Villexemple' in out and 'Autre commune' not in out
    assert 'Autre commune' in err and 'jeton' in err and 'perime' not in err
    other.refresh_from_db()
    assert other.problem == 'auth'


def test_poll_of_an_account_that_a_worker_has(fediverse: MastodonDesk):
    from publik_socialmedia.intake import polling

    polling.claim_one(fediverse.account.pk)
    status, out, _ = run('socialmedia_poll')
    assert status == 0 and len(out.splitlines()) == 2 and not fediverse.server.calls


def test_poll_of_a_network_that_cannot_be_polled(page: MessengerDesk):
    """R41: a mistake of whoever types; the account is not declared broken."""
    status, _, err = run('socialmedia_poll', page.account.pk)
    assert status == 1 and err
    page.account.refresh_from_db()
    assert (page.account.state, page.account.problem) == ('active', '')
    assert not Journal.objects.exists()


@pytest.mark.parametrize('command', ['socialmedia_poll', 'socialmedia_check'])
def test_an_account_that_does_not_exist(fediverse: MastodonDesk, command: str):
    """R41: monitoring of a deleted account must not be green for ever."""
    status, _, err = run(command, 999999)
    assert status > 0 and '999999' in err


def test_poll_leaves_paused_accounts_alone(fediverse: MastodonDesk):
    Account.objects.update(state='paused')
    assert run('socialmedia_poll')[0] == 0
    assert run('socialmedia_poll', fediverse.account.pk)[0] == 1
    assert not fediverse.server.calls


def test_poll_reads_the_past_again(fediverse: MastodonDesk):
    """R17: a gap is repaired; progress is shown."""
    for number in range(100):
        fediverse.server.state.write(JEANNE, f'@ville {number}')
    status, out, _ = run('socialmedia_poll', '--since-days', 2)
    assert status == 0 and len(out.splitlines()) > 2
    inbox_all()
    assert Message.objects.count() == 100
    fediverse.kill_token()
    status, _, err = run('socialmedia_poll', '--since-days', 2)
    assert status == 1 and 'jeton' in err


def test_poll_of_a_network_that_is_gone(db: None):
    make_account('disparu', poll_due_at=timezone.now())
    status, _, err = run('socialmedia_poll')
    assert status == 1 and err


# -- check


def test_check_when_all_is_well(fediverse: MastodonDesk):
    """R41: status 0."""
    status, out, _ = run('socialmedia_check', fediverse.account.pk)
    assert status == 0, out
    assert 'tout va bien' in out and 'Files d’attente' in out


def test_check_warns(fediverse: MastodonDesk):
    """R41: status 1 when nobody must act at once."""
    fediverse.server.fail('answer', '', times=9, status=503, body=b'')
    status, out, _ = run('socialmedia_check')
    assert status == 1 and '[warning]' in out


def test_check_says_that_a_person_must_act(fediverse: MastodonDesk):
    """R41: status 2, in French."""
    fediverse.kill_token()
    status, out, _ = run('socialmedia_check')
    assert status == 2 and 'à vérifier' in out and 'jeton' in out
    fediverse.account.refresh_from_db()
    assert (fediverse.account.state, fediverse.account.problem) == ('broken', 'auth')


def test_check_for_programs(fediverse: MastodonDesk):
    """R41"""
    fediverse.wcs.disable()
    write(fediverse.account)
    status, out, _ = run('socialmedia_check', '--json')
    facts = json.loads(out)
    assert status == facts['status'] == 2
    (account,) = facts['accounts']
    assert (account['account'], account['network']) == (fediverse.account.pk, 'mastodon')
    assert [(p['reason'], p['severity']) for p in account['problems']] == [('wcs_form_disabled', 'critical')]
    assert facts['queues']['deliveries_pending'] == 1 and facts['queues']['late'] >= 0
    assert out.count('\n') == 1


@pytest.mark.parametrize('what', ['blocked', 'quarantined', 'late'])
def test_check_sees_the_queues(fediverse: MastodonDesk, what: str):
    """R41, R42: blocked and unreadable need a person, lateness is a warning."""
    message = write(fediverse.account)
    Conversation.objects.update(due_at=None)
    if what == 'blocked':
        Delivery.objects.update(state='blocked')
    elif what == 'quarantined':
        RawEvent.objects.create(network='mastodon', account=fediverse.account, body=b'', state='quarantined')
    else:
        Conversation.objects.filter(pk=message.conversation_id).update(
            due_at=timezone.now() - timedelta(minutes=6)
        )
    assert run('socialmedia_check')[0] == (1 if what == 'late' else 2)


def test_check_goes_on_after_a_fault_of_ours(fediverse: MastodonDesk, monkeypatch, caplog):
    """R41, R50: one account that cannot be looked at hides no other."""
    make_account('messenger', name='Cassé')
    make_account('disparu', name='Autre')
    monkeypatch.setattr(
        type(networks.get('messenger')), 'check', lambda *_: (_ for _ in ()).throw(KeyError('EAAsecret'))
    )
    status, out, _ = run('socialmedia_check')
    assert status == 2 and out.count('tout va bien') == 1
    assert out.index('Cassé') < out.index('Autre')
    assert 'EAAsecret' not in caplog.text + out


# -- replay


@pytest.fixture
def blocked(page: MessengerDesk) -> MessengerDesk:
    """Four conversations that are blocked, for two reasons, and a body in quarantine."""
    page.wcs.disable()
    for number in range(4):
        write(page.account, f'message {number}', f'usager-{number}')
    Delivery.objects.update(state='blocked', reason='wcs_form_disabled')
    Delivery.objects.filter(message__text='message 3').update(reason='wcs_secret')
    Conversation.objects.update(due_at=None)
    RawEvent.objects.create(
        network='messenger', endpoint=page.account.endpoint, source='webhook', body=b'{}', state='quarantined'
    )
    page.wcs.disable(False)
    return page


def test_replay(blocked: MessengerDesk):
    """R42: all that is blocked, journaled."""
    status, out, _ = run('socialmedia_replay')
    assert status == 0 and '4 envoi(s) et 1 contenu(s)' in out.splitlines()[-1]
    deliver()
    assert len(blocked.wcs.demands()) == 4 and states() == ['done'] * 4
    journal = Journal.objects.get(action='replay')
    assert journal.details == {'deliveries': 4, 'bodies': 1, 'reason': ''}


def test_replay_dry_run(blocked: MessengerDesk):
    """R42: counts, changes nothing."""
    before = list(Delivery.objects.order_by('pk').values())
    status, out, _ = run('socialmedia_replay', '--dry-run')
    assert status == 0 and '4 envoi(s) et 1 contenu(s)' in out
    assert list(Delivery.objects.order_by('pk').values()) == before
    assert not Journal.objects.exists()


def test_replay_by_reason(blocked: MessengerDesk):
    """R42: what one repair concerns, and no body."""
    run('socialmedia_replay', '--reason', 'wcs_secret')
    assert sorted(states()) == ['blocked'] * 3 + ['pending']
    assert RawEvent.objects.get().state == 'quarantined'


def test_replay_of_one_account(blocked: MessengerDesk):
    """R42"""
    other = make_account('messenger', endpoint=Endpoint.objects.create(network='messenger'))
    write(other, 'ailleurs')
    Delivery.objects.filter(message__account=other).update(state='blocked')
    run('socialmedia_replay', '--account', other.pk)
    assert Delivery.objects.filter(state='pending').count() == 1
    assert RawEvent.objects.get().state == 'quarantined'
    run('socialmedia_replay', '--account', blocked.account.pk)
    assert not Delivery.objects.filter(state='blocked').exists()
    assert RawEvent.objects.get().state == 'pending'
    assert run('socialmedia_replay', '--account', 999999)[0] == 1


def test_replay_of_raw_events(blocked: MessengerDesk):
    """R3, R42: these, whatever their state, and nothing else; twice is once."""
    raw = RawEvent.objects.get()
    for state in ('done', 'quarantined', 'pending'):
        RawEvent.objects.update(state=state, attempts=6)
        assert '0 envoi(s) et 1 contenu(s)' in run('socialmedia_replay', '--raw', raw.pk)[1]
        raw.refresh_from_db()
        assert (raw.state, raw.attempts) == ('pending', 0)
    assert set(states()) == {'blocked'}
    assert '0 envoi(s) et 0 contenu(s)' in run('socialmedia_replay', '--raw', 999999)[1]


def test_replay_of_many_shows_its_progress(blocked: MessengerDesk, monkeypatch):
    monkeypatch.setattr(socialmedia_replay, 'BATCH', 2)
    assert run('socialmedia_replay')[1].splitlines()[:2] == ['2…', '4…']


def test_replay_of_what_fails_again(blocked: MessengerDesk):
    """R23: it has its three days before it again."""
    blocked.wcs.disable()
    Delivery.objects.update(created_at=timezone.now() - timedelta(days=9), attempts=40)
    run('socialmedia_replay')
    deliver()
    later()
    deliver()
    assert states() == ['pending'] * 4
    assert not Delivery.objects.filter(created_at__lt=timezone.now() - timedelta(hours=1)).exists()


# -- explain: no mark of the database here, its use would be refused


def explain(*words: str | Path) -> tuple[int, list[Any], str]:
    status, out, err = run('socialmedia_explain', *map(str, words))
    return status, [json.loads(line) for line in out.splitlines()], err


def test_explain(tmp_path: Path):
    """R3, R42: what the network's class understands, as JSON, without the database."""
    item = {
        'sender': {'id': '12'},
        'recipient': {'id': '1001'},
        'timestamp': 1790000000000,
        'message': {'mid': 'm_1', 'text': 'Où est l’école ?', 'attachments': [{'type': 'inconnu'}]},
    }
    body = {'object': 'page', 'entry': [{'id': '1001', 'time': 1790000000000, 'messaging': [item]}]}
    file = tmp_path / 'corps.json'
    file.write_text(json.dumps(body))
    status, (found,), _ = explain('messenger', file)
    assert (status, found['file']) == (0, 'corps.json')
    (event,) = found['events']
    assert (event['kind'], event['text'], event['user']) == ('message', 'Où est l’école ?', '12')
    assert event['attachments'][0]['kind'] == 'unreadable' and 'name' not in event
    assert event['sent_at'].startswith('2026-09-21')


def test_explain_with_an_unreadable_file(tmp_path: Path):
    """R3: status 1; the others are explained."""
    good, bad = tmp_path / 'bon.json', tmp_path / 'mauvais.json'
    good.write_text('{"object": "page", "entry": []}')
    bad.write_bytes(b'\xff\x00<html>')
    status, found, err = explain('messenger', bad, good)
    assert status == 1 and '1 fichier(s) illisible(s)' in err
    assert [set(item) for item in found] == [{'file', 'unreadable'}, {'file', 'events'}]


def test_explain_an_answer_of_a_server(tmp_path: Path):
    case = PAYLOADS / 'mastodon' / 'payloads' / 'conversation_last_status_null.json'
    facts = json.dumps({'id': '1', 'domain': 'social.example'})
    words = (
        '--source',
        'poll',
        '--call',
        'GET /api/v1/conversations',
        '--account',
        'ville',
        '--facts',
        facts,
    )
    status, (found,), _ = explain('mastodon', case, *words)
    assert status == 0 and found['events']


def test_explain_an_unknown_network(tmp_path: Path):
    file = tmp_path / 'a.json'
    file.write_text('{}')
    status, _, err = explain('minitel', file)
    assert status == 1 and 'mastodon' in err and 'messenger' in err


@pytest.mark.parametrize('name', ['absent.json', ''])
def test_explain_a_file_that_cannot_be_read(tmp_path: Path, name: str):
    status, _, err = explain('messenger', tmp_path / name)
    assert status == 1 and str(tmp_path) in err


@pytest.mark.parametrize('network', ['messenger', 'mastodon'])
def test_explain_the_whole_corpus(network: str):
    """R3: never a traceback, whatever the file."""
    files = sorted((PAYLOADS / network / 'payloads').glob('*.json'))
    facts = json.dumps({'id': '1', 'domain': 'social.example', 'acct': 'ville'})
    status, found, _ = explain(network, *files, '--facts', facts, '--account', 'ville')
    assert status in (0, 1) and len(found) == len(files) > 20


# -- logs


def test_nothing_secret_in_what_the_commands_say(fediverse: MastodonDesk, caplog: pytest.LogCaptureFixture):
    """R50: at any level, and in what they print."""
    caplog.set_level(logging.DEBUG)
    fediverse.citizen_writes('texte-confidentiel')
    said = ''.join(''.join(map(str, run(f'socialmedia_{name}'))) for name in ('poll', 'check', 'replay'))
    fediverse.kill_token()
    said += ''.join(''.join(map(str, run(f'socialmedia_{name}'))) for name in ('poll', 'check'))
    said += caplog.text + ' '.join(repr(record.__dict__) for record in caplog.records)
    for secret in ('confidentiel', TOKEN, fediverse.wcs.secret, 'jeanne'):
        assert secret not in said, secret

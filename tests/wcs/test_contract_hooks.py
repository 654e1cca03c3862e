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

"""R22, R25, R26: calls on an existing demand, and what the workflow of the bundle does. Held by both."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from django.utils.html import escape

from publik_socialmedia.wcs.bundle import HOOKS
from tests.wcs.target import PNG, Target

FILES = [
    {'filename': f'{name}.png', 'content_type': 'image/png', 'content': PNG, 'content_is_base64': True}
    for name in ('un', 'deux', 'trois')
]


def hook(wcs: Target, number: str, identifier: str, event: str, **payload: Any) -> None:
    answer = wcs.post(wcs.hook_path(number, identifier), {'event_id': event, **payload})
    assert (answer.status_code, answer.json()) == (200, {'err': 0})


def state(wcs: Target, number: str) -> tuple[str, dict[str, Any], list[str]]:
    """Return status, back-office fields and comments."""
    row = wcs.row(number)
    return row['workflow']['status']['id'], row['workflow']['fields'], wcs.comments(number)


def put_in(wcs: Target, number: str, status: str) -> None:
    """Bring a new demand to a status."""
    if status == 'closed':
        wcs.manage('close', number)
    elif status == 'new_message':
        hook(wcs, number, 'message_recu', 'before', text='avant')
    elif status == 'waiting':
        hook(wcs, number, 'reponse_native', 'before', text='avant')


@pytest.mark.parametrize(
    'path', ['api/forms/{form}/{number}/hooks/message_recu', '{form}/{number}/hooks/message_recu/']
)
def test_other_addresses_of_a_hook(wcs: Target, path: str) -> None:
    number = wcs.create()
    answer = wcs.post(path.format(form=wcs.form, number=number), {'event_id': 'e', 'text': 'x'})
    assert (answer.status_code, answer.json()) == (200, {'err': 0})
    assert len(wcs.comments(number)) == 1


def test_refusals_of_a_hook(wcs: Target) -> None:
    number = wcs.create()
    for path in (wcs.hook_path(number, 'nexistepas'), wcs.hook_path('99999999', 'message_recu')):
        answer = wcs.post(path, {'event_id': 'e'})
        assert (answer.status_code, answer.json()['err_code']) == (404, 'not-found')
    get = wcs.get(wcs.hook_path(number, 'message_recu'))
    assert (get.status_code, get.json()['err_desc']) == (
        403,
        'Méthode HTTP invalide (doit être POST ou PUT).',
    )
    bad = requests.post(
        wcs.sign(wcs.hook_path(number, 'message_recu')),
        data='{',
        headers={'Content-Type': 'application/json'},
        timeout=60,
    )
    assert bad.status_code == 400


def test_without_json_the_action_runs_again_on_what_it_had(wcs: Target) -> None:
    number = wcs.create()
    hook(wcs, number, 'message_recu', 'e', text='x')
    before = wcs.comments(number)
    assert requests.post(wcs.sign(wcs.hook_path(number, 'message_recu')), timeout=60).status_code == 200
    # the condition on the event saves us from the message written twice
    assert wcs.comments(number) == before


@pytest.mark.parametrize('content', [[1, 2], {}, {'text': 'sans clé'}, {'event_id': ''}, {'event_id': None}])
def test_a_hook_without_event_changes_nothing(wcs: Target, content: Any) -> None:
    number = wcs.create()
    assert wcs.post(wcs.hook_path(number, 'message_recu'), content).status_code == 200
    assert state(wcs, number)[0] == 'new'
    assert wcs.comments(number) == []


@pytest.mark.parametrize('bad', ['a\x00b', 'a\ud83db'])
def test_r24_text_that_crashes_a_hook_locks_the_demand(wcs: Target, bad: str) -> None:
    number = wcs.create()
    answer = wcs.post(wcs.hook_path(number, 'message_recu'), {'event_id': 'e', 'text': bad})
    assert (answer.status_code, answer.json()) == (500, {'err': 1})
    answer = wcs.post(wcs.hook_path(number, 'message_recu'), {'event_id': 'f', 'text': 'x'})
    assert answer.status_code == 403
    assert answer.json()['err_desc'] == 'Actions en cours de traitement sur ce formulaire.'
    # the lock of a crash may be passed over, and is then lifted
    url = wcs.sign(wcs.hook_path(number, 'message_recu'), {'bypass-processing-check': 'on'})
    assert requests.post(url, json={'event_id': 'g', 'text': 'x'}, timeout=60).status_code == 200
    hook(wcs, number, 'message_recu', 'h', text='y')


def test_r22_of_simultaneous_hooks_both_are_accepted_and_the_values_of_one_are_lost(wcs: Target) -> None:
    """The history shows both; what tells a repeated call from a new one is lost for one of them."""
    lost = 0
    for _ in range(30):
        number = wcs.create()
        urls = [wcs.sign(wcs.hook_path(number, 'message_modifie')) for _ in range(2)]
        bodies = [{'event_id': event, 'text': 'x'} for event in ('a', 'b')]
        with ThreadPoolExecutor(2) as pool:
            answers = list(
                pool.map(lambda url, body: requests.post(url, json=body, timeout=60), urls, bodies)
            )
        accepted = [answer for answer in answers if answer.status_code == 200]
        assert accepted
        row, history = wcs.row(number), ''.join(wcs.comments(number))
        assert sum(f'data-evenement="{event}"' in history for event in 'ab') == len(accepted)
        known = row['workflow']['fields']['evenement_modifie'], row['workflow']['data']['message_modifie']
        assert known[0] in ('a', 'b') and known[1]['event_id'] in ('a', 'b')
        lost += len(accepted) - 1
        if lost:
            break
    assert lost > 0


@pytest.mark.parametrize('status', ['new', 'new_message', 'waiting', 'closed'])
def test_r20_a_received_message_is_shown_with_its_date_text_and_author(wcs: Target, status: str) -> None:
    number = wcs.create(nombre_messages='1')
    put_in(wcs, number, status)
    hook(
        wcs,
        number,
        'message_recu',
        'e2',
        message_id='m2',
        text='Deuxième <b>message</b>\nligne "2" & {{ form_number }} [x]',
        date='22/11/2026 à 14:33',
        author='Zoé <i>M</i>',
        count=2,
        reply_before='29/11/2026 à 14:33',
    )
    found, fields, comments = state(wcs, number)
    assert found == 'new_message'
    assert fields['dernier_message'] == 'Deuxième <b>message</b>\nligne "2" & {{ form_number }} [x]'
    assert fields['dernier_message_id'] == 'm2'
    assert fields['dernier_message_le'] == '22/11/2026 à 14:33'
    assert fields['nombre_messages'] == '2'
    assert fields['repondre_avant'] == '29/11/2026 à 14:33'
    assert comments[-1] == (
        '<div class="reseau-social reseau-social-message_recu" data-evenement="e2">'
        '<p><strong>Message de Zoé &lt;i&gt;M&lt;/i&gt;, le 22/11/2026 à 14:33</strong></p>'
        '<p>Deuxième &lt;b&gt;message&lt;/b&gt;<br>ligne &quot;2&quot; &amp; {{ form_number }} [x]</p></div>'
    )
    # under an entry of its own
    assert wcs.row(number)['evolution'][-1]['parts'][-1]['content'] == comments[-1]


@pytest.mark.parametrize(
    ('identifier', 'payload'),
    [
        ('message_recu', {'message_id': 'm2', 'text': 'x', 'date': 'hier', 'count': 2}),
        ('reponse_native', {'message_id': 'n1', 'text': 'x', 'date': 'hier', 'author': 'Camille'}),
        ('message_modifie', {'message_id': 'm1', 'text': 'x', 'date': 'hier'}),
        ('message_efface', {'message_id': 'm1', 'date': 'hier'}),
        ('piece_jointe_recue', {'message_id': 'm1', 'text': 'x', 'date': 'hier', 'files': FILES}),
        ('fenetre_fermee', {'message_id': 'm1', 'state': 'closed', 'date': 'hier'}),
        ('etat_envoi', {'message_id': 'a1', 'state': 'failed', 'reason': 'délai dépassé', 'date': 'hier'}),
    ],
)
@pytest.mark.parametrize('status', ['new', 'waiting', 'closed'])
def test_r21_the_last_event_repeated_changes_nothing(
    wcs: Target, identifier: str, payload: dict[str, Any], status: str
) -> None:
    number = wcs.create()
    put_in(wcs, number, status)
    hook(wcs, number, identifier, 'e2', **payload)
    once = wcs.row(number)
    hook(wcs, number, identifier, 'e2', **payload)
    twice = wcs.row(number)
    assert twice['evolution'] == once['evolution']
    assert twice['workflow'] == once['workflow']
    assert sum('data-evenement="e2"' in comment for comment in wcs.comments(number)) == 1


@pytest.mark.parametrize('identifier', [name for name in HOOKS if name != 'verification'])
@pytest.mark.parametrize('status', ['new', 'new_message', 'waiting', 'closed'])
def test_r25_each_event_moves_the_demand_up_in_lists(wcs: Target, identifier: str, status: str) -> None:
    number = wcs.create()
    put_in(wcs, number, status)
    before = wcs.row(number)['evolution']
    hook(wcs, number, identifier, 'e2', text='x', state='sent')
    after = wcs.row(number)['evolution']
    assert len(after) == len(before) + 1
    assert after[-1]['time'] > before[-1]['time']


@pytest.mark.parametrize('status', ['new', 'new_message', 'waiting', 'closed'])
@pytest.mark.parametrize(
    'identifier', ['message_modifie', 'message_efface', 'etat_envoi', 'piece_jointe_recue']
)
def test_r13_news_of_a_message_leave_the_status(wcs: Target, identifier: str, status: str) -> None:
    number = wcs.create()
    put_in(wcs, number, status)
    hook(wcs, number, identifier, 'e2', text='x', state='read')
    assert state(wcs, number)[0] == status


@pytest.mark.parametrize(
    ('status', 'expected'),
    [('new', 'waiting'), ('new_message', 'waiting'), ('waiting', 'waiting'), ('closed', 'closed')],
)
def test_r11_a_native_answer_makes_the_demand_wait_and_reopens_nothing(
    wcs: Target, status: str, expected: str
) -> None:
    number = wcs.create()
    put_in(wcs, number, status)
    hook(
        wcs,
        number,
        'reponse_native',
        'e2',
        text='Réponse',
        date='hier',
        author='Camille',
        count=3,
        files=FILES,
    )
    found, fields, comments = state(wcs, number)
    assert found == expected
    assert fields['nombre_messages'] == '3'
    assert comments[-1] == (
        '<div class="reseau-social reseau-social-reponse_native" data-evenement="e2">'
        '<p><strong>Réponse envoyée depuis l&#x27;application du réseau par Camille, le hier</strong></p>'
        '<p>Réponse</p></div>'
    )
    assert len(comments) == (2 if status in ('new_message', 'waiting') else 1)
    if wcs.api_user:
        assert [name for name, _ in wcs.file_names(number)] == ['un.png', 'deux.png', 'trois.png']


def test_r13_the_last_message_follows_its_edits_and_its_withdrawal(wcs: Target) -> None:
    number = wcs.create()
    hook(wcs, number, 'message_recu', 'e1', message_id='m2', text='deux')
    hook(wcs, number, 'message_modifie', 'e2', message_id='m1', text='un, corrigé')
    assert state(wcs, number)[1]['dernier_message'] == 'deux'
    hook(wcs, number, 'message_modifie', 'e3', message_id='m2', text='deux, corrigé')
    assert state(wcs, number)[1]['dernier_message'] == 'deux, corrigé'
    hook(wcs, number, 'message_efface', 'e4', message_id='m2')
    _, fields, comments = state(wcs, number)
    assert fields['dernier_message'] == "(message effacé par l'usager)"
    events = [f'data-evenement="e{place}"' for place in range(1, 5)]
    assert [event in comment for event, comment in zip(events, comments, strict=True)] == [True] * 4


@pytest.mark.parametrize(
    ('word', 'label'),
    [
        ('queued', "en cours d'envoi"),
        ('sent', 'envoyée'),
        ('failed', 'non envoyée'),
        ('autre', 'autre'),
    ],
)
def test_r33_the_state_of_an_answer_is_shown_with_its_reason(wcs: Target, word: str, label: str) -> None:
    number = wcs.create()
    hook(wcs, number, 'etat_envoi', 'e1', state=word, reason='délai & fenêtre', date='hier')
    _, fields, comments = state(wcs, number)
    assert fields['etat_envoi'] == f'{label} : délai & fenêtre'
    assert f'<strong>Réponse {escape(label)}, le hier : délai &amp; fenêtre</strong>' in comments[-1]


@pytest.mark.parametrize(('word', 'label'), [('delivered', 'remise'), ('read', 'lue')])
@pytest.mark.parametrize('status', ['new', 'new_message', 'waiting', 'closed'])
def test_r12_a_receipt_after_a_success_disturbs_nobody(
    wcs: Target, status: str, word: str, label: str
) -> None:
    """What an agent is typing is not refused, the demand does not move up in lists; the field says it."""
    number = wcs.create()
    put_in(wcs, number, status)
    hook(wcs, number, 'etat_envoi', 'e1', state='sent', kind='answer')
    before = wcs.row(number)
    hook(wcs, number, 'etat_envoi', 'e2', state=word, kind='answer', reply='1')
    after = wcs.row(number)
    assert after['last_update_time'] == before['last_update_time']
    assert len(after['evolution']) == len(before['evolution'])
    assert wcs.comments(number)[-1].count('Réponse envoyée') == 1
    assert after['workflow']['fields']['etat_envoi'] == label
    hook(wcs, number, 'message_recu', 'e3', text='suite')  # what follows is told as ever
    assert 'suite' in wcs.comments(number)[-1]


@pytest.mark.parametrize(('word', 'label'), [('delivered', 'remise'), ('read', 'lue')])
def test_r33_a_receipt_after_a_failure_is_news(wcs: Target, word: str, label: str) -> None:
    number = wcs.create()
    hook(wcs, number, 'etat_envoi', 'e1', state='failed', reason='réseau injoignable', kind='answer')
    hook(wcs, number, 'etat_envoi', 'e2', state=word, kind='answer', date='hier')
    _, fields, comments = state(wcs, number)
    assert fields['etat_envoi'] == label
    assert f'<strong>Réponse {label}, le hier</strong>' in comments[-1]


def test_r20_all_the_files_of_a_message_can_be_opened(wcs: Target) -> None:
    if not wcs.api_user:
        pytest.skip('WCS_API_USER is not set')
    number = wcs.create()
    many = [{**FILES[0], 'filename': f'{place}.png'} for place in range(20)]
    hook(wcs, number, 'message_recu', 'e1', text='photos', files=many)
    found = wcs.file_names(number)
    assert [name for name, _ in found] == [f'{place}.png' for place in range(20)]
    assert {content[:8] for _, content in found} == {b'\x89PNG\r\n\x1a\n'}


def test_a_file_not_said_to_be_base64_is_kept_as_text(wcs: Target) -> None:
    if not wcs.api_user:
        pytest.skip('WCS_API_USER is not set')
    number = wcs.create()
    file = {key: value for key, value in FILES[0].items() if key != 'content_is_base64'}
    hook(wcs, number, 'message_recu', 'e1', files=[file, {'filename': 'x'}, 'abc', None])
    assert wcs.file_names(number) == [('un.png', PNG.encode())]


def test_r26_an_anonymised_demand_still_takes_hooks(wcs: Target) -> None:
    number = wcs.create()
    wcs.manage('anonymise', number)
    hook(wcs, number, 'message_recu', 'e1', text='donnée personnelle')
    assert len(wcs.comments(number)) == 1


def test_r25_the_order_of_calls_is_the_order_of_the_history(wcs: Target) -> None:
    number = wcs.create()
    for place in range(5):
        hook(wcs, number, 'message_recu', f'e{place}', text=f'message {place}')
    comments = wcs.comments(number)
    assert [f'message {place}' in comment for place, comment in enumerate(comments)] == [True] * 5
    times = [entry['time'] for entry in wcs.row(number)['evolution']]
    assert times == sorted(times)

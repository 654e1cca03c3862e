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

"""The page « queue » (R42): what needs a person is seen, explained and started again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from lxml import html

from publik_socialmedia.intake import inbox
from publik_socialmedia.manager import backlog, polls, replaying
from publik_socialmedia.models import Account, Conversation, Delivery, Journal, Message, RawEvent
from tests.factory import make_account, write
from tests.oversight.scene import ago, block, blocked, body_of, rows, sentence, staff, visitor, words

pytestmark = pytest.mark.django_db

LIST = '/socialmedia/manage/queue/'
REPLAY = '/socialmedia/manage/queue/replay/'


def body_url(raw: RawEvent) -> str:
    return reverse('socialmedia-manage-body', args=[raw.pk])


def state(delivery: Delivery) -> str:
    delivery.refresh_from_db()
    return delivery.state


# -- who


@pytest.mark.parametrize(('who', 'status'), [('anonymous', 302), ('agent', 403), ('staff', 200)])
def test_the_queue_is_for_staff_only_R43(who: str, status: int) -> None:
    raw = body_of(make_account(), b'secret words of a citizen')
    client = visitor(who)
    assert client.get(LIST).status_code == status
    assert client.get(body_url(raw)).status_code == status
    shown = client.post(body_url(raw))
    assert shown.status_code == status
    assert (b'secret words' in shown.content) == (who == 'staff')


@pytest.mark.parametrize('who', ['anonymous', 'agent'])
def test_only_staff_starts_again_R43(who: str) -> None:
    delivery = blocked()
    visitor(who).post(REPLAY, {'list': 'blocked', 'item': delivery.pk})
    assert state(delivery) == 'blocked'


def test_the_queue_is_absent_while_the_switch_is_off_R43(settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_ENABLED = False
    raw = body_of(make_account())
    for address in (LIST, REPLAY, body_url(raw)):
        assert staff().get(address).status_code == 404
        assert staff().post(address).status_code == 404


def test_starting_again_and_showing_a_body_need_the_csrf_token() -> None:
    delivery, raw = blocked(), body_of(make_account(), b'secret words')
    client = staff()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post(REPLAY, {'list': 'blocked', 'item': delivery.pk}).status_code == 403
    assert strict.post(body_url(raw)).status_code == 403
    assert state(delivery) == 'blocked' and not Journal.objects.exists()


# -- what is seen


def test_blocked_work_is_shown_with_its_reason_in_French_R42() -> None:
    blocked(error='wcs_form_disabled (HTTP 403): message-reseau-social')
    (row,) = rows(staff().get(LIST))
    assert 'Message de l’usager' in row and 'Ville de Villexemple (Messenger)' in row
    assert sentence('wcs_form_disabled') in row and 'HTTP 403' in row


def test_the_text_of_the_citizen_is_not_in_the_queue_R50() -> None:
    block(write(make_account(), 'Je suis malade', name='Jeanne Exemple'))
    page = words(staff().get(LIST))
    assert 'malade' not in page and 'Exemple,' not in page and 'Jeanne' not in page


def test_late_work_is_what_is_due_for_long_or_was_put_off_R42() -> None:
    account = make_account()
    late, failed, waiting = (write(account, user=user).deliveries.get() for user in ('a', 'b', 'c'))
    Delivery.objects.filter(pk=late.pk).update(due_at=ago(minutes=6))
    later = timezone.now() + timedelta(hours=1)
    Delivery.objects.filter(pk=failed.pk).update(due_at=later, reason='wcs_away', attempts=3)
    page = staff().get(LIST, {'list': 'failing'})
    assert len(rows(page)) == 2 and 'le worker' in rows(page)[0] and sentence('wcs_away') in rows(page)[1]
    assert str(waiting.pk) not in [row.split()[0] for row in rows(page)]


def test_each_list_has_its_own_bodies_R42() -> None:
    account = make_account()
    body_of(account)
    body_of(account, error='items', outcome={'failures': {'2': 'unroutable', '3': 'KeyError'}})
    body_of(account, state='pending', error='', received_at=ago(minutes=6))
    body_of(account, state='pending', error='')
    body_of(account, state='done', error='')
    client = staff()
    (unreadable,) = rows(client.get(LIST, {'list': 'unreadable'}))
    (partial,) = rows(client.get(LIST, {'list': 'partial'}))
    (unread,) = rows(client.get(LIST, {'list': 'unread'}))
    assert 'Ce n’est pas ce que le réseau envoie' in unreadable
    assert '2 éléments n’ont pas pu être enregistrés' in partial
    assert 'le worker' in unread
    counts = {slug: count for slug, _label, count in queue_lists(client)}
    assert counts == {'blocked': 0, 'failing': 0, 'unreadable': 1, 'partial': 1, 'unread': 1, 'polls': 0}


def queue_lists(client: Client) -> list[tuple[str, str, int]]:
    counts = {**backlog.counts(), polls.NAME: polls.late().count()}
    lists = {**backlog.LISTS, polls.NAME: polls.LABEL}
    page = words(client.get(LIST))
    for slug, label in lists.items():
        assert f'{label} {counts[slug]}' in page
    return [(slug, str(label), counts[slug]) for slug, label in lists.items()]


@pytest.mark.parametrize(
    ('error', 'said'),
    [
        ('unknown_network', 'n’est plus installé'),
        ('too_many_attempts', 'mis de côté'),
        ('encryption_key: no key opens a stored value', sentence('encryption_key')),
        ('KeyError', 'après une mise à jour'),
        ('a word of tomorrow', 'après une mise à jour'),
    ],
)
def test_why_a_body_is_not_read_is_said_in_French_R42(error: str, said: str) -> None:
    body_of(make_account(), error=error)
    assert said in rows(staff().get(LIST, {'list': 'unreadable'}))[0]


def test_lists_are_narrowed_by_account_and_reason() -> None:
    one, other = make_account(name='Première'), make_account(name='Seconde')
    blocked(one, reason='wcs_right')
    blocked(other, reason='wcs_right')
    blocked(other, reason='wcs_secret', user='paul')
    client = staff()
    assert len(rows(client.get(LIST))) == 3
    assert len(rows(client.get(LIST, {'account': other.pk}))) == 2
    (row,) = rows(client.get(LIST, {'account': other.pk, 'reason': 'wcs_right'}))
    assert 'Seconde' in row


@pytest.mark.parametrize(
    'query', [{'list': 'x'}, {'account': '²'}, {'account': '9' * 40}, {'page': 'x'}, {'reason': '\0'}]
)
def test_odd_questions_are_no_error(query: dict[str, str]) -> None:
    blocked()
    assert staff().get(LIST, query).status_code == 200


def test_the_list_is_cut_in_pages_and_costs_the_same_queries_R42() -> None:
    account = make_account()
    client = staff()

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(LIST).status_code == 200
        return len(seen)

    blocked(account, user='first')
    few = queries()
    for number in range(60):
        blocked(make_account(), user=f'user-{number}')
    assert queries() == few
    page = client.get(LIST)
    assert len(rows(page)) == 50 and 'page=2' in page.content.decode()
    assert len(rows(client.get(LIST, {'page': '2'}))) == 11


def test_lists_of_bodies_cost_the_same_queries_and_decrypt_nothing_R42(settings) -> None:
    client, account = staff(), make_account()
    body_of(account)

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert len(rows(client.get(LIST, {'list': 'unreadable'})))
        assert not [query for query in seen if '"body"' in query['sql']]
        return len(seen)

    few = queries()
    for _number in range(20):
        body_of(make_account())
    # the key is lost: the list is still there to say so
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = ['another key, that opens nothing of it']
    assert queries() == few


# -- starting again


def test_one_is_started_again_and_journaled_R42() -> None:
    chosen, other = blocked(user='a'), blocked(user='b')
    page = staff().post(REPLAY, {'list': 'blocked', 'item': chosen.pk}, follow=True)
    assert '1 élément a été relancé.' in words(page)
    assert (state(chosen), state(other)) == ('pending', 'blocked')
    assert chosen.attempts == 0 and chosen.conversation.due_at is not None
    row = Journal.objects.get()
    assert (row.action, row.actor.username, row.details) == (
        'replay',
        'staff',
        {'deliveries': 1},
    )


def test_the_whole_list_is_asked_about_first_then_started_again_as_it_is_narrowed_R42() -> None:
    account = make_account()
    mine = [blocked(account, user=user, reason='wcs_right') for user in ('a', 'b')]
    others = [blocked(account, user='c', reason='wcs_secret'), blocked(make_account(), reason='wcs_right')]
    client = staff()
    asked = {'list': 'blocked', 'all': '1', 'account': account.pk, 'reason': 'wcs_right'}
    page = client.post(REPLAY, asked)
    assert '2 éléments seront relancés.' in words(page)
    assert [state(delivery) for delivery in mine] == ['blocked', 'blocked']
    client.post(REPLAY, {**asked, 'confirmed': '1'})
    assert [state(delivery) for delivery in mine] == ['pending', 'pending']
    assert [state(delivery) for delivery in others] == ['blocked', 'blocked']
    assert Journal.objects.get().account == account


def test_the_confirmation_sends_back_what_was_asked() -> None:
    account = make_account()
    delivery = blocked(account, reason='wcs_right')
    client = staff()
    asked = {'list': 'blocked', 'all': '1', 'account': account.pk, 'reason': 'wcs_right'}
    form = html.fromstring(client.post(REPLAY, asked).content.decode()).xpath(
        '//form[.//input[@name="all"]]'
    )[0]
    client.post(REPLAY, {name: value for name, value in form.fields.items() if name})
    assert state(delivery) == 'pending'


def test_a_large_list_is_started_again_by_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, 'BATCH', 2)
    account = make_account()
    for user in ('a', 'b', 'c'):
        blocked(account, user=user)
    page = staff().post(REPLAY, {'list': 'blocked', 'all': '1', 'confirmed': '1'}, follow=True)
    assert '2 éléments ont été relancés.' in words(page)
    assert Delivery.objects.filter(state='blocked').count() == 1


def test_all_parts_of_an_answer_are_started_again_together_R31() -> None:
    conversation = write(make_account()).conversation
    parts = []
    for part in range(3):
        message = Message.objects.create(
            account=conversation.account,
            conversation=conversation,
            origin='agent',
            state='failed',
            failure='temporary',
            key=f'k{part}',
            answer_key='demand:answer:1',
            part=part,
            sort_at=timezone.now(),
        )
        delivery = Delivery.objects.create(
            conversation=conversation,
            message=message,
            lane='network',
            kind='send',
            key=f'send:{part}',
            state='blocked',
            reason='temporary',
            rank_at=timezone.now(),
        )
        parts.append(delivery)
    staff().post(REPLAY, {'list': 'blocked', 'item': parts[2].pk})
    assert [state(part) for part in parts] == ['pending'] * 3
    assert set(conversation.messages.filter(origin='agent').values_list('state', flat=True)) == {'queued'}


def test_nothing_chosen_changes_nothing_and_says_so() -> None:
    delivery = blocked()
    page = staff().post(REPLAY, {'list': 'blocked', 'item': ['x', '²', '9' * 30]}, follow=True)
    assert 'Rien n’a été choisi' in words(page)
    assert state(delivery) == 'blocked' and not Journal.objects.exists()


def test_what_waits_to_be_read_cannot_be_started_again() -> None:
    raw = body_of(make_account(), state='pending', error='', received_at=ago(minutes=6))
    page = staff().get(LIST, {'list': 'unread'})
    assert b'name="item"' not in page.content and b'name="one"' not in page.content
    staff().post(REPLAY, {'list': 'unread', 'item': raw.pk})
    assert not Journal.objects.exists()


def put_off(account: Account, user: str, **values: Any) -> Delivery:
    """A delivery that something refused, to be tried in an hour."""
    delivery = write(account, user=user).deliveries.get()
    due_at = timezone.now() + timedelta(hours=1)
    changes = {'due_at': due_at, 'reason': 'wcs_away', 'attempts': 4, **values}
    Delivery.objects.filter(pk=delivery.pk).update(**changes)
    Conversation.objects.filter(pk=delivery.conversation_id).update(due_at=changes['due_at'])
    delivery.refresh_from_db()
    return delivery


@pytest.mark.parametrize('how', ['one', 'item'])
def test_late_work_is_tried_now_one_by_one_or_ticked_R42(how: str) -> None:
    account = make_account()
    chosen, other = put_off(account, 'a'), put_off(account, 'b')
    page = staff().get(LIST, {'list': 'failing'})
    assert page.content.count(b'name="one"') == 2 and 'Essayer maintenant' in words(page)
    page = staff().post(REPLAY, {'list': 'failing', how: chosen.pk}, follow=True)
    assert '1 élément a été relancé.' in words(page)
    for delivery in (chosen, other):
        delivery.refresh_from_db()
        delivery.conversation.refresh_from_db()
    now = timezone.now()
    assert chosen.due_at <= now and chosen.conversation.due_at <= now
    assert chosen.attempts == 4  # it is the same try, sooner: its whole time is not given again
    assert other.due_at > now and other.conversation.due_at > now
    assert Journal.objects.get().details == {'deliveries': 1} and Journal.objects.get().action == 'hasten'


def test_what_comes_first_in_the_conversation_is_tried_with_it_R42() -> None:
    account = make_account()
    first, second = put_off(account, 'a'), put_off(account, 'a')
    assert first.conversation_id == second.conversation_id
    staff().post(REPLAY, {'list': 'failing', 'one': second.pk})
    first.refresh_from_db()
    assert first.due_at <= timezone.now()


def test_the_whole_list_of_late_work_is_tried_now_once_confirmed_R42() -> None:
    late = [put_off(make_account(), user) for user in 'abc']
    asked = {'list': 'failing', 'all': '1'}
    assert '3 éléments seront relancés.' in words(staff().post(REPLAY, asked))
    page = staff().post(REPLAY, {**asked, 'confirmed': '1'}, follow=True)
    assert '3 éléments ont été relancés.' in words(page)
    assert Delivery.objects.filter(pk__in=[one.pk for one in late], due_at__lte=timezone.now()).count() == 3


def test_late_polls_are_listed_with_their_reason_and_tried_now_R42() -> None:
    soon, now = timezone.now() + timedelta(hours=2), timezone.now()
    failed = make_account(
        'mastodon', name='Mairie', poll_due_at=soon, poll_failures=3, problem='auth', state='broken'
    )
    make_account('mastodon', name='Saine', poll_due_at=soon)
    make_account('mastodon', name='En pause', poll_due_at=now, poll_failures=1, state='paused')
    late = make_account('telegram', name='Oubliée', poll_due_at=ago(minutes=20))
    page = staff().get(LIST, {'list': 'polls'})
    assert len(rows(page)) == 2
    shown = ' '.join(rows(page))
    assert 'Mairie' in shown and sentence('auth') in shown and 'Oubliée' in shown and 'le worker' in shown
    staff().post(REPLAY, {'list': 'polls', 'one': failed.pk})
    failed.refresh_from_db()
    assert failed.poll_due_at <= timezone.now() and failed.poll_failures == 3
    assert Journal.objects.get().details == {'polls': 1}
    page = staff().post(REPLAY, {'list': 'polls', 'all': '1', 'confirmed': '1'}, follow=True)
    assert '2 éléments ont été relancés.' in words(page)
    late.refresh_from_db()
    assert late.poll_due_at >= now


def test_bodies_are_read_again_but_not_those_that_were_emptied_R42() -> None:
    account = make_account()
    raw, emptied = body_of(account), body_of(account, emptied_at=timezone.now())
    page = staff().post(REPLAY, {'list': 'unreadable', 'item': [raw.pk, emptied.pk]}, follow=True)
    assert '1 élément a été relancé.' in words(page)
    assert list(RawEvent.objects.filter(state='pending').values_list('pk', flat=True)) == [raw.pk]
    assert Journal.objects.get().details == {'bodies': 1}


# -- the raw body


def test_a_body_is_shown_only_when_asked_for_and_that_is_journaled_R42() -> None:
    raw = body_of(make_account(), '{"text": "Je suis malade à crever"}'.encode())
    client = staff()
    assert 'malade' not in words(client.get(body_url(raw))) and not Journal.objects.exists()
    assert 'Je suis malade à crever' in words(client.post(body_url(raw)))
    row = Journal.objects.get()
    assert (row.action, row.actor.username, row.details) == ('raw-body', 'staff', {'body': raw.pk})


@pytest.mark.parametrize(
    'content',
    [
        b'<script>alert(1)</script>',
        b'\x00\xff\xfe not text',
        b'[' * 100_000,
        b'{"a": "\\ud800 \xe2\x80\xae gnitteg"}',
        b'',
        b'{"a": "' + b'x' * 500_000 + b'"}',
    ],
    ids=['html', 'bytes', 'deep', 'surrogate and bidi', 'empty', 'long'],
)
def test_any_body_can_be_shown_and_hurts_nobody(content: bytes) -> None:
    page = staff().post(body_url(body_of(make_account(), content)))
    shown = page.content.decode()
    assert page.status_code == 200
    assert '<script>alert' not in shown and '\u202e' not in shown and '\0' not in shown
    assert len(shown) < 300_000


def test_a_body_whose_key_is_lost_says_so(settings) -> None:
    raw = body_of(make_account(), b'{"a": 1}')
    client = staff()
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = ['another key, that opens nothing of it']
    assert sentence('encryption_key') in words(client.post(body_url(raw)))


def test_a_body_tells_what_became_of_its_items_R42() -> None:
    outcome = {
        'counts': {'message': 3, 'quarantined': 1},
        'failures': {'2': 'IntegrityError'},
        'unknown_accounts': ['1234567'],
    }
    page = words(staff().get(body_url(body_of(make_account(), error='items', outcome=outcome))))
    assert 'message : 3' in page and 'IntegrityError' in page and '1234567' in page


def test_an_emptied_body_has_nothing_to_show_R51() -> None:
    raw = body_of(make_account(), b'', state='done', error='', emptied_at=timezone.now())
    page = staff().get(body_url(raw))
    assert 'effacé' in words(page) and b'Relire' not in page.content


def test_no_page_is_kept_by_browsers() -> None:
    answer = staff().post(body_url(body_of(make_account())))
    assert 'no-store' in answer['Cache-Control'] and answer['X-Frame-Options'] == 'DENY'


def test_a_body_read_again_in_vain_comes_back_to_the_list_R42() -> None:
    raw = body_of(make_account(), b'never JSON')
    staff().post(REPLAY, {'list': 'unreadable', 'item': raw.pk})
    assert inbox.read_some() == 1
    raw.refresh_from_db()
    assert raw.state == 'quarantined' and raw.attempts == 1

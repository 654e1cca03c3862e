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

"""The past of an account is counted, imported and repaired by the worker, not by a request (R18)."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from publik_socialmedia import networks
from publik_socialmedia.delivery import worker
from publik_socialmedia.intake import inbox, past
from publik_socialmedia.jobs import asking, reading, running
from publik_socialmedia.models import Account, Delivery, Demand, Job, Journal, Message, RawEvent
from publik_socialmedia.networks.base import Page
from tests.delivery.desk import JEANNE, MastodonDesk, inbox_all
from tests.factory import deliver
from tests.jobs.conftest import asked, done

pytestmark = pytest.mark.django_db

PAUL, ZOE = 'paul@ailleurs.example', 'zoe@ailleurs.example'


def past_of_three(desk: MastodonDesk) -> None:
    """Jeanne wrote twice and waits, Paul was answered, Zoé wrote after her answer."""
    state = desk.server.state
    state.write(JEANNE, '@ville un arbre est tombé')
    paul = state.write(PAUL, '@ville merci de répondre')
    state.write('ville', f'@{PAUL} c’est fait', in_reply_to_id=paul)
    zoe = state.write(ZOE, '@ville bonjour')
    state.write('ville', f'@{ZOE} bonjour', in_reply_to_id=zoe)
    state.write(ZOE, '@ville et maintenant ?')
    state.write(JEANNE, '@ville vite')


def texts(**filters: Any) -> list[str]:
    return list(Message.objects.filter(**filters).order_by('sort_at', 'pk').values_list('text', flat=True))


def test_counting_says_who_waits_and_stores_nothing_of_them_R18(one: MastodonDesk) -> None:
    past_of_three(one)
    job = done(asked(one.account, 'count'))
    assert job.state == Job.State.DONE
    assert (job.progress['threads'], job.progress['waiting'], job.progress['missing']) == (3, 2, 7)
    assert not Message.objects.exists() and not RawEvent.objects.exists()
    kept = str([job.threads, job.progress])
    assert not any(word in kept for word in ('jeanne', 'paul', 'zoe', 'arbre'))


def test_the_import_takes_the_threads_that_wait_whole_and_in_order_R18(one: MastodonDesk) -> None:
    past_of_three(one)
    counted = done(asked(one.account, 'count'))
    job = done(asked(one.account, 'import', threads=counted.threads))
    assert (job.state, job.progress['done'], job.progress['waiting']) == ('done', 2, 2)
    assert len(texts()) == 5 and 'merci de répondre' not in texts()
    jeanne = Message.objects.filter(conversation__contact__identifiers__value=JEANNE).order_by('sort_at')
    assert [message.text for message in jeanne] == ['un arbre est tombé', 'vite']
    # the pages that were held are forgotten, and nothing of the people is left in the job
    assert not RawEvent.objects.exists() and not job.threads
    row = Journal.objects.get(action='import')
    assert row.details['threads'] == 2
    deliver()
    assert len(one.wcs.demands()) == 2 and Demand.objects.count() == 2


def test_what_was_imported_is_not_imported_again_R18(one: MastodonDesk) -> None:
    past_of_three(one)
    for expected in (2, 0):
        counted = done(asked(one.account, 'count'))
        assert counted.progress['waiting'] == expected
        job = done(asked(one.account, 'import', threads=counted.threads))
        assert job.progress.get('done', 0) == expected
    assert Message.objects.count() == 5


def test_who_writes_between_the_count_and_the_import_is_taken_too_R18(one: MastodonDesk) -> None:
    past_of_three(one)
    counted = done(asked(one.account, 'count'))
    one.server.state.write(PAUL, '@ville encore une chose')
    one.server.state.write('nouveau@ailleurs.example', '@ville premier message')
    job = done(asked(one.account, 'import', threads=counted.threads))
    assert job.progress['done'] == 4
    assert {'encore une chose', 'premier message'} <= set(texts())


def test_who_is_answered_between_the_count_and_the_import_is_left_R18(one: MastodonDesk) -> None:
    past_of_three(one)
    counted = done(asked(one.account, 'count'))
    one.server.state.write('ville', f'@{ZOE} voilà')
    job = done(asked(one.account, 'import', threads=counted.threads))
    assert job.progress['done'] == 1
    assert not Message.objects.filter(conversation__contact__identifiers__value=ZOE).exists()


def test_a_gap_is_repaired_page_by_page_R18(one: MastodonDesk) -> None:
    for number in range(100):
        one.server.state.write(JEANNE, f'@ville manqué {number}')
    job = done(asked(one.account, 'repair'))
    assert job.state == 'done' and job.progress['pages'] > 1
    assert job.progress['stored'] == RawEvent.objects.count()
    inbox_all()
    assert Message.objects.filter(origin='citizen').count() == 100
    assert Journal.objects.get(action='repair').details['stored'] == job.progress['stored']


def test_only_what_came_since_the_gap_is_read_R18(one: MastodonDesk) -> None:
    state = one.server.state
    now = state.now
    state.now = now - timedelta(days=3)
    state.write(JEANNE, '@ville ancien')
    state.now = now
    state.write(JEANNE, '@ville récent')
    job = done(asked(one.account, 'count', days=1))
    assert (job.progress['missing'], job.progress['threads']) == (1, 1)


def test_a_job_that_was_cut_short_goes_on_from_there(one: MastodonDesk, monkeypatch) -> None:
    """The process dies between two pages: nothing is read nor stored twice."""
    for number in range(200):
        one.server.state.write(JEANNE, f'@ville {number}')
    job = asked(one.account, 'repair')
    pieces = reading.repair(Job.objects.get(pk=job.pk))
    next(pieces)
    pieces.close()
    first = RawEvent.objects.count()
    assert first
    one.server.calls.clear()
    calls: list[Any] = []
    real = past.read
    monkeypatch.setattr(past, 'read', lambda *args: calls.append(args[1]) or real(*args))
    done(job)
    assert calls[0] != {}  # it does not begin again
    job.refresh_from_db()
    assert job.progress['stored'] == RawEvent.objects.count() > first
    digests = list(RawEvent.objects.values_list('digest', flat=True))
    assert len(digests) == len(set(digests))
    inbox_all()
    assert Message.objects.count() == 200


def test_an_import_that_was_cut_short_while_recording_goes_on(one: MastodonDesk, monkeypatch) -> None:
    past_of_three(one)
    counted = done(asked(one.account, 'count'))
    job = asked(one.account, 'import', threads=counted.threads)
    taken: list[str] = []
    real = past.take

    def dies(account: Account, events: Any, now: Any) -> None:
        if taken:
            raise OperationalError('the connection is lost')
        taken.append(events[0].user)
        real(account, events, now)

    with monkeypatch.context() as patch:
        patch.setattr(past, 'take', dies)
        with pytest.raises(OperationalError):
            running.run_some()
    assert RawEvent.objects.filter(lane=asking.lane(job.pk)).exists()
    job = done(job)
    assert (job.state, job.progress['done']) == ('done', 2)
    assert len(texts()) == 5 and not RawEvent.objects.exists()


def test_a_thread_that_cannot_be_recorded_leaves_the_others_R3(one: MastodonDesk, monkeypatch) -> None:
    past_of_three(one)
    counted = done(asked(one.account, 'count'))
    real = past.take

    def fails(account: Account, events: Any, now: Any) -> None:
        if events[0].user == ZOE:
            raise ValueError('of our own')
        real(account, events, now)

    monkeypatch.setattr(past, 'take', fails)
    job = done(asked(one.account, 'import', threads=counted.threads))
    assert (job.state, job.progress['done'], job.progress['failed']) == ('done', 1, 1)
    assert len(texts()) == 2 and not RawEvent.objects.exists()


def test_a_slice_that_ends_does_not_begin_the_threads_again(one: MastodonDesk, monkeypatch) -> None:
    """Also of messages that have no id, which are never known."""
    past_of_three(one)
    counted = done(asked(one.account, 'count'))
    monkeypatch.setattr(running, 'SLICE', 0)
    taken: list[str] = []
    monkeypatch.setattr(past, 'take', lambda _account, events, _now: taken.append(events[0].user))
    job = done(asked(one.account, 'import', threads=counted.threads))
    assert job.state == 'done' and sorted(taken) == sorted([JEANNE, ZOE])


def test_a_job_that_kills_who_does_it_is_given_up(one: MastodonDesk) -> None:
    job = asked(one.account, 'count')
    Job.objects.update(attempts=running.KILLED)
    assert done(job).state == 'failed' and job.reason == 'internal'


def test_no_reader_looks_at_the_pages_that_are_held(one: MastodonDesk) -> None:
    past_of_three(one)
    counted = done(asked(one.account, 'count'))
    job = asked(one.account, 'import', threads=counted.threads)
    pieces = reading.take_in(Job.objects.get(pk=job.pk))
    next(pieces)
    pieces.close()
    assert RawEvent.objects.exists()
    assert inbox.read_some() == 0 and not Message.objects.exists()
    assert asking.stop(one.account)
    assert not RawEvent.objects.exists()


def test_the_wait_that_the_network_asks_for_is_left_to_the_next_slice_R33(
    one: MastodonDesk, monkeypatch
) -> None:
    pages = iter([Page((), {'n': 1}, more=True, wait=900), Page((), {})])
    network = networks.get('mastodon')
    monkeypatch.setattr(type(network), 'history', lambda *_args: next(pages))
    job = done(asked(one.account, 'count'))
    assert job.is_pending and job.due_at > timezone.now() + timedelta(minutes=14)
    Job.objects.update(due_at=timezone.now())
    assert done(job).state == 'done'


def test_a_network_that_does_not_move_on_is_not_asked_for_ever(one: MastodonDesk, monkeypatch) -> None:
    network = networks.get('mastodon')
    page = Page((), {'phase': 'mentions'}, more=True)
    monkeypatch.setattr(type(network), 'history', lambda *_args: page)
    job = done(asked(one.account, 'count'))
    assert (job.state, job.progress['pages']) == ('done', 2)


def test_a_dead_token_ends_the_job_and_says_why(one: MastodonDesk) -> None:
    one.server.state.write(JEANNE, '@ville bonjour')
    one.kill_token()
    job = done(asked(one.account, 'repair'))
    assert (job.state, job.reason) == ('failed', 'auth')
    assert asking.ask(one.account, 'count', timezone.now()) is not None  # nothing is in the way


def test_what_passes_is_tried_again_then_given_up(one: MastodonDesk) -> None:
    one.server.fail('answer', times=100, status=503)
    job = asked(one.account, 'count')
    for number in range(1, running.TRIES):
        done(job)
        assert (job.state, job.attempts) == ('pending', number), job.reason
        assert job.due_at > timezone.now() and job.reason
        Job.objects.update(due_at=timezone.now())
        job.refresh_from_db()
    assert done(job).state == 'failed'


def test_one_at_a_time_for_an_account(one: MastodonDesk) -> None:
    asked(one.account, 'count')
    assert asking.ask(one.account, 'repair', timezone.now()) is None
    assert asking.stop(one.account) and not asking.stop(one.account)
    assert asking.ask(one.account, 'repair', timezone.now()) is not None


def test_a_job_that_was_stopped_stores_nothing_more(one: MastodonDesk) -> None:
    for number in range(200):
        one.server.state.write(JEANNE, f'@ville {number}')
    job = asked(one.account, 'repair')
    pieces = reading.repair(Job.objects.get(pk=job.pk))
    next(pieces)
    stored = RawEvent.objects.count()
    asking.stop(one.account)
    with pytest.raises(asking.Stopped):
        next(pieces)
    assert RawEvent.objects.count() == stored
    assert not running.run_some()


def test_two_processes_do_not_do_the_same_job(one: MastodonDesk, monkeypatch) -> None:
    past_of_three(one)
    job = asked(one.account, 'count')
    with monkeypatch.context() as patch:
        patch.setattr(running, 'alone', lambda _name: nullcontext(False))  # another one holds it
        assert running.run_some() == 0
    job.refresh_from_db()
    assert job.is_pending and not job.progress
    assert running.run_some() == 1


def test_the_worker_does_jobs(one: MastodonDesk) -> None:
    past_of_three(one)
    job = asked(one.account, 'count')
    worker.run_once()
    job.refresh_from_db()
    assert job.state == 'done' and not Delivery.objects.exists()

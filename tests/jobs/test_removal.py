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

"""Removing an account: at once for everybody, its rows and files by the worker, come what may (R40, R51)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from publik_socialmedia import health, media, summary
from publik_socialmedia.intake import polling
from publik_socialmedia.jobs import asking, removal, running
from publik_socialmedia.models import (
    Account,
    Attachment,
    Contact,
    Conversation,
    Delivery,
    Demand,
    Endpoint,
    Job,
    Journal,
    Message,
    RawEvent,
)
from publik_socialmedia.statistics.charts import CHARTS, Question
from publik_socialmedia.statistics.counting import Scope, Tally
from tests.factory import make_account, write
from tests.manager.scene import address, connected, staff, text
from tests.wcs.panel_scene import bind

pytestmark = pytest.mark.django_db


def stored(account: Account, people: int = 3) -> Account:
    """People wrote; one sent a photo that is here, a body is kept, something is blocked."""
    for number in range(people):
        message = write(account, f'Bonjour {number}', f'personne-{number}')
        write(account, 'encore', f'personne-{number}')
    Attachment.objects.create(
        message=message, position=0, kind='image', state='stored', storage=media.store(b'photo')
    )
    bind(message)
    for source in ('webhook', 'history'):
        RawEvent.objects.create(
            account=account, network=account.network, source=source, body=b'{}', state='done'
        )
    Delivery.objects.filter(message=message).update(state='blocked', reason='wcs_unreachable')
    return account


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob('*') if path.is_file()]


def left() -> dict[str, int]:
    models = (Account.all_rows, Contact.objects, Conversation.objects, Message.objects, Demand.objects)
    found = {rows.model.__name__: rows.count() for rows in models}
    return found | {
        model.__name__: model.objects.count() for model in (Delivery, Attachment, RawEvent, Job, Endpoint)
    }


def test_all_is_erased_files_too_and_the_journal_says_what_R40(private_storage: Path) -> None:
    account = stored(connected())
    assert files(private_storage)
    job = removal.ask(account)
    assert running.run_some() == 1
    assert not any(left().values()) and not files(private_storage)
    assert not Job.objects.filter(pk=job.pk).exists()
    row = Journal.objects.get(action='remove')
    assert row.details['name'] == 'Ville de Villexemple'
    erased = row.details['erased']
    assert (erased['messages'], erased['conversations'], erased['files'], erased['bodies']) == (6, 3, 1, 2)


def test_another_account_loses_nothing(private_storage: Path) -> None:
    kept = stored(make_account('mastodon', external_id='1'))
    before = left()
    removal.ask(stored(connected()))
    done_all()
    assert left() == before and Account.objects.get() == kept
    assert len(files(private_storage)) == 1


def done_all() -> None:
    for _ in range(50):
        if not running.run_some():
            return
    raise AssertionError('it does not end')


@pytest.fixture
def leaving() -> Iterator[Account]:
    """An account whose removal was asked, and is not done yet."""
    account = stored(connected('messenger', poll_due_at=timezone.now()))
    removal.ask(account)
    account.refresh_from_db()
    yield account


def test_as_soon_as_it_is_asked_nobody_knows_the_account_R40(leaving: Account) -> None:
    client = staff()
    for name in ('account', 'settings', 'credentials', 'remove', 'journal', 'repair'):
        assert client.get(address(name, leaving.pk)).status_code == 404, name
    assert not Account.objects.exists() and Account.all_rows.get() == leaving
    assert summary.figures()['accounts'] == [] and summary.figures()['waiting'] == 0
    queues = health.queues()
    assert (queues.deliveries_blocked, queues.deliveries_pending, queues.raw_pending) == (0, 0, 0)
    assert polling.claim(10) == []
    page = text(client.get(address('conversations')))
    assert 'personne-0' not in page
    conversation = Conversation.objects.first()
    assert client.get(address('conversation', conversation.pk)).status_code == 404
    for chart in CHARTS.values():
        answer = chart.compute(Question(Tally(Scope()), 'day', chart.default))
        assert not any(any(series.data) for series in answer.series), chart.slug


def test_its_credentials_and_its_addresses_are_dead_R40(leaving: Account) -> None:
    assert leaving.credentials == {} and leaving.external_id == '' and leaving.state == 'paused'
    endpoint = leaving.endpoint
    assert endpoint is not None
    endpoint.refresh_from_db()
    assert not endpoint.enabled and endpoint.secrets == {}
    client = Client()
    path = f'/api/socialmedia/webhook/messenger/{endpoint.token}/'
    assert client.get(path, {'hub.mode': 'subscribe', 'hub.challenge': '1'}).status_code == 404
    assert client.post(path, b'{}', content_type='application/json').status_code == 404
    demand = Demand.objects.get()
    assert client.get(f'/api/socialmedia/wcs/{demand.token}/panel/').status_code in (403, 404)


def test_the_webhook_of_an_account_that_stays_goes_on_R40() -> None:
    account = connected()
    other = make_account('messenger', endpoint=account.endpoint, external_id='other')
    removal.ask(account)
    done_all()
    endpoint = Endpoint.objects.get()
    assert endpoint.enabled and endpoint.secrets and list(endpoint.accounts.all()) == [other]


def test_the_same_page_can_be_connected_again_at_once_R40(leaving: Account) -> None:
    again = make_account('messenger', external_id='ville-again')
    assert Account.objects.get() == again
    done_all()
    assert Account.all_rows.get() == again


def test_home_says_that_it_is_being_removed_and_how_far_R40(leaving: Account) -> None:
    page = text(staff().get(address('home')))
    assert 'en cours de suppression' in page and 'Ville de Villexemple' in page
    done_all()
    page = text(staff().get(address('home')))
    assert 'en cours de suppression' not in page


def test_a_crash_in_the_middle_loses_nothing_of_the_work_R40(private_storage: Path, monkeypatch) -> None:
    monkeypatch.setattr(removal, 'BATCH', 2)
    removal.ask(stored(connected()))
    real, calls = media.remove_all, []

    def dies(references: Any) -> None:
        real(references)
        calls.append(1)
        if len(calls) == 2:
            raise OperationalError('killed after the files and before the rows')

    with monkeypatch.context() as patch:
        patch.setattr(media, 'remove_all', dies)
        with pytest.raises(OperationalError):
            running.run_some()
    assert 0 < Message.objects.count() < 6
    done_all()
    assert not any(left().values()) and not files(private_storage)
    assert Journal.objects.get(action='remove').details['erased']['messages'] == 6


def test_a_removal_is_never_given_up(leaving: Account, monkeypatch) -> None:
    def fails(*_args: Any) -> None:
        raise PermissionError('the folder of files cannot be written')

    with monkeypatch.context() as patch:
        patch.setattr(media, 'remove_all', fails)
        for _ in range(running.TRIES + 3):
            running.run_some()
            Job.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    job = Job.objects.get()
    assert job.is_pending and job.reason == 'internal'
    done_all()
    assert not any(left().values())


def test_it_takes_the_place_of_what_was_being_done() -> None:
    account = stored(connected())
    assert asking.ask(account, 'count', timezone.now()) is not None
    removal.ask(account)
    done_all()
    assert not Account.all_rows.exists()


def test_the_queries_of_a_batch_do_not_grow_with_its_rows() -> None:
    counts = []
    for people in (10, 40):
        removal.ask(stored(connected(), people))
        with CaptureQueriesContext(connection) as seen:
            assert running.run_some() == 1
        counts.append(len(seen))
        assert not Message.objects.exists()
    assert counts[0] == counts[1]


def test_only_a_file_of_its_own_is_removed(private_storage: Path) -> None:
    kept = media.store(b'of nobody')
    removal.ask(stored(connected()))
    done_all()
    assert media.load(kept) == b'of nobody'

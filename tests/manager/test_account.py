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

"""The page of an account and what is done from it, each action journaled (R40, R41, R42)."""

from __future__ import annotations

import json
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from demo.emulators.graph import APP_ID, APP_SECRET, PAGE_ID, PAGE_TOKEN, VERIFY_TOKEN, GraphEmulator
from demo.emulators.mastodon import TOKEN, MastodonEmulator
from publik_socialmedia import media
from publik_socialmedia.jobs import running
from publik_socialmedia.models import (
    Account,
    Attachment,
    ChannelEvent,
    Endpoint,
    Job,
    Journal,
    Message,
    Setup,
)
from publik_socialmedia.reasons import sentence
from tests.delivery.desk import inbox_all
from tests.factory import make_account, write
from tests.manager.scene import address, begun, connected, staff, text
from tests.wcs.panel_scene import attach, bind, picture

pytestmark = pytest.mark.django_db(transaction=True)
SECRETS = {'app_id': [APP_ID], 'app_secret': [APP_SECRET], 'verify_token': [VERIFY_TOKEN]}


@pytest.fixture(autouse=True)
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    from publik_socialmedia.app_settings import AppSettings
    from tests.wcs.conftest import Loopback

    monkeypatch.setattr(AppSettings, 'TRUSTED_HOSTS', Loopback())


@pytest.fixture
def page_of_town(settings: Any) -> Any:
    """An account of Messenger, and its emulator."""
    with GraphEmulator() as graph:
        urls = settings.PUBLIK_SOCIALMEDIA_API_URLS
        settings.PUBLIK_SOCIALMEDIA_API_URLS = {**urls, 'messenger': graph.url}
        endpoint = Endpoint.objects.create(network='messenger', secrets=SECRETS)
        make_account(endpoint=endpoint, external_id=PAGE_ID, credentials={'page_token': PAGE_TOKEN})
        yield graph


def actions() -> list[str]:
    return list(Journal.objects.order_by('pk').values_list('action', flat=True))


# -- health


def test_health_is_told_line_by_line() -> None:
    """R41: last event, message and error, end of the token, thread control, subscribed fields, queue."""
    now = timezone.now()
    account = connected(
        last_event_at=now,
        problem='auth',
        problem_at=now,
        token_expires_at=now + timedelta(days=12, hours=1),
        facts={'subscribed_fields': ['messages', 'standby'], 'app_id': '99'},
    )
    write(account)
    for key, (user, owner) in enumerate([('jeanne', '263902037430900'), ('karim', '99')]):
        details = {'owner': owner}
        ChannelEvent.objects.create(
            account=account, topic='thread_control', user=user, details=details, key=str(key)
        )
    page = text(staff().get(address('account', account.pk)))
    for words in (
        'Le jeton d’accès n’est plus valable',
        'encore 12 jours',
        '1 fil est tenu par une autre application',
        'messages, standby',
        '1 à transmettre, 0 bloqués',
        'refusé par le réseau',
    ):
        assert words in page


@pytest.mark.parametrize(
    ('values', 'words'),
    [
        ({}, 'fonctionne'),
        ({'state': 'paused'}, 'en pause'),
        ({'problem': 'auth', 'state': 'broken'}, 'refusé par le réseau'),
        ({'wcs_problem': 'wcs_secret'}, 'w.c.s. refuse notre signature'),
        ({'poll_failures': 3}, 'injoignable'),
        ({'token_expires_at': timedelta(days=13)}, 'prend fin dans 12 jours'),
        ({'token_expires_at': timedelta(days=1, hours=1)}, 'prend fin dans 1 jour '),
        ({'token_expires_at': timedelta(days=-1)}, 'n’est plus valable'),
    ],
)
def test_the_card_says_what_to_do(values: dict[str, Any], words: str) -> None:
    """R41: in words, with a sign."""
    if 'token_expires_at' in values:
        values = {'token_expires_at': timezone.now() + values['token_expires_at']}
    account = connected(**values)
    page = text(staff().get(address('home')))
    assert words.replace(' ', '') in page.replace(' ', '').replace('\u00a0', '')
    assert str(account) in page


# -- actions


def test_pause_and_resume_are_asked_then_signed() -> None:
    account, client = connected(), staff()
    assert 'Les réponses attendent' in text(client.get(address('pause', account.pk)))
    client.post(address('pause', account.pk))
    assert Account.objects.get().state == 'active'
    for end, state in (('pause', 'paused'), ('resume', 'active')):
        client.post(address(end, account.pk), {'confirmed': '1'})
        assert Account.objects.get().state == state
        assert Journal.objects.get(action=end).actor.username == 'admin'


def test_a_wrong_renewal_changes_nothing_and_a_right_one_makes_no_second_account(page_of_town: Any) -> None:
    """R1, R40."""
    account, client = Account.objects.get(), staff()
    page = client.post(address('credentials', account.pk), {'page_token': 'faux'})
    assert 'Le jeton n’est pas valable' in text(page)
    other = page_of_town.add_page('104400000000009', 'Autre Ville', 'EAAautre')
    page = client.post(address('credentials', account.pk), {'page_token': 'EAAautre'})
    assert 'ceux d’un autre compte' in text(page) and other.name in text(page)
    page = client.post(address('credentials', account.pk), {'app_secret': 'x' * 32})
    assert 'À corriger' in text(page)
    account.refresh_from_db()
    assert account.credentials == {'page_token': PAGE_TOKEN} and Endpoint.objects.get().secrets == SECRETS
    assert 'credentials' not in actions()
    page_of_town.world.tokens['EAAneuf'] = page_of_town.token
    page = client.post(address('credentials', account.pk), {'page_token': 'EAAneuf', 'verify_token': 'neuf'})
    assert page.status_code == 302
    (account,) = Account.objects.all()
    assert account.credentials == {'page_token': 'EAAneuf'} and 'credentials' in actions()
    assert Endpoint.objects.get().secrets['verify_token'] == ['neuf', VERIFY_TOKEN]
    page = client.post(address('webhook', account.pk), {'forget': '1'})
    assert Endpoint.objects.get().secrets['verify_token'] == ['neuf']


def test_credentials_of_a_known_account_renew_it(page_of_town: Any) -> None:
    """R40: connected again from zero, it is still one account."""
    known, client = Account.objects.get(), staff()
    Account.objects.update(credentials={'page_token': 'mort'})
    draft = begun(done=('guide', 'credentials'))
    endpoint = Endpoint.objects.create(network='messenger', secrets=SECRETS)
    Account.objects.filter(pk=draft.pk).update(endpoint=endpoint, credentials={'page_token': PAGE_TOKEN})
    page = text(client.post(address('test', draft.pk), {'test': '1'}))
    assert 'Ce compte est déjà connecté' in page
    client.post(address('merge', draft.pk))
    (account,) = Account.objects.all()
    assert account.pk == known.pk and account.credentials == {'page_token': PAGE_TOKEN}
    assert not Setup.objects.exists() and Endpoint.objects.count() == 1


def test_a_new_account_may_share_the_webhook_of_another(page_of_town: Any) -> None:
    """Secrets of the application are typed once."""
    page_of_town.add_page('104400000000009', 'Autre Ville', 'EAAautre')
    draft, client = begun(done=('guide',)), staff()
    endpoint = Endpoint.objects.get()
    form = {'endpoint': str(endpoint.pk), 'page_token': 'EAAautre'}
    assert client.post(address('credentials', draft.pk), form).status_code == 302
    client.post(address('test', draft.pk), {'test': '1'})
    draft.refresh_from_db()
    assert draft.endpoint == endpoint and draft.name == 'Autre Ville'
    client.post(address('abandon', draft.pk), {'confirmed': '1'})
    assert Endpoint.objects.count() == 1 and Account.objects.count() == 1


def test_a_gap_is_counted_then_repaired(settings: Any) -> None:
    with MastodonEmulator('mastodon') as server:
        credentials = {'instance': server.url, 'access_token': TOKEN}
        account, client = make_account('mastodon', credentials=credentials), staff()
        client.post(address('test', account.pk))
        server.state.write('jeanne@ailleurs.example', '@ville Bonjour')
        repair = address('repair', account.pk)
        client.post(repair, {'repair': '1'})  # it is counted first
        assert not Job.objects.exists()
        page = text(client.post(repair, {'days': '2', 'count': '1'}, follow=True))
        assert 'Comptage' in page and 'en cours' in page and 'continue tout seul' in page
        found = client.get(address('job', account.pk)).json()
        assert found['pending'] and 'Comptage' in found['html']
        running.run_some()
        assert not client.get(address('job', account.pk)).json()['pending']
        page = text(client.get(repair))
        assert 'Il manque ici <strong>1</strong> message' in page and not Message.objects.exists()
        page = text(client.post(repair, {'repair': '1'}, follow=True))
        assert 'Relecture' in page and 'en cours' in text(client.get(address('account', account.pk)))
        running.run_some()
        inbox_all()
        assert Message.objects.count() == 1 and 'repair' in actions()
        assert '1 pages ont été relues' in text(client.get(address('account', account.pk)))
        assert 'à corriger' in text(client.post(repair, {'days': '0', 'count': '1'}))


def test_a_gap_that_is_known_is_proposed() -> None:
    """R18: what is read again begins where the network stopped to take our calls."""
    account, client = make_account('mastodon', credentials={'instance': 'https://example.org'}), staff()
    assert 'panne connue' not in text(client.get(address('repair', account.pk)))
    account.refuse('auth')
    account.accept()
    began = timezone.now() - timedelta(days=3)
    Journal.objects.filter(action='problem').update(at=began)
    assert 'La dernière panne connue a commencé le' in text(client.get(address('repair', account.pk)))
    client.post(address('repair', account.pk), {'gap': '1'})
    job = Job.objects.get()
    assert timedelta(0) < began - job.since <= timedelta(hours=2)


def test_what_is_in_progress_can_be_stopped_and_nothing_else_begins_meanwhile() -> None:
    account, client = make_account('mastodon', credentials={'instance': 'https://example.org'}), staff()
    repair = address('repair', account.pk)
    client.post(repair, {'days': '2', 'count': '1'})
    page = text(client.post(repair, {'days': '2', 'count': '1'}, follow=True))
    assert 'Un autre travail est en cours' in page and Job.objects.count() == 1
    page = text(client.post(address('job-stop', account.pk), {'next': repair}, follow=True))
    assert 'Le travail est arrêté' in page and 'job-stopped' in actions() and 'Arrêter' not in page
    assert client.post(address('job-stop', account.pk), {'next': 'https://evil.example/'}).url.startswith('/')
    client.post(repair, {'days': '2', 'count': '1'})
    assert Job.objects.get().is_pending


def test_a_reading_that_failed_says_why_and_one_that_waits_says_for_what() -> None:
    account, client = make_account('mastodon', credentials={'instance': 'https://example.org'}), staff()
    job = Job.objects.create(account=account, kind='count', since=timezone.now())
    long_ago = timezone.now() - timedelta(minutes=10)
    Job.objects.update(due_at=long_ago, updated_at=long_ago)
    assert 'le worker fonctionne-t-il' in text(client.get(address('repair', account.pk)))
    Job.objects.update(due_at=timezone.now() + timedelta(minutes=10), reason='rate', attempts=1)
    page = text(client.get(address('repair', account.pk)))
    assert 'reprendra de lui-même' in page and sentence('rate') in unescape(page)
    Job.objects.update(state='failed', reason='auth', done_at=timezone.now())
    page = unescape(text(client.get(address('repair', account.pk))))
    assert 'n’a pas abouti' in page and sentence('auth') in page
    assert sentence('auth') in unescape(text(client.get(address('account', account.pk)))) and job.pk


# -- leaving


def test_export_holds_everything_but_secrets() -> None:
    account = connected()
    message = write(account, 'Bonjour <b>vous</b>', name='Jeanne')
    bind(message)
    page = staff().post(address('export', account.pk))
    found = json.loads(b''.join(page.streaming_content))
    (conversation,) = found['conversations']
    assert conversation['messages'][0]['text'] == 'Bonjour <b>vous</b>'
    assert conversation['person']['identifiers'] == ['jeanne'] and len(conversation['demands']) == 1
    assert 's3cret' not in json.dumps(found) and 'export' in actions()


def test_the_queries_of_an_export_do_not_grow_with_its_conversations() -> None:
    """R40: an account may have a hundred thousand messages, and a request does not last."""
    account, client = connected(), staff()

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            page = client.post(address('export', account.pk))
            found = json.loads(b''.join(page.streaming_content))
        assert len(found['conversations']) == account.conversations.count()
        return len(seen)

    bind(write(account, 'Bonjour', user='first'))
    few = queries()
    for number in range(30):
        bind(write(account, 'Bonjour', user=f'user-{number}'))
    assert queries() == few


def test_removal_says_what_it_erases_wants_the_name_and_leaves_nothing() -> None:
    account, client = connected(), staff()
    other = connected(name='Autre')
    write(other)
    bind(write(account, 'Bonjour'))
    stored = attach(write(account, 'Photo'), picture(), filename='rue.jpg').storage
    page = text(client.get(address('remove', account.pk)))
    assert '1 conversations, 2 messages, 1 fichiers' in page and '1 demande ouverte reste' in page
    page = client.post(address('remove', account.pk), {'confirmed': '1', 'name': 'Autre ville'})
    assert 'pas le nom du compte' in text(page) and media.path(stored).exists()
    client.post(address('remove', account.pk), {'confirmed': '1', 'name': 'Ville de Villexemple'})
    assert list(Account.objects.all()) == [other] and {'removal'} <= set(actions())
    running.run_some()
    assert Account.all_rows.count() == Message.objects.count() == 1
    assert not media.path(stored).exists() and not Attachment.objects.exists()
    assert Endpoint.objects.count() == 1 and 'remove' in actions()


def test_the_links_of_the_page_lead_somewhere() -> None:
    """No dead link: of the home page and of an account, with and without setup."""
    account, draft, client = connected(), begun(), staff()
    pages = [client.get(address('home')), client.get(address('webhook', account.pk))]
    pages += [client.get(address('account', found.pk)) for found in (account, draft)]
    found = {
        link
        for page in pages
        for link in html.fromstring(text(page)).xpath('//main//a/@href | //*[@id="main"]//a/@href')
    }
    links = {link for link in found if link.startswith('/socialmedia/')}
    assert len(links) > 15
    for link in links:
        page = client.get(link)
        assert page.status_code in (200, 302), link
        assert 'statistics' not in link or 'errornotice' not in text(page), link

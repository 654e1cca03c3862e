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

"""The steps by which an account is connected: order, interruption, form, import, start (R18, R23, R40)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from demo.emulators.mastodon import TOKEN, MastodonEmulator
from demo.wcs_standin import StandIn
from publik_socialmedia import networks
from publik_socialmedia.app_settings import AppSettings
from publik_socialmedia.manager import guide
from publik_socialmedia.manager.steps import STEPS
from publik_socialmedia.models import Account, Delivery, Journal, Message, Setup
from tests.delivery.desk import turns
from tests.factory import write
from tests.manager.scene import address, begun, connected, staff, text
from tests.wcs.conftest import Loopback

pytestmark = pytest.mark.django_db(transaction=True)
DONE = ('guide', 'credentials', 'test', 'form', 'import', 'settings')


@pytest.fixture
def wcs(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    monkeypatch.setattr(AppSettings, 'TRUSTED_HOSTS', Loopback())
    with StandIn() as standin:
        settings.KNOWN_SERVICES = {'wcs': {'default': standin.settings}}
        yield standin


def test_a_network_is_chosen_and_nothing_else_is_made() -> None:
    client = staff()
    for slug in ('', 'inconnu', '../x'):
        assert client.post(address('new'), {'network': slug}).status_code == 200
    assert not Account.objects.exists()
    client.post(address('new'), {'network': 'telegram'})
    account = Account.objects.get()
    assert account.state == 'paused' and account.setup.actor.username == 'admin'
    assert Journal.objects.get().action == 'setup'


@pytest.mark.parametrize('slug', networks.registry())
def test_each_network_has_its_guide_and_its_credentials(slug: str) -> None:
    """R40: from its README and its class, whatever the network."""
    account, client = begun(slug), staff()
    page = text(client.get(address('guide', account.pk)))
    assert len(guide.of_network(slug)) > 1000 and str(guide.of_network(slug)) in page
    client.post(address('guide', account.pk))
    page = text(client.get(address('credentials', account.pk)))
    for credential in networks.get(slug).credentials:
        assert (f'name="{credential.name}"' in page) == credential.typed


@pytest.mark.parametrize('end', [step.slug for step in STEPS])
def test_a_step_whose_turn_has_not_come_leads_to_the_one_whose_turn_it_is(end: str) -> None:
    account, client = begun(), staff()
    page = client.post(address(end, account.pk))
    if end == 'webhook':  # that account has none, and all before it must be done
        assert page['Location'] == address('guide', account.pk)
    elif end == 'guide':
        assert page['Location'] == address('credentials', account.pk)
    else:
        assert page['Location'] == address('guide', account.pk)
    assert Account.objects.get().state == 'paused'


def test_what_came_meanwhile_is_delivered_once_it_is_started(wcs: StandIn) -> None:
    """R5: nothing is lost while an account is being connected."""
    account, client = (
        begun(done=('guide', 'credentials', 'test'), external_id='ville', grouping_delay=0),
        staff(),
    )
    write(account, 'Trop tôt ?')
    turns(1)
    assert wcs.demands() == [] and Delivery.objects.get().reason == 'wcs_form_missing'
    client.post(address('form', account.pk), {'choose': '1', 'form': wcs.form})
    client.post(address('import', account.pk), {'now': '1'})
    client.post(address('settings', account.pk), {'name': 'Ville'})
    page = client.post(address('start', account.pk), follow=True)
    assert 'est connecté' in text(page) and not Setup.objects.exists()
    account.refresh_from_db()
    assert (account.state, account.name, account.form) == ('active', 'Ville', wcs.form)
    turns(1)
    assert len(wcs.demands()) == 1
    assert Journal.objects.get(action='connect').actor.username == 'admin'


def test_a_form_that_cannot_receive_is_not_chosen_and_the_former_one_goes_on(wcs: StandIn) -> None:
    """R23"""
    account, client = connected(form=wcs.form), staff()
    page = client.post(address('form', account.pk), {'choose': '1', 'form': 'inconnu'})
    assert page.status_code == 200
    wcs.wcs.site.functions.clear()
    page = client.post(address('form', account.pk), {'choose': '1', 'form': wcs.form})
    account.refresh_from_db()
    assert account.form == wcs.form and account.wcs_problem == ''


@pytest.mark.parametrize('secret', ['', 'faux'])
def test_a_wcs_that_refuses_is_told_in_french(wcs: StandIn, settings: Any, secret: str) -> None:
    """R23: also when it is not known at all."""
    settings.KNOWN_SERVICES = {'wcs': {'default': {**wcs.settings, 'secret': secret}}}
    page = text(staff().get(address('form', connected().pk)))
    assert ('refuse notre signature' if secret else 'n’est pas connu ici') in page


def test_unanswered_threads_are_counted_then_taken_and_no_other(wcs: StandIn) -> None:
    """R18: what was answered long ago opens no demand; counting stores nothing."""
    with MastodonEmulator('mastodon') as server:
        for who in ('jeanne', 'karim'):
            server.state.write(f'{who}@ailleurs.example', f'@ville Bonjour de {who}')
        asked = server.state.write('noe@ailleurs.example', '@ville Et moi ?')
        server.state.write('ville', '@noe@ailleurs.example Oui', in_reply_to_id=asked)
        account, client = begun('mastodon', done=('guide', 'credentials'), grouping_delay=0), staff()
        account.credentials = {'instance': server.url, 'access_token': TOKEN}
        account.save()
        client.post(address('test', account.pk), {'test': '1'})
        client.post(address('form', account.pk), {'choose': '1', 'form': wcs.form})
        page = text(client.post(address('import', account.pk), {'count': '1', 'days': '7'}, follow=True))
        assert 'Comptage de ce qui a été écrit' in page and 'en cours' in page
        turns(1)
        page = text(client.get(address('import', account.pk)))
        assert '<strong>2</strong> fils attendent' in page and not Message.objects.exists()
        client.post(address('import', account.pk), {'past': '1'})
        client.post(address('settings', account.pk), {'name': 'Ville'})
        assert 'fils sans réponse sur 7 jours' in text(client.get(address('start', account.pk)))
        client.post(address('start', account.pk))
        turns(2)
        assert Message.objects.filter(origin='citizen').count() == len(wcs.demands()) == 2


def test_markdown_is_escaped_and_whole() -> None:
    shown = guide.html(
        '# T\n\n## Un & deux\n\n* a `<b>` *c* **d**\n  * e\n* f [g](https://example.org/) '
        '[h](javascript:x)\n\n| a | |\n|---|---|\n| <script> | `|` |\n\n3. trois\n4. `*x*`\n'
    )
    assert '<h3>Un &amp; deux</h3>' in shown and '<script' not in shown and 'javascript' not in shown
    assert '<code>&lt;b&gt;</code> <em>c</em> <strong>d</strong>' in shown and '<ol start="3">' in shown
    assert '<ul><li>e</li></ul>' in shown and '<a href="https://example.org/">g</a> h' in shown
    assert '<code>*x*</code>' in shown and '<th scope="col">a</th><td></td>' in shown

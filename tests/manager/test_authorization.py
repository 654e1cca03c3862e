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

"""Connecting and renewing an account by a redirection to its network (R40, R43, R50).

The pages are asked as a browser asks them; the network is the emulator of X, of Mastodon or of Instagram.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from demo.emulators.authorization import Authorizations
from demo.emulators.graph import APP_ID, APP_SECRET, VERIFY_TOKEN
from demo.emulators.graph_instagram import (
    IG_ID,
    LOGIN_APP_ID,
    LOGIN_SECRET,
    OTHER_ID,
    InstagramEmulator,
)
from demo.emulators.mastodon import MastodonEmulator
from demo.emulators.server import EmulatorServer
from demo.emulators.x import XEmulator
from demo.emulators.x_access import CLIENT_ID, CLIENT_SECRET, CONSUMER_SECRET
from demo.emulators.x_state import OTHER, US
from publik_socialmedia.app_settings import AppSettings
from publik_socialmedia.manager import pending
from publik_socialmedia.models import Account, Endpoint, Journal, Setup
from tests.factory import make_account
from tests.manager.scene import address, begun, staff, text
from tests.wcs.conftest import Loopback

pytestmark = pytest.mark.django_db(transaction=True)
SITE = 'https://combo.example.org'


@dataclass
class Place:
    """A network that connects by a redirection. ``typed``: what is filled in before; ``hidden``: words that
    no page, address or log may hold; ``ours``, ``other``: two accounts there."""

    slug: str
    server: EmulatorServer
    pages: Authorizations
    typed: dict[str, str]
    hidden: tuple[str, ...]
    ours: str
    other: str

    @property
    def redirect_uri(self) -> str:
        return f'{SITE}/socialmedia/manage/authorization/{self.slug}/'

    def declare(self) -> None:
        for client in self.pages.clients.values():
            client.returns.append(self.redirect_uri)

    def choose(self, url: str, **fields: str) -> str:
        """What the person does at the network; the address to which they are sent back, without the site."""
        query = dict(parse_qsl(urlsplit(url).query))
        path = urlsplit(url).path
        answer = self._post(path, {**query, **(fields or {'accept': '1'})})
        back = urlsplit(answer)
        assert f'{back.scheme}://{back.netloc}{back.path}' == self.redirect_uri
        return f'{back.path}?{back.query}'

    def _post(self, path: str, fields: dict[str, str]) -> str:
        from publik_socialmedia.http import Client as Http

        with contextlib.closing(Http()) as http:
            answer = http.request('POST', self.server.url + path, data=fields)
        assert answer.status == 302, answer.body
        return answer.headers['location']


def x_place(stack: contextlib.ExitStack) -> Place:
    server = stack.enter_context(XEmulator())
    typed = {'consumer_secret': CONSUMER_SECRET, 'client_id': CLIENT_ID, 'client_secret': CLIENT_SECRET}
    hidden = (CLIENT_SECRET, CONSUMER_SECRET)
    return Place('x', server, server.access.pages, typed, hidden, US, OTHER)


def mastodon_place(stack: contextlib.ExitStack) -> Place:
    server = stack.enter_context(MastodonEmulator('mastodon'))
    typed = {'instance': server.url}
    return Place('mastodon', server, server.access.pages, typed, (), 'ville', 'marie')


def instagram_place(stack: contextlib.ExitStack) -> Place:
    server = stack.enter_context(InstagramEmulator())
    typed = {
        'app_id': APP_ID,
        'app_secret': APP_SECRET,
        'verify_token': VERIFY_TOKEN,
        'instagram_app_id': LOGIN_APP_ID,
        'instagram_app_secret': LOGIN_SECRET,
    }
    hidden = (APP_SECRET, LOGIN_SECRET)
    return Place('instagram', server, server.api.pages, typed, hidden, IG_ID, OTHER_ID)


PLACES: dict[str, Callable[[contextlib.ExitStack], Place]] = {
    'x': x_place,
    'mastodon': mastodon_place,
    'instagram': instagram_place,
}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr(AppSettings, 'TRUSTED_HOSTS', Loopback())
    with contextlib.ExitStack() as stack:
        found = PLACES[request.param](stack)
        settings.PUBLIK_SOCIALMEDIA_API_URLS = {found.slug: found.server.url}
        found.declare()
        yield found


only_x = pytest.mark.parametrize('place', ['x'], indirect=True)


def draft(place: Place) -> Account:
    return begun(place.slug, done=('guide',))


def connected(place: Place) -> Account:
    """An account that works, with a token that was typed."""
    name = 'page_token' if place.slug == 'instagram' else 'access_token'
    account = make_account(place.slug, external_id=place.ours, credentials={name: 's3cret-old'})
    if place.slug == 'mastodon':
        account.credentials['instance'] = place.typed['instance']
    else:
        secrets = {name: [value] for name, value in place.typed.items()}
        account.endpoint = Endpoint.objects.create(network=place.slug, label='App', secrets=secrets)
    account.save()
    return account


def leave(client: Client, place: Place, account: Account, **typed: str) -> str:
    """Press the button; the address of the network to which it leads."""
    page = client.post(address('credentials', account.pk), {**place.typed, **typed, 'authorize': '1'})
    assert page.status_code == 302, text(page)
    if place.slug == 'mastodon':  # it registered another application
        assert place.redirect_uri in list(place.pages.clients.values())[-1].returns
    return str(page['Location'])


def states() -> list[str]:
    """What the sessions hold of ours."""
    rows = [row.get_decoded().get(pending.KEY) or [] for row in Session.objects.all()]
    return [str(row) for found in rows for row in found]


# -- from zero


def test_an_account_is_connected(place: Place):
    """R40: the tokens are those of the network; nothing of them is shown; the test is the next step."""
    client, account = staff(), draft(place)
    url = leave(client, place, account)
    back = client.get(place.choose(url))
    assert back['Location'] == address('test', account.pk)
    assert back['Referrer-Policy'] == 'no-referrer' and 'no-store' in back['Cache-Control']
    page = client.post(address('test', account.pk), {'test': '1'}, follow=True)
    account.refresh_from_db()
    assert account.external_id == place.ours and Account.objects.count() == 1, text(page)
    assert account.state == 'paused' and 'credentials' in Setup.objects.get().done
    got = [value for name, value in account.credentials.items() if 'token' in name]
    assert got and not [value for value in got if value in text(page)]
    actions = list(Journal.objects.order_by('pk').values_list('action', 'actor__username'))
    assert actions[:2] == [('authorization', 'admin'), ('credentials', 'admin')]


def test_no_secret_is_in_an_address_a_page_or_a_log(place: Place, caplog: pytest.LogCaptureFixture):
    """R50: nor in the session, nor in the journal."""
    caplog.set_level(logging.DEBUG)
    client, account = staff(), draft(place)
    url = leave(client, place, account)
    kept = ''.join(states())
    back = place.choose(url)
    code = dict(parse_qsl(urlsplit(back).query))['code']
    pages = [client.get(back, follow=True), client.get(address('credentials', account.pk))]
    account.refresh_from_db()
    tokens = [value for name, value in account.credentials.items() if name.endswith('token') and value]
    hidden = [*place.hidden, *tokens, code]
    assert tokens
    said = ''.join([*map(text, pages), caplog.text, kept, str(list(Journal.objects.values()))])
    assert not [value for value in hidden if value in said]
    assert not [value for value in (*place.hidden, *tokens) if value in url]
    state = dict(parse_qsl(urlsplit(url).query))['state']
    assert len(state) >= 40 and state not in kept + caplog.text


def test_what_was_typed_is_kept_though_the_network_is_never_reached(place: Place):
    """R40: interrupted without loss; « continue » still wants a token, or the button."""
    client, account = staff(), draft(place)
    leave(client, place, account)
    page = text(client.get(address('credentials', account.pk)))
    assert place.typed.get('client_id', place.typed.get('instance', APP_ID)) in page
    page = client.post(address('credentials', account.pk), place.typed)
    if place.slug == 'instagram':  # by the Page or by Login: the test says that both lack
        assert page['Location'] == address('test', account.pk)
    else:
        assert 'par le bouton ci-dessus' in text(
            page
        ) and '<details class="socialmedia-by-hand" open>' in text(page)


def test_the_address_of_return_is_shown_where_it_must_be_declared(place: Place):
    page = text(staff().get(address('credentials', draft(place).pk)))
    assert (f'value="{place.redirect_uri}"' in page) == (place.slug != 'mastodon')
    assert 'name="authorize"' in page and page.count('donner le jeton</h3>') == 1


def test_networks_without_it_have_no_button():
    page = text(staff().get(address('credentials', begun('telegram', done=('guide',)).pk)))
    assert 'name="authorize"' not in page and '<details' not in page


# -- what goes wrong


def refusal(client: Client, place: Place, account: Account, back: str) -> str:
    """What the page says of that return, once; nothing was changed."""
    before = Account.objects.values('credentials', 'external_id', 'endpoint_id').get(pk=account.pk)
    page = client.get(back)
    assert page['Location'] == address('credentials', account.pk)
    said = text(client.get(page['Location']))
    assert Account.objects.values('credentials', 'external_id', 'endpoint_id').get(pk=account.pk) == before
    assert Account.objects.count() == 1
    assert 'À corriger' in said and 'À corriger' not in text(client.get(page['Location']))
    assert Journal.objects.latest('pk').action == 'authorization-refused'
    return said


def test_who_refuses_is_told_and_may_begin_again(place: Place):
    client, account = staff(), draft(place)
    said = refusal(client, place, account, place.choose(leave(client, place, account), refuse='1'))
    assert 'L’accès a été refusé' in said
    assert client.get(place.choose(leave(client, place, account)))['Location'] == address('test', account.pk)


def test_what_lacks_is_listed(place: Place):
    """R40"""
    client, account = staff(), draft(place)
    url = leave(client, place, account)
    scopes = dict(parse_qsl(urlsplit(url).query))['scope'].replace(',', ' ').split()
    place.pages.withheld |= {scopes[0], scopes[1]}
    said = refusal(client, place, account, place.choose(url))
    assert f'Il manque\xa0: {scopes[0]}, {scopes[1]}' in said.replace(' :', '\xa0:')


def test_a_code_that_is_over_says_so(place: Place):
    client, account = staff(), draft(place)
    place.pages.life = -1
    said = refusal(client, place, account, place.choose(leave(client, place, account)))
    assert 'ecommencez' in said


def test_a_network_that_does_not_answer(place: Place):
    """Not « we keep trying »: nobody does."""
    client, account = staff(), draft(place)
    back = place.choose(leave(client, place, account))
    place.server.fail('cut_after', 'POST ')
    assert 'Recommencez dans quelques minutes' in refusal(client, place, account, back)


@pytest.mark.parametrize('place', ['x', 'instagram'], indirect=True)
def test_an_application_that_is_not_typed_is_asked_for_by_its_names(place: Place):
    """R40: as they are on the page."""
    client, account = staff(), draft(place)
    typed = {**place.typed, 'client_secret': '', 'instagram_app_id': ''}
    page = text(client.post(address('credentials', account.pk), {**typed, 'authorize': '1'}))
    label = 'Secret du client' if place.slug == 'x' else 'Identifiant de l’application Instagram'
    assert 'Remplissez d’abord' in page and f'{label}.' in page and states() == []


@pytest.mark.parametrize('place', ['mastodon'], indirect=True)
@pytest.mark.parametrize(
    ('instance', 'told'),
    [
        ('http://10.0.0.1', 'n’est pas publique'),
        ('https://10.0.0.1', 'n’est pas publique'),
        ('https://localhost', 'n’est pas publique'),
        ('n importe', 'ne répond pas comme un serveur'),
    ],
)
def test_a_server_that_is_not_public_is_not_called(place: Place, settings: Any, instance: str, told: str):
    """Our server would call it: neither itself nor its neighbours."""
    settings.PUBLIK_SOCIALMEDIA_API_URLS = {}
    client, account = staff(), draft(place)
    page = client.post(address('credentials', account.pk), {'instance': instance, 'authorize': '1'})
    assert page.status_code == 200 and told in text(page) and states() == []


@only_x
def test_nothing_begins_while_nobody_knows_where_we_are(place: Place, settings: Any):
    settings.PUBLIK_SOCIALMEDIA_BASE_URL = ''
    page = staff().post(address('credentials', draft(place).pk), {**place.typed, 'authorize': '1'})
    assert 'PUBLIK_SOCIALMEDIA_BASE_URL' in text(page)


# -- the state


def lost(page: Any) -> bool:
    """A page in French that says it, with a way out, and whose address is told to nobody."""
    said = text(page)
    assert page.status_code == 400 and 'Rien n’a été changé' in said and address('home') in said
    assert page['Referrer-Policy'] == 'no-referrer' and 'no-store' in page['Cache-Control']
    return True


def test_a_return_serves_once(place: Place):
    """Played again, it changes nothing, and the network is not asked again."""
    client, account = staff(), draft(place)
    back = place.choose(leave(client, place, account))
    assert len(states()) == 1
    client.get(back)
    account.refresh_from_db()
    assert states() == []
    kept, calls = dict(account.credentials), len(place.server.calls)
    assert lost(client.get(back))
    account.refresh_from_db()
    assert account.credentials == kept and len(place.server.calls) == calls


@only_x
@pytest.mark.parametrize('query', ['', 'state=', 'state=inconnu&code=c', 'code=c', 'state=a&state=b&error=e'])
def test_a_return_that_nobody_waits_for(place: Place, query: str):
    client, account = staff(), draft(place)
    leave(client, place, account)
    calls = len(place.server.calls)
    assert lost(client.get(f'{address("authorization", "x")}?{query}'))
    assert len(place.server.calls) == calls and len(states()) == 1


@only_x
def test_a_return_in_another_session_or_of_another_person(place: Place):
    """Whoever is sent such an address connects nothing: neither theirs to our account, nor ours to them."""
    client, account = staff(), draft(place)
    back = place.choose(leave(client, place, account))
    assert lost(staff().get(back))  # the same person elsewhere
    other = Client()
    other.force_login(User.objects.create(username='autre', is_staff=True))
    session = other.session
    session[pending.KEY] = client.session[pending.KEY]
    session.save()
    assert lost(other.get(back))
    assert lost(client.get(back))  # it was used up
    assert Account.objects.get().credentials == {} or 'access_token' not in Account.objects.get().credentials


@only_x
def test_a_return_after_ten_minutes(place: Place, monkeypatch: pytest.MonkeyPatch):
    client, account = staff(), draft(place)
    back = place.choose(leave(client, place, account))
    late = timezone.now() + timedelta(minutes=10, seconds=1)
    monkeypatch.setattr(pending.timezone, 'now', lambda: late)
    assert lost(client.get(back))
    leave(client, place, account)
    assert len(states()) == 1  # what is over is not kept


@only_x
def test_a_return_of_another_network(place: Place):
    """A server that the administrator does not trust as much as X gets no code of X."""
    client, account = staff(), draft(place)
    back = place.choose(leave(client, place, account))
    calls = len(place.server.calls)
    assert lost(client.get(back.replace('/x/', '/mastodon/'))) and len(place.server.calls) == calls
    for slug in ('telegram', 'inconnu'):
        assert client.get(f'/socialmedia/manage/authorization/{slug}/?state=a').status_code == 404


@only_x
def test_two_returns_at_once_are_one(place: Place):
    """Both still see the state in the session."""
    client, account = staff(), draft(place)
    back = place.choose(leave(client, place, account))
    before = client.session[pending.KEY]
    assert client.get(back).status_code == 302
    session = client.session
    session[pending.KEY] = before
    session.save()
    assert lost(client.get(back))


@only_x
def test_the_last_beginnings_are_waited_for(place: Place):
    client, account = staff(), draft(place)
    urls = [leave(client, place, account) for _ in range(pending.MOST + 1)]
    assert len(states()) == pending.MOST
    assert lost(client.get(place.choose(urls[0])))
    assert client.get(place.choose(urls[1])).status_code == 302


@only_x
def test_keys_that_were_changed_meanwhile(place: Place, settings: Any):
    client, account = staff(), draft(place)
    back = place.choose(leave(client, place, account))
    settings.PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = ['another-key']
    assert lost(client.get(back))


@only_x
def test_a_stranger_is_sent_to_the_login_page_without_the_code(place: Place):
    """R43: whose address goes to another site at times."""
    back = place.choose(leave(staff(), place, draft(place)))
    page = Client().get(back)
    assert page['Location'] == f'/login/?{urlencode({"next": urlsplit(back).path}, safe="/")}'
    assert page['Referrer-Policy'] == 'no-referrer'


@only_x
def test_an_account_that_is_gone_meanwhile(place: Place):
    client, account = staff(), draft(place)
    back = place.choose(leave(client, place, account))
    account.delete()
    assert client.get(back).status_code == 404


@only_x
def test_the_site_of_each_tenant_has_its_own_address_of_return(place: Place, settings: Any):
    """What was declared is what is exchanged, even if the address of the site changes in between."""
    settings.PUBLIK_SOCIALMEDIA_BASE_URL = 'https://agglo.example.org'
    client, account = staff(), draft(place)
    page = client.post(address('credentials', account.pk), {**place.typed, 'authorize': '1'})
    query = dict(parse_qsl(urlsplit(page['Location']).query))
    assert query['redirect_uri'] == 'https://agglo.example.org/socialmedia/manage/authorization/x/'


# -- another account, renewals


def test_a_renewal_by_the_redirection(place: Place):
    """R40: no second account; what is typed on the way is kept with it, and only if all works."""
    client, account = staff(), connected(place)
    back = client.get(place.choose(leave(client, place, account)))
    assert back['Location'] == address('account', account.pk), text(client.get(back['Location']))
    account.refresh_from_db()
    assert Account.objects.count() == 1 and 's3cret-old' not in str(account.credentials.values())
    assert Endpoint.objects.count() == (place.slug != 'mastodon')
    assert list(Journal.objects.order_by('pk').values_list('action', flat=True))[:2] == [
        'authorization',
        'credentials',
    ]


def test_a_renewal_with_another_account_changes_nothing(place: Place):
    """R40: said, with the name of that account."""
    client, account = staff(), connected(place)
    back = place.choose(leave(client, place, account), accept='1', account=place.other)
    said = refusal(client, place, account, back)
    assert 'autre compte' in said and 'déconnectez-vous' in said and 'abandonnez' not in said
    account.refresh_from_db()
    assert account.external_id == place.ours


def test_a_draft_that_was_tested_keeps_its_account(place: Place):
    client, account = staff(), draft(place)
    client.get(place.choose(leave(client, place, account)))
    client.post(address('test', account.pk), {'test': '1'})
    account.refresh_from_db()
    back = place.choose(leave(client, place, account), accept='1', account=place.other)
    said = refusal(client, place, account, back)
    assert 'autre compte' in said and 'abandonnez cette connexion' in said


def test_an_account_that_we_have_already_is_not_connected_twice(place: Place):
    """R40: the draft says which one it is, and its credentials can be given to it."""
    client, first, account = staff(), connected(place), draft(place)
    typed = {'endpoint': str(first.endpoint_id)} if first.endpoint_id else {}
    client.get(place.choose(leave(client, place, account, **typed)))
    page = text(client.post(address('test', account.pk), {'test': '1'}))
    assert 'déjà connecté' in page
    client.post(address('merge', account.pk))
    assert list(Account.objects.all()) == [first]
    first.refresh_from_db()
    assert 's3cret-old' not in str(first.credentials.values())


def test_a_renewal_whose_test_is_cut_changes_nothing(place: Place):
    """The tokens were given, and could not be tried."""
    client, account = staff(), connected(place)
    back = place.choose(leave(client, place, account))
    place.server.fail('cut_before', 'GET .*(users/me|accounts/verify|conversations)')
    assert 'Recommencez dans quelques minutes' in refusal(client, place, account, back)


@only_x
def test_a_wrong_secret_typed_for_a_renewal_replaces_nothing(place: Place):
    """R1, R40: the former one goes on."""
    client, account = staff(), connected(place)
    back = place.choose(leave(client, place, account, client_secret='faux'))
    assert 'refuse son secret' in refusal(client, place, account, back)
    assert Endpoint.objects.get().secrets['client_secret'] == [CLIENT_SECRET]


@only_x
def test_another_account_of_the_same_application_completes_what_it_lacks(place: Place):
    """The secrets of a webhook that others use are not changed by a draft, what lacks is added."""
    client, first, account = staff(), connected(place), draft(place)
    endpoint = Endpoint.objects.get()
    endpoint.secrets = {'consumer_secret': [CONSUMER_SECRET], 'client_id': [CLIENT_ID]}
    endpoint.save()
    typed = {'endpoint': str(endpoint.pk), 'consumer_secret': 'autre'}
    url = leave(client, place, account, **typed)
    client.get(place.choose(url, accept='1', account=OTHER))
    endpoint.refresh_from_db()
    account.refresh_from_db()
    assert account.endpoint == endpoint == first.endpoint and Endpoint.objects.count() == 1
    assert endpoint.secrets == {
        'consumer_secret': [CONSUMER_SECRET],
        'client_id': [CLIENT_ID],
        'client_secret': [CLIENT_SECRET],
    }


@only_x
def test_a_token_of_oauth_1_gives_way(place: Place):
    client, account = staff(), connected(place)
    Account.objects.update(credentials={'access_token': 'a', 'access_token_secret': 's3cret-old'})
    client.get(place.choose(leave(client, place, account)))
    account.refresh_from_db()
    assert 'access_token_secret' not in account.credentials and account.credentials['refresh_token']

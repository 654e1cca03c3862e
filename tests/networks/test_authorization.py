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

"""The contract of a network that is connected by a redirection, against its emulator: all of them (R40).

What each network has of its own is at the end.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from demo.emulators.authorization import challenge
from demo.emulators.graph_instagram import OTHER_ID
from demo.emulators.mastodon import MastodonEmulator
from publik_socialmedia import errors, networks
from publik_socialmedia.http import Client
from publik_socialmedia.networks import base
from publik_socialmedia.networks.base import Account, Authorization, Return
from publik_socialmedia.reasons import SENTENCES
from tests.networks import contract
from tests.networks.contract import RETURN, Desk, desk
from tests.networks.desks import mastodon as mastodon_desk

ABLE = [slug for slug, network in networks.registry().items() if network.capabilities.authorizes]
EXCHANGES = {
    'x': 'POST /2/oauth2/token',
    'mastodon': 'POST /oauth/token',
    'instagram': 'POST /api.instagram.com/oauth/access_token',
}
# what each says of a code that is not good, and of a wrong secret
SAYS = {
    'x': ('oauth_code', 'oauth_client'),
    'mastodon': ('oauth_code', 'oauth_client'),
    'instagram': ('oauth_exchange', 'oauth_exchange'),
}


@pytest.fixture(params=ABLE)
def here(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with desk(request.param) as found:
        yield found


def refused(here: Desk, asked: Authorization, query: Mapping[str, str], **how: Any) -> str:
    """The reason for which nothing is given; it has a sentence, and shows no secret."""
    with pytest.raises(errors.SocialMediaError) as caught:
        here.comes_back(asked, query, **how)
    shown = f'{caught.value} {caught.value!r}'
    hidden = [*asked.keep.values(), *here.typed().credentials.values(), query.get('code', '')]
    hidden += [value for value in query.values() if not value.isascii()]
    assert not [value for value in hidden if len(value) > 8 and value in shown and 'http' not in value]
    assert caught.value.reason in SENTENCES
    return caught.value.reason


def query_of(asked: Authorization) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(asked.url).query))


def test_three_networks_are_connected_by_a_redirection():
    assert sorted(ABLE) == ['instagram', 'mastodon', 'x']
    for slug in ABLE:
        network = networks.get(slug)
        assert network.authorize_help and any(item.obtained for item in network.credentials)


def test_the_person_is_sent_with_a_state_and_without_any_secret(here: Desk):
    """R40, R50: S256 where it exists; neither verifier nor secret of the application is in the address."""
    asked = here.leaves('etat-unique')
    query = query_of(asked)
    assert query['state'] == 'etat-unique' and query['redirect_uri'] == RETURN
    assert query['response_type'] == 'code' and query['client_id'] and query['scope']
    verifier = asked.keep.get('verifier', '')
    if verifier:
        assert query['code_challenge_method'] == 'S256'
        assert query['code_challenge'] == challenge(verifier) != ''
        assert here.leaves().keep['verifier'] != verifier
    assert bool(verifier) == (here.slug != 'instagram')  # which has no PKCE
    secrets = [value for name, value in here.typed().credentials.items() if 'secret' in name]
    secrets += [value for name, value in asked.keep.items() if name != 'client_id']
    assert not [value for value in secrets if value in asked.url] and asked.url not in repr(asked)
    assert not [value for value in asked.keep.values() if value in repr(asked)]


def test_who_accepts_is_connected(here: Desk):
    """R40: what is got is enough for the test of the account, and nothing else than declared credentials."""
    asked = here.leaves()
    query = here.answers(asked.url)
    assert query['state'] == 'un-etat'
    got = here.comes_back(asked, query)
    assert set(got) <= {item.name for item in here.network.credentials}
    given = {name: value for name, value in {**here.typed().credentials, **got}.items() if value}
    health = here.network.check(dataclasses.replace(here.typed(), credentials=given), here.http)
    assert health.ok and health.external_id == here.account.external_id, health.problems
    due_at = here.network.renewal_due(dataclasses.replace(here.typed(), credentials=given))
    assert (due_at is None) == (here.slug == 'mastodon')


def test_who_refuses_is_told_so(here: Desk):
    asked = here.leaves()
    assert refused(here, asked, here.answers(asked.url, refuse='1')) == 'oauth_refused'
    assert not [call for call in here.server.calls if f'{call.method} {call.path}' == EXCHANGES[here.slug]]


def test_a_code_serves_once(here: Desk):
    asked = here.leaves()
    query = here.answers(asked.url)
    here.comes_back(asked, query)
    assert refused(here, asked, query) == SAYS[here.slug][0]


def test_a_code_that_is_over(here: Desk):
    here.pages().life = -1
    asked = here.leaves()
    assert refused(here, asked, here.answers(asked.url)) == SAYS[here.slug][0]


def test_a_code_that_another_asked_for(here: Desk):
    """PKCE, or what stands for it: the address of return of another site."""
    asked = here.leaves()
    query = here.answers(asked.url)
    if 'verifier' in asked.keep:
        stolen = dataclasses.replace(asked, keep={**asked.keep, 'verifier': here.leaves().keep['verifier']})
        assert refused(here, stolen, query) == SAYS[here.slug][0]
    query = here.answers(asked.url)
    back = Return(query, 'https://ailleurs.example/', asked.keep)
    with pytest.raises(errors.ConfigurationError) as caught:
        here.network.exchange(here.typed(), back, here.http)
    assert caught.value.reason == SAYS[here.slug][0]


def test_a_wrong_secret_of_the_application(here: Desk):
    asked, account = here.leaves(), here.typed()
    wrong = {name: 'faux' for name in account.credentials if name.endswith('client_secret')}
    wrong |= {name: 'faux' for name in account.credentials if name == 'instagram_app_secret'}
    account = dataclasses.replace(account, credentials={**account.credentials, **wrong})
    if 'client_secret' in asked.keep:
        asked = dataclasses.replace(asked, keep={**asked.keep, 'client_secret': 'faux'})
    assert refused(here, asked, here.answers(asked.url), account=account) == SAYS[here.slug][1]


def test_what_was_not_granted_is_named(here: Desk):
    """R40: the precise list."""
    asked = here.leaves()
    scopes = query_of(asked)['scope'].replace(',', ' ').split()
    withheld = next(name for name in scopes if name.endswith(('dm.write', 'write:media', 'manage_messages')))
    here.pages().withheld.add(withheld)
    with pytest.raises(errors.ConfigurationError) as caught:
        here.comes_back(asked, here.answers(asked.url))
    assert (caught.value.reason, caught.value.detail) == ('oauth_scopes', withheld)


@pytest.mark.parametrize('query', [{}, {'code': ''}, {'error': 'é' * 500}, {'error': 'autre', 'code': 'c'}])
def test_a_return_without_a_code(here: Desk, query: dict[str, str]):
    """Nothing of what anybody may put in an address is repeated."""
    assert refused(here, here.leaves(), query) == 'oauth_failed'


def test_a_network_that_is_away(here: Desk):
    """Nothing was lost: the person begins again."""
    for status in (429, 503):
        asked = here.leaves()
        query = here.answers(asked.url)
        here.fail('answer', EXCHANGES[here.slug], status=status, body=b'<html>', mimetype='text/html')
        with pytest.raises(errors.TemporaryError):
            here.comes_back(asked, query)
    here.fail('cut_after', EXCHANGES[here.slug])
    with pytest.raises(errors.TemporaryError):
        here.comes_back(asked, query)


@pytest.mark.parametrize(
    'body', [b'', b'[]', b'null', b'{"access_token": 1}', b'{"access_token": []}', b'{"data": [[]]}', b'\xff']
)
def test_an_answer_that_holds_no_token(here: Desk, body: bytes):
    asked = here.leaves()
    here.fail('answer', EXCHANGES[here.slug], status=200, body=body)
    with pytest.raises(errors.SocialMediaError) as caught:
        here.comes_back(asked, here.answers(asked.url))
    assert caught.value.reason in SENTENCES


@pytest.mark.parametrize('slug', [slug for slug in ABLE if slug != 'mastodon'])
def test_an_application_that_is_not_known_yet(slug: str):
    """What lacks is named as it is declared."""
    with desk(slug) as here:
        nothing = dataclasses.replace(here.typed(), credentials={})
        with pytest.raises(errors.ConfigurationError) as caught:
            here.leaves(account=nothing)
        assert caught.value.reason == 'oauth_client_missing'
        names = caught.value.detail.split()
        assert len(names) == 2 and set(names) <= {item.name for item in here.network.credentials}
        typed = {**here.typed().credentials, names[0]: 'é'}
        with pytest.raises(errors.ConfigurationError) as caught:
            here.leaves(account=dataclasses.replace(nothing, credentials=typed))
        assert caught.value.reason == 'oauth_client'


def test_an_address_of_return_that_is_not_declared_stays_at_the_network(here: Desk):
    """Emulators are as strict as networks: to the letter."""
    asked = here.leaves()
    for wrong in (RETURN.rstrip('/'), f'{RETURN}?a=1', 'https://evil.example/'):
        url = asked.url.replace(_quoted(RETURN), _quoted(wrong))
        assert here.http.request('GET', url).status == 400


def _quoted(url: str) -> str:
    from urllib.parse import quote

    return quote(url, safe='')


# -- the contract itself


class _Half(networks.get('mastodon').__class__):  # type: ignore[misc]
    partial = True
    authorize = base.Network.authorize
    exchange = base.Network.exchange


def test_a_class_that_promises_it_without_doing_it_is_refused():
    """When it is defined, not when somebody presses the button."""
    with pytest.raises(TypeError, match='authorize, exchange'):
        type('Promise', (_Half,), {})
    whole = {'authorize': lambda *a: None, 'exchange': lambda *a: None, 'credentials': ()}
    with pytest.raises(TypeError, match='a credential that is obtained'):
        type('Nothing', (_Half,), whole)


def test_a_network_that_has_none_says_so():
    network = networks.get('messenger')
    with pytest.raises(errors.ConfigurationError, match='no_authorization'):
        network.authorize(Account(''), RETURN, 's', Client())
    with pytest.raises(errors.ConfigurationError, match='no_authorization'):
        network.exchange(Account(''), Return({}, RETURN), Client())


# -- X


def test_x_wants_what_is_needed_to_stay_connected():
    """Without offline.access the connection would last two hours; without media.write, only pictures lack."""
    with desk('x') as here:
        here.pages().withheld.add('offline.access')
        asked = here.leaves()
        with pytest.raises(errors.ConfigurationError) as caught:
            here.comes_back(asked, here.answers(asked.url))
        assert (caught.value.reason, caught.value.detail) == ('oauth_scopes', 'offline.access')
        here.pages().withheld = {'media.write'}
        asked = here.leaves()
        got = here.comes_back(asked, here.answers(asked.url))
        assert 'media.write' not in got['scope'].split()


def test_x_forgets_the_secret_of_the_other_way():
    """R41: with it, calls would be signed with OAuth 1.0a and a token that is not of it."""
    with desk('x') as here:
        asked = here.leaves()
        got = here.comes_back(asked, here.answers(asked.url))
        assert got['access_token_secret'] == '' and got['refresh_token'] and got['expires_at']
        (call,) = [call for call in here.server.calls if call.path == '/2/oauth2/token']
        assert call.headers['authorization'].startswith('Basic ') and 'client_secret' not in call.params


# -- Mastodon and its kin


@pytest.mark.parametrize(
    ('family', 'tried'),
    [
        ('mastodon', ['read:accounts read:statuses read:notifications write:statuses write:media']),
        ('gotosocial', ['read:accounts', 'read write']),
        ('snac', ['read:accounts']),
    ],
)
def test_the_scopes_that_a_server_knows(family: str, tried: list[str]):
    """Precise ones first; « read write » where they are refused."""
    with MastodonEmulator(family) as server, contract.trusting(server) as http:
        here = mastodon_desk.Desk(server, Account('ville', {}), mastodon_desk.JEANNE, http=http)
        asked = here.leaves()
        calls = [call.text('scopes') for call in server.asked('POST /api/v1/apps')]
        assert len(calls) == len(tried)
        assert all(given.startswith(start) for given, start in zip(calls, tried, strict=True))
        assert query_of(asked)['scope'] == calls[-1]
        got = here.comes_back(asked, here.answers(asked.url))
        health = here.network.check(
            dataclasses.replace(here.typed(), credentials=got | here.typed().credentials), http
        )
        assert health.external_id == 'ville'
        assert refused(here, asked, here.answers(asked.url) | {'code': 'x'}) == 'oauth_code'


def test_a_server_that_registers_no_application():
    with desk('mastodon') as here:
        assert isinstance(here, mastodon_desk.Desk)
        here.server.access.closed = True
        with pytest.raises(errors.ConfigurationError) as caught:
            here.leaves()
        assert caught.value.reason == 'oauth_server'


@pytest.mark.parametrize(
    ('reply', 'reason'),
    [
        ({'status': 200, 'body': b'<html>'}, 'oauth_server'),
        ({'status': 200, 'body': {'client_id': 'a'}}, 'oauth_server'),
        ({'status': 200, 'body': {'client_id': 'a' * 5000, 'client_secret': 'b'}}, 'oauth_server'),
        ({'status': 404, 'body': b'<html>'}, 'oauth_server'),
        ({'status': 301, 'body': b'', 'headers': {'Location': 'https://x/'}}, 'oauth_server'),
        ({'status': 503, 'body': b''}, 'temporary'),
        ({'status': 429, 'body': b''}, 'rate'),
    ],
)
def test_what_answers_at_a_wrong_address(reply: dict[str, Any], reason: str):
    with desk('mastodon') as here:
        here.fail('answer', 'POST /api/v1/apps', **reply)
        with pytest.raises(errors.SocialMediaError) as caught:
            here.leaves()
        assert caught.value.reason == reason


@pytest.mark.parametrize(
    ('instance', 'reason'),
    [
        ('http://social.example.org', 'forbidden_url'),
        ('https://127.0.0.1', 'forbidden_url'),
        ('https://[::1]', 'oauth_server'),
        ('https://169.254.169.254', 'forbidden_url'),
        ('https://localhost', 'forbidden_url'),
        ('https://user:word@social.example.org', 'oauth_server'),
        ('https://nulle-part.invalid', 'oauth_server'),
        ('', 'oauth_server'),
        ('https://', 'oauth_server'),
    ],
)
def test_the_address_of_a_server_is_public_and_by_https(instance: str, reason: str):
    """The administrator types it, and our server calls it."""
    network = networks.get('mastodon')
    with pytest.raises(errors.SocialMediaError) as caught:
        network.authorize(Account('', {'instance': instance}), RETURN, 's', Client(timeout=2, public=True))
    assert caught.value.reason == reason


# -- Instagram


def test_what_instagram_puts_after_the_code_is_not_of_it():
    """« #_ »: browsers keep it for themselves, what is between may not."""
    with desk('instagram') as here:
        asked = here.leaves()
        query = here.answers(asked.url)
        got = here.comes_back(asked, {**query, 'code': f'{query["code"]}#_'})
        assert got['instagram_token'].startswith('IGAAlong') and got['page_token'] == ''


def test_instagram_says_what_was_granted_in_two_ways():
    """A list, or words between commas; the object alone, or in a list."""
    with desk('instagram') as here:
        for shape in (
            {'permissions': ['instagram_business_basic']},
            {'permissions': 'instagram_business_basic'},
        ):
            asked = here.leaves()
            query = here.answers(asked.url)
            body = {'access_token': 'a', 'user_id': 1, **shape}
            here.fail('answer', EXCHANGES['instagram'], status=200, body=body)
            with pytest.raises(errors.ConfigurationError) as caught:
                here.comes_back(asked, query)
            assert caught.value.detail == 'instagram_business_manage_messages'


def test_a_personal_account_of_instagram():
    """R40"""
    with desk('instagram') as here:
        here.server.api.account_type = 'PERSONAL'  # type: ignore[attr-defined]
        asked = here.leaves()
        assert refused(here, asked, here.answers(asked.url)) == 'oauth_professional'


def test_another_account_of_instagram_is_seen_by_the_test():
    with desk('instagram') as here:
        asked = here.leaves()
        got = here.comes_back(asked, here.answers(asked.url, accept='1', account=OTHER_ID))
        given = {**here.typed().credentials, **{name: value for name, value in got.items() if value}}
        assert here.network.check(dataclasses.replace(here.account, credentials=given), here.http).ok is False


def test_the_long_token_of_instagram_is_not_had():
    """The last step fails: nothing is kept of the first one."""
    with desk('instagram') as here:
        for reply, reason in (
            ({'status': 400, 'body': {'error': {'code': 101, 'message': 'x'}}}, 'oauth_exchange'),
            ({'status': 400, 'body': {'error': {'code': 2, 'message': 'x'}}}, 'temporary'),
            ({'status': 200, 'body': {}}, 'oauth_exchange'),
        ):
            asked = here.leaves()
            query = here.answers(asked.url)
            here.fail('answer', 'GET /graph.instagram.com/access_token', **reply)
            assert refused(here, asked, query) == reason

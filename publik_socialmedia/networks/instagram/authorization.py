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

"""Instagram Login by a redirection: a code, a token of an hour, a token of 60 days.

https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login
(March 2026). There is no PKCE. What is wrong with the code, the secret or the address of return is said by
one code for all, 400; an application that it does not know, and an address that is not declared, on
Instagram's own page, and the person does not come back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from publik_socialmedia.errors import ConfigurationError, TemporaryError
from publik_socialmedia.networks import oauth2
from publik_socialmedia.networks.base import JSON, Account, Answer, Authorization, Http, Return
from publik_socialmedia.networks.instagram import renewal
from publik_socialmedia.networks.instagram.health import PROFESSIONAL
from publik_socialmedia.networks.instagram.login import CODE_HOST, LOGIN_TOKEN, PAGE_HOST, login_url
from publik_socialmedia.networks.meta import dicts, ident, integer, mapping, string
from publik_socialmedia.networks.meta_graph import GraphNetwork
from publik_socialmedia.networks.reading import decoded

CLIENT = ('instagram_app_id', 'instagram_app_secret')
SCOPES = ('instagram_business_basic', 'instagram_business_manage_messages')
ENDING = '#_'  # put after the code, and no part of it: browsers keep it, not all that is between
EXCHANGE: oauth2.Meaning = (ConfigurationError, 'oauth_exchange')


def authorize(account: Account, redirect_uri: str, state: str) -> Authorization:
    client, _secret = oauth2.client_of(account, *CLIENT)
    url = oauth2.address(
        f'{login_url(account, PAGE_HOST)}/oauth/authorize',
        client_id=client,
        redirect_uri=redirect_uri,
        response_type='code',
        scope=','.join(SCOPES),
        state=state,
    )
    return Authorization(url)


def exchange(network: GraphNetwork, account: Account, back: Return, http: Http) -> Mapping[str, str]:
    client, secret = oauth2.client_of(account, *CLIENT)
    form = {
        'client_id': client,
        'client_secret': secret,
        'grant_type': 'authorization_code',
        'redirect_uri': back.redirect_uri,
        'code': oauth2.code_of(back).removesuffix(ENDING),
    }
    answer = http.request('POST', f'{login_url(account, CODE_HOST)}/oauth/access_token', data=form)
    short = _short(answer)
    if 'permissions' in short:
        oauth2.require(_permissions(short['permissions']), [(scope,) for scope in SCOPES])
    token, ends = _long(network, account, ident(short.get('access_token')), secret, http)
    _check_professional(network, account, token, http)
    now = datetime.now(UTC)
    # by the token of the Page, the account would be reached otherwise
    return {LOGIN_TOKEN: token, **renewal.kept(token, now + renewal.EVERY, ends), 'page_token': ''}


def _short(answer: Answer) -> Mapping[str, JSON]:
    """What is given for the code: an object in a list, or alone."""
    body = mapping(decoded(answer))
    if answer.status >= 300:
        raise oauth2.refusal('', status=answer.status, otherwise=EXCHANGE)
    found = next(iter(dicts(body.get('data'))), body)
    if not ident(found.get('access_token')):
        raise ConfigurationError('oauth_failed', http_status=answer.status, detail='no token')
    return found


def _permissions(value: JSON) -> list[str]:
    """Separated by commas, or a list."""
    named = value if isinstance(value, list) else string(value).split(',')
    return [name for name in (string(item).strip() for item in named) if name]


def _long(
    network: GraphNetwork, account: Account, short: str, secret: str, http: Http
) -> tuple[str, datetime]:
    """The token of 60 days, and its end."""
    params = {'grant_type': 'ig_exchange_token', 'client_secret': secret, 'access_token': short}
    answer = http.request('GET', f'{login_url(account)}/access_token', params=params)
    error = network.error(answer)
    if isinstance(error, TemporaryError):
        raise error
    found = mapping(decoded(answer))
    token, life = ident(found.get('access_token')), integer(found.get('expires_in'))
    if error is not None or not token:
        raise ConfigurationError(
            'oauth_exchange', code=error.code if error else '', http_status=answer.status
        )
    seconds = timedelta(seconds=life) if life and 0 < life < 10**9 else renewal.LIFE
    return token, datetime.now(UTC) + seconds


def _check_professional(network: GraphNetwork, account: Account, token: str, http: Http) -> None:
    """ConfigurationError('oauth_professional') for the account of a person: it has no messages for us."""
    asked = replace(account, credentials={**account.credentials, LOGIN_TOKEN: token})
    found, _answer = network.read(http, asked, ('me',), {'fields': 'user_id,account_type'})
    found = next(iter(dicts(found.get('data'))), found)
    if string(found.get('account_type')).upper() not in PROFESSIONAL:
        raise ConfigurationError('oauth_professional')
